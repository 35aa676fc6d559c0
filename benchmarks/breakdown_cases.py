"""Case files of ``breakdown.py``: what must and must not stand in the three answers about a paper, and how that is looked for.

JSON lines, one paper each::

    {"pdf": "1706.03762.pdf",
     "title": "...", "abstract": "...",
     "facts": [{"task": "results", "says": "28.4 BLEU on WMT 2014 English-German", "patterns": ["28\\\\.4", "BLEU"]}],
     "never": [{"task": "any", "says": "the base model as the best one", "patterns": ["27\\\\.3", "最好|最佳"]}],
     "limits": {"background": 200, "method": 600, "results": 200}}

``pdf`` is the file's name below ``--pdf``, or what the name begins with, such as the arXiv id (``id`` says the same). ``title``
and ``abstract`` may be left out: they are then read from the first pages of the PDF, as ``bundle pack`` does. A fact is
found when each of its patterns matches in the answer of its task, a ``never`` is broken when each of its patterns does;
``task`` is background, method, results or any (one of the three answers alone must match them all). Patterns are Python's
regular expressions with ``|`` between alternatives, such as an English name and its Chinese translation; they are searched
for without regard to case in the answer as it stands and in its NFKC form, both without bold marks. ``limits`` are
characters of an answer, markup and spaces not counted; those left out are 200, 600 and 200.

Also understood: ``pattern`` for ``patterns``, one string for a list of one, a list within the list for alternatives, ``kind``
for ``task``, ``must_not`` for ``never``, and ``facts`` by task: ``{"method": [{"says": ..., "patterns": ...}]}``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summarizer.errors import ConfigError
from summarizer.records import Task

ANSWERS: tuple[Task, ...] = ("background", "method", "results")
LIMITS: dict[Task, int] = {"background": 200, "method": 600, "results": 200}
_PAPER_KEYS = ("pdf", "file", "id", "arxiv_id")
_FACT_KEYS = ("facts", "must")
_NEVER_KEYS = ("never", "must_not", "forbidden")
_PATTERN_KEYS = ("patterns", "pattern")
_TASK_KEYS = ("task", "kind", "answer")
_SAYS_KEYS = ("says", "fact", "text")
_HAN = re.compile(r"[\u3400-\u9fff]")
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that an answer must say, or must not."""

    task: str  #: one of ANSWERS, or "any"
    says: str  #: for people
    patterns: tuple[re.Pattern[str], ...]

    def stands_in(self, texts: dict[Task, str]) -> bool:
        """Whether the answer of its task (any of them for "any") matches every pattern. ``texts``: answers by task."""
        looked_at = ANSWERS if self.task == "any" else tuple(task for task in ANSWERS if task == self.task)
        return any(matches(texts.get(task, ""), self.patterns) for task in looked_at)

    def in_english(self) -> tuple[re.Pattern[str], ...]:
        """Those of its patterns that can match in the English text of a paper, without their Chinese alternatives."""
        kept = []
        for pattern in self.patterns:
            latin = [part for part in alternatives(pattern.pattern) if not _HAN.search(part)]
            if latin:
                kept.append(re.compile("|".join(latin), re.IGNORECASE))
        return tuple(kept)


@dataclass(frozen=True, slots=True)
class PaperCase:
    """One paper of a case file."""

    name: str  #: of the PDF, or what its name begins with
    title: str  #: "": read from the PDF
    abstract: str  #: "": read from the PDF
    facts: tuple[Fact, ...]
    never: tuple[Fact, ...]
    limits: dict[Task, int]


def matches(text: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    plain = text.replace("**", "")
    forms = (plain, unicodedata.normalize("NFKC", plain))
    return all(any(pattern.search(form) for form in forms) for pattern in patterns)


def alternatives(pattern: str) -> list[str]:
    """The alternatives of a regular expression that are not inside brackets; an outermost ``(?:...)`` is opened."""
    whole = re.fullmatch(r"\((?:\?:)?([^()]*)\)", pattern)
    if whole:
        pattern = whole[1]
    parts, depth, start, in_class = [], 0, 0, False
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\":
            position += 1
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "|" and depth == 0:
            parts.append(pattern[start:position])
            start = position + 1
        position += 1
    return [*parts, pattern[start:]]


def read_cases(path: Path) -> list[PaperCase]:
    """The papers of a case file, in its order. Raises ConfigError with a line for each fault."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"case file {path} cannot be read: {error}") from None
    faults: list[str] = []
    cases: list[PaperCase] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            case = _case(line, f"{path.name} line {number}", faults)
            if case is not None:
                cases.append(case)
    repeated = {case.name for case in cases if sum(case.name == other.name for other in cases) > 1}
    faults += [f"{path.name}: {name} has several lines: keep one for each paper" for name in sorted(repeated)]
    if faults:
        more = [f"... and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        raise ConfigError("\n".join([*faults[:_MOST_FAULTS], *more]))
    if not cases:
        raise ConfigError(f"case file {path} has no lines")
    return cases


def find_pdf(folder: Path, name: str) -> Path:
    """The PDF of a case: the file of that name, or the only one whose name begins with it. Raises ConfigError."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder: give the one that holds the PDFs of the cases")
    exact = folder / name
    if exact.is_file():
        return exact
    stem = name.removesuffix(".pdf").removeprefix("arXiv:").replace("/", "_")
    found = sorted(p for p in folder.rglob("*.pdf") if p.name == Path(name).name or p.name.startswith(stem))
    found = [p for p in found if p.stem == stem] or found
    if len(found) == 1:
        return found[0]
    told = f"{len(found)} files begin with" if found else "no file is called or begins with"
    raise ConfigError(f"{told} {stem} in {folder}: name the file of the case")


def _case(line: str, where: str, faults: list[str]) -> PaperCase | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        faults.append(f"{where}: not JSON: {error}")
        return None
    if not isinstance(row, dict):
        faults.append(f"{where}: expected a JSON object")
        return None
    name = _first(row, _PAPER_KEYS)
    if not isinstance(name, str) or not name.strip():
        faults.append(f"{where}: pdf is missing: name the paper's file")
        return None
    before = len(faults)
    texts = {}
    for key in ("title", "abstract"):
        value = row.get(key) or ""
        if not isinstance(value, str):
            faults.append(f"{where}: {key} is no text")
            value = ""
        texts[key] = value
    facts = _facts(_first(row, _FACT_KEYS), f"{where}: facts", faults)
    never = _facts(_first(row, _NEVER_KEYS), f"{where}: never", faults)
    if not facts and len(faults) == before:
        faults.append(f"{where}: there are no facts to look for")
    limits = _limits(row.get("limits"), where, faults)
    if len(faults) > before:
        return None
    return PaperCase(name.strip(), texts["title"], texts["abstract"], facts, never, limits)


def _limits(given: object, where: str, faults: list[str]) -> dict[Task, int]:
    limits = dict(LIMITS)
    if given is None:
        return limits
    if not isinstance(given, dict):
        faults.append(f"{where}: limits must be an object, such as {json.dumps(LIMITS)}")
        return limits
    for key, value in given.items():
        if key not in limits:
            faults.append(f"{where}: limits: unknown task {key!r}")
        elif isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            faults.append(f"{where}: limits: {key} is no whole number above 0")
        else:
            limits[key] = value
    return limits


def _facts(given: object, where: str, faults: list[str]) -> tuple[Fact, ...]:
    if given is None:
        return ()
    if isinstance(given, dict):
        given = [
            {"task": task, **(fact if isinstance(fact, dict) else {"patterns": fact})}
            for task, facts in given.items()
            for fact in (facts if isinstance(facts, list) else [facts])
        ]
    if not isinstance(given, list):
        faults.append(f"{where} must be a list")
        return ()
    found = [_fact(fact, f"{where}, number {number}", faults) for number, fact in enumerate(given, 1)]
    return tuple(fact for fact in found if fact is not None)


def _fact(given: object, where: str, faults: list[str]) -> Fact | None:
    if not isinstance(given, dict):
        faults.append(f"{where}: expected an object with task, says and patterns")
        return None
    task = _first(given, _TASK_KEYS) or "any"
    if task not in (*ANSWERS, "any"):
        faults.append(f"{where}: unknown task {task!r}: one of {', '.join(ANSWERS)}, any")
        return None
    written = _first(given, _PATTERN_KEYS)
    parts = [written] if isinstance(written, str) else written
    if not isinstance(parts, list) or not parts:
        faults.append(f"{where}: patterns are missing")
        return None
    patterns = []
    for part in parts:
        text = "|".join(part) if isinstance(part, list) and all(isinstance(p, str) for p in part) else part
        if not isinstance(text, str) or not text:
            faults.append(f"{where}: a pattern is empty or no text")
            return None
        try:
            patterns.append(re.compile(text, re.IGNORECASE))
        except re.error as error:
            faults.append(f"{where}: pattern {text!r} is no regular expression: {error}")
            return None
    says = _first(given, _SAYS_KEYS)
    return Fact(
        task, says if isinstance(says, str) and says else " & ".join(p.pattern for p in patterns), tuple(patterns)
    )


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)
