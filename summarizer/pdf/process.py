"""The parent's end of a reading process: asks, waits no longer than the limits allow, and ends it with all it has started."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from summarizer.errors import PdfError
from summarizer.pdf.limits import Task

#: Read by the libraries when they are loaded. An arena for each of many threads would count against the limit of address space;
#: a process may fork only while it has no thread beside its own; and onnxruntime, under the layout model, would keep an
#: identifier of this machine in the user's cache and tell its maker what was run here.
_SWITCHES = {
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}

#: After one of these the process is not asked again.
_FATAL = frozenset({"timeout", "crashed"})


class ReadingProcess:
    """A :mod:`summarizer.pdf.worker`, which reads one file after another, each in a process of its own."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, **_SWITCHES}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
        self._buffer = b""
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._answers, write_end = os.pipe()
        try:
            self._process = subprocess.Popen(
                # -P: a json.py in the current folder must not stand in for the library's
                [sys.executable, "-P", "-m", "summarizer.pdf.worker", str(write_end)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._noise,
                env=environment,
                pass_fds=(write_end,),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._answers)
            self._noise.close()
            raise
        finally:
            os.close(write_end)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def read(self, task: Task) -> dict[str, Any]:
        """The result of a task. Raises PdfError; after ``timeout`` and ``crashed`` the process is no longer alive."""
        answered = False
        try:
            result = self._ask(task)
            answered = True
        except PdfError as error:
            answered = error.category not in _FATAL
            raise
        finally:
            if not answered:
                self.end()
        return result

    def end(self) -> None:
        """Kill it and all it has started. There is nothing that it would have to finish; to end it twice does no harm."""
        if self._noise.closed:
            return
        # helpers of a file's process may be there after that one has died
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(self._answers)
        self._noise.close()

    def _ask(self, task: Task) -> dict[str, Any]:
        limits = task.limits
        deadline = _Deadline(limits.seconds_base, limits.seconds_per_page)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died: the pipe of its answers ends then, too
            self._process.stdin.write(task.to_line())
        result: dict[str, Any] | None = None
        error: PdfError | None = None
        while (message := self._message(deadline)) is not None and "ended" not in message:
            if "n_pages" in message:
                deadline.set_pages(message["n_pages"])
            elif "extra_seconds" in message:
                deadline.seconds += message["extra_seconds"]
            elif "error" in message:
                error = PdfError(*message["error"])
            else:
                result = message["result"]
        if result is not None:
            return result
        if error is not None:
            raise error
        raise PdfError("crashed", self._last_words(self._process.wait() if message is None else message["ended"]))

    def _message(self, deadline: _Deadline) -> dict[str, Any] | None:
        """The next message; None when the process and all that it has started are gone. Raises PdfError ``timeout``."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = deadline.left()
                if left <= 0 or not selector.select(left):
                    raise deadline.error()
                data = os.read(self._answers, 1 << 16)
                if not data:
                    return None
                self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _last_words(self, status: int) -> str:
        if status < 0:
            try:
                return f"the process died of {signal.Signals(-status).name}"
            except ValueError:
                return f"the process died of signal {-status}"
        self._noise.seek(0)
        lines = self._noise.read().decode(errors="replace").strip().splitlines()
        return f"the process ended with {status}: {lines[-1].strip() if lines else 'no message'}"[:300]


class _Deadline:
    def __init__(self, seconds_base: float, seconds_per_page: float) -> None:
        self._started = time.monotonic()
        self._base, self._per_page = seconds_base, seconds_per_page
        self._n_pages: int | None = None
        self.seconds = seconds_base

    def set_pages(self, n_pages: int) -> None:
        self._n_pages = n_pages
        self.seconds = self._base + self._per_page * n_pages

    def left(self) -> float:
        return self._started + self.seconds - time.monotonic()

    def error(self) -> PdfError:
        pages = "unknown number of" if self._n_pages is None else self._n_pages
        return PdfError("timeout", f"not read after {self.seconds:.0f} s, {pages} pages")
