"""What stands in a text as it is, in whatever language: links, formulas and spans of code. They are copied, not translated.

The one definition for everything that looks for them or past them. Each pattern has no group of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CHINESE = r"\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"  # and its marks
#: Signs of a link (RFC 3986) and accented letters, without brackets, which belong to it only in pairs, and without ``$``, which
#: no address needs and a formula beside it does. LaTeX escapes some of them.
_LINK_SIGN = r"(?:[\w.~:/?#@!&'*+,;=%-](?<![\u0250-\U0010ffff])|\\[_%&#~])"
#: A link ends before a bracket that it has not opened, before Chinese, and before the marks that close a sentence around it.
URL = re.compile(rf"https?://(?:{_LINK_SIGN}|\({_LINK_SIGN}*\)|\[{_LINK_SIGN}*\])+(?<![.,;:!?'*])")

_SIGN = r"(?:\\[^\n]|[^\\$\n])"
#: ``$$...$$``, ``$...$``, ``\(...\)``, ``\[...\]``, on one line. An escaped dollar is none. What a dollar and a digit begin may
#: be a price: then by pandoc's rule (``tex_math_dollars``) no blank stands before the second dollar and no digit after it, and
#: there is no Chinese between. What a dollar and a blank begin must have a sign of TeX in it.
FORMULA = re.compile(
    r"(?<!\\)(?:"
    rf"\$\$(?!\$){_SIGN}{{1,300}}?\$\$"
    rf"|\$(?![\s\d$]){_SIGN}{{1,300}}?\$"
    rf"|\$(?=\d)(?:(?![{_CHINESE}]){_SIGN}){{1,300}}?(?<![\s(])\$(?!\d)"
    rf"|\$(?=\s+[^\s\d$])(?=[^$\n]*[\\^_={{]){_SIGN}{{1,300}}?\$"
    r"|\\\([^\n]{1,300}?\\\)|\\\[[^\n]{1,300}?\\\]"
    r")"
)

#: One backtick on each side, not next to blanks, on one line; LaTeX's quotation marks are two.
CODE = re.compile(r"(?<!`)`(?![`\s])[^`\n]*(?<![`\s])`(?!`)")

#: Any of them, whichever begins first.
LITERAL = re.compile("|".join(pattern.pattern for pattern in (URL, FORMULA, CODE)))


def set_apart(text: str, pattern: re.Pattern[str] = LITERAL) -> tuple[str, Callable[[str], str]]:
    """The text with a mark (U+E000, a number, U+E001) for each match, and what puts the matches back into it once changed.

    ``pattern`` has no group of its own. The marks may be moved and left out.
    """
    kept = pattern.findall(text)
    places = iter(range(len(kept)))
    marked = pattern.sub(lambda _: f"\ue000{next(places)}\ue001", text)
    return marked, lambda changed: re.sub("\ue000(\\d+)\ue001", lambda found: kept[int(found[1])], changed)
