"""Numbered migrations and the set of views and macros, read from the package and applied inside a transaction.

A migration is applied once and recorded in ``schema_migration`` with its hash, in the same transaction. Views and macros
hold no data, so they are all made anew whenever the hash of their files differs from the last one in ``view_set``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from graphlib import TopologicalSorter
from importlib import resources
from typing import TYPE_CHECKING

from summarizer.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MIGRATION = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_WORD = re.compile(r"[a-z_]+")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file ``NNNN_name.sql``."""

    version: int
    name: str
    sql: str

    @property
    def sql_hash(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """The migrations of this program, in order of their numbers."""
    found = []
    for file in resources.files("summarizer.store").joinpath("migrations").iterdir():
        match = _MIGRATION.fullmatch(file.name)
        if match:
            found.append(Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda m: m.version))


@cache
def views() -> dict[str, str]:
    """The views of this program by name, each after those it reads."""
    return _in_order("views")


@cache
def macros() -> dict[str, str]:
    """The macros of this program by name, each after those it calls. They may read views; no view calls one."""
    return _in_order("macros")


@cache
def views_hash() -> str:
    """SHA-256 of all views and macros."""
    files = [f"{n}\n{sql[n]}" for sql in (views(), macros()) for n in sorted(sql)]
    return hashlib.sha256("\n".join(files).encode()).hexdigest()


def _in_order(folder: str) -> dict[str, str]:
    files = resources.files("summarizer.store").joinpath(folder).iterdir()
    sql = {f.name.removesuffix(".sql"): f.read_text(encoding="utf-8") for f in files if f.name.endswith(".sql")}
    # A word that is also a view's name counts as a use of it, so a column named like a view only adds a needless edge.
    uses = {
        name: {word for word in _WORD.findall(text.partition("COMMENT ON")[0]) if word in sql and word != name}
        for name, text in sorted(sql.items())
    }
    return {name: sql[name] for name in TopologicalSorter(uses).static_order()}


def is_empty(con: DuckDBPyConnection) -> bool:
    """Whether no migration was ever applied."""
    import duckdb

    try:  # asking the catalogue's table functions would take ten times as long
        con.execute("SELECT version FROM schema_migration LIMIT 0")
    except duckdb.CatalogException:
        return True
    return False


def is_current(con: DuckDBPyConnection, where: str) -> bool:
    """Whether the store has every migration and the views of this program.

    Raises StoreError when the store is newer than the program, or was made with other migrations.
    """
    if is_empty(con):
        return False
    applied = dict(con.execute("SELECT version, sql_hash FROM schema_migration").fetchall())
    known = {m.version: m for m in migrations()}
    newest = max(applied, default=0)
    if newest > max(known):
        raise StoreError(
            f"store {where} has schema version {newest}, this program knows up to {max(known)}: "
            "use the newer summarizer that wrote it"
        )
    for version, sql_hash in applied.items():
        if version not in known or known[version].sql_hash != sql_hash:
            name = known[version].name if version in known else f"{version:04d}"
            raise StoreError(
                f"store {where}: migration {name} differs from the one it was made with: "
                "restore the released file, or start a new store"
            )
    latest = con.execute("SELECT views_hash FROM view_set ORDER BY seq DESC LIMIT 1").fetchone()
    return len(applied) == len(known) and latest is not None and latest[0] == views_hash()


def upgrade(con: DuckDBPyConnection, where: str) -> None:
    """Apply what is missing, each migration and the views in a transaction of their own. Writes nothing when current."""
    if is_current(con, where):
        return
    applied = set() if is_empty(con) else {v for (v,) in con.execute("SELECT version FROM schema_migration").fetchall()}
    for migration in migrations():
        if migration.version not in applied:
            _in_transaction(con, [migration.sql], partial(_record_migration, con, migration))
    # Names come from the catalogue, and what a program has given up must not stay behind.
    drops = [
        f'DROP {kind} "{name}"'
        for kind, name in con.execute(
            """
            SELECT 'VIEW', view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary
            UNION ALL
            SELECT CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END, function_name
            FROM duckdb_functions()
            WHERE NOT internal AND function_type IN ('macro', 'table_macro') AND database_name = current_database()
            """
        ).fetchall()
    ]
    _in_transaction(con, [*drops, *views().values(), *macros().values()], partial(_record_views, con))


def _in_transaction(con: DuckDBPyConnection, statements: list[str], record: Callable[[], None]) -> None:
    con.execute("BEGIN")
    try:
        for sql in statements:
            con.execute(sql)
        record()
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def _record_migration(con: DuckDBPyConnection, migration: Migration) -> None:
    con.execute(
        "INSERT INTO schema_migration (version, name, sql_hash, applied_utc) VALUES (?, ?, ?, ?)",
        [migration.version, migration.name, migration.sql_hash, _now()],
    )


def _record_views(con: DuckDBPyConnection) -> None:
    con.execute(
        "INSERT INTO view_set (seq, views_hash, applied_utc) "
        "SELECT coalesce(max(seq), 0) + 1, ?::VARCHAR, ?::TIMESTAMP FROM view_set",
        [views_hash(), _now()],
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
