"""The one text normaliser: every place that compares or stores text read from outside goes through it."""

from __future__ import annotations

import re
import unicodedata

_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls
    r"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # soft hyphen, zero-width, direction
    r"\ud800-\udfff\ufff0-\uffff]"  # lone surrogates, specials
)
_SPACES = re.compile(r"[^\S\n]+")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_NOT_WORD = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """NFC, ligatures undone, control, zero-width and direction characters removed, runs of blanks made one.

    Line breaks stay, whatever their code (a form feed is one); lines are stripped. Doing it twice changes nothing.
    """
    if text.isascii() and text.isprintable():  # most lines: nothing of the above is in them but runs of blanks
        return " ".join(text.split())
    # NFC comes after the removal: what stood between a letter and its accent may just have gone
    text = _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text)).translate(_LIGATURES)
    text = unicodedata.normalize("NFC", text)
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()


def one_line(text: str) -> str:
    """Normalised text on one line."""
    return " ".join(normalise(text).split())


def comparison_key(text: str) -> str:
    """Case, accents, punctuation and spaces taken away: for telling whether two titles are the same."""
    folded = normalise(text).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", normalise(text)).casefold()
        folded = "".join(c for c in folded if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", folded).strip()
