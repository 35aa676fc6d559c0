"""Runaway repetition: the commonest way in which a small model fails to stop.

Two signs, both on characters, so that they mean the same for every tokenizer:

* the text ends in a phrase repeated back to back, with nothing in between;
* almost everything in the last few hundred characters is made of 12-grams that stand there four times or more. This one
  catches loops with something changing in between, such as the number of a list item.

Repeated terms, parallel sentences and lists share a few words an item, never nearly all of them, and pass.
"""

from __future__ import annotations

from collections import Counter

_LONGEST_PERIOD = 240
_WINDOW = 360
_GRAM = 12
_GRAM_REPEATS = 4
_COVERED = 0.8
_EVERY = 8


def _span(phrase: str) -> int:
    """Characters that a phrase repeated back to back must fill before it counts as a loop."""
    if not any(c.isalnum() for c in phrase):
        return 240  # rules and leaders are long runs of signs
    if len(phrase) < 8:
        return 96
    if len(phrase) < 40:
        return max(64, (5 if len(phrase) < 20 else 4) * len(phrase))
    return 3 * len(phrase)


def ends_in_repetition(text: str) -> bool:
    """Whether the text ends in one phrase repeated back to back."""
    for period in range(1, min(_LONGEST_PERIOD, len(text) // 2) + 1):
        if text[-1] != text[-1 - period]:
            continue
        span = _span(text[-period:])
        if span <= len(text) and text[-span:-period] == text[len(text) - span + period :]:
            return True
    return False


def is_mostly_repeated(text: str) -> bool:
    """Whether nearly all of the last few hundred characters are covered by phrases that recur in them."""
    if len(text) < _WINDOW:
        return False
    tail = text[-_WINDOW:]
    grams = [tail[i : i + _GRAM] for i in range(_WINDOW - _GRAM + 1)]
    count = Counter(grams)
    n_covered = covered_until = 0
    for i, gram in enumerate(grams):
        if count[gram] >= _GRAM_REPEATS:
            n_covered += i + _GRAM - max(i, covered_until)
            covered_until = i + _GRAM
    return n_covered >= _COVERED * _WINDOW


def is_loop(text: str) -> bool:
    """Whether a text has run into a loop at its end."""
    return bool(text) and (ends_in_repetition(text) or is_mostly_repeated(text))


class LoopDetector:
    """Watches a growing text; looks at it again after every few new characters."""

    def __init__(self) -> None:
        self._looked_at = 0

    def update(self, text: str) -> bool:
        """Whether the text, longer than at the last call, has run into a loop."""
        if len(text) - self._looked_at < _EVERY:
            return False
        self._looked_at = len(text)
        return is_loop(text[-3 * _LONGEST_PERIOD :])
