"""The rule of copy-only decoding (see :mod:`summarizer.llm.copying`) as a grammar in GBNF, for llama.cpp's own server.

Its rules are the states of that rule: ``root`` where any term may start, ``signed`` after a sign that would change a
number, ``word`` and ``number`` right after a term, ``joined`` after a term and signs that would join it to another. Each
ends in the next state, so the server keeps no stack, whatever the length of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from summarizer.llm.vocabulary import SCALING_SIGNS, is_bound, is_free

# As in summarizer.llm.copying; a test compares what the two allow.
_JOINERS = frozenset(".,%-_/:+'^&#@=*\\{}$−")
_LEADING_SIGNS = frozenset(".-+−")
_NUMBER_STARTS = frozenset(b"0123456789.-+\xe2")
_FREE = "plain root | sign signed"


def copy_grammar(terms: Iterable[str]) -> str:
    """A grammar of the texts whose letters and digits copy these terms."""
    anywhere, unsigned = "", ""
    for term in dict.fromkeys(term.strip() for term in terms):
        if any(map(is_bound, term)):
            copied = f' | "{"".join(map(_escaped, term))}" {"number" if term[-1].isdigit() else "word"}'
            anywhere += copied
            unsigned += "" if term.encode()[0] in _NUMBER_STARTS else copied
    return f'{_free_rules()}root ::= {_FREE}{anywhere} | ""\nsigned ::= {_FREE}{unsigned} | ""\n'


@lru_cache(maxsize=1)
def _free_rules() -> str:
    """What does not depend on the terms."""
    free = [chr(code) for code in range(0x32400) if is_free(chr(code))]
    rules = ""
    for name, characters in (
        ("plain", [c for c in free if c not in _LEADING_SIGNS]),
        ("sign", [c for c in free if c in _LEADING_SIGNS]),
        ("joiner", [c for c in free if c in _JOINERS]),
        ("breaker", [c for c in free if c not in _JOINERS]),
        ("steady-joiner", [c for c in free if c in _JOINERS - SCALING_SIGNS]),
        ("steady-breaker", [c for c in free if c not in _JOINERS | SCALING_SIGNS]),
    ):
        runs = [list(run) for _, run in groupby(enumerate(characters), key=lambda item: ord(item[1]) - item[0])]
        rules += f"{name} ::= [{''.join(f'{_escaped(run[0][1])}-{_escaped(run[-1][1])}' for run in runs)}]\n"
    for name, steady in (("word", ""), ("joined", ""), ("number", "steady-")):
        rules += f'{name} ::= {steady}joiner joined | {steady}breaker root | ""\n'
    return rules


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08X}"
