"""Stage dedup: which papers repeat one that came before."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from summarizer.config import Config
from summarizer.embed import Earlier, Vectors, find_duplicates, find_neighbours
from summarizer.embed.duplicates import NEIGHBOUR_FLOOR
from summarizer.records import DuplicatePair, ModelInfo, Paper
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.store import Store, embeddings, papers
from summarizer.text import comparison_key

PaperKey = tuple[str, int]
#: Papers recorded in one window.
_BATCH = 100


def dedup(store: Store, run: RunRecorder, config: Config, progress: Progress, *, encoder: ModelInfo) -> StageResult:
    """Compare each paper that was not compared yet with those before it, in order of arrival.

    A paper that repeats another is no measure for later ones: what is left out never leaves out something else.
    """
    started = time.monotonic()
    with store.read() as con:
        pending = embeddings.pending_dedup(con, encoder.sha256)
        if not pending:
            return StageResult()
        known = embeddings.earlier_papers(con, encoder.sha256)
        keys, vectors = embeddings.all_embeddings(con, encoder.sha256)
        repeated = embeddings.repeated_papers(con)
        pdf_hashes = papers.pdf_hashes(con)
    progress.stage("dedup", len(pending))
    row_of = {key: row for row, key in enumerate(keys)}
    day = _Comparison(
        [*known, *pending],
        len(known),
        vectors[[row_of[_key(paper)] for paper in (*known, *pending)]],
        repeated,
        pdf_hashes,
        config.dedup.near_threshold,
    )
    found: list[tuple[PaperKey, int, list[DuplicatePair]]] = []
    for place in range(len(known), len(known) + len(pending)):
        found.append((_key(day.papers[place]), place, day.compare(place)))
        if len(found) == _BATCH or place + 1 == len(day.papers):
            with store.write() as con:
                run_id = run.ensure(con)
                for key, n_compared, pairs in found:
                    embeddings.record_dedup(con, run_id, encoder.sha256, key, n_compared, pairs, utc_now())
            progress.advance(len(found))
            found = []
    return StageResult(len(pending), 0, time.monotonic() - started)


class _Comparison:
    """Papers in order of arrival; the first ``n_known`` were compared already."""

    def __init__(
        self,
        papers: Sequence[Paper],
        n_known: int,
        vectors: Vectors,
        repeated: set[PaperKey],
        pdf_hashes: Mapping[PaperKey, str],
        near_threshold: float | None,
    ) -> None:
        self.papers = papers
        self._vectors = vectors
        self._repeated = set(repeated)
        self._pdf_hashes = pdf_hashes
        self._near_threshold = near_threshold
        floor = NEIGHBOUR_FLOOR if near_threshold is None else min(NEIGHBOUR_FLOOR, near_threshold)
        self._floor = floor
        self._n_known = n_known
        # neighbours among the known for all at once; among the new ones each looks at those before it
        measures = [place for place in range(n_known) if _key(papers[place]) not in self._repeated]
        self._known_neighbours = [
            [measures[neighbour.index] for neighbour in row]
            for row in find_neighbours(vectors[n_known:], vectors[measures], floor)
        ]
        self._by_trait: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place in range(n_known):
            self._remember(place)

    def compare(self, place: int) -> list[DuplicatePair]:
        """Pairs of the paper at ``place`` with earlier ones. Call for each new paper, in order."""
        paper = self.papers[place]
        candidates = set(self._known_neighbours[place - self._n_known])
        cosines = self._vectors[self._n_known : place] @ self._vectors[place]
        candidates.update(self._n_known + int(row) for row in np.flatnonzero(cosines >= self._floor))
        for trait in self._traits(place):
            candidates.update(self._by_trait[trait])
        pairs = find_duplicates(
            paper,
            [
                Earlier(
                    self.papers[other],
                    float(self._vectors[other] @ self._vectors[place]),
                    self._pdf_hashes.get(_key(self.papers[other])),
                )
                for other in sorted(candidates)
                # another version of the paper itself is told even where that one was left out
                if self.papers[other].arxiv_id == paper.arxiv_id or _key(self.papers[other]) not in self._repeated
            ],
            pdf_sha256=self._pdf_hashes.get(_key(paper)),
            near_threshold=self._near_threshold,
        )
        if any(pair.kind != "new_version" for pair in pairs):
            self._repeated.add(_key(paper))
        self._remember(place)
        return pairs

    def _remember(self, place: int) -> None:
        for trait in self._traits(place):
            self._by_trait[trait].append(place)

    def _traits(self, place: int) -> list[tuple[str, str]]:
        """What tells a repetition whatever the vectors say: papers that share none of it are not looked at."""
        paper = self.papers[place]
        traits = [("arxiv_id", paper.arxiv_id), ("title", comparison_key(paper.title))]
        pdf_sha256 = self._pdf_hashes.get(_key(paper))
        if pdf_sha256 is not None:
            traits.append(("pdf", pdf_sha256))
        return [(kind, value) for kind, value in traits if value]


def _key(paper: Paper) -> PaperKey:
    return paper.arxiv_id, paper.version
