"""Read-only SQL for people and programs: one query in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from summarizer.errors import QueryRefused
from summarizer.store.connection import Store, first_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ALLOWED = "SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
_ZONED = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class QueryResult:
    columns: tuple[str, ...]
    types: tuple[str, ...]  #: DuckDB's names, e.g. VARCHAR[]
    rows: list[tuple[Any, ...]]
    truncated: bool = False  #: more rows exist than ``max_rows``


def query(store: Store, sql: str, *, max_rows: int | None = None) -> QueryResult:
    """Run exactly one query. Nothing can be written, and no file besides the store be read.

    Raises QueryRefused (one line) for anything but one plain query and for errors in it, StoreError when there is no
    store, StoreLocked when a process writes to it.
    """
    import duckdb

    with store.read() as con:
        try:
            return _run(con, sql, max_rows)
        except duckdb.Error as error:
            if "pytz" in str(error):  # a time with zone inside a list or struct, or beside columns of equal names
                raise QueryRefused(
                    "times with a time zone cannot be shown here: cast them, e.g. now()::TIMESTAMP"
                ) from error
            raise QueryRefused(first_line(error)) from error


def _run(con: DuckDBPyConnection, sql: str, max_rows: int | None) -> QueryResult:
    import duckdb

    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise QueryRefused(f"{len(statements)} statements given: give exactly one query")
    statement = statements[0]
    kind = statement.type
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryRefused(f"{kind.name} is not a query: only {_ALLOWED} can be run here")
    con.execute(statement)
    description = con.description or []
    columns, types = tuple(str(c[0]) for c in description), tuple(str(c[1]) for c in description)
    if _ZONED in types and len(set(columns)) == len(columns):
        # Python needs one more library for times with a zone: they are shown in UTC, as all times of the store are.
        expressions = zip(map(duckdb.ColumnExpression, columns), columns, types, strict=True)
        shown = [c.cast("TIMESTAMP").alias(name) if type_ == _ZONED else c for c, name, type_ in expressions]
        con.execute(con.sql(statement.query).project(*shown).sql_query())
        types = tuple("TIMESTAMP" if type_ == _ZONED else type_ for type_ in types)
    if max_rows is None:
        return QueryResult(columns, types, con.fetchall())
    rows = con.fetchmany(max_rows + 1)
    return QueryResult(columns, types, rows[:max_rows], len(rows) > max_rows)
