"""Read-only SQL for people and programs: one query in, rows or a Parquet file out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from summarizer.errors import QueryRefused, StoreLocked, SummarizerError
from summarizer.store.connection import Store, first_line
from summarizer.store.snapshot import snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

_ALLOWED = "SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
_ZONED = "TIMESTAMP WITH TIME ZONE"
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class QueryResult:
    columns: tuple[str, ...]
    types: tuple[str, ...]  #: DuckDB's names, e.g. VARCHAR[]
    rows: list[tuple[Any, ...]]
    truncated: bool = False  #: more rows exist than ``max_rows``


def ask(
    store: Store, question: Callable[[Store], _Answer], *, copy: bool = False, tell: Callable[[str], None] | None = None
) -> _Answer:
    """What ``question`` answers about the store, or about a consistent copy of it when a process goes on writing to the
    store past its waiting time.

    ``copy``: about a copy at once, so that a long query does not keep a run from writing. ``tell`` hears, in one line, what
    is read instead of the store. Raises what ``question`` raises, and StoreError when there can be no copy.
    """
    held = ""
    if not copy:
        try:
            return question(store)
        except StoreLocked as error:
            held = f"{error}; until then "
    with snapshot(store.path) as (path, changed):
        if tell is not None:
            tell(
                f"{held}reading a copy: the store as its last checkpoint left it (file of {changed:%Y-%m-%d %H:%M:%S} UTC)"
            )
        return question(Store(path))


def query(
    store: Store, sql: str, *, parameters: Mapping[str, str] | None = None, max_rows: int | None = None
) -> QueryResult:
    """Run exactly one query. Nothing can be written, and no file besides the store be read.

    ``parameters``: the values of ``$name`` in the query. Raises QueryRefused (one line) for anything but one plain query and
    for errors in it, StoreError when there is no store, StoreLocked when a process writes to it.
    """
    with store.read() as con, _errors_as_refusals():
        statement = _one_query(con, sql, parameters or {})
        return _rows(con, statement, dict(parameters or {}), max_rows)


def export_query(store: Store, sql: str, file: Path, *, parameters: Mapping[str, str] | None = None) -> None:
    """Run exactly one query and write what it gives as a Parquet file, whole or not at all.

    Raises what :func:`query` does, and SummarizerError when the file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".summarizer-") as folder:
            part = Path(folder).resolve() / "part.parquet"
            with store.read(folder=part.parent) as con, _errors_as_refusals():
                statement = _one_query(con, sql, parameters or {})
                if statement.type.name != "SELECT":
                    raise QueryRefused(f"{statement.type.name} gives no table to write: leave --parquet out")
                path = str(part).replace("'", "''")
                copy = f"COPY ({_body(con, statement.query)}\n) TO '{path}' (FORMAT parquet)"
                con.execute(copy, dict(parameters or {}) or None).fetchall()
            os.replace(part, file)
    except OSError as error:
        raise SummarizerError(f"{file} cannot be written: {error.strerror}") from error


@contextmanager
def _errors_as_refusals() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if "pytz" in str(error):  # a time with zone inside a list or struct, or beside columns of equal names
            raise QueryRefused(
                "times with a time zone cannot be shown here: cast them, e.g. now()::TIMESTAMP"
            ) from error
        raise QueryRefused(first_line(error)) from error


def _one_query(con: DuckDBPyConnection, sql: str, parameters: Mapping[str, str]) -> Statement:
    import duckdb

    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise QueryRefused(f"{len(statements)} statements given: give exactly one query")
    statement = statements[0]
    try:
        kind = statement.type
    except ValueError:  # a kind that the Python package has no name for
        raise QueryRefused(f"this statement is not a query: only {_ALLOWED} can be run here") from None
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryRefused(f"{kind.name} is not a query: only {_ALLOWED} can be run here")
    named = set(statement.named_parameters)
    if missing := sorted(named - set(parameters)):
        raise QueryRefused(f"the query has a parameter without a value: add --param {missing[0]}=...")
    if unknown := sorted(set(parameters) - named):
        raise QueryRefused(f"the query has no parameter ${unknown[0]}; its parameters: {_listed(named)}")
    return statement


def _rows(
    con: DuckDBPyConnection, statement: Statement, parameters: dict[str, str], max_rows: int | None
) -> QueryResult:

    con.execute(statement, parameters or None)
    columns, types = _described(con)
    if _ZONED in types and len(set(columns)) == len(columns):
        # Python needs one more library for times with a zone: they are shown in UTC, as all times of the store are.
        names = ['"' + c.replace('"', '""') + '"' for c, type_ in zip(columns, types, strict=True) if type_ == _ZONED]
        plain = ", ".join(f"{name}::TIMESTAMP AS {name}" for name in names)
        shown = f"SELECT * REPLACE ({plain}) FROM ({_body(con, statement.query)}\n)"  # noqa: S608 - the query is the user's
        con.execute(shown, parameters or None)
        columns, types = _described(con)
    if max_rows is None:
        return QueryResult(columns, types, con.fetchall())
    rows = con.fetchmany(max_rows + 1)
    return QueryResult(columns, types, rows[:max_rows], len(rows) > max_rows)


def _described(con: DuckDBPyConnection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    description = con.description or []
    return tuple(str(c[0]) for c in description), tuple(str(c[1]) for c in description)


def _body(con: DuckDBPyConnection, sql: str) -> str:
    """One statement without the semicolons at its end, and the comments after them, so that it can stand in brackets."""
    import duckdb

    while (cut := sql.rfind(";")) >= 0:
        try:
            if con.extract_statements(sql[cut:]):
                return sql
        except duckdb.Error:  # the semicolon stands in a string or comment
            return sql
        sql = sql[:cut]
    return sql


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names)) or "none"
