"""``summarizer status``, ``sql`` and ``export``: what the store says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from summarizer.cli.settings import Settings, settings_of, shared_options
from summarizer.cli.tables import plain, write_csv, write_json, write_table

if TYPE_CHECKING:
    from summarizer.store import Store
    from summarizer.store.saved import Parameter, SavedQuery

#: The windows of a run are shorter than a second; what holds the file longer will go on holding it.
_PATIENCE_SECONDS = 10.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say what is done, what is pending, what failed and why."""
    from summarizer.store import Store
    from summarizer.store.status import status as store_status

    settings = settings_of(ctx)
    config = settings.read_config()
    hashes = _current_hashes(settings)
    store = Store(settings.store, wait_seconds=config.store.wait_seconds, on_wait=_tell)
    with store.read() as con:
        found = store_status(con, **hashes)
    if as_json:
        write_json(found)
        return
    _write_status(found)


@click.command()
@click.argument("query", required=False)
@click.option("--param", "given", metavar="NAME=VALUE", multiple=True, help="The value of $NAME in the query.")
@click.option("--list", "as_list", is_flag=True, help="List the saved queries.")
@click.option("--show", is_flag=True, help="Print a saved query instead of running it.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list with an object for each row.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header line.")
@click.option(
    "--parquet", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a Parquet file."
)
@click.option(
    "--width", type=click.IntRange(min=0), help="Width of the table; 0: shorten nothing.  [default: the terminal's]"
)
@click.option("--copy", is_flag=True, help="Ask a copy of the store, so that a long query does not keep a run waiting.")
@shared_options
@click.pass_context
def sql(
    ctx: click.Context,
    query: str | None,
    given: tuple[str, ...],
    as_list: bool,
    show: bool,
    as_json: bool,
    as_csv: bool,
    parquet: Path | None,
    width: int | None,
    copy: bool,
) -> None:
    """Run one read-only QUERY on the store; @NAME is a saved one, - reads it from stdin.

    While a process writes, it waits a little, and then reads a copy of the store; stderr says so.
    """
    from summarizer.store.saved import saved_queries, saved_query
    from summarizer.store.sql import ask, export_query
    from summarizer.store.sql import query as run_query

    if sum((as_json, as_csv, parquet is not None)) > 1:
        raise click.UsageError("--json, --csv and --parquet exclude each other")
    if as_list:
        if query is not None:
            raise click.UsageError("--list stands alone")
        _write_saved(list(saved_queries().values()), as_json, width)
        return
    if query is None:
        raise click.UsageError("give a QUERY, or --list for the saved ones")
    parameters = _parameters(given)
    text = sys.stdin.read() if query == "-" else query
    if query.startswith("@"):
        saved = saved_query(query[1:])
        if show:
            click.echo(saved.sql)
            return
        text, parameters = saved.sql, saved.filled(parameters)
    elif show:
        raise click.UsageError("--show is for saved queries: @NAME")
    store = _patient_store(ctx)
    if parquet is not None:
        ask(store, lambda s: export_query(s, text, parquet, parameters=parameters), copy=copy, tell=_tell)
        click.echo(parquet)
        return
    result = ask(store, lambda s: run_query(s, text, parameters=parameters), copy=copy, tell=_tell)
    if as_json:
        names = _distinct(result.columns)
        write_json([{name: plain(value) for name, value in zip(names, row, strict=True)} for row in result.rows])
    elif as_csv:
        write_csv(result.columns, result.rows)
    elif result.columns == ("explain_key", "explain_value"):
        for _, plan in result.rows:
            click.echo(plan)
    else:
        write_table(result.columns, result.rows, width=width)


@click.command()
@click.option("--out", "out_dir", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
@click.option(
    "--since", metavar="DATE", help="What was recorded since then: 2026-02-12 or 2026-02-12T06:00, UTC.  [default: all]"
)
@click.option("--format", "file_format", type=click.Choice(["parquet", "jsonl"]), default="parquet", show_default=True)
@shared_options
@click.pass_context
def export(ctx: click.Context, out_dir: Path, since: str | None, file_format: str) -> None:
    """Write what is in the store as files, for the way back out of the gap.

    A file for each public table and view, and ledger.json: what arrived and what became of it, bundle by bundle, with the
    SHA-256 of every file. Prints the paths.
    """
    from summarizer.store.export import export_store, read_since
    from summarizer.store.sql import ask

    moment = read_since(since) if since is not None else None
    store = _patient_store(ctx)
    for path in ask(store, lambda s: export_store(s, out_dir, moment, file_format), tell=_tell):
        click.echo(path)


def _patient_store(ctx: click.Context) -> Store:
    """The store for a question: it waits for the short windows of a run, and says so."""
    from summarizer.store import Store

    settings = settings_of(ctx)
    wait = min(_PATIENCE_SECONDS, settings.read_config().store.wait_seconds)
    return Store(settings.store, wait_seconds=wait, on_wait=_tell)


def _tell(line: str) -> None:
    click.echo(f"summarizer: {line}", err=True)


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    parameters = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--param {text}: write NAME=VALUE")
        parameters[name.removeprefix("$")] = value
    return parameters


def _write_saved(queries: list[SavedQuery], as_json: bool, width: int | None) -> None:
    if as_json:
        write_json(
            [
                {
                    "name": q.name,
                    "section": q.section,
                    "question": q.question,
                    "parameters": [
                        {"name": p.name, "meaning": p.meaning, "required": p.required, "value": p.value}
                        for p in q.parameters
                    ],
                    "sql": q.sql,
                }
                for q in queries
            ]
        )
        return
    rows = [("@" + q.name, q.question, " ".join(_parameter(p) for p in q.parameters)) for q in queries]
    write_table(("query", "question", "parameters"), rows, width=width)


def _parameter(parameter: Parameter) -> str:
    return parameter.name if parameter.required else f"[{parameter.name}={parameter.value}]"


def _current_hashes(settings: Settings) -> dict[str, Any]:
    """The models and prompts that a run would use now; nothing of what cannot be read, which a run will tell."""
    from summarizer.errors import SummarizerError
    from summarizer.prompts import load_prompts
    from summarizer.stages.weights import Weights

    weights = Weights(settings.read_config(), settings.models, lambda line: None)
    try:
        return {
            "embedder_sha256": weights.encoder.model.sha256,
            "model_sha256": weights.engine.model.sha256,
            "prompts": {
                task: (prompt.prompt_hash, prompt.version) for task, prompt in load_prompts(settings.prompts).items()
            },
        }
    except SummarizerError as error:
        click.echo(f"summarizer: pending work is counted without models and prompts: {error}", err=True)
        return {}


def _distinct(names: tuple[str, ...]) -> list[str]:
    """Column names that an object can have as keys: a repeated one gets a number."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct


def _write_status(found: dict[str, Any]) -> None:
    papers = found["papers"]
    click.echo(
        f"{len(found['bundles'])} bundles, {papers['n_papers']} papers in {papers['n_versions']} versions, "
        f"{papers['n_left_out']} left out as repeats"
    )
    if n_posts := found["imported"]["n_posts"]:
        click.echo(
            f"{n_posts} posts imported with {found['imported']['n_papers']} papers, "
            f"{found['imported']['first']} to {found['imported']['last']}"
        )
    write_table(
        ("stage", "done", "pending", "failed"),
        [(name, stage["done"], stage["pending"], stage["failed"]) for name, stage in found["stages"].items()],
    )
    stale = "Texts of older prompts (summarizer generate --stale makes them again)"
    for heading, key in ((stale, "stale"), ("Posts", "posts"), ("Duplicates", "duplicates"), ("Failures", "failures")):
        if rows := found[key]:
            click.echo(f"\n{heading}")
            write_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    if run := found["last_run"]:
        ended = "still running or killed" if run["exit_code"] is None else f"exit code {run['exit_code']}"
        click.echo(f"\nLast run: {run['command']}, started {run['started_utc']}, {ended}")
