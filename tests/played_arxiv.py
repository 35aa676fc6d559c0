"""A real HTTP server on this machine that plays arXiv: API, feed and PDFs, with the faults a test asks for; and a clock."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from summarizer.collect.calendar import Calendar
from summarizer.collect.collection import Collector, DayResult
from summarizer.collect.ledger import Ledger
from summarizer.collect.run import collector
from summarizer.collect.transport import Clock
from summarizer.config import CollectConfig

FEED_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
)
_CATEGORY = re.compile(r"cat:([\w.-]+)")
_SPAN = re.compile(r"submittedDate:\[(\d{12}) TO (\d{12})\]")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Submission:
    """A paper of the played arXiv. ``versions``: when each was submitted. ``known``: when the API begins to list it."""

    arxiv_id: str
    versions: list[datetime]
    categories: tuple[str, ...] = ("cs.SD",)
    title: str = ""
    abstract: str = "We study speech."
    comment: str = ""
    known: datetime | None = None
    pdf: bytes | int = b""  #: the file, or the status of a refusal; b"" for one that is made up

    def file(self, version: int) -> bytes:
        return (
            self.pdf
            if isinstance(self.pdf, bytes) and self.pdf
            else f"%PDF-1.4 {self.arxiv_id}v{version}\n".encode() * 99
        )

    def entry(self, version: int) -> str:
        title = self.title or f"Paper {self.arxiv_id}"
        categories = "".join(f'<category term="{name}"/>' for name in self.categories)
        comment = f"<arxiv:comment>{escape(self.comment)}</arxiv:comment>" if self.comment else ""
        return (
            f"<entry><id>http://arxiv.org/abs/{self.arxiv_id}v{version}</id>"
            f"<title>{escape(title)} v{version}</title>"
            f"<updated>{self.versions[version - 1].isoformat()}Z</updated>"
            f"<published>{self.versions[0].isoformat()}Z</published>"
            f"<summary>{escape(self.abstract)}</summary><author><name>Ada Author</name></author>{comment}{categories}"
            f'<arxiv:primary_category term="{self.categories[0]}"/>'
            f'<link href="https://arxiv.org/pdf/{self.arxiv_id}v{version}" rel="related" title="pdf"/></entry>'
        )


@dataclass
class PlayedClock:
    """Time that passes only while somebody sleeps."""

    now_utc: datetime
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now_utc, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_utc += timedelta(seconds=seconds)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: PlayedArxiv

    def do_GET(self) -> None:
        self.server.serve(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def break_off(self, data: bytes, after: int, **headers: str) -> None:
        """The beginning of an answer, and the connection closed."""
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:after])
        self.wfile.flush()
        self.close_connection = True


Fault = Callable[[Handler], None]


def status(code: int, data: bytes = b"", **headers: str) -> Fault:
    return lambda handler: handler.reply(data, code, **headers)


class PlayedArxiv(ThreadingHTTPServer):
    """``faults``: by path (api, feed, pdf), used up by requests, one each, in order; then requests are answered."""

    daemon_threads = True

    def __init__(self, clock: PlayedClock) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.clock = clock
        self.papers: list[Submission] = []
        self.feed: tuple[date, list[tuple[str, str]]] | None = None  # date, (id with version, kind)
        self.faults: dict[str, deque[Fault]] = {"api": deque(), "feed": deque(), "pdf": deque()}
        self.seen: list[str] = []
        self.agents: set[str] = set()
        self.before_page: Callable[[int], None] = lambda start: None
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def settings(self, **changes: object) -> CollectConfig:
        defaults: dict[str, object] = {
            "categories": ("cs.SD", "eess.AS"),
            "api_url": f"{self.address}/api",
            "feed_url": f"{self.address}/feed/{{categories}}",
            "pdf_urls": (f"{self.address}/pdf/{{id}}v{{version}}",),
        }
        return CollectConfig(**(defaults | changes))  # type: ignore[arg-type]

    def add(self, arxiv_id: str, submitted: str, **changes: object) -> Submission:
        paper = Submission(arxiv_id, [utc(submitted)], **changes)  # type: ignore[arg-type]
        self.papers.append(paper)
        return paper

    def asked(self, start: str) -> list[str]:
        return [path for path in self.seen if path.startswith(f"/{start}")]

    def serve(self, handler: Handler) -> None:
        with self._lock:
            self.seen.append(handler.path)
            self.agents.add(handler.headers["User-Agent"])
            kind = urlsplit(handler.path).path.split("/")[1]
            fault = self.faults[kind].popleft() if self.faults[kind] else None
        if fault is not None:
            fault(handler)
        elif kind == "api":
            handler.reply(self.api_page(handler.path))
        elif kind == "feed":
            handler.reply(self.feed_page())
        else:
            self._pdf(handler)

    def api_page(self, path: str) -> bytes:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        start, count = int(query["start"]), int(query["max_results"])
        self.before_page(start)
        found = self._found(query)
        entries = "".join(paper.entry(version) for paper, version in found[start : start + count])
        head = (
            f"<opensearch:totalResults>{len(found)}</opensearch:totalResults>"
            f"<opensearch:startIndex>{start}</opensearch:startIndex>"
        )
        return f"{FEED_HEAD}{head}{entries}</feed>".encode()

    def feed_page(self) -> bytes:
        day, rows = self.feed or (None, [])
        entries = "".join(
            f"<entry><id>oai:arXiv.org:{name}</id><published>{day}T00:00:00-04:00</published>"
            f"<arxiv:announce_type>{kind}</arxiv:announce_type></entry>"
            for name, kind in rows
        )
        return f"{FEED_HEAD}{entries}</feed>".encode()

    def _found(self, query: dict[str, str]) -> list[tuple[Submission, int]]:
        now = self.clock.now_utc
        papers = [paper for paper in self.papers if paper.known is None or paper.known <= now]
        if "id_list" in query:
            by_id = {paper.arxiv_id: paper for paper in papers}
            names = [name.partition("v") for name in query["id_list"].split(",")]
            return [
                (by_id[name], int(version) if version else len(by_id[name].versions))
                for name, _, version in names
                if name in by_id and (not version or int(version) <= len(by_id[name].versions))
            ]
        wanted = set(_CATEGORY.findall(query["search_query"]))
        papers = [paper for paper in papers if wanted & set(paper.categories)]
        if (span := _SPAN.search(query["search_query"])) is not None:
            first, last = (datetime.strptime(text, "%Y%m%d%H%M") for text in span.groups())
            papers = [p for p in papers if first <= p.versions[0] <= last + timedelta(seconds=59)]
        index = -1 if query["sortBy"] == "lastUpdatedDate" else 0
        papers.sort(
            key=lambda paper: (paper.versions[index], paper.arxiv_id), reverse=query["sortOrder"] == "descending"
        )
        return [(paper, len(paper.versions)) for paper in papers]

    def _pdf(self, handler: Handler) -> None:
        arxiv_id, _, version = handler.path.removeprefix("/pdf/").rpartition("v")
        paper = next((paper for paper in self.papers if paper.arxiv_id == arxiv_id), None)
        if paper is None or isinstance(paper.pdf, int):
            handler.reply(b"gone", 404 if paper is None else paper.pdf)  # type: ignore[arg-type]
            return
        data, tag = paper.file(int(version)), f'"{arxiv_id}v{version}"'
        wanted = handler.headers["Range"]
        if wanted is None or handler.headers["If-Range"] != tag:
            handler.reply(data, ETag=tag)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        handler.reply(data[start:], 206, ETag=tag, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")


@contextmanager
def playing(now: str) -> Iterator[PlayedArxiv]:
    server = PlayedArxiv(PlayedClock(utc(now)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Told:
    """Takes what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, n: int = 1, note: str = "") -> None: ...

    def message(self, text: str) -> None:
        self.lines.append(text)

    def has(self, *words: str) -> bool:
        return any(all(word in line for word in words) for line in self.lines)


@dataclass
class Side:
    """A connected side: its folder, its ledger, and the played arXiv it asks."""

    server: PlayedArxiv
    ledger: Ledger
    out: Path
    calendar: Calendar = field(default_factory=Calendar)
    told: Told = field(default_factory=Told)

    def collector(self, settings: CollectConfig | None = None, **more: object) -> Collector:
        return collector(
            settings or self.server.settings(),
            self.calendar,
            self.ledger,
            self.out,
            self.out / "downloads",
            self.told,
            clock=self.server.clock.clock(),
            **more,  # type: ignore[arg-type]
        )

    def collect(self, *dates: str, settings: CollectConfig | None = None, **more: object) -> list[DayResult]:
        """Collect these days, at the moment each became known (or later, as the clock stands)."""
        days = []
        for text in dates:
            day = self.calendar.day_on(date.fromisoformat(text))
            assert day is not None, text
            days.append(day)
        self.server.clock.now_utc = max(self.server.clock.now_utc, days[-1].settled_utc)
        return list(self.collector(settings, **more).collect(days))

    def contents(self) -> dict[str, list[str]]:
        """Date of each bundle -> ids of its papers, with version; every bundle verified, no paper in two."""
        from summarizer.bundle import open_bundle

        found: dict[str, list[str]] = {}
        for path in sorted(self.out.glob("*.tar")):
            with open_bundle(path) as bundle:
                names = [f"{paper.arxiv_id}v{paper.version}" for paper in bundle.papers]
                found.setdefault(bundle.manifest.post_date.isoformat(), []).extend(names)
        every = [name for names in found.values() for name in names]
        assert len(every) == len(set(every)), "a paper is in two bundles"
        return found
