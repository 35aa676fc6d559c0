"""Signatures of bundles: key files, and which keys a site trusts. The only importer of ``cryptography``, and that late.

The bundle itself knows no cryptography: it hands over the bytes that were signed, and what it is told decides.
"""

from summarizer.signing.keys import SigningKey, new_key, read_public_keys, read_signing_key
from summarizer.signing.trust import TrustedKeys, read_trusted_keys

__all__ = [
    "SigningKey",
    "TrustedKeys",
    "new_key",
    "read_public_keys",
    "read_signing_key",
    "read_trusted_keys",
]
