"""How the threads of torch and llama.cpp wait for each other (libgomp), chosen for the state of this machine.

They meet after every operation, some hundred times a token. Waiting there in a busy loop is fastest on cores of our own, and
ruinous where other work holds one of them: the figures are in docs/decisions.md.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_PROC_STAT = Path("/proc/stat")
_SAMPLE_SECONDS = 0.3
#: Share of all cores that other work may take before waiting in a loop costs more than it gains.
_BUSY_SHARE = 0.2
_SHORT_SPIN = "1000"


def choose_waiting() -> None:
    """Set ``GOMP_SPINCOUNT`` low when other work is running, else leave libgomp's default; a value already set stays.

    libgomp reads it when it is first loaded, so call this before torch or llama_cpp is imported. Takes 0.3 s the first time.
    """
    if "GOMP_SPINCOUNT" in os.environ or _CHOSEN:
        return
    _CHOSEN.append(True)
    if is_machine_busy():
        os.environ["GOMP_SPINCOUNT"] = _SHORT_SPIN


_CHOSEN: list[bool] = []


def is_machine_busy() -> bool:
    """Whether other work takes a good part of the cores just now; not, where the system does not tell. Takes 0.3 s."""
    share = busy_share()
    return share is not None and share > _BUSY_SHARE


def busy_share(seconds: float = _SAMPLE_SECONDS) -> float | None:
    """Share of the cores' time, 0 to 1, that was not idle while this thread slept; None where /proc/stat is absent."""
    try:
        before = _read_ticks()
        time.sleep(seconds)
        after = _read_ticks()
    except (OSError, ValueError, IndexError):
        return None
    total = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])
    return 1.0 - idle / total if total > 0 else None


def _read_ticks() -> list[int]:
    """user, nice, system, idle, iowait, irq, softirq and steal of all cores together (proc_stat(5))."""
    return [int(field) for field in _PROC_STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
