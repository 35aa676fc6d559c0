"""The wheels of a kit: what pip would install on the target, resolved first, then downloaded and compared by hash.

pip does the resolving and the downloading, from whatever index or mirror it is configured for. Nothing is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summarizer.errors import KitError
from summarizer.kit.target import Target
from summarizer.kit.wheel_file import WheelInfo, normal_name, read_wheel
from summarizer.sums import file_sha256

#: What torch pulls in for graphics cards: some 3 GB that a machine without one can only carry about.
_GRAPHICS = re.compile(r"(nvidia|cuda|rocm|pytorch-triton|triton)(-.+)?")


@dataclass(frozen=True, slots=True)
class Resolved:
    """One distribution that pip would install; ``sha256`` is "" where the index gives none."""

    name: str
    version: str
    url: str
    sha256: str


def interpreter(target: Target) -> str:
    """A Python of the target's version, to resolve with: conditions on versions ("python_version < '3.13'") are judged by
    the Python that runs pip, whatever pip is told about the target. Raises KitError."""
    if target.python == sys.version_info[:2]:
        return sys.executable
    name = f"python{target.python_version}"
    path = shutil.which(name)
    probe = "import sys, pip; print(*sys.version_info[:2])"
    if path is not None:
        done = subprocess.run([path, "-c", probe], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.split() == list(map(str, target.python)):
            return path
    raise KitError(
        f"a kit for Python {target.python_version} needs {name} with pip on this machine too, to see what belongs to it: "
        f"install it, or leave --python out for {sys.version_info[0]}.{sys.version_info[1]}"
    )


#: What the project's wheel is made of.
SOURCE_FOLDERS = ("summarizer", "glossaries")


def build_project(checkout: Path, folder: Path) -> Path:
    """The project's own wheel, of the checkout as it stands. Raises KitError."""
    with tempfile.TemporaryDirectory() as work:
        # setuptools leaves a folder beside the source: build from a copy
        copy = Path(work) / "source"
        for name in SOURCE_FOLDERS:
            shutil.copytree(checkout / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(checkout / name, copy / name)
        _pip(sys.executable, ["wheel", "--no-deps", "--wheel-dir", str(folder), str(copy)], "the project's own wheel")
    return next(path for path in folder.glob("summarizer-*.whl"))


def resolve(
    python: str,
    target: Target,
    requirements: Sequence[str],
    constraints: Path,
    find_links: Sequence[str] = (),
) -> list[Resolved]:
    """Everything that the requirements need on the target. Raises KitError, before anything is downloaded, when that
    includes what is made for graphics cards, or when pip finds no answer.

    ``requirements``: as for pip; a wheel file is one too.
    """
    with tempfile.TemporaryDirectory() as work:
        report = Path(work) / "report.json"
        arguments = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
        arguments += ["--target", str(Path(work) / "nowhere"), "--constraint", str(constraints)]
        arguments += [*_for_target(target), *_links(find_links), *requirements]
        _pip(python, arguments, f"what belongs to a kit for {target.platform}, Python {target.python_version},")
        rows = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = sorted((_resolved(row) for row in rows), key=lambda r: normal_name(r.name))
    graphics = [r.name for r in found if _GRAPHICS.fullmatch(normal_name(r.name))]
    if graphics:
        torch = next((r.version for r in found if normal_name(r.name) == "torch"), "")
        raise KitError(
            f"the index gives a build of torch {torch} for graphics cards, with {len(graphics)} packages of gigabytes "
            f"({', '.join(graphics[:3])} ...): give pip the CPU build of that version, with --find-links FOLDER or an "
            "index of CPU builds in pip's configuration"
        )
    return found


def download(python: str, target: Target, wanted: Sequence[Resolved], folder: Path) -> list[WheelInfo]:
    """Bring what was resolved into ``folder``. Raises KitError when a wheel does not come or has another hash."""
    names = [f"{r.name} @ {r.url}" for r in wanted]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        listed.write("\n".join(names) + "\n")
        listed.flush()
        arguments = ["download", "--no-deps", "--quiet", "--dest", str(folder), *_for_target(target), "-r", listed.name]
        _pip(python, arguments, "a wheel of the kit")
    found = {info.project: info for info in map(read_wheel, sorted(folder.glob("*.whl")))}
    for one in wanted:
        info = found.get(normal_name(one.name))
        if info is None:
            raise KitError(f"pip left no wheel of {one.name} {one.version} in {folder}")
        if one.sha256 and file_sha256(info.path) != one.sha256:
            raise KitError(f"{info.path.name} is not the file that the index announced: build the kit again")
    return [found[normal_name(one.name)] for one in wanted]


def write_requirements(wheels: Sequence[WheelInfo], path: Path) -> None:
    """Exact versions and hashes, for ``pip install --require-hashes``; pip itself is left out."""
    lines = [
        f"{wheel.name}=={wheel.version} --hash=sha256:{file_sha256(wheel.path)}\n"
        for wheel in wheels
        if wheel.project != "pip"
    ]
    path.write_text("".join(lines), encoding="utf-8")


def constrained_version(constraints: Path, package: str) -> str:
    """The one version that ``constraints.txt`` allows. Raises KitError."""
    for line in constraints.read_text(encoding="utf-8").splitlines():
        name, separator, version = line.partition("==")
        if separator and normal_name(name.strip()) == package:
            return version.strip()
    raise KitError(f"{constraints} names no version of {package}")


def _for_target(target: Target) -> list[str]:
    arguments = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python_version]
    for tag in target.platforms():
        arguments += ["--platform", tag]
    return arguments


def _links(folders: Sequence[str]) -> list[str]:
    return [word for folder in folders for word in ("--find-links", folder)]


def _resolved(row: dict[str, Any]) -> Resolved:
    download_info = row["download_info"]
    archive = download_info.get("archive_info", {})
    sha256 = archive.get("hashes", {}).get("sha256", "")
    return Resolved(row["metadata"]["name"], row["metadata"]["version"], download_info["url"], sha256)


def _pip(python: str, arguments: Sequence[str], what: str) -> None:
    command = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    # pip's own messages about cached folders and the like are not ours
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=os.environ, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise KitError(f"pip could not find or make {what}: {lines[-1] if lines else 'no word why'}")
