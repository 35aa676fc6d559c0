"""Building a whole kit, with a compiler and an index that are played; its bill of materials; the program that came in one."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import kit_files
import pytest

from summarizer.cli import main
from summarizer.cli.settings import Settings
from summarizer.config import KIT_FILE, installed_home
from summarizer.errors import ModelError, PromptError
from summarizer.kit import build, wheels
from summarizer.kit.bill import bill_of_materials
from summarizer.kit.engine import PortableWheel
from summarizer.kit.target import Target
from summarizer.kit.wheel_file import read_wheel
from summarizer.llm.registry import add_gguf, load_registry, verify
from summarizer.sums import check_sums, read_sums

MACHINE = platform.machine()
CONTENT = (
    *("install.sh", "sample.sh", KIT_FILE, "sbom.cdx.json", "requirements.txt", "config.example.toml", "LICENSE"),
    *("models/models.toml", "models/tiny.gguf", "models/enc/model.safetensors", "models/large.gguf"),
    *("prompts/translation/v001.md", "docs/air-gap.md", "scripts/tune_prompt.py", "samples/make_samples.py"),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, a compiler and an index that are played; the working folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("samples", "scripts", "docs"):
        shutil.copytree(kit_files.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", "config.example.toml"):
        shutil.copyfile(kit_files.ROOT / name, folder / name)
    kit_files.write_models(folder / "models")
    kit_files.write_prompts(folder / "prompts")
    made = tmp_path / "made"
    engine_wheel = kit_files.tiny_wheel(made, "llama-cpp-python", "0.3.36", "License-Expression: MIT\n")

    def download(python: str, target: Target, wanted: Any, into: Path) -> list[Any]:
        shutil.copy(engine_wheel, into)
        kit_files.pip_wheel(into)
        return [read_wheel(path) for path in sorted(into.glob("*.whl"))]

    monkeypatch.setattr(
        build, "portable_wheel", lambda *_: PortableWheel(engine_wheel, "0.3.36", (2, 34), ("haswell", "x64"))
    )
    monkeypatch.setattr(
        wheels, "build_project", lambda checkout, into: kit_files.tiny_wheel(into, "summarizer", "0.1.0")
    )
    monkeypatch.setattr(wheels, "resolve", lambda *_: [])
    monkeypatch.setattr(wheels, "download", download)
    monkeypatch.setenv("SUMMARIZER_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


def test_a_kit_holds_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = project / "elsewhere" / "large.gguf"
    extra.parent.mkdir()
    extra.write_bytes(kit_files.WEIGHTS + b"more")
    add_gguf(project / "models", extra)
    assert main(["kit", "build", "--out", "kit", "--models", "default,embedder,large", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    kit = project / "kit"
    assert check_sums(kit) > 0
    assert told["sums_sha256"] == kit_files.sha((kit / "SHA256SUMS").read_bytes())
    assert told["platform"] == f"manylinux_2_34_{MACHINE}"
    names = set(read_sums(kit))
    assert set(CONTENT) <= names
    assert "config.toml" not in names  # the default model is there
    # what a user added is known inside, wherever the kit is installed
    registry = load_registry(kit / "models")
    verify(registry.entry("large"))
    assert registry.path("large") == kit / "models" / "large.gguf"
    assert "torch" not in (kit / "requirements.txt").read_text(encoding="utf-8")
    assert "pip==" not in (kit / "requirements.txt").read_text(encoding="utf-8")
    about = json.loads((kit / KIT_FILE).read_text(encoding="utf-8"))
    assert about["packages"] == {"llama-cpp-python": "0.3.36", "summarizer": "0.1.0"}
    assert about["models"].keys() == {"tiny", "enc", "large"}

    assert main(["kit", "verify", "kit"]) == 0
    assert told["sums_sha256"] in capsys.readouterr().out
    (kit / "LICENSE").write_text("another", encoding="utf-8")
    assert main(["kit", "verify", "kit"]) == 8
    assert "LICENSE is not as it was" in capsys.readouterr().err
    assert main(["kit", "build", "--models", "default", "--quiet"]) == 0  # a kit in the way is replaced
    assert main(["kit", "verify", "kit"]) == 0
    assert not (kit / "models" / "large.gguf").exists()
    assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []


def test_without_the_default_model_the_kit_brings_a_configuration(project: Path) -> None:
    shutil.rmtree(project / "models")
    kit_files.write_models(project / "models", alias="small")
    assert main(["kit", "build", "--models", "small,embedder", "--quiet"]) == 0
    assert (project / "kit" / "config.toml").read_text(encoding="utf-8") == '[llm]\nmodel = "small"\n'


def test_what_keeps_a_kit_from_being_built(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "full").mkdir()
    (project / "full" / "thesis.tex").touch()
    for arguments, code, words in (
        (["--out", "full"], 8, "full is there and is no kit"),
        (["--models", "nonsense"], 5, "no model is called 'nonsense'"),
        (["--platform", f"manylinux_2_28_{MACHINE}"], 8, f"say --platform manylinux_2_34_{MACHINE}"),
        (["--platform", "nonsense"], 2, "manylinux"),
        (["--python", "2.7"], 2, "--python 2.7"),
    ):
        assert main(["kit", "build", "--models", "default", *arguments]) == code
        assert words in capsys.readouterr().err
    assert (project / "full" / "thesis.tex").exists()
    (project / "prompts" / "translation" / "v001.md").write_text("changed", encoding="utf-8")
    assert main(["kit", "build", "--models", "default"]) == PromptError.exit_code
    assert "was changed after its release" in capsys.readouterr().err
    assert not (project / "kit").exists()


def test_a_model_with_the_wrong_hash_is_not_carried(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = project / "mine.gguf"
    extra.write_bytes(kit_files.WEIGHTS)
    add_gguf(project / "models", extra)
    extra.write_bytes(kit_files.WEIGHTS[:-1] + b"x")
    assert main(["kit", "build", "--models", "mine"]) == ModelError.exit_code
    assert not (project / "kit").exists()


def test_the_bill_names_all_with_version_licence_and_hash(tmp_path: Path) -> None:
    found = [
        read_wheel(kit_files.tiny_wheel(tmp_path, "summarizer", "0.1.0", "License-Expression: AGPL-3.0-or-later\n")),
        read_wheel(kit_files.tiny_wheel(tmp_path, "torch", "2.13.0+cpu", "License: BSD-3-Clause\n")),
        read_wheel(kit_files.tiny_wheel(tmp_path, "llama-cpp-python", "0.3.36", "License: MIT\n")),
    ]
    portable = PortableWheel(found[2].path, "0.3.36", (2, 34), ("x64",))
    entries = load_registry(kit_files.write_models(tmp_path / "models")).entries
    created = datetime(2026, 3, 1, 12)
    text = bill_of_materials(found, entries, portable, created)
    assert text == bill_of_materials(found, entries, portable, created)
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert bill["serialNumber"].startswith("urn:uuid:")
    assert bill["metadata"]["timestamp"] == "2026-03-01T12:00:00Z"
    assert bill["metadata"]["component"]["licenses"] == [{"expression": "AGPL-3.0-or-later"}]
    parts = {part["name"]: part for part in bill["components"]}
    assert parts["torch"]["purl"] == "pkg:pypi/torch@2.13.0%2Bcpu"
    assert parts["torch"]["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    assert parts["torch"]["hashes"] == [{"alg": "SHA-256", "content": kit_files.sha(found[1].path.read_bytes())}]
    assert parts["llama-cpp-python"]["components"][0]["name"] == "libgomp"
    assert (parts["tiny"]["type"], parts["tiny"]["hashes"][0]["content"]) == (
        "machine-learning-model",
        kit_files.sha(kit_files.WEIGHTS),
    )
    references = [part["bom-ref"] for part in bill["components"]]
    assert bill["dependencies"][0]["dependsOn"] == references
    assert len(set(references)) == 4


def test_an_installed_kit_finds_its_own_models_and_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "opt"
    environment = home / "env" / "0123-1"
    environment.mkdir(parents=True)
    (home / ".venv").symlink_to("env/0123-1")
    monkeypatch.setattr(sys, "prefix", str(home / ".venv"))
    assert installed_home() is None  # the installer writes kit.json last
    (home / KIT_FILE).touch()
    assert installed_home() == home
    assert installed_home(tmp_path / "checkout" / ".venv") is None
    kit_files.write_models(home / "models")
    (home / "config.toml").write_text('[llm]\nmodel = "tiny"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["path"] == str(home / "models" / "tiny.gguf")
    assert Settings().prompts == home / "prompts"
    assert Settings().read_config().llm.model == "tiny"
    Path("config.toml").write_text('[llm]\nmodel = "other"\n', encoding="utf-8")
    assert Settings().read_config().llm.model == "other"


def test_the_projects_wheel_is_made_of_all_that_goes_into_it() -> None:
    """Glossaries lie beside the package; left out of the copy that is built, they were missing inside without a word."""
    project = tomllib.loads((kit_files.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = [p for files in project["tool"]["setuptools"]["data-files"].values() for p in files]
    assert patterns
    for pattern in patterns:
        assert pattern.split("/")[0] in wheels.SOURCE_FOLDERS
        assert list(kit_files.ROOT.glob(pattern))
