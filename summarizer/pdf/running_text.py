"""Which blocks of a page are running text: asides dropped, drop capitals mended. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from summarizer.pdf.blocks import SKIPPED_KINDS, Block, PageBlocks
from summarizer.pdf.headings import KNOWN_HEADING, parse_number
from summarizer.text import one_line

KEYWORDS = re.compile(
    r"\s*(?P<heading>index terms|key ?words(?: and phrases)?|ccs concepts|general terms|pacs(?: numbers)?|categories and subject"
    r" descriptors|acm reference format)(?:\s*[—–:.\-]|\s+(?=[A-Z]))",
    re.I,
)
#: The label of keywords on a line of its own.
KEYWORDS_ALONE = re.compile(
    r"(?:index terms|key ?words(?: and phrases)?|ccs concepts|general terms|pacs(?: numbers)?)[.:]?", re.I
)
_CAPTION_START = re.compile(
    r"(?:Figure|Fig\.|Table|Algorithm|Listing|FIG\.|FIGURE|TABLE)\s*(?:[A-Z]?\d+(?:\.\d+)*|[IVX]+)\s*(?P<mark>[.:|])\s*(?=[A-Z(\d“\"])"
)
_ENDS_OPEN = re.compile(r"(?:\b(?:in|see|of|and|or|to|from|by|with|the|also|e\.g\.|i\.e\.)|[,(;–—-])$", re.I)
_FOOTNOTE_START = re.compile(r"\s*(?:[∗*†‡§¶]|\d{1,2}(?=[A-Za-z]|https?:)|https?:)")
#: Text this much smaller than the body labels a figure or is a note.
_TINY = 0.7


def repeated_headers(pages: Iterable[PageBlocks]) -> frozenset[str]:
    """What stands at the top of more than one page, but for its numbers."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_header_key(b) for b in page.blocks if b.kind == "page-header"})
    return frozenset(key for key, n in seen.items() if n > 1)


def _header_key(block: Block) -> str:
    return re.sub(r"\d+", "#", one_line(block.text))


def running_text(page: PageBlocks, size: float, repeated: frozenset[str] = frozenset()) -> list[Block]:
    """The blocks of a page that are text or headings.

    A heading at the top of a page may be taken for a page header: one with known words is put back, one with a number
    keeps its kind, for the other numbers to decide. ``repeated`` is of :func:`repeated_headers`.
    """
    small_print = sum(len(b.text) for b in page.blocks if b.kind not in SKIPPED_KINDS and b.size <= _TINY * size)
    all_small = small_print > 0.3 * sum(len(b.text) for b in page.blocks if b.kind not in SKIPPED_KINDS)
    kept: list[Block] = []
    for block in page.blocks:
        text = one_line(block.text)
        if block.kind == "page-header" and text and page.number > 1 and KNOWN_HEADING.fullmatch(text):
            block = replace(block, kind="section-header")
        if not text or (block.kind in SKIPPED_KINDS and not _may_be_heading(block, page, size, repeated)):
            continue
        if block.kind in {"text", "list-item"} and not all_small and _is_aside(block, page, size):
            continue
        if block.kind == "text" and _is_caption(text, kept[-1].text.rstrip() if kept else ""):
            continue
        kept.append(block)
    return _with_drop_caps(kept, size)


def _is_caption(text: str, before: str) -> bool:
    """Whether a text is a caption, and not the end of a sentence ("as shown in / Figure 5. The applications ...")."""
    found = _CAPTION_START.match(text)
    return found is not None and (found["mark"] != "." or not _ENDS_OPEN.search(before))


def _may_be_heading(block: Block, page: PageBlocks, size: float, repeated: frozenset[str]) -> bool:
    return (
        block.kind == "page-header"
        and page.number > 1
        and (block.bold or block.italic or block.size > size + 0.4 or block.text.isupper())
        and parse_number(one_line(block.text)).numbering in {"decimal", "roman", "letter"}
        and _header_key(block) not in repeated
    )


def _is_aside(block: Block, page: PageBlocks, size: float) -> bool:
    """Labels of figures, margin notes and footnotes that the layout model took for text."""
    if block.size <= _TINY * size and len(block.lines) <= 3:
        return True
    if block.text.isupper() and block.capital_size > size - 0.9:
        return False  # a heading in small capitals
    if block.size > size - 0.9 or block.y0 < 0.6 * page.height or KEYWORDS.match(block.text):
        return False
    first = block.lines[0]
    mark = first.spans[0].superscript or _FOOTNOTE_START.match(first.text) is not None
    return mark or (page.number == 1 and block.kind == "text" and len(block.lines) <= 4)


def _with_drop_caps(blocks: list[Block], size: float) -> list[Block]:
    """A big initial in a block of its own goes back to the word it begins, which stands right of it."""
    out = list(blocks)
    for cap in blocks:
        initial = cap.text.strip()
        if len(initial) != 1 or not initial.isupper() or cap.size < 1.8 * size:
            continue
        for i, block in enumerate(out):
            beside = (
                block is not cap and block.y0 - size <= cap.y0 <= block.y1 and 0 <= block.x0 - cap.x1 + 4 < 3 * size
            )
            if beside and block.text[:1].isupper():
                first = block.lines[0]
                lead = replace(first.spans[0], text=initial + first.spans[0].text.lstrip())
                out[i] = block.with_lines([replace(first, spans=(lead, *first.spans[1:])), *block.lines[1:]])
                out.remove(cap)
                break
    return out
