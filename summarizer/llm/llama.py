"""The engine on llama.cpp. Several sequences share one context with a unified KV cache.

The scheduling is in :mod:`summarizer.llm.scheduler`, the library in :mod:`summarizer.llm.backend`. The high-level
``llama_cpp.Llama`` is not used: it decodes one sequence at a time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from summarizer.errors import ModelError
from summarizer.llm.backend import KvType, LlamaBackend, LlamaOptions
from summarizer.llm.calibration import is_repacking_faster
from summarizer.llm.cells import common_prefix
from summarizer.llm.library import library_version
from summarizer.llm.prefixes import SavedPrefixes
from summarizer.llm.scheduler import Scheduler
from summarizer.records import Completion, Message, ModelInfo, Request

#: Sequences beyond the slots, which keep shared prefixes (see the scheduler). Each costs no memory by itself.
_N_KEEPERS = 8


class LlamaEngine:
    """An :class:`~summarizer.llm.engine.Engine` over a GGUF file. Made by :func:`open_llama`."""

    def __init__(self, backend: LlamaBackend, info: ModelInfo, n_slots: int) -> None:
        self._backend = backend
        self._info = info
        self._scheduler = Scheduler(backend, n_slots)

    @property
    def model(self) -> ModelInfo:
        return self._info

    @property
    def n_ctx(self) -> int:
        return self._backend.n_ctx

    @property
    def described(self) -> str:
        """What was chosen for this machine, in a few words."""
        layout = "repacked" if self._backend.options.repack else "as in the file"
        return f"{self._backend.n_cells} KV cells, weights {layout}"

    @property
    def n_waiting(self) -> int:
        return self._scheduler.n_waiting

    def count_tokens(self, text: str) -> int:
        return len(self._backend.tokenize(text))

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return len(self._backend.prompt_tokens(messages))

    def prepare(self, chats: Sequence[Sequence[Message]]) -> None:
        for chat in chats:
            # two last messages that have nothing in common: what their chats have in common comes before them
            ends = [[*chat, Message("user", text)] for text in ("A", "甲")]
            one, other = map(self._backend.prompt_tokens, ends)
            self._scheduler.prepare(one[: common_prefix(one, other)])

    def submit(self, request: Request) -> None:
        self._scheduler.submit(request)

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        return self._scheduler.poll(max_seconds)

    def cancel(self, request_id: str) -> None:
        self._scheduler.cancel(request_id)

    def close(self) -> None:
        self._backend.close()


def open_llama(
    path: Path,
    info: ModelInfo,
    *,
    n_ctx: int | None = None,
    n_slots: int = 32,
    n_batch: int = 512,
    n_ubatch: int = 512,
    n_threads: int | None = None,
    n_gpu_layers: int = 0,
    flash_attention: bool | None = None,
    use_mmap: bool = True,
    repack: bool | None = None,
    kv_type: KvType = "f16",
    cache: Path | None = None,
) -> LlamaEngine:
    """Load a GGUF model.

    Args:
        n_ctx: KV cells, shared by all requests that run together, and the most that one of them may use. None chooses
            them from the memory at hand, and more when a request needs it.
        n_slots: requests that run together.
        n_batch, n_ubatch: tokens a step, and tokens llama.cpp computes at a time.
        n_threads: None takes all cores.
        n_gpu_layers: layers to put on a GPU, where llama.cpp was built for one; -1 for all.
        flash_attention: None lets llama.cpp choose.
        repack: rearrange the weights for llama.cpp's interleaved kernels; None takes what is faster on this machine.
        kv_type: type of keys and values.
        cache: folder for what later processes need not do again: measuring this machine, reading shared prompt starts.
            None keeps nothing.

    Raises:
        ModelError: the file is missing, is no GGUF model for text, or has no chat template.
    """
    if not 1 <= n_slots <= n_batch:
        raise ModelError(f"llm.n_slots is {n_slots}: it must be from 1 to llm.n_batch, {n_batch}")
    options = LlamaOptions(
        n_ctx=n_ctx,
        n_sequences=n_slots + _N_KEEPERS,
        n_batch=n_batch,
        n_ubatch=n_ubatch,
        n_threads=n_threads or os.cpu_count() or 1,
        n_gpu_layers=n_gpu_layers,
        flash_attention=flash_attention,
        use_mmap=use_mmap,
        repack=bool(repack),
        kv_type=kv_type,
    )
    if repack is None and n_gpu_layers == 0:
        options = replace(options, repack=is_repacking_faster(path, info.sha256, options, cache))
    prefixes = None
    if cache is not None:
        identity = (info.sha256, library_version(), kv_type, str(flash_attention), str(n_gpu_layers))
        prefixes = SavedPrefixes(cache / "prompt-starts", (*identity, str(options.repack)))
    return LlamaEngine(LlamaBackend(path, options, prefixes), info, n_slots)
