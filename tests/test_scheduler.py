"""The scheduler on a scripted model (see ``scripted_backend.py``): every answer is as if nobody else were there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_backend import (
    ALPHABET,
    SHARED,
    TERMS,
    ScriptedBackend,
    alone,
    assert_books_are_right,
    request,
    run_all,
    tokens,
)

from summarizer.errors import ContextTooSmall, ModelError
from summarizer.llm.cells import CellLedger, common_prefix
from summarizer.llm.scheduler import Scheduler
from summarizer.records import Completion

STARTS = st.one_of(
    st.just(""), st.just(SHARED), st.just(SHARED[:70]), st.builds(lambda n: ("ab" * 40)[:n], st.integers(1, 80))
)
PROMPTS = st.builds(lambda start, tail: start + tail, STARTS, st.text("abc中", min_size=1, max_size=40))
FORMS = st.tuples(st.sampled_from([None, None, (), TERMS]), st.sampled_from([None, None, "abc", "文中。 ", "z"]))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), PROMPTS, st.integers(1, 40), FORMS),
        st.tuples(st.just("prepare"), STARTS, st.just(0), st.none()),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.just(0), st.none()),
        st.tuples(st.just("poll"), st.integers(1, 3), st.just(0), st.none()),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(
    actions=ACTIONS,
    n_cells=st.sampled_from([90, 130, 200, 600]),
    n_ctx=st.sampled_from([0, 150, 700]),
    n_slots=st.integers(1, 4),
    n_keepers=st.integers(0, 2),
    n_batch=st.sampled_from([4, 7, 64]),
    fail=st.lists(st.integers(1, 40), max_size=3),
    n_failing_grows=st.integers(0, 1),
    n_mixed=st.sampled_from([0, 6, 64]),
    saved_before=st.booleans(),
)
def test_every_request_is_answered_as_if_it_were_alone(
    actions: list[tuple[Any, ...]],
    n_cells: int,
    n_ctx: int,
    n_slots: int,
    n_keepers: int,
    n_batch: int,
    fail: list[int],
    n_failing_grows: int,
    n_mixed: int,
    saved_before: bool,
) -> None:
    n_ctx = max(n_cells, n_ctx)
    saved: dict[tuple[int, ...], list[int]] = {}
    if saved_before:
        Scheduler(ScriptedBackend(saved=saved), 1).prepare(tokens(SHARED))
    backend = ScriptedBackend(n_cells, n_slots + n_keepers, n_batch, fail, n_mixed, n_ctx, saved, n_failing_grows)
    scheduler = Scheduler(backend, n_slots)
    wanted: dict[str, tuple[Any, ...]] = {}
    done: dict[str, Completion] = {}
    cancelled: set[str] = set()
    for i, (action, what, max_tokens, forms) in enumerate(actions):
        if action == "submit":
            name, (terms, grammar) = f"r{i}", forms
            asked = request(name, what, max_tokens, terms=terms, grammar=grammar)
            if len(what) + max_tokens > n_ctx:
                with pytest.raises(ContextTooSmall):
                    scheduler.submit(asked)
                continue
            scheduler.submit(asked)
            wanted[name] = (what, max_tokens, terms, grammar)
        elif action == "prepare":
            with suppress(ModelError):
                scheduler.prepare(tokens(what))
        elif action == "cancel":
            name = f"r{what}"
            if name in wanted and name not in done:
                cancelled.add(name)
            scheduler.cancel(name)
        else:
            for _ in range(what):
                with suppress(ModelError):
                    done.update((c.request_id, c) for c in scheduler.poll(0.0))
        assert scheduler.n_waiting == len(wanted) - len(cancelled) - len(done)
        assert_books_are_right(scheduler, backend)
    done.update(run_all(scheduler))
    assert done.keys() == wanted.keys() - cancelled
    for name, completion in done.items():
        prompt, max_tokens, *_ = wanted[name]
        assert (completion.text, completion.finish_reason) == alone(*wanted[name])
        assert completion.prompt_tokens == len(prompt)
        assert 0 <= completion.prompt_tokens_reused < len(prompt)
        assert 0 <= completion.completion_tokens <= max_tokens
    assert backend.most_at_once <= n_slots
    # no cell is leaked: everything that is left can be given back
    assert_books_are_right(scheduler, backend)
    assert scheduler.n_free_cells == backend.n_cells
    for sequence in range(backend.n_sequences):
        scheduler._residence.forget(sequence, 0)
    ledger = scheduler._residence.ledger
    assert backend.cells == []
    assert (ledger.n_free, ledger.n_pinned) == (backend.n_cells, 0)


def test_a_shared_prefix_is_computed_once_though_all_arrive_together() -> None:
    backend = ScriptedBackend(n_cells=2000, n_sequences=24, n_batch=32)
    scheduler = Scheduler(backend, 16)
    for i in range(20):
        scheduler.submit(request(f"r{i}", SHARED + ALPHABET[1 + i] * 5, 6))
    done = run_all(scheduler)
    assert sum(c.prompt_tokens_reused for c in done.values()) == 19 * len(SHARED)
    assert backend.n_decoded <= len(SHARED) + 20 * (5 + 6)
    assert backend.most_at_once == 16


def test_a_prefix_outlives_the_answers_around_it() -> None:
    backend = ScriptedBackend(n_cells=2000, n_sequences=3, n_batch=32)
    scheduler = Scheduler(backend, 2)
    for name, prompt in (
        ("a", SHARED + "x"),
        ("b", SHARED + "y"),
        ("c", "other words"),
        ("d", "quite others"),
        ("e", "no"),
    ):
        scheduler.submit(request(name, prompt, 3))
        run_all(scheduler)
    scheduler.submit(request("f", SHARED + "z", 3))
    assert run_all(scheduler)["f"].prompt_tokens_reused == len(SHARED)


def test_the_same_prompt_again_computes_one_token() -> None:
    backend = ScriptedBackend()
    scheduler = Scheduler(backend, 2)
    scheduler.submit(request("a", "abcabcabc", 3))
    first = run_all(scheduler)["a"]
    before = backend.n_decoded
    scheduler.submit(request("b", "abcabcabc", 1))
    again = run_all(scheduler)["b"]
    assert again.prompt_tokens_reused == 8
    assert backend.n_decoded - before == 1
    assert first.text.startswith(again.text)


def test_a_memory_that_cannot_be_shared_is_never_forked() -> None:
    backend = ScriptedBackend()
    backend.can_share = False
    scheduler = Scheduler(backend, 2)
    for name in "abc":
        scheduler.submit(request(name, "abcabcabc", 3))
    assert [c.prompt_tokens_reused for c in run_all(scheduler).values()] == [0, 0, 0]
    assert not backend.cells


def test_a_failed_batch_loses_nothing() -> None:
    backend = ScriptedBackend(fail=[2])
    scheduler = Scheduler(backend, 2)
    scheduler.submit(request("a", "abc", 5))
    scheduler.step()
    with pytest.raises(ModelError):
        scheduler.step()
    assert run_all(scheduler)["a"].text == alone("abc", 5)[0]


def test_refusals() -> None:
    scheduler = Scheduler(ScriptedBackend(n_cells=20), 2)
    with pytest.raises(ContextTooSmall) as caught:
        scheduler.submit(request("a", "abcdefghij", 11))
    assert (caught.value.needed, caught.value.available) == (21, 20)
    scheduler.submit(request("a", "abcdefghij", 10))
    with pytest.raises(ValueError, match="already under way"):
        scheduler.submit(request("a", "abc", 1))
    with pytest.raises(ValueError, match="at least 1"):
        scheduler.submit(request("b", "abc", 0))
    with pytest.raises(ValueError, match="n_slots"):
        Scheduler(ScriptedBackend(n_sequences=2), 3)


def test_copy_terms_bind_the_answer() -> None:
    scheduler = Scheduler(ScriptedBackend(), 2)
    for i in range(8):
        scheduler.submit(request(f"r{i}", ALPHABET[1 + i] * 3, 30, terms=("zebra",)))
    for completion in run_all(scheduler).values():
        rest = completion.text.replace("zebra", "")
        if completion.finish_reason == "length":  # it may be cut inside the term
            rest = rest.rstrip("zebra")
        assert set(rest) <= set("中文。 ")


def test_a_malformed_grammar_is_refused_at_once_and_blocks_nobody() -> None:
    scheduler = Scheduler(ScriptedBackend(), 2)
    scheduler.submit(request("a", "abc", 5))
    with pytest.raises(ModelError, match="malformed"):
        scheduler.submit(request("b", "abc", 5, grammar="("))
    assert run_all(scheduler).keys() == {"a"}


# Cells


@given(st.lists(st.integers(0, 2), max_size=200), st.lists(st.integers(0, 2), max_size=200))
def test_common_prefix(left: list[int], right: list[int]) -> None:
    n = common_prefix(left, right)
    assert left[:n] == right[:n]
    assert n == min(len(left), len(right)) or left[n] != right[n]
    assert common_prefix(left, right, 3) == min(n, 3)


def test_shared_cells_count_once() -> None:
    ledger = CellLedger(10, 3)
    for token in range(4):
        ledger.append(0, token)
    ledger.pin(1)
    ledger.fork(0, 1, 3)
    ledger.append(1, 9)
    assert (ledger.n_free, ledger.n_pinned, ledger.n_unpinned(0, 4)) == (5, 4, 1)
    ledger.truncate(0, 0)
    assert (ledger.n_free, ledger.n_pinned) == (6, 4)
    ledger.unpin(1)
    ledger.truncate(1, 0)
    assert (ledger.n_free, ledger.n_pinned) == (10, 0)
    ledger.append(2, 1)
    with pytest.raises(ValueError, match="not empty"):
        ledger.fork(1, 2, 0)
