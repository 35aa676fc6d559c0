"""How long the offline reader takes to build and to search, on a store of made-up papers.

    python benchmarks/reader.py [--papers 1500] [--json]

Prints a table. Search is measured in Chromium where there is one: the time from the call to the results standing on the
page, first with nothing loaded, then again with the parts of the index in memory.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reader_store import build_store

from summarizer.stages.progress import SilentProgress
from summarizer.stages.reader import write_reader
from summarizer.stages.run import peak_memory_bytes
from summarizer.store import Store

QUERIES = (
    "语音增强",
    "大语言模型 音乐",
    "扩散",
    "声",
    "diffusion",
    "spe",
    "speech enhancement 语音",
    "transformer 端到端",
    "zzzz",
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def measure(n_papers: int, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    store = build_store(folder / "store.duckdb", n_papers)
    figures: dict[str, Any] = {"papers": n_papers, "store_seconds": time.monotonic() - began}
    out = folder / "reader"
    for name in ("build_seconds", "again_seconds"):
        began = time.monotonic()
        write_reader(store, SilentProgress(), out)
        figures[name] = time.monotonic() - began
    figures["one_text_seconds"], figures["one_text_files"] = _one_text(store, out)
    files = [file for file in out.rglob("*") if file.is_file()]
    search = [file.stat().st_size for file in out.glob("search/*.js")]
    figures |= {
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
        "start_page_bytes": (out / "index.html").stat().st_size,
        "search_bytes": sum(search),
        "search_files": len(search),
        "largest_search_file_bytes": max(search),
        "peak_memory_bytes": peak_memory_bytes(),
    }
    figures["search"] = _search(out)
    return figures


def _one_text(store: Store, out: Path) -> tuple[float, int]:
    """Seconds to publish again after one new text, and how many files it changed."""
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    with store.write() as con:
        con.execute(
            """
            INSERT INTO attempt
            SELECT 'again', arxiv_id, version, task, 2, prompt_hash, model_sha256, sampling, input_hash, source_scope,
                   '重新生成的译文。', finish_reason, 1, 1, 1.0, run_id, created_utc + INTERVAL 1 DAY
            FROM attempt WHERE task = 'translation' ORDER BY arxiv_id DESC LIMIT 1
            """
        )
    began = time.monotonic()
    write_reader(store, SilentProgress(), out)
    seconds = time.monotonic() - began
    return seconds, sum(file.stat().st_mtime_ns != changed for file, changed in before.items() if file.exists())


def _search(out: Path) -> list[dict[str, Any]] | None:
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser is None:
        print("no Chromium: search is not measured", file=sys.stderr)
        return None
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=OPTIONS)
        for query in QUERIES:
            page = chromium.new_page()
            page.goto(f"{(out / 'search.html').as_uri()}")
            page.wait_for_function("() => document.getElementById('status').textContent")
            times = []
            for _ in range(4):
                page.fill("#q", "")
                page.wait_for_function("() => document.getElementById('status').dataset.query === ''")
                page.fill("#q", query)
                page.wait_for_function("query => document.getElementById('status').dataset.query === query", arg=query)
                times.append(float(page.get_attribute("#status", "data-milliseconds") or "nan"))
            found = page.text_content("#status") or ""
            rows.append({"query": query, "first_ms": times[0], "again_ms": sorted(times[1:])[1], "found": found})
            page.close()
        chromium.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, default=1500, help="default: 1500")
    parser.add_argument("--folder", type=Path, help="keep store and reader here; it must not exist")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True)
        figures = measure(options.papers, options.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(options.papers, Path(folder))
    if options.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    for name, value in figures.items():
        if name != "search":
            print(f"{name:28} {value:,.1f}" if isinstance(value, float) else f"{name:28} {value:,}")
    for row in figures["search"] or ():
        print(
            f"search {row['query']:24} first {row['first_ms']:6.1f} ms, again {row['again_ms']:6.1f} ms  {row['found']}"
        )


if __name__ == "__main__":
    main()
