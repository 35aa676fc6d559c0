"""What a shared library asks of the system it is loaded on: other libraries, and versions of their symbols.

Read from the file itself (System V ABI, "Dynamic Section"; LSB core, "Symbol Versioning"): 64-bit little-endian ELF, which
is all that x86_64 and aarch64 Linux have.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from summarizer.errors import KitError

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_SONAME = 1, 5, 14
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF


@dataclass(frozen=True, slots=True)
class Needs:
    """``versions`` are such as ``GLIBC_2.34``, ``GLIBCXX_3.4.29``, each once."""

    soname: str
    libraries: tuple[str, ...]
    versions: frozenset[str]

    def newest(self, family: str) -> tuple[int, ...]:
        """The newest version of a family ("GLIBC"), as numbers; empty when none is asked for."""
        found = [v.removeprefix(f"{family}_") for v in self.versions if v.startswith(f"{family}_")]
        return max((tuple(map(int, v.split("."))) for v in found if v.replace(".", "").isdigit()), default=())


def read_needs(data: bytes, name: str) -> Needs:
    """``name`` is for the message of a KitError, raised for what is no such library."""
    try:
        return _Library(data).needs()
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise KitError(f"{name} is no ELF library that can be read: {error}") from error


class _Library:
    def __init__(self, data: bytes) -> None:
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not 64-bit little-endian ELF")
        self._data = data
        offset, (size, count) = int(struct.unpack_from("<Q", data, 32)[0]), struct.unpack_from("<HH", data, 54)
        segments = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
        self._loaded: list[tuple[int, int, int]] = [
            (address, at, n) for kind, _, at, address, _, n in segments if kind == _PT_LOAD
        ]
        self._entries: list[tuple[int, int]] = []
        for kind, _, at, _, _, n in segments:
            if kind == _PT_DYNAMIC:
                self._entries += [struct.unpack_from("<qQ", data, at + i) for i in range(0, n, 16)]
        self._strings = self._file_offset(self._value(_DT_STRTAB))

    def needs(self) -> Needs:
        libraries = tuple(self._text(value) for tag, value in self._entries if tag == _DT_NEEDED)
        soname = next((self._text(value) for tag, value in self._entries if tag == _DT_SONAME), "")
        return Needs(soname, libraries, frozenset(self._versions()))

    def _versions(self) -> list[str]:
        found: list[str] = []
        if not any(tag == _DT_VERNEED for tag, _ in self._entries):
            return found
        at = self._file_offset(self._value(_DT_VERNEED))
        for _ in range(self._value(_DT_VERNEEDNUM)):
            _, count, _, first, following = struct.unpack_from("<HHIII", self._data, at)
            entry = at + first
            for _ in range(count):
                name, step = struct.unpack_from("<II", self._data, entry + 8)
                found.append(self._text(name))
                entry += step
            at += following
        return found

    def _value(self, wanted: int) -> int:
        for tag, value in self._entries:
            if tag == wanted:
                return value
        raise ValueError(f"no dynamic entry {wanted:#x}")

    def _file_offset(self, address: int) -> int:
        for start, at, n in self._loaded:
            if start <= address < start + n:
                return at + address - start
        raise ValueError(f"address {address:#x} is in no segment")

    def _text(self, offset: int) -> str:
        start = self._strings + offset
        return self._data[start : self._data.index(b"\0", start)].decode("ascii")
