"""Runs: when a command that writes began, what each stage did, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from summarizer.records import Stage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def has_run(con: DuckDBPyConnection, run_id: str) -> bool:
    return con.execute("SELECT 1 FROM run WHERE run_id = ?", [run_id]).fetchone() is not None


def start_run(
    con: DuckDBPyConnection, run_id: str, command: str, code_version: str, config: str, started_utc: datetime
) -> None:
    """``config``: the settings in force, as JSON."""
    con.execute(
        "INSERT INTO run (run_id, command, code_version, config, started_utc) VALUES (?, ?, ?, ?, ?)",
        [run_id, command, code_version, config, started_utc],
    )


def record_stage(
    con: DuckDBPyConnection,
    run_id: str,
    stage: Stage,
    *,
    n_done: int,
    n_failed: int,
    seconds: float,
    ended_utc: datetime,
) -> None:
    """Once for each pass of a stage that ended; a run of several bundles has several passes of one stage."""
    con.execute(
        """
        INSERT INTO run_stage (run_id, stage, seq, n_done, n_failed, seconds, ended_utc)
        SELECT $run, $stage, count(*), $done, $failed, $seconds, $ended
        FROM run_stage WHERE run_id = $run AND stage = $stage
        """,
        {
            "run": run_id,
            "stage": stage,
            "done": n_done,
            "failed": n_failed,
            "seconds": seconds,
            "ended": ended_utc,
        },
    )


def end_run(
    con: DuckDBPyConnection, run_id: str, *, exit_code: int, peak_memory_bytes: int, ended_utc: datetime
) -> None:
    con.execute(
        "INSERT INTO run_end (run_id, exit_code, peak_memory_bytes, ended_utc) VALUES (?, ?, ?, ?)",
        [run_id, exit_code, peak_memory_bytes, ended_utc],
    )
