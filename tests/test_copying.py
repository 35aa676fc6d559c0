"""Copy-only decoding over a toy vocabulary: random walks over the allowed tokens."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.llm.copying import CopyRule
from summarizer.llm.vocabulary import Vocabulary, is_free, split_free

TERMS = (
    "SCRAPL",
    "TR-808",
    "63.5%",
    "63",
    "3",
    "5",
    "https://x.y/z",
    "$\\mathcal{L}$",
    "chimera++",
    "GPT-4",
    "GPT",
    "α-β",
    "-7",
)
_WORDS = (
    "中", "文", "模型", "。", "，", " 中", ", ", "**", "\n", " (", "%，", "％", "+", "−", "://", "++", "-", ".", "$\\", "}$",
    "SC", " SC", "RAP", "L", "TR", " TR", "-8", "08", "63", " 63", ".5", "5%", "3.", "3.7", "7", "math", "cal", "{L",
    "GPT", " GPT", "-4", "chim", "era", "era++", "++。", "the", " the", "Я", "é", "か", "한", "Ａ", "１", "①", "²", "😀", "α",
    "3，", "(3", "L)", "L。5", "中3", "ttps", "h",
)  # fmt: skip
PIECES = (
    [b"", b""]
    + [bytes((b,)) for b in range(256)]
    + [w.encode() for w in _WORDS]
    + ["中".encode()[:2], "，".encode()[:2], " 中".encode()[:3], "か".encode()[:2], "𠀀".encode()[:2]]
)
END = 0
VOCABULARY = Vocabulary(PIECES, [END])


def allowed_ids(rule: CopyRule, state: object) -> list[int]:
    allowed = rule.allowed(state)  # type: ignore[arg-type]
    free = [] if allowed.bias is None else np.flatnonzero(allowed.bias == 0).tolist()
    return sorted(set(free) | set(allowed.ids.tolist()))


def accepts(rule: CopyRule, text: str | bytes) -> bool:
    encoded = text.encode() if isinstance(text, str) else text
    return rule.may_end(rule.read(rule.start, encoded))


def is_covered(text: str, terms: tuple[str, ...]) -> bool:
    """Whether every run of letters and digits, with points and commas inside numbers, lies inside one copy of a term."""
    copies = [(at, at + len(t)) for t in terms for at in range(len(text)) if text.startswith(t, at)]
    runs = re.finditer(r"[A-Za-z0-9]+(?:(?<=\d)[.,](?=\d)[A-Za-z0-9]+)*", text)
    return all(any(first <= run.start() and run.end() <= last for first, last in copies) for run in runs)


@settings(max_examples=200, deadline=None)
@given(
    terms=st.lists(st.sampled_from(TERMS), unique=True, max_size=8),
    made_up=st.lists(st.text("ab12.-%", min_size=1, max_size=5), max_size=3),
    seed=st.integers(0, 2**32),
    n_steps=st.integers(1, 40),
)
def test_random_walks_copy_and_can_always_end(terms: list[str], made_up: list[str], seed: int, n_steps: int) -> None:
    rule = CopyRule(VOCABULARY, [*terms, *made_up])
    choose = random.Random(seed)
    state, text, n_extra = rule.start, b"", 0
    while n_steps or not rule.may_end(state):
        n_steps = max(0, n_steps - 1)
        ids = allowed_ids(rule, state)
        assert ids, "nowhere to go"
        assert (END in ids) == rule.may_end(state)
        # the few bound tokens are as likely as the many free ones
        bound = [t for t in rule.allowed(state).ids.tolist() if t != END]
        token = choose.choice(bound) if bound and choose.random() < 0.6 else choose.choice(ids)
        if token == END:
            break
        state = rule.read(state, PIECES[token])
        assert state, "an allowed token was not accepted"
        text += PIECES[token]
        n_extra += n_steps == 0
        assert n_extra < 400
    decoded = text.decode()
    whole_terms = tuple(t.strip() for t in (*terms, *made_up))
    assert all(is_free(c) or any(c in t for t in whole_terms) for c in decoded)
    assert is_covered(decoded, whole_terms), decoded


@settings(max_examples=100, deadline=None)
@given(terms=st.lists(st.sampled_from(TERMS), unique=True, max_size=8), seed=st.integers(0, 2**32))
def test_the_search_finds_exactly_what_reading_accepts(terms: list[str], seed: int) -> None:
    rule = CopyRule(VOCABULARY, terms)
    choose = random.Random(seed)
    state = rule.start
    for _ in range(12):
        ids = [t for t in allowed_ids(rule, state) if t != END]
        accepted = [t for t in range(1, len(PIECES)) if PIECES[t] and rule.read(state, PIECES[t])]
        assert ids == accepted
        bound = rule.allowed(state).ids.tolist()
        state = rule.read(state, PIECES[choose.choice(bound or ids)])


@pytest.mark.parametrize(
    "text",
    [
        "", "提出了SCRAPL。", "使用 TR-808 和 GPT-4，以及GPT。", "准确率为63.5%，另有63个", "3。", "3.", "（3）", "3, 5", "3、5",
        "3～5", "**SCRAPL**：", "公式$\\mathcal{L}$中", "chimera++与chimera++", "见https://x.y/z。", "GPT-",
        "参数α-β", "为-7", "SCRAPL-中",
    ],
)  # fmt: skip
def test_accepted(text: str) -> None:
    assert accepts(CopyRule(VOCABULARY, TERMS), text)


@pytest.mark.parametrize(
    "text",
    [
        "the", "SCRAP", "SCRAPLs", "scrapl", "TR-809", "TR-", "635", "3.5", "3.7", "3,5", "3/5", "63%", "3%", "3％", "63.5",
        "5-3",
        "-5", "−5", ".5", "+3", "GPT5", "GPT-3", "SCRAPL-3", "SCRAPL/GPT",
        "3x", "一α", "Я", "か", "Ａ", "１", "①", "3²",
        "😀", "\x00", "\ufffd", "63.5%5",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    rule = CopyRule(VOCABULARY, TERMS)
    assert not accepts(rule, text)


def test_no_terms_leave_free_text_only() -> None:
    rule = CopyRule(VOCABULARY, ())
    allowed = rule.allowed(rule.start)
    texts = {PIECES[t] for t in allowed_ids(rule, rule.start)}
    assert {"中".encode(), "。".encode(), b" ", b"\n", "模型".encode()} <= texts
    assert not any(re.search(rb"[A-Za-z0-9]", piece) for piece in texts)
    assert allowed.bias is not None


def test_a_term_that_cannot_be_spelled_is_left_out() -> None:
    vocabulary = Vocabulary([b"", "中".encode(), b"a", b"b", b"abx"], [0])
    rule = CopyRule(vocabulary, ("ab", "abx", "--"))
    assert accepts(rule, "中ab中")
    assert not rule.read(rule.start, b"abx")


def test_an_unfinished_character_needs_a_vocabulary_that_can_finish_it() -> None:
    half = "中".encode()[:2]
    rule = CopyRule(Vocabulary([b"", half, "中".encode()], [0]), ())
    assert allowed_ids(rule, rule.start) == [0, 2]
    assert split_free(half) == ("", half)
    assert split_free("か".encode()) is None
