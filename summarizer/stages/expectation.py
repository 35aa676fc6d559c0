"""What papers are expected to cost, judged by what the store knows of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from summarizer.glossary import NO_GLOSSARY, Glossary
from summarizer.llm.engine import Engine
from summarizer.llm.probe import Rates
from summarizer.prompts import PromptVersion
from summarizer.records import Completion, Task
from summarizer.store import Store, history, papers, texts
from summarizer.store.papers import PaperKey
from summarizer.summarize.forecast import EVIDENCE_CHARS, LEAST_PIECES, Forecaster, Habit, Work, usual_habits
from summarizer.summarize.ladder import first_samplings

if TYPE_CHECKING:
    from summarizer.store import Connection

#: Where no run is there to judge by (four papers, 1.5B model, two cores).
OVERHEAD = 1.3
#: A run that took longer shared its machine with something else.
_MOST_OVERHEAD = 3.0
#: Tokens of answers that a run must have written to say anything.
_LEAST_TOKENS = 2000


@dataclass(frozen=True, slots=True)
class Experience:
    """What a forecast rests on. ``n_pieces``, ``n_evidence``: what was judged by; 0 where constants had to do."""

    habits: Mapping[Task, Habit]
    evidence_chars: float
    n_evidence: int
    spent: Work = field(default_factory=Work)  #: tokens that earlier runs computed ...
    spent_seconds: float = 0.0  #: ... and how long they took for them

    @property
    def has_run(self) -> bool:
        """Whether earlier runs say how much longer the stage takes than the bare rates of the model."""
        return self.spent.decode_tokens >= _LEAST_TOKENS

    def overhead(self, rates: Rates) -> float:
        """Seconds of the stage for each that the model needs at its measured rates, when all slots are at work.

        What it covers: choosing the evidence, slots that stand empty, prompts longer than those of the probe.
        """
        if not self.has_run:
            return OVERHEAD
        return min(max(self.spent_seconds / self.spent.seconds(rates), 1.0), _MOST_OVERHEAD)

    @property
    def n_pieces(self) -> int:
        return sum(habit.n_pieces for habit in self.habits.values())


def usual_experience(engine: Engine) -> Experience:
    """For a store that has no answers, or does not exist."""
    return Experience(usual_habits(engine), EVIDENCE_CHARS, 0)


def experience(con: Connection, engine: Engine, prompts: Mapping[Task, PromptVersion]) -> Experience:
    """Of this model with these prompts. A task of which there is too little counts with constants."""
    habits = usual_habits(engine)
    hashes = {task: prompt.prompt_hash for task, prompt in prompts.items()}
    for task, found in history.answers(con, engine.model.sha256, hashes).items():
        if found.n_pieces >= LEAST_PIECES:
            tries = max(1.0, found.tries / len(first_samplings(prompts[task])))
            habits[task] = Habit(found.tokens_per_char, tries, found.n_pieces)
    n_evidence, chars = history.evidence_chars(con)
    if n_evidence < LEAST_PIECES:
        n_evidence, chars = 0, EVIDENCE_CHARS
    seconds, n_read, n_written = history.generation(con, engine.model.sha256)
    return Experience(habits, chars, n_evidence, Work(prefill_tokens=n_read, decode_tokens=n_written), seconds)


def by_paper(pending: Sequence[texts.PendingText]) -> dict[PaperKey, list[texts.PendingText]]:
    """Pending texts paper by paper, in the same order."""
    papers_: dict[PaperKey, list[texts.PendingText]] = {}
    for item in pending:
        papers_.setdefault(item.key, []).append(item)
    return papers_


def expected_works(
    store: Store,
    pending: Mapping[PaperKey, Sequence[texts.PendingText]],
    engine: Engine,
    prompts: Mapping[Task, PromptVersion],
    known: Mapping[str, Completion],
    glossary: Glossary = NO_GLOSSARY,
) -> tuple[dict[PaperKey, Work], Experience]:
    """The work of papers whose sections are in the store, in their order, and what it was judged by."""
    with store.read() as con:
        learnt = experience(con, engine, prompts)
        read = {key: (papers.paper(con, key), papers.sections(con, key)) for key in pending}
    forecaster = Forecaster(
        engine, prompts, learnt.habits, evidence_chars=learnt.evidence_chars, known=known, glossary=glossary
    )
    works = {
        key: forecaster.paper(*read[key], [item.task for item in items], {item.task: item.n_attempts for item in items})
        for key, items in pending.items()
    }
    return works, learnt
