"""Stage publish: the store's texts become the files of the site."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from summarizer.errors import SummarizerError
from summarizer.publish import post_path, render_post, write_if_changed
from summarizer.records import Post
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.store import Store, imports, posts

if TYPE_CHECKING:
    from summarizer.store import Connection

#: Imported posts written, and then recorded, together.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class _Page:
    path: PurePath  #: below the output folder
    data: bytes


def publish(
    store: Store, run: RunRecorder, progress: Progress, out_dir: Path, days: Iterable[date]
) -> tuple[StageResult, list[Path]]:
    """Write the posts that are due, and those of ``days``; gives back the paths of all of them, oldest first.

    A day that was imported gets the imported file, byte for byte, and a page of its own for what bundles brought besides.
    A file that already holds the right bytes is not touched, and a post that is recorded as it stands is not recorded
    again. The file comes first and its row after: a kill between the two leaves a post that is due, never one that is
    recorded and not there. Raises SummarizerError when a file cannot be written.
    """
    started = time.monotonic()
    with store.read() as con:
        due = posts.pending_posts(con)
        only_imported = imports.days(con, only=True)
    wanted = sorted({*due, *days})
    if due:
        progress.stage("publish", len(due))
    as_they_came = [day for day in wanted if day in only_imported]
    written: dict[date, list[Path]] = {}
    for first in range(0, len(as_they_came), _BATCH):
        batch = as_they_came[first : first + _BATCH]
        written |= _publish_imported(store, run, out_dir, batch, [day for day in batch if day in due])
        progress.advance(sum(day in due for day in batch), note=batch[-1].isoformat())
    for day in wanted:
        if day not in only_imported:
            written[day] = _publish_day(store, run, out_dir, day, is_due=day in due)
            if day in due:
                progress.advance(note=day.isoformat())
    return StageResult(len(due), 0, time.monotonic() - started), [path for day in wanted for path in written[day]]


def _publish_imported(
    store: Store, run: RunRecorder, out_dir: Path, batch: Sequence[date], due: Sequence[date]
) -> dict[date, list[Path]]:
    with store.read() as con:
        pages = imports.pages(con, batch)
    for page in pages.values():
        _write(out_dir / page.path, page.data)
    if due:
        with store.write() as con:
            if posts.record_imported_posts(con, run.run_id, due, utc_now()):
                run.ensure(con)
    return {day: [out_dir / page.path] for day, page in pages.items()}


def _publish_day(store: Store, run: RunRecorder, out_dir: Path, day: date, *, is_due: bool) -> list[Path]:
    with store.read() as con:
        made = _Day(con, day)
    pages = made.pages()
    changed = [_write(out_dir / page.path, page.data) for page in pages]
    if is_due or any(changed):
        with store.write() as con:
            if made.record(con, run.run_id, pages[-1]):
                run.ensure(con)
    return [out_dir / page.path for page in pages]


class _Day:
    """What the store has for one day, read in one window, rendered outside of it."""

    def __init__(self, con: Connection, day: date) -> None:
        self._day = day
        self._post, self._shown = posts.post(con, day)
        self._imported = imports.pages(con, [day]).get(day)
        self._own: Post | None = self._post  #: what its own page shows
        self._own_path = post_path(day)
        if self._imported is not None:
            self._own = posts.added_post(con, day)
            if PurePath(self._imported.path) == self._own_path:
                self._own_path = post_path(day, 2)
            # no page for nothing; but one that was written stays true when its papers turn out to be repeats
            shows = self._own is not None and (self._own.papers or self._own.unreadable)
            if not shows and not posts.is_current_page(con, day, self._own_path.as_posix()):
                self._own = None

    def pages(self) -> list[_Page]:
        """The files of the day; the last is the one whose bytes can still change."""
        pages = []
        if self._imported is not None:
            pages.append(_Page(PurePath(self._imported.path), self._imported.data))
        if self._own is not None:
            pages.append(_Page(self._own_path, render_post(self._own)))
        return pages

    def record(self, con: Connection, run_id: str, page: _Page) -> bool:
        """Whether a row was written."""
        return posts.record_post(
            con,
            run_id,
            self._post,
            self._shown,
            path=page.path.as_posix(),
            sha256=hashlib.sha256(page.data).hexdigest(),
            now=utc_now(),
        )


def _write(path: Path, data: bytes) -> bool:
    try:
        return write_if_changed(path, data)
    except OSError as error:
        raise SummarizerError(f"post {path} cannot be written: {error.strerror or error}") from error
