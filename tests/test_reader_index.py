"""The search index: what it finds, how large it gets, and that no text can break out of it."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from test_publish import a_paper

from summarizer.publish.reader.index import LIMITS, SearchIndex, part_of, terms
from summarizer.reading import MadeText, PaperReading
from summarizer.records import Task

CALL = re.compile(r'readerSearch\.take\("(\w+)",(.*)\);\n', re.DOTALL)


def a_reading(number: int, texts: dict[Task, str] | None = None, **changes: object) -> PaperReading:
    paper = a_paper(**{"arxiv_id": f"2602.{number:05d}", **changes})
    made: dict[Task, MadeText] = {task: MadeText(task, text) for task, text in (texts or {}).items()}
    return PaperReading(paper, "shown", (date(2026, 2, 12),), made)


class Searched:
    """The files of an index, read back."""

    def __init__(self, *readings: PaperReading) -> None:
        index = SearchIndex()
        index.add(date(2026, 2, 12), readings)
        self.files = dict(index.files())
        self.meta: dict[str, object] = {}
        self.terms: dict[int, dict[str, str]] = {}
        self.cards: list[list[object]] = []
        for data in self.files.values():
            found = CALL.fullmatch(data.decode())
            assert found is not None
            arguments = json.loads(f"[{found[2]}]")
            if found[1] == "index":
                self.meta = arguments[0]
            elif found[1] == "terms":
                self.terms[arguments[0]] = arguments[1]
            else:
                self.cards.extend(arguments[1])

    def find(self, term: str) -> dict[int, int]:
        """Number of each paper that has the term, with the bits of its fields."""
        n_parts = self.meta["parts"]
        assert isinstance(n_parts, int)
        found: dict[int, int] = {}
        number = 0
        for word in self.terms[part_of(term, n_parts)].get(term, "").split():
            value = int(word, 36)
            number += value >> len(LIMITS)
            found[number] = value & ((1 << len(LIMITS)) - 1)
        return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Speech-to-Text, GPT-4o", ["speech", "to", "text", "gpt", "4o"]),
        ("语音增强", ["语音", "音增", "增强", "强"]),
        ("用Whisper做ASR", ["用", "whisper", "做", "asr"]),
        ("Défossez Ångström ﬁne", ["defossez", "angstrom", "fine"]),
        ("ＡＢＣ１２", ["abc12"]),
        ("12.5% $F_0$", ["12", "5", "f", "0"]),
        ("𠀋字", ["𠀋字", "字"]),
        ("", []),
    ],
)
def test_terms(text: str, wanted: list[str]) -> None:
    assert list(terms(text)) == wanted


def test_every_field_is_found_and_told_apart() -> None:
    reading = a_reading(
        1,
        {"translation": "甲乙译文", "background": "背景", "results": "**结果**"},
        title="Titled",
        authors=("Ann Author",),
        abstract="Abstracted",
    )
    searched = Searched(a_reading(0), reading)
    bits = {name: 1 << bit for bit, name in enumerate(LIMITS)}
    assert searched.find("titled") == {1: bits["title"]}
    assert searched.find("abstracted") == {1: bits["en"]}
    assert searched.find("甲乙") == {1: bits["zh"]}
    assert searched.find("背景") == searched.find("结果") == {1: bits["breakdown"]}
    assert searched.find("ann") == {0: bits["authors"], 1: bits["authors"]}  # both test papers have this author
    assert searched.find("00001") == {1: bits["title"]}
    assert searched.find("absent") == {}


def test_papers_far_apart_keep_their_numbers() -> None:
    searched = Searched(*(a_reading(n, title="rare" if n in (0, 1, 700) else "common") for n in range(701)))
    assert list(searched.find("rare")) == [0, 1, 700]
    assert len(searched.cards) == 701
    assert searched.cards[700][0] == "papers/2602.00700v1.html"


def test_long_texts_count_up_to_their_limit() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(LIMITS["zh"] + 500))
    searched = Searched(a_reading(1, {"translation": text}))
    assert searched.find(text[LIMITS["zh"] - 2 : LIMITS["zh"]])
    assert not searched.find(text[LIMITS["zh"] + 100 : LIMITS["zh"] + 102])


def test_an_endless_word_does_not_swell_the_index() -> None:
    searched = Searched(a_reading(1, abstract="x" * 5_000))
    assert max(len(term) for part in searched.terms.values() for term in part) <= 40


def test_nothing_in_a_file_can_end_a_script() -> None:
    attack = "</script><script>alert(1)</script> <!-- \u2028\u2029 & ]]>"
    searched = Searched(a_reading(1, {"translation": attack}, title=attack, authors=(attack,), categories=(attack,)))
    for data in searched.files.values():
        text = data.decode()
        assert not set("<>&\u2028\u2029") & set(text)
        assert text.count("\n") == 1
    assert searched.cards[0][1] == " ".join(attack.split())  # and it comes back as it was


def test_names_that_objects_have_anyway_are_no_surprise() -> None:
    searched = Searched(a_reading(1, title="constructor __proto__ toString"))
    assert searched.find("constructor")
    assert searched.find("proto")
