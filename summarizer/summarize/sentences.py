"""Sentences in the form in which they are put to a model, and what it has to say of their end."""

from __future__ import annotations

import re

from summarizer.literals import FORMULA
from summarizer.text import one_line

_CITATION = re.compile(r"\s?\[\d{1,3}(?:\s?[-–,;]\s?\d{1,3})*\]")
_AUTHOR_YEAR = re.compile(
    r"\s?\((?:(?:see|e\.g\.,?|cf\.)\s)?[^()]{0,200}?\b(?:19|20)\d{2}[a-z]?(?:;[^()]{0,200}?\b(?:19|20)\d{2}[a-z]?)*\)"
)
#: ``[Smith et al., 2019, Lee, 2020]``
_AUTHOR_YEAR_SQUARE = re.compile(r"\s?\[(?=[A-Z][^\W\d])[^\[\]]{2,200}?\b(?:18|19|20)\d{2}[a-z]?\]")


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
#: ``\\textbf{$x_{1}$}``: the command goes, the formula stays.
_LATEX_AROUND_FORMULA = re.compile(r"\\(?:textit|textbf|emph|underline|mbox|text)\{(\$[^$\n]{1,200}\$)\}")
_LATEX_POINTER = re.compile(r"[~\s]*\\(?:cite[a-z]*|ref|label|footnote)\{[^{}]*\}")
_LATEX_QUOTES = re.compile(r"``(.+?)''", re.DOTALL)
_FORMULA = re.compile(f"({FORMULA.pattern})")


def without_latex(text: str) -> str:
    """The text with the LaTeX around its words undone: ``\\emph{}``, ties, quotes, ``\\%``. Formulas stay as they are."""
    parts = _FORMULA.split(_LATEX_AROUND_FORMULA.sub(r"\1", text))
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
