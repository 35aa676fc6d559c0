"""Pages read with PyMuPDF's layout model (package pymupdf4llm): classified boxes with their lines. Child process only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from summarizer.pdf.blocks import Block, Line, PageBlocks, Span
from summarizer.pdf.reading_order import in_reading_order

EXTRACTOR = "pymupdf4llm-layout"

# bits of a span's flags, https://pymupdf.readthedocs.io/en/latest/textpage.html#span-dictionary
SUPERSCRIPT = 1
ITALIC = 2
BOLD = 16
#: Bold faces whose name does not say "bold": Nimbus and URW fonts, Computer Modern.
_BOLD_NAME = re.compile(r"bold|-medi|\bcmbx|black|heavy|demi", re.I)
_ITALIC_NAME = re.compile(r"ital|obli|slanted", re.I)


def layout_pages(document: Any, pages: Sequence[int] | None = None) -> list[PageBlocks]:
    """All pages of an open document, or those with the 0-based numbers given. OCR is off: what has no text stays so."""
    from pymupdf4llm.helpers.document_layout import parse_document

    # what to_json() is made of: writing and reading all spans again as JSON would take a quarter of the time
    parsed = parse_document(
        document, pages=list(pages) if pages is not None else None, use_ocr=False, force_text=True, show_progress=False
    )
    return [_page(page) for page in parsed.pages]


def _page(page: Any) -> PageBlocks:
    """A ``PageLayout`` of pymupdf4llm."""
    number = int(page.page_number)
    blocks = [Block(number, box.boxclass, box.x0, box.y0, box.x1, box.y1, _lines(box)) for box in page.boxes]
    return PageBlocks(number, page.width, page.height, tuple(in_reading_order(blocks, page.width)))


def _lines(box: Any) -> tuple[Line, ...]:
    formula = box.boxclass == "formula"
    return tuple(
        Line(spans, line["bbox"][1], line["bbox"][3], formula)
        for line in box.textlines or ()
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
            bool(s["flags"] & BOLD) or _BOLD_NAME.search(s["font"]) is not None,
            bool(s["flags"] & SUPERSCRIPT),
            bool(s["flags"] & ITALIC) or _ITALIC_NAME.search(s["font"]) is not None,
        )
        for s in spans
        if s["text"]
    )
