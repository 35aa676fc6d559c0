"""``summarizer doctor``: would a run work on this machine?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json
from summarizer.config import installed_home
from summarizer.errors import EXIT_DONE, EXIT_UNFIT


@click.command()
@click.option(
    "--out",
    "out_dir",
    default=Path("site"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where a run would publish.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
@click.pass_context
def doctor(ctx: click.Context, out_dir: Path, as_json: bool) -> int:
    """Try everything that a run needs, and say in a line each what is wrong and what to do about it.

    Files and packages against their hashes, processor, memory, disk, a page of a PDF, three vectors, ten tokens of the model, the
    store, and that nothing asked for the network. Changes nothing. Exit code 0: all is well; 9: something is not.
    """
    from summarizer.doctor import Place, examine

    settings = settings_of(ctx)
    place = Place(
        config=settings.read_config(),
        config_path=settings.config_path(),
        store=settings.store,
        out=out_dir,
        models=settings.models,
        prompts=settings.prompts,
        home=installed_home(),
    )
    findings = []
    for finding in examine(place):
        findings.append(finding)
        if not as_json:
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            click.echo(f"{'ok ' if finding.ok else 'BAD'}  {finding.check:<10}  {finding.found}{remedy}")
    n_bad = sum(not finding.ok for finding in findings)
    if as_json:
        write_json({"ok": n_bad == 0, "findings": [dataclasses.asdict(finding) for finding in findings]})
    elif not settings.quiet:
        click.echo(f"{n_bad} of {len(findings)} are wrong" if n_bad else "all is well", err=True)
    return EXIT_UNFIT if n_bad else EXIT_DONE
