"""Nearest earlier vectors by blocked matrix products, the earlier ones taken from memory or as a stream.

One day of 150 papers against 100,000 is 5.8 billion multiplications: well under a second. An index would only add its
own errors; ``benchmarks/dedup_scale.py`` says where that ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summarizer.embed.encoder import Vectors

#: Products are made for at most this many new and earlier vectors at once: 256 x 16,384 float32 is 16 MiB.
_NEW_ROWS = 256
_EARLIER_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Neighbour:
    index: int  #: row among the earlier vectors, or the label it was given
    cosine: float


class NeighbourSearch:
    """The nearest earlier vectors of each of ``new``, while the earlier ones come block by block.

    ``new`` has shape ``(n, d)`` and holds unit vectors. Of earlier ones with a cosine of at least ``floor`` the ``limit``
    best are kept for each; memory does not grow with the number of earlier vectors.
    """

    def __init__(self, new: Vectors, floor: float, limit: int = 20) -> None:
        if new.ndim != 2:
            raise ValueError(f"vectors of shape {new.shape} are no matrix")
        self._new = new
        self._limit = limit
        self._least = np.full(len(new), floor, dtype=np.float32)  # what the next neighbour of a row must reach
        self._cosines: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(new)
        self._labels: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * len(new)

    def add(self, earlier: Vectors, labels: NDArray[np.int64]) -> None:
        """Compare with unit vectors of shape ``(m, d)``, known by ``labels`` of shape ``(m,)``.

        Raises ValueError when the shapes do not fit.
        """
        if earlier.ndim != 2 or earlier.shape[1] != self._new.shape[1] or labels.shape != (len(earlier),):
            raise ValueError(
                f"vectors of shapes {self._new.shape} and {earlier.shape} with labels {labels.shape} cannot be compared"
            )
        for start in range(0, len(earlier), _EARLIER_ROWS):
            block = earlier[start : start + _EARLIER_ROWS].T
            for first in range(0, len(self._new), _NEW_ROWS):
                cosines = self._new[first : first + _NEW_ROWS] @ block
                hits = cosines >= self._least[first : first + len(cosines), None]
                for row in np.flatnonzero(hits.any(axis=1)):
                    columns = np.flatnonzero(hits[row])
                    self._keep(first + int(row), cosines[row, columns], labels[start + columns])

    def found(self) -> list[list[Neighbour]]:
        """For each new vector its neighbours so far, best first; equal cosines in the order in which they were added."""
        return [
            [Neighbour(int(label), float(cosine)) for cosine, label in zip(cosines, labels, strict=True)]
            for cosines, labels in zip(self._cosines, self._labels, strict=True)
        ]

    def _keep(self, row: int, cosines: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        together = np.concatenate([self._cosines[row], cosines])
        best = np.argsort(-together, kind="stable")[: self._limit]
        self._cosines[row] = together[best]
        self._labels[row] = np.concatenate([self._labels[row], labels])[best]
        if len(best) == self._limit:
            self._least[row] = max(self._least[row], self._cosines[row][-1])


def find_neighbours(new: Vectors, earlier: Vectors, floor: float, limit: int = 20) -> list[list[Neighbour]]:
    """For each new vector its earlier ones with a cosine of at least ``floor``: the ``limit`` best, best first.

    ``new`` has shape ``(n, d)``, ``earlier`` ``(m, d)``; both hold unit vectors. Equal cosines keep the order of
    ``earlier``. Raises ValueError when the shapes do not fit.
    """
    search = NeighbourSearch(new, floor, limit)
    search.add(earlier, np.arange(len(earlier), dtype=np.int64))
    return search.found()
