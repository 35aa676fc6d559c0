"""Stage dedup: which papers repeat one that came before, and what new versions changed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from summarizer.config import Config
from summarizer.embed import Earlier, Finding, NeighbourSearch, Profile, body_likeness, find_duplicates
from summarizer.embed.duplicates import NEIGHBOUR_FLOOR
from summarizer.records import ModelInfo, Paper, VersionChange
from summarizer.revisions import change
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.store import Store, duplicates, embeddings, papers
from summarizer.store.duplicates import Candidate, Comparison, Verdict
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    from summarizer.store import Connection

#: Papers compared together: the archive is read once for each such lot.
_LOT = 2000
#: Papers recorded in one window.
_BATCH = 100
#: Neighbours of one paper that are looked at.
_NEIGHBOURS = 20
#: Kinds of section that are not the paper's own text, or the same in many papers.
_NO_BODY = frozenset({"references", "acknowledgement"})


def dedup(store: Store, run: RunRecorder, config: Config, progress: Progress, *, encoder: ModelInfo) -> StageResult:
    """Compare each paper that was not compared yet with those before it, in order of arrival.

    A paper that repeats another is no measure for later ones: what is left out never leaves out something else.
    """
    started = time.monotonic()
    with store.read() as con:
        pending = embeddings.pending_dedup(con, encoder.sha256)
    if not pending:
        return StageResult()
    progress.stage("dedup", len(pending))
    for first in range(0, len(pending), _LOT):
        with store.read() as con:
            lot = _Lot(con, encoder.sha256, pending[first : first + _LOT], config.dedup.near_threshold)
            results = [lot.compare(place) for place in range(len(lot))]
        for start in range(0, len(results), _BATCH):
            batch = results[start : start + _BATCH]
            with store.write() as con:
                run_id = run.ensure(con)
                duplicates.record_comparisons(con, run_id, encoder.sha256, batch, utc_now())
            progress.advance(len(batch))
    with store.read() as con:
        n_borderline = duplicates.n_borderline(con)
    if n_borderline:
        progress.message(
            f"{n_borderline} borderline pairs: see the view borderline_pair, then summarizer dedup confirm|refuse A B"
        )
    return StageResult(len(pending), 0, time.monotonic() - started)


class _Lot:
    """Papers that are compared together, in order of arrival, with everything before them."""

    def __init__(
        self, con: Connection, model_sha256: str, pending: Sequence[Paper], near_threshold: float | None
    ) -> None:
        self._con = con
        self._near_threshold = near_threshold
        self._n_known = duplicates.n_compared(con, model_sha256)
        self._judged = duplicates.judgements(con)
        #: confirmed repeats among the new ones are in it before they are compared
        self._repeated = embeddings.repeated_papers(con)
        self._keys = [_key(paper) for paper in pending]
        self._papers = duplicates.candidates(con, model_sha256, self._keys)
        self._profiles: dict[PaperKey, Profile] = {}
        self._bodies: dict[PaperKey, list[str]] = {}
        self._earlier = self._known_neighbours(model_sha256)
        for later, earlier in self._neighbours_among_the_new():
            self._earlier[later].add(earlier)
        for later, earlier in duplicates.same_traits(con, model_sha256, self._keys):
            self._earlier[later].add(earlier)
        known = {key for keys in self._earlier.values() for key in keys} - self._papers.keys()
        self._papers |= duplicates.candidates(con, model_sha256, sorted(known))

    def __len__(self) -> int:
        return len(self._keys)

    def compare(self, place: int) -> Comparison:
        """What the paper at ``place`` repeats, and what it changed. Call for each paper, in order."""
        key = self._keys[place]
        new = self._papers[key]
        measures = [self._papers[other] for other in sorted(self._earlier[key]) if self._is_measure(key, other)]
        found = self._find(new, measures)
        pairs = [finding.pair for finding in found if finding.pair is not None]
        scored = [finding.score for finding in found if finding.score is not None]
        changed = self._change(new, [m for m in measures if m.paper.arxiv_id == new.paper.arxiv_id])
        if any(pair.kind != "new_version" for pair in pairs) or (changed is not None and not changed.material):
            self._repeated.add(key)
        return Comparison(key, self._n_known + place, pairs, scored, changed)

    def _is_measure(self, key: PaperKey, other: PaperKey) -> bool:
        if other not in self._papers:  # it has no embedding under this model
            return False
        if other[0] == key[0]:  # another version is told even where that one was left out
            return True
        return other not in self._repeated and self._verdict(key, other) != "refused"

    def _verdict(self, one: PaperKey, other: PaperKey) -> Verdict | None:
        return self._judged.get((min(one[0], other[0]), max(one[0], other[0])))

    def _find(self, new: Candidate, measures: Iterable[Candidate]) -> list[Finding]:
        """Compare twice where that decides: first by title and abstract, then with the bodies of pairs in question."""
        earlier = [Earlier(self._profile(old), float(old.vector @ new.vector), old.pdf_sha256) for old in measures]
        found = self._decide(new, earlier)
        in_question = {
            (f.score.other_arxiv_id, f.score.other_version)
            for f in found
            if f.score is not None
            and new.has_body
            and self._papers[f.score.other_arxiv_id, f.score.other_version].has_body
        }
        if not in_question:
            return found
        with_bodies = []
        for one in earlier:
            other = _key(one.profile.paper)
            with_bodies.append(
                replace(one, body=body_likeness(self._body(new.key), self._body(other)))
                if other in in_question
                else one
            )
        return self._decide(new, with_bodies)

    def _decide(self, new: Candidate, earlier: Sequence[Earlier]) -> list[Finding]:
        return find_duplicates(
            self._profile(new), earlier, pdf_sha256=new.pdf_sha256, near_threshold=self._near_threshold
        )

    def _change(self, new: Candidate, versions: Sequence[Candidate]) -> VersionChange | None:
        """Against the version that was summarised last, or, where none was, that came last."""
        if not versions:
            return None
        order = duplicates.arrival_order(self._con, new.paper.arxiv_id)
        summarised = [v for v in versions if v.key not in self._repeated] or list(versions)
        old = max(summarised, key=lambda version: order.index(version.key))
        # of an imported paper there never was a text to read, so that the new one has one is no news, if there is an abstract
        bodies = () if old.imported and old.paper.abstract else (old, new)
        found = change(
            (old.paper.title, old.paper.abstract),
            (new.paper.title, new.paper.abstract),
            *(self._body(version.key) if version.has_body else () for version in bodies),
        )
        return VersionChange(
            old.paper.version, found.abstract, found.numbers, found.body, found.title, found.material, found.described
        )

    def _known_neighbours(self, model_sha256: str) -> defaultdict[PaperKey, set[PaperKey]]:
        search = NeighbourSearch(self._vectors(), NEIGHBOUR_FLOOR, _NEIGHBOURS)
        for labels, vectors in duplicates.measure_blocks(self._con, model_sha256):
            search.add(vectors, labels)
        found = search.found()
        key_of = duplicates.measure_keys(self._con, sorted({n.index for row in found for n in row}))
        earlier: defaultdict[PaperKey, set[PaperKey]] = defaultdict(set)
        for key, row in zip(self._keys, found, strict=True):
            earlier[key] = {key_of[neighbour.index] for neighbour in row}
        return earlier

    def _neighbours_among_the_new(self) -> list[tuple[PaperKey, PaperKey]]:
        """Pairs (later, earlier)."""
        vectors = self._vectors()
        search = NeighbourSearch(vectors, NEIGHBOUR_FLOOR, _NEIGHBOURS + 1)  # each is its own nearest
        search.add(vectors, np.arange(len(vectors), dtype=np.int64))
        pairs = {(max(row, n.index), min(row, n.index)) for row, found in enumerate(search.found()) for n in found}
        by_trait: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for row, key in enumerate(self._keys):
            candidate = self._papers[key]
            for trait in (
                ("arxiv_id", key[0]),
                ("pdf", candidate.pdf_sha256 or ""),
                ("title", self._profile(candidate).title_key),
            ):
                if trait[1]:
                    pairs.update((row, other) for other in by_trait[trait])
                    by_trait[trait].append(row)
        return [(self._keys[later], self._keys[earlier]) for later, earlier in sorted(pairs) if later != earlier]

    def _vectors(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.stack([self._papers[key].vector for key in self._keys])

    def _profile(self, candidate: Candidate) -> Profile:
        if candidate.key not in self._profiles:
            self._profiles[candidate.key] = Profile(candidate.paper)
        return self._profiles[candidate.key]

    def _body(self, key: PaperKey) -> list[str]:
        if key not in self._bodies:
            sections = papers.sections(self._con, key)
            self._bodies[key] = [section.text for section in sections if section.kind not in _NO_BODY]
        return self._bodies[key]


def _key(paper: Paper) -> PaperKey:
    return paper.arxiv_id, paper.version
