"""What the offline reader shows, read for many days in one window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from summarizer.reading import DayReading, DocumentFacts, MadeText, PaperReading, Place, RelatedPaper, SourcedPiece
from summarizer.records import CheckResult, Section, Task
from summarizer.store import posts
from summarizer.store.papers import PaperKey, paper_from_row
from summarizer.store.reasons import reason

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Views worked out once for all days of a window. A temporary table goes before a view of the same name, so whatever
#: asks for the view (:func:`summarizer.store.posts.post` too) is answered from it.
_WORKED_OUT = ("accepted_attempt", "post_entry")


def days(con: DuckDBPyConnection) -> list[tuple[date, int]]:
    """All days that have a post, oldest first, each with the number of paper versions that came for it."""
    return con.execute(
        """
        SELECT b.post_date, count(DISTINCT (bp.arxiv_id, bp.version))
        FROM bundle AS b LEFT JOIN bundle_paper AS bp USING (bundle_id)
        GROUP BY b.post_date ORDER BY b.post_date
        """
    ).fetchall()


def read_days(con: DuckDBPyConnection, wanted: Sequence[date]) -> list[DayReading]:
    """Everything the reader shows of these days, in the order asked. Raises StoreError for a day without a bundle.

    Writes temporary tables into the connection, so it can be asked once; they are gone when it closes.
    """
    for view in _WORKED_OUT:
        con.execute(f"CREATE TEMPORARY TABLE {view} AS FROM {view}")
    listed: dict[date, list[PaperKey]] = defaultdict(list)
    for day, arxiv_id, version in con.execute(
        """
        SELECT DISTINCT ON (post_date, seq) post_date, arxiv_id, version FROM post_entry
        WHERE post_date IN (SELECT unnest(?::DATE[])) AND place <> 'unreadable'
        ORDER BY post_date, seq
        """,
        [list(wanted)],
    ).fetchall():
        listed[day].append((arxiv_id, version))
    papers = read_papers(con, sorted({key for keys in listed.values() for key in keys}))
    ingested = dict(
        con.execute(
            "SELECT post_date, max(ingested_utc) FROM bundle WHERE post_date IN (SELECT unnest(?::DATE[])) GROUP BY ALL",
            [list(wanted)],
        ).fetchall()
    )
    found = []
    for day in wanted:
        post, _ = posts.post(con, day)
        shown = {key: papers[key] for key in listed[day]}
        found.append(DayReading(post, shown, max([ingested[day], *_times(shown.values())])))
    return found


def _times(papers: Iterable[PaperReading]) -> Iterator[datetime]:
    for paper in papers:
        for text in paper.texts.values():
            if text.created_utc is not None:
                yield text.created_utc


def read_papers(con: DuckDBPyConnection, keys: Sequence[PaperKey]) -> dict[PaperKey, PaperReading]:
    """Everything the reader shows of these paper versions; those that the store does not have are not in the answer."""
    con.execute(
        """
        CREATE TEMPORARY TABLE chosen AS
        SELECT unnest($ids::VARCHAR[]) AS arxiv_id, unnest($versions::INTEGER[]) AS version
        """,
        {"ids": [arxiv_id for arxiv_id, _ in keys], "versions": [version for _, version in keys]},
    )
    places, days_of, missing = _entries(con)
    texts = _texts(con)
    documents = _documents(con)
    sections = _sections(con)
    related = _related(con)
    earlier = posts.earlier_versions(con, keys)
    rows = con.execute("SELECT p FROM paper_version AS p SEMI JOIN chosen USING (arxiv_id, version)").fetchall()
    papers = {}
    for (row,) in rows:
        paper = paper_from_row(row)
        key = (paper.arxiv_id, paper.version)
        papers[key] = PaperReading(
            paper=paper,
            place=places.get(key, "unreadable"),
            days=tuple(days_of[key]),
            texts=texts[key],
            missing=missing[key],
            document=documents.get(key),
            sections=tuple(sections[key]),
            related=tuple(related[key]),
            earlier=earlier.get(key),
        )
    return papers


def _entries(
    con: DuckDBPyConnection,
) -> tuple[dict[PaperKey, Place], dict[PaperKey, list[date]], dict[PaperKey, dict[Task, str]]]:
    """Where each paper stands, the days that list it, and why its missing texts are missing."""
    places: dict[PaperKey, Place] = {}
    days_of: dict[PaperKey, list[date]] = defaultdict(list)
    missing: dict[PaperKey, dict[Task, str]] = defaultdict(dict)
    for arxiv_id, version, day, place, task, stage, category in con.execute(
        """
        SELECT e.arxiv_id, e.version, e.post_date, e.place, e.task, e.stage, e.category
        FROM post_entry AS e SEMI JOIN chosen USING (arxiv_id, version)
        LEFT JOIN task AS t ON t.task = e.task
        ORDER BY e.post_date, e.seq, t.seq
        """
    ).fetchall():
        key = (arxiv_id, version)
        if places.get(key) != "shown":  # on one day imported, on another left out as known
            places[key] = place
        if day not in days_of[key]:
            days_of[key].append(day)
        if task is not None and category is not None:
            missing[key][task] = reason(stage, category)
    return places, days_of, missing


def _texts(con: DuckDBPyConnection) -> dict[PaperKey, dict[Task, MadeText]]:
    con.execute(
        """
        CREATE TEMPORARY TABLE shown_attempt AS
        SELECT a.* FROM accepted_attempt JOIN attempt AS a USING (attempt_id)
        SEMI JOIN chosen AS c ON c.arxiv_id = a.arxiv_id AND c.version = a.version
        """
    )
    checks: dict[str, list[CheckResult]] = defaultdict(list)
    for attempt_id, *check in con.execute(
        """
        SELECT attempt_id, check_name, severity, passed, reason
        FROM check_result SEMI JOIN shown_attempt USING (attempt_id) ORDER BY attempt_id, seq
        """
    ).fetchall():
        checks[attempt_id].append(CheckResult(*check))
    pieces: dict[str, list[SourcedPiece]] = defaultdict(list)
    for attempt_id, *piece in con.execute(
        """
        SELECT x.attempt_id, x.text, x.source_text, coalesce(s.heading, ''), s.page_first, x.role = 'answer'
        FROM attempt_piece AS x
        JOIN shown_attempt AS a USING (attempt_id)
        LEFT JOIN section AS s ON s.arxiv_id = a.arxiv_id AND s.version = a.version AND s.seq = x.section_seq
        WHERE x.used ORDER BY x.attempt_id, x.seq
        """
    ).fetchall():
        pieces[attempt_id].append(SourcedPiece(*piece))
    texts: dict[PaperKey, dict[Task, MadeText]] = defaultdict(dict)
    for row in con.execute(
        """
        SELECT
            a.arxiv_id, a.version, a.task, a.attempt_id, a.text, m.name, a.model_sha256, u.engine_version,
            p.prompt_version, a.prompt_hash, a.attempt_no, a.prompt_tokens, a.completion_tokens, a.seconds, a.created_utc,
            a.source_scope = 'imported'
        FROM shown_attempt AS a
        JOIN task AS t ON t.task = a.task
        LEFT JOIN prompt AS p ON p.prompt_hash = a.prompt_hash
        LEFT JOIN model AS m ON m.model_sha256 = a.model_sha256
        LEFT JOIN model_use AS u ON u.run_id = a.run_id AND u.model_sha256 = a.model_sha256
        ORDER BY a.arxiv_id, a.version, t.seq
        """
    ).fetchall():
        arxiv_id, version, task, attempt_id, text, model, sha256, engine, prompt, prompt_hash, number, *figures = row
        n_prompt, n_completion, seconds, created, imported = figures
        if imported:  # model and prompt are stand-ins then
            texts[arxiv_id, version][task] = MadeText(task, text, "imported", created_utc=created)
            continue
        texts[arxiv_id, version][task] = MadeText(
            task=task,
            text=text,
            model_name=model or "",
            model_sha256=sha256,
            engine=engine or "",
            prompt_version=prompt or "",
            prompt_hash=prompt_hash,
            attempt_no=number,
            n_calls=len(pieces[attempt_id]),
            prompt_tokens=n_prompt,
            completion_tokens=n_completion,
            seconds=seconds,
            created_utc=created,
            checks=tuple(checks[attempt_id]),
            pieces=tuple(pieces[attempt_id]),
        )
    return texts


def _documents(con: DuckDBPyConnection) -> dict[PaperKey, DocumentFacts]:
    rows = con.execute(
        """
        SELECT arxiv_id, version, n_pages, n_chars, extractor, extractor_version, seconds
        FROM document SEMI JOIN chosen USING (arxiv_id, version)
        """
    ).fetchall()
    return {(arxiv_id, version): DocumentFacts(*facts) for arxiv_id, version, *facts in rows}


def _sections(con: DuckDBPyConnection) -> dict[PaperKey, list[Section]]:
    found: dict[PaperKey, list[Section]] = defaultdict(list)
    for arxiv_id, version, *section in con.execute(
        """
        SELECT arxiv_id, version, seq, heading, level, kind, page_first, page_last, text
        FROM section SEMI JOIN chosen USING (arxiv_id, version) ORDER BY arxiv_id, version, seq
        """
    ).fetchall():
        found[arxiv_id, version].append(Section(*section))
    return found


def _related(con: DuckDBPyConnection) -> dict[PaperKey, list[RelatedPaper]]:
    """Other versions, newest first, then pairs, the most alike first; only papers that have a page."""
    rows: list[tuple[Any, ...]] = con.execute(
        """
        WITH found AS (
            SELECT arxiv_id, version, other_arxiv_id, other_version, kind, score, reason FROM repeated_pair
            UNION ALL
            SELECT arxiv_id, version, other_arxiv_id, other_version, 'borderline', score, reason FROM borderline_pair
        ),
        pair AS (
            SELECT arxiv_id, version, other_arxiv_id, other_version, 'repeats' AS relation, kind, score, reason
            FROM found
            UNION ALL
            SELECT other_arxiv_id, other_version, arxiv_id, version, 'repeated_by', kind, score, reason
            FROM found
        ),
        related AS (
            SELECT c.arxiv_id, c.version, p.arxiv_id AS other_arxiv_id, p.version AS other_version, 'version' AS relation,
                   '' AS kind, NULL::DOUBLE AS score, '' AS reason, 0 AS rank
            FROM chosen AS c
            JOIN paper_version AS p ON p.arxiv_id = c.arxiv_id AND p.version <> c.version
            UNION ALL
            SELECT pair.*, 1 FROM pair SEMI JOIN chosen USING (arxiv_id, version)
            WHERE pair.arxiv_id <> pair.other_arxiv_id
        )
        SELECT r.arxiv_id, r.version, r.other_arxiv_id, r.other_version, p.title, r.relation, r.kind, r.score, r.reason
        FROM related AS r
        JOIN paper_version AS p ON p.arxiv_id = r.other_arxiv_id AND p.version = r.other_version
        SEMI JOIN (FROM post_entry WHERE place <> 'unreadable') AS e
            ON e.arxiv_id = r.other_arxiv_id AND e.version = r.other_version
        QUALIFY row_number() OVER (
            PARTITION BY r.arxiv_id, r.version, r.other_arxiv_id, r.other_version ORDER BY r.rank, r.score DESC, r.relation
        ) = 1
        ORDER BY r.arxiv_id, r.version, r.rank, r.score DESC NULLS FIRST, r.other_version DESC, r.other_arxiv_id
        """
    ).fetchall()
    found: dict[PaperKey, list[RelatedPaper]] = defaultdict(list)
    for arxiv_id, version, *other in rows:
        found[arxiv_id, version].append(RelatedPaper(*other))
    return found
