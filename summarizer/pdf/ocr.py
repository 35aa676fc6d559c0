"""Text of scanned pages by Tesseract, which is built into MuPDF and needs its language data. Child process only."""

from __future__ import annotations

from typing import Any

from summarizer.errors import PdfError

#: Stands behind the extractor's name in ``document.extractor``.
MARK = "+tesseract"
#: Time that a page may take beside the usual limit; 300 dpi take 2 to 8 s a page on one core.
SECONDS_PER_PAGE = 20.0
#: What recognising may cure.
CURABLE = frozenset({"no_text", "gibberish"})
_DPI = 300


def recognise(document: Any, found: PdfError) -> Any:
    """The same pages as pictures with recognised English text under them.

    Raises PdfError of the category of ``found``, saying why, where Tesseract's language data is not installed.
    """
    import pymupdf

    try:
        tessdata = pymupdf.get_tessdata()
    except Exception as error:
        raise PdfError(found.category, f"{found.detail}; pdf.ocr is on, but Tesseract is not installed") from error
    recognised = pymupdf.open()
    for page in document:
        data = page.get_pixmap(dpi=_DPI).pdfocr_tobytes(language="eng", tessdata=tessdata)
        with pymupdf.open("pdf", data) as one:
            recognised.insert_pdf(one)
    return recognised
