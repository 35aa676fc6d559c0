"""How well papers are read: headings against their outlines, text against checked text, seconds a page, beside two peers.

    python benchmarks/sections.py --pdf DIR --toc DIR [--groundtruth DIR] [--limit N] [--contenders ours,plain]
        [--record FILE] [--json]

``--pdf``: papers. ``--toc``: for those that have an outline, ``NAME.json`` with ``[level, title, page]`` entries. Every
reader gets a copy of the file without its outline and its named destinations. Title, abstract and references headings are
not counted either way. ``--groundtruth`` (default: the folder of that name beside ``--toc``, where there is one): body texts in
Markdown, TEI or S2ORC JSON. One file is read at a time unless ``--workers`` says otherwise, by one reader after the other.
``--record FILE`` keeps each paper as it is done, and takes from there what the same files and the same code gave before.
All readers keep the layout model loaded from one file to the next.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sections_peers import PEERS
from sections_record import Record
from sections_truth import (
    Heading,
    Score,
    counted,
    kinds_named,
    match,
    read_outline,
    text_figures,
    truth_files,
    truth_paragraphs,
)

from summarizer.errors import PdfError
from summarizer.pdf import PdfReader

OURS = "ours"
#: A kind with fewer characters than this gives a question no material.
USABLE_CHARS = 300


@dataclass(slots=True)
class PaperFigures:
    """One paper under one reader. Scores are None where there is no outline to compare with."""

    name: str
    reader: str
    n_pages: int = 0
    seconds: float = 0.0
    headings: Score | None = None
    levels: Score | None = None
    within_depth: Score | None = None  #: headings no deeper than the outline goes
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)  #: characters by kind
    kinds_missed: list[str] = field(default_factory=list)  #: named by the outline's words, not found
    text: dict[str, dict[str, float]] = field(default_factory=dict)  #: file of checked text -> coverage, order
    failure: str = ""

    @property
    def usable(self) -> bool:
        """Whether there is material for the questions about method and results."""
        results = self.kinds.get("results", 0) + self.kinds.get("experiments", 0)
        return self.kinds.get("method", 0) >= USABLE_CHARS and results >= USABLE_CHARS


@functools.cache
def our_reader() -> PdfReader:
    """Kept for all files of a process; its processes end with this one."""
    return PdfReader()


def figures_from(row: dict[str, Any]) -> PaperFigures:
    """What ``asdict`` made of the figures of a paper."""
    scores = {key: Score(**row[key]) for key in ("headings", "levels", "within_depth") if row[key] is not None}
    return PaperFigures(**{**row, **scores})


def without_outline(path: Path, folder: Path) -> Path:
    """A copy that tells nothing of its headings but what is printed."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    copy = folder / path.name
    with pymupdf.open(path) as document:
        if document.needs_pass or document.page_count == 0:
            return path
        document.set_toc([])
        catalog = document.pdf_catalog()
        if document.xref_get_key(catalog, "Names")[0] != "null":
            document.xref_set_key(catalog, "Names/Dests", "null")
        document.xref_set_key(catalog, "Dests", "null")
        document.save(copy)
    return copy


def measure(path: Path, outline: Path | None, truth_folder: Path | None, readers: Sequence[str]) -> list[PaperFigures]:
    """All readers on one paper."""
    with tempfile.TemporaryDirectory(prefix="sections-") as folder:
        try:
            copy = without_outline(path, Path(folder))
        except Exception:  # noqa: BLE001 - a file that PyMuPDF cannot open goes to the readers as it is
            copy = path
        truth = read_outline(outline) if outline is not None else []
        texts = truth_files(truth_folder, path.stem) if truth_folder is not None else []
        done: list[PaperFigures] = []
        try:
            title = "" if OURS in readers else our_reader().front_matter(copy).title
            for reader in readers:  # ours comes first, since it reads the title
                figures, headings, text, title = _read(reader, path.stem, copy, title)
                _compare(figures, counted(headings, title), counted(truth, title))
                if reader == OURS:
                    wanted = kinds_named(truth) & {"introduction", "conclusion"}
                    figures.kinds_missed = sorted(wanted - set(figures.kinds))
                figures.text = {file.name: text_figures(text, truth_paragraphs(file)) for file in texts}
                done.append(figures)
        except PdfError as error:
            failure = f"{error.category}: {error.detail}"
            return [PaperFigures(path.stem, reader, failure=failure) for reader in readers]
    return done


def _read(reader: str, name: str, path: Path, title: str) -> tuple[PaperFigures, list[Heading], str, str]:
    """Figures that need no truth, headings, text and title. Raises PdfError."""
    figures = PaperFigures(name, reader)
    started = time.perf_counter()
    if reader == OURS:
        document, front = our_reader().both(path)
        figures.seconds, figures.n_pages = time.perf_counter() - started, document.n_pages
        for section in document.sections:
            figures.kinds[section.kind] = figures.kinds.get(section.kind, 0) + len(section.text)
        headings = [Heading(s.level, s.heading) for s in document.sections if s.heading]
        return figures, headings, "\n".join(s.text for s in document.sections), front.title
    read = PEERS[reader](path)
    figures.seconds, figures.n_pages = time.perf_counter() - started, read.n_pages
    return figures, read.headings, read.text, title


def _compare(figures: PaperFigures, found: list[Heading], truth: list[Heading]) -> None:
    if not truth:
        return
    pairs = match(found, truth)
    top = min(h.level for h in truth)
    # a paper without an abstract heading may have its first level anywhere: levels count from the top one
    found_top = min((f.level for f, _ in pairs), default=1)
    right = sum(f.level - found_top == t.level - top for f, t in pairs)
    figures.headings = Score(len(found), len(truth), len(pairs))
    figures.levels = Score(len(found), len(truth), right)
    depth = max(h.level for h in truth) - top + found_top
    shallow = [f for f in found if f.level <= depth or any(f is p for p, _ in pairs)]
    figures.within_depth = Score(len(shallow), len(truth), len(pairs))
    paired_found, paired_truth = [f for f, _ in pairs], [t for _, t in pairs]
    figures.false = [f.title for f in found if not any(f is p for p in paired_found)]
    figures.missed = [t.title for t in truth if not any(t is p for p in paired_truth)]


def worst_quarter(values: Sequence[float]) -> float:
    """Mean of the lowest quarter, rounded up to whole papers."""
    n = -(-len(values) // 4)
    return statistics.fmean(sorted(values)[:n]) if values else 0.0


def summary(papers: Sequence[PaperFigures]) -> dict[str, Any]:
    """Figures of one reader: means over the papers with an outline, shares over all that were read."""
    read = [p for p in papers if not p.failure]
    scored = [p for p in read if p.headings is not None and p.levels is not None]
    headings = [p.headings for p in scored if p.headings is not None]
    levels = [p.levels for p in scored if p.levels is not None]
    texts = [figures for p in read for figures in p.text.values()]

    def mean(values: list[float]) -> float:
        return statistics.fmean(values) if values else 0.0

    return {
        "n": len(scored),
        "n_read": len(read),
        "n_failed": len(papers) - len(read),
        "heading_precision": mean([s.precision for s in headings]),
        "heading_recall": mean([s.recall for s in headings]),
        "heading_f1": mean([s.f1 for s in headings]),
        "heading_f1_worst_quarter": worst_quarter([s.f1 for s in headings]),
        "heading_f1_within_depth": mean([p.within_depth.f1 for p in scored if p.within_depth is not None]),
        "level_precision": mean([s.precision for s in levels]),
        "level_recall": mean([s.recall for s in levels]),
        "level_f1": mean([s.f1 for s in levels]),
        "text_coverage": mean([t["coverage"] for t in texts]),
        "text_order": mean([t["order"] for t in texts]),
        "seconds_per_page_median": statistics.median([p.seconds / p.n_pages for p in read]) if read else 0.0,
    }


def ours_only(papers: Sequence[PaperFigures]) -> dict[str, Any]:
    """What has no counterpart with the peers: kinds."""
    read = [p for p in papers if not p.failure]
    return {
        "method_and_results_share": sum(p.usable for p in read) / max(1, len(read)),
        "not_usable": [p.name for p in read if not p.usable],
        "introduction_or_conclusion_missed": {p.name: p.kinds_missed for p in read if p.kinds_missed},
        "failures": {p.name: p.failure for p in papers if p.failure},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Headings, levels, kinds and text of papers, and seconds a page.")
    parser.add_argument("--pdf", type=Path, required=True, help="folder of PDFs")
    parser.add_argument("--toc", type=Path, required=True, help="folder of outlines, NAME.json for NAME.pdf")
    parser.add_argument("--groundtruth", type=Path, help="folder of checked body texts")
    parser.add_argument("--limit", type=int, help="the first N papers, those with an outline before the others")
    parser.add_argument("--contenders", default=",".join([OURS, *PEERS]), help="readers, separated by commas")
    parser.add_argument(
        "--workers", type=int, default=1, help="papers at the same time; more than 1 spoils the seconds"
    )
    parser.add_argument("--record", type=Path, help="file that papers are kept in as they are done, and taken from")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    readers = sorted(args.contenders.split(","), key=lambda reader: reader != OURS)
    if unknown := set(readers) - {OURS, *PEERS}:
        parser.error(f"--contenders: {', '.join(sorted(unknown))} unknown; there are {', '.join([OURS, *PEERS])}")
    for folder in (args.pdf, args.toc, *([args.groundtruth] if args.groundtruth else [])):
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    beside = args.toc.resolve().parent / "groundtruth"
    truth_folder = args.groundtruth or (beside if beside.is_dir() else None)
    outlines = {p: args.toc / f"{p.stem}.json" for p in sorted(args.pdf.glob("*.pdf"))}
    papers = sorted(outlines, key=lambda p: (not outlines[p].exists(), p.name))[: args.limit]
    if not papers:
        parser.error(f"no PDF in {args.pdf}")
    figures: list[PaperFigures] = []
    record = Record(args.record, readers)
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        tasks: dict[Path, Future[list[PaperFigures]]] = {}
        keys = {}
        for paper in papers:
            outline = outlines[paper] if outlines[paper].exists() else None
            texts = truth_files(truth_folder, paper.stem) if truth_folder is not None else []
            keys[paper] = record.key([paper, *([outline] if outline else []), *texts])
            if record.find(keys[paper]) is None:
                tasks[paper] = pool.submit(measure, paper, outline, truth_folder, readers)
        for n, paper in enumerate(papers, 1):
            kept = record.find(keys[paper])
            of_paper = [figures_from(row) for row in kept] if kept is not None else tasks[paper].result()
            if kept is None:
                record.keep(keys[paper], paper.stem, [asdict(row) for row in of_paper])
            figures += of_paper
            print(f"{n}/{len(papers)} {paper.stem}", file=sys.stderr)
    by_reader = {reader: [f for f in figures if f.reader == reader] for reader in readers}
    result: dict[str, Any] = {reader: summary(of) for reader, of in by_reader.items()}
    if OURS in readers:
        ours = by_reader[OURS]
        result = {**result.pop(OURS), **ours_only(ours), "peers": result}
        result["papers"] = [{**asdict(p), "heading_f1": p.headings.f1 if p.headings else None} for p in ours]
    print(json.dumps(result, indent=1, ensure_ascii=False) if args.json else table(result, by_reader))
    return 0


def table(result: dict[str, Any], by_reader: dict[str, list[PaperFigures]]) -> str:
    rows = {OURS: result, **result.get("peers", {})} if OURS in by_reader else result
    keys = {
        "n": "papers with an outline",
        "heading_precision": "headings: precision",
        "heading_recall": "headings: recall",
        "heading_f1": "headings: F1",
        "heading_f1_worst_quarter": "headings: F1, worst quarter",
        "heading_f1_within_depth": "headings no deeper than the outline: F1",
        "level_f1": "headings with the right level: F1",
        "text_coverage": "text: coverage",
        "text_order": "text: order",
        "seconds_per_page_median": "seconds a page, median",
    }
    lines = [f"{'':40}" + "".join(f"{name:>14}" for name in rows)]
    for key, words in keys.items():
        values = [rows[name][key] for name in rows]
        lines.append(f"{words:40}" + "".join(f"{v:14d}" if isinstance(v, int) else f"{v:14.3f}" for v in values))
    if OURS not in by_reader:
        return "\n".join(lines)
    lines += [
        f"{'usable method and results':40}{result['method_and_results_share']:14.3f}",
        *(f"  not usable: {name}" for name in result["not_usable"]),
        *(
            f"  missed {', '.join(kinds)}: {name}"
            for name, kinds in result["introduction_or_conclusion_missed"].items()
        ),
        *(f"  not read: {name}: {why}" for name, why in result["failures"].items()),
        "",
        "The ten worst papers:",
    ]
    scored = [p for p in by_reader[OURS] if p.headings is not None]
    for p in sorted(scored, key=lambda p: p.headings.f1 if p.headings else 0.0)[:10]:
        assert p.headings is not None
        lines.append(
            f"{p.headings.f1:.2f} {p.name} ({p.headings.n_both} of {p.headings.n_truth}, {len(p.false)} false)"
        )
        lines += [f"     missed: {title}" for title in p.missed] + [f"     false:  {title}" for title in p.false]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
