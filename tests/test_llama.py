"""The engine on llama.cpp: a tiny random model for its mechanics, the small real one where text matters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from llama_runs import Watched, ask, finish, info, start_afresh
from tiny_gguf import CHATML, write_tiny_gguf

from summarizer.errors import ContextTooSmall, ModelError
from summarizer.llm import budget
from summarizer.llm.fake import FakeEngine
from summarizer.llm.llama import LlamaEngine, open_llama
from summarizer.llm.scheduler import BatchToken
from summarizer.records import Message, ModelInfo

LONG = "The same opening, a few dozen tokens long, stands before every question of this test. "


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
        start_afresh(engine)
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


# Grammars

GLOSSED = 'root ::= [一-龥]{2,4} "：" [a-z]+'


def prefer(engine: LlamaEngine, tokens: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model write nothing so gladly as these tokens, the first of them most of all."""
    decode = engine._backend.decode

    def prefers(batch: Sequence[BatchToken]) -> list[np.ndarray]:
        rows = decode(batch)
        for row in rows:
            row[tokens] = np.arange(200 + len(tokens), 200, -1)
        return rows

    monkeypatch.setattr(engine._backend, "decode", prefers)


def test_an_answer_follows_its_grammar_over_tokens_that_are_parts_of_characters(engine: LlamaEngine) -> None:
    for i in range(12):
        engine.submit(ask(f"r{i}", f"text {i}", grammar=GLOSSED, max_tokens=30, temperature=1.5 * (i % 2), seed=i))
        engine.submit(ask(f"free{i}", f"text {i}"))
    for name, completion in finish(engine).items():
        if name.startswith("r"):
            assert re.fullmatch(r"[一-龥]{2,4}：[a-z]+", completion.text), completion
            assert completion.finish_reason in ("stop", "length", "loop")


def test_the_end_comes_when_the_grammar_is_complete_and_not_before(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefer(engine, sorted(engine._backend.end_tokens), monkeypatch)
    engine.submit(ask("open", "hello", grammar=GLOSSED))
    engine.submit(ask("fixed", "hello", grammar='root ::= "yes" | "no"'))
    engine.submit(ask("free", "hello"))
    engine.submit(ask("short", "hello", grammar=GLOSSED, max_tokens=7))
    done = finish(engine)
    assert re.fullmatch(r"[一-龥]{2,4}：[a-z]", done["open"].text), "as soon as it may"
    assert done["open"].finish_reason == "stop"
    assert done["fixed"].text in ("yes", "no")
    assert (done["free"].text, done["free"].finish_reason) == ("", "stop")
    assert re.fullmatch(r"[一-龥]{2}", done["short"].text)
    assert done["short"].finish_reason == "length"


def test_a_grammar_that_must_end_ends(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    prefer(engine, engine._backend.tokenize("no"), monkeypatch)
    engine.submit(ask("a", "hello", grammar='root ::= "no"'))
    done = finish(engine)["a"]
    assert (done.text, done.finish_reason, done.completion_tokens) == ("no", "stop", 3)


def test_a_grammar_and_copy_terms(engine: LlamaEngine) -> None:
    engine.submit(ask("both", "hello", grammar="root ::= [a-zA-Z0-9]+", terms=("TR808",), max_tokens=30))
    engine.submit(ask("none", "hello", grammar="root ::= [a-z]+", terms=("TR808",), max_tokens=30))
    done = finish(engine)
    assert (done["both"].text, done["both"].finish_reason) == ("TR808", "stop")
    assert (done["none"].text, done["none"].finish_reason) == ("", "length")


def test_what_a_grammar_says_of_one_token_and_of_all(engine: LlamaEngine) -> None:
    backend = engine._backend
    grammar = backend.grammar(GLOSSED)
    written = b""
    for byte in "数据：ab".encode():
        allowed = grammar.allowed()
        assert [bool(a) for a in allowed] == [grammar.accepts(t) for t in range(backend.n_vocab)]
        assert {t for t in range(5) if allowed[t]} == (backend.end_tokens if written.endswith(b"a") else set())
        (token,) = (t for t in range(5, 261) if backend.piece(t) == bytes((byte,)))
        assert allowed[token]
        grammar.advance(token)
        written += bytes((byte,))
    other = backend.grammar(GLOSSED)
    assert not other.accepts(backend.tokenize("a")[0]), "each answer has a place of its own"


@pytest.mark.parametrize("source", ["", "  ", "root ::= (", "root ::= undefined", 'start ::= "a"', "root ::= root"])
def test_a_malformed_grammar_is_refused_at_once(engine: LlamaEngine, source: str) -> None:
    engine.submit(ask("good", "hello"))
    with pytest.raises(ModelError, match="cannot read the grammar"):
        engine.submit(ask("bad", "hello", grammar=source))
    assert finish(engine).keys() == {"good"}


# Cells that grow


def test_cells_grow_with_the_longest_request(tiny: Path, engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "FIRST_CELLS", 256)
    growing = open_llama(tiny, info(tiny), n_slots=4, n_batch=64, n_threads=1)
    assert (growing._backend.n_cells, growing.n_ctx) == (256, 1024)  # the second is what the model was made for
    for i, (length, n_cells) in enumerate(((100, 256), (500, 768), (300, 768), (900, 1024))):
        for one in (growing, engine):
            one.submit(ask(f"short{i}", f"{i}", max_tokens=8))
            one.submit(ask(f"r{i}", f"{i}" * length, max_tokens=8))
        got = finish(growing)
        assert {n: c.text for n, c in got.items()} == {n: c.text for n, c in finish(engine).items()}
        assert growing._backend.n_cells == n_cells
    with pytest.raises(ContextTooSmall) as caught:
        growing.submit(ask("long", "x" * 1000, max_tokens=100))
    assert (caught.value.needed, caught.value.available) == (
        1100 + growing.count_prompt_tokens([Message("user", "")]),
        1024,
    )
    growing.close()


def test_cells_that_cannot_grow_leave_the_engine_as_it_was(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import llama_cpp

    monkeypatch.setattr(budget, "FIRST_CELLS", 256)
    engine = open_llama(tiny, info(tiny), n_slots=4, n_batch=64, n_threads=1)
    engine.submit(ask("a", "hello"))
    before = finish(engine)["a"].text
    opened = llama_cpp.llama_init_from_model
    monkeypatch.setattr(
        llama_cpp, "llama_init_from_model", lambda model, params: opened(model, params) if params.n_ctx < 512 else None
    )
    engine.submit(ask("long", "x" * 500))
    with pytest.raises(ModelError, match="no memory for a context of 768 tokens"):
        engine.poll(0.0)
    engine.cancel("long")
    engine.submit(ask("b", "hello"))
    assert finish(engine)["b"].text == before
    engine.close()


# Prompt starts from disk

SYSTEM = "Instructions and examples that stand before every question, more than sixty-four tokens of them."


def prepared(tiny: Path, cache: Path | None, monkeypatch: pytest.MonkeyPatch, system: str = SYSTEM) -> tuple[int, str]:
    """What a new engine computes to prepare the system prompt, and what it then answers."""
    engine = open_llama(tiny, info(tiny), n_ctx=1024, n_slots=4, n_batch=64, n_threads=1, cache=cache)
    watched = Watched(engine, monkeypatch)
    engine.prepare([(Message("system", system),)])
    n_computed = watched.n_decoded
    engine.submit(ask("a", "Question?", system=system))
    done = finish(engine)["a"]
    assert done.prompt_tokens_reused >= len(system)
    assert watched.n_decoded - n_computed == done.prompt_tokens - done.prompt_tokens_reused + done.completion_tokens - 1
    engine.close()
    return n_computed, done.text


def test_a_later_process_reads_a_prompt_start_from_disk(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_computed, text = prepared(tiny, None, monkeypatch)
    assert n_computed > len(SYSTEM)
    assert list(tmp_path.iterdir()) == []
    assert prepared(tiny, tmp_path, monkeypatch) == (n_computed, text)
    assert prepared(tiny, tmp_path, monkeypatch) == (0, text)
    assert prepared(tiny, tmp_path, monkeypatch, SYSTEM + "!")[0] == n_computed + 1


@pytest.mark.parametrize("damage", ["cut", "empty", "other words", "noise", "another file"])
def test_a_damaged_state_is_computed_anew(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    whole = prepared(tiny, tmp_path, monkeypatch)
    (path,) = (tmp_path / "prompt-starts").iterdir()
    state = path.read_bytes()
    others = tmp_path / "others"
    prepared(tiny, others, monkeypatch, SYSTEM[::-1])
    (other,) = (others / "prompt-starts").iterdir()
    content = {
        "cut": state[: len(state) // 2],
        "empty": b"",
        "other words": other.read_bytes(),
        "noise": state[:200] + bytes(len(state) - 200),
        "another file": b"not a state at all" * 100,
    }[damage]
    path.write_bytes(content)
    assert prepared(tiny, tmp_path, monkeypatch) == whole
    assert prepared(tiny, tmp_path, monkeypatch) == (0, whole[1]), "it was replaced"


def test_a_cache_that_cannot_be_written_is_no_error(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    whole = prepared(tiny, None, monkeypatch)
    for cache in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("long" * 100)):
        assert prepared(tiny, cache, monkeypatch) == whole


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
    engine = open_llama(small_model, info(small_model), n_ctx=2048, n_slots=4, n_threads=1, repack=False)
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
