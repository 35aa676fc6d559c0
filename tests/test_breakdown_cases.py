"""benchmarks/cases: every case can be read, and its figures stand in the paper."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from conftest import ROOT

ANSWERS = {"background", "method", "results"}
FIGURE = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])", re.ASCII)

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for file in sorted((ROOT / "benchmarks" / "cases").glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]


def matches(patterns: list[str], answer: str) -> bool:
    text = unicodedata.normalize("NFKC", answer)
    return all(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def case_of(start: str) -> dict[str, Any]:
    return next(case for case in CASES if case["pdf"].startswith(start))


def figures(pattern: str) -> set[str]:
    """Figures that a pattern names: groups that only look around are no part of what it finds."""
    literal = re.sub(r"\(\?<?[!=][^()]*\)|\{\d+,?\d*\}|\[[^\]]*\][*+?]?", " ", pattern)
    literal = re.sub(r"\\([.,%\-+])", r"\1", literal)
    literal = re.sub(r"\\[A-Za-z][*+?]?", " ", literal)
    return set(FIGURE.findall(literal))


@pytest.mark.parametrize("case", CASES, ids=[case["pdf"] for case in CASES])
def test_a_case_is_well_formed(case: dict[str, Any]) -> None:
    assert set(case) == {"pdf", "title", "facts", "never", "limits"}
    assert case["title"]
    assert case["limits"].keys() == ANSWERS
    assert all(limit > 0 for limit in case["limits"].values())
    assert 6 <= len(case["facts"]) <= 12
    assert {fact["task"] for fact in case["facts"]} == ANSWERS
    for item in case["facts"] + case["never"]:
        assert set(item) == {"task", "says", "patterns"}
        assert item["task"] in (ANSWERS if item in case["facts"] else ANSWERS | {"any"})
        assert item["says"]
        assert item["patterns"]
        for pattern in item["patterns"]:
            re.compile(pattern, re.IGNORECASE)
            assert not matches([pattern], ""), "a pattern that is always there says nothing"
            assert unicodedata.normalize("NFKC", pattern) == pattern, "searched in NFKC text: would never be found"
    facts = [json.dumps(fact["patterns"]) + fact["task"] for fact in case["facts"]]
    assert len(set(facts)) == len(facts)


def test_there_are_cases_and_each_paper_once() -> None:
    files = [case["pdf"] for case in CASES]
    assert len(set(files)) == len(files) >= 20


def test_the_words_of_the_says_are_no_answer() -> None:
    """A title or an empty phrase must not find facts: else they measure nothing."""
    for case in CASES:
        found = sum(
            matches(fact["patterns"], f"本文研究{case['title']}，并取得了良好的效果。") for fact in case["facts"]
        )
        assert found <= len(case["facts"]) / 3, case["pdf"]


@pytest.mark.corpus
@pytest.mark.parametrize("case", CASES, ids=[case["pdf"] for case in CASES])
def test_figures_stand_in_the_paper(case: dict[str, Any], corpus: Path) -> None:
    with pymupdf.open(corpus / "pdf" / "papers" / case["pdf"]) as document:
        text = unicodedata.normalize("NFKC", "\n".join(page.get_text() for page in document))
    there = set(re.findall(r"\d+(?:[.,]\d+)*", text))
    there |= {figure.replace(",", "") for figure in there}
    for fact in case["facts"]:
        for pattern in fact["patterns"]:
            named = figures(pattern)
            assert not named or named & there, (fact["says"], named)


def unrelated_answers(corpus: Path) -> dict[str, list[str]]:
    """Answers about 262 other papers, by question: those breakdowns that come in three numbered parts."""
    answers: dict[str, list[str]] = {"background": [], "method": [], "results": []}
    with gzip.open(corpus / "reference/zh_reference.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text = unicodedata.normalize("NFKC", json.loads(line)["zh_breakdown"])
            parts = [part for part in re.split(r"(?m)^\s*\**\s*[123]\)", text) if part.strip()]
            if len(parts) == 3:
                for task, part in zip(answers, parts, strict=True):
                    answers[task].append(part)
    return answers


@pytest.mark.corpus
def test_facts_are_not_found_by_chance(corpus: Path) -> None:
    """What stands in every answer measures nothing: facts of one paper are hardly ever in the answers about others."""
    answers = unrelated_answers(corpus)
    assert len(answers["method"]) > 200
    shares = {}
    for case in CASES:
        for fact in case["facts"]:
            patterns = [re.compile(pattern, re.IGNORECASE) for pattern in fact["patterns"]]
            found = sum(all(p.search(answer) for p in patterns) for answer in answers[fact["task"]])
            shares[case["pdf"], fact["says"]] = found / len(answers[fact["task"]])
    assert {key: share for key, share in shares.items() if share > 0.2} == {}
    assert sum(shares.values()) / len(shares) < 0.04


#: Right answers, written by hand: what a case must let pass.
RIGHT: dict[str, dict[str, str]] = json.loads((ROOT / "tests" / "right_answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("pdf", RIGHT)
def test_a_right_answer_has_every_fact_and_breaks_nothing(pdf: str) -> None:
    case, answers = case_of(pdf), RIGHT[pdf]
    assert all(len(answers[task]) <= limit for task, limit in case["limits"].items())
    assert [fact["says"] for fact in case["facts"] if not matches(fact["patterns"], answers[fact["task"]])] == []
    told = [(n, answers.values() if n["task"] == "any" else [answers[n["task"]]]) for n in case["never"]]
    assert [n["says"] for n, looked_at in told if any(matches(n["patterns"], text) for text in looked_at)] == []


def test_a_wrong_answer_breaks_a_rule() -> None:
    case = case_of("1706.03762")
    wrong = "在英德翻译上达到41.8 BLEU。"
    assert [n["says"] for n in case["never"] if matches(n["patterns"], wrong)] == [
        "the English-French score given to English-German"
    ]


def test_figures_of_a_pattern() -> None:
    assert figures(r"28\.4|3\.5\s*天") == {"28.4", "3.5"}
    assert figures(r"(?<![\d.])74(?!\d)") == {"74"}
    assert figures(r"wav2vec|[^。]{0,12}MFCC|(?<!\d)x") == set()
