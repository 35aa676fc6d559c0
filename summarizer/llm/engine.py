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

    def prepare(self, chats: Sequence[Sequence[Message]]) -> None:
        """Read the given starts of chats now, or take them from an earlier process; a user's message follows each.

        May be left out: requests that start alike share what they have in common anyway.
        """
        ...

    def submit(self, request: Request) -> None:
        """Queue a request. Raises ContextTooSmall when prompt and max_tokens cannot fit, before any work is done."""
        ...

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        """Work until at least one request has finished or ``max_seconds`` have passed; give back what finished.

        An empty list means only that the time is up (or nothing was waiting). A server may find a request too long only
        when it is asked: then ContextTooSmall is raised here, for that request alone.
        """
        ...

    def cancel(self, request_id: str) -> None:
        """Drop a request; it is not given back."""
        ...

    def close(self) -> None: ...
