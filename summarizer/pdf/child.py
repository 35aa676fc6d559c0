"""The process that reads one PDF, forked by :mod:`summarizer.pdf.worker`.

Answers are JSON lines: first ``{"n_pages": N}`` when the file is open, ``{"extra_seconds": S}`` where its pages are
recognised first, then ``{"result": ...}`` or ``{"error": [category, detail]}``. stdout and stderr carry nothing that anybody
reads, so libraries may print there.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

from summarizer.errors import PdfError
from summarizer.pdf import drawing, fonts, layout, ocr
from summarizer.pdf.blocks import PageBlocks
from summarizer.pdf.bookmarks import Bookmarks
from summarizer.pdf.front_matter import read_front_matter_from
from summarizer.pdf.language import require_english
from summarizer.pdf.limits import Task
from summarizer.pdf.sections import arrange
from summarizer.records import Document, FrontMatter, Section

#: Front matter stands on these first pages; a thesis may have its abstract later.
_FRONT_PAGES = 3
_FRONT_PAGES_OF_LONG = 12
_PICTURE_DPI = 110
#: Pages that a helper takes at once: few, since pages differ, and the slowest helper is waited for.
_PAGES_AT_ONCE = 1
#: The parent gives a file up first; this is for files whose parent is gone.
_GRACE_SECONDS = 5.0

_shared_document: Any = None  #: of a helper: the document whose pages it reads


def read_file(task: Task, pipe: TextIO) -> None:
    """Read the file of ``task`` within its limits, which hold for the rest of this process, and answer on ``pipe``."""
    _limit(task.limits.memory_bytes, task.limits.seconds_base + _GRACE_SECONDS)
    try:
        _answer(pipe, {"result": _read(task, pipe)})
    except PdfError as error:
        _answer(pipe, {"error": [error.category, error.detail]})
    except MemoryError:
        _answer(pipe, {"error": ["crashed", f"ran out of memory at {task.limits.memory_bytes or 0:,} bytes"]})


def _answer(pipe: TextIO, message: dict[str, Any]) -> None:
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def _limit(memory_bytes: int | None, seconds: float) -> None:
    """Limits that hold even when the parent has been killed."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if memory_bytes is not None:
        import resource

        # not every system has this limit; the time limit stays
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _read(task: Task, pipe: TextIO) -> dict[str, Any]:
    started = time.monotonic()
    path, limits = task.path, task.limits
    document = open_document(path)
    n_pages = document.page_count
    seconds = limits.seconds_base + limits.seconds_per_page * n_pages
    signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE_SECONDS)
    _answer(pipe, {"n_pages": n_pages})
    _drop_annotations(document, range(n_pages))
    text = _text_of(document)
    mark = ""
    try:
        require_english("\n".join(text), n_pages)
    except PdfError as error:
        if not limits.ocr or error.category not in ocr.CURABLE:
            raise
        extra = ocr.SECONDS_PER_PAGE * n_pages
        signal.setitimer(signal.ITIMER_REAL, seconds + extra + _GRACE_SECONDS)
        _answer(pipe, {"extra_seconds": extra})
        document, mark = ocr.recognise(document, error), ocr.MARK
        text = _text_of(document)
        require_english("\n".join(text), n_pages)
    long = n_pages > limits.max_layout_pages
    result: dict[str, Any] = {}
    pages: list[PageBlocks] | None = None
    if task.want_document:
        # what was recognised is in this process alone
        cores = 1 if mark else limits.cores or 1
        pages = fonts.font_pages(document) if long else _layout_pages(document, path, cores, seconds)
    arranged = arrange(pages, bookmarks=_bookmarks(document)) if pages is not None else None
    sections = tuple(section for _, section in arranged) if arranged is not None else None
    if task.want_front_matter:
        result["front_matter"] = asdict(
            _front_matter(document, text[0], None if long else pages, None if long else sections)
        )
    if sections is not None:
        if not any(s.text for s in sections):
            raise PdfError("no_text", f"{sum(map(len, text))} characters on {n_pages} pages, none of them running text")
        result["document"] = asdict(
            Document(
                n_pages=n_pages,
                n_chars=sum(len(s.text) for s in sections),
                extractor=(fonts.EXTRACTOR if long else layout.EXTRACTOR) + mark,
                extractor_version=_version(),
                seconds=round(time.monotonic() - started, 3),
                sections=sections,
            )
        )
    if pages is not None and arranged is not None and task.pictures_dir is not None:
        result["drawing"] = drawing.to_json(
            _draw_pages(document, task.pictures_dir), drawing.find_boxes(pages, arranged)
        )
    return result


def _layout_pages(document: Any, path: Path, cores: int, seconds: float) -> list[PageBlocks]:
    """All pages, where there are cores by processes that take the next few whenever they are free: the model uses one core."""
    n_pages = document.page_count
    if min(cores, n_pages) < 2:
        return layout.layout_pages(document)
    lots = [range(first, min(first + _PAGES_AT_ONCE, n_pages)) for first in range(0, n_pages, _PAGES_AT_ONCE)]
    pages: list[PageBlocks] = []
    # forked, a helper has the model already where this process has it; spawned ones are for systems that had better not fork
    method = "fork" if sys.platform == "linux" else "spawn"
    with ProcessPoolExecutor(
        min(cores, len(lots)), mp_context=get_context(method), initializer=_open_for_parts, initargs=(path, seconds)
    ) as pool:
        for lot, result in zip(lots, [pool.submit(_layout_part, lot) for lot in lots], strict=True):
            try:
                pages += result.result()
            except BrokenProcessPool:  # the machine is short of something; without helpers it takes longer
                pages += layout.layout_pages(document, lot)
    return pages


def _open_for_parts(path: Path, seconds: float) -> None:
    global _shared_document
    signal.setitimer(signal.ITIMER_REAL, seconds)  # nobody else ends a helper whose parent was killed
    _shared_document = open_document(path)


def _layout_part(pages: range) -> list[PageBlocks]:
    _drop_annotations(_shared_document, pages)
    return layout.layout_pages(_shared_document, pages)


def _draw_pages(document: Any, folder: Path) -> list[drawing.PageSize]:
    """Pictures of all pages, ``page-00001.jpg`` and so on: too much for the pipe."""
    sizes = []
    for number, page in enumerate(document, 1):
        picture = page.get_pixmap(dpi=_PICTURE_DPI)
        (folder / f"page-{number:05}.jpg").write_bytes(picture.tobytes("jpg", jpg_quality=80))
        sizes.append(drawing.PageSize(page.rect.width, page.rect.height))
    return sizes


def open_document(path: Path) -> Any:
    """An open document with at least one page. Raises PdfError ``damaged`` or ``encrypted``."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    try:
        document = pymupdf.open(path, filetype="pdf")
    except Exception as error:
        raise PdfError("damaged", f"does not open: {type(error).__name__}") from error
    if document.needs_pass:
        raise PdfError("encrypted", "needs a password")
    if document.page_count == 0:
        raise PdfError("damaged", f"opens with no page, {path.stat().st_size:,} bytes")
    return document


def _drop_annotations(document: Any, pages: range) -> None:
    """Readers' notes print their text over the paper's; the file on disk is not changed."""
    import pymupdf

    for number in pages:
        page = document[number]
        with contextlib.suppress(RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
            annotation = page.first_annot
            while annotation is not None:
                annotation = page.delete_annot(annotation)


def _bookmarks(document: Any) -> Bookmarks | None:
    """The outline of the file; None when it has none, or a broken one."""
    try:
        entries = document.get_toc(simple=True)
    except Exception:  # noqa: BLE001 - MuPDF raises what it likes on a damaged outline, and the paper can do without
        return None
    return Bookmarks([(level, title, page) for level, title, page in entries]) if entries else None


def _text_of(document: Any) -> list[str]:
    try:
        return [page.get_text() for page in document]
    except Exception as error:
        raise PdfError("damaged", f"a page cannot be read: {type(error).__name__}") from error


def _front_matter(
    document: Any, first_page_text: str, pages: list[PageBlocks] | None, sections: Sequence[Section] | None
) -> FrontMatter:
    n_pages = document.page_count
    if pages is None:
        pages = layout.layout_pages(document, range(min(_FRONT_PAGES, n_pages)))
    front = read_front_matter_from(pages[:_FRONT_PAGES], first_page_text, sections)
    if not front.abstract and n_pages > 2 * _FRONT_PAGES_OF_LONG:
        more = layout.layout_pages(document, range(_FRONT_PAGES, _FRONT_PAGES_OF_LONG))
        front = read_front_matter_from([*pages[:_FRONT_PAGES], *more], first_page_text)
    return front


def _version() -> str:
    import pymupdf
    import pymupdf4llm

    return f"pymupdf {pymupdf.__version__}, pymupdf4llm {pymupdf4llm.__version__}"
