"""Texts in the making: a job asks questions and takes answers until its text is done; a runner keeps many going at once.

A job is a generator. It yields the requests it wants answered next, is sent their completions in the same order, and
returns its result. It knows neither engine nor store, so the batch run and the tuning scripts drive the same code.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Generic, TypeVar

from summarizer.errors import ContextTooSmall
from summarizer.ids import content_hash
from summarizer.llm.engine import Engine
from summarizer.records import Attempt, Completion, Message, ModelInfo, Request, Sampling, Task

R = TypeVar("R")
#: How often a runner that can be stopped looks whether it should be: an engine always finishes the step under way.
_LOOK_SECONDS = 0.05
Steps = Generator[Sequence[Request], Sequence[Completion], R]
Job = Steps[Attempt]


def build_request(
    scope: tuple[str, int, Task],
    prompt_hash: str,
    model: ModelInfo,
    messages: Sequence[Message],
    sampling: Sampling,
    copy_terms: tuple[str, ...] | None,
    grammar: str | None = None,
) -> Request:
    """A request whose id is the hash of everything that decides the answer. ``scope``: paper, version, task.

    ``grammar`` is that of the prompt file, and so part of ``prompt_hash``.
    """
    identity = {
        "scope": scope,
        "prompt": prompt_hash,
        "model": model.sha256,
        "messages": [[m.role, m.content] for m in messages],
        "sampling": asdict(sampling),
        "copy_terms": copy_terms,
    }
    return Request(content_hash(identity), tuple(messages), sampling, copy_terms, scope, grammar)


@dataclass(slots=True, eq=False)
class _Running(Generic[R]):
    job: Steps[R]
    wanted: list[str] = field(default_factory=list)
    answers: dict[str, Completion] = field(default_factory=dict)


class JobRunner(Generic[R]):
    """Drives jobs over one engine, so that requests of many texts share its batches.

    ``known`` answers requests that were answered before (by id). ``on_completion`` sees every new answer as it comes,
    before any job is told: whatever happens next, it can be kept. A request that does not fit the context is thrown into
    its job as ContextTooSmall. ``stop`` is looked at between the engine's steps; when it says so the run ends, after what
    the engine has finished by then was taken, and what is still being answered is withdrawn.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        jobs_in_flight: int,
        known: Mapping[str, Completion] | None = None,
        on_completion: Callable[[Request, Completion], None] | None = None,
        on_tick: Callable[[], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._engine = engine
        self._jobs_in_flight = jobs_in_flight
        self._known = dict(known or {})
        self._on_completion = on_completion
        self._on_tick = on_tick
        self._stop = stop
        self._requests: dict[str, Request] = {}
        self._askers: dict[str, list[_Running[R]]] = {}
        self._running: list[_Running[R]] = []
        self._finished: deque[R] = deque()

    def run(self, jobs: Iterable[Steps[R]]) -> Iterator[R]:
        """Yield the jobs' results as they finish. New jobs are started as running ones end."""
        return self.run_groups([job] for job in jobs)

    def run_groups(self, groups: Iterable[Sequence[Steps[R]]]) -> Iterator[R]:
        """The same for jobs that start together: a group is started whenever fewer jobs run than may be in flight.

        An empty group says that none may be started yet: the next is asked for after the engine's next step. When nothing
        is running either, the run ends.
        """
        waiting = iter(groups)
        more = True
        while True:
            while more and len(self._running) < self._jobs_in_flight and not self._stopped():
                group = next(waiting, None)
                if not group:
                    more = group is not None and bool(self._running or self._finished)
                    break
                self._start(group)
            while self._finished:
                yield self._finished.popleft()
            if self._stopped():
                self._abandon()
                return
            if self._running:
                for completion in self._poll():
                    self._take(completion)
                if self._on_tick is not None:
                    self._on_tick()
            elif not more:
                return

    def _start(self, group: Sequence[Steps[R]]) -> None:
        started = [_Running(job) for job in group]
        self._running += started
        for running in started:
            self._resume(running, first=True)

    def _stopped(self) -> bool:
        return self._stop is not None and self._stop()

    def _poll(self) -> list[Completion]:
        try:
            return self._engine.poll() if self._stop is None else self._engine.poll(_LOOK_SECONDS)
        except ContextTooSmall as error:  # only the server could tell
            self._refuse(error)
            return []

    def _refuse(self, error: ContextTooSmall) -> None:
        """Tell the jobs that asked for it that the engine dropped a request. What else they asked for is taken back first."""
        askers = list(self._askers.get(error.request_id, ()))
        if not askers:
            raise error
        for running in askers:
            self._withdraw(running)
        for running in askers:
            self._resume(running, refused=error)

    def _abandon(self) -> None:
        """Leave the engine with nothing to do."""
        for request_id in self._requests:
            self._engine.cancel(request_id)
        for running in self._running:
            running.job.close()
        self._requests.clear()
        self._askers.clear()
        self._running.clear()

    def _take(self, completion: Completion) -> None:
        request = self._requests.pop(completion.request_id)
        self._known[completion.request_id] = completion
        if self._on_completion is not None:
            self._on_completion(request, completion)
        for running in self._askers.pop(completion.request_id):
            running.answers[completion.request_id] = completion
            if len(running.answers) == len(set(running.wanted)):
                self._resume(running)

    def _resume(self, running: _Running[R], *, first: bool = False, refused: ContextTooSmall | None = None) -> None:
        """Send a job its answers until it wants something that is not known yet, or is done."""
        while True:
            try:
                if refused is not None:
                    requests = running.job.throw(refused)
                elif first:
                    requests = next(running.job)
                else:
                    requests = running.job.send([running.answers[i] for i in running.wanted])
            except StopIteration as stop:
                self._running.remove(running)
                self._finished.append(stop.value)
                return
            first = False
            refused = self._ask(running, requests)
            if refused is None and len(running.answers) < len(set(running.wanted)):
                return

    def _ask(self, running: _Running[R], requests: Sequence[Request]) -> ContextTooSmall | None:
        """Submit what is not known yet; give back the refusal of the first request that cannot fit."""
        running.wanted = [r.request_id for r in requests]
        running.answers = {i: self._known[i] for i in running.wanted if i in self._known}
        for request in requests:
            if request.request_id in running.answers:
                continue
            if request.request_id not in self._requests:
                try:
                    self._engine.submit(request)
                except ContextTooSmall as error:
                    self._withdraw(running)
                    return error
                self._requests[request.request_id] = request
            askers = self._askers.setdefault(request.request_id, [])
            if running not in askers:
                askers.append(running)
        return None

    def _withdraw(self, running: _Running[R]) -> None:
        """Take back what a job asked for and nobody else wants."""
        for request_id in set(running.wanted) - set(running.answers):
            askers = self._askers.get(request_id, [])
            if running in askers:
                askers.remove(running)
                if not askers:
                    del self._askers[request_id]
                    del self._requests[request_id]
                    self._engine.cancel(request_id)
