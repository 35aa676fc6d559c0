"""Options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from summarizer.config import Config, read_config

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Settings:
    """What the shared options say; the option nearest to the end of the line wins."""

    store: Path = Path("store.duckdb")
    config: Path | None = None
    models: Path = Path("models")
    prompts: Path = Path("prompts")
    quiet: bool = False
    debug: bool = False

    def read_config(self) -> Config:
        """The configuration file that was named, else ./config.toml where there is one, else the defaults."""
        if self.config is not None:
            return read_config(self.config)
        default = Path("config.toml")
        return read_config(default) if default.exists() else Config()


def settings_of(ctx: click.Context) -> Settings:
    found = ctx.find_object(Settings)
    if found is None:
        found = ctx.find_root().obj = Settings()
    return found


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and param.name is not None:
        setattr(settings_of(ctx), param.name, value)


def shared_options(command: _Command) -> _Command:
    """Add the shared options to a command; their values go to :class:`Settings`, not to the function."""
    path = click.Path(path_type=Path)
    options: list[tuple[str, dict[str, Any]]] = [
        ("--store", {"type": path, "help": "The database file.  [default: store.duckdb]"}),
        ("--config", {"type": path, "help": "The configuration file.  [default: config.toml where there is one]"}),
        ("--models", {"type": path, "help": "The folder of the models.  [default: models]"}),
        ("--prompts", {"type": path, "help": "The folder of the prompts.  [default: prompts]"}),
        ("--quiet", {"is_flag": True, "default": None, "help": "No progress on stderr."}),
        ("--debug", {"is_flag": True, "default": None, "help": "Show where in the code an error came from."}),
    ]
    for name, attributes in reversed(options):
        command = click.option(name, callback=_keep, expose_value=False, is_eager=True, **attributes)(command)
    return command
