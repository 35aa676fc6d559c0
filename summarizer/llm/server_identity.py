"""What an OpenAI-compatible server is: its kind, its version, what it serves, how long a request may be, how it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import quote

from summarizer.ids import content_hash
from summarizer.llm.openai_chat import ServerKind, estimate_prompt_tokens, estimate_tokens, written_messages
from summarizer.records import EngineUse, Message, ModelInfo


class Link(Protocol):
    """What asks the server."""

    @property
    def root(self) -> str:
        """Path in front of what is not part of the OpenAI API."""
        ...

    def look(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a question that is asked once; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself. ``n_ctx``, tokens of one request: 0 when it does not say."""

    kind: ServerKind
    version: str = ""
    served_model: str = ""
    n_ctx: int = 0

    @property
    def use(self) -> EngineUse:
        return EngineUse("server", f"{self.kind} {self.version}".strip(), self.served_model)


def describe_server(name: str, url: str) -> ModelInfo:
    """The model of a server, by its name alone: known without asking, and the same when the server moves or is renewed.

    Which server it was, in which version, stands in ``model_use``.
    """
    return ModelInfo(name, content_hash({"server_model": name}), url, 0, "model of a server")


def identify(link: Link, rows: Sequence[dict[str, Any]], model: str) -> Server:
    """What answers there. ``rows`` are the models it lists."""
    own = next((row for row in rows if row.get("id") == model), {})
    owners = {row.get("owned_by") for row in rows}
    if "vllm" in owners:
        version = _text(link.look(f"{link.root}/version"), "version")
        return Server("vLLM", version, _text(own, "root"), _positive(own, "max_model_len"))
    props = link.look(f"{link.root}/props?model={quote(model, safe='')}")  # it may serve several, each with its own
    if isinstance(props, dict) and ("llamacpp" in owners or "build_info" in props):
        file_name = PurePosixPath(_text(props, "model_path").replace("\\", "/")).name
        n_ctx = _positive(props.get("default_generation_settings"), "n_ctx")
        return Server("llama-server", _text(props, "build_info"), file_name, n_ctx)
    if version := _text(link.look(f"{link.root}/api/version"), "version"):
        tags = link.look(f"{link.root}/api/tags")
        named = [row for row in model_rows(tags, "models") if row.get("name") in (model, f"{model}:latest")]
        return Server("Ollama", version, _text(named[0], "digest") if named else "")
    return Server("server", n_ctx=_positive(own, "max_model_len"))


def model_rows(answer: Any, key: str = "data") -> list[dict[str, Any]]:
    rows = answer.get(key) if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


class TokenCounter:
    """Counts as the server does, by rule where it does not. Never fails.

    A server that does not count when it is asked is not asked again: an estimate is always there, and waiting for a count
    would hold up every request.
    """

    def __init__(self, link: Link, kind: ServerKind, model: str) -> None:
        self._link = link
        self._kind = kind
        self._model = model
        self._counts = kind in ("llama-server", "vLLM")
        self.count_text = lru_cache(maxsize=4096)(self._count_text)

    def _count_text(self, text: str) -> int:
        if self._kind == "vLLM":
            found = self._tokenize({"prompt": text, "add_special_tokens": False})
        else:
            found = self._tokenize({"content": text, "add_special": False, "parse_special": False})
        return estimate_tokens(text) if found is None else found

    def count_prompt(self, messages: Sequence[Message]) -> int:
        chat: dict[str, Any] = {"messages": written_messages(messages)}
        found = None
        if self._kind == "vLLM":
            found = self._tokenize(chat)
        elif self._counts:
            prompt = self._look("apply-template", chat, "prompt")
            if isinstance(prompt, str):
                found = self._tokenize({"content": prompt, "add_special": True, "parse_special": True})
        return estimate_prompt_tokens(messages) if found is None else found

    def _tokenize(self, body: dict[str, Any]) -> int | None:
        tokens = self._look("tokenize", body, "tokens")
        return len(tokens) if isinstance(tokens, list) else None

    def _look(self, path: str, body: dict[str, Any], key: str) -> Any:
        if not self._counts:
            return None
        answer = self._link.look(f"{self._link.root}/{path}", {"model": self._model, **body})
        found = answer.get(key) if isinstance(answer, dict) else None
        self._counts = found is not None
        return found


def _text(answer: Any, key: str) -> str:
    found = answer.get(key) if isinstance(answer, dict) else None
    return found[:200] if isinstance(found, str) else ""


def _positive(answer: Any, key: str) -> int:
    found = answer.get(key) if isinstance(answer, dict) else None
    return found if isinstance(found, int) and found > 0 else 0
