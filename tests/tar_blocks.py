"""Small bundles, and tars put together block by block, for tests that attack the reader."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from summarizer.bundle import Signer, daily_window, open_bundle, write_bundle
from summarizer.records import Paper

DAY = date(2026, 2, 12)
BLOCK = 512
#: Where the fields of a header stand.
FIELDS = {
    "name": (0, 100),
    "mode": (100, 108),
    "uid": (108, 116),
    "gid": (116, 124),
    "size": (124, 136),
    "mtime": (136, 148),
    "kind": (156, 157),
    "linkname": (157, 257),
    "magic": (257, 265),
    "uname": (265, 297),
    "gname": (297, 329),
    "devmajor": (329, 337),
    "devminor": (337, 345),
    "prefix": (345, 500),
    "reserved": (500, 512),
}
#: Fields that say nothing about names and contents.
FREE_FIELDS = frozenset({"mode", "uid", "gid", "mtime", "uname", "gname", "devmajor", "devminor"})


def make_paper(arxiv_id: str = "2602.11145", version: int = 1, **changes: Any) -> Paper:
    fields: dict[str, Any] = {
        "title": "A title with 中文",
        "authors": ("Ada L.",),
        "categories": ("cs.SD",),
        "primary_category": "cs.SD",
        "submitted_utc": datetime(2026, 2, 11, 17, 59, 59),
        "updated_utc": None,
        "abstract": "We measure it.",
        "comment": None,
        "links": (),
    }
    return Paper(arxiv_id, version, **(fields | changes))


def small_bundle(folder: Path, sign: tuple[Signer, ...] = ()) -> Path:
    """Three papers, two of them with a few bytes as their PDFs."""
    folder.mkdir(parents=True, exist_ok=True)
    papers = [make_paper(), make_paper("hep-th/9901001", 2), make_paper("2602.00001", 3)]
    pdfs = {}
    for paper, n_bytes in zip(papers, (700, 90), strict=False):
        path = folder / f"{n_bytes}.bin"
        path.write_bytes((b"%PDF-1.7\n" + bytes(range(1, 256)) * 3)[:n_bytes])
        pdfs[(paper.arxiv_id, paper.version)] = path
    return write_bundle(
        folder / "out",
        papers,
        pdfs,
        window=daily_window(DAY),
        post_date=DAY,
        categories=("cs.SD",),
        n_fetched=3,
        created_utc=datetime(2026, 2, 12, 1, 2, 3),
        sign=sign,
    )


def content(path: Path, folder: Path, **policy: Any) -> tuple[Any, ...]:
    """All that a reader learns from a bundle: its papers, its day and the bytes of every PDF."""
    with open_bundle(path, **policy) as bundle:
        pdfs = [
            bundle.extract_pdf(p.arxiv_id, p.version, folder).read_bytes()
            for p in bundle.papers
            if bundle.has_pdf(p.arxiv_id, p.version)
        ]
        return bundle.manifest.bundle_id, bundle.manifest.post_date, bundle.papers, pdfs


@dataclass(frozen=True)
class Entry:
    """A header block and what follows it, padding included."""

    header: bytes
    data: bytes

    @property
    def name(self) -> str:
        return self.header[:100].rstrip(b"\0").decode()

    @property
    def body(self) -> bytes:
        return self.data[: int(self.header[124:135], 8)]

    def with_field(self, field: str, value: bytes) -> Entry:
        """Another value in a field of the header, cut or filled with NULs; the checksum fits again."""
        start, end = FIELDS[field]
        value = value[: end - start].ljust(end - start, b"\0")
        return replace(self, header=sealed(self.header[:start] + value + self.header[end:]))

    def with_body(self, body: bytes) -> Entry:
        return replace(self.with_field("size", b"%011o\0" % len(body)), data=padded(body))


def entry(name: str, body: bytes = b"", kind: bytes = b"0") -> Entry:
    header = bytearray(BLOCK)
    header[: len(name)] = name.encode()
    header[100:108], header[108:116], header[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    header[124:136], header[136:148] = b"%011o\0" % len(body), b"00000000000\0"
    header[156:157], header[257:265] = kind, b"ustar\x0000"
    return Entry(sealed(bytes(header)), padded(body))


def sealed(header: bytes) -> bytes:
    """The header with the checksum that fits it."""
    checksum = sum(header) - sum(header[148:156]) + 8 * 0x20
    return header[:148] + b"%06o\0 " % checksum + header[156:]


def padded(body: bytes) -> bytes:
    return body + bytes(-len(body) % BLOCK)


def pax_record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    n = len(rest) + 1
    while len(str(n)) + len(rest) != n:
        n += 1
    return str(n).encode() + rest


def split(data: bytes) -> list[Entry]:
    """The members of a plain tar."""
    found = []
    while any(data[:BLOCK]):
        n = BLOCK + len(padded(bytes(int(data[124:135], 8))))
        found.append(Entry(data[:BLOCK], data[BLOCK:n]))
        data = data[n:]
    return found


def join(entries: list[Entry], end: bytes = bytes(2 * BLOCK)) -> bytes:
    return b"".join(e.header + e.data for e in entries) + end


def resealed(entries: list[Entry], **changes: Any) -> list[Entry]:
    """Change keys of the manifest and make it agree with the members again: what a forger would do."""
    manifest = json.loads(entries[0].body)
    manifest.pop("bundle_id")
    manifest["files"] = [
        {"path": e.name, "size": len(e.body), "sha256": hashlib.sha256(e.body).hexdigest()}
        for e in entries[1:]
        if e.name != "manifest.json.sig"
    ]
    manifest |= changes
    return [entries[0].with_body(json.dumps(manifest).encode()), *entries[1:]]
