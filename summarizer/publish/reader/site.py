"""The whole reader: give it the days, oldest first, and take the files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources

from summarizer.publish.reader import feeds, pages, paths
from summarizer.publish.reader.index import SearchIndex
from summarizer.publish.reader.markup import bare_text
from summarizer.publish.reader.months import DaySummary, months
from summarizer.publish.window import span
from summarizer.reading import DayReading, PaperReading

File = tuple[str, bytes]

_N_LINES = 40  # papers of the newest day on the start page
_N_RECENT = 8  # days listed before the calendar
_N_MONTHS = 12  # months on the start page; older ones are in the archive, so that it stays small
_PREVIEW = 110  # characters


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    title: str
    preview: str


@dataclass(frozen=True, slots=True)
class _Latest:
    post_date: date
    n_shown: int
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _Year:
    year: int
    path: str
    n_days: int
    n_papers: int


class ReaderSite:
    """Files as (path below the reader's folder, content). The same records give the same bytes."""

    def __init__(self, days: Sequence[date], base_url: str = "") -> None:
        """``days``: all that there will be, oldest first. ``base_url``: where the folder is served, "" if nowhere."""
        self._days = list(days)
        self._base_url = base_url
        self._index = SearchIndex()
        self._summaries: list[DaySummary] = []
        self._entries: deque[feeds.Entry] = deque(maxlen=feeds.N_ENTRIES)
        self._done: set[tuple[str, int]] = set()
        self._latest: _Latest | None = None

    def day_files(self, day: DayReading) -> Iterator[File]:
        """The page of a day, its e-mail, and the pages of its papers that no earlier day had. Raises SummarizerError."""
        post = day.post
        shown = [day.papers[_key(one.paper)] for one in post.papers]
        new = [reading for reading in [*shown, *day.left_out] if reading.key not in self._done]
        self._done.update(reading.key for reading in new)
        for reading in new:
            yield paths.paper_path(*reading.key), self._paper_page(reading, shown)
        yield paths.day_path(post.post_date), self._day_page(day)
        window = span(post.window)
        yield (
            paths.mail_path(post.post_date),
            pages.render("mail.html.j2", day=day, span=window, style=pages.STYLE, base_url=self._base_url),
        )
        digest = pages.render("digest.html.j2", day=day, span=window, style=pages.STYLE, base_url=self._base_url)
        self._entries.appendleft(feeds.entry(day, digest.decode()))
        self._index.add(post.post_date, new)
        self._summaries.append(
            DaySummary(post.post_date, len(post.papers), sum(bool(paper.missing) for paper in post.papers))
        )
        self._latest = _latest(day)

    def end_files(self) -> Iterator[File]:
        """What depends on all days: start page, archive, search, feeds, and the assets."""
        years = self._years()
        newest_first = self._summaries[::-1]
        yield (
            paths.START,
            pages.render(
                "start.html.j2",
                page="start",
                root="",
                latest=self._latest,
                recent=newest_first[1 : _N_RECENT + 1],
                months=months(self._summaries)[:_N_MONTHS],
                years=years,
                n_days=len(self._summaries),
                n_papers=sum(day.n_shown for day in self._summaries),
            ),
        )
        yield paths.ARCHIVE, pages.render("archive.html.j2", page="archive", root="", year=None, years=years)
        for year in years:
            of_year = [day for day in self._summaries if day.post_date.year == year.year]
            yield (
                year.path,
                pages.render("archive.html.j2", page="year", root="../", year=year.year, months=months(of_year)),
            )
        yield (
            paths.SEARCH,
            pages.render(
                "search.html.j2",
                page="search",
                root="",
                categories=self._index.categories,
                first=self._days[0].isoformat() if self._days else None,
                last=self._days[-1].isoformat() if self._days else None,
            ),
        )
        yield from self._index.files()
        entries = list(self._entries)
        yield paths.ATOM, feeds.atom(entries, self._base_url)
        yield paths.JSON_FEED, feeds.json_feed(entries, self._base_url)
        yield from _assets()

    def _paper_page(self, reading: PaperReading, shown: Sequence[PaperReading]) -> bytes:
        keys = [other.key for other in shown]
        before = after = None
        if reading.key in keys:
            at = keys.index(reading.key)
            before = _step(shown[at - 1]) if at else None
            after = _step(shown[at + 1]) if at + 1 < len(shown) else None
        return pages.render("paper.html.j2", page="paper", root="../", reading=reading, before=before, after=after)

    def _day_page(self, day: DayReading) -> bytes:
        at = self._days.index(day.post.post_date)
        before = self._days[at - 1] if at else None
        after = self._days[at + 1] if at + 1 < len(self._days) else None
        counts: dict[str, int] = {}
        for shown in day.post.papers:
            for category in dict.fromkeys(shown.paper.categories):
                counts[category] = counts.get(category, 0) + 1
        return pages.render(
            "day.html.j2",
            page="day",
            root="../",
            day=day,
            span=span(day.post.window),
            categories=sorted(counts.items(), key=lambda item: (-item[1], item[0])),
            before=(f"../{paths.day_path(before)}", before.isoformat()) if before else None,
            after=(f"../{paths.day_path(after)}", after.isoformat()) if after else None,
        )

    def _years(self) -> list[_Year]:
        found = []
        for year in sorted({day.post_date.year for day in self._summaries}, reverse=True):
            of_year = [day for day in self._summaries if day.post_date.year == year]
            found.append(_Year(year, paths.year_path(year), len(of_year), sum(day.n_shown for day in of_year)))
        return found


def _key(paper: pages.Keyed) -> tuple[str, int]:
    return paper.arxiv_id, paper.version


def _step(reading: PaperReading) -> tuple[str, str]:
    title = " ".join(reading.paper.title.split()) or "（无标题）"
    return f"../{paths.paper_path(*reading.key)}", title if len(title) <= 60 else f"{title[:59]}…"


def _latest(day: DayReading) -> _Latest:
    lines = []
    for shown in day.post.papers[:_N_LINES]:
        text = bare_text(shown.translation or "")
        preview = text if len(text) <= _PREVIEW else f"{text[: _PREVIEW - 1]}…"
        lines.append(_Line(paths.paper_path(*_key(shown.paper)), shown.paper.title.strip() or "（无标题）", preview))
    return _Latest(day.post.post_date, len(day.post.papers), tuple(lines))


def _assets() -> Iterator[File]:
    folder = resources.files("summarizer.publish.reader") / "assets"
    for asset in sorted(folder.iterdir(), key=lambda file: file.name):
        yield f"assets/{asset.name}", asset.read_bytes()
