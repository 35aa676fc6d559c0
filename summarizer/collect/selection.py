"""What of a listing is wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer import text
from summarizer.collect.feed import Kind
from summarizer.records import Paper


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules of one run. Words are looked for in title and abstract, whole and in any case; ``*`` ends an open word."""

    categories: tuple[str, ...]
    cross_lists: bool = True
    replacements: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def reason_against(self, paper: Paper, kind: Kind) -> str | None:
        """Why a paper is not wanted, one line; None when it is."""
        if not self.cross_lists and paper.primary_category not in self.categories:
            return f"primary category {paper.primary_category}"
        if not self.replacements and kind in ("replace", "replace-cross"):
            return "a replacement"
        words = text.one_line(f"{paper.title} {paper.abstract}")
        if self.include and _first_of(self.include, words) is None:
            return "none of the words to include"
        if (found := _first_of(self.exclude, words)) is not None:
            return f"has {found!r}, a word to exclude"
        return None

    def wants_kind(self, kind: Kind) -> bool:
        """Whether such announcements are looked at at all. The paper itself may still be refused."""
        return (self.cross_lists or kind in ("new", "replace")) and (self.replacements or kind in ("new", "cross"))

    def kind_of(self, paper: Paper) -> Kind:
        """The kind of a paper's announcement as far as the API tells."""
        primary = paper.primary_category in self.categories
        if paper.version > 1:
            return "replace" if primary else "replace-cross"
        return "new" if primary else "cross"


def _first_of(words: Sequence[str], within: str) -> str | None:
    return next((word for word in words if _pattern(word).search(within)), None)


def _pattern(word: str) -> re.Pattern[str]:
    plain = text.one_line(word)
    stem = re.escape(plain.removesuffix("*")).replace(r"\ ", r"[\s-]+")
    end = "" if plain.endswith("*") else r"(?!\w)"
    return re.compile(rf"(?<!\w){stem}{end}", re.IGNORECASE)
