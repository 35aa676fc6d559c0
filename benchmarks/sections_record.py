"""Papers that benchmarks/sections.py has measured, kept in a file: a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
#: What decides a figure beside the files: our reader, the peers and how they are compared.
_CODE = [
    *sorted((_HERE.parent / "summarizer" / "pdf").glob("*.py")),
    _HERE.parent / "summarizer" / "text.py",
    *sorted(_HERE.glob("sections*.py")),
]
_PACKAGES = ("pymupdf", "pymupdf4llm")


class Record:
    """Lines ``{"key", "name", "figures"}``, one a paper, written as soon as the paper was measured by all readers."""

    def __init__(self, path: Path | None, readers: Sequence[str]) -> None:
        self._path = path
        self._base = [*readers, *(f"{name} {version(name)}" for name in _PACKAGES), _sha256(_CODE)]
        self._kept: dict[str, list[dict[str, Any]]] = {}
        if path is not None and path.is_file():
            rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            self._kept = {row["key"]: row["figures"] for row in rows}

    def key(self, files: Iterable[Path]) -> str:
        """Of a paper by the content of its files: PDF, outline, checked texts."""
        return hashlib.sha256("\n".join([*self._base, _sha256(files)]).encode()).hexdigest()

    def find(self, key: str) -> list[dict[str, Any]] | None:
        return self._kept.get(key)

    def keep(self, key: str, name: str, figures: list[dict[str, Any]]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "name": name, "figures": figures}, ensure_ascii=False) + "\n")


def _sha256(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()
