"""Files of the site: written whole or not at all, and left alone where nothing changed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_if_changed(path: Path, data: bytes, *, durable: bool = True) -> bool:
    """Make ``path`` hold ``data``; True when it had to be written.

    A file that already holds the same bytes is not touched. Otherwise a temporary file beside it is written, flushed to
    the disk and renamed over it, so that a reader or a crash never meets half a file. With ``durable=False`` nothing
    waits for the disk: a power cut may then leave an empty or an old file. Raises OSError.
    """
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # no .md at the end: a site generator that runs at this moment does not take it for a post
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        _flush_folder(path.parent)
    return True


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
