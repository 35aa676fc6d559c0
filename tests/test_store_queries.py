"""The queries of each stage: what is pending, what is recorded, what a post shows."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import prepared_store as prepared
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prepared_store import DAY, EMBEDDER, MODEL, NEXT_DAY, NOW, PROMPT_HASHES, A, B, C, D, E, F

from summarizer.errors import StoreError
from summarizer.records import TASKS, CheckResult, DuplicatePair, Task
from summarizer.store import Store, duplicates, embeddings, failures, papers, posts, runs, status, texts
from summarizer.store.reasons import reason

if TYPE_CHECKING:
    from summarizer.store import Connection


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The prepared store; only for tests that do not write."""
    return prepared.build(tmp_path_factory.mktemp("store") / "store.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.duckdb", wait_seconds=5)


# --- ingest -------------------------------------------------------------------------------------------------------


def test_register_bundle_once(store: Store) -> None:
    manifest = prepared.make_manifest("1" * 64, DAY, [A, B])
    listed = [prepared.make_paper(B, "Second id, first in order"), prepared.make_paper(A, "First id")]
    with store.write() as con:
        assert papers.register_bundle(con, manifest, listed, "/in/b.tar", NOW) == 5
        assert papers.register_bundle(con, manifest, listed, "/in/b.tar", NOW) == 0
        assert papers.pending_ingest(con, "1" * 64) == [B, A]
        assert papers.paper(con, A) == listed[1]
        row = con.execute("SELECT pdf_bytes, pdf_sha256 FROM paper_version WHERE arxiv_id = ?", [A[0]]).fetchone()
        assert row == (manifest.files[1].size, manifest.files[1].sha256)
    with store.read() as con, pytest.raises(StoreError, match=r"paper 2602\.00003v1 is not in the store"):
        papers.paper(con, C)


def test_a_paper_in_two_bundles_is_read_once_and_a_repaired_file_again(store: Store) -> None:
    broken = prepared.make_manifest("1" * 64, DAY, [A, B])
    repaired = replace(broken, bundle_id="2" * 64, files=(replace(broken.files[1], sha256="f" * 64), *broken.files[2:]))
    listed = [prepared.make_paper(A, "a"), prepared.make_paper(B, "b")]
    with store.write() as con:
        papers.register_bundle(con, broken, listed, "1.tar", NOW)
        for key in (A, B):
            _fail(con, "ingest", key, "damaged", input_hash=broken.files[1 if key == A else 2].sha256)
        assert papers.pending_ingest(con, broken.bundle_id) == []
        assert papers.register_bundle(con, repaired, listed, "2.tar", NOW) == 3  # no new paper version
        assert papers.pending_ingest(con, repaired.bundle_id) == [A]
        papers.record_document(con, "r", A, prepared.make_document(), NOW)
        assert papers.pending_ingest(con, repaired.bundle_id) == []
        assert papers.sections(con, A) == prepared.SECTIONS
        assert (papers.n_pages(con, A), papers.n_pages(con, B)) == (5, 0)
        assert con.execute("SELECT stage, arxiv_id FROM item_failure").fetchall() == [("ingest", B[0])]


def test_a_missing_file_is_recorded_once_a_timeout_is_tried_again(store: Store) -> None:
    manifest = prepared.make_manifest("1" * 64, DAY, [B])
    with store.write() as con:
        papers.register_bundle(
            con, manifest, [prepared.make_paper(A, "no file"), prepared.make_paper(B, "b")], "1.tar", NOW
        )
        _fail(con, "ingest", A, "missing_pdf")
        _fail(con, "ingest", B, "timeout", permanent=False, input_hash=manifest.files[1].sha256)
        assert papers.pending_ingest(con, manifest.bundle_id) == [B]


# --- embeddings ---------------------------------------------------------------------------------------------------


def test_embeddings_come_back_as_measures(filled: Store) -> None:
    with filled.read() as con:
        ((labels, matrix),) = duplicates.measure_blocks(con, EMBEDDER.sha256)
        keys = duplicates.measure_keys(con, [int(label) for label in labels])
        # not E, which has no word to embed, and not C, which repeats another
        assert [keys[int(label)] for label in labels] == [A, B, D]
        assert matrix.dtype == np.float32
        np.testing.assert_array_equal(matrix, np.eye(4, 384, dtype=np.float32)[[0, 1, 3]])
        assert list(duplicates.measure_blocks(con, "another model")) == []
        assert duplicates.candidates(con, "another model", [A]) == {}
        assert duplicates.candidates(con, EMBEDDER.sha256, [A, E])[A].has_body
        assert [p.arxiv_id for p in embeddings.pending_embed(con, EMBEDDER.sha256)] == [A[0], F[0]]
        assert len(embeddings.pending_embed(con, "another model")) == 6
        assert duplicates.n_compared(con, EMBEDDER.sha256) == 4
        assert embeddings.pending_dedup(con, EMBEDDER.sha256) == []


def test_a_vector_of_another_length_is_refused(store: Store) -> None:
    rows = [(A, "h", np.ones(3, dtype=np.float32))]
    with pytest.raises(StoreError, match="384"):  # noqa: SIM117
        with store.write() as con:
            embeddings.record_embeddings(con, "r", EMBEDDER.sha256, rows, NOW)


def test_a_paper_that_cannot_be_embedded_for_good_is_left_alone(store: Store) -> None:
    with store.write() as con:
        papers.register_bundle(
            con, prepared.make_manifest("1" * 64, DAY, [A]), [prepared.make_paper(A, "a")], "1.tar", NOW
        )
        _fail(con, "embed", A, "bad_vector", model_sha256=EMBEDDER.sha256)
        assert embeddings.pending_embed(con, EMBEDDER.sha256) == []
        assert [p.arxiv_id for p in embeddings.pending_embed(con, "another model")] == [A[0]]


# --- texts --------------------------------------------------------------------------------------------------------


def _ready(store: Store, *keys: tuple[str, int]) -> None:
    """Papers that were read, embedded and compared."""
    with store.write() as con:
        manifest = prepared.make_manifest("1" * 64, DAY, list(keys))
        papers.register_bundle(con, manifest, [prepared.make_paper(k, f"Title {k}") for k in keys], "1.tar", NOW)
        for key in keys:
            papers.record_document(con, "r", key, prepared.make_document(), NOW)
        prepared.record_models(con)
        prepared.embed_and_compare(con, "r", [])


def _pending(store: Store, prompts: dict[Task, str] = PROMPT_HASHES) -> list[tuple[tuple[str, int], Task, int]]:
    with store.read() as con:
        return [(p.key, p.task, p.n_attempts) for p in texts.pending_generate(con, MODEL.sha256, prompts)]


def _fail(con: Connection, stage: str, key: tuple[str, int], category: str, **more: object) -> None:
    given = {"permanent": True, "now": NOW, "detail": f"{category} happened"} | more
    failures.record_failure(con, "r", stage, key, category=category, **given)  # type: ignore[arg-type]


def test_pending_texts_in_order_of_the_bundle(store: Store) -> None:
    _ready(store, B, A)
    assert _pending(store) == [(key, task, 0) for key in (B, A) for task in TASKS]
    assert _pending(store, {"method": "h"}) == [(B, "method", 0), (A, "method", 0)]
    assert _pending(store, {}) == []


def test_a_failed_text_stays_pending_until_it_failed_for_good(store: Store) -> None:
    _ready(store, A)
    with store.write() as con:
        for number in (1, 2):
            prepared.record_text(con, "r", A, "method", number, "a figure is missing")
        assert texts.accepted(con, A) == {}
    assert (A, "method", 2) in _pending(store)
    with store.write() as con:
        hashes = {"prompt_hash": PROMPT_HASHES["method"], "model_sha256": MODEL.sha256}
        _fail(con, "generate", A, "check_failed", task="method", permanent=False, **hashes)
    assert (A, "method", 2) in _pending(store)
    with store.write() as con:
        _fail(con, "generate", A, "check_failed", task="method", **hashes)
    assert [task for _, task, _ in _pending(store)] == ["translation", "background", "results"]
    # another prompt version, or another model, gets its chance
    assert (A, "method", 0) in _pending(store, PROMPT_HASHES | {"method": "new"})
    with store.read() as con:
        assert len(texts.pending_generate(con, "another model", PROMPT_HASHES)) == 4
        assert con.execute("SELECT category, detail FROM item_failure").fetchall() == [
            ("check_failed", "method: check_failed happened")
        ]
    with store.write() as con:
        prepared.record_text(con, "r", A, "method", 3)
        assert con.execute("FROM item_failure").fetchall() == []  # made good


def test_what_is_pending_in_the_prepared_store(filled: Store) -> None:
    # no translation for B (accepted) and D (failed for good), no answers for B (encrypted), nothing for C (a repeat)
    assert _pending(filled) == [(D, "background", 0), (D, "results", 0)]


def test_the_latest_accepted_text_counts(store: Store) -> None:
    _ready(store, A)
    first, _ = prepared.make_attempt(A, "method", 1)
    second = replace(first, attempt_id="second", attempt_no=2, text="较新的文本。")
    third = replace(first, attempt_id="third", attempt_no=3, text="太长", finish_reason="length")
    with store.write() as con:
        for attempt in (second, first, third):  # equal times: the number decides
            texts.record_attempt(con, "r", attempt, NOW)
        assert texts.accepted(con, A) == {"method": ("second", "较新的文本。")}
        texts.record_attempt(con, "r", replace(first, attempt_id="old prompt"), NOW + timedelta(seconds=1))
        assert texts.accepted(con, A)["method"][0] == "old prompt"


class _UndoError(Exception):
    """Leaves a window without keeping what it wrote."""


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["stop", "length", "loop", "cancelled"]),
    st.lists(st.tuples(st.sampled_from(["hard", "soft"]), st.booleans()), max_size=4),
)
def test_the_view_accepts_what_the_record_accepts(
    ready: Store, finish_reason: str, outcomes: list[tuple[str, bool]]
) -> None:
    checks = tuple(CheckResult("same name", severity, passed, "") for severity, passed in outcomes)
    made, _ = prepared.make_attempt(A, "method")
    attempt = replace(made, finish_reason=finish_reason, checks=checks)
    with contextlib.suppress(_UndoError), ready.write() as con:
        texts.record_attempt(con, "r", attempt, NOW)
        shown = con.execute("SELECT text FROM accepted_summary").fetchall()
        accepted = texts.accepted(con, A)
        raise _UndoError
    assert shown == ([(attempt.text,)] if attempt.accepted else [])
    assert bool(accepted) == attempt.accepted


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("ready") / "store.duckdb")
    _ready(store, A)
    return store


def test_completions_are_kept_once_and_found_by_paper(store: Store) -> None:
    _, answers = prepared.make_attempt(A, "translation")
    other = replace(answers[0], request_hash="o", key=B)
    with store.write() as con:
        texts.record_completions(con, "r", answers)
        texts.record_completions(con, "r", [replace(answers[0], completion=replace(answers[0].completion, text="x"))])
        texts.record_completions(con, "r", [other])
        found = texts.completions(con, [A])
        assert found == {a.request_hash: a.completion for a in answers}
        assert set(texts.completions(con, [A, B])) == {*found, "o"}
        assert texts.completions(con, []) == {}
        assert texts.completions(con, [(B[0], 7)]) == {}


def test_provenance_of_a_sentence(filled: Store) -> None:
    with filled.read() as con:
        cursor = con.execute("SELECT * FROM provenance WHERE contains(text, '先估计掩码，再恢复相位')")
        row = dict(zip([c[0] for c in cursor.description], cursor.fetchall()[0], strict=True))
    assert (row["arxiv_id"], row["version"], row["task"], row["piece_seq"]) == (*A, "method", 0)
    assert row["source_text"] == prepared.SECTIONS[1].text
    assert (row["section_heading"], row["page_first"]) == ("2. Method", 2)
    assert (row["prompt_version"], row["prompt_hash"]) == ("v001", PROMPT_HASHES["method"])
    assert (row["model_name"], row["model_sha256"]) == ("tiny", MODEL.sha256)
    assert '"max_tokens":64' in row["sampling"]
    assert (row["prompt_tokens"], row["completion_tokens"], row["seconds"]) == (200, 20, 4.0)
    assert len(row["input_hash"]) == len(row["request_hash"]) == 64
    assert row["in_post"] is True


def test_provenance_leaves_out_pieces_that_were_not_used(store: Store) -> None:
    _ready(store, A)
    made, _ = prepared.make_attempt(A, "translation")
    dropped = replace(made.pieces[0], seq=2, text="弃用", used=False, reason="numbers: 9.8% is missing")
    with store.write() as con:
        texts.record_attempt(con, "r", replace(made, pieces=(*made.pieces, dropped)), NOW)
        assert con.execute("SELECT piece_seq FROM provenance ORDER BY 1").fetchall() == [(0,), (1,)]
        assert con.execute("SELECT reason FROM attempt_piece WHERE NOT used").fetchall() == [(dropped.reason,)]


# --- posts --------------------------------------------------------------------------------------------------------


def test_post_of_the_prepared_store(filled: Store) -> None:
    with filled.read() as con:
        post, shown = posts.post(con, DAY)
        assert posts.pending_posts(con) == [NEXT_DAY]
    assert (post.n_fetched, post.categories) == (5, ("eess.AS", "cs.SD"))
    assert [(p.paper.arxiv_id, p.paper.version) for p in post.papers] == [A, B, D]
    complete, encrypted, failed = post.papers
    assert (complete.missing, complete.translation) == ({}, "".join(prepared.ZH["translation"]))
    assert encrypted.translation is not None
    assert encrypted.missing == dict.fromkeys(("background", "method", "results"), "PDF 已加密，无法读取")
    assert failed.missing == {
        "translation": "生成的文本未通过检查",
        "background": "尚未生成",
        "method": "正文中没有找到可以回答的内容",
        "results": "尚未生成",
    }
    assert [(u.name, u.reason) for u in post.unreadable] == [("scan 7.pdf", "PDF 没有文字层（可能是扫描件）")]
    assert {key for key, _ in shown} == {A, B}
    assert shown[A, "translation"] == prepared.make_attempt(A, "translation", 2)[0].attempt_id


def test_a_post_is_due_again_when_what_it_shows_changes(tmp_path: Path) -> None:
    store = prepared.build(tmp_path / "store.duckdb")

    def publish() -> bool:
        with store.write() as con:
            post, shown = posts.post(con, DAY)
            return posts.record_post(con, "r", post, shown, path="p.md", sha256="d" * 64, now=NOW)

    def due() -> bool:
        with store.read() as con:
            return DAY in posts.pending_posts(con)

    assert not due()
    assert publish()  # another path: a new revision
    assert not publish()
    with store.write() as con:  # a new text
        prepared.record_text(con, "r", D, "background")
    assert due()
    assert publish()
    assert not due()
    with store.write() as con:  # a new reason for a missing text
        hashes = {"prompt_hash": PROMPT_HASHES["results"], "model_sha256": MODEL.sha256}
        _fail(con, "generate", D, "context_too_small", task="results", **hashes)
    assert due()
    assert publish()  # the same bytes, recorded for the new state
    assert not due()
    with store.write() as con:  # a second bundle of the day
        late = replace(prepared.make_manifest("3" * 64, DAY, [("2602.00009", 1)]), n_fetched=1)
        papers.register_bundle(con, late, [prepared.make_paper(("2602.00009", 1), "Late")], "/in/l.tar", NOW)
    assert due()
    with store.read() as con:
        post, _ = posts.post(con, DAY)
        assert (post.n_fetched, post.papers[-1].paper.title) == (6, "Late")
        revisions = con.execute("SELECT revision FROM post WHERE post_date = ? ORDER BY 1", [DAY]).fetchall()
        assert revisions == [(1,), (2,), (3,), (4,)]


def test_a_post_that_is_overtaken_while_it_is_written_stays_due(store: Store) -> None:
    _ready(store, A)
    with store.read() as con:
        post, shown = posts.post(con, DAY)
    with store.write() as con:
        prepared.record_text(con, "r", A, "translation")
    with store.write() as con:
        assert posts.record_post(con, "r", post, shown, path="p.md", sha256="d" * 64, now=NOW)
        assert posts.pending_posts(con) == [DAY]


def test_bundles_with_windows_in_two_zones_make_one_page_in_the_zone_of_the_first(store: Store) -> None:
    first = prepared.make_manifest("1" * 64, DAY, [])
    other = replace(
        first,
        bundle_id="2" * 64,
        window=replace(
            first.window, start_utc=first.window.start_utc - timedelta(hours=2), anchor="23:00 Europe/Berlin"
        ),
    )
    with store.write() as con:
        papers.register_bundle(con, first, [], "1.tar", NOW)
        papers.register_bundle(con, other, [], "2.tar", NOW + timedelta(minutes=1))
        post = posts.post(con, DAY)[0]
        assert con.execute("SELECT n_fetched FROM post_state").fetchall() == [(0,)]
    assert post.window == replace(first.window, start_utc=other.window.start_utc)
    assert post.n_fetched == 0  # two bundles without papers repeat nothing


def test_a_day_without_papers_has_a_post(store: Store) -> None:
    with store.write() as con:
        papers.register_bundle(con, prepared.make_manifest("1" * 64, DAY, []), [], "1.tar", NOW)
        assert posts.pending_posts(con) == [DAY]
        post, shown = posts.post(con, DAY)
        assert (post.papers, post.n_fetched, shown) == ((), 0, {})
        with pytest.raises(StoreError, match="no bundle of 2026-02-13"):
            posts.post(con, NEXT_DAY)


def test_a_new_version_is_shown_an_exact_repeat_is_not(store: Store) -> None:
    with store.write() as con:
        manifest = prepared.make_manifest("1" * 64, DAY, [A, B, C])
        papers.register_bundle(con, manifest, [prepared.make_paper(k, "T") for k in (A, B, C)], "1.tar", NOW)
        pairs = [DuplicatePair(*B, *A, "new_version", 0.9, "r"), DuplicatePair(*C, *A, "exact", 1.0, "r")]
        prepared.embed_and_compare(con, "r", pairs)
        assert [p.paper.arxiv_id for p in posts.post(con, DAY)[0].papers] == [A[0], B[0]]
    assert {key for key, _, _ in _pending(store)} == {A, B}


def test_reasons() -> None:
    assert reason("ingest", "encrypted") == "PDF 已加密，无法读取"
    assert reason("ingest", "timeout") != reason("generate", "timeout")
    assert reason("generate", "new_category") == "生成失败（new_category）"


# --- runs and status ----------------------------------------------------------------------------------------------


def test_run_summary_adds_up_the_passes(store: Store) -> None:
    with store.write() as con:
        runs.start_run(con, "r", "summarizer run", "0.1.0", "{}", NOW)
        for n_done in (3, 4):
            runs.record_stage(con, "r", "ingest", n_done=n_done, n_failed=1, seconds=1.5, ended_utc=NOW)
        runs.end_run(con, "r", exit_code=10, peak_memory_bytes=7, ended_utc=NOW + timedelta(seconds=90))
        row = con.execute(
            "SELECT ingest_done, ingest_failed, ingest_seconds, seconds, exit_code, publish_done FROM run_summary"
        ).fetchone()
    assert row == (7, 2, 3.0, 90.0, 10, None)


def test_run_summary_counts_texts(filled: Store) -> None:
    with filled.read() as con:
        row = con.execute(
            """
            SELECT n_papers, n_completions, prompt_tokens, completion_tokens, completion_tokens_per_second,
                texts_accepted, texts_failed, n_posts
            FROM run_summary WHERE run_id = 'run-1'
            """
        ).fetchone()
    assert row == (3, 11, 2200, 220, 11.0, 5, 2, 1)


def test_status(filled: Store) -> None:
    with filled.read() as con:
        plain = status.status(con)
        current = {task: (prompt_hash, "v001") for task, prompt_hash in PROMPT_HASHES.items()}
        exact = status.status(con, embedder_sha256="another model", model_sha256="another model", prompts=current)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["stages"] == {
        "ingest": {"done": 3, "pending": 2, "failed": 2},
        "embed": {"done": 4, "pending": 2, "failed": 0},
        "dedup": {"done": 4, "pending": 0, "failed": 0},
        "generate": {"done": 5, "pending": 2, "failed": 2},
        "publish": {"done": 1, "pending": 1, "failed": 0},
    }
    assert plain["papers"] == {"n_papers": 6, "n_versions": 7, "n_left_out": 1}
    assert [b["n_papers"] for b in plain["bundles"]] == [5, 2]
    assert {(f["stage"], f["category"]) for f in plain["failures"]} >= {("ingest", "encrypted"), ("ingest", "no_text")}
    assert plain["last_run"]["run_id"] == "run-2"
    assert plain["posts"][0]["current"] is True
    assert exact["stages"]["embed"]["pending"] == 6
    assert exact["stages"]["generate"]["pending"] == 4
    assert E[0] not in {p["arxiv_id"] for p in plain["duplicates"]}
