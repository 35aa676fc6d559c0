"""The breakdown of a paper as a post shows it, taken apart into background, method and results.

Large models wrote the archives, and they vary the heads: ``1)`` alone, ``1.``, ``1) **title**``, ``### 1. title``,
``**1. title**``, 一、, no number at all. Lists inside an answer are numbered too, so a head is told from an item by its company:
the three heads of one breakdown are written alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from summarizer.records import Task

_TASKS: tuple[Task, ...] = ("background", "method", "results")
_KINDS = ("123", "１２３", "一二三", "①②③")
#: At the start of the line: items of a list inside an answer are mostly indented.
_HEAD = re.compile(
    r"(?P<hash>#{1,6}[ \t]*)?(?:(?P<bold>\*\*|__)[ \t]*)?(?P<open>[（(]?)"
    r"(?:(?P<circled>[①②③])|(?P<number>[1-3１-３一二三]))"
    r"(?P<mark>[ \t]*[.)）、．](?!\d)|(?(circled)|(?(hash)[ \t]+|(?!))))[ \t]*(?P<rest>.*)"
)
_TITLE = re.compile(r"(?:\*\*|__)[^*]+(?:\*\*|__)[ \t]*[：:]?|[^*]+(?:\*\*|__)[ \t]*[：:]?|[^。；;，,：:*]{1,40}[：:]?")
_RULE = re.compile(r"[ \t]*([-*_])[ \t]*(?:\1[ \t]*){2,}")

#: A head without a number: a heading, or bold words at the start of a line or of a list item.
_WORDED = re.compile(
    r"(?:(?P<hash>#{1,6})[ \t]*|(?P<item>[-*+][ \t]+))?(?P<bold>\*\*|__)?(?P<title>[^*_#：:。，]{2,25})"
    r"(?P<end>\*\*|__)?[ \t]*[：:]?[ \t]*(?P<rest>.*)"
)
_WORDS: tuple[tuple[Task, re.Pattern[str]], ...] = (
    ("background", re.compile("背景|既有|现有|动机|问题")),
    ("method", re.compile("方法|框架|模型|架构|方案")),
    ("results", re.compile("结果|效果|实验|任务|性能|评估")),
)


@dataclass(frozen=True, slots=True)
class _Head:
    line: int  #: place of the line
    part: int  #: 0, 1, 2
    form: int  #: 0: the number alone; 1: a title too; 2: text follows on the line
    style: tuple[object, ...]
    first: str  #: what of the line belongs to the answer


def split_breakdown(text: str) -> dict[Task, str]:
    """The answers that are found, by task; empty when the text has no heads. What stands before the first is left out.

    The title in a head is not part of an answer, text that follows a number on its line is.
    """
    lines = text.split("\n")
    heads = _numbered(lines) or _worded(lines)
    answers: dict[Task, str] = {}
    ends = [*(head.line for head in heads[1:]), len(lines)]
    for head, end in zip(heads, ends, strict=False):
        answer = trimmed([head.first, *lines[head.line + 1 : end]])
        if answer:
            answers[_TASKS[head.part]] = answer
    return answers


def trimmed(lines: Iterable[str]) -> str:
    """The lines as a text, without blank lines at both ends and rules at the end."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or _RULE.fullmatch(kept[-1])):
        kept.pop()
    while kept and not kept[0].strip():
        kept.pop(0)
    return "\n".join(kept).rstrip()


def _numbered(lines: Sequence[str]) -> list[_Head]:
    found = [head for n, line in enumerate(lines) if (head := _head(n, line)) is not None]
    forms = sorted({(head.form, head.style) for head in found}, key=lambda key: (key[0], _first(found, key)))
    styles = sorted({head.style for head in found}, key=lambda style: _first(found, (None, style)))
    choices = [[h for h in found if (h.form, h.style) == form] for form in forms]
    choices += [[h for h in found if h.style == style] for style in styles]
    choices.append(found)
    rows = [_in_order(choice) for choice in choices]
    for enough in (3, 2):
        for row in rows:
            if len(row) >= enough:
                return row
    return next((row for row in rows if row and row[0].form < 2), [])


def _first(heads: Iterable[_Head], key: tuple[int | None, tuple[object, ...]]) -> int:
    form, style = key
    return next(head.line for head in heads if head.style == style and form in (None, head.form))


def _in_order(heads: Iterable[_Head]) -> list[_Head]:
    """The first head with 1, the next with 2 after it, the next with 3 after that."""
    row: list[_Head] = []
    for head in heads:
        if head.part == len(row):
            row.append(head)
    return row


def _head(n: int, line: str) -> _Head | None:
    found = _HEAD.match(line)
    if found is None:
        return None
    rest = found["rest"].strip()
    sign = found["circled"] or found["number"]
    kind = next(kind for kind in _KINDS if sign in kind)
    style = (kind, bool(found["hash"]), bool(found["bold"]), found["open"], found["mark"].strip())
    if rest in ("", "**", "__"):
        form, first = 0, ""
    elif found["hash"] or _TITLE.fullmatch(rest):
        form, first = 1, ""
    else:
        form, first = 2, f"{found['bold'] or ''}{rest}"
    return _Head(n, kind.index(sign), form, style, first)


def _worded(lines: Sequence[str]) -> list[_Head]:
    """Heads told by their words, each part once and in order; nothing unless two are there."""
    row: list[_Head] = []
    for n, line in enumerate(lines):
        found = _WORDED.match(line)
        if found is None or not (found["hash"] or (found["bold"] and found["end"])):
            continue
        after = row[-1].part if row else -1  # 「核心方法如何解决上述问题」 has words of two parts
        for part, (_, words) in enumerate(_WORDS):
            if part > after and words.search(found["title"]):
                row.append(_Head(n, part, 2 if found["rest"] else 1, (), line if found["rest"] else ""))
                break
    return row if len(row) > 1 else []
