"""Trials: what is tuned is what runs, only what is new asks the model, and a stopped trial goes on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trial_store
from llama_runs import info
from tiny_gguf import write_tiny_gguf

from summarizer.embed import FakeEncoder
from summarizer.errors import StoreError
from summarizer.glossary import NO_GLOSSARY, Glossary
from summarizer.llm.fake import FAKE_MODEL, FakeEngine, stock_sentences
from summarizer.llm.llama import open_llama
from summarizer.prompts import load_prompt, parse_prompt
from summarizer.records import GlossaryTerm, Message, Paper, Request, Task
from summarizer.sentences import split_sentences
from summarizer.store import Store, papers, trials
from summarizer.store.trial_samples import TrialSample
from summarizer.summarize.attempts import job_maker, make_text
from summarizer.summarize.jobs import JobRunner
from summarizer.tuning import trial as trial_module
from summarizer.tuning.cases import named_sample
from summarizer.tuning.drafts import Candidate, sweep
from summarizer.tuning.trial import Made, Tuner, run_trials

PROMPTS = Path(__file__).parent.parent / "prompts"


class CountingEngine(FakeEngine):
    """The fake engine, which remembers what it was asked and how many requests waited at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Request] = []
        self.prepared: list[Sequence[Message]] = []
        self.most_waiting = 0

    def prepare(self, chats: Sequence[Sequence[Message]]) -> None:
        self.prepared += chats

    def submit(self, request: Request) -> None:
        super().submit(request)
        self.asked.append(request)
        self.most_waiting = max(self.most_waiting, self.n_waiting)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return trial_store.build(tmp_path / "store.duckdb")


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


def make_tuner(store: Store, engine: FakeEngine) -> Tuner:
    return Tuner(
        store=store,
        model=FAKE_MODEL,
        engine=lambda: engine,
        encode=FakeEncoder().encode,
        encoder_sha256=FakeEncoder().model.sha256,
        glossary=NO_GLOSSARY,
        max_attempts=2,
        texts_in_flight=8,
    )


def dev(store: Store, task: Task = "translation") -> TrialSample:
    return named_sample(store, task, "dev", trial_store.NOW)[0]


def released(task: Task = "translation") -> Candidate:
    return Candidate("v001", load_prompt(PROMPTS, task, "v001"))


def changed(base: Candidate, name: str = "draft") -> Candidate:
    """A draft with another instruction."""
    prompt = base.prompt
    role, text = prompt.messages[0]
    messages = ((role, f"{text}要简洁。"), *prompt.messages[1:])
    return Candidate(name, replace(prompt, prompt_hash=f"{name:0<64}", messages=messages))


def texts_of(store: Store, made: Made, number: int = 0) -> list[str]:
    with store.read() as con:
        return [o.text for o in trials.outputs(con, made.trials[number].trial_id)]


@pytest.mark.parametrize("task", ["translation", "background", "method", "results"])
def test_a_trial_makes_the_texts_that_generate_makes(store: Store, engine: CountingEngine, task: Task) -> None:
    sample = dev(store, task)
    made = run_trials(make_tuner(store, engine), [released(task)], sample)
    assert made.n_made == len(sample.cases) == 4
    runner: JobRunner[object] = JobRunner(FakeEngine(), jobs_in_flight=4)
    expected = []
    for case in sample.cases:
        number = int(case.key[0][-1]) - 1
        paper = stored_paper(store, case.key)
        kept: list[str] = []
        sections = trial_store.sections(number) if task != "translation" else ()
        make = job_maker(paper, sections, released(task).prompt, FakeEngine(), FakeEncoder().encode)
        list(runner.run([make_text(make, (1, 2), lambda attempt, kept=kept: kept.append(attempt.text))]))
        expected.append(kept[-1])
    assert texts_of(store, made) == expected
    assert all(expected)


def stored_paper(store: Store, key: tuple[str, int]) -> Paper:
    with store.read() as con:
        return papers.paper(con, key)


def test_the_same_trial_again_asks_nothing_and_does_not_even_open_the_engine(
    store: Store, engine: CountingEngine
) -> None:
    tuner = make_tuner(store, engine)
    first = run_trials(tuner, [released()], dev(store))

    def no_engine() -> FakeEngine:
        raise AssertionError("the engine was opened")

    again = run_trials(replace(tuner, engine=no_engine), [released()], dev(store))
    assert (first.n_made, first.n_there, first.n_answers) == (4, 0, 12)
    assert (again.n_made, again.n_there, again.n_answers) == (0, 4, 0)


def test_a_larger_limit_costs_only_the_cases_that_are_new(store: Store, engine: CountingEngine) -> None:
    tuner = make_tuner(store, engine)
    assert run_trials(tuner, [released()], dev(store), limit=1).n_made == 1
    made = run_trials(tuner, [released()], dev(store), limit=3)
    assert (made.n_made, made.n_there) == (2, 1)


def test_a_draft_beside_a_version_that_is_there_asks_only_the_drafts_questions(
    store: Store, engine: CountingEngine
) -> None:
    tuner, draft = make_tuner(store, engine), changed(released())
    run_trials(tuner, [released()], dev(store))
    engine.asked.clear()
    made = run_trials(tuner, [released(), draft], dev(store))
    assert (made.n_made, made.n_there) == (4, 4)
    assert {r.messages[0].content[-4:] for r in engine.asked} == {"要简洁。"}


def test_answers_of_the_daily_work_are_taken_up(store: Store, engine: CountingEngine, tmp_path: Path) -> None:
    """generate's request and the trial's have the same hash: the baseline of a tuning session is often there already."""
    run_trials(make_tuner(store, engine), [released()], dev(store))
    with store.write() as con:  # as if the answers had come from generate
        con.execute(
            """
            INSERT INTO completion
            SELECT request_hash, arxiv_id, version, 'p', model_sha256, sampling, messages, NULL, text, finish_reason,
                prompt_tokens, prompt_tokens_reused, completion_tokens, seconds, 'run-1', created_utc
            FROM trial_completion
            """
        )
        for table in ("trial_completion", "trial_output", "trial_piece", "trial_check"):
            con.execute(f"DELETE FROM {table}")
    made = run_trials(make_tuner(store, CountingEngine()), [released()], dev(store))
    assert (made.n_made, made.n_answers) == (4, 0)


def test_several_drafts_share_the_engines_batches(store: Store, engine: CountingEngine) -> None:
    drafts = [released(), changed(released(), "a"), changed(released(), "b")]
    made = run_trials(make_tuner(store, engine), drafts, dev(store), limit=1)
    assert made.n_made == 3
    assert engine.most_waiting == 3
    assert len(engine.prepared) == 3


def test_a_sweep_changes_only_the_sampling(store: Store, engine: CountingEngine) -> None:
    swept = sweep(released(), {"temperature": [0.0, 0.3], "top_p": [0.9]})
    assert [c.label for c in swept] == ["v001@temperature=0,top_p=0.9", "v001@temperature=0.3,top_p=0.9"]
    run_trials(make_tuner(store, engine), swept, dev(store), limit=1)
    assert {(r.sampling.temperature, r.sampling.top_p) for r in engine.asked} == {(0.0, 0.9), (0.3, 0.9)}
    assert len({r.messages for r in engine.asked if len(r.messages) == 6}) == 1


def test_a_trial_that_was_stopped_keeps_what_is_finished_and_goes_on(store: Store, engine: CountingEngine) -> None:
    tuner = replace(make_tuner(store, engine), stop=lambda: len(engine.asked) >= 6)
    stopped = run_trials(tuner, [released()], dev(store))
    assert stopped.stopped
    assert stopped.n_made < 4
    with store.read() as con:
        n_kept = con.execute("SELECT count(*) FROM trial_completion").fetchone()
    assert n_kept is not None
    assert n_kept[0] > 0
    rest = CountingEngine()
    finished = run_trials(make_tuner(store, rest), [released()], dev(store))
    assert not finished.stopped
    asked = [r.request_id for r in rest.asked]
    with store.read() as con:
        before = {h for (h,) in con.execute("SELECT request_hash FROM trial_completion").fetchall()} - set(asked)
    assert len(before) == n_kept[0]
    assert len(asked) + n_kept[0] == 12


def test_other_code_makes_the_texts_again_from_the_same_answers(
    store: Store, engine: CountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_trials(make_tuner(store, engine), [released()], dev(store))
    monkeypatch.setattr(trial_module, "_files_hash", lambda: "another code")
    made = run_trials(make_tuner(store, engine), [released()], dev(store))
    assert (made.n_made, made.n_answers) == (4, 0)
    with store.read() as con:
        assert con.execute("SELECT count(*), count(DISTINCT code_hash) FROM trial_output").fetchone() == (8, 2)
        assert con.execute("SELECT n_texts, n_codes FROM prompt_scores").fetchone() == (4, 1)


def test_a_text_that_fails_is_kept_with_its_reason(store: Store) -> None:
    engine = FakeEngine(lambda request: re.sub(r"\d+\.[37]%", "", stock_sentences(request)))  # both shares are lost
    made = run_trials(make_tuner(store, engine), [released()], dev(store), limit=1)
    with store.read() as con:
        (output,) = trials.outputs(con, made.trials[0].trial_id)
    assert not output.accepted
    assert output.category == "check_failed"
    assert output.n_attempts == 2
    assert output.figures.n_numbers_missing == 2
    assert output.figures.n_numbers == 3
    assert "numbers_kept" in {c.name for c in output.checks if not c.passed}


def test_nothing_but_the_trial_tables_is_written(store: Store, engine: CountingEngine) -> None:
    def counts() -> dict[str, int]:
        with store.read() as con:
            names = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()]
            return {n: con.execute(f'SELECT count(*) FROM "{n}"').fetchall()[0][0] for n in names}

    before = counts()
    run_trials(make_tuner(store, engine), [released("method")], dev(store, "method"))
    after = counts()
    assert {n for n in after if after[n] != before[n]} == {
        "trial", "trial_case", "trial_check", "trial_completion", "trial_output", "trial_piece", "trial_sample",
        "trial_sample_case",
    }  # fmt: skip


def test_sections_that_are_not_the_frozen_ones_are_refused(store: Store, engine: CountingEngine) -> None:
    sample = dev(store, "results")
    with store.write() as con:
        con.execute("UPDATE section SET text = text || ' More.'")
    with pytest.raises(StoreError, match="no longer those of the sample"):
        run_trials(make_tuner(store, engine), [released("results")], sample)


SHORT = """---
task: translation
version: v002
description: short enough for a model whose tokens are bytes
inputs: [sentence, missing]
sampling: {max_tokens: 12}
copy_only: true
---
system:
ZH.

user:
{{ sentence }}{{ missing | join(" ") }}
"""


def test_two_drafts_on_llama_cpp_share_batches_and_are_not_asked_twice(store: Store, tmp_path: Path) -> None:
    """A random model writes nonsense, which is kept as what could not be accepted."""
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    candidates = [
        Candidate(name, parse_prompt(SHORT.replace("ZH.", f"{name}."), where=name)) for name in ("first", "second")
    ]
    engine = open_llama(path, info(path), n_ctx=1024, n_slots=4, n_batch=64, n_threads=1)
    try:
        tuner = replace(make_tuner(store, FakeEngine()), model=engine.model, engine=lambda: engine, max_attempts=1)
        made = run_trials(tuner, candidates, dev(store), limit=1)
        assert (made.n_made, made.stopped) == (2, False)
        assert made.n_answers >= 2 * 3  # two prompts, three sentences, second tries
        again = run_trials(tuner, candidates, dev(store), limit=1)
        assert (again.n_made, again.n_there, again.n_answers) == (0, 2, 0)
    finally:
        engine.close()
    with store.read() as con:
        outputs = [trials.outputs(con, trial.trial_id)[0] for trial in made.trials]
    assert outputs[0].text != outputs[1].text
    for output in outputs:
        assert not output.accepted
        assert output.n_hard_failed > 0
        assert output.completion_tokens > 0
        assert {p.source_text for p in output.pieces} == set(split_sentences(dev(store).cases[0].abstract))


def test_another_glossary_is_another_code() -> None:
    code = trial_module.code_hash("translation", "", NO_GLOSSARY.hash)
    assert code != trial_module.code_hash("translation", "", Glossary([GlossaryTerm("speech", "语音")]).hash)
