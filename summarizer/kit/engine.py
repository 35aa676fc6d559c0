"""llama-cpp-python as a wheel that runs on other machines than the one that compiled it.

The package index has only its source, and what pip compiles from it is made for the processor at hand: carried to an older
one it dies with an illegal instruction. Here llama.cpp is compiled with a library of kernels for each generation of
processors (``GGML_CPU_ALL_VARIANTS``); :mod:`summarizer.llm.library` has the right one chosen. llama-cpp-python's own build
leaves those libraries where nobody looks for them, so the wheel is put together anew: they stand beside libllama, with the
OpenMP run-time library that they need, and without what is there two or three times. Its platform tag says what the
libraries really ask for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from summarizer.errors import KitError
from summarizer.kit.elf import Needs, read_needs
from summarizer.kit.wheel_file import read_wheel, write_wheel

PACKAGE = "llama-cpp-python"
FLAGS = (
    "-DGGML_NATIVE=OFF",
    "-DGGML_BACKEND_DL=ON",
    "-DGGML_CPU_ALL_VARIANTS=ON",
    "-DGGML_OPENMP=ON",  # as in the build for one machine: see summarizer/llm/openmp.py
    "-DLLAVA_BUILD=OFF",  # pictures: not used here
)
_RECIPE = 1  # another number makes another wheel of the same version and flags

_FOLDER = "llama_cpp/lib"
_OPENMP = "libgomp.so.1"
_OPENED = ("libllama.so", "libggml.so")  # by llama-cpp-python, under these names
_KERNELS = re.compile(r"libggml-cpu-.+\.so")
#: What every Linux with glibc and a C++ program has (PEP 600; the list of auditwheel's policies).
_SYSTEM = frozenset(
    {
        "libc.so.6",
        "libm.so.6",
        "libdl.so.2",
        "libpthread.so.0",
        "librt.so.1",
        "libmvec.so.1",
        "libgcc_s.so.1",
        "libstdc++.so.6",
    }
    | {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
)
#: The C++ library of the distributions that a manylinux tag stands for: glibc -> newest GLIBCXX (auditwheel's policies).
_GLIBCXX = (
    ((2, 17), (3, 4, 19)),
    ((2, 24), (3, 4, 22)),
    ((2, 27), (3, 4, 24)),
    ((2, 31), (3, 4, 28)),
    ((2, 34), (3, 4, 29)),
    ((2, 35), (3, 4, 30)),
    ((2, 39), (3, 4, 33)),
)

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PortableWheel:
    """``kernels`` are the processors' names that llama.cpp gives its libraries; ``openmp_licence`` an SPDX expression."""

    path: Path
    version: str
    glibc: tuple[int, int]
    kernels: tuple[str, ...]
    openmp_licence: str = "GPL-3.0-or-later WITH GCC-exception-3.1"


def portable_wheel(version: str, machine: str, cache: Path, report: Report = lambda line: None) -> PortableWheel:
    """The wheel of this version, out of ``cache`` or compiled there; an interrupted compilation goes on where it was.

    Raises KitError when there is no compiler, or when the build fails.
    """
    folder = cache_folder(version, machine, cache)
    there = sorted(folder.glob("*.whl"))
    if there:
        report(f"{PACKAGE} {version}: {there[0].name} is in the cache")
        return _described(there[0])
    _check_compiler()
    work = cache / "build" / folder.name
    work.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    built = _compile(version, work, report)
    path = assemble(built, _openmp_library(), machine, folder)
    shutil.rmtree(work, ignore_errors=True)
    return _described(path)


def cache_folder(version: str, machine: str, cache: Path) -> Path:
    """Where the wheel is kept: another version, other flags or another recipe make another folder."""
    key = hashlib.sha256(json.dumps([version, machine, FLAGS, _RECIPE]).encode()).hexdigest()[:12]
    return cache / "wheels" / f"{PACKAGE}-{version}-{key}"


def assemble(built: Path, openmp: Path, machine: str, folder: Path) -> Path:
    """The wheel to carry, from the one that the build left and the OpenMP library. Raises KitError."""
    info = read_wheel(built)
    with zipfile.ZipFile(built) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    libraries = {PurePosixPath(name).name: data for name, data in files.items() if _is_library(name)}
    chosen = _needed_libraries(libraries, openmp)
    kept = {
        n: data for n, data in files.items() if n.startswith(("llama_cpp/", "llama_cpp_python-")) and not _is_library(n)
    }
    kept |= {f"{_FOLDER}/{name}": data for name, data in chosen.items()}
    glibc = oldest_glibc([read_needs(data, name) for name, data in chosen.items()])
    return write_wheel(folder, info, f"py3-none-manylinux_{glibc[0]}_{glibc[1]}_{machine}", kept)


def oldest_glibc(needs: list[Needs]) -> tuple[int, int]:
    """The oldest manylinux version, by glibc, whose systems have all symbol versions that are asked for."""
    glibc = max((need.newest("GLIBC")[:2] for need in needs), default=()) or (2, 17)
    cxx = max((need.newest("GLIBCXX") for need in needs), default=())
    with_cxx = next((of_system for of_system, newest in _GLIBCXX if cxx <= newest), None)
    if with_cxx is None:
        raise KitError(
            f"the compiler here makes programs for GLIBCXX {'.'.join(map(str, cxx))}, newer than any system known here "
            "has: build the kit on an older system"
        )
    return max((glibc[0], glibc[1]), with_cxx)


def _needed_libraries(libraries: dict[str, bytes], openmp: Path) -> dict[str, bytes]:
    """What is opened by name, the kernels, and what these ask for, as far as the system does not have it."""
    kernels = [name for name in libraries if _KERNELS.fullmatch(name)]
    if not kernels:
        raise KitError(f"the build of {PACKAGE} left no libraries of kernels (libggml-cpu-NAME.so)")
    chosen: dict[str, bytes] = {}
    waiting = [*_OPENED, *kernels]
    while waiting:
        name = waiting.pop()
        if name in chosen:
            continue
        if name == _OPENMP:
            chosen[name] = openmp.read_bytes()
        elif name in libraries:
            chosen[name] = libraries[name]
        else:
            raise KitError(f"the build of {PACKAGE} asks for {name}, which is neither in it nor on every system")
        waiting += [n for n in read_needs(chosen[name], name).libraries if n not in _SYSTEM]
    return chosen


def _is_library(name: str) -> bool:
    return ".so" in PurePosixPath(name).suffixes and PurePosixPath(name).name.startswith("lib")


def _described(path: Path) -> PortableWheel:
    info = read_wheel(path)
    found = re.search(r"manylinux_(\d+)_(\d+)_", path.name)
    if found is None:
        raise KitError(f"{path} has no manylinux tag: remove it, and the next build makes it anew")
    with zipfile.ZipFile(path) as archive:
        names = [PurePosixPath(name).name for name in archive.namelist()]
    kernels = sorted(n.removeprefix("libggml-cpu-").removesuffix(".so") for n in names if _KERNELS.fullmatch(n))
    return PortableWheel(path, info.version, (int(found[1]), int(found[2])), tuple(kernels))


def _check_compiler() -> None:
    for variable, default in (("CC", "gcc"), ("CXX", "g++")):
        name = os.environ.get(variable, default).split()[0]
        if shutil.which(name) is None:
            raise KitError(
                f"no compiler {name}: llama.cpp is compiled for the kit, once; install gcc and g++, or set CC and CXX"
            )


def _compile(version: str, work: Path, report: Report) -> Path:
    source = work / "source"
    if not source.is_dir():
        report(f"{PACKAGE} {version}: fetching the source")
        command = ["download", "--no-deps", "--no-binary", PACKAGE, "--dest", str(work), f"{PACKAGE}=={version}"]
        _pip(command, os.environ, work)
        archives = sorted(work.glob("*.tar.gz"))
        if not archives:
            raise KitError(f"the package index has no source of {PACKAGE} {version}")
        unpacked = work / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        with tarfile.open(archives[0]) as archive:
            archive.extractall(unpacked, filter="data")
        next(unpacked.iterdir()).rename(source)
        shutil.rmtree(unpacked)
        _leave_out_tools(source)
    report(f"{PACKAGE} {version}: compiling for all processors (once; some 10 minutes on two cores)")
    environment = {**os.environ, "CMAKE_ARGS": " ".join(FLAGS)}
    out = work / "built"
    # a build folder that stays: what was compiled before an interruption is not compiled again
    command = [
        "wheel",
        "--no-deps",
        f"--config-settings=build-dir={work / 'objects'}",
        "--wheel-dir",
        str(out),
        str(source),
    ]
    _pip(command, environment, work)
    built = sorted(out.glob("*.whl"))
    if not built:
        raise KitError(f"the build of {PACKAGE} left no wheel in {out}")
    return built[0]


def _leave_out_tools(source: Path) -> None:
    """What llama.cpp's own programs share is not loaded by llama-cpp-python, which has it compiled all the same."""
    path = source / "CMakeLists.txt"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("set(LLAMA_BUILD_COMMON ON CACHE", "set(LLAMA_BUILD_COMMON OFF CACHE"), encoding="utf-8"
    )


def _pip(arguments: list[str], environment: Mapping[str, str], work: Path) -> None:
    log = work / "log.txt"
    with log.open("a", encoding="utf-8") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode != 0:
        raise KitError(f"pip {arguments[0]} of {PACKAGE} failed with exit code {done.returncode}: see {log}")


def _openmp_library() -> Path:
    compiler = os.environ.get("CC", "gcc").split()[0]
    done = subprocess.run([compiler, f"-print-file-name={_OPENMP}"], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip())
    if done.returncode != 0 or not path.is_absolute():
        raise KitError(f"{compiler} has no {_OPENMP}: install the OpenMP run-time library of the compiler (libgomp)")
    return path.resolve()
