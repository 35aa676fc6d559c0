"""A comparison as a page: source, both texts, what differs, checks and figures. One file that works from file://."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from summarizer.records import CheckResult, Piece
from summarizer.store.trials import TrialOutput
from summarizer.tuning.comparison import Difference
from summarizer.tuning.results import Comparison, Pair, fingerprint

#: A stretch of text: the same on both sides, or only here.
Mark = Literal["same", "only"]
Span = tuple[Mark, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One source sentence with what each side made of it; None: that side did not use it."""

    source: str
    baseline: tuple[Span, ...] | None
    candidate: tuple[Span, ...] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of the page."""

    pair: Pair
    rows: tuple[Row, ...]
    differs: bool
    change: float  #: what the page is ordered by: the candidate's gain, worst first


def render_page(comparison: Comparison) -> str:
    """The page as HTML. Everything from papers, models and prompts is escaped; there is no script and no link out of it."""
    entries = sorted((_entry(pair) for pair in comparison.pairs), key=lambda e: (not e.differs, e.change))
    return _template().render(
        comparison=comparison,
        entries=entries,
        n_changed=sum(e.differs for e in entries),
        fingerprint=fingerprint([comparison]),
        number=format_figure,
        interval=format_interval,
        changes=prompt_changes(comparison),
        failed=failed_checks,
        dropped=unused_pieces,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("summarizer.tuning"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("comparison.html.j2")


def format_figure(difference: Difference, value: float | None, *, signed: bool = False) -> str:
    """A figure with its digits; a dash where it is not known."""
    if value is None:
        return "–"
    digits = difference.figure.digits
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def format_interval(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return ""
    low, high = (format_figure(difference, v, signed=True) for v in (difference.low, difference.high))
    return f"[{low}, {high}]"


def failed_checks(output: TrialOutput) -> list[CheckResult]:
    """Hard ones first."""
    return sorted((c for c in output.checks if not c.passed), key=lambda c: c.severity)


def unused_pieces(output: TrialOutput) -> list[Piece]:
    """Tries that failed a check."""
    return [p for p in output.pieces if not p.used and p.reason]


def _entry(pair: Pair) -> Entry:
    rows = tuple(_rows(pair.baseline, pair.candidate))
    change = (pair.candidate.figures.chrf or 0.0) - (pair.baseline.figures.chrf or 0.0)
    if pair.case.reference is None:
        change = float(_faults(pair.baseline) - _faults(pair.candidate))
    return Entry(pair, rows, pair.baseline.text != pair.candidate.text, change)


def _faults(output: TrialOutput) -> int:
    return 10 * output.n_hard_failed + output.n_soft_failed


def _rows(baseline: TrialOutput, candidate: TrialOutput) -> list[Row]:
    """Both texts by source sentence, in the baseline's order; what only the candidate used comes last."""
    sides = [_by_source(baseline.pieces), _by_source(candidate.pieces)]
    rows = []
    for source in dict.fromkeys([*sides[0], *sides[1]]):
        left, right = (side.get(source) for side in sides)
        if left is not None and right is not None:
            rows.append(Row(source, *differing(left, right)))
        else:
            rows.append(Row(source, *(None if t is None else (("only", t),) for t in (left, right))))
    return rows


def _by_source(pieces: Sequence[Piece]) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in pieces:
        if piece.used:
            found[piece.source_text] = found.get(piece.source_text, "") + piece.text
    return found


def differing(left: str, right: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts cut into what they share and what only one has; joined, the spans give the texts again.

    A single character in common among others is no common ground.
    """
    ours: list[Span] = []
    theirs: list[Span] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        mark: Mark = "same" if kind == "equal" and j - i > 1 else "only"
        _extend(ours, mark, left[i:j])
        _extend(theirs, mark, right[k:m])
    return tuple(ours), tuple(theirs)


def _extend(spans: list[Span], mark: Mark, text: str) -> None:
    if text and spans and spans[-1][0] == mark:
        spans[-1] = (mark, spans[-1][1] + text)
    elif text:
        spans.append((mark, text))


def prompt_changes(comparison: Comparison) -> list[str]:
    """The lines in which the two prompt files differ, as a unified diff; empty when only the sampling does."""
    before, after = comparison.baseline, comparison.candidate
    lines = [side.trial.prompt_source.splitlines() for side in (before, after)]
    return list(difflib.unified_diff(lines[0], lines[1], before.label, after.label, lineterm="", n=1))
