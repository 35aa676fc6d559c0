"""Choosing the sentences of a paper that answer a question: sections by kind, cues, embeddings, no repetition.

A small model asked over thousands of tokens echoes the question and mixes figures up (docs/decisions.md), so the choice of
what to say is made here, from the paper's own sentences, and the model only puts chosen sentences into Chinese.
Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from summarizer.records import Section, SectionKind, Task
from summarizer.sentences import split_sentences
from summarizer.summarize.clauses import condensed, without_exponent
from summarizer.summarize.cues import CITED_AS_NOUN, figures_of, standalone
from summarizer.summarize.relevance import (
    NAMES_PART,
    RIGHT_ROLE,
    WEIGHTS,
    WRONG_ROLE,
    abstract_roles,
    cue_score,
    half_of,
    is_usable,
    outcome_weight,
    part_named,
    place_factor,
    sentence_parts,
    system_name,
    words_of,
)
from summarizer.summarize.sentences import without_citations

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

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
#: Candidates that embeddings are computed for; cues alone decide before that.
_MAX_ENCODED = 48
#: Of the best candidate's score: what has less says something else, and an answer may be short.
_LEAST_SCORE: dict[Task, float] = {"background": 0.1, "method": 0.2, "results": 0.15}
#: Weight of the likeness to what is chosen already, against a relevance of about 0.5 to 2.
_MMR_REDUNDANCY = 0.7
_TOO_ALIKE = 0.84
#: For each sentence chosen of the same section already: the parts of a method stand in different ones.
_SAME_SECTION = 0.12
#: For each figure that no chosen sentence has; against it when all of them are there already.
_NEW_FIGURE = 0.15


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence chosen for an answer."""

    section_seq: int | None  #: None for the abstract of the metadata
    position: int  #: among the sentences of its section
    text: str  #: without citations and what ties it to its place: see :func:`summarizer.summarize.cues.standalone`
    group: str  #: "context" or "problem" for the background, else ""
    score: float  #: what it adds to the evidence before it, by cues, section and likeness; to compare within an answer


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for a question, and what the token budget left out (section numbers)."""

    read: tuple[int, ...]
    left_out: tuple[int, ...]


def choose_sections(
    task: Task, sections: Sequence[Section], count_tokens: Callable[[str], int], budget: int
) -> Reading:
    """Whole sections, the most useful kinds first, until the token budget is spent. A section is never cut.

    What speaks of the whole paper comes before all, within a third of the budget: where a paper has more than is read, it tells
    what the rest is about.

    At least one section is read, however long. Sections of kinds that say nothing to the question (references,
    acknowledgements, appendices) count as left out only when nothing else is there.
    """
    weights = WEIGHTS[task]
    useful = [s for s in sections if s.text and s.kind in weights] or [s for s in sections if s.text]
    useful.sort(key=lambda s: (-weights.get(s.kind, 0.0), s.seq))
    tokens = {s.seq: count_tokens(s.text) for s in useful}
    read: list[int] = []
    spent = 0
    for section, most in [*((s, budget / 3) for s in _of_the_whole(useful)), *((s, budget) for s in useful)]:
        fits = spent + tokens[section.seq] <= most or (not read and most == budget)
        if fits and section.seq not in read:
            read.append(section.seq)
            spent += tokens[section.seq]
    return Reading(tuple(sorted(read)), tuple(sorted(tokens.keys() - set(read))))


def _of_the_whole(sections: Sequence[Section]) -> list[Section]:
    """The abstract, the first introduction and the last conclusion: chapters of long papers have some of their own."""
    by_kind = {kind: [s for s in sections if s.kind == kind] for kind in ("abstract", "introduction", "conclusion")}
    return [*by_kind["abstract"][:1], *by_kind["introduction"][:1], *by_kind["conclusion"][-1:]]


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
    floor = _LEAST_SCORE[task] * candidates[0].score
    candidates = [c for c in candidates[:_MAX_ENCODED] if c.score >= floor]
    vectors = encode([f"{title}. {abstract}" if abstract else title, *_QUERIES[task], *(c.text for c in candidates)])
    n_anchors = 1 + len(_QUERIES[task])
    anchors, vectors = vectors[:n_anchors], vectors[n_anchors:]
    about = vectors @ anchors[0]
    asked = (vectors @ anchors[1:].T).max(axis=1)
    relevance = np.array([c.score for c in candidates]) / max(c.score for c in candidates) + 0.8 * about + 0.5 * asked
    if task == "background":
        half = (max_pieces + 1) // 2
        chosen = _diverse(task, candidates, relevance, vectors, "context", max_pieces - half, {})
        chosen |= _diverse(task, candidates, relevance, vectors, "problem", half, chosen)
    else:
        chosen = _diverse(task, candidates, relevance, vectors, None, max_pieces, {})
    return [replace(candidates[i], score=score) for i, score in chosen.items()]


def _diverse(
    task: Task,
    candidates: Sequence[Evidence],
    relevance: NDArray[np.float64],
    vectors: NDArray[np.float32],
    group: str | None,
    n: int,
    taken: Mapping[int, float],
) -> dict[int, float]:
    """Maximal marginal relevance over the candidates of one group, given those taken already: what each adds, best first."""
    chosen: dict[int, float] = {}
    open_ = [i for i, c in enumerate(candidates) if (group is None or c.group == group) and i not in taken]
    while open_ and len(chosen) < n:
        others = [*taken, *chosen]
        alike = (vectors[open_] @ vectors[others].T).max(axis=1) if others else np.zeros(len(open_))
        added = relevance[open_] - _MMR_REDUNDANCY * alike
        gain = added.copy()
        if task == "results":
            gain += _news(candidates, open_, others)
        elif task == "method":
            crowd = Counter(candidates[i].section_seq for i in others)
            gain -= _SAME_SECTION * np.array([crowd[candidates[i].section_seq] for i in open_])
        gain[alike > _TOO_ALIKE] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        chosen[open_.pop(best)] = float(added[best])
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
    sources: list[tuple[int | None, SectionKind, float, str, str]] = [
        (s.seq, s.kind, s.seq / total, s.heading, s.text) for s in sections if s.text
    ]
    if abstract and not own_abstract:
        sources.insert(0, (None, "abstract", 0.0, "", abstract))
    name = system_name(title)
    for seq, kind, place, heading, text in sources:
        part = part_named(heading) if task == "method" and kind in ("method", "other") else frozenset()
        weight = WEIGHTS[task].get(kind, 0.2) * place_factor(task, kind, place)
        sentences = [s for paragraph in text.split("\n\n") for s in split_sentences(paragraph)]
        roles = abstract_roles(sentences, name) if kind == "abstract" else []
        for position, raw in enumerate(sentences):
            if CITED_AS_NOUN.search(raw):
                continue
            for whole in sentence_parts(without_citations(raw)):
                sentence = condensed(task, without_exponent(standalone(whole)))
                if sentence in seen or not is_usable(sentence):
                    continue
                seen.add(sentence)
                group = half_of(task, whole)
                score = cue_score(task, whole, sentence, kind, position, len(sentences), group, name)
                if part and part <= words_of(sentence):
                    score += NAMES_PART
                if roles:
                    score += RIGHT_ROLE[task] if roles[position] == task else WRONG_ROLE
                if score > 0:
                    worth = outcome_weight(whole, kind, weight) if task == "results" else weight
                    found.append(Evidence(seq, position, sentence, group, worth * score))
    return found


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
