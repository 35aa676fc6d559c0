"""The machine: processor, memory, disk."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from summarizer.doctor.child import in_child
from summarizer.doctor.finding import Place, Unfit

#: A day's rows and page are some megabytes; below this the next weeks are not safe.
_LEAST_FREE_BYTES = 1_000_000_000
#: KV cells to begin with, of a model of the default's size (28 kB each), and llama.cpp's buffers.
_CONTEXT_BYTES = 512 * 1024**2
#: Instructions that llama.cpp has kernels for, as /proc/cpuinfo calls them.
_FEATURES = (
    *(
        "sse4_2",
        "avx",
        "f16c",
        "fma",
        "avx2",
        "bmi2",
        "avx_vnni",
        "avx512f",
        "avx512vbmi",
        "avx512_vnni",
        "avx512_bf16",
    ),
    *("amx_int8", "asimd", "asimddp", "fphp", "sve", "i8mm", "sve2", "sme"),
)
_FAST_FROM = ("avx2", "asimddp")


def check_processor(place: Place) -> str:
    """Which kernels llama.cpp takes here. Raises Unfit when none runs."""
    features = cpu_features()
    told = f"{os.cpu_count()} cores, {platform.machine()} with {' '.join(features) or 'features unknown'}"
    if place.config.llm.engine != "llama":
        return told
    found = in_child("kernels", place)
    slow = "" if not features or set(features) & set(_FAST_FROM) else "; no AVX2: texts will take several times as long"
    return f"{told}; kernels: {found}{slow}"


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return [name for name in _FEATURES if name in words]


def check_memory(place: Place) -> str:
    """Room for the language model beside what else runs now."""
    from summarizer.llm.budget import RESERVE_BYTES, available_bytes

    available = available_bytes()
    weights = 0
    if place.config.llm.engine == "llama":
        from summarizer.llm.registry import load_registry

        weights = load_registry(place.models).entry(place.config.llm.model).n_bytes
    needed = max(weights + _CONTEXT_BYTES + RESERVE_BYTES, place.config.pdf.memory_bytes // 2)
    told = f"{available / 1e9:.1f} GB can be had, {needed / 1e9:.1f} GB are needed"
    if available < needed:
        raise Unfit(told, "end other programs, or choose a smaller model with llm.model")
    return told


def check_disk(place: Place) -> str:
    """Store and site can be written, and there is room."""
    told = []
    for name, path in (("store", place.store.absolute().parent), ("site", place.out.absolute())):
        there = path
        while not there.exists():
            there = there.parent
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise Unfit(f"{there}, for the {name}, cannot be written", f"make it writable, or name another {name}")
        if name == "store" and place.store.exists() and not os.access(place.store, os.R_OK | os.W_OK):
            raise Unfit(f"{place.store} cannot be written", "make it writable, or name another store with --store")
        free = shutil.disk_usage(there).free
        if free < _LEAST_FREE_BYTES:
            raise Unfit(f"{there}, for the {name}, has {free / 1e9:.1f} GB free", "make room: at least 1 GB")
        told.append(f"{name}: {free / 1e9:.0f} GB free in {there}")
    return "; ".join(told)
