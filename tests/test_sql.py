"""The read-only SQL interface: what it runs, what it refuses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import prepared_store
import pytest

from summarizer.errors import QueryRefused, StoreError, SummarizerError, UnknownQuery
from summarizer.store import Store
from summarizer.store.saved import saved_query
from summarizer.store.sql import export_query, query


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
        ("ATTACH '{file}' AS other (READ_ONLY)", "ATTACH is not a query"),
        ("DETACH store", "DETACH is not a query"),
        ("USE memory", "SET is not a query"),
        ("LOAD httpfs", "LOAD is not a query"),
        ("FORCE INSTALL fts FROM community", "LOAD is not a query"),
        ("UPDATE EXTENSIONS", "this statement is not a query"),
        ("COPY (SELECT 1) TO '{file}'", "COPY is not a query"),
        ("COPY run FROM '{file}'", "COPY is not a query"),
        ("COPY FROM DATABASE store TO memory", "is not a query"),
        ("EXPORT DATABASE '{file}'", "EXPORT is not a query"),
        ("IMPORT DATABASE '{file}'", "is not a query"),
        ("SET GLOBAL enable_external_access = true", "SET is not a query"),
        ("RESET memory_limit", "SET is not a query"),
        ("SET VARIABLE x = 1", "SET is not a query"),
        ("PRAGMA enable_profiling", "PRAGMA is not a query"),
        ("PRAGMA threads = 1", "SET is not a query"),
        ("CREATE TABLE t (x INTEGER)", "CREATE is not a query"),
        ("CREATE TEMP MACRO m(x) AS x", "CREATE is not a query"),
        ("CREATE SECRET s (TYPE s3)", "CREATE is not a query"),
        ("INSERT INTO run_end VALUES ('x', 0, 0, now())", "INSERT is not a query"),
        ("UPDATE run SET command = 'x'", "UPDATE is not a query"),
        ("TRUNCATE run", "DELETE is not a query"),
        ("MERGE INTO run USING run AS r ON true WHEN MATCHED THEN DELETE", "is not a query"),
        ("ALTER TABLE run ADD COLUMN x INTEGER", "ALTER is not a query"),
        ("COMMENT ON TABLE run IS 'x'", "ALTER is not a query"),
        ("BEGIN", "TRANSACTION is not a query"),
        ("CHECKPOINT", "CALL is not a query"),
        ("VACUUM", "VACUUM is not a query"),
        ("ANALYZE", "VACUUM is not a query"),
        ("PREPARE q AS SELECT 1", "PREPARE is not a query"),
        ("EXECUTE q", "EXECUTE is not a query"),
        ("EXPLAIN ANALYZE COPY run TO '{file}'", "."),
        ("FROM query('DROP TABLE run')", "SELECT statement"),
        ("FROM read_parquet('{file}')", "disabled by configuration"),
        ("FROM read_json('{file}')", "disabled by configuration"),
        ("FROM read_blob('{file}')", "disabled by configuration"),
        ("FROM read_duckdb('{file}')", "disabled by configuration"),
        ("FROM sniff_csv('{file}')", "disabled by configuration"),
        ("FROM parquet_metadata('{file}')", "disabled by configuration"),
        ("SELECT getenv('HOME')", "getenv"),
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


def test_parameters(store: Store) -> None:
    sql = "SELECT DISTINCT arxiv_id FROM paper_version WHERE version = $version AND title ILIKE $title"
    given = {"version": "2", "title": "%light%"}
    assert query(store, sql, parameters=given).rows == [("2602.00001",)]
    assert query(store, "SELECT $x AS x", parameters={"x": "'; DROP TABLE run; --"}).rows == [
        ("'; DROP TABLE run; --",)
    ]
    assert query(store, "SELECT now() > $x::DATE, now()", parameters={"x": "2020-01-01"}).rows[0][0] is True
    with pytest.raises(QueryRefused, match="--param title="):
        query(store, sql, parameters={"version": "2"})
    with pytest.raises(QueryRefused, match=r"no parameter \$day; its parameters: \$title, \$version"):
        query(store, sql, parameters=given | {"day": "1"})


def test_a_saved_query_wants_its_parameters() -> None:
    saved = saved_query("papers-about")
    assert saved.filled({"term": "x"}) == {"term": "x", "most": "20"}
    with pytest.raises(UnknownQuery, match=r"@papers-about needs --param term="):
        saved.filled({})
    with pytest.raises(UnknownQuery, match=r"no parameter day; its parameters: term, most"):
        saved.filled({"term": "x", "day": "y"})
    with pytest.raises(UnknownQuery, match=r"no saved query @pendig: did you mean @pending"):
        saved_query("pendig")
    with pytest.raises(UnknownQuery, match=r"no saved query @xyzzy: summarizer sql --list"):
        saved_query("xyzzy")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT arxiv_id, authors, created_utc FROM paper_version ORDER BY ALL",
        "FROM accepted_summary ORDER BY ALL; -- ready",
        "SHOW TABLES;;",
        "SELECT 'a;b' AS x -- a ; b",
        "WITH a AS (SELECT $n::INTEGER AS n) FROM a",
    ],
)
def test_parquet(store: Store, tmp_path: Path, sql: str) -> None:
    import duckdb

    file = tmp_path / "it's.parquet"
    parameters = {"n": "7"} if "$n" in sql else {}
    file.write_bytes(b"an older file")
    export_query(store, sql, file, parameters=parameters)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    with duckdb.connect() as con:
        written = con.read_parquet(str(file))
        expected = query(store, sql, parameters=parameters)
        assert tuple(written.columns) == expected.columns
        assert sorted(map(repr, written.fetchall())) == sorted(map(repr, expected.rows))


def test_parquet_is_written_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    for sql, message in (
        ("SELECT nothing", "nothing"),
        ("EXPLAIN SELECT 1", "gives no table"),
        ("SELECT 1) TO '/tmp/elsewhere'; --", "syntax error"),
        ("FROM read_text('/etc/hostname')", "disabled by configuration"),
        ("COPY run TO 'x.csv'", "COPY is not a query"),
    ):
        with pytest.raises(QueryRefused, match=message):
            export_query(store, sql, file)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SummarizerError, match=r"missing/x\.parquet cannot be written: No such file"):
        export_query(store, "SELECT 1", tmp_path / "missing" / "x.parquet")


def test_variables_of_the_program_cannot_be_read(store: Store) -> None:
    secret = [1, 2, 3]
    with pytest.raises(QueryRefused, match="secret"):
        query(store, "FROM secret")
    assert secret


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*: run summarizer ingest BUNDLE first"):
        query(Store(tmp_path / "none.duckdb"), "SELECT 1")
