"""The answer is Chinese, written in simplified characters, with no English left over that is not a name.

Of 262 abstracts that a large model translated, all keep the two shares below, seven have one or two English words (soft), and
none has more (tests/test_checks.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from summarizer.checks.context import CheckContext, count_han, verdict, words_only
from summarizer.records import CheckResult

#: Least share of Han characters among the letters, names of the source not counted.
MIN_HAN_SHARE = 0.6
#: Different characters that only traditional writing has: this many are a slip, more are traditional writing.
MAX_TRADITIONAL = 2
#: Words in a row that are English prose.
MIN_RUN_WORDS = 2
#: Single English words: this many are a slip, more are a text left half in English.
MAX_RESIDUE_WORDS = 2
#: Shortest lower-case word that counts as English; shorter ones are units and variables.
MIN_WORD_LETTERS = 4

_LATIN_TOKEN = re.compile(r"[^\W_\u2e80-\uffff](?:[\w.+/'’@#-]*[^\W_])?", re.ASCII)
_ORDINARY = re.compile(r"[a-z]{2,}(?:[-'’][a-z]+)*")
_ROW = re.compile(r"[\s,;]*")  # what may stand between two words of one run
#: Kana, Hangul, Cyrillic, Arabic, Hebrew, Thai, Devanagari. Greek letters are symbols.
_FOREIGN_SCRIPT = re.compile(
    r"[\u3041-\u3096\u30a1-\u30fa\u1100-\u11ff\uac00-\ud7a3\u0400-\u052f\u0590-\u05ff\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f]"
)
_UNITS = frozenset(["kbps", "mbps", "gbps", "dbfs", "dbov", "kmol", "rpm", "fps"])


@cache
def traditional_characters() -> frozenset[str]:
    """Characters that only traditional writing uses, by CC-CEDICT (in ``zhon``)."""
    from zhon import cedict

    return frozenset(cedict.traditional) - frozenset(cedict.simplified)


def check_han_share(context: CheckContext) -> Iterator[CheckResult]:
    """Letters are mostly Han. Names that stand in the source do not count, so that a sentence full of names may pass."""
    text = words_only(context.text)
    source_tokens = set(_LATIN_TOKEN.findall(context.source_text))
    named = sum(len(t) for t in _LATIN_TOKEN.findall(text) if t in source_tokens and not _ORDINARY.fullmatch(t))
    han = count_han(text)
    letters = sum(c.isalpha() for c in text)
    others = max(0, letters - han - named)
    if han == 0 and letters == 0:
        yield verdict("language", "hard", "no Chinese characters" if context.source_text.strip() else "")
        return
    share = han / (han + others) if han + others else 0.0
    yield verdict("language", "hard", f"Han share {share:.2f}, least {MIN_HAN_SHARE}" if share < MIN_HAN_SHARE else "")


def check_script(context: CheckContext) -> Iterator[CheckResult]:
    """Simplified characters."""
    found = sorted(set(context.text) & traditional_characters())
    reason = f"traditional characters: {''.join(found[:20])}" if found else ""
    yield verdict("simplified", "hard" if len(found) > MAX_TRADITIONAL else "soft", reason)


def check_foreign_script(context: CheckContext) -> Iterator[CheckResult]:
    """No letters of a script that neither language writes, but those that stand in the source; small models slip into them."""
    found = sorted(set(_FOREIGN_SCRIPT.findall(context.text)) - set(context.source_text))
    yield verdict("foreign_script", "hard", f"letters of another script: {''.join(found[:20])}" if found else "")


def check_english(context: CheckContext) -> Iterator[CheckResult]:
    """Lower-case English words: a run of them or several are left-over English, one or two may be a term."""
    runs = _english_runs(words_only(context.text), _allowed(context.copy_terms))
    prose = [run for run in runs if len(run) >= MIN_RUN_WORDS and any(len(w) >= MIN_WORD_LETTERS for w in run)]
    words = [w for run in runs for w in run if len(w) >= MIN_WORD_LETTERS]
    shown = "; ".join(" ".join(run) for run in prose) if prose else ", ".join(dict.fromkeys(words))
    hard = bool(prose) or len(set(words)) > MAX_RESIDUE_WORDS
    yield verdict("no_english", "hard" if hard else "soft", f"English left over: {shown}" if words else "")


def _english_runs(text: str, allowed: frozenset[str]) -> list[list[str]]:
    """Ordinary lower-case words, grouped where only blanks and commas stand between them."""
    runs: list[list[str]] = []
    end = -1
    for found in _LATIN_TOKEN.finditer(text):
        word = found[0]
        if not _ORDINARY.fullmatch(word) or word in allowed or word in _UNITS:
            end = -1
            continue
        if end >= 0 and _ROW.fullmatch(text, end, found.start()):
            runs[-1].append(word)
        else:
            runs.append([word])
        end = found.end()
    return runs


def _allowed(terms: tuple[str, ...] | None) -> frozenset[str]:
    return frozenset(word for term in terms or () for word in _LATIN_TOKEN.findall(term))
