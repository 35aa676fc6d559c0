"""Checks of generated text. Each looks at one thing and gives its verdicts with a reason; none changes the text.

A check is a function from a :class:`CheckContext` to results; :data:`CHECKS` lists them all. A *hard* result that did not
pass keeps a text from being published; a *soft* one is recorded only. Names of results are unique within one run.
"""

from __future__ import annotations

from summarizer.checks.completeness import check_completeness
from summarizer.checks.context import Check, CheckContext
from summarizer.checks.finish import check_finish
from summarizer.checks.language import check_english, check_han_share, check_script
from summarizer.checks.length import check_length, check_limit, chinese_length
from summarizer.checks.negation import check_negation
from summarizer.checks.numbers import check_numbers_added, check_numbers_kept, check_numerals_added, missing_numbers
from summarizer.checks.preamble import check_echo, check_preamble
from summarizer.checks.protected import check_protected, missing_protected
from summarizer.checks.repetition import check_repetition, repeated
from summarizer.checks.terminology import check_names, check_terms, missing_names, terms_used
from summarizer.records import CheckResult

CHECKS: tuple[Check, ...] = (
    check_finish,
    check_han_share,
    check_script,
    check_english,
    check_numbers_kept,
    check_numbers_added,
    check_numerals_added,
    check_length,
    check_limit,
    check_repetition,
    check_preamble,
    check_echo,
    check_completeness,
    check_protected,
    check_names,
    check_negation,
    check_terms,
)

__all__ = [
    "CHECKS",
    "CheckContext",
    "chinese_length",
    "missing_names",
    "missing_numbers",
    "missing_protected",
    "repeated",
    "run_checks",
    "terms_used",
]


def run_checks(context: CheckContext) -> tuple[CheckResult, ...]:
    """The results of every check, in a fixed order. Works on a whole text and on a single sentence pair."""
    return tuple(result for check in CHECKS for result in check(context))
