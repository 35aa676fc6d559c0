"""Encoders and neighbours: unit vectors, from disk only, and the same answer as a plain product."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.embed import (
    DIMENSIONS,
    FakeEncoder,
    NeighbourSearch,
    embedding_input,
    find_neighbours,
    load_encoder,
)
from summarizer.embed import neighbours as neighbours_module
from summarizer.errors import ModelError
from summarizer.records import ModelInfo, Paper

INFO = ModelInfo("embedder", "0" * 64, "embedder", 1)


def a_paper(title: str, abstract: str) -> Paper:
    return Paper("2602.00001", 1, title, ("A",), ("cs.SD",), "cs.SD", None, None, abstract, None, ())


def test_embedding_input_is_title_and_abstract_each_on_one_line() -> None:
    assert embedding_input(a_paper("A\n title", "One\ntwo.  Three")) == "A title\nOne two. Three"
    assert embedding_input(a_paper("Title", "")) == "Title"


@given(st.lists(st.text(max_size=40), max_size=5))
def test_fake_encoder_gives_unit_vectors_and_is_deterministic(texts: list[str]) -> None:
    vectors = FakeEncoder().encode(texts)
    assert vectors.shape == (len(texts), DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(vectors, FakeEncoder().encode(texts))


def test_fake_encoder_puts_texts_with_common_words_close() -> None:
    one, revised, other = FakeEncoder().encode(
        [
            "speech enhancement with a small recurrent network on edge devices",
            "speech enhancement with small recurrent networks on edge devices",
            "music generation from dance videos by diffusion",
        ]
    )
    assert one @ revised > 0.7 > one @ other


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 9),
    st.integers(0, 12),
    st.floats(-0.9, 0.9),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
)
def test_neighbours_are_those_of_the_whole_product(n: int, m: int, floor: float, limit: int, seed: int) -> None:
    random = np.random.default_rng(seed)

    def unit(rows: int) -> np.ndarray:
        values = random.normal(size=(rows, 4)).astype(np.float32)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    new, earlier = unit(n), unit(m)
    with pytest.MonkeyPatch.context() as patch:  # blocks much smaller than the data
        patch.setattr(neighbours_module, "_NEW_ROWS", 2)
        patch.setattr(neighbours_module, "_EARLIER_ROWS", 3)
        found = find_neighbours(new, earlier, floor, limit)
    assert len(found) == n
    for row, neighbours in zip(new, found, strict=True):
        cosines = earlier @ row
        wanted = np.sort(cosines[cosines >= floor])[::-1][:limit]
        assert np.allclose([x.cosine for x in neighbours], wanted, atol=1e-5)
        assert all(abs(cosines[x.index] - x.cosine) < 1e-5 for x in neighbours)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 7), max_size=6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_a_stream_of_blocks_gives_what_the_whole_gives(blocks: list[int], limit: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    new = random.integers(-2, 3, size=(4, 3)).astype(np.float32)  # many equal cosines
    earlier = random.integers(-2, 3, size=(sum(blocks), 3)).astype(np.float32)
    search = NeighbourSearch(new, 0.5, limit)
    start = 0
    for rows in blocks:
        search.add(earlier[start : start + rows], np.arange(start, start + rows) + 100)
        start += rows
    whole = find_neighbours(new, earlier, 0.5, limit)
    assert [[(n.index - 100, n.cosine) for n in row] for row in search.found()] == [
        [(n.index, n.cosine) for n in row] for row in whole
    ]


def test_equal_cosines_keep_the_order_of_the_earlier() -> None:
    vector = np.zeros((1, 3), dtype=np.float32)
    vector[0, 1] = 1.0
    found = find_neighbours(vector, np.repeat(vector, 4, axis=0), 0.9, limit=3)
    assert [x.index for x in found[0]] == [0, 1, 2]


def test_vectors_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        find_neighbours(np.zeros((1, 3), np.float32), np.zeros((1, 4), np.float32), 0.5)


def test_folder_that_is_no_model_is_refused_before_any_import(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no modules\.json.*models fetch"):
        load_encoder(tmp_path, INFO)


def test_import_of_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, summarizer.embed; "
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'sentence_transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_damaged_model_is_reported(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]', encoding="utf-8"
    )
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"embedding model embedder cannot be loaded.*models verify"):
        load_encoder(tmp_path, INFO)


def test_real_encoder(embedder_folder: Path) -> None:
    encoder = load_encoder(embedder_folder, INFO, batch_size=2)
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert encoder.model is INFO
    texts = [
        "Speech enhancement with small recurrent networks on edge devices.",
        "Small recurrent networks clean up noisy speech on edge hardware.",
        "Music generation from dance videos by diffusion.",
    ]
    vectors = encoder.encode([*texts, ""])
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
    assert vectors[0] @ vectors[1] > 0.6 > vectors[0] @ vectors[2]
    assert encoder.encode([]).shape == (0, DIMENSIONS)
    assert np.allclose(encoder.encode(texts[:1]), vectors[:1], atol=1e-4)
