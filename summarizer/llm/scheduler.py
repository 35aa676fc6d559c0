"""Continuous batching: many requests share one batch a step, and prompts that start alike are computed once.

Pure logic over a :class:`Backend`; it knows nothing of llama.cpp. Every step decodes one batch: the next token of each
running sequence, and with the room that is left the prompts of those that are not yet computed. A sequence's KV stays
when its request is done, until the cells or the sequence are needed; a new request starts from the longest prefix that
any sequence holds. A prefix that was shared once is kept by itself as well, so that the next round of requests finds it
after the answers around it have gone.

A request is admitted only when its whole need fits into the cells that are free or can be freed, so that decoding never
fails for lack of cells.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from summarizer.errors import ContextTooSmall
from summarizer.llm.answer import Answer
from summarizer.llm.cells import CellLedger, common_prefix
from summarizer.llm.copying import CopyRule, State
from summarizer.llm.sampling import Logits, Sampler
from summarizer.records import Completion, Message, Request

#: A request waits for another's prefill when that saves it at least this many tokens. Small: the other computes no more
#: than the one that waits would have to.
_WORTH_WAITING = 4
#: A shared prefix of at least this many tokens is kept after the sequences that hold it.
_WORTH_KEEPING = 64


#: Cells that idle slots may go on holding. Every step attends over all cells in use, so answers that nobody will take up
#: again cost time; the next question of a text comes at once and finds its own slot among those released last.
_IDLE_CELLS = 1024


class BatchToken(NamedTuple):
    token: int
    position: int
    sequence: int
    wants_logits: bool


class Backend(Protocol):
    """What the scheduler needs from a model with a unified KV cache."""

    @property
    def n_cells(self) -> int:
        """KV cells, shared by all sequences."""
        ...

    @property
    def n_ctx(self) -> int:
        """Tokens that one sequence may hold, at most ``n_cells``."""
        ...

    @property
    def n_sequences(self) -> int: ...

    @property
    def n_batch(self) -> int:
        """Tokens that one call of decode may hold."""
        ...

    @property
    def can_share(self) -> bool:
        """Whether a prefix of a sequence can be taken from its memory (not so for recurrent models)."""
        ...

    @property
    def end_tokens(self) -> frozenset[int]: ...

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]: ...

    def piece(self, token: int) -> bytes: ...

    def copy_rule(self, terms: tuple[str, ...]) -> CopyRule: ...

    def decode(self, batch: Sequence[BatchToken]) -> list[Logits]:
        """Compute a batch; the logits of those that want them, in order, valid until the next call.

        Raises ModelError. The scheduler then takes back, with :meth:`truncate`, whatever the call left behind.
        """
        ...

    def fork(self, source: int, target: int, n_tokens: int) -> None:
        """Let the empty sequence ``target`` share the first tokens of ``source``."""
        ...

    def truncate(self, sequence: int, n_tokens: int) -> None:
        """Forget a sequence from this position on."""
        ...


@dataclass(eq=False, slots=True)
class _Waiting:
    request: Request
    prompt: list[int]


@dataclass(eq=False, slots=True)
class _Running:
    request: Request
    prompt: list[int]
    n_reused: int
    answer: Answer
    sampler: Sampler
    started: float
    rule: CopyRule | None
    state: State = field(default_factory=frozenset)

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
        self._ledger = CellLedger(backend.n_cells, backend.n_sequences)
        self._slots = range(n_slots)
        self._keepers = range(n_slots, backend.n_sequences)
        self._running: dict[int, _Running] = {}  # by sequence, in order of admission
        self._waiting: dict[str, _Waiting] = {}  # in order of arrival
        self._finished: dict[str, Completion] = {}
        self._last_used = [0] * backend.n_sequences
        self._n_uses = 0

    @property
    def n_waiting(self) -> int:
        return len(self._waiting) + len(self._running) + len(self._finished)

    @property
    def n_free_cells(self) -> int:
        """Cells that hold nothing, or nothing that a running request needs."""
        return self._ledger.n_cells - self._ledger.n_pinned

    def submit(self, request: Request) -> None:
        """Queue a request. Raises ContextTooSmall, and ValueError for an id that is already under way."""
        name = request.request_id
        if name in self._waiting or name in self._finished or self._sequence_of(name) is not None:
            raise ValueError(f"request {name} is already under way")
        if request.sampling.max_tokens < 1:
            raise ValueError(f"request {name}: max_tokens must be at least 1")
        prompt = self._backend.prompt_tokens(request.messages)
        needed = len(prompt) + request.sampling.max_tokens
        if needed > self._backend.n_ctx:
            raise ContextTooSmall(name, needed, self._backend.n_ctx)
        self._waiting[name] = _Waiting(request, prompt)

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
        self._evict_for(len(batch))
        try:
            rows = self._backend.decode(batch)
        except BaseException:
            for sequence in {entry.sequence for entry in batch}:
                self._backend.truncate(sequence, self._ledger.length(sequence))
            raise
        for entry in batch:
            self._ledger.append(entry.sequence, entry.token)
        chosen = [entry.sequence for entry in batch if entry.wants_logits]
        for sequence, logits in zip(chosen, rows, strict=True):
            self._take(sequence, logits)

    def _batch(self) -> list[BatchToken]:
        batch: list[BatchToken] = []
        for sequence, run in self._running.items():
            if run.answer.tokens:
                batch.append(BatchToken(run.answer.tokens[-1], self._ledger.length(sequence), sequence, True))
        for sequence, run in self._running.items():
            if not run.answer.tokens:
                first = self._ledger.length(sequence)
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
        token = run.sampler.choose(logits, answer.tokens, allowed)
        if token in self._backend.end_tokens:
            answer.end()
        else:
            piece = self._backend.piece(token)
            answer.append(token, piece)
            if run.rule is not None:
                run.state = run.rule.read(run.state, piece)
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
        n_looked_at = 0
        for waiting in list(self._waiting.values()):
            # so far down the queue no slot will be left
            if len(self._running) == len(self._slots) or n_looked_at > 4 * len(self._slots):
                return
            n_looked_at += 1
            source, n_shared = self._longest_prefix(waiting.prompt)
            if self._will_share_more(waiting.prompt, n_shared):
                continue
            if not self._fits(waiting, source, n_shared):
                return  # nobody overtakes a request that waits for cells: it would wait for ever
            del self._waiting[waiting.request.request_id]
            self._start(waiting, source, n_shared)

    def _longest_prefix(self, prompt: list[int]) -> tuple[int, int]:
        """The sequence that holds most of a prompt's start, and how many tokens; one token is always left to compute."""
        if not self._backend.can_share:
            return 0, 0
        best, n_shared = 0, 0
        for sequence in (*self._keepers, *self._slots):
            n_common = common_prefix(self._ledger.tokens(sequence), prompt, len(prompt) - 1)
            # of equals the first: a kept prefix before a slot, which another request may want
            if n_common > n_shared:
                best, n_shared = sequence, n_common
        return best, n_shared

    def _will_share_more(self, prompt: list[int], n_shared: int) -> bool:
        """Whether a prompt that is being computed right now will give a longer prefix soon."""
        return self._backend.can_share and any(
            not run.answer.tokens and common_prefix(run.prompt, prompt, len(prompt) - 1) >= n_shared + _WORTH_WAITING
            for run in self._running.values()
        )

    def _fits(self, waiting: _Waiting, source: int, n_shared: int) -> bool:
        promised = sum(run.n_most - self._ledger.length(sequence) for sequence, run in self._running.items())
        new = len(waiting.prompt) - n_shared + waiting.request.sampling.max_tokens
        return promised + new + self._ledger.n_unpinned(source, n_shared) <= self.n_free_cells

    def _start(self, waiting: _Waiting, source: int, n_shared: int) -> None:
        if n_shared:
            self._use(source)
        if source in self._slots and n_shared >= _WORTH_KEEPING:
            self._keep(source, n_shared, waiting.prompt)
        sequence = self._slot_for(source, n_shared)
        if sequence == source:
            self._forget(sequence, n_shared)
        else:
            self._forget(sequence, 0)
            if n_shared:
                self._share(source, sequence, n_shared)
        self._ledger.pin(sequence)
        self._use(sequence)
        rule = self._backend.copy_rule(waiting.request.copy_terms) if waiting.request.copy_terms is not None else None
        self._running[sequence] = _Running(
            request=waiting.request,
            prompt=waiting.prompt,
            n_reused=n_shared,
            answer=Answer(waiting.request.sampling.max_tokens, waiting.request.sampling.stop),
            sampler=Sampler(waiting.request.sampling),
            started=time.monotonic(),
            rule=rule,
            state=rule.start if rule is not None else frozenset(),
        )

    def _slot_for(self, source: int, n_shared: int) -> int:
        """An idle slot: the source itself when nothing of it is lost, an empty one, or the one not used for longest."""
        idle = [slot for slot in self._slots if slot not in self._running]
        if source in idle and n_shared == self._ledger.length(source):
            return source
        return min(idle, key=lambda slot: (self._ledger.length(slot) > 0, self._last_used[slot]))

    def _keep(self, source: int, n_shared: int, prompt: list[int]) -> None:
        """Hold on to a prefix that two requests had in common. It costs no cell while a slot holds it too."""
        if not self._keepers:
            return
        keeper = min(self._keepers, key=lambda k: (self._ledger.length(k) > 0, self._last_used[k]))
        for other in self._keepers:
            # one that ends inside this prefix has only the start of it: the longer one takes its place
            if 0 < self._ledger.length(other) == common_prefix(self._ledger.tokens(other), prompt, n_shared):
                keeper = other
        self._forget(keeper, 0)
        self._share(source, keeper, n_shared)
        self._use(keeper)

    # Cells

    def _evict_for(self, n_tokens: int) -> None:
        """Empty idle sequences, those not used for longest first, until a batch fits."""
        victims: list[int] = []
        if self._ledger.n_free < n_tokens:
            victims = [s for s in range(self._backend.n_sequences) if s not in self._running and self._ledger.length(s)]
            victims.sort(key=lambda s: self._last_used[s])
        for victim in victims:
            if self._ledger.n_free >= n_tokens:
                return
            if self._ledger.n_unpinned(victim, self._ledger.length(victim)):
                self._forget(victim, 0)

    def _share(self, source: int, target: int, n_tokens: int) -> None:
        self._backend.fork(source, target, n_tokens)
        self._ledger.fork(source, target, n_tokens)

    def _forget(self, sequence: int, n_tokens: int) -> None:
        if self._ledger.length(sequence) > n_tokens:
            self._backend.truncate(sequence, n_tokens)
            self._ledger.truncate(sequence, n_tokens)

    def _release(self, sequence: int) -> None:
        del self._running[sequence]
        self._ledger.unpin(sequence)
        if not self._backend.can_share:
            self._forget(sequence, 0)
        idle = [s for s in self._slots if s not in self._running and self._ledger.length(s)]
        idle.sort(key=lambda s: self._last_used[s])
        n_idle = sum(self._ledger.n_unpinned(s, self._ledger.length(s)) for s in idle)
        for slot in idle[:-1]:
            if n_idle <= _IDLE_CELLS:
                return
            n_idle -= self._ledger.n_unpinned(slot, self._ledger.length(slot))
            self._forget(slot, 0)

    def _use(self, sequence: int) -> None:
        self._n_uses += 1
        self._last_used[sequence] = self._n_uses

    def _sequence_of(self, request_id: str) -> int | None:
        return next((s for s, run in self._running.items() if run.request.request_id == request_id), None)
