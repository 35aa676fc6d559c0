"""How fast this machine reads and writes with a model: a few requests that resemble those of a run, timed from outside."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from summarizer.llm.engine import Engine
from summarizer.records import Completion, Message, Request, Sampling

#: A machine without a model, or a clock too coarse for the little that was asked, gives no seconds to divide by.
_LEAST_SECONDS = 1e-6
#: Shares of the time that are spent on reading, on one answer alone, and on as many answers as the engine has slots.
_READING, _ALONE = 0.4, 0.15
_FIRST_PROMPT = 96  # tokens, about: enough for a rate, and no more than a second on a small machine
_FIRST_ANSWER = 4
_LONGEST_PROMPT = 512  # about as long as the prompts of a run
_LONGEST_ANSWER = 128
_WORDS = (
    *(
        "light",
        "river",
        "stone",
        "number",
        "window",
        "paper",
        "winter",
        "garden",
        "signal",
        "engine",
        "market",
        "bridge",
    ),
    *("letter", "silver", "corner", "summer", "forest", "moment", "island", "picture", "music", "ladder", "thunder"),
)

#: What an answer may copy: choosing among fewer tokens costs time too.
_TERMS = ("NoteBridge", "MAESTRO", "1.2M", "91.7%", "40")


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens a second. ``decode`` is of all slots together, ``decode_alone`` of an answer that nothing else runs beside."""

    prefill_tokens_per_second: float
    decode_tokens_per_second: float
    decode_alone_tokens_per_second: float
    n_slots: int
    seconds: float = 0.0  #: what measuring them took


def measure_rates(
    engine: Engine, n_slots: int, *, max_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
) -> Rates:
    """Measure an engine that has nothing else to do.

    ``max_seconds`` bounds the time on a machine that computes a hundred tokens within a fraction of it; a slower one takes
    as long as these need. ``n_slots``: answers made together. Raises what the engine raises.
    """
    started = clock()
    probe = _Probe(engine, clock)
    reading = probe.prefill_rate(_FIRST_PROMPT)
    n_tokens = _within(reading * _READING * max_seconds, _FIRST_PROMPT, min(_LONGEST_PROMPT, engine.n_ctx // 2))
    if n_tokens >= 2 * _FIRST_PROMPT:
        reading = probe.prefill_rate(n_tokens)
    alone = probe.decode_rate(1, _FIRST_ANSWER, reading)  # tables that the first answer builds count here only
    n_tokens = _within(alone * _ALONE * max_seconds, _FIRST_ANSWER, _LONGEST_ANSWER)
    alone = probe.decode_rate(1, n_tokens, reading)
    together = probe.decode_rate(n_slots, _FIRST_ANSWER, reading)
    left = max_seconds - (clock() - started)
    n_tokens = _within(together * left / n_slots, _FIRST_ANSWER, _LONGEST_ANSWER)
    if n_tokens >= 2 * _FIRST_ANSWER:
        together = probe.decode_rate(n_slots, n_tokens, reading)
    # more at once is never slower than one by one, whatever the noise of so short a measurement
    return Rates(reading, max(together, alone), alone, n_slots, clock() - started)


class _Probe:
    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        # words that no other prompt begins with, in this process or in one whose memory was kept
        self._random = random.Random()
        self._n_asked = 0
        self._context = ""

    def prefill_rate(self, n_tokens: int) -> float:
        """From a prompt of about ``n_tokens`` that is shared with nothing, and an answer of one token."""
        self._context = " ".join(self._random.choices(_WORDS, k=n_tokens))
        completions, seconds = self._ask("好", n_requests=1, max_tokens=1)
        return max(sum(c.prompt_tokens - c.prompt_tokens_reused for c in completions), 1) / seconds

    def decode_rate(self, n_requests: int, max_tokens: int, prefill_rate: float) -> float:
        """From ``n_requests`` answers at once, the time for reading taken off.

        They stand behind the text that was read last: how long a prompt is decides how long a token of its answer takes.
        """
        text = f"{' '.join(self._random.choices(_WORDS, k=4))}：用汉字从一数到一千，不要停。"
        completions, seconds = self._ask(text, n_requests=n_requests, max_tokens=max_tokens, copy_terms=_TERMS)
        n_read = sum(c.prompt_tokens - c.prompt_tokens_reused for c in completions)
        # at least a part of the time was writing, even where reading was slower here than in a long prompt
        writing = max(seconds - n_read / prefill_rate, 0.2 * seconds, _LEAST_SECONDS)
        return max(sum(c.completion_tokens for c in completions), 1) / writing

    def _ask(
        self, text: str, *, n_requests: int, max_tokens: int, copy_terms: tuple[str, ...] | None = None
    ) -> tuple[Sequence[Completion], float]:
        started = self._clock()
        for _ in range(n_requests):
            self._n_asked += 1
            self._engine.submit(
                Request(
                    request_id=f"probe {self._n_asked}",
                    messages=(Message("system", self._context), Message("user", text)),
                    sampling=Sampling(max_tokens=max_tokens),
                    copy_terms=copy_terms,
                )
            )
        completions: list[Completion] = []
        while len(completions) < n_requests:
            completions += self._engine.poll()
        return completions, max(self._clock() - started, _LEAST_SECONDS)


def _within(value: float, least: int, most: int) -> int:
    return max(least, min(most, int(value)))
