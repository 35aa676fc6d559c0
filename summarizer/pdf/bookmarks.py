"""The outline of a file (its bookmarks) as evidence for headings. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from summarizer.pdf.headings import KNOWN_HEADING, parse_number
from summarizer.text import comparison_key, one_line

#: An outline of fewer entries may name chapters only, or nothing but the title.
_MIN_ENTRIES = 4


class Bookmarks:
    """Entries ``(level, title, page)``, level 1 is the top, pages from 1; entries without a page fit every page."""

    def __init__(self, entries: Iterable[tuple[int, str, int]]) -> None:
        self._pages: dict[str, list[tuple[int, int, bool]]] = {}
        listed = list(entries)
        top = [entry for entry in listed if entry[0] == 1]
        if len(listed) > 1 and len(top) == 1 and top[0] is listed[0] and not _is_section(top[0][1]):
            # the title of the paper as the root of everything
            listed = [(level - 1, title, page) for level, title, page in listed[1:]]
        pages = set()
        n = 0
        for level, title, page in listed:
            if key := _key(title):
                self._pages.setdefault(key, []).append((page, level, _begins_small(title)))
                pages.add(page)
                n += 1
        self._one_page = len(pages) < 2  # files joined from others point everything at their first page
        self.complete = n >= _MIN_ENTRIES  #: whether a heading that it does not name is hardly one

    def level_of(self, text: str, page: int) -> int | None:
        """The level of a heading on a page (1-based), or None where the outline does not name it."""
        for at, level, small in self._pages.get(_key(text), ()):
            # the same word in lower case is the end of a sentence
            if (self._one_page or at < 1 or abs(at - page) <= 1) and (small or not _begins_small(text)):
                return level
        return None


def _is_section(title: str) -> bool:
    text = one_line(title)
    return parse_number(text).numbering != "none" or KNOWN_HEADING.fullmatch(text) is not None


def _begins_small(text: str) -> bool:
    return parse_number(one_line(text)).title[:1].islower()


def _key(title: str) -> str:
    whole = one_line(title)
    return (comparison_key(parse_number(whole).title) or comparison_key(whole)).replace(" ", "")
