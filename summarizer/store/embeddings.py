"""Embeddings, and what the comparison with earlier papers found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from summarizer.records import Paper
from summarizer.store.papers import PaperKey, paper_from_row

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from duckdb import DuckDBPyConnection

#: length of a vector: the column is FLOAT[384]
DIMENSION = 384


def pending_embed(con: DuckDBPyConnection, model_sha256: str) -> list[Paper]:
    """Papers without an embedding under this model, in order of arrival.

    Left out: permanent failures under this model, and papers with no word to embed (no metadata and no section).
    """
    rows = con.execute(
        """
        SELECT p
        FROM paper_version AS p
        JOIN paper_arrival AS a ON a.arxiv_id = p.arxiv_id AND a.version = p.version
        SEMI JOIN embeddable AS w ON w.arxiv_id = p.arxiv_id AND w.version = p.version
        WHERE NOT EXISTS (
            FROM embedding AS e WHERE e.arxiv_id = p.arxiv_id AND e.version = p.version AND e.model_sha256 = $model
        ) AND NOT EXISTS (
            FROM failure AS f
            WHERE f.stage = 'embed' AND f.permanent AND f.model_sha256 = $model
              AND f.arxiv_id = p.arxiv_id AND f.version = p.version
        )
        ORDER BY a.ingested_utc, a.bundle_id, a.seq
        """,
        {"model": model_sha256},
    ).fetchall()
    return [paper_from_row(row) for (row,) in rows]


def record_embeddings(
    con: DuckDBPyConnection,
    run_id: str,
    model_sha256: str,
    rows: Sequence[tuple[PaperKey, str, npt.NDArray[np.float32]]],
    now: datetime,
) -> None:
    """Record embeddings as (key, input_hash, unit vector of shape (384,))."""
    if not rows:
        return
    con.executemany(
        """
        INSERT INTO embedding (arxiv_id, version, model_sha256, input_hash, vector, run_id, created_utc)
        VALUES (?, ?, ?, ?, ?::FLOAT[384], ?, ?)
        """,
        [[*key, model_sha256, input_hash, vector.tolist(), run_id, now] for key, input_hash, vector in rows],
    )


def pending_dedup(con: DuckDBPyConnection, model_sha256: str) -> list[Paper]:
    """Papers with an embedding under this model that were not yet compared, in order of arrival."""
    rows = con.execute(
        """
        WITH pending AS (
            SELECT e.arxiv_id, e.version
            FROM embedding AS e
            WHERE e.model_sha256 = $model AND NOT EXISTS (
                FROM dedup_check AS c
                WHERE c.arxiv_id = e.arxiv_id AND c.version = e.version AND c.model_sha256 = $model
            )
        ),
        arrival AS (
            SELECT bp.arxiv_id, bp.version, min((b.ingested_utc, bp.bundle_id, bp.seq)) AS place
            FROM bundle_paper AS bp
            SEMI JOIN pending AS d ON d.arxiv_id = bp.arxiv_id AND d.version = bp.version
            JOIN bundle AS b USING (bundle_id)
            GROUP BY bp.arxiv_id, bp.version
        )
        SELECT p
        FROM arrival AS a
        JOIN paper_version AS p ON p.arxiv_id = a.arxiv_id AND p.version = a.version
        ORDER BY a.place
        """,  # the view paper_arrival would order the whole archive first
        {"model": model_sha256},
    ).fetchall()
    return [paper_from_row(row) for (row,) in rows]


def repeated_papers(con: DuckDBPyConnection) -> set[PaperKey]:
    """Papers that repeat an earlier one (exact or near), and are therefore left out."""
    return {(arxiv_id, version) for arxiv_id, version in con.execute("FROM repeated_paper").fetchall()}
