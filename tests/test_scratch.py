"""Folders of the moment: gone at the end, or with the next one after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from summarizer.stages.scratch import scratch_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_at_the_end(temporary: Path) -> None:
    with scratch_folder("x-") as folder:
        (folder / "paper.pdf").write_bytes(b"%PDF")
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_a_folder_in_use_stays(temporary: Path) -> None:
    with scratch_folder("x-") as one:
        (one / "paper.pdf").write_bytes(b"%PDF")
        with scratch_folder("x-") as other:
            assert other != one
        assert (one / "paper.pdf").exists()


def test_what_a_killed_process_left_goes_with_the_next_folder(temporary: Path) -> None:
    code = (
        "import os, signal, tempfile; from summarizer.stages.scratch import scratch_folder\n"
        f"tempfile.tempdir = {str(temporary)!r}\n"
        "with scratch_folder('x-') as folder:\n"
        "    (folder / 'paper.pdf').write_bytes(b'%PDF'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env=os.environ, check=False)
    (temporary / "x-of-somebody").mkdir()
    left = {path.name for path in temporary.iterdir()}
    assert len(left) == 2
    with scratch_folder("y-"):
        assert {path.name for path in temporary.iterdir()} >= left
    with scratch_folder("x-") as folder:
        assert {path.name for path in temporary.iterdir()} == {"x-of-somebody", folder.name}
