"""Metadata of papers from files, for a backlog: answers of arXiv's OAI-PMH interface, or the Kaggle snapshot.

OAI-PMH: ListRecords or GetRecord answers in the formats ``arXiv`` and ``arXivRaw``
(https://info.arxiv.org/help/oa/index.html). Kaggle: JSON lines, as in ``arxiv-metadata-oai-snapshot.json``. Either may be
packed with gzip. Both are read record by record, in constant memory.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, cast
from xml.etree import ElementTree

from summarizer import ids, text
from summarizer.collect.listing import unwrapped
from summarizer.errors import ConfigError
from summarizer.records import Paper

_FORMATS = ("{http://arxiv.org/OAI/arXiv/}arXiv", "{http://arxiv.org/OAI/arXivRaw/}arXivRaw")
_AUTHORS = re.compile(r",\s+(?:and\s+)?|\s+and\s+")
_AFFILIATION = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Record:
    paper: Paper  #: ``submitted_utc`` is that of the first version
    exact_time: bool  #: False: only the date of submission is known, the time is 12:00
    version_known: bool  #: False: there is a later version than the first, the record does not say which


def read_metadata(path: Path) -> Iterator[Record]:
    """The records of a file, in its order; deleted ones are passed over. Raises ConfigError naming file and place."""
    try:
        with _opened(path) as stream:
            start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            stream.seek(0)
            yield from _read_oai(path, stream) if start == b"<" else _read_snapshot(path, stream)
    except (OSError, EOFError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


def _read_oai(path: Path, stream: IO[bytes]) -> Iterator[Record]:
    try:
        for _, element in ElementTree.iterparse(stream):
            if element.tag in _FORMATS:
                yield _oai_record(path, element)
            if element.tag.endswith("}record"):
                element.clear()
    except ElementTree.ParseError as error:
        raise ConfigError(f"{path}: cut off, or no OAI-PMH answer: {error}") from error


def _oai_record(path: Path, element: ElementTree.Element) -> Record:
    def value(name: str) -> str:
        return text.one_line(element.findtext(f"{{*}}{name}") or "")

    versions = element.findall("{*}version")
    where = f"{path}: record {value('id')!r}"
    if versions:
        times = [_time(version.findtext("{*}date"), where) for version in versions]
        authors = _split_authors(value("authors"))
        version, exact, known = len(times), True, True
    else:
        times = [_date(value("created"), where)]
        if value("updated"):
            times.append(_date(value("updated"), where))
        authors = [
            text.one_line(
                " ".join(author.findtext(f"{{*}}{part}") or "" for part in ("forenames", "keyname", "suffix"))
            )
            for author in element.iterfind("{*}authors/{*}author")
        ]
        version, exact, known = 1, False, len(times) == 1
    abstract = element.findtext("{*}abstract") or ""
    paper = _paper(value, where, version, times, authors, abstract)
    return Record(paper, exact, known)


def _read_snapshot(path: Path, stream: IO[bytes]) -> Iterator[Record]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        try:
            row: Mapping[str, Any] = json.loads(line)
            times = [_time(version["created"], where) for version in row["versions"]]
            parsed = row.get("authors_parsed") or []
            authors = [text.one_line(f"{a[1]} {a[0]} {a[2] if len(a) > 2 else ''}") for a in parsed]
            fields = {key: text.one_line(row.get(key) or "") for key in ("id", "title", "categories", "comments")}
            abstract = str(row.get("abstract") or "")
            authors = authors or _split_authors(text.one_line(row.get("authors") or ""))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{where}: no record of arXiv's metadata snapshot: {type(error).__name__} {error}"
            ) from error
        paper = _paper(fields.__getitem__, where, len(times), times, authors, abstract)
        yield Record(paper, exact_time=True, version_known=True)


def _paper(value: Any, where: str, version: int, times: list[datetime], authors: Iterable[str], abstract: str) -> Paper:
    try:
        arxiv_id, _ = ids.parse_arxiv_id(value("id"))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    if not times:
        raise ConfigError(f"{where}: has no version")
    categories = tuple(value("categories").split())
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=value("title") or arxiv_id,
        authors=tuple(filter(None, authors)),
        categories=categories,
        primary_category=next(iter(categories), ""),
        submitted_utc=times[0],
        updated_utc=times[-1],
        abstract=unwrapped(abstract),
        comment=value("comments") or None,
        links=(f"https://arxiv.org/abs/{ids.versioned(arxiv_id, version)}",),
    )


def _split_authors(names: str) -> list[str]:
    """Names from one string, affiliations in brackets left out."""
    while names != (fewer := _AFFILIATION.sub("", names)):
        names = fewer
    return _AUTHORS.split(names)


def _time(value: str | None, where: str) -> datetime:
    """RFC 2822, ``Mon, 2 Apr 2007 19:18:42 GMT``."""
    try:
        moment = parsedate_to_datetime((value or "").strip())
    except ValueError as error:
        raise ConfigError(f"{where}: {value!r} is no date of a version") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def _date(value: str, where: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(hour=12)
    except ValueError as error:
        raise ConfigError(f"{where}: {value!r} is no date") from error
