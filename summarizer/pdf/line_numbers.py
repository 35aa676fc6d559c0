"""Line numbers of manuscripts under review taken out: they stand in a column of their own and count up. Pure."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from summarizer.pdf.blocks import Block, Line, PageBlocks, Span

#: So many numbers in one column, each one more than the last, are no table.
_MIN_NUMBERS = 10
#: Numbers of a column end (or begin) within so many points of each other.
_SAME_COLUMN = 6.0
_NUMBER = re.compile(r"\s*(\d{1,4})\s*")


def without_line_numbers(page: PageBlocks) -> PageBlocks:
    """The page without numbers in a column that count up by one from line to line."""
    columns = _columns(page.blocks)
    if not columns:
        return page
    blocks = []
    for block in page.blocks:
        lines = [_without(line, columns) for line in block.lines]
        if lines != list(block.lines):
            block = block.with_lines(line for line in lines if line.spans)
            if not block.lines:
                continue
        blocks.append(block)
    return replace(page, blocks=tuple(blocks))


def _columns(blocks: Iterable[Block]) -> list[float]:
    """Right edges of the columns of line numbers."""
    numbers: dict[int, list[tuple[float, int, float]]] = defaultdict(list)
    for block in blocks:
        for line in block.lines:
            for span in {line.spans[0], line.spans[-1]} if line.spans else ():
                if found := _NUMBER.fullmatch(span.text):
                    numbers[round(span.x1 / _SAME_COLUMN)].append((line.y0, int(found[1]), span.x1))
    columns = []
    for found_here in numbers.values():
        ordered = sorted(found_here)
        steps = [b[1] - a[1] for a, b in itertools.pairwise(ordered)]
        if len(ordered) >= _MIN_NUMBERS and sum(step == 1 for step in steps) >= 0.9 * len(steps):
            columns.append(sum(x1 for _, _, x1 in ordered) / len(ordered))
    return columns


def _without(line: Line, columns: Iterable[float]) -> Line:
    def is_number(span: Span) -> bool:
        return _NUMBER.fullmatch(span.text) is not None and any(abs(span.x1 - x) <= _SAME_COLUMN for x in columns)

    spans = line.spans
    if spans and is_number(spans[0]):
        spans = spans[1:]
    if spans and is_number(spans[-1]):
        spans = spans[:-1]
    return line if len(spans) == len(line.spans) else replace(line, spans=spans)
