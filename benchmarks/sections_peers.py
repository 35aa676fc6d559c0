"""The peers of benchmarks/sections.py: plain PyMuPDF text with regular expressions, and pymupdf4llm by itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sections_truth import Heading

from summarizer.text import one_line

#: Before PyMuPDF is loaded, with which onnxruntime comes: nothing is to be told to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(?P<title>[A-Z][^.!?;]{2,90})")
_ROMAN = re.compile(r"(?:[IVX]{1,5})\.\s+[A-Z][A-Z0-9 ,:&'’–-]{3,90}")
_LETTER = re.compile(r"[A-H]\.(?P<deeper>\d{1,2})?\.?\s+[A-Z][^.!?;]{2,80}")
_KNOWN = re.compile(
    r"(?:abstract|introduction|background|related works?|methods?|methodology|experiments?|results|discussion|"
    r"conclusions?|limitations|acknowledge?ments?|references|appendix(?: [A-Z])?)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Read:
    n_pages: int
    headings: list[Heading]
    text: str


def plain(path: Path) -> Read:
    """``page.get_text()``, and every line that a regular expression takes for a heading."""
    import pymupdf

    with pymupdf.open(path) as document:
        pages = [page.get_text() for page in document]
    headings = []
    for line in (one_line(line) for page in pages for line in page.splitlines()):
        if found := _NUMBERED.fullmatch(line):
            headings.append(Heading(found["number"].count(".") + 1, line))
        elif _ROMAN.fullmatch(line) or _KNOWN.fullmatch(line):
            headings.append(Heading(1, line))
        elif found := _LETTER.fullmatch(line):
            headings.append(Heading(2 if found["deeper"] else 1, line))
    return Read(len(pages), headings, "\n".join(pages))


def layout_alone(path: Path) -> Read:
    """``pymupdf4llm.to_markdown``, and its headings as they come."""
    import pymupdf
    import pymupdf4llm

    with pymupdf.open(path) as document:
        n_pages = document.page_count
        options: dict[str, Any] = {"use_ocr": False, "show_progress": False, "header": False, "footer": False}
        markdown = pymupdf4llm.to_markdown(document, **options)
    headings = []
    for line in markdown.splitlines():
        if found := re.match(r"(#{1,6})\s+(.*)", line):
            headings.append(Heading(len(found[1]), one_line(re.sub(r"[*_`~]|</?\w+>", "", found[2]))))
    return Read(n_pages, headings, markdown)


PEERS = {"plain": plain, "pymupdf4llm": layout_alone}
