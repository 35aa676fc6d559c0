"""The order in which the blocks of a page are read."""

from __future__ import annotations

import re

from summarizer.pdf.blocks import SKIPPED_KINDS, Block

#: A column is at least this share of the page's width: list items and formulas of one-column pages are narrower.
MIN_COLUMN_SHARE = 0.3
#: A block reaches over the gutter when it goes this far (points) beyond it on both sides.
GUTTER_SLACK = 12.0

_UNFINISHED = re.compile(r"[\w,\-–(’']$")


def in_reading_order(blocks: list[Block], width: float) -> list[Block]:
    """Blocks of one page in reading order.

    The layout package cuts a page into horizontal stripes first, which goes wrong where a gap of the left column
    happens to face a gap of the right one. Pages with two columns are therefore also ordered by column between the
    blocks that span both, and of the two orders the one whose text runs on better is taken.
    """
    columns = _by_column(blocks, width)
    if columns is None:
        return blocks
    return blocks if _continuity(blocks) > _continuity(columns) else columns


def _by_column(blocks: list[Block], width: float) -> list[Block] | None:
    body = [b for b in blocks if b.kind in {"text", "list-item", "section-header", "formula"} and b.lines]
    wide = [b for b in body if b.kind == "text" and b.x1 - b.x0 >= MIN_COLUMN_SHARE * width]
    left = [b for b in wide if b.x1 <= width / 2 + GUTTER_SLACK]
    right = [b for b in wide if b.x0 >= width / 2 - GUTTER_SLACK]
    if not any(a.y0 < b.y1 and b.y0 < a.y1 for a in left for b in right):
        return None
    gutter = (max(b.x1 for b in left) + min(b.x0 for b in right)) / 2
    spanning = sorted(
        (b for b in blocks if b.x0 < gutter - GUTTER_SLACK and b.x1 > gutter + GUTTER_SLACK), key=lambda b: b.y0
    )
    rest = [b for b in blocks if b not in spanning]
    ordered: list[Block] = []
    for band_end in [*[b.y0 for b in spanning], float("inf")]:
        band = [b for b in rest if (b.y0 + b.y1) / 2 < band_end]
        rest = [b for b in rest if b not in band]
        ordered += sorted(band, key=lambda b: ((b.x0 + b.x1) / 2 > gutter, b.y0, b.x0))
        if spanning:
            ordered.append(spanning.pop(0))
    return ordered


def _continuity(blocks: list[Block]) -> int:
    """How often a block goes on where the one before it stopped, minus how often it does not."""
    score = 0
    before = ""
    for block in blocks:
        text = block.text.strip()
        if block.kind in SKIPPED_KINDS or not text:
            continue
        if block.kind == "section-header":
            score -= bool(before) and _UNFINISHED.search(before) is not None
            before = ""
        elif block.kind == "text":
            if before:
                unfinished = _UNFINISHED.search(before) is not None
                goes_on = text[0].islower()
                score += (2 if unfinished else -1) if goes_on else (-1 if unfinished else 0)
            before = text
        else:
            before = ""
    return score
