"""Which bullets go into an answer: those that tell most together within the limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from summarizer.summarize.packing import best_packing, worth_of

NONE: frozenset[str] = frozenset()
FALLING = [1.0, 0.91, 0.83, 0.77, 0.71, 0.67]


def within(lengths: Sequence[int], limit: int) -> Callable[[Sequence[int]], bool]:
    return lambda places: sum(lengths[i] for i in places) <= limit


def packed(
    figures: Sequence[frozenset[str]],
    lengths: Sequence[int],
    limit: int,
    scores: Sequence[float] = FALLING,
    doubts: Sequence[bool] = (False,) * 6,
) -> tuple[int, ...]:
    return best_packing(scores[: len(figures)], figures, doubts, within(lengths, limit))


def test_a_long_bullet_gives_way_to_two_short_ones() -> None:
    assert packed([NONE] * 4, [60, 90, 45, 45], 150) == (0, 2, 3)
    assert packed([NONE] * 2, [60, 60], 100) == (0,), "the best evidence where nothing else tells"


def test_a_long_bullet_that_answers_stays_before_two_short_ones_that_hardly_do() -> None:
    assert packed([NONE] * 4, [60, 90, 45, 45], 150, [2.0, 1.8, 0.4, 0.4]) == (0, 1)
    assert packed([NONE] * 2, [60, 60], 150, [2.0, 0.0]) == (0, 1), "but what adds little comes before an empty line"


def test_the_best_evidence_does_not_give_way() -> None:
    assert packed([NONE] * 3, [100, 50, 60], 150) == (0, 1)
    figures = [NONE, frozenset({"3.2"}), frozenset({"7.9"})]
    assert packed(figures, [140, 70, 70], 150) == (1, 2), "but to two with figures"
    assert packed(figures, [90, 70, 60], 150) == (0, 2)


def test_a_new_figure_counts_and_one_told_twice_does_not() -> None:
    figures = [frozenset({"3.2"}), frozenset({"3.2"}), NONE, frozenset({"7.9"})]
    assert packed(figures, [50, 50, 50, 50], 100, [1.0, 0.9, 0.9, 0.85]) == (0, 3)
    worth = [worth_of(places, [1.0] * 4, figures, [False] * 4) for places in ((0, 1), (0, 3))]
    assert worth[0] < worth[1]


def test_a_doubtful_bullet_comes_after_its_sound_neighbour() -> None:
    doubts = [False, False, False, False, True, False]
    assert packed([NONE] * 6, [30] * 6, 150, doubts=doubts) == (0, 1, 2, 3, 5)
    assert packed([NONE] * 3, [50, 50, 50], 150, doubts=[True] * 3) == (0, 1, 2), "but before none"


def test_nothing_fits_or_nothing_is_there() -> None:
    assert packed([NONE], [300], 200) == ()
    assert packed([], [], 200) == ()
    many = packed([NONE] * 14, [10] * 14, 1000, [1.0] * 14, [False] * 14)
    assert many == tuple(range(10)), "more than ten are not looked through"
