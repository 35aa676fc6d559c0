"""benchmarks/sections.py: how headings and text are compared, and one small run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pdf_files
import pymupdf
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from sections import PaperFigures, summary, without_outline, worst_quarter
from sections_truth import Heading, Score, counted, kinds_named, match, text_figures, truth_files, truth_paragraphs


def headings(*titles: str) -> list[Heading]:
    return [Heading(1, title) for title in titles]


@pytest.mark.parametrize(
    ("printed", "entry"),
    [
        ("2.1. The gate", "The gate"),
        ("III. METHODS", "Methods"),
        ("Appendix C. bAbI.", "C bAbI."),
        ("5.1 P os: Optimizer State Partitioning", "5.1 Pos : Optimizer State Partitioning"),
        ("2. WHAM! dataset", "2  WHAM! datasetAvailable at: width0pthttp://wham.whisper.ai"),
        ("2. Brief Description of StoRM [13]", "Brief Description of StoRMlemercier2023storm"),
        ("1 Université de la forêt", "Universite de la foret"),
    ],
)
def test_the_same_heading(printed: str, entry: str) -> None:
    assert len(match(headings(printed), headings(entry))) == 1


@pytest.mark.parametrize(
    ("printed", "entry"),
    [
        ("Results", "Results and Discussion"),
        ("3 Experiments", "Experiments with birds"),
        ("Data", "Date"),
        ("Proposed Method:", "Proposed Method: Single-Instance Optimization"),
    ],
)
def test_another_heading(printed: str, entry: str) -> None:
    assert match(headings(printed), headings(entry)) == []


def test_a_heading_is_used_once() -> None:
    found, truth = headings("4.1 Results", "5.1 Results"), headings("Results", "Results", "Results")
    assert [f.title for f, _ in match(found, truth)] == ["4.1 Results", "5.1 Results"]


def test_what_is_not_counted() -> None:
    found = headings(
        "Echo Nets for Birds", "ABSTRACT", "1. Introduction", "7. References", "Bibliography", "References and notes"
    )
    assert [h.title for h in counted(found, "Echo Nets for Birds")] == ["1. Introduction", "References and notes"]


def test_scores_and_means() -> None:
    score = Score(n_found=4, n_truth=5, n_both=3)
    assert (score.precision, score.recall) == (0.75, 0.6)
    assert score.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert Score(0, 3, 0).f1 == 0.0
    assert worst_quarter([0.9, 1.0, 0.5, 0.8, 0.7]) == pytest.approx(0.6)
    papers = [
        PaperFigures(
            "a", "ours", n_pages=10, seconds=2.0, headings=score, levels=score, kinds={"method": 900, "results": 600}
        ),
        PaperFigures("b", "ours", n_pages=4, seconds=2.0, kinds={"method": 200, "experiments": 900}),
        PaperFigures("c", "ours", failure="no_text: 0 characters"),
    ]
    assert [p.usable for p in papers] == [True, False, False]
    figures = summary(papers)
    assert (figures["n"], figures["n_read"], figures["n_failed"]) == (1, 2, 1)
    assert figures["heading_f1"] == score.f1
    assert figures["seconds_per_page_median"] == pytest.approx((0.2 + 0.5) / 2)


def test_kinds_that_an_outline_names() -> None:
    truth = [
        Heading(1, "Introduction"),
        Heading(1, "Birds"),
        Heading(2, "Conclusions of others"),
        Heading(1, "Concluding remarks"),
    ]
    assert kinds_named(truth) == {"introduction", "conclusion"}


def test_coverage_and_order() -> None:
    first = "the quick brown fox jumps over the lazy dog while nobody in the garden is watching"
    second = "a slow grey cat walks under the busy bridge while everybody on the street is asleep"
    assert text_figures(f"{first} {second}", [first, second]) == {"coverage": 1.0, "order": 1.0, "n_paragraphs": 2}
    assert text_figures(f"{second} {first}", [first, second])["order"] == 0.0
    assert text_figures(first, [first, second])["coverage"] == pytest.approx(0.5, abs=0.02)


def test_checked_texts_are_found_by_name_and_read(tmp_path: Path) -> None:
    (tmp_path / "2602.11145_fulltext.1.training.fulltext.tei.xml").write_text(
        "<tei><text><head>1 Birds</head><p>The net-<lb/>work <ref>[1]</ref> sings.</p></text></tei>", encoding="utf-8"
    )
    (tmp_path / "2602.11145_birds.md").write_text(
        "# Birds\n\nThey sing $x\\_1$ at\ndawn [lark2019].\n\n| a | b |\n", encoding="utf-8"
    )
    (tmp_path / "2602.11145_header.xml").touch()
    (tmp_path / "2602.11146_birds.md").touch()
    tei, markdown = sorted(truth_files(tmp_path, "2602.11145_birds"), key=lambda p: p.suffix, reverse=True)
    assert truth_paragraphs(tei) == ["The network [1] sings."]
    assert [p.split() for p in truth_paragraphs(markdown) if p] == [["They", "sing", "at", "dawn", "."]]


def test_the_outline_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    with pymupdf.open(pdf_files.write_paper(tmp_path / "plain.pdf")) as document:
        document.set_toc([[1, "Introduction", 1], [1, "Results", 2]])
        document.save(path)
    folder = tmp_path / "copies"
    folder.mkdir()
    with pymupdf.open(path) as before, pymupdf.open(without_outline(path, folder)) as after:
        assert len(before.get_toc()) == 2
        assert after.get_toc() == []
        assert after[1].get_text() == before[1].get_text()


def test_a_small_run(tmp_path: Path) -> None:
    pdfs, tocs = tmp_path / "pdf", tmp_path / "toc"
    pdfs.mkdir()
    tocs.mkdir()
    pdf_files.write_paper(pdfs / "paper.pdf")
    pdf_files.write_text(pdfs / "german.pdf", pdf_files.GERMAN)
    outline = [[1, "Introduction", 1], [1, "Proposed Method", 1], [2, "The gate", 1], [1, "Results", 2], [1, "Conclusion", 2],
               [1, "References", 2], [1, "The garden corpus", 2], [1, "One more", 2]]  # fmt: skip
    (tocs / "paper.json").write_text(json.dumps(outline), encoding="utf-8")
    command = [sys.executable, str(ROOT / "benchmarks" / "sections.py"), "--pdf", pdfs, "--toc", tocs, "--json",
               "--record", tmp_path / "record.jsonl"]  # fmt: skip
    done, again = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert again.stdout == done.stdout  # to the last digit of the seconds: it was not measured anew
    found = json.loads(done.stdout)
    assert (found["n"], found["n_read"], found["n_failed"]) == (1, 1, 1)
    assert found["heading_precision"] == 1.0
    assert found["heading_recall"] == pytest.approx(6 / 7)
    assert found["level_f1"] == found["heading_f1"] == found["heading_f1_worst_quarter"]
    assert found["papers"][0]["missed"] == ["One more"]
    assert found["failures"]["german"].startswith("not_english")
    assert set(found["peers"]) == {"plain", "pymupdf4llm"}
    assert all(peer["heading_f1"] > 0 for peer in found["peers"].values())
    assert {"method_and_results_share", "seconds_per_page_median"} <= set(found)


def test_the_ways_to_read_a_day(tmp_path: Path) -> None:
    """benchmarks/reading.py: the same pages by each way."""
    pdf_files.write_paper(tmp_path / "a.pdf")
    pdf_files.write_text(tmp_path / "b.pdf", pdf_files.ENGLISH)
    (tmp_path / "c.pdf").write_text("<html>", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "reading.py"), "--pdf", tmp_path, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert (found["n_papers"], found["n_pages"]) == (3, 3)
    assert set(found["seconds_per_page"]) == {"files", "pages", "fresh"}
    assert "c.pdf: not_pdf" in done.stderr
