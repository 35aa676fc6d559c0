"""``SHA256SUMS``: the hash of every file of a folder, in the form that ``sha256sum -c`` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from summarizer.errors import KitError

SUMS_FILE = "SHA256SUMS"


def write_sums(folder: Path) -> str:
    """Hash every file below ``folder`` into its ``SHA256SUMS``; gives back the SHA-256 of that file.

    Raises KitError for what has no hash of its own (links, devices) and for names that would break a line.
    """
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in _names(folder)]
    data = "".join(lines).encode()
    (folder / SUMS_FILE).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """``path -> SHA-256`` by the folder's ``SHA256SUMS``. Raises KitError."""
    path = folder / SUMS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(f"{path} cannot be read: {error}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        sha256, separator, name = line.partition("  ")
        if not separator or len(sha256) != 64 or not name:
            raise KitError(f"{path} line {number} is no line of hashes")
        found[name] = sha256
    return found


def check_sums(folder: Path) -> int:
    """Compare every file below ``folder`` with its ``SHA256SUMS``; gives back how many bytes were read.

    Raises KitError naming the first file that is missing, changed, or not listed.
    """
    sums = read_sums(folder)
    there = set(_names(folder))
    if missing := sorted(sums.keys() - there):
        raise KitError(f"{folder}: {missing[0]} is missing ({len(missing)} files in all): copy the kit again")
    if added := sorted(there - sums.keys()):
        raise KitError(f"{folder}: {added[0]} is not in {SUMS_FILE} ({len(added)} such files): it does not belong here")
    n_bytes = 0
    for name, sha256 in sums.items():
        if file_sha256(folder / name) != sha256:
            raise KitError(f"{folder}: {name} is not as it was when the kit was built: copy the kit again")
        n_bytes += (folder / name).stat().st_size
    return n_bytes


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == SUMS_FILE or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise KitError(f"{path} is neither file nor folder: a kit holds plain files")
        if not name.isprintable() or "\\" in name:
            raise KitError(f"{path} has a name that SHA256SUMS cannot hold")
        yield name
