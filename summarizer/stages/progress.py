"""Progress of a run on stderr: bars on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress(Protocol):
    """What a stage says while it works. Not thread-safe: the stage's own thread calls it."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins that has ``total`` items to do; the stage before it is over."""
        ...

    def advance(self, n: int = 1, note: str = "") -> None:
        """``n`` more items are done; ``note`` names what the last one was."""
        ...

    def rate(self, text: str, seconds_left: float | None = None) -> None:
        """The stage's speed at this moment, for instance ``52 tokens/s``.

        ``seconds_left``: until its end, for a stage that knows better than the number of its items tells.
        """
        ...

    def message(self, text: str) -> None:
        """A line the user should see whatever the kind of display, for instance a failed item."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class SilentProgress:
    """Says nothing."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, n: int = 1, note: str = "") -> None: ...

    def rate(self, text: str, seconds_left: float | None = None) -> None: ...

    def message(self, text: str) -> None: ...

    def close(self) -> None: ...


class LineProgress:
    """Plain lines, for logs: the start and the end of a stage, and in between at most one line each ``every_seconds``."""

    def __init__(self, stream: TextIO | None = None, every_seconds: float = 10.0) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._every_seconds = every_seconds
        self._name = ""
        self._total = 0
        self._n_done = 0
        self._rate = ""
        self._note = ""
        self._seconds_left: float | None = None
        self._started = self._last_line = time.monotonic()

    def stage(self, name: str, total: int) -> None:
        self._end_stage()
        self._name, self._total, self._n_done, self._rate, self._note = name, total, 0, "", ""
        self._seconds_left = None
        self._started = self._last_line = time.monotonic()
        self._write(f"{name}: {total} to do")

    def advance(self, n: int = 1, note: str = "") -> None:
        self._n_done += n
        self._note = note or self._note
        self._tick()

    def rate(self, text: str, seconds_left: float | None = None) -> None:
        self._rate = text
        self._seconds_left = seconds_left
        self._tick()

    def message(self, text: str) -> None:
        self._write(text)

    def close(self) -> None:
        self._end_stage()

    def _tick(self) -> None:
        now = time.monotonic()
        # the last item is told by the stage's own end
        if now - self._last_line < self._every_seconds or self._n_done >= self._total:
            return
        self._last_line = now
        left = ""
        if self._seconds_left is not None:
            left = f"about {duration(self._seconds_left)} left"
        elif self._n_done:
            seconds_left = (now - self._started) / self._n_done * (self._total - self._n_done)
            left = f"{duration(seconds_left)} left"
        parts = [f"{self._name}: {self._n_done}/{self._total}", self._rate, left, self._note]
        self._write(", ".join(part for part in parts if part))

    def _end_stage(self) -> None:
        if self._name:
            parts = [f"{self._name}: {self._n_done}/{self._total} in {duration(time.monotonic() - self._started)}"]
            self._write(", ".join([*parts, *([self._rate] if self._rate else [])]))
            self._name = ""

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class BarProgress:
    """A bar for each stage with its speed and the time left, for terminals."""

    def __init__(self, stream: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars
        from rich.progress import Task as BarTask
        from rich.text import Text

        class TimeLeft(TimeRemainingColumn):
            """What the stage itself says, else what the number of items tells."""

            def render(self, task: BarTask) -> Text:
                seconds = task.fields["seconds_left"]
                if seconds is None or task.finished:
                    return super().render(task)
                return Text(f"about {duration(seconds)} left", style="progress.remaining")

        self._bars = Bars(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeLeft(),
            TextColumn("{task.fields[note]}"),
            console=Console(file=stream if stream is not None else sys.stderr, highlight=False),
        )
        self._task: TaskID | None = None
        self._bars.start()

    def stage(self, name: str, total: int) -> None:
        self._end_stage()
        self._task = self._bars.add_task(name, total=total, rate="", note="", seconds_left=None)

    def advance(self, n: int = 1, note: str = "") -> None:
        if self._task is not None:
            self._bars.update(self._task, advance=n)
            if note:
                self._bars.update(self._task, note=_literal(note))

    def rate(self, text: str, seconds_left: float | None = None) -> None:
        if self._task is not None:
            self._bars.update(self._task, rate=_literal(text), seconds_left=seconds_left)

    def message(self, text: str) -> None:
        self._bars.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        self._end_stage()
        self._bars.stop()

    def _end_stage(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, note="")
            self._bars.stop_task(self._task)
            self._task = None


@contextmanager
def shown_progress(*, quiet: bool, stream: TextIO | None = None) -> Iterator[Progress]:
    """The display that suits a stream (default stderr), closed at the end of the ``with``."""
    stream = stream if stream is not None else sys.stderr
    progress: Progress
    if quiet:
        progress = SilentProgress()
    elif stream.isatty():
        progress = BarProgress(stream)
    else:
        progress = LineProgress(stream)
    try:
        yield progress
    finally:
        progress.close()


def duration(seconds: float) -> str:
    """``8 s``, ``3 min 20 s``, ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _literal(text: str) -> str:
    """Text for a rich column that no title can turn into markup."""
    from rich.markup import escape

    return escape(text)
