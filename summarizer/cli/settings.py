"""Options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from summarizer.config import Config, installed_home, read_config

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _program_folder(name: str) -> Path:
    """What comes with the program: beside it where a kit was installed, else in the working folder, a checkout."""
    return (installed_home() or Path()) / name


@dataclass(slots=True)
class Settings:
    """What the shared options say; the option nearest to the end of the line wins."""

    store: Path = Path("store.duckdb")
    config: Path | None = None
    models: Path = field(default_factory=lambda: _program_folder("models"))
    prompts: Path = field(default_factory=lambda: _program_folder("prompts"))
    quiet: bool = False
    debug: bool = False

    def read_config(self) -> Config:
        """The configuration file that was named, else ./config.toml, else that of the installed kit, else the defaults."""
        path = self.config_path()
        return read_config(path) if path is not None else Config()

    def config_path(self) -> Path | None:
        """The file that :meth:`read_config` reads; None where there is none."""
        if self.config is not None:
            return self.config
        return next((path for path in (Path("config.toml"), _program_folder("config.toml")) if path.exists()), None)


def settings_of(ctx: click.Context) -> Settings:
    found = ctx.find_object(Settings)
    if found is None:
        found = ctx.find_root().obj = Settings()
    return found


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and param.name is not None:
        setattr(settings_of(ctx), param.name, value)


def shared_options(command: _Command, *, without: str = "") -> _Command:
    """Add the shared options to a command; their values go to :class:`Settings`, not to the function.

    ``without`` leaves one out that the command itself has: it can still stand before the command's name.
    """
    path = click.Path(path_type=Path)
    options: list[tuple[str, dict[str, Any]]] = [
        ("--store", {"type": path, "help": "The database file.  [default: store.duckdb]"}),
        ("--config", {"type": path, "help": "The configuration file.  [default: config.toml, else that of the kit]"}),
        ("--models", {"type": path, "help": "The folder of the models.  [default: models; of a kit, its own]"}),
        ("--prompts", {"type": path, "help": "The folder of the prompts.  [default: prompts; of a kit, its own]"}),
        ("--quiet", {"is_flag": True, "default": None, "help": "No progress on stderr."}),
        ("--debug", {"is_flag": True, "default": None, "help": "Show where in the code an error came from."}),
    ]
    for name, attributes in reversed([option for option in options if option[0] != without]):
        command = click.option(name, callback=_keep, expose_value=False, is_eager=True, **attributes)(command)
    return command
