"""Choosing the next token of one sequence from its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

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


class TokenMask(Protocol):
    """Which tokens may come next, as a function of the text so far. Shared by requests; a state belongs to one answer."""

    @property
    def start(self) -> Any:
        """The state before any text."""
        ...

    def read(self, state: Any, piece: bytes) -> Any:
        """The state after some more bytes."""
        ...

    def allowed(self, state: Any) -> Allowed:
        """The tokens that may come next; kept by state."""
        ...


class Grammar(Protocol):
    """A grammar and how far one answer has come in it."""

    def accepts(self, token: int) -> bool:
        """Whether the token may come next; an end token, whether the text may end here."""
        ...

    def allowed(self) -> NDArray[np.bool_]:
        """The same for every token, shape (n_vocab,). Much dearer than one."""
        ...

    def advance(self, token: int) -> None:
        """Go on by a token that is accepted."""
        ...


#: So many likeliest tokens are shown to a grammar one by one; then it is asked about all.
_ASKED_SINGLY = 16


class Sampler:
    """Greedy or random choice for one request; the same request with the same logits gives the same tokens.

    Order: repeat penalty over the tokens of the answer, top-p, min-p, temperature (llama.cpp's default order). With
    temperature 0 the choice is greedy: the repeat penalty still counts, top-p, min-p and the seed have no effect.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = np.random.Generator(np.random.PCG64(sampling.seed))

    def choose(
        self, logits: Logits, answer: list[int], allowed: Allowed | None, grammar: Grammar | None = None
    ) -> int | None:
        """The next token, out of logits of shape (n_vocab,), which may be changed in place; None when none is allowed."""
        penalty = self._sampling.repeat_penalty
        if penalty != 1.0 and answer:
            seen = np.unique(np.asarray(answer, dtype=np.intp))
            values = logits[seen]
            logits[seen] = np.where(values > 0, values / penalty, values * penalty)
        if allowed is not None and allowed.bias is None and grammar is None:
            return int(allowed.ids[self._pick(logits[allowed.ids])])
        if allowed is not None:
            open_to = np.full_like(logits, -np.inf) if allowed.bias is None else logits + allowed.bias
            open_to[allowed.ids] = logits[allowed.ids]
            logits = open_to
        token = self._pick(logits)
        if grammar is None:
            return token
        if logits[token] > -np.inf and grammar.accepts(token):
            return token
        for _ in range(_ASKED_SINGLY):
            logits[token] = -np.inf
            token = self._pick(logits)
            if grammar.accepts(token):
                break
        else:
            logits = np.where(grammar.allowed(), logits, np.float32(-np.inf))
            token = self._pick(logits)
        return token if logits[token] > -np.inf else None

    def _pick(self, logits: Logits) -> int:
        best = int(np.argmax(logits))
        s = self._sampling
        if s.temperature <= 0 or logits[best] == -np.inf:
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
