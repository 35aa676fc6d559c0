"""From a paper and a prompt to a text: the job of each task, and attempts at it until one is accepted.

The batch run and the prompt trials make their texts here, so that what is tuned is what runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from summarizer.errors import ContextTooSmall
from summarizer.glossary import NO_GLOSSARY, Glossary
from summarizer.llm.engine import Engine
from summarizer.prompts import PromptVersion
from summarizer.records import Attempt, Paper, Section
from summarizer.summarize.breakdown import break_down
from summarizer.summarize.evidence import Encode
from summarizer.summarize.jobs import Job, Steps
from summarizer.summarize.translation import translate_abstract


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work on one text ended; ``category`` is empty when the last attempt was accepted."""

    category: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        return self.category != ""


def job_maker(
    paper: Paper,
    sections: Sequence[Section],
    prompt: PromptVersion,
    engine: Engine,
    encode: Encode,
    glossary: Glossary = NO_GLOSSARY,
) -> Callable[[int], Job]:
    """A function from the number of an attempt (1 and up) to the job that makes it. ``sections`` only serve the answers."""

    def make(attempt_no: int) -> Job:
        if prompt.task == "translation":
            return translate_abstract(paper, prompt, engine.model, attempt_no, glossary)
        return break_down(
            paper,
            sections,
            prompt,
            engine.model,
            attempt_no,
            encode=encode,
            count_tokens=engine.count_tokens,
            glossary=glossary,
        )

    return make


def make_text(make: Callable[[int], Job], attempt_nos: Iterable[int], keep: Callable[[Attempt], None]) -> Steps[Ending]:
    """Attempts at one text until one is accepted; ``keep`` gets each of them as it ends."""
    ending = Ending("not_tried", "no attempt was allowed")
    for attempt_no in attempt_nos:
        try:
            attempt = yield from make(attempt_no)
        except ContextTooSmall as error:
            return Ending("context_too_small", str(error))
        keep(attempt)
        ending = ending_of(attempt)
        if not ending.failed or ending.category == "no_evidence":  # asking again would change nothing
            break
    return ending


def ending_of(attempt: Attempt) -> Ending:
    """What an attempt comes to."""
    if attempt.accepted:
        return Ending()
    if not attempt.pieces:
        return Ending("no_evidence", "no sentence of the sections read answers the question")
    reasons = [f"{c.name}: {c.reason}" for c in attempt.checks if not c.passed and c.severity == "hard"]
    if attempt.finish_reason != "stop":
        reasons.insert(0, f"finish reason {attempt.finish_reason}")
    return Ending("check_failed", "; ".join(dict.fromkeys(reasons)))
