"""Measure how well the cosine of sentence embeddings tells a revised abstract from another paper.

    python samples/measure_revisions.py --model DIR --pairs version_pairs.jsonl.gz --metadata arxiv_metadata.jsonl.gz \\
        --json samples/results/revisions.json

``--pairs`` holds one JSON object a line: ``id`` and two versions ``a`` and ``b`` of that paper, each with ``title`` and
``abstract``. ``--metadata`` holds one paper a line: ``id``, ``title``, ``abstract``, ``authors``. Only figures are
written: no text of any paper.

Every pair's later version is the query. Its earlier version is the one right answer; the other papers of the pool
(earlier versions of the other pairs, and more papers from the metadata) are the wrong ones, and the nearest counts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import numpy as np
from machine import describe_command, describe_machine, write_results

#: word overlap (Jaccard of the sets of words of the two abstracts), from the lower bound up to the next
BANDS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)
THRESHOLDS = (0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
SEED = 20260212


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def text_of(row: dict[str, Any]) -> str:
    return f"{row['title']}\n{row['abstract']}"


def quantiles(values: np.ndarray) -> dict[str, float]:
    names = {"p1": 1, "p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(values, q)), 4) for name, q in names.items()}


def separation(positive: np.ndarray, negative: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a true pair scores above a wrong one (ties count half)."""
    negative = np.sort(negative)
    below = np.searchsorted(negative, positive, side="left")
    not_above = np.searchsorted(negative, positive, side="right")
    return round(float((below + not_above).mean() / 2 / len(negative)), 5)


def band_rows(overlap: np.ndarray, true: np.ndarray, wrong: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for i, low in enumerate(BANDS):
        high = BANDS[i + 1] if i + 1 < len(BANDS) else None
        chosen = overlap >= low if high is None else (overlap >= low) & (overlap < high)
        if not chosen.any():
            continue
        rows.append(
            {
                "overlap_from": low,
                "overlap_below": high,
                "pairs": int(chosen.sum()),
                "cosine": quantiles(true[chosen]),
                "first_percent": percent(true[chosen] > wrong[chosen]),
                "found_percent": {f"{t:.2f}": percent(true[chosen] >= t) for t in THRESHOLDS},
            }
        )
    return rows


def percent(hits: np.ndarray) -> float:
    return round(100 * float(hits.mean()), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="sentence-transformers folder")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--n-pairs", type=int, default=1500)
    parser.add_argument("--n-others", type=int, default=1500, help="more papers in the pool of wrong answers")
    parser.add_argument("--json", type=Path, required=True, help="where the figures are written")
    args = parser.parse_args()

    machine = describe_machine(["sentence-transformers", "torch", "numpy"])
    rng = random.Random(SEED)
    everything = list(read_lines(args.pairs))
    one_each = list({row["id"]: row for row in everything}.values())
    pairs = rng.sample(sorted(one_each, key=lambda r: r["id"]), args.n_pairs)
    taken = {row["id"] for row in everything}
    others = {row["id"]: row for row in read_lines(args.metadata) if row["id"] not in taken and row.get("abstract")}
    extra = rng.sample([others[i] for i in sorted(others)], args.n_others)

    from sentence_transformers import SentenceTransformer  # late: arguments are checked before torch is loaded

    model = SentenceTransformer(str(args.model), device="cpu", local_files_only=True)
    texts = [text_of(r["b"]) for r in pairs] + [text_of(r["a"]) for r in pairs] + [text_of(r) for r in extra]
    started = time.perf_counter()
    vectors = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    seconds = time.perf_counter() - started
    print(f"{len(texts)} texts embedded in {seconds:.0f} s", file=sys.stderr)

    n = len(pairs)
    queries, pool = vectors[:n], vectors[n:]
    scores = queries @ pool.T
    true = scores[np.arange(n), np.arange(n)].copy()
    scores[np.arange(n), np.arange(n)] = -1.0
    wrong = scores.max(axis=1)
    nearest_texts = [texts[n + int(i)] for i in scores.argmax(axis=1)]
    random_wrong = scores[scores > -1.0]  # every wrong pairing
    overlap = np.array([jaccard(words(r["a"]["abstract"]), words(r["b"]["abstract"])) for r in pairs])
    limit = model.max_seq_length
    lengths = np.array([len(model.tokenizer.tokenize(t)) for t in texts])
    # the two abstracts are the same text: embeddings cannot but agree, whatever they are worth
    same = np.array([r["a"]["abstract"] == r["b"]["abstract"] for r in pairs])
    lexical_wrong = np.array([jaccard(words(q), words(w)) for q, w in zip(texts[:n], nearest_texts, strict=True)])

    write_results(
        args.json,
        {
            "command": describe_command(sys.argv),
            "machine": machine,
            "settings": {
                "seed": SEED,
                "pairs": n,
                "pairs_with_equal_abstracts": int(same.sum()),
                "others": len(extra),
                "pool": len(pool),
                "wrong_pairings": int(random_wrong.size),
                "text": "title and abstract",
                "max_tokens": limit,
                "over_max_tokens_percent": percent(lengths + 2 > limit),
                "overlap": "Jaccard of the sets of lower-case words of the two abstracts",
            },
            "embedding": {
                "texts": len(texts),
                "seconds": round(seconds, 1),
                "texts_per_second": round(len(texts) / seconds, 1),
                "dimension": int(vectors.shape[1]),
            },
            "true": {"cosine": quantiles(true), "first_percent": percent(true > wrong)},
            "random": {"cosine": quantiles(random_wrong), "auc": separation(true, random_wrong)},
            "nearest": {
                "cosine": quantiles(wrong),
                "auc": separation(true, wrong),
                "word_overlap": quantiles(lexical_wrong),
            },
            "bands": band_rows(overlap, true, wrong),
            "thresholds": [
                {
                    "threshold": t,
                    "found_percent": percent(true >= t),
                    "wrong_nearest_percent": percent(wrong >= t),
                    "wrong_nearest": int((wrong >= t).sum()),
                    "wrong_pairings": int((random_wrong >= t).sum()),
                }
                for t in THRESHOLDS
            ],
        },
    )


if __name__ == "__main__":
    main()
