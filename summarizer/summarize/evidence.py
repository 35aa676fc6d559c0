"""Choosing the sentences of a paper that answer a question: sections by kind, cues, embeddings, no repetition.

A small model asked over thousands of tokens echoes the question and mixes figures up (docs/decisions.md), so the choice of
what to say is made here, from the paper's own sentences, and the model only puts chosen sentences into Chinese.
Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summarizer.records import Section, SectionKind, Task
from summarizer.summarize.cues import (
    ABOUT_FLOATS,
    CITED_AS_NOUN,
    CLAIM,
    COMPARISON,
    CONTRIBUTION,
    DANGLING,
    EQUATION_NUMBER,
    EXPERIMENT,
    FIGURE,
    FUTURE,
    MATH,
    MECHANISM,
    OPEN_END,
    OUTCOME,
    OWN,
    POINTER,
    PRIOR,
    PROBLEM,
    SELF,
    SETUP,
    STRONG_FIGURE,
    TIED,
    VARIABLE,
    figures_of,
    is_outcome,
    standalone,
)
from summarizer.summarize.sentences import split_sentences, without_citations

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

#: How much each kind of section is worth for a question; kinds not named are not read.
_WEIGHTS: dict[Task, dict[SectionKind, float]] = {
    "background": {"introduction": 1.0, "abstract": 0.7, "related_work": 0.55, "other": 0.45, "discussion": 0.1},
    "method": {"method": 1.0, "abstract": 0.85, "introduction": 0.5, "other": 0.55, "experiments": 0.25, "conclusion": 0.2},
    "results": {
        "results": 1.0, "experiments": 0.85, "abstract": 1.0, "conclusion": 0.8, "discussion": 0.6, "other": 0.4,
        "introduction": 0.35,
    },
}  # fmt: skip

_QUERIES: dict[Task, tuple[str, ...]] = {
    "background": (
        "The task is important and has many applications.",
        "Existing methods are limited, costly, or fail in this situation.",
    ),
    "method": (
        "We propose a new method that works as follows.",
        "The model architecture consists of several components trained with a loss function.",
    ),
    "results": (
        "Our method outperforms the baselines by a large margin on the benchmark.",
        "Experimental results show the accuracy and error rates on the test set.",
    ),
}
_MIN_WORDS, _MAX_WORDS = 7, 48
#: A sentence longer than this is cut at its semicolons, where each part says something by itself.
_LONG = 32
#: Beyond this a sentence costs more of the answer than it tells.
_USUAL_WORDS = 26
#: Candidates that embeddings are computed for; cues alone decide before that.
_MAX_ENCODED = 48
#: Weight of the likeness to what is chosen already, against a relevance of about 0.5 to 2.
_MMR_REDUNDANCY = 0.7
_TOO_ALIKE = 0.84
#: For each sentence chosen of the same section already: the parts of a method stand in different ones.
_SAME_SECTION = 0.12
#: For each figure that no chosen sentence has; against it when all of them are there already.
_NEW_FIGURE = 0.15
#: An abstract's sentence that answers the question, and one that answers another.
_RIGHT_ROLE, _WRONG_ROLE = 0.9, -0.8


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence chosen for an answer."""

    section_seq: int | None  #: None for the abstract of the metadata
    position: int  #: among the sentences of its section
    text: str  #: without citations and what ties it to its place: see :func:`summarizer.summarize.cues.standalone`
    group: str  #: "context" or "problem" for the background, else ""
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for a question, and what the token budget left out (section numbers)."""

    read: tuple[int, ...]
    left_out: tuple[int, ...]


def choose_sections(
    task: Task, sections: Sequence[Section], count_tokens: Callable[[str], int], budget: int
) -> Reading:
    """Whole sections, the most useful kinds first, until the token budget is spent. A section is never cut.

    At least one section is read, however long. Sections of kinds that say nothing to the question (references,
    acknowledgements, appendices) count as left out only when nothing else is there.
    """
    weights = _WEIGHTS[task]
    useful = [s for s in sections if s.text and s.kind in weights] or [s for s in sections if s.text]
    useful.sort(key=lambda s: (-weights.get(s.kind, 0.0), s.seq))
    read: list[int] = []
    left_out: list[int] = []
    spent = 0
    for section in useful:
        tokens = count_tokens(section.text)
        if read and spent + tokens > budget:
            left_out.append(section.seq)
            continue
        read.append(section.seq)
        spent += tokens
    return Reading(tuple(sorted(read)), tuple(sorted(left_out)))


def choose_evidence(
    task: Task,
    title: str,
    abstract: str,
    sections: Sequence[Section],
    encode: Encode,
    *,
    max_pieces: int,
) -> list[Evidence]:
    """The sentences that answer the question best, best first, at most ``max_pieces``."""
    candidates = _candidates(task, title, abstract, sections)
    if not candidates:
        return []
    candidates.sort(key=lambda e: -e.score)
    candidates = candidates[:_MAX_ENCODED]
    vectors = encode([f"{title}. {abstract}" if abstract else title, *_QUERIES[task], *(c.text for c in candidates)])
    n_anchors = 1 + len(_QUERIES[task])
    anchors, vectors = vectors[:n_anchors], vectors[n_anchors:]
    about = vectors @ anchors[0]
    asked = (vectors @ anchors[1:].T).max(axis=1)
    relevance = np.array([c.score for c in candidates]) / max(c.score for c in candidates) + 0.8 * about + 0.5 * asked
    if task == "background":
        half = (max_pieces + 1) // 2
        chosen = _diverse(task, candidates, relevance, vectors, "context", max_pieces - half, [])
        chosen += _diverse(task, candidates, relevance, vectors, "problem", half, chosen)
    else:
        chosen = _diverse(task, candidates, relevance, vectors, None, max_pieces, [])
    return [candidates[i] for i in chosen]


def _diverse(
    task: Task,
    candidates: Sequence[Evidence],
    relevance: NDArray[np.float64],
    vectors: NDArray[np.float32],
    group: str | None,
    n: int,
    taken: Sequence[int],
) -> list[int]:
    """Maximal marginal relevance over the candidates of one group, given those taken already."""
    chosen: list[int] = []
    open_ = [i for i, c in enumerate(candidates) if (group is None or c.group == group) and i not in taken]
    while open_ and len(chosen) < n:
        others = [*taken, *chosen]
        alike = (vectors[open_] @ vectors[others].T).max(axis=1) if others else np.zeros(len(open_))
        gain = relevance[open_] - _MMR_REDUNDANCY * alike
        if task == "results":
            gain += _news(candidates, open_, others)
        elif task == "method":
            crowd = Counter(candidates[i].section_seq for i in others)
            gain -= _SAME_SECTION * np.array([crowd[candidates[i].section_seq] for i in open_])
        gain[alike > _TOO_ALIKE] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        chosen.append(open_.pop(best))
    return chosen


def _news(candidates: Sequence[Evidence], open_: Sequence[int], taken: Sequence[int]) -> NDArray[np.float64]:
    """What the figures of each open candidate are worth, given those of the sentences taken."""
    told = {figure for i in taken for figure in figures_of(candidates[i].text)}
    worth = []
    for i in open_:
        figures = figures_of(candidates[i].text)
        new = len(figures - told)
        worth.append(_NEW_FIGURE * min(new, 3) if new or not figures else -3 * _NEW_FIGURE)
    return np.array(worth)


def _candidates(task: Task, title: str, abstract: str, sections: Sequence[Section]) -> list[Evidence]:
    found: list[Evidence] = []
    seen: set[str] = set()
    own_abstract = any(s.kind == "abstract" for s in sections)
    total = max((s.seq for s in sections), default=0) + 1
    sources: list[tuple[int | None, SectionKind, float, str]] = [
        (s.seq, s.kind, s.seq / total, s.text) for s in sections if s.text
    ]
    if abstract and not own_abstract:
        sources.insert(0, (None, "abstract", 0.0, abstract))
    name = system_name(title)
    for seq, kind, place, text in sources:
        weight = _WEIGHTS[task].get(kind, 0.2) * _place_factor(task, kind, place)
        sentences = [s for paragraph in text.split("\n\n") for s in split_sentences(paragraph)]
        roles = abstract_roles(sentences, name) if kind == "abstract" else []
        for position, raw in enumerate(sentences):
            if CITED_AS_NOUN.search(raw):
                continue
            for whole in _parts(without_citations(raw)):
                sentence = standalone(whole)
                if sentence in seen or not _usable(sentence):
                    continue
                seen.add(sentence)
                group = _group(task, whole)
                score = _score(task, whole, sentence, kind, position, len(sentences), group, name)
                if roles:
                    score += _RIGHT_ROLE if roles[position] == task else _WRONG_ROLE
                if score > 0:
                    found.append(Evidence(seq, position, sentence, group, weight * score))
    return found


def system_name(title: str) -> str:
    """What a paper calls its system, where the title begins with it: ``NoisyNet: Separating ...``; else empty."""
    name = title.partition(":")[0].strip()
    return name if ":" in title and len(name.split()) <= 2 and re.search(r"[A-Z0-9]", name) else ""


def abstract_roles(sentences: Sequence[str], name: str = "") -> list[Task]:
    """Which question each sentence of an abstract answers.

    What comes before the paper speaks of itself (or names its system) is background; then what was done, unless it says
    how well it went.
    """
    own = [bool(SELF.search(s) or (name and name in s)) for s in sentences]
    first = own.index(True) if True in own else 0
    roles: list[Task] = []
    for position, sentence in enumerate(sentences):
        if position < first:
            roles.append("background")
        elif is_outcome(sentence) and not (CONTRIBUTION.search(sentence) and position == first):
            roles.append("results")
        else:
            roles.append("method")
    return roles


def _parts(sentence: str) -> list[str]:
    """A very long sentence in parts, where each of them can stand alone; else as it is."""
    if len(sentence.split()) <= _LONG:
        return [sentence]
    parts = [part.strip() for part in sentence.split(";")]
    if len(parts) == 1 or any(len(part.split()) < _MIN_WORDS for part in parts):
        return [sentence]
    return parts


def _place_factor(task: Task, kind: SectionKind, place: float) -> float:
    """Where headings say nothing, the place in the paper does: early is background, late is results."""
    if kind != "other":
        return 1.0
    if task == "background":
        return 1.0 if place < 0.25 else 0.3
    if task == "results":
        return 1.2 if place > 0.5 else 0.6
    return 1.2 if 0.1 < place < 0.7 else 0.5


def _usable(sentence: str) -> bool:
    words = sentence.split()
    if not _MIN_WORDS <= len(words) <= _MAX_WORDS:
        return False
    if not (sentence[0].isupper() or sentence[0].isdigit()) or sentence[-1] not in ".!?":
        return False
    if (
        sentence.endswith("?")
        or OPEN_END.search(sentence)
        or POINTER.search(sentence)
        or len(MATH.findall(sentence)) > 3
    ):
        return False
    if sentence.count("(") != sentence.count(")"):
        return False
    if EQUATION_NUMBER.search(sentence) and "(1)" not in sentence:
        return False
    letters = sum(c.isalpha() for c in sentence)
    single = sum(len(w.strip(".,()")) == 1 and w not in {"a", "A", "I"} for w in words)
    return letters >= 0.65 * len(sentence.replace(" ", "")) and single <= 0.12 * len(words) + 1


def _group(task: Task, sentence: str) -> str:
    if task != "background":
        return ""
    return "problem" if PROBLEM.search(sentence) else "context"


def _score(
    task: Task, whole: str, sentence: str, kind: SectionKind, position: int, n: int, group: str, name: str
) -> float:
    """What cues say of a sentence: ``whole`` as it stands in the paper, ``sentence`` as it will be put to the model."""
    score = 1.0 + _SCORES[task](whole, kind, 1.0 - position / max(n, 1), group)
    if name and task != "background":
        score += 0.3 * (name in sentence)
    score -= 0.5 if DANGLING.match(sentence) else 0.0
    score -= 0.2 * min(len(TIED.findall(sentence)), 2)
    score -= 0.5 if ABOUT_FLOATS.search(sentence) else 0.0
    score -= 0.6 if FUTURE.search(sentence) else 0.0
    score -= 0.4 * len(VARIABLE.findall(sentence))
    score -= 0.15 * len(MATH.findall(sentence))
    score -= 0.02 * max(0, len(sentence.split()) - _USUAL_WORDS)
    return score


def _score_background(sentence: str, kind: SectionKind, early: float, group: str) -> float:
    score = 0.2 * min(len(PROBLEM.findall(sentence)), 3)
    score += 0.8 * early if group == "context" else 0.3 * early
    score += 0.5 * bool(PRIOR.search(sentence)) if group == "problem" else 0.0
    score -= 1.2 if SELF.search(sentence) else 0.0
    score -= 0.6 if OUTCOME.search(sentence) and STRONG_FIGURE.search(sentence) else 0.0
    return score


def _score_method(sentence: str, kind: SectionKind, early: float, group: str) -> float:
    own = bool(OWN.search(sentence) or CONTRIBUTION.search(sentence))
    outcome = bool(OUTCOME.search(sentence))
    score = 0.7 * bool(OWN.search(sentence)) + 0.8 * bool(CONTRIBUTION.search(sentence))
    score += 0.2 * min(len(MECHANISM.findall(sentence)), 4) + 0.3 * early
    score -= 0.7 if outcome and not MECHANISM.search(sentence) else 0.0
    score -= 0.9 if outcome and STRONG_FIGURE.search(sentence) else 0.0
    score -= 0.7 if PROBLEM.search(sentence) and not own else 0.0
    score -= 0.9 if kind in ("introduction", "abstract") and not own else 0.0
    score -= 0.6 * min(len(EXPERIMENT.findall(sentence)), 2)
    return score


def _score_results(sentence: str, kind: SectionKind, early: float, group: str) -> float:
    figures = len(FIGURE.findall(sentence))
    score = 0.35 * min(figures, 3) + 0.8 * bool(STRONG_FIGURE.search(sentence))
    score += 0.35 * min(len(OUTCOME.findall(sentence)), 3) + 0.4 * bool(CLAIM.search(sentence))
    compared = bool(CLAIM.search(sentence) or COMPARISON.search(sentence))
    score -= 0.9 if not OUTCOME.search(sentence) else 0.0
    score -= 1.2 if not compared else 0.0
    score -= 0.8 if SETUP.search(sentence) else 0.0
    score -= 0.4 if PROBLEM.search(sentence) else 0.0
    score -= 0.5 if not figures and not SELF.search(sentence) else 0.0
    return score


_SCORES: dict[Task, Callable[[str, SectionKind, float, str], float]] = {
    "background": _score_background,
    "method": _score_method,
    "results": _score_results,
}


def remembering(encode: Encode) -> Encode:
    """An encoder that does not compute a sentence twice: the three questions of a paper share most of theirs."""
    remembered: dict[str, NDArray[np.float32]] = {}

    def encode_new(sentences: Sequence[str]) -> NDArray[np.float32]:
        if len(remembered) > 2000:
            remembered.clear()
        new = [s for s in dict.fromkeys(sentences) if s not in remembered]
        if new:
            remembered.update(zip(new, encode(new), strict=True))
        return np.stack([remembered[s] for s in sentences])

    return encode_new
