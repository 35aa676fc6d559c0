"""Running the command line in tests, and looking at the store it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from summarizer.cli import main

ROOT = Path(__file__).resolve().parent.parent
#: No model and no layout model: the whole way in seconds.
FAKES = '[llm]\nengine = "fake"\n[embed]\nengine = "fake"\n[pdf]\nmax_layout_pages = 1\n'
PROGRAM = "import sys; from summarizer.cli import main; sys.exit(main())"
#: Who made a row, when, how long it took and how the calls were batched: the only things that two runs may differ in.
_ACCIDENTS = {
    "run_id",
    "failure_id",
    "post_id",
    "attempt_id",
    "text_seq",  # in the order in which texts were recorded
    "term_id",  # in that in which words were first met
    "state_hash",
    "prompt_tokens_reused",
    "seconds",
    "source_path",
}
_NOT_CONTENT = {"run", "run_stage", "run_end", "model_use", "schema_migration", "view_set"}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a configuration, a store and a site."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store.duckdb"

    @property
    def site(self) -> Path:
        return self.folder / "site"

    def options(self) -> list[str]:
        return [
            *("--store", str(self.store)),
            *("--config", str(self.folder / "config.toml")),
            *("--models", str(ROOT / "models")),
            *("--prompts", str(ROOT / "prompts")),
        ]

    def run(self, *arguments: str | Path) -> int:
        """One command in this process; the exit code."""
        return main([*map(str, arguments), *self.options()])

    def run_day(self, *bundles: Path) -> int:
        return self.run("run", *bundles, "--out", self.site)

    def command(self, *arguments: str | Path, program: str = PROGRAM) -> list[str]:
        """The same command as a process of its own."""
        return [sys.executable, "-c", program, *map(str, arguments), *self.options()]

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        con = duckdb.connect(str(self.store), read_only=True)
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def tables(self) -> list[str]:
        rows = self.sql("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1")
        return [name for (name,) in rows]

    def row_counts(self) -> dict[str, int]:
        return {table: self.sql(f'SELECT count(*) FROM "{table}"')[0][0] for table in self.tables()}

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of every table but those about runs, without accidents, in an order of their own."""
        found = {}
        for table in self.tables():
            if table in _NOT_CONTENT:
                continue
            columns = [row[0] for row in self.sql(f'SELECT column_name FROM (DESCRIBE "{table}")')]
            kept = [c for c in columns if c not in _ACCIDENTS and not (c.endswith("_utc") and _is_clock(table, c))]
            if table == "posting":  # by words, not by their numbers
                rows = self.sql(
                    "SELECT arxiv_id, version, field, term, n, is_word "
                    "FROM posting JOIN search_text USING (text_seq) JOIN term USING (term_id)"
                )
                found[table] = sorted(rows, key=repr)
                continue
            names = ", ".join(f'"{column}"' for column in kept)
            rows = self.sql(f'SELECT {names} FROM "{table}"')
            found[table] = sorted(rows, key=repr)
        return found


def _is_clock(table: str, column: str) -> bool:
    """Whether a time is of the run itself and not of the papers."""
    return column in ("created_utc", "ingested_utc") and (table, column) != ("bundle", "created_utc")


def make_place(folder: Path, config: str = FAKES) -> Place:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(config, encoding="utf-8")
    return Place(folder)


def environment(extra_path: Sequence[Path] = (), **extra: str) -> dict[str, str]:
    """The environment of a process that runs this checkout's code."""
    path = os.pathsep.join([*map(str, extra_path), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, **extra}


def start(command: Sequence[str], **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**extra)
    )
