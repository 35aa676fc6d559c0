"""``summarizer plan``: what a run would do, and how long it would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from summarizer.cli.daily import read_limits, until_option
from summarizer.cli.keys import trusted_option, trusting
from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json, write_table

if TYPE_CHECKING:
    from summarizer.stages.plan import Plan


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@until_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@trusted_option
@shared_options
@click.pass_context
def plan(
    ctx: click.Context, bundles: tuple[Path, ...], until: str | None, as_json: bool, trusted: tuple[Path, ...]
) -> None:
    """Say what a run of BUNDLE would do and how long it would take, after ten seconds of measuring this machine.

    Verifies the bundles, loads the language model, and writes nothing. The times are estimates; what they rest on stands
    beside them. With --until: how many papers would be done by then.
    """
    from summarizer.prompts import load_prompts
    from summarizer.stages.plan import plan as make_plan
    from summarizer.stages.progress import shown_progress
    from summarizer.stages.weights import Weights
    from summarizer.store import Store

    settings = settings_of(ctx)
    config = trusting(settings.read_config(), trusted)
    limits = read_limits(until)
    prompts = load_prompts(settings.prompts)
    with shown_progress(quiet=settings.quiet) as progress:
        weights = Weights(config, settings.models, progress.message)
        try:
            made = make_plan(
                Store(settings.store, wait_seconds=config.store.wait_seconds),
                config,
                bundles,
                engine=weights.engine,
                embedder_sha256=weights.encoder.model.sha256,
                prompts=prompts,
                limits=limits,
                report=progress.message,
            )
        finally:
            weights.release()
    if as_json:
        write_json(made.as_dict())
    else:
        _write(made)


def _write(made: Plan) -> None:
    from summarizer.stages.progress import duration

    click.echo(
        f"{made.n_in_bundles} papers in the bundles: {made.n_new} new, {made.n_begun} begun, {made.n_done} done, "
        f"{made.n_repeated} repeats, {made.n_unreadable} unreadable; {made.n_elsewhere} others wait in the store"
    )
    click.echo(
        f"{made.work.n_texts} texts to make: {made.work.prefill_tokens:,.0f} tokens to read, "
        f"{made.work.reused_tokens:,.0f} more found already computed, {made.work.decode_tokens:,.0f} to write"
    )
    stages = (("ingest", made.ingest), ("embed", made.embed), ("generate", made.generate))
    write_table(
        ("stage", "papers", "about", "judged by"),
        [
            *((name, stage.n_items, duration(stage.seconds), stage.rests_on) for name, stage in stages),
            ("all", None, duration(made.seconds), "an estimate; loading the models, dedup and publish not counted"),
        ],
    )
    if made.n_by_then is not None:
        click.echo(f"By {made.until} about {made.n_by_then} of {made.generate.n_items} papers would be done")
