"""A figure keeps its unit: 5 ms do not become 5 seconds, 40 % not 40 times."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.alignment import sentence_pairs
from summarizer.checks.context import CheckContext, verdict, words_only, worth_another_try
from summarizer.records import CheckResult

#: What may follow a figure: a kind of unit, in English and in Chinese. The first that matches is taken.
_UNITS: tuple[tuple[str, str, str], ...] = (
    ("milliseconds", r"ms\b|milliseconds?\b|msec\b", r"ms\b|毫秒"),
    ("seconds", r"s\b|secs?\b|seconds?\b", r"s\b|秒"),
    ("minutes", r"mins?\b|minutes?\b", r"min\b|分钟"),
    ("hours", r"h\b|hrs?\b|hours?\b", r"h\b|个?小时"),
    ("days", r"days?\b", r"天|日(?!本)"),
    ("months", r"months?\b", r"个?月"),
    ("years", r"years?\b", r"年|岁"),
    ("kHz", r"kHz\b", r"kHz\b|千赫"),
    ("MHz", r"MHz\b", r"MHz\b|兆赫"),
    ("GHz", r"GHz\b", r"GHz\b|吉赫"),
    ("Hz", r"Hz\b", r"Hz\b|赫"),
    ("dB", r"dB\b|decibels?\b", r"dB\b|分贝"),
    ("percent", r"%|percent\b|percentage points?\b|per cent\b", r"%|个?百分[点比]"),
    ("times", r"times\b|x\b|×|-?fold\b", r"倍|x\b|×|次"),
    ("kbps", r"kbps\b|kbit/s\b|kb/s\b", r"kbps\b|kbit/s|千比特"),
    ("Mbps", r"Mbps\b|Mbit/s\b", r"Mbps\b|Mbit/s|兆比特"),
    ("GB", r"GB\b|gigabytes?\b", r"GB\b|吉字节"),
    ("MB", r"MB\b|megabytes?\b", r"MB\b|兆字节"),
    ("kB", r"kB\b|KB\b|kilobytes?\b", r"kB\b|KB\b|千字节"),
    ("km", r"km\b|kilomet(?:re|er)s?\b", r"km\b|公里|千米"),
    ("cm", r"cm\b|centimet(?:re|er)s?\b", r"cm\b|厘米"),
    ("mm", r"mm\b|millimet(?:re|er)s?\b", r"mm\b|毫米"),
    ("metres", r"m\b|met(?:re|er)s?\b", r"m\b|米"),
)
_FIGURE = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?", re.ASCII)
_ENGLISH = [(kind, re.compile(rf"[\s~-]?\s?(?:{english})", re.ASCII)) for kind, english, _ in _UNITS]
_CHINESE = [(kind, re.compile(rf"\s?(?:{chinese})", re.ASCII)) for kind, _, chinese in _UNITS]


def check_units(context: CheckContext) -> Iterator[CheckResult]:
    """Hard for a single sentence, of an answer too, which is then asked again; soft for a whole text."""
    changed = [found for source, text in sentence_pairs(context) for found in changed_units(source, text)]
    yield verdict("units", worth_another_try(context), changed[0] if changed else "")


def changed_units(source: str, text: str) -> list[str]:
    """Figures that stand once in each text and have a known unit of another kind in the Chinese one."""
    theirs, ours = _with_units(words_only(source), _ENGLISH), _with_units(words_only(text), _CHINESE)
    changed = []
    for figure in theirs.keys() & ours.keys():
        (*_, english), (*_, chinese) = theirs[figure], ours[figure]
        if len(theirs[figure]) == len(ours[figure]) == 1 and english and chinese and english != chinese:
            changed.append(f"{figure} {english} became {chinese}")
    return sorted(changed)


def _with_units(text: str, units: list[tuple[str, re.Pattern[str]]]) -> dict[str, list[str]]:
    """The kinds of unit that follow each figure of a text, "" for none that is known."""
    found: dict[str, list[str]] = {}
    text = text.replace("\\%", "%").replace("％", "%").replace("$", "")
    for figure in _FIGURE.finditer(text):
        if text.startswith("s", figure.end()) and figure[0].endswith("0"):  # the 1990s
            continue
        kind = next((kind for kind, unit in units if unit.match(text, figure.end())), "")
        found.setdefault(figure[0].replace(",", ""), []).append(kind)
    return found
