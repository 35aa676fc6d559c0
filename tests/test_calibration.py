"""Which layout of the weights is faster is measured once and remembered; nothing is timed here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_gguf import write_tiny_gguf

from summarizer.errors import ModelError
from summarizer.llm import calibration
from summarizer.llm.backend import LlamaOptions
from summarizer.llm.calibration import is_repacking_faster, seconds_of_work

OPTIONS = LlamaOptions(n_threads=2)


class Machine:
    """Takes these seconds for a unit of work; None for weights that do not fit its memory."""

    def __init__(self, plain: float | None, repacked: float | None) -> None:
        self._seconds = {False: plain, True: repacked}
        self.asked: list[bool] = []

    def __call__(self, path: Path, options: LlamaOptions) -> float:
        self.asked.append(options.repack)
        seconds = self._seconds[options.repack]
        if seconds is None:
            raise ModelError("no memory")
        return seconds


@pytest.fixture(autouse=True)
def busy(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Says whether other work is running; at first there is none."""

    def say(is_busy: bool) -> None:
        monkeypatch.setattr(calibration, "is_machine_busy", lambda: is_busy)

    say(False)
    return say


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file as large as a model's, with a hole for content."""
    path = tmp_path / "large.gguf"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    return path


@pytest.mark.parametrize(
    ("plain", "repacked", "faster"),
    [(1.0, 0.5, True), (1.0, 0.94, True), (1.0, 0.96, False), (1.0, 1.0, False), (1.0, 2.0, False), (1.0, None, False)],
)
def test_the_copy_must_be_clearly_faster(
    large: Path, tmp_path: Path, plain: float, repacked: float | None, faster: bool
) -> None:
    for cache in (None, tmp_path / "cache"):
        machine = Machine(plain, repacked)
        assert is_repacking_faster(large, "a" * 64, OPTIONS, cache, machine) is faster
        assert machine.asked == [False, True]


@pytest.mark.parametrize("faster", [True, False])
def test_the_answer_is_remembered(large: Path, tmp_path: Path, faster: bool) -> None:
    cache = tmp_path / "some" / "cache"
    assert is_repacking_faster(large, "a" * 64, OPTIONS, cache, Machine(2.0, 1.0 if faster else 3.0)) is faster
    again = Machine(2.0, 3.0 if faster else 1.0)
    assert is_repacking_faster(large, "a" * 64, OPTIONS, cache, again) is faster
    assert again.asked == []
    assert [path.name for path in cache.iterdir()] == ["machine.json"]


def test_another_model_processor_library_or_number_of_threads_is_measured_anew(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def n_measured(sha256: str = "a" * 64, n_threads: int = 2) -> int:
        machine = Machine(2.0, 1.0)
        assert is_repacking_faster(large, sha256, LlamaOptions(n_threads=n_threads), tmp_path, machine)
        return len(machine.asked)

    assert n_measured() == 2
    assert n_measured(n_threads=3) == 2
    assert n_measured(sha256="b" * 64) == 2
    with monkeypatch.context() as patch:
        patch.setattr(calibration, "_processor", lambda: "another")
        assert n_measured() == 2
    with monkeypatch.context() as patch:
        patch.setattr(calibration, "library_version", lambda: "another")
        assert n_measured() == 2
    # nothing of it was forgotten for the others
    assert (n_measured(), n_measured(n_threads=3), n_measured(sha256="b" * 64)) == (0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe\x00", b'{"a": {"repack": true}}'])
def test_a_damaged_memory_is_replaced(large: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "machine.json").write_bytes(content)
    assert is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, Machine(2.0, 1.0))
    again = Machine(1.0, 2.0)
    assert is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, again)
    assert again.asked == []


def test_what_was_measured_beside_other_work_holds_until_the_machine_is_at_rest(
    large: Path, tmp_path: Path, busy: Callable[[bool], None]
) -> None:
    busy(True)
    assert not is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, Machine(1.0, 2.0))
    again = Machine(2.0, 1.0)
    assert not is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, again)
    assert again.asked == []
    busy(False)
    assert is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, again)
    busy(True)
    at_rest = Machine(1.0, 2.0)
    assert is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, at_rest)
    assert at_rest.asked == []


@pytest.mark.parametrize("entry", [None, True, [], {}, {"repack": "yes"}, {"repack": 1}])
def test_a_damaged_entry_is_measured_anew(large: Path, tmp_path: Path, entry: object) -> None:
    record = tmp_path / "machine.json"
    assert is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, Machine(2.0, 1.0))
    (key,) = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps({key: entry, "other": 1}), encoding="utf-8")
    again = Machine(1.0, 2.0)
    assert not is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, again)
    assert again.asked == [False, True]
    kept = json.loads(record.read_text(encoding="utf-8"))
    assert (kept["other"], kept[key]["repack"]) == (1, False)


def test_a_model_that_cannot_be_loaded_at_all_is_an_error(large: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no memory"):
        is_repacking_faster(large, "a" * 64, OPTIONS, tmp_path, Machine(None, 1.0))
    with pytest.raises(ModelError, match="no model file"):
        is_repacking_faster(tmp_path / "absent.gguf", "a" * 64, OPTIONS, tmp_path)
    assert not (tmp_path / "machine.json").exists()


def test_a_memory_that_cannot_be_kept_is_no_error(large: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for cache in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("long" * 100)):
        machine = Machine(2.0, 1.0)
        assert is_repacking_faster(large, "a" * 64, OPTIONS, cache, machine)
        assert machine.asked == [False, True]


def test_a_small_file_is_never_measured(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    with path.open("wb") as file:
        file.truncate((64 << 20) - 1)
    machine = Machine(2.0, 1.0)
    assert not is_repacking_faster(path, "a" * 64, OPTIONS, tmp_path, machine)
    assert machine.asked == []
    assert not (tmp_path / "machine.json").exists()


def test_the_unit_of_work_runs_on_a_model_of_few_tokens_and_few_sequences(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    for n_batch, n_sequences in ((512, 40), (64, 2)):
        options = LlamaOptions(n_batch=n_batch, n_ubatch=n_batch, n_sequences=n_sequences)
        assert seconds_of_work(path, options) > 0
