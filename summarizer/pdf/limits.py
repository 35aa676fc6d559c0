"""How far the reading of one file may go, and what a reading process is asked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one file, and how it is read.

    A file is given up after ``seconds_base + seconds_per_page * pages`` seconds; its process may use ``memory_bytes`` of
    address space (None: no limit). Files of more than ``max_layout_pages`` pages are read by their fonts, without the
    layout model (``Document.extractor`` says which). With ``ocr`` a file without readable text is recognised by Tesseract
    first, in 20 s more a page, and ``Document.extractor`` ends in "+tesseract". ``cores`` (None: those of the machine, at
    most 4) share the pages of a file, each in a process of its own that takes up to 1 GB.
    """

    seconds_base: float = 60.0
    seconds_per_page: float = 4.0  #: the layout model takes 0.3 to 1 s a page on two slow cores
    max_layout_pages: int = 80
    memory_bytes: int | None = 3 * 1024**3
    ocr: bool = False
    cores: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file and what is wanted of it; ``cores`` of the limits is a number here."""

    path: Path
    limits: Limits
    want_document: bool = False
    want_front_matter: bool = False
    pictures_dir: Path | None = None  #: where pictures of the pages go, and then the result has a drawing

    def to_line(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self), default=str).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Task:
        """What :meth:`to_line` wrote."""
        fields = json.loads(line)
        pictures_dir = fields.pop("pictures_dir")
        return cls(
            path=Path(fields.pop("path")),
            limits=Limits(**fields.pop("limits")),
            pictures_dir=Path(pictures_dir) if pictures_dir is not None else None,
            **fields,
        )
