"""The search index: words of titles, authors, abstracts, translations and breakdowns, in parts that a page loads one by one.

A page opened from a folder may not fetch files, but it may add script tags; so every part is a script that hands its
piece of the index over. A term is a Latin (Greek, Cyrillic, ...) word or number, or two neighbouring Chinese
characters, which finds words of any length without a dictionary. Terms that start alike lie in one part, so a search for
the beginning of a word reads one part too. ``assets/terms.js`` splits a query the same way; a test compares the two.

Bounded: of each field at most :data:`LIMITS` characters count, and parts are made as many as keep them near
:data:`PART_BYTES`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from summarizer.publish.reader.markup import bare_text
from summarizer.publish.reader.paths import paper_path
from summarizer.reading import PaperReading
from summarizer.records import TASKS

#: Fields in the order of their bits. The number is how many characters of the field count.
LIMITS: Mapping[str, int] = {"title": 600, "authors": 4_000, "zh": 4_000, "en": 6_000, "breakdown": 8_000}
PART_BYTES = 64_000
_MAX_PARTS = 2_048
_PAPERS_PER_PART = 100
_PREVIEW = 160  # characters
_MAX_TERM = 40  # characters: nobody types more, and a run of letters in a broken text may be endless

_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def terms(text: str) -> Iterator[str]:
    """The terms of a text, in order, with repeats."""
    folded = unicodedata.normalize("NFKD", text)
    # lower, not casefold: the one that JavaScript has
    folded = "".join(c for c in folded if not unicodedata.category(c).startswith("M")).lower()
    for word in _WORD.finditer(unicodedata.normalize("NFC", folded)):
        run = word[0]
        at = 0
        for han in _HAN.finditer(run):
            if han.start() > at:
                yield run[at : han.start()][:_MAX_TERM]
            yield from _pairs(han[0])
            at = han.end()
        if at < len(run):
            yield run[at:][:_MAX_TERM]


def _pairs(run: str) -> Iterator[str]:
    for start in range(len(run) - 1):
        yield run[start : start + 2]
    yield run[-1]  # so that a search for one character finds it at the end of a run too


def part_key(term: str) -> str:
    """What terms of one part have in common: the first character of a Chinese one, the first two of others."""
    return term[0] if _HAN.match(term) else term[:2]


def part_of(term: str, n_parts: int) -> int:
    """The number of the part that holds a term."""
    value = 7
    for character in part_key(term):
        value = (value * 31 + ord(character)) % 1_000_003
    return value % n_parts


@dataclass(slots=True)
class SearchIndex:
    """Collects papers and gives back the files. Papers are numbered in the order in which they come."""

    _cards: list[list[object]] = field(default_factory=list)
    _starts: list[tuple[date, int]] = field(default_factory=list)  #: day, number of its first paper
    _categories: dict[str, int] = field(default_factory=dict)
    _paper_categories: list[list[int]] = field(default_factory=list)
    _postings: defaultdict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("L")))

    @property
    def n_papers(self) -> int:
        return len(self._cards)

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted(self._categories))

    def add(self, day: date, papers: Iterable[PaperReading]) -> None:
        """Add the papers of a day; days come oldest first."""
        self._starts.append((day, len(self._cards)))
        for reading in papers:
            self._add(reading)

    def _add(self, reading: PaperReading) -> None:
        paper = reading.paper
        number = len(self._cards)
        texts = {task: bare_text(reading.texts[task].text) for task in TASKS if task in reading.texts}
        translation = texts.pop("translation", "")
        fields = (
            f"{paper.title} {paper.arxiv_id}",
            " ".join(paper.authors),
            translation,
            paper.abstract,
            "\n".join(texts.values()),
        )
        seen: dict[str, int] = {}
        for bit, (limit, text) in enumerate(zip(LIMITS.values(), fields, strict=True)):
            for term in terms(text[:limit]):
                seen[term] = seen.get(term, 0) | 1 << bit
        for term, bits in seen.items():
            self._postings[term].append(number << len(LIMITS) | bits)
        preview = translation or " ".join(paper.abstract.split())
        self._cards.append(
            [
                paper_path(*reading.key),
                " ".join(paper.title.split()) or "（无标题）",
                _shortened(", ".join(paper.authors), 120),
                _shortened(preview, _PREVIEW),
                0 if translation else 1,
                paper.arxiv_id,
            ]
        )
        self._paper_categories.append([self._categories.setdefault(c, len(self._categories)) for c in paper.categories])

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path below the reader's folder and content of each file."""
        written = {term: _encoded(postings) for term, postings in self._postings.items()}
        n_bytes = sum(len(term.encode()) + len(text) + 6 for term, text in written.items())
        n_parts = min(_MAX_PARTS, 1 << max(3, (n_bytes // PART_BYTES).bit_length()))
        parts: list[dict[str, str]] = [{} for _ in range(n_parts)]
        for term in sorted(written):
            parts[part_of(term, n_parts)][term] = written[term]
        yield (
            "search/index.js",
            _call(
                "index",
                {
                    "papers": len(self._cards),
                    "parts": n_parts,
                    "perPart": _PAPERS_PER_PART,
                    "bits": len(LIMITS),
                    "days": [[day.isoformat(), start] for day, start in self._starts],
                    "categories": list(self._categories),
                    "paperCategories": self._paper_categories,
                },
            ),
        )
        for number, part in enumerate(parts):
            yield f"search/terms-{number:04d}.js", _call("terms", number, part)
        for number, start in enumerate(range(0, len(self._cards), _PAPERS_PER_PART)):
            yield (
                f"search/papers-{number:04d}.js",
                _call("papers", number, self._cards[start : start + _PAPERS_PER_PART]),
            )


def _encoded(postings: Sequence[int]) -> str:
    """``gap << bits | fields`` of each paper in base 36: the gap is the distance from the paper before."""
    words = []
    last = 0
    bits = len(LIMITS)
    for posting in postings:
        number = posting >> bits
        words.append(_base36((number - last) << bits | posting & ((1 << bits) - 1)))
        last = number
    return " ".join(words)


def _base36(value: int) -> str:
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
        if value == 0:
            return digits


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _call(name: str, *arguments: object) -> bytes:
    """A script that hands JSON to the page. Nothing in it can end a script tag or a line of JavaScript."""
    words = ",".join(json.dumps(argument, ensure_ascii=False, separators=(",", ":")) for argument in arguments)
    for character in "<>&\u2028\u2029":
        words = words.replace(character, f"\\u{ord(character):04x}")
    return f'readerSearch.take("{name}",{words});\n'.encode("utf-8", errors="replace")
