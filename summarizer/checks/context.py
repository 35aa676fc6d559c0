"""What a check may look at, and how it says what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from summarizer.literals import LITERAL
from summarizer.records import CheckResult, FinishReason, Severity, Task, TermUse

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One answer and what it was made from: a whole text, or one sentence."""

    task: Task
    source_text: str  #: English
    text: str  #: the answer
    finish_reason: FinishReason
    copy_terms: tuple[str, ...] | None = None  #: strings that the answer may copy from the source
    max_chars: int | None = None  #: most Chinese characters (:func:`summarizer.checks.chinese_length`); None: no limit
    pieces: Sequence[tuple[str, str]] = ()  #: source and answer of each call the text was put together from
    terms: Sequence[TermUse] = ()  #: terms of the glossary in the source, and how the text says them


Check = Callable[[CheckContext], Iterator[CheckResult]]


def verdict(name: str, severity: Severity, reason: str = "") -> CheckResult:
    """A result that passed when there is no reason against it."""
    return CheckResult(name, severity, not reason, " ".join(reason.split())[:300])


def worth_another_try(context: CheckContext) -> Severity:
    """Hard for a single sentence, where another try costs seconds; soft for a whole text, which would become a gap."""
    return "soft" if context.pieces else "hard"


def words_only(text: str) -> str:
    """The text without links, formulas and code spans, which are neither English nor Chinese."""
    return LITERAL.sub(" ", text)


def count_words(text: str) -> int:
    """Words of an English text; links, formulas, code and marks that stand alone are none."""
    return sum(any(map(str.isalnum, word)) for word in words_only(text).split())


def count_han(text: str) -> int:
    return len(HAN.findall(text))
