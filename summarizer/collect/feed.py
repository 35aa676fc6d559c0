"""The listing of the newest day as arXiv's feed has it, with the kind of each announcement.

https://info.arxiv.org/help/rss.html and atom_specifications.html: ``arxiv:announce_type`` is new, cross, replace or
replace-cross; the feed is empty on days without an announcement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import quote
from xml.etree import ElementTree

from summarizer import ids, text
from summarizer.collect.transport import Transport
from summarizer.records import Paper

Kind = Literal["new", "cross", "replace", "replace-cross"]
KINDS: tuple[Kind, ...] = ("new", "cross", "replace", "replace-cross")

_ATOM = "{http://www.w3.org/2005/Atom}"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_ANNOUNCE_TYPE = "{http://arxiv.org/schemas/atom}announce_type"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    kind: Kind
    paper: Paper  #: as far as the feed describes it: without times and comment

    @property
    def arxiv_id(self) -> str:
        return self.paper.arxiv_id

    @property
    def version(self) -> int:
        return self.paper.version


@dataclass(frozen=True, slots=True)
class Feed:
    post_date: date | None  #: the date of the listing; None for an empty feed
    entries: tuple[FeedEntry, ...]


def read_feed(transport: Transport, url: str, categories: Sequence[str]) -> Feed:
    """The feed of these categories; ``{categories}`` in the address stands for them. Raises CollectError."""
    names = quote("+".join(categories), safe="+")
    return parse_feed(transport.fetch(url.replace("{categories}", names), _fault_of_feed))


def parse_feed(content: bytes) -> Feed:
    """An Atom feed of rss.arxiv.org. Entries that are no announcement of a paper are passed over."""
    root = ElementTree.fromstring(content)
    entries: dict[tuple[str, int], FeedEntry] = {}
    dates = []
    for entry in root.iterfind(f"{_ATOM}entry"):
        name = (entry.findtext(f"{_ATOM}id") or "").strip().removeprefix("oai:arXiv.org:")
        kind = (entry.findtext(_ANNOUNCE_TYPE) or "").strip()
        try:
            arxiv_id, version = ids.parse_arxiv_id(name)
            dates.append(datetime.fromisoformat((entry.findtext(f"{_ATOM}published") or "").strip()).date())
        except ValueError:
            continue
        if kind in KINDS:
            paper = _paper(entry, arxiv_id, version or 1)
            entries.setdefault((arxiv_id, version or 1), FeedEntry(kind, paper))
    return Feed(max(dates, default=None), tuple(entries.values()))


def _paper(entry: ElementTree.Element, arxiv_id: str, version: int) -> Paper:
    categories = tuple(term for category in entry.iterfind(f"{_ATOM}category") if (term := category.get("term")))
    names = text.one_line(entry.findtext(_CREATOR) or "").split(", ")
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=text.one_line(entry.findtext(f"{_ATOM}title") or "") or arxiv_id,
        authors=tuple(filter(None, names)),
        categories=categories,
        primary_category=next(iter(categories), ""),
        submitted_utc=None,
        updated_utc=None,
        # "arXiv:2508.13426v1 Announce Type: cross", and on the next line "Abstract: ..."
        abstract=text.one_line((entry.findtext(f"{_ATOM}summary") or "").partition("Abstract:")[2]),
        comment=None,
        links=(f"https://arxiv.org/abs/{ids.versioned(arxiv_id, version)}",),
    )


def _fault_of_feed(content: bytes) -> str:
    try:
        ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        return f"the feed is cut off or no XML ({error})"
    return ""
