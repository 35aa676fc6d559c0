"""Kinds of sections: from the words of a heading, from the section it stands in, from its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from summarizer.pdf.headings import Number, kind_by_words
from summarizer.records import SectionKind

#: A longer file is a survey, a report or a book.
_MAX_PAPER_PAGES = 20
# a section that describes data may stand before the method
_ONLY_DATA = re.compile(r"\b(?:data|datasets?|data ?sets?|corpus|corpora|database)$", re.I)


class HasKind(Protocol):
    """A section while it is put together."""

    heading: str
    number: Number
    level: int
    page: int
    kind: SectionKind | None


def set_kinds(parts: Sequence[HasKind]) -> None:
    """Kinds from words, then from the parent and the place in the document."""
    seen_references = seen_appendix = False
    parents: list[tuple[int, SectionKind]] = []
    evidence = [
        i for i, p in enumerate(parts)
        if p.level == 1 and kind_by_words(p.number.title, top_level=True) in {"experiments", "results", "discussion"}
        and not _ONLY_DATA.search(p.number.title)
    ]  # fmt: skip
    # between the introduction and the first experiments stands the method, whatever it is called; without experiments
    # that holds up to the conclusion of a paper of ordinary length, but not for a survey
    ends = [
        i for i, p in enumerate(parts) if p.level == 1 and kind_by_words(p.number.title, top_level=True) == "conclusion"
    ]
    short = bool(parts) and parts[-1].page <= _MAX_PAPER_PAGES
    core_end = evidence[0] if evidence else ends[0] if ends and short else 0
    started = False
    for i, part in enumerate(parts):
        while parents and parents[-1][0] >= part.level:
            parents.pop()
        inherited = parents[-1][1] if parents and part.heading else None
        top = inherited is None
        named = kind_by_words(part.number.title, top_level=top) if part.heading else None
        if part.kind is None:
            kind: SectionKind
            if inherited in {"appendix", "references", "abstract"} and named not in {"references", "acknowledgement"}:
                kind = "appendix" if inherited == "appendix" else (named or inherited)
            elif named in {"references", "acknowledgement", "appendix", "abstract"}:
                kind = named
            elif re.match(r"(?i)appendix|annex", part.heading):
                kind = "appendix"
            elif (seen_references or seen_appendix) and part.heading and part.level == 1:
                # what follows the references of an article is its appendix, whatever its heading says
                kind = "appendix"
            elif named is not None:
                kind = named
            elif inherited is not None:
                kind = inherited
            elif started and part.heading and i < core_end:
                kind = "method"
            else:
                kind = "other"
            part.kind = kind
        seen_references = seen_references or (part.kind == "references" and part.level == 1)
        seen_appendix = seen_appendix or (part.kind == "appendix" and part.level == 1)
        started = started or part.kind in {"introduction", "related_work"}
        if part.heading:
            parents.append((part.level, part.kind))
