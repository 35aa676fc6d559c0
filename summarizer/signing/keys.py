"""Key files. Private: PEM (PKCS #8), readable by their owner alone. Public: a line as OpenSSH writes it, with a name behind.

A file of public keys has a key on each line; empty lines and those that begin with ``#`` are passed over, and the mark
``@revoked`` before a key (as in OpenSSH's known_hosts) says that it is not to be believed any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from summarizer.errors import ConfigError
from summarizer.records import PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_TYPE = "ssh-ed25519"
REVOKED = "@revoked"  #: stands before a key that is not to be believed any more
_PRIVATE_MARK = b"PRIVATE KEY-----"
_SIZE_LIMIT = 1 << 20
_MAX_NAME = 100

#: Asked for the passphrase of the key in that file.
AskPassphrase = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: a :class:`summarizer.bundle.Signer`."""

    public: PublicKey
    _private: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A line of a file of public keys."""

    key: PublicKey
    revoked: bool


def new_key(path: Path, name: str, passphrase: str = "") -> PublicKey:
    """Make a key pair: ``path`` gets the private key (mode 600), ``path``.pub the public one.

    ``passphrase``: encrypts the private key; "": it is stored as it is. Raises ConfigError when one of the files exists or
    cannot be written, or the name does not fit on a line.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )

    _check_name(name)
    private = Ed25519PrivateKey.generate()
    public = _public_key(private.public_key(), name)
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase:
        encryption = BestAvailableEncryption(passphrase.encode())
    data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    public_path = public_path_of(path)
    if public_path.exists():
        raise ConfigError(f"{public_path} exists already: a key is never overwritten, choose another name")
    _write_new(path, data, 0o600)
    _write_new(public_path, f"{public.line} {name}\n".encode(), 0o644)
    return public


def public_path_of(path: Path) -> Path:
    """Where the public key of a private one lies."""
    return path.with_name(f"{path.name}.pub")


def read_signing_key(path: Path, ask_passphrase: AskPassphrase | None = None) -> SigningKey:
    """A private key from its file. Raises ConfigError, also when others than its owner may read the file.

    ``ask_passphrase`` is called when the key is encrypted; None: such a key cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    if _PRIVATE_MARK not in data:
        raise ConfigError(f"{path} is no private key in PEM: make one with summarizer keys new")
    if os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        raise ConfigError(f"private key {path} can be read by others (mode {mode:03o}): chmod 600 {path}")
    try:
        try:
            private = load_pem_private_key(data, None)
        except TypeError:  # this is how the library says that it is encrypted
            if ask_passphrase is None:
                raise ConfigError(f"private key {path} is encrypted: its passphrase is needed") from None
            private = load_pem_private_key(data, ask_passphrase(path).encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"private key {path} cannot be read: wrong passphrase, or no PKCS #8 key: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"private key {path} is no Ed25519 key: make one with summarizer keys new")
    return SigningKey(_public_key(private.public_key(), ""), private)


def is_private(path: Path) -> bool:
    """Whether a file holds a private key. Raises ConfigError when it cannot be read."""
    return _PRIVATE_MARK in _read(path)


def read_public_keys(path: Path) -> list[ListedKey]:
    """The keys of a file of public keys, in order. Raises ConfigError naming the line; also when there is none."""
    data = _read(path)
    if _PRIVATE_MARK in data:
        raise ConfigError(f"{path} is a private key: public ones are wanted here, it stays where bundles are made")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no file of public keys: {error}") from None
    found = [
        _read_line(line.strip(), f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise ConfigError(f"{path} holds no key: it needs a line 'ssh-ed25519 AAAA... NAME' for each")
    return found


def load(key: PublicKey) -> Ed25519PublicKey:
    """The library's object for a key. Raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        loaded = load_ssh_public_key(key.line.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if not isinstance(loaded, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return loaded


def pem(key: PublicKey) -> str:
    """The key in PEM (SubjectPublicKeyInfo), for programs such as openssl."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return load(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _public_key(key: Ed25519PublicKey, name: str) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return PublicKey(_fingerprint(line.split()[1]), name, line)


def _read_line(line: str, where: str) -> ListedKey:
    words = line.split(maxsplit=1)
    revoked = words[0] == REVOKED  # the whole word: what only begins like it is no key type either, and refused
    kind, _, rest = (line if not revoked else "".join(words[1:])).partition(" ")
    if kind != _TYPE:
        raise ConfigError(f"{where} is not '[{REVOKED}] {_TYPE} AAAA... NAME': it begins with {kind[:40]!r}")
    blob, _, name = rest.strip().partition(" ")
    try:
        key = PublicKey(_fingerprint(blob), name.strip(), f"{_TYPE} {blob}")
        load(key)
    except ValueError as error:  # a wrong base64 is one, too
        raise ConfigError(f"{where} holds no Ed25519 key: {error}") from None
    return ListedKey(key, revoked)


def _fingerprint(blob: str) -> str:
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > _MAX_NAME:
        raise ConfigError(f"{name!r} is no name for a key: use up to {_MAX_NAME} printable characters on one line")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"key file {path} cannot be read: {error.strerror or error}") from None
    if len(data) > _SIZE_LIMIT:
        raise ConfigError(f"{path} is no key file: it is larger than {_SIZE_LIMIT} bytes")
    return data


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        # made with its mode, so that there is no moment in which others can read it
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except FileExistsError:
        raise ConfigError(f"{path} exists already: a key is never overwritten, choose another name") from None
    except OSError as error:
        raise ConfigError(f"key file {path} cannot be written: {error.strerror or error}") from None
