"""The bundle: what is written is read back equal, and nothing but a whole, honest bundle is read at all."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summarizer.bundle import daily_window, open_bundle, paper_row, read_paper, reader, verify_bundle, write_bundle
from summarizer.errors import BundleError, ConfigError
from summarizer.ids import content_hash
from summarizer.records import ManifestFile, Paper

DAY = date(2026, 2, 12)
CREATED = datetime(2026, 2, 12, 1, 2, 3)


def make_paper(arxiv_id: str = "2602.11145", version: int = 1, **changes: Any) -> Paper:
    fields: dict[str, Any] = {
        "title": "A title with “quotes” and 中文",
        "authors": ("Ada L.", "Émile B."),
        "categories": ("cs.SD", "eess.AS"),
        "primary_category": "cs.SD",
        "submitted_utc": datetime(2026, 2, 11, 17, 59, 59),
        "updated_utc": None,
        "abstract": "We measure it.\nTwice.",
        "comment": None,
        "links": ("https://arxiv.org/abs/2602.11145v1",),
    }
    return Paper(arxiv_id, version, **(fields | changes))


@pytest.fixture
def made(tmp_path: Path) -> tuple[list[Paper], dict[tuple[str, int], Path]]:
    papers = [make_paper(), make_paper("hep-th/9901001", 2, comment="8 pages"), make_paper("2602.00001", 3)]
    pdfs = {}
    for number, paper in enumerate(papers[:2]):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * (number + 1))
        pdfs[(paper.arxiv_id, paper.version)] = path
    return papers, pdfs


def write(out: Path, made: tuple[list[Paper], dict[tuple[str, int], Path]], **changes: Any) -> Path:
    options: dict[str, Any] = {
        "window": daily_window(DAY),
        "post_date": DAY,
        "categories": ("cs.SD", "eess.AS"),
        "n_fetched": 5,
        "created_utc": CREATED,
    }
    return write_bundle(out, made[0], made[1], **(options | changes))


@pytest.fixture
def bundle(tmp_path: Path, made: tuple[list[Paper], dict[tuple[str, int], Path]]) -> Path:
    return write(tmp_path / "out", made)


def members(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as tar:
        read = []
        for member in tar:
            data = tar.extractfile(member)
            read.append((member, data.read() if data else b""))
        return read


def rebuild(path: Path, content: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for member, data in content:
            tar.addfile(member, io.BytesIO(data))
    return path


def plain(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def reforge(path: Path, change: Callable[[dict[str, bytes]], None], order: list[str] | None = None) -> Path:
    """Change members and make the manifest agree again: what a wrong writer, not a bad disk, would leave."""
    content = {member.name: data for member, data in members(path)}
    change(content)
    manifest = json.loads(content["manifest.json"])
    manifest.pop("bundle_id", None)
    manifest["files"] = [
        {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content.items()
        if name != "manifest.json"
    ]
    content["manifest.json"] = json.dumps(manifest).encode()
    return rebuild(path, [plain(name, content[name]) for name in order or content])


def refused(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        verify_bundle(path)
    with pytest.raises(BundleError), open_bundle(path):
        pytest.fail("a refused bundle was opened")
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_reads_back_what_was_written(bundle, made, tmp_path):
    papers, pdfs = made
    manifest = verify_bundle(bundle)
    assert bundle.name == f"2026-02-12-{manifest.bundle_id[:12]}.tar"
    assert manifest.created_utc == CREATED
    assert (manifest.post_date, manifest.categories, manifest.n_fetched) == (DAY, ("cs.SD", "eess.AS"), 5)
    assert manifest.window == daily_window(DAY)
    with open_bundle(bundle) as opened:
        assert opened.papers == tuple(papers)
        assert opened.manifest == manifest
        assert [opened.has_pdf(p.arxiv_id, p.version) for p in papers] == [True, True, False]
        assert not opened.has_pdf("2602.11145", 2)
        for (arxiv_id, version), source in pdfs.items():
            entry = opened.pdf_entry(arxiv_id, version)
            assert entry is not None
            assert entry.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
            target = opened.extract_pdf(arxiv_id, version, tmp_path)
            assert target.read_bytes() == source.read_bytes()
        assert target.name == "hep-th_9901001v2.pdf"
        with pytest.raises(BundleError, match=r"2602\.00001v3 has no PDF"):
            opened.extract_pdf("2602.00001", 3, tmp_path)
    assert [member.name for member, _ in members(bundle)] == [
        "manifest.json",
        "papers.jsonl",
        "pdf/2602.11145v1.pdf",
        "pdf/hep-th_9901001v2.pdf",
    ]
    row = json.loads(members(bundle)[0][1])
    assert row.pop("bundle_id") == manifest.bundle_id == content_hash(row)


def test_same_input_same_bytes(bundle, made, tmp_path):
    again = write(tmp_path / "again", made)
    assert again.name == bundle.name
    assert again.read_bytes() == bundle.read_bytes()
    assert write(tmp_path / "again", made, n_fetched=6).name != bundle.name
    assert write(tmp_path / "out", made) == bundle  # over an existing one
    assert [p.name for p in (tmp_path / "out").iterdir()] == [bundle.name]


def test_a_day_without_papers_is_a_bundle(tmp_path):
    with open_bundle(write(tmp_path, ([], {}), n_fetched=0, categories=())) as opened:
        assert opened.papers == ()


def test_writer_refuses_what_a_reader_would(tmp_path, made):
    papers, pdfs = made
    with pytest.raises(BundleError, match=r"2602\.11145v1 is given twice"):
        write(tmp_path, ([*papers, papers[0]], pdfs))
    with pytest.raises(BundleError, match=r"2602\.11145v1 has a PDF but no paper"):
        write(tmp_path, (papers[1:], pdfs))
    with pytest.raises(BundleError, match="arxiv_id is not an arXiv id"):
        write(tmp_path, ([make_paper("2602.11145v1")], {}))
    with pytest.raises(BundleError, match="title is empty"):
        write(tmp_path, ([make_paper(title=" ")], {}))
    with pytest.raises(BundleError, match=r"gone\.pdf"):
        write(tmp_path, (papers, pdfs | {("2602.00001", 3): tmp_path / "gone.pdf"}))
    assert not list(tmp_path.glob("*.tar")) + list(tmp_path.glob(".*"))


def test_file_that_changes_while_packed_leaves_no_bundle(tmp_path, made, monkeypatch):
    papers, pdfs = made
    victim = pdfs[(papers[0].arxiv_id, 1)]
    addfile = tarfile.TarFile.addfile

    def tamper(self, tarinfo, fileobj=None):
        if tarinfo.name == "papers.jsonl":
            victim.write_bytes(b"x" * victim.stat().st_size)
        addfile(self, tarinfo, fileobj)

    monkeypatch.setattr(tarfile.TarFile, "addfile", tamper)
    with pytest.raises(BundleError, match="changed while it was packed"):
        write(tmp_path / "out", made)
    assert list((tmp_path / "out").iterdir()) == []


def test_change_after_verification_is_seen(bundle, tmp_path):
    data = bundle.read_bytes()
    with open_bundle(bundle) as opened:
        with bundle.open("r+b") as stream:
            stream.seek(data.index(b"%PDF-1.7") + 20)
            stream.write(b"?")
        with pytest.raises(BundleError, match="changed since it was verified"):
            opened.extract_pdf("2602.11145", 1, tmp_path)
    assert not (tmp_path / "2602.11145v1.pdf").exists()


def test_refuses_other_content(bundle):
    content = members(bundle)
    for index, name in ((1, "papers.jsonl"), (3, "pdf/hep-th_9901001v2.pdf")):
        member, data = content[index]
        changed = list(content)
        changed[index] = (member, data[:30] + bytes([data[30] ^ 1]) + data[31:])
        assert f"'{name}' has the SHA-256" in refused(rebuild(bundle, changed))
        changed[index] = plain(name, data + b" ")
        assert f"'{name}' has {len(data) + 1} bytes, the manifest says {len(data)}" in refused(rebuild(bundle, changed))
        del changed[index]
        message = f"'{name}' is in the manifest but missing"
        assert message in refused(rebuild(bundle, changed))


def test_refuses_extra_duplicate_and_disordered_members(bundle):
    content = members(bundle)
    assert "'notes.txt' is not in the manifest" in refused(rebuild(bundle, [*content, plain("notes.txt", b"hi")]))
    assert "'papers.jsonl' is there twice" in refused(rebuild(bundle, [*content, content[1]]))
    assert "'manifest.json' is there twice" in refused(rebuild(bundle, [*content, content[0]]))
    assert "first member is 'papers.jsonl'" in refused(rebuild(bundle, content[1:]))
    assert "first member is 'papers.jsonl'" in refused(rebuild(bundle, [content[1], content[0], *content[2:]]))
    assert "no manifest.json" in refused(rebuild(bundle, []))


@pytest.mark.parametrize(
    "name", ["../evil.pdf", "/etc/passwd", "pdf/../../x", "pdf\\x.pdf", "C:/x.pdf", "./papers.jsonl", "pdf//x.pdf"]
)
def test_refuses_names_that_leave_the_bundle(bundle, name):
    assert repr(name) in refused(rebuild(bundle, [*members(bundle), plain(name, b"x")]))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.DIRTYPE, "directory"),
        (tarfile.FIFOTYPE, "pipe"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.CONTTYPE, "tar type"),
        (b"Z", "tar type"),
    ],
)
def test_refuses_anything_but_plain_files(bundle, kind, word):
    content = members(bundle)
    member, _ = plain("pdf/2602.11145v1.pdf", b"")
    member.type, member.linkname = kind, "papers.jsonl"
    content[2] = (member, b"")
    message = refused(rebuild(bundle, content))
    assert "member 'pdf/2602.11145v1.pdf" in message
    assert word in message


def test_refuses_crafted_headers(bundle):
    content = members(bundle)
    head = bytearray(content[2][0].tobuf(tarfile.GNU_FORMAT))

    def with_size(field: bytes, kind: bytes) -> bytes:
        head[124:136], head[156:157] = field, kind
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        return bytes(head)

    rebuild(bundle, content[:2])
    start = bundle.read_bytes()[:-10240].rstrip(b"\0")
    start += bytes(-len(start) % 512)
    for header in (
        with_size(b"\xff" * 11 + b"\x00", b"0"),  # base 256, negative: loops in tarfile of some Pythons
        with_size(b"77777777777\0", b"L"),  # a "long name" of 8 GB
        with_size(b"77777777777\0", b"x"),
    ):
        bundle.write_bytes(start + header + bytes(10240))
        assert "'pdf/2602.11145v1.pdf'" in refused(bundle)


def test_other_tar_programs_may_repack(bundle):
    """Extended headers with times and owners are no content."""
    content = members(bundle)
    with tarfile.open(bundle, "w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in content:
            member.mtime, member.uname = 1.5, "Zoë"
            tar.addfile(member, io.BytesIO(data))
    assert verify_bundle(bundle).n_fetched == 5


def test_refuses_what_is_no_tar(tmp_path):
    path = tmp_path / "x.tar"
    assert "cannot open" in refused(path)
    assert "cannot open" in refused(tmp_path)
    for data in (b"", b"hello", b"%PDF-1.7" * 1000, bytes(10240)):
        path.write_bytes(data)
        refused(path)


def test_refuses_a_compressed_tar(bundle):
    content = members(bundle)
    with tarfile.open(bundle, "w:gz") as tar:
        for member, data in content:
            tar.addfile(member, io.BytesIO(data))
    assert "not a tar file" in refused(bundle)


def test_refuses_bytes_after_the_end(bundle):
    data = bundle.read_bytes()
    bundle.write_bytes(data + data)
    assert "something after its last member" in refused(bundle)
    bundle.write_bytes(data + b"x")
    assert "something after its last member" in refused(bundle)


SLOW_FIXTURE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW_FIXTURE
@given(data=st.data())
def test_a_cut_bundle_is_refused(bundle, data):
    whole = bundle.read_bytes()
    end = len(whole.rstrip(b"\0"))
    end += -end % 512 + 1024  # padding after the end mark may go, nothing else
    cut = bundle.with_name("cut.tar")
    cut.write_bytes(whole[: data.draw(st.integers(0, end - 1))])
    refused(cut)


@SLOW_FIXTURE
@given(data=st.data())
def test_a_changed_byte_is_refused_or_means_nothing(bundle, data):
    """Any one byte may be wrong: either the bundle is refused, or all of its content is the same."""
    whole = bytearray(bundle.read_bytes())
    n_used = len(bytes(whole).rstrip(b"\0"))
    whole[data.draw(st.integers(0, n_used - 1))] = data.draw(st.integers(0, 255))
    bent = bundle.with_name("bent.tar")
    bent.write_bytes(whole)
    try:
        found = verify_bundle(bent)
    except BundleError:
        return
    assert found == verify_bundle(bundle)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bundle_format", 2, "bundle_format 2 is not known"),
        ("bundle_format", True, "bundle_format is not a whole number"),
        ("created_utc", "yesterday", "created_utc is not a time"),
        ("post_date", "2026-02-30", "post_date is not a date"),
        ("window", [], "window is not an object"),
        ("window", {"start_utc": "2026-02-11T00:50:00Z"}, "window: end_utc is missing"),
        ("categories", "cs.SD", "categories is not a list of strings"),
        ("n_fetched", -1, "n_fetched is out of range"),
        ("files", {}, "files is not a list"),
        ("files", [1], "files, entry 1 is not a JSON object"),
        ("files", [{"path": "papers.jsonl", "size": 1}], "files, entry 1: sha256 is missing"),
        ("files", [{"path": "a", "size": 1, "sha256": "A" * 64}], "entry 1: sha256 is not 64 hex digits in lower case"),
        ("files", [{"path": "../a", "size": 1, "sha256": "a" * 64}], "path '../a' leaves the bundle"),
        ("files", [], "does not list papers.jsonl"),
    ],
)
def test_refuses_a_wrong_manifest(bundle, key, value, message):
    content = members(bundle)
    manifest = json.loads(content[0][1])
    del manifest["bundle_id"]
    manifest[key] = value
    content[0] = plain("manifest.json", json.dumps(manifest).encode())
    assert message in refused(rebuild(bundle, content))
    del manifest[key]
    content[0] = plain("manifest.json", json.dumps(manifest).encode())
    assert f"{key} is missing" in refused(rebuild(bundle, content))


def test_the_manifest_is_sealed_by_its_id(bundle):
    content = members(bundle)
    manifest = json.loads(content[0][1]) | {"note": "keys of a later format are not covered, and not read"}
    content[0] = plain("manifest.json", json.dumps(manifest).encode())
    assert verify_bundle(rebuild(bundle, content)).bundle_id == manifest["bundle_id"]
    content[0] = plain("manifest.json", json.dumps(manifest | {"n_fetched": 4}).encode())
    assert "manifest.json was changed" in refused(rebuild(bundle, content))
    del manifest["bundle_id"]
    content[0] = plain("manifest.json", json.dumps(manifest | {"n_fetched": 4}).encode())
    assert verify_bundle(rebuild(bundle, content)).n_fetched == 4


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b'{"bundle_format": NaN}', b"[" * 100_000, b'"\\ud800"'])
def test_refuses_a_malformed_manifest(bundle, data):
    content = members(bundle)
    assert "manifest.json is not" in refused(rebuild(bundle, [plain("manifest.json", data), *content[1:]]))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("arxiv_id", "2602.11145v1", "arxiv_id is not an arXiv id without version"),
        ("arxiv_id", "../../x", "arxiv_id is not an arXiv id without version"),
        ("arxiv_id", "٢٦02.11145", "arxiv_id is not an arXiv id without version"),
        ("version", 0, "version is not a version"),
        ("version", "1", "version is not a whole number"),
        ("version", True, "version is not a whole number"),
        ("version", 1.0, "version is not a whole number"),
        ("title", "", "title is empty"),
        ("title", None, "title is not a string"),
        ("authors", "Ada", "authors is not a list of strings"),
        ("categories", [1], "categories is not a list of strings"),
        ("primary_category", None, "primary_category is not a string"),
        ("submitted_utc", 3, "submitted_utc is not a time as YYYY-MM-DDTHH:MM:SSZ: 3"),
        ("updated_utc", "2026-13-01", "updated_utc is not a time"),
        ("updated_utc", "0001-01-01T00:00:00+23:00", "updated_utc is date value out of range"),
        ("abstract", None, "abstract is not a string"),
        ("comment", 1, "comment is not a string"),
        ("links", None, "links is not a list of strings"),
        ("metadata_source", "guess", "metadata_source is none of"),
    ],
)
def test_refuses_a_wrong_row(bundle, key, value, message):
    def change(content: dict[str, bytes]) -> None:
        lines = content["papers.jsonl"].decode().splitlines()
        lines[1] = json.dumps(json.loads(lines[1]) | {key: value})
        content["papers.jsonl"] = "\n".join(lines).encode()

    assert f"papers.jsonl line 2: {message}" in refused(reforge(bundle, change))


@pytest.mark.parametrize("key", ["arxiv_id", "version", "title", "authors", "abstract", "links", "primary_category"])
def test_refuses_a_row_without(bundle, key):
    def change(content: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in content["papers.jsonl"].decode().splitlines()]
        del rows[2][key]
        content["papers.jsonl"] = "\n".join(json.dumps(row) for row in rows).encode()

    assert f"papers.jsonl line 3: {key} is missing" in refused(reforge(bundle, change))


def test_refuses_rows_and_files_that_disagree(bundle):
    def repeat(content: dict[str, bytes]) -> None:
        content["papers.jsonl"] += content["papers.jsonl"].splitlines()[0]

    def stray(content: dict[str, bytes]) -> None:
        content["pdf/2602.99999v1.pdf"] = b"%PDF"

    def other(content: dict[str, bytes]) -> None:
        del content["pdf/2602.99999v1.pdf"]
        content["readme.txt"] = b"hello"

    def broken(content: dict[str, bytes]) -> None:
        del content["readme.txt"]
        content["papers.jsonl"] += b"{]\n"

    whole = bundle.read_bytes()
    assert "line 4 repeats 2602.11145v1" in refused(reforge(bundle, repeat))
    bundle.write_bytes(whole)
    assert "'pdf/2602.99999v1.pdf' belongs to no row" in refused(reforge(bundle, stray))
    assert "'readme.txt' is neither papers.jsonl nor a PDF" in refused(reforge(bundle, other))
    assert "papers.jsonl line 4 is not well-formed JSON" in refused(reforge(bundle, broken))


def test_optional_keys_may_be_absent_and_others_present():
    row = {
        "arxiv_id": "astro-ph/0601001",
        "version": 2,
        "title": "T",
        "authors": [],
        "categories": [],
        "primary_category": "",
        "abstract": "",
        "links": [],
        "submitted_utc": None,
        "updated_utc": "2006-01-01T02:00:00+02:00",
        "announce_type": "new",
    }
    paper = read_paper(row, "row")
    assert paper.metadata_source == "papers.jsonl"
    assert (paper.comment, paper.source_file, paper.submitted_utc) == (None, None, None)
    assert paper.updated_utc == datetime(2006, 1, 1)


def test_daily_window():
    window = daily_window(DAY)
    assert (window.start_utc, window.end_utc) == (datetime(2026, 2, 11, 0, 50), datetime(2026, 2, 12, 0, 50))
    assert (window.anchor, window.basis) == ("08:50 Asia/Shanghai", "announced")
    # the day on which the clocks go forward has 23 hours
    spring = daily_window(date(2026, 3, 29), "08:00 Europe/Berlin")
    assert (spring.end_utc - spring.start_utc).total_seconds() == 23 * 3600
    for anchor in ("08:50", "8h50 Asia/Shanghai", "08:50 Asia/Nowhere", "25:00 Asia/Shanghai", "08:50 ../x"):
        with pytest.raises(ConfigError, match="window anchor"):
            daily_window(DAY, anchor)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
LINES = st.lists(LINE, max_size=3).map(tuple)
TIMES = st.none() | st.datetimes()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    papers=st.lists(
        st.builds(
            Paper,
            arxiv_id=st.from_regex(r"\A(?:[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}|hep-th/9[0-9]01[0-9]{3})\Z"),
            version=st.integers(1, 9999),
            title=LINE.filter(str.strip),
            authors=LINES,
            categories=LINES,
            primary_category=LINE,
            submitted_utc=TIMES,
            updated_utc=TIMES,
            abstract=st.lists(LINE, max_size=3).map("\n\n".join),
            comment=st.none() | LINE,
            links=TEXTS,
            metadata_source=st.sampled_from(["papers.jsonl", "pdf", "none"]),
            source_file=st.none() | TEXT,
        ),
        max_size=4,
        unique_by=lambda p: (p.arxiv_id, p.version),
    ),
    contents=st.lists(st.binary(max_size=2000), max_size=4),
)
def test_any_papers_and_files_survive(tmp_path, papers, contents):
    pdfs = {}
    for number, (paper, content) in enumerate(zip(papers, contents, strict=False)):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(content)
        pdfs[(paper.arxiv_id, paper.version)] = path
    with open_bundle(write(tmp_path / "out", (papers, pdfs))) as opened:
        assert opened.papers == tuple(papers)
        for key, path in pdfs.items():
            assert opened.extract_pdf(*key, tmp_path).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": "A\x1b[2Jtitle"}, r"title has the control character U\+001B"),
        ({"title": "two\nlines"}, r"title has the control character U\+000A"),
        ({"authors": ("Ada", "Bob\r")}, r"authors has .* U\+000D"),
        ({"categories": ("cs.SD\0",)}, r"categories has .* U\+0000"),
        ({"primary_category": "\x85"}, r"categories has .* U\+0085"),
        ({"comment": "\x07"}, r"comment has .* U\+0007"),
        ({"abstract": "fine\n\n\tand\x0cnot"}, r"abstract has .* U\+000C"),
    ],
)
def test_control_characters_are_refused(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(BundleError, match=told):
        write(tmp_path, ([make_paper(**changes)], {}))
    # nor are they let in when another program wrote them
    line = json.dumps(paper_row(make_paper(**changes))).encode()
    with pytest.raises(BundleError, match=told):
        reader._read_papers([line], ManifestFile("papers.jsonl", len(line), hashlib.sha256(line).hexdigest()))
