"""``summarizer run`` and its stages: ingest, embed, dedup, generate, publish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from summarizer.cli.keys import trusted_option, trusting
from summarizer.cli.settings import settings_of, shared_options

if TYPE_CHECKING:
    from summarizer.stages.limits import Limits
    from summarizer.stages.run import Session
    from summarizer.store.duplicates import Verdict

_bundle = click.Path(path_type=Path)
_out_option = click.option(
    "--out",
    "out_dir",
    default=Path("site"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="What is published goes below this folder.",
)

until_option = click.option(
    "--until",
    metavar="TIME",
    help="Start no paper that would not be finished by then: 06:00 (its next occurrence) or 2026-02-13T06:00, local time.",
)
_max_papers_option = click.option(
    "--max-papers", type=click.IntRange(min=1), help="Start at most so many papers in generate; the rest stays pending."
)


def read_limits(until: str | None, max_papers: int | None = None) -> Limits:
    """What the options say. Raises ConfigError."""
    from summarizer.stages.limits import Limits, read_until

    return Limits(read_until(until) if until is not None else None, max_papers)


@contextmanager
def open_session(ctx: click.Context, trusted: tuple[Path, ...] = ()) -> Iterator[Session]:
    """What the stages of this command share."""
    from summarizer.stages.run import session

    settings = settings_of(ctx)
    with session(
        ctx.command_path,
        trusting(settings.read_config(), trusted),
        store_path=settings.store,
        models_dir=settings.models,
        prompts_dir=settings.prompts,
        quiet=settings.quiet,
    ) as opened:
        yield opened


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=_bundle)
@_out_option
@until_option
@_max_papers_option
@trusted_option
@shared_options
@click.pass_context
def run(
    ctx: click.Context,
    bundles: tuple[Path, ...],
    out_dir: Path,
    until: str | None,
    max_papers: int | None,
    trusted: tuple[Path, ...],
) -> int:
    """Make the daily post of each BUNDLE: ingest, embed, dedup, generate, publish. Prints the posts' paths.

    Does only what is missing, so a run that was killed goes on where it was. What --until or --max-papers leave is
    pending: the post says so, and a later run completes it. Exit code 10: finished, but some papers failed.
    """
    from summarizer.stages.run import run_bundles

    limits = read_limits(until, max_papers)
    with open_session(ctx, trusted) as opened:
        posts = run_bundles(opened, bundles, out_dir, limits)
    for path in posts:
        click.echo(path)
    return opened.exit_code


@click.command()
@click.argument("bundle", metavar="BUNDLE", type=_bundle)
@trusted_option
@shared_options
@click.pass_context
def ingest(ctx: click.Context, bundle: Path, trusted: tuple[Path, ...]) -> int:
    """Verify BUNDLE, register its papers and read their PDFs into sections."""
    from summarizer.stages.run import ingest_bundle

    with open_session(ctx, trusted) as opened:
        ingest_bundle(opened, bundle)
    return opened.exit_code


@click.command()
@shared_options
@click.pass_context
def embed(ctx: click.Context) -> int:
    """Compute the missing embeddings."""
    from summarizer.stages.run import embed_papers

    with open_session(ctx) as opened:
        embed_papers(opened)
    return opened.exit_code


@click.group(invoke_without_command=True)
@shared_options
@click.pass_context
def dedup(ctx: click.Context) -> int:
    """Find papers that repeat earlier ones; with confirm or refuse, say what is true of a pair.

    Pairs that may be one work stand in the view borderline_pair; both papers are summarised until you have said.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from summarizer.stages.run import find_repeated_papers

    with open_session(ctx) as opened:
        find_repeated_papers(opened)
    return opened.exit_code


def _judge(ctx: click.Context, one: str, other: str, verdict: Verdict) -> None:
    from summarizer.stages.run import judge_pair

    with open_session(ctx) as opened:
        click.echo(judge_pair(opened, one, other, verdict))


@dedup.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@shared_options
@click.pass_context
def confirm(ctx: click.Context, one: str, other: str) -> None:
    """Papers A and B (ids) are one work: the one that came later is left out from now on.

    Remembered for all versions of both, until you refuse the pair. The texts made so far stay in the store.
    """
    _judge(ctx, one, other, "confirmed")


@dedup.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@shared_options
@click.pass_context
def refuse(ctx: click.Context, one: str, other: str) -> None:
    """Papers A and B (ids) are two works: neither is left out because of the other.

    Remembered for all versions of both, until you confirm the pair. The next run makes what texts are missing.
    """
    _judge(ctx, one, other, "refused")


@click.command()
@until_option
@_max_papers_option
@click.option(
    "--stale",
    is_flag=True,
    help="Then make texts of older prompt versions again, latest days first; old texts are kept.",
)
@shared_options
@click.pass_context
def generate(ctx: click.Context, until: str | None, max_papers: int | None, stale: bool) -> int:
    """Make the missing texts: translations and breakdowns.

    With --stale also those that an older prompt version made. Where the new text is accepted it takes the old one's
    place; publish then writes the posts that show it.
    """
    from summarizer.stages.run import generate_texts

    limits = read_limits(until, max_papers)
    with open_session(ctx) as opened:
        generate_texts(opened, limits, stale=stale)
    return opened.exit_code


def _served_at(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    if not value:
        return ""
    if not value.startswith(("http://", "https://")) or any(c.isspace() or c in '?#"<>' for c in value):
        raise click.BadParameter("write the address of a folder, e.g. http://10.0.0.5/arxiv/", ctx, param)
    return value if value.endswith("/") else f"{value}/"


@click.command()
@click.option("--html", is_flag=True, help="Write the offline reader instead: pages that open without a server.")
@click.option("--json", "as_json", is_flag=True, help="Write the papers of each day as JSON instead, below DIR/json.")
@click.option(
    "--out",
    "out_dir",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="What is published goes below this folder.  [default: site; with --html or --json: reader]",
)
@click.option(
    "--base-url",
    metavar="URL",
    callback=_served_at,
    help="With --html: where DIR is served on your network, for the links of feeds and e-mails.",
)
@shared_options
@click.pass_context
def publish(ctx: click.Context, html: bool, as_json: bool, out_dir: Path | None, base_url: str) -> int:
    """Write the posts that are due, and those whose file is gone or was changed. Prints their paths.

    With --html the offline reader is written instead, and the path of its start page printed; with --json a file a day.
    Files that did not change are left untouched.
    """
    from summarizer.stages.run import publish_posts, publish_reader

    if base_url and not html:
        raise click.UsageError("--base-url goes with --html")
    with open_session(ctx) as opened:
        if html or as_json:
            paths = publish_reader(opened, out_dir or Path("reader"), html=html, as_json=as_json, base_url=base_url)
        else:
            paths = publish_posts(opened, out_dir or Path("site"))
    for path in paths:
        click.echo(path)
    return opened.exit_code
