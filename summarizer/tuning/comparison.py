"""The figures of trials, and the differences between two on the same cases, with intervals by paired bootstrap.

Every figure is a function of sums over texts, so one draw of cases (with replacement) gives all of them for both sides;
the interval is the middle 95 % of the differences over the draws (Koehn 2004, as in sacreBLEU's ``--paired-bs``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from summarizer.checks import chinese_length
from summarizer.store.trials import TrialOutput
from summarizer.tuning.score import score_of, statistics

Better = Literal["higher", "lower", ""]
Stats = NDArray[np.float64]

N_DRAWS = 1000
#: With fewer cases there are no intervals: a draw of cases cannot show what was never seen. Of five cases all fall to one side
#: by chance once in 16 times, of six once in 32.
LEAST_CASES = 6
_SEED = 12345


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a trial and what it is compared with."""

    output: TrialOutput
    reference: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """``count`` gives a row of numbers for each text, ``value`` the figure from their sums over any texts."""

    name: str
    meaning: str
    better: Better
    count: Callable[[Sequence[Text]], Stats]
    value: Callable[[Stats], float]
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two trials on the same cases; ``low`` and ``high`` bound candidate minus baseline with 95 %."""

    figure: Figure
    baseline: float | None
    candidate: float | None
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float | None:
        if self.baseline is None or self.candidate is None:
            return None
        return self.candidate - self.baseline

    @property
    def verdict(self) -> Literal["better", "worse", ""]:
        """Empty when the interval holds zero, or when more is neither good nor bad."""
        if self.low is None or self.high is None or not self.figure.better or self.low <= 0 <= self.high:
            return ""
        return "better" if (self.low > 0) == (self.figure.better == "higher") else "worse"


def _per_text(of: Callable[[TrialOutput], float]) -> tuple[Callable[[Sequence[Text]], Stats], Callable[[Stats], float]]:
    """The average of a number over texts."""
    return (
        lambda texts: np.array([[of(t.output), 1.0] for t in texts]),
        lambda sums: _share(sums[0], sums[1]),
    )


def _of_all(
    part: Callable[[TrialOutput], float], whole: Callable[[TrialOutput], float], *, rest: bool = False
) -> tuple[Callable[[Sequence[Text]], Stats], Callable[[Stats], float]]:
    """A share of a total over texts; ``rest``: of what is left of it."""
    return (
        lambda texts: np.array([[part(t.output), whole(t.output)] for t in texts]),
        lambda sums: 1 - _share(sums[0], sums[1]) if rest else _share(sums[0], sums[1]),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def _metric(name: str) -> tuple[Callable[[Sequence[Text]], Stats], Callable[[Stats], float]]:
    """A score of sacreBLEU over the texts that have a reference; the last column counts these."""

    def count(texts: Sequence[Text]) -> Stats:
        with_reference = [t for t in texts if t.reference]
        if not with_reference:
            return np.zeros((len(texts), 1))
        found = iter(
            statistics(name, [t.output.text for t in with_reference], [t.reference or "" for t in with_reference])
        )
        rows = [[*next(found), 1.0] if t.reference else None for t in texts]
        width = len(next(row for row in rows if row is not None))
        return np.array([row if row is not None else [0.0] * width for row in rows])

    return count, lambda sums: score_of(name, sums[:-1]) if sums[-1] else math.nan


def _reference_length(texts: Sequence[Text]) -> Stats:
    return np.array(
        [
            [float(t.output.figures.n_chars), float(chinese_length(t.reference))] if t.reference else [0.0, 0.0]
            for t in texts
        ]
    )


FIGURES: tuple[Figure, ...] = (
    Figure("chrf", "chrF against the references, 0 to 100", "higher", *_metric("chrf")),
    Figure("bleu", "BLEU with the zh tokenizer, 0 to 100", "higher", *_metric("bleu")),
    Figure("accepted", "share of texts that generate accepts", "higher", *_per_text(lambda o: o.accepted), 3),
    Figure(
        "checks_failed", "share of texts that fail a hard check", "lower", *_per_text(lambda o: o.n_hard_failed > 0), 3
    ),
    Figure("soft_checks_failed", "soft checks failed, by text", "lower", *_per_text(lambda o: o.n_soft_failed)),
    Figure(
        "numbers_kept",
        "share of the sources' numbers that stand in the texts",
        "higher",
        *_of_all(lambda o: o.figures.n_numbers_missing, lambda o: o.figures.n_numbers, rest=True),
        4,
    ),
    Figure(
        "numbers_added",
        "numbers that the sources have not, by text",
        "lower",
        *_per_text(lambda o: o.figures.n_numbers_added),
        3,
    ),
    Figure(
        "latin_residue",
        "share of texts with English left over",
        "lower",
        *_per_text(lambda o: o.figures.n_latin_residue > 0),
        3,
    ),
    Figure("loops", "share of texts with a loop", "lower", *_per_text(lambda o: o.figures.looped), 3),
    Figure(
        "length_ratio",
        "length by that of the references",
        "",
        lambda texts: _reference_length(texts),
        lambda s: _share(s[0], s[1]),
        3,
    ),
    Figure(
        "chars_per_word",
        "Chinese length by words of the source",
        "",
        *_of_all(lambda o: o.figures.n_chars, lambda o: o.figures.n_source_words),
    ),
    Figure("requests", "calls of the model, by text", "lower", *_per_text(lambda o: o.n_requests)),
    Figure(
        "tokens",
        "tokens of questions and answers, by text",
        "lower",
        *_per_text(lambda o: o.prompt_tokens + o.completion_tokens),
        0,
    ),
    Figure(
        "computed_tokens",
        "the same without those of questions that were found computed, by text",
        "lower",
        *_per_text(lambda o: o.prompt_tokens - o.prompt_tokens_reused + o.completion_tokens),
        0,
    ),
    Figure("completion_tokens", "tokens of answers, by text", "", *_per_text(lambda o: o.completion_tokens), 0),
)


def scores(texts: Sequence[Text]) -> dict[str, float | None]:
    """Every figure of these texts; None where there is nothing to tell it from."""
    return {figure.name: _known(figure.value(figure.count(texts).sum(axis=0))) if texts else None for figure in FIGURES}


def compare(baseline: Sequence[Text], candidate: Sequence[Text], n_draws: int = N_DRAWS) -> list[Difference]:
    """The figures of two trials whose texts are of the same cases, in the same order.

    Raises ValueError when they are not. With fewer than :data:`LEAST_CASES` cases there are no intervals.
    """
    if [t.output.case_hash for t in baseline] != [t.output.case_hash for t in candidate]:
        raise ValueError("the texts are not of the same cases")
    n = len(baseline)
    weights: Stats = np.zeros((0, n))
    if n >= LEAST_CASES:
        drawn = np.random.default_rng(_SEED).integers(n, size=(n_draws, n))
        # how often each case is in a draw: the sums of all draws are then one product
        weights = np.array([np.bincount(row, minlength=n) for row in drawn], dtype=np.float64)
    differences = []
    for figure in FIGURES:
        counted = [figure.count(texts) for texts in (baseline, candidate)]
        values = [_known(figure.value(rows.sum(axis=0))) if n else None for rows in counted]
        low = high = None
        if None not in values and len(weights):
            sums = [weights @ rows for rows in counted]
            draws = np.array([figure.value(c) - figure.value(b) for b, c in zip(*sums, strict=True)])
            draws = draws[np.isfinite(draws)]
            if len(draws):
                low, high = (float(v) for v in np.percentile(draws, (2.5, 97.5)))
        differences.append(Difference(figure, values[0], values[1], low, high))
    return differences


def in_common(baseline: Mapping[str, Text], candidate: Mapping[str, Text]) -> tuple[list[Text], list[Text]]:
    """The texts of the cases that both have (by case hash), in the baseline's order."""
    shared = [case for case in baseline if case in candidate]
    return [baseline[case] for case in shared], [candidate[case] for case in shared]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
