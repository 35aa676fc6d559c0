"""Checks of generated text: what each lets pass, what each stops, and how they do on real abstracts."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.checks import CheckContext, chinese_length, missing_names, run_checks, terms_used
from summarizer.checks.negation import turns_negation
from summarizer.checks.numbers import added_numbers, added_numerals, missing_numbers
from summarizer.checks.numerals import numeral_values, spelled_values
from summarizer.records import CheckResult, GlossaryTerm, TermUse

SOURCE = (
    "We propose SCRAPL, a stochastic optimization scheme for efficient evaluation of scattering transforms. On 3 datasets "
    "it reduces the word error rate by 9.32% while using 1.5 million parameters."
)
ANSWER = "本文提出SCRAPL，一种用于高效评估散射变换的随机优化方案。在三个数据集上，它以150万参数将词错误率降低9.32%。"
GOOD = CheckContext("translation", SOURCE, ANSWER, "stop")


def failures(context: CheckContext) -> dict[str, CheckResult]:
    return {r.name: r for r in run_checks(context) if not r.passed}


def hard(context: CheckContext) -> list[str]:
    return [name for name, r in failures(context).items() if r.severity == "hard"]


def with_text(text: str, **changes: object) -> CheckContext:
    return replace(GOOD, text=text, **changes)  # type: ignore[arg-type]


def test_good_translation_passes_everything() -> None:
    results = run_checks(GOOD)
    assert failures(GOOD) == {}
    assert len({r.name for r in results}) == len(results)
    assert all(r.reason == "" for r in results)


@pytest.mark.parametrize("reason", ["length", "loop", "cancelled"])
def test_unfinished_text_fails(reason: str) -> None:
    assert "finish" in hard(replace(GOOD, finish_reason=reason))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", " \n"])
def test_empty_text_fails(text: str) -> None:
    assert {"finish", "language"} <= set(hard(with_text(text)))


# --- language --------------------------------------------------------------------------------------------------------


def test_english_answer_fails() -> None:
    assert {"language", "no_english", "echo"} <= set(hard(with_text(SOURCE)))


def test_sentence_full_of_names_is_chinese() -> None:
    source = "ECAPA-TDNN, WavLM and HuBERT outperform ResNet34 on VoxCeleb1."
    text = "ECAPA-TDNN、WavLM和HuBERT在VoxCeleb1上优于ResNet34。"
    assert failures(CheckContext("translation", source, text, "stop")) == {}


def test_traditional_characters() -> None:
    assert "simplified" in hard(with_text("本文提出一種語音識別與對話訓練方案，與學習無關。"))
    slip = failures(with_text(ANSWER.replace("评估", "評估")))
    assert slip["simplified"].severity == "soft"
    assert "評" in slip["simplified"].reason


def test_english_words_left_over() -> None:
    one = failures(with_text(ANSWER.replace("方案", "scheme")))
    assert (one["no_english"].severity, one["no_english"].reason) == ("soft", "English left over: scheme")
    assert "no_english" in hard(with_text(ANSWER.replace("方案", "optimization scheme")))
    several = ANSWER.replace("方案", "scheme").replace("变换", "transform").replace("高效", "efficient")
    assert "no_english" in hard(with_text(several))
    allowed = with_text(ANSWER.replace("方案", "librosa pyannote"), copy_terms=("librosa", "pyannote"))
    assert "no_english" not in failures(allowed)


@pytest.mark.parametrize(
    "term", ["wav2vec 2.0", "$p_{model}(x)$", "`torch.compile`", "https://a.b/some-page/x.html", "kbps"]
)
def test_names_formulas_and_links_are_no_english(term: str) -> None:
    assert "no_english" not in failures(with_text(f"{ANSWER}（{term}）"))


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1,000 hours", "1000小时"),
        ("1,000 hours", "一千小时"),
        ("1.5 million clips", "150万个片段"),
        ("35K samples", "3.5万个样本"),
        ("a 7B model", "70亿参数模型"),
        ("1.6-billion parameters", "16亿参数"),
        ("20 languages", "二十种语言"),
        ("2 stages", "两个阶段"),
        ("250 clips", "二百五十段"),
        ("2 trillion tokens", "2万亿个词元"),
        ("accuracy of 9.32\\%", "准确率为$9.32\\%$"),
        ("12 percent", "百分之十二"),
        ("in 2024", "于二〇二四年"),
        ("1/4 of the data", "四分之一的数据"),
        ("10-20 dB", "10至20分贝"),
        ("16kHz, 5 ms", "16 kHz，5毫秒"),
        ("10{,}000 steps", "1万步"),
        ("the TR-808, CO2, F1 and wav2vec2", "鼓机"),
        ("(1) first, (2) second", "（一）首先，（二）其次"),
        ("see https://a.b/12345", "见网页"),
        ("0.63 mm$^2$", "0.63平方毫米"),
    ],
)
def test_numbers_that_are_kept(source: str, text: str) -> None:
    assert missing_numbers(source, text) == []


@pytest.mark.parametrize(
    ("source", "text", "missing"),
    [
        ("by 9.32% and 2.25%", "降低9.32%", ["2.25"]),
        ("1.5 million clips", "1500万个片段", ["1.5"]),
        ("in 2024", "近年", ["2024"]),
        ("12 and 12", "若干", ["12"]),
    ],
)
def test_numbers_that_are_missing(source: str, text: str, missing: list[str]) -> None:
    assert missing_numbers(source, text) == missing


@pytest.mark.parametrize(
    ("source", "text", "added"),
    [
        ("two million hours of speech", "200万小时语音", []),
        ("twenty-five languages", "25种语言", []),
        ("cut by half", "降低50%", []),
        ("an order of magnitude", "10倍", []),
        ("in June 2024", "2024年6月", []),
        ("a ratio of 0.5", "50%", []),
        ("Qwen2.5-7B", "Qwen2.5-7B模型", []),
        ("first, second", "1）首先；2）其次", []),
        ("one stage", "分3个阶段", ["3"]),
        ("by 9.32%", "降低93.2%", ["93.2"]),
        ("1.5 million", "15万", ["15"]),
        ("many hours", "3000小时，2025年", ["3000", "2025"]),
        ("see https://a.b/1", "见https://a.b/1。提升35.3%", ["35.3"]),
    ],
)
def test_numbers_that_are_added(source: str, text: str, added: list[str]) -> None:
    assert added_numbers(source, text) == added


def test_numbers_are_hard_in_a_translation_and_soft_in_an_answer() -> None:
    dropped = with_text(ANSWER.replace("9.32%", "若干"))
    assert hard(dropped) == ["numbers_kept"]
    answer = replace(dropped, task="results", pieces=((SOURCE, "x"),))
    assert failures(answer)["numbers_kept"].severity == "soft"
    assert "numbers_kept" not in failures(replace(answer, pieces=()))
    assert "numbers_added" in hard(replace(answer, text=ANSWER + "共88人。"))


@given(st.integers(0, 99_999_999))
def test_a_number_is_found_in_any_chinese_writing(number: int) -> None:
    assert missing_numbers(f"about {number:,} hours", f"约{number}小时") == []
    assert missing_numbers(f"about {number} hours", f"约{_numeral(number)}小时") == []
    assert added_numbers(f"about {number:,} hours", f"约{number}小时") == []
    if number % 1000 == 0:
        assert missing_numbers(f"about {number} hours", f"约{number / 10_000:g}万小时" if number else "零") == []


def _numeral(number: int) -> str:
    """A number below 10**8 in Chinese numerals."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1000 else ""
        return _numeral(high) + "万" + gap + (_numeral(low) if low else "")
    signs, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            signs += ("零" if zero else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = bool(signs)
    return signs or "零"


def test_numerals_and_number_words() -> None:
    assert numeral_values("三点一四，两万五千，十二") == {3.14, 25_000.0, 12.0}
    assert {2e6, 25.0, 300.0} <= spelled_values("Two million, twenty-five, three hundred")


# --- length, repetition, preamble ------------------------------------------------------------------------------------


def test_length() -> None:
    assert chinese_length("共1.5万小时，用 BLEU-4。") == 7
    assert "length" in hard(with_text("本文提出SCRAPL。"))
    assert "length" in hard(with_text(ANSWER * 3))
    assert failures(with_text(ANSWER[:-25]))["length"].severity == "soft"
    short = CheckContext("translation", "It works.", "该方法有效。", "stop")
    assert failures(short) == {}


def test_limit_of_an_answer() -> None:
    answer = replace(GOOD, task="background")
    assert failures(replace(answer, max_chars=200)) == {}
    assert hard(replace(answer, max_chars=30)) == ["limit"]
    assert "length" in hard(replace(answer, text="很好。"))


@pytest.mark.parametrize(
    "text",
    [
        "本文提出一种方法，本文提出一种方法，本文提出一种方法，本文提出一种方法，",
        "该模型在语音识别任务上表现优异。其速度也快。该模型在语音识别任务上表现优异。",
        "该方法非常非常非常非常非常非常好",
        "啊啊啊啊啊啊啊啊啊啊",
        "它在语音识别任务上取得最好结果在语音识别任务上取得最好结果",
    ],
)
def test_loops_fail(text: str) -> None:
    assert "repetition" in hard(with_text(text))


@pytest.mark.parametrize(
    "text",
    [
        "以下是译文：{}",
        "翻译如下：\n{}",
        "好的，{}",
        "Sure! {}",
        "Here is the translation: {}",
        "译文：{}",
        "**中文翻译**：{}",
        "【中文摘要】\n{}",
        "摘要：{}",
        "{}<|im_end|>",
        "{}\nassistant: 完",
        "请将以下英文翻译成中文。{}",
        "{}\n注意：以上译文仅供参考。",
        "{}希望这对您有所帮助！",
        "{}希望以上翻译符合要求。",
    ],
)
def test_preambles_fail(text: str) -> None:
    assert "preamble" in hard(with_text(text.format(ANSWER)))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Background: Speech is rich. Methods: We record it.", "背景：语音内容丰富。方法：我们将其录制。"),
        ("The following tasks are studied.", "研究了以下任务。"),
        ("We must, of course, be careful.", "我们当然必须谨慎。"),
        ("We hope that these results guide design.", "我们希望这些结果能指导设计。"),
    ],
)
def test_ordinary_openings_are_no_preamble(source: str, text: str) -> None:
    assert "preamble" not in failures(CheckContext("translation", source, text, "stop"))


def test_completeness() -> None:
    pieces = (("We propose SCRAPL for sound.", "我们提出SCRAPL。"), ("It works well in practice.", " "))
    assert "completeness" in hard(replace(GOOD, pieces=pieces))
    assert "sentence 2 of 2" in failures(replace(GOOD, pieces=pieces))["completeness"].reason
    assert "completeness" in hard(replace(GOOD, pieces=(("It works well in practice.", "SCRAPL"),)))
    link = (("Code: https://a.b/c", "https://a.b/c"),)
    assert "completeness" not in failures(replace(GOOD, pieces=link))
    assert "completeness" not in {r.name for r in run_checks(replace(GOOD, task="method", pieces=pieces))}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120), st.sampled_from(["translation", "method"]))
def test_checks_take_any_text(source: str, text: str, task: str) -> None:
    context = CheckContext(task, source, text, "stop", ("x",), 200, ((source, text),))  # type: ignore[arg-type]
    results = run_checks(context)
    assert len({r.name for r in results}) == len(results)
    assert all(r.passed == (r.reason == "") and "\n" not in r.reason for r in results)


# --- real abstracts --------------------------------------------------------------------------------------------------


def _reference(corpus: Path) -> list[dict[str, str]]:
    with gzip.open(corpus / "reference/zh_reference.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.corpus
def test_true_translations_pass_every_hard_check(corpus: Path) -> None:
    rows = _reference(corpus)
    pairs = [(r["en_abstract"], r["zh_abstract"]) for r in rows]
    failed = Counter(n for pair in pairs for n in hard(CheckContext("translation", *pair, "stop", pieces=[pair])))
    assert len(rows) == 262
    assert {name: n for name, n in failed.items() if n > 0.03 * len(rows)} == {}


def _loop(text: str) -> str:
    sentences = [s for s in re.split(r"(?<=。)", text) if s]
    return "".join(sentences[:2]) + sentences[-1] * 3


def _half_english(row: dict[str, str]) -> str:
    english, chinese = re.split(r"(?<=\.)\s", row["en_abstract"]), re.split(r"(?<=。)", row["zh_abstract"])
    return "".join(chinese[: len(chinese) // 2]) + " ".join(english[len(english) // 2 :])


def _change_number(text: str) -> str | None:
    found = list(re.finditer(r"(?<![\w.-])\d+(?:\.\d+)?(?=[^\w.]*%)", text, re.ASCII))
    if not found:
        return None
    one = random.Random(text).choice(found)
    return f"{text[: one.start()]}{float(one[0]) + 7.3:g}{text[one.end() :]}"


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("corrupt", "names", "least"),
    [
        (lambda row: _loop(row["zh_abstract"]), {"repetition"}, 0.98),
        (_half_english, {"no_english"}, 0.98),
        (lambda row: _change_number(row["zh_abstract"]), {"numbers_added"}, 0.98),
        (lambda row: row["zh_abstract"][: len(row["zh_abstract"]) // 3], {"length"}, 0.95),
    ],
    ids=["loop", "half English", "number changed", "cut"],
)
def test_damaged_translations_are_caught(
    corpus: Path, corrupt: Callable[[dict[str, str]], str | None], names: set[str], least: float
) -> None:
    rows = [(row, text) for row in _reference(corpus) if (text := corrupt(row))][:60]
    assert len(rows) > 40
    caught = [names <= set(hard(CheckContext("translation", row["en_abstract"], text, "stop"))) for row, text in rows]
    assert sum(caught) >= least * len(rows)


def test_a_hundred_in_another_word_is_no_scale() -> None:
    assert added_numbers("from 14.1 to 10.1 percentage points over 3 km", "从14.1到10.1百分比，超过3千米") == []
    assert added_numbers("models with 1.5 and 0.5 billion parameters", "15亿和5亿参数的模型") == []
    assert added_numbers("models with 1.5 and 0.5 billion parameters", "1.5亿参数的模型") == ["1.5"]
    assert added_numbers("3 dogs", "3千只狗") == ["3"]


# --- names, denials, links, terms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("We run all-MiniLM-L6-v2, wav2vec 2.0 and chimera++ on LibriSpeech.",
         ["all-MiniLM-L6-v2", "wav2vec", "chimera++", "LibriSpeech"]),
        ("HiFi-GANs and GPT-4o beat Qwen2.5-7B-Instruct", ["HiFi-GAN", "GPT-4o", "Qwen2.5-7B-Instruct"]),
        ("LLMs, non-IID data, CNN-based and 2D models at 16 kHz, 3.2 dB, Stage-1, Mel-Spectrograms", []),
        ("see https://a.example/WavLM-2 and $F_0$", []),
    ],
)  # fmt: skip
def test_names_are_told_from_words(source: str, names: list[str]) -> None:
    assert missing_names(source, "什么都没有") == names
    assert missing_names(source, source) == []


def test_a_lost_name_is_hard_for_a_sentence_and_soft_for_a_text() -> None:
    context = CheckContext("translation", "We propose WavLM++ for speech.", "我们提出一种语音方法。", "stop")
    assert "names_kept" in hard(context)
    assert failures(replace(context, pieces=[(context.source_text, context.text)]))["names_kept"].severity == "soft"


@pytest.mark.parametrize(
    ("source", "text", "turned"),
    [
        ("The decoder accepts none of them.", "解码器接受所有这些。", True),
        ("It does not need labels.", "它需要标签。", True),
        ("There is no public corpus.", "有一个公开的语料库。", True),
        ("It does not need labels.", "它无需标签。", False),
        ("It works without labels.", "它摆脱了对标签的依赖。", False),
        ("It not only works but is fast.", "它既有效又快速。", False),
        ("It is no longer slow, and no less than a success.", "它现在很快，是一大成功。", False),
        ("It does not only work.", "它很有效。", False),
    ],
)
def test_a_denial_is_not_turned(source: str, text: str, turned: bool) -> None:
    assert turns_negation(source, text) is turned
    context = CheckContext("translation", source, text, "stop")
    assert ("negation" in hard(context)) is turned


def test_counts_in_chinese_numerals_have_an_origin() -> None:
    assert added_numerals("We use several datasets.", "我们使用五个数据集。") == ["五个"]
    assert added_numerals("We use five datasets.", "我们使用五个数据集。") == []
    assert (
        added_numerals("A tri-axial model on 12 tasks.", "一种三维模型，用于十二项任务，统一而十分有效，第三种。") == []
    )


def test_links_and_formulas_come_out_as_often_as_they_went_in() -> None:
    source = "See https://a.example/x for $F_0$ and the code."
    assert "links_and_formulas" not in failures(
        CheckContext("translation", source, "代码与$F_0$见https://a.example/x。", "stop")
    )
    for text in ("代码见https://a.example/x。", "$F_0$见https://a.example/x（https://a.example/x）。"):
        assert "links_and_formulas" in hard(CheckContext("translation", source, text, "stop"))


def test_terms_are_said_by_the_glossary_or_a_variant() -> None:
    terms = [
        GlossaryTerm("speech", "语音"),
        GlossaryTerm("noise", "噪声", ("杂音",)),
        GlossaryTerm("transformer", "Transformer"),
    ]
    used = terms_used([("语音与杂音", terms[:2]), ("噪声和transformer", terms)])
    assert used == (
        TermUse("speech", "语音", "语音"), TermUse("noise", "噪声", "杂音"), TermUse("transformer", "Transformer", "Transformer")
    )  # fmt: skip
