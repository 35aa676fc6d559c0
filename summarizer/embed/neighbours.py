"""Nearest earlier vectors by blocked matrix products.

One day of 150 papers against 100,000 is 5.8 billion multiplications: well under a second. An index would only add its
own errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summarizer.embed.encoder import Vectors

#: Products are made for at most this many new and earlier vectors at once: 256 x 16,384 float32 is 16 MiB.
_NEW_ROWS = 256
_EARLIER_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Neighbour:
    index: int  #: row among the earlier vectors
    cosine: float


def find_neighbours(new: Vectors, earlier: Vectors, floor: float, limit: int = 20) -> list[list[Neighbour]]:
    """For each new vector its earlier ones with a cosine of at least ``floor``: the ``limit`` best, best first.

    ``new`` has shape ``(n, d)``, ``earlier`` ``(m, d)``; both hold unit vectors. Equal cosines keep the order of
    ``earlier``. Raises ValueError when the shapes do not fit.
    """
    if new.ndim != 2 or earlier.ndim != 2 or new.shape[1] != earlier.shape[1]:
        raise ValueError(f"vectors of shapes {new.shape} and {earlier.shape} cannot be compared")
    found: list[list[Neighbour]] = [[] for _ in range(len(new))]
    for first in range(0, len(new), _NEW_ROWS):
        rows = new[first : first + _NEW_ROWS]
        for start in range(0, len(earlier), _EARLIER_ROWS):
            cosines = rows @ earlier[start : start + _EARLIER_ROWS].T
            for row, column in zip(*np.nonzero(cosines >= floor), strict=True):
                found[first + int(row)].append(Neighbour(start + int(column), float(cosines[row, column])))
            for row in range(len(rows)):  # keeps memory bounded even where everything is alike
                if len(found[first + row]) > limit:
                    found[first + row] = _best(found[first + row], limit)
    return [_best(neighbours, limit) for neighbours in found]


def _best(neighbours: list[Neighbour], limit: int) -> list[Neighbour]:
    return sorted(neighbours, key=lambda n: (-n.cosine, n.index))[:limit]
