"""How much a sentence of a paper says to a question, by its words, its section and its place.

The cues are those of :mod:`summarizer.summarize.cues`; :mod:`summarizer.summarize.evidence` chooses by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from summarizer.records import SectionKind, Task
from summarizer.summarize.cues import (
    ABOUT_FLOATS,
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
    METRIC,
    OPEN_END,
    OTHERS,
    OUTCOME,
    OWN,
    POINTER,
    PRIOR,
    PROBLEM,
    RELEASE,
    SELF,
    SETUP,
    STRONG_FIGURE,
    SUMMARY,
    TIED,
    VARIABLE,
    is_outcome,
)

#: How much each kind of section is worth for a question; kinds not named are not read.
WEIGHTS: dict[Task, dict[SectionKind, float]] = {
    "background": {"introduction": 1.0, "abstract": 0.9, "related_work": 0.55, "other": 0.45, "discussion": 0.1},
    "method": {"method": 1.0, "abstract": 0.85, "introduction": 0.5, "other": 0.55, "experiments": 0.25, "conclusion": 0.2},
    "results": {
        "results": 1.0, "experiments": 0.85, "abstract": 1.0, "conclusion": 0.9, "discussion": 0.6, "other": 0.4,
        "introduction": 0.55, "method": 0.35,
    },
}  # fmt: skip

_WORD = re.compile(r"[a-z]{2,}")
#: Words of headings that name no part.
_NO_PART = frozenset(
    [
        "the",
        "of",
        "and",
        "for",
        "in",
        "to",
        "with",
        "our",
        "on",
        "an",
        "as",
        "by",
        "from",
        "method",
        "methods",
        "methodology",
        "approach",
        "model",
        "models",
        "overview",
        "architecture",
        "system",
        "framework",
        "proposed",
        "network",
        "networks",
        "background",
        "preliminaries",
        "problem",
        "formulation",
        "setting",
        "setup",
        "details",
        "implementation",
        "general",
        "description",
        "design",
        "algorithm",
        "experiments",
        "experimental",
        "materials",
        "section",
        "notation",
        "introduction",
    ]
)
_MOST_HEADING_WORDS = 6
#: The paper speaks of itself; an "us" may be all of the field.
_SPEAKS = re.compile(
    r"\b(?:we|our|this (?:paper|work|study|article|report)|the (?:proposed|present paper)|in this demo)\b",
    re.IGNORECASE,
)
#: No last sentence of an abstract that tells what came of it.
_NO_OUTCOME = re.compile("|".join(p.pattern for p in (POINTER, RELEASE, OWN, FUTURE)), re.IGNORECASE)
_CUT_OFF = re.compile(r"\.\.\.|…|\$|\^")
_THIS = re.compile(r"(?:this|these|those|such)\b", re.IGNORECASE)
#: Speaks of all the experiments of a paper.
_ALL_EXPERIMENTS = re.compile(
    r"\b(?:results|experiments|evaluations?|tests|stud(?:y|ies)) (?:\w+ ){0,6}"
    r"(?:show|demonstrate|indicate|confirm|reveal|suggest)",
    re.IGNORECASE,
)
#: What an outcome is worth where sections of its kind rarely tell one: as much as in a discussion.
_OUTCOME_WEIGHT = 0.7
#: For a sentence that has all the words by which its section's heading names a part of the method.
NAMES_PART = 0.7
#: What was done, wished or measured with is not what came out.
_NO_RESULT = -10.0
_MIN_WORDS, _MAX_WORDS = 7, 48
#: A sentence longer than this is cut at its semicolons, where each part says something by itself.
_LONG = 32
#: Beyond this a sentence costs more of the answer than it tells.
_USUAL_WORDS = 24
#: An abstract's sentence that answers the question, and one that answers another. Most of what a paper found stands there.
RIGHT_ROLE: dict[Task, float] = {"background": 1.5, "method": 0.9, "results": 3.0}
WRONG_ROLE = -0.8


def system_name(title: str) -> str:
    """What a paper calls its system, where the title begins with it: ``NoisyNet: Separating ...``; else empty."""
    name = title.partition(":")[0].strip()
    return name if ":" in title and len(name.split()) <= 2 and re.search(r"[A-Z0-9]", name) else ""


def part_named(heading: str) -> frozenset[str]:
    """The words of a heading that names a part of a method (``3.2 Multi-Head Attention``), in lower case; else none."""
    words = words_of(heading) - words_of(" ".join(_NO_PART))
    return words if words and len(words) <= _MOST_HEADING_WORDS else frozenset()


def words_of(text: str) -> frozenset[str]:
    """Its words in lower case, each once, without a plural's s."""
    return frozenset(word.removesuffix("s") for word in _WORD.findall(text.lower()))


def abstract_roles(sentences: Sequence[str], name: str = "") -> list[Task]:
    """Which question each sentence of an abstract answers.

    What comes before the paper speaks of itself (or names its system) is background; then what was done, until it says how
    well it went. What follows an outcome is one too, unless it says what else was done. Where there is no outcome, as in a survey
    or the description of a tool, the last sentence tells what came of it.
    """
    own = [bool(_SPEAKS.search(s) or (name and name in s)) for s in sentences]
    first = own.index(True) if True in own else 0
    roles: list[Task] = []
    for position, sentence in enumerate(sentences):
        done = CONTRIBUTION.search(sentence) or OWN.search(sentence) or FUTURE.search(sentence)
        if position < first:
            roles.append("background")
        elif is_outcome(sentence) and not FUTURE.search(sentence) and not (done and position == first):
            roles.append("results")
        else:
            roles.append("results" if "results" in roles[-1:] and not done else "method")
    last = [i for i, s in enumerate(sentences) if i > first + 1 and not _NO_OUTCOME.search(s)]
    if last and "results" not in roles:
        roles[last[-1]] = "results"
    return roles


def sentence_parts(sentence: str) -> list[str]:
    """A very long sentence in parts, where each of them can stand alone; else as it is."""
    if len(sentence.split()) <= _LONG:
        return [sentence]
    parts = [part.strip() for part in sentence.split(";")]
    if len(parts) == 1 or any(len(part.split()) < _MIN_WORDS for part in parts):
        return [sentence]
    return parts


def place_factor(task: Task, kind: SectionKind, place: float) -> float:
    """Where headings say nothing, the place in the paper does: early is background, late is results."""
    if kind != "other":
        return 1.0
    if task == "background":
        return 1.0 if place < 0.25 else 0.3
    if task == "results":
        return 1.2 if place > 0.5 else 0.6
    return 1.2 if 0.1 < place < 0.7 else 0.5


def outcome_weight(sentence: str, kind: SectionKind, weight: float) -> float:
    """The weight of a section for the results, for one of its sentences: an introduction that sums the experiments up, or a
    method that is judged where it is described (``The second loss performs best``), tells as much as a discussion."""
    if kind == "introduction" and _ALL_EXPERIMENTS.search(sentence) and SELF.search(sentence):
        return max(weight, _OUTCOME_WEIGHT)
    if kind == "method" and CLAIM.search(sentence) and COMPARISON.search(sentence) and not OWN.search(sentence):
        return max(weight, _OUTCOME_WEIGHT)
    return weight


def is_usable(sentence: str) -> bool:
    words = sentence.split()
    if not _MIN_WORDS <= len(words) <= _MAX_WORDS:
        return False
    if not (sentence[0].isupper() or sentence[0].isdigit()) or sentence[-1] not in ".!?":
        return False
    if (
        sentence.endswith("?")
        or OPEN_END.search(sentence)
        or POINTER.search(sentence)
        or len(MATH.findall(sentence)) > 4
    ):
        return False
    if _CUT_OFF.search(sentence) or sentence.count(": ") > 1:
        return False
    if sentence.count("(") != sentence.count(")") or " | " in sentence:
        return False
    if EQUATION_NUMBER.search(sentence) and "(1)" not in sentence:
        return False
    letters = sum(c.isalpha() for c in sentence)
    single = sum(len(w.strip(".,()")) == 1 and w not in {"a", "A", "I"} for w in words)
    return letters >= 0.65 * len(sentence.replace(" ", "")) and single <= 0.12 * len(words) + 1


def half_of(task: Task, sentence: str) -> str:
    if task != "background":
        return ""
    return "problem" if PROBLEM.search(sentence) else "context"


def cue_score(
    task: Task, whole: str, sentence: str, kind: SectionKind, position: int, n: int, group: str, name: str
) -> float:
    """What cues say of a sentence: ``whole`` as it stands in the paper, ``sentence`` as it will be put to the model."""
    score = 1.0 + _SCORES[task](whole, kind, 1.0 - position / max(n, 1), group)
    if name and name in sentence:
        score += -0.8 if task == "background" else 0.3
    score -= (0.9 if task == "results" else 0.5) if DANGLING.match(sentence) else 0.3 if _THIS.match(sentence) else 0.0
    score -= 0.2 * min(len(TIED.findall(sentence)), 2)
    score -= 1.2 if ABOUT_FLOATS.search(sentence) else 0.0
    score -= 1.5 if FUTURE.search(sentence) else 0.0
    score -= 0.4 * len(VARIABLE.findall(sentence))
    score -= 0.15 * len(MATH.findall(sentence))
    score -= (0.04 if task == "results" else 0.02) * max(0, len(sentence.split()) - _USUAL_WORDS)
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
    score -= 0.9 if kind == "introduction" and not own else 0.0
    score -= 0.6 * min(len(EXPERIMENT.findall(sentence)), 2)
    score -= 0.5 if OTHERS.search(sentence) and not own else 0.0
    score -= 0.8 if RELEASE.search(sentence) else 0.0
    return score


def _score_results(sentence: str, kind: SectionKind, early: float, group: str) -> float:
    figures = len(FIGURE.findall(sentence))
    measured = STRONG_FIGURE.search(sentence) and (METRIC.search(sentence) or COMPARISON.search(sentence))
    outcome = CLAIM.search(sentence) or ((OUTCOME.search(sentence) or measured) and not SETUP.search(sentence))
    if FUTURE.search(sentence) or not (outcome or kind == "abstract"):
        return _NO_RESULT
    score = 0.35 * min(figures, 3) + 0.8 * bool(STRONG_FIGURE.search(sentence))
    score += 0.35 * min(len(OUTCOME.findall(sentence)), 3) + 0.4 * bool(CLAIM.search(sentence))
    compared = bool(CLAIM.search(sentence) or COMPARISON.search(sentence))
    score -= 0.9 if not OUTCOME.search(sentence) else 0.0
    score -= 1.2 if not compared else 0.0
    score -= 1.4 if SETUP.search(sentence) else 0.0
    score -= 0.4 if PROBLEM.search(sentence) and not CLAIM.search(sentence) else 0.0
    score += 0.7 * bool(SUMMARY.search(sentence))
    if STRONG_FIGURE.search(sentence):
        score += 0.3 if METRIC.search(sentence) else -0.4
    score -= 0.5 if not figures and not SELF.search(sentence) else 0.0
    return score


_SCORES: dict[Task, Callable[[str, SectionKind, float, str], float]] = {
    "background": _score_background,
    "method": _score_method,
    "results": _score_results,
}
