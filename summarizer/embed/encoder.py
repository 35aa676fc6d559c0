"""Texts to unit vectors, with a sentence-transformers model that lies on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from summarizer.errors import ModelError
from summarizer.records import ModelInfo, Paper
from summarizer.text import one_line

if TYPE_CHECKING:
    from types import ModuleType

#: Length of a vector. The store's column has the same length.
DIMENSIONS = 384

#: Rows of float32, each of length 1: shape ``(n, DIMENSIONS)``.
Vectors = NDArray[np.float32]

#: Read by the libraries when they are imported: no hub, no telemetry, no progress bars, no fork warnings.
_SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "WANDB_DISABLED": "true",
}


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is the cosine of their meanings."""

    @property
    def model(self) -> ModelInfo: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(texts), DIMENSIONS)``, float32, unit length. Raises ModelError."""
        ...


def embedding_input(paper: Paper) -> str:
    """What of a paper is embedded: title and abstract, each on one line.

    The encoder reads the first 256 tokens (about 190 words): the title, and most of a usual abstract.
    """
    return f"{one_line(paper.title)}\n{one_line(paper.abstract)}".strip()


def load_encoder(folder: Path, info: ModelInfo, batch_size: int = 32) -> Encoder:
    """Load a sentence-transformers folder, from disk only.

    Raises ModelError when the folder is missing or incomplete, or when its vectors are not of length DIMENSIONS.
    """
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"embedding model {info.name}: {folder} is not a sentence-transformers folder (no modules.json): "
            "run `summarizer models fetch`"
        )
    library = _import_library()
    try:
        network = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        dimensions = network.get_embedding_dimension()
    except _load_errors() as error:
        raise ModelError(
            f"embedding model {info.name} cannot be loaded from {folder}: {one_line(str(error))[:200]}: "
            "run `summarizer models verify`"
        ) from error
    if dimensions != DIMENSIONS:
        raise ModelError(
            f"embedding model {info.name} gives vectors of length {dimensions}, the store needs {DIMENSIONS}: "
            "choose another model"
        )
    return _SentenceTransformersEncoder(network, info, batch_size)


def _import_library() -> ModuleType:
    os.environ.update(_SWITCHES)
    import sentence_transformers
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return sentence_transformers  # type: ignore[no-any-return]


def _load_errors() -> tuple[type[Exception], ...]:
    from safetensors import SafetensorError

    return (OSError, ValueError, RuntimeError, LookupError, AttributeError, TypeError, ImportError, SafetensorError)


class _SentenceTransformersEncoder:
    def __init__(self, network: Any, info: ModelInfo, batch_size: int) -> None:
        self._network = network
        self._info = info
        self._batch_size = batch_size

    @property
    def model(self) -> ModelInfo:
        return self._info

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        try:
            vectors = self._network.encode(
                list(texts),
                batch_size=self._batch_size,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        except RuntimeError as error:  # torch: out of memory and the like
            raise ModelError(
                f"embedding model {self._info.name} failed on {len(texts)} texts: {one_line(str(error))[:200]}: "
                "lower the batch size"
            ) from error
        result = np.ascontiguousarray(vectors, dtype=np.float32)
        if not np.isfinite(result).all():
            raise ModelError(f"embedding model {self._info.name} gave vectors that are no numbers: verify its files")
        return result
