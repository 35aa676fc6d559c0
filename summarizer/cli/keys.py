"""``summarizer keys``: key pairs for signing bundles; and the options of other commands that name keys."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json, write_table
from summarizer.config import Config
from summarizer.errors import ConfigError

if TYPE_CHECKING:
    from summarizer.bundle import Signer

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PASSPHRASE = "SUMMARIZER_KEY_PASSPHRASE"
_path = click.Path(path_type=Path)


def sign_option(command: _Command) -> _Command:
    """``--sign KEY``, given to the command as ``sign``, a tuple of paths: see :func:`read_signers`."""
    return click.option(
        "--sign",
        metavar="KEY",
        multiple=True,
        type=_path,
        help="Sign the bundle with this private key (summarizer keys new); may be given again for a second key.",
    )(command)


def trusted_option(command: _Command) -> _Command:
    """``--trusted KEYS``, given to the command as ``trusted``, a tuple of paths: see :func:`trusting`."""
    return click.option(
        "--trusted",
        metavar="KEYS",
        multiple=True,
        type=_path,
        help="Let in only bundles signed by a key of this file of public keys; in place of the configuration's.",
    )(command)


def read_signers(paths: Sequence[Path]) -> list[Signer]:
    """The private keys of ``--sign``; asks for a passphrase where one is needed. Raises ConfigError."""
    if not paths:
        return []
    from summarizer.signing import read_signing_key

    return [read_signing_key(path, _ask_passphrase) for path in paths]


def trusting(config: Config, trusted: Sequence[Path]) -> Config:
    """The configuration with the keys of ``--trusted`` in force: they are the only ones, and a signature is required."""
    if not trusted:
        return config
    bundle = dataclasses.replace(
        config.bundle, trusted_keys=tuple(str(path) for path in trusted), require_signature=True
    )
    return dataclasses.replace(config, bundle=bundle)


@click.group()
def keys() -> None:
    """Key pairs that sign bundles, and the public keys that check them."""


@keys.command()
@click.argument("path", metavar="KEY", type=_path)
@click.option("--name", help="Its name, for people.  [default: the file's name without its ending]")
@click.option("--encrypt", is_flag=True, help=f"Ask for a passphrase, or take that of the variable {_PASSPHRASE}.")
@shared_options
@click.pass_context
def new(ctx: click.Context, path: Path, name: str | None, encrypt: bool) -> None:
    """Make a key pair: KEY is private and stays where bundles are made, KEY.pub is carried in. Prints the public key."""
    from summarizer.signing import new_key

    made = new_key(path, path.stem if name is None else name, _new_passphrase() if encrypt else "")
    if not settings_of(ctx).quiet:
        click.echo(f"{path}: the private key, {made.key_id}: keep it where bundles are made", err=True)
    click.echo(f"{made.line} {made.name}")


@keys.command()
@click.argument("paths", metavar="KEY...", nargs=-1, required=True, type=_path)
@click.option("--public", is_flag=True, help="Print the lines for a file of trusted keys.")
@click.option("--pem", "as_pem", is_flag=True, help="Print the public keys in PEM, for programs such as openssl.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options
def show(paths: tuple[Path, ...], public: bool, as_pem: bool, as_json: bool) -> None:
    """Say what is in files of keys, private ones or public ones: fingerprint, name, and whether it is revoked."""
    from summarizer.signing import keys as key_files

    if public + as_pem + as_json > 1:
        raise ConfigError("--public, --pem and --json do not go together: choose one")
    found = []
    for path in paths:
        if key_files.is_private(path):
            key = key_files.read_signing_key(path, _ask_passphrase).public
            found.append((path, "private", key_files.ListedKey(key, revoked=False)))
        else:
            found += [(path, "public", listed) for listed in key_files.read_public_keys(path)]
    if public:
        for _, _, listed in found:
            mark = f"{key_files.REVOKED} " if listed.revoked else ""
            click.echo(f"{mark}{listed.key.line} {listed.key.name}".rstrip())
    elif as_pem:
        for _, _, listed in found:
            click.echo(key_files.pem(listed.key), nl=False)
    else:
        columns = ("key_id", "name", "kind", "revoked", "file")
        rows = [(listed.key.key_id, listed.key.name, kind, listed.revoked, str(path)) for path, kind, listed in found]
        if as_json:
            write_json([dict(zip(columns, row, strict=True)) for row in rows])
        else:
            write_table(columns, rows)


def _ask_passphrase(path: Path) -> str:
    if (known := os.environ.get(_PASSPHRASE)) is not None:
        return known
    if not sys.stdin.isatty():
        raise ConfigError(f"private key {path} is encrypted: set the variable {_PASSPHRASE}, or start from a terminal")
    return str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True))


def _new_passphrase() -> str:
    passphrase = os.environ.get(_PASSPHRASE)
    if passphrase is None:
        if not sys.stdin.isatty():
            raise ConfigError(f"--encrypt needs a passphrase: set the variable {_PASSPHRASE}, or start from a terminal")
        passphrase = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))
    if not passphrase:
        raise ConfigError("the passphrase is empty: leave out --encrypt for a key without one")
    return passphrase
