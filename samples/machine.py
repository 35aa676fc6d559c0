"""The machine a measurement ran on, and the command that made it: every results file begins with this."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shlex
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def _cpu() -> tuple[str, list[str]]:
    """CPU model and its vector extensions, from /proc/cpuinfo (other systems give the platform's word and none)."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine(), []
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags", "").split()
    wanted = ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "amx_int8")
    return fields.get("model name", platform.machine()), [f for f in wanted if f in flags]


def describe_machine(packages: Sequence[str]) -> dict[str, Any]:
    """CPU, cores, memory (GiB), system, Python and the versions of ``packages``."""
    model, vector_extensions = _cpu()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "vector_extensions": vector_extensions,
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
        "load_average_before": [round(x, 2) for x in os.getloadavg()],
        "note": "virtual cores of a server shared with other jobs: medians and ranges of interleaved repeats",
    }


def describe_command(argv: Sequence[str]) -> str:
    """The command line with folders left out, so that a results file names no place on one machine."""
    return shlex.join(["python", f"samples/{Path(argv[0]).name}", *(Path(a).name if "/" in a else a for a in argv[1:])])


def spread(values: Sequence[float], digits: int = 3) -> dict[str, Any]:
    """Median, smallest, largest and the values themselves, in the order they were measured."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
        "values": [round(v, digits) for v in values],
    }


def write_results(path: Path, results: dict[str, Any]) -> None:
    stamped = {"measured_utc": datetime.now(UTC).strftime("%Y-%m-%d"), **results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stamped, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path}")
