"""A small filled store, built through the store's own functions: two days, with one of each thing that can happen.

Day one, 2026-02-12 (every stage ran, the post is written):

====================  ========================================================================================
2602.00001 v1         all four texts accepted; the translation only at its second attempt
2602.00002 v1         encrypted PDF: translation accepted, no answers
2602.00003 v1         near-duplicate of 2602.00001
hep-th/9901001 v2     sections, but the translation failed for good and method has no evidence; the rest is pending;
                      borderline to 2602.00001
local.0123456789ab    a scan: no metadata, no text
====================  ========================================================================================

Day two, 2026-02-13 (registered only): 2602.00001 v2, and 2602.00005 v1 that came without a PDF. Only the bundle of day one
is signed.

Two prompts of translation, v001 and a draft, were tried on 2602.00001 and 2602.00002 (sample dev).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from summarizer import ids
from summarizer.records import (
    TASKS,
    Attempt,
    CheckResult,
    Completion,
    Document,
    DuplicatePair,
    EngineUse,
    Manifest,
    ManifestFile,
    Message,
    ModelInfo,
    PairScore,
    Paper,
    Piece,
    PublicKey,
    Request,
    Sampling,
    Section,
    Task,
    TermUse,
    Window,
)
from summarizer.store import (
    Store,
    duplicates,
    embeddings,
    failures,
    papers,
    posts,
    runs,
    signatures,
    texts,
    trial_samples,
    trials,
)
from summarizer.store.trial_samples import TrialCase, TrialSample
from summarizer.store.trials import Figures, Trial, TrialOutput

if TYPE_CHECKING:
    from summarizer.store import Connection

NOW = datetime(2026, 2, 12, 20, 0)
DAY = date(2026, 2, 12)
NEXT_DAY = date(2026, 2, 13)
MODEL = ModelInfo("tiny", "a" * 64, "tiny.gguf", 450_000, "a small model")
EMBEDDER = ModelInfo("minilm", "b" * 64, "model.safetensors", 90_000_000)
PROMPT_HASHES: dict[Task, str] = {task: ids.content_hash(task) for task in TASKS}
SAMPLING = Sampling(max_tokens=64)
KEY = PublicKey("SHA256:" + "k" * 43, "collector", "ssh-ed25519 AAAA")
A, B, C, D, E = (
    ("2602.00001", 1),
    ("2602.00002", 1),
    ("2602.00003", 1),
    ("hep-th/9901001", 2),
    ("local.0123456789ab", 1),
)
A2, F = ("2602.00001", 2), ("2602.00005", 1)

ZH: dict[Task, tuple[str, ...]] = {
    "translation": ("我们提出一种轻量的语音增强方法。", "在 VoiceBank 上，词错误率从 12.3% 降到 9.8%。"),
    "background": ("既有方法参数量大。",),
    "method": ("采用两级结构，先估计掩码，再恢复相位。",),
    "results": ("词错误率为 9.8%。",),
}
ABSTRACT = (
    "We propose a light method for speech enhancement.",
    "On VoiceBank the word error rate falls from 12.3% to 9.8%.",
)
SECTIONS = (
    Section(0, "1. Introduction", 1, "introduction", 1, 1, "Existing methods have many parameters.", 6),
    Section(1, "2. Method", 1, "method", 2, 3, "Two stages: a mask is estimated, then the phase is restored.", 13),
    Section(2, "3. Results", 1, "results", 4, 4, "The word error rate is 9.8% on VoiceBank.", 12),
    Section(3, "References", 1, "references", 5, 5, "[1] A paper.", 5),
)


def make_paper(key: tuple[str, int], title: str, abstract: str = " ".join(ABSTRACT)) -> Paper:
    return Paper(
        arxiv_id=key[0],
        version=key[1],
        title=title,
        authors=("Ada Author", "Bo Writer"),
        categories=("eess.AS", "cs.SD"),
        primary_category="eess.AS",
        submitted_utc=datetime(2026, 2, 11, 9, 30),
        updated_utc=None,
        abstract=abstract,
        comment=None,
        links=(),
    )


def make_manifest(bundle_id: str, post_date: date, keys: list[tuple[str, int]]) -> Manifest:
    """A manifest with a PDF for each key."""
    end = datetime.combine(post_date, datetime.min.time()) + timedelta(minutes=50)
    files = [
        ManifestFile(f"pdf/{ids.file_stem(*key)}.pdf", 1000 + n, ids.content_hash(list(key)))
        for n, key in enumerate(keys)
    ]
    return Manifest(
        bundle_id=bundle_id,
        bundle_format=1,
        created_utc=end,
        post_date=post_date,
        window=Window(end - timedelta(days=1), end, "08:50 Asia/Shanghai", "announced"),
        categories=("eess.AS", "cs.SD"),
        n_fetched=len(keys),
        files=(ManifestFile("papers.jsonl", 900, "c" * 64), *files),
    )


def make_document(sections: tuple[Section, ...] = SECTIONS) -> Document:
    return Document(5, sum(len(s.text) for s in sections), "pymupdf4llm-layout", "2.0.0", 2.5, sections)


def make_attempt(
    key: tuple[str, int], task: Task, attempt_no: int = 1, failed: str = "", *, wait: float = 4.0
) -> tuple[Attempt, list[texts.StoredCompletion]]:
    """An attempt and its completions. ``failed`` is the reason of a failed hard check, "" for an accepted text."""
    section_seq = {"translation": None, "background": 0, "method": 1, "results": 2}[task]
    sources = ABSTRACT if section_seq is None else (SECTIONS[section_seq].text,)
    pieces, completions = [], []
    for seq, (source, text) in enumerate(zip(sources, ZH[task], strict=True)):
        request_hash = ids.content_hash([list(key), task, attempt_no, seq])
        pieces.append(
            Piece(seq, "sentence" if task == "translation" else "bullet", source, section_seq, request_hash, text)
        )
        completions.append(
            texts.StoredCompletion(
                request_hash=request_hash,
                key=key,
                prompt_hash=PROMPT_HASHES[task],
                model_sha256=MODEL.sha256,
                sampling=SAMPLING,
                messages=(Message("system", "Translate."), Message("user", source)),
                copy_terms=("VoiceBank", "9.8%") if task == "translation" else None,
                completion=Completion(request_hash, text, "stop", 200, 150, 20, wait),
                created_utc=NOW + timedelta(minutes=attempt_no),
            )
        )
    attempt = Attempt(
        attempt_id=ids.content_hash([list(key), task, attempt_no]),
        arxiv_id=key[0],
        version=key[1],
        task=task,
        attempt_no=attempt_no,
        prompt_hash=PROMPT_HASHES[task],
        model_sha256=MODEL.sha256,
        sampling=SAMPLING,
        input_hash=ids.content_hash(list(sources)),
        source_scope="abstract" if section_seq is None else "selected_sections",
        text="".join(ZH[task]),
        finish_reason="stop",
        prompt_tokens=200 * len(pieces),
        completion_tokens=20 * len(pieces),
        seconds=wait * len(pieces),
        pieces=tuple(pieces),
        checks=(
            CheckResult("numbers", "hard", not failed, failed),
            CheckResult("length", "soft", task != "results", "" if task != "results" else "9 characters are few"),
        ),
        sections_read=() if section_seq is None else (section_seq,),
        sections_left_out=() if section_seq is None else tuple({0, 1, 2} - {section_seq}),
        terms=()
        if task != "translation"
        else (
            TermUse("speech enhancement", "语音增强", "语音增强" if key == A else None),
            TermUse("word error rate", "词错误率", "词错误率"),
        ),
    )
    return attempt, completions


def record_text(
    con: Connection,
    run_id: str,
    key: tuple[str, int],
    task: Task,
    attempt_no: int = 1,
    failed: str = "",
    minutes: int = 0,
) -> Attempt:
    attempt, completions = make_attempt(key, task, attempt_no, failed)
    texts.record_completions(con, run_id, completions)
    texts.record_attempt(con, run_id, attempt, NOW + timedelta(minutes=10 + minutes))
    return attempt


def record_models(con: Connection) -> None:
    texts.record_model(con, MODEL, NOW)
    texts.record_model(con, EMBEDDER, NOW)
    for task, prompt_hash in PROMPT_HASHES.items():
        texts.record_prompt(con, prompt_hash, task, "v001", f"---\ntask: {task}\n---\n", NOW)


def embed_and_compare(
    con: Connection,
    run_id: str,
    pairs: list[DuplicatePair],
    now: datetime = NOW,
    scored: tuple[PairScore, ...] = (),
) -> None:
    """Embed and compare everything that is pending, with these pairs as what was found."""
    pending = embeddings.pending_embed(con, EMBEDDER.sha256)
    rows = []
    for number, paper in enumerate(pending):
        vector = np.zeros(embeddings.DIMENSION, dtype=np.float32)
        vector[number] = 1.0
        rows.append(((paper.arxiv_id, paper.version), papers.content_hash(paper), vector))
    embeddings.record_embeddings(con, run_id, EMBEDDER.sha256, rows, now)
    n_earlier = duplicates.n_compared(con, EMBEDDER.sha256)
    compared = []
    for number, paper in enumerate(embeddings.pending_dedup(con, EMBEDDER.sha256)):
        key = (paper.arxiv_id, paper.version)
        found = [p for p in pairs if (p.arxiv_id, p.version) == key]
        seen = [s for s in scored if (s.arxiv_id, s.version) == key]
        compared.append(duplicates.Comparison(key, n_earlier + number, found, seen, None))
    duplicates.record_comparisons(con, run_id, EMBEDDER.sha256, compared, now)


def record_trials(con: Connection) -> None:
    """v001 and a draft on two cases; the draft leaves out a number of the first, and a check fails."""
    source = " ".join(ABSTRACT)
    cases = tuple(TrialCase(ids.versioned(*key), key, "A title", source, None, "参考译文。") for key in (A, B))
    sample = TrialSample("dev", "store", "abstract", cases)
    trial_samples.record_sample(con, sample, NOW)
    for label, prompt_hash, n_missing in (("v001", PROMPT_HASHES["translation"], 0), ("my_draft", "e" * 64, 1)):
        trial = Trial(
            "translation", label, "v001", prompt_hash, "", MODEL.sha256, MODEL.name, SAMPLING, 2, sample.sample_hash
        )
        trials.record_trial(con, trial, NOW)
        for number, case in enumerate(cases):
            missing = n_missing if number == 0 else 0
            _, stored = make_attempt(case.key, "translation")
            output = TrialOutput(
                trial_id=trial.trial_id,
                case_hash=case.case_hash,
                code_hash="f" * 64,
                text="".join(ZH["translation"]) if label == "v001" else "我们提出一种方法。词错误率降到 9.8%。",
                accepted=not missing,
                category="check_failed" if missing else "",
                finish_reason="stop",
                n_attempts=1,
                n_requests=2,
                prompt_tokens=400,
                prompt_tokens_reused=300,
                completion_tokens=40 - 10 * n_missing,
                seconds=8.0,
                figures=Figures(2, missing, 0, 0, False, 30, 18, 40.0 - n_missing),
                pieces=make_attempt(case.key, "translation")[0].pieces,
                checks=(CheckResult("numbers_kept", "hard", not missing, "missing: 12.3" if missing else ""),),
            )
            trials.record_output(con, output, NOW)
            asked = Request(
                ids.content_hash([label, number]), stored[0].messages, SAMPLING, None, (*case.key, "translation")
            )
            answer = replace(stored[0].completion, request_id=asked.request_id)
            trials.record_answers(con, MODEL.sha256, [(asked, answer)], NOW)


def build(path: Path) -> Store:
    """The store described above, at a path that does not exist yet."""
    store = Store(path)
    day_one = [
        make_paper(A, "Light Speech Enhancement"),
        make_paper(B, "Locked Away"),
        make_paper(C, "Light Speech Enhancement, Revised"),
        make_paper(D, "Strings", "We study strings."),
        replace(make_paper(E, "scan", ""), authors=(), metadata_source="none", source_file="scan 7.pdf"),
    ]
    with store.write() as con:
        papers.register_bundle(con, make_manifest("1" * 64, DAY, [A, B, C, D, E]), day_one, "/in/12.tar", NOW)
        signatures.record_signatures(con, "1" * 64, [KEY], NOW)
        runs.start_run(con, "run-1", "summarizer run", "0.1.0", "{}", NOW)
        for key in (A, C, D):
            papers.record_document(con, "run-1", key, make_document(), NOW)
        for key, category in ((B, "encrypted"), (E, "no_text")):
            failures.record_failure(
                con,
                "run-1",
                "ingest",
                key,
                category=category,
                detail=f"{category}: 4 pages, 0 characters",
                permanent=True,
                now=NOW,
                input_hash=ids.content_hash(list(key)),
            )
        runs.record_stage(con, "run-1", "ingest", n_done=3, n_failed=2, seconds=9.0, ended_utc=NOW)
    with store.write() as con:
        record_models(con)
        texts.record_model_use(con, "run-1", MODEL.sha256, EngineUse("llama", "llama-cpp-python 0.3.36"), NOW)
        pair = DuplicatePair(*C, *A, "near", 0.987, "cosine 0.987, titles alike")
        borderline = PairScore(*D, *A, 0.61, 0.82, 0.4, 0.5, 0.3, 0.1, None, "score 0.610; cosine 0.820")
        embed_and_compare(con, "run-1", [pair], scored=(borderline,))
    with store.write() as con:
        record_text(con, "run-1", A, "translation", 1, "9.8% is missing")
        record_text(con, "run-1", A, "translation", 2, minutes=1)
        for task in ("background", "method", "results"):
            record_text(con, "run-1", A, task)
        record_text(con, "run-1", B, "translation")
        record_text(con, "run-1", D, "translation", 1, "12.3% is missing")
        for task, category in (("translation", "check_failed"), ("method", "no_evidence")):
            failures.record_failure(
                con,
                "run-1",
                "generate",
                D,
                category=category,
                detail="numbers: 12.3% is missing" if task == "translation" else "no sentence answers",
                permanent=True,
                now=NOW + timedelta(minutes=12),
                task=task,
                prompt_hash=PROMPT_HASHES[task],
                model_sha256=MODEL.sha256,
            )
        runs.record_stage(con, "run-1", "generate", n_done=5, n_failed=2, seconds=20.0, ended_utc=NOW)
        post, shown = posts.post(con, DAY)
        posts.record_post(con, "run-1", post, shown, path="_posts/2026-02-12-arxiv.md", sha256="d" * 64, now=NOW)
        runs.end_run(con, "run-1", exit_code=10, peak_memory_bytes=2_000_000_000, ended_utc=NOW + timedelta(minutes=30))
    with store.write() as con:
        manifest = replace(make_manifest("2" * 64, NEXT_DAY, [A2]), n_fetched=2)
        day_two = [make_paper(A2, "Light Speech Enhancement"), make_paper(F, "No File", "We have none.")]
        papers.register_bundle(con, manifest, day_two, "/in/13.tar", NOW + timedelta(days=1))
        record_trials(con)
        runs.start_run(con, "run-2", "summarizer run", "0.1.0", "{}", NOW + timedelta(days=1))
    return store


#: Later prompt versions, by task.
NEW_PROMPT_HASHES: dict[Task, str] = {task: ids.content_hash([task, "v002"]) for task in ("method", "results")}
G, K, H = ("2602.00101", 1), ("2602.00102", 1), ("2602.00103", 1)


def add_weeks(store: Store) -> None:
    """Two weeks later: a repeat of a repeat, a second version of two prompts, and a post with two revisions.

    ===============  ===================================================================================
    2602.00101 v1    near-duplicate of 2602.00003, which repeats 2602.00001
    2602.00102 v1    all four texts, method and results by v002; a soft check noted results
    2602.00001 v1    method also by v002, which is now the accepted one
    ===============  ===================================================================================
    """
    now = NOW + timedelta(days=14)
    day = DAY + timedelta(days=14)
    with store.write() as con:
        manifest = make_manifest("3" * 64, day, [G, K, H])
        listed = [
            make_paper(G, "Light Speech Enhancement, Once More"),
            make_paper(K, "Speaker Verification with Codec Tokens", "Codec tokens verify speakers."),
            make_paper(H, "Codec Tokens for Speaker Verification", "We verify speakers by codec tokens."),
        ]
        papers.register_bundle(con, manifest, listed, "/in/26.tar", now)
        runs.start_run(con, "run-3", "summarizer run", "0.1.0", "{}", now)
        for key in (G, K, H):
            papers.record_document(con, "run-3", key, make_document(), now)
        for task, prompt_hash in NEW_PROMPT_HASHES.items():
            texts.record_prompt(con, prompt_hash, task, "v002", f"---\ntask: {task}\n---\nNew.\n", now)
        pair = DuplicatePair(*G, *C, "near", 0.97, "cosine 0.970, titles alike")
        embed_and_compare(con, "run-3", [pair], now)
    with store.write() as con:
        for key, tasks in ((A, ("method",)), (K, TASKS)):
            for task in tasks:
                attempt, completions = make_attempt(key, task, 7)
                prompt_hash = NEW_PROMPT_HASHES.get(task, PROMPT_HASHES[task])
                texts.record_completions(con, "run-3", [replace(c, prompt_hash=prompt_hash) for c in completions])
                texts.record_attempt(con, "run-3", replace(attempt, prompt_hash=prompt_hash), now)
        for minutes in (0, 5):
            post, shown = posts.post(con, day)
            posts.record_post(
                con,
                "run-3",
                post,
                shown,
                path="_posts/2026-02-26-arxiv.md",
                sha256=f"{minutes:064d}",
                now=now + timedelta(minutes=minutes),
            )
        runs.record_stage(con, "run-3", "generate", n_done=5, n_failed=0, seconds=20.0, ended_utc=now)
        runs.end_run(con, "run-3", exit_code=0, peak_memory_bytes=1_000_000_000, ended_utc=now + timedelta(hours=1))
