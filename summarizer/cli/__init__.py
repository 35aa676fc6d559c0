"""The command line: declares the commands and turns errors into one line on stderr and an exit code.

stdout carries results only (paths, tables, JSON); everything else goes to stderr. What the commands need is imported
inside them, so that ``--help`` loads no heavy library.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from summarizer import __version__
from summarizer.cli import bundles, collect, daily, doctor, imports, keys, kit, models, plan, queries, sections
from summarizer.cli.settings import Settings, shared_options
from summarizer.errors import EXIT_INTERRUPTED, ConfigError, SummarizerError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="summarizer")
@shared_options
def cli() -> None:
    """Summarize arXiv papers offline: a bundle of PDFs becomes a Chinese daily post."""


for _command in (
    daily.run,
    plan.plan,
    daily.ingest,
    daily.embed,
    daily.dedup,
    daily.generate,
    daily.publish,
    queries.status,
    queries.sql,
    queries.export,
    sections.sections,
    models.models,
    doctor.doctor,
    bundles.bundle,
    keys.keys,
    collect.collect,
    collect.ledger,
    kit.kit,
    imports.import_posts,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process); the exit code is the answer."""
    return run_command(cli, arguments, "summarizer")


def run_command(command: click.Command, arguments: Sequence[str] | None, name: str) -> int:
    """The same for another command than ``summarizer``, for instance a script's."""
    settings = Settings()
    try:
        code = command.main(
            list(arguments) if arguments is not None else None, prog_name=name, standalone_mode=False, obj=settings
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SummarizerError as error:
        return _told(name, str(error), error.exit_code, settings)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        what = "interrupted; what was recorded is kept, the same command goes on"
        return _told(name, what, EXIT_INTERRUPTED, settings)
    except BrokenPipeError:
        # the reader of stdout is gone (``summarizer sql ... | head``); keep the interpreter's last flush from complaining
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        half = "collect" if (error.name or "").partition(".")[0] in ("arxiv", "requests", "lxml") else "offline"
        what = f"{error.name} is not installed; this command needs the half of the program that has it"
        return _told(name, f"{what}: pip install '.[{half}]' in the project's folder", ConfigError.exit_code, settings)
    except Exception as error:  # noqa: BLE001 - the one place where anything unexpected becomes a line and a code
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _told(name, what if settings.debug else f"{what} (--debug shows where)", 1, settings)


def _told(name: str, message: str, code: int, settings: Settings) -> int:
    if settings.debug:
        traceback.print_exc()
    click.echo(f"{name}: error: {' '.join(message.split())}", err=True)
    return code
