"""Numbers: those of the source are kept, and none is invented."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict, worth_another_try
from summarizer.checks.numerals import (
    contains,
    digit_strings,
    find_numbers,
    numeral_value,
    numeral_values,
    spelled_values,
)
from summarizer.records import CheckResult

#: Numbers of the source that a translation may lack.
MAX_MISSING = 0
#: Numbers of an answer that may have no origin in the source.
MAX_ADDED = 0
_SHOWN = 5
#: A count in Chinese numerals, from three on; not an ordinal, and no idiom: only before a measure word.
_COUNT = re.compile(
    "(?<![第万其之])([三四五六七八九][百千万亿]?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九][百千万亿][零〇一二三四五六七八九十百千]*)"
    "(?:余|多)?(?:个|种|项|类|次|倍|步|阶段|层|名|位|部|小时|年|天|分钟|组|套|条|款|维|元|重|方面|轮|级)"
)
_PREFIXES = {"tri": 3.0, "quad": 4.0, "pent": 5.0, "hex": 6.0}


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


def check_numerals_added(context: CheckContext) -> Iterator[CheckResult]:
    """Every count that the translation writes in Chinese numerals has its origin in the source.

    Hard for a single sentence, which is then asked again; soft for a whole text, since a translator may count what the
    source lists (3 of 262 reference abstracts).
    """
    if context.task != "translation":
        return
    added = added_numerals(context.source_text, context.text)
    yield verdict(
        "numerals_added", worth_another_try(context), f"not in source: {', '.join(added[:_SHOWN])}" if added else ""
    )


def added_numerals(source: str, text: str) -> list[str]:
    """Counts of three and more in Chinese numerals, with what they count, for which the English source has no number."""
    values = {value for number in find_numbers(source, chinese=False) for value in number.values}
    values |= spelled_values(source) | {float(n) for n in digit_strings(source) if n.count(".") < 2}
    values |= {value for prefix, value in _PREFIXES.items() if re.search(rf"\b{prefix}", source, re.IGNORECASE)}
    found = (m[0] for m in _COUNT.finditer(text) if not contains(values, numeral_value(m[1])))
    return list(dict.fromkeys(found))


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
