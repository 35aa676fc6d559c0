"""Where the pages of the reader lie, relative to its folder, with ``/`` between names."""

from __future__ import annotations

import re
from datetime import date

from summarizer.ids import content_hash, file_stem

START, SEARCH, ARCHIVE = "index.html", "search.html", "archive.html"
ATOM, JSON_FEED = "feed.xml", "feed.json"
EXPORT = "json"  #: a folder of its own, which comes and goes without the pages

#: What every file system and every address takes as it is.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


def paper_stem(arxiv_id: str, version: int) -> str:
    """A name for a paper: that of its file; for an id that would not make one, a hash."""
    stem = file_stem(arxiv_id, version)
    return stem if _SAFE.fullmatch(stem) else f"id-{content_hash([arxiv_id, version])[:24]}"


def paper_path(arxiv_id: str, version: int) -> str:
    return f"papers/{paper_stem(arxiv_id, version)}.html"


def day_path(day: date) -> str:
    return f"days/{day.isoformat()}.html"


def mail_path(day: date) -> str:
    return f"mail/{day.isoformat()}.html"


def export_name(day: date) -> str:
    """Below :data:`EXPORT`."""
    return f"{day.isoformat()}.json"


def year_path(year: int) -> str:
    return f"archive/{year:04d}.html"
