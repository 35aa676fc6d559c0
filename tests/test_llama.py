"""The engine on llama.cpp: a tiny random model for its mechanics, the small real one where text matters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_gguf import CHATML, write_tiny_gguf

from summarizer.errors import ContextTooSmall, ModelError
from summarizer.llm.fake import FakeEngine
from summarizer.llm.llama import LlamaEngine, open_llama
from summarizer.records import Completion, Message, ModelInfo, Request, Sampling

LONG = "The same opening, a few dozen tokens long, stands before every question of this test. "


def info(path: Path) -> ModelInfo:
    return ModelInfo(path.stem, "0" * 64, path.name, path.stat().st_size)


def ask(name: str, text: str, *, terms: tuple[str, ...] | None = None, system: str = "", **sampling: object) -> Request:
    messages = (*([Message("system", system)] if system else []), Message("user", text))
    return Request(name, messages, Sampling(**{"max_tokens": 24, **sampling}), terms)  # type: ignore[arg-type]


def finish(engine: LlamaEngine | FakeEngine) -> dict[str, Completion]:
    done: dict[str, Completion] = {}
    while engine.n_waiting:
        done.update((c.request_id, c) for c in engine.poll(0.5))
    return done


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def engine(tiny: Path) -> Iterator[LlamaEngine]:
    engine = open_llama(tiny, info(tiny), n_ctx=1024, n_slots=4, n_batch=64, n_threads=1)
    yield engine
    engine.close()


def test_a_lone_greedy_answer_is_that_of_the_high_level_class(engine: LlamaEngine, tiny: Path) -> None:
    from llama_cpp import Llama

    high = Llama(str(tiny), n_ctx=256, n_threads=1, verbose=False)
    for text in ("hello", "一二三", "x" * 90):
        prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        expected = high.create_completion(prompt, max_tokens=40, temperature=0.0, repeat_penalty=1.0)
        engine.submit(ask(text, text, max_tokens=40))
        got = finish(engine)[text]
        assert got.prompt_tokens == expected["usage"]["prompt_tokens"]
        # the random model writes bytes that are no characters: they are left out here, replaced there
        assert got.text == expected["choices"][0]["text"].replace("\ufffd", "")
        assert got.completion_tokens > 10
    high.close()


def test_a_forked_prefix_gives_the_same_answers(engine: LlamaEngine) -> None:
    lone = {}
    for i in range(6):
        engine.submit(ask(f"r{i}", LONG + f"Question {i}?"))
        lone[f"r{i}"] = finish(engine)[f"r{i}"].text
        engine._backend._lib.llama_memory_clear(engine._backend._memory, True)
        engine._scheduler = type(engine._scheduler)(engine._backend, 4)
    for i in range(6):
        engine.submit(ask(f"r{i}", LONG + f"Question {i}?"))
    together = finish(engine)
    assert {name: c.text for name, c in together.items()} == lone
    assert len(set(lone.values())) > 1
    assert sorted(c.prompt_tokens_reused > len(LONG) for c in together.values()) == [False] + [True] * 5


def test_many_more_requests_than_cells(engine: LlamaEngine) -> None:
    for i in range(30):
        engine.submit(ask(f"r{i}", f"{i} " * (1 + i % 7) + "text" * (i % 50), max_tokens=1 + i % 40))
    engine.cancel("r3")
    done = finish(engine)
    assert len(done) == 29
    assert all("\ufffd" not in c.text for c in done.values())
    assert engine.n_waiting == 0


def test_cancelling_under_way(engine: LlamaEngine) -> None:
    engine.submit(ask("long", LONG, max_tokens=500))
    engine.poll(0.0)
    engine.cancel("long")
    assert (engine.n_waiting, engine.poll(0.0)) == (0, [])
    engine.submit(ask("next", LONG, max_tokens=4))
    assert finish(engine)["next"].prompt_tokens_reused > 0


def test_a_request_beyond_the_context_is_refused_at_once(engine: LlamaEngine) -> None:
    with pytest.raises(ContextTooSmall):
        engine.submit(ask("a", "x" * 600, max_tokens=600))
    assert engine.n_waiting == 0


def test_text_never_becomes_a_special_token(engine: LlamaEngine) -> None:
    harmless = engine.count_prompt_tokens((Message("user", "x" * 10),))
    assert engine.count_tokens("<|im_end|>") == 10
    assert engine.count_prompt_tokens((Message("user", "<|im_end|>"),)) == harmless
    tokens = engine._backend.prompt_tokens((Message("user", "<|im_end|><s>"),))
    assert [t for t in tokens if t < 5] == [1, 3, 4, 3]
    assert tokens[:2] == [1, 3]


def test_seed_and_copy_terms_on_a_random_model(engine: LlamaEngine) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        engine.submit(ask(name, "hello", temperature=1.5, seed=seed, max_tokens=60, repeat_penalty=1.1, top_p=0.95))
        engine.submit(ask(name + "copy", "hello", temperature=3.0, seed=seed, max_tokens=60, terms=("TR-808", "63.5%")))
    done = finish(engine)
    assert done["a"].text == done["b"].text != done["c"].text
    for name in ("acopy", "ccopy"):
        text = re.sub(r"TR-808|63\.5%", "", done[name].text)
        if done[name].finish_reason == "length":
            text = re.sub(r"[TR8063.5-]{1,6}$", "", text)
        assert done[name].text
        assert not re.search(r"\w", re.sub(r"[\u3400-\u9fff\U00020000-\U000323af]", "", text).replace("_", ""))


def test_templates_without_a_system_role_and_with_a_start_token(tmp_path: Path) -> None:
    refuses = (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "[{{ m.role }}] {{ m.content | trim }} {% endfor %}[answer]"
    )
    path = write_tiny_gguf(tmp_path / "other.gguf", chat_template=refuses)
    engine = open_llama(path, info(path), n_ctx=256, n_slots=1, n_batch=32, n_threads=1)
    tokens = engine._backend.prompt_tokens((Message("system", " be brief "), Message("user", "why? ")))
    text = b"".join(map(engine._backend.piece, tokens)).decode()
    assert text == "[user] be brief \n\nwhy? [answer]"
    assert (tokens[0], tokens.count(1)) == (1, 1)
    engine.close()
    engine.close()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.gguf cannot be loaded"):
        open_llama(path, info(path))
    path.unlink()
    with pytest.raises(ModelError, match="no model file"):
        open_llama(path, ModelInfo("x", "", "", 0))


def test_damaged_models_and_models_without_a_template(tmp_path: Path, tiny: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:200_000])
    with pytest.raises(ModelError, match=r"cut\.gguf cannot be loaded"):
        open_llama(path, info(path))
    path = write_tiny_gguf(tmp_path / "base.gguf", chat_template=None)
    with pytest.raises(ModelError, match="no chat template"):
        open_llama(path, info(path))
    path = write_tiny_gguf(tmp_path / "broken.gguf", chat_template=CHATML + "{% if %}")
    with pytest.raises(ModelError, match="chat template cannot be read"):
        open_llama(path, info(path))


# The fake


def test_the_fake_answers_in_order_and_keeps_numbers_and_names() -> None:
    fake = FakeEngine()
    for i in range(6):
        fake.submit(ask(f"r{i}", f"text {i}", terms=("SCRAPL", "63.5%", "model"), max_tokens=99))
    first = fake.poll()
    assert [c.request_id for c in first] == ["r0", "r1", "r2", "r3"]
    assert fake.n_waiting == 2
    texts = {c.request_id: c.text for c in (*first, *fake.poll())}
    assert len(set(texts.values())) == 6
    for text in texts.values():
        assert "SCRAPL" in text
        assert "63.5%" in text
        assert "model" not in text
        assert text.endswith("。")
    assert fake.poll() == []


def test_the_fake_cuts_refuses_and_takes_a_responder() -> None:
    fake = FakeEngine(lambda request: request.messages[-1].content * 2, n_ctx=100)
    fake.submit(ask("a", "一二 word 三", max_tokens=5))
    with pytest.raises(ContextTooSmall):
        fake.submit(ask("b", "一" * 80))
    fake.submit(ask("c", "没有", max_tokens=5))
    fake.submit(ask("d", "没有"))
    fake.cancel("d")
    done = finish(fake)
    assert (done["a"].text, done["a"].finish_reason, done["a"].completion_tokens) == ("一二 word 三一", "length", 5)
    assert (done["c"].text, done["c"].finish_reason, done["c"].completion_tokens) == ("没有没有", "stop", 4)


# The small real model


@pytest.mark.model
def test_copy_only_translation_with_a_shared_prefix(small_model: Path) -> None:
    engine = open_llama(small_model, info(small_model), n_ctx=2048, n_slots=4)
    system = "你是学术翻译。把用户给出的英文句子译成简体中文，只输出译文。"
    sentences = (
        ("We propose SCRAPL, which improves accuracy by 3.5% on the TR-808 dataset.", ("SCRAPL", "3.5%", "TR-808")),
        ("Our code is available at https://example.org/code.", ("https://example.org/code",)),
        ("The encoder uses 12 layers and the learning rate is 0.001.", ("12", "0.001")),
    )
    for i, (sentence, terms) in enumerate(sentences):
        engine.submit(ask(f"r{i}", sentence, system=system, terms=terms, max_tokens=64))
    done = finish(engine)
    for i, (_, terms) in enumerate(sentences):
        completion = done[f"r{i}"]
        text = completion.text
        for term in sorted(terms, key=len, reverse=True):
            text = text.replace(term, "")
        assert not re.search(r"[A-Za-z0-9]", text), completion.text
        assert len(re.findall(r"[\u4e00-\u9fff]", text)) >= 4, completion.text
        assert completion.finish_reason == "stop"
    assert sum(c.prompt_tokens_reused > 15 for c in done.values()) == 2
    engine.close()
