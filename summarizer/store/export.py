"""The way back out of the gap: tables and views as files, and a ledger of what arrived and what became of it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summarizer.errors import ConfigError, SummarizerError
from summarizer.store import schema
from summarizer.store.connection import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Version of the layout of ledger.json and of the set of files.
EXPORT_FORMAT = 1

#: What is written, and which of its rows belong to a time: those for which this holds with ``$since``.
_RELATIONS = {
    "bundle": "ingested_utc >= $since",
    "bundle_paper": "bundle_id IN (SELECT bundle_id FROM bundle WHERE ingested_utc >= $since)",
    "paper_version": "created_utc >= $since",
    "accepted_summary": "created_utc >= $since",
    "near_duplicate": "created_utc >= $since",
    "item_failure": "created_utc >= $since",
    "post": "created_utc >= $since",
    "run_summary": "started_utc >= $since",
    "model_use": "created_utc >= $since",
    # small, and what the others refer to: always whole
    "model": "true OR $since IS NULL",
    "prompt": "true OR $since IS NULL",
}
_BEGINNING = datetime(1970, 1, 1)


def read_since(text: str) -> datetime:
    """A date or time of ISO 8601 as naive UTC. Raises ConfigError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--since {text}: write a date (2026-02-12) or a time (2026-02-12T06:00), in UTC") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def export_store(store: Store, out_dir: Path, since: datetime | None, file_format: str = "parquet") -> list[Path]:
    """Write a file for each relation and ``ledger.json`` into ``out_dir``; gives back their paths, the ledger last.

    ``since`` (UTC): only what was recorded since then; the ledger has the bundles that arrived or whose post was written
    since. ``file_format``: parquet or jsonl. Files of an earlier export are replaced, the ledger last, so that it always
    lists files that are there. Raises StoreError, and SummarizerError when the folder cannot be written.
    """
    made_utc = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out_dir, prefix=".export-") as name:
            folder = Path(name).resolve()
            with store.read(folder=folder) as con:
                files = [_write(con, relation, since, folder, file_format) for relation in _RELATIONS]
                bundles = _bundles(con, since)
                version = con.execute("SELECT max(version) FROM schema_migration").fetchone()
            ledger = {
                "export_format": EXPORT_FORMAT,
                "made_utc": _iso(made_utc),
                "since_utc": _iso(since) if since else None,
                "schema_version": version[0] if version else max(m.version for m in schema.migrations()),
                "files": files,
                "bundles": bundles,
            }
            text = json.dumps(ledger, ensure_ascii=False, indent=1) + "\n"
            (folder / "ledger.json").write_text(text, encoding="utf-8")
            paths = [out_dir / name for name in [*(file["path"] for file in files), "ledger.json"]]
            for path in paths:
                os.replace(folder / path.name, path)
    except OSError as error:
        raise SummarizerError(f"export to {out_dir}: {error.strerror or error}") from error
    return paths


def _write(
    con: DuckDBPyConnection, relation: str, since: datetime | None, folder: Path, file_format: str
) -> dict[str, Any]:
    path = folder / f"{relation}.{file_format}"
    where = _RELATIONS[relation]
    # relation and condition are constants of this module
    sql = f"FROM {relation} WHERE {where} ORDER BY ALL"
    copy = f"COPY ({sql}) TO $path (FORMAT {'json' if file_format == 'jsonl' else 'parquet'})"
    rows = con.execute(copy, {"since": since or _BEGINNING, "path": str(path)}).fetchone()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.name, "n_rows": rows[0] if rows else 0, "n_bytes": path.stat().st_size, "sha256": sha256}


def _bundles(con: DuckDBPyConnection, since: datetime | None) -> list[dict[str, Any]]:
    rows = con.execute(
        """
        SELECT
            b.bundle_id, b.post_date, b.created_utc, b.ingested_utc, b.categories, b.n_fetched,
            any_value(l.post_path), any_value(l.post_sha256), any_value(l.published_utc),
            list({
                'arxiv_id': l.arxiv_id, 'version': l.version, 'pdf_sha256': l.pdf_sha256, 'state': l.state,
                'n_texts': l.n_texts, 'n_published': l.n_published, 'reasons': l.reasons
            } ORDER BY l.seq)
        FROM bundle AS b
        JOIN ledger AS l USING (bundle_id)
        GROUP BY ALL
        HAVING b.ingested_utc >= $since OR any_value(l.published_utc) >= $since
        ORDER BY b.ingested_utc, b.bundle_id
        """,
        {"since": since or _BEGINNING},
    ).fetchall()
    return [
        {
            "bundle_id": bundle_id,
            "post_date": post_date.isoformat(),
            "created_utc": _iso(created_utc),
            "ingested_utc": _iso(ingested_utc),
            "categories": categories,
            "n_fetched": n_fetched,
            "post": {"path": path, "sha256": sha256, "written_utc": _iso(written_utc)} if path else None,
            "papers": papers,
        }
        for (
            bundle_id,
            post_date,
            created_utc,
            ingested_utc,
            categories,
            n_fetched,
            path,
            sha256,
            written_utc,
            papers,
        ) in rows
    ]


def _iso(moment: datetime) -> str:
    return moment.isoformat() + "Z"
