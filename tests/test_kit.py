"""What goes into a kit, and what is refused: target, libraries, wheels, bill of materials, hashes."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import kit_files
import pytest

from summarizer.errors import ConfigError, KitError
from summarizer.kit import engine, wheels
from summarizer.kit.elf import Needs, read_needs
from summarizer.kit.engine import assemble, oldest_glibc
from summarizer.kit.target import Target, read_target
from summarizer.kit.wheel_file import read_wheel
from summarizer.llm.library import kernel_files
from summarizer.sums import check_sums, read_sums, write_sums

MACHINE = platform.machine()


# The target


def test_what_is_not_said_is_this_machine() -> None:
    target = read_target(None, None, (2, 34))
    assert target == Target(sys.version_info[:2], MACHINE, (2, 34))
    assert target.platform == f"manylinux_2_34_{MACHINE}"


def test_a_platform_takes_all_older_wheels_and_none_of_one_machine() -> None:
    tags = read_target(f"manylinux_2_28_{MACHINE}", "3.12", (2, 36)).platforms()
    assert tags[0] == f"manylinux_2_28_{MACHINE}"
    assert f"manylinux2014_{MACHINE}" in tags
    assert f"manylinux_2_5_{MACHINE}" in tags
    assert f"manylinux_2_29_{MACHINE}" not in tags
    assert f"linux_{MACHINE}" not in tags


def test_old_names_of_platforms() -> None:
    assert read_target(f"manylinux2014_{MACHINE}", None, (2, 36)).glibc == (2, 17)


@pytest.mark.parametrize(
    ("platform_tag", "python", "error"),
    [
        ("win_amd64", None, ConfigError),
        ("manylinux", None, ConfigError),
        (None, "3.10", ConfigError),
        (None, "3", ConfigError),
        ("manylinux_2_28_riscv64", None, KitError),
    ],
)
def test_targets_that_cannot_be(platform_tag: str | None, python: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_target(platform_tag, python, (2, 36))


def test_a_python_that_is_not_here_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KitError, match=r"python3\.99 with pip"):
        wheels.interpreter(Target((3, 99), MACHINE, (2, 34)))


# Libraries


def _library_folder() -> Path:
    llama_cpp = pytest.importorskip("llama_cpp")
    return Path(llama_cpp.__file__).parent / "lib"


def test_needs_are_those_that_objdump_tells() -> None:
    path = _library_folder() / "libllama.so"
    needs = read_needs(path.read_bytes(), path.name)
    assert needs.soname.startswith("libllama.so")
    assert "libc.so.6" in needs.libraries
    assert needs.newest("GLIBC") >= (2, 2, 5)
    assert needs.newest("NOTHING") == ()
    if shutil.which("objdump"):
        told = subprocess.run(["objdump", "-p", str(path)], capture_output=True, text=True, check=True).stdout
        assert sorted(needs.libraries) == sorted(line.split()[1] for line in told.splitlines() if " NEEDED " in line)
        asked = told.partition("Version References:")[2]
        assert needs.versions == {line.split()[-1] for line in asked.splitlines() if line.startswith("    0x")}


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF\x01\x01", b"\x7fELF\x02\x01" + b"\0" * 58, b"\x7fELF\x02\x01" + b"\xff" * 90]
)
def test_what_is_no_library_is_refused(data: bytes) -> None:
    with pytest.raises(KitError, match="no ELF library"):
        read_needs(data, "x.so")


@pytest.mark.parametrize(
    ("versions", "glibc"),
    [
        (["GLIBC_2.14", "GLIBCXX_3.4.19"], (2, 17)),
        (["GLIBC_2.34", "GLIBCXX_3.4.29"], (2, 34)),
        (["GLIBC_2.17", "GLIBCXX_3.4.29"], (2, 34)),  # an old C library with a C++ library that no old system has
        (["GLIBC_2.36", "GLIBCXX_3.4.19", "GLIBC_PRIVATE"], (2, 36)),
        (["GLIBC_2.32"], (2, 32)),
        ([], (2, 17)),
    ],
)
def test_the_tag_is_of_the_oldest_system_that_has_all(versions: list[str], glibc: tuple[int, int]) -> None:
    assert oldest_glibc([Needs("", (), frozenset(versions))]) == glibc


def test_a_compiler_that_is_too_new() -> None:
    with pytest.raises(KitError, match=r"GLIBCXX 3\.4\.99"):
        oldest_glibc([Needs("", (), frozenset(["GLIBCXX_3.4.99"]))])


def _built_wheel(folder: Path) -> Path:
    """As llama-cpp-python's build leaves it: kernels apart from the libraries, and everything three times."""
    source = _library_folder()
    if kernel_files(source):
        pytest.skip("llama-cpp-python is installed from a kit")
    path = folder / f"llama_cpp_python-0.3.36-py3-none-linux_{MACHINE}.whl"
    names = {name: f"{name}.0" for name in ("libllama.so", "libggml.so", "libggml-base.so", "libggml-cpu.so")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, version in names.items():
            for place in ("lib", "llama_cpp/lib"):
                for spelled in (name, version):
                    archive.writestr(f"{place}/{spelled}", (source / name).read_bytes())
        for processor in ("x64", "haswell"):
            archive.writestr(f"bin/libggml-cpu-{processor}.so", (source / "libggml-cpu.so").read_bytes())
        archive.writestr("include/llama.h", "")
        archive.writestr("llama_cpp/__init__.py", "")
        dist = "llama_cpp_python-0.3.36.dist-info"
        archive.writestr(
            f"{dist}/METADATA", "Metadata-Version: 2.4\nName: llama_cpp_python\nVersion: 0.3.36\nLicense: MIT\n"
        )
        archive.writestr(f"{dist}/WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-linux_{MACHINE}\n")
        archive.writestr(f"{dist}/RECORD", "")
    return path


def test_a_portable_wheel_has_what_is_loaded_once(tmp_path: Path) -> None:
    openmp = tmp_path / "libgomp.so.1.0.0"
    openmp.write_bytes((_library_folder() / "libggml.so").read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    path = assemble(_built_wheel(tmp_path), openmp, MACHINE, out)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        record = archive.read("llama_cpp_python-0.3.36.dist-info/RECORD").decode()
    assert {name for name in names if ".so" in name} == {
        "llama_cpp/lib/libllama.so",
        "llama_cpp/lib/libggml.so",
        "llama_cpp/lib/libggml.so.0",
        "llama_cpp/lib/libggml-base.so.0",
        "llama_cpp/lib/libggml-cpu.so.0",  # linked in here; the real build has none
        "llama_cpp/lib/libgomp.so.1",
        "llama_cpp/lib/libggml-cpu-x64.so",
        "llama_cpp/lib/libggml-cpu-haswell.so",
    }
    assert not any(name.startswith(("include", "bin", "lib/")) for name in names)
    assert {line.split(",")[0] for line in record.splitlines()} == names
    glibc = oldest_glibc(
        [read_needs((_library_folder() / n).read_bytes(), n) for n in ("libllama.so", "libggml-cpu.so")]
    )
    assert path.name == f"llama_cpp_python-0.3.36-py3-none-manylinux_{glibc[0]}_{glibc[1]}_{MACHINE}.whl"
    assert read_wheel(path).licence == "MIT"


def test_a_build_without_kernels_is_refused(tmp_path: Path) -> None:
    built = _built_wheel(tmp_path)
    bare = tmp_path / "bare.whl"
    with zipfile.ZipFile(built) as source, zipfile.ZipFile(bare, "w") as archive:
        for name in source.namelist():
            if "libggml-cpu" not in name:
                archive.writestr(name, source.read(name))
    with pytest.raises(KitError, match="no libraries of kernels"):
        assemble(bare, tmp_path / "none", MACHINE, tmp_path)


def test_a_wheel_of_the_cache_is_not_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_compile", lambda *_: pytest.fail("compiled"))
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(KitError, match="no compiler no-such-compiler"):
        engine.portable_wheel("0.3.36", MACHINE, tmp_path)
    folder = engine.cache_folder("0.3.36", MACHINE, tmp_path)
    folder.mkdir(parents=True)
    made = kit_files.tiny_wheel(tmp_path / "made", "llama-cpp-python", "0.3.36")
    made.rename(folder / f"llama_cpp_python-0.3.36-py3-none-manylinux_2_34_{MACHINE}.whl")
    found = engine.portable_wheel("0.3.36", MACHINE, tmp_path)
    assert (found.version, found.glibc, found.kernels) == ("0.3.36", (2, 34), ())


# Wheels


def _told(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """pip answers with these packages; gives back the arguments it was called with."""
    called: list[str] = []

    def answer(python: str, arguments: list[str], what: str) -> None:
        called.extend(arguments)
        rows = [
            {
                "metadata": {"name": name, "version": "1.0"},
                "download_info": {
                    "url": f"https://index/{name}-1.0-py3-none-any.whl",
                    "archive_info": {"hashes": {"sha256": "ab"}},
                },
            }
            for name in names
        ]
        Path(arguments[arguments.index("--report") + 1]).write_text(json.dumps({"install": rows}), encoding="utf-8")

    monkeypatch.setattr(wheels, "_pip", answer)
    return called


def test_pip_is_asked_for_the_target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = _told(monkeypatch, "torch", "numpy")
    target = Target((3, 11), "x86_64", (2, 28))
    found = wheels.resolve("python", target, ["x[offline]"], tmp_path / "constraints.txt", ["/wheels"])
    assert [r.name for r in found] == ["numpy", "torch"]
    assert found[0].sha256 == "ab"
    told = " ".join(called)
    assert "--dry-run" in told
    assert "--only-binary :all: --implementation cp --python-version 3.11 --platform manylinux_2_28_x86_64" in told
    assert f"--constraint {tmp_path / 'constraints.txt'}" in told
    assert "--find-links /wheels x[offline]" in told


@pytest.mark.parametrize("name", ["nvidia-cublas", "nvidia_cudnn_cu13", "triton", "cuda-toolkit"])
def test_wheels_for_graphics_cards_are_refused_before_they_come(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _told(monkeypatch, "torch", name)
    with pytest.raises(KitError, match=rf"torch 1\.0 for graphics cards.*{name}.*--find-links"):
        wheels.resolve("python", Target((3, 11), "x86_64", (2, 28)), ["x"], Path("c"))


def test_the_version_is_that_of_the_constraints() -> None:
    """Of pip, too, which the kit carries: what comes into a kit must not depend on the day."""
    assert wheels.constrained_version(kit_files.ROOT / "constraints.txt", "llama-cpp-python").startswith("0.")
    assert int(wheels.constrained_version(kit_files.ROOT / "constraints.txt", "pip").split(".")[0]) >= 26
    with pytest.raises(KitError, match="no version of nonsense"):
        wheels.constrained_version(kit_files.ROOT / "constraints.txt", "nonsense")


@pytest.mark.parametrize(
    ("metadata", "licence", "is_spdx"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: x\n", "MIT OR Apache-2.0", True),
        ("License: BSD\n", "BSD", False),
        (f"License: {'long ' * 40}\nClassifier: License :: OSI Approved :: MIT License\n", "MIT License", False),
        ("Classifier: License :: OSI Approved\n", "", False),
        ("", "", False),
    ],
)
def test_licences_as_packages_tell_them(metadata: str, licence: str, is_spdx: bool, tmp_path: Path) -> None:
    info = read_wheel(kit_files.tiny_wheel(tmp_path, "some.Package", "1.0", metadata))
    assert (info.licence, info.is_spdx, info.project) == (licence, is_spdx, "some-package")


def test_what_is_no_wheel(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"PK")
    with pytest.raises(KitError, match="no wheel"):
        read_wheel(tmp_path / "x.whl")


# Hashes


def test_sums_are_read_by_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / "模型.bin").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"")
    write_sums(tmp_path)
    assert list(read_sums(tmp_path)) == ["a folder/模型.bin", "b"]
    assert check_sums(tmp_path) == 1
    if shutil.which("sha256sum"):
        subprocess.run(
            ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True
        )
    (tmp_path / "b").write_bytes(b"2")
    with pytest.raises(KitError, match="b is not as it was"):
        check_sums(tmp_path)
    (tmp_path / "b").unlink()
    with pytest.raises(KitError, match="b is missing"):
        check_sums(tmp_path)
    (tmp_path / "b").symlink_to("c")
    with pytest.raises(KitError, match="neither file nor folder"):
        write_sums(tmp_path)
