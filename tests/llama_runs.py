"""Running the llama.cpp engine in tests: requests, what it decoded, and the high-level class to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summarizer.llm.engine import Engine
from summarizer.llm.llama import LlamaEngine
from summarizer.llm.scheduler import BatchToken, Scheduler
from summarizer.records import Completion, Message, ModelInfo, Request, Sampling


def info(path: Path) -> ModelInfo:
    return ModelInfo(path.stem, "0" * 64, path.name, path.stat().st_size)


def ask(
    name: str,
    text: str,
    *,
    terms: tuple[str, ...] | None = None,
    system: str = "",
    grammar: str | None = None,
    **sampling: object,
) -> Request:
    messages = (*([Message("system", system)] if system else []), Message("user", text))
    settings = Sampling(**{"max_tokens": 24, **sampling})  # type: ignore[arg-type]
    return Request(name, messages, settings, terms, grammar=grammar)


def finish(engine: Engine) -> dict[str, Completion]:
    done: dict[str, Completion] = {}
    while engine.n_waiting:
        done.update((c.request_id, c) for c in engine.poll(0.5))
    return done


def start_afresh(engine: LlamaEngine) -> None:
    """Forget all that was computed."""
    backend = engine._backend
    backend._lib.llama_memory_clear(backend._memory, True)
    engine._scheduler = Scheduler(backend, engine._scheduler._n_slots)


class Watched:
    """What an engine has decoded since it is watched."""

    def __init__(self, engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n_decoded = 0
        self.first: dict[str, np.ndarray] = {}  # logits of the first answer token, by request
        self._engine = engine
        self._decode = engine._backend.decode
        monkeypatch.setattr(engine._backend, "decode", self._watch)

    def _watch(self, batch: Sequence[BatchToken]) -> list[np.ndarray]:
        rows = self._decode(batch)
        self.n_decoded += len(batch)
        running = self._engine._scheduler._running
        for entry, row in zip([entry for entry in batch if entry.wants_logits], rows, strict=True):
            self.first.setdefault(running[entry.sequence].request.request_id, row.copy())
        return rows


@contextmanager
def high_level(path: Path, *, repack: bool, n_ctx: int, n_batch: int) -> Iterator[Any]:
    """llama-cpp-python's ``Llama``, with the weights in the layout asked for; it always takes the repacked one itself."""
    import llama_cpp

    library = llama_cpp.llama_cpp
    plain = library.llama_model_default_params

    def params() -> Any:
        made = plain()
        made.use_extra_bufts = repack
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "llama_model_default_params", params)
        llama = llama_cpp.Llama(
            str(path),
            n_ctx=n_ctx,
            n_batch=n_batch,
            n_threads=1,
            n_threads_batch=1,
            flash_attn=True,
            verbose=False,
        )
    yield llama
    llama.close()


def logits_of(llama: Any, tokens: Sequence[int], *, after: Sequence[int] = (), n_held: int = 0) -> np.ndarray:
    """Logits of the token that follows ``tokens``, as ``Llama.generate`` would have them.

    Of ``n_held`` tokens it has the KV from an earlier prompt, ``after``: its own cache of the last prompt.
    """
    import llama_cpp

    llama.reset()
    if n_held:
        assert list(after[:n_held]) == list(tokens[:n_held])
        llama.eval(after)
        llama.n_tokens = n_held
    llama.eval(tokens[n_held:])
    pointer = llama_cpp.llama_get_logits_ith(llama._ctx.ctx, -1)
    return np.ctypeslib.as_array(pointer, shape=(llama.n_vocab(),)).copy()


def difference(left: np.ndarray, right: np.ndarray) -> float:
    """The largest difference of two rows, without the tokens that the engine never lets through."""
    both = np.isfinite(left) & np.isfinite(right)
    return float(np.abs(left[both] - right[both]).max())
