"""What generate has to record: answers, attempts and failures, written in short windows as they come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from summarizer.errors import StoreLocked
from summarizer.llm.engine import Engine
from summarizer.prompts import PromptVersion
from summarizer.records import Attempt, Completion, EngineUse, Request, Task
from summarizer.stages.recorder import RunRecorder, utc_now
from summarizer.store import Store, failures, texts
from summarizer.store.papers import PaperKey

#: Answers are written together, at most this often, so that the file is free for readers most of the time.
_WINDOW_SECONDS = 3.0
#: A reader may hold the file while the model works: then the answers wait for the next window.
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work on one text ended; ``category`` is empty when an attempt was accepted."""

    key: PaperKey
    task: Task
    category: str
    detail: str

    @property
    def failed(self) -> bool:
        return self.category != ""


class Ledger:
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
        self._failures: list[Outcome] = []
        self._last_window = time.monotonic()

    def open(self, model: Engine, use: EngineUse, prompts: Mapping[Task, PromptVersion]) -> None:
        """Make model, what runs it, and prompts known before anything refers to them."""
        with self._store.write() as con:
            run_id = self._recorder.ensure(con)
            texts.record_model(con, model.model, utc_now())
            texts.record_model_use(con, run_id, self._model_sha256, use, utc_now())
            for task, prompt in prompts.items():
                texts.record_prompt(con, prompt.prompt_hash, task, prompt.version, prompt.source, utc_now())

    def answer(self, request: Request, completion: Completion) -> None:
        self._answers.append((request, completion))

    def attempt(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)

    def failure(self, outcome: Outcome) -> None:
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
            texts.record_attempts(con, run_id, attempts, now)
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
