"""How the search for near-duplicates grows with the archive, and from where on an index would pay.

    python benchmarks/dedup_scale.py --archive 82000 [--new 500] [--store FILE] [--json]
    python benchmarks/dedup_scale.py --all-pairs VECTORS.npz|N [--limit N] [--json]

The first form makes a store with so many papers that were compared before and ``--new`` that were not, and runs the stage
``dedup`` over it in a process of its own. Vectors and words are synthetic: each paper belongs to one of some thousand topics
whose members have a cosine of about 0.7, so that every new paper has as many neighbours to look at as the stage allows.
``--store FILE`` keeps the archive for the next time; the new papers' results are taken back.

The second form compares all embeddings of a file (``benchmarks/dedup.py --vectors`` writes one), or N synthetic ones, with each
other: exactly, by blocked products, and with an HNSW index (usearch, in the extra ``bench``), whose recall of the pairs from some
cosine on is measured against the first. Neighbours are searched for ``--sample`` of them, in time that grows with their number.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from summarizer.config import Config
from summarizer.embed import Vectors, find_neighbours
from summarizer.embed.duplicates import NEIGHBOUR_FLOOR
from summarizer.records import ModelInfo
from summarizer.store import Store

_MODEL = ModelInfo("synthetic", "5" * 64, "synthetic", 0)
_NOW = datetime(2026, 2, 12)
_PAPERS_PER_TOPIC = 40
_NEIGHBOURS = 20
#: Cosines from which on pairs are counted: those that the stage looks at, and those where near-duplicates lie.
_FLOORS = (NEIGHBOUR_FLOOR, 0.8)
#: How the index keeps its vectors.
_KEPT_AS = ("f32", "bf16")
#: How far the index searches: its default, and farther.
_EXPANSIONS = (64, 256)
#: Papers written in one transaction.
_PART = 250_000
_BUILD_MEMORY = "8GB"
#: Larger archives get abstracts of 20 words instead of 180, to fit on a disk.
_WORDY = 200_000

_ID = "'local.' || lpad(n::VARCHAR, 12, '0')"
_TOPICS = "SELECT n AS topic, list_transform(range(384), lambda x: (random() - 0.5) * sqrt(12 / 384)) AS v FROM range(?) AS t (n)"
#: 0.84 squared is 0.7: the cosine of two papers of one topic.
_VECTOR = "list_transform(t.v, lambda x: 0.84 * x + 0.54 * (random() - 0.5) * sqrt(12 / 384))::FLOAT[384]"
_WORDS = (
    "list_aggregate(list_transform(range({0}), lambda x: 'word' || (random() * 20000)::INTEGER), 'string_agg', ' ')"
)


def main() -> int:
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(run_stage(Path(sys.argv[2]))))
        return 0
    parser = argparse.ArgumentParser(description="The near-duplicate stage on a large archive.")
    parser.add_argument("--archive", type=int, default=82_000)
    parser.add_argument("--new", type=int, default=500)
    parser.add_argument("--store", type=Path, help="keep the synthetic archive in this file")
    parser.add_argument("--all-pairs", metavar="NPZ|N")
    parser.add_argument("--limit", type=int, help="with --all-pairs: use so many vectors")
    parser.add_argument("--sample", type=int, default=10_000, help="with --all-pairs: search for so many of them")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.all_pairs is None:
        result = one_day(args.archive, args.new, args.store)
    elif args.all_pairs.isdecimal():
        result = all_pairs(synthetic_vectors(int(args.all_pairs)), args.sample)
    else:
        result = all_pairs(read_vectors(Path(args.all_pairs), args.limit), args.sample)
    print(json.dumps(result, indent=1) if args.json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    return 0


def one_day(n_archive: int, n_new: int, keep: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "archive.duckdb"
        started = time.perf_counter()
        if not path.exists():
            build(path, n_archive, n_new)
        built = time.perf_counter() - started
        copy = path if keep is None else Path(f"{path}.run")
        if keep is not None:
            shutil.copyfile(path, copy)
        try:
            done = subprocess.run(
                [sys.executable, __file__, "--worker", str(copy)], check=True, capture_output=True, text=True
            )
        finally:
            if keep is not None:
                copy.unlink()
    return {"n_archive": n_archive, "n_new": n_new, **json.loads(done.stdout), "seconds_to_build": round(built, 1)}


def build(path: Path, n_archive: int, n_new: int) -> None:
    """Two bundles: the archive, compared, and the new day, embedded.

    Written by a connection of its own: the store's own memory limit is too narrow for the keys of millions of rows that
    come at once, which is not how a store grows.
    """
    import duckdb

    with Store(path).write():
        pass  # makes the tables and views
    n, n_topics = n_archive + n_new, max(1, n_archive // _PAPERS_PER_TOPIC)
    abstract = _WORDS.format(180 if n <= _WORDY else "if(n < $archive, 20, 180)")
    started = time.perf_counter()
    with duckdb.connect(str(path), config={"memory_limit": _BUILD_MEMORY}) as con:
        con.execute(f"CREATE TEMP TABLE topic AS {_TOPICS}", [n_topics])
        for bundle in ("archive", "new"):
            con.execute(
                "INSERT INTO bundle VALUES ($1, 1, $2, $2, $2, $2, '08:50 UTC', 'folder', [], 0, '', $3)",
                [bundle, _NOW, _NOW + timedelta(days=bundle == "new")],
            )
        for first in range(0, n, _PART):
            part = {"first": first, "last": min(n, first + _PART), "now": _NOW}
            con.execute(
                f"""
                INSERT INTO paper_version
                SELECT
                    {_ID}, 1, {_WORDS.format(10)}, ['A. Author' || n, 'B. Writer' || n], ['cs.SD'],
                    'cs.SD', NULL, NULL, {abstract}, NULL, [], 'papers.jsonl', NULL, '', NULL, NULL, $now::TIMESTAMP
                FROM range($first, $last) AS r (n)
                """,  # noqa: S608 - constants of this file
                part | ({"archive": n_archive} if "$archive" in abstract else {}),
            )
            print(f"{part['last']} of {n} papers: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        # one paper of each topic at a time: a join would work out the vectors of all topics for every 2,048 rows
        for first in range(0, n, n_topics):
            con.execute(
                f"INSERT INTO embedding SELECT {_ID}, 1, $model, '', {_VECTOR}, '', $now::TIMESTAMP "  # noqa: S608
                "FROM (SELECT $first + topic AS n, v FROM topic) AS t WHERE n < $n",
                {"model": _MODEL.sha256, "now": _NOW, "first": first, "n": n},
            )
        print(f"vectors: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        con.execute(
            f"INSERT INTO bundle_paper SELECT if(n < $archive, 'archive', 'new'), {_ID}, 1, n, NULL "  # noqa: S608
            "FROM range($n) AS r (n)",
            {"archive": n_archive, "n": n},
        )
        con.execute(
            f"INSERT INTO dedup_check SELECT {_ID}, 1, $model, 0, '', $now::TIMESTAMP FROM range($archive) AS r (n)",  # noqa: S608
            {"model": _MODEL.sha256, "now": _NOW, "archive": n_archive},
        )


def run_stage(path: Path) -> dict[str, Any]:
    """The stage itself, in this process."""
    from summarizer.stages.dedup import dedup
    from summarizer.stages.progress import SilentProgress
    from summarizer.stages.recorder import RunRecorder

    store, config = Store(path), Config()
    started = time.perf_counter()
    result = dedup(store, RunRecorder(store, "benchmark", config), config, SilentProgress(), encoder=_MODEL)
    seconds = time.perf_counter() - started
    return {
        "seconds": round(seconds, 2),
        "peak_memory_gb": round(peak_memory() / 1e9, 2),
        "n_done": result.n_done,
    }


def peak_memory() -> int:
    """Bytes of this process at its largest. Not ru_maxrss: that begins with the size of the process which started this one."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def all_pairs(vectors: Vectors, sample: int) -> dict[str, Any]:
    """The neighbours that the stage would look at, of ``sample`` vectors among all others: exact, and by an index of all."""
    from usearch.index import Index

    n = len(vectors)
    rows = np.sort(np.random.default_rng(1).choice(n, min(n, sample), replace=False))
    chosen = vectors[rows]
    started = time.perf_counter()
    exact = find_neighbours(chosen, vectors, NEIGHBOUR_FLOOR, _NEIGHBOURS + 1)
    result: dict[str, Any] = {"n": n, "n_searched": len(rows), "exact_seconds": round(time.perf_counter() - started, 1)}
    pairs = [(k, x.index, x.cosine) for k, neighbours in enumerate(exact) for x in neighbours if x.index != rows[k]]
    result["n_pairs"] = {str(floor): sum(cosine >= floor for _, _, cosine in pairs) for floor in _FLOORS}
    for kept_as in _KEPT_AS:
        started = time.perf_counter()
        index = Index(ndim=vectors.shape[1], metric="ip", dtype=kept_as)
        index.add(np.arange(n), vectors)
        told: dict[str, Any] = {
            "build_seconds": round(time.perf_counter() - started, 1),
            "memory_gb": round(index.memory_usage / 1e9, 2),
            "connectivity": index.connectivity,
            "expansion_add": index.expansion_add,
        }
        for expansion in _EXPANSIONS:
            index.expansion_search = expansion
            started = time.perf_counter()
            found = index.search(chosen, _NEIGHBOURS + 1)
            seconds = time.perf_counter() - started
            keys = [set(row.tolist()) for row in found.keys]
            hits = [(cosine, other in keys[k]) for k, other, cosine in pairs]
            told[f"expansion_search {expansion}"] = {
                "seconds": round(seconds, 1),
                "recall": {
                    str(floor): round(_share([hit for cosine, hit in hits if cosine >= floor]), 4) for floor in _FLOORS
                },
            }
        result[f"index {kept_as}"] = told
        print(f"index {kept_as}: {told}", file=sys.stderr)
    return result


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


def read_vectors(path: Path, limit: int | None) -> Vectors:
    with np.load(path) as kept:
        return np.ascontiguousarray(kept["vectors"][:limit], dtype=np.float32)


def synthetic_vectors(n: int) -> Vectors:
    """Unit vectors in topics, as those of :func:`build`."""
    chance = np.random.default_rng(0)
    topics = chance.standard_normal((max(1, n // _PAPERS_PER_TOPIC), 384), dtype=np.float32)
    vectors = 0.84 * topics[np.arange(n) % len(topics)] + 0.54 * chance.standard_normal((n, 384), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


if __name__ == "__main__":
    sys.exit(main())
