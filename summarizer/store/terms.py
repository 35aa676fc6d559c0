"""The search index: the words of titles, authors, abstracts and accepted texts, as rows that ``search()`` reads.

How a text is folded and split lies in the macros ``search_words`` and ``search_runs``, so that a text and a query are
always treated alike. Only what SQL cannot do happens here: Chinese is segmented into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from rjieba import Jieba


@dataclass(frozen=True, slots=True)
class SearchText:
    """A text to index. ``field``: title, authors, abstract, or the task of the attempt it is the text of."""

    arxiv_id: str
    version: int
    field: str
    attempt_id: str | None
    text: str


def index_texts(con: DuckDBPyConnection, texts: Sequence[SearchText], now: datetime) -> None:
    """Add texts that are not in the index yet."""
    if not texts:
        return
    rows = con.execute("SELECT coalesce(max(text_seq), 0) FROM search_text").fetchone()
    first = int(rows[0]) + 1 if rows else 1
    # one question for all: the macros cost a fraction of a millisecond each time they are bound
    split = con.execute(
        "SELECT search_words(text), search_runs(text) FROM (SELECT unnest($texts) AS text, unnest($places) AS place) "
        "ORDER BY place",
        {"texts": [text.text for text in texts], "places": list(range(len(texts)))},
    ).fetchall()
    n_words = []
    terms: list[tuple[str, int, int, bool]] = []
    for seq, (words, runs) in enumerate(split, first):
        chinese = [word for run in runs for word in segmented(run)]
        n_words.append(len(words) + len(chinese))
        counted = Counter(words) + Counter(word for word in chinese if len(word) != 2)
        pairs = Counter(pair for run in runs for pair in _pairs(run))
        known = set(chinese)
        terms += [(term, seq, n, True) for term, n in counted.items()]
        terms += [(pair, seq, n, pair in known) for pair, n in pairs.items()]
    con.execute(
        """
        INSERT INTO search_text (text_seq, arxiv_id, version, field, attempt_id, n_words, created_utc)
        SELECT unnest($seqs), unnest($ids), unnest($versions), unnest($fields), unnest($attempts::VARCHAR[]),
            unnest($n_words), $now
        """,
        {
            "seqs": list(range(first, first + len(texts))),
            "ids": [text.arxiv_id for text in texts],
            "versions": [text.version for text in texts],
            "fields": [text.field for text in texts],
            "attempts": [text.attempt_id for text in texts],
            "n_words": n_words,
            "now": now,
        },
    )
    if not terms:
        return
    names, seqs, counts, are_words = (list(column) for column in zip(*terms, strict=True))
    con.execute(
        """
        INSERT INTO term (term_id, term)
        SELECT (SELECT coalesce(max(term_id), 0) FROM term) + row_number() OVER (), new.term
        FROM (SELECT unnest($1) AS term) AS new
        ANTI JOIN term AS t ON t.term = new.term
        """,
        [list(dict.fromkeys(names))],
    )
    con.execute(
        """
        INSERT INTO posting (term_id, text_seq, n, is_word)
        SELECT t.term_id, new.text_seq, new.n, new.is_word
        FROM (SELECT unnest($1) AS term, unnest($2) AS text_seq, unnest($3) AS n, unnest($4) AS is_word) AS new
        JOIN term AS t ON t.term = new.term
        ORDER BY new.text_seq, t.term_id
        """,
        [names, seqs, counts, are_words],
    )


def pending_search(con: DuckDBPyConnection, limit: int) -> list[SearchText]:
    """Texts that are still to be indexed, at most ``limit``: of a store from before the index, or imported ones."""
    rows = con.execute(
        """
        SELECT s.arxiv_id, s.version, s.field, s.attempt_id, CASE s.field
            WHEN 'title' THEN p.title
            WHEN 'authors' THEN array_to_string(p.authors, '; ')
            WHEN 'abstract' THEN p.abstract
            ELSE a.text
        END
        FROM (FROM pending_search LIMIT ?) AS s
        JOIN paper_version AS p ON p.arxiv_id = s.arxiv_id AND p.version = s.version
        LEFT JOIN attempt AS a ON a.attempt_id = s.attempt_id
        """,
        [limit],
    ).fetchall()
    return [SearchText(*row) for row in rows]


def segmented(run: str) -> list[str]:
    """The words of a stretch of Chinese characters, long ones also in their parts."""
    return _segmenter().cut_for_search(run)


@cache
def _segmenter() -> Jieba:
    """jieba's own dictionary with words of this field, which it would take apart otherwise (说话人 into 说话 and 人)."""
    from rjieba import Jieba

    segmenter = Jieba()
    for word in resources.files("summarizer.store").joinpath("words.txt").read_text(encoding="utf-8").split():
        segmenter.add_word(word, max(segmenter.suggest_freq(word), 1000), None)
    return segmenter


def _pairs(run: str) -> Iterator[str]:
    return (run[place : place + 2] for place in range(len(run) - 1))
