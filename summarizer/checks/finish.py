"""A generation that did not end by itself is no content."""

from __future__ import annotations

from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict
from summarizer.records import CheckResult


def check_finish(context: CheckContext) -> Iterator[CheckResult]:
    if context.finish_reason != "stop":
        yield verdict("finish", "hard", f"finish reason {context.finish_reason}")
    else:
        yield verdict("finish", "hard", "" if context.text.strip() else "empty text")
