"""Which numbers of possible headings follow one another: a list item or a table cell breaks the sequence. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.pdf.headings import Number, roman_value

#: Appendix letters come after all numbers.
_LETTERS_FROM = 100
#: Numbers that may be missing between two headings; more is another list.
_MAX_GAP = 3
#: What a missing number costs. A heading is worth at least 1, so a gap never outweighs a heading.
_GAP_COST = 0.3
_START_COST = 0.4


@dataclass(frozen=True, slots=True)
class Numbered:
    """A possible heading that carries a number."""

    number: Number
    weight: float  #: how much it looks like a heading, 1 and more

    @property
    def path(self) -> tuple[int, ...]:
        """``3.2`` is (3, 2); ``B.1`` is (101, 1)."""
        first, *rest = self.number.number.split(".")
        if self.number.numbering == "word" and set(first) <= set("IVXL"):
            return (roman_value(first),)
        return (_value(first), *(int(part) for part in rest))


def _value(number: str) -> int:
    return int(number) if number.isdigit() else _LETTERS_FROM + ord(number[0].upper()) - ord("A")


def uses_roman(numbers: Sequence[Number]) -> bool:
    """Whether the sections of a document are numbered I, II, III."""
    found = {n.number for n in numbers if n.numbering == "roman"}
    return {"I", "II"} <= found or len({n for n in found if len(n) > 1}) >= 2


def in_sequence(candidates: Sequence[Numbered]) -> list[bool]:
    """For each candidate in reading order whether its number belongs to the document's sequence of sections."""
    accepted = [False] * len(candidates)
    if uses_roman([c.number for c in candidates]):
        _roman(candidates, accepted)
        return accepted
    for i in _chain([c.path if _is_path(c.number) else None for c in candidates], [c.weight for c in candidates]):
        accepted[i] = True
    return accepted


def _is_path(number: Number) -> bool:
    return number.numbering in {"decimal", "letter", "word"}


def _roman(candidates: Sequence[Numbered], accepted: list[bool]) -> None:
    """I, II, III; between two of them A, B, C; between two of those 1), 2), 3)."""
    top = [(roman_value(c.number.number),) if c.number.numbering == "roman" else None for c in candidates]
    sections = _chain(top, [c.weight for c in candidates])
    for i in sections:
        accepted[i] = True
    for first, end in _gaps(sections, len(candidates)):
        inner = range(first, end)
        letters = [_letter_path(candidates[i].number) for i in inner]
        chosen = [first + i for i in _chain(letters, [candidates[i].weight for i in inner], latest_start=2)]
        for i in chosen:
            accepted[i] = True
        for low, high in _gaps([i - first for i in chosen], end - first):
            deep = range(first + low, first + high)
            paths = [_item_path(candidates[i].number) for i in deep]
            for i in _chain(paths, [candidates[i].weight for i in deep], latest_start=2):
                accepted[first + low + i] = True


def _letter_path(number: Number) -> tuple[int, ...] | None:
    if number.numbering == "letter" or (number.numbering == "roman" and len(number.number) == 1):
        first, *rest = number.number.split(".")
        return (_value(first) - _LETTERS_FROM + 1, *(int(part) for part in rest))
    return None


def _item_path(number: Number) -> tuple[int, ...] | None:
    if number.numbering in {"item", "decimal"} and number.number.isdigit():
        return (int(number.number),)
    return None


def _gaps(chosen: Sequence[int], n: int) -> list[tuple[int, int]]:
    edges = [-1, *chosen, n]
    return [(a + 1, b) for a, b in itertools.pairwise(edges) if b > a + 1]


def _chain(
    paths: Sequence[tuple[int, ...] | None], weights: Sequence[float], *, latest_start: int | None = None
) -> list[int]:
    """Indices of the heaviest sequence in which every number may follow the one before it.

    With ``latest_start`` the first number is at most that: an enumeration inside a section begins at its beginning.
    """
    best: dict[int, float] = {}
    before: dict[int, int | None] = {}
    for i, path in enumerate(paths):
        if path is None:
            continue
        first = latest_start is None or path[0] <= latest_start
        value, previous = _start(path) if first else math.inf, None
        for j in best:
            cost = _step(paths[j] or (), path)
            if cost is not None and best[j] - cost > -value:
                value, previous = cost - best[j], j
        if value < math.inf:
            best[i], before[i] = weights[i] - value, previous
    if not best:
        return []
    at: int | None = max(best, key=lambda i: best[i])
    chain = []
    while at is not None:
        chain.append(at)
        at = before[at]
    return chain[::-1]


def _start(path: tuple[int, ...]) -> float:
    """What it costs when this number comes first."""
    return 0.0 if path in {(1,), (0,), (_LETTERS_FROM,)} else _START_COST


def _step(a: tuple[int, ...], b: tuple[int, ...]) -> float | None:
    """What it costs that ``b`` follows ``a``; None when it cannot."""
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    if same == len(b):
        return None
    if same == len(a):
        first = b[same]
        return None if first > _MAX_GAP else _GAP_COST * (max(0, first - 1) + _unopened(b[same + 1 :]))
    step = b[same] - a[same]
    if same == 0 and a[0] < _LETTERS_FROM <= b[0]:
        step = b[0] - _LETTERS_FROM + 1
    if not 0 < step <= _MAX_GAP:
        return None
    return _GAP_COST * (step - 1 + _unopened(b[same + 1 :]))


def _unopened(rest: tuple[int, ...]) -> float:
    """Levels that were entered without their own heading, as 3.1 right after 2.4."""
    return sum(1 + max(0, part - 1) for part in rest)
