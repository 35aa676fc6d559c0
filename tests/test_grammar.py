"""The grammar for llama.cpp's server allows what the token mask allows, in llama.cpp's own reading of it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_gguf import write_tiny_gguf

from summarizer.llm import copying, grammar
from summarizer.llm.copying import CopyRule
from summarizer.llm.grammar import copy_grammar
from summarizer.llm.vocabulary import Vocabulary

llama_cpp = pytest.importorskip("llama_cpp")

TERMS = ("VoiceBank", "U-Net", "3", "3.5", "9.8%", "-2", "−7", "5.", "$x_1$", "µm", 'a"b\\c]', "  GAN  ", "，", "")
PIECES = (
    *TERMS,
    "我们",
    "在",
    "。",
    " ",
    "\n",
    ".",
    "-",
    "+",
    "−",
    "%",
    "％",
    "‰",
    "/",
    "、",
    "x",
    "1",
    "#",
    "😀",
    "é",
    "ＡＢ",
    "\t",
)
BYTE_VOCABULARY = Vocabulary([bytes((b,)) for b in range(256)], [])


class Grammar:
    """A grammar as llama.cpp reads it, over a model whose tokens are bytes."""

    def __init__(self, vocab: object, text: str) -> None:
        self._vocab = vocab
        self._sampler = llama_cpp.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        assert self._sampler, text

    def accepts(self, text: str) -> bool:
        """Whether the whole text may be written, and end there."""
        sampler = llama_cpp.llama_sampler_clone(self._sampler)
        try:
            for byte in text.encode():
                token = 5 + byte  # after the special tokens
                if not self._allows(sampler, token):
                    return False
                llama_cpp.llama_sampler_accept(sampler, token)
            return self._allows(sampler, 4)
        finally:
            llama_cpp.llama_sampler_free(sampler)

    @staticmethod
    def _allows(sampler: object, token: int) -> bool:
        data = (llama_cpp.llama_token_data * 1)(llama_cpp.llama_token_data(token, 0.0, 0.0))
        candidates = llama_cpp.llama_token_data_array(data=data, size=1, selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(sampler, ctypes.byref(candidates))
        return bool(data[0].logit == 0.0)

    def close(self) -> None:
        llama_cpp.llama_sampler_free(self._sampler)


@pytest.fixture(scope="module")
def vocab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    path = write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    yield llama_cpp.llama_model_get_vocab(model)
    llama_cpp.llama_model_free(model)


@pytest.fixture(scope="module")
def copied(vocab: object) -> Iterator[Grammar]:
    found = Grammar(vocab, copy_grammar(TERMS))
    yield found
    found.close()


def _masked(text: str) -> bool:
    rule = CopyRule(BYTE_VOCABULARY, TERMS)
    return rule.may_end(rule.read(rule.start, text.encode()))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("我们在 VoiceBank 上，词错误率为 9.8%。", True),
        ("我们用 voicebank", False),
        ("Voice", False),
        ("9.8", False),
        ("3", True),
        ("3.5", True),
        ("3%", False),
        ("33", False),
        ("3 3", True),
        ("3-3", False),
        ("3，3", True),
        ("-3", False),
        ("-2", True),
        ("--2", False),
        ("U-Net-GAN", False),
        ("$x_1$", True),
        ('a"b\\c]', True),
        ("很长" * 3000 + "。3", True),
    ],
)
def test_examples(copied: Grammar, text: str, allowed: bool) -> None:
    assert copied.accepts(text) is allowed
    assert _masked(text) is allowed


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_it_allows_what_the_mask_allows(copied: Grammar, text: str) -> None:
    assert copied.accepts(text) is _masked(text), text


def test_no_term_at_all(vocab: object) -> None:
    free = Grammar(vocab, copy_grammar(()))
    assert free.accepts("只有汉字（和标点）。\n- 1".replace("1", "一"))
    assert not free.accepts("x")
    free.close()


def test_both_go_by_the_same_signs() -> None:
    for name in ("_JOINERS", "_LEADING_SIGNS", "_NUMBER_STARTS"):
        assert getattr(grammar, name) == getattr(copying, name)
