"""``summarizer bundle``: pack a folder of PDFs, verify a bundle."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from summarizer.cli.settings import settings_of, shared_options


@click.group()
def bundle() -> None:
    """The file that crosses the gap."""


@bundle.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--date", "post_date", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Date of the post.")
@click.option("--out", "out_dir", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to.")
@click.option("--categories", default="", help="arXiv categories of the day, with commas between.")
@shared_options
@click.pass_context
def pack(ctx: click.Context, folder: Path, post_date: datetime, out_dir: Path, categories: str) -> None:
    """Make a bundle of the PDFs in FOLDER, and of its papers.jsonl if there is one. Prints the bundle's path."""
    from summarizer.stages.pack import pack_folder

    quiet = settings_of(ctx).quiet

    def report(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    result = pack_folder(
        folder,
        post_date=post_date.date(),
        out_dir=out_dir,
        categories=tuple(name for part in categories.split(",") if (name := part.strip())),
        report=report,
    )
    report(f"{result.n_papers} papers packed: {result.n_from_jsonl} described by papers.jsonl, {result.n_from_pdf} by "
           f"the PDF itself, {len(result.problems)} with problems")  # fmt: skip
    click.echo(result.path)


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@shared_options
def verify(path: Path) -> None:
    """Check every file of BUNDLE against its manifest. Prints what the bundle holds."""
    from summarizer.bundle import verify_bundle

    manifest = verify_bundle(path)
    n_pdfs = sum(1 for entry in manifest.files if entry.path.startswith("pdf/"))
    click.echo(f"{path}: verified, {manifest.post_date}, {manifest.n_fetched} papers, {n_pdfs} PDFs, "
               f"bundle_id {manifest.bundle_id}")  # fmt: skip
