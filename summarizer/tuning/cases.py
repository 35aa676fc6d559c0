"""The cases that prompts are tried on: a sample drawn once from the store, or a JSON-lines file with references."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from summarizer.errors import ConfigError, StoreError
from summarizer.ids import versioned
from summarizer.records import Task
from summarizer.store import Store, papers, trial_samples
from summarizer.store.trial_samples import CaseInput, TrialCase, TrialSample
from summarizer.text import normalise, one_line

#: Papers that a sample is drawn of. A trial takes the first ``--limit`` of them, so this is only the most there can be.
SAMPLE_SIZE = 400
_VERSION = re.compile(r"v?([1-9]\d{0,3})")


def needs_of(task: Task) -> CaseInput:
    return "abstract" if task == "translation" else "sections"


def find_sample(store: Store, task: Task, cases: str, now: datetime) -> tuple[TrialSample, str]:
    """The sample that ``cases`` names, recorded in the store, and a line about it.

    A path of a file is a case file; anything else is the name of a sample, which is drawn at its first use and stays as it
    is from then on. Raises ConfigError for a bad case file, StoreError when the store has no papers to draw from.
    """
    path = Path(cases)
    if path.is_file():
        sample, left_out = read_cases(store, task, path)
        with store.write() as con:
            trial_samples.record_sample(con, sample, now)
        note = f", {left_out} rows left out: no sections of theirs are in the store" if left_out else ""
        return sample, f"cases: {len(sample.cases)} of {path}{note}"
    if path.suffix or "/" in cases:
        raise ConfigError(f"no case file {cases}: give a JSON-lines file, or a plain name for a sample of the store")
    return named_sample(store, task, cases, now)


def named_sample(store: Store, task: Task, name: str, now: datetime) -> tuple[TrialSample, str]:
    """The sample of this name, drawn now if there is none yet."""
    needs = needs_of(task)
    if store.path.exists():
        with store.read() as con:
            sample = trial_samples.drawn_sample(con, name, needs)
        if sample is not None:
            return sample, f"cases: sample {name}, {len(sample.cases)} papers, as drawn before"
    sample = draw_sample(store, name, needs)
    with store.write() as con:
        trial_samples.record_sample(con, sample, now)
    return sample, f"cases: sample {name} drawn now, {len(sample.cases)} papers; it stays as it is from here on"


def draw_sample(store: Store, name: str, needs: CaseInput, size: int = SAMPLE_SIZE) -> TrialSample:
    """At most ``size`` papers of the store in an order that only their ids and the name decide.

    Raises StoreError when there is none.
    """
    with store.read() as con:
        keys = trial_samples.candidates(con, needs)
        keys = sorted(keys, key=lambda key: hashlib.sha256(f"{name}\n{versioned(*key)}".encode()).hexdigest())[:size]
        cases = tuple(trial_samples.case_of_paper(con, key, needs) for key in keys)
    if not cases:
        wanted = "an abstract" if needs == "abstract" else "an abstract and sections"
        raise StoreError(f"store {store.path} has no paper with {wanted} to draw a sample from: ingest a bundle first")
    return TrialSample(name, "store", needs, cases)


def read_cases(store: Store, task: Task, path: Path) -> tuple[TrialSample, int]:
    """A sample of a JSON-lines file (``.gz`` too), and how many rows were left out for want of sections.

    A row has ``id``, ``title``, ``en_abstract`` and, to be compared with, ``zh_abstract`` (translation) or ``zh_background``,
    ``zh_method``, ``zh_results``; ``version`` may be a number or ``v1``. The sections of the answers' cases are taken from
    the store, by id. Raises ConfigError, naming the line.
    """
    needs = needs_of(task)
    reference_key = "zh_abstract" if task == "translation" else f"zh_{task}"
    cases: dict[str, TrialCase] = {}
    left_out = 0
    for number, row in _rows(path):
        where = f"{path} line {number}"
        fields = {key: _text(row, key, where) for key in ("id", "title", "en_abstract")}
        reference = _text(row, reference_key, where, needed=False) or None
        version = _VERSION.fullmatch(str(row.get("version") or 1))
        if version is None:
            raise ConfigError(f"{where}: version {row['version']!r} is not a number")
        key = (fields["id"], int(version[1]))
        sections_hash = None
        if needs == "sections":
            key, sections_hash = _sections_of(store, key)
            if sections_hash is None:
                left_out += 1
                continue
        case = TrialCase(fields["id"], key, fields["title"], fields["en_abstract"], sections_hash, reference)
        cases.setdefault(case.case_hash, case)
    if not cases:
        wanted = f"{left_out} rows, none of a paper whose sections are in {store.path}" if left_out else "no rows"
        raise ConfigError(f"case file {path}: {wanted}")
    return TrialSample(path.name, "file", needs, tuple(cases.values())), left_out


def _sections_of(store: Store, key: tuple[str, int]) -> tuple[tuple[str, int], str | None]:
    """The key under which the store has sections of a paper (this version, else its newest), and their hash."""
    if not store.path.exists():
        return key, None
    with store.read() as con:
        found = trial_samples.hash_of_sections(papers.sections(con, key))
        if found is None and (newest := trial_samples.newest_version_with_sections(con, key[0])) is not None:
            key = (key[0], newest)
            found = trial_samples.hash_of_sections(papers.sections(con, key))
    return key, found


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(f"case file {path} cannot be read: {error}") from None
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} line {number}: not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ConfigError(f"{path} line {number}: expected a JSON object")
        rows.append((number, row))
    return rows


def _text(row: dict[str, Any], key: str, where: str, *, needed: bool = True) -> str:
    value = row.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise ConfigError(f"{where}: {key} is missing, empty or no text")
    return one_line(value) if key in ("id", "title") else normalise(value)
