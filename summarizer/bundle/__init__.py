"""The bundle: the one artefact that crosses the gap. Written on the connected side, verified whole before it is read.

An uncompressed tar of plain files, in this order: ``manifest.json`` (what is in it, with size and SHA-256 of every
other member), ``papers.jsonl`` (one paper a line), ``pdf/<id>v<version>.pdf``. Standard library and our own records
only.
"""

from summarizer.bundle.archive import Bundle, open_bundle, verify_bundle, write_bundle
from summarizer.bundle.rows import (
    BUNDLE_FORMAT,
    DEFAULT_ANCHOR,
    daily_window,
    manifest_row,
    paper_row,
    read_manifest,
    read_paper,
)

__all__ = [
    "BUNDLE_FORMAT",
    "DEFAULT_ANCHOR",
    "Bundle",
    "daily_window",
    "manifest_row",
    "open_bundle",
    "paper_row",
    "read_manifest",
    "read_paper",
    "verify_bundle",
    "write_bundle",
]
