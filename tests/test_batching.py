"""What goes into a batch, starts computed beforehand, and more cells for a long request, on the scripted model."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_backend import ALPHABET, SHARED, ScriptedBackend, alone, assert_books_are_right, request, run_all, tokens

from summarizer.errors import ContextTooSmall, ModelError
from summarizer.llm import residence
from summarizer.llm.scheduler import Scheduler

# More cells for a long request


def test_a_long_request_waits_for_what_runs_and_then_grows_the_cells() -> None:
    backend = ScriptedBackend(n_cells=60, n_ctx=150)
    backend.end_tokens = frozenset()
    scheduler = Scheduler(backend, 3)
    for name, prompt in (("a", "abc"), ("long", "x" * 100), ("c", "def")):
        scheduler.submit(request(name, prompt, 20))
    scheduler.step()
    assert [len(cell[2]) for cell in backend.cells] == [1] * 3, "nobody overtakes the one that waits for more"
    done = run_all(scheduler)
    assert list(done) == ["a", "c", "long"] or list(done) == ["a", "long", "c"]
    assert {name: c.text for name, c in done.items()}.keys() == {"a", "long", "c"}
    assert 120 <= backend.n_cells <= 150
    with pytest.raises(ContextTooSmall) as caught:
        scheduler.submit(request("d", "x" * 140, 11))
    assert (caught.value.needed, caught.value.available) == (151, 150)


def test_without_memory_for_more_cells_nothing_is_lost_but_what_was_computed() -> None:
    backend = ScriptedBackend(n_cells=60, n_ctx=150, n_failing_grows=2)
    scheduler = Scheduler(backend, 3)
    scheduler.submit(request("a", "abc", 5))
    run_all(scheduler)
    scheduler.submit(request("long", "x" * 100, 20))
    with pytest.raises(ModelError, match="no memory"):
        scheduler.poll(0.0)
    assert_books_are_right(scheduler, backend)
    scheduler.cancel("long")
    scheduler.submit(request("b", "abc", 5))
    done = run_all(scheduler)["b"]
    assert (done.text, done.prompt_tokens_reused) == (alone("abc", 5)[0], 0)


# What goes into a batch


def talking(n_slots: int, n_mixed: int, prompts: Sequence[str], n_batch: int = 16) -> tuple[Scheduler, ScriptedBackend]:
    """A scheduler whose first requests are answered, with no end, in slots 0, 1 and so on."""
    backend = ScriptedBackend(n_cells=4000, n_sequences=n_slots + 2, n_batch=n_batch, n_mixed=n_mixed)
    backend.end_tokens = frozenset()
    scheduler = Scheduler(backend, n_slots)
    for i, prompt in enumerate(prompts):
        scheduler.submit(request(f"first{i}", prompt, 300))
    scheduler.step()
    assert all(run.answer.tokens for run in scheduler._running.values())
    backend.batches.clear()
    return scheduler, backend


@pytest.mark.parametrize(
    ("n_mixed", "prompt", "batches"),
    [
        # with the next token it fits a mixed batch
        (8, "k" * 7, [{0: 1, 1: 7}, {0: 1, 1: 1}]),
        # it does not, and three of four slots are idle: their cost reaches a step's in the second
        (8, "k" * 8, [{0: 1}, {1: 8}, {0: 1, 1: 1}]),
        (0, "k", [{0: 1}, {1: 1}, {0: 1, 1: 1}]),
        (0, "k" * 15, [{0: 1}, {1: 15}, {0: 1, 1: 1}]),
        # it fills a batch; what is left of it does not
        (0, "k" * 16, [{1: 16}, {0: 1, 1: 1}]),
        (0, "k" * 40, [{1: 16}, {1: 16}, {0: 1}, {1: 8}, {0: 1, 1: 1}]),
        (8, "k" * 23, [{1: 16}, {0: 1, 1: 7}, {0: 1, 1: 1}]),
        # all batches may be mixed: next tokens are in each
        (16, "k" * 40, [{0: 1, 1: 15}, {0: 1, 1: 15}, {0: 1, 1: 10}, {0: 1, 1: 1}]),
        (99, "k" * 20, [{0: 1, 1: 15}, {0: 1, 1: 5}, {0: 1, 1: 1}]),
    ],
)
def test_prompts_beside_next_tokens(n_mixed: int, prompt: str, batches: list[dict[int, int]]) -> None:
    scheduler, backend = talking(4, n_mixed, ["a"])
    scheduler.submit(request("b", prompt, 500))
    for _ in batches:
        scheduler.step()
    assert backend.batches == batches


def test_prompts_that_together_fill_a_batch_wait_no_longer() -> None:
    scheduler, backend = talking(8, 0, list("abcdef"))
    scheduler.submit(request("k", "k" * 9, 300))
    scheduler.step()
    scheduler.submit(request("l", "l" * 9, 300))
    for _ in range(3):
        scheduler.step()
    nexts = dict.fromkeys(range(6), 1)
    # the first waits, both fill a batch, and what is left waits until one of eight slots has been idle for eight steps
    assert backend.batches == [nexts, {6: 9, 7: 7}, nexts | {6: 1}, nexts | {6: 1}]


def test_a_prompt_never_waits_when_nothing_else_runs() -> None:
    scheduler, backend = talking(4, 0, ["a"])
    scheduler.cancel("first0")
    scheduler.submit(request("b", "kk", 500))
    scheduler.step()
    assert backend.batches == [{0: 2}] or backend.batches == [{1: 2}]


def test_what_idle_slots_have_cost_is_forgotten_with_the_prompt_that_kept_them_idle() -> None:
    scheduler, backend = talking(4, 0, ["a", "b"])
    nexts = {0: 1, 1: 1}
    scheduler.submit(request("k", "kk", 500))
    scheduler.step()
    scheduler.cancel("k")
    scheduler.step()
    scheduler.submit(request("l", "ll", 500))
    scheduler.step()
    scheduler.step()
    assert backend.batches[:3] == [nexts] * 3
    assert list(backend.batches[3].values()) == [2]


@settings(deadline=None)
@given(
    n_slots=st.integers(1, 12),
    n_mixed=st.sampled_from([0, 4, 8, 16]),
    arrivals=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(1, 30)), max_size=60),
)
def test_no_prompt_waits_long(n_slots: int, n_mixed: int, arrivals: list[tuple[int, int, int]]) -> None:
    backend = ScriptedBackend(n_cells=4000, n_sequences=n_slots + 2, n_batch=16, n_mixed=n_mixed)
    scheduler = Scheduler(backend, n_slots)
    n_waited = 0
    for i, (n, length, max_tokens) in enumerate(arrivals):
        for j in range(n):
            scheduler.submit(request(f"r{i}.{j}", ALPHABET[1 + (i + j) % 26] * length, max_tokens))
        scheduler._admit()
        reading = {s for s, run in scheduler._running.items() if not run.answer.tokens}
        if not scheduler._running:
            continue
        scheduler.step()
        n_waited = n_waited + 1 if reading and not reading & backend.batches[-1].keys() else 0
        assert n_waited <= n_slots


# Starts that are computed before anybody asks


def test_a_start_is_computed_once_and_found_again_by_a_later_process() -> None:
    saved: dict[tuple[int, ...], list[int]] = {}
    for n_computed in (len(SHARED), 0):
        backend = ScriptedBackend(n_cells=400, saved=saved)
        scheduler = Scheduler(backend, 2)
        for _ in range(2):  # the second finds it there
            scheduler.prepare(tokens(SHARED))
            assert (backend.n_decoded, backend.n_restored) == (n_computed, n_computed == 0)
        scheduler.submit(request("a", SHARED + "x", 5))
        done = run_all(scheduler)["a"]
        assert (done.text, done.prompt_tokens_reused) == (alone(SHARED + "x", 5)[0], len(SHARED))
        assert list(saved) == [tuple(tokens(SHARED))]


def test_a_start_begins_with_what_is_there() -> None:
    backend = ScriptedBackend(n_cells=400)
    scheduler = Scheduler(backend, 2)
    scheduler.prepare(tokens(SHARED))
    scheduler.prepare(tokens(SHARED + "and some more"))
    assert backend.n_decoded == len(SHARED + "and some more") == len(backend.cells)


def test_a_start_is_not_prepared_where_that_could_harm_or_not_help() -> None:
    backend = ScriptedBackend(n_cells=100)
    scheduler = Scheduler(backend, 2)
    for start in ("", "x" * 63, "x" * 101):
        scheduler.prepare(tokens(start))
    scheduler.submit(request("a", "abc", 5))
    scheduler.step()
    n_decoded = backend.n_decoded
    scheduler.prepare(tokens(SHARED))
    assert backend.n_decoded == n_decoded
    run_all(scheduler)
    no_keeper = ScriptedBackend(n_sequences=2)
    no_sharing = ScriptedBackend()
    no_sharing.can_share = False
    for other in (no_keeper, no_sharing):
        Scheduler(other, 2).prepare(tokens(SHARED))
        assert not other.batches
    scheduler.prepare(tokens(SHARED))
    assert backend.n_decoded > n_decoded


def test_a_start_that_fails_half_way_can_be_tried_again() -> None:
    backend = ScriptedBackend(fail=[3])
    scheduler = Scheduler(backend, 2)
    with pytest.raises(ModelError):
        scheduler.prepare(tokens(SHARED))
    assert_books_are_right(scheduler, backend)
    scheduler.prepare(tokens(SHARED))
    assert backend.n_decoded == len(SHARED)


def test_a_text_is_computed_once_even_when_more_texts_wait_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four questions each about six texts, cells for about three of them: no text may be lost between its questions."""
    monkeypatch.setattr(residence, "_IDLE_CELLS", 16)  # less than a text, as with real ones
    texts = [chr(ord("a") + i) * 60 for i in range(6)]
    prompts = [text + question for text in texts for question in "uvwx"]
    backend = ScriptedBackend(n_cells=230, n_sequences=16, n_batch=32)
    scheduler = Scheduler(backend, 12)
    for i, prompt in enumerate(prompts):
        scheduler.submit(request(f"r{i}", prompt, 8))
    done = run_all(scheduler)
    assert len(done) == len(prompts)
    computed = sum(c.prompt_tokens - c.prompt_tokens_reused for c in done.values())
    assert computed == len(texts) * 60 + len(prompts)
