"""The read-only SQL interface: what it runs, what it refuses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import prepared_store
import pytest

from summarizer.errors import QueryRefused, StoreError
from summarizer.store import Store
from summarizer.store.sql import query


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return prepared_store.build(tmp_path_factory.mktemp("sql") / "store.duckdb")


def test_rows_columns_and_types(store: Store) -> None:
    result = query(store, "SELECT arxiv_id, version, authors FROM paper_version ORDER BY ALL LIMIT 1;")
    assert result.columns == ("arxiv_id", "version", "authors")
    assert result.types == ("VARCHAR", "INTEGER", "VARCHAR[]")
    assert result.rows == [("2602.00001", 1, ["Ada Author", "Bo Writer"])]
    assert not result.truncated


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT 1) FROM a",
        "FROM accepted_summary",
        "DESCRIBE paper_version",
        "SHOW TABLES",
        "SUMMARIZE paper_version",
        "EXPLAIN FROM provenance",
        "VALUES (1), (2)",
        "-- a comment; with a semicolon\nSELECT ';'",
    ],
)
def test_queries_of_every_kind(store: Store, sql: str) -> None:
    assert query(store, sql).rows


def test_max_rows(store: Store) -> None:
    cut = query(store, "SELECT * FROM range(10) AS r (n)", max_rows=3)
    assert cut.rows == [(0,), (1,), (2,)]
    assert cut.truncated
    assert not query(store, "SELECT * FROM range(3)", max_rows=3).truncated


def test_times_with_a_zone_come_as_utc(store: Store) -> None:
    result = query(store, "SELECT TIMESTAMPTZ '2026-02-12 08:50+08' AS t, now() AS n, 1 AS one")
    assert result.types == ("TIMESTAMP", "TIMESTAMP", "INTEGER")
    assert result.rows[0][0] == datetime(2026, 2, 12, 0, 50)
    with pytest.raises(QueryRefused, match="cast them"):
        query(store, "SELECT [now()]")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("DROP TABLE paper_version", "DROP is not a query"),
        ("DELETE FROM paper_version", "DELETE is not a query"),
        ("WITH a AS (SELECT 'x') INSERT INTO run_end SELECT 'x', 0, 0, now() FROM a", "INSERT is not a query"),
        ("CREATE TEMP TABLE t AS SELECT 1", "CREATE is not a query"),
        ("SET memory_limit = '90GB'", "SET is not a query"),
        ("PRAGMA database_list", "PRAGMA is not a query"),
        ("CALL pragma_version()", "CALL is not a query"),
        ("ATTACH 'other.duckdb'", "ATTACH is not a query"),
        ("INSTALL httpfs", "LOAD is not a query"),
        ("COPY paper_version TO 'out.csv'", "COPY is not a query"),
        ("EXPLAIN ANALYZE DELETE FROM paper_version", "read-only"),
        ("FROM '{file}'", "disabled by configuration"),
        ("FROM read_csv('{file}')", "disabled by configuration"),
        ("FROM read_text('{file}')", "disabled by configuration"),
        ("FROM glob('/*')", "disabled by configuration"),
        ("FROM read_csv('https://example.org/a.csv')", "disabled by configuration"),
        ("FROM enable_logging()", "locked"),
        ("SELEC 1", "syntax error"),
        ("SELECT nothing FROM paper_version", "nothing"),
        ("SELECT * FROM paper_version WHERE version = ?", "parameter"),
    ],
)
def test_refused_with_one_line(store: Store, tmp_path: Path, sql: str, message: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n")
    before = store.path.read_bytes()
    with pytest.raises(QueryRefused, match=message) as refused:
        query(store, sql.replace("{file}", str(file)))
    assert "\n" not in str(refused.value)
    assert store.path.read_bytes() == before


def test_variables_of_the_program_cannot_be_read(store: Store) -> None:
    secret = [1, 2, 3]
    with pytest.raises(QueryRefused, match="secret"):
        query(store, "FROM secret")
    assert secret


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*: run summarizer ingest BUNDLE first"):
        query(Store(tmp_path / "none.duckdb"), "SELECT 1")
