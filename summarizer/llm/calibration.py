"""Which layout of the weights is faster on this machine, measured once and remembered.

llama.cpp has two kinds of matrix kernels for K-quants: one over the weights as they are in the file, one over a rearranged
copy of them. Which is faster depends on the processor's instructions (docs/decisions.md has figures), so it is
measured, for some seconds, when a model is first used on a machine. What was measured beside other work is
measured again when the machine is at rest.
"""

from __future__ import annotations

import json
import logging
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from summarizer.errors import ModelError
from summarizer.ids import content_hash
from summarizer.llm.backend import LlamaBackend, LlamaOptions
from summarizer.llm.library import library_version
from summarizer.llm.openmp import is_machine_busy
from summarizer.llm.scheduler import BatchToken

logger = logging.getLogger(__name__)

#: Below this size of the file neither layout is worth measuring.
_SMALL_BYTES = 64 << 20
_PROMPT, _SEQUENCES, _STEPS = 256, 16, 3
#: The better of so many: a second of other work in one reading has turned the comparison round.
_READINGS = 2
#: Prompt tokens computed for each token written: 1.8 in a run of four papers, 4.5 in the long shape of benchmarks/engine.py.
_PROMPT_SHARE = 3.0
#: The copy must be this much faster, since it takes as much memory as the file again.
_WORTH_THE_MEMORY = 0.95

Measure = Callable[[Path, LlamaOptions], float]


def is_repacking_faster(
    path: Path, sha256: str, options: LlamaOptions, cache: Path | None, measure: Measure | None = None
) -> bool:
    """Whether the rearranged weights are faster here.

    Args:
        sha256: of the model file; the answer is remembered for it, the processor, the threads and the library.
        cache: folder of the memory; None measures each time.
        measure: seconds of one unit of work under some options; the default computes on the model.

    Raises:
        ModelError: the model cannot be loaded.
    """
    if path.is_file() and path.stat().st_size < _SMALL_BYTES:
        return False
    key = content_hash([sha256, library_version(), _processor(), options.n_threads])
    record = cache / "machine.json" if cache is not None else None
    known = _read(record)
    kept = known.get(key)
    # half a core lost to others can turn the comparison round: such an answer holds until the machine is at rest
    if isinstance(kept, dict) and isinstance(kept.get("repack"), bool) and (not kept.get("busy") or is_machine_busy()):
        return bool(kept["repack"])
    measure = measure or seconds_of_work
    busy = is_machine_busy()
    plain = measure(path, replace(options, repack=False))
    try:
        repacked = measure(path, replace(options, repack=True))
    except ModelError as error:  # the copy may not fit the memory
        logger.debug("repacked weights cannot be measured: %s", error)
        return False
    faster = repacked < _WORTH_THE_MEMORY * plain
    logger.debug("a unit of work takes %.3f s, with repacked weights %.3f s", plain, repacked)
    busy = busy or is_machine_busy()
    known[key] = {
        "repack": faster,
        "seconds_plain": round(plain, 4),
        "seconds_repacked": round(repacked, 4),
        "busy": busy,
    }
    _write(record, known)
    return faster


def seconds_of_work(path: Path, options: LlamaOptions) -> float:
    """Seconds for one written token and the prompt tokens that go with it, under these options."""
    backend = LlamaBackend(path, replace(options, n_ctx=1024))
    try:
        n_vocab = backend.n_vocab
        n_prompt = min(_PROMPT, backend.n_batch)
        prompt = [BatchToken((1000 + i) % n_vocab, i, 0, i == n_prompt - 1) for i in range(n_prompt)]
        _time(backend, prompt)  # the first one also reads the file
        took = []
        for _ in range(_READINGS):
            backend.truncate(0, 0)
            took.append(_time(backend, prompt))
        reading = min(took) / len(prompt)
        n_sequences = min(_SEQUENCES, options.n_sequences - 1)
        backend.truncate(0, 0)
        steps = [
            [BatchToken((2000 + s) % n_vocab, step, s, True) for s in range(n_sequences)] for step in range(_STEPS)
        ]
        writing = min(_time(backend, step) for step in steps) / n_sequences
    finally:
        backend.close()
    return _PROMPT_SHARE * reading + writing


def _time(backend: LlamaBackend, batch: Sequence[BatchToken]) -> float:
    started = time.perf_counter()
    backend.decode(batch)
    return time.perf_counter() - started


def _processor() -> str:
    """The processor's name, and what instructions it has, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    wanted = ("model name", "flags", "Features")
    return "\n".join(next((line for line in lines if line.startswith(name)), "") for name in wanted)


def _read(record: Path | None) -> dict[str, Any]:
    if record is None:
        return {}
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(record: Path | None, known: dict[str, Any]) -> None:
    if record is None:
        return
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        partial = record.with_name(record.name + ".part")
        partial.write_text(json.dumps(known, indent=1), encoding="utf-8")
        partial.replace(record)
    except OSError as error:
        logger.debug("what was measured cannot be kept in %s: %s", record, error)
