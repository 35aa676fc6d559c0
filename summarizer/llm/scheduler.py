"""Continuous batching: many requests share one batch a step, and prompts that start alike are computed once.

Pure logic over a :class:`Backend`; it knows nothing of llama.cpp. Every step decodes one batch: the next token of each
running sequence, or prompts that are not yet computed, or both where they fit the backend's mixed batch (see
:meth:`Scheduler._batch`). A sequence's KV stays when its request is done, until the cells or the sequence are needed; a
new request starts from the longest prefix that any sequence holds. A prefix that was shared once is kept by itself as
well, so that the next round of requests finds it after the answers around it have gone.

A request is admitted only when its whole need fits into the cells that are free or can be freed, so that decoding never
fails for lack of cells.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from summarizer.errors import ContextTooSmall
from summarizer.llm.answer import Answer
from summarizer.llm.cells import common_prefix
from summarizer.llm.residence import WORTH_KEEPING, Memory, Residence
from summarizer.llm.sampling import Grammar, Logits, Sampler, TokenMask
from summarizer.records import Completion, Message, Request

#: A request waits for another's prefill when that saves it at least this many tokens. Small: the other computes no more
#: than the one that waits would have to.
_WORTH_WAITING = 4


class BatchToken(NamedTuple):
    token: int
    position: int
    sequence: int
    wants_logits: bool


class Backend(Memory, Protocol):
    """What the scheduler needs from a model with a unified KV cache."""

    @property
    def n_ctx(self) -> int:
        """Tokens that one sequence may hold; more than ``n_cells`` where :meth:`grow` can still find memory."""
        ...

    @property
    def n_batch(self) -> int:
        """Tokens that one call of decode may hold."""
        ...

    @property
    def n_mixed(self) -> int:
        """Tokens of a batch up to which prompts and next tokens are well computed together."""
        ...

    @property
    def end_tokens(self) -> frozenset[int]: ...

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]: ...

    def piece(self, token: int) -> bytes: ...

    def copy_rule(self, terms: tuple[str, ...]) -> TokenMask: ...

    def grammar(self, source: str) -> Grammar:
        """A GBNF grammar at its start. Raises ModelError when it cannot be read."""
        ...

    def decode(self, batch: Sequence[BatchToken]) -> list[Logits]:
        """Compute a batch; the logits of those that want them, in order, valid until the next call.

        Raises ModelError. The scheduler then takes back, with ``truncate``, whatever the call left behind.
        """
        ...

    def grow(self, n_cells: int) -> None:
        """Forget everything and have at least this many cells, at most ``n_ctx``.

        Raises ModelError when there is no memory for them; the backend then has as many as before, all empty.
        """
        ...

    def restore(self, sequence: int, tokens: Sequence[int]) -> bool:
        """Let an empty sequence hold these tokens as an earlier process saved them; False when there is no such state."""
        ...

    def save(self, sequence: int, tokens: Sequence[int]) -> None:
        """Keep the state of a sequence, which holds these tokens, for later processes."""
        ...


@dataclass(eq=False, slots=True)
class _Waiting:
    request: Request
    prompt: list[int]
    grammar: Grammar | None

    @property
    def n_most(self) -> int:
        """Tokens that its sequence will hold at most."""
        return len(self.prompt) + self.request.sampling.max_tokens


@dataclass(eq=False, slots=True)
class _Running:
    request: Request
    prompt: list[int]
    n_reused: int
    answer: Answer
    sampler: Sampler
    started: float
    rule: TokenMask | None
    grammar: Grammar | None
    state: Any = None

    @property
    def n_most(self) -> int:
        """Tokens that its sequence will hold at most."""
        return len(self.prompt) + self.request.sampling.max_tokens


class Scheduler:
    """Runs requests on a backend. Not thread-safe.

    Args:
        n_slots: requests that run at the same time; the backend's other sequences keep shared prefixes.
    """

    def __init__(self, backend: Backend, n_slots: int) -> None:
        if not 1 <= n_slots <= min(backend.n_sequences, backend.n_batch):
            raise ValueError(f"n_slots must be 1 to {min(backend.n_sequences, backend.n_batch)}, not {n_slots}")
        self._backend = backend
        self._running: dict[int, _Running] = {}  # by sequence, in order of admission
        self._waiting: dict[str, _Waiting] = {}  # in order of arrival
        self._finished: dict[str, Completion] = {}
        self._n_slots = n_slots
        self._residence = Residence(backend, n_slots, self._running.keys())
        self._idle_steps = 0.0  # what idle slots have cost since prompts are waiting, in steps

    @property
    def n_waiting(self) -> int:
        return len(self._waiting) + len(self._running) + len(self._finished)

    @property
    def n_free_cells(self) -> int:
        """Cells that hold nothing, or nothing that a running request needs."""
        return self._residence.n_free

    def submit(self, request: Request) -> None:
        """Queue a request.

        Raises ContextTooSmall, ModelError for a grammar that cannot be read, and ValueError for an id that is already
        under way.
        """
        name = request.request_id
        if name in self._waiting or name in self._finished or self._sequence_of(name) is not None:
            raise ValueError(f"request {name} is already under way")
        if request.sampling.max_tokens < 1:
            raise ValueError(f"request {name}: max_tokens must be at least 1")
        prompt = self._backend.prompt_tokens(request.messages)
        grammar = self._backend.grammar(request.grammar) if request.grammar is not None else None
        waiting = _Waiting(request, prompt, grammar)
        if waiting.n_most > self._backend.n_ctx:
            raise ContextTooSmall(name, waiting.n_most, self._backend.n_ctx)
        self._waiting[name] = waiting

    def cancel(self, request_id: str) -> None:
        """Drop a request, waiting, running or finished; unknown ids are ignored."""
        self._waiting.pop(request_id, None)
        self._finished.pop(request_id, None)
        sequence = self._sequence_of(request_id)
        if sequence is not None:
            self._release(sequence)

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        """Step until a request has finished or the time is up; at least one step when there is work."""
        deadline = time.monotonic() + max_seconds
        while not self._finished and (self._waiting or self._running):
            self.step()
            if time.monotonic() >= deadline:
                break
        finished = list(self._finished.values())
        self._finished.clear()
        return finished

    def step(self) -> None:
        """Admit what fits and decode one batch. An exception loses nothing: the next step tries the batch again."""
        self._admit()
        batch = self._batch()
        if not batch:
            return
        self._residence.make_room(len(batch))
        rows = self._compute(batch)
        chosen = [entry.sequence for entry in batch if entry.wants_logits]
        for sequence, logits in zip(chosen, rows, strict=True):
            self._take(sequence, logits)

    def prepare(self, prompt: Sequence[int]) -> None:
        """Have a start that many prompts will share: as an earlier process saved it, else computed now and saved.

        Does nothing while requests are running, or when it is there already, too short or too long to be worth it.
        """
        home = self._residence
        worth = WORTH_KEEPING <= len(prompt) <= home.ledger.n_cells and self._backend.can_share
        if self._running or not worth or home.longest_prefix([*prompt, -1])[1] == len(prompt):
            return
        keeper = home.free_keeper()
        if keeper is None:
            return
        home.make_room(len(prompt))
        if self._backend.restore(keeper, prompt):
            for token in prompt:
                home.ledger.append(keeper, token)
            return
        source, n_shared = home.longest_prefix(prompt)
        if n_shared:
            home.share(source, keeper, n_shared)
        for first in range(n_shared, len(prompt), self._backend.n_batch):
            last = min(len(prompt), first + self._backend.n_batch)
            self._compute([BatchToken(prompt[i], i, keeper, False) for i in range(first, last)])
        self._backend.save(keeper, prompt)

    def _compute(self, batch: Sequence[BatchToken]) -> list[Logits]:
        ledger = self._residence.ledger
        try:
            rows = self._backend.decode(batch)
        except BaseException:
            for sequence in {entry.sequence for entry in batch}:
                self._backend.truncate(sequence, ledger.length(sequence))
            raise
        for entry in batch:
            ledger.append(entry.sequence, entry.token)
        return rows

    def _batch(self) -> list[BatchToken]:
        """The next batch: next tokens, or prompts, or both when all of it fits the backend's mixed batch.

        A step costs much the same whatever is in it, so prompts wait until they fill a batch, or until the slots they
        keep idle have cost as much as a step does: waiting longer could not be paid back.
        """
        next_tokens = [
            BatchToken(run.answer.tokens[-1], self._residence.ledger.length(sequence), sequence, True)
            for sequence, run in self._running.items()
            if run.answer.tokens
        ]
        n_prompt = sum(
            len(run.prompt) - self._residence.ledger.length(sequence)
            for sequence, run in self._running.items()
            if not run.answer.tokens
        )
        if not n_prompt:
            self._idle_steps = 0.0
            return next_tokens
        n_most = min(len(next_tokens) + n_prompt, self._backend.n_batch)  # what does not fit follows in the next batch
        if n_most <= self._backend.n_mixed:
            batch = next_tokens
        else:
            self._idle_steps += 1 - len(next_tokens) / self._n_slots
            if next_tokens and n_prompt < self._backend.n_batch and self._idle_steps < 1:
                return next_tokens
            batch = []
        self._idle_steps = 0.0
        for sequence, run in self._running.items():
            if not run.answer.tokens:
                first = self._residence.ledger.length(sequence)
                last = min(len(run.prompt), first + self._backend.n_batch - len(batch))
                batch.extend(
                    BatchToken(run.prompt[i], i, sequence, i == len(run.prompt) - 1) for i in range(first, last)
                )
        return batch

    def _take(self, sequence: int, logits: Logits) -> None:
        """Choose the next token of a sequence and see whether it was the last."""
        run = self._running[sequence]
        answer = run.answer
        allowed = run.rule.allowed(run.state) if run.rule is not None else None
        token = run.sampler.choose(logits, answer.tokens, allowed, run.grammar)
        if token is None:
            answer.finish_reason = "length"  # mask and grammar leave no way on: the answer is not whole
        elif token in self._backend.end_tokens:
            answer.end()
        else:
            piece = self._backend.piece(token)
            answer.append(token, piece)
            if run.rule is not None:
                run.state = run.rule.read(run.state, piece)
            if run.grammar is not None:
                run.grammar.advance(token)
        if answer.finish_reason is not None:
            self._finished[run.request.request_id] = Completion(
                request_id=run.request.request_id,
                text=answer.text,
                finish_reason=answer.finish_reason,
                prompt_tokens=len(run.prompt),
                prompt_tokens_reused=run.n_reused,
                completion_tokens=answer.n_tokens,
                seconds=time.monotonic() - run.started,
            )
            self._release(sequence)

    # Admission

    def _admit(self) -> None:
        # what requests that wait for another's prompt will need: later ones must leave it to them, or the prompt would be
        # forgotten before they can use it
        n_reserved = reserved_cells = 0
        for waiting in list(self._waiting.values()):
            if len(self._running) + n_reserved >= self._n_slots:
                return
            if waiting.n_most > self._backend.n_cells:
                if self._running:
                    return  # what runs would be lost
                try:
                    self._backend.grow(waiting.n_most)
                finally:  # all is forgotten even when there is no memory for more
                    self._residence = Residence(self._backend, self._n_slots, self._running.keys())
            source, n_shared = self._residence.longest_prefix(waiting.prompt)
            n_coming = self._prefix_under_way(waiting.prompt)
            if n_coming >= n_shared + _WORTH_WAITING:
                n_reserved += 1
                reserved_cells += waiting.n_most - n_coming
                continue
            if not self._fits(waiting, source, n_shared, reserved_cells):
                return  # nobody overtakes a request that waits for cells: it would wait for ever
            self._start(waiting, source, n_shared)

    def _prefix_under_way(self, prompt: list[int]) -> int:
        """Tokens of a prompt's start that are being computed right now, or will be before what runs is answered."""
        if not self._backend.can_share:
            return 0
        prompts = (run.prompt for run in self._running.values() if not run.answer.tokens)
        return max((common_prefix(other, prompt, len(prompt) - 1) for other in prompts), default=0)

    def _fits(self, waiting: _Waiting, source: int, n_shared: int, reserved_cells: int) -> bool:
        ledger = self._residence.ledger
        promised = sum(run.n_most - ledger.length(sequence) for sequence, run in self._running.items())
        new = waiting.n_most - n_shared
        return promised + reserved_cells + new + ledger.n_unpinned(source, n_shared) <= self.n_free_cells

    def _start(self, waiting: _Waiting, source: int, n_shared: int) -> None:
        request = waiting.request
        rule = self._backend.copy_rule(request.copy_terms) if request.copy_terms is not None else None
        del self._waiting[request.request_id]
        sequence = self._residence.settle(waiting.prompt, source, n_shared)
        self._running[sequence] = _Running(
            request=request,
            prompt=waiting.prompt,
            n_reused=n_shared,
            answer=Answer(request.sampling.max_tokens, request.sampling.stop),
            sampler=Sampler(request.sampling),
            started=time.monotonic(),
            rule=rule,
            grammar=waiting.grammar,
            state=rule.start if rule is not None else None,
        )

    def _release(self, sequence: int) -> None:
        del self._running[sequence]
        self._residence.release(sequence)

    def _sequence_of(self, request_id: str) -> int | None:
        return next((s for s, run in self._running.items() if run.request.request_id == request_id), None)
