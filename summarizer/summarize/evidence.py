"""Choosing the sentences of a paper that answer a question: sections by kind, cues, embeddings, no repetition.

A small model asked over thousands of tokens echoes the question and mixes figures up (docs/decisions.md), so the choice of
what to say is made here, from the paper's own sentences, and the model only puts chosen sentences into Chinese.
Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summarizer.records import Section, SectionKind, Task
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

_PROBLEM = re.compile(
    r"\b(?:however|but|yet|although|despite|unfortunately|lack\w*|limit(?:ed|s|ation\w*|ing)|suffer\w*|challeng\w*|"
    r"difficult\w*|expensive|costly|fail\w*|unable|cannot|neglect\w*|ignor\w*|insufficient\w*|poor\w*|inefficien\w*|"
    r"degrad\w*|bottleneck\w*|drawback\w*|shortcoming\w*|underperform\w*|impractical|overlook\w*|scarce|hard to|"
    r"remains? (?:an? )?(?:open|unsolved|challeng\w+|difficult|unclear|limited)|rarely|restrict\w*|time-consuming|"
    r"not\s+(?:been|scale|generali\w+|well)|unclear|unexplored|under-?explored)\b",
    re.IGNORECASE,
)
_PRIOR = re.compile(
    r"\b(?:existing|previous|prior|current|traditional|conventional|recent(?:ly)?|state-of-the-art|"
    r"most (?:methods|approaches|work|systems)|earlier|typically|commonly)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:we (?:\w+ly )?(?:propose|present|introduce|develop|design|describe|build|construct|formulate|adopt|use|employ|"
    r"train|apply|extend|combine|model|replace|add|compute|define|minimi[sz]e|optimi[sz]e)|our (?:\w+ ){0,2}(?:method|model|"
    r"approach|system|framework|network|architecture|algorithm|loss|objective)|"
    r"the proposed|this paper (?:proposes|presents|introduces)|in this (?:paper|work))\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"\b(?:we|our|ours|us|this (?:paper|work|study))\b", re.IGNORECASE)
_CONTRIBUTION = re.compile(
    r"\b(?:we|this (?:paper|work|study)|the authors?)\b[^.]{0,60}?\b(?:propos\w+|present\w*|introduc\w+|develop\w*|creat\w+|"
    r"design\w*|describ\w+|releas\w+|explor\w+|investigat\w+|stud(?:y|ies)|analy[sz]\w+|survey\w*|review\w*)\b",
    re.IGNORECASE,
)
_MECHANISM = re.compile(
    r"\b(?:consists? of|composed of|comprises?|trained|training|loss|objective|encoder|decoder|architecture|layers?|"
    r"module|algorithm|predicts?|generates?|estimat\w+|maps?|inputs?|outputs?|sampl\w+|optimi[sz]\w+|attention|"
    r"represent\w+|features?|stages?|step|procedure|pipeline|parameters?|minimi[sz]\w+)\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:outperform\w*|improv\w*|achiev\w*|obtain\w*|reach\w*|reduc\w*|increas\w*|decreas\w*|better|best|higher|lower|"
    r"faster|performance gains?|state-of-the-art|accuracy|error|significant\w*|results? (?:show|indicate|demonstrate|suggest)\w*|"
    r"we (?:find|found|observe|show)|surpass\w*|(?:out|under)perform\w*|performs?|yield\w*|drops?|"
    r"times (?:faster|more|less|as))\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s?(?:%|dB|ms|s\b|x\b|×|points?|times|hours?|[kKMGB]\b)?")
_STRONG_FIGURE = re.compile(r"\d+\.\d+|\d\s?%|\d\s?(?:dB|×|x\b|times|points?)")
_SETUP = re.compile(
    r"\b(?:we (?:evaluate|use|used|recruit\w*|measure|report|compute|train|trained|split|follow|set|choose|select\w*|conduct\w*)|"
    r"was assessed|were (?:asked|recruited|split|trained|evaluated)|is evaluated|are evaluated|metric\w*|test set contains|"
    r"dataset (?:contains|consists)|hyper-?parameters?|learning rate|checkpoints?|vocabulary|"
    r"participants? (?:were|complet\w+))\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"^(?:(?:table|fig(?:ure|\.)?|algorithm|section|sec\.|appendix|eq(?:uation|\.)?)\s*\(?[\dA-ZIVX]|"
    r"(?:as )?(?:shown|illustrated|depicted|listed|summari[sz]ed|reported|given|presented) in (?:table|fig))"
    r"|\b(?:the rest of (?:this|the) paper|organi[sz]ed as follows|is structured as follows|in the next section|"
    r"we (?:thank|refer (?:the reader|readers))|for (?:more )?details|see (?:section|appendix|table|fig)|"
    r"in the (?:appendix|supplement\w*)|"
    r"available at|https?://|copyright|permission|arxiv preprint|accepted (?:at|to|for)|corresponding author|e-?mail)\b",
    re.IGNORECASE,
)
_ABOUT_FLOATS = re.compile(r"\b(?:tables?|fig(?:ures?|s?\.)|appendix|eqs?\.|equations?)\s*\(?\d", re.IGNORECASE)
#: ``(3)`` that is no item of a list points to an equation.
_EQUATION_NUMBER = re.compile(r"\((?:[2-9]|[1-9]\d)[a-z]?\)")
_VARIABLE = re.compile(r"(?<![\w.’'-])[b-zB-HJ-Z](?![\w.’'-])")
_DANGLING = re.compile(
    r"^(?:it|they|this|these|those|that|here|then|such|he|she|also|similarly|additionally|furthermore|moreover|"
    r"finally|therefore|thus|hence|second(?:ly)?|third(?:ly)?|next|again|for example|for instance|in contrast)\b",
    re.IGNORECASE,
)
#: A citation that is a part of the sentence leaves a hole when it is taken out.
_CITED_AS_NOUN = re.compile(
    r"\b(?:in|by|of|from|to|with|following|as|and|than|on|for|see|use|uses|via|like)\s*\[\d{1,3}[^\]]*\]", re.IGNORECASE
)
_MATH = re.compile(r"[=∑∏∫√≤≥≈∈∀∃∂∇α-ωΑ-Ω∥‖⟨⟩|{}\\^_<>~⊙⊕∗←→]|\b[a-zA-Z]\s?\([a-z]\b")
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
_MIN_WORDS, _MAX_WORDS = 8, 48
#: Candidates that embeddings are computed for; cues alone decide before that.
_MAX_ENCODED = 40
#: Weight of the likeness to what is chosen already, against a relevance of about 0.5 to 2.
_MMR_REDUNDANCY = 0.6
_TOO_ALIKE = 0.86


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence chosen for an answer."""

    section_seq: int | None  #: None for the abstract of the metadata
    position: int  #: among the sentences of its section
    text: str  #: without citations
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
    candidates = _candidates(task, abstract, sections)
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
        chosen = _diverse(candidates, relevance, vectors, "context", max_pieces - half, [])
        chosen += _diverse(candidates, relevance, vectors, "problem", half, chosen)
    else:
        chosen = _diverse(candidates, relevance, vectors, None, max_pieces, [])
    return [candidates[i] for i in chosen]


def _diverse(
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
        gain[alike > _TOO_ALIKE] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        chosen.append(open_.pop(best))
    return chosen


def _candidates(task: Task, abstract: str, sections: Sequence[Section]) -> list[Evidence]:
    found: list[Evidence] = []
    seen: set[str] = set()
    own_abstract = any(s.kind == "abstract" for s in sections)
    total = max((s.seq for s in sections), default=0) + 1
    sources: list[tuple[int | None, SectionKind, float, str]] = [
        (s.seq, s.kind, s.seq / total, s.text) for s in sections if s.text
    ]
    if abstract and not own_abstract:
        sources.insert(0, (None, "abstract", 0.0, abstract))
    for seq, kind, place, text in sources:
        weight = _WEIGHTS[task].get(kind, 0.2) * _place_factor(task, kind, place)
        sentences = [s for paragraph in text.split("\n\n") for s in split_sentences(paragraph)]
        for position, raw in enumerate(sentences):
            sentence = without_citations(raw)
            if sentence in seen or not _usable(sentence) or _CITED_AS_NOUN.search(raw):
                continue
            seen.add(sentence)
            group = _group(task, sentence)
            score = weight * _score(task, sentence, kind, position, len(sentences), group)
            if score > 0:
                found.append(Evidence(seq, position, sentence, group, score))
    return found


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
    if sentence.endswith("?") or _POINTER.search(sentence) or len(_MATH.findall(sentence)) > 3:
        return False
    if sentence.count("(") != sentence.count(")"):
        return False
    if _EQUATION_NUMBER.search(sentence) and "(1)" not in sentence:
        return False
    letters = sum(c.isalpha() for c in sentence)
    single = sum(len(w.strip(".,()")) == 1 and w not in {"a", "A", "I"} for w in words)
    return letters >= 0.65 * len(sentence.replace(" ", "")) and single <= 0.12 * len(words) + 1


def _group(task: Task, sentence: str) -> str:
    if task != "background":
        return ""
    return "problem" if _PROBLEM.search(sentence) else "context"


def _score(task: Task, sentence: str, kind: SectionKind, position: int, n: int, group: str) -> float:
    early = 1.0 - position / max(n, 1)
    score = 1.0
    if task == "background":
        own = bool(_SELF.search(sentence))
        score += 0.8 * early if group == "context" else 0.0
        score += 0.5 * bool(_PRIOR.search(sentence)) if group == "problem" else 0.0
        score += 0.2 * min(len(_PROBLEM.findall(sentence)), 3)
        score -= 1.2 if own else 0.0
        score -= 0.6 if _OUTCOME.search(sentence) and _STRONG_FIGURE.search(sentence) else 0.0
    elif task == "method":
        score += (
            0.7 * bool(_OWN.search(sentence))
            + 0.8 * bool(_CONTRIBUTION.search(sentence))
            + 0.2 * min(len(_MECHANISM.findall(sentence)), 4)
        )
        score += 0.3 * early
        outcome = bool(_OUTCOME.search(sentence))
        score -= 0.7 if outcome and not _MECHANISM.search(sentence) else 0.0
        score -= 0.9 if outcome and _STRONG_FIGURE.search(sentence) else 0.0
        own = bool(_OWN.search(sentence) or _CONTRIBUTION.search(sentence))
        score -= 0.7 if _PROBLEM.search(sentence) and not own else 0.0
        score -= 0.9 if kind in ("introduction", "abstract") and not own else 0.0
    else:
        figures = len(_FIGURE.findall(sentence))
        score += 0.35 * min(figures, 3) + 0.8 * bool(_STRONG_FIGURE.search(sentence))
        score += 0.35 * min(len(_OUTCOME.findall(sentence)), 3)
        score -= 0.9 if not _OUTCOME.search(sentence) else 0.0
        score -= 0.8 if _SETUP.search(sentence) else 0.0
        score -= 0.4 if _PROBLEM.search(sentence) else 0.0
        score -= 0.5 if not figures and not _SELF.search(sentence) else 0.0
    score -= 0.5 if _DANGLING.match(sentence) else 0.0
    score -= 0.25 if _ABOUT_FLOATS.search(sentence) else 0.0
    score -= 0.6 if re.search(r"future (?:work|research)", sentence, re.IGNORECASE) else 0.0
    score -= 0.4 * len(_VARIABLE.findall(sentence))
    score -= 0.15 * len(_MATH.findall(sentence))
    return max(score, 0.0)


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
