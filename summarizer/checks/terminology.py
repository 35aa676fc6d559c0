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

#: A compound in small letters: sentence-transformers, but also speech-to-text.
_COMPOUND = re.compile(r"(?<![\w./@$\\{-])[a-z]+(?:-[a-z]+)+(?![\w/@}-]|\.\w)")
_CODE_SPAN = re.compile(r"(?<!`)`([A-Za-z][\w.+/-]*)`(?!`)")
_INSTALLED = re.compile(r"\b(?:pip|conda|npm|cargo|apt(?:-get)?|brew) (?:install|add) $")
_IS_SOFTWARE = re.compile(
    r"\s?(?:==|v?\d+\.\d+\.\d+)|\s(?:Python |open-source )?(?:library|package|repository|wheel|plugin|crate|CLI)\b"
)
#: Software whose name is no English word, alone or in front of others.
_SOFTWARE = frozenset(
    "llama scikit numpy scipy pytorch torch keras jax cuda onnx spacy huggingface conda pypi kaldi librosa gguf python".split()  # noqa: SIM905
)
_NO_SOFTWARE_END = re.compile(
    r"(?:based|like|style|free|aware|level|only|specific|driven|\w+(?:al|ed|ing|ics|less|able))"
)
#: Written without a vowel, and yet no name.
_ABBREVIATED = frozenset("vs st nd rd th hr hrs ms km cm mm nm kg db hz fps bps kb mb gb pt px rms std sd phd".split())  # noqa: SIM905


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
    missing = [name for name in package_names(source) if name.casefold() not in folded]
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


def package_names(source: str) -> list[str]:
    """Names of software in small letters, which nothing but their place or their letters tells from words, each once.

    ``llama-cpp-python``, ``sentence-transformers library``; not ``speech-to-text`` or ``open-source library``. Counted are code
    spans of one word, and compounds that are installed, carry a version, have a part that is no English word, or
    stand before library, package and the like with a plural, which no English word in that place has.
    """
    names = dict.fromkeys(found[1] for found in _CODE_SPAN.finditer(source))
    for found in _COMPOUND.finditer(source):
        if _INSTALLED.search(source, max(0, found.start() - 20), found.start()):
            names[found[0]] = None
            continue
        *_, last = parts = found[0].split("-")
        if _NO_SOFTWARE_END.fullmatch(last):
            continue
        software = _IS_SOFTWARE.match(source, found.end())
        versioned = software is not None and software[0].strip()[0] in "=v0123456789"
        plural = last.endswith("s") and not last.endswith(("ss", "us", "is"))
        if versioned or (software and plural) or any(map(_is_foreign, parts)):
            names[found[0]] = None
    return list(names)


def _is_foreign(part: str) -> bool:
    return part in _SOFTWARE or (len(part) > 1 and part not in _ABBREVIATED and re.search("[aeiouy]", part) is None)
