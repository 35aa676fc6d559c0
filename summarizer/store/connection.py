"""Short windows on the store.

One process that writes shuts out every other, readers too, so a connection lives only as long as its ``with`` block:
read what is pending, close, work, open, record.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from summarizer.errors import StoreError, StoreLocked
from summarizer.store import schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Nothing is fetched, loaded or read besides the store itself: no extension, no other file, no secret, no variable of
#: the calling Python code. The memory limit is far above what the stages need; larger queries spill to disk.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "memory_limit": "1GB",
}
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_FIRST_DELAY, _LAST_DELAY = 0.02, 1.0  # seconds between two tries
_TOLD_AFTER = 1.0  # seconds of waiting: a window of a run is shorter


@dataclass(slots=True)
class _Window:
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: int = 0  #: the one that holds the lock; 0: none


_windows: defaultdict[str, _Window] = defaultdict(_Window)


class Store:
    """The DuckDB file at ``path``. Holding a Store holds nothing open."""

    def __init__(self, path: Path, *, wait_seconds: float = 60.0, on_wait: Callable[[str], None] | None = None) -> None:
        """``wait_seconds``: how long to try while another process holds the file; ``on_wait`` is told once, in one line,
        when that takes more than a second."""
        self.path = path
        self.wait_seconds = wait_seconds
        self.on_wait = on_wait

    @contextmanager
    def write(self) -> Iterator[DuckDBPyConnection]:
        """A connection inside one transaction: committed at the end of the block, rolled back on any exception.

        Makes the file and brings its schema up to date. Raises StoreError, StoreLocked.
        """
        with self._connection(read_only=False) as con:
            schema.upgrade(con, str(self.path))
            con.execute("BEGIN")
            try:
                yield con
            except BaseException:
                con.execute("ROLLBACK")
                raise
            con.execute("COMMIT")

    @contextmanager
    def read(self, *, upgrade: bool = True, folder: Path | None = None) -> Iterator[DuckDBPyConnection]:
        """A read-only connection. Raises StoreError when there is no store, StoreLocked when a process writes.

        A store of an earlier version is brought up to date first; with ``upgrade=False`` it is refused with StoreError, and
        nothing is written. Into ``folder``, and into no other, queries can be exported.
        """
        missing = StoreError(f"no store at {self.path}: run summarizer ingest BUNDLE first")
        if not self.path.exists():
            raise missing
        with self._connection(read_only=True, folder=folder) as con:
            if schema.is_empty(con):
                raise missing
            current = schema.is_current(con, str(self.path))
            if current:
                yield con
        if not current and not upgrade:
            raise StoreError(
                f"store {self.path} was written by an earlier version: run summarizer status, which brings it up to date"
            )
        if not current:
            with self.write():  # a store of an earlier version: one empty write brings it up to date
                pass
            with self._connection(read_only=True, folder=folder) as con:
                yield con

    @contextmanager
    def _connection(self, *, read_only: bool, folder: Path | None = None) -> Iterator[DuckDBPyConnection]:
        import duckdb

        with self._turn():
            try:
                con = self._connect(read_only=read_only)
                try:
                    # Aware datetimes and casts from text become UTC, whatever zone the machine is in.
                    con.execute("SET TimeZone = 'UTC'")
                    if folder is not None:
                        con.execute("SET allowed_directories = [?]", [str(folder)])
                    con.execute("SET enable_external_access = false")
                    con.execute("SET lock_configuration = true")
                    yield con
                finally:
                    con.close()
            except duckdb.Error as error:
                raise StoreError(f"store {self.path}: {first_line(error)}") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One window on a file at a time in this process: DuckDB would share one instance, and its locked settings."""
        window = _windows[str(self.path.resolve())]
        if window.thread == threading.get_ident():
            raise StoreError(f"store {self.path} is already open in this thread: close it before opening it again")
        if not window.lock.acquire(timeout=self.wait_seconds):
            raise StoreLocked(
                f"store {self.path} is held by another thread of this process (waited {self.wait_seconds:g} s)"
            )
        window.thread = threading.get_ident()
        try:
            yield
        finally:
            window.thread = 0
            window.lock.release()

    def _connect(self, *, read_only: bool) -> DuckDBPyConnection:
        import duckdb

        started = time.monotonic()
        give_up = started + self.wait_seconds
        delay = _FIRST_DELAY
        told = False
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only, config=_CONFIG)
            except duckdb.Error as error:
                holder = _holder(str(error))
                if holder is None:
                    raise self._cannot_open(error) from error
                now = time.monotonic()
                left = give_up - now
                if self.on_wait is not None and not told and now - started >= _TOLD_AFTER:
                    told = True
                    self.on_wait(f"waiting for {self.path}, which is held by {holder}")
                if left <= 0:
                    raise StoreLocked(
                        f"store {self.path} is held by {holder} (waited {self.wait_seconds:g} s): "
                        "wait for it to end, or close it"
                    ) from error
                time.sleep(min(delay, left))
                delay = min(2 * delay, _LAST_DELAY)

    def _cannot_open(self, error: Exception) -> StoreError:
        if not self.path.parent.is_dir():
            return StoreError(f"store {self.path}: folder {self.path.parent} does not exist: make it first")
        return StoreError(f"store {self.path} cannot be opened: {first_line(error)}")


def first_line(error: Exception) -> str:
    """DuckDB's message without its hints and stack trace."""
    return str(error).strip().partition("\n")[0].strip() or type(error).__name__


def _holder(message: str) -> str | None:
    """Who holds the lock, from DuckDB's message; None when the message is about something else."""
    if "Could not set lock" not in message:
        return None
    found = _HOLDER.search(message)
    if found is None:
        return "another process"
    return f"process {found['pid']} ({_command(int(found['pid'])) or found['program']})"


def _command(pid: int) -> str:
    """The command line of a process, "" when it is gone or not ours to see."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    command = " ".join(" ".join(word.decode(errors="replace").split()) for word in words if word)
    return command if len(command) <= 200 else command[:199] + "…"
