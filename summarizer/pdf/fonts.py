"""The fast way for long files: pages read by their fonts, without the layout model. Child process only.

Headings are told by size, weight and numbering, and by the outline where the file has one. About 50 pages a second.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from summarizer.pdf.blocks import Block, Line, PageBlocks, Span, body_size
from summarizer.pdf.headings import KNOWN_HEADING, parse_number
from summarizer.pdf.layout import make_spans
from summarizer.pdf.reading_order import in_reading_order
from summarizer.text import one_line

EXTRACTOR = "pymupdf-fonts"

#: Lines this close to the upper or lower edge (share of the height) may be running headers and footers.
_MARGIN_SHARE = 0.12
_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Algorithm|Listing)\s*[A-Z]?\d+(?:\.\d+)*\s*[.:|(—–-]")
_PAGE_NUMBER = re.compile(r"[\dxivlc]+|(?:page )?\d+(?: of \d+)?", re.I)
_MAX_HEADING_LINES = 3


def font_pages(document: Any) -> list[PageBlocks]:
    """All pages of an open document."""
    raw = [_read_page(page) for page in document]
    repeated = _repeated_margin_lines(raw)
    size = body_size(raw)
    pages = []
    for page in raw:
        blocks = [classified for block in page.blocks for classified in _classify(block, page, size, repeated)]
        pages.append(replace(page, blocks=tuple(in_reading_order(_merge_headings(blocks), page.width))))
    return pages


def _read_page(page: Any) -> PageBlocks:
    import pymupdf

    flags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES | pymupdf.TEXT_MEDIABOX_CLIP
    number = page.number + 1
    blocks = []
    for block in page.get_text("dict", flags=flags)["blocks"]:
        lines = _join_baselines(
            [
                Line(spans, line["bbox"][1], line["bbox"][3])
                for line in block.get("lines", ())
                if abs(line["dir"][0] - 1) < 0.01 and (spans := make_spans(line["spans"]))
            ]
        )
        lines = [line for line in lines if line.text.strip()]
        if lines:
            x0, y0, x1, y1 = block["bbox"]
            blocks.append(Block(number, "text", x0, y0, x1, y1, tuple(lines)))
    return PageBlocks(number, page.rect.width, page.rect.height, tuple(blocks))


def _join_baselines(lines: Sequence[Line]) -> list[Line]:
    """MuPDF starts a new line after every wide gap; lines at one height belong together."""
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        overlap = min(before.y1, line.y1) - max(before.y0, line.y0) if before else 0.0
        if (
            before is not None
            and overlap > 0.5 * min(before.y1 - before.y0, line.y1 - line.y0)
            and line.x0 >= before.x1 - 1
        ):
            joined[-1] = Line((*before.spans, *line.spans), min(before.y0, line.y0), max(before.y1, line.y1))
        else:
            joined.append(line)
    return joined


def _margin_key(line: Line) -> str:
    return re.sub(r"\d+", "#", one_line(line.text))


def _repeated_margin_lines(pages: Sequence[PageBlocks]) -> set[str]:
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_margin_key(line) for b in page.blocks for line in b.lines if _in_margin(line, page)})
    return {key for key, count in seen.items() if count >= 3}


def _in_margin(line: Line, page: PageBlocks) -> bool:
    return line.y1 < _MARGIN_SHARE * page.height or line.y0 > (1 - _MARGIN_SHARE) * page.height


def _classify(block: Block, page: PageBlocks, size: float, repeated: set[str]) -> list[Block]:
    """A raw block cut into running header, heading, caption, footnote and text."""
    lines = [
        line
        for line in block.lines
        if not (
            _in_margin(line, page) and (_margin_key(line) in repeated or _PAGE_NUMBER.fullmatch(one_line(line.text)))
        )
    ]
    if not lines:
        return []
    text = one_line(" ".join(line.text for line in lines))
    if _CAPTION.match(text):
        return [block.with_lines(lines, "caption")]
    if _is_debris(lines):
        return [block.with_lines(lines, "picture")]
    if lines[0].y0 > 0.6 * page.height and lines[0].size <= size - 1 and _starts_with_mark(lines[0].spans):
        return [block.with_lines(lines, "footnote")]
    out: list[Block] = []
    rest = lines
    while rest:
        n = _heading_lines(rest, size)
        if n:
            out.append(block.with_lines(rest[:n], "section-header"))
            rest = rest[n:]
            continue
        end = next((i for i in range(1, len(rest)) if _heading_lines(rest[i:], size)), len(rest))
        out.append(block.with_lines(rest[:end]))
        rest = rest[end:]
    return out


def _heading_lines(lines: Sequence[Line], size: float) -> int:
    """How many of the first lines look like one heading: larger or bold, with a number or known words."""
    first = lines[0]
    text = one_line(first.text)
    larger, bold = first.size >= size + 1, first.bold
    if not (larger or bold) or first.trails_off or len(text) > 120 or sum(c.isalpha() for c in text) < 3:
        return 0
    number = parse_number(text)
    numbered = number.numbering in {"decimal", "word"} or (number.numbering in {"letter", "roman"} and larger)
    known = KNOWN_HEADING.fullmatch(text) is not None
    if not (numbered or known or (larger and first.bold and text[0].isupper() and text[-1] not in ".,;:")):
        return 0
    n = 1
    while (
        n < min(_MAX_HEADING_LINES, len(lines))
        and _same_style(first, lines[n])
        and lines[n].y0 - lines[n - 1].y1 < first.size
    ):
        if parse_number(one_line(lines[n].text)).numbering == "decimal":
            break
        n += 1
    return n


def _same_style(a: Line, b: Line) -> bool:
    return abs(a.size - b.size) < 0.6 and a.bold == b.bold


def _starts_with_mark(spans: Sequence[Span]) -> bool:
    first = spans[0]
    return (
        first.superscript
        or re.match(r"\s*[∗*†‡§¶]", first.text) is not None
        or (first.text.strip().isdigit() and len(spans) > 1 and first.size < spans[1].size - 1)
    )


def _is_debris(lines: Sequence[Line]) -> bool:
    """Labels of figures and cells of tables: many short lines that are mostly figures."""
    texts = [one_line(line.text) for line in lines]
    whole = "".join(texts).replace(" ", "")
    words = sum(len(t.split()) for t in texts)
    letters = sum(c.isalpha() for c in whole)
    return letters < 0.4 * len(whole) or (len(lines) >= 4 and words / len(lines) < 1.6)


def _merge_headings(blocks: Sequence[Block]) -> list[Block]:
    """A number on its own ("3" above or beside "Results") joined with the words of its heading."""
    out: list[Block] = []
    for block in blocks:
        before = out[-1] if out else None
        if (
            before is not None
            and block.kind == "section-header"
            and parse_number(one_line(block.text)).numbering == "none"
            and re.fullmatch(r"(?:Chapter |Appendix )?[\dA-Z]{1,2}(?:\.\d+)*\.?", one_line(before.text))
            and before.page == block.page
            and block.y0 - before.y1 < 4 * block.size
        ):
            out[-1] = replace(block.with_lines((*before.lines, *block.lines)), x0=min(before.x0, block.x0))
        else:
            out.append(block)
    return out
