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

    Bundles of one day are joined: their papers in order of arrival, their windows to one that spans them, in the zone of
    the first, their categories without repeats, their numbers fetched added up, each paper once. Papers that repeat an
    earlier one are left out (the number fetched still counts them); a file that gave no metadata and no text is listed as
    unreadable. An imported post of the day comes first, with all its papers; the window is then that of the bundles, if
    there are any.
    Raises StoreError when the store has nothing of that day.
    """
    made = _post(con, post_date, with_imported=True)
    if made is None:
        raise StoreError(f"no bundle of {post_date.isoformat()} in the store: run summarizer ingest BUNDLE first")
    return made


def added_post(con: DuckDBPyConnection, post_date: date) -> Post | None:
    """What bundles brought to a day beside its imported post; None when no bundle is of that day."""
    made = _post(con, post_date, with_imported=False)
    return made[0] if made else None


def is_current_page(con: DuckDBPyConnection, post_date: date, path: str) -> bool:
    """Whether this file is what the day's post was last recorded with."""
    found = con.execute("SELECT path FROM current_post WHERE post_date = ?", [post_date]).fetchone()
    return found is not None and found[0] == path


def _post(
    con: DuckDBPyConnection, post_date: date, *, with_imported: bool
) -> tuple[Post, dict[tuple[PaperKey, Task], str]] | None:
    bundles = con.execute(
        """
        SELECT b.window_start_utc, b.window_end_utc, b.window_anchor, b.window_basis, b.categories,
            b.n_fetched - CASE WHEN $with_imported THEN o.n_repeated ELSE o.n_repeated_of_its_kind END AS n_new,
            i.bundle_id IS NOT NULL AS imported
        FROM bundle AS b
        JOIN (FROM bundle_overlap WHERE post_date = $day) AS o USING (bundle_id)
        LEFT JOIN imported_post AS i USING (bundle_id)
        WHERE b.post_date = $day AND ($with_imported OR i.bundle_id IS NULL)
        ORDER BY b.ingested_utc, bundle_id
        """,
        {"day": post_date, "with_imported": with_imported},
    ).fetchall()
    if not bundles:
        return None
    rows = con.execute(
        """
        SELECT p, e.place, e.task, e.attempt_id, a.text, e.stage, e.category
        FROM post_entry AS e
        JOIN paper_version AS p ON p.arxiv_id = e.arxiv_id AND p.version = e.version
        LEFT JOIN attempt AS a ON a.attempt_id = e.attempt_id
        LEFT JOIN task AS t ON t.task = e.task
        WHERE e.post_date = $day AND e.place <> 'duplicate' AND ($with_imported OR NOT e.imported)
        ORDER BY e.seq, t.seq
        """,
        {"day": post_date, "with_imported": with_imported},
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
    windows = [b for b in bundles if not b[6]] or bundles
    earlier = earlier_versions(con, list(papers))
    made = Post(
        post_date=post_date,
        window=Window(
            start_utc=min(b[0] for b in windows),
            end_utc=max(b[1] for b in windows),
            anchor=windows[0][2],  # where they differ, that of the first to arrive: a page has one zone
            basis=" / ".join(dict.fromkeys(b[3] for b in windows)),
        ),
        categories=tuple(dict.fromkeys(category for b in bundles for category in b[4])),
        n_fetched=sum(b[5] for b in bundles),
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
    post_id = _post_id(made.post_date, revision, path, sha256, state_hash)
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


def record_imported_posts(con: DuckDBPyConnection, run_id: str, days: Sequence[date], now: datetime) -> int:
    """Record that the imported posts of these days were written, where they have nothing of a bundle. Returns how many.

    The same as :func:`record_post` for each day, in one pass over the views: an archive has hundreds of days.
    """
    rows = con.execute(
        """
        SELECT s.post_date, coalesce(c.revision, 0) + 1, i.path, i.sha256, s.state_hash, s.n_fetched, s.n_shown
        FROM post_state AS s
        JOIN imported_post AS i ON i.post_date = s.post_date
        LEFT JOIN current_post AS c ON c.post_date = s.post_date
        WHERE s.n_bundles = 1 AND c.state_hash IS DISTINCT FROM s.state_hash
          AND s.post_date IN (SELECT unnest(?::DATE[]))
        ORDER BY s.post_date
        """,
        [list(days)],
    ).fetchall()
    post_ids = [_post_id(*row[:5]) for row in rows]
    entries = {"post_id": post_ids, "post_date": [row[0] for row in rows]}
    con.execute(
        """
        INSERT INTO post (
            post_id, post_date, revision, path, sha256, state_hash, n_fetched, n_shown, n_incomplete, run_id, created_utc
        )
        WITH given AS (
            SELECT
                unnest($post_id::VARCHAR[]) AS post_id, unnest($post_date::DATE[]) AS post_date,
                unnest($revision::INTEGER[]) AS revision, unnest($path::VARCHAR[]) AS path,
                unnest($sha256::VARCHAR[]) AS sha256, unnest($state_hash::VARCHAR[]) AS state_hash,
                unnest($n_fetched::INTEGER[]) AS n_fetched, unnest($n_shown::INTEGER[]) AS n_shown
        )
        SELECT
            post_id, post_date, revision, path, sha256, state_hash, n_fetched, n_shown,
            (
                SELECT count(DISTINCT (arxiv_id, version)) FROM post_entry AS e
                WHERE e.post_date = given.post_date AND e.place = 'shown' AND e.attempt_id IS NULL
            ),
            $run_id, $now
        FROM given
        """,
        {
            **entries,
            "revision": [row[1] for row in rows],
            "path": [row[2] for row in rows],
            "sha256": [row[3] for row in rows],
            "state_hash": [row[4] for row in rows],
            "n_fetched": [row[5] for row in rows],
            "n_shown": [row[6] for row in rows],
            "run_id": run_id,
            "now": now,
        },
    )
    con.execute(
        """
        INSERT INTO post_text (post_id, arxiv_id, version, task, attempt_id)
        WITH given AS (SELECT unnest($post_id::VARCHAR[]) AS post_id, unnest($post_date::DATE[]) AS post_date)
        SELECT g.post_id, e.arxiv_id, e.version, e.task, e.attempt_id
        FROM post_entry AS e
        JOIN given AS g ON g.post_date = e.post_date
        WHERE e.place = 'shown' AND e.attempt_id IS NOT NULL
        """,
        entries,
    )
    return len(rows)


def _post_id(post_date: date, revision: int, path: str, sha256: str, state_hash: str) -> str:
    return ids.content_hash([post_date.isoformat(), revision, path, sha256, state_hash])
