"""Small kits for tests: real wheels of a few lines, a registry with tiny models, prompts with their LOCK."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import zipfile
from pathlib import Path

import pip

from summarizer.kit.wheel_file import WheelInfo, read_wheel, write_wheel
from summarizer.kit.wheels import write_requirements
from summarizer.sums import write_sums

ROOT = Path(__file__).parent.parent
WEIGHTS = b"GGUF" + b"\x03\0\0\0" + b"w" * 5000
ENCODER = b"weights" * 100
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_models(folder: Path, *, alias: str = "default") -> Path:
    """A models folder with a GGUF and an encoder, and their registry."""
    encoder = folder / "enc"
    encoder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(WEIGHTS)
    (encoder / "model.safetensors").write_bytes(ENCODER)
    (folder / "models.toml").write_text(
        f'[[model]]\nname = "tiny"\nalias = "{alias}"\nkind = "gguf"\nfile = "tiny.gguf"\nbytes = {len(WEIGHTS)}\n'
        f'sha256 = "{sha(WEIGHTS)}"\nlicence = "Apache-2.0"\ndescription = "for tests"\n'
        'source = { package = "tiny-part{n}", count = 2, version = "1.0", member = "tiny/{n}" }\n'
        f'[[model]]\nname = "enc"\nalias = "embedder"\nkind = "sentence-transformers"\nfile = "enc"\nbytes = {len(ENCODER)}\n'
        f'sha256 = "{sha(ENCODER)}"\nlicence = "Apache-2.0"\n'
        'source = { package = "enc", count = 1, version = "2", member = "enc/{file}" }\n'
        f'[model.files]\n"model.safetensors" = "{sha(ENCODER)}"\n',
        encoding="utf-8",
    )
    return folder


def write_prompts(folder: Path, text: str = "a prompt\n") -> Path:
    (folder / "translation").mkdir(parents=True)
    (folder / "translation" / "v001.md").write_text(text, encoding="utf-8")
    (folder / "LOCK").write_text(f"# task version sha256\ntranslation v001 {sha(text.encode())}\n", encoding="utf-8")
    return folder


def tiny_wheel(folder: Path, name: str, version: str, metadata: str = "", program: str = "") -> Path:
    """A pure wheel of one module; ``program``: the body of a command of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    info = WheelInfo(folder, name, version, "", False, "", "", (), 0)
    module, dist = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f'__version__ = "{version}"\n\n\ndef main():\n    {program or "pass"}\n'.encode(),
        f"{dist}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{metadata}\n".encode(),
    }
    if program:
        files[f"{dist}/entry_points.txt"] = f"[console_scripts]\n{name} = {module}:main\n".encode()
    return write_wheel(folder, info, "py3-none-any", files)


def pip_wheel(folder: Path) -> Path:
    """The pip of this environment as a wheel."""
    place = Path(pip.__file__).parent
    path = folder / f"pip-{pip.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(place.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, f"pip/{file.relative_to(place).as_posix()}")
        archive.writestr(f"pip-{pip.__version__}.dist-info/METADATA", f"Name: pip\nVersion: {pip.__version__}\n")
        archive.writestr(f"pip-{pip.__version__}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    return path


def write_kit(folder: Path, version: str = "0.0.1", **about: object) -> Path:
    """A whole kit that installs in seconds; ``about`` changes its ``kit.json``."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    pip_wheel(wheels)
    tiny_wheel(wheels, "tiny-dependency", "1.0")
    told = f"print('summarizer, version {version}')"
    tiny_wheel(wheels, "summarizer", version, "Requires-Dist: tiny-dependency>=1\n", told)
    write_models(folder / "models")
    write_prompts(folder / "prompts")
    (folder / "docs").mkdir()
    (folder / "scripts").mkdir()
    (folder / "docs" / "air-gap.md").write_text("how\n", encoding="utf-8")
    (folder / "scripts" / "tune_prompt.py").write_text("#!/bin/sh\n", encoding="utf-8")
    for name in ("README.md", "config.example.toml", "sbom.cdx.json"):
        (folder / name).write_text("\n", encoding="utf-8")
    for name in ("install.sh", "sample.sh"):
        (folder / name).write_bytes((ROOT / "summarizer" / "kit" / name).read_bytes())
    infos = [read_wheel(path) for path in sorted(wheels.glob("*.whl"))]
    write_requirements(infos, folder / "requirements.txt")
    described: dict[str, object] = {
        "kit_format": 1,
        "version": version,
        "created_utc": "2026-03-01T00:00:00Z",
        "python": HERE,
        "platform": f"manylinux_2_17_{platform.machine()}",
        "machine": platform.machine(),
        "glibc": "2.17",
        "packages": {info.project: info.version for info in infos if info.project != "pip"},
        "models": {"tiny": sha(WEIGHTS), "enc": sha(ENCODER)},
        "kernels": ["x64"],
        "packages_bytes": 10_000,
        "models_bytes": 10_000,
    }
    (folder / "kit.json").write_text(json.dumps(described | about, indent=1) + "\n", encoding="utf-8")
    write_sums(folder)
    return folder
