"""How fast a bundle is verified, against plain SHA-256 of the same file, and how much memory that takes by its size.

    python benchmarks/bundle.py [--megabytes 100] [--sizes 10 100 400] [--rounds 5] [--json]

Bundles of random bytes as PDFs of about 2.5 MB, in the file cache of the system. The contenders take turns, so that a busy
machine slows all of them; of each the fastest and the median round are told. Memory is that of a process of its own for each
size: the largest resident set, and what it is above that of a process that only loads the program.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from summarizer.bundle import daily_window, open_bundle, verify_bundle, write_bundle
from summarizer.records import Paper
from summarizer.signing import new_key, read_signing_key, read_trusted_keys

PDF_BYTES = 2_500_000
DAY = date(2026, 2, 12)
# ru_maxrss begins with what the process that started this one held, so Linux is asked for the mark of the program itself
MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
from summarizer.bundle import verify_bundle
if len(sys.argv) > 1:
    verify_bundle(Path(sys.argv[1]))
status = Path("/proc/self/status")
if status.exists():
    print(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def make_bundle(folder: Path, n_bytes: int) -> Path:
    """A signed bundle of about that size."""
    folder.mkdir()
    pick = random.Random(1)
    papers, pdfs = [], {}
    for number in range(1, max(1, round(n_bytes / PDF_BYTES)) + 1):
        paper = Paper(f"2602.{number:05d}", 1, f"Paper {number}", (), (), "", None, None, "An abstract.", None, ())
        path = folder / f"{number}.pdf"
        path.write_bytes(b"%PDF-1.7\n" + pick.randbytes(PDF_BYTES))
        papers.append(paper)
        pdfs[(paper.arxiv_id, 1)] = path
    new_key(folder / "key.pem", "benchmark")
    made = write_bundle(
        folder,
        papers,
        pdfs,
        window=daily_window(DAY),
        post_date=DAY,
        categories=("cs.SD",),
        n_fetched=len(papers),
        created_utc=datetime(2026, 2, 12),
        sign=[read_signing_key(folder / "key.pem")],
    )
    for path in pdfs.values():
        path.unlink()
    return made


def plain_sha256(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def extract_all(path: Path) -> None:
    with open_bundle(path) as bundle, tempfile.TemporaryDirectory() as folder:
        for paper in bundle.papers:
            bundle.extract_pdf(paper.arxiv_id, paper.version, Path(folder)).unlink()


def measure_speed(path: Path, rounds: int) -> dict[str, Any]:
    """Megabytes (10^6 bytes of the bundle) a second of each contender."""
    trust = read_trusted_keys([path.parent / "key.pem.pub"], require_signature=True)
    contenders: dict[str, Callable[[], object]] = {
        "plain sha256": lambda: plain_sha256(path),
        "verify": lambda: verify_bundle(path),
        "verify, signature checked": lambda: verify_bundle(path, trust=trust),
        "verify and extract every PDF": lambda: extract_all(path),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(rounds + 1):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            if round_number:  # the first fills the cache
                seconds[name].append(time.perf_counter() - started)
    n = path.stat().st_size / 1e6
    plain = statistics.median(seconds["plain sha256"])
    return {
        "megabytes": n,
        "rounds": rounds,
        "rates": {
            name: {
                "best": n / min(found),
                "median": n / statistics.median(found),
                "of_plain": plain / statistics.median(found),
            }
            for name, found in seconds.items()
        },
    }


def measure_memory(bundles: list[Path]) -> dict[str, Any]:
    """Megabytes of resident memory, by the size of the bundle."""

    def peak(*arguments: str) -> float:
        command = [sys.executable, "-c", MEASURE_MEMORY, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e6

    loaded = peak()
    found = []
    for path in bundles:
        most = peak(str(path))
        found.append({"megabytes": path.stat().st_size / 1e6, "peak": most, "above_loaded": most - loaded})
    return {"loaded": loaded, "by_size": found}


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed and memory of verifying a bundle.")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the bundle whose speed is measured")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10, 100, 400], help="sizes whose memory is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="summarizer-bundle-") as folder:
        sizes = dict.fromkeys([arguments.megabytes, *arguments.sizes])
        bundles = {size: make_bundle(Path(folder) / str(size), size * 1_000_000) for size in sizes}
        result = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "speed": measure_speed(bundles[arguments.megabytes], arguments.rounds),
            "memory": measure_memory([bundles[size] for size in arguments.sizes]),
        }
    if arguments.json:
        print(json.dumps(result, indent=2))
        return 0
    speed, memory = result["speed"], result["memory"]
    print(f"A bundle of {speed['megabytes']:.0f} MB, {speed['rounds']} rounds; MB/s")
    print(f"{'':32}{'best':>8}{'median':>8}{'of plain':>10}")
    for name, rate in speed["rates"].items():
        print(f"{name:32}{rate['best']:8.0f}{rate['median']:8.0f}{rate['of_plain']:10.2f}")
    print(f"\nPeak memory of verifying; {memory['loaded']:.1f} MB with the program loaded alone")
    for row in memory["by_size"]:
        print(f"{row['megabytes']:8.0f} MB bundle: {row['peak']:6.1f} MB, {row['above_loaded']:4.1f} MB above")
    return 0


if __name__ == "__main__":
    sys.exit(main())
