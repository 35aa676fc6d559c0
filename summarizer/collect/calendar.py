"""arXiv's calendar: which announcement a submission belongs to, and which days have a post.

Submissions close at 14:00 US Eastern from Monday to Friday; what came in since the deadline before is announced at 20:00 the
same day, Friday's on Sunday. A day without a deadline (weekend, or one of arXiv's own holidays) adds its submissions to the
next. Source: https://info.arxiv.org/help/availability.html.

The post of an announcement carries the date of the next morning: in Shanghai it is then 08:00 (US summer time) or 09:00, and
it is the date arXiv itself gives the listing. So posts are dated Monday to Friday. Times are naive UTC, as everywhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from summarizer.bundle import daily_window
from summarizer.errors import ConfigError
from summarizer.records import Window

Basis = Literal["announced", "submitted"]

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14)
ANNOUNCED = time(20)
#: The API and the RSS feed are renewed at midnight US Eastern, four hours after the announcement.
SETTLED_AFTER = timedelta(hours=5)

_ONE_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_LONGEST_BREAK = 30  # days; arXiv's longest was five


@dataclass(frozen=True, slots=True)
class Day:
    """One post: the submissions ``start_utc <= t < end_utc``, where t is the time of a paper's first version."""

    post_date: date
    start_utc: datetime
    end_utc: datetime
    announced_utc: datetime  #: when arXiv's listing appears; of the last of them where the day spans several
    window: Window  #: what the page says

    @property
    def settled_utc(self) -> datetime:
        """From when on arXiv's API and feed know the day."""
        return self.announced_utc + SETTLED_AFTER


class Calendar:
    """The days of one basis.

    ``announced``: a day is an announcement. ``submitted``: a day is the 24 hours that end at 08:50 in Shanghai, on every date,
    as the reference system has it. ``no_deadline``: further days without a deadline, for years this program does not know and for
    deferrals arXiv told of later; a Sunday means the Friday before it.
    """

    def __init__(self, basis: Basis = "announced", no_deadline: Iterable[date] = ()) -> None:
        table = tomllib.loads(files("summarizer.collect").joinpath("holidays.toml").read_text(encoding="utf-8"))
        self.basis: Basis = basis
        self.known_years = frozenset(int(year) for year in table["years"])
        self._no_deadline = {day for days in table["years"].values() for day in days}
        self._no_deadline.update(day - 2 * _ONE_DAY if day.weekday() == _SUNDAY else day for day in no_deadline)

    def day_on(self, post_date: date) -> Day | None:
        """The day with this date; None when it has none."""
        if self.basis == "submitted":
            window = daily_window(post_date, basis="submitted")
            last = self._deadline_after(window.end_utc - timedelta(microseconds=1))
            return Day(post_date, window.start_utc, window.end_utc, _announced(last), window)
        evening = post_date - _ONE_DAY
        if evening.weekday() in (_FRIDAY, _SATURDAY):
            return None
        closed = evening - 2 * _ONE_DAY if evening.weekday() == _SUNDAY else evening
        return self._announcement(closed) if self._has_deadline(closed) else None

    def day_of(self, submitted_utc: datetime) -> Day:
        """The day to which the first version of a paper belongs."""
        if self.basis == "submitted":
            anchor = daily_window(submitted_utc.date(), basis="submitted")
            day = self.day_on(
                submitted_utc.date() if submitted_utc < anchor.end_utc else submitted_utc.date() + _ONE_DAY
            )
            assert day is not None  # with this basis every date has one
            return day
        return self._announcement(self._deadline_after(submitted_utc))

    def days(self, first: date, last: date) -> list[Day]:
        """The days of these dates, both included, oldest first."""
        dates = (first + n * _ONE_DAY for n in range((last - first).days + 1))
        return [day for post_date in dates if (day := self.day_on(post_date)) is not None]

    def newest(self, now_utc: datetime) -> Day:
        """The newest day that arXiv's API knows."""
        for back in range(_LONGEST_BREAK):
            day = self.day_on((now_utc + _ONE_DAY).date() - back * _ONE_DAY)
            if day is not None and day.settled_utc <= now_utc:
                return day
        raise ConfigError(f"no day has a post in the {_LONGEST_BREAK} days before {now_utc:%Y-%m-%d}: "
                          "see collect.no_announcement in the configuration")  # fmt: skip

    def next_after(self, post_date: date) -> Day:
        """The first day with a later date."""
        return next(day for day in self.days(post_date + _ONE_DAY, post_date + _LONGEST_BREAK * _ONE_DAY))

    def _has_deadline(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in self._no_deadline

    def _deadline_after(self, moment_utc: datetime) -> date:
        """The day (US Eastern) whose deadline is the first after the moment; one that comes at 14:00:00 is too late."""
        local = moment_utc.replace(tzinfo=UTC).astimezone(EASTERN)
        day = local.date() if local.time() < DEADLINE else local.date() + _ONE_DAY
        while not self._has_deadline(day):
            day += _ONE_DAY
        return day

    def _announcement(self, closed: date) -> Day:
        before = closed - _ONE_DAY
        while not self._has_deadline(before):
            before -= _ONE_DAY
        post_date = _evening(closed) + _ONE_DAY
        window = daily_window(post_date, basis="announced")
        return Day(post_date, _utc(before, DEADLINE), _utc(closed, DEADLINE), _announced(closed), window)


def _evening(closed: date) -> date:
    return closed + 2 * _ONE_DAY if closed.weekday() == _FRIDAY else closed


def _announced(closed: date) -> datetime:
    return _utc(_evening(closed), ANNOUNCED)


def _utc(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, EASTERN).astimezone(UTC).replace(tzinfo=None)
