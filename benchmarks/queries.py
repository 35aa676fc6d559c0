"""How long every saved query takes on a store of 5,000 papers.

    python benchmarks/queries.py [--papers 5000] [--store FILE] [--rounds 5] [--only NAME]... [--limit-ms 200] [--json]

The store is synthetic (benchmarks/query_store.py) and is made where ``--store`` is not there yet; without it, it is made in a
temporary folder and removed. ``fresh`` opens the store for each round, as ``summarizer sql`` does (the files are in the
system's cache); ``warm`` asks again on one connection. Exit code 1 when the fresh median of a query is above ``--limit-ms``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import query_store

from summarizer.store import Store
from summarizer.store.saved import SavedQuery, saved_queries
from summarizer.store.sql import query

#: Searches beside those of the saved queries: frequent and rare, Chinese without blanks, many words.
SEARCHES = (
    "语音增强",
    "说话人验证低资源的语音识别",
    "speech enhancement VoiceBank",
    "speech",
    "扩散模型 声码器 零样本 端到端 自监督",
)


def values(store: Store) -> dict[str, str]:
    """Values of parameters that find something in this store."""
    with store.read() as con:
        row = con.execute(
            """
            SELECT a.arxiv_id, x.text, p.authors[1], b.post_date::VARCHAR
            FROM accepted_attempt AS a
            JOIN attempt_piece AS x USING (attempt_id)
            JOIN paper_version AS p ON p.arxiv_id = a.arxiv_id
            JOIN paper_arrival AS b ON b.arxiv_id = a.arxiv_id
            WHERE a.task = 'results' ORDER BY a.created_utc, x.seq LIMIT 1 OFFSET 20
            """
        ).fetchone()
        said = con.execute(
            "SELECT term FROM term_use JOIN accepted_attempt USING (attempt_id) WHERE used IS DISTINCT FROM wanted ORDER BY ALL"
        ).fetchone()
    assert row is not None
    assert said is not None
    return {
        "id": row[0],
        "words": row[1][:12],
        "day": row[3],
        "term": "语音增强 VoiceBank",
        "glossary term": said[0],
        "task": "results",
        "author": row[2],
    }


def asked(saved: SavedQuery, found: dict[str, str]) -> dict[str, str]:
    given = {p.name: found.get(p.name, p.value) for p in saved.parameters if p.required}
    if saved.name == "term-texts":
        given["term"] = found["glossary term"]
    if saved.name == "mentions":
        given["words"] = "VoiceBank"
    if saved.name == "author":
        given["name"] = found["author"]
    return given


def milliseconds(ask: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Median and least."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(taken), 1), round(min(taken), 1)


def measure(store: Store, rounds: int, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Of every saved query and search; ``only``: of the saved queries with these names."""
    found = values(store)
    questions = {f"@{q.name}": (q.sql, q.filled(asked(q, found))) for q in saved_queries().values()}
    questions |= {f"search('{words}')": ("SELECT * FROM search($words)", {"words": words}) for words in SEARCHES}
    if only:
        questions = {f"@{name}": questions[f"@{name}"] for name in only}
    rows = []
    for name, (sql, parameters) in questions.items():
        n_rows = len(query(store, sql, parameters=parameters).rows)
        fresh = milliseconds(lambda sql=sql, p=parameters: query(store, sql, parameters=p), rounds)
        with store.read() as con:
            warm = milliseconds(lambda sql=sql, p=parameters, con=con: con.execute(sql, p or None).fetchall(), rounds)
        row = {"query": name, "rows": n_rows, "fresh_ms": fresh[0], "fresh_least_ms": fresh[1]}
        rows.append(row | {"warm_ms": warm[0], "warm_least_ms": warm[1]})
        print(
            f"{name:40} {n_rows:6} rows  fresh {fresh[0]:7.1f} ms  warm {warm[0]:7.1f} ms", file=sys.stderr, flush=True
        )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Time of every saved query on a synthetic store.")
    parser.add_argument("--papers", type=int, default=5_000)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=list(saved_queries()), metavar="NAME", default=[])
    parser.add_argument("--limit-ms", type=float, default=200.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.store or Path(folder) / "store.duckdb"
        built = None
        if not path.exists():
            started = time.perf_counter()
            query_store.build(path, args.papers)
            built = round(time.perf_counter() - started, 1)
        store = Store(path)
        rows = measure(store, args.rounds, args.only)
        with store.read() as con:
            counted = {
                name: con.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
                for name in (
                    "paper_version",
                    "attempt",
                    "attempt_piece",
                    "completion",
                    "check_result",
                    "term",
                    "posting",
                )
            }
        result = {"store_bytes": path.stat().st_size, "built_seconds": built, "rows": counted, "queries": rows}
    print(json.dumps(result, ensure_ascii=False, indent=1) if args.json else table(result))
    return int(any(row["fresh_ms"] > args.limit_ms for row in rows))


def table(result: dict[str, Any]) -> str:
    counted = ", ".join(f"{n:,} {name}" for name, n in result["rows"].items())
    lines = [
        f"{result['store_bytes'] / 1e6:,.0f} MB; {counted}",
        "",
        "| query | rows | fresh: median, least (ms) | warm: median, least (ms) |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{r['query']}` | {r['rows']} | {r['fresh_ms']:.0f}, {r['fresh_least_ms']:.0f} "
        f"| {r['warm_ms']:.0f}, {r['warm_least_ms']:.0f} |"
        for r in result["queries"]
    ]
    slow = max(result["queries"], key=lambda r: r["fresh_ms"])
    return "\n".join([*lines, "", f"slowest: {slow['query']}, {slow['fresh_ms']:.0f} ms"])


if __name__ == "__main__":
    sys.exit(main())
