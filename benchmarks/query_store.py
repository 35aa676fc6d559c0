"""A synthetic store of realistic sizes for benchmarks/queries.py: made-up words, real rows in every table."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summarizer.records import TASKS
from summarizer.store import Store
from summarizer.store.terms import index_texts, pending_search

if TYPE_CHECKING:
    from summarizer.store import Connection

PAPERS_A_DAY = 20
FIRST_DAY = date(2026, 1, 1)
MODEL, EMBEDDER = "a" * 64, "b" * 64
CHECKS = ("finish", "language", "numbers", "length", "repetition", "preamble", "completeness", "context")
KINDS = ("introduction", "related_work", "method", "method", "experiments", "results", "results", "discussion",
         "conclusion", "acknowledgement", "references", "appendix")  # fmt: skip
DATA_SETS = ("VoiceBank", "LibriSpeech", "VoxCeleb", "AISHELL", "CommonVoice", "MUSDB", "WHAM", "GigaSpeech")


class Words:
    """Sentences of two made-up languages with a few words that are very frequent and many that are rare."""

    def __init__(self, rng: random.Random, n_sentences: int) -> None:
        self.rng = rng
        syllables = [c + v for c in "bcdfghklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "er")]
        words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(20_000)]
        known = resources.files("summarizer.store").joinpath("words.txt").read_text(encoding="utf-8").split()
        characters = [chr(0x4E00 + 7 * n) for n in range(2_500)]
        chinese = known + ["".join(rng.choices(characters[:600], k=2)) for _ in range(6_000)]
        rng.shuffle(chinese)
        self.english = [self._english(words) for _ in range(n_sentences)]
        self.chinese = [self._chinese(chinese) for _ in range(n_sentences // 2)]

    def _english(self, words: Sequence[str]) -> str:
        chosen = self._zipf(words, self.rng.randint(10, 30))
        if self.rng.random() < 0.05:
            chosen.insert(3, self.rng.choice(DATA_SETS))
        if self.rng.random() < 0.02:
            chosen[1:1] = ["speech", "enhancement"]
        return f"{chosen[0].capitalize()} {' '.join(chosen[1:])}."

    def _chinese(self, words: Sequence[str]) -> str:
        chosen = self._zipf(words, self.rng.randint(12, 24))
        if self.rng.random() < 0.2:
            chosen.insert(
                5, f" {self.rng.choice(DATA_SETS)} 上从 {self.rng.random() * 20:.1f}% 降到 {self.rng.random():.2f} "
            )
        return "".join(chosen) + "。"

    def _zipf(self, words: Sequence[str], n: int) -> list[str]:
        return [words[int(len(words) ** self.rng.random()) - 1] for _ in range(n)]


def build(path: Path, n_papers: int, *, seed: int = 1) -> Store:
    """A store of ``n_papers`` over days of twenty: one in 25 repeats an earlier one, one in 30 could not be read."""
    rng = random.Random(seed)
    words = Words(rng, min(60_000, 40 * n_papers))
    store = Store(path)
    days = (n_papers + PAPERS_A_DAY - 1) // PAPERS_A_DAY
    with store.write() as con:
        _fixed_rows(con, days)
        _papers(con, rng, words, n_papers)
    with store.write() as con:
        _attempts(con, rng, words, n_papers)
    with store.write() as con:
        _derived_rows(con)
    while True:
        with store.write() as con:
            texts = pending_search(con, 5_000)
            index_texts(con, texts, _time(days))
        if not texts:
            return store


def arxiv_id(number: int) -> str:
    return f"{2601 + number // 1000}.{number % 1000 + 1:05d}"


def _time(day: int) -> datetime:
    return datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=day, hours=20)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _insert(con: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    listed = list(rows)
    for start in range(0, len(listed), 20_000):
        values = [list(column) for column in zip(*listed[start : start + 20_000], strict=True)]
        unnested = ", ".join(f"unnest(${n})" for n in range(1, len(values) + 1))
        con.execute(f"INSERT INTO {table} ({columns}) SELECT {unnested}", values)


def _fixed_rows(con: Connection, days: int) -> None:
    _insert(con, "model", "model_sha256, name, file_name, n_bytes, description, created_utc", [
        (MODEL, "default", "model.gguf", 1_117_320_768, "", _time(0)),
        (EMBEDDER, "embedder", "model.safetensors", 90_000_000, "", _time(0)),
    ])  # fmt: skip
    _insert(con, "prompt", "prompt_hash, task, prompt_version, source, created_utc", [
        (_hash(task, version), task, version, "---\n" * 500, _time(0)) for task in TASKS for version in ("v001", "v002")
    ])  # fmt: skip
    _insert(con, "run", "run_id, command, code_version, config, started_utc", [
        (f"run-{day}", "summarizer run", "0.1.0", "{}", _time(day)) for day in range(days)
    ])  # fmt: skip
    _insert(con, "run_stage", "run_id, stage, seq, n_done, n_failed, seconds, ended_utc", [
        (f"run-{day}", stage, 0, 20, 1, 900.0, _time(day))
        for day in range(days) for stage in ("ingest", "embed", "dedup", "generate", "publish")
    ])  # fmt: skip
    _insert(con, "run_end", "run_id, exit_code, peak_memory_bytes, ended_utc", [
        (f"run-{day}", 10, 3_000_000_000, _time(day) + timedelta(hours=3)) for day in range(days - 1)
    ])  # fmt: skip
    _insert(con, "model_use", "run_id, model_sha256, engine, engine_version, served_model, created_utc", [
        (f"run-{day}", MODEL, "llama", "llama-cpp-python 0.3.36", "", _time(day)) for day in range(days)
    ])  # fmt: skip
    _insert(
        con, "bundle",
        "bundle_id, bundle_format, created_utc, post_date, window_start_utc, window_end_utc, window_anchor, window_basis, "
        "categories, n_fetched, source_path, ingested_utc",
        [
            (_hash("bundle", day), 1, _time(day), FIRST_DAY + timedelta(days=day), _time(day - 1), _time(day),
             "08:50 Asia/Shanghai", "announced", ["eess.AS", "cs.SD"], PAPERS_A_DAY, f"/in/{day}.tar", _time(day))
            for day in range(days)
        ],
    )  # fmt: skip


def _readable(number: int) -> bool:
    return number % 30 != 7


def _repeat(number: int) -> bool:
    return number % 25 == 24


def _papers(con: Connection, rng: random.Random, words: Words, n_papers: int) -> None:
    names = [f"{rng.choice(words.english)[:6].strip()} {rng.choice(words.english)[:9].strip()}" for _ in range(9_000)]
    papers, sections, documents, failures = [], [], [], []
    for number in range(n_papers):
        key, day = (arxiv_id(number), 1), number // PAPERS_A_DAY
        sentences = rng.choices(words.english, k=8)
        papers.append((
            *key, rng.choice(words.english)[:90], rng.choices(names, k=rng.randint(2, 8)), ["eess.AS", "cs.SD"], "eess.AS",
            _time(day - 1), _time(day - 1), " ".join(sentences), None, [], "papers.jsonl", f"{key[0]}.pdf",
            _hash(key), _hash(key, "pdf"), 2_000_000, _time(day),
        ))  # fmt: skip
        if not _readable(number):
            failures.append((_hash(key, "f"), f"run-{day}", "ingest", *key, None, "no_text", "no_text: 4 pages, 0 characters",
                             _hash(key, "pdf"), True, None, None, _time(day)))  # fmt: skip
            continue
        for seq, kind in enumerate(KINDS):
            text = "\n\n".join(" ".join(rng.choices(words.english, k=6)) for _ in range(rng.randint(2, 7)))
            heading = f"{seq + 1} {kind.title()}"
            sections.append((*key, seq, heading, 1, kind, seq + 1, seq + 1, text, len(text)))
        documents.append((*key, 12, 40_000, "pymupdf4llm-layout", "2.0", 4.5, f"run-{day}", _time(day)))
    _insert(
        con, "paper_version",
        "arxiv_id, version, title, authors, categories, primary_category, submitted_utc, updated_utc, abstract, comment, "
        "links, metadata_source, source_file, content_hash, pdf_sha256, pdf_bytes, created_utc", papers,
    )  # fmt: skip
    _insert(
        con, "section", "arxiv_id, version, seq, heading, level, kind, page_first, page_last, text, n_chars", sections
    )
    _insert(
        con, "document", "arxiv_id, version, n_pages, n_chars, extractor, extractor_version, seconds, run_id, created_utc",
        documents,
    )  # fmt: skip
    _insert(
        con, "failure",
        "failure_id, run_id, stage, arxiv_id, version, task, category, detail, input_hash, permanent, prompt_hash, "
        "model_sha256, created_utc", failures,
    )  # fmt: skip
    _insert(con, "bundle_paper", "bundle_id, arxiv_id, version, seq, pdf_sha256", [
        (_hash("bundle", n // PAPERS_A_DAY), arxiv_id(n), 1, n % PAPERS_A_DAY, _hash((arxiv_id(n), 1), "pdf"))
        for n in range(n_papers)
    ])  # fmt: skip
    _insert(
        con, "duplicate_pair",
        "arxiv_id, version, other_arxiv_id, other_version, kind, score, reason, model_sha256, run_id, created_utc",
        [
            (arxiv_id(n), 1, arxiv_id(rng.randrange(n)), 1, "near", 0.96, "cosine 0.960", EMBEDDER,
             f"run-{n // PAPERS_A_DAY}", _time(n // PAPERS_A_DAY))
            for n in range(n_papers) if _repeat(n)
        ],
    )  # fmt: skip


def _attempts(con: Connection, rng: random.Random, words: Words, n_papers: int) -> None:
    attempts, pieces, read, checks = [], [], [], []
    for number in range(n_papers):
        if _repeat(number):
            continue
        key, day = (arxiv_id(number), 1), number // PAPERS_A_DAY
        for task in TASKS if _readable(number) else TASKS[:1]:
            version = "v002" if number > 0.8 * n_papers else "v001"
            n_attempts = 2 if rng.random() < 0.15 else 1
            for attempt_no in range(1, n_attempts + 1):
                attempt_id = _hash(key, task, attempt_no)
                chosen = rng.choices(words.chinese, k=8 if task == "translation" else 3)
                for seq, text in enumerate(chosen):
                    section = None if task == "translation" else rng.randrange(9)
                    pieces.append((attempt_id, seq, "sentence", rng.choice(words.english), section, _hash(attempt_id, seq),
                                   text, True, ""))  # fmt: skip
                if task != "translation":
                    read += [(attempt_id, seq, seq < 9) for seq in range(12)]
                failed = attempt_no < n_attempts or rng.random() < 0.03
                checks += [
                    (attempt_id, seq, name, "hard" if seq < 3 else "soft", not (failed and seq == 2) and rng.random() > 0.02
                     if seq >= 2 else True, "9.8% is missing" if failed and seq == 2 else "")
                    for seq, name in enumerate(CHECKS)
                ]  # fmt: skip
                attempts.append((
                    attempt_id, *key, task, attempt_no, _hash(task, version), MODEL, '{"temperature": 0.0}',
                    _hash(key, task), "abstract" if task == "translation" else "selected_sections", "".join(chosen), "stop",
                    250 * len(chosen), 60 * len(chosen), 6.0 * len(chosen), f"run-{day}",
                    _time(day) + timedelta(minutes=attempt_no),
                ))  # fmt: skip
    _insert(
        con, "attempt",
        "attempt_id, arxiv_id, version, task, attempt_no, prompt_hash, model_sha256, sampling, input_hash, source_scope, text, "
        "finish_reason, prompt_tokens, completion_tokens, seconds, run_id, created_utc", attempts,
    )  # fmt: skip
    _insert(
        con,
        "attempt_piece",
        "attempt_id, seq, role, source_text, section_seq, request_hash, text, used, reason",
        pieces,
    )
    _insert(con, "attempt_section", "attempt_id, section_seq, included", read)
    _insert(con, "check_result", "attempt_id, seq, check_name, severity, passed, reason", checks)


def _derived_rows(con: Connection) -> None:
    """What can be made in SQL: completions with questions of real length, vectors, posts."""
    con.execute(
        """
        INSERT INTO completion
        SELECT x.request_hash, a.arxiv_id, a.version, a.prompt_hash, a.model_sha256, a.sampling,
            $instructions || x.source_text || '"}]', ['VoiceBank', '9.8%'], x.text, 'stop', 250, 200, 60, 6.0, a.run_id,
            a.created_utc
        FROM attempt_piece AS x JOIN attempt AS a USING (attempt_id)
        """,
        {"instructions": '[{"role": "system", "content": "' + "Translate this sentence as it stands. " * 100},
    )
    con.execute(  # a term at the start of each sentence, seldom said in another way
        """
        INSERT INTO term_use
        SELECT attempt_id, term, '译名', CASE WHEN hash(attempt_id, term) % 100 < 85 THEN '译名'
            WHEN hash(attempt_id, term) % 100 < 93 THEN '别名' END
        FROM (
            SELECT DISTINCT attempt_id, lower(array_to_string(string_split(x.source_text, ' ')[:2], ' ')) AS term
            FROM attempt_piece AS x JOIN attempt AS a USING (attempt_id) WHERE a.task = 'translation'
        )
        """
    )
    con.execute(
        """
        INSERT INTO embedding
        SELECT p.arxiv_id, p.version, $model, p.content_hash,
            list_transform(range(384), lambda i: (hash(p.arxiv_id, i) % 2000)::FLOAT / 1000 - 1)::FLOAT[384],
            'run-0', p.created_utc
        FROM paper_version AS p
        """,
        {"model": EMBEDDER},
    )
    con.execute(
        "INSERT INTO dedup_check SELECT arxiv_id, version, model_sha256, 100, run_id, created_utc FROM embedding"
    )
    con.execute(
        """
        INSERT INTO post
        SELECT sha256(s.post_date::VARCHAR), s.post_date, 1, '_posts/' || s.post_date || '-arxiv.md', s.state_hash,
            s.state_hash, s.n_fetched, s.n_shown, 1, b.run_id, b.ingested_utc
        FROM post_state AS s
        JOIN (SELECT post_date, ingested_utc, 'run-' || (row_number() OVER (ORDER BY post_date) - 1) AS run_id FROM bundle) AS b
            USING (post_date)
        """
    )
    con.execute(
        """
        INSERT INTO post_text
        SELECT post_id, e.arxiv_id, e.version, e.task, e.attempt_id
        FROM post_entry AS e JOIN post USING (post_date) WHERE e.attempt_id IS NOT NULL
        """
    )
