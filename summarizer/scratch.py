"""Folders for files of the moment that are removed even when their process was killed: then by the next one.

All lie in one folder of this user among the system's temporary files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from summarizer.errors import SummarizerError

_LOCK = "lock"


@contextlib.contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """A new folder, named for its ``purpose``, removed at the end with all that is in it.

    Folders whose process is gone are removed, too, whatever their purpose: a process holds a lock on a file in its folder,
    which the system takes back when it dies, however it dies. Raises SummarizerError when the place is somebody else's.
    """
    home = _home()
    _remove_left_over(home)
    folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=home))
    try:
        # by another name until it is locked: a folder without a lock file is left alone
        with (folder / f"{_LOCK}.new").open("w") as lock:
            _try_lock(lock.fileno())
            os.rename(lock.name, folder / _LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _home() -> Path:
    """The folder of this user: the system's may be everybody's, where a name can be taken by somebody else."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    home = Path(tempfile.gettempdir()) / f"summarizer{user}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    found = home.lstat()
    if stat.S_ISDIR(found.st_mode) and (not user or (found.st_uid == os.getuid() and not found.st_mode & 0o022)):
        return home
    raise SummarizerError(f"{home} is not a folder of this user alone: remove it, or set TMPDIR to another folder")


def _remove_left_over(home: Path) -> None:
    for path in home.glob(f"*/{_LOCK}"):
        with contextlib.suppress(OSError), path.open("r+") as lock:  # just removed by another process
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
