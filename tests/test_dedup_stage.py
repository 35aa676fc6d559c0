"""Stage dedup over a store: order of arrival, chains, and what vectors alone would miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from summarizer.bundle import daily_window
from summarizer.config import Config, DedupConfig
from summarizer.embed import FakeEncoder, embedding_input
from summarizer.records import Manifest, ManifestFile, Paper
from summarizer.stages.dedup import dedup
from summarizer.stages.embed import embed
from summarizer.stages.progress import SilentProgress
from summarizer.stages.recorder import RunRecorder
from summarizer.stages.weights import Lazy
from summarizer.store import Store, papers

NOW = datetime(2026, 2, 12, 1, 0)
WORDS = [f"word{n}" for n in range(60)]


def _paper(number: int, title: str, words: list[str], version: int = 1) -> Paper:
    return Paper(
        arxiv_id=f"2602.{number:05d}",
        version=version,
        title=title,
        authors=("A. Author",),
        categories=("cs.SD",),
        primary_category="cs.SD",
        submitted_utc=None,
        updated_utc=None,
        abstract=" ".join(words),
        comment=None,
        links=(),
    )


class _Day:
    """A store that takes one bundle after the other through embed and dedup."""

    def __init__(self, path: Path, config: Config) -> None:
        self.store = Store(path)
        self.config = config
        self._n_bundles = 0

    def arrive(self, *new: Paper, pdfs: dict[str, str] | None = None) -> None:
        self._n_bundles += 1
        files = tuple(
            ManifestFile(f"pdf/{paper.arxiv_id}v{paper.version}.pdf", 1, (pdfs or {})[paper.arxiv_id])
            for paper in new
            if paper.arxiv_id in (pdfs or {})
        )
        day = date(2026, 2, 11) + timedelta(days=self._n_bundles)
        manifest = Manifest(f"{self._n_bundles:064d}", 1, NOW, day, daily_window(day), (), len(new), files)
        with self.store.write() as con:
            papers.register_bundle(con, manifest, new, "x.tar", NOW + timedelta(days=self._n_bundles))
        run = RunRecorder(self.store, "test", self.config)
        encoder = Lazy(lambda: FakeEncoder().model, FakeEncoder)
        embed(self.store, run, SilentProgress(), encoder=encoder)
        result = dedup(self.store, run, self.config, SilentProgress(), encoder=encoder.model)
        assert result.n_done == len(new)
        assert dedup(self.store, run, self.config, SilentProgress(), encoder=encoder.model).n_done == 0

    def pairs(self) -> list[tuple[str, int, str, int, str]]:
        with self.store.read() as con:
            return con.execute(
                "SELECT arxiv_id, version, other_arxiv_id, other_version, kind FROM duplicate_pair ORDER BY ALL"
            ).fetchall()


@pytest.fixture
def day(tmp_path: Path) -> _Day:
    return _Day(tmp_path / "store.duckdb", Config())


def test_later_repeats_earlier_within_a_day_and_across_days(day: _Day) -> None:
    first = _paper(1, "A title of its own", WORDS)
    day.arrive(first, _paper(2, "Another matter entirely", WORDS[::-1][:9]), replace(first, arxiv_id="2602.00003"))
    day.arrive(replace(first, arxiv_id="2602.00004", title="A TITLE, of its own!"))
    assert day.pairs() == [
        ("2602.00003", 1, "2602.00001", 1, "exact"),
        ("2602.00004", 1, "2602.00001", 1, "exact"),
    ]
    with day.store.read() as con:
        compared = con.execute("SELECT arxiv_id, n_compared FROM dedup_check ORDER BY 1").fetchall()
    assert compared == [("2602.00001", 0), ("2602.00002", 1), ("2602.00003", 2), ("2602.00004", 3)]


def test_a_new_version_is_told_and_kept(day: _Day) -> None:
    day.arrive(_paper(1, "A title of its own", WORDS))
    day.arrive(_paper(1, "A title of its own, revised", WORDS[:20], version=2))
    assert day.pairs() == [("2602.00001", 2, "2602.00001", 1, "new_version")]
    with day.store.read() as con:
        assert con.execute("SELECT count(*) FROM repeated_paper").fetchone() == (0,)


def test_what_is_left_out_leaves_nothing_else_out(tmp_path: Path) -> None:
    chain = [_paper(n + 1, f"Title number {n}", WORDS[6 * n : 6 * n + 40]) for n in range(3)]
    vectors = FakeEncoder().encode([embedding_input(paper) for paper in chain])
    threshold = float(min(vectors[0] @ vectors[1], vectors[1] @ vectors[2])) - 0.001
    assert vectors[0] @ vectors[2] < threshold
    config = Config(dedup=DedupConfig(near_threshold=threshold))
    together, one_by_one = _Day(tmp_path / "together.duckdb", config), _Day(tmp_path / "one.duckdb", config)
    together.arrive(*chain)
    for paper in chain:
        one_by_one.arrive(paper)
    assert together.pairs() == one_by_one.pairs() == [("2602.00002", 1, "2602.00001", 1, "near")]


def test_the_same_pdf_is_found_whatever_the_words_say(day: _Day) -> None:
    one, other = _paper(1, "A title of its own", WORDS[:10]), _paper(2, "Nothing like it at all", WORDS[-10:])
    day.arrive(one, pdfs={"2602.00001": "a" * 64})
    day.arrive(other, pdfs={"2602.00002": "a" * 64})
    assert day.pairs() == [("2602.00002", 1, "2602.00001", 1, "exact")]
