"""The engine on llama.cpp, through llama-cpp-python's low-level API.

Several sequences share one context with a unified KV cache; the scheduling is in :mod:`summarizer.llm.scheduler`. The
high-level ``llama_cpp.Llama`` is not used: it decodes one sequence at a time.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from summarizer.errors import ModelError
from summarizer.llm.chat import ChatTemplate, Part
from summarizer.llm.copying import CopyRule
from summarizer.llm.openmp import choose_waiting
from summarizer.llm.sampling import Logits
from summarizer.llm.scheduler import BatchToken, Scheduler
from summarizer.llm.vocabulary import Vocabulary
from summarizer.records import Completion, Message, ModelInfo, Request

logger = logging.getLogger(__name__)

#: Sequences beyond the slots, which keep shared prefixes (see the scheduler). Each costs no memory by itself.
_N_KEEPERS = 8
_WARNING, _ERROR = 2, 3  # ggml_log_level

_log_callback: Any = None  # llama.cpp holds a bare pointer to it: it must outlive every call
_last_error = ""


def _silence(llama_cpp: Any) -> None:
    """Send llama.cpp's errors and warnings to logging at debug level, the rest nowhere.

    The last error is kept for the message of the exception that follows it, which is where a user reads it.
    """
    global _log_callback

    def receive(level: int, text: bytes, _: object) -> None:
        global _last_error
        if level in (_WARNING, _ERROR):
            line = text.decode(errors="replace").strip()
            if level == _ERROR:
                _last_error = line
            logger.debug("llama.cpp: %s", line)

    if _log_callback is None:
        _log_callback = llama_cpp.llama_log_callback(receive)
    llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))


class LlamaBackend:
    """A GGUF model and one context: tokens in, logits out. Implements the scheduler's ``Backend``."""

    def __init__(
        self,
        path: Path,
        *,
        n_ctx: int,
        n_sequences: int,
        n_batch: int,
        n_ubatch: int,
        n_threads: int,
        n_gpu_layers: int,
        flash_attention: bool | None,
        use_mmap: bool,
    ) -> None:
        choose_waiting()  # before the library loads its threads
        import llama_cpp

        self._lib: Any = llama_cpp
        self._model: Any = None
        self._context: Any = None
        self._batch: Any = None
        self._path = path
        if not path.is_file():
            raise ModelError(f"no model file {path}: fetch it or correct llm.model in the configuration")
        _silence(llama_cpp)
        llama_cpp.llama_backend_init()
        try:
            self._load(n_gpu_layers, use_mmap)
            self._open_context(n_ctx, n_sequences, n_batch, n_ubatch, n_threads, flash_attention)
            self._read_vocabulary()
        except BaseException:
            self.close()
            raise

    def _load(self, n_gpu_layers: int, use_mmap: bool) -> None:
        global _last_error
        lib = self._lib
        params = lib.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if use_mmap else lib.LLAMA_LOAD_MODE_NONE
        _last_error = ""
        self._model = lib.llama_model_load_from_file(os.fsencode(self._path), params)
        if not self._model:
            why = f" ({_last_error})" if _last_error else ""
            raise ModelError(f"{self._path} cannot be loaded as a GGUF model{why}: fetch it again or add another file")
        if lib.llama_model_has_encoder(self._model) or not lib.llama_model_has_decoder(self._model):
            raise ModelError(f"{self._path} is no text generation model: use a decoder-only instruct GGUF file")

    def _open_context(
        self, n_ctx: int, n_sequences: int, n_batch: int, n_ubatch: int, n_threads: int, flash_attention: bool | None
    ) -> None:
        lib = self._lib
        params = lib.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = n_batch
        params.n_ubatch = min(n_ubatch, n_batch)
        params.n_seq_max = n_sequences
        params.n_outputs_max = n_sequences  # logits of one token a sequence; llama.cpp wants room for all of them
        params.n_threads = params.n_threads_batch = n_threads
        params.kv_unified = True
        params.swa_full = True  # a pruned sliding window could not be forked
        if flash_attention is None:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_AUTO
        elif flash_attention:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_ENABLED
        else:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            raise ModelError(f"no memory for a context of {n_ctx} tokens of {self._path.name}: lower llm.n_ctx")
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(n_batch, 0, 1)
        self.n_batch = n_batch
        self.n_sequences = n_sequences
        self.n_cells = int(lib.llama_n_ctx(self._context))
        self.n_ctx = min(n_ctx, self.n_cells, int(lib.llama_model_n_ctx_train(self._model)))
        self.can_share = not (lib.llama_model_is_recurrent(self._model) or lib.llama_model_is_hybrid(self._model))

    def _read_vocabulary(self) -> None:
        lib = self._lib
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.n_vocab = int(lib.llama_vocab_n_tokens(self._vocab))
        hidden = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_UNKNOWN | lib.LLAMA_TOKEN_ATTR_UNUSED
        tokens = range(self.n_vocab)
        control = [t for t in tokens if lib.llama_vocab_get_attr(self._vocab, t) & hidden]
        self.end_tokens = frozenset(t for t in tokens if lib.llama_vocab_is_eog(self._vocab, t))
        self._hidden = frozenset(control)
        self._never = np.asarray(sorted(self._hidden - self.end_tokens), dtype=np.intp)
        self._bos = int(lib.llama_vocab_bos(self._vocab)) if lib.llama_vocab_get_add_bos(self._vocab) else -1
        template = lib.llama_model_chat_template(self._model, None)
        if not template:
            raise ModelError(f"{self._path} has no chat template: use an instruct GGUF file")
        special = {self._text(t): t for t in control}
        bos, eos = (lib.llama_vocab_bos(self._vocab), lib.llama_vocab_eos(self._vocab))
        self._template = ChatTemplate(
            template.decode(), special, self._text(bos) if bos >= 0 else "", self._text(eos) if eos >= 0 else ""
        )
        self._tokenize_cached = lru_cache(maxsize=1024)(self._tokenize)
        self.copy_rule = lru_cache(maxsize=64)(self._copy_rule)
        self._vocabulary: Vocabulary | None = None

    def _text(self, token: int) -> str:
        return str((self._lib.llama_vocab_get_text(self._vocab, token) or b"").decode(errors="replace"))

    # Tokens

    def _tokenize(self, text: str) -> tuple[int, ...]:
        encoded = text.encode()
        room = len(encoded) + 8
        while True:
            tokens = (ctypes.c_int32 * room)()
            n_tokens = self._lib.llama_tokenize(self._vocab, encoded, len(encoded), tokens, room, False, False)
            if n_tokens >= 0:
                break
            if -n_tokens <= room:
                raise ModelError(f"a text of {len(encoded)} bytes cannot be tokenized by {self._path.name}")
            room = -n_tokens
        return tuple(tokens[:n_tokens])

    def tokenize(self, text: str) -> list[int]:
        """Tokens of plain text: nothing in it is read as a special token."""
        return list(self._tokenize(text))

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of a chat prompt, up to where the answer starts."""
        tokens: list[int] = []
        parts: list[Part] = self._template.parts(messages)
        for part in parts:
            if isinstance(part, int):
                tokens.append(part)
            else:
                tokens.extend(self._tokenize_cached(part))
        if self._bos >= 0 and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def piece(self, token: int) -> bytes:
        """The bytes of a token; none for control tokens."""
        if token in self._hidden:
            return b""
        buffer = ctypes.create_string_buffer(64)
        n = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, True)
        if n < 0:
            buffer = ctypes.create_string_buffer(-n)
            n = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, True)
        return buffer.raw[:n]

    def _copy_rule(self, terms: tuple[str, ...]) -> CopyRule:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary([self.piece(t) for t in range(self.n_vocab)], self.end_tokens)
        return CopyRule(self._vocabulary, terms)

    # Computing

    def decode(self, batch: Sequence[BatchToken]) -> list[Logits]:
        """Compute a batch. The rows are views of llama.cpp's own buffer, valid until the next call."""
        global _last_error
        _last_error = ""
        raw = self._batch
        raw.n_tokens = len(batch)
        for i, (token, position, sequence, wants_logits) in enumerate(batch):
            raw.token[i] = token
            raw.pos[i] = position
            raw.n_seq_id[i] = 1
            raw.seq_id[i][0] = sequence
            raw.logits[i] = wants_logits
        code = self._lib.llama_decode(self._context, raw)
        if code != 0:
            why = f": {_last_error}" if _last_error else ""
            raise ModelError(f"llama.cpp failed on a batch of {len(batch)} tokens with code {code}{why}")
        rows = []
        for i, entry in enumerate(batch):
            if entry.wants_logits:
                pointer = self._lib.llama_get_logits_ith(self._context, i)
                row = np.ctypeslib.as_array(pointer, shape=(self.n_vocab,))
                row[self._never] = -np.inf
                rows.append(row)
        return rows

    def fork(self, source: int, target: int, n_tokens: int) -> None:
        self._lib.llama_memory_seq_cp(self._memory, source, target, 0, n_tokens)

    def truncate(self, sequence: int, n_tokens: int) -> None:
        if not self._lib.llama_memory_seq_rm(self._memory, sequence, n_tokens, -1):
            raise ModelError(f"{self._path.name} cannot take back a part of a sequence")

    def close(self) -> None:
        """Free model, context and batch. May be called again."""
        if self._batch is not None:
            self._lib.llama_batch_free(self._batch)
        if self._context:
            self._lib.llama_free(self._context)
        if self._model:
            self._lib.llama_model_free(self._model)
        self._batch = self._context = self._model = None


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
    def n_waiting(self) -> int:
        return self._scheduler.n_waiting

    def count_tokens(self, text: str) -> int:
        return len(self._backend.tokenize(text))

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return len(self._backend.prompt_tokens(messages))

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
    n_ctx: int = 8192,
    n_slots: int = 16,
    n_batch: int = 512,
    n_ubatch: int = 512,
    n_threads: int | None = None,
    n_gpu_layers: int = 0,
    flash_attention: bool | None = None,
    use_mmap: bool = True,
) -> LlamaEngine:
    """Load a GGUF model.

    Args:
        n_ctx: KV cells, shared by all requests that run together, and the most that one of them may use.
        n_slots: requests that run together.
        n_batch, n_ubatch: tokens a step, and tokens llama.cpp computes at a time.
        n_threads: None takes all cores.
        n_gpu_layers: layers to put on a GPU, where llama.cpp was built for one; -1 for all.
        flash_attention: None lets llama.cpp choose.

    Raises:
        ModelError: the file is missing, is no GGUF model for text, or has no chat template.
    """
    if not 1 <= n_slots <= n_batch:
        raise ModelError(f"llm.n_slots is {n_slots}: it must be from 1 to llm.n_batch, {n_batch}")
    backend = LlamaBackend(
        path,
        n_ctx=n_ctx,
        n_sequences=n_slots + _N_KEEPERS,
        n_batch=n_batch,
        n_ubatch=n_ubatch,
        n_threads=n_threads or os.cpu_count() or 1,
        n_gpu_layers=n_gpu_layers,
        flash_attention=flash_attention,
        use_mmap=use_mmap,
    )
    return LlamaEngine(backend, info, n_slots)
