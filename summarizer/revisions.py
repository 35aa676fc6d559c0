"""What a new version of a paper changed: a word diff, and whether it is enough to summarise the paper again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from summarizer.text import comparison_key, one_line

#: A new version is summarised again when more than this share of the abstract's words was changed. A tenth of 180 words
#: is about one sentence.
MATERIAL_ABSTRACT = 0.10
#: The same for runs of words of the body. Versions reset in another template share over 0.9 of them; a new section or a
#: new experiment is more than a fifth.
MATERIAL_BODY = 0.20
#: Words in a row that are looked for in the other body.
_RUN_WORDS = 5
#: Fewer words are no body to compare: only the first page was read, or a scan with some text.
_MIN_BODY_WORDS = 300
#: Unchanged words between two changes that are too few to keep the two apart.
_BRIDGE_WORDS = 1

_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?!\w)")
_ADDRESS = re.compile(r"https?://\S*|\bthis https? url\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a diff: in both texts (``same``), only in the older (``old``) or only in the newer one (``new``)."""

    kind: Literal["same", "old", "new"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """How much of a paper is new in its new version."""

    abstract: float  #: share of the longer abstract's words that the diff marks, 0 to 1
    numbers: bool  #: whether the abstracts state other numbers
    body: float | None  #: share of the new body's runs of five words that the old one lacks; None: not both were read
    body_is_new: bool  #: the new version has a text and the old one none
    title: bool  #: whether the title has other words
    abstract_is_new: bool = False  #: the older version has none, as in an imported post

    @property
    def material(self) -> bool:
        """Whether texts made of the older version no longer tell what the paper says."""
        return (
            self.abstract > MATERIAL_ABSTRACT
            or self.numbers
            or self.body_is_new
            or (self.body is not None and self.body > MATERIAL_BODY)
        )

    @property
    def described(self) -> str:
        """One line."""
        parts = ["retitled"] if self.title else []
        if self.abstract_is_new:
            parts.append("the older abstract is not known")
        else:
            parts.append(f"abstract {self.abstract:.0%} changed" if self.abstract else "same abstract")
        if self.numbers and not self.abstract_is_new:
            parts.append("other numbers in it")
        if self.body_is_new:
            parts.append("its text could be read, the older one's not")
        elif self.body is not None:
            parts.append(f"text {self.body:.0%} new")
        return ", ".join(parts)


def word_diff(old: str, new: str) -> tuple[Span, ...]:
    """The words of both texts in order; what was replaced stands old before new.

    Words are compared with their punctuation and case; where only those differ the words count as changed. The ``same``
    and ``new`` spans joined by blanks are ``new`` on one line, the ``same`` and ``old`` ones are ``old``.
    """
    before, after = _WORD.findall(one_line(old)), _WORD.findall(one_line(new))
    spans: list[Span] = []
    for i1, i2, j1, j2, same in _bridged(before, after):
        if same:
            spans.append(Span("same", " ".join(after[j1:j2])))
            continue
        if i2 > i1:
            spans.append(Span("old", " ".join(before[i1:i2])))
        if j2 > j1:
            spans.append(Span("new", " ".join(after[j1:j2])))
    return tuple(spans)


def change(
    old: tuple[str, str], new: tuple[str, str], old_body: Sequence[str] = (), new_body: Sequence[str] = ()
) -> Change:
    """Compare two versions, each as (title, abstract) and the paragraphs of its body (empty: it was not read)."""
    before, after = _words(old[1]), _words(new[1])
    old_runs, new_runs = _runs(old_body), _runs(new_body)
    return Change(
        abstract=_changed_share(before, after),
        numbers=_numbers(old[1]) != _numbers(new[1]),
        body=len(new_runs - old_runs) / len(new_runs) if old_runs and new_runs else None,
        body_is_new=bool(new_runs) and not old_runs,
        title=comparison_key(old[0]) != comparison_key(new[0]),
        abstract_is_new=bool(after) and not before,
    )


def _words(text: str) -> list[str]:
    return comparison_key(_ADDRESS.sub(" ", one_line(text))).split()


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(_ADDRESS.sub(" ", one_line(text))))


def _changed_share(before: Sequence[str], after: Sequence[str]) -> float:
    longer = max(len(before), len(after))
    if not longer:
        return 0.0
    kept = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return 1.0 - kept / longer


def _runs(body: Sequence[str]) -> frozenset[tuple[str, ...]]:
    words = [word for paragraph in body for word in comparison_key(paragraph).split()]
    if len(words) < _MIN_BODY_WORDS:
        return frozenset()
    return frozenset(tuple(words[i : i + _RUN_WORDS]) for i in range(len(words) - _RUN_WORDS + 1))


def _bridged(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int, int, int, bool]]:
    """Pieces of both texts, equal or not in turns: single equal words inside a change go under."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = [b for b in matcher.get_matching_blocks() if b.size]
    kept = [b for n, b in enumerate(blocks) if b.size > _BRIDGE_WORDS or n in (0, len(blocks) - 1)]
    pieces: list[tuple[int, int, int, int, bool]] = []
    at = (0, 0)
    for block in kept:
        if (block.a, block.b) != at:
            pieces.append((at[0], block.a, at[1], block.b, False))
        pieces.append((block.a, block.a + block.size, block.b, block.b + block.size, True))
        at = (block.a + block.size, block.b + block.size)
    if at != (len(before), len(after)):
        pieces.append((at[0], len(before), at[1], len(after), False))
    return pieces
