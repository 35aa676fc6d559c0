"""What the offline reader shows of a paper, of a text and of a day: frozen records, filled by the store.

Times are naive ``datetime`` in UTC, durations seconds, as in :mod:`summarizer.records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from summarizer.records import CheckResult, EarlierVersion, Paper, Post, Section, Task

Place = Literal["shown", "duplicate", "unreadable"]


@dataclass(frozen=True, slots=True)
class SourcedPiece:
    """What one call wrote of a text beside the words it was made from."""

    text: str
    source_text: str
    heading: str  #: of the section the words stand in; "" for the abstract and for several sections
    page: int | None  #: first page of that section, 1 and up; None for the abstract and for several sections
    over_sections: bool = False  #: the words are whole sections


@dataclass(frozen=True, slots=True)
class MadeText:
    """An accepted text and how it was made. What is not known (of an imported text, say) is "" or None."""

    task: Task
    text: str
    origin: Literal["generated", "imported"] = "generated"
    model_name: str = ""
    model_sha256: str = ""
    engine: str = ""  #: library or server with its version
    prompt_version: str = ""
    prompt_hash: str = ""
    attempt_no: int | None = None  #: 1 and up: the try that was accepted
    n_calls: int = 0  #: calls of the model whose answers stand in the text
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float | None = None  #: of these calls together; calls run side by side, so less passes on the clock
    created_utc: datetime | None = None
    checks: tuple[CheckResult, ...] = ()
    pieces: tuple[SourcedPiece, ...] = ()

    @property
    def flags(self) -> tuple[CheckResult, ...]:
        """The checks it did not pass; of an accepted text these are soft ones."""
        return tuple(check for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True)
class RelatedPaper:
    """Another paper version: another version of the same paper, or one that it repeats or that repeats it."""

    arxiv_id: str
    version: int
    title: str
    relation: Literal["version", "repeats", "repeated_by"]
    kind: str = ""  #: of the pair: exact, near, or borderline (nobody has judged it); "" for versions
    score: float | None = None  #: how sure the rule is that they are one work, 0 to 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What was read from the PDF."""

    n_pages: int
    n_chars: int
    extractor: str
    extractor_version: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PaperReading:
    """Everything the reader shows of one paper version."""

    paper: Paper
    place: Place  #: shown, if it is on any day
    days: tuple[date, ...]  #: days that list it, oldest first
    texts: Mapping[Task, MadeText] = field(default_factory=dict)
    missing: Mapping[Task, str] = field(default_factory=dict)  #: why a text is missing, in Chinese
    document: DocumentFacts | None = None
    sections: tuple[Section, ...] = ()
    related: tuple[RelatedPaper, ...] = ()
    earlier: EarlierVersion | None = None  #: of a new version: what it is compared with

    @property
    def key(self) -> tuple[str, int]:
        return self.paper.arxiv_id, self.paper.version


@dataclass(frozen=True, slots=True)
class DayReading:
    """One day: its post, the papers of the post, and those left out because they repeat others or were shown before."""

    post: Post
    papers: Mapping[tuple[str, int], PaperReading]  #: by (arXiv id, version): those shown and those left out
    updated_utc: datetime  #: when the newest thing on the page was recorded

    @property
    def left_out(self) -> tuple[PaperReading, ...]:
        shown = {(one.paper.arxiv_id, one.paper.version) for one in self.post.papers}
        return tuple(paper for key, paper in self.papers.items() if key not in shown)
