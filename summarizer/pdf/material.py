"""Material for the questions about method and results where no heading names it: by cues of the text and by place. Pure.

Letters have no headings at all, and short reports head their sections by topic. The cues only choose between the sections of
one paper; they are never a threshold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from summarizer.pdf.blocks import Block
from summarizer.pdf.headings import Number
from summarizer.records import SectionKind

#: A kind with fewer characters than this gives a question nothing.
USABLE_CHARS = 300
#: A text without headings is cut into parts only when it is this long, and has this many paragraphs.
_MIN_UNHEADED_CHARS = 3000
_MIN_UNHEADED_BLOCKS = 5

_RESULT_CUES = re.compile(
    r"\b(?:table|tab\.|fig(?:ure|\.)?) ?\d|\bresults?\b|\boutperform|\bachiev|\bimprov|\bcompar(?:ed|ison)|\bbaselines?\b"
    r"|\bevaluat|\baccurac|\bscores?\b|\d ?%|\bsignifican|\bwe (?:find|found|observe|see|measure)\b|\bmeasured\b",
    re.I,
)
_METHOD_CUES = re.compile(
    r"\bwe (?:propose|define|introduce|consider|assume|formulate|denote|describe)\b|\blet \S+ (?:be|denote)\b|\balgorithm"
    r"|\b(?:is|are) (?:defined|given|described)\b|\bparameters?\b|\bequation|\bloss\b|\barchitecture",
    re.I,
)
_AIM = re.compile(
    r"\bin this (?:letter|paper|work|article|study|note)\b|\bhere,? we\b"
    r"|\bwe (?:report|present|propose|demonstrate|introduce|show|study)\b",
    re.I,
)
_CLOSING = re.compile(
    r"\s*(?:in (?:conclusion|summary|closing)|to (?:conclude|summari[sz]e|sum up)|we have (?:shown|presented|demonstrated|"
    r"studied|introduced|proposed)|(?:in this (?:letter|paper|work),? )?we conclude)\b",
    re.I,
)
_BODY: frozenset[SectionKind | None] = frozenset({"method", "other"})
_CLOSED: frozenset[SectionKind | None] = frozenset(
    {"abstract", "conclusion", "acknowledgement", "references", "appendix", "discussion"}
)


class HasMaterial(Protocol):
    """A section while it is put together."""

    heading: str
    number: Number
    level: int
    page: int
    kind: SectionKind | None
    blocks: list[Block]


def unheaded_kinds(blocks: Sequence[Block]) -> list[tuple[SectionKind, list[Block]]]:
    """A body without any heading cut into introduction, method, results and, where it says so, conclusion.

    An empty list where the body is too short to be cut.
    """
    texts = [b for b in blocks if b.text.strip()]
    if len(texts) < _MIN_UNHEADED_BLOCKS or sum(len(b.text) for b in texts) < _MIN_UNHEADED_CHARS:
        return []
    n = len(texts)
    aim = next((i for i, b in enumerate(texts[: n // 2 + 1]) if _AIM.search(b.text)), 0)
    first = aim + 1
    end = next((i for i in range(n - 1, max(first, 2 * n // 3) - 1, -1) if _CLOSING.match(texts[i].text)), n)
    if end - first < 2:
        return []
    leaning = [_leaning(b.text) * len(b.text) for b in texts]
    # where what leans to results is best told from what does not
    cut = max(range(first + 1, end), key=lambda i: (sum(leaning[i:end]) - sum(leaning[first:i]), -i))
    pieces: list[tuple[SectionKind, list[Block]]] = [
        ("introduction", list(texts[:first])),
        ("method", list(texts[first:cut])),
        ("results", list(texts[cut:end])),
        ("conclusion", list(texts[end:])),
    ]
    return [(kind, piece) for kind, piece in pieces if piece]


def supply_material(parts: Sequence[HasMaterial]) -> None:
    """Change kinds so that method and results have material, where the body of the paper has enough for both."""
    groups = _groups(parts)
    if _chars(parts, {"results", "experiments"}) < USABLE_CHARS:
        choice = groups if len(groups) > 1 else _children(groups[0]) if groups else []
        choice = [g for g in choice if _size(g) >= USABLE_CHARS]
        if len(choice) > 1:
            # on equal cues the later one: results come after what gave them
            best = max(range(1, len(choice)), key=lambda i: (_leaning(_text(choice[i])), i))
            _set(choice[best], "results")
    if _chars(parts, {"method"}) < USABLE_CHARS:
        for group in _groups(parts):
            if group[0].kind == "other" and group[0].heading:
                _set(group, "method")


def _groups(parts: Sequence[HasMaterial]) -> list[list[HasMaterial]]:
    """Top sections of the body with what stands below them, those whose heading names neither question's answer."""
    groups: list[list[HasMaterial]] = []
    for part in parts:
        if part.heading and part.level == 1:
            groups.append([part])
        elif groups and part.heading:
            groups[-1].append(part)
    ends = [i for i, g in enumerate(groups) if g[0].kind in _CLOSED and g[0].kind != "abstract"]
    body = groups[: ends[0]] if ends else groups
    return [g for g in body if g[0].kind in _BODY]


def _children(group: Sequence[HasMaterial]) -> list[list[HasMaterial]]:
    """The sections right below the first of a group, each with its own."""
    level = min((p.level for p in group[1:]), default=0)
    children: list[list[HasMaterial]] = []
    for part in group[1:]:
        if part.level == level:
            children.append([part])
        else:
            children[-1].append(part)
    return children


def _set(group: Sequence[HasMaterial], kind: SectionKind) -> None:
    before = group[0].kind
    for part in group:
        if part.kind == before:
            part.kind = kind


def _chars(parts: Sequence[HasMaterial], kinds: set[SectionKind]) -> int:
    return sum(_size([p]) for p in parts if p.kind in kinds)


def _size(group: Sequence[HasMaterial]) -> int:
    return sum(len(b.text) for p in group for b in p.blocks)


def _text(group: Sequence[HasMaterial]) -> str:
    return "\n".join(b.text for p in group for b in p.blocks)


def _leaning(text: str) -> float:
    """Cues of results less cues of method, for each character."""
    return (len(_RESULT_CUES.findall(text)) - len(_METHOD_CUES.findall(text))) / max(1, len(text))
