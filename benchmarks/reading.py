"""A day's papers: files side by side with a core each, or one after another with all cores on its pages.

    python benchmarks/reading.py --pdf DIR [--limit N] [--rounds N] [--json]

Ways are measured in turn. ``files``: as ingest does it, one process for each core, each with a file of its own. ``pages``: one
file at a time, its pages shared by all cores. ``fresh``: as ``files``, but a new process for each file, which loads the layout
model first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from summarizer.errors import PdfError
from summarizer.pdf import Limits, PdfReader, available_cores, read_document
from summarizer.records import Document


def read_all(papers: Sequence[Path], read: Callable[[Path], Document], n_threads: int) -> int:
    """Read the papers and give back how many pages they have; those that cannot be read count as none."""

    def pages(path: Path) -> int:
        try:
            return read(path).n_pages
        except PdfError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            return 0

    with ThreadPoolExecutor(n_threads) as pool:
        return sum(pool.map(pages, papers))


def files(papers: Sequence[Path]) -> int:
    with PdfReader(Limits(cores=1)) as reader:
        return read_all(papers, reader.document, available_cores())


def pages(papers: Sequence[Path]) -> int:
    with PdfReader(Limits(cores=available_cores())) as reader:
        return read_all(papers, reader.document, 1)


def fresh(papers: Sequence[Path]) -> int:
    return read_all(papers, lambda path: read_document(path, Limits(cores=1)), available_cores())


WAYS = {"files": files, "pages": pages, "fresh": fresh}


def main() -> int:
    parser = argparse.ArgumentParser(description="Time to read a day's papers.")
    parser.add_argument("--pdf", type=Path, required=True, help="folder of PDFs")
    parser.add_argument("--limit", type=int, help="the first N papers")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ways", default=",".join(WAYS), help="which, separated by commas")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    papers = sorted(args.pdf.glob("*.pdf"))[: args.limit]
    seconds: dict[str, list[float]] = {way: [] for way in args.ways.split(",")}
    n_pages = 0
    for _ in range(args.rounds):
        for way, taken in seconds.items():
            started = time.perf_counter()
            n_pages = WAYS[way](papers)
            taken.append(round(time.perf_counter() - started, 1))
            print(f"{way}: {taken[-1]} s", file=sys.stderr)
    medians = {way: statistics.median(taken) for way, taken in seconds.items()}
    result = {
        "n_papers": len(papers),
        "n_pages": n_pages,
        "seconds": seconds,
        "seconds_per_page": {way: median / max(n_pages, 1) for way, median in medians.items()},
    }
    if args.json:
        print(json.dumps(result, indent=1))
        return 0
    print(f"{len(papers)} papers, {n_pages} pages")
    for way, median in medians.items():
        print(f"{way:8}{median:8.1f} s{median / max(n_pages, 1):8.3f} s a page")
    return 0


if __name__ == "__main__":
    sys.exit(main())
