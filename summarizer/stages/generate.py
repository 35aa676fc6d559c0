"""Generate: pending texts -> questions to the model -> attempts with their checks, recorded as they finish.

The store is open only for the moments in which answers are written; while the model works, other processes can query it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summarizer.config import Config
from summarizer.embed import Encoder
from summarizer.errors import ContextTooSmall, StoreLocked
from summarizer.llm.engine import Engine
from summarizer.prompts import PromptVersion
from summarizer.records import Attempt, Completion, Paper, Request, Section, Task
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.stages.weights import Lazy
from summarizer.store import Store, failures, papers, texts
from summarizer.summarize.breakdown import break_down
from summarizer.summarize.evidence import Encode
from summarizer.summarize.jobs import Job, JobRunner, Steps
from summarizer.summarize.translation import translate_abstract

PaperKey = tuple[str, int]
#: Answers are written together, at most this often, so that the file is free for readers most of the time.
_WINDOW_SECONDS = 3.0
#: A reader may hold the file while the model works: then the answers wait for the next window.
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How the work on one text ended; ``category`` is empty when an attempt was accepted."""

    key: PaperKey
    task: Task
    category: str
    detail: str

    @property
    def failed(self) -> bool:
        return self.category != ""


def generate(
    store: Store,
    recorder: RunRecorder,
    config: Config,
    progress: Progress,
    *,
    engine: Lazy[Engine],
    encoder: Lazy[Encoder],
    prompts: Mapping[Task, PromptVersion],
) -> StageResult:
    """Make every pending text. Raises ModelError, and StoreLocked when the last answers cannot be written."""
    started = time.monotonic()
    hashes = {task: prompt.prompt_hash for task, prompt in prompts.items()}
    with store.read() as con:
        pending = texts.pending_generate(con, engine.model.sha256, hashes)
        known = texts.completions(con, sorted({p.key for p in pending})) if pending else {}
    if not pending:
        return StageResult()
    progress.stage("generate", len(pending))
    model = engine()
    ledger = _Ledger(store, recorder, engine.model.sha256, hashes)
    ledger.open(model, prompts)
    tokens = _TokenRate(progress)

    def keep(request: Request, completion: Completion) -> None:
        ledger.answer(request, completion)
        tokens.add(completion)

    runner: JobRunner[_Outcome] = JobRunner(
        model,
        jobs_in_flight=config.generate.papers_in_flight * len(prompts),
        known=known,
        on_completion=keep,
        on_tick=ledger.write_if_due,
    )
    encode = _remembering(lambda sentences: encoder().encode(sentences))
    jobs = _jobs(store, pending, prompts, model, encode, config, ledger)
    n_done = n_failed = 0
    try:
        for outcome in runner.run(jobs):
            n_done += not outcome.failed
            n_failed += outcome.failed
            name = f"{outcome.key[0]}v{outcome.key[1]} {outcome.task}"
            progress.advance(1, name)
            if outcome.failed:
                progress.message(f"{name}: {outcome.category}: {outcome.detail}")
    finally:
        ledger.write()
    return StageResult(n_done, n_failed, time.monotonic() - started)


def _jobs(
    store: Store,
    pending: Sequence[texts.PendingText],
    prompts: Mapping[Task, PromptVersion],
    model: Engine,
    encode: Encode,
    config: Config,
    ledger: _Ledger,
) -> Iterator[Steps[_Outcome]]:
    """A job for each pending text, paper by paper; a paper is read from the store when its turn comes."""
    paper: Paper | None = None
    sections: tuple[Section, ...] = ()
    for item in pending:
        if paper is None or (paper.arxiv_id, paper.version) != item.key:
            with store.read() as con:
                paper = papers.paper(con, item.key)
                sections = papers.sections(con, item.key)
        make = _job_maker(paper, sections, prompts[item.task], model, encode)
        last = max(config.generate.max_attempts, item.n_attempts + 1)
        yield _with_retries(item.key, item.task, make, range(item.n_attempts + 1, last + 1), ledger)


def _job_maker(
    paper: Paper, sections: Sequence[Section], prompt: PromptVersion, model: Engine, encode: Encode
) -> Callable[[int], Job]:
    def make(attempt_no: int) -> Job:
        if prompt.task == "translation":
            return translate_abstract(paper, prompt, model.model, attempt_no)
        return break_down(
            paper, sections, prompt, model.model, attempt_no, encode=encode, count_tokens=model.count_tokens
        )

    return make


def _with_retries(
    key: PaperKey,
    task: Task,
    make: Callable[[int], Job],
    attempt_nos: Sequence[int],
    ledger: _Ledger,
) -> Steps[_Outcome]:
    """Attempts at one text until one is accepted. The last failed one goes to the ledger together with the failure."""
    if not attempt_nos:
        raise ValueError(f"no attempt allowed for {key} {task}")
    outcome = _Outcome(key, task, "", "")
    for attempt_no in attempt_nos:
        try:
            attempt = yield from make(attempt_no)
        except ContextTooSmall as error:
            outcome = _Outcome(key, task, "context_too_small", str(error))
            break
        ledger.attempt(attempt)
        outcome = _outcome_of(attempt)
        if not outcome.failed or outcome.category == "no_evidence":  # asking again would change nothing
            break
    if outcome.failed:
        ledger.failure(outcome)
    return outcome


def _outcome_of(attempt: Attempt) -> _Outcome:
    key = (attempt.arxiv_id, attempt.version)
    if attempt.accepted:
        return _Outcome(key, attempt.task, "", "")
    if not attempt.pieces:
        detail = "no sentence of the sections read answers the question"
        return _Outcome(key, attempt.task, "no_evidence", detail)
    reasons = [f"{c.name}: {c.reason}" for c in attempt.checks if not c.passed and c.severity == "hard"]
    if attempt.finish_reason != "stop":
        reasons.insert(0, f"finish reason {attempt.finish_reason}")
    return _Outcome(key, attempt.task, "check_failed", "; ".join(dict.fromkeys(reasons)))


class _Ledger:
    """What is to be written: answers, attempts and failures in the order they came, in short windows."""

    def __init__(
        self, store: Store, recorder: RunRecorder, model_sha256: str, prompt_hashes: Mapping[Task, str]
    ) -> None:
        self._store = store
        self._impatient = Store(store.path, wait_seconds=_PATIENCE_SECONDS)
        self._recorder = recorder
        self._model_sha256 = model_sha256
        self._prompt_hashes = prompt_hashes
        self._answers: list[tuple[Request, Completion]] = []
        self._attempts: list[Attempt] = []
        self._failures: list[_Outcome] = []
        self._last_window = time.monotonic()

    def open(self, model: Engine, prompts: Mapping[Task, PromptVersion]) -> None:
        """Make model and prompts known before anything refers to them."""
        with self._store.write() as con:
            self._recorder.ensure(con)
            texts.record_model(con, model.model, utc_now())
            for task, prompt in prompts.items():
                texts.record_prompt(con, prompt.prompt_hash, task, prompt.version, prompt.source, utc_now())

    def answer(self, request: Request, completion: Completion) -> None:
        self._answers.append((request, completion))

    def attempt(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)

    def failure(self, outcome: _Outcome) -> None:
        self._failures.append(outcome)

    def write_if_due(self) -> None:
        """Write when there is something and the last window is a while ago. A busy file is tried again next time."""
        if not (self._answers or self._attempts or self._failures):
            return
        if time.monotonic() - self._last_window < _WINDOW_SECONDS:
            return
        try:
            self._write(self._impatient)
        except StoreLocked:
            self._last_window = time.monotonic()

    def write(self) -> None:
        """Write everything now, waiting for the file as long as the configuration says."""
        if self._answers or self._attempts or self._failures:
            self._write(self._store)

    def _write(self, store: Store) -> None:
        answers, attempts, failed = list(self._answers), list(self._attempts), list(self._failures)
        now = utc_now()
        with store.write() as con:
            run_id = self._recorder.ensure(con)
            texts.record_completions(con, run_id, [self._stored(*answer) for answer in answers])
            for attempt in attempts:
                texts.record_attempt(con, run_id, attempt, now)
            for outcome in failed:
                failures.record_failure(
                    con,
                    run_id,
                    "generate",
                    outcome.key,
                    category=outcome.category,
                    detail=f"{outcome.task}: {outcome.detail}",
                    permanent=True,
                    now=now,
                    task=outcome.task,
                    prompt_hash=self._prompt_hashes[outcome.task],
                    model_sha256=self._model_sha256,
                )
        del self._answers[: len(answers)], self._attempts[: len(attempts)], self._failures[: len(failed)]
        self._last_window = time.monotonic()

    def _stored(self, request: Request, completion: Completion) -> texts.StoredCompletion:
        arxiv_id, version, task = request.scope
        return texts.StoredCompletion(
            request_hash=request.request_id,
            key=(arxiv_id, version),
            prompt_hash=self._prompt_hashes[task],
            model_sha256=self._model_sha256,
            sampling=request.sampling,
            messages=request.messages,
            copy_terms=request.copy_terms,
            completion=completion,
            created_utc=utc_now(),
        )


class _TokenRate:
    """Tokens a second over the stage so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = time.monotonic()
        self._n_tokens = 0

    def add(self, completion: Completion) -> None:
        self._n_tokens += completion.completion_tokens
        self._progress.rate(f"{self._n_tokens / max(time.monotonic() - self._started, 1e-9):.0f} tokens/s")


def _remembering(encode: Encode) -> Encode:
    """An encoder that does not compute a sentence twice: the three questions of a paper share most of theirs."""
    remembered: dict[str, NDArray[np.float32]] = {}

    def encode_new(sentences: Sequence[str]) -> NDArray[np.float32]:
        if len(remembered) > 2000:
            remembered.clear()
        new = [s for s in dict.fromkeys(sentences) if s not in remembered]
        if new:
            remembered.update(zip(new, encode(new), strict=True))
        return np.stack([remembered[s] for s in sentences])

    return encode_new
