"""How many KV cells a machine may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.llm import budget
from summarizer.llm.budget import (
    FIRST_CELLS,
    LEAST_CELLS,
    RESERVE_BYTES,
    available_bytes,
    first_cells,
    grown_cells,
    most_cells,
)

BYTES = st.integers(0, 1 << 42)
MOST = st.integers(4, 4096).map(lambda n: 256 * n)


@given(BYTES, BYTES, st.integers(1, 1 << 24))
def test_the_most_cells_fit_beside_the_weights_and_the_reserve(available: int, weights: int, each: int) -> None:
    most = most_cells(available, weights, each)
    left = available - weights - RESERVE_BYTES
    assert most % 256 == 0
    assert most >= LEAST_CELLS
    if most > LEAST_CELLS:
        assert most * each <= left < (most + 256) * each


@given(BYTES, st.integers(0, 1 << 32), st.integers(0, 1 << 20), st.integers(0, 1 << 32))
def test_more_memory_never_gives_fewer_cells(available: int, weights: int, each: int, more: int) -> None:
    assert most_cells(available + more, weights, each) >= most_cells(available, weights, each)
    assert most_cells(available, weights, each + 1) <= most_cells(available, weights, each)


@given(MOST)
def test_the_first_cells_are_some_of_the_most(most: int) -> None:
    first = first_cells(most)
    assert first == most or first == FIRST_CELLS < most


@given(MOST, st.integers(1, 1 << 20))
def test_grown_cells_hold_the_request_and_are_at_most_the_most(most: int, needed: int) -> None:
    grown = grown_cells(needed, most)
    assert grown <= most
    if needed <= most:
        assert needed <= grown < needed + 256
        assert grown % 256 == 0


def test_a_limit_of_the_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_CGROUP", tmp_path)
    of_machine = available_bytes()
    assert of_machine > 0
    for limit, used, available in (("1000000", "400000", 600_000), ("1000", "5000", 0)):
        (tmp_path / "memory.max").write_text(limit + "\n", encoding="ascii")
        (tmp_path / "memory.current").write_text(used + "\n", encoding="ascii")
        assert available_bytes() == available
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert available_bytes() > 600_000
