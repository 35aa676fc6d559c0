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

#: Sections of saved queries about what every store has.
COMMON = ("Reading", "Quality", "Cost")
TABLES = (
    "bundle", "paper_version", "bundle_paper", "run", "run_stage", "run_end", "document", "section", "failure",
    "model", "embedding", "dedup_check", "duplicate_pair", "prompt", "completion", "attempt", "attempt_piece",
    "attempt_section", "check_result", "post", "post_text", "model_use", "search_text", "term", "posting",
)  # fmt: skip


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
    # of what every store has, all but these must find something in sixty papers
    found = {name for name, row in timed.items() if row["rows"]}
    rare = {"@versions", "@compare-prompts", "@left-out", "@new-about", "@numbers", "@unfinished-runs"}
    rare |= {"@other-papers", "@no-material", "@section-lengths", "@imported-notices"}
    assert {f"@{name}" for name, saved in saved_queries().items() if saved.section in COMMON} - rare <= found
    assert result["rows"]["paper_version"] == 60
    with duckdb.connect(str(store), read_only=True) as con:
        filled = {name for name in TABLES if con.execute(f"SELECT count(*) FROM {name}").fetchone() != (0,)}
        assert con.execute("SELECT count(*) FROM pending_search").fetchone() == (0,)
    assert filled == set(TABLES)
    command += ["--only", "pending"]
    done = subprocess.run(command, capture_output=True, text=True, env=batch.environment(), check=True)
    assert "| `@pending` |" in done.stdout
    assert "| `@cost` |" not in done.stdout
    assert "slowest: " in done.stdout
