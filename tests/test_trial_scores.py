"""The figures of trials, and the intervals of their differences."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from summarizer.records import CheckResult, Completion
from summarizer.store.trials import Figures, TrialOutput
from summarizer.tuning.comparison import FIGURES, Text, compare, in_common, scores
from summarizer.tuning.score import latin_residue, measure

REFERENCES = [
    "我们提出一种轻量的语音增强方法，词错误率从12.3%降到9.8%。",
    "自动钢琴转录旨在将录音转换为符号化音符。",
    "该模型在MAESTRO上的音符F1达到91.7%。",
    "实验表明，所提出的方法优于所有基线系统。",
]
TEXTS = [
    "我们提出一种语音增强的轻量方法，词错误率由12.3%下降到9.8%。",
    "钢琴自动转录把录音变为音符。",
    "模型在MAESTRO上音符F1达91.7%。",
    "实验显示该方法好于基线。",
]


def make_text(number: int, text: str, *, failed: bool = False, tokens: int = 100, reference: bool = True) -> Text:
    output = TrialOutput(
        trial_id="t",
        case_hash=str(number),
        code_hash="c",
        text=text,
        accepted=not failed,
        category="check_failed" if failed else "",
        finish_reason="stop",
        n_attempts=1,
        n_requests=1,
        prompt_tokens=tokens,
        prompt_tokens_reused=0,
        completion_tokens=10,
        seconds=1.0,
        figures=Figures(4, int(failed), 0, 0, False, 20, 10, None),
        checks=(CheckResult("numbers_kept", "hard", not failed, "missing: 9" if failed else ""),),
    )
    return Text(output, REFERENCES[number % len(REFERENCES)] if reference else None)


def test_chrf_and_bleu_are_those_of_sacrebleu() -> None:
    found = scores([make_text(n, text) for n, text in enumerate(TEXTS)])
    assert found["chrf"] == pytest.approx(CHRF().corpus_score(TEXTS, [REFERENCES]).score)
    assert found["bleu"] == pytest.approx(BLEU(tokenize="zh").corpus_score(TEXTS, [REFERENCES]).score)
    assert 10 < found["chrf"] < 90


def test_texts_without_a_reference_do_not_count_for_the_metrics() -> None:
    texts = [make_text(n, text, reference=n < 2) for n, text in enumerate(TEXTS)]
    assert scores(texts)["chrf"] == pytest.approx(CHRF().corpus_score(TEXTS[:2], [REFERENCES[:2]]).score)
    none = scores([make_text(n, text, reference=False) for n, text in enumerate(TEXTS)])
    assert none["chrf"] is none["bleu"] is none["length_ratio"] is None
    assert none["accepted"] == 1.0


def test_shares_and_averages() -> None:
    texts = [make_text(0, TEXTS[0], failed=True, tokens=300), *(make_text(n, TEXTS[n]) for n in (1, 2, 3))]
    found = scores(texts)
    assert found["accepted"] == 0.75
    assert found["checks_failed"] == 0.25
    assert found["numbers_kept"] == 1 - 1 / 16
    assert found["tokens"] == (300 + 3 * 100) / 4 + 10
    assert found["chars_per_word"] == 2.0
    assert set(found) == {f.name for f in FIGURES}
    assert scores([]) == dict.fromkeys(found)


def test_a_clear_gain_is_told_and_a_difference_by_chance_is_not() -> None:
    chance = random.Random(1)
    baseline = [make_text(n, TEXTS[n % 4], failed=chance.random() < 0.5, tokens=200) for n in range(60)]
    better = [make_text(n, REFERENCES[n % 4], failed=t.output.n_hard_failed > 0) for n, t in enumerate(baseline)]
    found = {d.figure.name: d for d in compare(baseline, better)}
    assert found["chrf"].verdict == "better"
    assert found["chrf"].low is not None
    assert found["chrf"].low > 0
    assert found["tokens"].verdict == "better"  # fewer
    assert found["accepted"].difference == 0
    assert (found["accepted"].low, found["accepted"].high, found["accepted"].verdict) == (0.0, 0.0, "")
    shuffled = [replace(t, output=replace(t.output, accepted=chance.random() < 0.5)) for t in baseline]
    assert {d.figure.name: d.verdict for d in compare(baseline, shuffled)}["accepted"] == ""
    worse = {d.figure.name: d.verdict for d in compare(better, baseline)}
    assert (worse["chrf"], worse["tokens"]) == ("worse", "worse")


def test_pairs_narrow_the_interval() -> None:
    """Texts of very different difficulty: what differs between the cases cancels out in the pairs."""
    spread = [make_text(n, TEXTS[0], tokens=100 * n) for n in range(40)]
    dearer = [make_text(n, TEXTS[0], tokens=100 * n + 5) for n in range(40)]
    tokens = next(d for d in compare(spread, dearer) if d.figure.name == "tokens")
    assert tokens.difference == pytest.approx(5)
    assert tokens.low == pytest.approx(5)
    assert tokens.high == pytest.approx(5)
    assert tokens.verdict == "worse"


def test_a_few_cases_give_no_interval_and_other_cases_are_refused() -> None:
    """Five cases that are all a little worse would never be drawn as better."""
    for n, known in ((1, False), (5, False), (6, True)):
        found = compare(
            [make_text(i, TEXTS[i % 4]) for i in range(n)], [make_text(i, REFERENCES[i % 4]) for i in range(n)]
        )
        assert all((d.low is not None) == known for d in found), n
        assert any(d.verdict for d in found) == known, n
    with pytest.raises(ValueError, match="same cases"):
        compare([make_text(0, TEXTS[0])], [make_text(1, TEXTS[1])])
    assert all(d.baseline is None for d in compare([], []))


def test_only_cases_in_common_are_compared() -> None:
    left = {str(n): make_text(n, TEXTS[n]) for n in (0, 1, 2)}
    right = {str(n): make_text(n, TEXTS[n]) for n in (2, 3, 0)}
    ours, theirs = in_common(left, right)
    assert [t.output.case_hash for t in ours] == [t.output.case_hash for t in theirs] == ["0", "2"]


@pytest.mark.parametrize(
    ("source", "text", "left_over"),
    [
        ("We reach high fidelity.", "我们达到高fidelity。", ["fidelity"]),
        ("We use wav2vec and scipy.linalg here.", "我们使用wav2vec和scipy.linalg。", []),
        ("The chimera++ network is deep.", "chimera++网络很深，deep。", ["deep"]),
        ("See https://example.org/some/page now.", "见https://example.org/some/page。", []),
        ("With $\\alpha_{noise}$ set.", "设$\\alpha_{noise}$。", []),
        ("Fast ResNet models win at 16 kbps.", "ResNet模型以16 kbps获胜。", []),
    ],
)
def test_latin_residue(source: str, text: str, left_over: list[str]) -> None:
    assert latin_residue(source, text) == left_over


def test_what_is_measured_of_a_text() -> None:
    source = "On MAESTRO the F1 rises from 88.3% to 91.7% with 1.2M parameters."
    loop = Completion("r", "", "loop", 1, 0, 1, 0.0)
    figures = measure("在MAESTRO上F1从88.3%升至95%。", source, None, [loop])
    assert (figures.n_numbers, figures.n_numbers_missing, figures.n_numbers_added) == (3, 2, 1)
    assert figures.looped
    assert figures.chrf is None
    assert figures.n_source_words == 12
    assert not measure("在MAESTRO上F1从88.3%升至91.7%。", source, "参考。", []).looped
    assert measure("参考。", source, "参考。").chrf == pytest.approx(100)
