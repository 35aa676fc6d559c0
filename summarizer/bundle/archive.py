"""The tar around a bundle: written in one piece, verified from the first byte to the last, then read.

Reading never extracts by a member's own name: what may be in the tar is what the manifest and the rows imply, and
anything else refuses the bundle.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO

from summarizer import ids
from summarizer.bundle.rows import (
    BUNDLE_FORMAT,
    MANIFEST_PATH,
    PAPERS_PATH,
    manifest_row,
    paper_row,
    parse_json,
    pdf_path,
    read_manifest,
    read_paper,
)
from summarizer.errors import BundleError
from summarizer.records import Manifest, ManifestFile, Paper, Window

_CHUNK = 1 << 20
_MANIFEST_LIMIT = 64 << 20  # some 400,000 files
_LINE_LIMIT = 4 << 20
_EXTENDED_HEADER_LIMIT = 64 << 10
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a directory",
    tarfile.FIFOTYPE: "a pipe",
}


def write_bundle(
    out_dir: Path,
    papers: Sequence[Paper],
    pdfs: Mapping[tuple[str, int], Path],
    *,
    window: Window,
    post_date: date,
    categories: Sequence[str],
    n_fetched: int,
    created_utc: datetime,
) -> Path:
    """Write ``<post_date>-<first 12 of bundle_id>.tar`` into ``out_dir`` (made if absent) and return its path.

    ``pdfs`` maps (arxiv_id, version) of a paper to its file; a paper may have none. The same input gives the same
    bytes. The file appears under its name only when it is whole and on disk. Raises BundleError.
    """
    lines = [_line(paper) for paper in papers]
    keys = [(paper.arxiv_id, paper.version) for paper in papers]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BundleError(f"{ids.versioned(*twice)} is given twice: a bundle holds a version once")
    if stray := sorted(set(pdfs) - set(keys)):
        raise BundleError(f"{ids.versioned(*stray[0])} has a PDF but no paper: give both or none")
    rows = b"".join(lines)
    sources = [(_file_entry(pdf_path(*key), pdfs[key]), pdfs[key]) for key in keys if key in pdfs]
    papers_entry = ManifestFile(PAPERS_PATH, len(rows), hashlib.sha256(rows).hexdigest())
    files = (papers_entry, *(entry for entry, _ in sources))
    manifest = Manifest("", BUNDLE_FORMAT, created_utc, post_date, window, tuple(categories), n_fetched, files)
    data = ids.canonical_json(manifest_row(manifest)).encode() + b"\n"
    manifest = read_manifest(data)  # what we would refuse to read, we do not write

    target = out_dir / f"{post_date.isoformat()}-{manifest.bundle_id[:12]}.tar"
    part = out_dir / f".{target.name}.part"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                tar.addfile(_member(MANIFEST_PATH, len(data)), io.BytesIO(data))
                tar.addfile(_member(PAPERS_PATH, len(rows)), io.BytesIO(rows))
                for entry, path in sources:
                    _add_file(tar, entry, path)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
        _sync_folder(out_dir)
    except OSError as error:
        raise BundleError(f"cannot write the bundle {target}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def verify_bundle(path: Path) -> Manifest:
    """Check a bundle whole: tar, names, sizes, hashes, rows. Reads it once, in constant memory but for the rows.

    Raises BundleError naming the member that is wrong.
    """
    with _opened(path) as stream:
        return _verify(path, stream).manifest


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """A verified bundle, for reading. Nothing is yielded before all of it was found right. Raises BundleError."""
    with _opened(path) as stream:
        yield _verify(path, stream)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified, open bundle. One thread uses it."""

    path: Path
    manifest: Manifest
    papers: tuple[Paper, ...]  #: in the order of the bundle
    _stream: IO[bytes]
    _pdfs: Mapping[str, tuple[ManifestFile, int]]  #: by path in the bundle, with the offset of the data

    def has_pdf(self, arxiv_id: str, version: int) -> bool:
        return self.pdf_entry(arxiv_id, version) is not None

    def pdf_entry(self, arxiv_id: str, version: int) -> ManifestFile | None:
        """Path in the bundle, size and SHA-256 of a paper's PDF; None when the paper came without one."""
        found = self._pdfs.get(pdf_path(arxiv_id, version))
        return found[0] if found else None

    def extract_pdf(self, arxiv_id: str, version: int, folder: Path) -> Path:
        """Write a paper's PDF as ``<folder>/<id>v<version>.pdf`` and return that path.

        The hash is checked once more on the way. Raises BundleError, also when there is no PDF.
        """
        found = self._pdfs.get(pdf_path(arxiv_id, version))
        if found is None:
            raise BundleError(f"{self.path}: {ids.versioned(arxiv_id, version)} has no PDF in this bundle")
        entry, offset = found
        target = folder / Path(entry.path).name
        part = target.with_name(f".{target.name}.part")
        digest = hashlib.sha256()
        left = entry.size
        try:
            self._stream.seek(offset)
            with part.open("wb") as out:
                while left and (chunk := self._stream.read(min(left, _CHUNK))):
                    digest.update(chunk)
                    out.write(chunk)
                    left -= len(chunk)
            if left or digest.hexdigest() != entry.sha256:
                raise BundleError(f"{self.path}: {entry.path} changed since it was verified: copy the bundle again")
            part.replace(target)
        except OSError as error:
            raise BundleError(f"{self.path}: cannot extract {entry.path} to {folder}: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        return target


def _line(paper: Paper) -> bytes:
    row = paper_row(paper)
    read_paper(row, f"paper {paper.arxiv_id!r}")
    try:
        return ids.canonical_json(row).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise BundleError(f"paper {paper.arxiv_id}: its metadata cannot be written as UTF-8: {error}") from error


def _file_entry(member: str, path: Path) -> ManifestFile:
    try:
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256")
            return ManifestFile(member, source.tell(), digest.hexdigest())
    except OSError as error:
        raise BundleError(f"cannot read {path} for the bundle: {error}") from error


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)  # owner 0 without a name, time 0: the bytes depend on the content alone
    member.size = size
    member.mode = 0o644
    return member


def _add_file(tar: tarfile.TarFile, entry: ManifestFile, path: Path) -> None:
    with path.open("rb") as source:
        copied = _Digest(source)
        # a file that shrank is an OSError of tarfile's, one that grew ends early and shows in the hash or the rest
        tar.addfile(_member(entry.path, entry.size), copied)
        if copied.hexdigest() != entry.sha256 or source.read(1):
            raise BundleError(f"{path} changed while it was packed: run the command again")


class _Digest:
    """A reader that hashes what passes through it, as much of the file protocol as tarfile uses."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._sha256.update(data)
        return data

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def _sync_folder(folder: Path) -> None:
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise BundleError(f"cannot open the bundle {path}: {error.strerror or error}") from error
    with stream:
        yield stream


class _Header(tarfile.TarInfo):
    """Stops two ways in which a crafted header makes tarfile loop or fill the memory, before it acts on them."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0:
            raise BundleError(f"member {header.name!r} has a negative size")
        if header.type not in _PLAIN and header.size > _EXTENDED_HEADER_LIMIT:
            raise BundleError(f"member {header.name!r} is {_kind(header)}, not a plain file")
        return header


def _kind(member: tarfile.TarInfo) -> str:
    return _KINDS.get(member.type, f"an entry of tar type {member.type!r}")


def _verify(path: Path, stream: IO[bytes]) -> Bundle:
    try:
        with tarfile.open(fileobj=stream, mode="r:", tarinfo=_Header, errorlevel=2) as tar:
            bundle = _verify_members(path, stream, tar)
            _verify_end(stream, tar)
            return bundle
    except BundleError as error:
        raise BundleError(f"bundle {path} is refused: {error}") from error
    except (tarfile.TarError, OSError, ValueError, OverflowError, EOFError) as error:
        # ValueError and OverflowError: tarfile lets them out for some broken extended headers
        raise BundleError(f"bundle {path} is refused: not a tar file, or cut short: {error}") from error


def _verify_members(path: Path, stream: IO[bytes], tar: tarfile.TarFile) -> Bundle:
    manifest: Manifest | None = None
    expected: dict[str, ManifestFile] = {}
    seen: set[str] = set()
    papers: tuple[Paper, ...] = ()
    offsets: dict[str, tuple[ManifestFile, int]] = {}
    while (member := tar.next()) is not None:
        _check_member(member)
        if member.name in seen:
            raise BundleError(f"member {member.name!r} is there twice")
        seen.add(member.name)
        data = tar.extractfile(member)
        assert data is not None  # a plain file has data
        if manifest is None:
            if member.name != MANIFEST_PATH:
                raise BundleError(f"the first member is {member.name!r}, not {MANIFEST_PATH}")
            if member.size > _MANIFEST_LIMIT:
                raise BundleError(f"{MANIFEST_PATH} has {member.size} bytes, more than any manifest")
            manifest = read_manifest(data.read())
            expected = _expected_files(manifest)
            continue
        entry = expected.get(member.name)
        if entry is None:
            raise BundleError(f"member {member.name!r} is not in the manifest")
        if member.size != entry.size:
            raise BundleError(f"member {member.name!r} has {member.size} bytes, the manifest says {entry.size}")
        if member.name == PAPERS_PATH:
            papers = _read_papers(data, entry)
        else:
            _check_hash(entry, _hash(data))
            offsets[member.name] = (entry, member.offset_data)
    if manifest is None:
        raise BundleError(f"it has no {MANIFEST_PATH}")
    if missing := [name for name in expected if name not in seen]:
        raise BundleError(f"member {missing[0]!r} is in the manifest but missing from the tar ({len(missing)} missing)")
    wanted = {pdf_path(paper.arxiv_id, paper.version) for paper in papers}
    if stray := [name for name in offsets if name not in wanted]:
        raise BundleError(f"member {stray[0]!r} belongs to no row of {PAPERS_PATH}")
    return Bundle(path, manifest, papers, stream, offsets)


def _check_member(member: tarfile.TarInfo) -> None:
    if member.type not in _PLAIN or member.issparse():
        raise BundleError(f"member {member.name!r} is {_kind(member)}, not a plain file")
    _check_name(member.name, "member")


def _check_name(name: str, what: str) -> None:
    parts = name.split("/")
    if "\\" in name or name.startswith("/") or ".." in parts or ":" in parts[0]:
        raise BundleError(f"{what} {name!r} leaves the bundle")
    if any(part in ("", ".") for part in parts):
        raise BundleError(f"{what} {name!r} is not a plain relative path")


def _expected_files(manifest: Manifest) -> dict[str, ManifestFile]:
    expected: dict[str, ManifestFile] = {}
    for entry in manifest.files:
        _check_name(entry.path, f"{MANIFEST_PATH}: path")
        if entry.path in expected or entry.path == MANIFEST_PATH:
            raise BundleError(f"{MANIFEST_PATH}: path {entry.path!r} is listed twice, or lists the manifest itself")
        expected[entry.path] = entry
    if PAPERS_PATH not in expected:
        raise BundleError(f"{MANIFEST_PATH} does not list {PAPERS_PATH}")
    return expected


def _hash(data: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := data.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _check_hash(entry: ManifestFile, found: str) -> None:
    if found != entry.sha256:
        raise BundleError(
            f"member {entry.path!r} has the SHA-256 {found[:12]}…, the manifest says {entry.sha256[:12]}…"
        )


def _read_papers(data: IO[bytes], entry: ManifestFile) -> tuple[Paper, ...]:
    """Rows line by line. A wrong hash is said before a wrong row: it is the cause of it."""
    digest = hashlib.sha256()
    papers: dict[tuple[str, int], Paper] = {}
    wrong: BundleError | None = None
    number = 0
    while line := data.readline(_LINE_LIMIT):
        digest.update(line)
        number += 1
        if wrong is not None:
            continue
        try:
            where = f"{PAPERS_PATH} line {number}"
            if len(line) == _LINE_LIMIT:
                raise BundleError(f"{where} is longer than {_LINE_LIMIT} bytes")
            paper = read_paper(parse_json(line, where), where)
            key = (paper.arxiv_id, paper.version)
            if key in papers:
                raise BundleError(f"{where} repeats {ids.versioned(*key)}")
            papers[key] = paper
        except BundleError as error:
            wrong = error
    _check_hash(entry, digest.hexdigest())
    if wrong is not None:
        raise wrong
    return tuple(papers.values())


def _verify_end(stream: IO[bytes], tar: tarfile.TarFile) -> None:
    """After the last member only zeros, at least the two blocks that end a tar: else it was cut, or hides something."""
    stream.seek(tar.offset)
    n_zeros = 0
    while chunk := stream.read(_CHUNK):
        if chunk.count(0) != len(chunk):
            raise BundleError("there is something after its last member")
        n_zeros += len(chunk)
    if n_zeros < 2 * tarfile.BLOCKSIZE:
        raise BundleError("it is cut short: the end mark of the tar is missing")
