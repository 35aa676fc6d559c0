"""From what was asked on the command line to the days of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from summarizer.collect.calendar import Calendar, Day
from summarizer.collect.daily_listing import collection_name
from summarizer.collect.ledger import Ledger
from summarizer.config import CollectConfig
from summarizer.errors import ConfigError

#: ``--since-last`` fills gaps between collected days of so many days; older ones are left to ``--backfill``.
GAPS_WITHIN = timedelta(days=30)
#: https://arxiv.org/category_taxonomy: archives that are a category, and archives that have categories
_WHOLE = frozenset(["gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph"])
_DIVIDED = frozenset(
    ["astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"]
)
_CLASS = re.compile(r"[A-Z]{2}|[a-z]+(?:-[a-z]+)?")


def make_calendar(settings: CollectConfig) -> Calendar:
    """The calendar of the configured basis. Raises ConfigError for a date that is none."""
    days = []
    for value in settings.no_announcement:
        try:
            days.append(date.fromisoformat(value))
        except ValueError:
            raise ConfigError(f"collect.no_announcement: {value!r} is no date: write YYYY-MM-DD") from None
    return Calendar(settings.basis, days)


def read_categories(names: Sequence[str], basis: str, ledger: Ledger) -> tuple[str, ...]:
    """The categories of a run, sorted: those given, else those the ledger has if it has one set of them. Raises ConfigError."""
    categories = sorted({name for part in names for piece in part.split(",") if (name := piece.strip())})
    if not categories:
        known = [name.partition(" ")[2] for name in ledger.collections() if name.startswith(f"{basis} ")]
        if len(known) != 1:
            raise ConfigError(
                "no categories: give --categories cs.SD,eess.AS, or collect.categories in the configuration"
            )
        categories = known[0].split(",")
    for name in categories:
        archive, _, subject = name.partition(".")
        if name not in _WHOLE and not (archive in _DIVIDED and _CLASS.fullmatch(subject)):
            raise ConfigError(f"{name!r} is no arXiv category: write them as in cs.SD,eess.AS")
    return tuple(categories)


def day_for(calendar: Calendar, post_date: date, now_utc: datetime) -> Day:
    """The day with this date. Raises ConfigError when it has no post, or is not known to arXiv's API yet."""
    day = calendar.day_on(post_date)
    if day is None:
        following = calendar.next_after(post_date).post_date
        raise ConfigError(f"arXiv announces nothing for {post_date} (weekend or holiday): the next day is {following}")
    if day.settled_utc > now_utc:
        raise ConfigError(f"{post_date} is announced at {day.announced_utc:%Y-%m-%d %H:%M} UTC and known to arXiv's API by "
                          f"{day.settled_utc:%H:%M} UTC: try again then")  # fmt: skip
    return day


def days_since_last(calendar: Calendar, ledger: Ledger, categories: Sequence[str], now_utc: datetime) -> list[Day]:
    """Days not collected yet, up to the newest: after the last one, and gaps of the last 30 days. At first the newest alone."""
    newest = calendar.newest(now_utc)
    collected = ledger.collected(collection_name(calendar.basis, categories))
    if not collected:
        return [newest]
    recent = [day for day in collected if day >= newest.post_date - GAPS_WITHIN]
    start = min(recent, default=collected[-1])
    return [day for day in calendar.days(start, newest.post_date) if day.post_date not in collected]


def days_of_backfill(
    calendar: Calendar, ledger: Ledger, categories: Sequence[str], span: str, now_utc: datetime
) -> list[Day]:
    """Days of ``A:B``, both included, that are not collected yet. Raises ConfigError."""
    try:
        first, last = (date.fromisoformat(part.strip()) for part in span.split(":"))
    except ValueError:
        raise ConfigError(f"--backfill {span!r} is not two dates: write 2026-01-01:2026-01-31") from None
    if first > last:
        raise ConfigError(f"--backfill {span}: the first date is later than the last")
    collected = set(ledger.collected(collection_name(calendar.basis, categories)))
    newest = calendar.newest(now_utc).post_date
    return [day for day in calendar.days(first, min(last, newest)) if day.post_date not in collected]


def unknown_years(calendar: Calendar, days: Sequence[Day]) -> str:
    """One line when arXiv's holidays are not known for some of the days, else empty."""
    years = sorted({day.post_date.year for day in days} - calendar.known_years)
    if not years or calendar.basis != "announced":
        return ""
    named = ", ".join(map(str, years))
    return (f"arXiv's holidays of {named} are not known here: days are reckoned without them, and papers of a skipped "
            "announcement come with the next one; collect.no_announcement in the configuration adds dates")  # fmt: skip
