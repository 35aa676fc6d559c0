"""Damage done to a good translation on purpose, one fault at a time, seeded by the text: what the checks are tried on."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from summarizer.checks.alignment import align
from summarizer.checks.context import HAN
from summarizer.sentences import chinese_sentences, split_sentences

_SENTENCE = re.compile(r"[^。！？]*[。！？]?")
_FIGURE = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?=[^\w.]*%)", re.ASCII)
_NAME = re.compile(r"(?<![A-Za-z])[A-Za-z]*[a-z][A-Z][A-Za-z0-9]*|(?<![A-Za-z])[A-Z]{3,}[\w-]*\d", re.ASCII)
_DENIES = re.compile(r"\b(?:not|never|none|cannot|without|no)\b", re.IGNORECASE)
_CHINESE_DENIES = re.compile(r"并?[不未没非]|没?有?无法|无需|不能|无")
_TURNED = {"提高": "降低", "提升": "降低", "降低": "提高", "减少": "增加", "下降": "上升", "优于": "劣于"}
_TRADITIONAL = str.maketrans("语声频识别网络学习训练数据结构优化实验验证说话这种对",
                             "語聲頻識別網絡學習訓練數據結構優化實驗驗證說話這種對")  # fmt: skip
_UNITS = {"毫秒": "秒", "ms": "s", "kHz": "Hz", "小时": "分钟", "秒": "毫秒", "%": "倍", "倍": "%", "分贝": "赫兹"}
_UNIT = re.compile(r"(?<=\d)\s?(毫秒|ms|kHz|小时|秒|%|倍|分贝)(?![A-Za-z])")
_CLAUSE = re.compile(r"[^，；]+[，；]?")


@dataclass(frozen=True, slots=True)
class Pair:
    """An English text and its Chinese translation."""

    source: str
    text: str


def _seeded(pair: Pair) -> random.Random:
    return random.Random(zlib.crc32(pair.source.encode()))


def _sentences(text: str) -> list[str]:
    return [s for s in _SENTENCE.findall(text) if s]


def drop_sentence(pair: Pair) -> str | None:
    """One sentence that has a source sentence of its own is left out."""
    source, target = split_sentences(pair.source), chinese_sentences(pair.text)
    beads = align(source, target)
    lone = [i for i, b in enumerate(beads) if len(b.source) == 1 and b.target and len(b.source[0].split()) >= 8]
    if len(beads) < 3 or not lone:
        return None
    chosen = _seeded(pair).choice(lone)
    return "".join(t for i, bead in enumerate(beads) if i != chosen for t in bead.target)


def cut(pair: Pair) -> str | None:
    """Only the first third is there."""
    return pair.text[: len(pair.text) // 3]


def drop_clauses(pair: Pair) -> str | None:
    """The second half of the longest sentence is left out."""
    sentences = _sentences(pair.text)
    longest = max(range(len(sentences)), key=lambda i: len(sentences[i]))
    clauses = _CLAUSE.findall(sentences[longest])
    if len(clauses) < 3:
        return None
    sentences[longest] = "".join(clauses[: len(clauses) // 2]).rstrip("，；") + "。"
    return "".join(sentences)


def stop_in_the_middle(pair: Pair) -> str | None:
    """The last clause is not there."""
    clauses = _CLAUSE.findall(pair.text.rstrip())
    return "".join(clauses[:-1]) if len(clauses) > 2 and clauses[-2].endswith(("，", "；")) else None


def change_number(pair: Pair) -> str | None:
    found = list(_FIGURE.finditer(pair.text))
    if not found:
        return None
    one = _seeded(pair).choice(found)
    return f"{pair.text[: one.start()]}{float(one[0]) + 7.3:g}{pair.text[one.end() :]}"


def change_unit(pair: Pair) -> str | None:
    """The first figure with a unit gets another one."""
    found = _UNIT.search(pair.text)
    return f"{pair.text[: found.start(1)]}{_UNITS[found[1]]}{pair.text[found.end() :]}" if found else None


def drop_name(pair: Pair) -> str | None:
    """A name of the source is nowhere in the text."""
    names = [n for n in dict.fromkeys(_NAME.findall(pair.source)) if n in pair.text]
    if not names:
        return None
    return pair.text.replace(_seeded(pair).choice(names), "该方法")


def turn_negation(pair: Pair) -> str | None:
    """A sentence whose source denies loses all its denials."""
    for bead in align(split_sentences(pair.source), chinese_sentences(pair.text)):
        target = "".join(bead.target)
        if bead.source and target and _DENIES.search(" ".join(bead.source)) and _CHINESE_DENIES.search(target):
            return pair.text.replace(target, _CHINESE_DENIES.sub("", target))
    return None


def turn_direction(pair: Pair) -> str | None:
    """What rises falls, in one sentence."""
    sentences = _sentences(pair.text)
    pattern = re.compile("|".join(_TURNED))
    turnable = [i for i, s in enumerate(sentences) if pattern.search(s)]
    if not turnable:
        return None
    chosen = _seeded(pair).choice(turnable)
    sentences[chosen] = pattern.sub(lambda found: _TURNED[found[0]], sentences[chosen])
    return "".join(sentences)


def loop(pair: Pair) -> str | None:
    sentences = _sentences(pair.text)
    return "".join(sentences[:2]) + sentences[-1] * 3


def leave_english(pair: Pair) -> str | None:
    """The second half stays in English."""
    english, sentences = split_sentences(pair.source), _sentences(pair.text)
    return "".join(sentences[: len(sentences) // 2]) + " ".join(english[len(english) // 2 :])


def leave_words(pair: Pair) -> str | None:
    """One ordinary English word stands in the place of two characters."""
    words = re.findall(r"\b[a-z]{6,}\b", pair.source)
    han = [m.start() for m in HAN.finditer(pair.text)]
    if not words or len(han) < 20:
        return None
    rng = _seeded(pair)
    at = rng.choice(han[5:-5])
    return f"{pair.text[:at]} {rng.choice(words)} {pair.text[at + 2 :]}"


def traditional(pair: Pair) -> str | None:
    changed = pair.text.translate(_TRADITIONAL)
    return changed if changed != pair.text else None


def other_script(pair: Pair) -> str | None:
    """A particle of Japanese slips in."""
    return pair.text.replace("的", "の", 1) if "的" in pair.text else None


def lose_bracket(pair: Pair) -> str | None:
    at = pair.text.find("）")
    return pair.text[:at] + pair.text[at + 1 :] if at >= 0 else None


def add_preamble(pair: Pair) -> str | None:
    return (
        _seeded(pair).choice(["以下是译文：", "好的，", "中文翻译：", "译文：\n", "Here is the translation: "])
        + pair.text
    )


def add_hint(pair: Pair) -> str | None:
    """The hint of a second try is repeated."""
    return f"{pair.text}（译文中必须写出：3）"


def add_count(pair: Pair) -> str | None:
    """A count in Chinese numerals that the source does not have."""
    at = pair.text.find("方法")
    if at < 0 or re.search(r"\b(?:seven(?:ty|teen)?|7\d*)\b", pair.source):
        return None
    return f"{pair.text[:at]}七种{pair.text[at:]}"


def change_link(pair: Pair) -> str | None:
    found = re.search(r"https?://[\w./-]+\w", pair.text)
    return f"{pair.text[: found.end() - 1]}{pair.text[found.end() :]}" if found else None


#: Kinds of damage: what was done, and what it is called in the tables.
DAMAGE: dict[str, Callable[[Pair], str | None]] = {
    "sentence left out": drop_sentence,
    "half of a sentence left out": drop_clauses,
    "cut after a third": cut,
    "last clause left out": stop_in_the_middle,
    "number changed": change_number,
    "unit changed": change_unit,
    "count invented": add_count,
    "name lost": drop_name,
    "link changed": change_link,
    "negation turned": turn_negation,
    "direction turned": turn_direction,
    "loop": loop,
    "half English": leave_english,
    "one English word": leave_words,
    "traditional characters": traditional,
    "Japanese particle": other_script,
    "bracket lost": lose_bracket,
    "preamble": add_preamble,
    "hint repeated": add_hint,
}

#: The check that is there for a kind of damage.
CHECK_OF = {
    "sentence left out": "missing_sentences",
    "cut after a third": "length",
    "last clause left out": "ending",
    "number changed": "numbers_added",
    "unit changed": "units",
    "count invented": "numerals_added",
    "name lost": "names_kept",
    "link changed": "links_and_formulas",
    "negation turned": "negation",
    "direction turned": "direction",
    "loop": "repetition",
    "half English": "language",
    "one English word": "no_english",
    "traditional characters": "simplified",
    "Japanese particle": "foreign_script",
    "bracket lost": "marks",
    "preamble": "preamble",
}
