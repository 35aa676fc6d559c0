"""How alike two papers are: the signals behind the decision whether one repeats the other.

Each signal is cheap and says something the others do not: the embedding forgives other words, shingles tell copied
sentences from a common topic, authors tell a work from another one on the same topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from summarizer.records import Paper
from summarizer.text import comparison_key, one_line

#: Words in a row that make a shingle of an abstract, and of a whole text.
SHINGLE_WORDS = 3
BODY_SHINGLE_WORDS = 5

#: Shorter titles ("Editorial", "Technical report") do not tell papers apart.
MIN_TITLE_WORDS = 4

_NUMBER = re.compile(
    r"\d+(?:st|nd|rd|th)?|[ivx]{1,5}|[a-d]|part|one|two|three|four|five|first|second|third|fourth|fifth"
)
_STATED = re.compile(r"(?<![\w.])\d[\d.,]*\d")
_ADDRESS = re.compile(r"https?://\S*|\bthis https? url\b", re.IGNORECASE)
#: Fewer words are no body to compare.
_MIN_BODY_WORDS = 300

_Item = TypeVar("_Item", int, str)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Signals of one pair. All lie between 0 and 1 but the cosine (-1 to 1) and the counts; None: nothing to compare on one
    side."""

    cosine: float  #: of the two embeddings of title and abstract
    title: float  #: share of the titles' words that both have (Jaccard)
    authors: float | None  #: share of the authors that both have (Jaccard)
    words: float | None  #: share of the abstracts' words that both have (Jaccard)
    shingles: float | None  #: share of the shorter abstract's runs of three words that stand in the other one
    same_title: bool = False  #: the same words, and enough of them to tell papers apart
    n_authors: int = 0  #: authors that both have
    same_authors: bool = False  #: the same list of authors in the same order
    n_numbers: int = 0  #: numbers of two digits or more that both abstracts state
    numbered: bool = False  #: the titles differ by numbers only: parts of one work, years of one event


class Profile:
    """What of a paper is compared, worked out once."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper

    @cached_property
    def title_key(self) -> str:
        return comparison_key(self.paper.title)

    @cached_property
    def title_words(self) -> frozenset[str]:
        return frozenset(self.title_key.split())

    @cached_property
    def abstract_key(self) -> str:
        """The abstract's words; addresses are left out, which arXiv's listings shorten to "this https URL"."""
        return comparison_key(_ADDRESS.sub(" ", one_line(self.paper.abstract)))

    @cached_property
    def abstract_words(self) -> frozenset[str]:
        return frozenset(self.abstract_key.split())

    @cached_property
    def shingles(self) -> frozenset[int]:
        return shingles(self.abstract_key.split(), SHINGLE_WORDS)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Numbers of two digits or more that the abstract states, outside words and addresses."""
        return frozenset(_STATED.findall(_ADDRESS.sub(" ", self.paper.abstract)))

    @cached_property
    def author_list(self) -> tuple[str, ...]:
        """Last word and first letter of each name, in order: "J. Smith" is "John Smith"."""
        names = (comparison_key(author).split() for author in self.paper.authors)
        return tuple(f"{words[-1]} {words[0][0]}" for words in names if words)

    @cached_property
    def authors(self) -> frozenset[str]:
        return frozenset(self.author_list)


def likeness(one: Profile, other: Profile, cosine: float) -> Likeness:
    """The signals of a pair; the order of the two plays no part."""
    return replace(
        title_likeness(one, other, cosine),
        words=shared_words(one, other),
        shingles=containment(one.shingles, other.shingles),
        n_numbers=len(one.numbers & other.numbers),
    )


def shared_words(one: Profile, other: Profile) -> float | None:
    """Share of the abstracts' words that both have; None without an abstract on either side."""
    return _jaccard(one.abstract_words, other.abstract_words)


def title_likeness(one: Profile, other: Profile, cosine: float) -> Likeness:
    """The signals that need no abstract."""
    differing = one.title_words ^ other.title_words
    return Likeness(
        cosine=cosine,
        title=_jaccard(one.title_words, other.title_words) or 0.0,
        authors=_jaccard(one.authors, other.authors),
        words=None,
        shingles=None,
        same_title=not differing and len(one.title_words) >= MIN_TITLE_WORDS,
        n_authors=len(one.authors & other.authors),
        same_authors=bool(one.author_list) and one.author_list == other.author_list,
        numbered=bool(differing) and all(map(_NUMBER.fullmatch, differing)),
    )


def shingles(words: list[str], size: int) -> frozenset[int]:
    """Hashes of all runs of ``size`` words; of the whole where it is shorter. They hold within one process."""
    if not words:
        return frozenset()
    if len(words) < size:
        return frozenset({hash(tuple(words))})
    return frozenset(map(hash, zip(*(words[i:] for i in range(size)), strict=False)))


def body_likeness(one: Iterable[str], other: Iterable[str]) -> float | None:
    """Share of the shorter body's runs of five words that stand in the other one, each body given as paragraphs.

    None when either has too few words to say anything: only the first page was read, or a scan with some text.
    """
    words = [[word for paragraph in body for word in comparison_key(paragraph).split()] for body in (one, other)]
    if min(map(len, words)) < _MIN_BODY_WORDS:
        return None
    return containment(shingles(words[0], BODY_SHINGLE_WORDS), shingles(words[1], BODY_SHINGLE_WORDS))


def containment(one: frozenset[_Item], other: frozenset[_Item]) -> float | None:
    """Share of the smaller set that stands in the other one; None when either is empty."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else None


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float | None:
    return len(one & other) / len(one | other) if one and other else None
