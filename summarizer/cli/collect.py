"""``summarizer collect`` and ``summarizer ledger``: the connected side."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from summarizer.cli.keys import read_signers, sign_option
from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json, write_table
from summarizer.config import CollectConfig
from summarizer.errors import EXIT_DONE, EXIT_ITEMS_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from summarizer.collect.comparison import Comparison
    from summarizer.collect.ledger import Ledger

LEDGER_NAME = "ledger.sqlite3"
DOWNLOADS_NAME = "downloads"

_Tables = dict[str, tuple[tuple[str, ...], list[Any]]]  # name -> columns, rows

_ledger_option = click.option(
    "--ledger",
    "ledger_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The ledger.  [default: {LEDGER_NAME} in the folder of the bundles]",
)
_out_option = click.option(
    "--out",
    "out_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the bundles.  [default: bundles]",
)


@click.command()
@click.option("--date", "post_date", type=click.DateTime(["%Y-%m-%d"]), help="One day, by the date of its post.")
@click.option("--since-last", is_flag=True, help="All days not collected yet, by the ledger.")
@click.option("--backfill", metavar="A:B", help="Days from A to B that are not collected yet, YYYY-MM-DD:YYYY-MM-DD.")
@click.option("--again", metavar="BUNDLE_ID", help="Write a bundle of the ledger once more (first digits are enough).")
@click.option("--categories", multiple=True, help="arXiv categories, with commas between: cs.SD,eess.AS.")
@_out_option
@click.option("--basis", type=click.Choice(["announced", "submitted"]), help="What a day is.  [default: announced]")
@click.option("--primary-only", is_flag=True, help="No cross-lists: the primary category must be one of these.")
@click.option("--replacements/--no-replacements", default=None, help="New versions of older papers too.")
@click.option("--include", multiple=True, metavar="WORD", help="Only papers with one of these in title or abstract.")
@click.option("--exclude", multiple=True, metavar="WORD", help="No papers with one of these in title or abstract.")
@click.option("--daily-maximum", type=click.IntRange(min=0), help="Papers a day; the rest waits for the next one.")
@click.option(
    "--metadata",
    "metadata_paths",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="List the days by this file, OAI-PMH XML or the Kaggle snapshot, instead of the API.",
)
@_ledger_option
@sign_option
@shared_options
@click.pass_context
def collect(
    ctx: click.Context,
    /,
    post_date: datetime | None,
    since_last: bool,
    backfill: str | None,
    again: str | None,
    out_dir: Path | None,
    ledger_path: Path | None,
    metadata_paths: tuple[Path, ...],
    sign: tuple[Path, ...],
    **options: Any,
) -> int:
    """Fetch what arXiv announced and put it into bundles, one a day. Prints their paths. Needs the network.

    One of --date, --since-last, --backfill, --again says what. The ledger keeps what was carried: no paper goes twice, and
    what is left (over the daily maximum, without its PDF) goes with a later day. Exit code 10: some PDFs did not come.
    """
    if sum((post_date is not None, since_last, backfill is not None, again is not None)) != 1:
        raise click.UsageError("give one of --date, --since-last, --backfill, --again")
    if metadata_paths and (since_last or again):
        raise click.UsageError("--metadata goes with --date or --backfill")

    from summarizer.collect.calendar import Day
    from summarizer.collect.ledger import open_ledger
    from summarizer.collect.request import (
        day_for,
        days_of_backfill,
        days_since_last,
        make_calendar,
        read_categories,
        unknown_years,
    )
    from summarizer.collect.run import collector
    from summarizer.collect.transport import Clock
    from summarizer.stages.admission import limits
    from summarizer.stages.progress import shown_progress

    signers = read_signers(sign)  # before the work: a key that cannot be read is said at once
    config = settings_of(ctx).read_config()
    settings = _with_options(config.collect, options)
    out = out_dir if out_dir is not None else Path(settings.out)
    calendar, now = make_calendar(settings), Clock().now()
    with (
        open_ledger(ledger_path or out / LEDGER_NAME, create=True) as ledger,
        shown_progress(quiet=settings_of(ctx).quiet) as progress,
    ):
        days: list[Day] = []
        if again is None:
            categories = read_categories(settings.categories, settings.basis, ledger)
            settings = replace(settings, categories=categories)
            if post_date is not None:
                days = [day_for(calendar, post_date.date(), now)]
            elif backfill is not None:
                days = days_of_backfill(calendar, ledger, categories, backfill, now)
            else:
                days = days_since_last(calendar, ledger, categories, now)
            if warning := unknown_years(calendar, days):
                progress.message(warning)
        work = collector(
            settings,
            calendar,
            ledger,
            out,
            out / DOWNLOADS_NAME,
            progress,
            days=days,
            metadata_paths=metadata_paths,
            sign=signers,
            limits=limits(config.bundle),
        )
        for path in work.finish():
            click.echo(path)
        if again is not None:
            click.echo(work.again(again))
            return EXIT_DONE
        if not days:
            progress.message("nothing to collect: every day of these is in the ledger")
        n_failed = 0
        for result in work.collect(days):
            n_failed += result.n_failed
            progress.message(f"{result.post_date}: {result.n_papers} papers in the bundle, {result.n_waiting} waiting, "
                             f"{result.n_failed} PDFs did not come")  # fmt: skip
            if result.path is not None:
                click.echo(result.path)
    return EXIT_ITEMS_FAILED if n_failed else EXIT_DONE


@click.command()
@click.option(
    "--inside",
    "inside_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The ledger file that came back out of the gap: compare with it.",
)
@_out_option
@_ledger_option
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
@shared_options
@click.pass_context
def ledger(
    ctx: click.Context, inside_path: Path | None, out_dir: Path | None, ledger_path: Path | None, as_json: bool
) -> int:
    """What was collected and carried, day by day, and what waits. With --inside: what did not arrive or is on no post.

    Exit code 10: something carried did not arrive.
    """
    settings = settings_of(ctx).read_config().collect
    path = ledger_path or (out_dir if out_dir is not None else Path(settings.out)) / LEDGER_NAME
    with _reading(path) as opened:
        if inside_path is None:
            _show_days(opened, as_json)
            return EXIT_DONE
        from summarizer.collect.comparison import compare, read_arrived

        comparison = compare(opened.bundles(), read_arrived(inside_path))
    _show_comparison(comparison, as_json)
    return EXIT_ITEMS_FAILED if comparison.missing else EXIT_DONE


@contextmanager
def _reading(path: Path) -> Iterator[Ledger]:
    from summarizer.collect.ledger import open_ledger

    with open_ledger(path, create=False) as opened:
        yield opened


def _with_options(settings: CollectConfig, options: dict[str, Any]) -> CollectConfig:
    """The configuration, as far as the command line does not say otherwise."""
    if options.pop("primary_only"):
        settings = replace(settings, cross_lists=False)
    return replace(settings, **{name: value for name, value in options.items() if value not in (None, ())})


def _show_days(opened: Ledger, as_json: bool) -> None:
    columns = ("collection", "post_date", "listed", "carried", "waiting", "excluded", "given up")
    rows = [
        (d.collection, d.post_date, d.n_listed, d.n_carried, d.n_waiting, d.n_excluded, d.n_closed)
        for d in opened.days()
    ]
    bundles = [(b.bundle_id, b.post_date, len(b.papers), str(b.path)) for b in opened.bundles()]
    failed = [
        (collection, item.post_date, f"{item.paper.arxiv_id}v{item.paper.version}", item.n_failures, item.failure)
        for collection in opened.collections()
        for item in opened.waiting(collection)
        if item.failure is not None
    ]
    tables: _Tables = {
        "days": (columns, rows),
        "bundles": (("bundle_id", "post_date", "papers", "path"), bundles),
        "waiting_for_pdf": (("collection", "post_date", "paper", "tries", "reason"), failed),
    }
    _show(tables, as_json)
    if failed and not as_json:
        click.echo("PDFs that did not come are tried again by: summarizer collect --since-last")


def _show_comparison(comparison: Comparison, as_json: bool) -> None:
    missing = [
        (m.post_date, m.bundle_id[:12], f"{len(m.papers)} of {m.n_papers}", " ".join(m.papers), m.remedy)
        for m in comparison.missing
    ]
    tables: _Tables = {
        "missing": (("post_date", "bundle", "papers", "which", "what to do"), missing),
        "unpublished": (("post_date", "paper", "state"), list(comparison.unpublished)),
    }
    if as_json:
        counts = {
            "carried": comparison.n_carried,
            "published": comparison.n_published,
            "of_another_ledger": comparison.n_foreign,
            "bundles_not_covered": comparison.n_not_covered,
        }
        write_json(
            {name: [dict(zip(c, row, strict=True)) for row in rows] for name, (c, rows) in tables.items()} | counts
        )
        return
    _show({name: table for name, table in tables.items() if table[1]}, as_json)
    n_missing = sum(len(m.papers) for m in comparison.missing)
    click.echo(f"{comparison.n_carried} papers carried: {comparison.n_published} published, "
               f"{len(comparison.unpublished)} arrived but on no post, {n_missing} did not arrive")  # fmt: skip
    if comparison.unpublished:
        click.echo("on no post: `summarizer status` inside says why; a state `repeated` is left out on purpose")
    if comparison.n_not_covered:
        click.echo(
            f"{comparison.n_not_covered} older bundles are not in this file: summarizer export without --since has them"
        )
    if comparison.n_foreign:
        click.echo(f"{comparison.n_foreign} papers inside are of bundles that this ledger does not know")


def _show(tables: _Tables, as_json: bool) -> None:
    if as_json:
        write_json({name: [dict(zip(c, row, strict=True)) for row in rows] for name, (c, rows) in tables.items()})
        return
    for name, (columns, rows) in tables.items():
        click.echo(name.replace("_", " "))
        write_table(columns, rows)
