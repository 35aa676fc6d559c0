"""What benchmarks/sections.py compares with: headings of outlines, and texts that people or other tools have checked."""

from __future__ import annotations

import difflib
import itertools
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summarizer.pdf.headings import kind_by_words, parse_number
from summarizer.text import comparison_key, one_line

#: Headings that are counted neither as found nor as missed, beside the title.
_NOT_COUNTED = re.compile(r"abstract|references|bibliography")
#: Two headings whose letters are this alike are one: formulas and small capitals are spelt differently in outlines.
_ALIKE = 0.9
#: A paragraph of fewer words is no anchor for coverage or order.
_MIN_WORDS = 12
_GRAM = 5
#: Formulas and citation keys of Markdown are printed differently: runs of words do not go across them.
_NOT_PRINTED = re.compile(r"\$[^$]*\$|\[(?:[^\]]*[A-Za-z]{3}[^\]]*)\](?:\([^)]*\))?|https?://\S+")
_CITATION = re.compile(r"\s*\[[\d,\s–-]+\]$")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  #: 1 is the top
    title: str  #: with its number where it has one

    @property
    def keys(self) -> frozenset[str]:
        """Letters and digits of the title, with and without its number."""
        whole = _CITATION.sub("", one_line(self.title))
        title = parse_number(whole).title
        # "C bAbI": a letter or a number before a word that begins in lower case
        bare = re.sub(r"^(?:[A-Z]|[IVX]+|\d{1,2}(?:\.\d{1,2})*)[.:)]?\s+", "", title)
        return frozenset(key for text in (whole, title, bare) if (key := comparison_key(text).replace(" ", "")))


def read_outline(path: Path) -> list[Heading]:
    """Entries ``[level, title, page]`` of a JSON file."""
    return [Heading(level, title) for level, title, _ in json.loads(path.read_text(encoding="utf-8"))]


def counted(headings: Sequence[Heading], title: str) -> list[Heading]:
    """Without title, abstract and references."""
    title_key = comparison_key(title).replace(" ", "")
    kept = []
    for heading in headings:
        keys = heading.keys
        if not keys or any(_NOT_COUNTED.fullmatch(key) for key in keys):
            continue
        if title_key and any(key == title_key or _similar(key, title_key) for key in keys):
            continue
        kept.append(heading)
    return kept


def match(found: Sequence[Heading], truth: Sequence[Heading]) -> list[tuple[Heading, Heading]]:
    """Pairs of the same heading, each used once: first equal letters in order of appearance, then very like ones."""
    pairs: list[tuple[Heading, Heading]] = []
    free = list(found)
    missed = []
    for heading in truth:
        same = next((f for f in free if f.keys & heading.keys), None)
        if same is None:
            missed.append(heading)
        else:
            free.remove(same)
            pairs.append((same, heading))
    for heading in missed:
        same = next((f for f in free if _same(f, heading)), None)
        if same is not None:
            free.remove(same)
            pairs.append((same, heading))
    return pairs


def _same(found: Heading, truth: Heading) -> bool:
    return any(_similar(a, b) for a in found.keys for b in truth.keys) or _glued(found, truth)


def _similar(a: str, b: str) -> bool:
    if min(len(a), len(b)) < 6:
        return False
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _glued(found: Heading, truth: Heading) -> bool:
    """LaTeX writes a footnote or a citation of a heading into the outline without a blank: ``datasetAvailable at``."""
    printed, entry = (comparison_key(parse_number(_CITATION.sub("", one_line(h.title))).title) for h in (found, truth))
    return len(printed) >= 8 and entry.startswith(printed) and entry[len(printed) :][:1].isalnum()


@dataclass(frozen=True, slots=True)
class Score:
    """One paper's headings, or with ``levels`` those whose level is right, too."""

    n_found: int
    n_truth: int
    n_both: int

    @property
    def precision(self) -> float:
        return self.n_both / self.n_found if self.n_found else 0.0

    @property
    def recall(self) -> float:
        return self.n_both / self.n_truth if self.n_truth else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.n_both / (self.n_found + self.n_truth) if self.n_both else 0.0


def kinds_named(truth: Sequence[Heading]) -> set[str]:
    """Kinds that the words of top-level outline entries name."""
    top = min((h.level for h in truth), default=1)
    kinds = (kind_by_words(parse_number(one_line(h.title)).title, top_level=False) for h in truth if h.level == top)
    return {kind for kind in kinds if kind}


def truth_files(folder: Path, pdf_stem: str) -> list[Path]:
    """Files of body text for a PDF: named after it, or after the arXiv id at its beginning."""
    arxiv_id = re.match(r"\d{4}\.\d{4,5}", pdf_stem)
    names = {pdf_stem, arxiv_id[0]} if arxiv_id else {pdf_stem}
    return [
        path
        for path in sorted(folder.iterdir())
        if any(path.name.startswith(f"{name}{mark}") for name in names for mark in "._")
        and (path.suffix == ".md" or path.name.endswith((".s2orc.json", "fulltext.tei.xml", "grobid.tei.xml")))
    ]


def truth_paragraphs(path: Path) -> list[str]:
    """Paragraphs of running text, in order; a line break stands where something was taken out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        blocks = re.split(r"\n\s*\n", text)
        prose = [b for b in blocks if not b.lstrip().startswith(("#", "|", "!", "<", "```", "$$"))]
        return [_NOT_PRINTED.sub("\n", one_line(b)) for b in prose]
    if path.suffix == ".json":
        body = json.loads(text)["pdf_parse"]["body_text"]
        return [one_line(part["text"]) for part in body]
    root = ElementTree.fromstring(text)
    body = root.find(".//{*}body")
    scope = body if body is not None else root
    return [_tei_text(p) for p in scope.iter() if p.tag.rpartition("}")[2] == "p"]


def _tei_text(paragraph: Any) -> str:
    """Text of a TEI paragraph; training data of GROBID keeps the hyphens of line ends before ``<lb/>``."""
    text = "".join(paragraph.itertext())
    return one_line(re.sub(r"(?<=[a-z])-\n?\s*(?=[a-z])", "", text) if paragraph.find(".//{*}lb") is not None else text)


def text_figures(extracted: str, paragraphs: Sequence[str]) -> dict[str, float]:
    """Coverage: share of the truth's runs of five words that were read. Order: share of neighbouring paragraphs that
    stand in the same order."""
    read = comparison_key(extracted).split()
    positions: dict[tuple[str, ...], int] = {}
    for i in range(len(read) - _GRAM + 1):
        positions.setdefault(tuple(read[i : i + _GRAM]), i)
    grams: Counter[bool] = Counter()
    places: list[int] = []
    for paragraph in paragraphs:
        pieces = [comparison_key(piece).split() for piece in paragraph.split("\n")]
        if sum(map(len, pieces)) < _MIN_WORDS:
            continue
        runs = [tuple(words[i : i + _GRAM]) for words in pieces for i in range(len(words) - _GRAM + 1)]
        if not runs:
            continue
        found = [positions[run] for run in runs if run in positions]
        grams[True] += len(found)
        grams[False] += len(runs) - len(found)
        if len(found) >= 0.3 * len(runs):
            places.append(sorted(found)[len(found) // 2])
    pairs = list(itertools.pairwise(places))
    return {
        "coverage": grams[True] / max(1, grams.total()),
        "order": sum(a < b for a, b in pairs) / len(pairs) if pairs else 1.0,
        "n_paragraphs": len(places),
    }
