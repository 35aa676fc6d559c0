"""Stage publish, the offline reader and the JSON of the papers: what the store has becomes a folder of files.

Nothing is recorded: the folder is made from the store alone, and made again from it at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from summarizer.publish.reader import ReaderFolder, ReaderSite, day_json, paths
from summarizer.reading import DayReading
from summarizer.stages.progress import Progress
from summarizer.store import Store, reading

#: Paper versions read in one window on the store, about: their sections are held together.
_PAPERS_AT_ONCE = 200


def write_reader(store: Store, progress: Progress, out_dir: Path, base_url: str = "") -> Path:
    """Write the reader into ``out_dir``; gives back its start page. Raises SummarizerError, StoreError.

    A file that already holds the right bytes is not touched; a page that is no longer part of the reader is removed if it
    is as this program wrote it.
    """
    days = _days(store)
    folder = ReaderFolder(out_dir)
    site = ReaderSite([day for day, _ in days], base_url)
    progress.stage("publish", len(days))
    for day in _readings(store, days):
        for path, data in site.day_files(day):
            folder.put(path, data)
        folder.flush()
        progress.advance(note=day.post.post_date.isoformat())
    for path, data in site.end_files():
        folder.put(path, data)
    folder.finish()
    _tell(folder, progress)
    return out_dir / paths.START


def write_json(store: Store, progress: Progress, out_dir: Path) -> list[Path]:
    """Write the papers of each day as JSON below ``out_dir``; gives back the files. Raises SummarizerError, StoreError."""
    days = _days(store)
    folder = ReaderFolder(out_dir / paths.EXPORT)
    written = []
    progress.stage("publish", len(days))
    for day in _readings(store, days):
        name = paths.export_name(day.post.post_date)
        folder.put(name, day_json(day))
        folder.flush()
        written.append(folder.root / name)
        progress.advance(note=day.post.post_date.isoformat())
    folder.finish()
    _tell(folder, progress)
    return written


def _days(store: Store) -> list[tuple[date, int]]:
    with store.read() as con:
        return reading.days(con)


def _readings(store: Store, days: Sequence[tuple[date, int]]) -> Iterator[DayReading]:
    """The days one after the other, read from the store some at a time, with the store closed in between."""
    for some in _batches(days):
        with store.read() as con:
            found = reading.read_days(con, some)
        yield from found


def _batches(days: Sequence[tuple[date, int]]) -> Iterator[list[date]]:
    some: list[date] = []
    n_papers = 0
    for day, n in days:
        if some and n_papers + n > _PAPERS_AT_ONCE:
            yield some
            some, n_papers = [], 0
        some.append(day)
        n_papers += n
    if some:
        yield some


def _tell(folder: ReaderFolder, progress: Progress) -> None:
    for path in folder.kept:
        progress.message(f"{path} is no longer part of the reader, but was changed by somebody: left where it is")
