"""Copy-only decoding: letters, digits, links and formulas of an answer may only copy given terms.

An answer is read as free text (see :mod:`summarizer.llm.vocabulary`) with copies of terms in it. A term is never altered
by what is put next to it: between two terms stands at least one free character that cannot join them, so that neither
``63`` and ``5`` become 635, nor ``3`` and ``7`` become 3.7; a number is not given a sign, a point or a percent sign that
its term does not have. Where one term starts another (``3`` and ``3.5``) both ways stay open, as in any automaton.

The automaton reads bytes, so tokens that hold parts of characters are no special case. A state is a set of
alternatives, each either inside a term (a trie node) or in free text (a :class:`_Free`). From a state the allowed tokens
are: all free tokens (one bias over the vocabulary, made once for a model) when an alternative is in free text, and the
few others that a search of the sorted vocabulary finds. Both are kept by state.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from summarizer.llm.sampling import Allowed
from summarizer.llm.vocabulary import (
    SCALING_SIGNS,
    SortedPieces,
    Vocabulary,
    free_prefixes,
    is_bound,
    is_free,
)

#: Characters that join what stands on their two sides into one word, number or path.
_JOINERS = frozenset(".,%-_/:+'^&#@=*\\{}$−")
#: Characters that, put right before a number, change its value.
_LEADING_SIGNS = frozenset(".-+−")
_NUMBER_STARTS = frozenset(b"0123456789.-+\xe2")

# What stands right before, in free text.
_OPEN = 0  # nothing that matters: any term may start
_SIGNED = 1  # a sign or point: no number may start
_AFTER_WORD = 2  # a term: none may start
_AFTER_NUMBER = 3  # a term that ends in a digit: none may start, no scaling sign may follow
_JOINED = 4  # a term and joiners: none may start


class _Free(NamedTuple):
    """In free text; ``pending`` holds the bytes of a character not yet whole."""

    before: int
    pending: bytes = b""


class _Node:
    """A place inside a term. ``ends`` is what stands before free text that follows here, None inside a term."""

    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[int, _Node] = {}
        self.ends: int | None = None


State = frozenset[_Free | _Node]

_START: State = frozenset([_Free(_OPEN)])


@lru_cache(maxsize=4096)
def _read_free(free: _Free, byte: int) -> _Free | None:
    """Free text one byte on; None when the byte cannot belong to free text here."""
    pending = free.pending + bytes((byte,))
    try:
        character = pending.decode()
    except UnicodeDecodeError:
        return _Free(free.before, pending) if pending in free_prefixes() else None
    if not is_free(character) or (free.before == _AFTER_NUMBER and character in SCALING_SIGNS):
        return None
    if free.before in (_AFTER_WORD, _AFTER_NUMBER, _JOINED):
        return _Free(_JOINED if character in _JOINERS else _OPEN)
    return _Free(_SIGNED if character in _LEADING_SIGNS else _OPEN)


class CopyRule:
    """The terms of one request over one vocabulary. Shared by requests with the same terms.

    Terms without a letter or digit need no copying and are left out, and so are terms that the vocabulary cannot spell
    byte by byte: inside a term there is always a way on.
    """

    def __init__(self, vocabulary: Vocabulary, terms: Iterable[str]) -> None:
        self._vocabulary = vocabulary
        self._root = _Node()
        self._allowed: dict[State, Allowed] = {}
        self._after: dict[tuple[State, int], State] = {}
        for term in terms:
            encoded = term.strip().encode()
            if not any(map(is_bound, term)) or not vocabulary.single_bytes.issuperset(encoded):
                continue
            node = self._root
            for byte in encoded:
                node = node.children.setdefault(byte, _Node())
            node.ends = _AFTER_NUMBER if term.strip()[-1].isdigit() else _AFTER_WORD
        self.start = _START

    def read(self, state: State, piece: bytes) -> State:
        """The state after some bytes; empty when they are not allowed."""
        for byte in piece:
            state = self._read_byte(state, byte)
            if not state:
                break
        return state

    def _read_byte(self, state: State, byte: int) -> State:
        known = self._after.get((state, byte))
        if known is None:
            known = self._after[state, byte] = self._follow(state, byte)
        return known

    def _follow(self, state: State, byte: int) -> State:
        after: list[_Free | _Node] = []
        for place in state:
            if isinstance(place, _Node):
                child = place.children.get(byte)
            else:
                free = _read_free(place, byte)
                if free is not None:
                    after.append(free)
                may_start = place.before == _OPEN or (place.before == _SIGNED and byte not in _NUMBER_STARTS)
                child = self._root.children.get(byte) if may_start and not place.pending else None
            if child is not None:
                if child.children:
                    after.append(child)
                if child.ends is not None:
                    after.append(_Free(child.ends))
        return frozenset(after)

    def may_end(self, state: State) -> bool:
        """Whether an answer may end here: not inside a term, not inside a character."""
        return any(isinstance(place, _Free) and not place.pending for place in state)

    def allowed(self, state: State) -> Allowed:
        """The tokens that may come next; never none."""
        known = self._allowed.get(state)
        if known is None:
            known = self._allowed[state] = self._search(state)
        return known

    def _search(self, state: State) -> Allowed:
        vocabulary = self._vocabulary
        ids: list[int] = []
        self._descend(vocabulary.bound, state, b"", 0, len(vocabulary.bound.ids), ids)
        # the signs inside a term ("63" goes on to "63%") are tokens of free text, but stand here as part of the term
        nodes = frozenset(place for place in state if isinstance(place, _Node))
        if nodes:
            self._descend(vocabulary.free, nodes, b"", 0, len(vocabulary.free.ids), ids)
        before = {place.before for place in state if isinstance(place, _Free) and not place.pending}
        bias = None
        if before:
            bias = vocabulary.after_number_bias if before == {_AFTER_NUMBER} else vocabulary.free_bias
        return Allowed(bias, np.asarray(sorted(set(ids)), dtype=np.intp))

    def _descend(self, among: SortedPieces, state: State, prefix: bytes, first: int, last: int, ids: list[int]) -> None:
        """Collect the tokens of ``among[first:last]``, all starting with ``prefix``, that are allowed after ``state``.

        ``state`` is the one after ``prefix``.
        """
        while first < last and len(among.pieces[first]) == len(prefix):
            if self._goes_on(state):
                ids.append(among.ids[first])
            first += 1
        while first < last:
            byte = among.pieces[first][len(prefix)]
            longer = prefix + bytes((byte,))
            beyond = among.beyond(first, last, longer)
            after = self._read_byte(state, byte)
            if after:
                self._descend(among, after, longer, first, beyond, ids)
            first = beyond

    def _goes_on(self, state: State) -> bool:
        """Whether there is a way on from here: an unfinished character needs a vocabulary that can finish it."""
        return any(isinstance(p, _Node) or not p.pending or self._vocabulary.can_finish for p in state)
