"""The text is the answer alone: no greeting, no label, no piece of the instruction or of the English source."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict, words_only
from summarizer.records import CheckResult

#: This many words in a row that the source has too are a copy of it.
MIN_ECHOED_WORDS = 7

_START = re.compile(
    r"\s*[#*>\-\s\"“「『(（【\[]*(?:"
    r"(?:以下|下面|如下)(?:是|为|內容|内容|译文|翻译|中文)|翻译(?:如下|结果|为|后)|译文如下|"
    r"(?:中文)?(?:译文|翻译|摘要翻译|译文如下|中文摘要|中文翻译|输出|答案|回答|答)\s*(?:[:：\]】]|\*\*)|"
    r"(?:中文|abstract|translation|answer|output|chinese)\s*[:：]|"
    r"(?:好的|好吧|当然|没问题|可以的|明白了|收到)(?:可以)?[，,。！!：:]|"
    r"(?:sure|certainly|of course|okay|ok|here(?:'s| is| are)|below is|the translation|i am|i'm)\b"
    r")",
    re.IGNORECASE,
)
#: A label only of a translation, and only where the abstract itself has none (``Background: ...``). An answer about a
#: paper may name its subject first.
_SECTION_LABEL = re.compile(r"\s*[#*\-\s【]*(?:研究背景|背景|方法|结果|摘要|结论)\s*[:：】]")
_SOURCE_LABEL = re.compile(r"\W*[A-Z][A-Za-z &/-]{2,30}?\s*[:.—–-]\s")
_ANYWHERE = re.compile(
    r"<\|?/?(?:im_start|im_end|endoftext|s|system|user|assistant)\|?>|\[/?INST\]|"
    r"(?m:^\s*(?:system|user|assistant|human|用户|助手)\s*[:：])|"
    r"作为(?:一个|一名)?(?:AI|人工智能|大?语言模型)|as an ai\b|"
    r"请(?:将|把|用中文|翻译|注意：|提供)|(?:翻译|译)成(?:学术)?(?:简体)?中文|不(?:超过|多于)\s*\d+\s*(?:个)?(?:汉)?字|"
    r"译文中必须写出|要点名|(?<!我们)希望(?:这(?!些|一|项|种)|以上|对您)|如(?:果您|有)(?:任何|其他)?(?:问题|疑问|需要)|(?:译注|译者注|注意)\s*[:：]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_BETWEEN_WORDS = re.compile(r"[\s,;:()\"'“”.-]*")


def check_preamble(context: CheckContext) -> Iterator[CheckResult]:
    found = _START.match(context.text) or _ANYWHERE.search(context.text)
    if found is None and context.task == "translation" and not _SOURCE_LABEL.match(context.source_text):
        found = _SECTION_LABEL.match(context.text)
    yield verdict("preamble", "hard", f"not part of an answer: {found[0].strip()[:40]}" if found else "")


def check_echo(context: CheckContext) -> Iterator[CheckResult]:
    """No run of the source's English words."""
    source = " ".join(w.lower() for w in _WORD.findall(context.source_text))
    padded = f" {source} "
    text = words_only(context.text)
    found = list(_WORD.finditer(text))
    for first in range(len(found) - MIN_ECHOED_WORDS + 1):
        run = found[first : first + MIN_ECHOED_WORDS]
        if not all(_BETWEEN_WORDS.fullmatch(text, a.end(), b.start()) for a, b in itertools.pairwise(run)):
            continue
        phrase = " ".join(w[0].lower() for w in run)
        if f" {phrase} " in padded and any(w[0].islower() for w in run):
            yield verdict("echo", "hard", f"copied from the source: {phrase}")
            return
    yield verdict("echo", "hard")
