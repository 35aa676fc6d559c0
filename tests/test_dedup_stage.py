"""Stage dedup over a store: order of arrival, chains, and what vectors alone would miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from summarizer.bundle import daily_window
from summarizer.config import Config, DedupConfig
from summarizer.embed import FakeEncoder, Profile, embedding_input, likeness
from summarizer.embed.duplicates import rule_score
from summarizer.errors import StoreError
from summarizer.records import Document, Manifest, ManifestFile, Paper, Section
from summarizer.stages import dedup as dedup_stage
from summarizer.stages.dedup import dedup
from summarizer.stages.embed import embed
from summarizer.stages.progress import SilentProgress
from summarizer.stages.recorder import RunRecorder
from summarizer.stages.weights import Lazy
from summarizer.store import Store, duplicates, papers
from summarizer.store.duplicates import Verdict

NOW = datetime(2026, 2, 12, 1, 0)
WORDS = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)]  # no digits: other numbers are material
BODY, OTHER_BODY = [f"text{n}" for n in range(500)], [f"other{n}" for n in range(500)]


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


def _score(one: Paper, other: Paper) -> float:
    first, second = FakeEncoder().encode([embedding_input(paper) for paper in (one, other)])
    return rule_score(likeness(Profile(one), Profile(other), float(first @ second)))


class _Day:
    """A store that takes one bundle after the other through embed and dedup."""

    def __init__(self, path: Path, config: Config) -> None:
        self.store = Store(path)
        self.config = config
        self._n_bundles = 0

    def arrive(
        self, *new: Paper, pdfs: dict[str, str] | None = None, bodies: dict[str, list[str]] | None = None
    ) -> None:
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
            for paper in new:
                if paper.arxiv_id in (bodies or {}):
                    text = " ".join((bodies or {})[paper.arxiv_id])
                    sections = (Section(0, "1. Method", 1, "method", 1, 2, text),)
                    document = Document(2, len(text), "fake", "1", 0.1, sections)
                    papers.record_document(con, "run", (paper.arxiv_id, paper.version), document, NOW)
        run = RunRecorder(self.store, "test", self.config)
        encoder = Lazy(lambda: FakeEncoder().model, FakeEncoder)
        embed(self.store, run, SilentProgress(), encoder=encoder)
        result = dedup(self.store, run, self.config, SilentProgress(), encoder=encoder.model)
        assert result.n_done == len(new)
        assert dedup(self.store, run, self.config, SilentProgress(), encoder=encoder.model).n_done == 0

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with self.store.read() as con:
            return con.execute(query).fetchall()

    def left_out(self) -> list[tuple[str, int]]:
        return self.sql("FROM repeated_paper ORDER BY ALL")  # type: ignore[return-value]

    def judge(self, one: str, other: str, verdict: Verdict) -> bool:
        with self.store.write() as con:
            return duplicates.record_judgement(con, "run", one, other, verdict, NOW)

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


def test_a_changed_new_version_is_told_and_kept(day: _Day) -> None:
    day.arrive(_paper(1, "A title of its own", WORDS))
    day.arrive(_paper(1, "A title of its own, revised", WORDS[:20], version=2))
    assert day.pairs() == [("2602.00001", 2, "2602.00001", 1, "new_version")]
    assert day.left_out() == []
    assert day.sql("SELECT other_version, round(abstract_changed, 2), title_changed, material FROM version_change") == [
        (1, 0.67, True, True)
    ]


def test_a_new_version_that_says_the_same_is_left_out(day: _Day) -> None:
    paper = _paper(1, "A title of its own", WORDS)
    day.arrive(paper)
    day.arrive(replace(paper, version=2, title="A Better Title"))
    assert day.left_out() == [("2602.00001", 2)]
    assert day.sql("SELECT reason, material FROM version_change") == [("retitled, same abstract", False)]


def test_a_version_is_compared_with_the_one_that_was_summarised(day: _Day) -> None:
    day.arrive(_paper(1, "A title of its own", WORDS))
    day.arrive(_paper(1, "A title of its own", [*WORDS[:-4], "new2"], version=2))  # too little to be told again
    day.arrive(
        _paper(1, "A title of its own", [*WORDS[:-8], "new3"], version=3)
    )  # little against v2, enough against v1
    assert day.sql("SELECT version, other_version, material FROM version_change ORDER BY 1") == [
        (2, 1, False),
        (3, 1, True),
    ]


def test_a_new_text_is_read_before_a_version_is_left_out(day: _Day) -> None:
    paper = _paper(1, "A title of its own", WORDS)
    day.arrive(paper, bodies={paper.arxiv_id: BODY})
    day.arrive(replace(paper, version=2), bodies={paper.arxiv_id: BODY[:300] + OTHER_BODY[:200]})
    day.arrive(replace(paper, version=3), bodies={paper.arxiv_id: BODY[:300] + OTHER_BODY[:210]})
    assert day.sql("SELECT version, round(body_changed, 1), material FROM version_change ORDER BY 1") == [
        (2, 0.4, True),
        (3, 0.0, False),
    ]


def test_of_an_imported_paper_the_abstract_alone_is_compared(day: _Day) -> None:
    """Its text was never there to be read. Without an abstract nothing can be compared, and the new version is shown."""
    known = _paper(1, "A title of four words", WORDS)
    unknown = _paper(2, "Something of which the post told nothing", [])
    day.arrive(replace(known, metadata_source="imported"), replace(unknown, metadata_source="imported"))
    read = {known.arxiv_id: BODY, unknown.arxiv_id: OTHER_BODY}
    day.arrive(replace(known, version=2), replace(unknown, version=2), bodies=read)
    day.arrive(replace(known, version=3, abstract=f"{known.abstract} 9.8%"), bodies=read)
    assert day.sql("SELECT arxiv_id, version, other_version, material FROM version_change ORDER BY ALL") == [
        (known.arxiv_id, 2, 1, False),
        (known.arxiv_id, 3, 1, True),
        (unknown.arxiv_id, 2, 1, True),
    ]


def test_what_is_left_out_leaves_nothing_else_out(tmp_path: Path) -> None:
    chain = [_paper(n + 1, "A title that they share", WORDS[12 * n : 12 * n + 24]) for n in range(3)]
    near = min(_score(chain[0], chain[1]), _score(chain[1], chain[2])) - 0.001
    assert _score(chain[0], chain[2]) < near
    config = Config(dedup=DedupConfig(near_threshold=near))
    together, one_by_one = _Day(tmp_path / "together.duckdb", config), _Day(tmp_path / "one.duckdb", config)
    together.arrive(*chain)
    for paper in chain:
        one_by_one.arrive(paper)
    assert together.pairs() == one_by_one.pairs() == [("2602.00002", 1, "2602.00001", 1, "near")]


def test_what_the_rule_saw_is_kept(day: _Day) -> None:
    day.arrive(_paper(1, "A title that they share", WORDS))
    day.arrive(_paper(2, "A title that they share", WORDS[:-5]))
    (pair,) = day.sql(
        "SELECT s.score = d.score, title, authors, words > 0.9, body, d.reason LIKE '%score%' "
        "FROM scored_pair AS s JOIN duplicate_pair AS d USING (arxiv_id, other_arxiv_id)"
    )
    assert pair == (True, 1.0, 1.0, True, None, True)
    assert day.sql("SELECT arxiv_id, kind FROM near_duplicate") == [("2602.00002", "near")]


def test_other_bodies_keep_a_paper_and_make_it_borderline(day: _Day) -> None:
    one, other = _paper(1, "A title that they share", WORDS), _paper(2, "A title that they share", WORDS[:-5])
    day.arrive(one, other, bodies={one.arxiv_id: BODY, other.arxiv_id: OTHER_BODY})
    assert day.pairs() == []
    assert day.sql("SELECT arxiv_id, other_arxiv_id, body_shared FROM borderline_pair") == [
        ("2602.00002", "2602.00001", 0.0)
    ]


def test_the_same_body_is_the_same_text(day: _Day) -> None:
    one, other = _paper(1, "A title that they share", WORDS), _paper(2, "A title that they share", WORDS[:-5])
    day.arrive(one, bodies={one.arxiv_id: BODY})
    day.arrive(other, bodies={other.arxiv_id: [*BODY, "more"]})
    assert day.pairs() == [("2602.00002", 1, "2602.00001", 1, "exact")]


def test_a_refused_pair_is_kept_now_and_later(day: _Day) -> None:
    one, other = _paper(1, "A title that they share", WORDS), _paper(2, "A title that they share", WORDS[:-5])
    day.arrive(one, other)
    assert day.left_out() == [("2602.00002", 1)]
    assert day.judge("2602.00002", "2602.00001", "refused") is True
    assert day.judge("2602.00001", "2602.00002", "refused") is False
    assert day.left_out() == []
    day.arrive(_paper(2, "A title that they share", WORDS[:-20], version=2))
    assert day.left_out() == []
    assert day.judge("2602.00001", "2602.00002", "confirmed") is True
    assert day.left_out() == [("2602.00002", 1), ("2602.00002", 2)]


def test_a_confirmed_pair_leaves_out_the_later_paper_in_every_version(day: _Day) -> None:
    one, other = _paper(7, "A title of its own", WORDS[:20]), _paper(2, "Quite another name", WORDS[-20:])
    day.arrive(one)
    day.arrive(other)
    assert day.left_out() == []
    day.judge(one.arxiv_id, other.arxiv_id, "confirmed")
    assert day.left_out() == [("2602.00002", 1)]
    assert day.sql("SELECT kind, score, reason FROM near_duplicate") == [("near", 1.0, "confirmed by a person")]
    day.arrive(replace(other, version=2, abstract="Another text."), replace(one, version=2, abstract="New words."))
    assert day.left_out() == [("2602.00002", 1), ("2602.00002", 2)]


def test_what_a_person_left_out_is_no_measure(day: _Day) -> None:
    one, other = _paper(1, "A title of its own", WORDS[:20]), _paper(2, "Quite another name", WORDS[-20:])
    day.arrive(one, other)
    day.judge(one.arxiv_id, other.arxiv_id, "confirmed")
    day.arrive(replace(other, arxiv_id="2602.00003"))
    assert ("2602.00003", 1) not in day.left_out()


def test_a_judgement_needs_two_papers_of_the_store(day: _Day) -> None:
    day.arrive(_paper(1, "A title of its own", WORDS))
    with pytest.raises(StoreError, match=r"2602\.00009 is not in the store"):
        day.judge("2602.00001", "2602.00009", "confirmed")
    with pytest.raises(StoreError, match="given twice"):
        day.judge("2602.00001", "2602.00001", "refused")


def test_lots_and_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    papers_ = [_paper(n, f"A title that they share {n % 3}", WORDS[n % 3 :: 3] + WORDS[: n % 2]) for n in range(1, 12)]
    whole = _Day(tmp_path / "whole.duckdb", Config())
    whole.arrive(*papers_)
    monkeypatch.setattr(dedup_stage, "_LOT", 2)
    monkeypatch.setattr(duplicates, "BLOCK_ROWS", 3)
    in_lots = _Day(tmp_path / "lots.duckdb", Config())
    in_lots.arrive(*papers_)
    assert whole.pairs() == in_lots.pairs() != []
    compared = "SELECT arxiv_id, n_compared FROM dedup_check ORDER BY 1"
    assert whole.sql(compared) == in_lots.sql(compared)


def test_the_same_pdf_is_found_whatever_the_words_say(day: _Day) -> None:
    one, other = _paper(1, "A title of its own", WORDS[:10]), _paper(2, "Nothing like it at all", WORDS[-10:])
    day.arrive(one, pdfs={"2602.00001": "a" * 64})
    day.arrive(other, pdfs={"2602.00002": "a" * 64})
    assert day.pairs() == [("2602.00002", 1, "2602.00001", 1, "exact")]


def test_the_same_title_is_found_whatever_its_marks(day: _Day) -> None:
    titles = ("“Éclairs” of sound: in rooms", "Eclairs of Sound in Rooms", "Eclairs of Sound", "…", "?")
    papers_of_day = [_paper(n, title, WORDS[n * 10 : n * 10 + 10]) for n, title in enumerate(titles, start=1)]
    day.arrive(*papers_of_day)
    keys = [(paper.arxiv_id, paper.version) for paper in papers_of_day]
    with day.store.read() as con:
        found = duplicates.same_traits(con, FakeEncoder().model.sha256, keys)
    assert sorted(found) == [(keys[0], keys[1]), (keys[1], keys[0])]
