"""Links and formulas come out as they went in, each as often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict, worth_another_try
from summarizer.literals import FORMULA, URL
from summarizer.records import CheckResult


def check_protected(context: CheckContext) -> Iterator[CheckResult]:
    """Hard for a single sentence of a translation, which is then asked again; soft for a whole text."""
    if context.task != "translation":
        return
    wrong = missing_protected(context.source_text, context.text) or added_protected(context.source_text, context.text)
    yield verdict(
        "links_and_formulas", worth_another_try(context), f"not as often as in the source: {wrong[0]}" if wrong else ""
    )


def missing_protected(source: str, text: str) -> list[str]:
    """Links and formulas that stand more often in the source."""
    return list((_protected(source) - _protected(text)).keys())


def added_protected(source: str, text: str) -> list[str]:
    """Links and formulas that stand more often in the text."""
    return list((_protected(text) - _protected(source)).keys())


def _protected(text: str) -> Counter[str]:
    without_links = URL.sub(" ", text)
    return Counter(URL.findall(text)) + Counter(FORMULA.findall(without_links))
