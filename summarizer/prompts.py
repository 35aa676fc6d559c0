"""Versioned prompt files: load one, check its declarations, render it, hash it.

One version is one file, ``prompts/<task>/<version>.md``: YAML front matter, then a body of role-marked Jinja2 templates
(the convention of Prompty: a line ``system:``, ``user:`` or ``assistant:`` opens a message). The marker ``history:`` stands
where earlier question-answer pairs of the same text are repeated. Roles are split off before rendering, so no value can
open a message of its own.

``prompts/LOCK`` holds the SHA-256 of every released version; a released file that changed is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from summarizer.errors import PromptError
from summarizer.records import TASKS, Message, Sampling, Task

Role = Literal["system", "user", "assistant", "history"]

_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n(.*)\Z", re.DOTALL)
_MARKER = re.compile(r"^(system|user|assistant|history):[ \t]*$", re.MULTILINE)
_VERSION = re.compile(r"v\d{3,}")
_KEYS = {"task", "version", "description", "inputs", "sampling", "limits", "copy_only", "grammar", "candidates"}
_LIMITS = {"max_chars", "max_pieces", "section_tokens", "history"}
_CANDIDATES = {"count", "temperature", "min_p"}
_SAMPLING = {"temperature", "top_p", "min_p", "repeat_penalty", "seed", "max_tokens", "stop"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may be made of."""

    max_chars: int | None = None  #: characters of the finished answer, markup and spaces not counted
    max_pieces: int | None = None  #: evidence sentences chosen for an answer
    section_tokens: int | None = None  #: tokens of whole sections that evidence is looked for in
    history: int | None = (
        None  #: earlier sentences of an abstract that a question repeats, at least; up to twice as many
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Answers that are drawn for a sentence beside the first one; the one that agrees best with the others is used."""

    count: int
    temperature: float
    min_p: float = 0.0


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One immutable version of a task's prompt."""

    task: Task
    version: str
    prompt_hash: str
    source: str
    description: str
    inputs: frozenset[str]
    sampling: Sampling
    limits: Limits
    copy_only: bool
    grammar: str | None  #: GBNF that each answer of the model must follow
    messages: tuple[tuple[Role, str], ...]
    candidates: Candidates | None = None  #: translation only

    @property
    def has_history(self) -> bool:
        """Whether a question repeats earlier questions with their answers."""
        return any(role == "history" for role, _ in self.messages)

    def render(self, values: Mapping[str, object], history: Sequence[tuple[str, str]] = ()) -> tuple[Message, ...]:
        """The chat for one question. ``history`` holds (user, assistant) messages that were already exchanged."""
        return _render(self.messages, values, history, self)

    def opening(self) -> tuple[Message, ...]:
        """What every first question begins with, up to the last user message: the same for all papers."""
        return self.render(dict.fromkeys(self.inputs, ""))[:-1]

    def render_last_user(self, values: Mapping[str, object]) -> str:
        """The last user message alone: what a later question repeats as history."""
        return _render(self.messages[-1:], values, (), self)[0].content


def load_prompt(prompts_dir: Path, task: Task, version: str | None = None) -> PromptVersion:
    """Read one version; without a name, the newest released one.

    Raises PromptError: no such version, malformed, declarations that differ from the template's variables, or a released
    version whose bytes changed.
    """
    lock = read_lock(prompts_dir)
    if version is None:
        released = sorted(v for t, v in lock if t == task)
        if not released:
            raise PromptError(f"no released prompt for {task} in {prompts_dir / 'LOCK'}: restore the prompts folder")
        version = released[-1]
    path = prompts_dir / task / f"{version}.md"
    try:
        source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"prompt {path} cannot be read: {error}") from error
    prompt = parse_prompt(source, where=str(path))
    if prompt.task != task or prompt.version != version:
        raise PromptError(
            f"prompt {path} calls itself {prompt.task}/{prompt.version}: make the file agree with its name"
        )
    locked = lock.get((task, version))
    if locked is not None and locked != prompt.prompt_hash:
        raise PromptError(
            f"prompt {path} was changed after its release: restore it, and put the change into a new version"
        )
    return prompt


def load_prompts(prompts_dir: Path, versions: Mapping[str, str] | None = None) -> dict[Task, PromptVersion]:
    """The prompt of every task: the newest released version unless ``versions`` names another."""
    chosen = versions or {}
    return {task: load_prompt(prompts_dir, task, chosen.get(task)) for task in TASKS}


def read_lock(prompts_dir: Path) -> dict[tuple[str, str], str]:
    """``(task, version) -> SHA-256`` of the released versions. Raises PromptError."""
    path = prompts_dir / "LOCK"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PromptError(
            f"{path} cannot be read: {error}; restore the prompts folder or name it with --prompts"
        ) from None
    lock = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 3:
            raise PromptError(f"{path} line {number}: expected 'task version sha256'")
        lock[fields[0], fields[1]] = fields[2]
    return lock


def parse_prompt(source: str, *, where: str) -> PromptVersion:
    """Parse the text of a prompt file. ``where`` names it in errors."""
    parts = _FRONT_MATTER.match(source)
    if parts is None:
        raise PromptError(f"prompt {where}: expected YAML front matter between two lines of ---")
    try:
        head = yaml.safe_load(parts[1])
    except yaml.YAMLError as error:
        raise PromptError(f"prompt {where}: front matter is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(head, dict):
        raise PromptError(f"prompt {where}: front matter must be a mapping")
    _known(head, _KEYS, where, "key")
    for key in ("task", "version", "description", "inputs"):
        if key not in head:
            raise PromptError(f"prompt {where}: front matter lacks {key}")
    if head["task"] not in get_args(Task):
        raise PromptError(f"prompt {where}: unknown task {head['task']!r}; one of {', '.join(TASKS)}")
    if not _VERSION.fullmatch(str(head["version"])):
        raise PromptError(f"prompt {where}: version {head['version']!r} is not of the form v001")
    sampling, limits = head.get("sampling", {}), head.get("limits", {})
    _known(sampling, _SAMPLING, where, "sampling key")
    _known(limits, _LIMITS, where, "limit")
    messages = _messages(parts[2], where)
    if messages[-1][0] != "user":
        raise PromptError(f"prompt {where}: the last message must be the user's")
    inputs = frozenset(head["inputs"])
    used = _variables(messages, where)
    if used != inputs:
        raise PromptError(
            f"prompt {where}: declared inputs {sorted(inputs)} differ from the template's variables {sorted(used)}"
        )
    try:
        return PromptVersion(
            task=cast(Task, head["task"]),
            version=head["version"],
            prompt_hash=hashlib.sha256(source.encode()).hexdigest(),
            source=source,
            description=head["description"],
            inputs=inputs,
            sampling=Sampling(**{**sampling, "stop": tuple(sampling.get("stop", ()))}),
            limits=Limits(**limits),
            copy_only=bool(head.get("copy_only", False)),
            grammar=_grammar(head.get("grammar"), where),
            messages=messages,
            candidates=_candidates(head.get("candidates"), where),
        )
    except TypeError as error:
        raise PromptError(f"prompt {where}: {error}") from None


def _grammar(given: object, where: str) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not re.search(r"^root\s*::=", given, re.MULTILINE):
        raise PromptError(f"prompt {where}: grammar must be GBNF text with a rule `root ::= ...`")
    return given


def _candidates(given: object, where: str) -> Candidates | None:
    if given is None:
        return None
    _known(given, _CANDIDATES, where, "candidates key")
    drawn = Candidates(**cast(dict[str, Any], given))
    if drawn.count < 2 or drawn.temperature <= 0 or not 0 <= drawn.min_p <= 1:
        raise PromptError(
            f"prompt {where}: candidates need a count of at least 2, a temperature above 0, min_p from 0 to 1"
        )
    return drawn


def _known(given: object, allowed: set[str], where: str, what: str) -> None:
    if not isinstance(given, dict):
        raise PromptError(f"prompt {where}: {what}s must be a mapping")
    for key in given:
        if key not in allowed:
            raise PromptError(f"prompt {where}: unknown {what} {key!r}; known: {', '.join(sorted(allowed))}")


def _messages(body: str, where: str) -> tuple[tuple[Role, str], ...]:
    pieces = _MARKER.split(body)
    if pieces[0].strip() or len(pieces) < 3:
        raise PromptError(f"prompt {where}: text before the first role marker, or no marker at all")
    return tuple((cast(Role, role), text.strip()) for role, text in zip(pieces[1::2], pieces[2::2], strict=True))


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)


def _variables(messages: Sequence[tuple[Role, str]], where: str) -> set[str]:
    found: set[str] = set()
    for _, template in messages:
        try:
            found |= meta.find_undeclared_variables(_ENVIRONMENT.parse(template))
        except TemplateSyntaxError as error:
            raise PromptError(f"prompt {where}: template error: {error}") from None
    return found


def _render(
    messages: Sequence[tuple[Role, str]],
    values: Mapping[str, object],
    history: Sequence[tuple[str, str]],
    prompt: PromptVersion,
) -> tuple[Message, ...]:
    rendered: list[Message] = []
    for role, template in messages:
        if role == "history":
            for question, answer in history:
                rendered += [Message("user", question), Message("assistant", answer)]
            continue
        try:
            rendered.append(Message(role, _ENVIRONMENT.from_string(template).render(values).strip()))
        except UndefinedError as error:
            raise PromptError(f"prompt {prompt.task}/{prompt.version}: {error}") from None
    return tuple(rendered)
