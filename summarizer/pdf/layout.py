"""Pages read with PyMuPDF's layout model (package pymupdf4llm): classified boxes with their lines. Child process only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from summarizer.pdf.blocks import Block, Line, PageBlocks, Span
from summarizer.pdf.reading_order import in_reading_order

EXTRACTOR = "pymupdf4llm-layout"

# bits of a span's flags, https://pymupdf.readthedocs.io/en/latest/textpage.html#span-dictionary
SUPERSCRIPT = 1
BOLD = 16


def layout_pages(document: Any, pages: Sequence[int] | None = None) -> list[PageBlocks]:
    """All pages of an open document, or those with the 0-based numbers given. OCR is off: what has no text stays so."""
    import pymupdf4llm

    parsed = json.loads(
        pymupdf4llm.to_json(
            document, pages=list(pages) if pages is not None else None, use_ocr=False, show_progress=False
        )
    )
    return [_page(page) for page in parsed["pages"]]


def _page(page: dict[str, Any]) -> PageBlocks:
    number = int(page["page_number"])
    blocks = [
        Block(number, box["boxclass"], box["x0"], box["y0"], box["x1"], box["y1"], _lines(box)) for box in page["boxes"]
    ]
    return PageBlocks(number, page["width"], page["height"], tuple(in_reading_order(blocks, page["width"])))


def _lines(box: dict[str, Any]) -> tuple[Line, ...]:
    formula = box["boxclass"] == "formula"
    return tuple(
        Line(spans, line["bbox"][1], line["bbox"][3], formula)
        for line in box["textlines"] or ()
        if (spans := make_spans(line["spans"]))
    )


def make_spans(spans: list[dict[str, Any]]) -> tuple[Span, ...]:
    """PyMuPDF's span dictionaries as records, empty ones left out."""
    return tuple(
        Span(
            s["text"],
            s["bbox"][0],
            s["bbox"][2],
            s["size"],
            bool(s["flags"] & BOLD) or "bold" in s["font"].lower(),
            bool(s["flags"] & SUPERSCRIPT),
        )
        for s in spans
        if s["text"]
    )
