"""PDF files of the corpus: every bad one in its category, and papers with their peculiarities."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.errors import PdfError
from summarizer.pdf import read_both, read_document, read_front_matter

BAD_FILES = {
    "derived/html_error_page": "not_pdf",
    "derived/text_named_pdf": "not_pdf",
    "derived/zero_bytes": "empty_file",
    "derived/truncated_half_wham": "damaged",
    "derived/userpw_wham": "encrypted",
    "derived/image_only_wham_3p": "no_text",
    "odd/dl_corrupted": "not_pdf",
    "odd/dl_password_2206.01062_pg3": "encrypted",
    "odd/dl_empty_page": "no_text",
    "odd/dl_invisible_text_layer": "no_text",
    "odd/dl_nemotron_multipage": "no_text",
    "odd/dl_ocr_test": "no_text",
    "odd/dl_scanned_01": "no_text",
    "odd/ia_fujimura-pardo-erickson-esca98": "no_text",
    "odd/mu_small_ocr": "no_text",
    "odd/oo_ambiguous": "no_text",
    "odd/oo_lincoln_letter": "no_text",
    "odd/oo_most_content_in_image_form": "no_text",
    "odd/oo_some_ocr1": "no_text",
    "odd/oo_dolma-page-1": "gibberish",
    "odd/oo_handwriting_bad_ocr": "gibberish",
    "odd/dl_code_and_formula": "not_english",
    "odd/dl_normal_4pages": "not_english",
    "odd/dl_right_to_left_01": "not_english",
    "odd/mu_demovie": "not_english",
    "odd/ps_attachment": "not_english",
    "odd/ps_geotopo_de": "not_english",
    "odd/ps_multicolumn": "not_english",
}
GOOD_ODD_FILES = ["odd/gb_submission_363", "odd/oo_multi_column_miss", "odd/pm_plain", "derived/bitrot_wham"]


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "category"), BAD_FILES.items())
def test_bad_files_of_the_corpus(corpus: Path, name: str, category: str) -> None:
    with pytest.raises(PdfError) as caught:
        read_document(corpus / "pdf" / f"{name}.pdf")
    assert caught.value.category == category


@pytest.mark.corpus
@pytest.mark.parametrize("name", GOOD_ODD_FILES)
def test_odd_but_readable_files_of_the_corpus(corpus: Path, name: str) -> None:
    document = read_document(corpus / "pdf" / f"{name}.pdf")
    assert sum(len(s.text) for s in document.sections) > 500


@pytest.mark.corpus
def test_a_paper_with_roman_numerals_and_a_drop_cap(corpus: Path) -> None:
    document, front = read_both(corpus / "pdf/papers/1804.10070_adaptive_pooling_taslp2018.pdf")
    assert front.title == "Adaptive pooling operators for weakly labeled sound event detection"
    assert front.authors == ("Brian McFee", "Justin Salamon", "Juan Pablo Bello")
    top = [(s.heading, s.kind) for s in document.sections if s.level == 1 and s.heading]
    assert top == [
        ("Abstract", "abstract"),
        ("I. INTRODUCTION", "introduction"),
        ("II. RELATED WORK", "related_work"),
        ("III. METHODS", "method"),
        ("IV. EXPERIMENTS", "experiments"),
        ("V. DISCUSSION", "discussion"),
        ("VI. CONCLUSION", "conclusion"),
        ("ACKNOWLEDGMENT", "acknowledgement"),
        ("REFERENCES", "references"),
    ]
    introduction = next(s for s in document.sections if s.kind == "introduction")
    assert introduction.text.startswith("SOUND event detection (SED) is the task")


@pytest.mark.corpus
def test_a_paper_without_section_numbers_or_references_heading(corpus: Path) -> None:
    document, front = read_both(corpus / "pdf/papers/0908.0054_bosonic_dark_matter.pdf")
    assert (front.title, front.arxiv_id, front.version) == ("Ultra light bosonic dark matter and CMB", "0908.0054", 1)
    assert front.abstract.startswith("In this work we report the cosmological effects")
    assert document.sections[-1].kind == "references"
    assert "[19] Seljak" in document.sections[-1].text


@pytest.mark.corpus
def test_small_capitals_and_the_first_text_of_the_page_do_not_make_a_title(corpus: Path) -> None:
    titles = {
        "2501.10120_pasa": "PaSa: An LLM Agent for Comprehensive Academic Paper Search",
        "1503.02531_distillation": "Distilling the Knowledge in a Neural Network",
    }
    for name, title in titles.items():
        assert read_front_matter(corpus / f"pdf/papers/{name}.pdf").title == title


@pytest.mark.corpus
def test_a_thesis_is_read_by_the_fast_path(corpus: Path) -> None:
    document = read_document(corpus / "pdf/papers/morrison_thesis_169p.pdf")
    assert (document.n_pages, document.extractor) == (169, "pymupdf-fonts")
    kinds = {s.kind for s in document.sections}
    assert {
        "abstract",
        "introduction",
        "related_work",
        "method",
        "experiments",
        "results",
        "conclusion",
        "references",
    } <= kinds
    assert document.n_chars > 180_000


@pytest.mark.corpus
def test_subsections_that_only_a_number_and_italics_tell_from_the_text(corpus: Path) -> None:
    document = read_document(corpus / "pdf/papers/1804.10070_adaptive_pooling_taslp2018.pdf")
    datasets = [(s.heading, s.level, s.kind) for s in document.sections if s.heading.endswith(("SED", "Task 4", "DB"))]
    assert datasets == [
        ("1) URBAN-SED", 3, "experiments"),
        ("2) DCASE 2017 Task 4", 3, "experiments"),
        ("3) MedleyDB", 3, "experiments"),
    ]


@pytest.mark.corpus
def test_headings_by_topic_give_method_and_results(corpus: Path) -> None:
    document = read_document(corpus / "pdf/papers/2410.11025_code_drift_icassp2025.pdf")
    chars = {kind: sum(len(s.text) for s in document.sections if s.kind == kind) for kind in ("method", "results")}
    assert chars["method"] > 5000
    assert chars["results"] > 2000
