"""Reading a bundle: verified from the first byte to the last, then its papers and PDFs.

Nothing is extracted by a member's own name, and nothing is taken from the tar that the manifest does not list: the members
must be those of the manifest, in its order, and every PDF must belong to a row.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from summarizer import ids
from summarizer.bundle.members import Member, Members
from summarizer.bundle.rows import (
    MANIFEST_PATH,
    PAPERS_PATH,
    check_lines,
    parse_json,
    pdf_path,
    read_manifest,
    read_paper,
)
from summarizer.bundle.signatures import SIGNATURES_LIMIT, SIGNATURES_PATH, Signature, Trust, read_signatures
from summarizer.errors import BundleError
from summarizer.records import Manifest, ManifestFile, Paper, PublicKey

_CHUNK = 1 << 18
_MANIFEST_LIMIT = 8 << 20  # some 60,000 files
_PAPERS_LIMIT = 64 << 20  # some 30,000 papers
LINE_LIMIT = 4 << 20
_MESSAGE_LIMIT = 500
_PDF_NAME = re.compile(r"pdf/[A-Za-z0-9._-]{1,80}\.pdf")


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, looked at before anything of that size is read or written."""

    max_member_bytes: int = 1 << 29  #: of one PDF; arXiv's largest are about a tenth of it
    max_bundle_bytes: int = 1 << 34  #: of the whole bundle


DEFAULT_LIMITS = Limits()


def verify_bundle(path: Path, *, trust: Trust | None = None, limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """Check a bundle whole: tar, signatures, names, sizes, hashes, rows. Reads it once, in constant memory but for the rows.

    Raises BundleError naming the member that is wrong.
    """
    with open_bundle(path, trust=trust, limits=limits) as bundle:
        return bundle.manifest


@contextmanager
def open_bundle(path: Path, *, trust: Trust | None = None, limits: Limits = DEFAULT_LIMITS) -> Iterator[Bundle]:
    """A verified bundle, for reading. Nothing is yielded before all of it was found right.

    ``trust`` decides which bundles are let in by their signatures; None: all, signed or not, by whomever. Raises
    BundleError.
    """
    with _opened(path, limits) as stream:
        try:
            bundle = _verify(path, stream, trust, limits)
        except BundleError as error:
            raise BundleError(f"bundle {path} is refused: {_shortened(str(error))}") from error
        except OSError as error:
            raise BundleError(f"bundle {path} cannot be read: {error.strerror or error}") from error
        yield bundle


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified, open bundle. One thread uses it."""

    path: Path
    manifest: Manifest
    papers: tuple[Paper, ...]  #: in the order of the bundle
    signatures: tuple[Signature, ...]  #: as they stand in the bundle; empty: it is not signed
    signed_by: tuple[PublicKey, ...]  #: the trusted keys whose signatures were checked and are right
    signed_bytes: bytes  #: ``manifest.json`` as it stands in the tar: what a signature signs
    _stream: IO[bytes]
    _rest: int  #: offset of the members that the manifest lists
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
        target = folder / f"{ids.file_stem(arxiv_id, version)}.pdf"
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

    def copy_files(self, out: IO[bytes]) -> None:
        """Write the rest of the tar behind manifest and signatures, as it stands."""
        self._stream.seek(self._rest)
        shutil.copyfileobj(self._stream, out, _CHUNK)


def check_manifest_size(n_bytes: int) -> None:
    if n_bytes > _MANIFEST_LIMIT:
        raise BundleError(f"{MANIFEST_PATH} has {n_bytes:,} bytes, more than the {_MANIFEST_LIMIT:,} allowed")


def expected_files(manifest: Manifest, limits: Limits) -> tuple[ManifestFile, ...]:
    """What a manifest lists, found to be what a bundle may hold: names, order, sizes. Raises BundleError."""
    known: dict[str, str] = {}
    for entry in manifest.files:
        _check_name(entry.path, f"{MANIFEST_PATH}: path")
        if entry.path != PAPERS_PATH and not _PDF_NAME.fullmatch(entry.path):
            raise BundleError(f"{MANIFEST_PATH}: path {entry.path!r} is neither {PAPERS_PATH} nor a PDF in pdf/")
        other = known.setdefault(entry.path.casefold(), entry.path)
        if other is not entry.path:
            how = "is listed twice" if other == entry.path else f"differs from {other!r} in case only"
            raise BundleError(f"{MANIFEST_PATH}: path {entry.path!r} {how}")
        if entry.path == PAPERS_PATH:
            if entry.size > _PAPERS_LIMIT:
                raise BundleError(f"{PAPERS_PATH} has {entry.size:,} bytes, more than the {_PAPERS_LIMIT:,} allowed")
        elif entry.size > limits.max_member_bytes:
            raise BundleError(_too_large(repr(entry.path), entry.size, limits.max_member_bytes, "max_member_bytes"))
    if PAPERS_PATH not in known:
        raise BundleError(f"{MANIFEST_PATH} does not list {PAPERS_PATH}")
    if manifest.files[0].path != PAPERS_PATH:
        raise BundleError(f"{MANIFEST_PATH} lists {manifest.files[0].path!r} before {PAPERS_PATH}")
    if (total := sum(entry.size for entry in manifest.files)) > limits.max_bundle_bytes:
        raise BundleError(_too_large("all of it", total, limits.max_bundle_bytes, "max_bundle_bytes"))
    return manifest.files


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[IO[bytes]]:
    try:
        # a pipe would be waited for, a device could have no end
        stream = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise BundleError(f"cannot open the bundle {path}: {reason or error}") from error
    with stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"cannot open the bundle {path}: it is no regular file")
        if status.st_size > limits.max_bundle_bytes:
            told = _too_large("it", status.st_size, limits.max_bundle_bytes, "max_bundle_bytes")
            raise BundleError(f"bundle {path} is refused: {told}")
        yield stream


def _open_at_once(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _verify(path: Path, stream: IO[bytes], trust: Trust | None, limits: Limits) -> Bundle:
    members = Members(stream)
    data = _read_first(members)
    rest = members.at
    member = members.next()
    signatures: tuple[Signature, ...] = ()
    if member is not None and member.name == SIGNATURES_PATH:
        if member.size > SIGNATURES_LIMIT:
            raise BundleError(f"{SIGNATURES_PATH} has {member.size} bytes, more than {SIGNATURES_LIMIT}")
        signatures = read_signatures(members.read(member))
        rest = members.at
        member = members.next()
    # before the manifest is believed, or even parsed
    signed_by = trust.check(data, signatures) if trust is not None else ()
    manifest = read_manifest(data)
    papers: tuple[Paper, ...] = ()
    offsets: dict[str, tuple[ManifestFile, int]] = {}
    seen = {MANIFEST_PATH, SIGNATURES_PATH} if signatures else {MANIFEST_PATH}
    listed = {entry.path for entry in manifest.files}
    for entry in expected_files(manifest, limits):
        if member is None:
            raise BundleError(f"member {entry.path!r} is in the manifest but missing from the tar")
        _check_member(member, entry, seen, listed)
        seen.add(member.name)
        if entry.path == PAPERS_PATH:
            papers = _read_papers(members.lines(member, LINE_LIMIT), entry)
            _check_rows(papers, manifest.files[1:])
        else:
            offsets[entry.path] = (entry, member.offset)
            _check_hash(entry, _hash(members.chunks(member)))
        member = members.next()
    if member is not None:
        _check_member(member, None, seen, listed)
    return Bundle(path, manifest, papers, signatures, signed_by, data, stream, rest, offsets)


def _read_first(members: Members) -> bytes:
    member = members.next()
    if member is None:
        raise BundleError(f"it has no {MANIFEST_PATH}")
    if member.name != MANIFEST_PATH:
        raise BundleError(f"the first member is {member.name!r}, not {MANIFEST_PATH}")
    check_manifest_size(member.size)
    return members.read(member)


def _check_member(member: Member, entry: ManifestFile | None, seen: set[str], listed: set[str]) -> None:
    """Whether this is the member that must come now; ``entry`` None: none must."""
    if entry is not None and member.name == entry.path:
        if member.size != entry.size:
            raise BundleError(f"member {member.name!r} has {member.size} bytes, the manifest says {entry.size}")
        return
    _check_name(member.name, "member")
    if member.name in seen:
        raise BundleError(f"member {member.name!r} is there twice")
    if member.name not in listed or entry is None:
        raise BundleError(f"member {member.name!r} is not in the manifest")
    raise BundleError(
        f"member {entry.path!r} is in the manifest but missing from its place: {member.name!r} stands there"
    )


def _check_name(name: str, what: str) -> None:
    parts = name.split("/")
    if "\\" in name or name.startswith("/") or ".." in parts or ":" in parts[0]:
        raise BundleError(f"{what} {name!r} leaves the bundle")
    if any(part in ("", ".") for part in parts):
        raise BundleError(f"{what} {name!r} is not a plain relative path")


def _hash(chunks: Iterable[memoryview]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _check_hash(entry: ManifestFile, found: str) -> None:
    if found != entry.sha256:
        raise BundleError(
            f"member {entry.path!r} has the SHA-256 {found[:12]}…, the manifest says {entry.sha256[:12]}…"
        )


def _read_papers(lines: Iterable[bytes], entry: ManifestFile) -> tuple[Paper, ...]:
    """Rows line by line. A wrong hash is said before a wrong row: it is the cause of it."""
    digest = hashlib.sha256()
    papers: dict[tuple[str, int], Paper] = {}
    wrong: BundleError | None = None
    for number, line in enumerate(lines, start=1):
        digest.update(line)
        if wrong is not None:
            continue
        try:
            where = f"{PAPERS_PATH} line {number}"
            if len(line) == LINE_LIMIT:
                raise BundleError(f"{where} is longer than {LINE_LIMIT} bytes")
            paper = read_paper(parse_json(line, where), where)
            check_lines(paper, where)
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


def _check_rows(papers: Iterable[Paper], pdfs: Iterable[ManifestFile]) -> None:
    wanted = {pdf_path(paper.arxiv_id, paper.version) for paper in papers}
    for entry in pdfs:
        if entry.path not in wanted:
            raise BundleError(f"member {entry.path!r} belongs to no row of {PAPERS_PATH}")


def _too_large(what: str, size: int, limit: int, setting: str) -> str:
    return f"{what} has {size:,} bytes, more than the {limit:,} allowed (bundle.{setting} in the configuration)"


def _shortened(message: str) -> str:
    return message if len(message) <= _MESSAGE_LIMIT else f"{message[:_MESSAGE_LIMIT]}…"
