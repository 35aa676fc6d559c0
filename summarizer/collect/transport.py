"""The one place that sends requests: with a pause from one to the next, patient, and under our own name.

A request that got no whole answer (busy, away, cut off, not well-formed) is sent again, after the time that the server asks
for or one that doubles. What the server refuses for good is not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from summarizer import __version__, text
from summarizer.errors import CollectError

TIMEOUT_SECONDS = 60.0
#: A server that asks for more than this is left alone until the next run.
LONGEST_WAIT_SECONDS = 900.0
_LONGEST_BACKOFF_SECONDS = 60.0
_LEAST_BACKOFF_SECONDS = 1.0
#: 500: arXiv's API answers so now and then, and rightly the next time
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)


T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as far as collecting needs it; another one for tests. ``now`` is naive UTC."""

    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep


class Refused(CollectError):
    """The server answered, and said no for good."""

    def __init__(self, url: str, status: int, detail: str = "") -> None:
        self.status = status
        super().__init__(f"{url}: HTTP {status}{': ' + detail if detail else ''}")


class Unanswered(CollectError):
    """No whole answer, however often it was asked."""


class Fault(Exception):
    """An answer came, but it is no good; asking again may help."""


@dataclass(slots=True)
class _Host:
    free_utc: datetime | None = None  #: when it may be asked again; None: it was not asked yet


class Transport:
    """Requests with one policy for all of them. Threads may share it.

    ``delay_seconds`` lie between the starts of two requests to the same host, whichever thread sends them.
    """

    def __init__(self, *, contact: str, delay_seconds: float, retries: int, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._delay_seconds = delay_seconds
        self._retries = retries
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"summarizer/{__version__}{f' ({contact})' if contact else ''}"
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def fetch(self, url: str, fault_of: Callable[[bytes], str] = lambda content: "") -> bytes:
        """The whole body of an answer. ``fault_of`` says why a body is no good, "" for one that is.

        Raises Refused, or Unanswered when the last try failed too.
        """

        def read(response: requests.Response) -> bytes:
            content = response.content
            if fault := fault_of(content):
                raise Fault(fault)
            return content

        return self.ask(url, read)

    def ask(
        self,
        url: str,
        read: Callable[[requests.Response], T],
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> T:
        """What ``read`` makes of an answer (status 200 or 206, the body not yet read).

        ``read`` raises Fault for an answer that should be asked for again; ``headers`` are called for before each try. Raises
        as :meth:`fetch` does.
        """
        host = self._host(url)
        fault = ""
        for attempt in range(self._retries + 1):
            self._take_turn(host)
            wait: float | None = None
            try:
                with self._session.get(url, headers=headers(), stream=True, timeout=TIMEOUT_SECONDS) as response:
                    if response.status_code in (200, 206):
                        return read(response)
                    wait = _retry_after(response, self._clock.now())
                    fault = f"HTTP {response.status_code}"
                    if response.status_code not in _TRANSIENT:
                        raise Refused(url, response.status_code, _said(response))
            except Fault as error:
                fault = str(error)
            except (requests.RequestException, ConnectionError, TimeoutError) as error:
                fault = text.one_line(str(error)) or type(error).__name__
            if wait is None:
                base = max(self._delay_seconds, _LEAST_BACKOFF_SECONDS)
                wait = min(base * 2**attempt, _LONGEST_BACKOFF_SECONDS)
            elif wait > LONGEST_WAIT_SECONDS:
                raise Unanswered(f"{url}: {fault}, and it asks to wait {wait:.0f} s: run the same command again then")
            self._rest(host, wait)
        raise Unanswered(
            f"{url}: {fault}, {self._retries + 1} times: see whether arXiv and the network are up, then run the same "
            "command again"
        )

    def _host(self, url: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(urlsplit(url).netloc, _Host())

    def _take_turn(self, host: _Host) -> None:
        with self._lock:
            now = self._clock.now()
            turn = max(host.free_utc or now, now)
            host.free_utc = turn + timedelta(seconds=self._delay_seconds)
        if turn > now:
            self._clock.sleep((turn - now).total_seconds())

    def _rest(self, host: _Host, seconds: float) -> None:
        """Nobody asks this host for a while."""
        with self._lock:
            rested = self._clock.now() + timedelta(seconds=seconds)
            host.free_utc = max(host.free_utc or rested, rested)


def _retry_after(response: requests.Response, now_utc: datetime) -> float | None:
    """Seconds that the header asks for, given as a number or a date; None without a usable one."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return max((moment - now_utc).total_seconds(), 0.0)


def _said(response: requests.Response) -> str:
    """What an error of arXiv's API says in its feed, one line; "" for other bodies."""
    try:
        root = ElementTree.fromstring(response.content)
    except (ElementTree.ParseError, requests.RequestException, OSError):
        return ""
    return text.one_line(root.findtext("{*}entry/{*}summary") or "")[:300]
