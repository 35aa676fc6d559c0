"""Pieces of a page: spans, lines and blocks, with what the layout says about them. Pure data.

Coordinates are PDF points, the origin is the upper left corner of the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: Kinds that are never part of the running text.
SKIPPED_KINDS = frozenset({"page-header", "page-footer", "picture", "table", "caption", "footnote"})

# Spacing accents that old TeX fonts print before their letter ("F´ısica", "A¨ıt").
_ACCENTS = {"´": "\u0301", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "ˇ": "\u030c", "˚": "\u030a", "`": "\u0300"}
_ACCENT_LETTER = re.compile(r"([´¨ˆ˜ˇ˚])([A-Za-zı])|(?<=[A-Za-z])(`)([aeiou])")
# A hat or a tilde of a formula that stands after its letter
_HATTED = re.compile(r"(?<![^\W\d_])([A-Za-z])([ˆ˜])(?![^\W\d_])")
# Pieces of large brackets, which mathematical fonts keep in the private use area
_BRACKET_PIECES = re.compile(r"[\uf8e5-\uf8fe]")
_CEDILLA = re.compile(r"([cCsS])¸")
_UNITS = frozenset({"mm", "cm", "km", "nm", "dm", "µm"})
_FOOTNOTE_MARK = re.compile(r"[\d∗*†‡§¶⋆♦♠#][\d,;\s∗*†‡§¶⋆♦♠#–-]*")
_SPACED_OUT = re.compile(r"(?:[A-Za-z] ){5,}[A-Za-z]")
_MATHS_IN_PARENTHESES = re.compile(r"\([^()]*[=+−*/|][^()]*\)$|\(\S{1,8}\)$")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters in one font on one line."""

    text: str
    x0: float
    x1: float
    size: float
    bold: bool = False
    superscript: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    spans: tuple[Span, ...]
    y0: float
    y1: float
    formula: bool = False  #: of a displayed formula: a raised digit is an exponent, not a footnote mark

    @property
    def x0(self) -> float:
        return self.spans[0].x0

    @property
    def x1(self) -> float:
        return max(s.x1 for s in self.spans)

    @property
    def size(self) -> float:
        """The size of most of its characters."""
        return _main(self.spans)

    @property
    def bold(self) -> bool:
        letters = sum(len(s.text.strip()) for s in self.spans)
        return letters > 0 and sum(len(s.text.strip()) for s in self.spans if s.bold) >= 0.7 * letters

    @property
    def italic(self) -> bool:
        letters = sum(len(s.text.strip()) for s in self.spans)
        return letters > 0 and sum(len(s.text.strip()) for s in self.spans if s.italic) >= 0.7 * letters

    @property
    def trails_off(self) -> bool:
        """Whether it begins bold and ends in plain words: a run-in heading and the beginning of its text."""
        last = next((s for s in reversed(self.spans) if s.text.strip()), None)
        if last is None or not self.bold or last.bold:
            return False
        return sum(c.isalpha() for s in self.spans if not s.bold for c in s.text) > 3

    @property
    def text(self) -> str:
        return line_text(self.spans, formula=self.formula)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. ``kind`` is the layout model's class (text, section-header, list-item ...)."""

    page: int  #: 1-based
    kind: str
    x0: float
    y0: float
    x1: float
    y1: float
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def size(self) -> float:
        return _main([s for line in self.lines for s in line.spans])

    @property
    def capital_size(self) -> float:
        """The size of its largest letters: of small capitals, that of the real ones."""
        return max((round(s.size * 2) / 2 for ln in self.lines for s in ln.spans if s.text.strip()), default=0.0)

    @property
    def bold(self) -> bool:
        return bool(self.lines) and all(line.bold for line in self.lines)

    @property
    def italic(self) -> bool:
        return bool(self.lines) and all(line.italic for line in self.lines)

    def with_lines(self, lines: Iterable[Line], kind: str | None = None) -> Block:
        """The same block with other lines; its box shrinks to them."""
        kept = tuple(lines)
        return replace(
            self,
            kind=kind or self.kind,
            lines=kept,
            y0=min((line.y0 for line in kept), default=self.y0),
            y1=max((line.y1 for line in kept), default=self.y1),
        )


@dataclass(frozen=True, slots=True)
class PageBlocks:
    number: int  #: 1-based
    width: float
    height: float
    blocks: tuple[Block, ...]  #: in reading order


def _main(spans: Iterable[Span]) -> float:
    sizes: Counter[float] = Counter()
    for span in spans:
        sizes[round(span.size * 2) / 2] += len(span.text.strip())
    return max(sizes, key=lambda size: (sizes[size], size)) if sizes else 0.0


def body_size(pages: Iterable[PageBlocks]) -> float:
    """The font size that most characters of the running text have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for block in page.blocks:
            if block.kind in {"text", "list-item"}:
                for line in block.lines:
                    sizes[line.size] += len(line.text)
    return max(sizes, key=lambda size: sizes[size]) if sizes else 10.0


def line_text(spans: Iterable[Span], *, formula: bool = False) -> str:
    """Spans as text: blanks where the page has them, footnote marks dropped, exponents as ``10^-3``."""
    out = ""
    last: Span | None = None
    for span in _merge_superscripts(spans):
        text = span.text
        if last is not None and span.superscript and out.strip():
            text = _superscript(out.rstrip(), text.strip(), formula)
            if text.startswith("^") or not text:
                out = out.rstrip()
        elif last is not None and not out.endswith(" ") and not text.startswith(" "):
            gap = span.x0 - last.x1
            # Words of justified text are at least a fifth of the size apart; letters of one word touch.
            if gap > 0.17 * max(span.size, last.size):
                out += " "
        out += text
        last = span
    if _SPACED_OUT.fullmatch(out.strip()):  # "A B S T R A C T"
        out = out.replace(" ", "")
    return mend_accents(_BRACKET_PIECES.sub("", out))


def _merge_superscripts(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        before = merged[-1] if merged else None
        if before is not None and span.superscript and before.superscript and span.x0 - before.x1 < 0.5 * span.size:
            merged[-1] = replace(before, text=before.text.rstrip() + span.text.lstrip(), x1=span.x1)
        else:
            merged.append(span)
    return merged


def _superscript(before: str, mark: str, formula: bool) -> str:
    word = re.search(r"[^\W\d_]+$", before)
    if _FOOTNOTE_MARK.fullmatch(mark) and not formula:
        if word is not None and (len(word[0]) == 1 or word[0] in _UNITS) and mark.isdigit():
            return f"^{mark} "  # a variable or a unit: x^2, cm^2
        power = mark.isdigit() and _MATHS_IN_PARENTHESES.search(before) is not None
        if word is not None or (before[-1] in '.,;:!?"”’)]' and not power):
            return " "
    if re.fullmatch(r"[−–+\-]?[\d./]+", mark):
        return f"^{mark.replace('−', '-').replace('–', '-')} "
    return mark + " " if mark.isalpha() and len(mark) <= 2 else f" {mark} "


def mend_accents(text: str) -> str:
    """Accents that stand before or after their letter put onto it: ``Universit´e`` -> ``Université``."""

    def join(found: re.Match[str]) -> str:
        accent, letter = (found[1], found[2]) if found[1] else (found[3], found[4])
        return unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + _ACCENTS[accent])

    text = _HATTED.sub(lambda found: unicodedata.normalize("NFC", found[1] + _ACCENTS[found[2]]), text)
    text = _ACCENT_LETTER.sub(join, text)
    return _CEDILLA.sub(lambda found: unicodedata.normalize("NFC", found[1] + "\u0327"), text)
