"""The folder that the reader is written to: only what changed is written, only what we wrote is ever removed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from summarizer.errors import SummarizerError
from summarizer.publish.files import write_if_changed

#: Lists every file of ours with its SHA-256.
LIST = "reader-files.json"
_FORMAT = 1


class ReaderFolder:
    """Files below ``root``. The list is written before the files it names, so a kill leaves no file that is not on it."""

    def __init__(self, root: Path) -> None:
        """Raises SummarizerError when ``root`` holds a list that cannot be read, or other people's files instead of one."""
        self.root = root
        self.n_written = 0
        self.kept: list[Path] = []  #: pages that are no longer ours to write, but were changed by somebody
        self._listed = self._read_list()
        self._put: dict[str, str] = {}
        self._waiting: dict[str, bytes] = {}

    def put(self, path: str, data: bytes) -> None:
        """Have ``path`` hold ``data`` after the next :meth:`flush`."""
        digest = hashlib.sha256(data).hexdigest()
        self._put[path] = digest
        self._waiting[path] = data

    def flush(self) -> None:
        """Write what was put and differs from what is there. Raises SummarizerError."""
        changed = {path: data for path, data in self._waiting.items() if not self._holds(path, data)}
        for path in changed:
            if path not in self._listed and (self.root / path).exists():
                raise SummarizerError(
                    f"{self.root / path} was not written by this program: move it away, or choose another --out"
                )
        if any(self._listed.get(path) != self._put[path] for path in self._waiting):
            self._listed.update({path: self._put[path] for path in self._waiting})
            self._write_list(self._listed)
        for path, data in changed.items():
            self._write(path, data)
        self._waiting.clear()

    def finish(self) -> None:
        """Write the rest, and remove files that we wrote once and that are no longer part of the reader.

        One that was changed since is left where it is; :attr:`kept` names it. Raises SummarizerError.
        """
        self.flush()
        for path in sorted(self._listed.keys() - self._put.keys()):
            self._remove(path)
        if self._listed.keys() != self._put.keys():
            self._listed = dict(self._put)
            self._write_list(self._listed)

    def _holds(self, path: str, data: bytes) -> bool:
        try:
            return (self.root / path).read_bytes() == data
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._cannot("read", path, error) from error

    def _write(self, path: str, data: bytes) -> None:
        try:
            # what is lost in a power cut is made again by the next run, so not every page waits for the disk
            self.n_written += write_if_changed(self.root / path, data, durable=False)
        except OSError as error:
            raise self._cannot("written", path, error) from error

    def _remove(self, path: str) -> None:
        file = self.root / path
        try:
            if hashlib.sha256(file.read_bytes()).hexdigest() != self._listed[path]:
                self.kept.append(file)
                return
            file.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._cannot("removed", path, error) from error
        for parent in file.relative_to(self.root).parents:
            if parent == Path():
                break
            try:
                (self.root / parent).rmdir()
            except OSError:  # not empty
                break

    def _read_list(self) -> dict[str, str]:
        file = self.root / LIST
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            if found["format"] != _FORMAT:
                raise ValueError(f"format {found['format']!r}")
            files = found["files"]
            if not all(_is_ours(path) and isinstance(digest, str) for path, digest in files.items()):
                raise ValueError("a path outside the folder")
            return dict(files)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SummarizerError(
                f"{file} cannot be read ({error}): remove it together with the pages, or choose another --out"
            ) from error
        if self.root.exists() and not self.root.is_dir():
            raise SummarizerError(f"{self.root} is not a folder: choose another --out")
        return {}

    def _write_list(self, files: dict[str, str]) -> None:
        data = json.dumps({"format": _FORMAT, "files": files}, indent=0, sort_keys=True, ensure_ascii=False)
        self._write(LIST, data.encode() + b"\n")

    def _cannot(self, what: str, path: str, error: OSError) -> SummarizerError:
        return SummarizerError(f"{self.root / path} cannot be {what}: {error.strerror or error}")


def _is_ours(path: str) -> bool:
    parts = path.split("/")
    return not any(part in ("", ".", "..") or "\\" in part or "\0" in part or ":" in part for part in parts)
