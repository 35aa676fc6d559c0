"""Several answers to one question, and which of them is used."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from llama_runs import info
from sacrebleu.metrics.chrf import CHRF

from summarizer.errors import PromptError
from summarizer.glossary import Glossary
from summarizer.llm.fake import FakeEngine
from summarizer.llm.llama import open_llama
from summarizer.prompts import Candidates, PromptVersion, parse_prompt
from summarizer.records import Attempt, Completion, GlossaryTerm, Paper, Request
from summarizer.summarize.agreement import agreements
from summarizer.summarize.forecast import Forecaster, Habit, usual_habits
from summarizer.summarize.jobs import JobRunner
from summarizer.summarize.ladder import LADDER, first_samplings
from summarizer.summarize.translation import translate_abstract

PROMPT = """---
task: translation
version: v901
description: for tests
inputs: [marked, missing]
sampling: {temperature: 0.0, max_tokens: 60}
copy_only: true
candidates: {count: 4, temperature: 0.5, min_p: 0.05}
---
system:
把英文译成中文。

history:

user:
{{ marked }}{{ missing | join }}
"""
PAPER = Paper(
    "2602.00001", 1, "T", (), (), "", None, None, "It outperforms LibriMix in noise. It gains 3 dB.", None, ()
)
GLOSSARY = Glossary([GlossaryTerm("noise", "噪声")])
MOST = "它在噪声中优于LibriMix。"


def candidates_prompt() -> PromptVersion:
    return parse_prompt(PROMPT, where="test")


def translate(respond: Callable[[Request], str | Completion], prompt: PromptVersion) -> tuple[Attempt, list[Request]]:
    asked: list[Request] = []

    def noted(request: Request) -> str | Completion:
        asked.append(request)
        return respond(request)

    engine = FakeEngine(noted)
    runner: JobRunner[Attempt] = JobRunner(engine, jobs_in_flight=1)
    (attempt,) = runner.run([translate_abstract(PAPER, prompt, engine.model, 1, GLOSSARY)])
    return attempt, asked


def by_seed(answers: list[str]) -> Callable[[Request], str]:
    """The first sentence answered with these, the first for the prompt's own sampling; the second always alike."""

    def respond(request: Request) -> str:
        if "3" in request.messages[-1].content:
            return "它提升了3 dB。"
        seed = request.sampling.seed
        return answers[0 if seed < len(LADDER) else seed - len(LADDER) + 1]

    return respond


def test_agreement_is_the_mean_chrf_with_the_others() -> None:
    letters = random.Random(5)
    texts = ["".join(letters.choices("的模型语音a b", k=letters.randint(3, 60))) for _ in range(6)]
    metric = CHRF()
    for i, agreed in enumerate(agreements(texts)):
        others = [metric.sentence_score(texts[i], [t]).score / 100 for j, t in enumerate(texts) if j != i]
        assert agreed == pytest.approx(sum(others) / len(others), abs=1e-6)


def test_an_answer_that_leaves_something_out_agrees_less() -> None:
    whole, short = "该模型在噪声中优于基线，且参数更少。", "该模型在噪声中优于基线。"
    agreed = agreements([short, whole, whole.replace("且", "并且"), whole.replace("更少", "较少")])
    assert agreed[0] == min(agreed)


def test_of_one_answer_there_is_nothing_to_choose() -> None:
    assert agreements(["好。"]) == [1.0]
    assert agreements([]) == []
    assert agreements(["", "好。"]) == [0.0, 0.0]


def test_the_answer_that_agrees_best_is_used_and_all_are_kept() -> None:
    attempt, asked = translate(
        by_seed(["它比LibriMix好。", MOST, "它在噪声里优于LibriMix。", MOST, "它在噪声中胜过LibriMix。"]),
        candidates_prompt(),
    )
    assert attempt.text == f"{MOST}它提升了3 dB。"
    assert [p.used for p in attempt.pieces] == [False, True, False, False, False, True, False, False, False, False]
    assert len({p.request_hash for p in attempt.pieces}) == 10, "every answer can be found again"
    first = [request.sampling for request in asked[:5]]
    assert first == list(first_samplings(candidates_prompt()))
    assert [s.temperature for s in first] == [0.0, 0.5, 0.5, 0.5, 0.5]
    assert len({s.seed for s in first}) == 5
    assert asked[5].messages[-2].content == MOST, "the next question goes on from it"


def test_an_answer_that_fails_a_hard_check_is_not_chosen_however_many_agree() -> None:
    wrong = "它在噪声中优于它们。"  # the name is lost
    attempt, asked = translate(by_seed([wrong, wrong, "它在噪声中优于LibriMix。", wrong, wrong]), candidates_prompt())
    assert attempt.pieces[2].used
    assert len(asked) == 10, "and nothing is asked again"


def test_where_all_fail_the_ladder_goes_on_with_one_answer_a_step() -> None:
    def respond(request: Request) -> str:
        return "它提升了3 dB。" if "3" in request.messages[-1].content else "它更好。"

    attempt, asked = translate(respond, candidates_prompt())
    steps = [request.sampling for request in asked[5 : 5 + len(LADDER) - 1]]
    assert [s.temperature for s in steps] == [step.temperature for step in LADDER[1:]]
    assert "LibriMix" in asked[5].messages[-1].content.removeprefix("It")
    assert sum(p.used for p in attempt.pieces) == 2


def test_a_second_attempt_draws_no_candidates() -> None:
    engine = FakeEngine(lambda request: MOST)
    job = translate_abstract(PAPER, candidates_prompt(), engine.model, 2, GLOSSARY)
    assert len(next(job)) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("count: 4", "count: 1"), "count of at least 2"),
        (("temperature: 0.5", "temperature: 0"), "temperature above 0"),
        (("count: 4, ", ""), "count"),
        (("count: 4", "cuont: 4"), "unknown candidates key 'cuont'"),
    ],
)
def test_malformed_candidates_are_refused(change: tuple[str, str], says: str) -> None:
    with pytest.raises(PromptError, match=says):
        parse_prompt(PROMPT.replace(*change, 1), where="test")


def test_a_forecast_counts_the_candidates() -> None:
    engine = FakeEngine()
    prompt = candidates_prompt()
    alone = replace(prompt, candidates=None)
    habits = {**usual_habits(engine), "translation": Habit(0.5, 1.0)}
    several, one = (
        Forecaster(engine, {"translation": p}, habits).paper(PAPER, None, ["translation"]) for p in (prompt, alone)
    )
    assert several.decode_tokens == 5 * one.decode_tokens
    assert several.chain_tokens == one.chain_tokens
    n_answers = 5 * 2
    assert several.prefill_tokens - one.prefill_tokens <= 2 * n_answers, (
        "a question is computed once for all its answers"
    )


@pytest.mark.model
def test_candidates_of_the_small_model_share_their_question(small_model: Path) -> None:
    prompt = replace(candidates_prompt(), candidates=Candidates(3, 0.8))
    answers: dict[str, Completion] = {}
    with closing(open_llama(small_model, info(small_model), n_ctx=2048, n_slots=4)) as engine:
        runner: JobRunner[Attempt] = JobRunner(
            engine, jobs_in_flight=1, on_completion=lambda request, answer: answers.update({answer.request_id: answer})
        )
        (attempt,) = runner.run([translate_abstract(PAPER, prompt, engine.model, 1, GLOSSARY)])
    for source in dict.fromkeys(piece.source_text for piece in attempt.pieces):
        pieces = [piece for piece in attempt.pieces if piece.source_text == source]
        drawn = [answers[piece.request_hash] for piece in pieces[:4]]
        assert sum(a.prompt_tokens_reused == a.prompt_tokens - 1 for a in drawn) >= 3, "it is computed once"
        assert len({a.text for a in drawn}) > 1
        assert sum(piece.used for piece in pieces) == 1
