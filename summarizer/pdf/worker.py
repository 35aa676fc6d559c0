"""The process that has the layout model loaded and forks for each file: ``python -m summarizer.pdf.worker FD``.

Loading takes as long as two or three pages, so it is done once. Yet each file has a process of its own, with its own time
and memory limit, and this one never opens a file: what a file leaves behind ends with its process.

Tasks are lines on stdin (:meth:`summarizer.pdf.limits.Task.to_line`), one at a time. Answers are JSON lines on the pipe ``FD``:
those of :mod:`summarizer.pdf.child`, and ``{"ended": STATUS}`` when the file's process is gone, STATUS as subprocess gives
it. When stdin ends, because whoever asked has closed it or was killed, everything of the process group ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import traceback
from typing import NoReturn

from summarizer.pdf import child
from summarizer.pdf.limits import Task

_STDIN, _STDERR = 0, 2
#: Says that nothing is loaded before the fork, so that each file pays for loading itself.
_BARE = "--bare"


def main(argv: list[str]) -> int:
    pipe = int(argv[0])
    if _BARE not in argv:
        load_layout_model()
        if not may_fork():
            os.execv(sys.executable, [sys.executable, "-P", "-m", "summarizer.pdf.worker", *argv, _BARE])
    gc.collect()
    gc.freeze()  # else the first collection after each fork would copy all pages of memory
    ended_read, ended_write = os.pipe()
    os.set_blocking(ended_write, False)
    signal.set_wakeup_fd(ended_write)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    with os.fdopen(_STDIN, "rb", buffering=0, closefd=False) as tasks:
        while line := tasks.readline():
            with contextlib.suppress(OSError):  # stderr may be no file; its end is read when a file's process fails
                os.ftruncate(_STDERR, 0)
                os.lseek(_STDERR, 0, os.SEEK_SET)
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _read_file(Task.from_line(line), pipe)
            _tell(pipe, {"ended": _wait(process, ended_read)})
    return 0


def load_layout_model() -> None:
    """Import all that reads pages. The network runs on the thread that calls it: threads do not outlive a fork.

    Several files or pages are read at the same time by several processes, so a second thread would gain nothing there.
    """
    import onnxruntime

    library_options = onnxruntime.SessionOptions

    def one_thread() -> onnxruntime.SessionOptions:
        options = library_options()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return options

    onnxruntime.SessionOptions = one_thread
    try:
        import pymupdf4llm.helpers.document_layout  # noqa: F401 - loads the model, too
    finally:
        onnxruntime.SessionOptions = library_options


def may_fork() -> bool:
    """Whether this process has a single thread. Only Linux can say; elsewhere system libraries start threads of their own."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _read_file(task: Task, pipe: int) -> NoReturn:
    """The whole life of the process of one file."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), _STDIN)
        with os.fdopen(pipe, "w", encoding="utf-8") as answers:
            child.read_file(task, answers)
        status = 0
    except BaseException:  # noqa: BLE001 - nothing may get from here into the loop of main
        traceback.print_exc()
    finally:
        os._exit(status)


def _wait(process: int, ended: int) -> int:
    """Until the process has ended; its status. Kills the group, this process too, when nobody is there to tell."""
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        readable, _, _ = select.select([_STDIN, ended], [], [])
        if ended in readable:
            os.read(ended, 512)
        elif _STDIN in readable:  # no task comes before the answer, so this is its end
            os.killpg(0, signal.SIGKILL)


def _tell(pipe: int, message: dict[str, int]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
