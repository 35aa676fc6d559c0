"""Texts into sentences: for those who translate them one by one, and for those who lay them beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.literals import FORMULA
from summarizer.text import one_line

#: A sentence cannot end with these, whatever the splitter says.
_OPEN_END = re.compile(
    r"(?:\b(?:Eqs?|Figs?|Secs?|Refs?|Tabs?|Dr|Prof|vs|cf|resp|approx|No|Nos)\.|[^.!?。！？\"'”’)\]])$"
)
#: Nor can a sentence start with a plain small word: "the WHAM! dataset" is no end.
_LOWER_START = re.compile(r"[a-z]+[\s,;.]")
_SENTENCE_END = re.compile(r"[.!?]\s+[A-Z]")
_LIST_ITEM = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])\)\s+(?=\S)")
#: Without a blank behind it a full stop after such a word stands inside a name (``Stream.FM``), unless what follows begins like
#: a sentence that lost its blank (``on LibriSpeech.The next``).
_NAME = re.compile(r"(?:^|[\s(/])[A-Z][\w-]*\.$")
_CAPITAL_START = re.compile(r"[A-Z][a-z]*[\s,]")
_MAX_JOINED_WORDS = 60
_CHINESE_END = re.compile(r"(?<=[。！？])[\"”’）」]?\s*")


def split_sentences(text: str) -> list[str]:
    """English sentences, each on one line, in order. Nothing is lost: joined by blanks they give the text again.

    The splitting is sentencex's (Wikimedia); items of a run-in list and ends at abbreviations are joined again.
    """
    formulas: list[str] = []

    def take(found: re.Match[str]) -> str:  # for the splitter a formula is a word: its dots end nothing
        if _SENTENCE_END.search(found[0]):  # between two prices, as in "$5. It sells for $10"
            return found[0]
        formulas.append(found[0])
        return f"Formula{len(formulas) - 1}\ue000"

    joined: list[str] = []
    for sentence in _segments(FORMULA.sub(take, one_line(text))):
        if joined and _continues(joined[-1], sentence):
            joined[-1] = f"{joined[-1]} {sentence}"
        else:
            joined.append(sentence)

    def put_back(found: re.Match[str]) -> str:  # a source may have such a word of its own
        return formulas[i] if (i := int(found[1])) < len(formulas) else found[0]

    return [re.sub("Formula(\\d+)\ue000", put_back, sentence) for sentence in joined]


def _segments(text: str) -> Iterator[str]:
    for piece in _pieces(text):
        sentence = piece.strip()
        item = _LIST_ITEM.match(sentence)
        if item:  # the splitter takes all that follows a list mark for one sentence
            first, *rest = _segments(sentence[item.end() :])
            yield f"{item[0]}{first}"
            yield from rest
        elif sentence:
            yield sentence


def _pieces(text: str) -> list[str]:
    """What the splitter gives, with what it took apart inside a name or a formula put together again."""
    from sentencex import segment

    pieces: list[str] = []
    for piece in segment("en", text):
        if pieces and not pieces[-1][-1:].isspace() and _is_torn(pieces[-1], piece):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _is_torn(before: str, after: str) -> bool:
    if after.startswith((",", "$")):  # x_1,...,x_n; llama$.$cpp
        return after.startswith(",") or before.endswith("$.")
    return _NAME.search(before) is not None and _CAPITAL_START.match(after) is None


def _continues(before: str, sentence: str) -> bool:
    if _OPEN_END.search(before) is None and len(before.split()) > 1 and not _LOWER_START.match(sentence):
        return False
    return len(before.split()) + len(sentence.split()) <= _MAX_JOINED_WORDS


def chinese_sentences(text: str) -> list[str]:
    """Chinese sentences in order, by the marks that end them."""
    return [sentence for piece in _CHINESE_END.split(text) if (sentence := piece.strip())]
