"""Which bullets go into an answer: those that tell most together within the limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from summarizer.summarize.packing import best_packing, worth_of

NONE: frozenset[str] = frozenset()


def within(lengths: Sequence[int], limit: int) -> Callable[[Sequence[int]], bool]:
    return lambda places: sum(lengths[i] for i in places) <= limit


def test_a_long_bullet_gives_way_to_two_short_ones() -> None:
    assert best_packing([NONE] * 4, [False] * 4, within([60, 90, 45, 45], 150)) == (0, 2, 3)
    assert best_packing([NONE] * 2, [False] * 2, within([60, 60], 100)) == (0,), (
        "the best evidence where nothing else tells"
    )


def test_the_best_evidence_does_not_give_way() -> None:
    assert best_packing([NONE] * 3, [False] * 3, within([100, 50, 60], 150)) == (0, 1)
    figures = [NONE, frozenset({"3.2"}), frozenset({"7.9"})]
    assert best_packing(figures, [False] * 3, within([140, 70, 70], 150)) == (1, 2), "but to two with figures"
    assert best_packing(figures, [False] * 3, within([90, 70, 60], 150)) == (0, 2)


def test_a_new_figure_counts_and_one_told_twice_does_not() -> None:
    figures = [frozenset({"3.2"}), frozenset({"3.2"}), NONE, frozenset({"7.9"})]
    assert best_packing(figures, [False] * 4, within([50, 50, 50, 50], 100)) == (0, 3)
    assert worth_of((0, 1), figures, [False] * 4) < worth_of((0, 3), figures, [False] * 4)


def test_a_doubtful_bullet_comes_after_its_sound_neighbour() -> None:
    doubts = [False, False, False, False, True, False]
    assert best_packing([NONE] * 6, doubts, within([30] * 6, 150)) == (0, 1, 2, 3, 5)
    assert best_packing([NONE] * 3, [True] * 3, within([50, 50, 50], 150)) == (0, 1, 2), "but before none"


def test_nothing_fits_or_nothing_is_there() -> None:
    assert best_packing([NONE], [False], within([300], 200)) == ()
    assert best_packing([], [], within([], 200)) == ()
    many = best_packing([NONE] * 14, [False] * 14, within([10] * 14, 1000))
    assert many == tuple(range(10)), "more than ten are not looked through"
