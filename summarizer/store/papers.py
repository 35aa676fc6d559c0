"""Bundles, paper versions and the text read from their PDFs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from summarizer import ids
from summarizer.errors import StoreError
from summarizer.records import Document, Manifest, Paper, Section
from summarizer.store.terms import SearchText, index_texts
from summarizer.text import one_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: arXiv id without version, version
PaperKey: TypeAlias = tuple[str, int]


def paper_from_row(row: Mapping[str, Any]) -> Paper:
    """A Paper from a whole row of paper_version (``SELECT p FROM paper_version AS p``)."""
    return Paper(
        arxiv_id=row["arxiv_id"],
        version=row["version"],
        title=row["title"],
        authors=tuple(row["authors"]),
        categories=tuple(row["categories"]),
        primary_category=row["primary_category"],
        submitted_utc=row["submitted_utc"],
        updated_utc=row["updated_utc"],
        abstract=row["abstract"],
        comment=row["comment"],
        links=tuple(row["links"]),
        metadata_source=row["metadata_source"],
        source_file=row["source_file"],
    )


def content_hash(paper: Paper) -> str:
    """SHA-256 of the title and abstract, each normalised and on one line."""
    return ids.content_hash([one_line(paper.title), one_line(paper.abstract)])


def register_bundle(
    con: DuckDBPyConnection, manifest: Manifest, papers: Sequence[Paper], source_path: str, now: datetime
) -> int:
    """Insert a verified bundle, its papers in order, and those paper versions the store does not have yet, with their
    words for the search.

    Returns the number of rows inserted: 0 for a bundle that was registered before. A paper version that is known keeps
    its first metadata; the file of this bundle is recorded with bundle_paper.
    """
    if con.execute("SELECT 1 FROM bundle WHERE bundle_id = ?", [manifest.bundle_id]).fetchone():
        return 0
    files = {file.path: file for file in manifest.files}
    con.execute(
        """
        INSERT INTO bundle (
            bundle_id, bundle_format, created_utc, post_date, window_start_utc, window_end_utc, window_anchor,
            window_basis, categories, n_fetched, source_path, ingested_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            manifest.bundle_id,
            manifest.bundle_format,
            manifest.created_utc,
            manifest.post_date,
            manifest.window.start_utc,
            manifest.window.end_utc,
            manifest.window.anchor,
            manifest.window.basis,
            list(manifest.categories),
            manifest.n_fetched,
            source_path,
            now,
        ],
    )
    pdfs = [files.get(f"pdf/{ids.file_stem(paper.arxiv_id, paper.version)}.pdf") for paper in papers]
    # one statement for all: each by itself takes a millisecond, and an archive has thousands
    rows = con.execute(
        """
        INSERT INTO paper_version (
            arxiv_id, version, title, authors, categories, primary_category, submitted_utc, updated_utc, abstract,
            comment, links, metadata_source, source_file, content_hash, pdf_sha256, pdf_bytes, created_utc
        )
        SELECT
            unnest($arxiv_id::VARCHAR[]), unnest($version::INTEGER[]), unnest($title::VARCHAR[]),
            unnest($authors::VARCHAR[][]), unnest($categories::VARCHAR[][]), unnest($primary_category::VARCHAR[]),
            unnest($submitted_utc::TIMESTAMP[]), unnest($updated_utc::TIMESTAMP[]), unnest($abstract::VARCHAR[]),
            unnest($comment::VARCHAR[]), unnest($links::VARCHAR[][]), unnest($metadata_source::VARCHAR[]),
            unnest($source_file::VARCHAR[]), unnest($content_hash::VARCHAR[]), unnest($pdf_sha256::VARCHAR[]),
            unnest($pdf_bytes::BIGINT[]), $now
        ON CONFLICT DO NOTHING
        RETURNING arxiv_id, version
        """,
        {
            "arxiv_id": [paper.arxiv_id for paper in papers],
            "version": [paper.version for paper in papers],
            "title": [paper.title for paper in papers],
            "authors": [list(paper.authors) for paper in papers],
            "categories": [list(paper.categories) for paper in papers],
            "primary_category": [paper.primary_category for paper in papers],
            "submitted_utc": [paper.submitted_utc for paper in papers],
            "updated_utc": [paper.updated_utc for paper in papers],
            "abstract": [paper.abstract for paper in papers],
            "comment": [paper.comment for paper in papers],
            "links": [list(paper.links) for paper in papers],
            "metadata_source": [paper.metadata_source for paper in papers],
            "source_file": [paper.source_file for paper in papers],
            "content_hash": [content_hash(paper) for paper in papers],
            "pdf_sha256": [pdf.sha256 if pdf else None for pdf in pdfs],
            "pdf_bytes": [pdf.size if pdf else None for pdf in pdfs],
            "now": now,
        },
    ).fetchall()
    con.execute(
        """
        INSERT INTO bundle_paper (bundle_id, arxiv_id, version, seq, pdf_sha256)
        SELECT
            $bundle_id, unnest($arxiv_id::VARCHAR[]), unnest($version::INTEGER[]), unnest($seq::INTEGER[]),
            unnest($pdf_sha256::VARCHAR[])
        """,
        {
            "bundle_id": manifest.bundle_id,
            "arxiv_id": [paper.arxiv_id for paper in papers],
            "version": [paper.version for paper in papers],
            "seq": list(range(len(papers))),
            "pdf_sha256": [pdf.sha256 if pdf else None for pdf in pdfs],
        },
    )
    new = set(rows)
    added = [text for paper in papers if (paper.arxiv_id, paper.version) in new for text in _search_texts(paper)]
    index_texts(con, added, now)
    return 1 + len(papers) + len(new)


def _search_texts(paper: Paper) -> list[SearchText]:
    fields = {"title": paper.title, "authors": "; ".join(paper.authors), "abstract": paper.abstract}
    return [SearchText(paper.arxiv_id, paper.version, field, None, text) for field, text in fields.items()]


def pending_ingest(con: DuckDBPyConnection, bundle_id: str) -> list[PaperKey]:
    """Papers of a bundle whose PDF is still to be read, in bundle order."""
    return con.execute(
        "SELECT arxiv_id, version FROM pending_ingest WHERE bundle_id = ? ORDER BY seq", [bundle_id]
    ).fetchall()


def record_document(con: DuckDBPyConnection, run_id: str, key: PaperKey, document: Document, now: datetime) -> None:
    """Record what was read from a paper's PDF, with its sections."""
    con.execute(
        """
        INSERT INTO document (
            arxiv_id, version, n_pages, n_chars, extractor, extractor_version, seconds, run_id, created_utc,
            tokenizer_sha256
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            *key,
            document.n_pages,
            document.n_chars,
            document.extractor,
            document.extractor_version,
            document.seconds,
            run_id,
            now,
            document.tokenizer_sha256,
        ],
    )
    if document.sections:
        con.executemany(
            """
            INSERT INTO section (
                arxiv_id, version, seq, heading, level, kind, page_first, page_last, text, n_chars, n_tokens
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                [*key, s.seq, s.heading, s.level, s.kind, s.page_first, s.page_last, s.text, len(s.text), s.n_tokens]
                for s in document.sections
            ],
        )


def paper(con: DuckDBPyConnection, key: PaperKey) -> Paper:
    """Raises StoreError when the store does not have it."""
    row = con.execute("SELECT p FROM paper_version AS p WHERE arxiv_id = ? AND version = ?", key).fetchone()
    if row is None:
        raise StoreError(f"paper {ids.versioned(*key)} is not in the store: ingest a bundle that holds it")
    return paper_from_row(row[0])


def sections(con: DuckDBPyConnection, key: PaperKey) -> tuple[Section, ...]:
    """The sections of a paper in reading order; empty when its PDF was not read."""
    rows = con.execute(
        """
        SELECT seq, heading, level, kind, page_first, page_last, text, n_tokens
        FROM section WHERE arxiv_id = ? AND version = ? ORDER BY seq
        """,
        key,
    ).fetchall()
    return tuple(Section(*row) for row in rows)


def n_pages(con: DuckDBPyConnection, key: PaperKey) -> int:
    """Pages of a paper's PDF; 0 when it was not read."""
    row = con.execute("SELECT n_pages FROM document WHERE arxiv_id = ? AND version = ?", key).fetchone()
    return int(row[0]) if row else 0


def pdf_hashes(con: DuckDBPyConnection) -> dict[PaperKey, str]:
    """SHA-256 of the PDF of every paper that has one."""
    rows = con.execute(
        "SELECT arxiv_id, version, pdf_sha256 FROM paper_version WHERE pdf_sha256 IS NOT NULL"
    ).fetchall()
    return {(arxiv_id, version): sha256 for arxiv_id, version, sha256 in rows}
