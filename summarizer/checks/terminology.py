"""Terms of the glossary are said as it says them, and names of the source stand in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from summarizer.checks.context import CheckContext, verdict, words_only, worth_another_try
from summarizer.records import CheckResult, GlossaryTerm, TermUse

_SHOWN = 5
#: LibriSpeech, wav2vec2, GPT-4o, all-MiniLM-L6-v2, chimera++: letters that no Chinese word stands for. No plain acronyms
#: (a translation may well say 大语言模型 for LLM), no words with a number before them (2D), no words in title case.
_NAME = re.compile(r"(?<![\w$\\{/.@-])[A-Za-z][\w+-]*(?:\.\d[\w+-]*)*\+*(?![\w}/@])")
_NUMBERED = re.compile(r"(?:Agent|Group|Layer|Level|Part|Phase|Stage|Step|Subtask|Table|Task|Track|Type)-\d+")
_UNITS = frozenset(["dB", "dBFS", "dBA", "kHz", "MHz", "GHz", "kB", "kW", "mV", "mW", "eV"])
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}|[A-Z][a-z]*[A-Z][a-z]")


def terms_used(pairs: Iterable[tuple[str, Sequence[GlossaryTerm]]]) -> tuple[TermUse, ...]:
    """How translations say the terms of their sources, each term once: by the first pair that has it.

    ``pairs``: a translated sentence, and the terms of its source. The wanted word counts before its variants; another
    letter case of a Latin word is the same word.
    """
    found: dict[str, TermUse] = {}
    for text, terms in pairs:
        folded = text.casefold()
        for term in terms:
            if term.en not in found:
                used = next((zh for zh in (term.zh, *term.variants) if zh.casefold() in folded), None)
                found[term.en] = TermUse(term.en, term.zh, used)
    return tuple(found.values())


def check_terms(context: CheckContext) -> Iterator[CheckResult]:
    """The glossary's word or a variant of it stands for each of its terms. Soft: a good text may say it otherwise."""
    missed = [f"{use.term} not as {use.wanted}" for use in context.terms if use.used is None]
    yield verdict("glossary", "soft", ", ".join(missed[:_SHOWN]))


def check_names(context: CheckContext) -> Iterator[CheckResult]:
    """Names in the source of a translation stand in it.

    Hard for a single sentence, where another try is cheap; soft for a whole text: one in nine of 262 reference
    abstracts leaves one out where the context tells what is meant.
    """
    if context.task != "translation":
        return
    missing = missing_names(context.source_text, context.text)
    yield verdict(
        "names_kept", worth_another_try(context), f"missing: {', '.join(missing[:_SHOWN])}" if missing else ""
    )


def missing_names(source: str, text: str) -> list[str]:
    """Names of the English source that the Chinese text has not, each once; letter case and blanks do not count."""
    folded = re.sub(r"\s", "", text).casefold()
    missing = []
    for found in _NAME.finditer(words_only(source)):
        name = re.sub(r"(?<=[A-Z0-9])s$", "", found[0]).rstrip("-_")
        if _is_name(name) and name.casefold() not in folded:
            missing.append(name)
    return list(dict.fromkeys(missing))


def _is_name(word: str) -> bool:
    """Whether a word is a name and no ordinary compound: ``non-IID`` and ``CNN-based`` may come apart."""
    if word in _UNITS or _NUMBERED.fullmatch(word):
        return False
    parts = word.split("-")
    if len(parts) > 1 and any(part.islower() and part.isalpha() for part in parts):
        marked = sum(any(c.isdigit() for c in part) or _CAMEL.search(part) is not None for part in parts)
        return marked > 1
    if any(c.isdigit() for c in word):
        return sum(c.isalpha() for c in word) > 1
    return "+" in word or _CAMEL.search(word.removesuffix("s")) is not None
