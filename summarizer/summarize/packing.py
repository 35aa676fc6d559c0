"""Which of the bullets that there are go into an answer of so many characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

#: The least score: what adds nothing new still comes before an empty line.
_LEAST = 0.05
#: Taken off each score, a share of the best: two bullets that hardly answer are not worth one that does.
_COST = 0.25
#: The best evidence, mostly what the abstract says came out, does not give way.
_BEST = 0.5
#: For each figure that no other bullet of the answer has, and the most that one bullet gets for.
_FIGURE, _MOST_FIGURES = 0.06, 2
#: Against a bullet that a check doubts: it decides between neighbours.
_DOUBTFUL = 0.05
#: Beyond so many bullets the subsets are too many to look through.
_MOST_BULLETS = 10


def worth_of(
    places: Sequence[int], scores: Sequence[float], figures: Sequence[frozenset[str]], doubts: Sequence[bool]
) -> float:
    """What the bullets at ``places`` (0: the best evidence) tell together.

    ``scores``: how well the evidence of each of all bullets answers the question, in any unit. ``figures``: the figures that
    each states; one that stands in two of them counts once. ``doubts``: whether a soft check speaks against it.
    """
    best = max(*scores, _LEAST)
    told: set[str] = set()
    worth = 0.0
    for place in places:
        new = figures[place] - told
        told |= new
        worth += (
            max(scores[place] / best - _COST, _LEAST)
            + _BEST * (place == 0)
            + _FIGURE * min(len(new), _MOST_FIGURES)
            - _DOUBTFUL * doubts[place]
        )
    return worth


def best_packing(
    scores: Sequence[float],
    figures: Sequence[frozenset[str]],
    doubts: Sequence[bool],
    fits: Callable[[Sequence[int]], bool],
) -> tuple[int, ...]:
    """The bullets, by place, that tell most among those sets that fit; empty when not one of them fits alone.

    A long bullet gives way to two short ones, and one that repeats the figures of another to one that brings its own. Every set
    of up to ten bullets is looked at, so nothing depends on an order.
    """
    places = range(min(len(figures), _MOST_BULLETS))
    sets = [chosen for n in range(1, len(places) + 1) for chosen in combinations(places, n)]
    sets.sort(key=lambda chosen: -worth_of(chosen, scores, figures, doubts))
    return next((chosen for chosen in sets if fits(chosen)), ())
