"""What is looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from summarizer.config import Config


@dataclass(frozen=True, slots=True)
class Place:
    """A run as it would be: its settings and its folders. ``home``: where a kit was installed; None for a checkout."""

    config: Config
    config_path: Path | None
    store: Path
    out: Path
    models: Path
    prompts: Path
    home: Path | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``found`` is what there is or what is wrong, ``remedy`` what to do, "" when ``ok``."""

    check: str
    ok: bool
    found: str
    remedy: str
    seconds: float


class Unfit(Exception):
    """A check failed. ``found`` and ``remedy`` are one line each."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found = found
        self.remedy = remedy
        super().__init__(f"{found}: {remedy}")
