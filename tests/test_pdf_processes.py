"""The processes that read PDFs: kept for the next file, killed after one that hung or crashed, and gone with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pdf_files
import psutil
import pytest

from summarizer.errors import PdfError
from summarizer.pdf import Limits, PdfReader, process, read_document

#: For what takes a moment, and for ever when it is broken.
PATIENCE = 60.0


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return pdf_files.write_paper(tmp_path / "paper.pdf")


@pytest.fixture
def reader() -> Iterator[PdfReader]:
    """One core a file: a file then has a single process."""
    with PdfReader(Limits(cores=1)) as reader:
        yield reader


def children(parent: int | None = None) -> list[psutil.Process]:
    return psutil.Process(parent).children(recursive=True)


def wait_for_processes(n: int, parent: int | None = None) -> list[psutil.Process]:
    """The processes under ``parent`` (None: this one) when there are ``n``, parents first."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = children(parent)
        if len(found) == n:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{len(found)} processes and not {n}: {found}")


def test_one_process_serves_many_files(tmp_path: Path, paper: Path, reader: PdfReader) -> None:
    """Files that cannot be read are answers like any other."""
    first = reader.document(paper)
    with pytest.raises(PdfError, match="encrypted"):
        reader.document(pdf_files.write_encrypted(tmp_path / "secret.pdf", user="secret"))
    with pytest.raises(PdfError, match="damaged"):
        reader.document(pdf_files.write_truncated(tmp_path / "half.pdf"))
    front = reader.front_matter(paper)
    assert reader.document(paper).sections == first.sections
    assert front.title == pdf_files.TITLE
    assert reader.n_started == 1
    reader.close()
    assert children() == []


def test_what_is_loaded_can_be_forked(reader: PdfReader, paper: Path) -> None:
    """A second thread would be missing after the fork, and who waits for it would wait for ever."""
    reader.front_matter(paper)
    [process_] = children()
    assert process_.num_threads() == 1
    assert "--bare" not in process_.cmdline()
    assert any("onnxruntime" in file.path for file in process_.memory_maps())


def test_as_many_processes_as_files_at_once(tmp_path: Path, reader: PdfReader) -> None:
    paths = [pdf_files.write_text(tmp_path / f"{n}.pdf", pdf_files.ENGLISH) for n in range(6)]
    found: dict[Path, int] = {}

    def read(some: list[Path]) -> None:
        for path in some:
            found[path] = reader.document(path).n_pages

    threads = [threading.Thread(target=read, args=(some,)) for some in (paths[:3], paths[3:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(paths, 1)
    assert reader.n_started == 2


def test_a_file_that_crashes_its_process_is_the_last_of_it(tmp_path: Path, paper: Path, reader: PdfReader) -> None:
    reader.front_matter(paper)
    [kept] = children()
    long = pdf_files.write_long_paper(tmp_path / "long.pdf", 60)
    killer = threading.Thread(target=lambda: wait_for_processes(2)[1].send_signal(signal.SIGSEGV))
    killer.start()
    with pytest.raises(PdfError) as caught:
        reader.document(long)
    killer.join()
    assert (caught.value.category, caught.value.detail) == ("crashed", "the process died of SIGSEGV")
    assert not kept.is_running()
    assert reader.front_matter(paper).title == pdf_files.TITLE
    assert reader.n_started == 2


def test_a_file_that_hangs_is_killed_with_all_it_started(tmp_path: Path, paper: Path) -> None:
    """Stopped processes stand in for a hang; two cores share the pages, so there are helpers, too."""
    with PdfReader(Limits(cores=2, seconds_base=10, seconds_per_page=0)) as reader:
        reader.front_matter(paper)
        long = pdf_files.write_long_paper(tmp_path / "long.pdf", 80)

        def stop() -> None:
            for process_ in wait_for_processes(4)[1:]:
                process_.send_signal(signal.SIGSTOP)

        stopper = threading.Thread(target=stop)
        stopper.start()
        with pytest.raises(PdfError) as caught:
            reader.document(long)
        stopper.join()
        assert (caught.value.category, caught.value.detail) == ("timeout", "not read after 10 s, 80 pages")
        assert wait_for_processes(0) == []
        assert reader.front_matter(paper).title == pdf_files.TITLE
        assert reader.n_started == 2


def test_a_process_that_dies_while_it_waits_costs_no_file(paper: Path, reader: PdfReader) -> None:
    reader.front_matter(paper)
    [kept] = children()
    kept.kill()
    psutil.wait_procs([kept], timeout=PATIENCE)
    assert reader.front_matter(paper).title == pdf_files.TITLE
    assert reader.n_started == 2


def test_a_file_that_takes_too_long_is_a_timeout(paper: Path) -> None:
    with pytest.raises(PdfError) as caught:
        read_document(paper, Limits(seconds_base=0.05, seconds_per_page=0))
    assert caught.value.category == "timeout"


def test_a_file_that_runs_out_of_memory_is_a_crash(tmp_path: Path, paper: Path) -> None:
    """The limit is that of one file, and counts from its process on: many files do not add up to it."""
    with pytest.raises(PdfError) as caught:
        read_document(paper, Limits(memory_bytes=150 * 1024**2))
    assert caught.value.category == "crashed"
    assert caught.value.detail


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("kill -SEGV $$", "the process died of SIGSEGV"),
        ("echo no module named pymupdf >&2; exit 3", "the process ended with 3: no module named pymupdf"),
    ],
)
def test_an_interpreter_that_does_not_come_up_is_a_crash(
    tmp_path: Path, paper: Path, monkeypatch: pytest.MonkeyPatch, script: str, detail: str
) -> None:
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(interpreter))
    with pytest.raises(PdfError) as caught:
        read_document(paper)
    assert (caught.value.category, caught.value.detail) == ("crashed", detail)


def test_a_closed_reader_reads_nothing(paper: Path, reader: PdfReader) -> None:
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.document(paper)


@pytest.mark.parametrize("busy", [False, True])
def test_a_killed_parent_leaves_no_process(tmp_path: Path, busy: bool) -> None:
    path = pdf_files.write_long_paper(tmp_path / "long.pdf", 80) if busy else pdf_files.write_paper(tmp_path / "p.pdf")
    code = (
        "import sys, time; from pathlib import Path; from summarizer.pdf import Limits, PdfReader\n"
        "PdfReader(Limits(cores=2)).document(Path(sys.argv[1])); print('read', flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        if busy:  # it, the process of the file, and two helpers
            below = wait_for_processes(4, parent.pid)
        else:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "read\n"
            below = wait_for_processes(1, parent.pid)
    finally:
        parent.kill()
        parent.communicate()
    _, alive = psutil.wait_procs(below, timeout=PATIENCE)
    assert alive == []


def test_a_file_whose_parent_is_gone_ends_by_its_own_alarm(paper: Path) -> None:
    """It is forked from nothing here: whatever became of the others, it does not read for ever."""
    code = (
        "import sys; from pathlib import Path; from summarizer.pdf import child, Limits; from summarizer.pdf.limits import Task\n"
        "child._GRACE_SECONDS = 0.01\n"
        "limits = Limits(seconds_base=0, seconds_per_page=0)\n"
        "child.read_file(Task(path=Path(sys.argv[1]), limits=limits, want_document=True), sys.stdout)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(paper)], capture_output=True, env=os.environ, check=False)
    assert done.returncode == -signal.SIGALRM
