"""benchmarks/dedup_scale.py: one small run of each form."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT


def run(*arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / "dedup_scale.py"), *arguments, "--json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def test_a_kept_archive_gives_the_same_day_again(tmp_path: Path) -> None:
    options = ("--archive", "120", "--new", "3", "--store", tmp_path / "archive.duckdb")
    for _ in range(2):  # what the stage records does not stay in the archive
        assert run(*options)["n_done"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["archive.duckdb"]


@pytest.mark.skipif(importlib.util.find_spec("usearch") is None, reason="usearch is in the extra bench")
def test_an_index_of_few_vectors_finds_all() -> None:
    found = run("--all-pairs", "200")
    assert found["n_pairs"]["0.6"] > 0
    for kept_as in ("f32", "bf16"):
        assert found[f"index {kept_as}"]["expansion_search 256"]["recall"]["0.6"] == pytest.approx(1.0, abs=0.01)
