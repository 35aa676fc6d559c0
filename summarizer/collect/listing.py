"""Papers as arXiv's API lists them, through the package ``arxiv``.

By itself that package takes a cut-off answer for a whole one, knows no Retry-After, and does not notice a listing that changes
between two pages. So it gets its answers from :class:`Transport`, which sees to the first two; the third is seen to here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from summarizer import ids, text
from summarizer.collect.transport import Refused, Transport
from summarizer.errors import CollectError
from summarizer.records import Paper

PAGE_SIZE = 200
#: A listing that still changes after so many readings is taken as the union of them.
MAX_READINGS = 4
#: Replacements are listed newest first, down to the day; more than this are not looked through.
MAX_UPDATED = 20_000

_PARAGRAPH = re.compile(r"\n(?:[ \t]*\n|[ \t]{2,})")
_TIME = "%Y%m%d%H%M"


@dataclass(frozen=True, slots=True)
class _Page:
    n_total: int
    n_entries: int


class ArxivListing:
    """The API's search. ``report`` is told, in one line, what a reader of the day should know."""

    def __init__(
        self, transport: Transport, api_url: str, report: Callable[[str], None], page_size: int = PAGE_SIZE
    ) -> None:
        import arxiv

        logging.getLogger("arxiv").addHandler(logging.NullHandler())  # what it warns of is reported here, in one line
        self._arxiv: Any = arxiv
        self._report = report
        self._pages: list[_Page] = []
        # the policy of pauses and retries is the transport's alone
        self._client: Any = arxiv.Client(page_size=page_size, delay_seconds=0, num_retries=0)
        self._client.query_url_format = api_url + "?{}"
        self._client._session = SimpleNamespace(get=self._get)
        self._transport = transport

    def submitted(self, categories: Sequence[str], start_utc: datetime, end_utc: datetime) -> list[Paper]:
        """Papers whose first version is of this span (half open), in their newest version, by that time."""
        span = f"submittedDate:[{start_utc.strftime(_TIME)} TO {end_utc.strftime(_TIME)}]"
        search = self._arxiv.Search(
            query=f"{_any_of(categories)} AND {span}",
            max_results=None,
            sort_by=self._arxiv.SortCriterion.SubmittedDate,
            sort_order=self._arxiv.SortOrder.Ascending,
        )
        # the API's bounds are whole minutes, both included
        papers = [
            p for p in self._read(search) if p.submitted_utc is not None and start_utc <= p.submitted_utc < end_utc
        ]
        return sorted(papers, key=lambda paper: (paper.submitted_utc, paper.arxiv_id))

    def replaced(self, categories: Sequence[str], start_utc: datetime, end_utc: datetime) -> list[Paper]:
        """Papers whose newest version, the second or later, is of this span.

        The API knows only the newest version of a paper, so for a day long past many are missing.
        """
        search = self._arxiv.Search(
            query=_any_of(categories),
            max_results=MAX_UPDATED,
            sort_by=self._arxiv.SortCriterion.LastUpdatedDate,
            sort_order=self._arxiv.SortOrder.Descending,
        )
        found: dict[str, Paper] = {}
        # what is replaced while this is read comes on top and moves the rest down: no paper can be skipped
        n_read = 0
        for paper in self._papers(search):
            n_read += 1
            if paper.updated_utc is None or paper.updated_utc < start_utc:
                break
            if paper.version > 1 and paper.updated_utc < end_utc:
                found.setdefault(paper.arxiv_id, paper)
        if n_read >= MAX_UPDATED:
            self._report(
                f"replacements until {end_utc:%Y-%m-%d} are more than {MAX_UPDATED} papers back: not all were seen"
            )
        return list(found.values())

    def versions(self, keys: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int | None], Paper]:
        """Papers by id and version (None: the newest); what the API does not know is missing in the answer."""
        wanted = list(dict.fromkeys(keys))
        found: dict[tuple[str, int | None], Paper] = {}
        for start in range(0, len(wanted), PAGE_SIZE // 2):
            part = wanted[start : start + PAGE_SIZE // 2]
            names = [ids.versioned(*key) if key[1] is not None else key[0] for key in part]  # type: ignore[arg-type]
            search = self._arxiv.Search(id_list=names, max_results=len(names))
            for paper in self._papers(search):
                for key in ((paper.arxiv_id, paper.version), (paper.arxiv_id, None)):
                    if key in part:
                        found[key] = paper
        return found

    def _papers(self, search: Any) -> Iterator[Paper]:
        """The results of a search that is read once."""
        try:
            yield from map(paper_of, self._client.results(search))
        except self._arxiv.ArxivError as error:
            raise CollectError(f"arXiv's API broke off its listing: {error}: run the same command again") from error

    def _read(self, search: Any) -> list[Paper]:
        """All results. Read again while the listing changes under the reading: no paper twice, none lost."""
        found: dict[str, Paper] = {}
        for _ in range(MAX_READINGS):
            self._pages.clear()
            seen: set[str] = set()
            n_results = 0
            whole = True
            try:
                for result in self._client.results(search):
                    n_results += 1
                    paper = paper_of(result)
                    seen.add(paper.arxiv_id)
                    known = found.get(paper.arxiv_id)
                    if known is None or known.version <= paper.version:
                        found[paper.arxiv_id] = paper
            except self._arxiv.UnexpectedEmptyPageError:
                whole = False  # the listing has become shorter
            totals = {page.n_total for page in self._pages}
            if whole and totals == {len(seen)}:
                return list(found.values())
            if whole and len(totals) == 1 and n_results < sum(page.n_entries for page in self._pages):
                unreadable = sum(page.n_entries for page in self._pages) - n_results
                self._report(f"arXiv's listing has {unreadable} entries without an id or a date: left out")
                return list(found.values())
        self._report(f"arXiv's listing changed during each of {MAX_READINGS} readings: {len(found)} papers were seen")
        return list(found.values())

    def _get(self, url: str, **_: object) -> SimpleNamespace:
        """What ``arxiv.Client`` calls instead of ``requests.Session.get``."""
        try:
            content = self._transport.fetch(url, _fault_of_page)
        except Refused as error:
            if error.status == 400:
                raise CollectError(f"arXiv's API does not accept the query ({error}): see the categories") from error
            raise
        self._pages.append(_page(ElementTree.fromstring(content)))
        return SimpleNamespace(status_code=200, content=content)


def paper_of(result: Any) -> Paper:
    """A paper from an ``arxiv.Result``. Raises CollectError when its id is none."""
    try:
        arxiv_id, version = ids.parse_arxiv_id(result.get_short_id())
    except ValueError as error:
        raise CollectError(f"arXiv's API lists {result.entry_id!r}, which is no paper: {error}") from error
    return Paper(
        arxiv_id=arxiv_id,
        version=version or 1,
        title=text.one_line(result.title) or arxiv_id,
        authors=tuple(name for author in result.authors if (name := text.one_line(author.name))),
        categories=tuple(result.categories),
        primary_category=result.primary_category or next(iter(result.categories), ""),
        submitted_utc=_naive(result.published),
        updated_utc=_naive(result.updated),
        abstract=unwrapped(result.summary),
        comment=text.one_line(result.comment) if result.comment else None,
        links=tuple(link.href for link in result.links),
    )


def unwrapped(abstract: str) -> str:
    """An abstract without the line breaks of the form it was typed into; an indented line begins a paragraph."""
    paragraphs = _PARAGRAPH.split(abstract.strip().replace("\r\n", "\n"))
    return "\n\n".join(filter(None, map(text.one_line, paragraphs)))


def _any_of(categories: Sequence[str]) -> str:
    return "(" + " OR ".join(f"cat:{name}" for name in categories) + ")"


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _page(root: ElementTree.Element) -> _Page:
    total = root.findtext("{*}totalResults") or ""
    return _Page(int(total) if total.strip().isdigit() else 0, len(root.findall("{*}entry")))


def _fault_of_page(content: bytes) -> str:
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        return f"the answer is cut off or no XML ({error})"
    page = _page(root)
    start = root.findtext("{*}startIndex") or ""
    if page.n_entries == 0 and start.strip().isdigit() and int(start) < page.n_total:
        return f"an empty page, though {page.n_total} papers are announced in it"
    return ""
