"""Generation loops: the same phrase or sentence over and over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from summarizer.checks.context import HAN, CheckContext, verdict
from summarizer.records import CheckResult

#: Share of runs of NGRAM Han characters that occurred before. 262 reference abstracts and breakdowns: at most 0.034.
MAX_REPEATED_SHARE = 0.1
NGRAM = 8
#: Fewer runs than this give no share.
MIN_RUNS = 30
#: A sentence of this many Han characters or Latin letters stands once. None of the references repeats one.
MIN_SENTENCE_CHARS = 10

_SENTENCE_END = re.compile(r"[。！？；\n]|[.!?;]\s")
_GAP = r"[\s，,、。.；;：:]*"
#: One character, a short phrase, a long phrase, each followed at once by itself.
_STUTTERS = (
    re.compile(r"([^\W\d_])\1{7,}"),
    re.compile(rf"(\w[^\n]{{1,39}}?){_GAP}(?:\1{_GAP}){{3,}}"),
    re.compile(rf"(\w[^\n]{{11,79}}?){_GAP}\1"),
)


def check_repetition(context: CheckContext) -> Iterator[CheckResult]:
    yield verdict("repetition", "hard", repeated(context.text))


def repeated(text: str) -> str:
    """What a text says over and over, with the figures; empty when it does not."""
    for pattern in _STUTTERS:
        if found := pattern.search(text):
            return f"repeated at once: {found[1][:40]}"
    sentences = Counter(_key(s) for s in _SENTENCE_END.split(text))
    for sentence, count in sentences.items():
        if count > 1 and len(sentence) >= MIN_SENTENCE_CHARS:
            return f"sentence {count} times: {sentence[:40]}"
    han = "".join(HAN.findall(text))
    runs = Counter(han[i : i + NGRAM] for i in range(len(han) - NGRAM + 1))
    total = runs.total()
    share = (total - len(runs)) / total if total >= MIN_RUNS else 0.0
    if share > MAX_REPEATED_SHARE:
        return (
            f"{share:.0%} of the text was there before, at most {MAX_REPEATED_SHARE:.0%}: {runs.most_common(1)[0][0]}"
        )
    return ""


def _key(sentence: str) -> str:
    return re.sub(r"[\W_]+", "", sentence)
