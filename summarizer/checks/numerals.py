"""Numbers in English and Chinese text, as values.

English: digits with thousands separators, decimals, scale words and letters (``1.5 million``, ``35K``), number words, month
names. Chinese: digits with 万 and 亿, numerals (``三百二十``, ``一点五``, ``两``). Signs are not read: a dash is more often a
range. A number inside a name (``TR-808``, ``CO2``, ``wav2vec2``) is part of the name, not a quantity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from summarizer.literals import URL

_ENGLISH_SCALE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_LETTER_SCALE = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
_CHINESE_SCALE = {
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "亿": 1e8,
    "百万": 1e6,
    "千万": 1e7,
    "万亿": 1e12,
    "百亿": 1e10,
    "千亿": 1e11,
}
_SMALL = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_WORD_VALUES: dict[str, float] = {
    **{word: float(n) for n, word in enumerate(_SMALL)},
    **{word: 10.0 * n for n, word in enumerate(_TENS, start=2)},
    **{word: float(n) for n, word in enumerate(_MONTHS, start=1)},
    **{word[:3]: float(n) for n, word in enumerate(_MONTHS, start=1)},
    **dict.fromkeys(("first", "once", "single"), 1.0),
    **dict.fromkeys(("second", "twice", "double", "doubles", "doubled", "dual", "both", "pair"), 2.0),
    **dict.fromkeys(("third", "triple", "thrice", "triples"), 3.0),
    **dict.fromkeys(("fourth", "quarter", "quadruple"), 4.0),
    "fifth": 5.0,
    "sixth": 6.0,
    "seventh": 7.0,
    "eighth": 8.0,
    "ninth": 9.0,
    "tenth": 10.0,
    "dozen": 12.0,
    "half": 50.0,
    "halves": 50.0,
    "halved": 50.0,
    "halving": 50.0,
    "magnitude": 10.0,
    "decade": 10.0,
}

#: Digits as written: 1,234.5 and 1234.5 and .5; not the tail of a longer number.
_DIGITS = re.compile(r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|(?<![\w.])\.\d+")
#: List enumerators, and the upper side of "1/4".
_NO_QUANTITY = re.compile(
    r"[(（]\s*\d{1,2}\s*[)）]|(?<![\w.,/])\d{1,2}[)）]|(?m:^\s*(?:[-*]\s+)?\d{1,2}[.、]\s)|(?<![\d.])1(?=/\d)"
)
_SCALE_AFTER = re.compile(r"[\s~-]*(hundred|thousand|million|billion|trillion)s?\b|\s?([kKMBGT])(?![a-z])", re.ASCII)
#: What stands between a number and the one whose scale it shares: 1.5 and 0.5 billion.
_SCALE_SHARED = re.compile(
    r"\s?(?:,|and|or|to|versus|vs\.|[-–])\s?\d[\d,]*(?:\.\d+)?(?=[\s-]?(?:[tmb]\w*illion|thousand))"
)
#: Not the 百 of 百分比, nor the 千 of 千米 and other units.
_SCALE_AFTER_CHINESE = re.compile(r"\s*([百千]?万亿|[百千]?[万亿]|百(?!分)|千(?![米克瓦卡字赫位兆]))")
_PERCENT_AFTER = re.compile(r"\s*(?:\\?%|％|percent\b|percentage\b|per cent\b|个?百分点)", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[^\W\d_][\w.+]*-?$")
_EXPONENT_BEFORE = re.compile(r"[\^_]\{?[-+−]?$")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+")

_NUMERAL = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMERAL_UNIT = {"十": 10, "百": 100, "千": 1000}
_NUMERALS = re.compile(
    r"[零〇一二两三四五六七八九十百千][零〇一二两三四五六七八九十百千万亿]*(?:点[零〇一二三四五六七八九]+)?"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text."""

    written: str
    value: float  #: of the digits alone
    scaled: float  #: with its scale word; equal to value where there is none
    percent: bool
    in_name: bool

    @property
    def values(self) -> tuple[float, ...]:
        """Every value that means the same: 50% and 0.5."""
        same = {self.value, self.scaled}
        if self.percent:
            same.add(self.value / 100)
        return tuple(same)


def find_numbers(text: str, *, chinese: bool) -> list[Number]:
    """Numbers written in digits, list enumerators left out."""
    text = _plain(text)
    text = _NO_QUANTITY.sub(lambda found: " " * len(found[0]), text)
    numbers = []
    for found in _DIGITS.finditer(text):
        value = float(found[0].replace(",", ""))
        numbers.append(
            Number(
                written=found[0],
                value=value,
                scaled=value * _scale_after(text, found.end(), chinese=chinese),
                percent=_PERCENT_AFTER.match(text, found.end()) is not None,
                in_name=_is_in_name(text, found, chinese=chinese),
            )
        )
    return numbers


def _plain(text: str) -> str:
    """Without links and the signs that LaTeX puts between a number and its unit."""
    text = URL.sub(" ", text)
    return re.sub(r"\{,\}|(?<=\d)\\,(?=\d)", ",", text).replace("$", "").replace("\\%", "%").replace("％", "%")


def _scale_after(text: str, end: int, *, chinese: bool) -> float:
    if chinese and (found := _SCALE_AFTER_CHINESE.match(text, end)):
        scale = found[1]
        if scale in _CHINESE_SCALE:
            return _CHINESE_SCALE[scale]
        return _CHINESE_SCALE[scale[0]] * _CHINESE_SCALE[scale[1:]]
    shared = _SCALE_SHARED.match(text, end) if not chinese else None
    if found := _SCALE_AFTER.match(text, shared.end() if shared else end):
        return _ENGLISH_SCALE[found[1]] if found[1] else _LETTER_SCALE[found[2]]
    return 1.0


def _is_in_name(text: str, found: re.Match[str], *, chinese: bool) -> bool:
    if _EXPONENT_BEFORE.search(text[max(0, found.start() - 3) : found.start()]):
        return True
    before = _NAME_BEFORE.search(text[max(0, found.start() - 24) : found.start()])
    if before is None:
        return False
    letters = before[0].rstrip("-")
    if not letters[-1:].isascii():  # Chinese letters stand next to numbers without a blank
        return False
    return not before[0].endswith("-") or any(c.isupper() or c.isdigit() for c in letters)


def spelled_values(text: str) -> set[float]:
    """Values that English words stand for: ``three``, ``twenty-five``, ``two million``, ``half``, ``June``."""
    values: set[float] = set()
    total = 0.0
    for found in _ENGLISH_WORD.finditer(text):
        word = found[0].lower()
        if word in _ENGLISH_SCALE or word.removesuffix("s") in _ENGLISH_SCALE:
            total = (total or 1.0) * _ENGLISH_SCALE[word if word in _ENGLISH_SCALE else word.removesuffix("s")]
        elif word in _WORD_VALUES:
            tens = total if total % 10 == 0 and total % 100 >= 20 and _WORD_VALUES[word] < 10 else 0.0
            total = tens + _WORD_VALUES[word]
        else:
            total = 0.0
            continue
        values.add(total)
    return values


def numeral_values(text: str) -> set[float]:
    """Values that Chinese numerals stand for: ``三`` ``二十五`` ``两万`` ``一点五``; fractions give both of their sides."""
    return {numeral_value(found[0]) for found in _NUMERALS.finditer(text)}


def numeral_value(numeral: str) -> float:
    """The value of a Chinese numeral."""
    whole, _, decimals = numeral.partition("点")
    if len(whole) > 1 and all(c in _NUMERAL for c in whole):  # 二〇二五
        value = float("".join(str(_NUMERAL[c]) for c in whole))
    else:
        total = section = digit = 0.0
        for sign in whole:
            if sign in _NUMERAL:
                digit = float(_NUMERAL[sign])
            elif sign in _NUMERAL_UNIT:
                section += (digit or 1.0) * _NUMERAL_UNIT[sign]
                digit = 0.0
            else:
                total = (total + section + digit or 1.0) * _CHINESE_SCALE[sign]
                section = digit = 0.0
        value = total + section + digit
    if decimals:
        value += float("0." + "".join(str(_NUMERAL[c]) for c in decimals))
    return value


def digit_strings(text: str) -> set[str]:
    """Every run of digits with its decimals, inside names and links too."""
    return {found.replace(",", "") for found in re.findall(r"\d[\d,]*(?:\.\d+)*", text)} | set(re.findall(r"\d+", text))


def contains(values: Iterable[float], wanted: float) -> bool:
    return any(abs(value - wanted) <= 1e-6 * max(abs(wanted), 1e-12) for value in values)
