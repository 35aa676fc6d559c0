"""Failures of single items, kept for ever."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from summarizer import ids
from summarizer.records import Stage, Task
from summarizer.store.papers import PaperKey
from summarizer.text import one_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def record_failure(
    con: DuckDBPyConnection,
    run_id: str,
    stage: Stage,
    key: PaperKey,
    *,
    category: str,
    detail: str,
    permanent: bool,
    now: datetime,
    task: Task | None = None,
    input_hash: str | None = None,
    prompt_hash: str | None = None,
    model_sha256: str | None = None,
) -> None:
    """Record that an item failed in a stage.

    ``permanent`` means that the same input fails again: ingest with the same ``input_hash``, embed under the same
    ``model_sha256``, generate under the same ``prompt_hash`` and ``model_sha256`` then leave the item alone.
    """
    row = [run_id, stage, *key, task, category, one_line(detail), input_hash, permanent, prompt_hash, model_sha256]
    con.execute(
        """
        INSERT INTO failure (
            failure_id, run_id, stage, arxiv_id, version, task, category, detail, input_hash, permanent, prompt_hash,
            model_sha256, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [ids.content_hash([*row, now.isoformat()]), *row, now],
    )
