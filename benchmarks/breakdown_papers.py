"""The papers of a case file, in a store: packed and read as ``bundle pack`` and ``ingest`` do it, each PDF once."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from breakdown_cases import PaperCase, find_pdf

from summarizer.config import Config
from summarizer.errors import ConfigError
from summarizer.records import Paper, Section
from summarizer.stages.ingest import ingest
from summarizer.stages.pack import pack_folder
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder
from summarizer.stages.weights import Weights
from summarizer.store import Store, papers, trial_samples
from summarizer.store.papers import PaperKey
from summarizer.store.trial_samples import TrialCase

_DAY = date(2026, 1, 1)  #: of the bundles; nothing looks at it


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A case with what the product read of its PDF."""

    case: PaperCase
    key: PaperKey
    paper: Paper  #: with the case's own title and abstract where it has them
    sections: tuple[Section, ...]  #: none: the PDF could not be read

    @property
    def trial_case(self) -> TrialCase:
        sections_hash = trial_samples.hash_of_sections(self.sections)
        return TrialCase(self.case.name, self.key, self.paper.title, self.paper.abstract, sections_hash)

    @property
    def text(self) -> str:
        """Everything that was read of the paper: what a number or a name of an answer must stand in."""
        return "\n".join([self.paper.title, self.paper.abstract, *(f"{s.heading}\n{s.text}" for s in self.sections)])


def read_papers(
    store: Store, cases: Sequence[PaperCase], folder: Path, config: Config, weights: Weights, progress: Progress
) -> list[ReadPaper]:
    """The papers of the cases, in their order. Those that the store has, by the hash of the PDF, are not read again.

    Raises ConfigError with a line for each PDF that is not there.
    """
    paths: list[Path] = []
    faults = []
    for case in cases:
        try:
            paths.append(find_pdf(folder, case.name))
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))
    hashes = [_sha256(path) for path in paths]
    there = _read_keys(store)
    new = {sha256: path for sha256, path in zip(hashes, paths, strict=True) if sha256 not in there}
    if new:
        _ingest(store, list(new.values()), config, weights, progress)
    with store.read() as con:
        keys = {sha256: key for key, sha256 in papers.pdf_hashes(con).items()} | there
    found = []
    with store.read() as con:
        for case, sha256 in zip(cases, hashes, strict=True):
            key = keys[sha256]
            stored = papers.paper(con, key)
            paper = Paper(
                *key, case.title or stored.title, (), (), "", None, None, case.abstract or stored.abstract, None, ()
            )
            found.append(ReadPaper(case, key, paper, papers.sections(con, key)))
    return found


def _ingest(store: Store, paths: Sequence[Path], config: Config, weights: Weights, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix="breakdown-") as name:
        folder = Path(name) / "papers"
        folder.mkdir()
        for path in paths:
            (folder / path.name).symlink_to(path.resolve())
        packed = pack_folder(folder, post_date=_DAY, out_dir=Path(name))
        for problem in packed.problems:
            progress.message(str(problem))
        recorder = RunRecorder(store, "benchmarks/breakdown.py", config)
        ingest(store, recorder, config, progress, packed.path, weights.open_tokenizer)


def _read_keys(store: Store) -> dict[str, PaperKey]:
    """PDF hash -> paper, of every paper whose text the store has."""
    if not store.path.exists():
        return {}
    with store.read() as con:
        return {sha256: key for key, sha256 in papers.pdf_hashes(con).items() if papers.n_pages(con, key)}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
