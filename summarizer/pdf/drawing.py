"""The pages of a PDF with what was read drawn over them, as one HTML file that needs nothing else. Pure."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from summarizer.pdf.blocks import Block, PageBlocks
from summarizer.pdf.sections import Part
from summarizer.records import Document, Section

#: Colours by kind of section; what is left out is grey, a heading is drawn stronger.
_COLOURS = {
    "abstract": "#1f77b4",
    "introduction": "#17a2b8",
    "related_work": "#6f42c1",
    "method": "#2ca02c",
    "experiments": "#d98200",
    "results": "#d62728",
    "discussion": "#c2185b",
    "conclusion": "#795548",
    "acknowledgement": "#7f7f7f",
    "references": "#5b6b7b",
    "appendix": "#808000",
    "other": "#333333",
}
_LEFT_OUT = "#9a9a9a"
_STYLE = """
body { font: 14px/1.5 sans-serif; margin: 1.5em; color: #222; background: #f4f4f4; }
table { border-collapse: collapse; background: #fff; }
td, th { padding: 2px 10px; text-align: left; border-bottom: 1px solid #ddd; }
td.n { text-align: right; }
figure { margin: 0 0 2em; position: relative; background: #fff; outline: 1px solid #ccc; }
figure img, figure svg { display: block; width: 100%; }
figure svg { position: absolute; inset: 0; height: 100%; }
rect { fill-opacity: .07; stroke-width: .8; }
rect.heading { fill-opacity: .2; stroke-width: 2; }
rect.out { stroke-dasharray: 3 2; fill-opacity: .12; }
text { font: bold 6px sans-serif; }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a page and what became of it. Points, the origin is the upper left corner of the page."""

    page: int  #: 1-based
    x0: float
    y0: float
    x1: float
    y1: float
    label: str  #: kind of section, or the layout's class of what was left out
    role: str  #: "heading", "text" or "out"
    seq: int = -1  #: of the section, in reading order
    heading: str = ""  #: of a heading: level and words


@dataclass(frozen=True, slots=True)
class PageSize:
    width: float  #: points
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is needed to draw a file: size, picture and boxes of its pages, in order."""

    sizes: tuple[PageSize, ...]
    boxes: tuple[Box, ...]
    pictures: tuple[bytes, ...]  #: JPEG


def find_boxes(pages: Sequence[PageBlocks], parts: Sequence[tuple[Part, Section]]) -> list[Box]:
    """Every block of every page: what went into a section, and what was left out with the layout's word for it."""
    used: list[Box] = []
    for part, section in parts:
        if part.heading_block is not None:
            words = f"{section.level}: {section.heading}"
            used.append(_box(part.heading_block, section.kind, "heading", section.seq, words))
        used += [_box(b, section.kind, "text", section.seq) for b in part.blocks]
    by_page: dict[int, list[Box]] = {}
    for box in used:
        by_page.setdefault(box.page, []).append(box)
    out = [
        _box(block, block.kind, "out")
        for page in pages
        for block in page.blocks
        if not any(_covers(box, block) for box in by_page.get(page.number, ()))
    ]
    return used + out


def _box(block: Block, label: str, role: str, seq: int = -1, heading: str = "") -> Box:
    return Box(block.page, block.x0, block.y0, block.x1, block.y1, label, role, seq, heading)


def _covers(box: Box, block: Block) -> bool:
    """Whether a piece that was used lies inside a block of the page."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return block.x0 - 1 <= x <= block.x1 + 1 and block.y0 - 1 <= y <= block.y1 + 1


def draw(name: str, document: Document, drawing: Drawing) -> str:
    """One self-contained HTML page: the list of sections, then each page of the file with its boxes."""
    rows = "".join(_row(section) for section in document.sections)
    figures = "".join(
        _figure(number, size, [b for b in drawing.boxes if b.page == number], picture)
        for number, (size, picture) in enumerate(zip(drawing.sizes, drawing.pictures, strict=True), 1)
    )
    title = html.escape(f"{name}: {document.n_pages} pages, {len(document.sections)} sections, {document.extractor}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>\n'
        f"<body><h1>{title}</h1>\n<table><tr><th>#</th><th>level</th><th>kind</th><th>pages</th><th>characters</th><th>tokens</th>"
        f"<th>heading</th></tr>{rows}</table>\n{figures}</body></html>\n"
    )


def _row(section: Section) -> str:
    tokens = "" if section.n_tokens is None else f"{section.n_tokens}"
    return (
        f'<tr><td class="n">{section.seq}</td><td class="n">{section.level}</td>'
        f'<td style="color:{_COLOURS[section.kind]}">{section.kind}</td>'
        f'<td><a href="#page-{section.page_first}">{section.page_first}–{section.page_last}</a></td>'
        f'<td class="n">{len(section.text)}</td><td class="n">{tokens}</td>'
        f"<td>{'&emsp;' * (section.level - 1)}{html.escape(section.heading)}</td></tr>\n"
    )


def _figure(number: int, size: PageSize, drawn: Sequence[Box], picture: bytes) -> str:
    shapes = "".join(_shape(box) for box in drawn)
    data = base64.b64encode(picture).decode("ascii")
    return (
        f'<h2 id="page-{number}">page {number}</h2>\n<figure style="max-width:{size.width * 1.5:.0f}px"><img alt="page {number}" '
        f'src="data:image/jpeg;base64,{data}"><svg viewBox="0 0 {size.width:.1f} {size.height:.1f}">{shapes}</svg></figure>\n'
    )


def _shape(box: Box) -> str:
    """A box with its words as a tooltip, and beside it, clear of the text: a section's number, or what was left out."""
    colour = _LEFT_OUT if box.role == "out" else _COLOURS.get(box.label, _COLOURS["other"])
    if box.role == "heading":
        words, label, x, y, anchor = (
            box.heading,
            f"{box.heading.partition(':')[0]} {box.label}",
            box.x1 + 2,
            box.y1,
            "start",
        )
    elif box.role == "text":
        words, label, x, y, anchor = f"{box.seq} {box.label}", str(box.seq), box.x0 - 1.5, box.y0 + 6, "end"
    else:
        words, label, x, y, anchor = f"left out: {box.label}", box.label, box.x1 - 1, box.y1 - 1, "end"
    return (
        f'<g fill="{colour}"><rect class="{box.role}" x="{box.x0:.1f}" y="{box.y0:.1f}" width="{box.x1 - box.x0:.1f}" '
        f'height="{box.y1 - box.y0:.1f}" stroke="{colour}"><title>{html.escape(words)}</title></rect>'
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(label)}</text></g>'
    )


def to_json(sizes: Sequence[PageSize], drawn: Sequence[Box]) -> dict[str, Any]:
    """For the pipe between the child process and its parent."""
    return {
        "sizes": [[s.width, s.height] for s in sizes],
        "boxes": [[b.page, b.x0, b.y0, b.x1, b.y1, b.label, b.role, b.seq, b.heading] for b in drawn],
    }


def from_json(found: dict[str, Any], pictures: Sequence[bytes]) -> Drawing:
    return Drawing(
        tuple(PageSize(*size) for size in found["sizes"]), tuple(Box(*box) for box in found["boxes"]), tuple(pictures)
    )
