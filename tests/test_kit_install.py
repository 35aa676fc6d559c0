"""The installer of a kit, on small kits with real wheels: what it makes, what it repairs, what it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import kit_files
import pytest

from summarizer.sums import file_sha256, write_sums

SCRIPTS = [kit_files.ROOT / "summarizer" / "kit" / name for name in ("install.sh", "sample.sh")]


def _install(kit: Path, target: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # neither an index, nor a proxy, nor a compiler; what pip is told by the machine must not matter
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(kit),
        "PYTHON": sys.executable,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_NO_BINARY": ":all:",
        "PIP_TARGET": str(kit.parent / "nowhere"),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    return subprocess.run(
        ["sh", str(kit / "install.sh"), *options, str(target)],
        capture_output=True,
        text=True,
        env=environment | variables,
        check=False,
    )


def _refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 8, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("install.sh: error: "), done.stderr
    for word in words:
        assert word in line


def _version(target: Path) -> str:
    # without PYTHONPATH: it may name this checkout, which is another program of that name
    done = subprocess.run([target / "bin" / "summarizer"], capture_output=True, text=True, check=True, env={})
    return done.stdout.strip()


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit_files.write_kit(tmp_path_factory.mktemp("carried") / "kit")


@pytest.fixture
def changed_kit(kit: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kit, tmp_path / "kit"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_posix_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    if shutil.which("dash"):
        subprocess.run(["dash", "-n", str(script)], check=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck")
def test_shellcheck_finds_nothing(script: Path) -> None:
    done = subprocess.run(["shellcheck", "--shell=sh", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_kit_installs_twice_and_is_repaired(kit: Path, tmp_path: Path) -> None:
    target = tmp_path / "opt" / "summarizer"
    (target / "env" / "0123-killed").mkdir(parents=True)  # what an interrupted installation left
    done = _install(kit, target, "--sums", file_sha256(kit / "SHA256SUMS"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{target}/bin/summarizer\n"
    assert _version(target) == "summarizer, version 0.0.1"
    (environment,) = (target / "env").iterdir()
    assert (target / "models" / "tiny.gguf").read_bytes() == kit_files.WEIGHTS
    for name in ("kit.json", "SHA256SUMS", "models/models.toml", "prompts/translation/v001.md", "docs/air-gap.md"):
        assert (target / name).read_bytes() == (kit / name).read_bytes()
    assert os.access(target / "scripts" / "tune_prompt.py", os.X_OK)
    assert not (target / "wheels").exists()

    again = _install(kit, target)
    assert again.returncode == 0, again.stderr
    assert "as it should be" in again.stderr
    assert list((target / "env").iterdir()) == [environment]

    module = next(environment.glob("lib/python3*/site-packages/tiny_dependency/__init__.py"))
    module.write_text("changed", encoding="utf-8")
    (target / "models" / "tiny.gguf").write_bytes(b"changed")
    (target / "models" / "local.toml").write_text("# ours\n", encoding="utf-8")
    (target / "prompts" / "translation" / "v002.md").write_text("ours\n", encoding="utf-8")
    with (target / "prompts" / "LOCK").open("a", encoding="utf-8") as lock:
        lock.write(f"translation v002 {kit_files.sha(b'ours')}\n")
    repaired = _install(kit, target)
    assert repaired.returncode == 0, repaired.stderr
    assert "is damaged" in repaired.stderr
    (environment,) = (target / "env").iterdir()
    assert next(environment.glob("lib/python3*/site-packages/tiny_dependency/__init__.py")).read_text() != "changed"
    assert (target / "models" / "tiny.gguf").read_bytes() == kit_files.WEIGHTS
    # what was made here is still here
    assert (target / "models" / "local.toml").read_text(encoding="utf-8") == "# ours\n"
    assert "translation v002" in (target / "prompts" / "LOCK").read_text(encoding="utf-8")

    newer = kit_files.write_kit(tmp_path / "newer", "0.0.2")
    (newer / "prompts" / "translation" / "v002.md").write_text("theirs\n", encoding="utf-8")
    with (newer / "prompts" / "LOCK").open("a", encoding="utf-8") as lock:
        lock.write(f"translation v002 {kit_files.sha(b'theirs')}\n")
    write_sums(newer)
    _refused(_install(newer, target), "prompts/translation/v002.md was released here with another text")
    assert _version(target) == "summarizer, version 0.0.1"
    assert (target / "prompts" / "translation" / "v002.md").read_text(encoding="utf-8") == "ours\n"
    shutil.rmtree(newer)
    newer = kit_files.write_kit(tmp_path / "newer", "0.0.2")
    assert _install(newer, target).returncode == 0
    assert _version(target) == "summarizer, version 0.0.2"
    assert len(list((target / "env").iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["models/tiny.gguf", "kit.json", "prompts/LOCK", "wheels/tiny_dependency-1.0-py3-none-any.whl"]
)
def test_a_changed_file_is_named(name: str, changed_kit: Path, tmp_path: Path) -> None:
    data = bytearray((changed_kit / name).read_bytes())
    data[-2] ^= 1
    (changed_kit / name).write_bytes(data)
    _refused(_install(changed_kit, tmp_path / "target"), f"{name} is not as it was when the kit was built")
    assert not (tmp_path / "target").exists()


def test_a_missing_and_an_added_file_are_named(changed_kit: Path, tmp_path: Path) -> None:
    added = changed_kit / "wheels" / "evil-9-py3-none-any.whl"
    added.write_bytes(b"x")
    _refused(_install(changed_kit, tmp_path / "target"), "wheels/evil-9-py3-none-any.whl is not in SHA256SUMS")
    added.unlink()
    (changed_kit / "docs" / "air-gap.md").unlink()
    _refused(_install(changed_kit, tmp_path / "target"), "docs/air-gap.md is missing")
    (changed_kit / "docs" / "air-gap.md").symlink_to("/etc/hostname")
    _refused(_install(changed_kit, tmp_path / "target"), "docs/air-gap.md")


def test_another_kit_than_the_one_told_is_refused(kit: Path, tmp_path: Path) -> None:
    _refused(_install(kit, tmp_path / "target", "--sums", "0" * 64), "--sums", "0" * 64)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"python": "3.99"}, ("Python 3.99", "PYTHON=/path/to/python3.99")),
        ({"machine": "riscv64"}, ("riscv64",)),
        ({"glibc": "9.99"}, ("glibc", "9.99")),
        ({"packages_bytes": 10**16}, ("GB free", "make room")),
        ({"kit_format": 2}, ("kit_format 2",)),
    ],
    ids=str,
)
def test_a_machine_that_does_not_fit_is_told_why(
    about: dict[str, object], words: tuple[str, ...], tmp_path: Path
) -> None:
    kit = kit_files.write_kit(tmp_path / "kit", **about)
    _refused(_install(kit, tmp_path / "target"), *words)
    assert not (tmp_path / "target").exists()


def test_a_target_that_cannot_be_written(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _refused(_install(kit, tmp_path / "file" / "target"), "cannot be written")


def test_packages_that_do_not_fit_one_another(changed_kit: Path, tmp_path: Path) -> None:
    (changed_kit / "wheels" / "tiny_dependency-1.0-py3-none-any.whl").unlink()
    lines = (changed_kit / "requirements.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("tiny-dependency")]
    (changed_kit / "requirements.txt").write_text("".join(kept), encoding="utf-8")
    write_sums(changed_kit)
    _refused(_install(changed_kit, tmp_path / "target"), "do not fit one another")
    assert list((tmp_path / "target" / "env").iterdir()) == []


def test_usage(kit: Path) -> None:
    for words in ([], ["--sums"], ["--nonsense", "x"], ["a", "b"]):
        done = subprocess.run(["sh", kit / "install.sh", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "usage" in done.stderr
    done = subprocess.run(["sh", kit / "install.sh", "--help"], capture_output=True, text=True, check=True)
    assert "--sums SHA256" in done.stdout
