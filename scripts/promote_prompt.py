#!/usr/bin/env -S sh -c 'exec "$(dirname "$0")/../.venv/bin/python" "$0" "$@"'
"""Release a draft: write the immutable version, its line in prompts/LOCK and its reason in prompts/CHANGELOG.md.

\b
    scripts/promote_prompt.py translation my_draft/ --as v004 --because "keeps clauses that v003 dropped"

The next run uses it for papers without a text; `summarizer generate --stale` makes older texts again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from summarizer.cli import run_command
from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tuning import open_workbench
from summarizer.records import TASKS, Task


@click.command(help=__doc__)
@click.argument("task", type=click.Choice(TASKS))
@click.argument("draft", type=click.Path(path_type=Path))
@click.option("--as", "version", required=True, metavar="VERSION", help="The next version of the task, e.g. v004.")
@click.option("--because", required=True, help="Why, in a sentence: it goes to the changelog.")
@click.option("--model", help="Name of the model whose trials are quoted, instead of the configured one.")
@shared_options
@click.pass_context
def promote_prompt(ctx: click.Context, task: Task, draft: Path, version: str, because: str, model: str | None) -> None:
    from datetime import date

    from summarizer.stages.trials import evidence_for
    from summarizer.tuning.promotion import promote

    settings = settings_of(ctx)
    with open_workbench(ctx, model) as bench:
        figures = evidence_for(bench, task, draft)
    promoted = promote(settings.prompts, task, draft, version, because, figures, date.today())
    click.echo(promoted.path)
    if promoted.renamed:
        click.echo(
            f"the draft called itself another version: its trials stay with the draft, {version} has none yet", err=True
        )
    click.echo(figures or "no trial of this draft beside the newest version is in the store", err=True)


if __name__ == "__main__":
    sys.exit(run_command(promote_prompt, None, Path(__file__).name))
