"""Computed prompt starts kept on disk: a new process reads the instructions and examples of a prompt in milliseconds.

A state is the KV of one sequence as llama.cpp writes it. Its name is the hash of everything that decides it: model,
library, KV type, and the tokens themselves, and the hash of its content: llama.cpp ends the process over a damaged file.
The folder holds a bounded number of them, those not used for longest go first; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from summarizer.ids import content_hash

logger = logging.getLogger(__name__)

_MOST_FILES = 32
_ENDING = ".kv"


class SavedPrefixes:
    """States of one model under one set of options.

    Args:
        folder: made when the first state is saved.
        identity: whatever beside the tokens decides a state.
    """

    def __init__(self, folder: Path, identity: Sequence[str]) -> None:
        self._folder = folder
        self._identity = list(identity)

    def find(self, tokens: Sequence[int]) -> Path | None:
        """Where the state of these tokens is, if it was saved and is whole. Marks it as used."""
        key = self._key(tokens)
        with suppress(OSError):  # a folder that may not be looked into
            for path in self._folder.glob(f"{key}-*{_ENDING}"):
                if path.name != _name(key, path):
                    path.unlink()
                    continue
                with suppress(OSError):  # a folder that cannot be written is no reason not to read
                    os.utime(path)
                return path
        return None

    def save(self, tokens: Sequence[int], write: Callable[[Path], bool]) -> None:
        """Keep what ``write`` writes to the path it is given, unless it says that it failed.

        The file gets its name when it is whole. Errors of the disk are only logged: everything works without it.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
                partial = Path(scratch) / "state"
                if write(partial):
                    key = self._key(tokens)
                    whole = self._folder / _name(key, partial)
                    partial.replace(whole)
                    for path in self._folder.glob(f"{key}-*{_ENDING}"):
                        if path != whole:
                            path.unlink(missing_ok=True)
            self._prune()
        except OSError as error:
            logger.debug("a prompt start could not be saved in %s: %s", self._folder, error)

    def _key(self, tokens: Sequence[int]) -> str:
        return content_hash([self._identity, list(tokens)])

    def _prune(self) -> None:
        files = sorted(self._folder.glob("*" + _ENDING), key=lambda p: p.stat().st_mtime, reverse=True)
        for path in files[_MOST_FILES:]:
            path.unlink(missing_ok=True)


def _name(key: str, path: Path) -> str:
    """The name of a file with this content."""
    with path.open("rb") as file:
        return f"{key}-{hashlib.file_digest(file, 'sha256').hexdigest()}{_ENDING}"
