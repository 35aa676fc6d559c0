"""``summarizer sections``: what is read from one PDF, as a table, as JSON, drawn over the pages."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pdf_files
import pytest
from tiny_gguf import write_tiny_gguf

from summarizer.cli import main
from summarizer.llm.llama import open_llama
from summarizer.llm.registry import add_gguf, load_registry, model_info
from summarizer.llm.tokenizer import Tokenizer
from summarizer.pdf import draw, read_drawing

HEADINGS = ["Abstract", "1. Introduction", "2. Proposed Method", "2.1. The gate", "3. Results", "4. Conclusion",
            "References", "A. The garden corpus"]  # fmt: skip


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pdf_files.write_paper(tmp_path_factory.mktemp("pdf") / "paper <1>.pdf")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A registry with a model of our own that the configuration names."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "models.toml").write_text("", encoding="utf-8")
    entry = add_gguf(folder, write_tiny_gguf(tmp_path / "tiny.gguf", words=("the", "▁the", "▁bird")))
    (tmp_path / "config.toml").write_text(f'[llm]\nmodel = "{entry.name}"\n', encoding="utf-8")
    return folder


def test_the_table(
    paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sections", str(paper)]) == 0
    out = capsys.readouterr().out
    assert "2 pages" in out
    assert f"title: {pdf_files.TITLE}" in out
    assert "arXiv: 2602.11145v2 cs.SD" in out
    assert [h for h in HEADINGS if h in out] == HEADINGS
    assert "A single layer" not in out


def test_json_with_tokens_of_the_configured_model(
    paper: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["sections", str(paper), "--json", "--models", str(models), "--config", str(tmp_path / "config.toml")])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert [s["heading"] for s in found["sections"] if s["heading"]] == HEADINGS
    assert found["authors"] == list(pdf_files.AUTHORS)
    entry = load_registry(models).entry("tiny")
    assert found["tokenizer_sha256"] == entry.sha256
    engine = open_llama(load_registry(models).path("tiny"), model_info(entry), n_ctx=256, n_slots=1, n_threads=1)
    try:
        assert [s["n_tokens"] for s in found["sections"]] == [engine.count_tokens(s["text"]) for s in found["sections"]]
    finally:
        engine.close()
    assert all(s["n_chars"] == len(s["text"]) for s in found["sections"])


def test_without_the_model_no_tokens_are_counted(
    paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sections", str(paper), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tokenizer_sha256"] is None
    assert {s["n_tokens"] for s in found["sections"]} == {None}


def test_the_drawing_is_one_file_with_every_page_and_every_heading(
    paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sections", str(paper), "--html", "out.html", "--text"]) == 0
    out = capsys.readouterr().out
    assert "The gate is a single layer with a sigmoid." in out
    assert out.splitlines()[-1] == "out.html"
    page = Path("out.html").read_text(encoding="utf-8")
    assert "paper &lt;1&gt;.pdf" in page
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    assert len(pictures) == 2
    assert all(base64.b64decode(p).startswith(b"\xff\xd8\xff") for p in pictures)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    for heading in HEADINGS:
        assert re.search(rf"<title>\d: {re.escape(heading)}</title>", page), heading


def test_boxes_say_where_the_text_went(paper: Path) -> None:
    document, _, drawing = read_drawing(paper)
    heading = next(b for b in drawing.boxes if b.heading == "1: 3. Results")
    assert (heading.page, heading.role, heading.label) == (2, "heading", "results")
    results = next(s for s in document.sections if s.heading == "3. Results")
    below = [b for b in drawing.boxes if b.role == "text" and b.seq == results.seq]
    assert below
    assert all(b.page == 2 and b.y0 >= heading.y1 - 2 and b.x1 < pdf_files.WIDTH / 2 + 20 for b in below)
    assert any(b.role == "out" and b.page == 1 for b in drawing.boxes)
    assert draw("x.pdf", document, drawing).count("<figure") == 2


def test_a_bad_file_is_one_line_with_its_name_and_category(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.pdf"
    path.write_text("<html></html>", encoding="utf-8")
    assert main(["sections", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert f"not_pdf: {path}: no %PDF header" in captured.err


def test_a_drawing_that_cannot_be_written(paper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "nowhere" / "out.html"
    assert main(["sections", str(paper), "--html", str(target)]) == 1
    assert f"{target} cannot be written" in capsys.readouterr().err


def test_a_vocabulary_alone_counts_like_the_whole_model(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", words=("bird", "▁bird"))
    models = tmp_path / "models"
    models.mkdir()
    (models / "models.toml").write_text("", encoding="utf-8")
    info = model_info(add_gguf(models, path))
    tokenizer, engine = Tokenizer(path, info), open_llama(path, info, n_ctx=256, n_slots=1, n_threads=1)
    try:
        for text in ("", "a bird", "两只鸟 at 13.7 %", "x" * 500):
            assert tokenizer.count_tokens(text) == engine.count_tokens(text)
    finally:
        tokenizer.close()
        engine.close()
