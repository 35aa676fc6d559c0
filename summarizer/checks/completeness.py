"""Every piece of the source has its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, count_han, verdict, words_only
from summarizer.records import CheckResult

#: A source with this many ordinary words cannot be answered without a Chinese character.
MIN_WORDS = 3
_WORD = re.compile(r"\b[a-z]{2,}\b")


def check_completeness(context: CheckContext) -> Iterator[CheckResult]:
    if context.task != "translation" or not context.pieces:
        return
    for number, (source, answer) in enumerate(context.pieces, start=1):
        needs_chinese = len(_WORD.findall(words_only(source))) >= MIN_WORDS
        if source.strip() and (not answer.strip() or (needs_chinese and not count_han(answer))):
            yield verdict("completeness", "hard", f"sentence {number} of {len(context.pieces)} has no answer: {source}")
            return
    yield verdict("completeness", "hard")
