"""Numbers: those of the source are kept, and none is invented."""

from __future__ import annotations

from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict
from summarizer.checks.numerals import contains, digit_strings, find_numbers, numeral_values, spelled_values
from summarizer.records import CheckResult

#: Numbers of the source that a translation may lack.
MAX_MISSING = 0
#: Numbers of an answer that may have no origin in the source.
MAX_ADDED = 0
_SHOWN = 5


def check_numbers_kept(context: CheckContext) -> Iterator[CheckResult]:
    """Every number the source writes in digits stands in the text, in digits or Chinese numerals.

    A translation is held against its whole source; an answer about a paper only, softly, against the pieces of the source
    that it was made from.
    """
    source = context.source_text if context.task == "translation" else "\n".join(piece for piece, _ in context.pieces)
    missing = missing_numbers(source, context.text)
    reason = f"missing: {', '.join(missing[:_SHOWN])}" if len(missing) > MAX_MISSING else ""
    yield verdict("numbers_kept", "hard" if context.task == "translation" else "soft", reason)


def check_numbers_added(context: CheckContext) -> Iterator[CheckResult]:
    """Every number the text writes in digits has its origin in the source."""
    added = added_numbers(context.source_text, context.text)
    yield verdict(
        "numbers_added", "hard", f"not in source: {', '.join(added[:_SHOWN])}" if len(added) > MAX_ADDED else ""
    )


def missing_numbers(source: str, text: str) -> list[str]:
    """Numbers of the English source, as written there, that the Chinese text has not."""
    written = digit_strings(text)
    values = {value for number in find_numbers(text, chinese=True) for value in number.values} | numeral_values(text)
    missing = []
    for number in find_numbers(source, chinese=False):
        if number.in_name or number.written.replace(",", "") in written:
            continue
        if not any(contains(values, value) for value in number.values):
            missing.append(number.written)
    return list(dict.fromkeys(missing))


def added_numbers(source: str, text: str) -> list[str]:
    """Numbers of the Chinese text, as written there, that the English source has not."""
    written = digit_strings(source)
    values = {value for number in find_numbers(source, chinese=False) for value in number.values}
    values |= spelled_values(source)
    added = []
    for number in find_numbers(text, chinese=True):
        if number.scaled == number.value and number.written.replace(",", "") in written:
            continue
        wanted = (number.scaled, *((number.value / 100,) if number.percent else ()))
        if not any(contains(values, value) for value in wanted):
            added.append(number.written)
    return list(dict.fromkeys(added))
