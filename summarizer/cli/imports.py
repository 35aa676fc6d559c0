"""``summarizer import-posts``: the archive of another system."""

from __future__ import annotations

from pathlib import Path

import click

from summarizer.cli.daily import open_session
from summarizer.cli.settings import shared_options


@click.command("import-posts")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@shared_options
@click.pass_context
def import_posts(ctx: click.Context, paths: tuple[Path, ...]) -> int:
    """Take daily posts of another system into the store: files, or folders such as site/_posts.

    Their papers count as seen, their texts can be queried, and `publish` writes the same bytes again. A day that the
    store already has stays as it is. Prints the files that were imported. Exit code 10: some daily posts were left out.
    """
    from summarizer.stages.run import import_archive

    with open_session(ctx) as opened:
        imported = import_archive(opened, paths)
    for path in imported:
        click.echo(path)
    return opened.exit_code
