"""Terms and how they are said in Chinese: glossary files, and the terms that stand in a text.

A glossary is a UTF-8 file of tab-separated lines ``en  zh  zh_variants``. The first line may name the columns; empty
lines and lines that begin with ``#`` say nothing. ``zh_variants`` (between slashes, optional) are other words that count
as the same term. ``zh`` equal to ``en`` keeps a term in English; ``zh`` of ``-`` takes out a term that an earlier file has.
Of several files the later one wins.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from summarizer.errors import ConfigError
from summarizer.ids import content_hash
from summarizer.literals import FORMULA, URL
from summarizer.records import GlossaryTerm
from summarizer.text import one_line

_HEADER = ("en", "zh")
_REMOVED = "-"
_WORD = re.compile(r"[^\W_]+(?:['’]s?(?![^\W_]))?")
_GAP = re.compile(r"[ \u2010\u2011-]")
_NOT_WORDS = re.compile(f"{URL.pattern}|{FORMULA.pattern}")
_NEGATED = re.compile(r"\bnon[ -]$", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?<![.-])")
_IRREGULAR = {
    "matrices": "matrix", "indices": "index", "vertices": "vertex", "criteria": "criterion", "corpora": "corpus",
    "analyses": "analysis", "hypotheses": "hypothesis", "biases": "bias", "spectra": "spectrum", "phenomena": "phenomenon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term as it stands in a text: ``text[start:end] == written``."""

    written: str
    start: int
    end: int
    term: GlossaryTerm

    @property
    def zh(self) -> str:
        return self.term.zh


class Glossary:
    """Terms by their English words. Matching knows plurals, blanks for hyphens, and capitals at the start of words."""

    def __init__(self, terms: Iterable[GlossaryTerm] = ()) -> None:
        self.terms = tuple(terms)
        self._by_words: dict[tuple[str, ...], list[GlossaryTerm]] = {}
        for term in self.terms:
            self._by_words.setdefault(_key(term.en), []).append(term)
        for found in self._by_words.values():  # one with capitals of its own is looked at first: Adam, then adam
            found.sort(key=lambda term: not _has_capitals(term.en))
        self._longest = max(map(len, self._by_words), default=0)
        self.hash = content_hash([[t.en, t.zh, *t.variants] for t in self.terms])

    def __len__(self) -> int:
        return len(self.terms)

    def find(self, text: str) -> list[FoundTerm]:
        """The terms of a text from left to right, the longest at each place, none inside another.

        Links and formulas are not looked at, nor what ``non-`` turns into its opposite.
        """
        bare = _NOT_WORDS.sub(lambda found: "\n" * len(found[0]), text)
        words = list(_WORD.finditer(bare))
        found: list[FoundTerm] = []
        at = 0
        while at < len(words):
            match = self._match(bare, words, at)
            if match is None:
                at += 1
                continue
            n_words, term = match
            start, end = words[at].start(), _bare_end(words[at + n_words - 1])
            if _NEGATED.search(bare, max(0, start - 5), start) is None:
                found.append(FoundTerm(text[start:end], start, end, term))
            at += n_words
        return found

    def _match(self, text: str, words: Sequence[re.Match[str]], at: int) -> tuple[int, GlossaryTerm] | None:
        joined = 1
        while (
            joined < self._longest
            and at + joined < len(words)
            and _GAP.fullmatch(text, words[at + joined - 1].end(), words[at + joined].start())
        ):
            joined += 1
        spelled = [_bare(word) for word in words[at : at + joined]]
        normal = [_normal(word) for word in spelled]
        for n_words in range(joined, 0, -1):
            for term in self._by_words.get(tuple(normal[:n_words]), ()):
                if _same_case(term.en, spelled[:n_words]):
                    return n_words, term
        return None


#: Of no terms at all.
NO_GLOSSARY = Glossary()


def distinct(found: Iterable[FoundTerm]) -> list[FoundTerm]:
    """Each term once, where it comes first."""
    first: dict[GlossaryTerm, FoundTerm] = {}
    for one in found:
        first.setdefault(one.term, one)
    return list(first.values())


def with_chinese(text: str, found: Iterable[FoundTerm]) -> str:
    """The text with the Chinese of each term in its place. ``found`` must be of this text, from left to right."""
    parts: list[str] = []
    at = 0
    for one in found:
        parts += [text[at : one.start], one.zh]
        at = one.end
    return "".join([*parts, text[at:]])


def latin_names(found: Iterable[FoundTerm]) -> tuple[str, ...]:
    """Latin words in the Chinese of terms, ``Transformer`` of ``视觉Transformer``: a translation must be able to write them."""
    return tuple(dict.fromkeys(word for one in found for word in _LATIN.findall(one.zh)))


def standard_folder() -> Path:
    """Where the glossaries lie that come with the program: beside the package, or where its wheel puts them."""
    beside = Path(__file__).resolve().parent.parent / "glossaries"
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "summarizer" / "glossaries"


def load_glossary(files: Iterable[Path], *, standard: bool = True) -> Glossary:
    """The standard glossaries, if wanted, and these files over them, the last one first in rank.

    Raises ConfigError, naming file and line, or the folder where the standard ones are missing.
    """
    ours = sorted(standard_folder().glob("*.tsv")) if standard else []
    if standard and not ours:
        raise ConfigError(
            f"no glossary in {standard_folder()}: install the program again, or set glossary.standard = false"
        )
    terms: dict[str, GlossaryTerm] = {}
    for path in (*ours, *files):
        for term in read_terms(path):
            key = term.en if _has_capitals(term.en) else " ".join(_key(term.en))
            terms.pop(key, None)
            if term.zh != _REMOVED:
                terms[key] = term
    return Glossary(terms.values())


def read_terms(path: Path) -> Iterator[GlossaryTerm]:
    """The terms of one file. Raises ConfigError: unreadable, a line without two columns, a term that stands there twice."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"glossary {path} cannot be read: {error}") from None
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        fields = [one_line(field) for field in line.split("\t")]
        if not line.strip() or line.startswith("#") or (number == 1 and tuple(fields[:2]) == _HEADER):
            continue
        if len(fields) not in (2, 3) or not fields[0] or not fields[1] or not _key(fields[0]):
            raise ConfigError(
                f"glossary {path} line {number}: expected an English term, a tab and its Chinese, then perhaps a tab and "
                "other Chinese words between slashes"
            )
        if fields[0] in seen:
            raise ConfigError(
                f"glossary {path} line {number}: {fields[0]!r} stands already in line {seen[fields[0]]}: keep one"
            )
        seen[fields[0]] = number
        variants = [v.strip() for v in (fields[2].split("/") if len(fields) == 3 else [])]
        yield GlossaryTerm(fields[0], fields[1], tuple(dict.fromkeys(v for v in variants if v and v != fields[1])))


def _key(term: str) -> tuple[str, ...]:
    return tuple(_normal(_bare(word)) for word in _WORD.finditer(term))


def _bare(word: re.Match[str]) -> str:
    return word[0][: _bare_end(word) - word.start()]


def _bare_end(word: re.Match[str]) -> int:
    """Where a word ends without its possessive."""
    return word.start() + len(re.split(r"['’]", word[0], maxsplit=1)[0])


def _normal(word: str) -> str:
    """Lower case and singular, roughly: what matters is that both forms of a word come to the same."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _has_capitals(term: str) -> bool:
    """Whether capitals belong to the term; the first one of several words may be that of a sentence."""
    several = len(_key(term)) > 1
    return any(c.isupper() for c in (term[1:] if several else term))


def _same_case(term: str, words: Sequence[str]) -> bool:
    """A term with capitals stands so in the text; one without is no acronym there (``PITCH``)."""
    if _has_capitals(term):
        return all(
            word == given or word.removesuffix("s") == given
            for word, given in zip(words, map(_bare, _WORD.finditer(term)), strict=True)
        )
    return not any(len(word) > 2 and word.isupper() for word in words) and not any(
        any(c.isupper() for c in word[1:]) and not word.isupper() for word in words
    )
