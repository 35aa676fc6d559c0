"""arXiv identifiers, canonical JSON and content hashes.

Identifier grammar: https://info.arxiv.org/help/arxiv_identifier.html (new style since 2007-04: ``YYMM.NNNN`` and, since
2015-01, ``YYMM.NNNNN``; old style ``archive.XX/YYMMNNN``).
"""

from __future__ import annotations

import hashlib
import json
import re

# [0-9], not \d: that one also matches the digits of other scripts
_NEW = r"[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}"
_OLD = r"[a-z][a-z-]*(?:\.[A-Z]{2})?/[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3}"
_LOCAL = r"local\.[0-9a-f]{12}"
_VERSION = r"v(?P<version>[1-9][0-9]{0,3})"
ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:{_VERSION})?")
_ANY_ID = re.compile(rf"{_NEW}|{_OLD}|{_LOCAL}")

# The start of a file name is no place for leniency: "2012.1231_notes" and "paper_2001123" are dates and counters. So
# the number of digits must be the one of its year, and old-style archives are listed (https://arxiv.org/archive).
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_MONTH = r"(?:0[1-9]|1[0-2])"
_NAME_ID = re.compile(
    rf"(?P<id>(?:0[7-9]|1[0-4]){_MONTH}\.[0-9]{{4}}|(?:1[5-9]|[2-8][0-9]){_MONTH}\.[0-9]{{5}}|{_LOCAL}"
    rf"|(?P<archive>{_ARCHIVES})(?P<subject>\.[A-Z]{{2}})?[_/](?P<number>(?:9[1-9]|0[0-7]){_MONTH}[0-9]{{3}}))"
    rf"(?:{_VERSION})?(?![0-9A-Za-z])"
)


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


def id_at_start(file_name: str) -> tuple[str, int | None] | None:
    """The id that a file name begins with, and its version if the name has one: the inverse of :func:`file_stem`.

    ``1706.03762_attention.pdf`` gives ``("1706.03762", None)``, ``hep-th_9901001v2.pdf`` gives
    ``("hep-th/9901001", 2)``; None when the name begins otherwise.
    """
    found = _NAME_ID.match(file_name)
    if found is None:
        return None
    old_style = f"{found['archive']}{found['subject'] or ''}/{found['number']}" if found["archive"] else None
    return old_style or found["id"], int(found["version"]) if found["version"] else None


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces and no escapes of non-ASCII: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(value: object) -> str:
    """SHA-256 of the canonical JSON of a value, as lower-case hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
