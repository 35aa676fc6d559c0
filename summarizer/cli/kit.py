"""``summarizer kit``: build and verify what an installation without a network needs. The connected side."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json


@click.group()
def kit() -> None:
    """Everything for a machine without a network in one folder: packages, models, prompts, installer, hashes."""


@kit.command()
@click.option(
    "--out",
    default=Path("kit"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the kit; a kit that is there is replaced.",
)
@click.option(
    "--models",
    "names",
    metavar="NAMES",
    help="Models to carry, by name or alias with commas between.  [default: those of the configuration]",
)
@click.option("--platform", "platform_tag", metavar="TAG", help="Oldest system, e.g. manylinux_2_34_x86_64.")
@click.option("--python", metavar="VERSION", help="Python inside, e.g. 3.11.  [default: that of this program]")
@click.option(
    "--find-links", multiple=True, metavar="FOLDER", help="A further place for pip to find wheels; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@partial(shared_options, without="--models")
@click.pass_context
def build(
    ctx: click.Context,
    out: Path,
    names: str | None,
    platform_tag: str | None,
    python: str | None,
    find_links: tuple[str, ...],
    as_json: bool,
) -> None:
    """Build a kit. Prints its folder and the SHA-256 of its SHA256SUMS, to be compared when it is installed.

    Run it in the project's folder. It needs pip's index, gcc and g++ (llama.cpp is compiled once, for all processors), and
    gets the models that are not here. The folder of the models is named before the command: summarizer --models DIR kit build.
    """
    from summarizer.kit.build import build_kit

    settings = settings_of(ctx)
    config = settings.read_config()
    chosen = [name for name in (names or f"{config.llm.model},{config.embed.model}").split(",") if name]
    built = build_kit(
        out,
        models=chosen,
        models_dir=settings.models,
        prompts_dir=settings.prompts,
        platform_tag=platform_tag,
        python=python,
        find_links=find_links,
        report=lambda line: None if settings.quiet else click.echo(line, err=True),
    )
    if as_json:
        write_json(
            {
                "kit": str(built.folder),
                "platform": built.target.platform,
                "python": built.target.python_version,
                "kernels": built.kernels,
                "n_files": built.n_files,
                "n_bytes": built.n_bytes,
                "installed_bytes": built.installed_bytes,
                "sums_sha256": built.sums_sha256,
            }
        )
        return
    if not settings.quiet:
        click.echo(
            f"{built.n_files} files, {built.n_bytes / 1e6:,.0f} MB, for Python {built.target.python_version} on "
            f"{built.target.platform}; kernels for {', '.join(built.kernels)}",
            err=True,
        )
    click.echo(built.folder)
    click.echo(f"SHA256SUMS {built.sums_sha256}")


@kit.command()
@click.argument("folder", metavar="KIT", type=click.Path(path_type=Path))
@shared_options
@click.pass_context
def verify(ctx: click.Context, folder: Path) -> None:
    """Compare every file of KIT with its SHA256SUMS, as the installer does: for a medium that was just written."""
    from summarizer.sums import SUMS_FILE, check_sums, file_sha256

    n_bytes = check_sums(folder)
    click.echo(f"{folder}: {n_bytes / 1e6:,.0f} MB are as they were when the kit was built")
    click.echo(f"{SUMS_FILE} {file_sha256(folder / SUMS_FILE)}")
