"""How well cosine similarity tells a revised abstract from another paper: the table behind summarizer/embed/duplicates.py.

    python benchmarks/dedup.py --pairs version_pairs.jsonl.gz --metadata arxiv_metadata.jsonl.gz [--limit 3000] [--json]

``--pairs``: lines ``{"a": {"title", "abstract"}, "b": {...}}``, two versions of one paper. ``--metadata``: lines ``{"id",
"title", "abstract", "authors", "categories"}``; papers of the chosen categories are compared with each other.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from summarizer.embed import Vectors, embedding_input, find_duplicates, find_neighbours, load_encoder
from summarizer.embed.duplicates import NEIGHBOUR_FLOOR, Earlier
from summarizer.errors import SummarizerError
from summarizer.records import ModelInfo, Paper
from summarizer.text import comparison_key

THRESHOLDS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines():
        yield json.loads(line)


def as_paper(row: dict[str, Any], arxiv_id: str, version: int = 1) -> Paper:
    authors, categories = tuple(row.get("authors") or ("The Same Author",)), tuple(row.get("categories", ()))
    return Paper(arxiv_id, version, row["title"], authors, categories, "", None, None, row["abstract"], None, ())


def measure_pairs(pairs: list[tuple[Paper, Paper]], first: Vectors, second: Vectors) -> dict[str, Any]:
    """Recall of each threshold, and of the whole rule (the versions told under two ids)."""
    cosines = (first * second).sum(axis=1)
    found = sum(
        bool(find_duplicates(b, [Earlier(a, float(cosine))])) for (a, b), cosine in zip(pairs, cosines, strict=True)
    )
    return {
        "n": len(pairs),
        "recall": {f"{t:.2f}": float((cosines >= t).mean()) for t in THRESHOLDS},
        "recall_rule": found / len(pairs),
    }


def measure_papers(papers: list[Paper], vectors: Vectors) -> dict[str, Any]:
    """Pairs of different ids at each threshold, those without a common author among them, and what the rule takes."""
    known = [{comparison_key(a) for a in p.authors} for p in papers]
    neighbours = find_neighbours(vectors, vectors, min(*THRESHOLDS, NEIGHBOUR_FLOOR), limit=50)
    pairs = [(n.cosine, n.index, row) for row, found in enumerate(neighbours) for n in found if n.index < row]
    taken = []
    for cosine, a, b in pairs:
        for pair in find_duplicates(papers[b], [Earlier(papers[a], cosine)]):
            taken.append({"ids": [pair.arxiv_id, pair.other_arxiv_id], "kind": pair.kind, "reason": pair.reason})
    return {
        "n": len(papers),
        "pairs": {f"{t:.2f}": sum(c >= t for c, _, _ in pairs) for t in THRESHOLDS},
        "pairs_no_common_author": {
            f"{t:.2f}": sum(c >= t and not known[a] & known[b] for c, a, b in pairs) for t in THRESHOLDS
        },
        "taken": taken,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="False positives and recall of the near-duplicate rule.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, default=Path("models/all-minilm-l6-v2"), help="sentence-transformers folder"
    )
    parser.add_argument("--limit", type=int, default=3000, help="papers compared; a sixth as many version pairs")
    parser.add_argument("--categories", default="cs.SD,eess.AS")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    chosen = random.Random(0)
    rows = list(read_lines(args.pairs))
    chosen.shuffle(rows)
    rows = rows[: max(1, args.limit // 6)]
    pairs = [(as_paper(r["a"], f"a{n}"), as_paper(r["b"], f"b{n}")) for n, r in enumerate(rows)]
    wanted = set(args.categories.split(","))
    by_id = {r["id"]: r for r in read_lines(args.metadata) if wanted & set(r["categories"])}
    papers = [as_paper(r, r["id"]) for r in by_id.values()]
    chosen.shuffle(papers)
    papers = papers[: args.limit]

    texts = [embedding_input(p) for p in [a for a, _ in pairs] + [b for _, b in pairs] + papers]
    try:
        encoder = load_encoder(args.model, ModelInfo("embedder", "", args.model.name, 0))
        started = time.perf_counter()
        vectors = np.concatenate([encoder.encode(texts[i : i + 512]) for i in range(0, len(texts), 512)])
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    seconds = time.perf_counter() - started
    n = len(pairs)
    result = {
        "versions": measure_pairs(pairs, vectors[:n], vectors[n : 2 * n]),
        "papers": measure_papers(papers, vectors[2 * n :]),
        "abstracts_per_second": len(texts) / seconds,
    }
    print(json.dumps(result, indent=1) if args.json else table(result))
    return 0


def table(result: dict[str, Any]) -> str:
    versions, papers = result["versions"], result["papers"]
    lines = [
        f"{versions['n']} pairs of versions, {papers['n']} papers with different ids; "
        f"{result['abstracts_per_second']:.1f} abstracts/s",
        "cosine  recall of versions  pairs of papers  of these without a common author",
    ]
    for t in versions["recall"]:
        lines.append(
            f"{t:>6}  {versions['recall'][t]:>18.1%}  {papers['pairs'][t]:>15}  {papers['pairs_no_common_author'][t]:>29}"
        )
    lines.append(f"rule    {versions['recall_rule']:>18.1%}  {len(papers['taken']):>15}")
    lines += [f"        {' = '.join(pair['ids'])}: {pair['kind']}, {pair['reason']}" for pair in papers["taken"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
