"""Headings that stand on the first line of their text: ``1) Data: We use ...``, ``Introduction.—The ...``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from summarizer.pdf.blocks import Block, Line, Span, line_text
from summarizer.pdf.headings import CAPTION, Number, parse_number
from summarizer.text import one_line

_MAX_CHARS = 110
_MAX_LINES = 2
_NUMBER = re.compile(r"\s*(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[A-Z]|[a-z]|[IVX]{1,4})[.):]?)\s*")
_DASH = re.compile(r"\s*[.:]?\s*[—–―]+\s*|\s*[.:]\s*-{1,3}\s*")


@dataclass(frozen=True, slots=True)
class Lead:
    """A text block taken apart."""

    heading: Block
    number: Number
    rest: Block


def find_lead(block: Block) -> Lead | None:
    """The emphasised words a block begins with, where they may be a heading: numbered, or set off by a dash."""
    taken: list[Span] = []
    lines: list[Line] = []
    for line in block.lines[: _MAX_LINES + 1]:
        n = _emphasised(line, taken)
        taken += line.spans[:n]
        if n < len(line.spans):
            return _lead(block, lines, line, n, taken)
        lines.append(line)
    return None


def _emphasised(line: Line, before: list[Span]) -> int:
    """How many spans of a line go on with the emphasis that the block begins with."""
    first = next((s for s in [*before, *line.spans] if s.text.strip() and not _NUMBER.fullmatch(s.text)), None)
    if first is None or not (first.bold or first.italic):
        return 0
    for n, span in enumerate(line.spans):
        same = span.bold == first.bold and span.italic == first.italic and not span.superscript
        # the label of a list item is set like the text, the number of a heading like its words
        if span.text.strip() and not same:
            return n
    return len(line.spans)


def _lead(block: Block, lines: list[Line], line: Line, n: int, taken: list[Span]) -> Lead | None:
    if not taken or not any(s.text.strip() for s in line.spans[n:]):
        return None
    parts = [line_text(whole.spans) for whole in lines] + ([line_text(line.spans[:n])] if n else [])
    text = one_line(" ".join(parts))
    following = line_text(line.spans[n:]).lstrip()
    dash = _DASH.match(following) or (_DASH.search(text) if _DASH.search(text + "$") else None)
    text = re.sub(r"\s*[.:]?\s*[—–―]+$", "", text).strip()
    if not 3 <= len(text) <= _MAX_CHARS or CAPTION.match(text):
        return None
    number = parse_number(text)
    closed = text[-1] in ".:" or re.match(r"[.:—–]", following) is not None
    if number.numbering == "none":
        letters = sum(c.isalpha() for c in text)
        if dash is None or not text[0].isupper() or letters < 0.7 * len(text.replace(" ", "")) or len(text) > 70:
            return None
    elif not closed or (number.numbering in {"decimal", "word"} and number.depth == 1):
        return None  # "1. Robust:" is an item of a list
    title = number.title.rstrip(" .:")
    if sum(c.isalpha() for c in title) < 2:
        return None
    heading_text = text.rstrip(" .:") if number.numbering != "none" or text[-1] in ".:" else text
    heading_spans = (
        replace(
            taken[0],
            text=heading_text,
            x1=max(s.x1 for s in taken),
            superscript=False,
            bold=taken[-1].bold,
            italic=taken[-1].italic,
        ),
    )
    first = block.lines[0]
    rest_spans = list(line.spans[n:])
    if (found := re.match(r"\s*[.:]?\s*[—–―]*\s*", rest_spans[0].text)) is not None:
        rest_spans[0] = replace(rest_spans[0], text=rest_spans[0].text[found.end() :])
    rest_lines = [replace(line, spans=tuple(rest_spans)), *block.lines[len(lines) + 1 :]]
    return Lead(
        block.with_lines([Line(heading_spans, first.y0, first.y1)], "run-in"),
        number,
        block.with_lines(rest_lines, "text"),
    )
