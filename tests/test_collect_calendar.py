"""arXiv's calendar, compared with its own table, with its holidays, and with the dates of real listings."""

from __future__ import annotations

import gzip
import itertools
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.bundle import daily_window
from summarizer.collect.calendar import Calendar
from summarizer.errors import ConfigError

CALENDAR = Calendar()


@pytest.mark.parametrize(
    ("submitted", "post_date"),
    [
        # winter: the deadline is 19:00 UTC
        ("2026-02-10T18:59:59", "2026-02-11"),
        ("2026-02-10T19:00:00", "2026-02-12"),  # 14:00:00 is too late
        ("2026-02-11T18:59:59", "2026-02-12"),
        # Thursday 14:00 to Friday 14:00 is announced on Sunday, Friday to Monday on Monday
        ("2026-02-05T19:00:00", "2026-02-09"),
        ("2026-02-06T18:59:59", "2026-02-09"),
        ("2026-02-06T19:00:00", "2026-02-10"),
        ("2026-02-08T12:00:00", "2026-02-10"),
        # summer time begins on Sunday 2026-03-08: Monday's deadline is 18:00 UTC
        ("2026-03-06T18:30:00", "2026-03-09"),
        ("2026-03-06T19:00:00", "2026-03-10"),
        ("2026-03-09T17:59:59", "2026-03-10"),
        ("2026-03-09T18:00:00", "2026-03-11"),
        # and ends on Sunday 2025-11-02
        ("2025-10-31T17:59:59", "2025-11-03"),
        ("2025-10-31T18:00:00", "2025-11-04"),
        ("2025-11-03T18:59:59", "2025-11-04"),
        # Labor Day (a Monday), Juneteenth (a Thursday), 4 July (a Friday), the winter break
        ("2025-08-29T18:00:00", "2025-09-03"),
        ("2025-09-01T17:00:00", "2025-09-03"),
        ("2025-06-18T18:00:00", "2025-06-23"),
        ("2025-07-03T18:00:00", "2025-07-08"),
        ("2025-12-29T19:00:00", "2026-01-01"),
        ("2025-12-31T19:00:00", "2026-01-05"),
    ],
)
def test_a_submission_belongs_to_its_announcement(submitted: str, post_date: str) -> None:
    day = CALENDAR.day_of(datetime.fromisoformat(submitted))
    assert day.post_date.isoformat() == post_date
    assert day.start_utc <= datetime.fromisoformat(submitted) < day.end_utc


@pytest.mark.parametrize(
    ("post_date", "announced"),
    [
        ("2026-02-12", "2026-02-12T01:00:00"),
        ("2026-03-09", "2026-03-09T00:00:00"),
        ("2026-02-09", "2026-02-09T01:00:00"),
    ],
)
def test_the_post_is_of_the_next_morning_in_shanghai(post_date: str, announced: str) -> None:
    day = CALENDAR.day_on(date.fromisoformat(post_date))
    assert day is not None
    assert day.announced_utc == datetime.fromisoformat(announced)
    local = day.announced_utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Asia/Shanghai"))
    assert (local.date().isoformat(), local.hour in (8, 9)) == (post_date, True)
    assert day.window == daily_window(day.post_date, basis="announced")


@pytest.mark.parametrize(
    "post_date", ["2026-02-14", "2026-02-15", "2025-09-02", "2025-06-20", "2025-07-07", "2025-12-31"]
)
def test_weekends_and_the_morning_after_a_holiday_have_no_post(post_date: str) -> None:
    assert CALENDAR.day_on(date.fromisoformat(post_date)) is None


@given(st.datetimes(datetime(2017, 1, 4), datetime(2026, 12, 28)))
def test_every_moment_is_of_one_day(moment: datetime) -> None:
    for calendar in (CALENDAR, Calendar("submitted")):
        day = calendar.day_of(moment)
        assert day.start_utc <= moment < day.end_utc
        assert calendar.day_on(day.post_date) == day
        assert day.end_utc <= day.announced_utc


@pytest.mark.parametrize("basis", ["announced", "submitted"])
def test_days_leave_no_gap_and_do_not_overlap(basis: str) -> None:
    days = Calendar("submitted" if basis == "submitted" else "announced").days(date(2024, 12, 1), date(2026, 12, 31))
    for before, after in itertools.pairwise(days):
        assert before.end_utc == after.start_utc
    if basis == "submitted":
        assert len(days) == 761


def test_further_days_without_announcement() -> None:
    monday, sunday = date(2027, 1, 18), date(2027, 7, 4)
    assert Calendar().day_on(monday + timedelta(days=1)) is not None
    changed = Calendar(no_deadline=[monday, sunday])
    assert changed.day_on(monday + timedelta(days=1)) is None
    assert changed.day_on(sunday + timedelta(days=1)) is None
    friday = changed.day_of(datetime(2027, 7, 2, 12))
    assert friday.post_date == date(2027, 7, 6)


def test_the_newest_day_is_one_that_the_api_knows() -> None:
    assert CALENDAR.newest(datetime(2026, 2, 12, 5, 59)).post_date == date(2026, 2, 11)
    assert CALENDAR.newest(datetime(2026, 2, 12, 6, 0)).post_date == date(2026, 2, 12)
    assert CALENDAR.newest(datetime(2026, 2, 15, 12, 0)).post_date == date(2026, 2, 13)
    with pytest.raises(ConfigError, match="no_announcement"):
        Calendar(no_deadline=[date(2026, 1, 1) + timedelta(days=n) for n in range(60)]).newest(datetime(2026, 2, 20))


def test_the_reference_window_is_half_open() -> None:
    calendar = Calendar("submitted")
    assert calendar.day_of(datetime(2026, 2, 11, 0, 49, 59)).post_date == date(2026, 2, 11)
    assert calendar.day_of(datetime(2026, 2, 11, 0, 50)).post_date == date(2026, 2, 12)
    weekend = calendar.day_on(date(2026, 2, 15))
    assert weekend is not None
    assert weekend.window.basis == "submitted"
    assert weekend.announced_utc == datetime(2026, 2, 17, 1)  # these papers are known from Monday evening on


@pytest.mark.corpus
def test_real_listings_are_on_days_of_the_calendar(corpus: Path) -> None:
    with gzip.open(corpus / "meta" / "arxiv_metadata.jsonl.gz", "rt", encoding="utf-8") as rows:
        dates = {date.fromisoformat(json.loads(row)["listing_date"]) for row in rows}
    assert len(dates) > 200
    assert sorted(day for day in dates if CALENDAR.day_on(day) is None) == []
