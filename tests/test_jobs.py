"""The runner: every job gets the answers to its own questions, whatever the order in which they finish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.errors import ContextTooSmall
from summarizer.records import Completion, Message, ModelInfo, Request, Sampling
from summarizer.summarize.jobs import JobRunner, Steps, build_request
from summarizer.summarize.ladder import LADDER, sampling_of

MODEL = ModelInfo("scripted", "0" * 64, "none", 0)


def ask(text: str) -> Request:
    return build_request(("2602.00001", 1, "translation"), "p", MODEL, [Message("user", text)], Sampling(), None)


class ScriptedEngine:
    """Answers each question with its own words, finishing them in the order that the script picks."""

    def __init__(self, picks: Sequence[int] = (), refuse: str | None = None) -> None:
        self.waiting: list[Request] = []
        self.submitted: list[str] = []
        self.cancelled: list[str] = []
        self._picks = list(picks)
        self._refuse = refuse

    @property
    def model(self) -> ModelInfo:
        return MODEL

    @property
    def n_ctx(self) -> int:
        return 100

    @property
    def n_waiting(self) -> int:
        return len(self.waiting)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(m.content) for m in messages)

    def submit(self, request: Request) -> None:
        if self._refuse is not None and self._refuse in request.messages[0].content:
            raise ContextTooSmall(request.request_id, 200, 100)
        self.submitted.append(request.messages[0].content)
        self.waiting.append(request)

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        if not self.waiting:
            return []
        pick = self._picks.pop() if self._picks else 0
        request = self.waiting.pop(pick % len(self.waiting))
        return [Completion(request.request_id, f"<{request.messages[0].content}>", "stop", 1, 0, 1, 0.0)]

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        self.waiting = [r for r in self.waiting if r.request_id != request_id]

    def close(self) -> None:
        self.waiting.clear()


def chain(name: str, widths: Sequence[int]) -> Steps[list[str]]:
    """A job that asks ``widths[0]`` questions at once, then ``widths[1]``, and returns all answers in order."""
    answers: list[str] = []
    for round_, width in enumerate(widths):
        completions = yield [ask(f"{name}.{round_}.{i}") for i in range(width)]
        answers += [c.text for c in completions]
    return answers


def expected(name: str, widths: Sequence[int]) -> list[str]:
    return [f"<{name}.{r}.{i}>" for r, width in enumerate(widths) for i in range(width)]


@given(
    st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=8),
    st.integers(1, 5),
    st.lists(st.integers(0, 20), max_size=60),
)
def test_each_job_gets_its_own_answers(shapes: list[list[int]], in_flight: int, picks: list[int]) -> None:
    engine = ScriptedEngine(picks)
    runner: JobRunner[list[str]] = JobRunner(engine, jobs_in_flight=in_flight)
    results = list(runner.run(chain(f"j{i}", shape) for i, shape in enumerate(shapes)))
    assert sorted(results) == sorted(expected(f"j{i}", shape) for i, shape in enumerate(shapes))
    assert engine.n_waiting == 0


def test_what_is_known_is_not_asked_again_and_new_answers_are_shown_first() -> None:
    engine = ScriptedEngine()
    seen: list[str] = []
    known_request = ask("a.0.0")
    known = {known_request.request_id: Completion(known_request.request_id, "known", "stop", 1, 0, 1, 0.0)}
    runner: JobRunner[list[str]] = JobRunner(
        engine, jobs_in_flight=1, known=known, on_completion=lambda request, completion: seen.append(completion.text)
    )
    assert list(runner.run([chain("a", [2])])) == [["known", "<a.0.1>"]]
    assert engine.submitted == ["a.0.1"]
    assert seen == ["<a.0.1>"]


def test_the_same_question_of_two_jobs_is_asked_once() -> None:
    engine = ScriptedEngine()
    runner: JobRunner[list[str]] = JobRunner(engine, jobs_in_flight=2)
    assert list(runner.run([chain("a", [1]), chain("a", [1])])) == [["<a.0.0>"], ["<a.0.0>"]]
    assert engine.submitted == ["a.0.0"]


def test_a_question_that_cannot_fit_goes_back_to_its_own_job_only() -> None:
    def careful(name: str) -> Steps[list[str]]:
        try:
            return (yield from chain(name, [3]))
        except ContextTooSmall as error:
            return [f"{error.needed} > {error.available}"]

    engine = ScriptedEngine(refuse="a.0.1")
    runner: JobRunner[list[str]] = JobRunner(engine, jobs_in_flight=2)
    results = list(runner.run([careful("a"), careful("b")]))
    assert sorted(results) == [["200 > 100"], expected("b", [3])]
    assert engine.cancelled == [ask("a.0.0").request_id], "what the refused job had asked is withdrawn"


def test_the_id_of_a_request_depends_on_everything_that_decides_its_answer() -> None:
    base = ask("x").request_id
    other_sampling = build_request(
        ("2602.00001", 1, "translation"), "p", MODEL, [Message("user", "x")], Sampling(seed=1), None
    )
    other_terms = build_request(
        ("2602.00001", 1, "translation"), "p", MODEL, [Message("user", "x")], Sampling(), ("a",)
    )
    other_paper = build_request(("2602.00001", 2, "translation"), "p", MODEL, [Message("user", "x")], Sampling(), None)
    ids = {base, ask("y").request_id, *(r.request_id for r in (other_sampling, other_terms, other_paper))}
    assert len(ids) == 5
    assert ask("x").request_id == base


def test_the_ladder_starts_with_the_prompts_own_sampling_and_gets_warmer() -> None:
    base = Sampling(temperature=0.1, max_tokens=7)
    assert sampling_of(base, 0) == base
    temperatures = [sampling_of(base, step).temperature for step in range(len(LADDER))]
    assert temperatures == sorted(temperatures)
    assert len({sampling_of(base, step).seed for step in range(len(LADDER))}) == len(LADDER)
    assert all(sampling_of(base, step).max_tokens == 7 for step in range(len(LADDER)))
    with pytest.raises(ValueError, match="steps 0 to"):
        sampling_of(base, len(LADDER))


def test_a_group_starts_together_and_an_empty_one_waits() -> None:
    engine = ScriptedEngine()
    asked_at: list[int] = []

    def groups() -> Iterator[Sequence[Steps[list[str]]]]:
        yield [chain("a", [1, 1]), chain("b", [1])]
        while len(asked_at) < 2:
            asked_at.append(len(engine.submitted))
            yield []
        yield [chain("c", [1])]

    runner: JobRunner[list[str]] = JobRunner(engine, jobs_in_flight=2)
    assert sorted(runner.run_groups(groups())) == [["<a.0.0>", "<a.1.0>"], ["<b.0.0>"], ["<c.0.0>"]]
    assert engine.submitted[:2] == ["a.0.0", "b.0.0"]
    assert engine.submitted[-1] == "c.0.0"


def test_a_run_with_nothing_under_way_ends_at_an_empty_group() -> None:
    runner: JobRunner[list[str]] = JobRunner(ScriptedEngine(), jobs_in_flight=2)
    assert list(runner.run_groups(iter([[chain("a", [1])], [], [], [], [chain("b", [1])]]))) == [["<a.0.0>"]]


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), min_size=1, max_size=6), st.integers(0, 20))
def test_a_stop_takes_what_is_finished_and_withdraws_the_rest(shapes: list[list[int]], n_before: int) -> None:
    engine = ScriptedEngine()
    seen: list[str] = []
    runner: JobRunner[list[str]] = JobRunner(
        engine,
        jobs_in_flight=3,
        on_completion=lambda request, completion: seen.append(completion.request_id),
        stop=lambda: len(seen) >= n_before,
    )
    results = list(runner.run(chain(f"j{i}", shape) for i, shape in enumerate(shapes)))
    assert len(seen) == min(n_before, sum(map(sum, shapes)))
    assert engine.n_waiting == 0
    if len(seen) < sum(map(sum, shapes)):
        assert set(seen).isdisjoint(engine.cancelled)
        assert len(results) < len(shapes)
