"""The files of the installation: kit, Python and packages, models, prompts."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from summarizer.config import KIT_FILE
from summarizer.doctor.finding import Place, Unfit
from summarizer.sums import file_sha256, read_sums

_AGAIN = "run install.sh of the kit again, it repairs what is damaged"
_LEAST_PYTHON = (3, 11)
#: Folders of a kit that the installer copies as they are. The weights have a check of their own.
_COPIED = ("models/", "prompts/", "samples/", "scripts/", "docs/")
_MERGED = "prompts/LOCK"  # has the versions released here, too
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def read_kit(home: Path) -> dict[str, Any]:
    """``kit.json`` of an installed kit. Raises Unfit."""
    try:
        found = json.loads((home / KIT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unfit(f"{home / KIT_FILE} cannot be read ({error})", _AGAIN) from error
    if not isinstance(found, dict):
        raise Unfit(f"{home / KIT_FILE} is no JSON object", _AGAIN)
    return found


def check_kit(place: Place) -> str:
    """The files that came in the kit are as they were when it was built."""
    if place.home is None:
        return "no kit: this is a checkout"
    kit = read_kit(place.home)
    names = [name for name in read_sums(place.home) if name.startswith(_COPIED) and name != _MERGED]
    sums = read_sums(place.home)
    small = [name for name in names if not _is_weights(place.home / name, kit)]
    for name in small:
        path = place.home / name
        if not path.is_file():
            raise Unfit(f"{path} is missing", _AGAIN)
        if file_sha256(path) != sums[name]:
            raise Unfit(f"{path} is not as it came in the kit", _AGAIN)
    return f"version {kit.get('version')} of {kit.get('created_utc')}, {len(small)} files as they came"


def _is_weights(path: Path, kit: dict[str, Any]) -> bool:
    return (path.parent.name == "models" and path.suffix == ".gguf") or path.suffix == ".safetensors"


def check_python(place: Place) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _LEAST_PYTHON:
        raise Unfit(f"Python {version} is too old", f"use Python {'.'.join(map(str, _LEAST_PYTHON))} or later")
    if place.home is not None:
        wanted = read_kit(place.home).get("python")
        if wanted != f"{sys.version_info[0]}.{sys.version_info[1]}":
            raise Unfit(
                f"Python {version}, but the kit is for {wanted}",
                "have a kit built for this Python, or install that one",
            )
    return f"Python {version}"


def check_packages(place: Place) -> str:
    """Every package is here, in the kit's version, with the files that pip wrote."""
    if place.home is None:
        missing = [name for name in _required() if _version(name) is None]
        if missing:
            raise Unfit(
                f"{', '.join(missing)} not installed", "pip install -c constraints.txt '.[offline]' in the checkout"
            )
        return "all packages of the offline half are here"
    wanted = read_kit(place.home).get("packages", {})
    for name, version in wanted.items():
        found = _version(name)
        if found != version:
            raise Unfit(f"{name} is {found or 'missing'}, the kit has {version}", _AGAIN)
    site = Path(sysconfig.get_path("purelib"))
    n_files = 0
    for path, digest in _recorded(site):
        try:
            data = path.read_bytes()
        except OSError:
            raise Unfit(f"{path} is missing", _AGAIN) from None
        if base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode() != digest:
            raise Unfit(f"{path} was changed after it was installed", _AGAIN)
        n_files += 1
    return f"{len(wanted)} packages in the kit's versions, {n_files} files as installed"


def _required() -> Iterator[str]:
    """What the project asks for, inside: for everybody and for the extra "offline"."""
    for requirement in metadata.requires("summarizer") or []:
        condition = requirement.partition(";")[2]
        name = _NAME.match(requirement)
        if name is not None and ("extra" not in condition or "offline" in condition):
            yield name[0]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _recorded(site: Path) -> Iterator[tuple[Path, str]]:
    """Files and hashes by the RECORD of each package, without compiled Python, which is made anew at will."""
    for record in sorted(site.glob("*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as stream:
            for name, digest, _ in csv.reader(stream):
                if digest.startswith("sha256=") and not name.endswith(".pyc"):
                    yield site / name, digest.removeprefix("sha256=")


def check_models(place: Place) -> str:
    """The models that the configuration names are here and have the registered hashes."""
    from summarizer.llm.registry import load_registry, verify

    names = [place.config.llm.model] if place.config.llm.engine == "llama" else []
    names += [place.config.embed.model] if place.config.embed.engine == "sentence-transformers" else []
    if not names:
        return "none is used by this configuration"
    registry = load_registry(place.models)
    entries = [registry.entry(name) for name in names]
    for entry in entries:
        verify(entry)
    return f"{', '.join(entry.name for entry in entries)}: hashes are right"


def check_prompts(place: Place) -> str:
    """Every released version can be read and is as it was released."""
    from typing import cast

    from summarizer.prompts import load_prompt, load_prompts, read_lock
    from summarizer.records import Task

    load_prompts(place.prompts)  # one for each task
    released = read_lock(place.prompts)
    for task, version in released:
        load_prompt(place.prompts, cast(Task, task), version)
    return f"{len(released)} released versions as they were released"
