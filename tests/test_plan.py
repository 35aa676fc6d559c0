"""The plan before a run: its figures add up, it writes nothing, and what it rests on is measured or learnt."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import batch
import duckdb
import prepared_store
import pytest
import sample_day
from batch import Place
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.llm.engine import Engine
from summarizer.llm.fake import FakeEngine
from summarizer.llm.probe import Rates, measure_rates
from summarizer.prompts import load_prompt, load_prompts
from summarizer.records import TASKS, Completion, Message, ModelInfo, Paper, Request
from summarizer.store import Store, history, papers, texts
from summarizer.summarize.forecast import Forecaster, Habit, Work, usual_habits
from summarizer.summarize.jobs import JobRunner
from summarizer.summarize.ladder import first_samplings
from summarizer.summarize.translation import translate_abstract

PROMPTS = load_prompts(batch.ROOT / "prompts")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    return sample_day.pack_day(sample_day.write_day(folder / "day"), folder / "bundle")


@pytest.fixture(scope="module")
def ingested(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Not to be written to."""
    place = batch.make_place(tmp_path_factory.mktemp("ingested"))
    assert place.run("ingest", bundle, "--quiet") == 10
    return place


@pytest.fixture(scope="module")
def finished(bundle: Path, ingested: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Not to be written to."""
    place = Place(tmp_path_factory.mktemp("finished") / "place")
    shutil.copytree(ingested.folder, place.folder)
    assert place.run_day(bundle) == 10
    return place


def _planned(place: Place, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    before = place.store.read_bytes() if place.store.exists() else None
    assert place.run("plan", *arguments, "--json") == 0
    after = place.store.read_bytes() if place.store.exists() else None
    assert after == before, "a plan has written to the store"
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    counts = found["papers"]
    assert counts["in_bundles"] == sum(counts[k] for k in ("new", "begun", "done", "repeated", "unreadable"))
    assert found["seconds"] == pytest.approx(sum(stage["seconds"] for stage in found["stages"].values()))
    assert all(math.isfinite(rate) and rate > 0 for rate in found["rates"].values())
    assert all(stage["rests_on"] for stage in found["stages"].values())
    return found


def test_before_anything_is_there(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = batch.make_place(tmp_path)
    found = _planned(place, capsys, bundle)
    assert found["papers"] == {
        "in_bundles": 5,
        "new": 5,
        "begun": 0,
        "done": 0,
        "repeated": 0,
        "unreadable": 0,
        "elsewhere": 0,
    }
    assert found["texts"] == 5 + 3 * 4, "each abstract, and three answers for each file, whatever it turns out to be"
    assert found["stages"]["ingest"]["n_items"] == 4
    assert found["stages"]["embed"]["n_items"] == 5
    assert found["stages"]["generate"]["n_items"] == 5
    assert found["pdf_bytes"] > 0
    assert all(found["tokens"][kind] > 0 for kind in ("prefill", "reused", "decode"))
    assert "constant" in found["stages"]["ingest"]["rests_on"]
    assert "constants" in found["stages"]["generate"]["rests_on"]
    assert found["until"] is None
    assert not place.store.exists()
    assert sorted(path.name for path in place.folder.iterdir()) == ["config.toml"]


def test_the_same_bundle_twice_counts_once(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = batch.make_place(tmp_path)
    once, twice = _planned(place, capsys, bundle), _planned(place, capsys, bundle, bundle)
    assert (once["papers"], once["tokens"]) == (twice["papers"], twice["tokens"])


def test_a_day_that_is_read(bundle: Path, ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    found = _planned(ingested, capsys, bundle)
    assert found["papers"]["begun"] == 5
    assert found["stages"]["ingest"]["n_items"] == 0
    assert found["pdf_bytes"] == 0
    assert found["stages"]["embed"]["n_items"] == 5
    assert found["texts"] == 5 + 3 * 3, "what no file gave cannot be asked"
    assert "earlier runs (5 papers)" in found["stages"]["ingest"]["rests_on"]


def test_a_day_that_is_finished(
    bundle: Path, finished: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _planned(finished, capsys, bundle)
    counts = found["papers"]
    assert (counts["done"], counts["repeated"], counts["unreadable"], counts["begun"]) == (2, 1, 2, 0)
    assert found["texts"] == 0
    assert found["tokens"] == {"prefill": 0, "reused": 0, "decode": 0}
    assert found["seconds"] == 0
    # another bundle beside it: what is there already is no work
    rest = sample_day.pack_day(sample_day.write_brief_paper(tmp_path / "brief"), tmp_path / "bundle")
    more = _planned(finished, capsys, bundle, rest)
    assert more["papers"]["new"] == 1
    assert more["texts"] == 4


def test_what_waits_in_the_store_counts_too(
    ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = sample_day.pack_day(sample_day.write_brief_paper(tmp_path / "brief"), tmp_path / "bundle")
    found = _planned(ingested, capsys, rest)
    assert found["papers"]["in_bundles"] == 1
    assert found["papers"]["elsewhere"] == 5
    assert found["texts"] == 4 + 14


def test_how_far_it_would_come_by_a_time(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = batch.make_place(tmp_path)
    assert _planned(place, capsys, bundle, "--until", "2999-01-01T06:00")["until"] == {
        "time": "2999-01-01 06:00",
        "papers_done": 5,
    }
    assert place.run("plan", bundle, "--until", "2999-01-01T06:00") == 0
    told = capsys.readouterr().out
    assert "5 papers in the bundles: 5 new" in told
    assert "By 2999-01-01 06:00 about 5 of 5 papers would be done" in told
    assert "an estimate" in told


def test_a_damaged_bundle_is_refused(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = batch.make_place(tmp_path / "place")
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "damaged.tar").write_bytes(data)
    assert place.run("plan", tmp_path / "damaged.tar") == 3
    assert capsys.readouterr().out == ""


def test_a_store_of_an_earlier_version_is_not_brought_up_to_date(
    bundle: Path, ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path / "place")
    shutil.copytree(ingested.folder, place.folder)
    con = duckdb.connect(str(place.store))
    con.execute("UPDATE view_set SET views_hash = 'of an earlier version'")
    con.close()
    before = hashlib.sha256(place.store.read_bytes()).hexdigest()
    assert place.run("plan", bundle, "--quiet") == 4
    assert "earlier version" in capsys.readouterr().err
    assert hashlib.sha256(place.store.read_bytes()).hexdigest() == before
    assert place.run("status") == 0
    assert place.run("plan", bundle, "--quiet") == 0


# The forecast


def _paper(number: int, abstract: str) -> Paper:
    return Paper(f"2602.{number:05d}", 1, f"Paper {number} on Things", (), (), "", None, None, abstract, None, ())


class Counting(FakeEngine):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda request: "句" * 20 + "。")
        self.asked: list[Request] = []

    def submit(self, request: Request) -> None:
        self.asked.append(request)
        super().submit(request)


WORDS = st.sampled_from(
    ["noise", "speech", "model", "network", "result", "sample", "method", "theory", "light", "window"]
)
# no sentence twice: where they are asked side by side, the same question is asked once
sentences = st.lists(
    st.lists(WORDS, min_size=3, max_size=12).map(lambda w: f"The {' '.join(w)}."), max_size=9, unique=True
)


@pytest.mark.parametrize("version", ["v002", None], ids=["one by one", "side by side"])
@settings(deadline=None)
@given(abstract=sentences, n_tokens=st.integers(5, 40))
def test_a_forecast_counts_the_tokens_of_the_real_prompts(
    version: str | None, abstract: list[str], n_tokens: int
) -> None:
    prompt = load_prompt(batch.ROOT / "prompts", "translation", version)
    paper, engine = _paper(1, " ".join(abstract)), Counting()
    job = translate_abstract(paper, prompt, engine.model, 1)
    list(JobRunner(engine, jobs_in_flight=1).run([job]))
    together = first_samplings(prompt)
    first = [r for r in engine.asked if r.sampling in together]
    habits = {**usual_habits(engine), "translation": Habit(n_tokens / 100, 1.0)}
    work = Forecaster(engine, {**PROMPTS, "translation": prompt}, habits).paper(paper, None, ["translation"])
    n_around = sum(engine.count_prompt_tokens(r.messages) for r in first)
    assert work.n_texts == 1
    # the answers repeated in the history are stand-ins; everything else is the same
    n_repeated = sum(max(0, (len(r.messages) - len(first[0].messages)) // 2) for r in first)
    assert abs(work.prefill_tokens + work.reused_tokens - n_around) <= n_repeated * 320
    if len(first) == len(together) or not prompt.has_history:
        assert work.prefill_tokens + work.reused_tokens == n_around
    if prompt.has_history:
        assert work.chain_tokens * len(together) == pytest.approx(work.decode_tokens)
    else:  # nobody waits: the longest answer is the longest row
        assert work.decode_tokens / max(1, len(first)) <= work.chain_tokens + 1e-6
        assert work.chain_tokens <= work.decode_tokens


def test_what_an_earlier_paper_computed_is_reused() -> None:
    engine = FakeEngine()
    forecaster = Forecaster(engine, PROMPTS, usual_habits(engine))
    first = forecaster.paper(_paper(1, "We study noise. It is loud."), None, TASKS)
    second = forecaster.paper(_paper(2, "We study speech. It is rich."), None, TASKS)
    assert second.prefill_tokens < first.prefill_tokens
    assert second.reused_tokens > first.reused_tokens
    assert second.decode_tokens == pytest.approx(first.decode_tokens, rel=0.1)
    assert (first + second).n_texts == 8


def test_tries_multiply_the_work() -> None:
    engine = FakeEngine()
    once = {task: Habit(0.3, 1.0) for task in TASKS}
    twice = {task: Habit(0.3, 2.0) for task in TASKS}
    paper = _paper(1, "We study noise in speech. The noise is loud and the speech is not.")
    one = Forecaster(engine, PROMPTS, once).paper(paper, None, TASKS)
    two = Forecaster(engine, PROMPTS, twice).paper(paper, None, TASKS)
    assert two.decode_tokens == 2 * one.decode_tokens
    assert two.prefill_tokens == 2 * one.prefill_tokens


def test_answers_that_are_recorded_cost_nothing(finished: Place) -> None:
    key = ("2602.00001", 1)
    with Store(finished.store).read() as con:
        paper, sections = papers.paper(con, key), papers.sections(con, key)
        known = texts.completions(con, [key])
    engine = FakeEngine()
    without = Forecaster(engine, PROMPTS, usual_habits(engine)).paper(paper, sections, ["translation"])
    work = Forecaster(engine, PROMPTS, usual_habits(engine), known=known).paper(paper, sections, ["translation"])
    assert without.decode_tokens > 0
    assert (work.prefill_tokens, work.decode_tokens, work.chain_tokens) == (0, 0, 0)


def test_history_of_answers_and_stages(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    with store.read() as con:
        answers = history.answers(con, prepared_store.MODEL.sha256, prepared_store.PROMPT_HASHES)
        assert history.answers(con, "f" * 64, prepared_store.PROMPT_HASHES) == {}
        assert history.stage(con, "ingest") == history.StageHistory(5, 9.0)
        assert history.stage(con, "embed") == history.NO_HISTORY
        n_evidence, chars = history.evidence_chars(con)
        states = history.paper_states(con, [prepared_store.A, prepared_store.B, ("0000.00000", 1)], "b" * 64)
    # three papers of two sentences; the first paper's were asked twice, all with 20 tokens
    translation = answers["translation"]
    assert translation.n_pieces == 6
    assert translation.tries == pytest.approx(8 / 6)
    n_chars = sum(map(len, prepared_store.ABSTRACT))
    assert translation.tokens_per_char == pytest.approx(40 / n_chars)
    assert n_evidence == 3
    assert chars == pytest.approx(sum(len(s.text) for s in prepared_store.SECTIONS[:3]) / 3)
    assert set(states) == {prepared_store.A, prepared_store.B}
    assert states[prepared_store.A].has_sections
    assert not states[prepared_store.B].has_document
    assert len(states[prepared_store.B].failed_pdfs) == 1


# The probe


class Machine(FakeEngine):
    """A machine with a clock of its own: 200 tokens a second read, 10 steps a second written, whatever the batch."""

    def __init__(self) -> None:
        super().__init__(lambda request: "一" * request.sampling.max_tokens)
        self.now = 0.0
        self._read: set[str] = set()

    def clock(self) -> float:
        return self.now

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        requests: Sequence[Request] = list(self._queue.values())
        self._queue.clear()
        completions = [self._with_reuse(request) for request in requests]
        self.now += sum(c.prompt_tokens - c.prompt_tokens_reused for c in completions) / 200
        self.now += max(c.completion_tokens for c in completions) / 10
        return completions

    def _with_reuse(self, request: Request) -> Completion:
        """What is read once is not read again."""
        context = request.messages[0].content
        n_reused = self.count_tokens(context) if context in self._read else 0
        self._read.add(context)
        return replace(self._complete(request), prompt_tokens_reused=n_reused)


def test_the_probe_finds_the_rates_of_a_machine() -> None:
    machine = Machine()
    rates = measure_rates(machine, 8, max_seconds=10.0, clock=machine.clock)
    assert rates.prefill_tokens_per_second == pytest.approx(200, rel=0.1)
    assert rates.decode_alone_tokens_per_second == pytest.approx(10, rel=0.1)
    assert rates.decode_tokens_per_second == pytest.approx(80, rel=0.1)
    assert rates.seconds == machine.now
    assert rates.seconds < 15
    assert machine.n_waiting == 0


@pytest.mark.parametrize("n_slots", [1, 16])
def test_the_probe_of_an_engine_that_takes_no_time(n_slots: int) -> None:
    engine: Engine = FakeEngine(n_ctx=512)
    rates = measure_rates(engine, n_slots, clock=lambda: 1.0)
    work = Work(1000, 0, 1000, 500, 4)
    assert 0 <= work.seconds(rates) < 1
    assert 0 <= work.tail_seconds(rates) < 1


def test_seconds_of_work() -> None:
    rates = Rates(100.0, 50.0, 20.0, 16)
    work = Work(prefill_tokens=200, reused_tokens=5000, decode_tokens=100, chain_tokens=60, n_texts=4)
    assert work.seconds(rates) == pytest.approx(2 + 2)
    assert work.tail_seconds(rates) == pytest.approx(60 / 20 - 60 / 50)


def test_a_model_of_another_tokenizer_is_counted_with_its_own() -> None:
    class Letters(FakeEngine):
        @property
        def model(self) -> ModelInfo:
            return ModelInfo("letters", "e" * 64, "", 0)

        def count_tokens(self, text: str) -> int:
            return len(text)

        def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
            return sum(len(m.content) for m in messages)

    paper = _paper(1, "We study noise in speech.")
    words, letters = FakeEngine(), Letters()
    of_words = Forecaster(words, PROMPTS, usual_habits(words)).paper(paper, None, TASKS)
    of_letters = Forecaster(letters, PROMPTS, usual_habits(letters)).paper(paper, None, TASKS)
    assert of_letters.prefill_tokens > 2 * of_words.prefill_tokens
