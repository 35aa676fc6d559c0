"""Which of several answers to one question says most of what the others say: minimum Bayes risk decoding.

A small model errs in a different way in each answer, so what many answers share is more often right than what one of them
has alone (Eikema and Aziz 2020, "Is MAP decoding all you need?"). The measure is chrF (Popović 2015): the overlap of
character n-grams, recall counted twice, so an answer that leaves out what others say loses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

#: Longest n-grams, and the weight of recall, as sacreBLEU has them by default.
_ORDER = 6
_BETA_SQUARED = 4.0


def agreements(texts: Sequence[str]) -> list[float]:
    """For each text the mean chrF against each of the others, 0 to 1; 1 where there are no others."""
    grams = [_grams(text) for text in texts]
    if len(texts) < 2:
        return [1.0] * len(texts)
    return [
        sum(_chrf(grams[i], other) for j, other in enumerate(grams) if j != i) / (len(texts) - 1)
        for i in range(len(texts))
    ]


def _grams(text: str) -> list[Counter[str]]:
    characters = "".join(text.split())
    return [Counter(characters[i : i + n] for i in range(len(characters) - n + 1)) for n in range(1, _ORDER + 1)]


def _chrf(said: Sequence[Counter[str]], reference: Sequence[Counter[str]]) -> float:
    """chrF of one text against another: precision and recall are averaged over the lengths of n-grams that both have."""
    shares = []
    for ours, theirs in zip(said, reference, strict=True):
        n_ours, n_theirs = ours.total(), theirs.total()
        if n_ours and n_theirs:
            n_common = (ours & theirs).total()
            shares.append((n_common / n_ours, n_common / n_theirs))
    precision = sum(share for share, _ in shares)
    recall = sum(share for _, share in shares)
    if not precision or not recall:
        return 0.0
    return (1 + _BETA_SQUARED) * precision * recall / (_BETA_SQUARED * precision + recall) / len(shares)
