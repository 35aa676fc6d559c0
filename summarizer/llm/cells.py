"""Which sequence holds which cell of a unified KV cache: the scheduler's books, kept in step with the backend's.

With a unified cache a cell belongs to a set of sequences: a prefix that was forked takes its cells once, however many
sequences read it. The books answer two questions: how many cells are free now, and how many a running sequence holds,
which are the ones that eviction cannot give back.
"""

from __future__ import annotations

from collections.abc import Sequence


class CellLedger:
    """Reference counts over ``n_cells`` cells for sequences ``0 .. n_sequences - 1``.

    Each sequence has its tokens and, position by position, the cell of each. Sequences start unpinned.
    """

    def __init__(self, n_cells: int, n_sequences: int) -> None:
        self.n_cells = n_cells
        self._tokens: list[list[int]] = [[] for _ in range(n_sequences)]
        self._cells: list[list[int]] = [[] for _ in range(n_sequences)]
        self._pinned = [False] * n_sequences
        self._free = list(range(n_cells - 1, -1, -1))
        self._holders = [0] * n_cells
        self._pins = [0] * n_cells
        self._n_pinned = 0

    @property
    def n_free(self) -> int:
        return len(self._free)

    @property
    def n_pinned(self) -> int:
        """Cells that at least one pinned (running) sequence holds."""
        return self._n_pinned

    def tokens(self, sequence: int) -> list[int]:
        """The tokens of a sequence, in position order. Not to be changed by the caller."""
        return self._tokens[sequence]

    def length(self, sequence: int) -> int:
        return len(self._tokens[sequence])

    def n_unpinned(self, sequence: int, n_tokens: int) -> int:
        """How many of the first ``n_tokens`` cells of a sequence no running sequence holds."""
        return sum(1 for cell in self._cells[sequence][:n_tokens] if self._pins[cell] == 0)

    def pin(self, sequence: int) -> None:
        self._pinned[sequence] = True
        for cell in self._cells[sequence]:
            self._add_pin(cell)

    def unpin(self, sequence: int) -> None:
        self._pinned[sequence] = False
        for cell in self._cells[sequence]:
            self._drop_pin(cell)

    def fork(self, source: int, target: int, n_tokens: int) -> None:
        """Let the empty sequence ``target`` hold the first ``n_tokens`` cells of ``source`` too."""
        if self._tokens[target]:
            raise ValueError(f"sequence {target} is not empty")
        self._tokens[target] = self._tokens[source][:n_tokens]
        self._cells[target] = self._cells[source][:n_tokens]
        for cell in self._cells[target]:
            self._holders[cell] += 1
            if self._pinned[target]:
                self._add_pin(cell)

    def truncate(self, sequence: int, n_tokens: int) -> None:
        """Keep the first ``n_tokens`` of a sequence; cells that nobody else holds become free."""
        for cell in self._cells[sequence][n_tokens:]:
            if self._pinned[sequence]:
                self._drop_pin(cell)
            self._holders[cell] -= 1
            if self._holders[cell] == 0:
                self._free.append(cell)
        del self._cells[sequence][n_tokens:]
        del self._tokens[sequence][n_tokens:]

    def append(self, sequence: int, token: int) -> None:
        cell = self._free.pop()
        self._holders[cell] = 1
        self._cells[sequence].append(cell)
        self._tokens[sequence].append(token)
        if self._pinned[sequence]:
            self._add_pin(cell)

    def _add_pin(self, cell: int) -> None:
        self._pins[cell] += 1
        self._n_pinned += self._pins[cell] == 1

    def _drop_pin(self, cell: int) -> None:
        self._pins[cell] -= 1
        self._n_pinned -= self._pins[cell] == 0


def common_prefix(left: Sequence[int], right: Sequence[int], limit: int | None = None) -> int:
    """Length of the longest common prefix of two token lists, at most ``limit``."""
    end = min(len(left), len(right)) if limit is None else min(len(left), len(right), limit)
    at, stride = 0, 64
    while at < end:
        until = min(at + stride, end)
        if left[at:until] != right[at:until]:
            break
        at = until
    while at < end and left[at] == right[at]:
        at += 1
    return at
