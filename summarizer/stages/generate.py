"""Generate: pending texts -> questions to the model -> attempts with their checks, recorded as they finish.

The store is open only for the moments in which answers are written; while the model works, other processes can query it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from summarizer.config import Config
from summarizer.embed import Encoder
from summarizer.glossary import Glossary
from summarizer.llm.engine import Engine
from summarizer.llm.probe import measure_rates
from summarizer.llm.provenance import engine_use
from summarizer.prompts import PromptVersion
from summarizer.records import Completion, Request, Task
from summarizer.stages.expectation import by_paper, expected_works
from summarizer.stages.glossaries import glossary_of
from summarizer.stages.interruption import interruption
from summarizer.stages.ledger import Ledger, Outcome
from summarizer.stages.limits import NO_LIMITS, Limits
from summarizer.stages.progress import Progress, duration
from summarizer.stages.recorder import RunRecorder, StageResult
from summarizer.stages.weights import Lazy
from summarizer.store import Store, papers, texts
from summarizer.store.papers import PaperKey
from summarizer.summarize.attempts import job_maker, make_text
from summarizer.summarize.evidence import Encode, remembering
from summarizer.summarize.jobs import Job, JobRunner, Steps
from summarizer.summarize.pace import USUAL_RATES, Pace


def generate(
    store: Store,
    recorder: RunRecorder,
    config: Config,
    progress: Progress,
    *,
    engine: Lazy[Engine],
    encoder: Lazy[Encoder],
    prompts: Mapping[Task, PromptVersion],
    limits: Limits = NO_LIMITS,
    stale: bool = False,
) -> StageResult:
    """Make the pending texts, all of them or those of as many papers as the limits allow.

    ``stale``: after them, make accepted texts of older prompts again, those of the latest days first. The old texts stay in
    the store; the new one takes their place where it is accepted.

    Raises ConfigError for a bad glossary, ModelError, StoreLocked when the last answers cannot be written, and
    KeyboardInterrupt after SIGINT or SIGTERM, when what the engine had finished by then is recorded.
    """
    started = time.monotonic()
    hashes = {task: prompt.prompt_hash for task, prompt in prompts.items()}
    with store.read() as con:
        pending = texts.pending_generate(con, engine.model.sha256, hashes)
        if stale:
            current = {task: (prompt.prompt_hash, prompt.version) for task, prompt in prompts.items()}
            pending += texts.stale_texts(con, engine.model.sha256, current)
        known = texts.completions(con, sorted({p.key for p in pending})) if pending else {}
    if not pending:
        return StageResult()
    progress.stage("generate", len(pending))
    waiting = by_paper(pending)
    model = engine()
    glossary = glossary_of(config)
    works, learnt = expected_works(store, waiting, model, prompts, known, glossary)
    rates = USUAL_RATES
    if limits.until is not None:  # otherwise nothing hangs on the first papers
        progress.message(f"measuring this machine for --until {limits.until_text}")
        rates = measure_rates(model, config.llm.n_slots, clock=limits.clock)
    pace = Pace(
        works,
        rates,
        clock=limits.clock,
        deadline=limits.until,
        most=limits.max_papers,
        overhead=learnt.overhead(rates),
    )
    if not any(pace.may_start(key) for key in waiting):
        progress.message(_left(pace, limits, waiting))
        return StageResult(left=frozenset(waiting))
    if any(item.task != "translation" for item in pending):
        encoder()  # now, while Ctrl-C still ends everything at once
    ledger = Ledger(store, recorder, engine.model.sha256, hashes)
    ledger.open(model, engine_use(model, config.llm.engine), prompts)
    model.prepare([prompts[task].opening() for task in sorted({item.task for item in pending})])
    speed = _Speed(progress, pace, waiting)

    def keep(request: Request, completion: Completion) -> None:
        ledger.answer(request, completion)
        speed.add(request, completion)

    encode = remembering(lambda sentences: encoder().encode(sentences))
    n_open = Counter(item.key for item in pending)
    n_done = n_failed = 0
    with interruption() as interrupted:
        runner: JobRunner[Outcome] = JobRunner(
            model,
            jobs_in_flight=config.generate.papers_in_flight * len(prompts),
            known=known,
            on_completion=keep,
            on_tick=ledger.write_if_due,
            stop=interrupted,
        )
        try:
            for outcome in runner.run_groups(
                _groups(store, waiting, pace, prompts, model, encode, glossary, config, ledger)
            ):
                n_done += not outcome.failed
                n_failed += outcome.failed
                n_open[outcome.key] -= 1
                if not n_open[outcome.key]:
                    pace.finish(outcome.key)
                name = f"{outcome.key[0]}v{outcome.key[1]} {outcome.task}"
                progress.advance(1, name)
                if outcome.failed:
                    progress.message(f"{name}: {outcome.category}: {outcome.detail}")
        finally:
            ledger.write()
        stopped = interrupted()
    if stopped:
        raise KeyboardInterrupt
    if waiting:
        progress.message(_left(pace, limits, waiting))
    return StageResult(n_done, n_failed, time.monotonic() - started, frozenset(waiting))


def _groups(
    store: Store,
    waiting: dict[PaperKey, list[texts.PendingText]],
    pace: Pace[PaperKey],
    prompts: Mapping[Task, PromptVersion],
    model: Engine,
    encode: Encode,
    glossary: Glossary,
    config: Config,
    ledger: Ledger,
) -> Iterator[Sequence[Steps[Outcome]]]:
    """The jobs of the next paper that may be started, taken out of ``waiting``; an empty group while there is none.

    A paper is read from the store when its turn comes.
    """
    while waiting:
        key = next((key for key in waiting if pace.may_start(key)), None)
        if key is None:
            yield []
            continue
        items = waiting.pop(key)
        with store.read() as con:
            paper = papers.paper(con, key)
            sections = papers.sections(con, key)
        pace.start(key)
        group = []
        for item in items:
            make = job_maker(paper, sections, prompts[item.task], model, encode, glossary)
            last = max(config.generate.max_attempts, item.n_attempts + 1)
            group.append(_with_retries(key, item.task, make, range(item.n_attempts + 1, last + 1), ledger))
        yield group


def _left(pace: Pace[PaperKey], limits: Limits, waiting: Collection[PaperKey]) -> str:
    """What is not started, and why."""
    n_papers = f"{len(waiting)} paper{'s' if len(waiting) > 1 else ''}"
    if pace.full:
        return f"{n_papers} left for a later run: --max-papers {limits.max_papers}"
    if pace.n_started or limits.until is None:
        return f"{n_papers} left for a later run: not to be finished by {limits.until_text}"
    shortest = min(pace.seconds_to_finish(key) for key in waiting)
    return (
        f"no paper is started, {n_papers} left for a later run: the shortest would take about {duration(shortest)}, and "
        f"{limits.until_text} is in {duration(max(0.0, limits.until - limits.clock()))}"
    )


def _with_retries(
    key: PaperKey,
    task: Task,
    make: Callable[[int], Job],
    attempt_nos: Sequence[int],
    ledger: Ledger,
) -> Steps[Outcome]:
    """Attempts at one text until one is accepted. The last failed one goes to the ledger together with the failure."""
    if not attempt_nos:
        raise ValueError(f"no attempt allowed for {key} {task}")
    ending = yield from make_text(make, attempt_nos, ledger.attempt)
    outcome = Outcome(key, task, ending.category, ending.detail)
    if outcome.failed:
        ledger.failure(outcome)
    return outcome


class _Speed:
    """Tokens a second over the stage so far, and the time left by the work that is expected."""

    def __init__(self, progress: Progress, pace: Pace[PaperKey], waiting: Collection[PaperKey]) -> None:
        self._progress = progress
        self._pace = pace
        self._waiting = waiting
        self._started = time.monotonic()
        self._n_tokens = 0

    def add(self, request: Request, completion: Completion) -> None:
        arxiv_id, version, _ = request.scope
        self._pace.answered((arxiv_id, version), completion)
        self._n_tokens += completion.completion_tokens
        rate = f"{self._n_tokens / max(time.monotonic() - self._started, 1e-9):.0f} tokens/s"
        self._progress.rate(rate, self._pace.seconds_left(self._waiting))
