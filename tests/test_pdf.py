"""PDF files into sections, on PDFs that the test writes itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pdf_files
import pymupdf
import pytest

from summarizer.errors import PdfError
from summarizer.pdf import Limits, read_both, read_document, read_front_matter
from summarizer.pdf.blocks import Block, Line, Span, line_text, mend_accents
from summarizer.pdf.front_matter import is_name, read_stamp
from summarizer.pdf.headings import kind_by_words, parse_number
from summarizer.pdf.language import require_english
from summarizer.pdf.paragraphs import Vocabulary, join_lines
from summarizer.pdf.reading_order import in_reading_order
from summarizer.records import PDF_CATEGORIES, Document, FrontMatter


@pytest.fixture(scope="module")
def read_paper(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, FrontMatter]:
    return read_both(pdf_files.write_paper(tmp_path_factory.mktemp("pdf") / "paper.pdf"))


def test_sections_of_a_two_column_paper(read_paper: tuple[Document, FrontMatter]) -> None:
    document, _ = read_paper
    assert document.n_pages == 2
    assert document.extractor == "pymupdf4llm-layout"
    assert document.n_chars == sum(len(s.text) for s in document.sections)
    assert [s.seq for s in document.sections] == list(range(len(document.sections)))
    found = [(s.heading, s.level, s.kind, s.page_first) for s in document.sections if s.heading]
    assert found == [
        ("Abstract", 1, "abstract", 1),
        ("1. Introduction", 1, "introduction", 1),
        ("2. Proposed Method", 1, "method", 1),
        ("2.1. The gate", 2, "method", 1),
        ("3. Results", 1, "results", 2),
        ("4. Conclusion", 1, "conclusion", 2),
        ("References", 1, "references", 2),
        ("A. The garden corpus", 1, "appendix", 2),
    ]


def test_the_text_is_whole_and_in_order(read_paper: tuple[Document, FrontMatter]) -> None:
    sections = {s.heading: s.text for s in read_paper[0].sections}
    introduction = sections["1. Introduction"]
    assert introduction.startswith(
        "Birds sing together in the morning, and the sum of their songs is what a microphone"
    )
    assert introduction.count("audio engineering, and it has been") == 5
    assert "engi-" not in introduction
    assert "branches" not in introduction
    assert sections["2.1. The gate"].endswith("undecided in most of the frames.")
    everything = "\n".join(sections.values())
    for left_out in ("arXiv:2602", pdf_files.TITLE, "University of Hedgerow", "@hedgerow"):
        assert left_out not in everything


def test_front_matter_of_a_two_column_paper(read_paper: tuple[Document, FrontMatter]) -> None:
    _, front = read_paper
    assert front == FrontMatter(
        title=pdf_files.TITLE,
        abstract=" ".join(pdf_files.ABSTRACT),
        authors=pdf_files.AUTHORS,
        arxiv_id="2602.11145",
        version=2,
        primary_category="cs.SD",
    )


def test_a_long_file_is_read_by_its_fonts(tmp_path: Path) -> None:
    path = pdf_files.write_long_paper(tmp_path / "long.pdf", 25)
    document = read_document(path, Limits(max_layout_pages=20))
    assert document.extractor == "pymupdf-fonts"
    assert [(s.heading, s.kind, s.page_first, s.page_last) for s in document.sections] == [
        ("Abstract", "abstract", 1, 1),
        ("1 Introduction", "introduction", 2, 10),
        ("2 Method", "method", 11, 20),
        ("3 Results", "results", 21, 25),
    ]
    text = "\n".join(s.text for s in document.sections)
    assert text.count("audio engineering") == 5 * 25
    assert "A Report on Echoes" not in text


def test_cores_that_share_the_pages_read_the_same(tmp_path: Path) -> None:
    path = pdf_files.write_long_paper(tmp_path / "four.pdf", 4)
    alone, shared = read_document(path, Limits(cores=1)), read_document(path, Limits(cores=2))
    assert alone.sections == shared.sections
    assert [s.heading for s in shared.sections if s.heading] == ["Abstract", "1 Introduction"]
    assert (shared.sections[-1].page_first, shared.sections[-1].page_last) == (2, 4)


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("missing_pdf", "No such file"),
        ("empty_file", "0 bytes"),
        ("not_pdf", "no %PDF header"),
        ("damaged", "does not open"),
        ("encrypted", "password"),
        ("no_text", "0 characters on 2 pages"),
        ("gibberish", "words have no vowel"),
        ("not_english", "function words"),
    ],
)
def test_every_bad_file_has_its_category(tmp_path: Path, category: str, words: str) -> None:
    path = tmp_path / "bad.pdf"
    if category == "empty_file":
        path.touch()
    elif category == "not_pdf":
        path.write_text("<html><body>Rate exceeded.</body></html>")
    elif category == "damaged":
        pdf_files.write_truncated(path)
    elif category == "encrypted":
        pdf_files.write_encrypted(path, user="secret")
    elif category == "no_text":
        pdf_files.write_image_only(path)
    elif category == "gibberish":
        pdf_files.write_text(path, pdf_files.shifted(pdf_files.ENGLISH))
    elif category == "not_english":
        pdf_files.write_text(path, pdf_files.GERMAN)
    with pytest.raises(PdfError) as caught:
        read_document(path)
    assert caught.value.category == category
    assert category in PDF_CATEGORIES
    assert words in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_scan_is_recognised_where_tesseract_is_installed(tmp_path: Path) -> None:
    try:
        pymupdf.get_tessdata()
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no Tesseract
        pytest.skip(f"no Tesseract: {error}")
    path = pdf_files.write_image_only(tmp_path / "scan.pdf", dpi=200)
    with pytest.raises(PdfError):
        read_document(path)
    document = read_document(path, Limits(ocr=True))
    assert document.extractor == "pymupdf4llm-layout+tesseract"
    assert {"2. Proposed Method", "3. Results", "References"} <= {s.heading for s in document.sections}
    assert "Birds sing together in the morning" in "\n".join(s.text for s in document.sections)


def test_recognition_without_tesseract_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PdfError, match=r"no_text: 0 characters.* Tesseract is not installed"):
        read_document(pdf_files.write_image_only(tmp_path / "scan.pdf"), Limits(ocr=True))


def test_an_owner_password_alone_does_not_matter(tmp_path: Path) -> None:
    front = read_front_matter(pdf_files.write_encrypted(tmp_path / "owner.pdf", user=""))
    assert front.title == pdf_files.TITLE


def test_a_page_without_headings_is_one_section(tmp_path: Path) -> None:
    document = read_document(pdf_files.write_text(tmp_path / "plain.pdf", pdf_files.ENGLISH))
    assert "".join(s.heading for s in document.sections) == ""
    text = " ".join(s.text for s in document.sections)
    assert text.startswith("Birds sing together")
    assert text.endswith("in most of the frames.")


def test_nothing_is_told_to_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime reports to its maker unless it is told not to; what it leaves on the disk gives it away."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    read_document(pdf_files.write_paper(tmp_path / "paper.pdf"))
    assert list(home.rglob("*")) == []


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = "import sys, summarizer.pdf; print([m for m in ('pymupdf', 'pymupdf4llm', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("heading", "numbering", "number", "depth", "title"),
    [
        ("3 Method", "decimal", "3", 1, "Method"),
        ("3.2. The gate", "decimal", "3.2", 2, "The gate"),
        ("II. RELATED WORK", "roman", "II", 1, "RELATED WORK"),
        ("A. Datasets", "letter", "A", 1, "Datasets"),
        ("B.1.2 Data", "letter", "B.1.2", 3, "Data"),
        ("Appendix C. Proofs", "letter", "C", 1, "Proofs"),
        ("Chapter 4 Results", "word", "4", 1, "Results"),
        ("Why Self-Attention", "none", "", 1, "Why Self-Attention"),
        ("A Model of Everything", "letter", "A", 1, "Model of Everything"),
        ("1) Data", "item", "1", 1, "Data"),
    ],
)
def test_numbers_of_headings(heading: str, numbering: str, number: str, depth: int, title: str) -> None:
    found = parse_number(heading)
    assert (found.numbering, found.number, found.depth, found.title) == (numbering, number, depth, title)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Extended Introduction", "introduction"),
        ("Background and Related Work", "related_work"),
        ("Proposed Method", "method"),
        ("Model Architecture", "method"),
        ("Experimental Setup", "experiments"),
        ("Experimental results", "results"),
        ("Experiments and Results", "results"),
        ("Discussion and Challenges", "discussion"),
        ("Conclusion and Future Work", "conclusion"),
        ("ACKNOWLEDGMENT", "acknowledgement"),
        ("References", "references"),
        ("Supplementary Material", "appendix"),
        ("Echoes", None),
    ],
)
def test_kinds_from_words(title: str, kind: str | None) -> None:
    assert kind_by_words(title, top_level=True) == kind


def test_weak_words_count_at_the_top_only() -> None:
    assert kind_by_words("Training", top_level=True) == "method"
    assert kind_by_words("Training", top_level=False) is None


def _block(*lines: str, kind: str = "text", x0: float = 50, y0: float = 100, width: float = 200) -> Block:
    made = tuple(
        Line((Span(line, x0, x0 + width, 10.0),), y0 + 12 * i, y0 + 12 * i + 10) for i, line in enumerate(lines)
    )
    return Block(1, kind, x0, y0, x0 + width, y0 + 12 * len(lines), made)


def test_hyphens_of_line_ends() -> None:
    vocabulary = Vocabulary([_block("the end-to-end network of large words and the scale of a low-rank sum is well")])
    assert join_lines(["an end-", "to-end system"], vocabulary) == "an end-to-end system"
    assert join_lines(["a low-", "rank part"], vocabulary) == "a low-rank part"
    assert join_lines(["every net-", "work here"], vocabulary) == "every network here"
    assert join_lines(["with GPT-", "style text"], vocabulary) == "with GPT-style text"
    assert join_lines(["by Levi-", "Civita"], vocabulary) == "by Levi-Civita"
    assert join_lines(["see https://a.example/", "data for it"], vocabulary) == "see https://a.example/data for it"
    assert join_lines(["the words , and", "more ."], vocabulary) == "the words, and more."


def test_superscripts_are_marks_or_exponents() -> None:
    def text(before: str, mark: str, *, formula: bool = False) -> str:
        spans = (Span(before, 0, 50, 10), Span(mark, 50, 54, 7, superscript=True))
        return line_text(spans, formula=formula).strip()

    assert text("the corpus", "3") == "the corpus"
    assert text("chemical libraries.", "44,121–123") == "chemical libraries."
    assert text("in brackets (as above)", "4") == "in brackets (as above)"
    assert text("the sum (a + b)", "2") == "the sum (a + b)^2"
    assert text("about 10", "−22") == "about 10^-22"
    assert text("the norm of x", "2") == "the norm of x^2"
    assert text("of 4 cm", "2") == "of 4 cm^2"
    assert text("ds", "2", formula=True) == "ds^2"


def test_accents_of_old_fonts() -> None:
    assert mend_accents("Universit´e, F´ısica, A¨ıt, Franc¸ois, tr`es") == "Université, Física, Aït, François, très"
    assert mend_accents("a ` b and ˆ n") == "a ` b and ˆ n"
    assert mend_accents("the prediction yˆ of Sˆ = (xˆ)") == "the prediction ŷ of Ŝ = (x̂)"


def test_columns_win_over_stripes_where_the_text_runs_on() -> None:
    left_top = _block("the first half of the left", "column ends in the middle of")
    left_low = _block("a sentence that goes on here", "and is not at its end when", y0=200)
    right_top = _block("the column ends. Then the", "right column has its own.", x0=320)
    right_low = _block("It has a second part as well,", "and that part is complete.", x0=320, y0=200)
    striped = [left_top, right_top, left_low, right_low]
    assert in_reading_order(striped, 612) == [left_top, left_low, right_top, right_low]


def test_stripes_stay_where_the_text_runs_on_across() -> None:
    abstract_left = _block("The abstract stands above both", "columns and it goes over to the")
    abstract_right = _block("right side of the page, where", "it comes to its own good end.", x0=320)
    heading = _block("1. Introduction", kind="section-header", y0=190)
    body_left = _block("Then the paper begins on the", "left, and it is not done when", y0=210)
    body_right = _block("the second column takes over", "for the rest of this page.", x0=320, y0=210)
    striped = [abstract_left, abstract_right, heading, body_left, body_right]
    assert in_reading_order(striped, 612) == striped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arXiv:1907.01160v1 [cs.SD] 2 Jul 2019", ("1907.01160", 1, "cs.SD")),
        ("x\narXiv:hep-ph/0601001v3  [hep-ph]  1 Jan 2006", ("hep-ph/0601001", 3, "hep-ph")),
        ("arXiv:2407.10934v1 [quant-ph] 15 Jul 2024", ("2407.10934", 1, "quant-ph")),
        ("as in arXiv:1907.01160, we", (None, None, "")),
    ],
)
def test_the_stamp(text: str, expected: tuple[str | None, int | None, str]) -> None:
    assert read_stamp(text) == expected


@pytest.mark.parametrize(
    "name", ["Ada Lark", "M. H. Devoret", "Weinan E", "Ivo H. M. van Stokkum", "Qingyang (Tom) Xi", "Łukasz Kaiser"]
)
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    ["University of Hedgerow", "Google Research", "New York", "France", "Senior Member", "ada@x.org", "we show that",
     "Department of Physics", "A Preprint", "Equal contribution"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_english_is_told_from_the_rest() -> None:
    require_english(" ".join(pdf_files.ENGLISH), 1)
    for lines, category in [
        (pdf_files.LOREM * 2, "not_english"),
        (pdf_files.GERMAN, "not_english"),
        (["새들은 아침에 함께 노래하고 마이크는 그 소리의 합을 듣는다 "] * 12, "not_english"),
        (pdf_files.shifted(pdf_files.ENGLISH), "gibberish"),
        (["\ufffd\ufffd\ufffd the of and \ufffd\ufffd\ufffd\ufffd"] * 20, "gibberish"),
        (["1.1 ;:.. (-) 77 _6 a-tt- 94:3? /1 .A.:01. 014 / J"] * 12, "gibberish"),
        (["Hello"], "no_text"),
    ]:
        with pytest.raises(PdfError) as caught:
            require_english(" ".join(lines), 1)
        assert caught.value.category == category, lines[0]
