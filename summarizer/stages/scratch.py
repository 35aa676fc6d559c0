"""A folder for files of the moment that is removed even when its process was killed: then by the next one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LOCK = "lock"


@contextlib.contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A new folder among the system's temporary files, removed at the end with all that is in it.

    Folders of this prefix whose process is gone are removed, too: a process holds a lock on a file in its folder, which the
    system takes back when it dies, however it dies.
    """
    _remove_left_over(prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        # by another name until it is locked: a folder without a lock file is left alone
        with (folder / f"{_LOCK}.new").open("w") as lock:
            _try_lock(lock.fileno())
            os.rename(lock.name, folder / _LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_over(prefix: str) -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*/{_LOCK}"):
        with contextlib.suppress(OSError), path.open("r+") as lock:  # another user's, or just removed
            if _try_lock(lock.fileno()):
                shutil.rmtree(path.parent, ignore_errors=True)


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # no system that has such locks: what a killed process left stays
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
