"""Levels of headings: from the numbering, else from the look of those whose level is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from summarizer.pdf.candidates import Style
from summarizer.pdf.headings import KNOWN_HEADING, Number, kind_by_words, roman_value

_DEEPEST = 4
_BACK_MATTER = frozenset({"references", "appendix"})


class HasLevel(Protocol):
    """A section while it is put together."""

    heading: str
    number: Number
    style: Style | None
    level: int
    level_known: bool
    run_in: bool


def set_levels(parts: Sequence[HasLevel]) -> None:
    """Write the level of every part that has a heading. Level 1 is the top."""
    headed = [p for p in parts if p.heading]
    _from_numbers(headed)
    _from_looks(headed)


def _from_numbers(parts: Sequence[HasLevel]) -> None:
    has_roman = sum(p.number.numbering == "roman" for p in parts) >= 2
    has_roman = has_roman or any(
        p.number.numbering == "roman" and p.number.number not in {"I", "V", "X"} for p in parts
    )
    has_chapters = any(p.number.numbering == "word" and re.match(r"(?i)chapter|part", p.heading) for p in parts)
    last_roman = 0
    in_back = False
    for part in parts:
        number = part.number
        # an outline may nest wrongly, printed numbers do not
        if not part.level_known or number.numbering != "none":
            level = None
            if number.numbering == "roman" and has_roman:
                value = roman_value(number.number)
                # "C." and "D." are letters, but so is "I." after "H."
                level = 2 if len(number.number) == 1 and value > last_roman + 1 and not in_back else 1
                last_roman = value if level == 1 else last_roman
            elif number.numbering == "letter" or (number.numbering == "roman" and not has_roman):
                level = number.depth if in_back or not has_roman or number.depth > 1 or _says_appendix(part) else 2
            elif number.numbering == "item":
                level = (3 if number.number.isdigit() else 4) if has_roman else None
            elif number.numbering == "decimal":
                level = number.depth + (2 if has_roman and not has_chapters else 0)
            elif number.numbering == "word" or KNOWN_HEADING.fullmatch(part.heading):
                level = 1
            if level is not None:
                part.level, part.level_known = level, True
        in_back = in_back or kind_by_words(number.title, top_level=False) in _BACK_MATTER or _says_appendix(part)


def _says_appendix(part: HasLevel) -> bool:
    return re.match(r"(?i)appendi(?:x|ces)\b", part.heading) is not None


def _from_looks(parts: Sequence[HasLevel]) -> None:
    unknown = [p for p in parts if not p.level_known]
    if not unknown:
        return
    styles: dict[Style, int] = {}
    for part in parts:
        if part.level_known and part.style is not None and not part.run_in:
            styles.setdefault(part.style, part.level)
    if not styles or all(p.level == 1 and p.number.numbering == "none" for p in parts if p.level_known):
        _by_rank(parts, unknown, styles)
        return
    level = 1
    for part in parts:
        if part.level_known:
            level = part.level
            continue
        style = part.style
        if style is not None and style in styles:
            part.level = styles[style]
        elif style is not None and not part.run_in:
            above = [known for other, known in styles.items() if _rank(other) > _rank(style)]
            part.level = min(max(above, default=0) + 1, _DEEPEST)
        else:
            part.level = min(level + 1, _DEEPEST)


def _by_rank(parts: Sequence[HasLevel], unknown: Sequence[HasLevel], known: dict[Style, int]) -> None:
    """No heading has a number: the more a style stands out, the higher it is; known words mark the top."""
    looks = {(not p.run_in, _rank(p.style)) for p in parts if p.style is not None}
    ranks = sorted(looks, reverse=True)
    top = min((ranks.index((True, _rank(style))) for style in known if (True, _rank(style)) in looks), default=0)
    for part in unknown:
        rank = ranks.index((not part.run_in, _rank(part.style))) if part.style is not None else 0
        part.level = min(max(rank - top, 0) + 1, _DEEPEST)


def _rank(style: Style) -> tuple[float, bool, bool, bool]:
    """How much a style stands out."""
    return (style.size, style.capitals, style.bold, not style.italic)
