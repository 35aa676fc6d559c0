"""The material of benchmarks/dedup.py: true pairs, and pairs of other papers that look like them."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from summarizer.embed import Encoder, Profile, Vectors, embedding_input
from summarizer.records import Paper

#: Word overlap (Jaccard of the abstracts' words) below which a true pair counts as hard.
HARD_OVERLAP = 0.5
#: An author of more papers than this is likely several people.
_MOST_PAPERS = 60
_ENCODED_AT_ONCE = 512


@dataclass(frozen=True)
class Pair:
    """Two papers under two ids; ``kind``: version, nearest, authors, random or title."""

    kind: str
    one: Profile
    other: Profile
    seed: str  #: the id that decides the half

    @property
    def in_fit_half(self) -> bool:
        """By a hash of the id, so that all pairs made for a paper are in the same half."""
        return hashlib.sha256(self.seed.encode()).digest()[0] % 2 == 0

    @property
    def fold(self) -> int:
        """One of five parts of a half, 0 to 4."""
        return hashlib.sha256(self.seed.encode()).digest()[1] % 5


class Vectoriser:
    """Embeddings by the SHA-256 of the text, kept in a file where one is named."""

    def __init__(self, encoder: Callable[[], Encoder], cache: Path | None) -> None:
        self._encoder = encoder
        self._cache = cache
        self._known: dict[str, Any] = {}
        self.n_encoded, self.seconds = 0, 0.0
        if cache is not None and cache.exists():
            with np.load(cache) as kept:
                self._known = dict(zip(kept["hashes"].tolist(), kept["vectors"], strict=True))

    def prepare(self, papers: Iterable[Paper]) -> None:
        texts = list(dict.fromkeys(embedding_input(paper) for paper in papers))
        missing = [text for text in texts if _hash(text) not in self._known]
        if not missing:
            return
        encoder = self._encoder()
        started = time.perf_counter()
        for first in range(0, len(missing), _ENCODED_AT_ONCE):
            batch = missing[first : first + _ENCODED_AT_ONCE]
            for text, vector in zip(batch, encoder.encode(batch), strict=True):
                self._known[_hash(text)] = vector
            if first // _ENCODED_AT_ONCE % 4 == 3:
                self._save()
        self.seconds += time.perf_counter() - started
        self.n_encoded += len(missing)
        self._save()

    def _save(self) -> None:
        if self._cache is not None:
            np.savez(self._cache, hashes=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        self.prepare(papers)
        return np.stack([self._known[_hash(embedding_input(paper))] for paper in papers])


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines():
        yield json.loads(line)


def as_paper(row: dict[str, Any], arxiv_id: str, facts: dict[str, Any]) -> Paper:
    """``facts``: the record that names the authors."""
    authors = tuple(facts.get("authors") or ())
    return Paper(arxiv_id, 1, row["title"], authors, (), "", None, None, row["abstract"], None, ())


def true_pairs(rows: Sequence[dict[str, Any]], metadata: dict[str, dict[str, Any]]) -> list[Pair]:
    """Two versions of one paper told under two ids; the authors are those of the id's record, for both."""
    pairs = []
    for row in rows:
        facts = metadata.get(row["id"], {})
        one, other = (Profile(as_paper(row[s], f"{row['id']}-{s}", facts)) for s in "ab")
        pairs.append(Pair("version", one, other, row["id"]))
    return pairs


def other_pairs(
    ids: Sequence[str], metadata: dict[str, dict[str, Any]], vectoriser: Vectoriser, nearest_of: int
) -> list[Pair]:
    """For each id its nearest other paper, its nearest other paper with a common author, and a paper at random.

    Nearest by cosine, among the ``nearest_of`` papers nearest by TF-IDF of title and abstract and as many with a common
    author: to embed the whole archive would take more than an hour.
    """
    names = list(metadata)
    place = {name: n for n, name in enumerate(names)}
    queries = [place[i] for i in ids if i in place]
    by_words = _TfIdf([f"{m['title']} {m['title']} {m['abstract']}" for m in metadata.values()])
    nearest = by_words.nearest(queries, nearest_of)
    colleagues = {}
    for query, candidates in _colleagues(queries, [m.get("authors") or () for m in metadata.values()]).items():
        colleagues[query] = by_words.best(query, candidates, nearest_of)
    profiles: dict[int, Profile] = {}

    def profile(n: int) -> Profile:
        if n not in profiles:
            row = metadata[names[n]]
            profiles[n] = Profile(as_paper(row, row["id"], row))
        return profiles[n]

    chance = random.Random(0)
    by_chance = {
        query: chance.choice([n for n in chance.sample(queries, min(2, len(queries))) if n != query] or [query])
        for query in queries
    }
    wanted = {*queries, *(n for row in nearest.values() for n in row), *(n for row in colleagues.values() for n in row)}
    vectoriser.prepare(profile(n).paper for n in sorted(wanted))
    pairs: list[Pair] = []
    seen: set[tuple[str, int, int]] = set()

    def add(kind: str, query: int, candidates: Sequence[int]) -> None:
        if not candidates:
            return
        vectors = vectoriser.vectors([profile(n).paper for n in (query, *candidates)])
        best = candidates[int(np.argmax(vectors[1:] @ vectors[0]))]
        if (pair := (kind, min(query, best), max(query, best))) not in seen:
            seen.add(pair)
            pairs.append(Pair(kind, profile(query), profile(best), names[query]))

    for query in queries:
        add("nearest", query, list(dict.fromkeys([*nearest[query], *colleagues.get(query, [])])))
        add("authors", query, colleagues.get(query, []))
        if by_chance[query] != query:
            add("random", query, [by_chance[query]])
    return pairs


def title_pairs(groups: Sequence[Sequence[str]], metadata: dict[str, dict[str, Any]]) -> list[Pair]:
    """Pairs of papers with one title and two ids."""
    pairs = []
    for group in groups:
        rows = [metadata[i] for i in group[:2] if i in metadata]
        if len(rows) == 2:
            one, other = (Profile(as_paper(row, row["id"], row)) for row in rows)
            pairs.append(Pair("title", one, other, rows[0]["id"]))
    return pairs


def without_authors(pair: Pair) -> Pair:
    """The same pair as if nobody knew who wrote it."""
    one, other = (Profile(replace(p.paper, authors=())) for p in (pair.one, pair.other))
    return replace(pair, one=one, other=other)


def with_author(pair: Pair) -> Pair:
    """The same pair with one author more in its second version, where there are any."""
    authors = pair.other.paper.authors
    other = replace(pair.other.paper, authors=(*authors, "Newly Added") if authors else ())
    return replace(pair, other=Profile(other))


class _TfIdf:
    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._rows = TfidfVectorizer(min_df=2, max_df=0.05, sublinear_tf=True, dtype=np.float32).fit_transform(texts)
        self._columns = self._rows.T.tocsr()

    def nearest(self, queries: Sequence[int], limit: int) -> dict[int, list[int]]:
        found = {}
        for first in range(0, len(queries), 100):
            batch = list(queries[first : first + 100])
            for query, likeness in zip(batch, (self._rows[batch] @ self._columns).toarray(), strict=True):
                likeness[query] = -1.0
                few = np.argpartition(-likeness, min(limit, len(likeness) - 1))[:limit]
                found[query] = [int(n) for n in few[np.argsort(-likeness[few])] if likeness[n] >= 0]
        return found

    def best(self, query: int, candidates: Sequence[int], limit: int) -> list[int]:
        likeness = (self._rows[[query]] @ self._rows[list(candidates)].T).toarray()[0]
        return [candidates[int(n)] for n in np.argsort(-likeness)[:limit]]


def _colleagues(queries: Sequence[int], authors: Sequence[Sequence[str]]) -> dict[int, list[int]]:
    """For each query the papers that share most authors with it, some sixty at most."""
    papers_of: defaultdict[str, list[int]] = defaultdict(list)
    for n, names in enumerate(authors):
        for name in names:
            papers_of[name.casefold()].append(n)
    found = {}
    for query in queries:
        shared: Counter[int] = Counter()
        for name in authors[query]:
            if len(papers_of[name.casefold()]) <= _MOST_PAPERS:
                shared.update(papers_of[name.casefold()])
        del shared[query]
        if shared:
            found[query] = [n for n, _ in shared.most_common(60)]
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
