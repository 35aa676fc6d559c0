#!/usr/bin/env -S sh -c 'exec "$(dirname "$0")/../.venv/bin/python" "$0" "$@"'
"""Compare two prompts that were tried on the same cases: paired differences with 95 % intervals. See docs/prompts.md.

\b
    scripts/compare_prompts.py translation v003 v004
    scripts/compare_prompts.py translation v003 my_draft@temperature=0.3 --html page.html

Each is a version, a draft, or either of them with another sampling. Asks the model nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from summarizer.cli import run_command
from summarizer.cli.settings import shared_options
from summarizer.cli.tables import write_json
from summarizer.cli.tuning import open_workbench, write_comparison, write_page
from summarizer.records import TASKS, Task


@click.command(help=__doc__)
@click.argument("task", type=click.Choice(TASKS))
@click.argument("baseline")
@click.argument("candidate")
@click.option("--cases", help="Name of the sample or case file.  [default: the one with most texts of both]")
@click.option("--limit", type=click.IntRange(min=1), help="First cases of the sample.  [default: all that both have]")
@click.option("--model", help="Name of a model, instead of the configured one.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page that shows them side by side."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
@click.pass_context
def compare_prompts(
    ctx: click.Context,
    task: Task,
    baseline: str,
    candidate: str,
    cases: str | None,
    limit: int | None,
    model: str | None,
    html: Path | None,
    as_json: bool,
) -> None:
    from summarizer.stages.trials import compare_prompts

    with open_workbench(ctx, model) as bench:
        comparison = compare_prompts(bench, task, baseline, candidate, cases, limit)
    if html is not None:
        write_page(comparison, html)
    if as_json:
        write_json(comparison.as_dict())
        return
    write_comparison(comparison)


if __name__ == "__main__":
    sys.exit(run_command(compare_prompts, None, Path(__file__).name))
