"""``summarizer models``: fetch, list, verify, add."""

from __future__ import annotations

from pathlib import Path

import click

from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json, write_table


@click.group()
def models() -> None:
    """The language models and the sentence encoder."""


@models.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@shared_options
@click.pass_context
def fetch(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Download models on the connected side: those of NAME, else the ones that the configuration names.

    Downloads are kept in the folder that SUMMARIZER_CACHE names, default ~/.cache/summarizer. Prints the models' paths.
    """
    from summarizer.llm.fetch import fetch as fetch_model
    from summarizer.llm.registry import load_registry

    settings = settings_of(ctx)
    if not names:
        config = settings.read_config()
        names = (config.llm.model, config.embed.model)
    registry = load_registry(settings.models)

    def report(line: str) -> None:
        if not settings.quiet:
            click.echo(line, err=True)

    for entry in [registry.entry(name) for name in names]:
        if entry.source is None:  # added by the user: there is nowhere to fetch it from
            click.echo(entry.path)
        else:
            click.echo(fetch_model(entry, settings.models, report=report))


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
@click.pass_context
def list_models(ctx: click.Context, as_json: bool) -> None:
    """Say which models there are, and which of them are here."""
    from summarizer.llm.registry import load_registry

    rows = [
        {
            "name": entry.name,
            "alias": entry.alias,
            "kind": entry.kind,
            "n_bytes": entry.n_bytes,
            "licence": entry.licence,
            "here": entry.path.exists(),
            "path": str(entry.path),
            "sha256": entry.sha256,
        }
        for entry in load_registry(settings_of(ctx).models).entries
    ]
    if as_json:
        write_json(rows)
        return
    columns = ("name", "alias", "kind", "size", "licence", "here", "path")
    shown = [
        {**row, "size": f"{entry_bytes / 1e6:,.0f} MB", "here": "yes" if row["here"] else "no"}
        for row in rows
        if isinstance(entry_bytes := row["n_bytes"], int)
    ]
    write_table(columns, [[row[column] for column in columns] for row in shown])


@models.command()
@click.argument("name", required=False)
@shared_options
@click.pass_context
def verify(ctx: click.Context, name: str | None) -> None:
    """Hash a model and compare (default: every model that is here)."""
    from summarizer.errors import ModelError
    from summarizer.llm.registry import load_registry
    from summarizer.llm.registry import verify as verify_model

    registry = load_registry(settings_of(ctx).models)
    entries = [registry.entry(name)] if name else [entry for entry in registry.entries if entry.path.exists()]
    if not entries:
        raise ModelError(f"no model is in {registry.models_dir}; run: summarizer models fetch")
    for entry in entries:
        verify_model(entry)
        click.echo(f"{entry.name}: {entry.path}: sha256 {entry.sha256} is right")


@models.command()
@click.argument("path", metavar="PATH.gguf", type=click.Path(path_type=Path))
@shared_options
@click.pass_context
def add(ctx: click.Context, path: Path) -> None:
    """Register a GGUF file where it lies. Prints the name to give as llm.model in the configuration."""
    from summarizer.llm.registry import add_gguf

    click.echo(add_gguf(settings_of(ctx).models, path).name)
