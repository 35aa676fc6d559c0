"""PDFs from arXiv or its mirrors: resumed where a download broke off, checked before they get their name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import requests

from summarizer import ids
from summarizer.collect.transport import Fault, Refused, Transport, Unanswered
from summarizer.errors import CollectError, ConfigError

_CHUNK = 1 << 16  # of a broken download all whole chunks are kept
_MAGIC_WITHIN = 1024  # bytes; as PDF readers have it, %PDF need not be the first


class PdfUnavailable(CollectError):
    """No mirror gave this PDF. The message is one line, the answer of each; ``answered``: one of them did answer."""

    def __init__(self, message: str, answered: bool) -> None:
        self.answered = answered
        super().__init__(message)


class PdfFolder:
    """Where downloads lie until their bundle is written: ``<id>v<version>.pdf``, and ``.part`` while they come."""

    def __init__(self, folder: Path, transport: Transport, urls: Sequence[str], max_bytes: int) -> None:
        self._folder = folder
        self._transport = transport
        self._urls = urls
        self._max_bytes = max_bytes

    def path(self, arxiv_id: str, version: int) -> Path:
        return self._folder / f"{ids.file_stem(arxiv_id, version)}.pdf"

    def fetch(self, arxiv_id: str, version: int) -> Path:
        """The PDF's path, downloaded unless it is there already. Raises PdfUnavailable."""
        target = self.path(arxiv_id, version)
        if target.exists():
            return target
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectError(f"cannot make the folder {self._folder}: {error.strerror or error}") from error
        answers = []
        answered = False
        for url in self._urls:
            address = pdf_url(url, arxiv_id, version)
            try:
                self._download(address, target)
                return target
            except Refused as error:
                answered = True
                answers.append(str(error))
            except Unanswered as error:
                answers.append(str(error))
        raise PdfUnavailable("; ".join(answers) or "no address for PDFs is configured", answered)

    def forget(self, arxiv_id: str, version: int) -> None:
        """Its bundle is written: the download is not needed any more."""
        self.path(arxiv_id, version).unlink(missing_ok=True)

    def _download(self, url: str, target: Path) -> None:
        part = target.with_name(f"{target.name}.part")
        tag_file = target.with_name(f"{target.name}.part.tag")  # which file on the server the part is of

        def read(response: requests.Response) -> None:
            resumed = response.status_code == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {_size(part)}-"):
                part.unlink(missing_ok=True)
                raise Fault("the answer is another part than the one asked for")
            expected = _expected(response, _size(part) if resumed else 0)
            if expected is not None and expected > self._max_bytes:
                raise Refused(url, response.status_code, f"{expected} bytes, more than collect.max_pdf_bytes")
            tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            # a weak tag does not promise the same bytes, and without one there is no promise at all
            tag_file.write_text("" if tag.startswith("W/") else tag, encoding="utf-8")
            with part.open("ab" if resumed else "wb") as out:
                for chunk in response.iter_content(_CHUNK):
                    out.write(chunk)
                    if out.tell() > self._max_bytes:
                        raise Refused(url, response.status_code, "more bytes than collect.max_pdf_bytes")
                out.flush()
                os.fsync(out.fileno())
            self._check(part, expected)

        try:
            for _ in range(2):  # a part that the server does not know any more is thrown away, once
                try:
                    self._transport.ask(url, read, lambda: _resuming(part, tag_file))
                    break
                except Refused as error:
                    if error.status != 416 or not part.exists():
                        raise
                    part.unlink(missing_ok=True)
            part.replace(target)
        except Refused:
            part.unlink(missing_ok=True)
            raise
        except OSError as error:
            raise CollectError(f"cannot write {target}: {error.strerror or error}") from error
        finally:
            if not part.exists():
                tag_file.unlink(missing_ok=True)

    def _check(self, part: Path, expected: int | None) -> None:
        size = _size(part)
        if expected is not None and size != expected:
            raise Fault(f"{size} bytes came of {expected}")
        with part.open("rb") as stream:
            start = stream.read(_MAGIC_WITHIN)
        if b"%PDF" not in start:
            part.unlink()
            raise Fault("no PDF came" if size else "an empty file came")


def pdf_url(template: str, arxiv_id: str, version: int) -> str:
    """An address from one with ``{id}`` and ``{version}``. Raises ConfigError for other braces."""
    try:
        return template.format(id=arxiv_id, version=version)
    except (LookupError, ValueError) as error:
        raise ConfigError(f"collect.pdf_urls: {template!r} may have {{id}} and {{version}} only: {error}") from error


def _resuming(part: Path, tag_file: Path) -> dict[str, str]:
    """Headers that ask for the rest of a part, if the file is still the same; none to ask for all of it."""
    plain = {"Accept-Encoding": "identity"}  # sizes and ranges are of the file itself
    try:
        tag = tag_file.read_text(encoding="utf-8")
    except OSError:
        return plain
    size = _size(part)
    return plain | {"Range": f"bytes={size}-", "If-Range": tag} if tag and size else plain


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _expected(response: requests.Response, already: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return already + int(length) if length.isdigit() and "Content-Encoding" not in response.headers else None
