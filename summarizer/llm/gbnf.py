"""GBNF grammars on llama.cpp's own grammar sampler, for small fields whose form is fixed."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summarizer.errors import ModelError


class LlamaGrammar:
    """Implements :class:`~summarizer.llm.sampling.Grammar`. Its start rule is called ``root``.

    Raises ModelError when llama.cpp cannot read the grammar.
    """

    def __init__(self, lib: Any, vocab: Any, n_vocab: int, source: str) -> None:
        self._lib = lib
        self._n_vocab = n_vocab
        # llama.cpp takes no text at all for a grammar of any text
        self._sampler = lib.llama_sampler_init_grammar(vocab, source.encode(), b"root") if source else None
        if not self._sampler:
            first = " ".join(source.split())[:80]
            raise ModelError(f"llama.cpp cannot read the grammar {first!r}: correct `grammar` in the prompt file")
        weakref.finalize(self, lib.llama_sampler_free, self._sampler)

    def accepts(self, token: int) -> bool:
        return bool(self._apply(np.asarray([token]))[0])

    def allowed(self) -> NDArray[np.bool_]:
        return self._apply(np.arange(self._n_vocab))

    def advance(self, token: int) -> None:
        self._lib.llama_sampler_accept(self._sampler, token)

    def _apply(self, tokens: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which tokens keep their logit when the sampler has gone over them."""
        kind = self._lib.llama_token_data
        data = np.zeros(len(tokens), dtype=np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")]))
        data["id"] = tokens
        array = self._lib.llama_token_data_array(
            data=data.ctypes.data_as(ctypes.POINTER(kind)), size=len(tokens), selected=-1, sorted=False
        )
        self._lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return np.asarray(data["logit"] > -np.inf)
