"""The signals of a pair: what each sees, what it forgives, and what it says when there is nothing to compare."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from summarizer.embed import Profile, body_likeness, likeness
from summarizer.embed.likeness import shingles
from summarizer.records import Paper

PAPER = Paper(
    arxiv_id="2602.00001",
    version=1,
    title="EVA-Flow: Optical Flow from Events",
    authors=("Ann B. Author", "Bob Writer"),
    categories=("cs.CV", "cs.RO"),
    primary_category="cs.CV",
    submitted_utc=None,
    updated_utc=None,
    abstract="Event cameras respond to changes of light. We estimate flow at any time. See https://a.b/c",
    comment=None,
    links=(),
)


def seen(other: Paper, paper: Paper = PAPER, cosine: float = 0.5):  # type: ignore[no-untyped-def]
    return likeness(Profile(paper), Profile(other), cosine)


def test_a_copy_shares_everything() -> None:
    found = seen(replace(PAPER, arxiv_id="2602.00002", title=PAPER.title.upper()))
    assert found.cosine == 0.5
    assert (found.title, found.authors, found.words, found.shingles) == (1.0,) * 4


def test_names_of_authors_may_be_short() -> None:
    found = seen(replace(PAPER, authors=("A. Author", "Carl Other")))
    assert (found.authors, found.n_authors, found.same_authors) == (1 / 3, 1, False)
    assert seen(replace(PAPER, authors=("A. Author", "B. Writer"))).same_authors
    assert not seen(replace(PAPER, authors=("B. Writer", "A. Author"))).same_authors
    assert not seen(replace(PAPER, authors=()), replace(PAPER, authors=())).same_authors
    assert seen(replace(PAPER, authors=("Zoe Author",))).authors == 0.0


def test_nothing_to_compare_is_none() -> None:
    found = seen(replace(PAPER, authors=(), abstract=""))
    assert (found.authors, found.words, found.shingles) == (None, None, None)


def test_numbers_of_two_digits_and_more_are_counted() -> None:
    one = replace(
        PAPER, abstract="Of 1,200 events 87.3% last 5 ms; ResNet50, v2.31 and https://a.b/2024 are none, nor is 2 of 3."
    )
    assert Profile(one).numbers == {"1,200", "87.3"}
    assert seen(replace(one, abstract="87.3 of 40 after 1,200."), one).n_numbers == 2
    assert seen(PAPER, one).n_numbers == 0


def test_addresses_are_no_words() -> None:
    listed = replace(PAPER, abstract=PAPER.abstract.replace("https://a.b/c", "this https URL"))
    assert seen(listed).words == 1.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_signals_are_symmetric_and_in_range(title: str, abstract: str) -> None:
    other = replace(PAPER, title=title, abstract=abstract)
    found = seen(other)
    assert found == likeness(Profile(other), Profile(PAPER), 0.5)
    for value in (found.title, found.authors, found.words, found.shingles):
        assert value is None or 0.0 <= value <= 1.0


def test_shingles_of_short_texts() -> None:
    assert shingles([], 3) == frozenset()
    assert len(shingles(["a"], 3)) == 1
    assert len(shingles(["a", "b", "c", "d"], 3)) == 2


def test_bodies_are_compared_by_runs_of_words() -> None:
    body = [" ".join(f"word{n}" for n in range(400))]
    assert body_likeness(body, [*body, "and an appendix"]) == 1.0
    assert body_likeness(body, [" ".join(f"other{n}" for n in range(400))]) == 0.0
    assert body_likeness(body, ["too short"]) is None
