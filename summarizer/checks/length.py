"""The text is about as long as its source asks for, and no longer than the task allows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import HAN, CheckContext, count_words, verdict, words_only
from summarizer.records import CheckResult

#: Chinese length over English words. 262 reference abstracts: 1.26 to 3.08, median 1.86, 90 % between 1.54 and 2.23; 1,357
#: human-translated textbook paragraphs: 1 % below 0.97, 1 % above 2.16.
HARD_RATIO = (0.9, 3.3)
SOFT_RATIO = (1.2, 2.6)
#: Below this many words a ratio says less. 226 paragraphs of 5 to 24 words: 0.87 to 3.89; 1,042 sentences of reference abstracts:
#: 1.0 to 4.7, all but seven between 1.0 and 3.3.
MIN_WORDS = 25
SHORT_RATIO = (0.3, 6.0)
#: Softly, from so many words on.
MIN_SHORT_WORDS = 8
SHORT_SOFT_RATIO = (0.9, 4.0)
SHORT_ALLOWANCE = 10  #: characters
#: The fewest Chinese characters of an answer about a paper.
MIN_ANSWER_CHARS = 12

_UNIT = re.compile(rf"{HAN.pattern}|[A-Za-z0-9][A-Za-z0-9.,_+/%-]*")


def chinese_length(text: str) -> int:
    """Han characters, and each Latin word or number as one; punctuation does not count."""
    return len(_UNIT.findall(text))


def check_length(context: CheckContext) -> Iterator[CheckResult]:
    """A translation keeps to the usual ratio; an answer is not a mere word."""
    length = chinese_length(words_only(context.text))
    if context.task != "translation":
        short = length < MIN_ANSWER_CHARS
        yield verdict("length", "hard", f"{length} characters, fewer than {MIN_ANSWER_CHARS}" if short else "")
        return
    n_words = count_words(context.source_text)
    if n_words == 0:
        return
    ratio = length / n_words
    hard_low, hard_high = HARD_RATIO if n_words >= MIN_WORDS else SHORT_RATIO
    soft_low, soft_high = SOFT_RATIO if n_words >= MIN_WORDS else SHORT_SOFT_RATIO
    if n_words < MIN_SHORT_WORDS:
        soft_low, soft_high = SHORT_RATIO
    # the ratio of a few words says nothing: allow a fixed number of characters too
    outside_hard = ratio < hard_low or (ratio > hard_high and length > hard_high * n_words + SHORT_ALLOWANCE)
    outside_soft = not soft_low <= ratio <= soft_high
    reason = f"{length} characters for {n_words} words (ratio {ratio:.2f})"
    if outside_hard:
        yield verdict("length", "hard", f"{reason}, usual is {hard_low} to {hard_high}")
    else:
        yield verdict("length", "soft", f"{reason}, usual is {soft_low} to {soft_high}" if outside_soft else "")


def check_limit(context: CheckContext) -> Iterator[CheckResult]:
    if context.max_chars is None:
        return
    length = chinese_length(context.text)
    too_long = length > context.max_chars
    yield verdict("limit", "hard", f"{length} characters, at most {context.max_chars}" if too_long else "")
