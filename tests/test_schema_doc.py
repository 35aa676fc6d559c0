"""docs/schema.md says what the catalogue says: every table and view, every column with its type and meaning, in order.

The descriptions live in the migrations and view files (COMMENT ON), so the page is written from the catalogue: after a
change of the schema run ``python tests/test_schema_doc.py`` in the root of the repository.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from summarizer.records import PIECE_ROLES
from summarizer.store import Store, schema

PAGE = Path(__file__).parent.parent / "docs" / "schema.md"
INTRODUCTION = """# Schema

Everything lies in one DuckDB file, `store.duckdb`. Query it with `summarizer sql "..."` (read-only, also while a run is
working) or with any DuckDB client; [queries.md](queries.md) has ready questions.

Rows are only ever added: a stage reads what lies before it and writes its own rows, so that something is done exactly
when its row is there. `pending_<stage>` shows what is missing. A paper version is `(arxiv_id, version)` everywhere.

- `_utc`: `TIMESTAMP`, UTC without a zone. `_seconds`, `seconds`: seconds. `_bytes`: bytes. `n_`: a count.
- `_hash`, `sha256`, `_sha256`: lower-case hex SHA-256.
- Views marked *public* keep their columns and order from release to release; others may gain or change columns.

Views and macros hold no data: each new version of the program makes them anew, and takes away what it does not know. Keep your
own in another file that attaches the store (`ATTACH 'store.duckdb' AS store (READ_ONLY)`).

This page is written from the comments in the store by `python tests/test_schema_doc.py`, and a test compares the two.
"""
MACROS = """`FROM search('说话人 验证')` gives a row for each paper found, best first, with the columns

| column | type | meaning |
|---|---|---|
| `rank` | `BIGINT` | 1 is the best |
| `arxiv_id` | `VARCHAR` | the paper |
| `version` | `INTEGER` | its version |
| `title` | `VARCHAR` | its title |
| `score` | `DOUBLE` | BM25 over the fields; a word of the title counts three times, of the authors twice |
| `found` | `VARCHAR[]` | which words of the question it has, the rarest first |
| `fields` | `VARCHAR[]` | where: title, authors, abstract, translation, background, method, results |
| `n_words` | `INTEGER` | words of the question |

Words are set apart by blanks; Chinese without blanks is taken apart into the longest words that the store knows, and what
no word covers is looked for with the characters beside it. One Chinese character alone is found only where it is a word.
"""


@dataclass(frozen=True)
class Relation:
    kind: str
    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]  #: name, type, meaning


def catalogue(store: Store) -> list[Relation]:
    with store.write():
        pass
    with store.read() as con:
        found = con.execute(
            """
            SELECT 'table', table_name, comment FROM duckdb_tables()
            UNION ALL SELECT 'view', view_name, comment FROM duckdb_views() WHERE NOT internal
            UNION ALL SELECT 'macro', function_name || '(' || array_to_string(parameters, ', ') || ')', comment
            FROM duckdb_functions() WHERE NOT internal
            """
        ).fetchall()
        columns = con.execute(
            """
            SELECT table_name, column_name, data_type, comment FROM duckdb_columns()
            WHERE NOT internal ORDER BY table_name, column_index
            """
        ).fetchall()
    order = [name for m in schema.migrations() for name in re.findall(r"^CREATE TABLE (\w+)", m.sql, re.MULTILINE)]
    relations = [
        Relation(kind, name, comment or "", tuple((c, t, m or "") for n, c, t, m in columns if n == name))
        for kind, name, comment in found
    ]
    return sorted(relations, key=lambda r: (r.kind, order.index(r.name) if r.name in order else 0, r.name))


def render(relations: list[Relation]) -> str:
    parts = [INTRODUCTION]
    for kind, title in (("table", "Tables"), ("view", "Views"), ("macro", "Macros")):
        parts.append(f"## {title}\n")
        if kind == "macro":
            parts.append(MACROS)
            parts += [f"### `{r.name}`\n\n{r.comment}.\n" for r in relations if r.kind == kind]
            continue
        for relation in relations:
            if relation.kind == kind:
                rows = "\n".join(f"| `{name}` | `{type_}` | {meaning} |" for name, type_, meaning in relation.columns)
                head = "| column | type | meaning |\n|---|---|---|"
                parts.append(f"### `{relation.name}`\n\n{relation.comment}.\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def parse(page: str) -> list[Relation]:
    """The page read back as a person would."""
    relations = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        kind = {"Tables": "table", "Views": "view", "Macros": "macro"}[section.split("\n", 1)[0]]
        for block in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
            name = block.split("\n", 1)[0].strip("`")
            comment = block.split("\n")[2].removesuffix(".")
            columns = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| (.*) \|$", block, flags=re.MULTILINE)
            relations.append(Relation(kind, name, comment, tuple(columns)))
    return relations


def test_page_and_catalogue_agree(tmp_path: Path) -> None:
    actual = {(r.kind, r.name): r for r in catalogue(Store(tmp_path / "store.duckdb"))}
    documented = {(r.kind, r.name): r for r in parse(PAGE.read_text(encoding="utf-8"))}
    assert sorted(documented) == sorted(actual)
    for key, relation in actual.items():
        assert documented[key] == relation, f"docs/schema.md on {key[1]}: run python tests/test_schema_doc.py"


def test_everything_is_described(tmp_path: Path) -> None:
    for relation in catalogue(Store(tmp_path / "store.duckdb")):
        assert relation.comment, relation.name
        for name, _, meaning in relation.columns:
            assert meaning, f"{relation.name}.{name} has no comment"


def test_the_roles_of_pieces_are_named(tmp_path: Path) -> None:
    columns = {(r.name, name): text for r in catalogue(Store(tmp_path / "store.duckdb")) for name, _, text in r.columns}
    for column in (("attempt_piece", "role"), ("trial_piece", "role"), ("provenance", "piece_role")):
        assert set(PIECE_ROLES) <= set(re.findall(r"\w+", columns[column])), column


def test_the_columns_of_search_are_described(tmp_path: Path) -> None:
    with Store(tmp_path / "store.duckdb").write() as con:
        rows = con.execute("DESCRIBE FROM search('x')").fetchall()
    assert [(name, type_) for name, type_, *_ in rows] == re.findall(
        r"^\| `(\w+)` \| `([^`]+)` \|", MACROS, re.MULTILINE
    )


def test_public_views_keep_their_columns(tmp_path: Path) -> None:
    columns = {r.name: " ".join(c for c, _, _ in r.columns) for r in catalogue(Store(tmp_path / "store.duckdb"))}
    assert columns["accepted_summary"] == (
        "arxiv_id version task text prompt_task prompt_version prompt_hash model_name model_sha256 finish_reason "
        "prompt_tokens completion_tokens created_utc"
    )
    assert columns["item_failure"] == "stage arxiv_id version category detail created_utc"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(render(catalogue(Store(Path(folder) / "store.duckdb"))), encoding="utf-8")
