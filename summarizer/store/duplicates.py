"""Which papers are worth comparing, what the comparison saw, and what people said about pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from summarizer import ids
from summarizer.errors import StoreError
from summarizer.records import DuplicatePair, PairScore, Paper, VersionChange
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from duckdb import DuckDBPyConnection

Verdict = Literal["confirmed", "refused"]

#: Rows of one block of vectors: 25 MB.
BLOCK_ROWS = 16_384

#: The title as far as SQL can tell two titles the same; candidates found by it are compared anew.
_TITLE_KEY = r"trim(regexp_replace(lower(strip_accents({0}.title)), '[^\p{{L}}\p{{N}}]+', ' ', 'g'))"
#: Its first word, found in a fifth of the time.
_FIRST_WORD = r"regexp_extract(lower(strip_accents({0}.title)), '[\p{{L}}\p{{N}}]+')"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One paper compared with those before it."""

    key: PaperKey
    n_earlier: int  #: papers it was compared with
    pairs: Sequence[DuplicatePair]  #: what it repeats
    scored: Sequence[PairScore]  #: pairs that the rule has weighed
    change: VersionChange | None  #: what a new version changed


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier paper that another may repeat."""

    paper: Paper  #: what is compared of it: id, version, title, authors and abstract
    vector: npt.NDArray[np.float32]  #: of shape (384,)
    pdf_sha256: str | None
    has_body: bool  #: whether its text was read
    imported: bool  #: known from an imported post alone, so that nobody had a text to read

    @property
    def key(self) -> PaperKey:
        return self.paper.arxiv_id, self.paper.version


def candidates(con: DuckDBPyConnection, model_sha256: str, keys: Sequence[PaperKey]) -> dict[PaperKey, Candidate]:
    """Papers of these keys that have an embedding under the model."""
    import numpy as np

    if not keys:
        return {}
    # by row, so that only the keys of the whole archive are read, and no vectors and abstracts but those wanted
    given = """
        SELECT t.rowid AS row
        FROM {} AS t
        SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS arxiv_id, unnest(?::INTEGER[]) AS version) AS g
            ON g.arxiv_id = t.arxiv_id AND g.version = t.version
    """
    parameters = [[arxiv_id for arxiv_id, _ in keys], [version for _, version in keys]]
    vectors = con.execute(
        f"SELECT e.arxiv_id, e.version, e.vector FROM embedding AS e "  # noqa: S608 - no value in it
        f"SEMI JOIN ({given.format('embedding')} WHERE t.model_sha256 = ?) AS g ON g.row = e.rowid",
        [*parameters, model_sha256],
    ).fetchnumpy()
    vector_of = {
        (str(a), int(v)): np.asarray(x, dtype=np.float32)
        for a, v, x in zip(vectors["arxiv_id"], vectors["version"], vectors["vector"], strict=True)
    }
    rows = con.execute(
        f"""
        SELECT p.arxiv_id, p.version, p.title, p.authors, p.abstract, p.pdf_sha256,
            EXISTS (FROM section AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version),
            p.metadata_source = 'imported'
        FROM paper_version AS p SEMI JOIN ({given.format("paper_version")}) AS g ON g.row = p.rowid
        """,  # noqa: S608 - no value in it
        parameters,
    ).fetchall()
    found = {}
    for arxiv_id, version, title, authors, abstract, pdf_sha256, has_body, imported in rows:
        key = (arxiv_id, version)
        if key in vector_of:
            paper = Paper(arxiv_id, version, title, tuple(authors), (), "", None, None, abstract, None, ())
            found[key] = Candidate(paper, vector_of[key], pdf_sha256, has_body, imported)
    return found


def same_traits(
    con: DuckDBPyConnection, model_sha256: str, keys: Sequence[PaperKey]
) -> list[tuple[PaperKey, PaperKey]]:
    """Pairs (one of ``keys``, a compared paper) that share arXiv id, PDF or title, whatever their vectors say."""
    if not keys:
        return []
    rows = con.execute(
        f"""
        WITH given AS (SELECT unnest($ids::VARCHAR[]) AS arxiv_id, unnest($versions::INTEGER[]) AS version),
        new AS (
            SELECT
                p.arxiv_id, p.version, p.pdf_sha256,
                nullif({_TITLE_KEY.format("p")}, '') AS title_key,
                {_FIRST_WORD.format("p")} AS first_word
            FROM paper_version AS p SEMI JOIN given AS g ON g.arxiv_id = p.arxiv_id AND g.version = p.version
        ),
        likely AS MATERIALIZED (
            SELECT o.arxiv_id, o.version, o.title
            FROM paper_version AS o SEMI JOIN new AS n ON {_FIRST_WORD.format("o")} = n.first_word
        ),
        shared AS (
            SELECT n.arxiv_id, n.version, o.arxiv_id AS other_arxiv_id, o.version AS other_version
            FROM new AS n JOIN paper_version AS o ON o.arxiv_id = n.arxiv_id AND o.version <> n.version
            UNION SELECT n.arxiv_id, n.version, o.arxiv_id, o.version
            FROM new AS n JOIN paper_version AS o ON o.pdf_sha256 = n.pdf_sha256 AND o.arxiv_id <> n.arxiv_id
            UNION SELECT n.arxiv_id, n.version, o.arxiv_id, o.version
            FROM new AS n JOIN likely AS o ON {_TITLE_KEY.format("o")} = n.title_key AND o.arxiv_id <> n.arxiv_id
        )
        SELECT s.arxiv_id, s.version, s.other_arxiv_id, s.other_version
        FROM shared AS s
        SEMI JOIN dedup_check AS c
            ON c.arxiv_id = s.other_arxiv_id AND c.version = s.other_version AND c.model_sha256 = $model
        """,  # noqa: S608 - an expression, no value
        {"ids": [a for a, _ in keys], "versions": [v for _, v in keys], "model": model_sha256},
    ).fetchall()
    return [((a, v), (other_a, other_v)) for a, v, other_a, other_v in rows]


def arrival_order(con: DuckDBPyConnection, arxiv_id: str) -> list[PaperKey]:
    """The versions of a paper in the order in which they came."""
    rows = con.execute(
        "SELECT version FROM paper_arrival WHERE arxiv_id = ? ORDER BY ingested_utc, bundle_id, seq", [arxiv_id]
    ).fetchall()
    return [(arxiv_id, version) for (version,) in rows]


def n_compared(con: DuckDBPyConnection, model_sha256: str) -> int:
    """How many paper versions were compared under this model."""
    row = con.execute("SELECT count(*) FROM dedup_check WHERE model_sha256 = ?", [model_sha256]).fetchone()
    return int(row[0]) if row else 0


def measure_blocks(
    con: DuckDBPyConnection, model_sha256: str
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
    """The embeddings that later papers are measured by, in blocks: labels of shape (n,), vectors of shape (n, 384).

    Those are the papers that were compared under this model and do not repeat another one. :func:`measure_keys` tells
    whose label is whose, within the same connection. Memory does not grow with the number of embeddings.
    """
    import numpy as np

    left_out = con.execute(
        """
        SELECT e.rowid AS label
        FROM embedding AS e
        WHERE e.model_sha256 = $model AND (
            NOT EXISTS (
                FROM dedup_check AS c
                WHERE c.arxiv_id = e.arxiv_id AND c.version = e.version AND c.model_sha256 = $model
            )
            OR EXISTS (FROM repeated_paper AS r WHERE r.arxiv_id = e.arxiv_id AND r.version = e.version)
        )
        """,
        {"model": model_sha256},
    ).fetchnumpy()["label"]
    row = con.execute("SELECT max(rowid) FROM embedding").fetchone()
    last = row[0] if row and row[0] is not None else -1
    for first in range(0, last + 1, BLOCK_ROWS):
        columns = con.execute(
            "SELECT rowid AS label, vector FROM embedding WHERE rowid >= ? AND rowid < ? AND model_sha256 = ?",
            [first, first + BLOCK_ROWS, model_sha256],
        ).fetchnumpy()
        labels = np.asarray(columns["label"], dtype=np.int64)
        wanted = ~np.isin(labels, left_out)
        if wanted.any():
            # the column is an array of arrays; as a list of arrays they are joined in a sixth of the time
            vectors = np.concatenate(columns["vector"].tolist()).astype(np.float32, copy=False).reshape(len(labels), -1)
            yield (labels, vectors) if wanted.all() else (labels[wanted], vectors[wanted])


def measure_keys(con: DuckDBPyConnection, labels: Sequence[int]) -> dict[int, PaperKey]:
    """Whose vectors :func:`measure_blocks` gave under these labels."""
    if not labels:
        return {}
    rows = con.execute(
        "SELECT e.rowid, e.arxiv_id, e.version FROM embedding AS e "
        "SEMI JOIN (SELECT unnest(?::BIGINT[]) AS label) AS g ON g.label = e.rowid",
        [list(labels)],
    ).fetchall()
    return {label: (arxiv_id, version) for label, arxiv_id, version in rows}


def record_comparisons(
    con: DuckDBPyConnection, run_id: str, model_sha256: str, comparisons: Sequence[Comparison], now: datetime
) -> None:
    """Record that papers were compared with those before them, what they repeat, and what else was seen."""
    # a statement for each paper takes longer than to compare it
    con.execute(
        """
        INSERT INTO dedup_check (arxiv_id, version, model_sha256, n_compared, run_id, created_utc)
        SELECT unnest($ids::VARCHAR[]), unnest($versions::INTEGER[]), $model, unnest($counts::INTEGER[]), $run, $now
        """,
        {
            "ids": [c.key[0] for c in comparisons],
            "versions": [c.key[1] for c in comparisons],
            "counts": [c.n_earlier for c in comparisons],
            "model": model_sha256,
            "run": run_id,
            "now": now,
        },
    )
    for comparison in comparisons:
        _record_pairs(con, run_id, model_sha256, comparison, now)


def _record_pairs(
    con: DuckDBPyConnection, run_id: str, model_sha256: str, comparison: Comparison, now: datetime
) -> None:
    for found in comparison.pairs:
        con.execute(
            """
            INSERT INTO duplicate_pair (
                arxiv_id, version, other_arxiv_id, other_version, kind, score, reason, model_sha256, run_id,
                created_utc
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                found.arxiv_id,
                found.version,
                found.other_arxiv_id,
                found.other_version,
                found.kind,
                found.score,
                found.reason,
                model_sha256,
                run_id,
                now,
            ],
        )
    for pair in comparison.scored:
        con.execute(
            """
            INSERT INTO scored_pair (
                arxiv_id, version, other_arxiv_id, other_version, model_sha256, score, cosine, title, authors,
                words, shingles, body, reason, run_id, created_utc
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                pair.arxiv_id,
                pair.version,
                pair.other_arxiv_id,
                pair.other_version,
                model_sha256,
                pair.score,
                pair.cosine,
                pair.title,
                pair.authors,
                pair.words,
                pair.shingles,
                pair.body,
                pair.reason,
                run_id,
                now,
            ],
        )
    change = comparison.change
    if change is not None:
        con.execute(
            """
            INSERT INTO version_change (
                arxiv_id, version, other_version, abstract_changed, numbers_changed, body_changed, title_changed,
                material, reason, run_id, created_utc
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,  # compared under another model before: what a version changed does not hang on the model
            [
                *comparison.key,
                change.other_version,
                change.abstract_changed,
                change.numbers_changed,
                change.body_changed,
                change.title_changed,
                change.material,
                change.reason,
                run_id,
                now,
            ],
        )


def record_judgement(
    con: DuckDBPyConnection, run_id: str, one: str, other: str, verdict: Verdict, now: datetime
) -> bool:
    """Keep what a person said about two papers; whether that is news. Raises StoreError when one is not in the store."""
    for arxiv_id in (one, other):
        if not con.execute("SELECT 1 FROM paper_version WHERE arxiv_id = ? LIMIT 1", [arxiv_id]).fetchone():
            raise StoreError(f"paper {arxiv_id} is not in the store: give the ids as the view borderline_pair has them")
    if one == other:
        raise StoreError(f"paper {one} was given twice: give two ids")
    pair = sorted((one, other))
    known = con.execute("SELECT verdict FROM judged_pair WHERE arxiv_id = ? AND other_arxiv_id = ?", pair).fetchone()
    if known == (verdict,):
        return False
    con.execute(
        "INSERT INTO pair_judgement (judgement_id, arxiv_id, other_arxiv_id, verdict, run_id, created_utc) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [ids.content_hash([*pair, verdict, run_id, now.isoformat()]), *pair, verdict, run_id, now],
    )
    return True


def judgements(con: DuckDBPyConnection) -> dict[tuple[str, str], Verdict]:
    """What people said last about each pair of papers, by their ids in sorted order."""
    rows = con.execute("SELECT arxiv_id, other_arxiv_id, verdict FROM judged_pair").fetchall()
    return {(one, other): verdict for one, other, verdict in rows}


def left_out_because_of(con: DuckDBPyConnection, one: str, other: str) -> str | None:
    """Which of two papers is left out because it repeats the other one; None: neither."""
    row = con.execute(
        "SELECT arxiv_id FROM repeated_pair WHERE arxiv_id IN ($one, $other) AND other_arxiv_id IN ($one, $other) "
        "ORDER BY created_utc DESC LIMIT 1",
        {"one": one, "other": other},
    ).fetchone()
    return str(row[0]) if row else None


def n_borderline(con: DuckDBPyConnection) -> int:
    """How many pairs wait for a person."""
    row = con.execute("SELECT count(*) FROM borderline_pair").fetchone()
    return int(row[0]) if row else 0
