"""What a heading says: its number, its level, the kind of section it opens. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from summarizer.records import SectionKind

#: ``item`` is "1)" and "a)", the third and fourth level where the first are roman numerals and letters.
Numbering = Literal["decimal", "roman", "letter", "word", "item", "none"]

_DECIMAL = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})(?:[.:]?\s+(?=[^\W\d_]|[“\"'(\d])|\.(?=[A-Z][a-z]{2}|[A-Z]{4}))"
)
_ROMAN = re.compile(r"(?P<number>[IVX]{1,6})(?:[.:]\s*|\s+)(?=[A-Z])")
_LETTER = re.compile(r"(?P<number>[A-Z](?:\.\d{1,2}){0,3})[.:)]?\s+(?=[A-Z0-9“\"'(])")
_ITEM = re.compile(r"(?P<number>\d{1,2}|[a-z])\)\s*(?=[A-Z0-9“\"'])")
_WORD = re.compile(
    r"(?P<word>Chapter|Part|Appendix|Annex|Section)\s+(?P<number>[A-Z]|\d{1,2}|[IVX]{1,5})\b[.:]?\s*", re.I
)


CAPTION = re.compile(r"(?:fig(?:ure)?|table|algorithm|listing|scheme|plate|box)\.?\s*(?:[A-Z]?\d+|[IVX]+)\b", re.I)
#: A line of a table of contents.
DOT_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*\s*$|(?:\s\.){3,}")


@dataclass(frozen=True, slots=True)
class Number:
    numbering: Numbering
    number: str
    depth: int  #: 1 for "3", 2 for "3.2" and "A.1"
    title: str  #: the heading without its number


def parse_number(heading: str) -> Number:
    """Split the number off a heading. Letters are told from roman numerals by the caller, who knows the neighbours."""
    found = _WORD.match(heading)
    if found is not None:
        title = heading[found.end() :].strip(" .:—–-")
        return Number("letter" if found["word"].lower() in {"appendix", "annex"} else "word", found["number"], 1, title)
    found = _DECIMAL.match(heading)
    if found is not None:
        return Number("decimal", found["number"], found["number"].count(".") + 1, heading[found.end() :].strip())
    found = _ROMAN.match(heading)
    if found is not None:
        return Number("roman", found["number"], 1, heading[found.end() :].strip())
    found = _LETTER.match(heading)
    if found is not None:
        return Number("letter", found["number"], found["number"].count(".") + 1, heading[found.end() :].strip())
    found = _ITEM.match(heading)
    if found is not None:
        return Number("item", found["number"], 1, heading[found.end() :].strip())
    return Number("none", "", 1, heading.strip())


def roman_value(number: str) -> int:
    values = {"I": 1, "V": 5, "X": 10, "L": 50}
    total = 0
    for i, c in enumerate(number):
        value = values[c]
        total += -value if i + 1 < len(number) and values[number[i + 1]] > value else value
    return total


# Words that settle the kind at any level, first match wins.
_STRONG: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (
    (
        "references",
        re.compile(
            r"^(?:references?|bibliography|literature cited|works cited|list of references)\b(?! architecture)", re.I
        ),
    ),
    (
        "acknowledgement",
        re.compile(r"^(?:acknowledge?ments?|funding|author contributions?|contributions? of authors)\b", re.I),
    ),
    ("abstract", re.compile(r"^abstract$", re.I)),
    (
        "appendix",
        re.compile(
            r"^(?:appendi(?:x|ces)|supplement\w*|supporting information|checklist)\b|supplementary material", re.I
        ),
    ),
    (
        "conclusion",
        re.compile(
            r"\bconclu(?:sions?|ding)\b|^summary\b|^(?:future work|outlook|closing remarks|final remarks)", re.I
        ),
    ),
    ("introduction", re.compile(r"\bintroduction$|^introduction\b|^motivations?$|^background and motivation", re.I)),
    (
        "related_work",
        re.compile(
            r"\brelated (?:works?|research|literature|studies)\b|\b(?:prior|previous|existing) (?:art|works?|research|methods)\b"
            r"|^background\b|\bbackground$|literature (?:review|survey)|state[ -]of[ -]the[ -]art$|^preliminaries$",
            re.I,
        ),
    ),
    (
        "results",
        re.compile(
            r"\bresults?\b|\bfindings\b|\bablations?\b|^main comparison|\bcomparisons? (?:with|to|of|against)\b"
            r"|^(?:performance|quantitative|qualitative) (?:analysis|evaluation|comparison)",
            re.I,
        ),
    ),
    (
        "experiments",
        re.compile(
            r"\bexperiment(?:s|al|ation)?\b|\bevaluations?\b|^(?:the )?(?:data|datasets?|data ?sets?|database|corpus|corpora)$"
            r"|\bdatasets?$|^(?:metrics|baselines?|evaluation metrics|implementation details)$|^training details|\bbenchmarks?$",
            re.I,
        ),
    ),
    (
        "discussion",
        re.compile(
            r"\bdiscussions?\b|\blimitations?\b|\bbroader impacts?\b|\bethic(?:s|al)\b|\bsocietal impacts?\b|^threats to",
            re.I,
        ),
    ),
    (
        "method",
        re.compile(
            r"\bmethods?\b|\bmethodolog(?:y|ies)\b|^(?:our |the |proposed )*(?:approach|algorithm|framework|model|architecture)$"
            r"|\bproposed\b|\bmodel architecture\b|^network architecture",
            re.I,
        ),
    ),
)
# Words that settle it for a top-level heading only: below one, they say little.
_WEAK: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (
    (
        "experiments",
        re.compile(
            r"\b(?:evaluating|testing|validation|benchmark\w*|case stud(?:y|ies)|user study|dataset|data collection|setup)\b",
            re.I,
        ),
    ),
    ("results", re.compile(r"\banalys[ie]s\b|\bperformance\b|\bapplications?\b|\bexamples?\b", re.I)),
    (
        "method",
        re.compile(
            r"\b(?:approach\w*|algorithms?|framework|models?|modeling|modelling|architectures?|system|design|formulation|problem"
            r"|training|learning|networks?|loss|pipeline|representation|implementation|theory|overview)\b",
            re.I,
        ),
    ),
)


def kind_by_words(title: str, *, top_level: bool) -> SectionKind | None:
    """The kind that a heading's own words name, or None. ``title`` carries no number."""
    title = title.strip(" .:—–-")
    for kind, pattern in _STRONG + (_WEAK if top_level else ()):
        if pattern.search(title):
            return kind
    return None


#: Headings that stand without a number in a paper that numbers its sections.
KNOWN_HEADING = re.compile(
    r"(?:abstract|summary|(?:\d{1,2}\.?\s+|[IVX]+\.\s+)?(?:introduction|related works?|background|methods?|methodology|"
    r"experiments?|results|results and discussions?|discussions?|conclusions?|conclusions? and future works?|references|"
    r"acknowledge?ments?|bibliography)|appendix|appendices|"
    r"supplementary materials?|funding|limitations|ethics statement|broader impacts?|checklist|contents|table of contents|"
    r"keywords|index terms)[.:]?",
    re.I,
)
