"""The whole way with no model: exit codes, what a second run does, and what is left after a kill at any moment."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import batch
import pytest
import sample_day
from batch import Place

from summarizer.errors import BundleError
from summarizer.stages.recorder import RunRecorder
from summarizer.store import Store


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_day.write_day(tmp_path_factory.mktemp("files") / "day")


@pytest.fixture(scope="module")
def bundle(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_day.pack_day(files, tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def ingested(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A day whose PDFs are read. Not to be written to."""
    place = batch.make_place(tmp_path_factory.mktemp("ingested"))
    assert place.run("ingest", bundle) == 10
    return place


@pytest.fixture(scope="module")
def finished(bundle: Path, ingested: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same day, finished without interruption. Not to be written to."""
    place = _copy(ingested, tmp_path_factory.mktemp("finished") / "place")
    assert place.run_day(bundle) == 10
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return batch.make_place(tmp_path / "place")


def _copy(of: Place, to: Path) -> Place:
    shutil.copytree(of.folder, to)
    return Place(to)


def _post(place: Place) -> Path:
    return place.site / "_posts" / "2026-02-12-arxiv.md"


def test_a_day_with_failures_is_published_and_ends_with_10(finished: Place) -> None:
    assert finished.sql("SELECT arxiv_id, category FROM item_failure WHERE stage = 'ingest' ORDER BY 1") == [
        ("2602.00004", "not_pdf"),
        ("2602.00005", "missing_pdf"),
    ]
    pairs = finished.sql("SELECT arxiv_id, other_arxiv_id, kind FROM duplicate_pair")
    assert pairs == [("2602.00003", "2602.00001", "near")]
    shown = finished.sql("SELECT DISTINCT arxiv_id FROM attempt ORDER BY 1")
    assert ("2602.00003",) not in shown  # a near-duplicate is not summarised again
    assert ("2602.00004",) in shown  # no PDF, but an abstract to translate
    post = _post(finished).read_text(encoding="utf-8")
    assert "抓取总数：5 篇 | 本页显示：4 篇" in post
    assert finished.sql("SELECT command, exit_code FROM run_summary ORDER BY started_utc") == [
        ("summarizer ingest", 10),
        ("summarizer run", 10),
    ]
    stages = finished.sql("SELECT stage, n_done, n_failed FROM run_stage ORDER BY ended_utc")
    assert stages[0] == ("ingest", 3, 2)
    assert [stage for stage, _, _ in stages] == ["ingest", "embed", "dedup", "generate", "publish"]


def test_texts_are_made_and_shown(finished: Place) -> None:
    made = finished.sql("SELECT arxiv_id, task, text FROM accepted_summary")
    assert {task for _, task, _ in made} >= {"translation"}
    post = _post(finished).read_text(encoding="utf-8")
    for _, task, text in made:
        if task == "translation":
            assert text.split("\n")[0][:20] in post


def test_stdout_carries_the_path_and_stderr_the_summary(
    finished: Place, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = _copy(finished, tmp_path / "copy")
    assert place.run_day(bundle) == 10
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(_post(place))]
    assert "4 papers shown" in err
    assert "not_pdf" in err
    assert "peak memory" in err
    assert place.run("run", bundle, "--out", place.site, "--quiet") == 10
    assert capsys.readouterr().err == ""


def test_a_second_run_adds_no_row_and_leaves_the_post_alone(finished: Place, bundle: Path, tmp_path: Path) -> None:
    place = _copy(finished, tmp_path / "copy")
    rows, post, changed = place.row_counts(), _post(place).read_bytes(), _post(place).stat().st_mtime_ns
    assert place.run_day(bundle) == 10  # nothing was done, but papers of the bundle still lack something
    assert place.row_counts() == rows
    assert _post(place).read_bytes() == post
    assert _post(place).stat().st_mtime_ns == changed


def test_a_second_run_loads_no_model(
    finished: Place, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from summarizer.stages import weights

    def refuse(self: object) -> object:
        raise AssertionError("a model was loaded for nothing")

    monkeypatch.setattr(weights.Lazy, "__call__", refuse)
    assert _copy(finished, tmp_path / "copy").run_day(bundle) == 10


def test_a_day_without_failures_ends_with_0(files: Path, tmp_path: Path, place: Place) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    shutil.copy(files / "2602.00002v1.pdf", folder)
    rows = (files / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "papers.jsonl").write_text(rows[1] + "\n", encoding="utf-8")
    bundle = sample_day.pack_day(folder, tmp_path / "bundle")
    assert place.run_day(bundle) == 0
    assert place.sql("SELECT exit_code FROM run_end") == [(0,)]
    assert place.run_day(bundle) == 0


def test_a_post_that_is_gone_comes_back(finished: Place, bundle: Path, tmp_path: Path) -> None:
    place = _copy(finished, tmp_path / "copy")
    post, rows = _post(place).read_bytes(), place.row_counts()
    _post(place).unlink()
    place.run_day(bundle)
    assert _post(place).read_bytes() == post
    _post(place).write_text("changed by hand", encoding="utf-8")
    assert place.run("publish", "--out", place.site) == 10
    assert _post(place).read_bytes() == post
    assert place.row_counts() == rows


def test_the_stages_one_by_one_do_what_run_does(
    finished: Place, ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = _copy(ingested, tmp_path / "copy")
    assert place.run("embed") == 0
    assert place.run("dedup") == 0
    assert place.run("generate") in (0, 10)
    assert place.run("publish", "--out", place.site) == 10
    assert capsys.readouterr().out.splitlines() == [str(_post(place))]
    assert place.content() == finished.content()
    assert _post(place).read_bytes() == _post(finished).read_bytes()


def test_a_damaged_bundle_is_refused_whole(bundle: Path, tmp_path: Path, place: Place) -> None:
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(data)
    assert place.run_day(bundle, damaged) == 3
    assert place.run_day(damaged) == 3
    assert not place.store.exists() or set(place.row_counts().values()) <= {0, 1}
    assert not place.site.exists()


def test_an_interruption_keeps_what_is_recorded(
    bundle: Path,
    ingested: Place,
    finished: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from summarizer.stages import dedup

    place = _copy(ingested, tmp_path / "copy")

    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dedup, "dedup", interrupt)
        assert place.run_day(bundle) == 130
    assert "interrupted" in capsys.readouterr().err
    assert (130,) in place.sql("SELECT exit_code FROM run_end")
    assert place.sql("SELECT count(*) FROM embedding")[0][0] == 5
    assert place.run_day(bundle) == 10
    assert place.content() == finished.content()


def test_an_error_is_one_line_with_its_exit_code(
    bundle: Path,
    ingested: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from summarizer.stages import publish

    place = _copy(ingested, tmp_path / "copy")

    def fail(*arguments: object, **options: object) -> None:
        raise BundleError("something\nof a bundle")

    monkeypatch.setattr(publish, "publish", fail)
    assert place.run("run", bundle, "--out", place.site, "--quiet") == 3
    assert capsys.readouterr().err == "summarizer: error: something of a bundle\n"
    assert (3,) in place.sql("SELECT exit_code FROM run_end")


def test_a_rolled_back_window_takes_the_run_with_it(place: Place) -> None:
    from summarizer.config import Config

    store = Store(place.store)
    recorder = RunRecorder(store, "summarizer run", Config())

    def broken_window() -> None:
        with store.write() as con:
            recorder.ensure(con)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_window()
    assert place.sql("SELECT count(*) FROM run") == [(0,)]
    with store.write() as con:
        assert recorder.ensure(con) == recorder.run_id
    recorder.end(0, 1)
    assert place.sql("SELECT run_id FROM run SEMI JOIN run_end USING (run_id)") == [(recorder.run_id,)]


# Starts the command again and again, each time in a fork that kills itself inside its third or fourth write window: the
# first registers the bundle (nothing new from the second time on), the next are kept, the last is cut off.
KILLED_IN_EVERY_WINDOW = """
import os, signal
from contextlib import contextmanager
import summarizer.stages.dedup, summarizer.stages.embed, summarizer.stages.generate, summarizer.stages.ingest
import summarizer.stages.publish, summarizer.stages.run
from summarizer.cli import main
from summarizer.store import Store

write, n_windows = Store.write, 0

@contextmanager
def counted(self):
    global n_windows
    with write(self) as con:
        yield con
        n_windows += 1
        if n_windows == 3 + n_killed % 2:
            os.kill(os.getpid(), signal.SIGKILL)

Store.write = counted
for n_killed in range(40):
    child = os.fork()
    if child == 0:
        os._exit(main())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != -signal.SIGKILL:
        break
print(n_killed, code)
"""

# Starts the command ten times, each time in a fork that kills itself where a stage begins, or where it has ended.
KILLED_AT_EVERY_BOUNDARY = """
import importlib, os, signal
import summarizer.stages.run
from summarizer.cli import main

def run_killed(stage, when):
    module = importlib.import_module("summarizer.stages." + stage)
    work = getattr(module, stage)

    def killed(*arguments, **options):
        if when == "after":
            work(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        setattr(module, stage, killed)
        os._exit(main())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

stages = ("ingest", "embed", "dedup", "generate", "publish")
codes = [run_killed(stage, when) for stage in stages for when in ("before", "after")]
print(*codes)
"""


def _output(command: list[str]) -> list[int]:
    done = subprocess.run(command, capture_output=True, text=True, env=batch.environment(), check=False)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()[-10:] if word.lstrip("-").isdigit()]


def test_killed_in_every_write_window(finished: Place, bundle: Path, place: Place) -> None:
    command = place.command("run", bundle, "--out", place.site, "--quiet", program=KILLED_IN_EVERY_WINDOW)
    n_killed, exit_code = _output(command)[-2:]
    assert n_killed >= 6
    assert exit_code == 10
    assert place.content() == finished.content()
    assert _post(place).read_bytes() == _post(finished).read_bytes()


def test_killed_at_every_stage_boundary(finished: Place, bundle: Path, place: Place) -> None:
    command = place.command("run", bundle, "--out", place.site, "--quiet", program=KILLED_AT_EVERY_BOUNDARY)
    assert _output(command) == [-signal.SIGKILL] * 10
    assert place.run_day(bundle) == 10
    assert place.content() == finished.content()
    assert _post(place).read_bytes() == _post(finished).read_bytes()


def test_killed_at_random_moments(finished: Place, bundle: Path, place: Place) -> None:
    seconds = finished.sql("SELECT sum(seconds) FROM run_summary")[0][0]
    moments = random.Random(20260212)
    command = place.command("run", bundle, "--out", place.site, "--quiet")
    for _ in range(5):
        process = batch.start(command)
        time.sleep(moments.uniform(0.2, 1.0) * (seconds + 0.5))
        process.kill()
        process.communicate()
    assert place.run_day(bundle) == 10
    assert place.content() == finished.content()
    assert _post(place).read_bytes() == _post(finished).read_bytes()
