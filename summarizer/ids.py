"""arXiv identifiers, canonical JSON and content hashes.

Identifier grammar: https://info.arxiv.org/help/arxiv_identifier.html (new style since 2007-04: ``YYMM.NNNN`` and, since
2015-01, ``YYMM.NNNNN``; old style ``archive.XX/YYMMNNN``).
"""

from __future__ import annotations

import hashlib
import json
import re

_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_LOCAL = r"local\.[0-9a-f]{12}"
ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d*))?")
_ANY_ID = re.compile(rf"{_NEW}|{_OLD}|{_LOCAL}")


def parse_arxiv_id(text: str) -> tuple[str, int | None]:
    """Split ``2602.11145v2`` into id and version (None when there is no suffix). Raises ValueError."""
    found = ARXIV_ID.fullmatch(text.strip().removeprefix("arXiv:"))
    if found is None:
        raise ValueError(f"not an arXiv identifier: {text!r}")
    version = found["version"]
    return found["id"], int(version) if version else None


def is_paper_id(text: str) -> bool:
    """Whether the text is an arXiv id without version, or a local one (see :func:`local_id`)."""
    return _ANY_ID.fullmatch(text) is not None


def is_local(arxiv_id: str) -> bool:
    return arxiv_id.startswith("local.")


def local_id(sha256: str) -> str:
    """The id of a file that carries none: ``local.`` and the first 12 hex digits of its SHA-256."""
    return f"local.{sha256[:12]}"


def versioned(arxiv_id: str, version: int) -> str:
    return f"{arxiv_id}v{version}"


def file_stem(arxiv_id: str, version: int) -> str:
    """A file name for a paper: the slash of old-style ids becomes an underscore."""
    return versioned(arxiv_id, version).replace("/", "_")


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces and no escapes of non-ASCII: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(value: object) -> str:
    """SHA-256 of the canonical JSON of a value, as lower-case hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
