#!/usr/bin/env -S sh -c 'exec "$(dirname "$0")/../.venv/bin/python" "$0" "$@"'
"""Try drafts of a prompt on a frozen sample, beside a released version. See docs/prompts.md.

\b
    scripts/tune_prompt.py translation --from v001 --draft my_draft/ --cases dev --limit 40

A draft that is not there yet begins as a copy of the version: edit it and run the same line again. Only what is new asks the
model.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from summarizer.cli import run_command
from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tuning import (
    open_workbench,
    read_values,
    write_comparison,
    write_page,
    write_scores,
    write_tuned_json,
)
from summarizer.records import TASKS, Task


@click.command(help=__doc__)
@click.argument("task", type=click.Choice(TASKS))
@click.option("--from", "baseline", metavar="VERSION", help="Released version to compare with.  [default: the newest]")
@click.option(
    "--draft",
    "drafts",
    metavar="PATH",
    multiple=True,
    help="Prompt file, folder with TASK.md, or another version; repeatable.",
)
@click.option(
    "--cases", default="dev", show_default=True, help="Name of a sample of the store, drawn once, or a JSON-lines file."
)
@click.option("--limit", type=click.IntRange(min=1), default=40, show_default=True, help="First cases of the sample.")
@click.option("--temperature", metavar="VALUES", help="Temperatures to try, e.g. 0,0.3,0.6.")
@click.option("--top-p", metavar="VALUES", help="Values of top_p to try.")
@click.option("--min-p", metavar="VALUES", help="Values of min_p to try.")
@click.option("--repeat-penalty", metavar="VALUES", help="Values of repeat_penalty to try.")
@click.option("--seed", metavar="VALUES", help="Seeds to try.")
@click.option("--model", help="Name of a model, instead of the configured one.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page side by side of the last one."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
@click.pass_context
def tune_prompt(
    ctx: click.Context,
    /,
    task: Task,
    baseline: str | None,
    drafts: tuple[str, ...],
    cases: str,
    limit: int,
    model: str | None,
    html: Path | None,
    as_json: bool,
    **values: str | None,
) -> None:
    from summarizer.prompts import load_prompt
    from summarizer.stages.trials import tune
    from summarizer.tuning.drafts import names_new_draft, start_draft

    settings = settings_of(ctx)
    version = baseline or load_prompt(settings.prompts, task).version
    new = [draft for draft in drafts if names_new_draft(draft, task)]
    for draft in new:
        click.echo(start_draft(settings.prompts, task, version, Path(draft)))
    if new:
        click.echo(f"a copy of {task} {version}: edit it, then run the same line again", err=True)
        return
    with open_workbench(ctx, model) as bench:
        tuned = tune(bench, task, [version, *drafts], cases, limit, read_values(values))
    if html is not None and tuned.comparisons:
        write_page(tuned.comparisons[-1], html)
    if as_json:
        write_tuned_json(tuned)
        return
    if len(tuned.scored) != 2:  # of two, the comparison shows everything
        write_scores(tuned.scored)
    for comparison in tuned.comparisons:
        write_comparison(comparison)


if __name__ == "__main__":
    sys.exit(run_command(tune_prompt, None, Path(__file__).name))
