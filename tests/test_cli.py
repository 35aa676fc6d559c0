"""The command line: options, results on stdout, errors as one line and an exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import batch
import click
import pytest
import sample_day
from batch import Place

from summarizer.cli import cli, main
from summarizer.cli.tables import plain, write_csv, write_json, write_table
from summarizer.store import Store


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Papers without files: ingested in no time."""
    folder = tmp_path_factory.mktemp("day")
    rows = [
        {"arxiv_id": f"2602.0000{n}", "version": 1, "title": f"Paper number {n}", "abstract": f"Abstract number {n}."}
        for n in (1, 2, 3)
    ]
    (folder / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return sample_day.pack_day(folder, folder / "out")


@pytest.fixture(scope="module")
def ingested(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = batch.make_place(tmp_path_factory.mktemp("ingested"))
    assert place.run("ingest", bundle, "--quiet") == 10
    return place


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += _commands(command, (*path, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.append((*path, name))
    return found


def test_the_commands_are_those_of_the_readme() -> None:
    assert sorted(" ".join(path) for path in _commands(cli)) == [
        "bundle pack",
        "bundle sign",
        "bundle verify",
        "collect",
        "dedup",
        "dedup confirm",
        "dedup refuse",
        "doctor",
        "embed",
        "export",
        "generate",
        "import-posts",
        "ingest",
        "keys new",
        "keys show",
        "kit build",
        "kit verify",
        "ledger",
        "models add",
        "models fetch",
        "models list",
        "models verify",
        "plan",
        "publish",
        "run",
        "sections",
        "sql",
        "status",
    ]


@pytest.mark.parametrize("path", _commands(cli), ids=" ".join)
def test_every_command_explains_itself_and_takes_the_shared_options(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path, "--help"]) == 0
    out = capsys.readouterr().out
    for option in ("--store", "--config", "--models", "--prompts", "--quiet", "--debug"):
        assert option in out


def test_shared_options_work_before_and_after_the_command(
    ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    query = ["sql", "SELECT count(*) AS n FROM paper_version", "--csv"]
    for line in (["--store", str(ingested.store), *query], [*query, "--store", str(ingested.store)]):
        assert main(line) == 0
        assert capsys.readouterr().out == "n\n3\n"
    assert main(["--store", str(tmp_path / "none.duckdb"), *query, "--store", str(ingested.store)]) == 0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from summarizer import __version__

    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_config_toml_of_the_folder_is_read(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text("[llm]\nslots = 3\n", encoding="utf-8")
    assert main(["sql", "SELECT 1", "--store", str(ingested.store)]) == 2
    assert capsys.readouterr().err == (
        "summarizer: error: config.toml: llm.slots: unknown key; known in [llm]: "
        "engine, model, n_ctx, n_slots, n_batch, n_threads, n_gpu_layers, repack, kv_type, "
        "server_url, server_timeout_seconds, server_retries\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 2, "nonsense"),
        (["run"], 2, "BUNDLE"),
        (["run", "none.tar"], 3, "none.tar"),
        (["bundle", "verify", "none.tar"], 3, "none.tar"),
        (["embed"], 4, "no store at store.duckdb"),
        (["status"], 4, "no store at store.duckdb"),
        (["sql", "SELECT 1"], 4, "no store at store.duckdb"),
        (["sql", "SELECT 1", "--json", "--csv"], 2, "--json"),
        (["sql", "SELECT 1", "--json", "--parquet", "x.parquet"], 2, "--parquet"),
        (["sql"], 2, "--list"),
        (["sql", "SELECT 1", "--list"], 2, "--list"),
        (["sql", "SELECT 1", "--show"], 2, "@NAME"),
        (["sql", "SELECT 1", "--param", "x"], 2, "NAME=VALUE"),
        (["sql", "@pendign"], 2, "@pending"),
        (["sql", "@papers-about"], 2, "--param term="),
        (["sql", "@pending", "--copy"], 4, "no store at store.duckdb"),
        (["export", "--out", "out"], 4, "no store at store.duckdb"),
        (["export", "--out", "out", "--since", "soon"], 2, "--since soon"),
        (["run", "x.tar", "--config", "none.toml"], 2, "none.toml"),
        (["models", "list"], 2, "models.toml"),
        (["models", "verify", "nonsense", "--models", str(batch.ROOT / "models")], 5, "nonsense"),
        (["models", "fetch", "nonsense", "--models", str(batch.ROOT / "models")], 5, "nonsense"),
        (["models", "add", "none.gguf", "--models", str(batch.ROOT / "models")], 5, "none.gguf"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_errors_name_the_thing_and_end_with_their_code(
    arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_a_missing_model_says_what_to_do(ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "models.toml").write_bytes((batch.ROOT / "models" / "models.toml").read_bytes())
    copy = tmp_path / "store.duckdb"
    copy.write_bytes(ingested.store.read_bytes())
    assert main(["embed", "--models", str(models)]) == 5
    assert "summarizer models fetch embedder" in capsys.readouterr().err


def test_unexpected_errors_are_one_line_and_debug_shows_where(
    ingested: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(self: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(Store, "read", fail)
    assert ingested.run("sql", "SELECT 1") == 1
    assert capsys.readouterr().err == "summarizer: error: ZeroDivisionError: by nought (--debug shows where)\n"
    assert ingested.run("sql", "SELECT 1", "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error(ingested: Place) -> None:
    command = ingested.command("sql", "SELECT * FROM range(200000)", "--csv")
    process = batch.start(command)
    assert process.stdout is not None
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate()
    assert process.returncode == 1
    assert err == ""


def test_sql_prints_json_csv_and_tables(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    query = "SELECT arxiv_id, categories, abstract, comment FROM paper_version ORDER BY 1 LIMIT 2"
    assert ingested.run("sql", query, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"arxiv_id": "2602.00001", "categories": [], "abstract": "Abstract number 1.", "comment": None},
        {"arxiv_id": "2602.00002", "categories": [], "abstract": "Abstract number 2.", "comment": None},
    ]
    assert ingested.run("sql", query, "--csv") == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["arxiv_id", "categories", "abstract", "comment"]
    assert rows[1] == ["2602.00001", "[]", "Abstract number 1.", ""]
    assert ingested.run("sql", query) == 0
    table = capsys.readouterr().out
    assert "Abstract number 2." in table
    assert "abstract" in table


def test_saved_queries(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("sql", "@pending", "--json") == 0
    assert {row["stage"]: row["pending"] for row in json.loads(capsys.readouterr().out)}["embed"] == 3
    assert ingested.run("sql", "@papers-about", "--param", "term=number 2", "--param", "most=1", "--csv") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("1,2602.00002,1,")
    assert ingested.run("sql", "--list") == 0
    listed = capsys.readouterr().out
    assert ingested.run("sql", "--list", "--json") == 0
    queries = json.loads(capsys.readouterr().out)
    assert len(queries) >= 25
    assert all(f"@{q['name']} " in listed and q["question"] in listed for q in queries)
    assert ingested.run("sql", "@papers-about", "--show") == 0
    assert "search($term)" in capsys.readouterr().out


def test_sql_writes_parquet_and_asks_a_copy(
    ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.parquet"
    assert ingested.run("sql", "FROM paper_version", "--parquet", str(file), "--copy") == 0
    out, err = capsys.readouterr()
    assert out == f"{file}\n"
    assert err.startswith("summarizer: reading a copy: the store as its last checkpoint left it ")
    assert file.read_bytes().startswith(b"PAR1")


def test_export_prints_its_files(ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("export", "--out", str(tmp_path / "out"), "--since", "2020-01-01") == 0
    printed = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(printed) == sorted((tmp_path / "out").iterdir())
    assert printed[-1].name == "ledger.json"


def test_a_plan_is_printed_as_it_is(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("sql", "EXPLAIN SELECT count(*) FROM run") == 0
    assert len(capsys.readouterr().out.splitlines()) > 3


def test_a_judgement_is_remembered_and_says_what_it_means(
    ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = batch.make_place(tmp_path / "judged")
    place.store.write_bytes(ingested.store.read_bytes())
    assert place.run("dedup", "confirm", "2602.00003", "arXiv:2602.00001v1", "--quiet") == 0
    assert capsys.readouterr().out == "2602.00003 and 2602.00001: confirmed; left out: 2602.00003\n"
    assert place.sql("SELECT arxiv_id, version FROM repeated_paper") == [("2602.00003", 1)]
    assert place.run("dedup", "confirm", "2602.00001", "2602.00003") == 0
    assert "confirmed already" in capsys.readouterr().out
    assert place.run("dedup", "refuse", "2602.00001", "2602.00003") == 0
    assert capsys.readouterr().out == ("2602.00001 and 2602.00003: refused; neither is left out because of the other\n")
    assert place.sql("FROM repeated_paper") == []
    assert place.sql("SELECT verdict FROM pair_judgement ORDER BY created_utc") == [("confirmed",), ("refused",)]
    assert place.sql("SELECT command FROM run WHERE command LIKE '%dedup%' ORDER BY started_utc") == [
        ("summarizer dedup confirm",),
        ("summarizer dedup refuse",),
    ]


def test_a_judgement_of_unknown_papers_is_refused(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("dedup", "confirm", "2602.00001", "2602.09999") == 4
    assert "2602.09999 is not in the store" in capsys.readouterr().err
    assert main(["dedup", "refuse", "2602.00001", "2602.00002", "--store", "none.duckdb"]) == 4
    assert not Path("none.duckdb").exists()


def test_sql_reads_stdin(ingested: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 7 AS seven"))
    assert ingested.run("sql", "-", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"seven": 7}]


@pytest.mark.parametrize("statement", ["DELETE FROM section", "SELECT 1; SELECT 2", "SELECT nothing", ""])
def test_sql_refuses_all_but_one_query(ingested: Place, statement: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("sql", statement) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("summarizer: error: ")
    assert err.count("\n") == 1


def test_repeated_column_names_stay_apart(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("sql", "SELECT 1 AS a, 2 AS a, 3 AS b", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert sorted(row.values()) == [1, 2, 3]


def test_status_for_people_and_for_programs(ingested: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingested.run("status", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["stages"]["ingest"] == {"done": 0, "pending": 0, "failed": 3}
    assert found["stages"]["embed"]["pending"] == 3
    assert {failure["category"] for failure in found["failures"]} == {"missing_pdf"}
    assert ingested.run("status") == 0
    out = capsys.readouterr().out
    assert "1 bundles, 3 papers" in out
    assert "missing_pdf" in out
    assert "Last run: summarizer ingest" in out


def test_status_without_models_still_answers(
    ingested: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json", "--store", str(ingested.store), "--models", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["stages"]["embed"]["pending"] == 3
    assert "models.toml" in err


def test_models_list_and_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "models.toml").write_bytes((batch.ROOT / "models" / "models.toml").read_bytes())
    own = tmp_path / "own-model.gguf"
    own.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(100))
    assert main(["models", "add", str(own), "--models", str(models)]) == 0
    assert capsys.readouterr().out == "own-model\n"
    assert main(["models", "list", "--json", "--models", str(models)]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["own-model"]["here"] is True
    assert {row["alias"] for row in rows.values()} >= {"default", "small", "embedder"}
    assert main(["models", "list", "--models", str(models)]) == 0
    assert "own-model" in capsys.readouterr().out
    assert main(["models", "verify", "--models", str(models)]) == 0
    assert "own-model" in capsys.readouterr().out
    assert main(["models", "fetch", "own-model", "--models", str(models)]) == 0
    assert capsys.readouterr().out == f"{own}\n"
    own.write_bytes(b"GGUF" + bytes(104))
    assert main(["models", "verify", "own-model", "--models", str(models)]) == 5


def test_bundle_pack_prints_the_path_and_verify_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    (folder / "papers.jsonl").write_text('{"arxiv_id": "2602.00001", "title": "A title"}\n', encoding="utf-8")
    options = ["--date", "2026-02-12", "--out", str(tmp_path / "out"), "--categories", "eess.AS, cs.SD"]
    assert main(["bundle", "pack", str(folder), *options]) == 0
    out, err = capsys.readouterr()
    (path,) = out.splitlines()
    assert Path(path).is_file()
    assert "1 papers packed: 1 described by papers.jsonl" in err
    assert main(["bundle", "verify", path]) == 0
    assert "2026-02-12, 1 papers, 0 PDFs" in capsys.readouterr().out
    assert main(["bundle", "pack", str(folder), "--date", "12.2.2026", "--out", str(tmp_path)]) == 2


def test_the_program_ends_with_the_exit_code(tmp_path: Path) -> None:
    command = [sys.executable, "-c", batch.PROGRAM, "bundle", "verify", "none.tar"]
    done = subprocess.run(command, capture_output=True, text=True, env=batch.environment(), check=False)
    assert done.returncode == 3
    assert done.stdout == ""


def test_values_that_json_does_not_know() -> None:
    value = {
        1: (date(2026, 2, 12), datetime(2026, 2, 12, 8, 50)),
        "whole": Decimal("3"),
        "part": Decimal("0.5"),
        "bytes": b"\x01\xff",
        "none": None,
    }
    assert plain(value) == {
        "1": ["2026-02-12", "2026-02-12T08:50:00"],
        "whole": 3,
        "part": 0.5,
        "bytes": "01ff",
        "none": None,
    }


def test_numbers_that_json_does_not_have_become_null() -> None:
    stream = io.StringIO()
    write_json({"a": float("nan"), "b": [float("inf"), 1.5]}, stream)
    assert json.loads(stream.getvalue()) == {"a": None, "b": [None, 1.5]}


def test_tables_show_markup_as_it_is_and_cut_nothing() -> None:
    stream = io.StringIO()
    write_table(["[b]head[/b]"], [["[red]" + "x" * 300 + "[/red]"], [None]], stream)
    shown = stream.getvalue()
    assert "[b]head[/b]" in shown
    assert "[red]" + "x" * 300 + "[/red]" in shown


def test_csv_quotes_what_needs_it() -> None:
    stream = io.StringIO()
    write_csv(["a", "b"], [['say "x", y', ["p", "q"]], [None, 1.5]], stream)
    assert list(csv.reader(io.StringIO(stream.getvalue()))) == [["a", "b"], ['say "x", y', '["p", "q"]'], ["", "1.5"]]


def test_terminals_are_not_needed(ingested: Place) -> None:
    command = ingested.command("sql", "SELECT repeat('x', 500) AS wide")
    environment = {**batch.environment(), "COLUMNS": "40", "TERM": "dumb"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=True
    )
    assert "x" * 500 in done.stdout
    assert os.linesep in done.stdout
