"""Found by every Python process whose PYTHONPATH begins with this folder: refuses whatever has to do with a socket.

Each process writes a line to the file that NO_NETWORK_LOG names when it starts, and one for everything it was refused.
"""

import os
import sys

_LOG = os.environ["NO_NETWORK_LOG"]


def _write(line: str) -> None:
    with open(_LOG, "a", encoding="utf-8") as log:
        log.write(line + "\n")


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        _write(f"refused {event} {arguments[1:]!r}")
        raise OSError(f"{event}: there is no network in this test")


sys.addaudithook(_refuse)
_write("started " + " ".join(sys.orig_argv[1:4]))
