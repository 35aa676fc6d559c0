"""The members of a bundle's tar, read strictly and in one pass.

Only plain files with a short name in an ordinary header are read. Everything else that a tar can hold (links, devices,
sparse files, long names, headers that override a name or a size) is refused, and so are bytes that belong to nothing:
two programs that read such an archive need not see the same files in it. What a header says about owners, modes and
times is no content and is passed over, so that a bundle may be packed again by another tar.

Format: POSIX.1-1988 "ustar" as GNU tar, bsdtar and Python write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from summarizer.errors import BundleError

BLOCK = 512
#: Large enough for full speed of SHA-256, small enough for the cache of a processor.
_CHUNK = 1 << 18
#: After the end mark a tar is filled with zeros up to a whole record: 10 KiB usually, more for tapes.
_PADDING_LIMIT = 1 << 20
_EXTENDED_LIMIT = 4 << 10

_MAGICS = (b"ustar\x0000", b"ustar  \x00")  # POSIX, GNU
_SIZE = re.compile(rb"[0-7]{11}[ \0]")
_CHECKSUM = re.compile(rb"[0-7]{6}(?:\0 | \0)|[0-7]{7}[ \0]")
_NAME = re.compile(rb"[\x20-\x7e]{1,100}")
_RECORD = re.compile(rb"([1-9][0-9]{0,3}) ([A-Za-z][A-Za-z.]{0,40})=")
#: Keys of an extended header that say nothing about names and contents.
_HARMLESS = frozenset({"atime", "ctime", "mtime", "uid", "gid", "uname", "gname"})
_PLAIN = (b"0", b"\0")
_EXTENDED = b"x"
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a directory",
    b"6": "a pipe",
    b"S": "a sparse file",
    b"L": "a header for a long name",
    b"K": "a header for a long link",
    b"g": "a header for all members",
    b"X": "an extended header of an old kind",
}
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK": "zip",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file in the tar. ``offset``: of its data, from the start of the tar."""

    name: str
    size: int
    offset: int


class Members:
    """Gives the members one after the other. Take the data of each, all of it, before the next one."""

    def __init__(self, stream: IO[bytes]) -> None:
        """``stream``: a buffered binary file at its start; it is only read on, never moved."""
        self._stream = stream
        self._buffer = memoryview(bytearray(_CHUNK))
        self._at = 0
        self._left = 0  #: of the data of the current member

    @property
    def at(self) -> int:
        """Bytes read so far: where the next header begins, once the data of a member is taken."""
        return self._at

    def next(self) -> Member | None:
        """The next member; None after the last, when the rest of the tar is found right. Raises BundleError."""
        if self._left:
            raise ValueError("the data of the last member was not read")
        found = self._header()
        if found is None:
            return None
        name, size, kind = found
        if kind == _EXTENDED:
            self._pass_over(name, size)
            found = self._header()
            if found is None or found[2] == _EXTENDED:
                raise BundleError(f"after the extended header {name!r} there is no member")
            name, size, kind = found
        if kind not in _PLAIN:
            raise BundleError(f"member {name!r} is {_kind(kind)}, not a plain file")
        self._left = size
        return Member(name, size, self._at)

    def chunks(self, member: Member) -> Iterator[memoryview]:
        """The member's data piece by piece; each piece is only good until the next one."""
        while self._left:
            n = self._stream.readinto(self._buffer[: min(self._left, _CHUNK)])  # type: ignore[attr-defined]
            if not n:
                raise _cut(f"member {member.name!r} ends early")
            self._at += n
            self._left -= n
            yield self._buffer[:n]
        self._end_of_data(member)

    def lines(self, member: Member, limit: int) -> Iterator[bytes]:
        """The member's data line by line, each with its line end; a piece of ``limit`` bytes is part of a longer line."""
        while self._left:
            line = self._stream.readline(min(self._left, limit))
            if not line:
                raise _cut(f"member {member.name!r} ends early")
            self._at += len(line)
            self._left -= len(line)
            yield line
        self._end_of_data(member)

    def read(self, member: Member) -> bytes:
        """The member's data as a whole: look at its size first."""
        return b"".join(bytes(chunk) for chunk in self.chunks(member))

    def _header(self) -> tuple[str, int, bytes] | None:
        """Name, size and type of the next header; None at the end mark."""
        block = self._stream.read(BLOCK)
        if self._at == 0:
            _check_first(block)
        if len(block) < BLOCK:
            raise _cut("the end mark of the tar is missing")
        if block.count(0) == BLOCK:
            self._verify_end()
            return None
        found = _parse_header(block, self._at)
        self._at += BLOCK
        return found

    def _pass_over(self, name: str, size: int) -> None:
        """Read an extended header; only what says nothing about names and contents may stand in it."""
        if size > _EXTENDED_LIMIT:
            raise BundleError(f"extended header {name!r} has {size} bytes, more than the {_EXTENDED_LIMIT} allowed")
        self._left = size
        header = Member(name, size, self._at)
        data = self.read(header)
        while data:
            found = _RECORD.match(data)
            n = int(found[1]) if found else 0
            if found is None or not found.end() < n <= len(data) or data[n - 1 : n] != b"\n":
                raise BundleError(f"extended header {name!r} is malformed")
            if (key := found[2].decode()) not in _HARMLESS:
                raise BundleError(f"extended header {name!r} sets {key}: a bundle's members have no such attribute")
            data = data[n:]

    def _end_of_data(self, member: Member) -> None:
        padding = self._stream.read(-member.size % BLOCK)
        if len(padding) != -member.size % BLOCK:
            raise _cut(f"member {member.name!r} ends early")
        if padding.count(0) != len(padding):
            raise BundleError(f"there is something between member {member.name!r} and the next header")
        self._at += len(padding)

    def _verify_end(self) -> None:
        """After the first block of the end mark only zeros, at least one more block, and not endlessly many."""
        n_zeros = 0
        while chunk := self._stream.read(_CHUNK):
            if chunk.count(0) != len(chunk):
                raise BundleError("there is something after its last member")
            n_zeros += len(chunk)
            if n_zeros > _PADDING_LIMIT:
                raise BundleError(f"more than {_PADDING_LIMIT} bytes of padding follow its last member")
        if n_zeros < BLOCK:
            raise _cut("the end mark of the tar is missing")


def _parse_header(block: bytes, at: int) -> tuple[str, int, bytes]:
    """Name, size and type. Fields that are not looked at: mode, owner, group, their names, time, device numbers."""
    checksum = sum(block) - sum(block[148:156]) + 8 * 0x20
    if not _CHECKSUM.fullmatch(block[148:156]) or int(block[148:156].strip(b"\0 "), 8) != checksum:
        raise BundleError(f"the header at byte {at} is damaged or is none: its checksum is wrong")
    raw_name = block[:100].rstrip(b"\0")
    name = raw_name.decode("ascii", "backslashreplace")
    if block[257:265] not in _MAGICS:
        raise BundleError(f"member {name!r} has a header of an unknown kind")
    if not _NAME.fullmatch(raw_name):
        raise BundleError(f"member {name!r} has a name that is empty or not printable ASCII")
    kind = block[156:157]
    if kind not in _PLAIN and kind != _EXTENDED:
        raise BundleError(f"member {name!r} is {_kind(kind)}, not a plain file")
    if not _SIZE.fullmatch(block[124:136]):
        raise BundleError(f"member {name!r} has a size that is no octal number of 11 digits")
    if any(block[157:257]) or any(block[345:512]):
        raise BundleError(f"member {name!r} has a link name, a name prefix or other bytes that a plain file has not")
    return name, int(block[124:135], 8), kind


def _check_first(block: bytes) -> None:
    """What people are likely to give instead of a bundle deserves an answer of its own."""
    if not block:
        raise BundleError("it is empty")
    for start, name in _COMPRESSED.items():
        if block.startswith(start):
            raise BundleError(f"not a tar file, but compressed ({name}): a bundle is a plain tar")
    if block.count(0) != len(block) and block[257:262] != b"ustar":
        raise BundleError("not a tar file")


def _kind(kind: bytes) -> str:
    return _KINDS.get(kind, f"an entry of tar type {kind!r}")


def _cut(what: str) -> BundleError:
    return BundleError(f"it is cut short: {what}")
