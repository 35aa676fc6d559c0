"""Signatures of a bundle: where they stand, how they are written, and what checks them. No cryptography in here.

``manifest.json.sig`` stands right behind the manifest, a line for each signature::

    ed25519 SHA256:<base64 of the SHA-256 of the public key> <base64 of the 64 bytes>

What is signed is ``manifest.json`` byte for byte. It holds the SHA-256 of every other file, so all of the bundle is
covered, and any program that knows Ed25519 can check it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from summarizer.errors import BundleError
from summarizer.records import PublicKey

SIGNATURES_PATH = "manifest.json.sig"
SIGNATURES_LIMIT = 4 << 10
_MAX_SIGNATURES = 16
_LINE = re.compile(r"ed25519 (SHA256:[A-Za-z0-9+/]{43}) ([A-Za-z0-9+/]{86}==)")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as the bundle has it: nothing is known about it but what it claims."""

    key_id: str  #: the key's fingerprint, ``SHA256:`` and 43 characters of base64
    value: bytes  #: 64 bytes


class Signer(Protocol):
    """A private key."""

    @property
    def key_id(self) -> str: ...

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message, 64 bytes."""
        ...


class Trust(Protocol):
    """What a site believes."""

    def check(self, message: bytes, signatures: Sequence[Signature]) -> tuple[PublicKey, ...]:
        """The trusted keys that signed the message; none for what may come without. Raises BundleError."""
        ...


def write_signatures(signatures: Sequence[Signature]) -> bytes:
    """The content of ``manifest.json.sig``, in the order of the keys' fingerprints."""
    if len({signature.key_id for signature in signatures}) != len(signatures):
        raise BundleError("two signatures are by the same key: name each key once")
    if len(signatures) > _MAX_SIGNATURES:
        raise BundleError(f"{len(signatures)} signatures: a bundle holds at most {_MAX_SIGNATURES}")
    lines = [f"ed25519 {s.key_id} {base64.b64encode(s.value).decode()}\n" for s in signatures]
    return "".join(sorted(lines)).encode()


def read_signatures(data: bytes) -> tuple[Signature, ...]:
    """The signatures in ``manifest.json.sig``. Only their form is looked at. Raises BundleError."""
    text = data.decode("ascii", "backslashreplace")
    lines = text.split("\n")
    if lines.pop() != "" or not 1 <= len(lines) <= _MAX_SIGNATURES:
        raise BundleError(f"{SIGNATURES_PATH} does not hold 1 to {_MAX_SIGNATURES} whole lines")
    found = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        value = base64.b64decode(match[2]) if match else b""
        if match is None or base64.b64encode(value).decode() != match[2]:
            raise BundleError(f"{SIGNATURES_PATH} line {number} is not 'ed25519 KEY_ID SIGNATURE'")
        if match[1] in found:
            raise BundleError(f"{SIGNATURES_PATH} line {number} repeats the key {match[1]}")
        found[match[1]] = Signature(match[1], value)
    return tuple(found.values())
