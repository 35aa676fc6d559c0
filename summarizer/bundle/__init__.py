"""The bundle: the one artefact that crosses the gap. Written on the connected side, verified whole before it is read.

An uncompressed tar of plain files, in this order: ``manifest.json`` (what is in it, with size and SHA-256 of every
other member), ``manifest.json.sig`` if it is signed, ``papers.jsonl`` (one paper a line), ``pdf/<id>v<version>.pdf`` in
the manifest's order. Standard library and our own records only: what makes and checks signatures is handed in
(:class:`Signer`, :class:`Trust`).
"""

from summarizer.bundle.archive import sign_bundle, write_bundle
from summarizer.bundle.reader import DEFAULT_LIMITS, Bundle, Limits, open_bundle, verify_bundle
from summarizer.bundle.rows import (
    BUNDLE_FORMAT,
    DEFAULT_ANCHOR,
    daily_window,
    manifest_row,
    paper_row,
    read_manifest,
    read_paper,
)
from summarizer.bundle.signatures import Signature, Signer, Trust

__all__ = [
    "BUNDLE_FORMAT",
    "DEFAULT_ANCHOR",
    "DEFAULT_LIMITS",
    "Bundle",
    "Limits",
    "Signature",
    "Signer",
    "Trust",
    "daily_window",
    "manifest_row",
    "open_bundle",
    "paper_row",
    "read_manifest",
    "read_paper",
    "sign_bundle",
    "verify_bundle",
    "write_bundle",
]
