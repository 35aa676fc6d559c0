"""One answer by itself: its characters, stop strings, loops and the choice of its tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.llm.answer import Answer
from summarizer.llm.loops import LoopDetector, is_loop
from summarizer.llm.sampling import Allowed, Sampler
from summarizer.records import Sampling

# Answers: characters, stop strings, loops


def test_bytes_become_whole_characters() -> None:
    answer = Answer(100, ())
    for i, byte in enumerate("中😀".encode() + b"\xff" + "文".encode()[:2]):
        answer.append(i, bytes((byte,)))
        assert "\ufffd" not in answer.text
    assert answer.text == "中😀"


def test_a_stop_string_over_several_tokens_is_cut_off() -> None:
    answer = Answer(100, ("###", "结束"))
    for piece in ("好#", "#。#", "##余", "下"):
        answer.append(1, piece.encode())
        if answer.finish_reason:
            break
    assert (answer.text, answer.finish_reason) == ("好##。", "stop")


def test_length() -> None:
    answer = Answer(2, ())
    answer.append(1, b"a")
    assert answer.finish_reason is None
    answer.append(1, b"b")
    assert (answer.finish_reason, answer.n_tokens) == ("length", 2)


LOOPS = (
    "本文提出" + "该方法取得了良好的效果，" * 8,
    "结果如下：" + "提升性能" * 30,
    "ha" * 80,
    "\n".join(f"{i}. 该方法在多个数据集上取得了良好的效果" for i in range(1, 30)),
    "首先"
    + "我们使用卷积神经网络提取特征，然后使用循环神经网络建模时序关系，最后使用全连接层输出分类结果，并在测试集上评估。"
    * 4,
)
NO_LOOPS = (
    "本文研究大语言模型的推理能力。大语言模型在数学问题上表现不佳，大语言模型的训练数据缺少推理过程。为此我们构造了带有推理过程的数据，"
    "并用它训练大语言模型。实验表明，大语言模型的推理能力提高了12.3%，大语言模型在未见过的任务上也更稳定。",
    "\n".join(
        f"- **{w}**：{x}"
        for w, x in (("数据", "收集一万条样本"), ("模型", "使用残差网络"), ("训练", "三个阶段"), ("评估", "五个基准"))
    ),
    "| 模型 | 准确率 |\n| --- | --- |\n" + "\n".join(f"| M{i} | {50 + i * 3.7:.1f}% |" for i in range(8)),
    "=" * 80 + "\n正文",
    "在CIFAR-10上准确率为95.2%，在CIFAR-100上准确率为78.1%，在ImageNet上准确率为76.5%，在SVHN上准确率为97.3%，在MNIST上准确率为99.6%。",
)


@pytest.mark.parametrize("text", LOOPS)
def test_loops_are_found(text: str) -> None:
    detector = LoopDetector()
    assert any(detector.update(text[:n]) for n in range(len(text) + 1))


@pytest.mark.parametrize("text", NO_LOOPS)
def test_ordinary_text_is_no_loop(text: str) -> None:
    assert not any(is_loop(text[:n]) for n in range(len(text) + 1))


# Sampling


def test_greedy_ignores_the_seed_and_honours_the_penalty() -> None:
    logits = np.array([1.0, 3.0, 2.9], dtype=np.float32)
    assert {Sampler(Sampling(seed=s)).choose(logits.copy(), [1], None) for s in range(5)} == {1}
    assert Sampler(Sampling(repeat_penalty=1.2)).choose(logits.copy(), [1], None) == 2


def test_drawing_follows_the_distribution_and_the_seed() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], dtype=np.float32))

    def draw(n: int, **settings: float) -> np.ndarray:
        sampler = Sampler(Sampling(temperature=1.0, seed=3, **settings))  # type: ignore[arg-type]
        return np.array([sampler.choose(logits.copy(), [], None) for _ in range(n)])

    drawn = draw(4000)
    assert np.allclose(np.bincount(drawn, minlength=4) / 4000, [0.5, 0.3, 0.15, 0.05], atol=0.03)
    assert (draw(200) == drawn[:200]).all()
    assert set(draw(500, top_p=0.79)) == {0, 1}
    assert set(draw(500, min_p=0.25)) == {0, 1, 2}
    assert set(draw(50, top_p=0.01)) == {0}


@given(
    st.lists(st.floats(-30, 30, width=32), min_size=5, max_size=5),
    st.sets(st.integers(0, 4), min_size=1),
    st.booleans(),
)
def test_only_allowed_tokens_are_chosen(values: list[float], ids: set[int], with_bias: bool) -> None:
    bias = np.array([0, -np.inf, -np.inf, -np.inf, 0], dtype=np.float32) if with_bias else None
    allowed = Allowed(bias, np.array(sorted(ids)))
    for temperature in (0.0, 1.5):
        sampler = Sampler(Sampling(temperature=temperature))
        chosen = sampler.choose(np.array(values, dtype=np.float32), [2], allowed)
        assert chosen in ids | ({0, 4} if with_bias else set())


# Grammars


class Digits:
    """Tokens from a set, and what the sampler asked about."""

    def __init__(self, tokens: set[int], n_vocab: int) -> None:
        self._tokens = tokens
        self._n_vocab = n_vocab
        self.asked: list[int] = []
        self.n_asked_all = 0

    def accepts(self, token: int) -> bool:
        self.asked.append(token)
        return token in self._tokens

    def allowed(self) -> np.ndarray:
        self.n_asked_all += 1
        return np.isin(np.arange(self._n_vocab), list(self._tokens))

    def advance(self, token: int) -> None:
        raise AssertionError("the choice alone does not advance a grammar")


@given(
    values=st.lists(st.floats(-30, 30, width=32), min_size=40, max_size=40),
    accepted=st.sets(st.integers(0, 39), max_size=4),
    free=st.none() | st.sets(st.integers(0, 39), min_size=1, max_size=20),
    with_bias=st.booleans(),
    temperature=st.sampled_from([0.0, 1.5]),
    top_p=st.sampled_from([0.5, 1.0]),
)
def test_a_grammar_and_a_mask_are_both_kept(
    values: list[float],
    accepted: set[int],
    free: set[int] | None,
    with_bias: bool,
    temperature: float,
    top_p: float,
) -> None:
    logits = np.array(values, dtype=np.float32)
    logits[7] = -np.inf  # a token that no answer may hold
    allowed = None
    open_to = set(range(40))
    if free is not None:
        bias = np.where(np.arange(40) < 5, np.float32(0), np.float32(-np.inf)) if with_bias else None
        allowed = Allowed(bias, np.array(sorted(free)))
        open_to = free | (set(range(5)) if with_bias else set())
    grammar = Digits(accepted, 40)
    sampler = Sampler(Sampling(temperature=temperature, top_p=top_p))
    chosen = sampler.choose(logits.copy(), [2], allowed, grammar)
    ways = (accepted & open_to) - {7}
    if not ways:
        assert chosen is None
    else:
        assert chosen in ways
        if temperature == 0:
            assert logits[chosen] == max(logits[list(ways)])
    assert len(grammar.asked) <= 17
    assert grammar.n_asked_all <= 1


def test_a_grammar_is_asked_about_few_tokens_when_the_likely_ones_will_do() -> None:
    logits = np.arange(100, 0, -1, dtype=np.float32)
    likely, unlikely = Digits({2, 90}, 100), Digits({90}, 100)
    assert Sampler(Sampling()).choose(logits.copy(), [], None, likely) == 2
    assert (likely.asked, likely.n_asked_all) == ([0, 1, 2], 0)
    assert Sampler(Sampling()).choose(logits.copy(), [], None, unlikely) == 90
    assert unlikely.n_asked_all == 1


def test_drawing_under_a_grammar_follows_the_distribution_of_what_it_accepts() -> None:
    logits = np.log(np.array([0.4, 0.3, 0.2, 0.1], dtype=np.float32))
    sampler = Sampler(Sampling(temperature=1.0, seed=3))
    drawn = [sampler.choose(logits.copy(), [], None, Digits({1, 3}, 4)) for _ in range(4000)]
    assert np.allclose(np.bincount(drawn, minlength=4) / 4000, [0, 0.75, 0, 0.25], atol=0.03)  # type: ignore[arg-type]
