"""What was carried compared with what arrived: the ledger of this side and the small file that comes back out of the gap.

That file is the ``ledger.json`` of ``summarizer export``, or JSON lines, an object for each paper version of each bundle
that was ingested inside::

    {"bundle_id": "<64 hex>", "arxiv_id": "2602.11145", "version": 1, "post_date": "2026-02-12", "published": true}

Further keys are passed over, but for ``state``, one word that is shown. ``published``: a text of the paper is on a post.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from summarizer import ids
from summarizer.bundle.rows import parse_json
from summarizer.collect.ledger import Planned
from summarizer.errors import BundleError, ConfigError

#: bundle_id, arxiv_id, version
Key = tuple[str, str, int]
_KEYS: dict[str, type] = {"bundle_id": str, "arxiv_id": str, "version": int, "post_date": str, "published": bool}


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the file says."""

    papers: dict[Key, tuple[bool, str]]  #: published, state ("" where it does not say)
    since_utc: datetime | None = None  #: bundles that arrived before are not in it


@dataclass(frozen=True, slots=True)
class MissingBundle:
    """A bundle of which nothing, or not everything, arrived."""

    bundle_id: str
    post_date: date
    papers: tuple[str, ...]  #: those that did not arrive, as id and version
    n_papers: int
    path: Path | None  #: its file, if it is still there

    @property
    def remedy(self) -> str:
        """What to do, a command where one is needed."""
        if self.path is not None:
            return f"carry {self.path} over again"
        return f"summarizer collect --again {self.bundle_id[:12]}"


@dataclass(frozen=True, slots=True)
class Comparison:
    missing: tuple[MissingBundle, ...]
    unpublished: tuple[tuple[date, str, str], ...]  #: arrived, but on no post: day of the bundle, id and version, state
    n_carried: int
    n_published: int
    n_foreign: int  #: arrived, but carried by another ledger
    n_not_covered: int  #: bundles of the ledger that are older than what the file tells


def read_arrived(path: Path) -> Arrived:
    """The file that comes back. Raises ConfigError naming the place."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        whole = json.loads(data)
    except ValueError:
        whole = None
    rows: Iterator[dict[str, Any]]
    if isinstance(whole, dict) and "bundles" in whole:
        exported = _exported(whole, str(path))
        rows, since = iter(exported[0]), exported[1]
    else:
        rows, since = _lines(data, str(path)), None
    papers: dict[Key, tuple[bool, str]] = {}
    for row in rows:
        key = (row["bundle_id"], row["arxiv_id"], row["version"])
        if not papers.get(key, (False, ""))[0]:
            papers[key] = (row["published"], str(row.get("state") or ""))
    return Arrived(papers, since)


def compare(carried: Iterable[Planned], arrived: Arrived) -> Comparison:
    """Which papers of these bundles did not arrive, and which are on no post."""
    missing: list[MissingBundle] = []
    unpublished: list[tuple[date, str, str]] = []
    expected: set[Key] = set()
    n_published = n_carried = n_not_covered = 0
    for bundle in carried:
        keys = {(bundle.bundle_id or "", paper.arxiv_id, paper.version): paper for paper, _ in bundle.papers}
        expected.update(keys)
        if (
            arrived.since_utc is not None
            and bundle.created_utc < arrived.since_utc
            and keys.keys().isdisjoint(arrived.papers)
        ):
            n_not_covered += 1
            continue
        n_carried += len(keys)
        lost = []
        for key, paper in keys.items():
            name = ids.versioned(paper.arxiv_id, paper.version)
            if key not in arrived.papers:
                lost.append(name)
                continue
            published, state = arrived.papers[key]
            if published:
                n_published += 1
            else:
                unpublished.append((bundle.post_date, name, state))
        if lost:
            path = bundle.path if bundle.path is not None and bundle.path.is_file() else None
            missing.append(MissingBundle(bundle.bundle_id or "", bundle.post_date, tuple(lost), len(keys), path))
    n_foreign = len(arrived.papers.keys() - expected)
    return Comparison(tuple(missing), tuple(unpublished), n_carried, n_published, n_foreign, n_not_covered)


def _exported(whole: dict[str, Any], where: str) -> tuple[list[dict[str, Any]], datetime | None]:
    """``ledger.json``: bundles with their post, if one was written, and their papers."""
    try:
        since = whole["since_utc"]
        moment = None if since is None else datetime.fromisoformat(since)
        if moment is not None and moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        return [
            {
                "bundle_id": str(bundle["bundle_id"]),
                "arxiv_id": str(paper["arxiv_id"]),
                "version": int(paper["version"]),
                "published": bundle["post"] is not None and int(paper["n_published"]) > 0,
                "state": paper["state"],
            }
            for bundle in whole["bundles"]
            for paper in bundle["papers"]
        ], moment
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"{where}: no ledger.json of summarizer export: {type(error).__name__} {error}") from error


def _lines(data: bytes, path: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            yield _row(line, f"{path}: line {number}")


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = parse_json(line, where)
    except BundleError as error:
        raise ConfigError(str(error)) from error
    for key, kind in _KEYS.items():
        if not isinstance(row, dict) or type(row.get(key)) is not kind:
            raise ConfigError(f"{where}: {key} is missing or no {kind.__name__}: is this the file that came back?")
    return dict(row)
