"""What is counted of a text: the same numbers for a trial's row, the tables of the scripts and the benchmark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from summarizer.checks import chinese_length, missing_numbers
from summarizer.checks.context import words_only
from summarizer.checks.numbers import added_numbers
from summarizer.checks.repetition import repeated
from summarizer.records import Completion
from summarizer.store.trials import Figures
from summarizer.summarize.terms import copy_terms

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

_LATIN_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’.+/_-]*[A-Za-z0-9+]|[A-Za-z]")
_ENGLISH = re.compile(r"[a-z]{4,}(?:[-'’][a-z]+)*")


@cache
def metrics() -> dict[str, Metric]:
    """chrF and BLEU with the ``zh`` tokenizer, as sacreBLEU computes them by default; both from 0 to 100."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    return {"chrf": CHRF(), "bleu": BLEU(tokenize="zh", force=True)}


def measure(text: str, source: str, reference: str | None, answers: Sequence[Completion] = ()) -> Figures:
    """The figures of one text. ``answers``: the model's, for loops it ran into."""
    return Figures(
        n_numbers=len(missing_numbers(source, "")),
        n_numbers_missing=len(missing_numbers(source, text)),
        n_numbers_added=len(added_numbers(source, text)),
        n_latin_residue=len(latin_residue(source, text)),
        looped=any(answer.finish_reason == "loop" for answer in answers) or bool(repeated(text)),
        n_chars=chinese_length(text),
        n_source_words=len(source.split()),
        chrf=float(metrics()["chrf"].sentence_score(text, [reference]).score) if reference else None,
    )


def latin_residue(source: str, text: str) -> list[str]:
    """Different words of the text of four or more lower-case letters that are no names of the source.

    What counts as a name is what copy-only decoding lets an answer copy (:func:`summarizer.summarize.terms.copy_terms`).
    """
    names = {word for term in copy_terms(source, source) for word in _LATIN_WORD.findall(term)}
    found = (word for word in _LATIN_WORD.findall(words_only(text)) if _ENGLISH.fullmatch(word))
    return list(dict.fromkeys(word for word in found if word not in names))


def statistics(name: str, texts: Sequence[str], references: Sequence[str]) -> list[list[float]]:
    """What a metric counts in each text. The sums of any texts' rows give their score: see :func:`score_of`.

    sacreBLEU's own significance test works the same way, through the same two methods.
    """
    stats: list[list[float]] = metrics()[name]._extract_corpus_statistics(texts, [references])
    return stats


def score_of(name: str, sums: Sequence[float]) -> float:
    """The score of texts whose statistics have these sums."""
    score: Any = metrics()[name]._compute_score_from_stats(list(sums))
    return float(score.score)
