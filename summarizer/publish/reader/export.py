"""The papers of a day as JSON, for programs: what the reader's pages show, but for the sections of the PDF."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from summarizer.reading import DayReading, MadeText, PaperReading

FORMAT = 1


def day_json(day: DayReading) -> bytes:
    """One object; times are ISO 8601 in UTC. ``format`` grows when a field changes its meaning or goes."""
    post = day.post
    left_out = {reading.key for reading in day.left_out}
    value = {
        "format": FORMAT,
        "post_date": post.post_date,
        "window": {
            "start_utc": post.window.start_utc,
            "end_utc": post.window.end_utc,
            "anchor": post.window.anchor,
            "basis": post.window.basis,
        },
        "categories": list(post.categories),
        "n_fetched": post.n_fetched,
        "papers": [_paper(reading, left_out=reading.key in left_out) for reading in day.papers.values()],
        "unreadable": [{"name": file.name, "reason": file.reason} for file in post.unreadable],
    }
    text = json.dumps(value, ensure_ascii=False, indent=1, default=_time)
    return f"{text}\n".encode("utf-8", errors="replace")


def _paper(reading: PaperReading, *, left_out: bool) -> dict[str, Any]:
    paper = reading.paper
    return {
        "arxiv_id": paper.arxiv_id,
        "version": paper.version,
        "title": paper.title,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "primary_category": paper.primary_category,
        "submitted_utc": paper.submitted_utc,
        "updated_utc": paper.updated_utc,
        "abstract": paper.abstract,
        "comment": paper.comment,
        "links": list(paper.links),
        "source_file": paper.source_file,
        "place": "duplicate" if left_out else "shown",
        "days": list(reading.days),
        "n_pages": reading.document.n_pages if reading.document else None,
        "texts": {task: _text(text) for task, text in reading.texts.items()},
        "missing": dict(reading.missing),
        "related": [
            {
                "arxiv_id": other.arxiv_id,
                "version": other.version,
                "title": other.title,
                "relation": other.relation,
                "kind": other.kind,
                "score": other.score,
                "reason": other.reason,
            }
            for other in reading.related
        ],
    }


def _text(text: MadeText) -> dict[str, Any]:
    return {
        "text": text.text,
        "origin": text.origin,
        "model_name": text.model_name,
        "model_sha256": text.model_sha256,
        "engine": text.engine,
        "prompt_version": text.prompt_version,
        "prompt_hash": text.prompt_hash,
        "attempt_no": text.attempt_no,
        "n_calls": text.n_calls,
        "prompt_tokens": text.prompt_tokens,
        "completion_tokens": text.completion_tokens,
        "seconds": text.seconds,
        "created_utc": text.created_utc,
        "checks": [
            {"name": check.name, "severity": check.severity, "passed": check.passed, "reason": check.reason}
            for check in text.checks
        ],
        "pieces": [
            {"text": piece.text, "source_text": piece.source_text, "heading": piece.heading, "page": piece.page}
            for piece in text.pieces
        ],
    }


def _time(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
