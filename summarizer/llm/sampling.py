"""Choosing the next token of one sequence from its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from summarizer.records import Sampling

Logits = NDArray[np.float32]

#: Left out before sorting: tokens with less than 2e-9 of the best one's probability, and all but the likeliest few thousand.
_NEGLIGIBLE = 20.0
_MOST_CANDIDATES = 4096


@dataclass(frozen=True, slots=True)
class Allowed:
    """The tokens that may come next: those where ``bias`` is 0 (it is -inf elsewhere), and those in ``ids``.

    ``bias`` None stands for no token. Shapes: ``bias`` float32 (n_vocab,), ``ids`` int (n,).
    """

    bias: Logits | None
    ids: NDArray[np.intp]


class Sampler:
    """Greedy or random choice for one request; the same request with the same logits gives the same tokens.

    Order: repeat penalty over the tokens of the answer, top-p, min-p, temperature (llama.cpp's default order). With
    temperature 0 the choice is greedy: the repeat penalty still counts, top-p, min-p and the seed have no effect.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = np.random.Generator(np.random.PCG64(sampling.seed))

    def choose(self, logits: Logits, answer: list[int], allowed: Allowed | None) -> int:
        """The next token, out of logits of shape (n_vocab,). The logits may be changed in place."""
        penalty = self._sampling.repeat_penalty
        if penalty != 1.0 and answer:
            seen = np.unique(np.asarray(answer, dtype=np.intp))
            values = logits[seen]
            logits[seen] = np.where(values > 0, values / penalty, values * penalty)
        if allowed is not None and allowed.bias is None:
            return int(allowed.ids[self._pick(logits[allowed.ids])])
        if allowed is not None:
            open_to = logits + cast(Logits, allowed.bias)
            open_to[allowed.ids] = logits[allowed.ids]
            logits = open_to
        return self._pick(logits)

    def _pick(self, logits: Logits) -> int:
        best = int(np.argmax(logits))
        s = self._sampling
        if s.temperature <= 0:
            return best
        candidates = np.flatnonzero(logits >= logits[best] - _NEGLIGIBLE)
        if len(candidates) > _MOST_CANDIDATES:
            top = np.argpartition(logits[candidates], -_MOST_CANDIDATES)[-_MOST_CANDIDATES:]
            candidates = candidates[top]
        values = logits[candidates].astype(np.float64) - float(logits[best])
        order = np.lexsort((candidates, -values))
        candidates, values = candidates[order], values[order]
        keep = len(candidates)
        if s.top_p < 1.0:
            weights = np.exp(values)
            before = np.cumsum(weights) - weights
            keep = max(1, int(np.count_nonzero(before < s.top_p * weights.sum())))
        if s.min_p > 0.0:
            keep = max(1, min(keep, int(np.count_nonzero(values >= np.log(s.min_p)))))
        cumulative = np.cumsum(np.exp(values[:keep] / s.temperature))
        drawn = np.searchsorted(cumulative, self._random.random() * cumulative[-1], side="right")
        return int(candidates[min(int(drawn), keep - 1)])
