"""Packing a folder: every PDF gets in, under the right id, and every gap is told."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from summarizer.bundle import open_bundle
from summarizer.errors import BundleError, PdfError
from summarizer.ids import local_id
from summarizer.records import FrontMatter
from summarizer.stages.pack import PackResult, pack_folder

DAY = date(2026, 2, 12)
NOTHING = FrontMatter("", "", (), None, None, "")


def front_matter(arxiv_id: str | None = None, version: int | None = None, **changes: Any) -> FrontMatter:
    fields: dict[str, Any] = {
        "title": "From the PDF",
        "abstract": "Its abstract.",
        "authors": ("Ada L.",),
        "primary_category": "cs.SD" if arxiv_id else "",
    }
    return FrontMatter(arxiv_id=arxiv_id, version=version, **(fields | changes))


class Folder:
    """A folder of files whose front matter the test decides; the bytes of a file are its name unless given."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.said: dict[str, FrontMatter | PdfError] = {}
        self.read: list[str] = []
        self.told: list[str] = []

    def pdf(self, name: str, said: FrontMatter | PdfError | None = None, data: bytes | None = None) -> str:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() if data is None else data)
        self.said[path.name] = said or front_matter()
        return local_id(hashlib.sha256(path.read_bytes()).hexdigest())

    def rows(self, *rows: dict[str, Any]) -> None:
        (self.path / "papers.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")

    def reader(self, path: Path) -> FrontMatter:
        self.read.append(path.name)
        said = self.said[path.name]
        if isinstance(said, PdfError):
            raise said
        return said

    def pack(self, **options: Any) -> PackResult:
        self.told.clear()
        options = {"read_front_matter": self.reader, "report": self.told.append} | options
        return pack_folder(self.path, post_date=DAY, out_dir=self.path.parent / "out", **options)

    def packed(self, **options: Any) -> tuple[list[tuple[str, int, str | None, bool]], list[str]]:
        """(id, version, source file, has a PDF) of each paper, and the problem lines."""
        result = self.pack(**options)
        lines = [str(problem) for problem in result.problems]
        assert [line for line in self.told if not line.startswith("reading the first pages: ")] == lines
        assert not any("\n" in line for line in lines)
        with open_bundle(result.path) as bundle:
            assert result.n_papers == len(bundle.papers) == bundle.manifest.n_fetched
            assert result.n_from_jsonl + result.n_from_pdf == result.n_papers
            papers = [
                (p.arxiv_id, p.version, p.source_file, bundle.has_pdf(p.arxiv_id, p.version)) for p in bundle.papers
            ]
        return papers, lines


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "in")


def test_rows_and_files_meet(folder):
    """By key, by name, by stamp: in this order of trust."""
    folder.pdf("a.pdf")
    folder.pdf("b.PDF")
    folder.pdf("2602.00003_title.pdf")
    folder.pdf("pdf/hep-th_9901001v2.pdf")
    folder.pdf("z.pdf", front_matter("2602.00005", 4))
    (folder.path / "notes.txt").write_text("no PDF")
    folder.rows(
        {"arxiv_id": "2602.00001", "version": 1, "title": "T1", "abstract": "A", "file": "a.pdf"},
        {"arxiv_id": "2602.00002v3", "title": "T2", "abstract": "A", "source_file": "b.PDF"},
        {"arxiv_id": "2602.00003", "version": 1, "title": "T3", "abstract": "A"},
        {"arxiv_id": "hep-th/9901001", "title": "T4", "abstract": "A"},
        {"arxiv_id": "2602.00005", "title": "T5", "abstract": "A"},
    )
    papers, problems = folder.packed()
    assert papers == [
        ("2602.00001", 1, "a.pdf", True),
        ("2602.00002", 3, "b.PDF", True),
        ("2602.00003", 1, "2602.00003_title.pdf", True),
        ("hep-th/9901001", 2, "hep-th_9901001v2.pdf", True),
        ("2602.00005", 4, "z.pdf", True),
    ]
    assert problems == []
    assert folder.read == ["z.pdf"]  # the others were known already
    assert folder.told == ["reading the first pages: 1 of 1, z.pdf"]


def test_the_row_wins_over_the_pdf(folder):
    folder.pdf("2602.00001v1.pdf")
    row = {
        "arxiv_id": "2602.00001",
        "version": 1,
        "title": " The\nTitle ",
        "authors": ["Bo", " "],
        "categories": ["cs.CL", "cs.SD"],
        "submitted_utc": "2026-02-11T01:02:03Z",
        "abstract": "The e\ufb03cient\r\nabstract.",
        "comment": "5 pages",
        "links": ["https://arxiv.org/abs/2602.00001v1"],
    }
    folder.rows(row)
    with open_bundle(folder.pack().path) as bundle:
        (paper,) = bundle.papers
        assert bundle.manifest.window.basis == "folder"
        assert bundle.manifest.window.end_utc == datetime(2026, 2, 12, 0, 50)
        assert bundle.manifest.categories == ("cs.CL",)
    assert (paper.title, paper.authors, paper.abstract) == ("The Title", ("Bo",), "The efficient\nabstract.")
    assert (paper.primary_category, paper.submitted_utc) == ("cs.CL", datetime(2026, 2, 11, 1, 2, 3))
    assert (paper.metadata_source, paper.comment) == ("papers.jsonl", "5 pages")


def test_a_short_row_is_completed_from_its_pdf(folder):
    folder.pdf("2602.00001.pdf", front_matter("2602.00001", 2))
    folder.pdf("2602.00002v1.pdf", PdfError("encrypted", "needs a password"))
    folder.pdf("2602.00003v1.pdf", front_matter(abstract=""))
    folder.rows(*({"arxiv_id": f"2602.0000{n}", "title": f"T{n}", "authors": None} for n in (1, 2, 3)))
    result = folder.pack()
    with open_bundle(result.path) as bundle:
        first, second, third = bundle.papers
    assert (first.version, first.title, first.abstract, first.authors) == (2, "T1", "Its abstract.", ("Ada L.",))
    assert (second.title, second.abstract, second.authors) == ("T2", "", ())
    assert third.abstract == ""
    assert [p.metadata_source for p in (first, second, third)] == ["papers.jsonl"] * 3
    assert [str(p) for p in result.problems] == [
        "2602.00002v1.pdf: encrypted: needs a password; its row has no abstract either: bundled without",
        "2602.00003v1.pdf: could not read abstract; its row has none either: bundled without",
    ]


def test_rows_without_pdf_are_bundled_and_named(folder):
    folder.pdf("2602.00001v2.pdf", front_matter("2602.00001", 2))
    folder.rows(
        {"arxiv_id": "2602.00001v1", "title": "T", "abstract": "A"},
        {"arxiv_id": "2602.00002", "title": "T", "abstract": "A", "file": "gone.pdf"},
        {"arxiv_id": "2602.00003", "title": "T", "abstract": "A", "file": "../../etc/x.pdf"},
    )
    papers, problems = folder.packed()
    assert papers == [
        ("2602.00001", 1, None, False),
        ("2602.00002", 1, None, False),
        ("2602.00003", 1, None, False),
        ("2602.00001", 2, "2602.00001v2.pdf", True),
    ]
    assert problems == [
        "papers.jsonl line 2: file 'gone.pdf' is not in the folder; the PDF is looked for by the id",
        "papers.jsonl line 3: file '../../etc/x.pdf' is not in the folder; the PDF is looked for by the id",
        "papers.jsonl line 1: 2602.00001 has no PDF in the folder; bundled without one",
        "papers.jsonl line 2: 2602.00002 has no PDF in the folder; bundled without one",
        "papers.jsonl line 3: 2602.00003 has no PDF in the folder; bundled without one",
    ]


def test_two_versions_of_one_paper_each_get_their_row(folder):
    folder.pdf("2602.00001v1.pdf")
    folder.pdf("2602.00001v2.pdf")
    folder.rows(
        {"arxiv_id": "2602.00001", "version": 2, "title": "new", "abstract": "A"},
        {"arxiv_id": "2602.00001", "title": "old", "abstract": "A"},
    )
    papers, problems = folder.packed()
    assert papers == [("2602.00001", 2, "2602.00001v2.pdf", True), ("2602.00001", 1, "2602.00001v1.pdf", True)]
    assert problems == []


def test_pdfs_without_rows(folder):
    locals_ = {
        "stamped.pdf": folder.pdf("stamped.pdf", front_matter("2602.00001", 3)),
        "1706.03762_attention.pdf": folder.pdf("1706.03762_attention.pdf"),
        "1804.10070v2.pdf": folder.pdf("1804.10070v2.pdf"),
        "none.pdf": folder.pdf("none.pdf"),
    }
    papers, problems = folder.packed()
    assert papers == [
        ("1706.03762", 1, "1706.03762_attention.pdf", True),
        ("1804.10070", 2, "1804.10070v2.pdf", True),
        (locals_["none.pdf"], 1, "none.pdf", True),
        ("2602.00001", 3, "stamped.pdf", True),
    ]
    assert problems == [
        "1706.03762_attention.pdf: could not read version; bundled with version 1",
        f"none.pdf: could not read arXiv id; bundled with id {locals_['none.pdf']}",
    ]
    with open_bundle(folder.pack().path) as bundle:
        assert {p.metadata_source for p in bundle.papers} == {"pdf"}
        assert bundle.papers[3].categories == ("cs.SD",)
        assert bundle.manifest.categories == ("cs.SD",)


def test_what_cannot_be_read_is_bundled_with_what_is_known(folder):
    first = folder.pdf("my scan.pdf", PdfError("no_text", "3 pages, 0 characters"))
    second = folder.pdf("untitled.pdf", NOTHING)
    folder.pdf("2602.00009v1.pdf", PdfError("damaged", "opens with\nno page"))
    result = folder.pack()
    with open_bundle(result.path) as bundle:
        papers = {p.source_file: p for p in bundle.papers}
        assert all(bundle.has_pdf(p.arxiv_id, p.version) for p in bundle.papers)
    scan = papers["my scan.pdf"]
    assert (scan.arxiv_id, scan.title, scan.abstract, scan.metadata_source) == (first, "my scan", "", "none")
    assert (papers["untitled.pdf"].title, papers["untitled.pdf"].metadata_source) == ("untitled", "pdf")
    assert papers["2602.00009v1.pdf"].arxiv_id == "2602.00009"
    assert [str(p) for p in result.problems] == [
        "2602.00009v1.pdf: damaged: opens with no page; "
        "bundled as 2602.00009v1 with its file name as title, no authors, no abstract",
        "my scan.pdf: no_text: 3 pages, 0 characters; "
        f"bundled as {first}v1 with its file name as title, no authors, no abstract",
        "untitled.pdf: could not read title, abstract, authors, arXiv id; "
        f"bundled with title 'untitled' from the file name, no abstract, no authors, id {second}",
    ]
    assert (result.n_from_jsonl, result.n_from_pdf) == (0, 3)


def test_two_files_with_one_id(folder):
    """The file of a row keeps the id, else the first by name; the same bytes are packed once under a local id."""
    second = folder.pdf("2602.00001_a.pdf", front_matter("2602.00001", 1))
    folder.pdf("zzz.pdf")
    third = folder.pdf("b.pdf", front_matter("2602.00002", 1), b"same")
    fourth = folder.pdf("c.pdf", front_matter("2602.00002", 1), b"same")
    folder.pdf("d.pdf", front_matter("2602.00002", 1), b"same")
    assert third == fourth
    folder.rows({"arxiv_id": "2602.00001", "version": 1, "title": "T", "abstract": "A", "file": "zzz.pdf"})
    papers, problems = folder.packed()
    assert papers == [
        ("2602.00001", 1, "zzz.pdf", True),
        (second, 1, "2602.00001_a.pdf", True),
        ("2602.00002", 1, "b.pdf", True),
        (fourth, 1, "c.pdf", True),
    ]
    assert problems == [
        f"2602.00001_a.pdf: 2602.00001v1 is taken by zzz.pdf; {second} is used as its id",
        f"c.pdf: 2602.00002v1 is taken by b.pdf; {fourth} is used as its id",
        f"d.pdf: 2602.00002v1 is taken by b.pdf; {fourth} is used as its id",
        "d.pdf: has the same bytes as c.pdf; left out",
    ]


def test_name_and_stamp_that_disagree(folder):
    folder.pdf("2602.00001v1.pdf", front_matter("2602.00002", 2))
    papers, problems = folder.packed()
    assert papers == [("2602.00002", 2, "2602.00001v1.pdf", True)]
    assert problems == ["2602.00001v1.pdf: its name says 2602.00001, its stamp 2602.00002; the stamp is used"]


def test_one_file_for_two_rows(folder):
    folder.pdf("a.pdf")
    row = {"title": "T", "abstract": "A", "version": 1, "file": "a.pdf"}
    folder.rows({"arxiv_id": "2602.00001"} | row, {"arxiv_id": "2602.00002"} | row)
    papers, problems = folder.packed()
    assert [paper[3] for paper in papers] == [True, False]
    assert problems[0].startswith("papers.jsonl line 2: file 'a.pdf' belongs to line 1 already")


def test_hidden_files_and_folders_are_named_and_left_out(folder):
    folder.pdf("._a.pdf")
    (folder.path / "folder.pdf").mkdir()
    (folder.path / "broken.pdf").symlink_to(folder.path / "nowhere")
    folder.pdf("a.pdf", front_matter("2602.00001", 1))
    (folder.path / "link.pdf").symlink_to(folder.path / "a.pdf")
    folder.said["link.pdf"] = front_matter("2602.00002", 1)
    papers, problems = folder.packed()
    assert [paper[0] for paper in papers] == ["2602.00001", "2602.00002"]
    assert [line.split(":")[0] for line in problems] == ["._a.pdf", "broken.pdf", "folder.pdf"]


def test_a_file_name_that_is_no_text(folder):
    name = os.fsdecode(b"caf\xe9.pdf")
    try:
        folder.path.joinpath(name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    folder.said[name] = NOTHING
    papers, _ = folder.packed()
    assert papers[0][2] == "caf\ufffd.pdf"
    with open_bundle(folder.pack().path) as bundle:
        assert bundle.papers[0].title == "caf"


def test_categories(folder):
    for number, category in enumerate(["cs.SD", "eess.AS", "cs.CL", "eess.AS", ""], start=1):
        folder.pdf(f"{number}.pdf", front_matter(f"2602.0000{number}", 1, primary_category=category))

    def categories(**options: Any) -> tuple[str, ...]:
        with open_bundle(folder.pack(**options).path) as bundle:
            return bundle.manifest.categories

    assert categories() == categories(categories=()) == ("eess.AS", "cs.CL", "cs.SD")
    assert categories(categories=["cs.SD"]) == ("cs.SD",)


def test_an_unpacked_bundle_packs_again(folder, tmp_path):
    """The rows of a bundle are rows for pack: nothing is read from the PDFs again."""
    folder.pdf("x.pdf")
    folder.pdf("y.pdf", front_matter("2602.00001", 2))
    again = Folder(tmp_path / "again")
    with open_bundle(folder.pack().path) as bundle:
        papers = bundle.papers
        for paper in papers:
            bundle.extract_pdf(paper.arxiv_id, paper.version, again.path)
    with tarfile.open(folder.pack().path) as tar:
        tar.extract("papers.jsonl", again.path, filter="data")
    result = again.pack()
    assert result.problems == ()
    assert again.read == []
    with open_bundle(result.path) as bundle:
        assert [p.arxiv_id for p in bundle.papers] == [p.arxiv_id for p in papers]
        assert [p.metadata_source for p in bundle.papers] == ["pdf", "pdf"]
        assert all(bundle.has_pdf(p.arxiv_id, p.version) for p in papers)


def test_unusable_folders(folder, tmp_path):
    with pytest.raises(BundleError, match="is not a folder"):
        pack_folder(tmp_path / "gone", post_date=DAY, out_dir=tmp_path)
    with pytest.raises(BundleError, match="holds no PDF and no row"):
        folder.pack()
    folder.rows()
    with pytest.raises(BundleError, match="holds no PDF and no row"):
        folder.pack()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not well-formed JSON"),
        ("[]", "line 2 is not a JSON object"),
        ('{"title": "T"}', "line 2: arxiv_id is missing"),
        ('{"arxiv_id": "2602.00001"}', "line 2: title is missing"),
        ('{"arxiv_id": "2602.00001", "title": null}', "line 2: title is missing"),
        ('{"arxiv_id": "2602.00001", "title": "\\u200b"}', "line 2: title is empty"),
        ('{"arxiv_id": "x", "title": "T"}', "line 2: arxiv_id is not an arXiv id: 'x'"),
        ('{"arxiv_id": 2602.00001, "title": "T"}', "line 2: arxiv_id is not an arXiv id: 2602.00001"),
        ('{"arxiv_id": "2602.00001v1", "version": 2, "title": "T"}', "says version 1, the key version says 2"),
        ('{"arxiv_id": "2602.00001", "version": "2", "title": "T"}', "line 2: version is not a whole number"),
        ('{"arxiv_id": "2602.00001", "title": "T", "authors": "A"}', "line 2: authors is not a list of strings"),
        ('{"arxiv_id": "2602.00001", "title": "T", "file": 1}', "line 2: file is not a string"),
        ('{"arxiv_id": "2602.00009", "title": "T"}', "line 2 repeats 2602.00009v1"),
    ],
)
def test_malformed_rows(folder, line, message):
    row = '{"arxiv_id": "2602.00009", "title": "T"}'
    (folder.path / "papers.jsonl").write_text(f"\ufeff{row}\n{line}\n")
    with pytest.raises(BundleError) as caught:
        folder.pack()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_real_pdf(tmp_path):
    """The reader that is used when none is given."""
    pymupdf = pytest.importorskip("pymupdf")
    folder = tmp_path / "in"
    folder.mkdir()
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_textbox((80, 90, 515, 130), "Counting Beats in Noisy Rooms", fontsize=18, fontname="tibo", align=1)
    page.insert_textbox((80, 140, 515, 160), "Ada Example and Bo Sample", fontsize=11, fontname="tiro", align=1)
    page.insert_textbox((80, 190, 515, 210), "Abstract", fontsize=12, fontname="tibo", align=1)
    abstract = "We count beats in rooms with noise. The error falls from ten to four percent. " * 5
    page.insert_textbox((100, 215, 495, 330), abstract, fontsize=10, fontname="tiro")
    page.insert_textbox((80, 350, 515, 370), "1 Introduction", fontsize=12, fontname="tibo")
    body = "People have counted beats for a long time, and rooms have always been noisy places to do it in. " * 12
    page.insert_textbox((80, 375, 515, 640), body, fontsize=10, fontname="tiro")
    page.insert_text((40, 560), "arXiv:2602.12345v2  [cs.SD]  11 Feb 2026", fontsize=16, fontname="tiro", rotate=90)
    document.save(folder / "beats.pdf")
    (folder / "page.pdf").write_bytes(b"<html>404 Not Found</html>")
    result = pack_folder(folder, post_date=DAY, out_dir=tmp_path)
    with open_bundle(result.path) as bundle:
        beats, page_ = bundle.papers
    assert (beats.arxiv_id, beats.version, beats.primary_category) == ("2602.12345", 2, "cs.SD")
    assert beats.title == "Counting Beats in Noisy Rooms"
    assert beats.abstract.startswith("We count beats in rooms with noise.")
    assert page_.metadata_source == "none"
    assert any(str(problem).startswith("page.pdf: not_pdf") for problem in result.problems)


@pytest.mark.corpus
def test_damaged_files_all_get_in(corpus, tmp_path):
    expected = {
        "html_error_page.pdf": "not_pdf",
        "text_named_pdf.pdf": "not_pdf",
        "zero_bytes.pdf": "empty_file",
        "truncated_half_wham.pdf": "damaged",
        "userpw_wham.pdf": "encrypted",
    }
    folder = tmp_path / "in"
    folder.mkdir()
    for name in [*expected, "bitrot_wham.pdf"]:
        (folder / name).symlink_to(corpus / "pdf" / "derived" / name)
    result = pack_folder(folder, post_date=DAY, out_dir=tmp_path)
    assert result.n_papers == 6
    told = "\n".join(map(str, result.problems))
    for name, category in expected.items():
        assert f"{name}: {category}: " in told
    with open_bundle(result.path) as bundle:
        assert "WHAM!: Extending Speech Separation to Noisy Environments" in [p.title for p in bundle.papers]
