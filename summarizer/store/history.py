"""What earlier runs tell about the next one: how answers turned out, how long stages took, how far a bundle's papers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from summarizer.records import Stage, Task
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class AnswerHistory:
    """The pieces of one task that one model answered under one prompt."""

    n_pieces: int
    tokens_per_char: float  #: tokens of an answer for each character of its source
    tries: float  #: times a piece was asked, on average


@dataclass(frozen=True, slots=True)
class StageHistory:
    n_items: int
    seconds: float


NO_HISTORY = StageHistory(0, 0.0)


@dataclass(frozen=True, slots=True)
class PaperState:
    """How far a paper version is. ``failed_pdfs``: hashes of files that gave no sections for good (None: no file)."""

    has_document: bool
    has_sections: bool
    failed_pdfs: tuple[str | None, ...]
    embedded: bool  #: under the model asked for
    compared: bool
    repeated: bool
    imported: bool = False  #: known from an imported post: nothing is made of it


def answers(con: DuckDBPyConnection, model_sha256: str, prompt_hashes: Mapping[Task, str]) -> dict[Task, AnswerHistory]:
    """By task; a task without any answer is not there."""
    rows = con.execute(
        """
        WITH asked AS (
            SELECT DISTINCT a.task, a.arxiv_id, a.version, p.source_text, p.request_hash, c.completion_tokens
            FROM attempt AS a
            JOIN attempt_piece AS p ON p.attempt_id = a.attempt_id
            JOIN completion AS c ON c.request_hash = p.request_hash
            WHERE a.model_sha256 = $model AND a.prompt_hash IN (SELECT unnest($hashes::VARCHAR[]))
              AND p.source_text <> ''
        )
        SELECT
            task,
            count(DISTINCT (arxiv_id, version, source_text)),
            sum(completion_tokens) / sum(length(source_text)),
            count(*) / count(DISTINCT (arxiv_id, version, source_text))
        FROM asked
        GROUP BY task
        """,
        {"model": model_sha256, "hashes": list(prompt_hashes.values())},
    ).fetchall()
    return {task: AnswerHistory(n, tokens, tries) for task, n, tokens, tries in rows}


def evidence_chars(con: DuckDBPyConnection) -> tuple[int, float]:
    """Sentences that were chosen as evidence, each counted once, and the average of their characters."""
    row = con.execute(
        """
        SELECT count(*), coalesce(avg(length(source_text)), 0)
        FROM (
            SELECT DISTINCT a.arxiv_id, a.version, p.source_text
            FROM attempt_piece AS p JOIN attempt AS a ON a.attempt_id = p.attempt_id
            WHERE p.role = 'bullet'
        )
        """
    ).fetchone()
    return (int(row[0]), float(row[1])) if row else (0, 0.0)


def stage(con: DuckDBPyConnection, name: Stage) -> StageHistory:
    """All passes of a stage that ended, together."""
    row = con.execute(
        """
        SELECT coalesce(sum(n_done + n_failed), 0)::BIGINT, coalesce(sum(seconds), 0)
        FROM run_stage WHERE stage = ?
        """,
        [name],
    ).fetchone()
    return StageHistory(int(row[0]), float(row[1])) if row else NO_HISTORY


def generation(con: DuckDBPyConnection, model_sha256: str) -> tuple[float, int, int]:
    """Of all passes of generate that ended with this model: seconds, prompt tokens computed, tokens of answers."""
    row = con.execute(
        """
        WITH told AS (
            SELECT
                run_id, sum(prompt_tokens - prompt_tokens_reused) AS n_read, sum(completion_tokens) AS n_written
            FROM completion WHERE model_sha256 = ? GROUP BY run_id
        ),
        took AS (SELECT run_id, sum(seconds) AS seconds FROM run_stage WHERE stage = 'generate' GROUP BY run_id)
        SELECT
            coalesce(sum(seconds), 0), coalesce(sum(n_read), 0)::BIGINT, coalesce(sum(n_written), 0)::BIGINT
        FROM told JOIN took USING (run_id)
        """,
        [model_sha256],
    ).fetchone()
    return (float(row[0]), int(row[1]), int(row[2])) if row else (0.0, 0, 0)


def paper_states(con: DuckDBPyConnection, keys: Sequence[PaperKey], embedder_sha256: str) -> dict[PaperKey, PaperState]:
    """Of those that the store has."""
    rows = con.execute(
        """
        WITH given AS (SELECT unnest($ids::VARCHAR[]) AS arxiv_id, unnest($versions::INTEGER[]) AS version)
        SELECT
            p.arxiv_id, p.version,
            EXISTS (FROM document AS d WHERE d.arxiv_id = p.arxiv_id AND d.version = p.version),
            EXISTS (FROM section AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version),
            EXISTS (
                FROM embedding AS e
                WHERE e.arxiv_id = p.arxiv_id AND e.version = p.version AND e.model_sha256 = $embedder
            ),
            EXISTS (FROM dedup_check AS c WHERE c.arxiv_id = p.arxiv_id AND c.version = p.version),
            EXISTS (FROM repeated_paper AS r WHERE r.arxiv_id = p.arxiv_id AND r.version = p.version),
            p.metadata_source = 'imported'
        FROM paper_version AS p
        SEMI JOIN given AS g ON g.arxiv_id = p.arxiv_id AND g.version = p.version
        """,
        {
            "ids": [arxiv_id for arxiv_id, _ in keys],
            "versions": [version for _, version in keys],
            "embedder": embedder_sha256,
        },
    ).fetchall()
    failed: dict[PaperKey, list[str | None]] = {}
    found = con.execute("SELECT arxiv_id, version, input_hash FROM failure WHERE stage = 'ingest' AND permanent")
    for arxiv_id, version, input_hash in found.fetchall():
        failed.setdefault((arxiv_id, version), []).append(input_hash)
    return {
        (arxiv_id, version): PaperState(
            has_document,
            has_sections,
            tuple(failed.get((arxiv_id, version), ())),
            embedded,
            compared,
            repeated,
            imported,
        )
        for arxiv_id, version, has_document, has_sections, embedded, compared, repeated, imported in rows
    }
