"""A draft becomes a released version: its file, its line in LOCK, and a line in the changelog of the prompts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from summarizer.errors import PromptError
from summarizer.prompts import PromptVersion, parse_prompt, read_lock
from summarizer.records import Task
from summarizer.tuning.drafts import draft_file, read_draft, with_version

CHANGELOG = "CHANGELOG.md"
_HEAD = """# Prompt versions

Why each version was released, newest last. The program writes this file (`scripts/promote_prompt.py`).

"""
_VERSION = re.compile(r"v(\d{3,})")


@dataclass(frozen=True, slots=True)
class Promoted:
    prompt: PromptVersion
    path: Path
    renamed: bool  #: the draft called itself another version, so its trials are not those of the released file


def promote(
    prompts_dir: Path, task: Task, draft: Path, version: str, because: str, figures: str, today: date
) -> Promoted:
    """Release a draft as ``version``. ``figures``: what trials say of it, one line; may be empty.

    The file comes first, then LOCK, then the changelog; after a kill in between, the same call completes the rest. Raises
    PromptError when the draft is malformed, the number is not the next one, or another text is released under it.
    """
    reason = " ".join(because.split())
    if not reason:
        raise PromptError("say why this version is released: --because '...'")
    number = _VERSION.fullmatch(version)
    if number is None:
        raise PromptError(f"version {version!r} is not of the form v001")
    prompt = read_draft(draft, task)
    renamed = prompt.version != version
    if renamed:
        prompt = parse_prompt(with_version(prompt.source, version), where=str(draft_file(draft, task)))
    lock = read_lock(prompts_dir)
    released = lock.get((task, version))
    if released is not None and released != prompt.prompt_hash:
        raise PromptError(f"{task} {version} is released already, with another text: take the next number")
    newest = max((int(v[1:]) for t, v in lock if t == task and v != version), default=0)
    if int(number[1]) != newest + 1:
        raise PromptError(f"the next version of {task} is v{newest + 1:03d}, not {version}")
    same = [
        v
        for (t, v), sha256 in lock.items()
        if t == task and v != version and _same_but_version(prompts_dir, t, v, prompt)
    ]
    if same:
        raise PromptError(
            f"draft {draft_file(draft, task)} does not differ from {task} {same[-1]}: there is nothing to release"
        )
    path = prompts_dir / task / f"{version}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, prompt.source, f"{task} {version}")
        if released is None:
            _append(prompts_dir / "LOCK", f"{task} {version} {prompt.prompt_hash}\n")
        _note(
            prompts_dir / CHANGELOG,
            f"- {today.isoformat()} `{task}` {version}: {reason}{f' ({figures})' if figures else ''}\n",
            f"`{task}` {version}: ",
        )
    except OSError as error:
        raise PromptError(f"prompt {path} cannot be released: {error.strerror or error}") from None
    return Promoted(prompt, path, renamed)


def _same_but_version(prompts_dir: Path, task: str, version: str, prompt: PromptVersion) -> bool:
    try:
        text = (prompts_dir / task / f"{version}.md").read_text(encoding="utf-8")
    except OSError:  # an old version that was taken out of the folder
        return False
    return with_version(text.replace("\r\n", "\n"), prompt.version) == prompt.source


def _create(path: Path, text: str, name: str) -> None:
    """Write a file that is not there, whole or not at all; the same bytes may be there already."""
    if path.exists():
        if path.read_bytes() != text.encode():
            raise PromptError(f"{path} exists and is not this draft: move it away, or take it as the draft of {name}")
        return
    temporary = path.with_suffix(".new")
    temporary.write_bytes(text.encode())
    os.replace(temporary, path)


def _append(path: Path, line: str) -> None:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_bytes((before + ("\n" if before and not before.endswith("\n") else "") + line).encode())
    os.replace(temporary, path)


def _note(path: Path, line: str, marker: str) -> None:
    """Add a line to the changelog unless the version has one."""
    if not path.exists():
        _append(path, _HEAD + line)
    elif marker not in path.read_text(encoding="utf-8"):
        _append(path, line)
