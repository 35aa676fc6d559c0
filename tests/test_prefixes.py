"""Prompt starts kept on disk: as files, whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from summarizer.llm import prefixes
from summarizer.llm.prefixes import SavedPrefixes

MODEL = ("hash of the model", "1.0", "f16")


def save(saved: SavedPrefixes, tokens: list[int], text: str = "state") -> None:
    saved.save(tokens, lambda path: path.write_text(text, encoding="utf-8") > 0)


def test_a_state_is_found_by_its_tokens_and_identity_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    saved = SavedPrefixes(folder, MODEL)
    assert saved.find([1, 2, 3]) is None
    assert not folder.exists()
    save(saved, [1, 2, 3])
    path = SavedPrefixes(folder, MODEL).find([1, 2, 3])
    assert path is not None
    assert path.read_text(encoding="utf-8") == "state"
    for tokens in ([1, 2], [1, 2, 3, 4], [12, 3], []):
        assert saved.find(tokens) is None
    for other in (("another model", *MODEL[1:]), (*MODEL[:2], "q8_0"), (*MODEL, "")):
        assert SavedPrefixes(folder, other).find([1, 2, 3]) is None


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    saved = SavedPrefixes(tmp_path, MODEL)
    seen: list[bool] = []

    def write(path: Path) -> bool:
        path.write_bytes(b"half of it")
        seen.append(saved.find([1]) is None)
        return True

    def fail(path: Path) -> bool:
        write(path)
        return False

    def full(path: Path) -> bool:
        write(path)
        raise OSError(28, "No space left on device")

    def killed(path: Path) -> bool:
        write(path)
        raise KeyboardInterrupt

    saved.save([1], fail)
    saved.save([1], full)
    with pytest.raises(KeyboardInterrupt):
        saved.save([1], killed)
    assert list(tmp_path.iterdir()) == []
    saved.save([1], write)
    assert seen == [True] * 4
    save(saved, [1], "anew")  # what was there before is replaced as a whole
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["anew"]


def test_those_not_used_for_longest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "_MOST_FILES", 3)
    saved = SavedPrefixes(tmp_path, MODEL)
    (tmp_path / "notes.txt").write_text("not ours", encoding="utf-8")
    for token in range(3):
        save(saved, [token])
        path = saved.find([token])
        assert path is not None
        os.utime(path, (1000 + token, 1000 + token))
    assert saved.find([0]) is not None  # which marks it as used
    save(saved, [3])
    assert [token for token in range(4) if saved.find([token])] == [0, 2, 3]
    save(SavedPrefixes(tmp_path, ("another model",)), [9])
    assert len(list(tmp_path.glob("*.kv"))) == 3
    assert (tmp_path / "notes.txt").exists()


def test_a_folder_that_cannot_be_written_or_read_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("long" * 100)):
        saved = SavedPrefixes(folder, MODEL)
        save(saved, [1])
        assert saved.find([1]) is None


def test_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = SavedPrefixes(tmp_path, MODEL)
    save(saved, [1])

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refused)
    monkeypatch.setattr("tempfile.mkdtemp", refused)
    save(saved, [2])
    assert saved.find([1]) is not None
    assert saved.find([2]) is None


@pytest.mark.parametrize("content", [b"", b"sta", b"statf", b"state and more"])
def test_a_damaged_state_is_not_found(tmp_path: Path, content: bytes) -> None:
    saved = SavedPrefixes(tmp_path, MODEL)
    save(saved, [1])
    save(saved, [2])
    path = saved.find([1])
    assert path is not None
    path.write_bytes(content)
    assert saved.find([1]) is None
    assert saved.find([2]) is not None
    assert len(list(tmp_path.iterdir())) == 1, "it takes no room"


def test_files_that_other_processes_delete_are_no_error(tmp_path: Path) -> None:
    saved = SavedPrefixes(tmp_path, MODEL)

    def write(path: Path) -> bool:
        path.write_bytes(b"x")
        path.unlink()
        return True

    saved.save([1], write)
    assert saved.find([1]) is None
