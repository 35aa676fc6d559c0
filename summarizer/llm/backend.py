"""llama.cpp through llama-cpp-python's low-level API: tokens in, logits out. The thin part that touches the library."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from summarizer.errors import ModelError
from summarizer.llm.budget import available_bytes, first_cells, grown_cells, most_cells
from summarizer.llm.chat import ChatTemplate, Part
from summarizer.llm.copying import CopyRule
from summarizer.llm.gbnf import LlamaGrammar
from summarizer.llm.library import forget_error, last_error, load_library
from summarizer.llm.prefixes import SavedPrefixes
from summarizer.llm.sampling import Logits
from summarizer.llm.scheduler import BatchToken
from summarizer.llm.vocabulary import Vocabulary
from summarizer.records import Message

#: Batches of fewer tokens attend on the CPU to just the cells of their own sequences. From 64 on, llama.cpp's flash attention
#: works in tiles of 64 tokens, each of which attends to the cells of all sequences in it: next tokens of many texts are
#: then far dearer than by themselves (docs/decisions.md).
_EXACT_ATTENTION = 63

KvType = Literal["f32", "f16", "bf16", "q8_0"]


@dataclass(frozen=True, slots=True)
class LlamaOptions:
    """How a model is loaded and run. The figures behind the defaults are in docs/decisions.md."""

    #: KV cells, shared by all requests that run together, and the most that one of them may use; None: chosen from the
    #: memory at hand, and more when a request needs it
    n_ctx: int | None = None
    n_sequences: int = 40
    n_batch: int = 512  #: tokens a step
    n_ubatch: int = 512  #: tokens that llama.cpp computes at a time
    n_threads: int = 1
    n_gpu_layers: int = 0  #: layers on a GPU, where llama.cpp was built for one; -1 for all
    flash_attention: bool | None = None  #: None: llama.cpp chooses
    use_mmap: bool = True
    repack: bool = False  #: rearrange the weights for llama.cpp's interleaved kernels: a second copy in memory
    kv_type: KvType = "f16"


class LlamaBackend:
    """A GGUF model and one context: tokens in, logits out. Implements the scheduler's ``Backend``."""

    def __init__(self, path: Path, options: LlamaOptions, prefixes: SavedPrefixes | None = None) -> None:
        self._lib: Any = None
        self._model: Any = None
        self._context: Any = None
        self._batch: Any = None
        self._path = path
        self.options = options
        self._prefixes = prefixes
        if not path.is_file():
            raise ModelError(f"no model file {path}: fetch it or correct llm.model in the configuration")
        self._lib = load_library()
        try:
            available = available_bytes()
            self._load(options)
            weights = path.stat().st_size * (2 if options.repack else 1)
            self._most_cells = options.n_ctx or most_cells(available, weights, self.bytes_per_cell)
            self._open_context(options.n_ctx or first_cells(self._most_cells))
            self.n_ctx = min(self._most_cells, int(self._lib.llama_model_n_ctx_train(self._model)))
            self._read_vocabulary()
        except BaseException:
            self.close()
            raise

    def _load(self, options: LlamaOptions) -> None:
        lib = self._lib
        params = lib.llama_model_default_params()
        params.n_gpu_layers = options.n_gpu_layers
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if options.use_mmap else lib.LLAMA_LOAD_MODE_NONE
        params.use_extra_bufts = options.repack
        forget_error()
        self._model = lib.llama_model_load_from_file(os.fsencode(self._path), params)
        if not self._model:
            why = f" ({last_error()})" if last_error() else ""
            raise ModelError(f"{self._path} cannot be loaded as a GGUF model{why}: fetch it again or add another file")
        if lib.llama_model_has_encoder(self._model) or not lib.llama_model_has_decoder(self._model):
            raise ModelError(f"{self._path} is no text generation model: use a decoder-only instruct GGUF file")

    @property
    def bytes_per_cell(self) -> int:
        """Keys and values of one token in all layers, in bytes."""
        lib, model = self._lib, self._model
        n_heads = max(1, int(lib.llama_model_n_head(model)))
        width = int(lib.llama_model_n_embd(model)) // n_heads
        of_head = sum(self._number(f"attention.{part}_length", width) for part in ("key", "value"))
        n_values = int(lib.llama_model_n_layer(model)) * int(lib.llama_model_n_head_kv(model)) * of_head
        return int(n_values * {"f32": 4, "f16": 2, "bf16": 2, "q8_0": 34 / 32}[self.options.kv_type])

    def _number(self, key: str, default: int) -> int:
        """A number of the model file's metadata under its architecture's name."""
        return int(self._metadata(f"{self._metadata('general.architecture')}.{key}") or default)

    def _metadata(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(256)
        n = self._lib.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode(errors="replace") if n >= 0 else ""

    def _open_context(self, n_cells: int) -> None:
        lib, options = self._lib, self.options
        params = lib.llama_context_default_params()
        params.n_ctx = n_cells
        params.n_batch = options.n_batch
        params.n_ubatch = min(options.n_ubatch, options.n_batch)
        params.n_seq_max = options.n_sequences
        # logits of one token a sequence; llama.cpp wants room for all of them
        params.n_outputs_max = options.n_sequences
        params.n_threads = params.n_threads_batch = options.n_threads
        params.kv_unified = True
        params.swa_full = True  # a pruned sliding window could not be forked
        params.type_k = params.type_v = getattr(lib, f"GGML_TYPE_{options.kv_type.upper()}")
        if options.flash_attention is None:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_AUTO
        elif options.flash_attention:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_ENABLED
        else:
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            raise ModelError(f"no memory for a context of {n_cells} tokens of {self._path.name}: lower llm.n_ctx")
        self._memory = lib.llama_get_memory(self._context)
        if self._batch is None:
            self._batch = lib.llama_batch_init(options.n_batch, 0, 1)
        self.n_batch = options.n_batch
        self.n_sequences = options.n_sequences
        self.n_cells = int(lib.llama_n_ctx(self._context))
        # on a GPU nothing is gained by computing prompts by themselves
        self.n_mixed = _EXACT_ATTENTION if options.n_gpu_layers == 0 else self.n_batch
        self.can_share = not (lib.llama_model_is_recurrent(self._model) or lib.llama_model_is_hybrid(self._model))

    def grow(self, n_cells: int) -> None:
        """Forget everything and have at least this many cells. Raises ModelError when there is no memory for them."""
        before = self.n_cells
        self._lib.llama_free(self._context)
        self._context = None
        try:
            self._open_context(grown_cells(n_cells, self._most_cells))
        except ModelError:
            self._open_context(before)
            raise

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

    def grammar(self, source: str) -> LlamaGrammar:
        return LlamaGrammar(self._lib, self._vocab, self.n_vocab, source)

    # Computing

    def decode(self, batch: Sequence[BatchToken]) -> list[Logits]:
        """Compute a batch. The rows are views of llama.cpp's own buffer, valid until the next call."""
        forget_error()
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
            why = f": {last_error()}" if last_error() else ""
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

    def restore(self, sequence: int, tokens: Sequence[int]) -> bool:
        """Let an empty sequence hold these tokens as an earlier process saved them; False when there is no such state."""
        path = self._prefixes.find(tokens) if self._prefixes is not None else None
        if path is None:
            return False
        held = (ctypes.c_int32 * len(tokens))()
        n_held = ctypes.c_size_t(0)
        read = self._lib.llama_state_seq_load_file(
            self._context, os.fsencode(path), sequence, held, len(tokens), ctypes.byref(n_held)
        )
        if read and list(held[: n_held.value]) == list(tokens):
            return True
        self.truncate(sequence, 0)
        return False

    def save(self, sequence: int, tokens: Sequence[int]) -> None:
        """Keep the state of a sequence, which holds these tokens, for later processes. A full disk is no error."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)

        def write(path: Path) -> bool:
            name = os.fsencode(path)
            return bool(self._lib.llama_state_seq_save_file(self._context, name, sequence, array, len(tokens)))

        if self._prefixes is not None:
            self._prefixes.save(tokens, write)

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
