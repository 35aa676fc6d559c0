"""Glossaries: strict files, terms found as they are written, and those that come with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from summarizer.config import read_config
from summarizer.errors import ConfigError
from summarizer.glossary import (
    NO_GLOSSARY,
    Glossary,
    distinct,
    latin_names,
    load_glossary,
    read_terms,
    standard_folder,
    with_chinese,
)
from summarizer.records import GlossaryTerm
from summarizer.stages.glossaries import glossary_of

GLOSSARY = Glossary(
    [
        GlossaryTerm("text-to-speech", "文本转语音", ("语音合成",)),
        GlossaryTerm("speech", "语音"),
        GlossaryTerm("language model", "语言模型"),
        GlossaryTerm("large language model", "大语言模型"),
        GlossaryTerm("loss", "损失"),
        GlossaryTerm("corpus", "语料库"),
        GlossaryTerm("vision transformer", "视觉Transformer"),
        GlossaryTerm("pitch", "音高"),
        GlossaryTerm("autoregressive", "自回归"),
        GlossaryTerm("Adam", "Adam"),
        GlossaryTerm("frequency", "频率"),
    ]
)


def found(text: str) -> list[tuple[str, str]]:
    return [(one.written, one.zh) for one in GLOSSARY.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Text to speech and text-to-speech.", [("Text to speech", "文本转语音"), ("text-to-speech", "文本转语音")]),
        ("Large Language Models (LLMs)", [("Large Language Models", "大语言模型")]),
        ("language models' losses", [("language models", "语言模型"), ("losses", "损失")]),
        ("corpora of low frequencies", [("corpora", "语料库"), ("frequencies", "频率")]),
        ("text, to speech", [("speech", "语音")]),  # a comma parts the words
        ("PITCH is a dataset, WavPitch too, pitch is not", [("pitch", "音高")]),
        ("autoregressive and non-autoregressive", [("autoregressive", "自回归")]),
        ("adam met Adam", [("Adam", "Adam")]),
        ("see https://a.example/speech and $speech$", []),
        ("speechless", []),
    ],
)
def test_the_longest_term_is_found_as_it_is_written(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected
    assert all(text[one.start : one.end] == one.written for one in GLOSSARY.find(text))


def test_terms_can_take_their_place_in_the_text() -> None:
    text = "A vision transformer for speech; speech matters."
    terms = GLOSSARY.find(text)
    assert with_chinese(text, terms) == "A 视觉Transformer for 语音; 语音 matters."
    assert [one.written for one in distinct(terms)] == ["vision transformer", "speech"]
    assert latin_names(terms) == ("Transformer",)
    assert NO_GLOSSARY.find(text) == []


def written(folder: Path, text: str, name: str = "own.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_has_comments_a_header_and_variants(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffen\tzh\tzh_variants\n# remark\n\nspeech\t语音\t语音/言语 / 话音\nAdam\tAdam\n")
    assert list(read_terms(path)) == [GlossaryTerm("speech", "语音", ("言语", "话音")), GlossaryTerm("Adam", "Adam")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speech 语音\n", "line 1: expected an English term"),
        ("speech\t\n", "line 1: expected an English term"),
        ("# x\na\tb\tc\td\n", "line 2: expected an English term"),
        ("...\t省略\n", "line 1: expected an English term"),
        ("speech\t语音\nspeech\t言语\n", "line 2: 'speech' stands already in line 1"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        load_glossary([path])
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_glossary([tmp_path / "none.tsv"])


def test_a_site_overrides_adds_and_takes_out(tmp_path: Path) -> None:
    written(tmp_path, "Speech enhancement\t言语增强\nfrobnication\t弗罗布\npitch\t-\n")
    config = tmp_path / "config.toml"
    config.write_text('[glossary]\nfiles = ["own.tsv"]\n', encoding="utf-8")
    glossary = glossary_of(read_config(config))
    text = "Speech Enhancement by frobnication of the pitch, with a language model."
    assert [(one.written, one.zh) for one in glossary.find(text)] == [
        ("Speech Enhancement", "言语增强"),
        ("frobnication", "弗罗布"),
        ("language model", "语言模型"),
    ]
    config.write_text('[glossary]\nfiles = ["own.tsv"]\nstandard = false\n', encoding="utf-8")
    only_own = glossary_of(read_config(config))
    assert [one.zh for one in only_own.find(text)] == ["言语增强", "弗罗布"]
    assert only_own.hash != glossary.hash


def test_the_standard_glossaries() -> None:
    paths = sorted(standard_folder().glob("*.tsv"))
    sizes = {path.name: len(list(read_terms(path))) for path in paths}
    assert sizes["machine_learning_en_zh.tsv"] >= 400
    assert sizes["speech_audio_en_zh.tsv"] == 143
    glossary = load_glossary([])
    assert len(glossary) > 650
    keys = [" ".join(re.findall(r"\w+", term.en.lower())) for term in glossary.terms]
    assert len(set(keys)) == len(keys)
    for term in glossary.terms:
        (one,) = glossary.find(term.en)
        assert one.term == term, "a term finds itself"
        assert re.search(r"[\u4e00-\u9fff]", term.zh) or re.fullmatch(r"[A-Za-z-]+", term.zh), term
        assert not any(re.search(r"[，。,\s]", zh) for zh in (term.zh, *term.variants)), term
