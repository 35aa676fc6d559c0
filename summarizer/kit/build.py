"""Putting a kit together: a folder that is whole when it has its name, and not before."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from summarizer.config import KIT_FILE
from summarizer.errors import KitError, ModelError
from summarizer.kit import wheels as wheel_search
from summarizer.kit.bill import BILL_FILE, bill_of_materials
from summarizer.kit.contents import DOCUMENTS, SAMPLES, SCRIPTS, check_prompts, find_checkout
from summarizer.kit.engine import PACKAGE, PortableWheel, portable_wheel
from summarizer.kit.target import Target, read_target, running_glibc
from summarizer.kit.wheel_file import WheelInfo
from summarizer.llm.fetch import default_cache_dir, fetch
from summarizer.llm.registry import REGISTRY_FILE, ModelEntry, Registry, carry, load_registry, verify
from summarizer.sums import write_sums

KIT_FORMAT = 1
INSTALLER = "install.sh"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kit:
    """A kit that was built. ``sums_sha256`` is the hash of its ``SHA256SUMS``: the one number to compare over another way."""

    folder: Path
    target: Target
    n_files: int
    n_bytes: int
    installed_bytes: int  #: packages and models
    sums_sha256: str
    kernels: tuple[str, ...]


def build_kit(
    out: Path,
    *,
    models: Sequence[str],
    models_dir: Path,
    prompts_dir: Path,
    platform_tag: str | None = None,
    python: str | None = None,
    find_links: Sequence[str] = (),
    checkout: Path | None = None,
    report: Report = lambda line: None,
) -> Kit:
    """Build the kit in ``out``; what was a kit there before is replaced.

    Args:
        models: names or aliases of the registry in ``models_dir``; those that are not here are fetched.
        platform_tag: oldest system it must run on, a manylinux tag; None: the oldest that the compiler here allows.
        python: version of the target's Python; None: that of this one.
        find_links: further folders or pages for pip.
        checkout: the project's folder; None: where it is found.

    Raises:
        KitError, ConfigError, ModelError, PromptError.
    """
    _check_free(out)
    checkout = checkout or find_checkout()
    constraints = checkout / "constraints.txt"
    registry = load_registry(models_dir)
    entries = [registry.entry(name) for name in dict.fromkeys(models)]
    check_prompts(prompts_dir)
    glibc = running_glibc()
    if glibc is None:
        raise KitError("this machine has no glibc: build the kit on a Linux that has (Debian, Ubuntu, Red Hat, ...)")
    wanted = read_target(platform_tag, python, glibc)
    interpreter = wheel_search.interpreter(wanted)
    cache = default_cache_dir()
    version = wheel_search.constrained_version(constraints, PACKAGE)
    if wanted.glibc < glibc:
        report(
            f"this machine has glibc {glibc[0]}.{glibc[1]}: whether what it compiles runs with {wanted.platform} will be seen"
        )
    engine = portable_wheel(version, wanted.machine, cache, report)
    target = _met_target(wanted, platform_tag, engine)

    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        (part / "wheels").mkdir(parents=True)
        wheels = _gather_wheels(part / "wheels", target, interpreter, engine, checkout, constraints, find_links, report)
        wheel_search.write_requirements(wheels, part / "requirements.txt")
        _gather_models(registry, entries, part / "models", cache, report)
        _gather_files(checkout, prompts_dir, part)
        created = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        (part / BILL_FILE).write_text(bill_of_materials(wheels, entries, engine, created), encoding="utf-8")
        described = _describe(part, target, wheels, entries, engine, created)
        (part / KIT_FILE).write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if not any(entry.alias == "default" for entry in entries):
            _write_config(entries, part / "config.toml")
        report("hashing")
        sums = write_sums(part)
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    except OSError as error:
        raise KitError(f"the kit cannot be written to {out}: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    files = [path for path in out.rglob("*") if path.is_file()]
    n_bytes = sum(path.stat().st_size for path in files)
    return Kit(
        out, target, len(files), n_bytes, described["packages_bytes"] + described["models_bytes"], sums, engine.kernels
    )


def _check_free(out: Path) -> None:
    if out.exists() and not (out / KIT_FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise KitError(f"{out} is there and is no kit: give --out another folder")


def _met_target(wanted: Target, platform_tag: str | None, engine: PortableWheel) -> Target:
    """The target, unless llama.cpp asks for a newer system than was promised."""
    if platform_tag is None:
        return Target(wanted.python, wanted.machine, engine.glibc)
    if engine.glibc > wanted.glibc:
        newest = f"manylinux_{engine.glibc[0]}_{engine.glibc[1]}_{wanted.machine}"
        raise KitError(
            f"--platform {platform_tag} cannot be met: llama.cpp compiled here needs glibc "
            f"{engine.glibc[0]}.{engine.glibc[1]} ({newest}); build on an older system, or say --platform {newest}"
        )
    return wanted


def _gather_wheels(
    folder: Path,
    target: Target,
    interpreter: str,
    engine: PortableWheel,
    checkout: Path,
    constraints: Path,
    find_links: Sequence[str],
    report: Report,
) -> list[WheelInfo]:
    report("building the project's wheel")
    project = wheel_search.build_project(checkout, folder)
    report(f"resolving what belongs to it on {target.platform}, Python {target.python_version}")
    requirements = [f"{project}[offline]", str(engine.path), "pip"]
    resolved = wheel_search.resolve(interpreter, target, requirements, constraints, find_links)
    report(f"downloading {len(resolved)} wheels")
    return wheel_search.download(interpreter, target, resolved, folder)


def _gather_models(
    registry: Registry, entries: Sequence[ModelEntry], folder: Path, cache: Path, report: Report
) -> None:
    folder.mkdir()
    shutil.copyfile(registry.models_dir / REGISTRY_FILE, folder / REGISTRY_FILE)
    for entry in entries:
        try:
            verify(entry)
        except ModelError:
            if entry.source is None:
                raise
            fetch(entry, folder, cache_dir=cache, report=report)
            continue
        report(f"{entry.name}: {entry.n_bytes / 1e6:,.0f} MB, hash is right")
        _place(entry.path, folder / entry.path.name)
        if entry.source is None:
            carry(entry, folder)


def _gather_files(checkout: Path, prompts_dir: Path, folder: Path) -> None:
    leave = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(prompts_dir, folder / "prompts", ignore=leave)
    for name in (*SAMPLES, *SCRIPTS, *DOCUMENTS, "config.example.toml"):
        source, place = checkout / name, folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=leave)
        else:
            shutil.copyfile(source, place)
    here = Path(__file__).parent
    for name in (INSTALLER, "sample.sh"):
        shutil.copyfile(here / name, folder / name)


def _describe(
    folder: Path,
    target: Target,
    wheels: Sequence[WheelInfo],
    models: Sequence[ModelEntry],
    engine: PortableWheel,
    created: datetime,
) -> dict[str, Any]:
    """``kit.json``: what the installer and ``doctor`` go by."""
    installed = [wheel for wheel in wheels if wheel.project != "pip"]
    n_models = sum(path.stat().st_size for path in (folder / "models").rglob("*") if path.is_file())
    return {
        "kit_format": KIT_FORMAT,
        "version": next(wheel.version for wheel in wheels if wheel.project == "summarizer"),
        "created_utc": created.isoformat() + "Z",
        "python": target.python_version,
        "platform": target.platform,
        "machine": target.machine,
        "glibc": ".".join(map(str, target.glibc)),
        "packages": {wheel.project: wheel.version for wheel in installed},
        "models": {entry.name: entry.sha256 for entry in models},
        "kernels": list(engine.kernels),
        "packages_bytes": sum(wheel.installed_bytes for wheel in installed),
        "models_bytes": n_models,
    }


def _write_config(entries: Sequence[ModelEntry], path: Path) -> None:
    """Without the default model the configuration must name the one that is there."""
    name = next((entry.alias or entry.name for entry in entries if entry.kind == "gguf"), None)
    if name is not None:
        path.write_text(f"[llm]\nmodel = {json.dumps(name, ensure_ascii=False)}\n", encoding="utf-8")


def _place(source: Path, target: Path) -> None:
    """Hard links where the file system allows it: a kit is read, and takes its space once."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
