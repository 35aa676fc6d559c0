"""The ledger of the connected side: which day was listed, and which bundle carries each paper. The only importer of sqlite3.

One SQLite file. A paper version has one row, and the row names at most one bundle: that is what keeps it from being carried
twice. Its state is what the row has: neither ``bundle_no`` nor ``excluded`` nor ``closed`` means that it waits. A bundle is
entered before its file is written; one without ``bundle_id`` was cut off and is written again, from the same rows and with the
same time, so to the same bytes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from summarizer import ids
from summarizer.bundle import paper_row, read_paper
from summarizer.errors import CollectError
from summarizer.records import Paper

LEDGER_VERSION = 1
_SCHEMA = """
CREATE TABLE day (             -- a day that was listed, and whose bundle was written if it has papers
    collection TEXT NOT NULL,  -- basis and categories, such as "announced cs.SD,eess.AS"
    post_date TEXT NOT NULL,
    collected_utc TEXT NOT NULL,
    n_listed INTEGER NOT NULL,
    PRIMARY KEY (collection, post_date)
);
CREATE TABLE bundle (
    bundle_no INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    post_date TEXT NOT NULL,
    created_utc TEXT NOT NULL,
    bundle_id TEXT UNIQUE,     -- NULL until its file is written
    path TEXT
);
CREATE TABLE paper (
    arxiv_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    collection TEXT NOT NULL,
    post_date TEXT NOT NULL,   -- of the announcement; the bundle that carries it may be of a later day
    seq INTEGER NOT NULL,      -- order within the day
    kind TEXT NOT NULL,        -- new, cross, replace, replace-cross
    source TEXT NOT NULL,      -- where it was listed: api, feed, late, file
    metadata TEXT NOT NULL,    -- the row for papers.jsonl
    excluded TEXT,             -- why it is not wanted
    n_failures INTEGER NOT NULL DEFAULT 0,
    first_failed_utc TEXT,
    failure TEXT,              -- why its PDF did not come the last time
    closed TEXT,               -- why it will never be carried
    with_pdf INTEGER,          -- of a carried one: whether its PDF is in the bundle
    bundle_no INTEGER REFERENCES bundle,
    PRIMARY KEY (arxiv_id, version)
);
CREATE INDEX paper_waiting ON paper (collection, post_date) WHERE bundle_no IS NULL;
"""
_WAITING = "bundle_no IS NULL AND excluded IS NULL AND closed IS NULL"


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper of a day's listing."""

    paper: Paper
    kind: str
    source: str
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paper that is in no bundle yet."""

    paper: Paper
    post_date: date
    n_failures: int
    first_failed_utc: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A bundle as it was entered; ``bundle_id`` is None while its file is not written."""

    bundle_no: int
    collection: str
    post_date: date
    created_utc: datetime
    bundle_id: str | None
    path: Path | None
    papers: tuple[tuple[Paper, bool], ...]  #: with whether the PDF goes with it


@dataclass(frozen=True, slots=True)
class DayState:
    """How the papers of one day of one collection stand."""

    collection: str
    post_date: date
    n_listed: int
    n_carried: int
    n_waiting: int
    n_excluded: int
    n_closed: int


class Ledger:
    """One process writes at a time (:func:`open_ledger`); anybody may read meanwhile, with any SQLite client."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def collected(self, collection: str) -> list[date]:
        """Days that are done, oldest first."""
        rows = self._rows("SELECT post_date FROM day WHERE collection = ? ORDER BY post_date", collection)
        return [date.fromisoformat(day) for (day,) in rows]

    def collections(self) -> list[str]:
        return [name for (name,) in self._rows("SELECT DISTINCT collection FROM day ORDER BY collection")]

    def known(self, arxiv_id: str) -> set[int]:
        """The versions of a paper that the ledger has, carried or not."""
        return {version for (version,) in self._rows("SELECT version FROM paper WHERE arxiv_id = ?", arxiv_id)}

    def record_entries(self, collection: str, post_date: date, entries: Sequence[Entry]) -> None:
        """The papers of a day. One that the ledger has keeps its row; while no bundle carries it, ``excluded`` is set anew."""
        with self._connection as con:
            for seq, entry in enumerate(entries):
                con.execute(
                    """
                    INSERT INTO paper (arxiv_id, version, collection, post_date, seq, kind, source, metadata, excluded)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET excluded = excluded.excluded
                    WHERE bundle_no IS NULL AND collection = excluded.collection
                    """,
                    [
                        entry.paper.arxiv_id,
                        entry.paper.version,
                        collection,
                        post_date.isoformat(),
                        seq,
                        entry.kind,
                        entry.source,
                        ids.canonical_json(paper_row(entry.paper)),
                        entry.excluded,
                    ],
                )

    def record_day(self, collection: str, post_date: date, n_listed: int, now_utc: datetime) -> None:
        """A day is done: listed, and its bundle written."""
        with self._connection as con:
            con.execute(
                "INSERT INTO day VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n_listed = excluded.n_listed",
                [collection, post_date.isoformat(), now_utc.isoformat(), n_listed],
            )

    def waiting(self, collection: str, until: date | None = None) -> list[Waiting]:
        """Papers in no bundle, of days up to ``until``; the longest waiting first, then new before replaced."""
        rows = self._rows(
            f"""
            SELECT metadata, post_date, n_failures, first_failed_utc, failure FROM paper
            WHERE {_WAITING} AND collection = ? AND post_date <= ?
            ORDER BY post_date, kind IN ('replace', 'replace-cross'), seq
            """,  # noqa: S608 - the condition is a constant of this module
            collection,
            (until or date.max).isoformat(),
        )
        return [
            Waiting(_paper(row), date.fromisoformat(day), n, None if at is None else datetime.fromisoformat(at), why)
            for row, day, n, at, why in rows
        ]

    def n_carried(self, collection: str, post_date: date) -> int:
        """Papers in the bundles of this date."""
        (row,) = self._rows(
            "SELECT count(*) FROM paper JOIN bundle USING (bundle_no) WHERE bundle.collection = ? AND bundle.post_date = ?",
            collection,
            post_date.isoformat(),
        )
        return int(row[0])

    def record_failure(self, arxiv_id: str, version: int, reason: str, now_utc: datetime) -> None:
        """A PDF did not come."""
        with self._connection as con:
            con.execute(
                """
                UPDATE paper SET n_failures = n_failures + 1, failure = ?,
                                 first_failed_utc = coalesce(first_failed_utc, ?)
                WHERE arxiv_id = ? AND version = ?
                """,
                [reason, now_utc.isoformat(), arxiv_id, version],
            )

    def close_paper(self, arxiv_id: str, version: int, reason: str) -> None:
        """This one will never be carried."""
        with self._connection as con:
            con.execute("UPDATE paper SET closed = ? WHERE arxiv_id = ? AND version = ?", [reason, arxiv_id, version])

    def plan_bundle(
        self, collection: str, post_date: date, papers: Iterable[tuple[Paper, bool]], created_utc: datetime
    ) -> Planned:
        """Give these papers a bundle, before it is written."""
        with self._connection as con:
            row = con.execute(
                "INSERT INTO bundle (collection, post_date, created_utc) VALUES (?, ?, ?) RETURNING bundle_no",
                [collection, post_date.isoformat(), created_utc.isoformat()],
            ).fetchone()
            number = int(row[0])
            for paper, with_pdf in papers:
                con.execute(
                    "UPDATE paper SET bundle_no = ?, with_pdf = ? WHERE arxiv_id = ? AND version = ?",
                    [number, with_pdf, paper.arxiv_id, paper.version],
                )
        return self._planned("bundle_no = ?", number)[0]

    def undo_plan(self, bundle_no: int) -> None:
        """A bundle that cannot be written: its papers wait again."""
        with self._connection as con:
            con.execute("UPDATE paper SET bundle_no = NULL, with_pdf = NULL WHERE bundle_no = ?", [bundle_no])
            con.execute("DELETE FROM bundle WHERE bundle_no = ?", [bundle_no])

    def record_bundle(self, bundle_no: int, bundle_id: str, path: Path) -> None:
        """The file of a planned bundle is written."""
        with self._connection as con:
            con.execute(
                "UPDATE bundle SET bundle_id = ?, path = ? WHERE bundle_no = ?",
                [bundle_id, str(path.absolute()), bundle_no],
            )

    def unwritten(self) -> list[Planned]:
        """Bundles that were cut off."""
        return self._planned("bundle_id IS NULL")

    def bundles(self) -> list[Planned]:
        """Bundles that were written, oldest first."""
        return self._planned("bundle_id IS NOT NULL")

    def bundles_like(self, bundle_id: str) -> list[Planned]:
        """Written bundles whose id begins so."""
        return self._planned("substr(bundle_id, 1, ?) = ?", len(bundle_id), bundle_id)

    def days(self) -> list[DayState]:
        rows = self._rows(
            f"""
            SELECT collection, post_date, count(*), count(bundle_no), count(*) FILTER (WHERE {_WAITING}),
                   count(excluded), count(closed)
            FROM paper GROUP BY collection, post_date ORDER BY post_date, collection
            """  # noqa: S608 - the condition is a constant of this module
        )
        return [DayState(name, date.fromisoformat(day), *counts) for name, day, *counts in rows]

    def _planned(self, condition: str, *values: object) -> list[Planned]:
        bundles = self._rows(
            f"""
            SELECT bundle_no, collection, post_date, created_utc, bundle_id, path FROM bundle
            WHERE {condition} ORDER BY bundle_no
            """,  # noqa: S608 - conditions are constants of this module
            *values,
        )
        return [
            Planned(
                number,
                collection,
                date.fromisoformat(day),
                datetime.fromisoformat(created),
                bundle_id,
                None if path is None else Path(path),
                tuple(
                    (_paper(row), bool(with_pdf))
                    for row, with_pdf in self._rows(
                        "SELECT metadata, with_pdf FROM paper WHERE bundle_no = ? ORDER BY arxiv_id, version", number
                    )
                ),
            )
            for number, collection, day, created, bundle_id, path in bundles
        ]

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()


@contextmanager
def open_ledger(path: Path, *, create: bool) -> Iterator[Ledger]:
    """The ledger at ``path``. With ``create`` for writing: made when it is not there, and one process at a time.

    Raises CollectError, also for a file that is no ledger or is of a newer program.
    """
    if not create and not path.exists():
        raise CollectError(f"no ledger at {path}: summarizer collect makes one; --ledger names another")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path) if create else _nobody():
            connection = sqlite3.connect(path, timeout=30)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                _prepare(connection, path)
                yield Ledger(connection)
            finally:
                connection.close()
    except (sqlite3.Error, OSError) as error:
        raise CollectError(f"the ledger {path} cannot be used: {error}") from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise CollectError(f"{path} is an SQLite file, but no ledger: --ledger names another")
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {LEDGER_VERSION}; COMMIT;")
    elif version != LEDGER_VERSION:
        raise CollectError(f"the ledger {path} has version {version}, this program knows {LEDGER_VERSION}: update it")


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two runs of ``collect`` at once would fetch everything twice. Where the system has no such lock, there is none."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CollectError(
                f"another summarizer collect is at work with {path}: wait until it has finished"
            ) from None
        yield


def _paper(row: str) -> Paper:
    return read_paper(json.loads(row), "ledger")
