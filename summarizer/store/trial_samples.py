"""Samples that prompts are tried on: cases drawn once from the papers of the store, or read from a case file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from summarizer import ids
from summarizer.errors import StoreError
from summarizer.records import Section
from summarizer.store import papers
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What the cases of a sample have: the abstract, for translation, or sections, for the answers.
CaseInput = Literal["abstract", "sections"]


@dataclass(frozen=True, slots=True)
class TrialCase:
    """One input that prompts are tried on, frozen."""

    case_id: str
    key: PaperKey
    title: str
    abstract: str
    sections_hash: str | None = None  #: of :func:`hash_of_sections`
    reference: str | None = None  #: Chinese

    @property
    def case_hash(self) -> str:
        return ids.content_hash(
            [self.case_id, list(self.key), self.title, self.abstract, self.sections_hash, self.reference]
        )


@dataclass(frozen=True, slots=True)
class TrialSample:
    """Cases in a fixed order."""

    name: str
    source: Literal["store", "file"]
    input: CaseInput
    cases: tuple[TrialCase, ...]

    @property
    def sample_hash(self) -> str:
        return ids.content_hash([self.name, self.source, self.input, [case.case_hash for case in self.cases]])


def hash_of_sections(sections: Sequence[Section]) -> str | None:
    """SHA-256 of what is read of a paper; None when there is nothing."""
    return ids.content_hash([[s.seq, s.heading, s.kind, s.text] for s in sections]) if sections else None


def candidates(con: DuckDBPyConnection, needs: CaseInput) -> list[PaperKey]:
    """Papers that a sample may be drawn from, by id: the newest version of each that has what is needed, no repeats."""
    rows = con.execute(
        """
        SELECT p.arxiv_id, max(p.version)
        FROM paper_version AS p
        WHERE p.abstract <> ''
          AND NOT EXISTS (FROM repeated_paper AS r WHERE r.arxiv_id = p.arxiv_id AND r.version = p.version)
          AND ($needs = 'abstract' OR EXISTS (
                FROM section AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version
          ))
        GROUP BY p.arxiv_id
        ORDER BY p.arxiv_id
        """,
        {"needs": needs},
    ).fetchall()
    return [(arxiv_id, version) for arxiv_id, version in rows]


def case_of_paper(con: DuckDBPyConnection, key: PaperKey, needs: CaseInput) -> TrialCase:
    """A case of a paper as the store has it now. Raises StoreError when it has not."""
    paper = papers.paper(con, key)
    sections_hash = hash_of_sections(papers.sections(con, key)) if needs == "sections" else None
    return TrialCase(ids.versioned(*key), key, paper.title, paper.abstract, sections_hash)


def newest_version_with_sections(con: DuckDBPyConnection, arxiv_id: str) -> int | None:
    row = con.execute("SELECT max(version) FROM section WHERE arxiv_id = ?", [arxiv_id]).fetchone()
    return row[0] if row else None


def drawn_sample(con: DuckDBPyConnection, name: str, needs: CaseInput) -> TrialSample | None:
    """The sample that was drawn under this name."""
    row = con.execute(
        """
        SELECT sample_hash FROM trial_sample
        WHERE name = ? AND input = ? AND source = 'store' ORDER BY created_utc LIMIT 1
        """,
        [name, needs],
    ).fetchone()
    return sample(con, row[0]) if row else None


def sample(con: DuckDBPyConnection, sample_hash: str) -> TrialSample:
    """Raises StoreError when there is none."""
    row = con.execute("SELECT name, source, input FROM trial_sample WHERE sample_hash = ?", [sample_hash]).fetchone()
    if row is None:
        raise StoreError(f"no trial sample {sample_hash} in the store: run scripts/tune_prompt.py first")
    cases = con.execute(
        """
        SELECT c.case_id, c.arxiv_id, c.version, c.title, c.abstract, c.sections_hash, c.reference
        FROM trial_sample_case AS m JOIN trial_case AS c USING (case_hash)
        WHERE m.sample_hash = ? ORDER BY m.seq
        """,
        [sample_hash],
    ).fetchall()
    return TrialSample(row[0], row[1], row[2], tuple(TrialCase(c[0], (c[1], c[2]), *c[3:]) for c in cases))


def record_sample(con: DuckDBPyConnection, drawn: TrialSample, now: datetime) -> None:
    """Insert a sample and its cases unless they are there."""
    if con.execute("SELECT 1 FROM trial_sample WHERE sample_hash = ?", [drawn.sample_hash]).fetchone():
        return
    con.execute(
        "INSERT INTO trial_sample (sample_hash, name, source, input, n_cases, created_utc) VALUES (?, ?, ?, ?, ?, ?)",
        [drawn.sample_hash, drawn.name, drawn.source, drawn.input, len(drawn.cases), now],
    )
    if not drawn.cases:
        return
    con.executemany(
        """
        INSERT INTO trial_case (
            case_hash, case_id, arxiv_id, version, title, abstract, sections_hash, reference, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [[c.case_hash, c.case_id, *c.key, c.title, c.abstract, c.sections_hash, c.reference, now] for c in drawn.cases],
    )
    con.executemany(
        "INSERT INTO trial_sample_case (sample_hash, seq, case_hash) VALUES (?, ?, ?)",
        [[drawn.sample_hash, seq, case.case_hash] for seq, case in enumerate(drawn.cases)],
    )
