"""Writing a bundle: one tar, in one piece, the same bytes for the same input."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import IO

from summarizer import ids
from summarizer.bundle.reader import (
    DEFAULT_LIMITS,
    LINE_LIMIT,
    Limits,
    check_manifest_size,
    expected_files,
    open_bundle,
)
from summarizer.bundle.rows import (
    BUNDLE_FORMAT,
    MANIFEST_PATH,
    PAPERS_PATH,
    check_lines,
    manifest_row,
    paper_row,
    pdf_path,
    read_manifest,
    read_paper,
)
from summarizer.bundle.signatures import SIGNATURES_PATH, Signature, Signer, write_signatures
from summarizer.errors import BundleError
from summarizer.records import Manifest, ManifestFile, Paper, Window


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
    sign: Sequence[Signer] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Path:
    """Write ``<post_date>-<first 12 of bundle_id>.tar`` into ``out_dir`` (made if absent) and return its path.

    ``pdfs`` maps (arxiv_id, version) of a paper to its file; a paper may have none. Each key of ``sign`` signs the
    manifest. The same input gives the same bytes. The file appears under its name only when it is whole and on disk.
    What a reader with the same ``limits`` would refuse is not written. Raises BundleError.
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
    check_manifest_size(len(data))
    expected_files(manifest, limits)
    signatures = write_signatures([Signature(key.key_id, key.sign(data)) for key in sign]) if sign else b""

    target = out_dir / f"{post_date.isoformat()}-{manifest.bundle_id[:12]}.tar"
    part = out_dir / f".{target.name}.part"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                tar.addfile(_member(MANIFEST_PATH, len(data)), io.BytesIO(data))
                if signatures:
                    tar.addfile(_member(SIGNATURES_PATH, len(signatures)), io.BytesIO(signatures))
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


def sign_bundle(path: Path, sign: Sequence[Signer], *, limits: Limits = DEFAULT_LIMITS) -> tuple[Signature, ...]:
    """Sign a bundle that is there, once all of it was found right; gives back all of its signatures.

    Signatures of other keys stay, nothing else changes, the ``bundle_id`` neither. The file is replaced when the new one is
    whole and on disk. Raises BundleError.
    """
    part = path.with_name(f".{path.name}.part")
    with open_bundle(path, limits=limits) as bundle:
        made = [Signature(key.key_id, key.sign(bundle.signed_bytes)) for key in sign]
        kept = [old for old in bundle.signatures if old.key_id not in {new.key_id for new in made}]
        data = write_signatures([*kept, *made])
        try:
            with part.open("wb") as out:
                out.write(_packed(MANIFEST_PATH, bundle.signed_bytes))
                out.write(_packed(SIGNATURES_PATH, data))
                bundle.copy_files(out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise BundleError(f"cannot write the bundle {path}: {error}") from error
        finally:
            part.unlink(missing_ok=True)
    return tuple(kept + made)


def _packed(name: str, data: bytes) -> bytes:
    return _member(name, len(data)).tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _line(paper: Paper) -> bytes:
    row = paper_row(paper)
    read_paper(row, f"paper {paper.arxiv_id!r}")
    check_lines(paper, f"paper {paper.arxiv_id!r}")
    try:
        line = ids.canonical_json(row).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise BundleError(f"paper {paper.arxiv_id}: its metadata cannot be written as UTF-8: {error}") from error
    if len(line) >= LINE_LIMIT:
        raise BundleError(f"paper {paper.arxiv_id}: its metadata take {len(line)} bytes, more than {LINE_LIMIT}")
    return line


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
