"""A copy of a store that a process holds is a state that was committed, whatever the process does meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import batch
import duckdb
import prepared_store
import pytest

from summarizer.errors import StoreError
from summarizer.store import Store
from summarizer.store.snapshot import snapshot
from summarizer.store.sql import ask, query

#: Writes transactions that keep ``sum(a.n) = sum(b.n)`` and moves whole tables about, with checkpoints at odd moments, until
#: its stdin is closed.
WRITER = """
import sys, threading, duckdb
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE a (n BIGINT, text VARCHAR); CREATE TABLE b (n BIGINT, text VARCHAR); CHECKPOINT")
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
print("held", flush=True)
turn = 0
while not stop.is_set():
    turn += 1
    con.execute("BEGIN")
    if turn % 4 == 0:
        con.execute("DELETE FROM a WHERE n % 3 = 0; DELETE FROM b WHERE n % 3 = 0")
    for table in ("a", "b"):
        con.execute(f"INSERT INTO {table} SELECT range + {turn}, repeat(md5(range::VARCHAR), 20) FROM range(3000)")
    con.execute("COMMIT")
    if turn % 3 == 0 and len(sys.argv) > 2:
        con.execute("CHECKPOINT")
    stop.wait(0.1)
"""

#: A run as the store sees it: short write windows, one after the other.
RUN = """
import sys, threading, time
from datetime import datetime
from pathlib import Path
from summarizer.store import Store, runs
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
print("held", flush=True)
number = 0
while not stop.is_set():
    number += 1
    with Store(Path(sys.argv[1])).write() as con:
        runs.start_run(con, f"busy-{number}", "summarizer run", "0.1.0", "{}", datetime(2026, 2, 12))
        time.sleep(0.1)
    time.sleep(0.05)
"""


@contextmanager
def writing(path: Path, *options: str, program: str = WRITER) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=batch.environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def test_copies_under_a_writer_that_checkpoints_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "busy.duckdb"
    seen = set()
    with writing(path, "checkpoint") as process:
        for _ in range(12):
            with snapshot(path) as (copy, _changed), duckdb.connect(str(copy), read_only=True) as con:
                one, two = (
                    con.execute(f"SELECT count(*), sum(n), sum(length(text)) FROM {table}").fetchone()
                    for table in ("a", "b")
                )
                assert one == two
                seen.add(one)
            time.sleep(0.1)
        assert process.poll() is None
    assert len(seen) > 1  # it did move on, and the copies with it


def test_what_is_not_checkpointed_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "busy.duckdb"
    with writing(path):
        time.sleep(0.3)
        with snapshot(path) as (copy, _changed), duckdb.connect(str(copy), read_only=True) as con:
            assert con.execute("SELECT count(*) FROM a").fetchone() == (0,)
        assert not copy.exists()


def test_the_short_windows_of_a_run_are_waited_for(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    told: list[str] = []
    counts = []
    with writing(store.path, program=RUN) as process:
        for _ in range(10):
            patient = Store(store.path, wait_seconds=30, on_wait=told.append)
            counts += ask(patient, lambda s: query(s, "SELECT count(*) FROM run"), tell=told.append).rows
            time.sleep(0.1)
        assert process.poll() is None
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert not any("copy" in line for line in told)


def test_a_question_falls_back_to_a_copy_and_says_so(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    told: list[str] = []
    patient = Store(store.path, wait_seconds=1.2, on_wait=told.append)
    sql = "SELECT count(*) FROM paper_version"
    with writing(store.path) as process:
        rows = ask(patient, lambda s: query(s, sql), tell=told.append).rows
        assert rows == [(7,)]
        assert len(told) == 2
        assert told[0].startswith(f"waiting for {store.path}, which is held by process {process.pid}")
        assert f"held by process {process.pid}" in told[1]
        assert "reading a copy: the store as its last checkpoint left it (file of 20" in told[1]
        assert told[1].endswith(" UTC)")
    assert ask(store, lambda s: query(s, sql)).rows == rows


def test_a_copy_on_request_leaves_the_store_to_others(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    told: list[str] = []

    def question(asked: Store) -> int:
        with asked.read() as con, store.write() as other:  # a run goes on writing while the question is answered
            other.execute("DELETE FROM run_end")
            return len(con.execute("FROM run_end").fetchall())

    assert ask(store, question, copy=True, tell=told.append) == 1
    assert told[0].startswith("reading a copy: the store as its last checkpoint left it (file of 20")


def test_no_copy_of_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*none\.duckdb"), snapshot(tmp_path / "none.duckdb"):
        pass
    text = tmp_path / "text.duckdb"
    text.write_text("not a database")
    with pytest.raises(StoreError, match="it is no database file"), snapshot(text):
        pass
