"""Make the sample papers: their texts, filled with the measured figures, become PDFs and a papers.jsonl.

    python samples/make_samples.py --out DIR

A source in ``samples/papers`` is a YAML front matter and a body of XHTML blocks, both Jinja2 templates: every figure is
a placeholder that is read from ``samples/results``, so text and measurement cannot diverge. A paper whose front matter
says ``described_by: papers.jsonl`` gets a line there; one that says ``pdf`` leaves its title, authors and abstract to
be read from the PDF.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import yaml
from typesetting import typeset

from summarizer import ids
from summarizer.bundle.rows import paper_row
from summarizer.records import Paper

HERE = Path(__file__).resolve().parent
KEYS = {"title", "authors", "categories", "columns", "described_by", "results", "abstract"}


@dataclass(frozen=True)
class Sample:
    """A sample paper with its figures filled in."""

    name: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    columns: int
    described_by: str
    measured: date
    abstract: str
    body: ElementTree.Element


def _fixed(value: float, digits: int = 0) -> str:
    """A number with ``digits`` decimals and commas between thousands."""
    return f"{value:,.{digits}f}"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True)
    environment.filters["fixed"] = _fixed
    return environment


def load_sample(path: Path, results_folder: Path = HERE / "results") -> Sample:
    """Read a source, fill in its figures, and parse its blocks. Raises ValueError, or jinja2's and YAML's errors."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    front: dict[str, Any] = yaml.safe_load(head)
    if set(front) != KEYS:
        raise ValueError(f"{path.name}: the front matter needs exactly {sorted(KEYS)}, not {sorted(front)}")
    results = json.loads((results_folder / front["results"]).read_text(encoding="utf-8"))
    environment = _environment()
    # what the body sets at its top (names for parts of the results) holds in the abstract too
    template = environment.from_string(body)
    names = template.make_module({"results": results})
    known = {"results": results, **{k: getattr(names, k) for k in dir(names) if not k.startswith("_")}}
    abstract = environment.from_string(front["abstract"]).render(known)
    return Sample(
        name=path.stem,
        title=front["title"],
        authors=tuple(front["authors"]),
        categories=tuple(front["categories"]),
        columns=front["columns"],
        described_by=front["described_by"],
        measured=date.fromisoformat(results["measured_utc"]),
        abstract=" ".join(abstract.split()),
        body=ElementTree.fromstring(f"<body>{names!s}</body>"),
    )


def load_samples() -> list[Sample]:
    return [load_sample(path) for path in sorted((HERE / "papers").glob("*.html"))]


def sample_pdf(sample: Sample) -> bytes:
    note = f"{sample.measured:%B} {sample.measured.year}"
    return typeset(sample.title, sample.authors, note, sample.abstract, sample.body, sample.columns)


def describe(sample: Sample, pdf: bytes, file_name: str) -> dict[str, object]:
    """The line of a sample in papers.jsonl. Samples have no arXiv id: the local one is made from the file's hash."""
    at = datetime.combine(sample.measured, datetime.min.time())
    return paper_row(
        Paper(
            arxiv_id=ids.local_id(hashlib.sha256(pdf).hexdigest()),
            version=1,
            title=sample.title,
            authors=sample.authors,
            categories=sample.categories,
            primary_category=sample.categories[0],
            submitted_utc=at,
            updated_utc=at,
            abstract=sample.abstract,
            comment="Sample paper of the summarizer project, CC0",
            links=(),
            source_file=file_name,
        )
    )


def write_samples(out: Path) -> list[Path]:
    """Write ``<name>.pdf`` for every sample and ``papers.jsonl``; the paths that were written."""
    out.mkdir(parents=True, exist_ok=True)
    written, lines = [], []
    for sample in load_samples():
        path = out / f"{sample.name}.pdf"
        pdf = sample_pdf(sample)
        path.write_bytes(pdf)
        written.append(path)
        if sample.described_by == "papers.jsonl":
            lines.append(json.dumps(describe(sample, pdf, path.name), ensure_ascii=False))
    jsonl = out / "papers.jsonl"
    jsonl.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [*written, jsonl]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the PDFs and papers.jsonl")
    for path in write_samples(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
