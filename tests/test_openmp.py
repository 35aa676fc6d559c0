"""The choice of how threads wait: short only where other work is seen, and never over the user's own setting."""

from __future__ import annotations

import os

import pytest

from summarizer.llm import openmp


@pytest.mark.parametrize(
    ("share", "given", "expected"),
    [(0.05, None, None), (0.9, None, "1000"), (None, None, None), (0.9, "7", "7")],
)
def test_waiting_is_short_only_beside_other_work(
    monkeypatch: pytest.MonkeyPatch, share: float | None, given: str | None, expected: str | None
) -> None:
    # setenv first, so that monkeypatch restores the variable whatever the code under test does to it
    monkeypatch.setenv("GOMP_SPINCOUNT", given or "")
    if given is None:
        del os.environ["GOMP_SPINCOUNT"]
    monkeypatch.setattr(openmp, "_CHOSEN", [])
    monkeypatch.setattr(openmp, "busy_share", lambda: share)
    openmp.choose_waiting()
    assert os.environ.get("GOMP_SPINCOUNT") == expected


def test_the_share_is_read_from_the_machine() -> None:
    share = openmp.busy_share(0.05)
    assert share is None or 0.0 <= share <= 1.0
