"""What is tried: a released version or a draft, with its own sampling or another. And how a draft begins."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from summarizer.errors import ConfigError, PromptError
from summarizer.prompts import PromptVersion, load_prompt, parse_prompt, read_lock
from summarizer.records import Sampling, Task

#: What of the sampling a trial may change, with its type.
SAMPLING_KEYS: Mapping[str, type] = {
    "temperature": float,
    "top_p": float,
    "min_p": float,
    "repeat_penalty": float,
    "seed": int,
}
_RELEASED = re.compile(r"v\d{3,}")
_VERSION_LINE = re.compile(r"^version:[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt to try. ``label`` is how people name it: ``v003``, ``my_draft``, ``my_draft@temperature=0.3``."""

    label: str
    prompt: PromptVersion  #: with the sampling to try


def read_candidate(prompts_dir: Path, task: Task, name: str) -> Candidate:
    """A candidate by its name, which :attr:`Candidate.label` gives back.

    ``NAME[@key=value[,key=value]]``: NAME is a version (``v003``), a draft's file, or a folder that holds ``<task>.md``; the
    rest changes its sampling. Raises PromptError, ConfigError.
    """
    base, sign, changes = name.rpartition("@")
    if not sign or "=" not in changes:  # a path may hold the sign too
        base, changes = name, ""
    label = base.rstrip("/")
    prompt = load_prompt(prompts_dir, task, label) if _RELEASED.fullmatch(label) else read_draft(Path(base), task)
    changed = _read_changes(name, changes)
    return _changed(Candidate(label, prompt), changed) if changed else Candidate(label, prompt)


def names_new_draft(name: str, task: Task) -> bool:
    """Whether a name is the path of a draft that is not there yet, and neither a version nor one with other sampling."""
    return "@" not in name and not _RELEASED.fullmatch(name) and not draft_file(Path(name), task).exists()


def sweep(candidate: Candidate, values: Mapping[str, Sequence[float]]) -> list[Candidate]:
    """The candidate under every combination of these values of its sampling; itself where there are none."""
    if not values:
        return [candidate]
    return [_changed(candidate, dict(zip(values, point, strict=True))) for point in itertools.product(*values.values())]


def read_draft(path: Path, task: Task) -> PromptVersion:
    """The draft of a task: a file, or ``<task>.md`` in a folder. Raises PromptError."""
    file = draft_file(path, task)
    try:
        source = file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        raise PromptError(
            f"no draft {file}: give a version (v001), a prompt file, or a folder that holds {task}.md"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"prompt {file} cannot be read: {error}") from None
    prompt = parse_prompt(source, where=str(file))
    if prompt.task != task:
        raise PromptError(f"prompt {file} is for the task {prompt.task}, not {task}")
    return prompt


def draft_file(path: Path, task: Task) -> Path:
    return path if path.suffix == ".md" else path / f"{task}.md"


def start_draft(prompts_dir: Path, task: Task, version: str, path: Path) -> Path:
    """Copy a released version to a draft that calls itself the next free version. Gives back the file.

    Raises PromptError when there is something already, or it cannot be written.
    """
    source = with_version(load_prompt(prompts_dir, task, version).source, next_version(prompts_dir, task))
    file = draft_file(path, task)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(source)
    except FileExistsError:
        raise PromptError(f"draft {file} exists already: edit it, or name another") from None
    except OSError as error:
        raise PromptError(f"draft {file} cannot be written: {error.strerror or error}") from None
    return file


def next_version(prompts_dir: Path, task: Task) -> str:
    """The version after the newest released one."""
    numbers = [int(version[1:]) for t, version in read_lock(prompts_dir) if t == task]
    return f"v{max(numbers, default=0) + 1:03d}"


def with_version(source: str, version: str) -> str:
    """A prompt file's text that calls itself this version; the first such line of its front matter counts."""
    return _VERSION_LINE.sub(f"version: {version}", source, count=1)


def _read_changes(name: str, changes: str) -> dict[str, float]:
    changed: dict[str, float] = {}
    for change in filter(None, changes.split(",")):
        key, _, value = change.partition("=")
        if key not in SAMPLING_KEYS:
            raise ConfigError(f"{name}: unknown sampling key {key!r}; known: {', '.join(SAMPLING_KEYS)}")
        try:
            changed[key] = SAMPLING_KEYS[key](value)
        except ValueError:
            raise ConfigError(f"{name}: {key}={value} is not a number") from None
    return changed


def _changed(candidate: Candidate, changes: Mapping[str, float]) -> Candidate:
    sampling: Sampling = replace(candidate.prompt.sampling, **changes)  # type: ignore[arg-type]
    if sampling.temperature < 0 or not 0 < sampling.top_p <= 1 or not 0 <= sampling.min_p <= 1:
        raise ConfigError(
            f"{candidate.label}: temperature must be at least 0, top_p above 0 and at most 1, min_p from 0 to 1"
        )
    told = ",".join(f"{key}={value:g}" for key, value in changes.items())
    base, _, before = candidate.label.partition("@")
    label = f"{base}@{before},{told}" if before else f"{base}@{told}"
    return Candidate(label, replace(candidate.prompt, sampling=sampling))
