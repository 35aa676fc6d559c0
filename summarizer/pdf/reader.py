"""PDFs into sections and front matter, each file within its limits and with no harm to the next one."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from summarizer.errors import PdfError
from summarizer.pdf.drawing import Drawing, from_json
from summarizer.pdf.limits import Limits, Task
from summarizer.pdf.process import ReadingProcess
from summarizer.records import Document, FrontMatter, Section
from summarizer.scratch import scratch_folder

_MOST_CORES = 4  #: of one file, where the limits do not say

_MAGIC = b"%PDF"
#: Readers accept rubbish before the header up to here (PDF 32000-1, annex H.3.4.1).
_MAGIC_WITHIN = 1024


class PdfReader:
    """Reads PDFs within ``limits``, as many at the same time as there are threads that ask.

    For each of these stands a process that has the layout model loaded and forks for each file. It is started when it is
    first needed and serves until :meth:`close`; after a file that hung or crashed it is killed with all it has started, and
    the next file gets a new one.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.n_started = 0  #: processes started so far, those that fork for the files
        self._limits = replace(limits, cores=limits.cores or min(_MOST_CORES, available_cores()))
        self._lock = threading.Lock()
        self._idle: list[ReadingProcess] = []
        self._closed = False

    def __enter__(self) -> PdfReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; one that reads just now ends when its file is done. Nothing can be read afterwards."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    def document(self, path: Path) -> Document:
        """Ordered sections of a paper. Raises PdfError with a category of :data:`summarizer.records.PDF_CATEGORIES`."""
        return _document(self._read(path, want_document=True))

    def front_matter(self, path: Path) -> FrontMatter:
        """Title, authors, abstract and arXiv stamp of a paper. Raises PdfError as :meth:`document` does."""
        return _front_matter(self._read(path, want_front_matter=True))

    def both(self, path: Path) -> tuple[Document, FrontMatter]:
        """:meth:`document` and :meth:`front_matter` for the price of one."""
        result = self._read(path, want_document=True, want_front_matter=True)
        return _document(result), _front_matter(result)

    def drawing(self, path: Path) -> tuple[Document, FrontMatter, Drawing]:
        """:meth:`both`, and the pages with what was read from where, for :func:`summarizer.pdf.drawing.draw`."""
        with scratch_folder("pages") as folder:
            result = self._read(path, want_document=True, want_front_matter=True, pictures_dir=folder)
            pictures = [picture.read_bytes() for picture in sorted(folder.glob("page-*.jpg"))]
        return _document(result), _front_matter(result), from_json(result["drawing"], pictures)

    def _read(self, path: Path, **wanted: Any) -> dict[str, Any]:
        _check_file(path)
        process = self._take_process()
        try:
            return process.read(Task(path=path.absolute(), limits=self._limits, **wanted))
        finally:
            with self._lock:
                kept = process.is_alive and not self._closed
                if kept:
                    self._idle.append(process)
            if not kept:
                process.end()

    def _take_process(self) -> ReadingProcess:
        with self._lock:
            if self._closed:
                raise ValueError("the reader is closed")
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                process.end()  # somebody killed it while it waited
            self.n_started += 1
        return ReadingProcess()


def read_document(path: Path, limits: Limits | None = None) -> Document:
    """:meth:`PdfReader.document` of one file."""
    with PdfReader(limits) as reader:
        return reader.document(path)


def read_front_matter(path: Path, limits: Limits | None = None) -> FrontMatter:
    """:meth:`PdfReader.front_matter` of one file."""
    with PdfReader(limits) as reader:
        return reader.front_matter(path)


def read_both(path: Path, limits: Limits | None = None) -> tuple[Document, FrontMatter]:
    """:meth:`PdfReader.both` of one file."""
    with PdfReader(limits) as reader:
        return reader.both(path)


def read_drawing(path: Path, limits: Limits | None = None) -> tuple[Document, FrontMatter, Drawing]:
    """:meth:`PdfReader.drawing` of one file."""
    with PdfReader(limits) as reader:
        return reader.drawing(path)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _document(result: dict[str, Any]) -> Document:
    fields = dict(result["document"])
    sections = tuple(Section(**section) for section in fields.pop("sections"))
    return Document(sections=sections, **fields)


def _front_matter(result: dict[str, Any]) -> FrontMatter:
    fields = dict(result["front_matter"])
    return FrontMatter(authors=tuple(fields.pop("authors")), **fields)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC_WITHIN)
    except OSError as error:
        raise PdfError("missing_pdf", f"{path.name} cannot be opened: {error.strerror}") from error
    if not head:
        raise PdfError("empty_file", "0 bytes")
    if _MAGIC not in head:
        raise PdfError("not_pdf", f"no %PDF header in the first {len(head)} bytes")
