"""Written Chinese in place of spoken: 与 for 和 between two things, 提升 for 提高, 首个 for 第一个.

A small model writes the everyday word where abstracts have the written one. Only words that mean the same wherever they stand
are changed, and only those of which the reference posts take one form nearly always (``benchmarks/register.py`` counts both
forms). It is done for the text and not for what the next question repeats: there the model finds its own words again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from summarizer.literals import LITERAL, set_apart

#: 和 inside a word (饱和, 和弦), but not at the seam of two (声学和声码器, 水平和解码).
_AND = re.compile(
    r"(?<![饱总温柔谐中，、])(?<![^需要请追诉]求)(?<!延迟求)和"
    r"(?!弦|睦|蔼|国|声(?![学音码源道场调纹波压])|谐(?![波振])|平(?![均衡台面滑行])|解(?![码释决耦析调])|$)"
)
_CLAUSE = re.compile(r"[，。；：！？（）“”]")


def _and(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        clause = _CLAUSE.split(text[: found.start()])[-1]
        return found[0] if "、" in clause else "与"  # at the end of a list both are usual

    return _AND.sub(one, text)


def _first(text: str) -> str:
    return text if "第二" in text else text.replace("第一个", "首个")


def _words(everyday: str, written: str) -> Callable[[str], str]:
    return lambda text: text.replace(everyday, written)


def _pattern(pattern: str, written: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda text: compiled.sub(written, text)


_HAN = r"[\u4e00-\u9fff]"
#: What is changed, by the two words that it is about (or an example of them): the everyday one and the written one.
RULES: dict[tuple[str, str], Callable[[str], str]] = {
    ("和", "与"): _and,
    ("提高", "提升"): _words("提高", "提升"),
    ("第一个", "首个"): _first,
    ("这个", "该"): _words("这个", "该"),
    ("而不是", "而非"): _words("而不是", "而非"),
    ("特别是", "尤其是"): _words("特别是", "尤其是"),
    ("但是", "但"): _pattern("但是，?", "但"),
    ("并且", "且"): _words("并且", "且"),
    ("为了", "为"): _pattern(rf"(?<!成)为了(?={_HAN})", "为"),
    ("提出了一", "提出一"): _words("提出了一", "提出一"),
    ("引入了", "引入"): _pattern(rf"引入了(?={_HAN})", "引入"),
    ("有效地", "有效"): _pattern(rf"(有效|显著|成功|准确|精确|自动|直接|系统|联合)地(?={_HAN})", r"\1"),
    ("现有的", "现有"): _pattern(rf"现有的(?=[A-Z]|{_HAN})", "现有"),
    ("不同的", "不同"): _pattern(rf"(?<={_HAN})不同的(?={_HAN})(?!是)", "不同"),
    ("我们的方法", "本方法"): _pattern("我们的(?=方法|框架|系统|模型|工作|研究)", "本"),
    ("例如", "如"): _pattern("(?<=（)例如，?", "如"),
    ("x", "倍"): _pattern(rf"(?<=\d)\s?[x×](?=[，。；、（）]|{_HAN}|$)", "倍"),  # 1.9x faster
    ("在本文中，", "本文"): _pattern(
        "在(?:本文|这篇论文|本论文|本工作|这项工作)中，(?:我们)?(?=提出|介绍|研究|探讨|引入|展示)", "本文"
    ),
}


def in_written_style(text: str, terms: Sequence[str] = ()) -> str:
    """The text with the written words. Links, formulas and the ``terms`` (Chinese words that must stand so) stay."""
    words = sorted(filter(None, terms), key=len, reverse=True)
    text, put_back = set_apart(text, re.compile("|".join([LITERAL.pattern, *map(re.escape, words)])))
    for rule in RULES.values():
        text = rule(text)
    return put_back(text)
