"""benchmarks/queries.py on a very small store: every table is filled, every saved query is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import batch
import duckdb
from conftest import ROOT

from summarizer.store.saved import saved_queries


def test_every_query_is_timed(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    program = str(ROOT / "benchmarks" / "queries.py")
    command = [
        sys.executable,
        program,
        "--papers",
        "60",
        "--rounds",
        "1",
        "--limit-ms",
        "100000",
        "--store",
        str(store),
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=batch.environment(), check=True)
    result = json.loads(done.stdout)
    timed = {row["query"]: row for row in result["queries"]}
    assert {f"@{name}" for name in saved_queries()} <= set(timed)
    assert sum(name.startswith("search(") for name in timed) >= 5
    assert all(row["fresh_ms"] > 0 and row["warm_ms"] > 0 for row in timed.values())
    # these find nothing there: no paper of several versions, no two prompt versions of one paper, nothing pending
    empty = {name for name, row in timed.items() if row["rows"] == 0}
    assert empty <= {"@versions", "@compare-prompts", "@left-out", "@new-about", "@numbers", "@unfinished-runs"}
    assert result["rows"]["paper_version"] == 60
    with duckdb.connect(str(store), read_only=True) as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        counted = {name: con.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in tables}
        assert con.execute("SELECT count(*) FROM pending_search").fetchone() == (0,)
    assert {name for name, row in counted.items() if row == (0,)} == set()
    done = subprocess.run(command, capture_output=True, text=True, env=batch.environment(), check=True)
    assert "| `@pending` |" in done.stdout
    assert "slowest: " in done.stdout
