"""Text to sentences, and sentences to the form in which they are put to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.text import one_line

#: A sentence cannot end with these, whatever the splitter says.
_OPEN_END = re.compile(
    r"(?:\b(?:Eqs?|Figs?|Secs?|Refs?|Tabs?|Dr|Prof|vs|cf|resp|approx|No|Nos)\.|[^.!?。！？\"'”’)\]])$"
)
#: Nor can a sentence start with a plain small word: "the WHAM! dataset" is no end.
_LOWER_START = re.compile(r"[a-z]+[\s,;.]")
_LIST_ITEM = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])\)\s+(?=\S)")
_CITATION = re.compile(r"\s?\[\d{1,3}(?:\s?[-–,;]\s?\d{1,3})*\]")
_AUTHOR_YEAR = re.compile(
    r"\s?\((?:(?:see|e\.g\.,?|cf\.)\s)?[^()]{0,200}?\b(?:19|20)\d{2}[a-z]?(?:;[^()]{0,200}?\b(?:19|20)\d{2}[a-z]?)*\)"
)
#: ``[Smith et al., 2019, Lee, 2020]``
_AUTHOR_YEAR_SQUARE = re.compile(r"\s?\[(?=[A-Z][^\W\d])[^\[\]]{2,200}?\b(?:18|19|20)\d{2}[a-z]?\]")
_MAX_JOINED_WORDS = 60


def split_sentences(text: str) -> list[str]:
    """English sentences, each on one line, in order. Nothing is lost: joined by blanks they give the text again.

    The splitting is sentencex's (Wikimedia); items of a run-in list and ends at abbreviations are joined again.
    """
    joined: list[str] = []
    for sentence in _segments(one_line(text)):
        if joined and _continues(joined[-1], sentence):
            joined[-1] = f"{joined[-1]} {sentence}"
        else:
            joined.append(sentence)
    return joined


def _segments(text: str) -> Iterator[str]:
    from sentencex import segment

    for piece in segment("en", text):
        sentence = piece.strip()
        item = _LIST_ITEM.match(sentence)
        if item:  # the splitter takes all that follows a list mark for one sentence
            first, *rest = _segments(sentence[item.end() :])
            yield f"{item[0]}{first}"
            yield from rest
        elif sentence:
            yield sentence


def _continues(before: str, sentence: str) -> bool:
    if _OPEN_END.search(before) is None and len(before.split()) > 1 and not _LOWER_START.match(sentence):
        return False
    return len(before.split()) + len(sentence.split()) <= _MAX_JOINED_WORDS


def without_citation_marks(sentence: str) -> str:
    """The sentence without ``[12, 13]``: what such a mark points to is not in an abstract."""
    return _cleaned(_CITATION.sub("", sentence))


def without_citations(sentence: str) -> str:
    """The sentence without ``[12, 13]`` and ``(Smith et al., 2019)``: pointers that mean nothing in a summary."""
    return _cleaned(_AUTHOR_YEAR_SQUARE.sub("", _AUTHOR_YEAR.sub("", _CITATION.sub("", sentence))))


def _cleaned(cleaned: str) -> str:
    return re.sub(r"\s+([,.;:)])", r"\1", one_line(cleaned))


_OPEN_ITEM = re.compile(r"[;,]\s*(?:and|or)?$")


def closing_mark(sentence: str) -> str:
    """The Chinese mark that the translation of a sentence closes with: ``；`` for an item of a list that goes on."""
    if _OPEN_ITEM.search(sentence):
        return "；"
    return "：" if sentence.endswith(":") else "。"


_LATEX_COMMAND = re.compile(r"\\(?:textit|textbf|textsc|texttt|textrm|textsf|emph|underline|mbox|text|url)\{([^{}]*)\}")
_LATEX_POINTER = re.compile(r"[~\s]*\\(?:cite[a-z]*|ref|label|footnote)\{[^{}]*\}")
_LATEX_QUOTES = re.compile(r"``(.+?)''", re.DOTALL)
_FORMULA = re.compile(r"(\$\$?[^$\n]{1,200}\$\$?|\\\([^\n]{1,200}?\\\))")


def without_latex(text: str) -> str:
    """The text with the LaTeX around its words undone: ``\\emph{}``, ties, quotes, ``\\%``. Formulas stay as they are."""
    parts = _FORMULA.split(text)
    parts[::2] = map(_words_of_latex, parts[::2])
    return "".join(parts)


def _words_of_latex(text: str) -> str:
    text = _LATEX_POINTER.sub("", text)
    while (plain := _LATEX_COMMAND.sub(r"\1", text)) != text:
        text = plain
    text = re.sub(r"(?<=[\w.)])~(?=[\w($\\])", " ", text)
    text = _LATEX_QUOTES.sub(r"“\1”", text)
    text = re.sub(r"(?<=\w)-{2,3}(?=\w)", "—", text)
    return re.sub(r"\\([%&_#$])", r"\1", text)
