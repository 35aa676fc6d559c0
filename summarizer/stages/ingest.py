"""Stage ingest: a verified bundle becomes papers, and their PDFs become sections."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from summarizer import ids
from summarizer.bundle import Bundle
from summarizer.config import Config, PdfConfig
from summarizer.errors import PdfError
from summarizer.pdf import Limits, PdfReader, available_cores
from summarizer.records import Document
from summarizer.scratch import scratch_folder
from summarizer.stages.admission import admission, described
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.store import Store, failures, papers, signatures

if TYPE_CHECKING:
    from summarizer.llm.tokenizer import Tokenizer

#: These depend on the machine, so the next run tries again; every other failure is the file's own.
_TRANSIENT = frozenset({"timeout", "crashed"})
#: Files read at the same time unless the configuration says otherwise: each takes up to 1 GB.
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of one PDF: its sections, or why there are none."""

    document: Document | None
    category: str = ""
    detail: str = ""


def ingest(
    store: Store,
    run: RunRecorder,
    config: Config,
    progress: Progress,
    bundle_path: Path,
    open_tokenizer: Callable[[], Tokenizer | None] = lambda: None,
) -> tuple[str, StageResult]:
    """Register a bundle and read those of its PDFs that were not read yet. Gives back the bundle's id, too.

    ``open_tokenizer`` is asked once, when there is something to read; without one no tokens are counted.

    The whole bundle is verified first: BundleError, and nothing recorded, when anything in it is wrong or the
    configuration does not let it in. A PDF that gives no sections is a recorded failure, and the others go on.
    """
    started = time.monotonic()
    site = admission(config.bundle)
    with site.open(bundle_path) as bundle, ExitStack() as stack:
        bundle_id = bundle.manifest.bundle_id
        if site.trust is not None:
            progress.message(f"ingest: {bundle_path.name} is {described(bundle, checked=True)}")
        with store.write() as con:
            now = utc_now()
            n_rows = papers.register_bundle(con, bundle.manifest, bundle.papers, str(bundle_path.resolve()), now)
            n_rows += signatures.record_signatures(con, bundle_id, bundle.signed_by, now)
            if n_rows:
                run.ensure(con)
        with store.read() as con:
            pending = papers.pending_ingest(con, bundle_id)
        if not pending:
            return bundle_id, StageResult()
        progress.stage("ingest", len(pending))
        n_failed = 0
        tokenizer = open_tokenizer()
        stack.callback(tokenizer.close if tokenizer is not None else lambda: None)
        for (arxiv_id, version), read in _read_all(bundle, pending, config.pdf):
            entry = bundle.pdf_entry(arxiv_id, version)
            document = with_tokens(read.document, tokenizer) if read.document is not None else None
            with store.write() as con:
                run_id = run.ensure(con)
                if document is not None:
                    papers.record_document(con, run_id, (arxiv_id, version), document, utc_now())
                else:
                    failures.record_failure(
                        con,
                        run_id,
                        "ingest",
                        (arxiv_id, version),
                        category=read.category,
                        detail=read.detail,
                        permanent=read.category not in _TRANSIENT,
                        now=utc_now(),
                        input_hash=entry.sha256 if entry is not None else None,
                    )
            name = ids.versioned(arxiv_id, version)
            if read.document is None:
                n_failed += 1
                progress.message(f"ingest: {name}: {read.category}: {read.detail}")
            progress.advance(note=name)
    return bundle_id, StageResult(len(pending) - n_failed, n_failed, time.monotonic() - started)


def with_tokens(document: Document, tokenizer: Tokenizer | None) -> Document:
    """The same document with the tokens of its sections; unchanged without a tokenizer."""
    if tokenizer is None:
        return document
    sections = tuple(replace(s, n_tokens=tokenizer.count_tokens(s.text)) for s in document.sections)
    return replace(document, sections=sections, tokenizer_sha256=tokenizer.model.sha256)


def _read_all(
    bundle: Bundle, keys: list[tuple[str, int]], config: PdfConfig
) -> Iterator[tuple[tuple[str, int], _Read]]:
    """Read PDFs a few at a time and give each back as it finishes; only those being read lie on the disk."""
    waiting = list(reversed(keys))
    workers = config.workers or min(_MOST_WORKERS, available_cores())
    cores = max(1, available_cores() // workers)
    running: dict[Future[_Read], tuple[tuple[str, int], Path]] = {}
    with (
        scratch_folder("pdf") as folder,
        PdfReader(limits_of(config, cores)) as reader,
        ThreadPoolExecutor(workers, thread_name_prefix="pdf") as pool,
    ):
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    key = waiting.pop()
                    if bundle.pdf_entry(*key) is None:
                        yield key, _Read(None, "missing_pdf", "the bundle holds no PDF of this paper")
                        continue
                    own_folder = folder / str(len(waiting))
                    own_folder.mkdir()
                    path = bundle.extract_pdf(*key, own_folder)
                    running[pool.submit(_read, reader, path)] = (key, own_folder)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    key, own_folder = running.pop(future)
                    shutil.rmtree(own_folder)
                    yield key, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def limits_of(config: PdfConfig, cores: int | None = None) -> Limits:
    """The limits of one file that the configuration sets, where ``cores`` share its pages (None: those of the machine)."""
    return Limits(
        seconds_base=config.seconds_base,
        seconds_per_page=config.seconds_per_page,
        max_layout_pages=config.max_layout_pages,
        memory_bytes=config.memory_bytes,
        ocr=config.ocr == "tesseract",
        cores=cores,
    )


def _read(reader: PdfReader, path: Path) -> _Read:
    try:
        return _Read(reader.document(path))
    except PdfError as error:
        return _Read(None, error.category, error.detail)
