"""A store of made-up papers, of the sizes real ones have: for measuring the reader.

Words are drawn with the frequencies of natural text (Zipf), English ones from syllables and Chinese ones from common
characters, with some real terms among them, so that an index of them is about as large as one of real papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from summarizer import ids
from summarizer.records import TASKS
from summarizer.store import Store

if TYPE_CHECKING:
    from summarizer.store import Connection

FIRST_DAY = date(2026, 1, 5)
_NOW = datetime(2026, 1, 5, 2, 0)
_CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之"
    "进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与"
    "关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常"
)
_REAL = (
    "语音增强",
    "说话人验证",
    "大语言模型",
    "扩散模型",
    "声码器",
    "自监督学习",
    "音乐生成",
    "多模态",
    "低资源",
    "端到端",
)
_REAL_ENGLISH = (
    "speech",
    "enhancement",
    "diffusion",
    "transformer",
    "speaker",
    "verification",
    "codec",
    "music",
    "zero-shot",
)
_CATEGORIES = ("eess.AS", "cs.SD", "cs.CL", "cs.LG", "cs.CV", "eess.SP")
_HEADINGS = (
    ("1. Introduction", "introduction"),
    ("2. Related Work", "related_work"),
    ("3. Method", "method"),
    ("3.1. Encoder", "method"),
    ("3.2. Training", "method"),
    ("4. Experiments", "experiments"),
    ("4.1. Data", "experiments"),
    ("4.2. Baselines", "experiments"),
    ("5. Results", "results"),
    ("5.1. Ablations", "results"),
    ("6. Conclusion", "conclusion"),
    ("References", "references"),
)
_CHECKS = (
    "finish",
    "language",
    "simplified",
    "no_english",
    "numbers_kept",
    "numbers_added",
    "length",
    "limit",
    "repetition",
)


@dataclass(slots=True)
class _Words:
    """Draws words whose frequency falls with their rank."""

    random: np.random.Generator
    words: np.ndarray[Any, Any]
    up_to: np.ndarray[Any, Any]  #: the odds of a word and all before it

    def draw(self, n: int) -> list[str]:
        drawn: list[str] = self.words[np.searchsorted(self.up_to, self.random.random(n))].tolist()
        return drawn


def build_store(path: Path, n_papers: int, papers_per_day: int = 20, seed: int = 7) -> Store:
    """A store of ``n_papers`` with all their texts, at a path that does not exist yet. The same seed gives the same store."""
    random = np.random.default_rng(seed)
    english, chinese = _english(random), _chinese(random)
    store = Store(path)
    with store.write() as con:
        con.execute("INSERT INTO run VALUES ('run', 'benchmark', '0', '{}', ?)", [_NOW])
        con.execute("INSERT INTO model VALUES (?, 'made-up-1.5b', 'made-up.gguf', 1, '', ?)", ["a" * 64, _NOW])
        con.execute("INSERT INTO model_use VALUES ('run', ?, 'llama', 'made up', '', ?)", ["a" * 64, _NOW])
        for task in TASKS:
            con.execute("INSERT INTO prompt VALUES (?, ?, 'v001', '', ?)", [ids.content_hash(task), task, _NOW])
        for first in range(0, n_papers, papers_per_day):
            n = min(papers_per_day, n_papers - first)
            _add_day(con, FIRST_DAY + timedelta(days=first // papers_per_day), first, n, random, english, chinese)
    return store


def _add_day(
    con: Connection, day: date, first: int, n: int, random: np.random.Generator, english: _Words, chinese: _Words
) -> None:
    bundle = ids.content_hash(day.isoformat())
    end = datetime.combine(day, datetime.min.time())
    con.execute(
        "INSERT INTO bundle VALUES (?, 1, ?, ?, ?, ?, '08:50 Asia/Shanghai', 'announced', ?, ?, 'made up', ?)",
        [bundle, end, day, end - timedelta(days=1), end, list(_CATEGORIES[:2]), n, end],
    )
    papers, documents, sections, attempts, pieces, checks = [], [], [], [], [], []
    for number in range(first, first + n):
        key = (f"{2601 + number // 20_000}.{number % 20_000:05d}", 1)
        title = " ".join(english.draw(9)).title()
        abstract = list(_sentences(random, english, 8, 21))
        authors = [f"{a.title()} {b.title()}" for a, b in zip(english.draw(5), english.draw(5), strict=True)]
        categories = sorted({str(c) for c in random.choice(_CATEGORIES, size=3)})
        papers.append(
            [*key, title, authors, categories, categories[0], " ".join(abstract), ids.content_hash(title), end]
        )
        documents.append([*key, 9, 45_000, "made up", "1", 3.0, "run", end])
        for seq, (heading, kind) in enumerate(_HEADINGS):
            text = "\n\n".join(" ".join(_sentences(random, english, 7, 20)) for _ in range(4))
            sections.append([*key, seq, heading, 1 + ("." in heading[2:4]), kind, seq + 1, seq + 1, text, len(text)])
        for task in TASKS:
            attempt = ids.content_hash([*key, task])
            made = _translation(random, chinese, 8) if task == "translation" else _bullets(random, chinese, 5)
            text = "".join(made) if task == "translation" else "\n".join(made)
            scope, used = "abstract" if task == "translation" else "selected_sections", (900, 300, 12.5, "run", end)
            prompt = ids.content_hash(task)
            attempts.append([attempt, *key, task, 1, prompt, "a" * 64, "{}", attempt, scope, text, "stop", *used])
            for seq, piece in enumerate(made):
                section = None if task == "translation" else 2
                pieces.append(
                    [attempt, seq, "sentence", abstract[seq % 8], section, f"{attempt}{seq}", piece, True, ""]
                )
            for seq, check in enumerate(_CHECKS):
                checks.append([attempt, seq, check, "hard" if check != "length" else "soft", True, ""])
    _insert(
        con,
        "paper_version (arxiv_id, version, title, authors, categories, primary_category, abstract, content_hash, created_utc"
        ", links, metadata_source)",
        [[*row, [], "papers.jsonl"] for row in papers],
    )
    _insert(con, "bundle_paper", [[bundle, row[0], row[1], seq, None] for seq, row in enumerate(papers)])
    _insert(con, "document", documents)
    _insert(con, "section", sections)
    _insert(con, "dedup_check", [[row[0], row[1], "b" * 64, 0, "run", end] for row in papers])
    _insert(con, "attempt", attempts)
    _insert(con, "attempt_piece", pieces)
    _insert(con, "check_result", checks)


def _insert(con: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """All rows at once: one statement for each is far slower."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    con.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


def _english(random: np.random.Generator) -> _Words:
    syllables = [c + v for c in "bcdfglmnprstv" for v in ("a", "e", "i", "o", "u", "er", "in", "on", "al")]
    words = {"".join(random.choice(syllables, size=n)) for n in random.integers(1, 5, size=30_000)}
    return _zipf(random, [*_REAL_ENGLISH, *sorted(words)])


def _chinese(random: np.random.Generator) -> _Words:
    characters = list(_CHARACTERS)
    words = {"".join(random.choice(characters, size=2)) for _ in range(12_000)}
    return _zipf(random, [*_REAL, *sorted(words)], offset=40)


def _zipf(random: np.random.Generator, words: list[str], offset: int = 10) -> _Words:
    # the real terms come first in the list, but are no more frequent than the words around rank `offset`
    odds = 1.0 / (np.arange(len(words)) + offset)
    return _Words(random, np.array(words), np.cumsum(odds / odds.sum()))


def _sentences(random: np.random.Generator, words: _Words, n: int, length: int) -> Iterator[str]:
    for _ in range(n):
        yield f"{' '.join(words.draw(length)).capitalize()} $F_{{{int(random.integers(9))}}}$."


def _translation(random: np.random.Generator, words: _Words, n: int) -> list[str]:
    return [f"{''.join(words.draw(26))}，达到{random.integers(100)}%。" for _ in range(n)]


def _bullets(random: np.random.Generator, words: _Words, n: int) -> list[str]:
    return [f"- **{''.join(words.draw(2))}**：{''.join(words.draw(30))}，$\\alpha_{{{i}}}$ 为{i}。" for i in range(n)]
