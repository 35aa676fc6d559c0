"""Stopping early: by a signal, at a time of day, after a number of papers. Nothing that was finished is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import batch
import pytest
import sample_day
from batch import Place
from hypothesis import given
from hypothesis import strategies as st

from summarizer.config import read_config
from summarizer.errors import ConfigError
from summarizer.llm.fake import FakeEngine
from summarizer.llm.probe import Rates
from summarizer.prompts import load_prompts
from summarizer.records import Completion, Request
from summarizer.stages import generate
from summarizer.stages.expectation import by_paper, expected_works
from summarizer.stages.interruption import interruption
from summarizer.stages.limits import Limits, read_until
from summarizer.stages.run import generate_texts, run_bundles, session
from summarizer.store import Store, texts
from summarizer.summarize.forecast import Work
from summarizer.summarize.pace import Pace, n_finished_within

#: Tables that a run which published twice has more rows in.
_OF_POSTS = {"post", "post_text"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two whole papers: nothing of them fails."""
    folder = tmp_path_factory.mktemp("files")
    files = sample_day.write_day(folder / "day")
    (folder / "whole").mkdir()
    for number in (1, 2):
        shutil.copy(files / f"2602.{number:05d}v1.pdf", folder / "whole")
    rows = (files / "papers.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    (folder / "whole" / "papers.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return sample_day.pack_day(folder / "whole", folder / "bundle")


@pytest.fixture(scope="module")
def compared(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The bundle up to the stage before generate. Not to be written to."""
    place = batch.make_place(tmp_path_factory.mktemp("compared"))
    for stage in (("ingest", bundle), ("embed",), ("dedup",)):
        assert place.run(*stage, "--quiet") == 0
    return place


@pytest.fixture(scope="module")
def finished(bundle: Path, compared: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The bundle in one go. Not to be written to."""
    place = _copy(compared, tmp_path_factory.mktemp("finished") / "place")
    assert place.run_day(bundle) == 0
    return place


@pytest.fixture
def place(compared: Place, tmp_path: Path) -> Place:
    return _copy(compared, tmp_path / "place")


def _copy(of: Place, to: Path) -> Place:
    shutil.copytree(of.folder, to)
    return Place(to)


def _post(place: Place) -> str:
    return (place.site / "_posts" / "2026-02-12-arxiv.md").read_text(encoding="utf-8")


def _texts(place: Place) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows for table, rows in place.content().items() if table not in _OF_POSTS}


# Signals

# Each answer takes a moment, and is noted in a file once it is made.
SLOW = """
import os, sys, time
from summarizer.cli import main
from summarizer.llm.fake import FakeEngine

complete = FakeEngine._complete
made = open(os.environ["MADE"], "a")

def slow(self, request):
    completion = complete(self, request)
    time.sleep(0.02)
    made.write(request.request_id + "\\n")
    made.flush()
    return completion

FakeEngine._complete = slow
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_loses_no_finished_answer(
    number: signal.Signals, bundle: Path, place: Place, finished: Place, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    command = place.command("run", bundle, "--out", place.site, program=SLOW)
    moments = random.Random(number)
    seen = 0
    for _ in range(3):
        process = batch.start(command, MADE=str(made))
        _wait_for(made, seen + moments.randint(1, 9), process.poll)
        time.sleep(moments.uniform(0.0, 0.1))
        process.send_signal(number)
        _, stderr = process.communicate()
        assert process.returncode == 130, stderr
        assert "interrupted; what was recorded is kept" in stderr
        assert "Traceback" not in stderr
        answered = made.read_text(encoding="utf-8").split()
        assert {(request,) for request in answered} == set(place.sql("SELECT request_hash FROM completion"))
        assert len(set(answered)) == len(answered), "an answer that was there was asked for again"
        seen = len(answered)
    assert (130,) in place.sql("SELECT exit_code FROM run_end")
    assert place.run_day(bundle) == 0
    assert place.content() == finished.content()
    assert _post(place) == _post(finished)


def _wait_for(path: Path, n_lines: int, ended: Callable[[], int | None]) -> None:
    while not path.exists() or len(path.read_text(encoding="utf-8").split()) < n_lines:
        assert ended() is None, "the command ended before it was to be interrupted"
        time.sleep(0.005)


def test_the_first_signal_is_a_request_and_the_second_an_exception() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interruption() as requested:
        assert not requested()
        os.kill(os.getpid(), signal.SIGTERM)
        assert requested()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_only_the_main_thread_is_asked_to_stop() -> None:
    answers: list[bool] = []

    def work() -> None:
        with interruption() as requested:
            answers.append(requested())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [False]


# A number of papers


def test_max_papers_leaves_the_rest_pending(
    bundle: Path, place: Place, finished: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("run", bundle, "--out", place.site, "--max-papers", "1") == 0
    told = capsys.readouterr().err
    assert "1 paper left for a later run: --max-papers 1" in told
    assert "none failed" in told
    assert place.sql("SELECT DISTINCT arxiv_id FROM completion") == [("2602.00001",)]
    assert place.sql("SELECT count(*) FROM failure") == [(0,)]
    assert place.sql("SELECT arxiv_id, count(*) FROM pending_generate GROUP BY ALL") == [("2602.00002", 4)]
    assert "尚未生成" in _post(place)
    assert place.run("run", bundle, "--out", place.site, "--max-papers", "1") == 0
    assert "left for a later run" not in capsys.readouterr().err
    assert _texts(place) == _texts(finished)
    assert _post(place) == _post(finished)


def test_max_papers_must_be_a_number_of_papers(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("generate", "--max-papers", "0") == 2
    assert "--max-papers" in capsys.readouterr().err


# A time of day

NOON = datetime(2026, 2, 12, 12, 0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12:01", datetime(2026, 2, 12, 12, 1)),
        ("06:00", datetime(2026, 2, 13, 6, 0)),
        ("6:00", datetime(2026, 2, 13, 6, 0)),
        ("12:00", datetime(2026, 2, 13, 12, 0)),
        ("2026-02-14T06:30", datetime(2026, 2, 14, 6, 30)),
        ("2026-02-14 06:30", datetime(2026, 2, 14, 6, 30)),
    ],
)
def test_until_is_the_next_such_time(text: str, moment: datetime) -> None:
    assert read_until(text, NOON) == moment.timestamp()


def test_until_may_name_its_zone() -> None:
    assert read_until("2026-02-20T06:00+08:00", NOON) == datetime.fromisoformat("2026-02-19T22:00+00:00").timestamp()


@pytest.mark.parametrize(
    "text", ["", "6", "25:00", "06:60", "tomorrow", "2026-02-14", "2026-13-01T06:00", "20260214T06"]
)
def test_until_that_is_no_time(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        read_until(text, NOON)


def test_until_that_is_over() -> None:
    with pytest.raises(ConfigError, match="is over"):
        read_until("2026-02-12T11:59", NOON)


@pytest.mark.parametrize("command", [["run", "day.tar"], ["generate"], ["plan", "day.tar"]], ids=lambda words: words[0])
@pytest.mark.parametrize("text", ["half past six", "2001-01-01T06:00"])
def test_a_wrong_until_is_one_line_and_does_nothing(
    command: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = batch.make_place(tmp_path)
    assert place.run(*command, "--until", text) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("summarizer: error: --until ")
    assert not place.store.exists()


class Clock:
    """Stands still but for the answers of the engine."""

    def __init__(self) -> None:
        self.now = 1_770_000_000.0
        self.seconds_per_token = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, place: Place, finished: Place) -> Clock:
    """One by which the papers take what is expected of them, and the machine is known to write 20 tokens a second."""
    clock = Clock()
    n_tokens = finished.sql("SELECT sum(completion_tokens) FROM completion")[0][0]
    clock.seconds_per_token = sum(_expected_seconds(place)) / n_tokens
    complete = FakeEngine._complete

    def timed(engine: FakeEngine, request: Request) -> Completion:
        completion = complete(engine, request)
        clock.now += completion.completion_tokens * clock.seconds_per_token
        return completion

    monkeypatch.setattr(FakeEngine, "_complete", timed)
    monkeypatch.setattr(generate, "measure_rates", lambda engine, n_slots, *, clock: Rates(1e12, 20.0, 20.0, n_slots))
    return clock


def _expected_seconds(place: Place) -> list[float]:
    engine, prompts = FakeEngine(), load_prompts(batch.ROOT / "prompts")
    store = Store(place.store)
    with store.read() as con:
        pending = texts.pending_generate(
            con, engine.model.sha256, {task: prompt.prompt_hash for task, prompt in prompts.items()}
        )
    works, learnt = expected_works(store, by_paper(pending), engine, prompts, {})
    return [learnt.overhead(RATES) * work.decode_tokens / 20 for work in works.values()]


def _generate(place: Place, limits: Limits, bundles: Sequence[Path] = ()) -> int:
    with session(
        "summarizer generate",
        read_config(place.folder / "config.toml"),
        store_path=place.store,
        models_dir=batch.ROOT / "models",
        prompts_dir=batch.ROOT / "prompts",
        quiet=False,
    ) as opened:
        if bundles:
            run_bundles(opened, bundles, place.site, limits)
        else:
            generate_texts(opened, limits)
    return opened.exit_code


def test_until_starts_only_what_will_be_finished(
    bundle: Path, place: Place, finished: Place, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = _expected_seconds(place)
    until = clock.now + max(first, second) + min(first, second) / 2
    assert _generate(place, Limits(until, clock=clock), [bundle]) == 0
    told = capsys.readouterr().err
    assert "1 paper left for a later run: not to be finished by 2026-" in told
    assert clock.now <= until
    assert place.sql("SELECT count(DISTINCT arxiv_id), count(DISTINCT task) FROM accepted_attempt") == [(1, 4)]
    assert place.sql("SELECT count(*) FROM failure") == [(0,)]
    assert place.sql("SELECT n_missing FROM post_state") == [(4,)]
    assert _generate(place, Limits(clock.now + 10_000, clock=clock), [bundle]) == 0
    assert _texts(place) == _texts(finished)
    assert _post(place) == _post(finished)


def test_until_too_soon_for_any_paper_starts_none(
    place: Place, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = place.row_counts()
    assert _generate(place, Limits(clock.now + 5, clock=clock)) == 0
    told = capsys.readouterr().err
    assert "no paper is started, 2 papers left for a later run: the shortest would take about" in told
    assert place.row_counts() == rows


# The pace

RATES = Rates(100.0, 50.0, 20.0, 16)
works_of_papers = st.lists(
    st.builds(
        Work,
        prefill_tokens=st.floats(0, 5000),
        decode_tokens=st.floats(1, 3000),
        chain_tokens=st.floats(0, 500),
        n_texts=st.just(4),
    ),
    max_size=12,
)


@given(works_of_papers, st.floats(0, 400), st.integers(1, 5))
def test_under_a_constant_rate_nothing_is_started_that_is_late(
    works: list[Work], seconds: float, in_flight: int
) -> None:
    """A machine of exactly the measured rates works on the papers in the order in which they are started."""
    now = 1000.0
    deadline = now + seconds
    pace: Pace[int] = Pace(dict(enumerate(works)), RATES, clock=lambda: now, deadline=deadline)
    waiting = list(range(len(works)))
    running: list[int] = []
    while True:
        while len(running) < in_flight and (key := next((k for k in waiting if pace.may_start(k)), None)) is not None:
            waiting.remove(key)
            pace.start(key)
            running.append(key)
        if not running:
            break
        key = running.pop(0)
        work = works[key]
        pace.answered(key, Completion("", "", "stop", int(work.prefill_tokens), 0, int(work.decode_tokens), 0.0))
        now += work.seconds(RATES)
        pace.finish(key)
        assert now <= deadline + 1e-6
    assert not any(pace.may_start(key) for key in waiting)
    assert pace.n_started == len(works) - len(waiting)


@given(works_of_papers, st.floats(0, 400))
def test_what_fits_into_a_time(works: list[Work], seconds: float) -> None:
    n = n_finished_within(works, RATES, seconds)
    assert 0 <= n <= len(works)
    assert n_finished_within(works, RATES, 1e9) == len(works)
    assert (n > 0) == any(w.seconds(RATES) + w.tail_seconds(RATES) <= seconds for w in works)


def test_a_machine_that_turns_out_slow_is_seen_after_the_first_paper() -> None:
    now = 0.0
    work = Work(decode_tokens=500, n_texts=4)  # 10 s by the rates
    pace: Pace[int] = Pace(dict.fromkeys(range(5), work), RATES, clock=lambda: now, deadline=39.0)
    assert pace.seconds_left(range(5)) is None, "too early to say"
    pace.start(0)
    now = 20.0
    pace.finish(0)
    assert pace.factor == 2.0
    assert not pace.may_start(1), "20 s are needed and 19 left"
    assert pace.seconds_left([]) == 0.0
    now = 15.0
    assert pace.may_start(1)


def test_no_more_papers_than_asked_for() -> None:
    pace: Pace[int] = Pace(dict.fromkeys(range(3), Work(decode_tokens=50)), RATES, clock=lambda: 0.0, most=2)
    for key in range(2):
        assert pace.may_start(key)
        pace.start(key)
    assert not pace.may_start(2)
    assert pace.full
