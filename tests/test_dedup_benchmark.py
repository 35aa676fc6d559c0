"""benchmarks/dedup.py: one small run with embeddings from a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from dedup_pairs import Vectoriser, as_paper, true_pairs, with_author

from summarizer.embed import FakeEncoder


def _text(topic: int, first: int) -> str:
    return " ".join(f"word{chr(97 + topic // 26)}{chr(97 + topic % 26)}{chr(97 + n)}" for n in range(first, first + 20))


def _paper(number: int) -> dict[str, Any]:
    """Two papers of a topic: of one group, with a few words in common."""
    topic = number // 2
    return {"id": f"2602.{number:05d}", "title": _text(topic, number % 2 * 4)[:40], "authors": [f"Ann A{topic}", f"Bob B{topic}"],
            "abstract": _text(topic, number % 2 * 12) + f" {number + 10} of them"}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    papers = [_paper(number) for number in range(120)]
    pairs = [
        {"id": p["id"], "a": p, "b": {"title": p["title"], "abstract": p["abstract"] + " and a word more"}}
        for p in papers[:40]
    ]
    for name, rows in (("papers.jsonl", papers), ("pairs.jsonl", pairs)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    kept = Vectoriser(FakeEncoder, tmp_path / "vectors.npz")
    kept.prepare([as_paper(row, row["id"], {}) for row in papers])
    kept.prepare([p.paper for pair in true_pairs(pairs, {}) for p in (pair.one, pair.other)])
    with np.load(tmp_path / "vectors.npz") as file:
        assert len(file["hashes"]) == 160
    return ["--pairs", tmp_path / "pairs.jsonl", "--metadata", tmp_path / "papers.jsonl", "--vectors", tmp_path / "vectors.npz",
            "--nearest-of", "1"]  # fmt: skip


def run(*arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / "dedup.py"), *arguments]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def test_revisions_against_other_papers(files: list[str | Path]) -> None:
    found = run(*files, "--half", "all", "--json")
    assert (found["n_pairs"], found["recall"]) == (40, 1.0)
    assert found["n_negatives"] == 20  # of 40 papers in twos: each pair once
    assert found["embeddings_per_second"] is None
    assert set(found["rules"]) >= {"rule", "rule, an author added", "rule, authors unknown", "cosine", "words"}


def test_the_rule_can_be_fitted(files: list[str | Path]) -> None:
    found = run(*files, "--fit")
    assert (len(found["known authors"]["weights"]), len(found["unknown authors"]["weights"])) == (9, 6)
    assert found["known authors"]["precision, recall, recall_hard by score"]["0.8"][0] > 0.5


def test_an_author_more() -> None:
    (pair,) = true_pairs([{"id": "1", "a": _paper(0), "b": _paper(0)}], {"1": _paper(0)})
    changed = with_author(pair)
    assert len(changed.other.authors) == len(changed.one.authors) + 1
