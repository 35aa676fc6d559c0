"""Counting tokens with a model's own vocabulary, without loading its weights."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

from summarizer.errors import ModelError
from summarizer.llm.library import load_library
from summarizer.records import ModelInfo


class Tokenizer:
    """The vocabulary of a GGUF file; some 20 MB and half a second instead of the whole model."""

    def __init__(self, path: Path, model: ModelInfo) -> None:
        """Raises ModelError when the file holds no vocabulary that llama.cpp can read."""
        llama_cpp = load_library()
        self.model = model
        self._path = path
        self._lib: Any = llama_cpp
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelError(f"{path} has no vocabulary that can be read: fetch it again or add another file")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)

    def count_tokens(self, text: str) -> int:
        """Tokens of plain text, without special tokens."""
        encoded = text.encode()
        room = len(encoded) + 8  # no token is shorter than a byte
        tokens = (ctypes.c_int32 * room)()
        n_tokens = self._lib.llama_tokenize(self._vocab, encoded, len(encoded), tokens, room, False, False)
        if n_tokens < 0:
            raise ModelError(f"a text of {len(encoded)} bytes cannot be tokenized by {self._path.name}")
        return int(n_tokens)

    def close(self) -> None:
        if self._model:
            self._lib.llama_model_free(self._model)
            self._model = None
