"""Checks that look at the sentences of a translation, and those of marks, scripts and the right question."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.checks import CheckContext, run_checks
from summarizer.checks.alignment import align, sentence_pairs
from summarizer.checks.direction import turns_direction
from summarizer.checks.marks import unclosed
from summarizer.checks.omission import omitted_sentences
from summarizer.checks.units import changed_units
from summarizer.publish.reader.labels import check_label
from summarizer.records import CheckResult
from summarizer.sentences import chinese_sentences, split_sentences

SOURCE = (
    "Recent work on piano transcription, e.g. by Smith et al. (2020), works well on studio recordings. However, models degrade "
    "when the room differs from the training data. We propose NoteBridge, a light adapter with 1.2M parameters that is trained "
    "on audio without labels. It raises the note F1 on MAESTRO from 88.3% to 91.7%. Code is available."
)
ANSWER = (
    "近期的钢琴转录研究（如Smith等人，2020）在录音棚录音上表现良好。然而，当房间与训练数据不同时，模型性能会下降。"
    "我们提出NoteBridge，这是一种仅含1.2M参数的轻量级适配器，在无标注音频上训练。它将MAESTRO上的音符F1从88.3%提升至91.7%。"
    "代码已公开。"
)
GOOD = CheckContext("translation", SOURCE, ANSWER, "stop")


def failures(context: CheckContext) -> dict[str, CheckResult]:
    return {r.name: r for r in run_checks(context) if not r.passed}


def test_a_good_text_passes() -> None:
    assert failures(GOOD) == {}


# --- alignment -------------------------------------------------------------------------------------------------------


def test_sentences() -> None:
    assert len(split_sentences(SOURCE)) == 5  # neither "e.g." nor "et al." ends one
    assert len(chinese_sentences(ANSWER)) == 5
    assert split_sentences("") == chinese_sentences("") == []


def test_alignment_joins_and_splits() -> None:
    english = split_sentences(SOURCE)
    joined = ANSWER.replace("不同时，模型性能会下降。我们", "不同时，模型性能会下降，因此我们")
    beads = align(english, chinese_sentences(joined))
    assert [len(bead.source) for bead in beads] == [1, 2, 1, 1]
    assert "".join(t for bead in beads for t in bead.target) == joined
    split = ANSWER.replace("NoteBridge，这是一种", "NoteBridge。它是一种")
    assert [len(bead.target) for bead in align(english, chinese_sentences(split))] == [1, 1, 2, 1, 1]


def test_pieces_of_one_sentence_are_pairs_already() -> None:
    pieces = (("One.", "一。"), ("Two.", "二。"))
    assert sentence_pairs(replace(GOOD, pieces=pieces)) == list(pieces)
    assert len(sentence_pairs(GOOD)) == 5
    assert len(sentence_pairs(replace(GOOD, pieces=((SOURCE, ANSWER), *pieces)))) == 7


SENTENCES = st.lists(st.text("ab C1。.", min_size=1, max_size=12), max_size=6)


@settings(max_examples=100, deadline=None)
@given(SENTENCES, SENTENCES)
def test_alignment_keeps_every_sentence_in_order(source: list[str], target: list[str]) -> None:
    beads = align(source, target)
    assert [s for bead in beads for s in bead.source] == source
    assert [t for bead in beads for t in bead.target] == target
    assert all(bead.source or bead.target for bead in beads)


# --- missing sentences -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_missing_sentence_is_named(number: int) -> None:
    sentences = chinese_sentences(ANSWER)
    text = "".join(sentences[:number] + sentences[number + 1 :])
    assert omitted_sentences(SOURCE, text) == [split_sentences(SOURCE)[number]]
    found = failures(replace(GOOD, text=text))["missing_sentences"]
    assert found.severity == "soft"
    assert found.reason.startswith("1 without an answer")


def test_a_short_sentence_may_be_said_within_another() -> None:
    assert omitted_sentences(SOURCE, ANSWER.replace("代码已公开。", "")) == []


def test_pieces_are_looked_at_one_by_one() -> None:
    halves = (SOURCE.index("We propose"), ANSWER.index("我们提出"))
    first = (SOURCE[: halves[0]], ANSWER[: halves[1]])
    second = (SOURCE[halves[0] :], ANSWER[halves[1] :])
    assert "missing_sentences" not in failures(replace(GOOD, pieces=(first, second)))
    cut = (first[0], chinese_sentences(first[1])[0])
    assert "missing_sentences" in failures(replace(GOOD, pieces=(cut, second)))
    single = tuple(zip(split_sentences(SOURCE), chinese_sentences(ANSWER), strict=True))
    assert "missing_sentences" not in failures(replace(GOOD, pieces=single))


def test_only_translations_are_looked_at() -> None:
    assert "missing_sentences" not in {r.name for r in run_checks(replace(GOOD, task="method"))}
    assert omitted_sentences("We propose a new method for this task here.", "很好。") == []


# --- direction -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Our method reduces the word error rate by 9.3%.", "我们的方法将词错误率提高9.3%。"),
        ("It raises the F1 score from 80.1 to 85.2.", "它将F1值从80.1降低至85.2。"),
        ("The model outperforms all baselines and improves robustness.", "该模型的性能低于所有基线。"),
        ("It trains on over an order of magnitude less data.", "它在超过一个数量级的数据上训练。"),
        ("Latency drops by 40%, while accuracy improves.", "延迟提升40%，而准确率提高。"),
    ],
)
def test_a_direction_turned_round(source: str, text: str) -> None:
    assert turns_direction(source, text)
    assert failures(CheckContext("translation", source, text, "stop"))["direction"].severity == "hard"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Our method reduces the word error rate by 9.3%.", "我们的方法将词错误率降低9.3%。"),
        ("It improves the word error rate by 9.3%.", "它将词错误率降低9.3%。"),
        ("It improves speed by 40% at 12% lower cost.", "速度提升40%，成本降低12%。"),
        ("We reduce noise to improve quality.", "我们抑制噪声以提升质量。"),
        ("Prediction is much faster than before.", "预测速度显著提升。"),
        ("This degrades performance, which limits its use.", "这会降低性能，限制了应用。"),
        ("It gives 3.2 times fewer parameters.", "参数量减少为原来的1/3.2。"),
        ("Only 8.1% are in lower case, which raises accuracy.", "仅有8.1%的文本未大写，提升了准确率。"),
        ("A lower bound is derived.", "推导出一个更高的界。"),
        ("A system is described.", "本文描述了一个系统，提升了性能。"),
    ],
)
def test_the_same_direction_in_other_words(source: str, text: str) -> None:
    assert not turns_direction(source, text)


def test_a_bullet_of_an_answer_is_looked_at_too() -> None:
    bullet = CheckContext("results", "It cuts latency by 40% to 5 ms.", "延迟：提升40%，达到5秒。", "stop")
    assert {"direction", "units"} <= failures(bullet).keys()


def test_direction_of_a_whole_text_is_soft() -> None:
    text = ANSWER.replace("88.3%提升至91.7%", "88.3%降低至91.7%")
    turned = replace(GOOD, text=text, pieces=((SOURCE, text),))
    assert failures(turned)["direction"].severity == "soft"
    assert "MAESTRO" in failures(turned)["direction"].reason


# --- units -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text", "changed"),
    [
        ("within 5 ms at 16 kHz", "在16 Hz下5毫秒内", ["16 kHz became Hz"]),
        ("40% faster", "快40倍", ["40 percent became times"]),
        ("10 hours of speech, 3.2 dB", "10分钟语音，3.2分贝", ["10 hours became minutes"]),
        ("a 5-second clip, 2.5x faster, 1,000 km", "5秒片段，快2.5倍，1000公里", []),
        ("in the 1990s, by 3 percentage points", "1990年代，提升3个百分点", []),
        ("5 ms or 5 s", "5秒", []),  # which of the two is not known
        ("7 stages", "7 s", []),
    ],
)
def test_units(source: str, text: str, changed: list[str]) -> None:
    assert changed_units(source, text) == changed


def test_a_changed_unit_is_hard_for_a_sentence() -> None:
    context = CheckContext("translation", "It answers within 5 ms on a phone.", "它在手机上5秒内给出答案。", "stop")
    assert failures(context)["units"].severity == "hard"
    assert failures(replace(context, pieces=((context.source_text, context.text),)))["units"].severity == "soft"


# --- marks, scripts, preamble, length, question ----------------------------------------------------------------------


def test_marks() -> None:
    assert unclosed("（a）“b”《c》") == {}
    assert unclosed("1) 首先；2) 其次") == {}
    assert unclosed("这是（一种方法") == {"(": 1}
    assert unclosed("“引文") == {"“": 1}
    lost = failures(replace(GOOD, text=ANSWER.replace("，2020）", "，2020")))
    assert (lost["marks"].severity, lost["marks"].reason) == ("soft", "not closed: (")
    assert "marks" not in failures(
        CheckContext("translation", "The range (0, 1 is open.", "区间（0, 1是开的。", "stop")
    )


@pytest.mark.parametrize("end", ["；和。", "，", "、以及。", "并且"])
def test_a_list_that_stops_in_the_middle(end: str) -> None:
    assert failures(replace(GOOD, text=ANSWER.removesuffix("。") + end))["ending"].severity == "soft"


@pytest.mark.parametrize("end", ["温和。", "已饱和。", "：https://a.b/c"])
def test_other_ends(end: str) -> None:
    assert "ending" not in failures(replace(GOOD, text=ANSWER.removesuffix("。") + end))


def test_letters_of_other_scripts() -> None:
    assert failures(replace(GOOD, text=ANSWER.replace("的", "の")))["foreign_script"].severity == "hard"
    assert "foreign_script" in failures(replace(GOOD, text=ANSWER.replace("模型", "модель")))
    assert "foreign_script" not in failures(replace(GOOD, text=ANSWER.replace("NoteBridge", "α-NoteBridge")))
    quoted = CheckContext("translation", "The word さくら means cherry blossom.", "さくら一词意为樱花。", "stop")
    assert "foreign_script" not in failures(quoted)


@pytest.mark.parametrize("text", [f"{ANSWER}（译文中必须写出：91.7）", f"- **要点名**：{ANSWER}"])
def test_pieces_of_the_instruction_fail(text: str) -> None:
    assert failures(replace(GOOD, text=text))["preamble"].severity == "hard"


def test_a_sentence_much_shorter_than_its_source_is_noted() -> None:
    source = "We record twelve singers in three rooms and compare their voices."
    cut = failures(CheckContext("translation", source, "我们录制了歌手。", "stop"))
    assert cut["length"].severity == "soft"
    whole = CheckContext("translation", source, "我们在三个房间录制了十二位歌手，并比较他们的嗓音。", "stop")
    assert "length" not in failures(whole)


def test_the_right_question() -> None:
    pieces = (("It achieves 91.7% on MAESTRO.", "x"),)
    results = CheckContext("results", pieces[0][0], "该方法用于钢琴转录，由编码器和解码器组成。", "stop", pieces=pieces)
    assert failures(results)["answers_question"].severity == "soft"
    assert "answers_question" not in failures(replace(results, text="在MAESTRO上优于所有基线，效果良好。"))
    assert "answers_question" not in failures(replace(results, pieces=(("A piano is described.", "x"),)))
    background = replace(results, task="background")
    assert "answers_question" in failures(background)
    assert "answers_question" not in failures(replace(background, text="现有方法难以适应不同的录音条件。"))
    assert "answers_question" not in {r.name for r in run_checks(replace(background, pieces=()))}


def test_the_reader_has_a_word_for_every_check() -> None:
    results = [r for task in ("translation", "results") for r in run_checks(_answer(task))]
    assert [r.name for r in results if check_label(r.name) == r.name] == []


def _answer(task: str) -> CheckContext:
    return replace(GOOD, task=task, max_chars=900, pieces=((SOURCE, ANSWER),))  # type: ignore[arg-type]


# --- real abstracts --------------------------------------------------------------------------------------------------


@pytest.mark.corpus
def test_false_alarms_on_true_translations(corpus: Path) -> None:
    with gzip.open(corpus / "reference/zh_reference.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    failed: Counter[str] = Counter()
    for row in rows:
        failed.update(failures(CheckContext("translation", row["en_abstract"], row["zh_abstract"], "stop")).keys())
    assert failed["direction"] <= 0.01 * len(rows)
    assert failed["marks"] == failed["ending"] == failed["units"] == failed["foreign_script"] == 0
    assert failed["missing_sentences"] <= 0.04 * len(rows)
