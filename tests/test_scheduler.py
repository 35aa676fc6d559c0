"""The scheduler on a scripted model, whose next token is a function of every token visible in its sequence."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.errors import ContextTooSmall, ModelError
from summarizer.llm.answer import Answer
from summarizer.llm.cells import CellLedger, common_prefix
from summarizer.llm.copying import CopyRule
from summarizer.llm.loops import LoopDetector, is_loop
from summarizer.llm.sampling import Allowed, Logits, Sampler
from summarizer.llm.scheduler import BatchToken, Scheduler
from summarizer.llm.vocabulary import Vocabulary
from summarizer.records import Completion, Message, Request, Sampling

END = 0
ALPHABET = "\0abcdefghijklmnopqrstuvwxyz中文。 "


def next_token(visible: Sequence[int]) -> int:
    """The scripted model: any change of any visible token changes what follows."""
    return random.Random(repr(list(visible))).randrange(len(ALPHABET))


class ScriptedBackend:
    """A unified KV cache as sets of sequences per cell, which refuses whatever llama.cpp would refuse."""

    can_share = True
    end_tokens = frozenset({END})

    def __init__(self, n_cells: int = 200, n_sequences: int = 6, n_batch: int = 16, fail: Sequence[int] = ()) -> None:
        self.n_cells = self.n_ctx = n_cells
        self.n_sequences = n_sequences
        self.n_batch = n_batch
        self.cells: list[tuple[int, int, set[int]]] = []  # token, position, sequences
        self.n_decoded = 0
        self.n_calls = 0
        self.most_at_once = 0
        self._fail = set(fail)

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        return [ALPHABET.index(c) for c in "".join(m.content for m in messages)]

    def piece(self, token: int) -> bytes:
        return ALPHABET[token].encode() if token else b""

    def copy_rule(self, terms: tuple[str, ...]) -> CopyRule:
        return CopyRule(Vocabulary([self.piece(t) for t in range(len(ALPHABET))], self.end_tokens), terms)

    def visible(self, sequence: int) -> list[int]:
        held = sorted((position, token) for token, position, holders in self.cells if sequence in holders)
        assert [position for position, _ in held] == list(range(len(held))), "positions have a hole or a double"
        return [token for _, token in held]

    def decode(self, batch: Sequence[BatchToken]) -> list[Logits]:
        assert 0 < len(batch) <= self.n_batch
        self.n_calls += 1
        rows = []
        for done, (token, position, sequence, wants_logits) in enumerate(batch):
            if self.n_calls in self._fail and done == len(batch) // 2:
                raise ModelError("scripted failure, half of the batch computed")
            assert len(self.cells) < self.n_cells, "no KV cell left"
            assert position == len(self.visible(sequence))
            self.cells.append((token, position, {sequence}))
            if wants_logits:
                row = np.full(len(ALPHABET), -5.0, dtype=np.float32)
                row[next_token(self.visible(sequence))] = 5.0
                rows.append(row)
        self.n_decoded += len(batch)
        self.most_at_once = max(self.most_at_once, len({entry.sequence for entry in batch}))
        return rows

    def fork(self, source: int, target: int, n_tokens: int) -> None:
        assert not self.visible(target)
        for _, position, holders in self.cells:
            if source in holders and position < n_tokens:
                holders.add(target)

    def truncate(self, sequence: int, n_tokens: int) -> None:
        for _, position, holders in self.cells:
            if position >= n_tokens:
                holders.discard(sequence)
        self.cells = [cell for cell in self.cells if cell[2]]


def request(name: str, prompt: str, max_tokens: int = 12, **sampling: object) -> Request:
    return Request(name, (Message("user", prompt),), Sampling(max_tokens=max_tokens, **sampling))  # type: ignore[arg-type]


def alone(prompt: str, max_tokens: int) -> tuple[str, str]:
    """What the scripted model answers when nobody else is there."""
    visible = [ALPHABET.index(c) for c in prompt]
    answer = Answer(max_tokens, ())
    while answer.finish_reason is None:
        token = next_token(visible)
        visible.append(token)
        if token == END:
            answer.end()
        else:
            answer.append(token, ALPHABET[token].encode())
    return answer.text, answer.finish_reason


def run_all(scheduler: Scheduler) -> dict[str, Completion]:
    done: dict[str, Completion] = {}
    for _ in range(10_000):
        if not scheduler.n_waiting:
            return done
        try:
            done.update((c.request_id, c) for c in scheduler.poll(0.0))
        except ModelError:
            continue
    raise AssertionError("the scheduler does not come to an end")


PROMPTS = st.one_of(
    st.text("abc中", min_size=1, max_size=40),
    st.builds(
        lambda tail: "the same long opening of every prompt here " + tail, st.text("abc中", min_size=1, max_size=30)
    ),
    st.builds(lambda n, tail: ("ab" * 40)[:n] + tail, st.integers(1, 80), st.text("xyz", min_size=1, max_size=4)),
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), PROMPTS, st.integers(1, 40)),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("poll"), st.integers(1, 3), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(
    actions=ACTIONS,
    n_cells=st.sampled_from([90, 130, 200, 600]),
    n_slots=st.integers(1, 4),
    n_keepers=st.integers(0, 2),
    n_batch=st.sampled_from([4, 7, 64]),
    fail=st.lists(st.integers(1, 40), max_size=3),
)
def test_every_request_is_answered_as_if_it_were_alone(
    actions: list[tuple[str, str | int, int]], n_cells: int, n_slots: int, n_keepers: int, n_batch: int, fail: list[int]
) -> None:
    backend = ScriptedBackend(n_cells, n_slots + n_keepers, n_batch, fail)
    scheduler = Scheduler(backend, n_slots)
    wanted: dict[str, tuple[str, int]] = {}
    done: dict[str, Completion] = {}
    cancelled: set[str] = set()
    for i, (action, what, max_tokens) in enumerate(actions):
        if action == "submit":
            name = f"r{i}"
            if len(str(what)) + max_tokens > n_cells:
                with pytest.raises(ContextTooSmall):
                    scheduler.submit(request(name, str(what), max_tokens))
                continue
            scheduler.submit(request(name, str(what), max_tokens))
            wanted[name] = (str(what), max_tokens)
        elif action == "cancel":
            name = f"r{what}"
            if name in wanted and name not in done:
                cancelled.add(name)
            scheduler.cancel(name)
        else:
            for _ in range(int(what)):
                try:
                    done.update((c.request_id, c) for c in scheduler.poll(0.0))
                except ModelError:
                    continue
        assert scheduler.n_waiting == len(wanted) - len(cancelled) - len(done)
    done.update(run_all(scheduler))
    assert done.keys() == wanted.keys() - cancelled
    for name, completion in done.items():
        prompt, max_tokens = wanted[name]
        assert (completion.text, completion.finish_reason) == alone(prompt, max_tokens)
        assert completion.prompt_tokens == len(prompt)
        assert 0 <= completion.prompt_tokens_reused < len(prompt)
        assert 1 <= completion.completion_tokens <= max_tokens
    assert backend.most_at_once <= n_slots
    # no cell is leaked: everything that is left can be given back
    assert scheduler.n_free_cells == n_cells
    for sequence in range(backend.n_sequences):
        assert scheduler._ledger.tokens(sequence) == backend.visible(sequence)
    assert n_cells - scheduler._ledger.n_free == len(backend.cells)


SHARED = "a shared opening of the prompts long enough to be worth keeping for later ones "


def test_a_shared_prefix_is_computed_once_though_all_arrive_together() -> None:
    backend = ScriptedBackend(n_cells=2000, n_sequences=24, n_batch=32)
    scheduler = Scheduler(backend, 16)
    for i in range(20):
        scheduler.submit(request(f"r{i}", SHARED + ALPHABET[1 + i] * 5, 6))
    done = run_all(scheduler)
    assert sum(c.prompt_tokens_reused for c in done.values()) == 19 * len(SHARED)
    assert backend.n_decoded <= len(SHARED) + 20 * (5 + 6)
    assert backend.most_at_once == 16


def test_a_prefix_outlives_the_answers_around_it() -> None:
    backend = ScriptedBackend(n_cells=2000, n_sequences=3, n_batch=32)
    scheduler = Scheduler(backend, 2)
    for name, prompt in (
        ("a", SHARED + "x"),
        ("b", SHARED + "y"),
        ("c", "other words"),
        ("d", "quite others"),
        ("e", "no"),
    ):
        scheduler.submit(request(name, prompt, 3))
        run_all(scheduler)
    scheduler.submit(request("f", SHARED + "z", 3))
    assert run_all(scheduler)["f"].prompt_tokens_reused == len(SHARED)


def test_the_same_prompt_again_computes_one_token() -> None:
    backend = ScriptedBackend()
    scheduler = Scheduler(backend, 2)
    scheduler.submit(request("a", "abcabcabc", 3))
    first = run_all(scheduler)["a"]
    before = backend.n_decoded
    scheduler.submit(request("b", "abcabcabc", 1))
    again = run_all(scheduler)["b"]
    assert again.prompt_tokens_reused == 8
    assert backend.n_decoded - before == 1
    assert first.text.startswith(again.text)


def test_a_memory_that_cannot_be_shared_is_never_forked() -> None:
    backend = ScriptedBackend()
    backend.can_share = False
    scheduler = Scheduler(backend, 2)
    for name in "abc":
        scheduler.submit(request(name, "abcabcabc", 3))
    assert [c.prompt_tokens_reused for c in run_all(scheduler).values()] == [0, 0, 0]
    assert not backend.cells


def test_a_failed_batch_loses_nothing() -> None:
    backend = ScriptedBackend(fail=[2])
    scheduler = Scheduler(backend, 2)
    scheduler.submit(request("a", "abc", 5))
    scheduler.step()
    with pytest.raises(ModelError):
        scheduler.step()
    assert run_all(scheduler)["a"].text == alone("abc", 5)[0]


def test_refusals() -> None:
    scheduler = Scheduler(ScriptedBackend(n_cells=20), 2)
    with pytest.raises(ContextTooSmall) as caught:
        scheduler.submit(request("a", "abcdefghij", 11))
    assert (caught.value.needed, caught.value.available) == (21, 20)
    scheduler.submit(request("a", "abcdefghij", 10))
    with pytest.raises(ValueError, match="already under way"):
        scheduler.submit(request("a", "abc", 1))
    with pytest.raises(ValueError, match="at least 1"):
        scheduler.submit(request("b", "abc", 0))
    with pytest.raises(ValueError, match="n_slots"):
        Scheduler(ScriptedBackend(n_sequences=2), 3)


def test_copy_terms_bind_the_answer() -> None:
    scheduler = Scheduler(ScriptedBackend(), 2)
    for i in range(8):
        asked = request(f"r{i}", ALPHABET[1 + i] * 3, 30)
        scheduler.submit(Request(asked.request_id, asked.messages, asked.sampling, copy_terms=("zebra",)))
    for completion in run_all(scheduler).values():
        rest = completion.text.replace("zebra", "")
        if completion.finish_reason == "length":  # it may be cut inside the term
            rest = rest.rstrip("zebra")
        assert set(rest) <= set("中文。 ")


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


# Cells


@given(st.lists(st.integers(0, 2), max_size=200), st.lists(st.integers(0, 2), max_size=200))
def test_common_prefix(left: list[int], right: list[int]) -> None:
    n = common_prefix(left, right)
    assert left[:n] == right[:n]
    assert n == min(len(left), len(right)) or left[n] != right[n]
    assert common_prefix(left, right, 3) == min(n, 3)


def test_shared_cells_count_once() -> None:
    ledger = CellLedger(10, 3)
    for token in range(4):
        ledger.append(0, token)
    ledger.pin(1)
    ledger.fork(0, 1, 3)
    ledger.append(1, 9)
    assert (ledger.n_free, ledger.n_pinned, ledger.n_unpinned(0, 4)) == (5, 4, 1)
    ledger.truncate(0, 0)
    assert (ledger.n_free, ledger.n_pinned) == (6, 4)
    ledger.unpin(1)
    ledger.truncate(1, 0)
    assert (ledger.n_free, ledger.n_pinned) == (10, 0)
    ledger.append(2, 1)
    with pytest.raises(ValueError, match="not empty"):
        ledger.fork(1, 2, 0)
