"""How much memory a machine has at hand, and how many KV cells may be made of it."""

from __future__ import annotations

from pathlib import Path

#: What is left alone: compute buffers, Python, the other programs of the machine.
RESERVE_BYTES = 1 << 30
#: Cells to begin with. Some twenty requests of a paper's text, or all slots with short ones; more would only make every
#: step look at more cells (docs/decisions.md).
FIRST_CELLS = 16384
#: Even with no memory to speak of: less would hold no request, and llama.cpp itself says when this much cannot be had.
LEAST_CELLS = 1024
_STEP = 256  # llama.cpp pads to this

_CGROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int:
    """Memory that can be had without swapping: of the machine, or of the control group (version 2) where that is less."""
    import psutil

    available = int(psutil.virtual_memory().available)
    try:
        limit = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such group, or "max": no limit
        return available
    return min(available, max(0, limit - used))


def most_cells(available: int, weights_bytes: int, bytes_per_cell: int) -> int:
    """KV cells that fit beside the weights, a multiple of 256.

    Args:
        available: bytes at hand before the model is loaded.
        weights_bytes: the model file.
        bytes_per_cell: keys and values of one token in all layers.
    """
    left = available - weights_bytes - RESERVE_BYTES
    return max(LEAST_CELLS, left // max(bytes_per_cell, 1) // _STEP * _STEP)


def first_cells(most: int) -> int:
    """Cells to begin with, when no request is known yet."""
    return min(FIRST_CELLS, most)


def grown_cells(needed: int, most: int) -> int:
    """Cells for a request of ``needed`` tokens, at most ``most``."""
    return min(most, -(-needed // _STEP) * _STEP)
