"""A store with papers to try prompts on: abstracts with figures and names, and sections long enough to choose from."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import prepared_store

from summarizer.llm.fake import FAKE_MODEL
from summarizer.records import DuplicatePair, Section
from summarizer.store import Store, papers, runs, texts

NOW = datetime(2026, 3, 1, 8, 0)
DAY = date(2026, 3, 1)
TOPICS = ("beat tracking", "speech enhancement", "source separation", "keyword spotting", "singing synthesis")


def abstract(number: int) -> str:
    topic = TOPICS[number % len(TOPICS)]
    return (
        f"Systems for {topic} are trained on clean studio recordings. "
        f"We present NetworkB{number}, a compact model for {topic} with only 1.2M parameters. "
        f"On MAESTRO it raises the F1 score from 8{number}.3% to 91.7%."
    )


def sections(number: int) -> tuple[Section, ...]:
    topic = TOPICS[number % len(TOPICS)]
    return (
        Section(
            0, "1. Introduction", 1, "introduction", 1, 1,
            f"Research on {topic} has many applications in music and speech processing today. However, existing methods for "
            f"{topic} suffer from expensive inference and remain limited to short recordings in practice.",
        ),
        Section(
            1, "2. Method", 1, "method", 2, 3,
            f"We propose NetworkB{number}, a model that consists of an encoder and a gated decoder for long recordings. "
            "During training we minimize a cross-entropy loss together with a small regularization term of the encoder.",
        ),
        Section(
            2, "3. Results", 1, "results", 4, 4,
            f"On MAESTRO our model outperforms the strongest baseline and achieves an F1 score of 91.7% in this setting. "
            f"It runs {number + 2}.5 times faster than the dense baseline while losing only 0.2 points of accuracy.",
        ),
    )  # fmt: skip


def build(path: Path, n_papers: int = 5) -> Store:
    """``n_papers`` papers with sections; the last repeats the first, so it is not in any sample."""
    store = Store(path)
    keys = [(f"2603.0000{n}", 1) for n in range(1, n_papers + 1)]
    records = [prepared_store.make_paper(key, f"Title {n} <b>&", abstract(n)) for n, key in enumerate(keys)]
    with store.write() as con:
        manifest = prepared_store.make_manifest("3" * 64, DAY, keys)
        papers.register_bundle(con, manifest, records, "/in/01.tar", NOW)
        runs.start_run(con, "run-1", "summarizer run", "0.1.0", "{}", NOW)
        for n, key in enumerate(keys):
            papers.record_document(con, "run-1", key, prepared_store.make_document(sections(n)), NOW)
        texts.record_model(con, prepared_store.EMBEDDER, NOW)
        texts.record_model(con, FAKE_MODEL, NOW)
        pair = DuplicatePair(*keys[-1], *keys[0], "near", 0.99, "alike")
        prepared_store.embed_and_compare(con, "run-1", [pair], NOW)
    return store


def add_paper(store: Store, number: int, day: date) -> None:
    """One more paper, of another day, without sections."""
    key = (f"2603.0000{number}", 1)
    paper = prepared_store.make_paper(key, f"Late {number}", abstract(number))
    with store.write() as con:
        manifest = prepared_store.make_manifest(f"{number}" * 64, day, [key])
        papers.register_bundle(con, manifest, [paper], "/in/late.tar", NOW)
        prepared_store.embed_and_compare(con, "run-1", [], NOW)


def write_pairs(path: Path, n: int = 4) -> Path:
    """A case file with references, in the form of the reference translations."""
    rows = [
        {
            "id": f"2603.0000{number + 1}",
            "version": "v1",
            "title": f"Title {number}",
            "en_abstract": abstract(number),
            "zh_abstract": f"系统在录音室录音上训练。我们提出NetworkB{number}，仅有1.2M参数。F1从8{number}.3%提升到91.7%。",
        }
        for number in range(n)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
