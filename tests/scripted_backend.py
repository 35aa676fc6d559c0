"""A scripted model behind the scheduler: its next token is a function of every token visible in its sequence."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from summarizer.errors import ModelError
from summarizer.llm.answer import Answer
from summarizer.llm.copying import CopyRule
from summarizer.llm.sampling import Logits
from summarizer.llm.scheduler import BatchToken, Scheduler
from summarizer.llm.vocabulary import Vocabulary
from summarizer.records import Completion, Message, Request, Sampling

SHARED = "a shared opening of the prompts long enough to be worth keeping for later ones "

END = 0
ALPHABET = "\0abcdefghijklmnopqrstuvwxyz中文。 "
TERMS = ("zebra", "abc")


def next_token(visible: Sequence[int]) -> int:
    """The scripted model: any change of any visible token changes what follows."""
    return random.Random(repr(list(visible))).randrange(len(ALPHABET))


class ScriptedGrammar:
    """Only these characters, at least as many as there are; the end is a must after twice as many."""

    def __init__(self, characters: str) -> None:
        self._tokens = [ALPHABET.index(c) for c in characters]
        self._n_read = 0

    def accepts(self, token: int) -> bool:
        if token == END:
            return self._n_read >= len(self._tokens)
        return token in self._tokens and self._n_read < 2 * len(self._tokens)

    def allowed(self) -> NDArray[np.bool_]:
        return np.array([self.accepts(token) for token in range(len(ALPHABET))])

    def advance(self, token: int) -> None:
        assert token != END
        assert self.accepts(token)
        self._n_read += 1


class ScriptedBackend:
    """A unified KV cache as sets of sequences per cell, which refuses whatever llama.cpp would refuse.

    Args:
        n_ctx: cells that it can grow to; ``n_cells`` when 0.
        fail: numbers of the calls of decode that fail half-way.
        saved: states that outlive the backend, by their tokens.
    """

    can_share = True
    end_tokens = frozenset({END})

    def __init__(
        self,
        n_cells: int = 200,
        n_sequences: int = 6,
        n_batch: int = 16,
        fail: Sequence[int] = (),
        n_mixed: int = 0,
        n_ctx: int = 0,
        saved: dict[tuple[int, ...], list[int]] | None = None,
        n_failing_grows: int = 0,
    ) -> None:
        self.n_cells = n_cells
        self.n_ctx = n_ctx or n_cells
        self.n_sequences = n_sequences
        self.n_batch = n_batch
        self.n_mixed = n_mixed
        self.cells: list[tuple[int, int, set[int]]] = []  # token, position, sequences
        self.n_decoded = 0
        self.n_calls = 0
        self.n_restored = 0
        self.batches: list[dict[int, int]] = []  # tokens by sequence
        self.most_at_once = 0
        self._fail = set(fail)
        self._saved = {} if saved is None else saved
        self._n_failing_grows = n_failing_grows

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        return [ALPHABET.index(c) for c in "".join(m.content for m in messages)]

    def piece(self, token: int) -> bytes:
        return ALPHABET[token].encode() if token else b""

    def copy_rule(self, terms: tuple[str, ...]) -> CopyRule:
        return CopyRule(Vocabulary([self.piece(t) for t in range(len(ALPHABET))], self.end_tokens), terms)

    def grammar(self, source: str) -> ScriptedGrammar:
        if "(" in source:
            raise ModelError("scripted failure, malformed grammar")
        return ScriptedGrammar(source)

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
                best = next_token(self.visible(sequence))
                rows.append(np.array([-((t - best) % len(ALPHABET)) for t in range(len(ALPHABET))], dtype=np.float32))
        self.n_decoded += len(batch)
        self.batches.append(Counter(entry.sequence for entry in batch))
        self.most_at_once = max(self.most_at_once, len(self.batches[-1]))
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

    def grow(self, n_cells: int) -> None:
        assert self.n_cells < n_cells <= self.n_ctx
        self.cells = []
        if self._n_failing_grows:
            self._n_failing_grows -= 1
            raise ModelError("scripted failure, no memory")
        self.n_cells = min(self.n_ctx, n_cells + 5)

    def save(self, sequence: int, tokens: Sequence[int]) -> None:
        assert self.visible(sequence) == list(tokens)
        self._saved[tuple(tokens)] = self.visible(sequence)

    def restore(self, sequence: int, tokens: Sequence[int]) -> bool:
        assert not self.visible(sequence)
        state = self._saved.get(tuple(tokens))
        if state is None:
            return False
        assert len(self.cells) + len(state) <= self.n_cells, "no KV cell left"
        self.cells += [(token, position, {sequence}) for position, token in enumerate(state)]
        self.n_restored += 1
        return True


def request(
    name: str,
    prompt: str,
    max_tokens: int = 12,
    *,
    terms: tuple[str, ...] | None = None,
    grammar: str | None = None,
    **sampling: object,
) -> Request:
    settings = Sampling(max_tokens=max_tokens, **sampling)  # type: ignore[arg-type]
    return Request(name, (Message("user", prompt),), settings, terms, grammar=grammar)


def alone(
    prompt: str, max_tokens: int, terms: tuple[str, ...] | None = None, grammar: str | None = None
) -> tuple[str, str]:
    """What the scripted model answers when nobody else is there."""
    backend = ScriptedBackend()
    visible = [ALPHABET.index(c) for c in prompt]
    answer = Answer(max_tokens, ())
    rule = None if terms is None else backend.copy_rule(terms)
    state = rule.start if rule else frozenset()
    form = None if grammar is None else backend.grammar(grammar)
    while answer.finish_reason is None:
        best = next_token(visible)
        ways = [(best + i) % len(ALPHABET) for i in range(len(ALPHABET))]
        if rule is not None:
            allowed = rule.allowed(state)
            ways = [t for t in ways if t in allowed.ids or (allowed.bias is not None and allowed.bias[t] == 0)]
        if form is not None:
            ways = [t for t in ways if form.accepts(t)]
        if not ways:
            return answer.text, "length"
        token = ways[0]
        visible.append(token)
        if token == END:
            answer.end()
            continue
        answer.append(token, backend.piece(token))
        if rule is not None:
            state = rule.read(state, backend.piece(token))
        if form is not None:
            form.advance(token)
    return answer.text, answer.finish_reason


def tokens(text: str) -> list[int]:
    return [ALPHABET.index(c) for c in text]


def run_all(scheduler: Scheduler) -> dict[str, Completion]:
    done: dict[str, Completion] = {}
    for _ in range(10_000):
        if not scheduler.n_waiting:
            return done
        with suppress(ModelError):
            done.update((c.request_id, c) for c in scheduler.poll(0.0))
    raise AssertionError("the scheduler does not come to an end")


def assert_books_are_right(scheduler: Scheduler, backend: ScriptedBackend) -> None:
    ledger = scheduler._residence.ledger
    for sequence in range(backend.n_sequences):
        assert ledger.tokens(sequence) == backend.visible(sequence)
    assert ledger.n_cells == backend.n_cells
    assert ledger.n_cells - ledger.n_free == len(backend.cells)
