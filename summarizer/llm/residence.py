"""What stays computed in the KV cache, and in which sequence: slots for requests, keepers for prefixes they share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from summarizer.llm.cells import CellLedger, common_prefix

#: A shared prefix of at least this many tokens is kept after the sequences that hold it.
WORTH_KEEPING = 64
#: Cells that idle slots may go on holding. Every step attends over all cells in use, so answers that nobody will take up
#: again cost time; the next question of a text comes at once and finds its own slot among those released last.
_IDLE_CELLS = 4096


class Memory(Protocol):
    """The KV cache of a backend."""

    @property
    def n_cells(self) -> int:
        """KV cells, shared by all sequences."""
        ...

    @property
    def n_sequences(self) -> int: ...

    @property
    def can_share(self) -> bool:
        """Whether a prefix of a sequence can be taken from its memory (not so for recurrent models)."""
        ...

    def fork(self, source: int, target: int, n_tokens: int) -> None:
        """Let the empty sequence ``target`` share the first tokens of ``source``."""
        ...

    def truncate(self, sequence: int, n_tokens: int) -> None:
        """Forget a sequence from this position on."""
        ...


class Residence:
    """Gives sequences to requests and decides what is forgotten when cells or sequences run short.

    Args:
        n_slots: sequences for requests; the memory's other sequences keep shared prefixes.
        busy: sequences of running requests, kept up to date by the owner.
    """

    def __init__(self, memory: Memory, n_slots: int, busy: Collection[int]) -> None:
        self._memory = memory
        self.ledger = CellLedger(memory.n_cells, memory.n_sequences)
        self.slots = range(n_slots)
        self.keepers = range(n_slots, memory.n_sequences)
        self._busy = busy
        self._last_used = [0] * memory.n_sequences
        self._n_uses = 0

    @property
    def n_free(self) -> int:
        """Cells that hold nothing, or nothing that a running request needs."""
        return self.ledger.n_cells - self.ledger.n_pinned

    def longest_prefix(self, prompt: Sequence[int]) -> tuple[int, int]:
        """The sequence that holds most of a prompt's start, and how many tokens; one token is always left to compute."""
        if not self._memory.can_share:
            return 0, 0
        best, n_shared = 0, 0
        for sequence in (*self.keepers, *self.slots):
            n_common = common_prefix(self.ledger.tokens(sequence), prompt, len(prompt) - 1)
            # of equals the first: a kept prefix before a slot, which another request may want
            if n_common > n_shared:
                best, n_shared = sequence, n_common
        return best, n_shared

    def settle(self, prompt: Sequence[int], source: int, n_shared: int) -> int:
        """A slot that holds the first ``n_shared`` tokens of ``source`` and is now pinned."""
        if n_shared:
            self._use(source)
        if source in self.slots and n_shared >= WORTH_KEEPING:
            self._keep(source, n_shared, prompt)
        sequence = self._slot_for(source, n_shared)
        if sequence == source:
            self.forget(sequence, n_shared)
        else:
            self.forget(sequence, 0)
            if n_shared:
                self.share(source, sequence, n_shared)
        self.ledger.pin(sequence)
        self._use(sequence)
        return sequence

    def release(self, sequence: int) -> None:
        """A request is done with its slot. What it computed stays for a while."""
        self.ledger.unpin(sequence)
        if not self._memory.can_share:
            self.forget(sequence, 0)
        idle = [s for s in self.slots if s not in self._busy and self.ledger.length(s)]
        idle.sort(key=lambda s: self._last_used[s])
        n_idle = sum(self.ledger.n_unpinned(s, self.ledger.length(s)) for s in idle)
        for slot in idle[:-1]:
            if n_idle <= _IDLE_CELLS:
                return
            n_idle -= self.ledger.n_unpinned(slot, self.ledger.length(slot))
            self.forget(slot, 0)

    def make_room(self, n_tokens: int) -> None:
        """Empty idle sequences, those not used for longest first, until a batch fits."""
        victims: list[int] = []
        if self.ledger.n_free < n_tokens:
            victims = [s for s in range(self._memory.n_sequences) if s not in self._busy and self.ledger.length(s)]
            victims.sort(key=lambda s: self._last_used[s])
        for victim in victims:
            if self.ledger.n_free >= n_tokens:
                return
            if self.ledger.n_unpinned(victim, self.ledger.length(victim)):
                self.forget(victim, 0)

    def free_keeper(self) -> int | None:
        """An emptied keeper, the one not used for longest; None where there is none."""
        if not self.keepers:
            return None
        keeper = min(self.keepers, key=lambda k: (self.ledger.length(k) > 0, self._last_used[k]))
        self.forget(keeper, 0)
        self._use(keeper)
        return keeper

    def share(self, source: int, target: int, n_tokens: int) -> None:
        self._memory.fork(source, target, n_tokens)
        self.ledger.fork(source, target, n_tokens)

    def forget(self, sequence: int, n_tokens: int) -> None:
        """Keep the first ``n_tokens`` of a sequence."""
        if self.ledger.length(sequence) > n_tokens:
            self._memory.truncate(sequence, n_tokens)
            self.ledger.truncate(sequence, n_tokens)

    def _slot_for(self, source: int, n_shared: int) -> int:
        """An idle slot: the source itself when nothing of it is lost, an empty one, or the one not used for longest."""
        idle = [slot for slot in self.slots if slot not in self._busy]
        if source in idle and n_shared == self.ledger.length(source):
            return source
        return min(idle, key=lambda slot: (self.ledger.length(slot) > 0, self._last_used[slot]))

    def _keep(self, source: int, n_shared: int, prompt: Sequence[int]) -> None:
        """Hold on to a prefix that two requests had in common. It costs no cell while a slot holds it too."""
        if not self.keepers:
            return
        keeper = min(self.keepers, key=lambda k: (self.ledger.length(k) > 0, self._last_used[k]))
        for other in self.keepers:
            # one that ends inside this prefix has only the start of it: the longer one takes its place
            if 0 < self.ledger.length(other) == common_prefix(self.ledger.tokens(other), prompt, n_shared):
                keeper = other
        self.forget(keeper, 0)
        self.share(source, keeper, n_shared)
        self._use(keeper)

    def _use(self, sequence: int) -> None:
        self._n_uses += 1
        self._last_used[sequence] = self._n_uses
