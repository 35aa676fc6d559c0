"""Which keys a site trusts, and what that means for a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from summarizer.bundle import Signature
from summarizer.errors import BundleError
from summarizer.records import PublicKey
from summarizer.signing.keys import load, read_public_keys


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """A :class:`summarizer.bundle.Trust`: the keys of some files."""

    trusted: Mapping[str, PublicKey]  #: by key id; revoked ones are not among them
    revoked: Mapping[str, PublicKey]
    require_signature: bool  #: whether a bundle without any signature is refused
    sources: str  #: the files, for messages

    def check(self, message: bytes, signatures: Sequence[Signature]) -> tuple[PublicKey, ...]:
        """The trusted keys that signed ``message``, in the order of the signatures. Raises BundleError.

        One right signature by a trusted key is enough; keys that are not known here say nothing either way. A wrong
        signature by a trusted key refuses the bundle whatever else stands beside it. No signature at all is no key, or
        refused where one is required.
        """
        if not signatures:
            if self.require_signature:
                raise BundleError(f"it is not signed, and only bundles signed by a key of {self.sources} are let in")
            return ()
        found = tuple(
            self._verified(message, signature) for signature in signatures if signature.key_id in self.trusted
        )
        if found:
            return found
        for signature in signatures:
            if (key := self.revoked.get(signature.key_id)) is not None:
                raise BundleError(f"it is signed by {_told(key)}, which is revoked in {self.sources}")
        unknown = " and ".join(signature.key_id for signature in signatures)
        raise BundleError(f"it is signed by {unknown}, which is not among the keys of {self.sources}")

    def _verified(self, message: bytes, signature: Signature) -> PublicKey:
        from cryptography.exceptions import InvalidSignature

        key = self.trusted[signature.key_id]
        try:
            load(key).verify(signature.value, message)
        except InvalidSignature:
            raise BundleError(
                f"the signature by {_told(key)} does not fit its manifest: one of the two was changed"
            ) from None
        return key


def read_trusted_keys(paths: Sequence[Path], *, require_signature: bool) -> TrustedKeys:
    """The keys of some files together. A key that one of them marks as revoked is revoked. Raises ConfigError."""
    trusted: dict[str, PublicKey] = {}
    revoked: dict[str, PublicKey] = {}
    for path in paths:
        for listed in read_public_keys(path):
            (revoked if listed.revoked else trusted).setdefault(listed.key.key_id, listed.key)
    for key_id in revoked:
        trusted.pop(key_id, None)
    return TrustedKeys(trusted, revoked, require_signature, ", ".join(map(str, paths)))


def _told(key: PublicKey) -> str:
    return f"{key.name!r} ({key.key_id})" if key.name else key.key_id
