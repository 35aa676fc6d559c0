"""Atom (RFC 4287) and JSON Feed 1.1: an entry a day, with the whole day in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from summarizer.publish.reader import pages, paths
from summarizer.reading import DayReading

#: Entries in a feed: the newest days.
N_ENTRIES = 10
_EPOCH = datetime(1970, 1, 1)
_ID = uuid.UUID("6f5c3d0e-8d0b-5f0c-9c8e-1c3f1f6f2a11")  # of this feed; those of its entries come from it and the day


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    title: str
    path: str  #: of the day's page, below the reader's folder
    published: datetime
    updated: datetime
    categories: tuple[str, ...]
    summary: str
    html: str


def entry(day: DayReading, html: str) -> Entry:
    """``html``: the papers of the day, safe, with inline styles at most."""
    post = day.post
    return Entry(
        id=uuid.uuid5(_ID, post.post_date.isoformat()).urn,
        title=pages.day_title(post.post_date),
        path=paths.day_path(post.post_date),
        published=post.window.end_utc,
        updated=max(day.updated_utc, post.window.end_utc),
        categories=post.categories,
        summary=f"{len(post.papers)} 篇：" + "；".join(" ".join(shown.paper.title.split()) for shown in post.papers),
        html=html,
    )


def atom(entries: Sequence[Entry], base_url: str) -> bytes:
    """``entries``: newest first. ``base_url``: where the folder is served, with a slash at its end, or ""."""
    updated = max((one.updated for one in entries), default=_EPOCH)
    xml = pages.render("feed.xml.j2", entries=entries, base_url=base_url, feed_id=_ID.urn, updated=updated)
    # the control characters that XML cannot hold at all
    return bytes(byte for byte in xml if byte >= 0x20 or byte in b"\t\n\r")


def json_feed(entries: Sequence[Entry], base_url: str) -> bytes:
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "arXiv Daily",
        "description": "arXiv 论文的中文日报",
        "language": "zh-CN",
    }
    if base_url:
        feed |= {"home_page_url": f"{base_url}{paths.START}", "feed_url": f"{base_url}{paths.JSON_FEED}"}
    feed["items"] = [
        {
            "id": one.id,
            "url": f"{base_url}{one.path}",
            "title": one.title,
            "summary": one.summary,
            "content_html": one.html,
            "date_published": pages.timestamp(one.published),
            "date_modified": pages.timestamp(one.updated),
            "tags": list(one.categories),
        }
        for one in entries
    ]
    text = json.dumps(feed, ensure_ascii=False, indent=1)
    return f"{text}\n".encode("utf-8", errors="replace")
