"""How a day or a stage ended: what is still wanting, and the figures of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from summarizer.records import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something of a paper that is not there."""

    arxiv_id: str
    version: int
    stage: str  #: the stage that could not make it
    category: str  #: why


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What one run did with the model."""

    texts_accepted: int
    prompt_tokens: int
    completion_tokens: int


def shortfalls_of_bundles(con: DuckDBPyConnection, bundle_ids: Sequence[str]) -> list[Shortfall]:
    """What the papers of these bundles lack: open failures of any stage, and texts that their posts have to leave out.

    A paper that repeats an earlier one lacks nothing by being left out.
    """
    rows = con.execute(
        """
        WITH chosen AS (
            SELECT DISTINCT arxiv_id, version FROM bundle_paper WHERE bundle_id IN (SELECT unnest($bundles::VARCHAR[]))
        ),
        days AS (
            SELECT DISTINCT post_date FROM bundle WHERE bundle_id IN (SELECT unnest($bundles::VARCHAR[]))
        )
        SELECT f.arxiv_id, f.version, f.stage, f.category
        FROM item_failure AS f
        SEMI JOIN chosen AS c ON c.arxiv_id = f.arxiv_id AND c.version = f.version
        UNION
        SELECT e.arxiv_id, e.version, e.stage, e.category
        FROM post_entry AS e
        SEMI JOIN days AS d ON d.post_date = e.post_date
        SEMI JOIN chosen AS c ON c.arxiv_id = e.arxiv_id AND c.version = e.version
        WHERE e.category IS NOT NULL
        ORDER BY ALL
        """,
        {"bundles": list(bundle_ids)},
    ).fetchall()
    return [Shortfall(*row) for row in rows]


def shortfalls_of_stage(con: DuckDBPyConnection, stage: Stage) -> list[Shortfall]:
    """The open failures of one stage, whichever bundle the papers came with."""
    rows = con.execute(
        "SELECT DISTINCT arxiv_id, version, stage, category FROM item_failure WHERE stage = ? ORDER BY ALL", [stage]
    ).fetchall()
    return [Shortfall(*row) for row in rows]


def incomplete_posts(con: DuckDBPyConnection) -> list[Shortfall]:
    """What the posts of all days have to leave out."""
    rows = con.execute(
        """
        SELECT DISTINCT arxiv_id, version, stage, category FROM post_entry WHERE category IS NOT NULL ORDER BY ALL
        """
    ).fetchall()
    return [Shortfall(*row) for row in rows]


def post_dates(con: DuckDBPyConnection, bundle_ids: Sequence[str] | None = None) -> list[date]:
    """The days of these bundles (None: of all), oldest first."""
    rows = con.execute(
        """
        SELECT DISTINCT post_date FROM bundle
        WHERE $bundles::VARCHAR[] IS NULL OR bundle_id IN (SELECT unnest($bundles::VARCHAR[]))
        ORDER BY post_date
        """,
        {"bundles": list(bundle_ids) if bundle_ids is not None else None},
    ).fetchall()
    return [day for (day,) in rows]


def n_shown(con: DuckDBPyConnection, days: Sequence[date]) -> int:
    """Papers that the posts of these days show."""
    row = con.execute(
        "SELECT coalesce(sum(n_shown), 0)::BIGINT FROM post_state WHERE post_date IN (SELECT unnest(?::DATE[]))",
        [list(days)],
    ).fetchone()
    return int(row[0]) if row else 0


def run_figures(con: DuckDBPyConnection, run_id: str) -> RunFigures:
    """Zeros for a run that recorded nothing."""
    row = con.execute(
        "SELECT texts_accepted, prompt_tokens, completion_tokens FROM run_summary WHERE run_id = ?", [run_id]
    ).fetchone()
    return RunFigures(*row) if row else RunFigures(0, 0, 0)
