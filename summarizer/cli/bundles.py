"""``summarizer bundle``: pack a folder of PDFs, verify a bundle."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from summarizer.cli.keys import read_signers, sign_option, trusted_option, trusting
from summarizer.cli.settings import settings_of, shared_options


@click.group()
def bundle() -> None:
    """The file that crosses the gap."""


@bundle.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--date", "post_date", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Date of the post.")
@click.option("--out", "out_dir", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to.")
@click.option("--categories", default="", help="arXiv categories of the day, with commas between.")
@sign_option
@shared_options
@click.pass_context
def pack(
    ctx: click.Context, folder: Path, post_date: datetime, out_dir: Path, categories: str, sign: tuple[Path, ...]
) -> None:
    """Make a bundle of the PDFs in FOLDER, and of its papers.jsonl if there is one. Prints the bundle's path."""
    from summarizer.stages.admission import limits
    from summarizer.stages.pack import pack_folder

    settings = settings_of(ctx)
    quiet = settings.quiet
    signers = read_signers(sign)  # before the work: a key that cannot be read is said at once

    def report(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    result = pack_folder(
        folder,
        post_date=post_date.date(),
        out_dir=out_dir,
        categories=tuple(name for part in categories.split(",") if (name := part.strip())),
        report=report,
        sign=signers,
        limits=limits(settings.read_config().bundle),
    )
    report(f"{result.n_papers} papers packed: {result.n_from_jsonl} described by papers.jsonl, {result.n_from_pdf} by "
           f"the PDF itself, {len(result.problems)} with problems")  # fmt: skip
    click.echo(result.path)


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@trusted_option
@shared_options
@click.pass_context
def verify(ctx: click.Context, path: Path, trusted: tuple[Path, ...]) -> None:
    """Check every file of BUNDLE against its manifest, and its signature. Prints what the bundle holds, and who signed it.

    Without --trusted the keys of the configuration count, if it has any.
    """
    from summarizer.stages.admission import admission, described

    site = admission(trusting(settings_of(ctx).read_config(), trusted).bundle)
    with site.open(path) as bundle:
        manifest = bundle.manifest
        signed = described(bundle, checked=site.trust is not None)
    n_pdfs = sum(1 for entry in manifest.files if entry.path.startswith("pdf/"))
    click.echo(f"{path}: verified, {manifest.post_date}, {manifest.n_fetched} papers, {n_pdfs} PDFs, "
               f"bundle_id {manifest.bundle_id}, {signed}")  # fmt: skip


@bundle.command("sign")
@click.argument("paths", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="The private key (summarizer keys new); may be given again for a second key.",
)
@shared_options
@click.pass_context
def sign_command(ctx: click.Context, paths: tuple[Path, ...], keys: tuple[Path, ...]) -> None:
    """Sign each BUNDLE that is there, once all of it was found right. Signatures of other keys stay."""
    from summarizer.bundle import sign_bundle
    from summarizer.stages.admission import limits

    signers = read_signers(keys)
    allowed = limits(settings_of(ctx).read_config().bundle)
    for path in paths:
        signatures = sign_bundle(path, signers, limits=allowed)
        click.echo(f"{path}: signed by {' and '.join(signature.key_id for signature in signatures)}")
