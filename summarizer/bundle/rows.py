"""The JSON inside a bundle: the manifest, and one object a paper.

Reading is strict about keys and types it knows, and silent about further keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from summarizer import ids
from summarizer.errors import BundleError, ConfigError
from summarizer.records import Manifest, ManifestFile, Paper, Window

BUNDLE_FORMAT = 1
MANIFEST_PATH = "manifest.json"
PAPERS_PATH = "papers.jsonl"
#: when the reference calendar changes day, and where
DEFAULT_ANCHOR = "08:50 Asia/Shanghai"

MAX_VERSION = 9999
_MAX_FETCHED = 2**31 - 1  # the store's INTEGER
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BREAKS = str.maketrans("", "", "\t\n\r")
_METADATA_SOURCES = ("papers.jsonl", "pdf", "none")

T = TypeVar("T")


def daily_window(post_date: date, anchor: str = DEFAULT_ANCHOR, basis: str = "announced") -> Window:
    """The day that ends at the anchor on ``post_date``: local times one calendar day apart, given in UTC.

    ``anchor`` is "HH:MM Zone" with a zone of the IANA database. Raises ConfigError.
    """
    try:
        clock, zone_name = anchor.split()
        at = time.fromisoformat(clock)
        zone = ZoneInfo(zone_name)
    except (ValueError, LookupError, OSError) as error:
        raise ConfigError(f"window anchor {anchor!r} is not 'HH:MM Zone', as in {DEFAULT_ANCHOR!r}: {error}") from error
    end = datetime.combine(post_date, at, zone)
    start = datetime.combine(post_date - timedelta(days=1), at, zone)
    return Window(_naive_utc(start), _naive_utc(end), anchor, basis)


def pdf_path(arxiv_id: str, version: int) -> str:
    """Where a paper's PDF stands in a bundle."""
    return f"pdf/{ids.file_stem(arxiv_id, version)}.pdf"


def manifest_row(manifest: Manifest) -> dict[str, object]:
    """The JSON object of a manifest, with its ``bundle_id`` as a seal (see :func:`bundle_id`)."""
    return _content(manifest) | {"bundle_id": bundle_id(manifest)}


def bundle_id(manifest: Manifest) -> str:
    """SHA-256 of the canonical JSON of everything else in the manifest, so of the hash of every file."""
    return ids.content_hash(_content(manifest))


def _content(manifest: Manifest) -> dict[str, object]:
    window = manifest.window
    return {
        "bundle_format": manifest.bundle_format,
        "created_utc": _write_time(manifest.created_utc),
        "post_date": manifest.post_date.isoformat(),
        "window": {
            "start_utc": _write_time(window.start_utc),
            "end_utc": _write_time(window.end_utc),
            "anchor": window.anchor,
            "basis": window.basis,
        },
        "categories": list(manifest.categories),
        "n_fetched": manifest.n_fetched,
        "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in manifest.files],
    }


def read_manifest(data: bytes) -> Manifest:
    """Parse ``manifest.json``. Raises BundleError naming the key.

    ``bundle_id`` may be absent (a manifest written by other means); where it is given, it must fit the rest.
    """
    row = _object(parse_json(data, MANIFEST_PATH), MANIFEST_PATH)
    fields = _Fields(row, MANIFEST_PATH)
    bundle_format = fields.get("bundle_format", _integer)
    if bundle_format != BUNDLE_FORMAT:
        raise BundleError(
            f"{MANIFEST_PATH}: bundle_format {bundle_format} is not known here (this program reads {BUNDLE_FORMAT}): "
            "use the same version on both sides of the gap"
        )
    window = _Fields(fields.get("window", _mapping), f"{MANIFEST_PATH}: window")
    start, end = window.get("start_utc", _time), window.get("end_utc", _time)
    if start >= end:
        raise BundleError(f"{MANIFEST_PATH}: window: start_utc is not before end_utc")
    files = []
    for number, item in enumerate(fields.get("files", _sequence), start=1):
        where = f"{MANIFEST_PATH}: files, entry {number}"
        entry = _Fields(_object(item, where), where)
        files.append(ManifestFile(entry.get("path", _text), entry.get("size", _count), entry.get("sha256", _sha256)))
    manifest = Manifest(
        bundle_id="",
        bundle_format=bundle_format,
        created_utc=fields.get("created_utc", _time),
        post_date=fields.get("post_date", _date),
        window=Window(start, end, window.get("anchor", _text), window.get("basis", _text)),
        categories=fields.get("categories", _texts),
        n_fetched=fields.get("n_fetched", _n_fetched),
        files=tuple(files),
    )
    computed = bundle_id(manifest)
    if fields.optional("bundle_id", _sha256) not in (None, computed):
        raise BundleError(f"{MANIFEST_PATH} was changed: its content does not fit its bundle_id")
    return replace(manifest, bundle_id=computed)


def paper_row(paper: Paper) -> dict[str, object]:
    """The JSON object of a paper, a line of ``papers.jsonl``."""
    return {
        "arxiv_id": paper.arxiv_id,
        "version": paper.version,
        "title": paper.title,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "primary_category": paper.primary_category,
        "submitted_utc": None if paper.submitted_utc is None else _write_time(paper.submitted_utc),
        "updated_utc": None if paper.updated_utc is None else _write_time(paper.updated_utc),
        "abstract": paper.abstract,
        "comment": paper.comment,
        "links": list(paper.links),
        "metadata_source": paper.metadata_source,
        "source_file": paper.source_file,
    }


def read_paper(row: object, where: str) -> Paper:
    """A paper from a parsed line. ``where`` names the line in the message of a BundleError.

    ``comment``, the two times, ``metadata_source`` and ``source_file`` may be null or absent.
    """
    fields = _Fields(_object(row, where), where)
    return Paper(
        arxiv_id=fields.get("arxiv_id", _paper_id),
        version=fields.get("version", _version),
        title=fields.get("title", _filled),
        authors=fields.get("authors", _texts),
        categories=fields.get("categories", _texts),
        primary_category=fields.get("primary_category", _text),
        submitted_utc=fields.optional("submitted_utc", _time),
        updated_utc=fields.optional("updated_utc", _time),
        abstract=fields.get("abstract", _text),
        comment=fields.optional("comment", _text),
        links=fields.get("links", _texts),
        metadata_source=fields.optional("metadata_source", _metadata_source) or "papers.jsonl",
        source_file=fields.optional("source_file", _text),
    )


def check_lines(paper: Paper, where: str) -> None:
    """Title, authors, categories and comment of a paper that crosses are lines that can be printed.

    ``pack`` and ``collect`` make them so; in a bundle by other means a control character could move the cursor of a terminal or
    end a line of a page. The abstract may have line breaks, and no other. Raises BundleError.
    """
    lines = {
        "title": (paper.title,),
        "authors": paper.authors,
        "categories": (*paper.categories, paper.primary_category),
        "comment": (paper.comment or "",),
        "abstract": (paper.abstract.translate(_BREAKS),),
    }
    for key, texts in lines.items():
        if found := _CONTROL.search("".join(texts)):
            raise BundleError(f"{where}: {key} has the control character U+{ord(found[0]):04X}")


def parse_json(data: bytes, where: str) -> Any:
    """One JSON value. Raises BundleError for anything that is not UTF-8 JSON, NaN and lone surrogates included."""
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
        ids.canonical_json(value).encode()  # an escaped lone surrogate parses, but no store takes it
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where} is not well-formed JSON: {error}") from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _write_time(moment: datetime) -> str:
    if moment.tzinfo is not None:
        moment = _naive_utc(moment)
    return moment.isoformat() + "Z"


class _Fields:
    """Reads the keys of one object; every complaint names the object and the key."""

    def __init__(self, row: Mapping[str, Any], where: str) -> None:
        self._row = row
        self._where = where

    def get(self, key: str, read: Callable[[Any], T]) -> T:
        if key not in self._row:
            raise BundleError(f"{self._where}: {key} is missing")
        try:
            return read(self._row[key])
        except (ValueError, OverflowError) as error:
            raise BundleError(f"{self._where}: {key} is {error}") from error

    def optional(self, key: str, read: Callable[[Any], T]) -> T | None:
        return None if self._row.get(key) is None else self.get(key, read)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BundleError(f"{where} is not a JSON object")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _sequence(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return value


def _filled(value: Any) -> str:
    if not _text(value).strip():
        raise ValueError("empty")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of strings")
    return tuple(value)


def _integer(value: Any) -> int:
    if type(value) is not int:  # a bool is an int too
        raise ValueError("not a whole number")
    return value


def _count(value: Any) -> int:
    if not 0 <= _integer(value) < 2**63:
        raise ValueError("out of range")
    return int(value)


def _n_fetched(value: Any) -> int:
    if not 0 <= _integer(value) <= _MAX_FETCHED:
        raise ValueError("out of range")
    return int(value)


def _version(value: Any) -> int:
    if not 1 <= _integer(value) <= MAX_VERSION:
        raise ValueError(f"not a version (1 to {MAX_VERSION})")
    return int(value)


def _paper_id(value: Any) -> str:
    if not ids.is_paper_id(_text(value)):
        raise ValueError(f"not an arXiv id without version: {value!r}")
    return str(value)


def _sha256(value: Any) -> str:
    if _SHA256.fullmatch(_text(value)) is None:
        raise ValueError("not 64 hex digits in lower case")
    return str(value)


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        raise ValueError(f"not a date as YYYY-MM-DD: {value!r}") from None


def _time(value: Any) -> datetime:
    """ISO 8601, a time without an offset being UTC."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError(f"not a time as YYYY-MM-DDTHH:MM:SSZ: {value!r}") from None
    return _naive_utc(moment) if moment.tzinfo is not None else moment


def _metadata_source(value: Any) -> Literal["papers.jsonl", "pdf", "none"]:
    if value not in _METADATA_SOURCES:
        raise ValueError(f"none of {', '.join(_METADATA_SOURCES)}")
    return value  # type: ignore[no-any-return]
