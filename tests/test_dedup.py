"""Which earlier papers count as repeated, and which must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.embed import Earlier, content_key, find_duplicates
from summarizer.embed.duplicates import NEAR_COSINE, NEAR_COSINE_SAME_TITLE
from summarizer.records import Paper

ABSTRACT = "We measure how decoding speed grows with the number of sequences in a batch."
PAPER = Paper(
    arxiv_id="2602.00001",
    version=1,
    title="Decoding Many Sequences in One Batch",
    authors=("Ann Author", "Bob Writer"),
    categories=("cs.CL",),
    primary_category="cs.CL",
    submitted_utc=None,
    updated_utc=None,
    abstract=ABSTRACT,
    comment=None,
    links=(),
)
OTHER = replace(PAPER, arxiv_id="2601.99999", title="Batch Decoding, Measured Again", abstract="Another text.")


def kinds(paper: Paper, *earlier: Earlier, **options: object) -> list[str]:
    return [pair.kind for pair in find_duplicates(paper, earlier, **options)]  # type: ignore[arg-type]


def test_same_id_and_other_version_is_a_new_version_whatever_the_cosine() -> None:
    (pair,) = find_duplicates(replace(PAPER, version=2), [Earlier(PAPER, 0.1)])
    assert (pair.kind, pair.arxiv_id, pair.version, pair.other_version, pair.score) == (
        "new_version",
        "2602.00001",
        2,
        1,
        0.1,
    )
    assert pair.reason == "same arXiv id as 2602.00001v1"


def test_paper_is_no_duplicate_of_itself() -> None:
    assert kinds(PAPER, Earlier(PAPER, 1.0)) == []


def test_same_words_in_other_case_and_punctuation_are_exact() -> None:
    copy = replace(PAPER, arxiv_id="2601.99999", title=PAPER.title.upper(), abstract=ABSTRACT.replace(".", " !"))
    (pair,) = find_duplicates(PAPER, [Earlier(copy)])
    assert (pair.kind, pair.score) == ("exact", 1.0)


def test_same_pdf_is_exact() -> None:
    assert kinds(PAPER, Earlier(OTHER, 0.2, "ab"), pdf_sha256="ab") == ["exact"]
    assert kinds(PAPER, Earlier(OTHER, 0.2, "cd"), pdf_sha256="ab") == []
    assert kinds(PAPER, Earlier(OTHER, 0.2, None), pdf_sha256=None) == []


@pytest.mark.parametrize(("cosine", "found"), [(NEAR_COSINE, ["near"]), (NEAR_COSINE - 0.01, []), (None, [])])
def test_near_by_cosine_alone(cosine: float | None, found: list[str]) -> None:
    assert kinds(PAPER, Earlier(OTHER, cosine)) == found


def test_threshold_can_be_set() -> None:
    assert kinds(PAPER, Earlier(OTHER, 0.9), near_threshold=0.9) == ["near"]
    assert kinds(PAPER, Earlier(OTHER, 0.96), near_threshold=0.97) == []


def test_same_title_and_authors_need_less() -> None:
    revised = replace(OTHER, title="Decoding many sequences in one batch")
    assert kinds(PAPER, Earlier(revised, NEAR_COSINE_SAME_TITLE)) == ["near"]
    assert kinds(PAPER, Earlier(revised, NEAR_COSINE_SAME_TITLE - 0.01)) == []
    strangers = replace(revised, authors=("Carl Other", "Dora Else"))
    assert kinds(PAPER, Earlier(strangers, NEAR_COSINE_SAME_TITLE)) == []
    nameless = replace(revised, authors=())
    assert kinds(PAPER, Earlier(nameless, NEAR_COSINE_SAME_TITLE)) == []


def test_short_titles_tell_nothing() -> None:
    one, two = replace(PAPER, title="Technical Report"), replace(OTHER, title="Technical report")
    assert kinds(one, Earlier(two, 0.94)) == []


def test_without_abstract_a_high_cosine_is_not_enough() -> None:
    bare = replace(PAPER, abstract="")
    assert kinds(bare, Earlier(OTHER, 0.99)) == []
    assert kinds(bare, Earlier(replace(OTHER, abstract=""), 0.99)) == []
    same_title = replace(OTHER, title=PAPER.title)
    assert kinds(bare, Earlier(same_title, 0.5)) == ["near"]
    assert kinds(bare, Earlier(replace(same_title, authors=("Carl Other",)), 0.99)) == []
    assert content_key(bare) == ""


def test_surest_first() -> None:
    version, exact = replace(PAPER, version=3), replace(PAPER, arxiv_id="2601.00002")
    earlier = [Earlier(OTHER, 0.96), Earlier(exact), Earlier(version, 0.9), Earlier(replace(OTHER, version=2), 0.99)]
    found = find_duplicates(PAPER, earlier)
    assert [(p.kind, p.other_version) for p in found] == [("new_version", 3), ("exact", 1), ("near", 2), ("near", 1)]


@given(st.floats(-1, 1), st.text(max_size=30), st.text(max_size=30))
def test_every_pair_names_both_papers(cosine: float, title: str, abstract: str) -> None:
    other = replace(OTHER, title=title, abstract=abstract)
    for pair in find_duplicates(PAPER, [Earlier(other, cosine)]):
        assert (pair.arxiv_id, pair.other_arxiv_id) == ("2602.00001", "2601.99999")
        assert "2601.99999v1" in pair.reason
