"""Identifiers, canonical JSON and the text normaliser."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer import ids, text

NEW = st.from_regex(r"\A(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.[0-9]{4}\Z") | st.from_regex(
    r"\A(?:1[5-9]|[2-8][0-9])(?:0[1-9]|1[0-2])\.[0-9]{5}\Z"
)
OLD = st.from_regex(r"\A(?:hep-th|math\.GT|math-ph|cs|q-bio\.NC)/(?:9[1-9]|0[0-7])(?:0[1-9]|1[0-2])[0-9]{3}\Z")
LOCAL = st.from_regex(r"\Alocal\.[0-9a-f]{12}\Z")
VERSION = st.integers(1, 9999)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("2602.11145v2", ("2602.11145", 2)),
        ("2602.11145", ("2602.11145", None)),
        (" arXiv:0704.0001v12\n", ("0704.0001", 12)),
        ("hep-th/9901001v1", ("hep-th/9901001", 1)),
        ("math.GT/0309136", ("math.GT/0309136", None)),
    ],
)
def test_parse_arxiv_id(given_text, expected):
    assert ids.parse_arxiv_id(given_text) == expected


@pytest.mark.parametrize(
    "given_text",
    [
        "",
        "2613.11145",
        "2600.11145",
        "2602.111",
        "2602.111450",
        "2602.11145v0",
        "2602.11145v",
        "2602.11145v12345",
        "٢٦٠٢.١١١٤٥",
        "2602.11145v٢",
        "hep-th9901001",
        "../2602.11145",
        "2602.11145\n2602.11146",
        "abc",
        "local.0123456789ab",
    ],
)
def test_what_is_no_arxiv_id(given_text):
    with pytest.raises(ValueError, match="not an arXiv identifier"):
        ids.parse_arxiv_id(given_text)


@given(NEW | OLD, st.none() | VERSION)
def test_parse_undoes_versioned(arxiv_id, version):
    written = arxiv_id if version is None else ids.versioned(arxiv_id, version)
    assert ids.parse_arxiv_id(written) == (arxiv_id, version)
    assert ids.is_paper_id(arxiv_id)
    assert not ids.is_local(arxiv_id)


@given(NEW | OLD | LOCAL, VERSION, st.sampled_from(["", ".pdf", "_a.pdf", "-x.PDF", " (1).pdf"]))
def test_id_at_start_undoes_file_stem(arxiv_id, version, rest):
    stem = ids.file_stem(arxiv_id, version)
    assert "/" not in stem
    assert ids.id_at_start(stem + rest) == (arxiv_id, version)
    assert ids.id_at_start(stem.rpartition("v")[0] + rest) == (arxiv_id, None)
    assert ids.is_paper_id(arxiv_id)


@pytest.mark.parametrize(
    "name",
    [
        "paper.pdf",
        "scan_2003001.pdf",
        "paper_2001123.pdf",
        "2012.1231_notes.pdf",
        "1706.037621.pdf",
        "1706.0376.pdf",
        "x1706.03762.pdf",
        "1706.03762a.pdf",
        "1706.03762v.pdf",
        "hep-th_9901001version.pdf",
        "is2025_storm.pdf",
        "",
        "cs.pdf",
    ],
)
def test_names_that_carry_no_id(name):
    assert ids.id_at_start(name) is None


def test_local_id():
    local = ids.local_id("0123456789abcdef" * 4)
    assert local == "local.0123456789ab"
    assert ids.is_local(local)
    assert ids.is_paper_id(local)
    assert not ids.is_paper_id(local + "c")
    assert not ids.is_paper_id("2602.11145v1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("aé中"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("aé中", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_reads_back(value):
    written = ids.canonical_json(value)
    assert json.loads(written) == value
    assert ids.canonical_json(json.loads(written)) == written


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5))
def test_canonical_json_knows_no_order(value):
    backwards = dict(reversed(value.items()))
    assert ids.canonical_json(value) == ids.canonical_json(backwards)


def test_content_hash():
    assert ids.content_hash({"b": 1, "a": "中"}) == ids.content_hash({"a": "中", "b": 1})
    # sha256sum of {"a":1}
    assert ids.content_hash({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    with pytest.raises(ValueError, match="Out of range"):
        ids.content_hash(float("nan"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\r\nb\rc\x0cd\x85e\u2028f", "a\nb\nc\nd\ne\nf"),
        ("ef\ufb01cient o\ufb04ine", "efficient offline"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
        ("soft\u00adhyphen, zero\u200bwidth, \ufeffmark", "softhyphen, zerowidth, mark"),
        ("\u202eabc\u202c \u2066x\u2069", "abc x"),
        ("\ud800a\x00b\ufffd", "ab"),
        ("  a \t\u00a0 b  \n\n  c ", "a b\n\nc"),
        ("", ""),
    ],
)
def test_normalise(raw, expected):
    assert text.normalise(raw) == expected


@given(st.text(st.characters()))
def test_normalise_is_stable(raw):
    once = text.normalise(raw)
    assert text.normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()  # always valid UTF-8
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in once if c != "\n")


@given(st.text())
def test_one_line_is_one_line(raw):
    line = text.one_line(raw)
    assert len(line.splitlines()) <= 1
    assert text.one_line(line) == line
    assert line.split() == text.normalise(raw).split()


def test_comparison_key():
    assert text.comparison_key("Über-Net:  A “Naïve” Café") == text.comparison_key("uber net a naive cafe\u0301")
    assert text.comparison_key("GPT-4 vs. GPT_4") == "gpt 4 vs gpt 4"
    assert text.comparison_key("语音识别，综述") == "语音识别 综述"
    assert text.comparison_key("Net 1") != text.comparison_key("Net 2")


@given(st.text())
def test_comparison_key_is_stable(raw):
    key = text.comparison_key(raw)
    assert text.comparison_key(key) == key
    assert text.comparison_key(text.normalise(raw)) == key
