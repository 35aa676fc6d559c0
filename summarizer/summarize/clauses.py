"""A sentence without the clauses that cost more of an answer than they tell.

200 Chinese characters hold about four short bullets, so what is neither an outcome nor its condition goes before the model is
asked. No figure goes with it; nor does an outcome, or a name that stands nowhere else in the sentence, with what describes.
"""

from __future__ import annotations

import re

from summarizer.records import Task
from summarizer.summarize.cues import OUTCOME, figures_of

#: Brackets without a figure in them, and not the short name of a metric.
_ASIDE = re.compile(r"\s\((?![^()]*\d)(?!(?:[A-Z]{2,6}|SI-SN?DR)\))[^()]*\)")
#: Significance and sizes of samples: ``p < 0.05``, ``n = 2000``.
_STATISTICS = re.compile(r"(?:[;,]\s*)?\b[pn]\s?[=<>≤]\s?[\d.,]+(?:\s?×\s?10\^?[-−]?\d+)?\s?")
_EXAMPLES = re.compile(r"\s\((?:e\.g\.|i\.e\.|such as|for example)[^()]*\)", re.IGNORECASE)
_MEANT = (
    r"(?:suggesting|indicating|demonstrating|showing|implying|confirming|highlighting|underlining|underscoring|illustrating|"
    r"validating|verifying|proving|revealing)"
)
#: What an outcome is taken to mean.
_INTERPRETATION = re.compile(
    rf",? (?:thus |thereby |hence |potentially |clearly |further )?(?:{_MEANT}|"
    r"which (?:shows?|suggests?|indicates?|demonstrates?|supports?)|likely|possibly|presumably|"
    r"allowing us|making it|because|since|as expected)\b[^,]*(?:,[^,]*){0,2}$"
)
#: The same between two outcomes.
_INNER_INTERPRETATION = re.compile(
    rf", (?:thus |thereby |hence |clearly |further )?{_MEANT}\b[^,;:]*(?=, (?:whereas|while|but)\b)"
)
#: A clause that describes what is named before it, at the end or before the verb that goes on.
_RELATIVE = re.compile(
    r", (?:which|who|whose|where)\b[^,;:]*(?=\.$)"
    r"|, (?:which|who|whose|where)\b[^,;:]*,(?= (?:is|are|was|were|has|have|had|can|does|do|did|also|still|only|"
    r"outperforms?|surpass\w*|achiev\w+|improv\w+|reduc\w+|reach\w+|obtain\w+|perform\w*|yields?|gives?|shows?)\b)"
)
#: At the end, what it may be good for; an example between commas.
_APPENDED = re.compile(
    r"(?:,| [–—-]) (?:potentially |thereby |thus |hence |further )?(?:making|allowing|enabling|opening|paving|leading to|"
    r"streamlining|extending|providing|offering|facilitating|meaning that|even without|as is|as we)\b[^,;:()]*(?=\.$)"
    r"|, including [^,;:()]*(?=\.$)|, including [^,;:()]*,(?= (?:by|on|with|at|in) )"
)
#: What an outcome was looked for with, or in spite of.
_OPENING = re.compile(
    r"^(?:as expected|not surprisingly|most importantly|more importantly|most remarkably|last but not (?:the )?least|"
    r"particularly|in practice|in total|as (?:we|one) (?:can see|would expect)|in general|empirically|quantitatively|"
    r"qualitatively|"
    r"(?:despite|in spite of) [^,]*|for (?:completeness|reference|(?:a )?fair(?:er)? comparison)|"
    r"to (?:assess|evaluate|verify|validate|test|examine|investigate|understand|confirm|demonstrate) [^,]*), (?=\w)",
    re.IGNORECASE,
)
#: Behind the last comma, with an exponent as the reader of PDFs writes it: it may be one that it took apart.
_EXPONENT = re.compile(r", [^,;^]*\^[^,;]*(?=\.$)")
_NAME = re.compile(r"\b(?=\w*[A-Z])\w[\w+-]*")
_LEFT_WORDS = 8


def condensed(task: Task, sentence: str) -> str:
    """The sentence without asides that cost more of the answer than they tell.

    For the results brackets without a figure, what an outcome is taken to mean or may be good for, clauses that describe what
    they follow, and openings such as ``Despite its simplicity,``; for the background lists of examples in brackets.
    """
    if task == "background":
        return _EXAMPLES.sub("", sentence)
    if task != "results":
        return sentence
    text = re.sub(r"\s\(\s*\)", "", _STATISTICS.sub("", _ASIDE.sub("", sentence)))
    for clause, left in ((_INTERPRETATION, "."), (_INNER_INTERPRETATION, "")):
        shorter = clause.sub(left, text)
        text = shorter if _says_enough(shorter, text) else text
    for clause in (_APPENDED, _RELATIVE, _OPENING):
        for found in reversed(list(clause.finditer(text))):
            shorter = text[: found.start()] + text[found.end() :]
            names_stay = _names(text[1:]) <= _names(shorter)  # the first letter is a capital in any case
            if names_stay and not OUTCOME.search(found[0]) and _says_enough(shorter, text):
                text = shorter
    return text[:1].upper() + text[1:]


def without_exponent(sentence: str) -> str:
    """The sentence without its last clause, if there is an exponent in that one only: it alone cannot be shown."""
    return _EXPONENT.sub("", sentence)


def _says_enough(shorter: str, text: str) -> bool:
    return len(shorter.split()) >= _LEFT_WORDS and figures_of(shorter) >= figures_of(text)


def _names(text: str) -> set[str]:
    return {name.casefold() for name in _NAME.findall(text)}
