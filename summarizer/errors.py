"""The exception tree. Each class carries the exit code that the command line ends with.

A message is one line: what happened, to which item, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_DONE = 0
EXIT_UNFIT = 9  #: ``doctor`` found something that keeps a run from working
EXIT_ITEMS_FAILED = 10
EXIT_INTERRUPTED = 130


class SummarizerError(Exception):
    """Anything this program reports to its user. Exit code 1."""

    exit_code: ClassVar[int] = 1


class ConfigError(SummarizerError):
    """A setting is unknown, missing or of the wrong type. Exit code 2."""

    exit_code: ClassVar[int] = 2


class PostError(SummarizerError):
    """A file is not a daily post that can be imported. Exit code 1."""


class BundleError(SummarizerError):
    """A bundle cannot be written, or is refused. Exit code 3."""

    exit_code: ClassVar[int] = 3


class StoreError(SummarizerError):
    """The store cannot be opened, read or written. Exit code 4."""

    exit_code: ClassVar[int] = 4


class StoreLocked(StoreError):
    """Another process holds the store; the message names it."""


class UnknownQuery(SummarizerError):
    """No saved query has that name, or its parameters are wrong. Exit code 2."""

    exit_code: ClassVar[int] = 2


class QueryRefused(StoreError):
    """A statement given to the read-only SQL interface is not a plain query, or is wrong."""


class ModelError(SummarizerError):
    """A model is missing, has the wrong hash, or cannot be loaded. Exit code 5."""

    exit_code: ClassVar[int] = 5


class ContextTooSmall(ModelError):
    """A request needs more tokens than the context holds. Raised before the request starts."""

    def __init__(self, request_id: str, needed: int, available: int) -> None:
        self.request_id = request_id
        self.needed = needed
        self.available = available
        super().__init__(
            f"request {request_id} needs {needed} tokens, the context holds {available}: "
            "raise llm.n_ctx in the configuration or shorten the prompt's limits"
        )


class PromptError(SummarizerError):
    """A prompt file is malformed, changed after its release, or rendered wrongly. Exit code 6."""

    exit_code: ClassVar[int] = 6


class PdfError(SummarizerError):
    """A PDF could not be read into sections.

    ``category`` is one of :data:`summarizer.records.PDF_CATEGORIES`; ``detail`` is one line with the figures.
    """

    def __init__(self, category: str, detail: str) -> None:
        self.category = category
        self.detail = detail
        super().__init__(f"{category}: {detail}")


class CollectError(SummarizerError):
    """arXiv, or a mirror of it, refuses or does not answer, or what it answers cannot be used. Exit code 7."""

    exit_code: ClassVar[int] = 7


class KitError(SummarizerError):
    """A kit cannot be built, is not whole, or does not fit a machine. Exit code 8."""

    exit_code: ClassVar[int] = 8
