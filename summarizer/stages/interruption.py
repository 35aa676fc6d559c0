"""Ctrl-C while the model works: a request to stop at the next good moment, not an exception anywhere in the code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Gives back a function that says whether SIGINT or SIGTERM came since; a second signal raises KeyboardInterrupt.

    The earlier handlers are restored at the end. Signals reach the main thread only: in any other one the function is
    always false.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requested = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal requested
        if requested:
            raise KeyboardInterrupt
        requested = True

    # a handler that C code installed is None: Python could not put it back, so it stays
    before = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not None}
    try:
        for number in before:
            signal.signal(number, handle)
        yield lambda: requested
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
