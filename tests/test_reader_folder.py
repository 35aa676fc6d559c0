"""The folder of the reader: nothing of somebody else's is overwritten or removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from summarizer.errors import SummarizerError
from summarizer.publish.reader import ReaderFolder
from summarizer.publish.reader.folder import LIST


def files_of(root: Path) -> set[str]:
    return {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}


def write_files(root: Path, files: dict[str, bytes]) -> ReaderFolder:
    folder = ReaderFolder(root)
    for path, data in files.items():
        folder.put(path, data)
    folder.finish()
    return folder


def test_pages_that_are_gone_are_removed_but_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_files(root, {"index.html": b"1", "days/a.html": b"a", "days/b.html": b"b", "papers/c.html": b"c"})
    (root / "days" / "mine.txt").write_text("notes")
    (root / "days" / "b.html").write_text("changed by somebody")
    folder = write_files(root, {"index.html": b"2"})
    assert files_of(root) == {"days/b.html", "days/mine.txt", "index.html", LIST}
    assert folder.kept == [root / "days" / "b.html"]
    assert not (root / "papers").exists()


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (root / "index.html").write_text("my own home page")
    with pytest.raises(SummarizerError, match=r"index\.html was not written by this program"):
        write_files(root, {"assets/a.css": b"a", "index.html": b"1"})
    assert files_of(root) == {"index.html"}
    assert (root / "index.html").read_text() == "my own home page"


def test_a_kill_between_list_and_files_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "out"
    folder = ReaderFolder(root)
    folder.put("a.html", b"a")
    folder.put("b.html", b"b")
    written: list[str] = []

    def dies(self: ReaderFolder, path: str, data: bytes) -> None:
        if path == "b.html":
            raise KeyboardInterrupt
        written.append(path)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    with monkeypatch.context() as patched:
        patched.setattr(ReaderFolder, "_write", dies)
        with pytest.raises(KeyboardInterrupt):
            folder.flush()
    assert written == [LIST, "a.html"]
    write_files(root, {"a.html": b"new a", "b.html": b"b"})
    assert (root / "a.html").read_bytes() == b"new a"


@pytest.mark.parametrize("path", ["../../outside.txt", "/etc/passwd", "a//b", "C:x"])
def test_a_list_that_names_files_outside_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (root / LIST).write_text(json.dumps({"format": 1, "files": {path: "0" * 64}}))
    with pytest.raises(SummarizerError, match="outside the folder"):
        ReaderFolder(root)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99, "files": {}}', '{"format": 1, "files": []}'])
def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (root / LIST).write_text(content)
    with pytest.raises(SummarizerError, match="cannot be read"):
        ReaderFolder(root)
