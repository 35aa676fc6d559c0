"""Where the store stands, as plain values that JSON can carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from summarizer.records import Task
from summarizer.store import embeddings, texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def status(
    con: DuckDBPyConnection,
    *,
    embedder_sha256: str | None = None,
    model_sha256: str | None = None,
    prompts: Mapping[Task, tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """What arrived, what is done, pending and failed in each stage, duplicates, posts and the last run.

    Imported posts are summed up under ``imported``; among ``posts`` are only those with something left or something besides.

    With the embedder's hash, and the model's and the prompts (task -> hash and version), ``pending`` is what a run with
    exactly these would do, and ``stale`` counts the accepted texts of older prompts; without them, what a run with the
    same ones as before would do, and ``stale`` is empty.
    """
    stages = {name: {"done": done, "pending": pending} for name, done, pending in con.execute(_STAGES).fetchall()}
    if embedder_sha256 is not None:
        stages["embed"]["pending"] = len(embeddings.pending_embed(con, embedder_sha256))
        stages["dedup"]["pending"] = len(embeddings.pending_dedup(con, embedder_sha256))
    stale: list[dict[str, Any]] = []
    if model_sha256 is not None and prompts is not None:
        hashes = {task: prompt_hash for task, (prompt_hash, _) in prompts.items()}
        stages["generate"]["pending"] = len(texts.pending_generate(con, model_sha256, hashes))
        stale = [dict(zip(_STALE, row, strict=True)) for row in texts.count_stale(con, model_sha256, prompts)]
    failures = _rows(con, _FAILURES)
    for name, stage in stages.items():
        stage["failed"] = sum(failure["stage"] == name for failure in failures)
    runs = _rows(con, "FROM run_summary ORDER BY started_utc DESC, run_id LIMIT 1")
    return {
        "bundles": _rows(con, _BUNDLES),
        "imported": _rows(con, _IMPORTED)[0],
        "papers": _rows(con, _PAPERS)[0],
        "stages": stages,
        "failures": failures,
        "stale": stale,
        "duplicates": _rows(con, _DUPLICATES),
        "posts": _rows(con, _POSTS),
        "last_run": runs[0] if runs else None,
    }


_STALE = ("task", "prompt_version", "current_version", "model", "n_texts", "n_failed")
_BUNDLES = """
    SELECT b.bundle_id, b.post_date, b.n_fetched, count(p.arxiv_id) AS n_papers, b.ingested_utc
    FROM bundle AS b
    ANTI JOIN imported_post AS i ON i.bundle_id = b.bundle_id
    LEFT JOIN bundle_paper AS p USING (bundle_id)
    GROUP BY ALL
    ORDER BY b.ingested_utc, b.bundle_id
"""
_IMPORTED = """
    SELECT
        count(*) AS n_posts, min(post_date) AS first, max(post_date) AS last,
        (SELECT count(*) FROM paper_version WHERE metadata_source = 'imported') AS n_papers
    FROM imported_post
"""
_PAPERS = """
    SELECT
        count(DISTINCT arxiv_id) AS n_papers,
        count(*) AS n_versions,
        count(*) FILTER (EXISTS (
            FROM repeated_paper AS r WHERE r.arxiv_id = p.arxiv_id AND r.version = p.version
        )) AS n_left_out
    FROM paper_version AS p
"""
# Ingest is counted in paper versions, generate in texts, publish in days.
_STAGES = """
    SELECT 'ingest', (SELECT count(*) FROM document),
        (SELECT count(DISTINCT (arxiv_id, version)) FROM pending_ingest)
    UNION ALL SELECT 'embed', (SELECT count(DISTINCT (arxiv_id, version)) FROM embedding),
        (SELECT count(*) FROM pending_embed)
    UNION ALL SELECT 'dedup', (SELECT count(DISTINCT (arxiv_id, version)) FROM dedup_check),
        (SELECT count(DISTINCT (arxiv_id, version)) FROM pending_dedup)
    UNION ALL SELECT 'generate', (
            SELECT count(*) FROM accepted_attempt JOIN attempt USING (attempt_id) WHERE source_scope <> 'imported'
        ), (SELECT count(*) FROM pending_generate)
    UNION ALL SELECT 'publish', (SELECT count(*) FROM current_post), (SELECT count(*) FROM pending_publish)
"""
_FAILURES = "FROM item_failure ORDER BY created_utc, stage, arxiv_id, version, detail"
_DUPLICATES = """
    SELECT arxiv_id, version, other_arxiv_id, other_version, kind, score, reason
    FROM duplicate_pair
    ORDER BY created_utc, arxiv_id, version, other_arxiv_id, other_version
"""
# Imported days are told in one line (above): here only those that have something besides, or are not written yet.
_POSTS = """
    SELECT s.post_date, c.path, c.revision, s.n_fetched, s.n_shown, s.n_duplicate, s.n_unreadable, s.n_missing,
        c.state_hash IS NOT DISTINCT FROM s.state_hash AS current
    FROM post_state AS s
    LEFT JOIN current_post AS c ON c.post_date = s.post_date
    LEFT JOIN imported_post AS i ON i.post_date = s.post_date
    WHERE i.bundle_id IS NULL OR s.n_bundles > 1 OR c.state_hash IS DISTINCT FROM s.state_hash
    ORDER BY s.post_date
"""


def _rows(con: DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = con.execute(sql)
    names = [column[0] for column in result.description or ()]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in result.fetchall()]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else value
