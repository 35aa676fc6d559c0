"""The store file: windows, migrations, locks, kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import prepared_store as prepared
import pytest
from prepared_store import EMBEDDER, MODEL, NOW

from summarizer.errors import StoreError, StoreLocked
from summarizer.records import ModelInfo
from summarizer.store import Store, runs, schema, texts


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The prepared store; only for tests that do not write."""
    return prepared.build(tmp_path_factory.mktemp("store") / "store.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.duckdb", wait_seconds=5)


# --- windows and schema -------------------------------------------------------------------------------------------


def test_first_write_makes_the_store(store: Store) -> None:
    with store.write() as con:
        applied = con.execute("SELECT version, name FROM schema_migration ORDER BY 1").fetchall()
        assert applied == [(m.version, m.name) for m in schema.migrations()]
        assert applied[:2] == [(1, "0001_initial"), (2, "0002_model_use")]
        assert con.execute("SELECT count(*) FROM view_set").fetchone() == (1,)
        names = {name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}
    assert names == set(schema.views())


def test_a_window_without_work_leaves_the_file_as_it_is(filled: Store) -> None:
    before = filled.path.read_bytes()
    with filled.write():
        pass
    with filled.read() as con:
        con.execute("FROM accepted_summary").fetchall()
    assert filled.path.read_bytes() == before
    assert [p.name for p in filled.path.parent.iterdir()] == ["store.duckdb"]


def test_an_exception_undoes_the_window(store: Store) -> None:
    def interrupted() -> None:
        with store.write() as con:
            texts.record_model(con, MODEL, NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with store.read() as con:
        assert con.execute("FROM model").fetchall() == []


def test_a_database_error_is_a_store_error_and_undoes_the_window(store: Store) -> None:
    def start_twice() -> None:
        with store.write() as con:
            for _ in range(2):
                runs.start_run(con, "r", "summarizer run", "0.1.0", "{}", NOW)

    with pytest.raises(StoreError, match=r"store .*[Dd]uplicate key"):
        start_twice()
    with store.read() as con:
        assert not runs.has_run(con, "r")


def test_read_without_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with pytest.raises(StoreError, match="run summarizer ingest BUNDLE first"), Store(path).read():
        pass
    assert not path.exists()


def test_a_store_without_tables_counts_as_none(store: Store) -> None:
    import duckdb

    duckdb.connect(str(store.path)).close()  # what a kill before the first migration leaves
    with pytest.raises(StoreError, match="run summarizer ingest BUNDLE first"), store.read():
        pass
    with store.write():
        pass
    with store.read() as con:
        assert con.execute("FROM bundle").fetchall() == []


def test_what_is_no_store(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database\n" * 100)
    for window in (Store(file).read, Store(file).write):
        with pytest.raises(StoreError, match=r"notes\.txt cannot be opened: .*not a valid DuckDB"), window():
            pass
    with pytest.raises(StoreError, match=r"folder .*nowhere does not exist: make it first"):  # noqa: SIM117
        with Store(tmp_path / "nowhere" / "store.duckdb").write():
            pass


def test_a_window_inside_a_window_is_refused_at_once(store: Store) -> None:
    with store.write(), pytest.raises(StoreError, match="already open in this thread"):  # noqa: SIM117
        with Store(store.path).read():
            pass


def test_threads_take_turns(store: Store) -> None:
    def work(number: int) -> None:
        with store.write() as con:
            texts.record_model(con, replace(MODEL, sha256=f"{number:064d}"), NOW)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM model").fetchone() == (3,)


def test_a_changed_migration_is_refused(store: Store) -> None:
    with store.write() as con:
        con.execute("UPDATE schema_migration SET sql_hash = 'x' WHERE version = 1")
    for window in (store.read, store.write):
        with pytest.raises(StoreError, match=r"migration 0001_initial differs .* restore the released file"), window():
            pass


def test_a_newer_store_is_refused(store: Store) -> None:
    with store.write() as con:
        con.execute("INSERT INTO schema_migration VALUES (99, '0099_future', 'x', ?)", [NOW])
    for window in (store.read, store.write):
        with pytest.raises(StoreError, match=r"schema version 99, this program knows up to \d"), window():
            pass


def test_a_new_migration_and_changed_views_are_applied_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.write() as con:
        texts.record_model(con, MODEL, NOW)
    migration = schema.Migration(99, "0099_note", "CREATE TABLE note (text VARCHAR);")
    # a view that nothing else reads, and a macro, are given up
    changed = {name: sql for name, sql in schema.views().items() if name != "near_duplicate"}
    changed["note_view"] = "CREATE OR REPLACE VIEW note_view AS SELECT text FROM note;"
    both = (*schema.migrations(), migration)
    monkeypatch.setattr(schema, "migrations", lambda: both)
    monkeypatch.setattr(schema, "views", lambda: changed)
    monkeypatch.setattr(schema, "macros", dict)
    monkeypatch.setattr(schema, "views_hash", lambda: "changed")
    with store.read() as con:  # reading brings an older store up to date
        assert con.execute("FROM note_view").fetchall() == []
        assert con.execute("SELECT version FROM schema_migration ORDER BY 1").fetchall() == [(m.version,) for m in both]
        assert con.execute("SELECT seq FROM view_set ORDER BY 1").fetchall() == [(1,), (2,)]
        views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        assert ("near_duplicate",) not in views
        assert con.execute("SELECT function_name FROM duckdb_functions() WHERE NOT internal").fetchall() == []
        assert con.execute("SELECT name FROM model").fetchall() == [("tiny",)]
    before = store.path.read_bytes()
    with store.write():
        pass
    assert store.path.read_bytes() == before


def test_a_failing_migration_leaves_the_store_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.write():
        pass
    bad = schema.Migration(99, "0099_bad", "CREATE TABLE half (x INTEGER); SELECT nonsense;")
    both = (*schema.migrations(), bad)
    monkeypatch.setattr(schema, "migrations", lambda: both)
    with pytest.raises(StoreError, match="nonsense"), store.write():
        pass
    monkeypatch.undo()
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchone() == (0,)


def test_nothing_from_outside_is_used(store: Store, tmp_path: Path) -> None:
    import duckdb

    with store.write() as con:
        value = dict(con.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        assert value["autoinstall_known_extensions"] == value["autoload_known_extensions"] == "false"
        assert value["enable_external_access"] == value["python_enable_replacements"] == "false"
        assert value["TimeZone"] == "UTC"
        with pytest.raises(duckdb.Error, match="locked"):
            con.execute("SET enable_external_access = true")


def test_aware_times_are_stored_in_utc(store: Store) -> None:
    shanghai = datetime(2026, 2, 12, 8, 50, tzinfo=timezone(timedelta(hours=8)))
    with store.write() as con:
        texts.record_model(con, MODEL, shanghai)
        texts.record_model(con, EMBEDDER, shanghai.astimezone(UTC))
    with store.read() as con:
        assert con.execute("SELECT DISTINCT created_utc FROM model").fetchall() == [(datetime(2026, 2, 12, 0, 50),)]


# --- locks and kills ----------------------------------------------------------------------------------------------

_HOLD = """
import sys, time
from pathlib import Path
from summarizer.store import Store
with Store(Path(sys.argv[1])).{window}() as con:
    print("open", flush=True)
    time.sleep(float(sys.argv[2]))
"""
_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from summarizer.store import Store, texts
from summarizer.records import ModelInfo
with Store(Path(sys.argv[1])).write() as con:
    texts.record_model(con, ModelInfo("kept", "1" * 64, "f", 1), datetime(2026, 1, 1))
    if sys.argv[2] == "after":
        con.execute("COMMIT")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def holder(request: pytest.FixtureRequest, store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the store open."""
    window, seconds = request.param
    with store.write() as con:
        texts.record_model(con, MODEL, NOW)
    command = [sys.executable, "-c", _HOLD.format(window=window), str(store.path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}


@pytest.mark.parametrize("holder", [("write", 60)], indirect=True)
def test_a_held_store_names_its_holder(store: Store, holder: subprocess.Popen[str]) -> None:
    impatient = Store(store.path, wait_seconds=0.2)
    for window in (impatient.read, impatient.write):
        with pytest.raises(StoreLocked) as locked, window():
            pass
        assert f"held by process {holder.pid} (" in str(locked.value)
        assert "from summarizer.store import Store" in str(locked.value)  # its command line
        assert "(waited 0.2 s)" in str(locked.value)
        assert "\n" not in str(locked.value)


@pytest.mark.parametrize("holder", [("write", 0.5)], indirect=True)
def test_a_short_window_is_waited_for(store: Store, holder: subprocess.Popen[str]) -> None:
    with store.read() as con:
        assert con.execute("SELECT name FROM model").fetchall() == [("tiny",)]


@pytest.mark.parametrize("holder", [("read", 60)], indirect=True)
def test_readers_share_and_shut_out_a_writer(store: Store, holder: subprocess.Popen[str]) -> None:
    with store.read() as con:
        assert con.execute("SELECT name FROM model").fetchall() == [("tiny",)]
    with pytest.raises(StoreLocked, match=f"process {holder.pid} "), Store(store.path, wait_seconds=0.2).write():
        pass


@pytest.mark.parametrize(("moment", "n_rows"), [("before", 0), ("after", 1)])
def test_a_killed_writer(store: Store, moment: str, n_rows: int) -> None:
    with store.write():
        pass
    done = subprocess.run([sys.executable, "-c", _KILLED, str(store.path), moment], env=_environment(), check=False)
    assert done.returncode == -signal.SIGKILL
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM model").fetchone() == (n_rows,)
    with store.write() as con:
        texts.record_model(con, ModelInfo("next", "2" * 64, "f", 1), NOW)
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM model").fetchone() == (n_rows + 1,)
