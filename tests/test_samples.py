"""The sample papers: their figures come from measurements, and their PDFs read like ordinary papers."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import jinja2
import pymupdf
import pytest

from summarizer import ids
from summarizer.bundle.rows import read_paper
from summarizer.pdf import read_both

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
SOURCES = sorted((SAMPLES / "papers").glob("*.html"))
RESULTS = sorted((SAMPLES / "results").glob("*.json"))


def run_script(out: Path, hash_seed: str) -> list[str]:
    """Run the command of the module's docstring; the lines it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, str(SAMPLES / "make_samples.py"), "--out", str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("samples")
    assert sorted(run_script(out, "1")) == sorted(str(p) for p in out.iterdir())
    return out


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    """The modules of samples/, importable as they are when one of them is run."""
    sys.path.insert(0, str(SAMPLES))
    try:
        yield {name: importlib.import_module(name) for name in ("make_samples", "typesetting", "machine")}
    finally:
        sys.path.remove(str(SAMPLES))


def letters(text: str) -> str:
    """Text without spaces, hyphens and ligatures: line breaks of the page do not matter then."""
    return re.sub(r"[\s\-\u00ad]+", "", unicodedata.normalize("NFKC", text))


def test_there_are_three_papers_of_both_layouts_and_both_descriptions(scripts: dict[str, ModuleType]) -> None:
    samples = scripts["make_samples"].load_samples()
    assert len(samples) == 3
    assert {s.columns for s in samples} == {1, 2}
    assert {s.described_by for s in samples} == {"papers.jsonl", "pdf"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_pdf_holds_title_abstract_and_headings(source: Path, made: Path, scripts: dict[str, ModuleType]) -> None:
    sample = scripts["make_samples"].load_sample(source)
    assert 120 <= len(sample.abstract.split()) <= 200
    with pymupdf.open(made / f"{source.stem}.pdf") as document:
        assert 2 <= len(document) <= 5
        text = letters("".join(page.get_text() for page in document))
    assert letters(sample.title) in text
    assert letters(sample.abstract) in text
    headings = [b.text or "" for b in scripts["typesetting"].number_blocks(sample.body) if b.tag in ("h2", "h3")]
    assert len(headings) >= 6
    for heading in headings:
        assert letters(heading) in text
    for cell in sample.body.iter("td"):
        assert letters("".join(cell.itertext())) in text


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_pdf_is_read_back_as_written(source: Path, made: Path, scripts: dict[str, ModuleType]) -> None:
    """The layout model finds every heading of the source as a heading, and the title and abstract as such."""
    sample = scripts["make_samples"].load_sample(source)
    document, front = read_both(made / f"{source.stem}.pdf")
    wanted = [b.text or "" for b in scripts["typesetting"].number_blocks(sample.body) if b.tag in ("h2", "h3")]
    assert [letters(s.heading) for s in document.sections] == [letters(h) for h in ("Abstract", *wanted)]
    kinds = [s.kind for s in document.sections]
    assert {"abstract", "introduction", "related_work", "method", "results", "conclusion", "references"} <= set(kinds)
    assert letters(front.title) == letters(sample.title)
    assert letters(front.abstract) == letters(sample.abstract)
    assert front.arxiv_id is None
    text = letters("".join(s.text for s in document.sections))
    for paragraph in sample.body.findall("p"):
        # a subscript or a code word may be read with other spacing; letters() takes that away
        assert letters("".join(paragraph.itertext())) in text


def test_same_bytes_in_another_process(made: Path, tmp_path: Path) -> None:
    run_script(tmp_path / "again", "2")
    for path in made.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_papers_jsonl_describes_its_papers(made: Path, scripts: dict[str, ModuleType]) -> None:
    lines = (made / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    papers = {p.source_file: p for p in (read_paper(json.loads(line), "papers.jsonl") for line in lines)}
    samples = scripts["make_samples"].load_samples()
    assert set(papers) == {f"{s.name}.pdf" for s in samples if s.described_by == "papers.jsonl"}
    for sample in samples:
        if sample.described_by != "papers.jsonl":
            continue
        paper = papers[f"{sample.name}.pdf"]
        assert (paper.title, paper.abstract, paper.authors) == (sample.title, sample.abstract, sample.authors)
        digest = hashlib.sha256((made / paper.source_file).read_bytes()).hexdigest()
        assert paper.arxiv_id == ids.local_id(digest)  # no arXiv id is claimed


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_results_say_where_and_how_they_were_measured(path: Path) -> None:
    results = json.loads(path.read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", results["measured_utc"])
    assert {"cpu", "cores", "vector_extensions", "python", "packages"} <= set(results["machine"])
    python, script, *arguments = results["command"].split()
    assert python == "python"
    assert (ROOT / script).is_file()
    assert arguments[-2:] == ["--json", path.name]
    assert not [a for a in arguments if "/" in a], "a place on one machine is named"
    options = set(re.findall(r'"(--[a-z-]+)"', (ROOT / script).read_text(encoding="utf-8")))
    assert {a for a in arguments if a.startswith("--")} <= options


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_every_figure_resolves(source: Path, scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    """A placeholder without a figure is an error, and a changed figure changes the text."""
    make = scripts["make_samples"]
    assert "{{" not in ElementTree.tostring(make.load_sample(source).body, encoding="unicode")
    name = re.search(r"^results: (\S+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
    assert name is not None
    results: dict[str, Any] = json.loads((SAMPLES / "results" / name[1]).read_text(encoding="utf-8"))

    (tmp_path / name[1]).write_text(json.dumps(_plus_one(results)))
    changed, sample = make.load_sample(source, tmp_path), make.load_sample(source)
    assert changed.abstract != sample.abstract
    figures = [re.findall(r"\d+(?:\.\d+)?", " ".join(s.body.itertext())) for s in (changed, sample)]
    assert figures[0] != figures[1]

    (tmp_path / name[1]).write_text(json.dumps({"measured_utc": results["measured_utc"]}))
    with pytest.raises(jinja2.UndefinedError):
        make.load_sample(source, tmp_path)


def _plus_one(value: Any, key: str = "") -> Any:
    """The same structure with every measured float raised by one; what the templates select by stays."""
    if isinstance(value, dict):
        return {k: _plus_one(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_plus_one(v, key) for v in value]
    selects = key in ("threshold", "overlap_from", "overlap_below")
    return value + 1 if isinstance(value, float) and not selects else value


def test_what_the_texts_say_in_words_holds() -> None:
    """Comparisons that stand in the sentences and not in placeholders: a new measurement must keep or rewrite them."""
    results = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in RESULTS}
    big, small = (m["decode"]["64"] for m in results["batching"]["models"])
    speed = {n: row["tokens_per_second"]["median"] for n, row in big.items()}
    assert speed["1"] < speed["8"] < speed["4"] < speed["16"]
    assert small["1"]["tokens_per_second"]["median"] < small["16"]["tokens_per_second"]["median"]

    revisions = results["revisions"]
    assert revisions["nearest"]["word_overlap"]["max"] < 0.3  # "none of the nearest different papers passes"
    shares = [band["found_percent"]["0.85"] for band in revisions["bands"]]
    assert shares == sorted(shares)

    copying = results["copying"]
    assert "absent" not in copying["latin_runs"]["counts"]  # "no run is absent"
    numbers = copying["numbers_in_chinese"]
    assert 0.4 < numbers["counts"]["myriad"] / (numbers["total"] - numbers["counts"]["literal"]) < 0.5  # "nearly half"
    assert copying["tokens"]["chinese_per_english_token"]["max"] < 1.5  # "longer than any of those that we saw"


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_citations_and_references_match(source: Path, scripts: dict[str, ModuleType]) -> None:
    sample = scripts["make_samples"].load_sample(source)
    paragraphs = sample.body.findall("p")
    listed = ["".join(p.itertext()) for p in paragraphs if p.get("class") == "reference"]
    assert [line.split("]")[0] for line in listed] == [f"[{i}" for i in range(1, len(listed) + 1)]
    running = " ".join("".join(p.itertext()) for p in paragraphs if p.get("class") != "reference")
    assert set(re.findall(r"\[(\d+)\]", running)) == {str(i) for i in range(1, len(listed) + 1)}


@pytest.mark.parametrize("n_columns", [1, 2])
def test_no_table_is_cut_and_no_heading_left_alone(n_columns: int, scripts: dict[str, ModuleType]) -> None:
    """Push a heading, a paragraph and a table past the foot of a column in small steps."""
    typesetting = scripts["typesetting"]
    rows = "".join(f"<tr><td>row {i}</td><td>{i}.5</td></tr>" for i in range(8))
    blocks = (
        f"<h2>Findings</h2><p>{'alpha ' * 90}</p>"
        f'<div><p class="caption">What was found.</p><table>{rows}</table></div><p>{"beta " * 60}</p>'
    )
    for n_filler in range(14, 34, 2):
        words = _words(typesetting, n_filler, blocks, n_columns)
        assert len({c for c, w in words if w[4] in ("Table", "row") or w[4].startswith("found")}) == 1
        assert sum(w[4] == "row" for _, w in words) == 8
        heading = next(c for c, w in words if w[4] == "Findings")
        assert next(c for c, w in words if w[4] == "alpha") == heading
        foot = typesetting.PAGE.height - typesetting.BOTTOM
        assert max(w[3] for _, w in words if not w[4].isdigit()) <= foot + 2


def test_no_line_of_a_paragraph_is_left_alone(scripts: dict[str, ModuleType]) -> None:
    n_split = 0
    for n_words in (30, 40, 50):
        for n_filler in range(27, 34):
            words = _words(scripts["typesetting"], n_filler, f"<p>{'alpha ' * n_words}</p>", 2)
            lines = {(c, round(w[3])) for c, w in words if w[4] == "alpha"}
            per_column = Counter(c for c, _ in lines)
            n_split += len(per_column) == 2
            assert min(per_column.values()) >= 2, (n_words, n_filler, per_column)
    assert n_split >= 3


def _words(typesetting: ModuleType, n_filler: int, blocks: str, n_columns: int) -> list[tuple[Any, Any]]:
    """The words of a paper of short filler paragraphs and ``blocks``, each with its page and column."""
    filler = "".join(f"<p>Filler {i}.</p>" for i in range(n_filler))
    body = ElementTree.fromstring(f"<body>{filler}{blocks}</body>")
    pdf = typesetting.typeset("A title", ("An author",), "2026", "An abstract.", body, n_columns)
    middle = typesetting.PAGE.width / 2
    with pymupdf.open("pdf", pdf) as document:
        return [
            ((page.number, n_columns == 2 and word[0] > middle), word)
            for page in document
            for word in page.get_text("words")
        ]


def test_a_source_with_an_unknown_key_is_refused(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    text = SOURCES[0].read_text(encoding="utf-8").replace("columns:", "n_columns:", 1)
    (tmp_path / "wrong.html").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="n_columns"):
        scripts["make_samples"].load_sample(tmp_path / "wrong.html")
