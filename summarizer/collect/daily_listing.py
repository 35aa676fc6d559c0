"""What was announced on a day: from the API and the feed together, or from files of metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from summarizer import ids
from summarizer.collect.calendar import Calendar, Day
from summarizer.collect.feed import FeedEntry, Kind, read_feed
from summarizer.collect.ledger import Entry, Ledger
from summarizer.collect.listing import ArxivListing
from summarizer.collect.metadata import Record, read_metadata
from summarizer.collect.selection import Selection
from summarizer.collect.transport import Transport
from summarizer.errors import CollectError, ConfigError
from summarizer.records import Paper

_SHOWN = 10  # ids named in a line


class DailyListing(Protocol):
    """Gives the papers of a day. ``collection`` is the name of basis and categories in the ledger."""

    @property
    def collection(self) -> str: ...

    def entries(self, day: Day, *, last: bool, live: bool) -> list[Entry]:
        """The papers of a day, each version once. Raises CollectError.

        ``last``: no later day follows in this run. ``live``: it is the newest day there is.
        """
        ...


def collection_name(basis: str, categories: Iterable[str]) -> str:
    """The same for the same categories, in whatever order: ``announced cs.SD,eess.AS``."""
    return f"{basis} {','.join(sorted(set(categories)))}"


@dataclass(slots=True)
class _Found:
    """Papers of a day as they are found, with the kind and the source of each."""

    papers: dict[tuple[str, int], tuple[Paper, Kind, str]] = field(default_factory=dict)

    def add(self, paper: Paper, kind: Kind, source: str) -> None:
        self.papers.setdefault((paper.arxiv_id, paper.version), (paper, kind, source))

    def entries(self, selection: Selection) -> list[Entry]:
        return [
            Entry(paper, kind, source, selection.reason_against(paper, kind))
            for paper, kind, source in self.papers.values()
        ]


class ArxivDailyListing:
    """The API, compared with the feed where that is of the same day.

    With the last day of a run, papers are looked for that belong to days collected before and were not there then: moderators
    had held them, or their category was added later. They are announced late, so they go with this day.
    """

    def __init__(
        self,
        selection: Selection,
        calendar: Calendar,
        ledger: Ledger,
        api: ArxivListing,
        transport: Transport,
        *,
        feed_url: str,
        lookback_days: int,
        report: Callable[[str], None],
    ) -> None:
        self._selection = selection
        self._calendar = calendar
        self._ledger = ledger
        self._api = api
        self._transport = transport
        self._feed_url = feed_url
        self._lookback = timedelta(days=lookback_days)
        self._report = report

    @property
    def collection(self) -> str:
        return collection_name(self._calendar.basis, self._selection.categories)

    def entries(self, day: Day, *, last: bool, live: bool) -> list[Entry]:
        found = _Found()
        listed = self._as_announced(self._api.submitted(self._selection.categories, day.start_utc, day.end_utc))
        for paper in listed:
            found.add(paper, self._first_kind(paper), "api")
        if last and self._lookback:
            for paper in self._late(day):
                found.add(paper, self._first_kind(paper), "late")
        if self._selection.replacements:
            for paper in self._api.replaced(self._selection.categories, day.start_utc, day.end_utc):
                found.add(paper, self._selection.kind_of(paper), "api")
            if not live:
                self._report(f"{day.post_date}: papers replaced again since then are listed on their last day only")
        if live and self._feed_url and self._calendar.basis == "announced":
            self._compare(day, found)
        return found.entries(self._selection)

    def _first_kind(self, paper: Paper) -> Kind:
        return "new" if paper.primary_category in self._selection.categories else "cross"

    def _as_announced(self, papers: Sequence[Paper]) -> list[Paper]:
        """First versions: the API gives the newest, which for an older day is not the one that was announced."""
        newer = [paper.arxiv_id for paper in papers if paper.version > 1]
        first = self._api.versions((arxiv_id, 1) for arxiv_id in newer) if newer else {}
        return [first.get((paper.arxiv_id, 1), paper) for paper in papers]

    def _late(self, day: Day) -> list[Paper]:
        collected = set(self._ledger.collected(self.collection)) - {day.post_date}
        if not collected:
            return []
        start = max(day.start_utc - self._lookback, self._earliest(collected))
        papers = self._api.submitted(self._selection.categories, start, day.start_utc) if start < day.start_utc else []
        late = [
            paper
            for paper in papers
            if paper.submitted_utc is not None
            and self._calendar.day_of(paper.submitted_utc).post_date in collected
            and not self._ledger.known(paper.arxiv_id)
        ]
        if late:
            self._report(f"{day.post_date}: {_named(late)} announced after their own day")
        return self._as_announced(late)

    def _earliest(self, collected: Iterable[date]) -> datetime:
        days = [day for post_date in collected if (day := self._calendar.day_on(post_date)) is not None]
        return min((day.start_utc for day in days), default=datetime.max)

    def _compare(self, day: Day, found: _Found) -> None:
        """Take from the feed what the API does not list, and the kind of each announcement."""
        try:
            feed = read_feed(self._transport, self._feed_url, self._selection.categories)
        except CollectError as error:
            self._report(f"{day.post_date}: goes by the API alone, arXiv's feed cannot be read: {error}")
            return
        if feed.post_date != day.post_date:
            of = f"of {feed.post_date}" if feed.post_date else "empty"
            self._report(f"{day.post_date}: goes by the API alone, arXiv's feed is {of}")
            return
        kinds = {(entry.arxiv_id, entry.version): entry.kind for entry in feed.entries}
        for key, (paper, kind, source) in found.papers.items():
            found.papers[key] = (paper, kinds.get(key, kind), source)
        only_api = [paper for key, (paper, _, source) in found.papers.items() if source == "api" and key not in kinds]
        only_feed = [entry for entry in feed.entries if self._is_missing(entry, found)]
        versions = self._api.versions((entry.arxiv_id, entry.version) for entry in only_feed) if only_feed else {}
        gone: list[FeedEntry] = []
        for entry in only_feed:
            known = versions.get((entry.arxiv_id, entry.version))
            if known is None:
                gone.append(entry)
            found.add(known or entry.paper, entry.kind, "feed")
        for what, papers in (
            ("only in the feed", only_feed),
            ("only in the API", only_api),
            ("unknown to the API, so described as the feed does", gone),
        ):
            if papers:
                self._report(f"{day.post_date}: {what}: {_named(papers)}")

    def _is_missing(self, entry: FeedEntry, found: _Found) -> bool:
        if not self._selection.wants_kind(entry.kind) or (entry.arxiv_id, entry.version) in found.papers:
            return False
        known = self._ledger.known(entry.arxiv_id)
        if entry.kind in ("replace", "replace-cross"):
            return entry.version not in known
        # an older paper put into one more category: whoever has some version of it has read it
        return not known


class FileDailyListing:
    """Days of the past from files (:mod:`summarizer.collect.metadata`); the files are read once, for all days of the run.

    Their records are the newest version of a paper, under the day of its first.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        days: Sequence[Day],
        selection: Selection,
        calendar: Calendar,
        api: ArxivListing,
        report: Callable[[str], None],
    ) -> None:
        self._selection = selection
        self._calendar = calendar
        self._days: dict[date, dict[str, Record]] = {day.post_date: {} for day in days}
        wanted = set(selection.categories)
        n_read = n_by_date = 0
        for path in paths:
            for record in read_metadata(path):
                n_read += 1
                if wanted.isdisjoint(record.paper.categories) or record.paper.submitted_utc is None:
                    continue
                of_day = self._days.get(calendar.day_of(record.paper.submitted_utc).post_date)
                if of_day is None:
                    continue
                known = of_day.get(record.paper.arxiv_id)
                if known is None or _updated(record) >= _updated(known):
                    of_day[record.paper.arxiv_id] = record
                    n_by_date += not record.exact_time
        if not n_read:
            raise ConfigError(f"{', '.join(map(str, paths))}: no record of a paper in it")
        if n_by_date:
            report(f"{n_by_date} records give the date of submission without the time: they count as of 12:00 UTC, so near "
                   "the deadline the day may be one too early")  # fmt: skip
        self._api = api
        self._report = report

    @property
    def collection(self) -> str:
        return collection_name(self._calendar.basis, self._selection.categories)

    def entries(self, day: Day, *, last: bool, live: bool) -> list[Entry]:
        records = list(self._days.get(day.post_date, {}).values())
        unsure = [record.paper.arxiv_id for record in records if not record.version_known]
        asked = self._api.versions((arxiv_id, None) for arxiv_id in unsure) if unsure else {}
        found = _Found()
        for record in records:
            paper = asked.get((record.paper.arxiv_id, None), record.paper)
            found.add(paper, "new" if paper.primary_category in self._selection.categories else "cross", "file")
        if gone := [arxiv_id for arxiv_id in unsure if (arxiv_id, None) not in asked]:
            self._report(f"{day.post_date}: unknown to the API, taken as first versions: {', '.join(gone[:_SHOWN])}")
        return found.entries(self._selection)


def _updated(record: Record) -> datetime:
    return record.paper.updated_utc or datetime.min


def _named(papers: Sequence[Paper] | Sequence[FeedEntry]) -> str:
    names = [ids.versioned(paper.arxiv_id, paper.version) for paper in papers]
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{rest}"
