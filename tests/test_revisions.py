"""What a new version changed: the diff loses no word, and only what matters counts as material."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.revisions import MATERIAL_ABSTRACT, MATERIAL_BODY, change, word_diff

VOCABULARY = ["a", "method", "for", "speech", "with", "noise", "and", "more", "data"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=30).map(" ".join)
ABSTRACT = (
    "We propose a light method for speech enhancement that runs on edge devices. It needs no training data of the target "
    "room. On VoiceBank the word error rate falls from 12.3% to 9.8%, and listeners prefer it. Code: https://a.b/c"
)
BODY = [" ".join(f"word{n}" for n in range(start, start + 100)) for start in range(0, 1000, 100)]


@given(WORDS, WORDS)
def test_a_diff_holds_both_texts(old: str, new: str) -> None:
    spans = word_diff(old, new)
    assert " ".join(s.text for s in spans if s.kind != "old") == new
    assert " ".join(s.text for s in spans if s.kind != "new").split() == old.split()
    assert all(s.text for s in spans)


def test_a_diff_marks_what_was_replaced() -> None:
    spans = word_diff("the error falls to 9.8% in all rooms", "the error rate falls to 9.1% in all rooms")
    assert [(s.kind, s.text) for s in spans] == [
        ("same", "the error"),
        ("new", "rate"),
        ("same", "falls to"),
        ("old", "9.8%"),
        ("new", "9.1%"),
        ("same", "in all rooms"),
    ]


def test_a_single_word_between_two_changes_is_no_island() -> None:
    spans = word_diff("start one of two end here", "start three of four end here")
    assert [(s.kind, s.text) for s in spans] == [
        ("same", "start"),
        ("old", "one of two"),
        ("new", "three of four"),
        ("same", "end here"),
    ]


def test_case_punctuation_and_addresses_are_no_change() -> None:
    found = change(("A Title", ABSTRACT), ("A title.", ABSTRACT.upper().replace("HTTPS://A.B/C", "this https URL")))
    assert (found.abstract, found.numbers, found.title, found.material) == (0.0, False, False, False)
    assert found.described == "same abstract"


def test_one_other_number_is_material() -> None:
    found = change(("T", ABSTRACT), ("T", ABSTRACT.replace("9.8%", "9.1%")))
    assert found.abstract < MATERIAL_ABSTRACT
    assert found.numbers
    assert found.material


def test_some_other_words_are_not_many_are() -> None:
    assert not change(("T", ABSTRACT), ("T", ABSTRACT.replace("light", "small"))).material
    longer = f"{ABSTRACT} We also show that the method works for music, and we release all data and models."
    found = change(("T", ABSTRACT), ("T", longer))
    assert not found.numbers
    assert found.material


@pytest.mark.parametrize(("n_new", "material"), [(0, False), (1, False), (4, True)])
def test_a_body_with_much_new_text_is_material(n_new: int, material: bool) -> None:
    new = BODY + [" ".join(f"other{n}" for n in range(i * 100, i * 100 + 100)) for i in range(n_new)]
    found = change(("T", ABSTRACT), ("T", ABSTRACT), BODY, new)
    assert found.body is not None
    assert (found.body > MATERIAL_BODY) == found.material == material


def test_bodies_that_were_not_read() -> None:
    assert change(("T", ABSTRACT), ("T", ABSTRACT), BODY, []).body is None
    assert not change(("T", ABSTRACT), ("T", ABSTRACT), BODY, []).material
    first_read_now = change(("T", ABSTRACT), ("T", ABSTRACT), ["scan"], BODY)
    assert first_read_now.body_is_new
    assert first_read_now.material


def test_retitled_is_told() -> None:
    found = change(("T", ABSTRACT), ("Another", ABSTRACT))
    assert found.title
    assert not found.material
    assert found.described == "retitled, same abstract"
