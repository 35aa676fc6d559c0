"""What of the project's folder goes into a kit besides its wheel, and where that folder is."""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from summarizer.errors import KitError, PromptError

SAMPLES = ("samples/LICENSE", "samples/make_samples.py", "samples/typesetting.py", "samples/papers", "samples/results")
SCRIPTS = ("scripts/tune_prompt.py", "scripts/compare_prompts.py", "scripts/promote_prompt.py")
DOCUMENTS = ("README.md", "CHANGELOG.md", "LICENSE", "docs")


def find_checkout() -> Path:
    """The project's folder: the working folder, the one that this package lies in, or that it was installed from.

    Raises KitError.
    """
    candidates = [Path.cwd(), Path(__file__).resolve().parents[2]]
    try:
        told = json.loads(metadata.distribution("summarizer").read_text("direct_url.json") or "{}").get("url", "")
    except (metadata.PackageNotFoundError, ValueError):
        told = ""
    parts = urlsplit(told)
    if parts.scheme == "file":
        candidates.append(Path(unquote(parts.path)))
    for folder in candidates:
        if _is_project(folder):
            return folder
    raise KitError("the project's folder (with pyproject.toml and constraints.txt) is not here: run kit build in it")


def _is_project(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return project["name"] == "summarizer" and (folder / "constraints.txt").is_file()
    except (OSError, ValueError, KeyError):
        return False


def check_prompts(prompts_dir: Path) -> None:
    """Compare the released prompt files with ``LOCK``. Raises PromptError.

    As :mod:`summarizer.prompts` does when a run reads them, but without the libraries of the offline half.
    """
    try:
        lines = (prompts_dir / "LOCK").read_text(encoding="utf-8").splitlines()
        for task, version, sha256 in (line.split() for line in lines if line.strip() and not line.startswith("#")):
            path = prompts_dir / task / f"{version}.md"
            source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
            if hashlib.sha256(source.encode()).hexdigest() != sha256:
                raise PromptError(f"prompt {path} was changed after its release: restore it before building a kit")
    except (OSError, ValueError) as error:
        raise PromptError(f"{prompts_dir} cannot be read: {error}") from error
