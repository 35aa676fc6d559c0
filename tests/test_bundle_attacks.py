"""What a crafted tar can try: each is refused with its own reason, before it costs time, memory or disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import tar_blocks
from tar_blocks import Entry, entry, join, pax_record, resealed, split

from summarizer.bundle import DEFAULT_LIMITS, Limits, open_bundle, verify_bundle
from summarizer.config import BundleConfig
from summarizer.errors import BundleError


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tar_blocks.small_bundle(tmp_path)


@pytest.fixture
def entries(bundle: Path) -> list[Entry]:
    return split(bundle.read_bytes())


def refusal(bundle: Path, data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    bundle.write_bytes(data)
    with pytest.raises(BundleError) as caught:
        verify_bundle(bundle, limits=limits)
    message = str(caught.value)
    assert message.startswith(f"bundle {bundle} is refused: ")
    assert "\n" not in message
    assert len(message) < 700
    return message


def test_blocks_put_together_are_the_bundle(bundle: Path, entries: list[Entry], tmp_path: Path) -> None:
    found = tar_blocks.content(bundle, tmp_path)
    assert [e.name for e in entries][:2] == ["manifest.json", "papers.jsonl"]
    bundle.write_bytes(join(entries))
    assert tar_blocks.content(bundle, tmp_path) == found
    bundle.write_bytes(join([entry(e.name, e.body) for e in entries]))
    assert tar_blocks.content(bundle, tmp_path) == found
    with tarfile.open(bundle) as tar:  # and what our own blocks make is a tar for others
        assert tar.getnames() == [e.name for e in entries]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("kind", b"1", "is a hard link"),
        ("kind", b"2", "is a symbolic link"),
        ("kind", b"3", "is a device"),
        ("kind", b"5", "is a directory"),
        ("kind", b"6", "is a pipe"),
        ("kind", b"7", "tar type b'7'"),
        ("kind", b"S", "is a sparse file"),
        ("kind", b"L", "a header for a long name"),
        ("kind", b"K", "a header for a long link"),
        ("kind", b"g", "a header for all members"),
        ("kind", b"X", "an extended header of an old kind"),
        ("kind", b"V", "tar type b'V'"),
        ("size", b"\x80" + bytes(10) + b"\x01", "no octal number"),
        ("size", b"\xff" * 12, "no octal number"),
        ("size", b"-0000000001\0", "no octal number"),
        ("size", b"0x1\0", "no octal number"),
        ("size", b"1\0garbage", "no octal number"),
        ("size", b"", "no octal number"),
        ("linkname", b"papers.jsonl", "a link name"),
        ("prefix", b"..", "a name prefix"),
        ("reserved", b"x", "other bytes"),
        ("magic", b"ustar\x0001", "header of an unknown kind"),
        ("magic", b"", "header of an unknown kind"),
        ("name", b"pdf/2602.11145v1.pdf\0evil", "not printable ASCII"),
        ("name", b"pdf/2602.11145v1.pdf\n", "not printable ASCII"),
        ("name", "pdf/２602.11145v1.pdf".encode(), "not printable ASCII"),
        ("name", b"", "empty or not printable ASCII"),
        ("name", b"../2602.11145v1.pdf", "leaves the bundle"),
        ("name", b"/pdf/2602.11145v1.pdf", "leaves the bundle"),
        ("name", b"pdf\\2602.11145v1.pdf", "leaves the bundle"),
        ("name", b"C:/2602.11145v1.pdf", "leaves the bundle"),
        ("name", b"pdf/./2602.11145v1.pdf", "not a plain relative path"),
        ("name", b"pdf/2602.11145v1.pdf/", "not a plain relative path"),
        ("name", b"pdf/2602.11145V1.pdf", "is not in the manifest"),
        ("name", b"x" * 100, "is not in the manifest"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_header_that_says_more_than_a_plain_file_needs(
    bundle: Path, entries: list[Entry], field: str, value: bytes, told: str
) -> None:
    entries[2] = entries[2].with_field(field, value)
    assert told in refusal(bundle, join(entries))


@pytest.mark.parametrize("field", sorted(tar_blocks.FREE_FIELDS))
def test_owners_modes_and_times_are_no_content(bundle: Path, entries: list[Entry], tmp_path: Path, field: str) -> None:
    found = tar_blocks.content(bundle, tmp_path)
    bundle.write_bytes(join([e.with_field(field, b"\xff\x01zz") for e in entries]))
    assert tar_blocks.content(bundle, tmp_path) == found


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
@pytest.mark.parametrize("form", ["gnu", "ustar", "posix"])
def test_gnu_tar_may_pack_a_bundle_again(bundle: Path, tmp_path: Path, form: str) -> None:
    found = tar_blocks.content(bundle, tmp_path)
    names = [e.name for e in split(bundle.read_bytes())]
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", bundle, "-C", folder], check=True)
    done = subprocess.run(["tar", f"--format={form}", "-cf", bundle, "-C", folder, *names], check=False)
    if done.returncode != 0:
        pytest.skip("this tar is not GNU tar")
    assert tar_blocks.content(bundle, tmp_path) == found


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (pax_record("path", "../evil"), "sets path"),
        (pax_record("size", "1"), "sets size"),
        (pax_record("linkpath", "x"), "sets linkpath"),
        (pax_record("hdrcharset", "BINARY"), "sets hdrcharset"),
        (pax_record("GNU.sparse.major", "1"), "sets GNU.sparse.major"),
        (pax_record("mtime", "1.5") + pax_record("path", "x"), "sets path"),
        (b"99 mtime=1\n", "malformed"),
        (b"9 mtime=\n12 mtime=1\n", "malformed"),
        (b"0 mtime=1\n", "malformed"),
        (b"1" * 4000, "malformed"),
        (b"mtime=1\n", "malformed"),
        (pax_record("uname", "x" * 5000), "more than the 4096 allowed"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_an_extended_header_may_not_touch_names_and_contents(
    bundle: Path, entries: list[Entry], records: bytes, told: str
) -> None:
    extended = entry("PaxHeader", records, b"x")
    assert told in refusal(bundle, join([*entries[:2], extended, *entries[2:]]))


def test_a_chain_of_headers_ends_at_once(bundle: Path, entries: list[Entry], tmp_path: Path) -> None:
    """Each used to be read by a function that called itself."""
    extended = entry("PaxHeader", pax_record("mtime", "1.5"), b"x")
    found = tar_blocks.content(bundle, tmp_path)
    bundle.write_bytes(join([extended, entries[0], *entries[1:]]))
    assert tar_blocks.content(bundle, tmp_path) == found
    assert "there is no member" in refusal(bundle, join([extended] * 5000 + entries))
    assert "there is no member" in refusal(bundle, join([*entries, extended]))
    assert "a header for a long name" in refusal(bundle, join([entry("n", b"x" * 120, b"L")] * 5000 + entries))


def test_bytes_that_belong_to_nothing(bundle: Path, entries: list[Entry]) -> None:
    hidden = entries[3].data[:-1] + b"!"
    between = [*entries[:3], Entry(entries[3].header, hidden)]
    assert "between member 'pdf/hep-th_9901001v2.pdf' and the next header" in refusal(bundle, join(between))
    assert "after its last member" in refusal(bundle, join(entries) + join(entries))
    assert "after its last member" in refusal(bundle, join(entries) + b"x")
    assert "bytes of padding" in refusal(bundle, join(entries) + bytes(2 << 20))
    assert "end mark of the tar is missing" in refusal(bundle, join(entries, bytes(512)))
    assert "end mark of the tar is missing" in refusal(bundle, join(entries, b""))
    assert "end mark of the tar is missing" in refusal(bundle, join(entries, bytes(100)))
    assert "in the manifest but missing from the tar" in refusal(bundle, join(entries[:3]))


def test_order_copies_and_strangers(bundle: Path, entries: list[Entry]) -> None:
    manifest, papers, first, second = entries
    assert "'pdf/2602.11145v1.pdf' is in the manifest but missing from its place" in refusal(
        bundle, join([manifest, papers, second, first])
    )
    assert "'papers.jsonl' is in the manifest but missing" in refusal(bundle, join([manifest, first, papers, second]))
    assert "'manifest.json' is there twice" in refusal(bundle, join([manifest, manifest, papers, first, second]))
    assert "'pdf/2602.11145v1.pdf' is there twice" in refusal(bundle, join([manifest, papers, first, first, second]))
    assert "'pdf/2602.11145v1.pdf' is there twice" in refusal(bundle, join([*entries, first]))
    assert "'notes.txt' is not in the manifest" in refusal(bundle, join([*entries, entry("notes.txt", b"x")]))
    assert "the first member is 'papers.jsonl'" in refusal(bundle, join([papers, manifest, first, second]))


def _files(*paths: str, size: int = 1) -> list[dict[str, object]]:
    return [{"path": path, "size": size, "sha256": "a" * 64} for path in paths]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (_files("papers.jsonl", "pdf/a.pdf", "pdf/A.pdf"), "'pdf/A.pdf' differs from 'pdf/a.pdf' in case only"),
        (_files("papers.jsonl", "pdf/a.pdf", "pdf/a.pdf"), "'pdf/a.pdf' is listed twice"),
        (_files("papers.jsonl", "PAPERS.JSONL"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "manifest.json"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "manifest.json.sig"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "run.sh"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "pdf/a.pdf.exe"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "pdf/a b.pdf"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "pdf/x/a.pdf"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "pdf/" + "a" * 90 + ".pdf"), "neither papers.jsonl nor a PDF"),
        (_files("papers.jsonl", "pdf/../a.pdf"), "leaves the bundle"),
        (_files("pdf/2602.11145v1.pdf", "papers.jsonl"), "lists 'pdf/2602.11145v1.pdf' before papers.jsonl"),
        (_files("pdf/2602.11145v1.pdf"), "does not list papers.jsonl"),
        (_files("papers.jsonl", size=1 << 40), "papers.jsonl has 1,099,511,627,776 bytes"),
        (_files("papers.jsonl") + _files("pdf/a.pdf", size=1 << 40), "more than the 536,870,912 allowed"),
        (_files("papers.jsonl") + _files(*(f"pdf/{n}.pdf" for n in range(40)), size=1 << 29), "max_bundle_bytes"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, str) else "files",
)
def test_a_manifest_that_lists_what_no_bundle_holds(
    bundle: Path, entries: list[Entry], files: list[dict[str, object]], told: str
) -> None:
    """Refused before the first byte of a file is read: what follows the manifest here is not even a tar."""
    forged = resealed(entries, files=files)
    assert told in refusal(bundle, join([forged[0], entries[1]], b"no tar"))


def test_limits_are_looked_at_first(bundle: Path, entries: list[Entry]) -> None:
    assert Limits(BundleConfig().max_member_bytes, BundleConfig().max_bundle_bytes) == DEFAULT_LIMITS
    data = bundle.read_bytes()
    told = refusal(bundle, data, Limits(max_member_bytes=699))
    assert "'pdf/2602.11145v1.pdf' has 700 bytes, more than the 699 allowed (bundle.max_member_bytes" in told
    assert "more than the 5,000 allowed (bundle.max_bundle_bytes" in refusal(
        bundle, data, Limits(max_bundle_bytes=5000)
    )
    with bundle.open("wb") as file:  # 20 GB of nothing: the size is asked, not read
        file.truncate(20 << 30)
    with pytest.raises(BundleError, match="max_bundle_bytes"):
        verify_bundle(bundle)
    big = entries[0].with_field("size", b"77777777777\0")
    assert "manifest.json has 8,589,934,591 bytes, more than the 8,388,608" in refusal(bundle, join([big]))
    signature = entry("manifest.json.sig", b"x" * 5000)
    assert "manifest.json.sig has 5000 bytes" in refusal(bundle, join([entries[0], signature, *entries[1:]]))


def test_the_writer_keeps_the_readers_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from summarizer.bundle import archive, reader

    def write() -> None:
        tar_blocks.small_bundle(tmp_path / "new")

    monkeypatch.setattr(archive, "LINE_LIMIT", 50)
    with pytest.raises(BundleError, match=r"paper 2602\.11145: its metadata take .* bytes, more than 50"):
        write()
    monkeypatch.undo()
    monkeypatch.setattr(reader, "_MANIFEST_LIMIT", 100)
    with pytest.raises(BundleError, match=r"manifest\.json has .* bytes, more than the 100"):
        write()
    monkeypatch.undo()
    monkeypatch.setattr(reader, "_PAPERS_LIMIT", 100)
    with pytest.raises(BundleError, match=r"papers\.jsonl has .* bytes, more than the 100"):
        write()
    assert not (tmp_path / "new" / "out").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m | {"n_fetched": 2**31},
        lambda m: m | {"post_date": "x" * 100_000},
        lambda m: m | {"window": "y" * 100_000},
        lambda m: m | {"files": [{"path": "z" * 100_000, "size": 1, "sha256": "a" * 64}]},
    ],
)
def test_a_wrong_value_is_told_in_one_short_line(
    bundle: Path, entries: list[Entry], change: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    manifest = json.loads(entries[0].body)
    manifest.pop("bundle_id")
    entries[0] = entries[0].with_body(json.dumps(change(manifest)).encode())
    refusal(bundle, join(entries))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.tar"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(BundleError, match="cannot open the bundle"), open_bundle(path):
            pass
    with pytest.raises(BundleError, match="cannot open the bundle"), open_bundle(Path("nul\0.tar")):
        pass


@pytest.mark.parametrize("magic", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"])
def test_nothing_is_decompressed(bundle: Path, magic: bytes) -> None:
    assert "not a tar file, but compressed" in refusal(bundle, magic + bytes(2000))
