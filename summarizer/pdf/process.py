"""Reading a PDF in a child process with a time and a memory limit: what hangs or crashes there does no harm here."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from summarizer.errors import PdfError
from summarizer.pdf.drawing import Drawing, from_json
from summarizer.records import Document, FrontMatter, Section

SECONDS_BASE = 60.0
SECONDS_PER_PAGE = 4.0  #: the layout model takes 0.3 to 1 s a page on two slow cores
MAX_LAYOUT_PAGES = 80
MEMORY_BYTES = 3 * 1024**3
_MOST_CORES = 4  #: of one file, where ``cores`` does not say; each takes up to 1 GB

_MAGIC = b"%PDF"
#: Readers accept rubbish before the header up to here (PDF 32000-1, annex H.3.4.1).
_MAGIC_WITHIN = 1024


def read_document(
    path: Path,
    *,
    seconds_base: float = SECONDS_BASE,
    seconds_per_page: float = SECONDS_PER_PAGE,
    max_layout_pages: int = MAX_LAYOUT_PAGES,
    memory_bytes: int | None = MEMORY_BYTES,
    ocr: bool = False,
    cores: int | None = None,
) -> Document:
    """Ordered sections of a paper.

    Files of more than ``max_layout_pages`` pages are read by their fonts, without the layout model
    (``Document.extractor`` says which). The child is killed after ``seconds_base + seconds_per_page * pages`` seconds
    and may use ``memory_bytes`` of address space (None: no limit). With ``ocr`` a file without readable text is recognised
    by Tesseract first, in 20 s more a page, and ``Document.extractor`` ends in "+tesseract". ``cores`` (None: those of the
    machine, at most 4) share the pages, each in a process of its own. Raises PdfError with a category of
    :data:`summarizer.records.PDF_CATEGORIES`.
    """
    limits = _Limits(seconds_base, seconds_per_page, max_layout_pages, memory_bytes, ocr, cores)
    return _document(_read(path, limits, want_document=True, want_front_matter=False))


def read_front_matter(path: Path) -> FrontMatter:
    """Title, authors, abstract and arXiv stamp of a paper. Raises PdfError as :func:`read_document` does."""
    return _front_matter(_read(path, _Limits(), want_document=False, want_front_matter=True))


def read_both(
    path: Path,
    *,
    seconds_base: float = SECONDS_BASE,
    seconds_per_page: float = SECONDS_PER_PAGE,
    max_layout_pages: int = MAX_LAYOUT_PAGES,
    memory_bytes: int | None = MEMORY_BYTES,
    ocr: bool = False,
    cores: int | None = None,
) -> tuple[Document, FrontMatter]:
    """:func:`read_document` and :func:`read_front_matter` for the price of one."""
    limits = _Limits(seconds_base, seconds_per_page, max_layout_pages, memory_bytes, ocr, cores)
    result = _read(path, limits, want_document=True, want_front_matter=True)
    return _document(result), _front_matter(result)


def read_drawing(
    path: Path,
    *,
    seconds_base: float = SECONDS_BASE,
    seconds_per_page: float = SECONDS_PER_PAGE,
    max_layout_pages: int = MAX_LAYOUT_PAGES,
    memory_bytes: int | None = MEMORY_BYTES,
    ocr: bool = False,
    cores: int | None = None,
) -> tuple[Document, FrontMatter, Drawing]:
    """:func:`read_both`, and the pages with what was read from where, for :func:`summarizer.pdf.drawing.draw`."""
    limits = _Limits(seconds_base, seconds_per_page, max_layout_pages, memory_bytes, ocr, cores)
    with tempfile.TemporaryDirectory(prefix="summarizer-pages-") as folder:
        result = _read(path, limits, want_document=True, want_front_matter=True, pictures_dir=folder)
        pictures = [picture.read_bytes() for picture in sorted(Path(folder).glob("page-*.jpg"))]
    return _document(result), _front_matter(result), from_json(result["drawing"], pictures)


@dataclass(frozen=True, slots=True)
class _Limits:
    seconds_base: float = SECONDS_BASE
    seconds_per_page: float = SECONDS_PER_PAGE
    max_layout_pages: int = MAX_LAYOUT_PAGES
    memory_bytes: int | None = MEMORY_BYTES
    ocr: bool = False
    cores: int | None = None


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


def _read(
    path: Path, limits: _Limits, *, want_document: bool, want_front_matter: bool, pictures_dir: str | None = None
) -> dict[str, Any]:
    _check_file(path)
    task = {
        "path": str(path.absolute()),
        "want_document": want_document,
        "want_front_matter": want_front_matter,
        "seconds_base": limits.seconds_base,
        "seconds_per_page": limits.seconds_per_page,
        "seconds_limit": limits.seconds_base + 5,
        "max_layout_pages": limits.max_layout_pages,
        "memory_bytes": limits.memory_bytes,
        "ocr": limits.ocr,
        "cores": limits.cores or min(_MOST_CORES, available_cores()),
        "pictures_dir": pictures_dir,
    }
    root = str(Path(__file__).resolve().parents[2])
    # one arena for each of many threads would count against the limit of address space
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    # it would keep an identifier of this machine in the user's cache and tell onnxruntime's maker what was run here
    environment["ORT_DISABLE_TELEMETRY"] = "1"
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb", buffering=0) as pipe, tempfile.TemporaryFile() as noise:
        try:
            child = subprocess.Popen(
                # -P: a json.py in the current folder must not stand in for the library's
                [sys.executable, "-P", "-m", "summarizer.pdf.child", str(write_end), json.dumps(task)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=noise,
                env=environment,
                pass_fds=(write_end,),
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        try:
            answer = _collect(pipe, limits)
            child.wait()
        finally:
            _kill_group(child)
        if answer is not None:
            return answer
        raise PdfError("crashed", _last_words(child.returncode, noise))


def _collect(pipe: IO[bytes], limits: _Limits) -> dict[str, Any] | None:
    """The child's result; None when it ended without one. Raises its PdfError, or ``timeout``."""
    started = time.monotonic()
    seconds = limits.seconds_base
    n_pages = 0
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = started + seconds - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise PdfError("timeout", f"not read after {seconds:.0f} s, {n_pages or 'unknown number of'} pages")
            data = os.read(pipe.fileno(), 1 << 16)
            if not data:
                return None
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "n_pages" in message:
                    n_pages = message["n_pages"]
                    seconds = limits.seconds_base + limits.seconds_per_page * n_pages
                elif "extra_seconds" in message:
                    seconds += message["extra_seconds"]
                elif "error" in message:
                    raise PdfError(*message["error"])
                else:
                    result: dict[str, Any] = message["result"]
                    return result


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """End the child and its helpers, which may be there after it has died; one that ended well has none."""
    if child.poll() == 0:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _last_words(returncode: int, noise: IO[bytes]) -> str:
    if returncode < 0:
        try:
            return f"the child process died of {signal.Signals(-returncode).name}"
        except ValueError:
            return f"the child process died of signal {-returncode}"
    noise.seek(0)
    lines = noise.read().decode(errors="replace").strip().splitlines()
    return f"the child process ended with {returncode}: {lines[-1].strip() if lines else 'no message'}"[:300]
