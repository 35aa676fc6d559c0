"""PDF files: bytes to ordered sections and front matter. The only importer of pymupdf, which runs in a child process."""

from summarizer.pdf.drawing import Drawing, draw
from summarizer.pdf.limits import Limits
from summarizer.pdf.reader import (
    PdfReader,
    available_cores,
    read_both,
    read_document,
    read_drawing,
    read_front_matter,
)

__all__ = [
    "Drawing",
    "Limits",
    "PdfReader",
    "available_cores",
    "draw",
    "read_both",
    "read_document",
    "read_drawing",
    "read_front_matter",
]
