"""benchmarks/embedding.py: one small run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SUBJECTS = ("bird song", "room echoes", "speaker diarisation", "music transcription")


def test_ways_that_run_the_same_network(tmp_path: Path, embedder_folder: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    rows = []
    for n, subject in enumerate(SUBJECTS):
        title, abstract = f"Learning of {subject}", f"We study {subject} with a network of {n + 3} layers. " * 3
        other = {"title": f"{title}, revised", "abstract": abstract + "The code is there."}
        rows.append(json.dumps({"id": f"2602.0000{n}", "a": {"title": title, "abstract": abstract}, "b": other}))
    pairs.write_text("\n".join(rows), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "embedding.py"), "--pairs", pairs, "--model", embedder_folder,
         "--ways", "encode-3,float32@2,int8", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["n_texts"] == 2 * len(SUBJECTS)
    assert set(found["ways"]) == {"float32", "encode-3", "float32@2", "int8"}
    for way in ("encode-3", "float32@2"):
        assert found["ways"][way]["distance_max"] == pytest.approx(0.0, abs=1e-4)
    assert 0.0 < found["ways"]["int8"]["distance_max"] < 0.1
    assert all(way["recall"] == 1.0 for way in found["ways"].values())
