"""``summarizer status`` and ``summarizer sql``: what the store says."""

from __future__ import annotations

import sys
from typing import Any

import click

from summarizer.cli.settings import Settings, settings_of, shared_options
from summarizer.cli.tables import plain, write_csv, write_json, write_table


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
    with Store(settings.store, wait_seconds=config.store.wait_seconds).read() as con:
        found = store_status(con, **hashes)
    if as_json:
        write_json(found)
        return
    _write_status(found)


@click.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list with an object for each row.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header line.")
@shared_options
@click.pass_context
def sql(ctx: click.Context, query: str, as_json: bool, as_csv: bool) -> None:
    """Run one read-only QUERY on the store; - reads it from stdin."""
    from summarizer.store import Store
    from summarizer.store.sql import query as run_query

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    settings = settings_of(ctx)
    text = sys.stdin.read() if query == "-" else query
    store = Store(settings.store, wait_seconds=settings.read_config().store.wait_seconds)
    result = run_query(store, text)
    if as_json:
        names = _distinct(result.columns)
        write_json([{name: plain(value) for name, value in zip(names, row, strict=True)} for row in result.rows])
    elif as_csv:
        write_csv(result.columns, result.rows)
    else:
        write_table(result.columns, result.rows)


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
