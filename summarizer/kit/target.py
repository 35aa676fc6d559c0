"""The machine that a kit is for: its Python, its processor's architecture, its C library."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass

from summarizer.errors import ConfigError, KitError

#: Architectures with wheels of all that is needed and with kernels that llama.cpp chooses at run time.
MACHINES = ("x86_64", "aarch64")
_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}  # PEP 600
_PYTHON = re.compile(r"3\.(\d{1,2})")
_LEAST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Target:
    """Linux with glibc, by PEP 600: ``glibc`` is the oldest version that everything in the kit runs with."""

    python: tuple[int, int]
    machine: str
    glibc: tuple[int, int]

    @property
    def platform(self) -> str:
        return f"manylinux_{self.glibc[0]}_{self.glibc[1]}_{self.machine}"

    @property
    def python_version(self) -> str:
        return ".".join(map(str, self.python))

    def platforms(self) -> list[str]:
        """All platform tags whose wheels run there, the best first. pip takes ``--platform`` literally.

        Plain ``linux`` is none of them: such a wheel was compiled for one machine.
        """
        found = []
        for minor in range(self.glibc[1], 4, -1):
            found.append(f"manylinux_2_{minor}_{self.machine}")
            found += [f"{name}_{self.machine}" for name, glibc in _LEGACY.items() if glibc == (2, minor)]
        return found


def read_target(platform_tag: str | None, python: str | None, default_glibc: tuple[int, int]) -> Target:
    """From the options of the command; what is not given is this machine's, with ``default_glibc``.

    Raises ConfigError for what is no Python version or manylinux tag, KitError for an architecture that is not this one's:
    llama.cpp is compiled here.
    """
    minor = sys.version_info[1]
    if python is not None:
        found = _PYTHON.fullmatch(python)
        if found is None or (3, int(found[1])) < _LEAST_PYTHON:
            raise ConfigError(
                f"--python {python}: write a version from {'.'.join(map(str, _LEAST_PYTHON))} on, as 3.11"
            )
        minor = int(found[1])
    here = platform.machine()
    if platform_tag is None:
        machine, glibc = here, default_glibc
    else:
        machine, glibc = _read_platform(platform_tag)
    if machine != here or machine not in MACHINES:
        raise KitError(
            f"a kit for {machine} cannot be built on {here}: llama.cpp is compiled here, so build it on {machine} "
            f"(known: {', '.join(MACHINES)})"
        )
    return Target((3, minor), machine, glibc)


def _read_platform(tag: str) -> tuple[str, tuple[int, int]]:
    found = _MANYLINUX.fullmatch(tag)
    if found is not None:
        return found[3], (int(found[1]), int(found[2]))
    name, _, machine = tag.partition("_")
    if name in _LEGACY and machine:
        return machine, _LEGACY[name]
    raise ConfigError(f"--platform {tag}: write a manylinux tag, as manylinux_2_28_x86_64 (glibc 2.28 and later)")


def running_glibc() -> tuple[int, int] | None:
    """The C library of this machine; None where it is not glibc."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        major, minor = version.split(".")[:2]
        return (int(major), int(minor)) if name == "glibc" else None
    except (ValueError, OSError, AttributeError):
        return None
