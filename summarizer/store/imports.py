"""Posts of another system: recorded as they are, and their papers as papers that were seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from summarizer import ids
from summarizer.errors import StoreError
from summarizer.records import TASKS, ImportedPost, Manifest, ModelInfo, Task
from summarizer.store import papers, texts
from summarizer.store.terms import SearchText, index_texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The name that stands for the unknown: version of the prompt, name of the model, scope of the source.
IMPORTED = "imported"
MODEL = ModelInfo(IMPORTED, ids.content_hash([IMPORTED]), "", 0, "whatever wrote the texts of imported posts")
PROMPT_HASHES: dict[Task, str] = {task: ids.content_hash([IMPORTED, task]) for task in TASKS}
#: The check that a message in the place of a text fails.
NOTICE_CHECK = "imported_notice"

#: ``recorded``; ``known``: imported before; ``own``: a page that this store wrote itself. The others are refused:
#: ``other_post``: another post of that day was imported; ``has_bundle``: the store has the day from a bundle.
ImportOutcome = Literal["recorded", "known", "own", "other_post", "has_bundle"]


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """The file of an imported post. ``path`` is below the output folder, with slashes."""

    path: str
    data: bytes


def record_post(
    con: DuckDBPyConnection, run_id: str, post: ImportedPost, source_path: str, now: datetime
) -> ImportOutcome:
    """Record a post, its papers and their texts, unless the store has its day already; then nothing is written.

    A paper version that the store has keeps its metadata, and a text made here stays the accepted one.
    """
    sha256 = hashlib.sha256(b"".join(part.data for part in post.parts)).hexdigest()
    bundle_id = ids.content_hash([post.path, sha256])
    outcome = _outcome(con, post, sha256)
    if outcome != "recorded":
        return outcome
    manifest = Manifest(
        bundle_id=bundle_id,
        bundle_format=0,
        created_utc=now,
        post_date=post.post_date,
        window=post.window,
        categories=post.categories,
        n_fetched=post.n_fetched,
        files=(),
    )
    papers.register_bundle(con, manifest, [paper.paper for paper in post.papers], source_path, now)
    con.execute(
        """
        INSERT INTO imported_post (bundle_id, post_date, path, sha256, n_bytes, run_id, created_utc)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [bundle_id, post.post_date, post.path, sha256, sum(len(part.data) for part in post.parts), run_id, now],
    )
    con.execute(
        """
        INSERT INTO imported_part (bundle_id, seq, kind, arxiv_id, version, data)
        SELECT
            $bundle_id, unnest($seq::INTEGER[]), unnest($kind::VARCHAR[]), unnest($arxiv_id::VARCHAR[]),
            unnest($version::INTEGER[]), unnest($data::BLOB[])
        """,
        {
            "bundle_id": bundle_id,
            "seq": list(range(len(post.parts))),
            "kind": [part.kind for part in post.parts],
            "arxiv_id": [part.key[0] if part.key else None for part in post.parts],
            "version": [part.key[1] if part.key else None for part in post.parts],
            "data": [part.data for part in post.parts],
        },
    )
    _record_texts(con, run_id, post, bundle_id, now)
    return "recorded"


def days(con: DuckDBPyConnection, *, only: bool = False) -> set[date]:
    """Days that have an imported post; ``only``: and nothing of a bundle."""
    rows = con.execute(
        """
        SELECT post_date FROM imported_post AS i
        WHERE NOT $only OR NOT EXISTS (
            FROM bundle AS b WHERE b.post_date = i.post_date AND b.bundle_id <> i.bundle_id
        )
        """,
        {"only": only},
    ).fetchall()
    return {day for (day,) in rows}


def pages(con: DuckDBPyConnection, days: Sequence[date]) -> dict[date, ImportedPage]:
    """The imported pages of these days, of those that have one. Raises StoreError when bytes are not what came in."""
    rows = con.execute(
        """
        SELECT i.post_date, i.path, i.sha256, list(p.data ORDER BY p.seq)
        FROM imported_post AS i
        JOIN imported_part AS p USING (bundle_id)
        WHERE i.post_date IN (SELECT unnest(?::DATE[]))
        GROUP BY ALL
        ORDER BY i.post_date
        """,
        [list(days)],
    ).fetchall()
    found = {}
    for day, path, sha256, parts in rows:
        data = b"".join(map(bytes, parts))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(
                f"imported post of {day.isoformat()}: its parts were changed in the store (SHA-256 differs): "
                "restore a copy of the store, or import the archive into a new one"
            )
        found[day] = ImportedPage(path, data)
    return found


def _outcome(con: DuckDBPyConnection, post: ImportedPost, sha256: str) -> ImportOutcome:
    asked: list[tuple[str, list[Any], ImportOutcome]] = [
        ("SELECT 1 FROM imported_post WHERE post_date = ? AND sha256 = ?", [post.post_date, sha256], "known"),
        ("SELECT 1 FROM post WHERE post_date = ? AND sha256 = ?", [post.post_date, sha256], "own"),
        ("SELECT 1 FROM imported_post WHERE post_date = ? OR path = ?", [post.post_date, post.path], "other_post"),
        ("SELECT 1 FROM bundle WHERE post_date = ?", [post.post_date], "has_bundle"),
    ]
    for sql, values, outcome in asked:
        if con.execute(sql, values).fetchone():
            return outcome
    return "recorded"


def _record_texts(con: DuckDBPyConnection, run_id: str, post: ImportedPost, bundle_id: str, now: datetime) -> None:
    """Texts as attempts that were accepted, messages in the place of texts as attempts that failed a check."""
    texts.record_model(con, MODEL, now)
    for task, prompt_hash in PROMPT_HASHES.items():
        texts.record_prompt(con, prompt_hash, task, IMPORTED, "", now)
    found = [
        (paper.paper.arxiv_id, paper.paper.version, task, text, task in paper.texts)
        for paper in post.papers
        for task in TASKS
        if (text := paper.texts.get(task) or paper.notices.get(task))
    ]
    attempt_ids = [ids.content_hash([IMPORTED, bundle_id, *row[:3]]) for row in found]
    con.execute(
        """
        INSERT INTO attempt (
            attempt_id, arxiv_id, version, task, attempt_no, prompt_hash, model_sha256, sampling, input_hash,
            source_scope, text, finish_reason, prompt_tokens, completion_tokens, seconds, run_id, created_utc
        )
        SELECT
            unnest($attempt_id::VARCHAR[]), unnest($arxiv_id::VARCHAR[]), unnest($version::INTEGER[]),
            unnest($task::VARCHAR[]), 1, unnest($prompt_hash::VARCHAR[]), $model_sha256, '{}', $bundle_id,
            $scope, unnest($text::VARCHAR[]), 'stop', 0, 0, 0, $run_id, $now
        """,
        {
            "attempt_id": attempt_ids,
            "arxiv_id": [row[0] for row in found],
            "version": [row[1] for row in found],
            "task": [row[2] for row in found],
            "prompt_hash": [PROMPT_HASHES[row[2]] for row in found],
            "model_sha256": MODEL.sha256,
            "bundle_id": bundle_id,
            "scope": IMPORTED,
            "text": [row[3] for row in found],
            "run_id": run_id,
            "now": now,
        },
    )
    index_texts(
        con,
        [
            SearchText(arxiv_id, version, task, attempt_id, text)
            for attempt_id, (arxiv_id, version, task, text, accepted) in zip(attempt_ids, found, strict=True)
            if accepted
        ],
        now,
    )
    con.execute(
        """
        INSERT INTO check_result (attempt_id, seq, check_name, severity, passed, reason)
        SELECT unnest($attempt_id::VARCHAR[]), 0, $name, 'hard', false, 'a message in the place of the text'
        """,
        {
            "attempt_id": [id_ for id_, row in zip(attempt_ids, found, strict=True) if not row[4]],
            "name": NOTICE_CHECK,
        },
    )
