"""Which earlier papers a paper repeats.

Three kinds are told apart. *new_version*: the same arXiv id. *exact*: the same text under two ids. *near*: another text
of the same work, by a logistic rule over the signals of :mod:`summarizer.embed.likeness`.

A paper dropped by mistake is worse than one summarised twice, so what the rule is not sure of is kept, and told as
borderline for a person to decide.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from summarizer.embed.likeness import MIN_TITLE_WORDS, Likeness, Profile, likeness, shared_words, title_likeness
from summarizer.ids import versioned
from summarizer.records import DuplicatePair, PairScore, Paper

#: Score from which two papers count as one work, and the same where the authors of either are unknown.
NEAR_SCORE = 0.8
NEAR_SCORE_UNKNOWN_AUTHORS = 0.86
#: Score from which a pair is shown to a person.
BORDERLINE_SCORE = 0.2
#: Intercept, and weights in the order of :func:`features`, by logistic regression on half of 5,000 pairs of versions and on the
#: nearest other papers of the same papers: ``benchmarks/dedup.py --fit``. See docs/decisions.md for what it was tried on.
_KNOWN_AUTHORS = (-16.47, (9.0, 1.94, 3.15, 5.0, 4.63, 1.7, 4.06, 2.02, 0.57))
_UNKNOWN_AUTHORS = (-15.19, (11.59, 3.3, 3.36, 7.48, 7.04, 1.96))
#: Shorter abstracts do not make two papers the same text ("This paper has been withdrawn by the authors").
MIN_ABSTRACT_WORDS = 40
#: Papers with the same abstract lie above this cosine, whatever their titles: the least of 325 such pairs is 0.94.
SAME_ABSTRACT_COSINE = 0.8
#: Below that cosine no two abstracts share more of their words: the most of some 20,000 pairs there is 0.54.
MOST_WORDS = 0.7
#: Share of the authors that both must have where there is no abstract to compare.
MIN_SHARED_AUTHORS = 0.5
#: Share of the shorter body's runs of words in the other: from here on it is the same text.
SAME_BODY = 0.8
#: The same: from here on a borderline pair is one work.
LIKE_BODY = 0.5
#: Below it two bodies that were read share no more than two papers of one group do: no work is dropped then.
OTHER_BODY = 0.1
#: Neighbours below this cosine need not be looked at: see docs/decisions.md.
NEIGHBOUR_FLOOR = 0.6


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier paper to compare with. ``cosine`` is None where the two were not compared by their vectors."""

    profile: Profile
    cosine: float | None = None
    pdf_sha256: str | None = None
    body: float | None = None  #: likeness of the two bodies, see :func:`summarizer.embed.likeness.body_likeness`


@dataclass(frozen=True, slots=True)
class Finding:
    """What the comparison of two papers gave. Both None never occurs: such a pair is no finding."""

    pair: DuplicatePair | None  #: None: a borderline pair
    score: PairScore | None  #: None: ids, hashes or titles decided alone


def content_key(paper: Paper) -> str:
    """SHA-256 of title and abstract without case, accents, punctuation and spaces; "" when either is missing."""
    profile = Profile(paper)
    title, abstract = profile.title_key, profile.abstract_key
    return hashlib.sha256(f"{title}\n{abstract}".encode()).hexdigest() if title and abstract else ""


def features(signals: Likeness) -> list[float]:
    """What the rule weighs: cosine, title, same title, words, root of the shingles, logarithm of the numbers in common; and
    where they are known share of the authors and logarithm of the authors in common.

    The root, since a tenth of the runs of words in common says nearly as much as all of them; the logarithms, since the
    first number or author says more than the tenth. Raises ValueError without an abstract on both sides.
    """
    if signals.words is None or signals.shingles is None:
        raise ValueError("no abstract to compare")
    of_all = [
        signals.cosine,
        signals.title,
        float(signals.same_title),
        signals.words,
        math.sqrt(signals.shingles),
        math.log1p(signals.n_numbers),
    ]
    if signals.authors is None:
        return of_all
    return [*of_all, signals.authors, float(signals.same_authors), math.log1p(signals.n_authors)]


def rule_score(signals: Likeness) -> float:
    """How sure the signals are that both papers are one work, 0 to 1. Without an abstract on both sides: 0."""
    if signals.words is None or signals.shingles is None:
        return 0.0
    intercept, weights = _UNKNOWN_AUTHORS if signals.authors is None else _KNOWN_AUTHORS
    x = intercept + sum(weight * value for weight, value in zip(weights, features(signals), strict=True))
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def find_duplicates(
    paper: Profile,
    earlier: Iterable[Earlier],
    *,
    pdf_sha256: str | None = None,
    near_threshold: float | None = None,
) -> list[Finding]:
    """What the earlier papers have to do with ``paper``: those it repeats, surest first, then borderline pairs.

    ``near_threshold`` takes the place of NEAR_SCORE and NEAR_SCORE_UNKNOWN_AUTHORS. Titles that differ by numbers only are
    parts of one work, or years of one event: such a pair is borderline at most, unless the texts are the same. Where an
    abstract is missing on either side title and authors must be the same, whatever the cosine. The same id with the same
    version is the paper itself and is passed over.
    """
    compared = (_compare(paper, other, pdf_sha256, near_threshold) for other in earlier)
    found = [finding for finding in compared if finding is not None]
    return sorted(found, key=_surest_first)


def _surest_first(finding: Finding) -> tuple[int, float, str, int]:
    if finding.pair is None:
        assert finding.score is not None
        return 3, -finding.score.score, finding.score.other_arxiv_id, -finding.score.other_version
    pair = finding.pair
    return ("new_version", "exact", "near").index(pair.kind), -pair.score, pair.other_arxiv_id, -pair.other_version


def _compare(paper: Profile, other: Earlier, pdf_sha256: str | None, near_threshold: float | None) -> Finding | None:
    new, old = paper.paper, other.profile.paper
    cosine = other.cosine or 0.0
    name = versioned(old.arxiv_id, old.version)

    def pair(kind: str, score: float, reason: str) -> DuplicatePair:
        return DuplicatePair(
            new.arxiv_id,
            new.version,
            old.arxiv_id,
            old.version,
            kind,  # type: ignore[arg-type]
            score,
            reason,
        )

    if new.arxiv_id == old.arxiv_id:
        if new.version == old.version:
            return None
        retitled = "" if paper.title_key == other.profile.title_key else ", retitled"
        return Finding(pair("new_version", cosine, f"same arXiv id as {name}{retitled}"), None)
    if pdf_sha256 is not None and pdf_sha256 == other.pdf_sha256:
        return Finding(pair("exact", 1.0, f"same PDF as {name}"), None)
    if other.body is None and cosine < SAME_ABSTRACT_COSINE and _out_of_reach(paper, other.profile, cosine):
        return None
    same_title = bool(paper.title_key) and paper.title_key == other.profile.title_key
    if paper.abstract_key and paper.abstract_key == other.profile.abstract_key:
        if same_title:
            return Finding(pair("exact", 1.0, f"same title and abstract as {name}"), None)
        if len(paper.abstract_key.split()) >= MIN_ABSTRACT_WORDS:
            return Finding(pair("exact", 1.0, f"same abstract as {name}, another title"), None)
    signals = likeness(paper, other.profile, cosine)
    if signals.words is None:
        alike = len(paper.title_key.split()) >= MIN_TITLE_WORDS and (signals.authors or 0.0) >= MIN_SHARED_AUTHORS
        if same_title and alike:
            return Finding(pair("near", cosine, f"no abstract; same title and authors as {name}"), None)
        return None
    score = rule_score(signals)
    if score < BORDERLINE_SCORE and (other.body or 0.0) < LIKE_BODY:
        return None
    told = _scored(new, old, signals, other.body, score)
    if other.body is not None and other.body >= SAME_BODY:
        return Finding(pair("exact", 1.0, f"same text as {name}: {_described(signals, other.body)}"), told)
    usual = NEAR_SCORE_UNKNOWN_AUTHORS if signals.authors is None else NEAR_SCORE
    near = score >= (usual if near_threshold is None else near_threshold) and not signals.numbered
    if other.body is not None:
        near = other.body >= LIKE_BODY or (near and other.body >= OTHER_BODY)
    if near:
        return Finding(pair("near", score, f"another text of {name}: {told.reason}"), told)
    return Finding(None, told)


def _out_of_reach(one: Profile, other: Profile, cosine: float) -> bool:
    """Whether no abstract that goes with such a cosine would make the pair borderline: so most neighbours are sorted out
    before the words of their abstracts are compared, which is what takes time."""
    best = replace(title_likeness(one, other, cosine), words=MOST_WORDS, shingles=1.0, n_numbers=len(one.numbers))
    if best.same_title:
        return False
    if rule_score(best) < BORDERLINE_SCORE:
        return True
    best = replace(best, n_numbers=len(one.numbers & other.numbers))
    if rule_score(best) < BORDERLINE_SCORE:
        return True
    words = shared_words(one, other)
    return words is not None and rule_score(replace(best, words=words)) < BORDERLINE_SCORE


def _scored(new: Paper, old: Paper, signals: Likeness, body: float | None, score: float) -> PairScore:
    return PairScore(
        new.arxiv_id,
        new.version,
        old.arxiv_id,
        old.version,
        score,
        signals.cosine,
        signals.title,
        signals.authors,
        signals.words,
        signals.shingles,
        body,
        f"score {score:.3f}; {_described(signals, body)}",
    )


def _described(signals: Likeness, body: float | None) -> str:
    """The signals on one line."""
    title = "same title" if signals.title == 1.0 else f"{signals.title:.0%} of the titles' words"
    parts = [title]
    if signals.authors is None:
        parts.append("authors unknown")
    else:
        order = ", in the same order" if signals.same_authors else ""
        parts.append(f"{signals.authors:.0%} of the authors ({signals.n_authors}{order})")
    parts.append(f"{signals.words or 0.0:.0%} of the abstracts' words")
    parts.append(f"{signals.n_numbers} numbers in common")
    parts.append(f"cosine {signals.cosine:.3f}")
    if body is not None:
        parts.append(f"{body:.0%} of the text")
    return ", ".join(parts)
