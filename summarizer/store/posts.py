"""Posts: what a day shows, and what was published of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from summarizer import ids
from summarizer.errors import StoreError
from summarizer.records import EarlierVersion, Post, PostPaper, Task, Unreadable, Window
from summarizer.store.papers import PaperKey, paper_from_row
from summarizer.store.reasons import reason

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: (paper, task) -> the attempt whose text is shown
ShownTexts = Mapping[tuple[PaperKey, Task], str]


def pending_posts(con: DuckDBPyConnection) -> list[date]:
    """Days whose post is not written yet, or no longer shows what the store has, oldest first."""
    return [day for (day,) in con.execute("SELECT post_date FROM pending_publish ORDER BY post_date").fetchall()]


def post(con: DuckDBPyConnection, post_date: date) -> tuple[Post, dict[tuple[PaperKey, Task], str]]:
    """The post of a day as the store has it now, and for each text shown the attempt it is from.

    Bundles of one day are joined: their papers in order of arrival, their windows to one that spans them, their
    categories without repeats, their numbers fetched added up, each paper once. Papers that repeat an earlier one are
    left out (the number fetched still counts them); a file that gave no metadata and no text is listed as unreadable.
    Raises StoreError when no bundle is of that day.
    """
    bundles = con.execute(
        """
        SELECT window_start_utc, window_end_utc, window_anchor, window_basis, categories, n_fetched
        FROM bundle WHERE post_date = ? ORDER BY ingested_utc, bundle_id
        """,
        [post_date],
    ).fetchall()
    if not bundles:
        raise StoreError(f"no bundle of {post_date.isoformat()} in the store: run summarizer ingest BUNDLE first")
    rows = con.execute(
        """
        SELECT p, e.place, e.task, e.attempt_id, a.text, e.stage, e.category
        FROM post_entry AS e
        JOIN paper_version AS p ON p.arxiv_id = e.arxiv_id AND p.version = e.version
        LEFT JOIN attempt AS a ON a.attempt_id = e.attempt_id
        LEFT JOIN task AS t ON t.task = e.task
        WHERE e.post_date = ? AND e.place <> 'duplicate'
        ORDER BY e.seq, t.seq
        """,
        [post_date],
    ).fetchall()
    shown: dict[PaperKey, tuple[dict[str, str], dict[str, str]]] = {}
    papers = {}
    unreadable = []
    attempts: dict[tuple[PaperKey, Task], str] = {}
    for row, place, task, attempt_id, text, stage, category in rows:
        paper = paper_from_row(row)
        key = (paper.arxiv_id, paper.version)
        if place == "unreadable":
            name = paper.source_file or ids.versioned(*key)
            unreadable.append(Unreadable(name, reason(stage, category)))
            continue
        papers[key] = paper
        texts, missing = shown.setdefault(key, ({}, {}))
        if attempt_id is None:
            missing[task] = reason(stage, category)
        else:
            texts[task] = text
            attempts[key, cast(Task, task)] = attempt_id
    earlier = earlier_versions(con, list(papers))
    window = Window(
        start_utc=min(b[0] for b in bundles),
        end_utc=max(b[1] for b in bundles),
        anchor=" / ".join(dict.fromkeys(b[2] for b in bundles)),
        basis=" / ".join(dict.fromkeys(b[3] for b in bundles)),
    )
    made = Post(
        post_date=post_date,
        window=window,
        categories=tuple(dict.fromkeys(category for b in bundles for category in b[4])),
        n_fetched=sum(b[5] for b in bundles) - _n_repeated(con, post_date),
        papers=tuple(
            PostPaper(
                paper=papers[key],
                translation=texts.get("translation"),
                background=texts.get("background"),
                method=texts.get("method"),
                results=texts.get("results"),
                missing=missing,
                earlier=earlier.get(key),
            )
            for key, (texts, missing) in shown.items()
        ),
        unreadable=tuple(unreadable),
    )
    return made, attempts


def _n_repeated(con: DuckDBPyConnection, post_date: date) -> int:
    """How often the bundles of a day bring a paper that an earlier one of them had brought."""
    row = con.execute("SELECT sum(n_repeated) FROM bundle_overlap WHERE post_date = ?", [post_date]).fetchone()
    return int(row[0] or 0) if row else 0


def earlier_versions(con: DuckDBPyConnection, keys: Sequence[PaperKey]) -> dict[PaperKey, EarlierVersion]:
    """Of the papers that are new versions: what they were compared with, and how much they changed."""
    if not keys:
        return {}
    rows = con.execute(
        """
        WITH given AS (SELECT unnest($ids::VARCHAR[]) AS arxiv_id, unnest($versions::INTEGER[]) AS version)
        SELECT
            c.arxiv_id, c.version, o.version, o.title, o.abstract, c.abstract_changed, c.body_changed, c.title_changed
        FROM version_change AS c
        SEMI JOIN given AS g ON g.arxiv_id = c.arxiv_id AND g.version = c.version
        JOIN paper_version AS o ON o.arxiv_id = c.arxiv_id AND o.version = c.other_version
        WHERE c.version > c.other_version
        """,
        {"ids": [arxiv_id for arxiv_id, _ in keys], "versions": [version for _, version in keys]},
    ).fetchall()
    return {(arxiv_id, version): EarlierVersion(*rest) for arxiv_id, version, *rest in rows}


def record_post(
    con: DuckDBPyConnection, run_id: str, made: Post, shown: ShownTexts, *, path: str, sha256: str, now: datetime
) -> bool:
    """Record that a post was written: ``path`` below the output folder, ``sha256`` of its bytes.

    ``made`` and ``shown`` are what :func:`post` gave. When the store has moved on since, the day stays pending. Returns
    whether a row was written: the same bytes of the same state are recorded once.
    """
    state_hash = ""
    if post(con, made.post_date) == (made, shown):
        found = con.execute("SELECT state_hash FROM post_state WHERE post_date = ?", [made.post_date]).fetchone()
        state_hash = found[0] if found else ""
    last = con.execute(
        "SELECT revision, path, sha256, state_hash FROM current_post WHERE post_date = ?", [made.post_date]
    ).fetchone()
    if last and last[1:] == (path, sha256, state_hash):
        return False
    revision = last[0] + 1 if last else 1
    post_id = ids.content_hash([made.post_date.isoformat(), revision, path, sha256, state_hash])
    con.execute(
        """
        INSERT INTO post (
            post_id, post_date, revision, path, sha256, state_hash, n_fetched, n_shown, n_incomplete, run_id, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            post_id,
            made.post_date,
            revision,
            path,
            sha256,
            state_hash,
            made.n_fetched,
            len(made.papers),
            sum(bool(paper.missing) for paper in made.papers),
            run_id,
            now,
        ],
    )
    if shown:
        con.executemany(
            "INSERT INTO post_text (post_id, arxiv_id, version, task, attempt_id) VALUES (?, ?, ?, ?, ?)",
            [[post_id, *key, task, attempt_id] for (key, task), attempt_id in shown.items()],
        )
    return True
