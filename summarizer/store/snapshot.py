"""A consistent copy of a store that another process holds for writing.

DuckDB's file holds two headers, and the one with the higher count names the blocks that are the database. A checkpoint
writes new blocks, never into those of the current header, and then a new header; commits in between go to the ``.wal`` file
alone. A file copied while neither header changes is therefore the store as the last checkpoint left it, whatever was written
meanwhile. What lies in the ``.wal`` is left out: its end may be half written. The program's own write windows end with a
checkpoint, so only a process that keeps the file open has anything there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from summarizer.errors import StoreError
from summarizer.scratch import scratch_folder

_HEADERS = 3 * 4096  # bytes: the file's header and the two of the database
_MAGIC = b"DUCK"  # at offset 8
_TRIES = 8


@contextmanager
def snapshot(path: Path) -> Iterator[tuple[Path, datetime]]:
    """A copy of the store at ``path`` in a temporary folder, removed at the end, and when (UTC) the file last changed.

    Raises StoreError when there is no store or no room for the copy, or when checkpoints follow each other faster than the
    file can be copied.
    """
    with scratch_folder("snapshot") as folder:
        copy = folder / "store.duckdb"
        try:
            changed = _copy(path, copy)
        except FileNotFoundError as error:
            raise StoreError(f"no store at {path}: run summarizer ingest BUNDLE first") from error
        except OSError as error:
            raise StoreError(f"store {path} cannot be copied to {folder}: {error.strerror}") from error
        yield copy, changed


def _copy(path: Path, copy: Path) -> datetime:
    free = shutil.disk_usage(copy.parent).free
    if path.stat().st_size > free:
        raise StoreError(
            f"store {path} cannot be copied: {copy.parent} has {free} bytes free; set TMPDIR to a larger disk"
        )
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(0.05 * attempt)
        before = _headers(path)
        if before[8:12] != _MAGIC:
            raise StoreError(f"store {path} cannot be copied: it is no database file")
        shutil.copyfile(path, copy)
        changed = path.stat().st_mtime
        if before == _headers(path) == _headers(copy):
            return datetime.fromtimestamp(changed, UTC).replace(tzinfo=None)
    raise StoreError(f"store {path} cannot be copied: it is written to without a pause; try again")


def _headers(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADERS)
