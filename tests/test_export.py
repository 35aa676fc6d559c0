"""summarizer export: what goes back out of the gap."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import prepared_store
import pytest
from prepared_store import NOW, A, E, F

from summarizer.errors import ConfigError, SummarizerError
from summarizer.store import Store
from summarizer.store.export import export_store, read_since


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return prepared_store.build(tmp_path_factory.mktemp("export") / "store.duckdb")


def ledger_of(paths: list[Path]) -> dict[str, Any]:
    assert paths[-1].name == "ledger.json"
    ledger: dict[str, Any] = json.loads(paths[-1].read_text(encoding="utf-8"))
    assert [path.name for path in paths[:-1]] == [file["path"] for file in ledger["files"]]
    for path, file in zip(paths[:-1], ledger["files"], strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        assert path.stat().st_size == file["n_bytes"]
    return ledger


def test_everything_as_parquet(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "a folder's name" / "out"
    ledger = ledger_of(export_store(store, out, None))
    counted = {file["path"].removesuffix(".parquet"): file["n_rows"] for file in ledger["files"]}
    with store.read() as con, duckdb.connect() as plain:
        for relation, n_rows in counted.items():
            written = plain.read_parquet(str(out / f"{relation}.parquet"))
            rows = con.execute(f"FROM {relation}").fetchall()
            assert sorted(map(repr, written.fetchall())) == sorted(map(repr, rows))
            assert len(rows) == n_rows > 0
            assert written.columns == [c[0] for c in con.execute(f"FROM {relation} LIMIT 0").description or []]
    assert [bundle["post_date"] for bundle in ledger["bundles"]] == ["2026-02-12", "2026-02-13"]
    first, second = ledger["bundles"]
    assert [paper["state"] for paper in first["papers"]] == [
        "complete",
        "incomplete",
        "repeated",
        "pending",
        "unreadable",
    ]
    assert first["papers"][0] | {"pdf_sha256": ""} == {
        "arxiv_id": A[0], "version": 1, "pdf_sha256": "", "state": "complete", "n_texts": 4, "n_published": 4, "reasons": [],
    }  # fmt: skip
    assert (first["papers"][4]["arxiv_id"], first["papers"][4]["reasons"]) == (E[0], ["no_text"])
    assert first["post"]["sha256"] == "d" * 64
    assert second["post"] is None
    assert second["papers"][1] == {
        "arxiv_id": F[0], "version": 1, "pdf_sha256": None, "state": "pending", "n_texts": 0, "n_published": 0,
        "reasons": ["pending"],
    }  # fmt: skip


def test_since(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path, None)
    ledger = ledger_of(export_store(store, tmp_path, NOW + timedelta(hours=1), "parquet"))
    counted = {file["path"].removesuffix(".parquet"): file["n_rows"] for file in ledger["files"]}
    assert ledger["since_utc"] == "2026-02-12T21:00:00Z"
    assert (counted["bundle"], counted["bundle_paper"], counted["paper_version"]) == (1, 2, 2)
    assert (counted["accepted_summary"], counted["post"], counted["run_summary"]) == (0, 0, 1)
    assert (counted["prompt"], counted["model"]) == (4, 2)
    assert [bundle["bundle_id"] for bundle in ledger["bundles"]] == ["2" * 64]
    # a bundle of before whose post was written since is told of, too
    told = ledger_of(export_store(store, tmp_path, NOW))["bundles"]
    assert [bundle["bundle_id"] for bundle in told] == ["1" * 64, "2" * 64]


def test_json_lines(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path, None, "jsonl")
    lines = (tmp_path / "accepted_summary.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["task"] for line in lines} == {"translation", "background", "method", "results"}
    assert any("词错误率" in line for line in lines)
    assert not list(tmp_path.glob("*.parquet"))


def test_a_folder_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SummarizerError, match=r"export to .*file/out: Not a directory"):
        export_store(store, tmp_path / "file" / "out", None)


def test_times() -> None:
    assert read_since("2026-02-12") == datetime(2026, 2, 12)
    assert read_since("2026-02-12T06:30") == datetime(2026, 2, 12, 6, 30)
    assert read_since("2026-02-12T06:30+08:00") == datetime(2026, 2, 11, 22, 30)
    with pytest.raises(ConfigError, match="--since yesterday: write a date"):
        read_since("yesterday")
