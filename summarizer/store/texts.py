"""Prompts, models, the model's answers, and the texts made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from summarizer import ids
from summarizer.records import Attempt, Completion, EngineUse, Message, ModelInfo, Sampling, Task
from summarizer.store.papers import PaperKey
from summarizer.store.terms import SearchText, index_texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class PendingText:
    """A text that is to be made. ``n_attempts``: how many were made under the same prompt and model."""

    key: PaperKey
    task: Task
    n_attempts: int


@dataclass(frozen=True, slots=True)
class StoredCompletion:
    """One answer of the model with everything that decided it; ``request_hash`` identifies it."""

    request_hash: str
    key: PaperKey
    prompt_hash: str
    model_sha256: str
    sampling: Sampling
    messages: tuple[Message, ...]
    copy_terms: tuple[str, ...] | None
    completion: Completion
    created_utc: datetime


def record_prompt(
    con: DuckDBPyConnection, prompt_hash: str, task: Task, prompt_version: str, source: str, now: datetime
) -> None:
    """Insert a prompt version unless it is there."""
    con.execute(
        """
        INSERT INTO prompt (prompt_hash, task, prompt_version, source, created_utc) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [prompt_hash, task, prompt_version, source, now],
    )


def record_model(con: DuckDBPyConnection, info: ModelInfo, now: datetime) -> None:
    """Insert a model unless it is there."""
    con.execute(
        """
        INSERT INTO model (model_sha256, name, file_name, n_bytes, description, created_utc) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [info.sha256, info.name, info.file_name, info.n_bytes, info.description, now],
    )


def record_model_use(con: DuckDBPyConnection, run_id: str, model_sha256: str, use: EngineUse, now: datetime) -> None:
    """Note what runs the model in this run, unless that is noted."""
    con.execute(
        """
        INSERT INTO model_use (run_id, model_sha256, engine, engine_version, served_model, created_utc)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [run_id, model_sha256, use.engine, use.engine_version, use.served_model, now],
    )


def pending_generate(
    con: DuckDBPyConnection, model_sha256: str, prompt_hashes: Mapping[Task, str]
) -> list[PendingText]:
    """Texts to make with these prompts (task -> hash) and this model, in order of arrival, a paper's tasks together.

    A text is pending when the paper was compared with earlier ones and repeats none, what the task reads is there (the
    abstract, or sections), no accepted text exists, and it did not fail for good under the same prompt and model.
    """
    rows = con.execute(
        """
        WITH given AS (SELECT unnest($tasks) AS task, unnest($hashes) AS prompt_hash)
        SELECT w.arxiv_id, w.version, w.task, (
            SELECT count(*)
            FROM attempt AS a
            WHERE a.arxiv_id = w.arxiv_id AND a.version = w.version AND a.task = w.task
              AND a.prompt_hash = given.prompt_hash AND a.model_sha256 = $model
        ) AS n_attempts
        FROM wanted_text AS w
        JOIN given ON given.task = w.task
        WHERE NOT EXISTS (
            FROM failure AS f
            WHERE f.stage = 'generate' AND f.permanent
              AND f.arxiv_id = w.arxiv_id AND f.version = w.version AND f.task = w.task
              AND f.prompt_hash = given.prompt_hash AND f.model_sha256 = $model
        )
        ORDER BY w.ingested_utc, w.bundle_id, w.seq, w.task_seq
        """,
        {"model": model_sha256, "tasks": list(prompt_hashes), "hashes": list(prompt_hashes.values())},
    ).fetchall()
    return [PendingText((arxiv_id, version), task, n) for arxiv_id, version, task, n in rows]


def stale_texts(
    con: DuckDBPyConnection, model_sha256: str, prompts: Mapping[Task, tuple[str, str]]
) -> list[PendingText]:
    """Accepted texts of older prompts than these (task -> hash and version), latest days first, a paper's tasks together.

    Texts that failed for good under the given prompt and model are left out: they keep their accepted text.
    """
    rows = con.execute(
        f"""
        {_OLDER}
        SELECT o.arxiv_id, o.version, o.task, (
            SELECT count(*)
            FROM attempt AS a
            WHERE a.arxiv_id = o.arxiv_id AND a.version = o.version AND a.task = o.task
              AND a.prompt_hash = o.current_hash AND a.model_sha256 = $model
        ) AS n_attempts
        FROM older AS o
        JOIN paper_arrival AS w ON w.arxiv_id = o.arxiv_id AND w.version = o.version
        JOIN task ON task.task = o.task
        WHERE NOT o.failed
        ORDER BY w.post_date DESC, w.ingested_utc DESC, w.bundle_id, w.seq, task.seq
        """,  # noqa: S608 - a constant of this module
        _given(model_sha256, prompts),
    ).fetchall()
    return [PendingText((arxiv_id, version), task, n) for arxiv_id, version, task, n in rows]


def count_stale(
    con: DuckDBPyConnection, model_sha256: str, prompts: Mapping[Task, tuple[str, str]]
) -> list[tuple[Task, str, str, str, int, int]]:
    """For each task, prompt version and model of such texts: (task, version, current version, model, texts, failed).

    ``failed``: texts that were tried with the current prompt and failed for good.
    """
    rows: list[tuple[Task, str, str, str, int, int]] = con.execute(
        f"""
        {_OLDER}
        SELECT o.task, o.prompt_version, o.current_version, m.name, count(*), count(*) FILTER (o.failed)
        FROM older AS o
        JOIN task ON task.task = o.task
        LEFT JOIN model AS m ON m.model_sha256 = o.model_sha256
        GROUP BY o.task, task.seq, o.prompt_version, o.current_version, m.name
        ORDER BY task.seq, o.prompt_version, m.name
        """,  # noqa: S608 - a constant of this module
        _given(model_sha256, prompts),
    ).fetchall()
    return rows


#: Accepted texts whose prompt file is another than the given one, with a version that is no later.
_OLDER = """
    WITH given AS (
        SELECT unnest($tasks::VARCHAR[]) AS task, unnest($hashes::VARCHAR[]) AS prompt_hash,
            unnest($versions::VARCHAR[]) AS prompt_version
    ),
    older AS (
        SELECT
            a.arxiv_id, a.version, a.task, a.model_sha256, p.prompt_version,
            given.prompt_hash AS current_hash, given.prompt_version AS current_version,
            EXISTS (
                FROM failure AS f
                WHERE f.stage = 'generate' AND f.permanent
                  AND f.arxiv_id = a.arxiv_id AND f.version = a.version AND f.task = a.task
                  AND f.prompt_hash = given.prompt_hash AND f.model_sha256 = $model
            ) AS failed
        FROM accepted_attempt AS x
        JOIN attempt AS a ON a.attempt_id = x.attempt_id
        JOIN prompt AS p ON p.prompt_hash = a.prompt_hash
        JOIN given ON given.task = a.task
        WHERE a.prompt_hash <> given.prompt_hash
          AND try_cast(substr(p.prompt_version, 2) AS INTEGER) <= try_cast(substr(given.prompt_version, 2) AS INTEGER)
          AND NOT EXISTS (FROM repeated_paper AS r WHERE r.arxiv_id = a.arxiv_id AND r.version = a.version)
    )
"""


def _given(model_sha256: str, prompts: Mapping[Task, tuple[str, str]]) -> dict[str, str | list[str]]:
    return {
        "model": model_sha256,
        "tasks": list(prompts),
        "hashes": [prompt_hash for prompt_hash, _ in prompts.values()],
        "versions": [version for _, version in prompts.values()],
    }


def record_completions(con: DuckDBPyConnection, run_id: str, rows: Sequence[StoredCompletion]) -> None:
    """Record answers; one that is there already (same request) stays as it is."""
    if not rows:
        return
    con.executemany(
        """
        INSERT INTO completion (
            request_hash, arxiv_id, version, prompt_hash, model_sha256, sampling, messages, copy_terms, text,
            finish_reason, prompt_tokens, prompt_tokens_reused, completion_tokens, seconds, run_id, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?::VARCHAR[], ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [
            [
                row.request_hash,
                *row.key,
                row.prompt_hash,
                row.model_sha256,
                ids.canonical_json(asdict(row.sampling)),
                ids.canonical_json([asdict(message) for message in row.messages]),
                list(row.copy_terms) if row.copy_terms is not None else None,
                row.completion.text,
                row.completion.finish_reason,
                row.completion.prompt_tokens,
                row.completion.prompt_tokens_reused,
                row.completion.completion_tokens,
                row.completion.seconds,
                run_id,
                row.created_utc,
            ]
            for row in rows
        ],
    )


def completions(con: DuckDBPyConnection, keys: Sequence[PaperKey]) -> dict[str, Completion]:
    """The answers recorded for these papers, by request hash (which is also their ``request_id``)."""
    rows = con.execute(
        """
        SELECT request_hash, text, finish_reason, prompt_tokens, prompt_tokens_reused, completion_tokens, seconds
        FROM completion
        WHERE (arxiv_id, version) IN (SELECT (unnest($ids::VARCHAR[]), unnest($versions::INTEGER[])))
        """,
        {"ids": [arxiv_id for arxiv_id, _ in keys], "versions": [version for _, version in keys]},
    ).fetchall()
    return {row[0]: Completion(*row) for row in rows}


def record_attempt(con: DuckDBPyConnection, run_id: str, attempt: Attempt, now: datetime) -> None:
    """Record one text, see :func:`record_attempts`."""
    record_attempts(con, run_id, [attempt], now)


def record_attempts(con: DuckDBPyConnection, run_id: str, attempts: Sequence[Attempt], now: datetime) -> None:
    """Record texts with their pieces, the sections they read and left out, their terms and checks; of accepted ones also
    the words for the search.
    """
    for attempt in attempts:
        _record_attempt(con, run_id, attempt, now)
    accepted_texts = [SearchText(a.arxiv_id, a.version, a.task, a.attempt_id, a.text) for a in attempts if a.accepted]
    index_texts(con, accepted_texts, now)


def _record_attempt(con: DuckDBPyConnection, run_id: str, attempt: Attempt, now: datetime) -> None:
    con.execute(
        """
        INSERT INTO attempt (
            attempt_id, arxiv_id, version, task, attempt_no, prompt_hash, model_sha256, sampling, input_hash,
            source_scope, text, finish_reason, prompt_tokens, completion_tokens, seconds, run_id, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            attempt.attempt_id,
            attempt.arxiv_id,
            attempt.version,
            attempt.task,
            attempt.attempt_no,
            attempt.prompt_hash,
            attempt.model_sha256,
            ids.canonical_json(asdict(attempt.sampling)),
            attempt.input_hash,
            attempt.source_scope,
            attempt.text,
            attempt.finish_reason,
            attempt.prompt_tokens,
            attempt.completion_tokens,
            attempt.seconds,
            run_id,
            now,
        ],
    )
    id_ = attempt.attempt_id
    if attempt.pieces:
        con.executemany(
            """
            INSERT INTO attempt_piece (
                attempt_id, seq, role, source_text, section_seq, request_hash, text, used, reason
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                [id_, p.seq, p.role, p.source_text, p.section_seq, p.request_hash, p.text, p.used, p.reason]
                for p in attempt.pieces
            ],
        )
    read = [(seq, True) for seq in sorted(set(attempt.sections_read))]
    left_out = [(seq, False) for seq in sorted(set(attempt.sections_left_out) - set(attempt.sections_read))]
    if read or left_out:
        con.executemany(
            "INSERT INTO attempt_section (attempt_id, section_seq, included) VALUES (?, ?, ?)",
            [[id_, seq, included] for seq, included in read + left_out],
        )
    if attempt.terms:
        con.executemany(
            "INSERT INTO term_use (attempt_id, term, wanted, used) VALUES (?, ?, ?, ?)",
            [[id_, t.term, t.wanted, t.used] for t in attempt.terms],
        )
    if attempt.checks:
        con.executemany(
            """
            INSERT INTO check_result (attempt_id, seq, check_name, severity, passed, reason) VALUES (?, ?, ?, ?, ?, ?)
            """,
            [[id_, seq, c.name, c.severity, c.passed, c.reason] for seq, c in enumerate(attempt.checks)],
        )


def accepted(con: DuckDBPyConnection, key: PaperKey) -> dict[Task, tuple[str, str]]:
    """The accepted texts of a paper: task -> (attempt_id, text)."""
    rows = con.execute(
        """
        SELECT x.task, a.attempt_id, a.text
        FROM accepted_attempt AS x
        JOIN attempt AS a USING (attempt_id)
        JOIN task ON task.task = x.task
        WHERE x.arxiv_id = ? AND x.version = ?
        ORDER BY task.seq
        """,
        key,
    ).fetchall()
    return {task: (attempt_id, text) for task, attempt_id, text in rows}
