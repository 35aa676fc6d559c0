"""Every query of docs/queries.md runs, and finds something in the prepared store."""

from __future__ import annotations

import re
from pathlib import Path

import prepared_store
import pytest

from summarizer.store import Store
from summarizer.store.sql import query

PAGE = Path(__file__).parent.parent / "docs" / "queries.md"
QUERIES = re.findall(r"^### (.+?)\n.*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return prepared_store.build(tmp_path_factory.mktemp("queries") / "store.duckdb")


def test_every_question_has_one_query() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(QUERIES) == page.count("\n### ") == page.count("```sql")
    assert len(QUERIES) >= 15


@pytest.mark.parametrize(("question", "sql"), QUERIES, ids=[question for question, _ in QUERIES])
def test_query(store: Store, question: str, sql: str) -> None:
    assert query(store, sql).rows, question
