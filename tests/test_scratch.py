"""Folders of the moment: gone at the end, or with the next one after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from summarizer.errors import SummarizerError
from summarizer.scratch import scratch_folder

FOLDER = """
from summarizer.scratch import scratch_folder
with scratch_folder("pdf") as folder:
    (folder / "paper.pdf").write_bytes(b"%PDF"); kill()
"""
#: A user who looks at the pages of a paper, and a query on a copy of the store: killed while the folder is there.
PAGES = """
from summarizer.pdf import PdfReader
PdfReader._read = lambda self, path, **wanted: kill()
PdfReader().drawing("paper.pdf")
"""
SNAPSHOT = """
from pathlib import Path
from summarizer.store import snapshot
snapshot._copy = lambda path, copy: kill()
with snapshot.snapshot(Path("store.duckdb")): pass
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def kill_within(code: str, temporary: Path) -> Path:
    """Run code that calls ``kill()`` in a process of its own; the folder that it leaves."""
    before = set(temporary.glob("*/*"))
    kill = "import os, signal\ndef kill(): os.kill(os.getpid(), signal.SIGKILL)\n"
    done = subprocess.run(
        [sys.executable, "-c", kill + code],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    [left] = set(temporary.glob("*/*")) - before
    return left


def test_a_folder_is_gone_at_the_end(temporary: Path) -> None:
    with scratch_folder("x") as folder:
        (folder / "paper.pdf").write_bytes(b"%PDF")
        assert folder.parent.parent == temporary
        assert folder.name.startswith("x-")
    assert list(temporary.glob("*/*")) == []


def test_a_folder_in_use_stays() -> None:
    with scratch_folder("x") as one:
        (one / "paper.pdf").write_bytes(b"%PDF")
        with scratch_folder("x") as other:
            assert other != one
        assert (one / "paper.pdf").exists()


@pytest.mark.parametrize("code", [FOLDER, PAGES, SNAPSHOT])
def test_what_a_killed_process_left_goes_with_the_next_folder(code: str, temporary: Path) -> None:
    left = kill_within(code, temporary)
    (of_somebody := left.with_name("of-somebody")).mkdir()
    with scratch_folder("another") as folder:
        assert set(temporary.glob("*/*")) == {of_somebody, folder}
    assert list(temporary.iterdir()) == [left.parent]


def test_a_place_that_others_may_write_to_is_refused(temporary: Path) -> None:
    with scratch_folder("x") as folder:
        place = folder.parent
    place.chmod(0o777)
    with pytest.raises(SummarizerError, match="not a folder of this user alone"), scratch_folder("x"):
        pass
    place.rmdir()
    place.symlink_to(temporary)
    with pytest.raises(SummarizerError, match="not a folder of this user alone"), scratch_folder("x"):
        pass
