"""docs/queries.md is made of the saved queries, each of them runs, and finds something in the prepared store.

After a change of a saved query run ``python tests/test_queries_doc.py`` in the root of the repository.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import archive_posts
import duckdb
import prepared_store
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.config import Config
from summarizer.stages.imports import import_posts
from summarizer.stages.progress import SilentProgress
from summarizer.stages.recorder import RunRecorder
from summarizer.store import Store, papers
from summarizer.store.saved import SECTIONS, SavedQuery, saved_queries
from summarizer.store.sql import query

PAGE = Path(__file__).parent.parent / "docs" / "queries.md"
INTRODUCTION = """# Queries

Questions people ask of the store. Each comes with the program as a saved query:

    summarizer sql --list
    summarizer sql @pending
    summarizer sql @papers-about --param term='说话人 验证' --param most=5

`--json`, `--csv` and `--parquet FILE` write the rows for programs; `--show` prints the SQL. The SQL below runs in any DuckDB
client; its values in quotes are the examples. What the columns mean: [schema.md](schema.md).

`search('...')` finds papers by their words, in either language, best first. Words are set apart by blanks; without them a
Chinese question is taken apart by the words that the store knows. It is a macro of the store, so it is there in any client:

    SELECT rank, arxiv_id, title, found FROM search('说话人验证 低资源') LIMIT 10

This page is written by `python tests/test_queries_doc.py` from the files in `summarizer/store/queries`, and a test compares
the two.
"""
QUERIES = saved_queries()


def render() -> str:
    parts = [INTRODUCTION]
    for section in SECTIONS:
        parts.append(f"## {section}\n")
        parts += [_entry(q) for q in QUERIES.values() if q.section == section]
    return "\n".join(parts)


def _entry(saved: SavedQuery) -> str:
    lines = [f"### {saved.question}\n"]
    if saved.note:
        lines.append(f"{saved.note}\n")
    lines.append(f"`{saved.usage}`\n")
    if optional := [f"`{p.name}` ({p.meaning}; {p.value})" for p in saved.parameters if not p.required]:
        lines.append(f"Optional: {', '.join(optional)}.\n")
    lines.append(f"```sql\n{saved.literal_sql}\n```\n")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("queries")
    store = prepared_store.build(folder / "store.duckdb")
    prepared_store.add_weeks(store)
    _import_post(store, folder)
    return store


def _import_post(store: Store, folder: Path) -> None:
    """A post of another system with two papers, one without a breakdown; then a bundle that brings the first again."""
    day = date(2026, 2, 1)
    listed = [("2601.00007v1", "Known"), ("2601.00008v1", "Failed")]
    texts = ("1)  \n甲\n\n2)  \n乙\n\n3)  \n丙", archive_posts.FAILURES[0])
    blocks = [
        archive_posts.block(title, "".join(archive_posts.fields(versioned, ["A"], ["cs.SD"])), "译文。", text)
        for (versioned, title), text in zip(listed, texts, strict=True)
    ]
    file = folder / f"{day}-arxiv.md"
    file.write_text(archive_posts.head(day, 2, 2) + "\n".join(blocks), encoding="utf-8")
    import_posts(store, RunRecorder(store, "test", Config()), SilentProgress(), [file])
    key = ("2601.00007", 1)
    manifest = prepared_store.make_manifest("e" * 64, prepared_store.NEXT_DAY, [key])
    with store.write() as con:
        papers.register_bundle(
            con, manifest, [prepared_store.make_paper(key, "Known")], "/in/14.tar", prepared_store.NOW
        )


def test_page_and_saved_queries_agree() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python tests/test_queries_doc.py"


def test_there_are_many_and_their_names_and_questions_are_distinct() -> None:
    assert len(QUERIES) >= 25
    assert len({q.question for q in QUERIES.values()}) == len(QUERIES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in QUERIES)
    assert {q.section for q in QUERIES.values()} == set(SECTIONS)


@pytest.mark.parametrize("name", QUERIES)
def test_saved_query(store: Store, name: str) -> None:
    saved = QUERIES[name]
    given = {p.name: p.value for p in saved.parameters if p.required}
    rows = query(store, saved.sql, parameters=saved.filled(given)).rows
    assert rows, saved.question
    assert query(store, saved.literal_sql).rows == rows


@pytest.mark.parametrize("name", QUERIES)
def test_a_saved_query_says_in_which_order_its_rows_come(store: Store, name: str) -> None:
    """So that the same question has the same answer, and a row that a limit leaves out is always the same one."""
    answers = []
    for way in ("SET threads = 4", "SET threads = 1; PRAGMA disable_optimizer"):  # of finding the same rows
        with duckdb.connect(str(store.path), read_only=True) as con:
            con.execute(way)
            answers.append(con.execute(QUERIES[name].literal_sql).fetchall())
    assert answers[0] == answers[1]
    assert re.search("^ORDER BY ", QUERIES[name].sql, re.MULTILINE)


@given(st.lists(st.tuples(st.integers(0, 400), st.text("aV 中\n", max_size=200)), min_size=150, max_size=150))
@settings(max_examples=3, deadline=None)
def test_mentions_are_the_newest_with_what_stands_around_them(sections: list[tuple[int, str]]) -> None:
    words = "Voice中"
    rows = [
        (
            "2602.00001",
            1 + n % 2,
            n,
            "Heading",
            1 + n,
            ("method", "references")[n % 7 == 0],
            "a" * before + words + after,
        )
        for n, (before, after) in enumerate(sections)
    ]
    with duckdb.connect() as con:
        con.execute("CREATE TABLE section (arxiv_id VARCHAR, version INT, seq INT, heading VARCHAR, page_first INT, "
                    "kind VARCHAR, text VARCHAR)")  # fmt: skip
        con.execute(
            "CREATE TABLE paper_version AS SELECT '2602.00001' AS arxiv_id, unnest([1, 2]) AS version, 'T' AS title"
        )
        con.executemany("INSERT INTO section VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        found = con.execute(QUERIES["mentions"].sql, {"words": words}).fetchall()
    expected = []
    for arxiv_id, version, _, heading, page, kind, text in sorted(rows, key=lambda row: (row[1], row[2])):
        at = max(text.index(words) - 80, 0)
        if kind == "method":
            expected.append(
                (arxiv_id, version, "T", heading, page, kind, text[at : at + len(words) + 160].replace("\n", " "))
            )
    assert found == expected[:100]


def test_every_query_of_the_page_runs_in_plain_duckdb(store: Store) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == len(QUERIES)
    with duckdb.connect(str(store.path), read_only=True) as con:
        for block in blocks:
            assert con.execute(block).fetchall(), block


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
