"""The days of the reader as months with a cell for each day, more strongly coloured the more papers it has."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_HEATS = 4


@dataclass(frozen=True, slots=True)
class DaySummary:
    """A day in a list of days."""

    post_date: date
    n_shown: int
    n_incomplete: int


@dataclass(frozen=True, slots=True)
class Cell:
    post_date: date
    n_shown: int | None  #: None: no post of that day
    heat: int  #: 1 to 4

    @property
    def day(self) -> int:
        return self.post_date.day


@dataclass(frozen=True, slots=True)
class Month:
    name: str  #: "2026 年 2 月"
    starts: int  #: weekday of the first, 1 is Monday
    n_papers: int
    cells: tuple[Cell, ...]


def months(days: Sequence[DaySummary]) -> list[Month]:
    """The months that have a post, newest first."""
    of_month: dict[tuple[int, int], dict[int, DaySummary]] = defaultdict(dict)
    for day in days:
        of_month[day.post_date.year, day.post_date.month][day.post_date.day] = day
    most = max((day.n_shown for day in days), default=0)
    made = []
    for (year, month), found in sorted(of_month.items(), reverse=True):
        n_days = calendar.monthrange(year, month)[1]
        cells = []
        for number in range(1, n_days + 1):
            n_shown = found[number].n_shown if number in found else None
            heat = 1 + min(_HEATS - 1, _HEATS * (n_shown or 0) // (most + 1))
            cells.append(Cell(date(year, month, number), n_shown, heat))
        n_papers = sum(day.n_shown for day in found.values())
        made.append(Month(f"{year} 年 {month} 月", date(year, month, 1).isoweekday(), n_papers, tuple(cells)))
    return made
