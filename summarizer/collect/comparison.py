"""What was carried compared with what arrived: the ledger of this side and the small file that comes back out of the gap.

That file is JSON lines, an object for each paper version of each bundle that was ingested inside::

    {"bundle_id": "<64 hex>", "arxiv_id": "2602.11145", "version": 1, "post_date": "2026-02-12", "published": true}

Further keys are passed over. ``published``: the paper is on a post that was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from summarizer import ids
from summarizer.bundle.rows import parse_json
from summarizer.collect.ledger import Planned
from summarizer.errors import BundleError, ConfigError

#: (bundle_id, arxiv_id, version) -> published
Arrived = Mapping[tuple[str, str, int], bool]
_KEYS: dict[str, type] = {"bundle_id": str, "arxiv_id": str, "version": int, "post_date": str, "published": bool}


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
    unpublished: tuple[tuple[date, str], ...]  #: arrived, but on no post: day of the bundle, id and version
    n_carried: int
    n_published: int
    n_foreign: int  #: arrived, but carried by another ledger


def read_arrived(path: Path) -> dict[tuple[str, str, int], bool]:
    """The file that comes back. Raises ConfigError naming the line."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    arrived: dict[tuple[str, str, int], bool] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _row(line, f"{path}: line {number}")
            key = (row["bundle_id"], row["arxiv_id"], row["version"])
            arrived[key] = arrived.get(key, False) or row["published"]
    return arrived


def compare(carried: Iterable[Planned], arrived: Arrived) -> Comparison:
    """Which papers of these bundles did not arrive, and which are on no post."""
    missing: list[MissingBundle] = []
    unpublished: list[tuple[date, str]] = []
    expected: set[tuple[str, str, int]] = set()
    n_published = 0
    for bundle in carried:
        lost = []
        for paper, _ in bundle.papers:
            key = (bundle.bundle_id or "", paper.arxiv_id, paper.version)
            expected.add(key)
            name = ids.versioned(paper.arxiv_id, paper.version)
            if key not in arrived:
                lost.append(name)
            elif arrived[key]:
                n_published += 1
            else:
                unpublished.append((bundle.post_date, name))
        if lost:
            path = bundle.path if bundle.path is not None and bundle.path.is_file() else None
            missing.append(
                MissingBundle(bundle.bundle_id or "", bundle.post_date, tuple(lost), len(bundle.papers), path)
            )
    n_foreign = len(set(arrived) - expected)
    return Comparison(tuple(missing), tuple(unpublished), len(expected), n_published, n_foreign)


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = parse_json(line, where)
    except BundleError as error:
        raise ConfigError(str(error)) from error
    for key, kind in _KEYS.items():
        if not isinstance(row, dict) or type(row.get(key)) is not kind:
            raise ConfigError(f"{where}: {key} is missing or no {kind.__name__}: is this the file that came back?")
    return dict(row)
