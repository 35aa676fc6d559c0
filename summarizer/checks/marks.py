"""Brackets and quotation marks stand in pairs, and the text does not stop in the middle of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict, words_only
from summarizer.records import CheckResult

#: A half-width bracket may close a full-width one; list marks such as ``1)`` close nothing.
_PAIRS = (("(（", ")）"), ("[【", "]】"), ("“", "”"), ("《", "》"), ("「", "」"))
#: A comma, or an "and" after one, and then the end.
_LIST_GOES_ON = re.compile(r"(?:[，；、：]\s*(?:和|及|与|并|以及|并且|而且|或|或者|同时)?|以及|并且|而且)[。！？]?$")


def check_marks(context: CheckContext) -> Iterator[CheckResult]:
    """Soft: a bracket that is opened and never closed where the source has none such is the sign of a lost end."""
    stopped = _LIST_GOES_ON.search(context.text.rstrip())
    yield verdict("ending", "soft", f"stops in the middle: {context.text.rstrip()[-10:]}" if stopped else "")
    open_ = [name for name, n in unclosed(context.text).items() if n > unclosed(context.source_text).get(name, 0)]
    yield verdict("marks", "soft", f"not closed: {' '.join(open_)}" if open_ else "")


def unclosed(text: str) -> dict[str, int]:
    """How many of each kind of opening mark have no closing one after them; by the first character of the kind."""
    text = words_only(text)
    counts = {}
    for opening, closing in _PAIRS:
        depth = 0
        for sign in text:
            if sign in opening:
                depth += 1
            elif sign in closing and depth:
                depth -= 1
        if depth:
            counts[opening[0]] = depth
    return counts
