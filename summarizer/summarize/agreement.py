"""Which of several answers to one question says most of what the others say: minimum Bayes risk decoding.

A small model errs in a different way in each answer, so what many answers share is more often right than what one of them
has alone (Eikema and Aziz 2020, "Is MAP decoding all you need?"). The measure is chrF (Popović 2015): the overlap of
character n-grams, recall counted twice, so an answer that leaves out what others say loses.
"""

from __future__ import annotations

from collections.abc import Sequence


def agreements(texts: Sequence[str]) -> list[float]:
    """For each text the mean chrF (sacreBLEU's, by default) against each of the others, 0 to 1; 1 where there are no others."""
    from sacrebleu.metrics.chrf import CHRF

    if len(texts) < 2:
        return [1.0] * len(texts)
    chrf = CHRF()
    return [
        sum(chrf.sentence_score(text, [other]).score for j, other in enumerate(texts) if j != i)
        / 100
        / (len(texts) - 1)
        for i, text in enumerate(texts)
    ]
