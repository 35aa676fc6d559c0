"""Which earlier papers a paper repeats.

A paper dropped by mistake is worse than one summarised twice, so every rule asks for more than it needs to. The figures
behind the thresholds come from ``benchmarks/dedup.py`` with all-MiniLM-L6-v2 over title and abstract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from summarizer.ids import versioned
from summarizer.records import DuplicatePair, Paper
from summarizer.text import comparison_key

#: Cosine that is enough by itself. Among 3,000 speech and audio papers (4.5 million pairs) two pairs reach it, both (by
#: title and authors) one work under two ids; papers without a common author stay below 0.90, different papers of one
#: group reach 0.94. Of 500 pairs of versions of one paper 67 % reach it.
NEAR_COSINE = 0.95
#: Cosine that is enough where title and at least half of the authors are the same: 79 % of the version pairs reach one
#: of the two. Of 17 titles that two arXiv ids share, the two that look like different works lie at 0.79 and 0.82.
NEAR_COSINE_SAME_TITLE = 0.85
#: Share of the smaller list of authors that must stand in the other one too.
MIN_SHARED_AUTHORS = 0.5
#: Shorter titles ("Editorial", "Technical report") do not tell papers apart.
MIN_TITLE_WORDS = 4
#: Neighbours below this cosine need not be looked at.
NEIGHBOUR_FLOOR = NEAR_COSINE_SAME_TITLE


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier paper to compare with. ``cosine`` is None where the two were not compared by their vectors."""

    paper: Paper
    cosine: float | None = None
    pdf_sha256: str | None = None


def content_key(paper: Paper) -> str:
    """SHA-256 of title and abstract without case, accents, punctuation and spaces; "" when either is missing."""
    title, abstract = comparison_key(paper.title), comparison_key(paper.abstract)
    return hashlib.sha256(f"{title}\n{abstract}".encode()).hexdigest() if title and abstract else ""


def find_duplicates(
    paper: Paper,
    earlier: Iterable[Earlier],
    *,
    pdf_sha256: str | None = None,
    near_threshold: float | None = None,
) -> list[DuplicatePair]:
    """Pairs of ``paper`` with those of the earlier papers that it repeats, one pair for each, surest first.

    ``new_version``: the same arXiv id with another version. ``exact``: the same title and abstract but for case and
    punctuation, or the same PDF. ``near``: vectors closer than NEAR_COSINE (or ``near_threshold``), or closer than
    NEAR_COSINE_SAME_TITLE with the same title and authors. Where an abstract is missing on either side vectors say little:
    then title and authors must be the same whatever the cosine.

    The same id with the same version is the paper itself and is passed over.
    """
    threshold = NEAR_COSINE if near_threshold is None else near_threshold
    pairs = []
    for other in earlier:
        pair = _compare(paper, other, pdf_sha256, threshold)
        if pair is not None:
            pairs.append(pair)
    order = {"new_version": 0, "exact": 1, "near": 2}
    return sorted(pairs, key=lambda p: (order[p.kind], -p.score, p.other_arxiv_id, -p.other_version))


def _compare(paper: Paper, other: Earlier, pdf_sha256: str | None, threshold: float) -> DuplicatePair | None:
    cosine = other.cosine or 0.0
    name = versioned(other.paper.arxiv_id, other.paper.version)

    def pair(kind: str, score: float, reason: str) -> DuplicatePair:
        return DuplicatePair(
            paper.arxiv_id,
            paper.version,
            other.paper.arxiv_id,
            other.paper.version,
            kind,  # type: ignore[arg-type]
            score,
            reason,
        )

    if paper.arxiv_id == other.paper.arxiv_id:
        if paper.version == other.paper.version:
            return None
        return pair("new_version", cosine, f"same arXiv id as {name}")
    if pdf_sha256 is not None and pdf_sha256 == other.pdf_sha256:
        return pair("exact", 1.0, f"same PDF as {name}")
    if (key := content_key(paper)) and key == content_key(other.paper):
        return pair("exact", 1.0, f"same title and abstract as {name}")
    same_work = _same_title(paper, other.paper) and _share_authors(paper, other.paper)
    if not (paper.abstract.strip() and other.paper.abstract.strip()):
        return pair("near", cosine, f"no abstract; same title and authors as {name}") if same_work else None
    if cosine >= threshold:
        return pair("near", cosine, f"cosine {cosine:.3f} with {name}, at least {threshold:g}")
    if same_work and cosine >= NEAR_COSINE_SAME_TITLE:
        return pair("near", cosine, f"same title and authors as {name}, cosine {cosine:.3f}")
    return None


def _same_title(one: Paper, other: Paper) -> bool:
    key = comparison_key(one.title)
    return len(key.split()) >= MIN_TITLE_WORDS and key == comparison_key(other.title)


def _share_authors(one: Paper, other: Paper) -> bool:
    first, second = (frozenset(filter(None, map(comparison_key, paper.authors))) for paper in (one, other))
    smaller = min(len(first), len(second))
    return smaller > 0 and len(first & second) >= MIN_SHARED_AUTHORS * smaller
