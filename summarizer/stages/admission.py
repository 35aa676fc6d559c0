"""Which bundles this site lets in, by its configuration."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from summarizer.bundle import Bundle, Limits, Trust, open_bundle, verify_bundle
from summarizer.config import BundleConfig
from summarizer.errors import ConfigError
from summarizer.records import Manifest


@dataclass(frozen=True, slots=True)
class Admission:
    """Opens bundles as the site wants it."""

    trust: Trust | None
    limits: Limits

    def open(self, path: Path) -> AbstractContextManager[Bundle]:
        """Like :func:`summarizer.bundle.open_bundle`."""
        return open_bundle(path, trust=self.trust, limits=self.limits)

    def verify(self, path: Path) -> Manifest:
        """Like :func:`summarizer.bundle.verify_bundle`."""
        return verify_bundle(path, trust=self.trust, limits=self.limits)


def admission(config: BundleConfig) -> Admission:
    """What the configuration says. Reads the key files; without any, signatures are not looked at. Raises ConfigError."""
    trust: Trust | None = None
    if config.trusted_keys:
        from summarizer.signing import read_trusted_keys

        trust = read_trusted_keys(
            [Path(name) for name in config.trusted_keys], require_signature=config.require_signature
        )
    elif config.require_signature:
        raise ConfigError(
            "bundle.require_signature is true, but no keys are trusted: set bundle.trusted_keys, or give --trusted KEYS"
        )
    return Admission(trust, limits(config))


def limits(config: BundleConfig) -> Limits:
    """The sizes up to which bundles are written and read."""
    return Limits(config.max_member_bytes, config.max_bundle_bytes)


def described(bundle: Bundle, *, checked: bool) -> str:
    """One phrase on a bundle's signatures. ``checked``: whether there were keys to check them with."""
    if bundle.signed_by:
        return "signed by " + " and ".join(f"{key.name or 'a key'} ({key.key_id})" for key in bundle.signed_by)
    if bundle.signatures and not checked:
        keys = " and ".join(signature.key_id for signature in bundle.signatures)
        return f"signed by {keys}, which was not checked: no trusted keys were given"
    return "not signed"
