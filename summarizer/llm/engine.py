"""The engine protocol: requests in, completions back as they finish, by request id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from summarizer.records import Completion, Message, ModelInfo, Request


class Engine(Protocol):
    """Generates text for many requests at once. Not thread-safe: one thread drives it."""

    @property
    def model(self) -> ModelInfo: ...

    @property
    def n_ctx(self) -> int:
        """Tokens that one request may use, prompt and answer together."""
        ...

    @property
    def n_waiting(self) -> int:
        """Requests submitted and not yet given back."""
        ...

    def count_tokens(self, text: str) -> int:
        """Number of tokens of plain text, without special tokens."""
        ...

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Number of tokens of a chat prompt under the model's own template, generation prefix included."""
        ...

    def submit(self, request: Request) -> None:
        """Queue a request. Raises ContextTooSmall when prompt and max_tokens cannot fit, before any work is done."""
        ...

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        """Work until at least one request has finished or ``max_seconds`` have passed; give back what finished.

        An empty list means only that the time is up (or nothing was waiting).
        """
        ...

    def cancel(self, request_id: str) -> None:
        """Drop a request; it is not given back."""
        ...

    def close(self) -> None: ...
