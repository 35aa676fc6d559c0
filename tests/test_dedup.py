"""Which earlier papers count as repeated, which are borderline, and which must be left alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.embed import Earlier, Finding, Profile, content_key, find_duplicates
from summarizer.embed.duplicates import BORDERLINE_SCORE, LIKE_BODY, NEAR_SCORE, OTHER_BODY, SAME_BODY, rule_score
from summarizer.embed.likeness import Likeness
from summarizer.records import Paper

ABSTRACT = (
    "We measure how decoding speed grows with the number of sequences in a batch. On two cores the rate doubles from one "
    "sequence to sixteen, since the weights are read only once for all of them. We explain where attention takes over, "
    "show how prompts that share a prefix are computed once, and give a rule for choosing the size of a batch."
)
REVISED = (
    "How does decoding speed grow with the number of sequences in a batch? On two cores the rate doubles from one sequence "
    "to sixteen, since the weights are read only once for all of them. Where attention takes over we measure, and we add "
    "a rule for choosing the size of a batch. Prompts that share a prefix are computed once."
)
OTHER_ABSTRACT = (
    "Speech enhancement removes noise from recordings. We train a small recurrent network on rooms that were never seen "
    "and compare it with larger ones by listening tests. It runs on a telephone and needs no server of its own at all."
)
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
OTHER = replace(PAPER, arxiv_id="2601.99999", title="Enhancing Speech on Telephones", abstract=OTHER_ABSTRACT)
REVISION = replace(PAPER, arxiv_id="2601.99999", abstract=REVISED)
ALIKE = Likeness(0.95, 1.0, 1.0, 0.8, 0.8, same_title=True)


def against(other: Paper, cosine: float | None = None, pdf: str | None = None, body: float | None = None) -> Earlier:
    return Earlier(Profile(other), cosine, pdf, body)


def find(paper: Paper, *earlier: Earlier, **options: object) -> list[Finding]:
    return find_duplicates(Profile(paper), earlier, **options)  # type: ignore[arg-type]


def kinds(paper: Paper, *earlier: Earlier, **options: object) -> list[str]:
    return [finding.pair.kind if finding.pair else "borderline" for finding in find(paper, *earlier, **options)]


def test_same_id_and_other_version_is_a_new_version_whatever_the_cosine() -> None:
    (found,) = find(replace(PAPER, version=2), against(PAPER, 0.1))
    assert found.pair is not None
    assert (found.pair.kind, found.pair.version, found.pair.other_version, found.pair.score) == (
        "new_version",
        2,
        1,
        0.1,
    )
    assert found.pair.reason == "same arXiv id as 2602.00001v1"


def test_a_retitled_version_says_so() -> None:
    (found,) = find(replace(PAPER, version=2, title="Batches"), against(PAPER, 0.9))
    assert found.pair is not None
    assert found.pair.reason == "same arXiv id as 2602.00001v1, retitled"


def test_paper_is_no_duplicate_of_itself() -> None:
    assert find(PAPER, against(PAPER, 1.0)) == []


def test_same_words_in_other_case_and_punctuation_are_exact() -> None:
    copy = replace(PAPER, arxiv_id="2601.99999", title=PAPER.title.upper(), abstract=ABSTRACT.replace(".", " !"))
    (found,) = find(PAPER, against(copy))
    assert found.pair is not None
    assert (found.pair.kind, found.pair.score) == ("exact", 1.0)


def test_same_abstract_under_another_title_is_exact_unless_it_is_a_phrase() -> None:
    retitled = replace(PAPER, arxiv_id="2601.99999", title="Quite Another Name")
    (found,) = find(PAPER, against(retitled, 0.9))
    assert found.pair is not None
    assert (found.pair.kind, found.pair.reason) == ("exact", "same abstract as 2601.99999v1, another title")
    withdrawn = "This paper has been withdrawn by the authors."
    one, other = replace(PAPER, abstract=withdrawn), replace(OTHER, abstract=withdrawn, authors=("Carl Else",))
    assert "exact" not in kinds(one, against(other, 0.5))


def test_same_pdf_is_exact() -> None:
    assert kinds(PAPER, against(OTHER, 0.2, "ab"), pdf_sha256="ab") == ["exact"]
    assert kinds(PAPER, against(OTHER, 0.2, "cd"), pdf_sha256="ab") == []
    assert kinds(PAPER, against(OTHER, 0.2, None), pdf_sha256=None) == []


def test_a_revised_text_is_near_and_explained() -> None:
    (found,) = find(PAPER, against(REVISION, 0.93))
    assert found.pair is not None
    assert found.score is not None
    assert found.pair.kind == "near"
    assert found.pair.score == found.score.score >= NEAR_SCORE
    assert found.pair.reason.startswith("another text of 2601.99999v1: score ")
    assert "same title, 100% of the authors (2, in the same order), " in found.pair.reason
    assert ", 0 numbers in common, " in found.pair.reason


def test_a_high_cosine_alone_is_not_enough() -> None:
    assert kinds(PAPER, against(replace(OTHER, authors=("Carl Else",)), 0.95)) in ([], ["borderline"])


def test_another_paper_of_the_same_authors_is_none() -> None:
    assert kinds(PAPER, against(OTHER, 0.5)) == []


def test_parts_of_one_work_are_two_papers() -> None:
    one, two = (
        replace(PAPER, title="Decoding in Batches, Part I: Speed"),
        replace(REVISION, title="Decoding in Batches, Part II: Speed"),
    )
    assert kinds(one, against(two, 0.95)) == ["borderline"]
    assert kinds(one, against(replace(two, title=one.title), 0.95)) == ["near"]


def test_reports_of_one_group_under_a_short_title_are_not_near() -> None:
    one, two = replace(PAPER, title="Technical Report"), replace(OTHER, title="Technical report")
    assert "near" not in kinds(one, against(two, 0.6))


def test_threshold_can_be_set() -> None:
    (found,) = find(PAPER, against(REVISION, 0.93))
    assert found.score is not None
    assert kinds(PAPER, against(REVISION, 0.93), near_threshold=1.0) == ["borderline"]


@pytest.mark.parametrize(
    ("body", "kind"), [(SAME_BODY, "exact"), (LIKE_BODY, "near"), (OTHER_BODY, "near"), (OTHER_BODY / 2, "borderline")]
)
def test_the_bodies_have_the_last_word_on_a_near_pair(body: float, kind: str) -> None:
    assert kinds(PAPER, against(REVISION, 0.93, body=body)) == [kind]


def test_the_bodies_raise_a_pair_that_is_not_near() -> None:
    assert kinds(PAPER, against(OTHER, 0.3, body=LIKE_BODY)) == ["near"]
    assert kinds(PAPER, against(OTHER, 0.3, body=LIKE_BODY / 2)) == []


def test_without_abstract_a_high_cosine_is_not_enough() -> None:
    bare = replace(PAPER, abstract="")
    assert kinds(bare, against(OTHER, 0.99)) == []
    assert kinds(bare, against(replace(OTHER, abstract=""), 0.99)) == []
    same_title = replace(OTHER, title=PAPER.title)
    assert kinds(bare, against(same_title, 0.5)) == ["near"]
    assert kinds(bare, against(replace(same_title, authors=("Carl Other",)), 0.99)) == []
    assert kinds(bare, against(replace(same_title, authors=()), 0.99)) == []
    assert content_key(bare) == ""


def test_short_titles_tell_nothing_without_abstract() -> None:
    one, two = (replace(p, title="Technical Report", abstract="") for p in (PAPER, OTHER))
    assert kinds(one, against(two, 0.94)) == []


def test_surest_first() -> None:
    version, exact = replace(PAPER, version=3), replace(PAPER, arxiv_id="2601.00002")
    other_version = replace(REVISION, version=2)
    found = find(PAPER, against(REVISION, 0.9), against(exact), against(version, 0.9), against(other_version, 0.99))
    told = [(f.pair.kind, f.pair.other_version) for f in found if f.pair]
    assert told == [("new_version", 3), ("exact", 1), ("near", 2), ("near", 1)]


@given(st.floats(-1, 1), st.text(max_size=30), st.text(max_size=30))
def test_every_pair_names_both_papers(cosine: float, title: str, abstract: str) -> None:
    other = replace(OTHER, title=title, abstract=abstract)
    for found in find(PAPER, against(other, cosine)):
        told = found.pair or found.score
        assert told is not None
        assert (told.arxiv_id, told.other_arxiv_id) == ("2602.00001", "2601.99999")


@pytest.mark.parametrize("signal", ["cosine", "title", "authors", "shingles"])
def test_more_in_common_is_never_less_sure(signal: str) -> None:
    scores = [rule_score(replace(ALIKE, **{signal: value})) for value in (0.0, 0.3, 0.6, 0.9)]
    assert scores == sorted(scores)


@pytest.mark.parametrize("count", ["n_numbers", "n_authors"])
def test_the_first_in_common_says_more_than_the_tenth(count: str) -> None:
    pair = Likeness(0.7, 0.2, 1.0, 0.2, 0.05, n_authors=1)
    odds = [math.log(x / (1.0 - x)) for x in (rule_score(replace(pair, **{count: n})) for n in (1, 2, 10, 11))]
    assert odds[1] - odds[0] > odds[3] - odds[2] > 0


def test_unknown_authors_are_neither_for_nor_against() -> None:
    pair = Likeness(0.8, 0.5, None, 0.4, 0.3)
    lists = ((0.0, 0, False), (None, 0, False), (1.0, 4, True))
    none, unknown, all_of_them = (
        rule_score(replace(pair, authors=share, n_authors=n, same_authors=same)) for share, n, same in lists
    )
    assert none < unknown < all_of_them


def test_scores_are_probabilities() -> None:
    assert 0.0 < rule_score(Likeness(-1.0, 0.0, 0.0, 0.0, 0.0)) < BORDERLINE_SCORE
    assert NEAR_SCORE < rule_score(ALIKE) < 1.0
    assert rule_score(replace(ALIKE, words=None, shingles=None)) == 0.0
