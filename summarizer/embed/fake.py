"""An encoder without a model: for trying the pipeline, and for tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from summarizer.embed.encoder import DIMENSIONS, Vectors
from summarizer.records import ModelInfo
from summarizer.text import comparison_key

_WORD = re.compile(r"\w+")
_DESCRIPTION = "hashed bag of words, no model"


class FakeEncoder:
    """Hashed bag of words: each word adds 1 or -1 at a place its hash decides. The same text always gives the same vector.

    Texts that share most of their words lie close, as with a real encoder; meaning plays no part.
    """

    def __init__(self) -> None:
        digest = hashlib.sha256(_DESCRIPTION.encode()).hexdigest()
        self._info = ModelInfo("fake-encoder", digest, "", 0, _DESCRIPTION)

    @property
    def model(self) -> ModelInfo:
        return self._info

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(comparison_key(text)):
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                place = int.from_bytes(digest[:4], "big") % DIMENSIONS
                vectors[row, place] += 1.0 if digest[4] & 1 else -1.0
            length = float(np.linalg.norm(vectors[row]))
            if length == 0.0:  # no word, or all cancelled out
                vectors[row, 0] = length = 1.0
            vectors[row] /= length
        return vectors
