"""A window of time in the words of a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from summarizer.errors import SummarizerError
from summarizer.records import Window

#: Without a time zone database too: China has had one offset and no summer time since 1991.
BEIJING = timezone(timedelta(hours=8), "CST")
_ZONES: dict[str, tuple[tzinfo, str]] = {"Asia/Shanghai": (BEIJING, "CST，北京时间")}


@dataclass(frozen=True, slots=True)
class Span:
    """A window in local time. Nothing is escaped: the anchor is text from outside."""

    zone: str
    anchor: str
    start: str  #: "2026-02-11 08:50"
    end: str


def span(window: Window) -> Span:
    """Raises SummarizerError when the window's anchor names no known time zone."""
    clock, _, name = window.anchor.partition(" ")
    zone, label = _zone(name or "UTC", window.end_utc)
    start, end = (t.replace(tzinfo=UTC).astimezone(zone) for t in (window.start_utc, window.end_utc))
    short = label.partition("，")[0]
    return Span(label, f"{clock} {short}", f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")


def _zone(name: str, at: datetime) -> tuple[tzinfo, str]:
    if name in _ZONES:
        return _ZONES[name]
    if name == "UTC":
        return UTC, "UTC"
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SummarizerError(
            f"window anchor: no time zone {name!r}: write it as `HH:MM Area/City`, such as `08:50 Asia/Shanghai`"
        ) from error
    return zone, at.replace(tzinfo=UTC).astimezone(zone).tzname() or name
