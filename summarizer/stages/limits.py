"""How far a run may go: until a time of day, or for a number of papers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from summarizer.errors import ConfigError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are seconds of ``clock``, which counts like ``time.time``."""

    until: float | None = None  #: no paper is started that would not be finished by then
    max_papers: int | None = None  #: papers started at most
    clock: Callable[[], float] = time.time

    @property
    def until_text(self) -> str:
        """The time in local time, to the minute."""
        return "" if self.until is None else f"{datetime.fromtimestamp(self.until):%Y-%m-%d %H:%M}"


NO_LIMITS = Limits()


def read_until(text: str, now: datetime | None = None) -> float:
    """``06:00`` (its next occurrence) or ``2026-02-13T06:00`` (or with an offset), local time, as seconds of the epoch.

    Raises ConfigError when it is neither, or is over.
    """
    now = now if now is not None else datetime.now()
    text = text.strip()
    of_day = _TIME_OF_DAY.fullmatch(text)
    try:
        if of_day:
            moment = now.replace(hour=int(of_day[1]), minute=int(of_day[2]), second=0, microsecond=0)
            return (moment if moment > now else moment + timedelta(days=1)).timestamp()
        if not _DATE.match(text):  # a date alone would mean its midnight, which nobody has said
            raise ValueError
        seconds = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise ConfigError(
            f"--until {text!r} is no time: give 06:00 (its next occurrence) or 2026-02-13T06:00, in local time"
        ) from None
    if seconds <= now.timestamp():
        raise ConfigError(f"--until {text} is over: give a time that is still to come")
    return seconds
