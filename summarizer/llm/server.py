"""An engine behind an OpenAI-compatible server on your own network: llama-server, vLLM, Ollama and others.

The only module that opens a connection, and only to the address in the configuration: no proxies of the environment, no
redirects. Requests are sent from a few threads of the engine's own; the thread that drives the engine waits for none.

A request that got no answer (the server is away, busy or starting, or the connection broke) is sent again a few times.
That is no second try at a text: there was no answer to judge. Only the retry ladder asks anew after a bad one.
"""

from __future__ import annotations

import json
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from summarizer.config import server_url_fault
from summarizer.errors import ConfigError, ContextTooSmall, ModelError
from summarizer.llm.openai_chat import connection_reason, context_exceeded, error_reason, read_completion, request_body
from summarizer.llm.server_identity import Server, TokenCounter, identify, model_rows
from summarizer.records import Completion, EngineUse, Message, ModelInfo, Request

T = TypeVar("T")

_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 10.0  # for questions about the server itself and for counts, which can do without an answer
_LONGEST_PAUSE = 60.0  # seconds between two tries, also where the server asks for more
#: Tokens that a chat template may add to a short conversation: its marks, and a system text of its own.
_TEMPLATE_TOKENS = 256


class _Refused(ModelError):
    """The server answered that it will not, now or later."""

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class _Link:
    """HTTP to one address. Used by several threads."""

    def __init__(
        self, url: str, model: str, *, api_key: str, n_users: int, timeout_seconds: float, retries: int, pause: float
    ) -> None:
        from urllib3.connectionpool import connection_from_url

        parts = urlsplit(url)
        self.base = parts.path.rstrip("/") or "/v1"
        self.root = self.base.removesuffix("/v1")
        self.url = f"{parts.scheme}://{parts.netloc}{self.base}"
        self._names: tuple[str, ...] = ()
        self._model = model
        self._seconds = timeout_seconds
        self._retries = retries
        self._pause = pause
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        # a pool of one host: it can reach no other, and asks neither the environment nor a proxy
        self._pool = connection_from_url(self.url, maxsize=n_users, block=True)

    def close(self) -> None:
        self._pool.close()

    def list_models(self) -> list[dict[str, Any]]:
        """The models that the server names, none where it has no list. Raises ModelError as :meth:`ask` does."""
        never = threading.Event()
        try:
            rows = self.ask(f"{self.base}/models", None, model_rows, never.wait, most_seconds=_LOOK_SECONDS)
        except _Refused as error:
            if error.status != 404:
                raise
            return []
        self._names = tuple(str(row.get("id", "")) for row in rows)
        return rows

    def look(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a question that is asked once; None when there is none."""
        from urllib3.exceptions import HTTPError

        try:
            status, _, data = self._send(path, body, min(_LOOK_SECONDS, self._seconds))
            return json.loads(data) if status == 200 else None
        except (HTTPError, OSError, ValueError):
            return None

    def ask(
        self,
        path: str,
        body: dict[str, Any] | None,
        read: Callable[[Any], T],
        give_up: Callable[[float], bool],
        most_seconds: float = math.inf,
    ) -> T:
        """What ``read`` makes of the answer; it raises ValueError for one that is not whole.

        ``give_up`` waits for some seconds and says whether to stop trying. Raises ModelError.
        """
        from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

        seconds = min(self._seconds, most_seconds)
        for attempt in range(self._retries + 1):
            pause = min(self._pause * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1.0)
            try:
                status, headers, data = self._send(path, body, seconds)
                if status == 200:
                    return read(json.loads(data))
                if status not in _TRANSIENT:
                    raise self._refusal(path, status, headers.get("Location", ""), error_reason(data))
                fault = f"answers {status}: {error_reason(data)}"
                pause = _retry_after(headers.get("Retry-After", ""), pause)
            except SSLError as error:
                raise ModelError(
                    f"server {self.url} has no certificate that is trusted here ({error}): "
                    "name your authority's certificate in the variable SSL_CERT_FILE"
                ) from error
            except ReadTimeoutError:
                fault = f"gave no answer within {seconds:g} s (llm.server_timeout_seconds, llm.n_slots)"
            except (HTTPError, OSError) as error:
                fault = f"does not answer: {connection_reason(error)}"
            except ValueError as error:
                fault = f"answers {path} with something else than was asked for: {error}"
            if attempt == self._retries or give_up(pause):
                break
        raise ModelError(
            f"server {self.url} {fault} (tried {attempt + 1} times): "
            "look at the server, then run the same command again; what was answered is kept"
        )

    def _send(self, path: str, body: dict[str, Any] | None, seconds: float) -> tuple[int, Any, bytes]:
        from urllib3 import Timeout

        response = self._pool.urlopen(
            "GET" if body is None else "POST",
            path,
            body=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            headers=self._headers,
            redirect=False,
            retries=False,
            timeout=Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
        )
        return response.status, response.headers, response.data

    def _refusal(self, path: str, status: int, location: str, reason: str) -> _Refused:
        told = f"{status}: {reason}" if reason else str(status)
        if 300 <= status < 400:
            told = f"{status}, a redirect to {location[:100]!r}, which is not followed"
            remedy = "set llm.server_url to the address of the server itself"
        elif status in (401, 403):
            remedy = "put the server's key into the variable SUMMARIZER_API_KEY"
        elif status == 404:
            there = f" (it has {', '.join(self._names[:8])})" if self._names else ""
            remedy = f"set llm.model to a model of the server{there}, and llm.server_url to its API, which mostly ends in /v1"
        else:
            remedy = "look at the server's log: it must be able to run llm.model with such requests"
        line = f"server {self.url} refuses {path} for model {self._model!r} with {told}: {remedy}"
        return _Refused(line, status, reason)


@dataclass(eq=False, slots=True)
class _Call:
    """One request on its way. ``abandoned``: nobody waits for its answer any more."""

    request: Request
    abandoned: bool = False


class ServerEngine:
    """An :class:`~summarizer.llm.engine.Engine` over a server. Made by :func:`open_server`.

    :meth:`poll` raises ContextTooSmall, and drops the request, when only the server could tell that it is too long; and
    ModelError when the server refuses or no longer answers: after every other answer under way was given back, and with
    the requests kept, so that a later poll sends them again.
    """

    def __init__(self, link: _Link, info: ModelInfo, server: Server, *, n_ctx: int, n_slots: int) -> None:
        self._link = link
        self._info = replace(info, file_name=link.url, description=server.use.described)
        self._server = server
        self._n_ctx = server.n_ctx or n_ctx
        self._n_slots = n_slots
        self._counter = TokenCounter(link, server.kind, info.name)
        self._waiting: dict[str, Request] = {}
        self._under_way: dict[str, _Call] = {}
        self._n_sent = 0  # calls in the hands of the threads, abandoned ones too
        self._finished: dict[str, Completion] = {}
        self._too_long: dict[str, ContextTooSmall] = {}
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[_Call, Completion | BaseException]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def model(self) -> ModelInfo:
        return self._info

    @property
    def use(self) -> EngineUse:
        """Which server it is, and what it says it serves."""
        return self._server.use

    @property
    def n_ctx(self) -> int:
        return self._n_ctx

    @property
    def n_waiting(self) -> int:
        return len(self._waiting) + len(self._under_way) + len(self._finished) + len(self._too_long)

    def count_tokens(self, text: str) -> int:
        """As the server counts them; by rule where it does not (see :func:`openai_chat.estimate_tokens`)."""
        return self._counter.count_text(text)

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return self._counter.count_prompt(messages)

    def prepare(self, chats: Sequence[Sequence[Message]]) -> None:
        """Nothing: what a server keeps of earlier prompts is its own affair."""

    def submit(self, request: Request) -> None:
        """As the protocol says. A grammar goes to llama-server only; elsewhere the prompt's words alone ask for the form."""
        name = request.request_id
        if name in self._waiting or name in self._under_way or name in self._finished or name in self._too_long:
            raise ValueError(f"request {name} is already under way")
        # no token is shorter than a byte: most requests are known to fit without asking the server
        n_most = sum(len(m.content.encode()) for m in request.messages) + _TEMPLATE_TOKENS + request.sampling.max_tokens
        if n_most > self._n_ctx:
            needed = self.count_prompt_tokens(request.messages) + request.sampling.max_tokens
            if needed > self._n_ctx:
                raise ContextTooSmall(name, needed, self._n_ctx)
        self._waiting[name] = request
        self._send()

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        deadline = time.monotonic() + max_seconds
        self._send()
        while (self._under_way or self._waiting) and not (self._finished or self._too_long):
            if self._failure is not None and not self._under_way:
                break
            try:
                self._take(*self._outcomes.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        while not self._outcomes.empty():
            self._take(*self._outcomes.get())
        if self._finished:
            finished = list(self._finished.values())
            self._finished.clear()
            return finished
        if self._too_long:
            raise self._too_long.pop(next(iter(self._too_long)))
        if self._failure is not None and not self._under_way:
            failure, self._failure = self._failure, None
            self._stop.clear()
            raise failure
        return []

    def cancel(self, request_id: str) -> None:
        """Drop a request. One that was sent goes on at the server, and its place is free when it ends."""
        self._waiting.pop(request_id, None)
        self._finished.pop(request_id, None)
        self._too_long.pop(request_id, None)
        call = self._under_way.pop(request_id, None)
        if call is not None:
            call.abandoned = True

    def close(self) -> None:
        """Drop everything. Returns at once; the connections of calls that still run end with the process or their answer."""
        for name in [*self._waiting, *self._under_way, *self._finished, *self._too_long]:
            self.cancel(name)
        self._stop.set()
        for _ in self._threads:
            self._calls.put(None)
        self._threads.clear()
        self._link.close()

    def _send(self) -> None:
        """Hand over what waits, as far as there is room. After a failure nothing more is sent until it was raised."""
        while self._waiting and self._n_sent < self._n_slots and self._failure is None:
            name = next(iter(self._waiting))
            call = self._under_way[name] = _Call(self._waiting.pop(name))
            self._n_sent += 1
            self._calls.put(call)
            if len(self._threads) < self._n_sent:
                # not an executor's threads: those are waited for when the program ends, an answer for minutes
                self._threads.append(threading.Thread(target=self._work, name="server call", daemon=True))
                self._threads[-1].start()

    def _take(self, call: _Call, outcome: Completion | BaseException) -> None:
        self._n_sent -= 1
        name = call.request.request_id
        if not call.abandoned:
            del self._under_way[name]
            if isinstance(outcome, Completion):
                self._finished[name] = outcome
            elif isinstance(outcome, ContextTooSmall):
                self._too_long[name] = outcome
            else:
                self._failure = self._failure or outcome
                self._waiting = {name: call.request} | self._waiting
                self._stop.set()  # calls under way may still be answered, but are not tried again
        self._send()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            outcome: Completion | BaseException
            try:
                outcome = self._complete(call)
            except BaseException as error:  # noqa: BLE001 - the driving thread raises it; lost here, it would wait forever
                outcome = error
            self._outcomes.put((call, outcome))

    def _complete(self, call: _Call) -> Completion:
        request, started = call.request, time.monotonic()
        try:
            return self._link.ask(
                f"{self._link.base}/chat/completions",
                request_body(request, self._info.name, self._server.kind),
                lambda answer: read_completion(request, answer, time.monotonic() - started),
                lambda seconds: self._stop.wait(seconds) or call.abandoned,
            )
        except _Refused as error:
            numbers = context_exceeded(error.reason, request.sampling.max_tokens)
            if error.status in (400, 413, 422) and numbers is not None:
                raise ContextTooSmall(request.request_id, *numbers) from error
            raise


def open_server(
    info: ModelInfo,
    *,
    url: str,
    api_key: str = "",
    n_ctx: int = 8192,
    n_slots: int = 16,
    timeout_seconds: float = 600.0,
    retries: int = 5,
    pause_seconds: float = 1.0,
) -> ServerEngine:
    """Ask a server what it is.

    Args:
        info: what :func:`describe_server` says; its name is the model asked for.
        url: where its API is; ``/v1`` is added to an address without a path.
        n_ctx: tokens of one request, prompt and answer together, for servers that do not say.
        n_slots: requests that are sent at the same time.
        timeout_seconds: the longest wait for one answer.
        retries: how often a request without an answer is sent again, ``pause_seconds`` later, then twice that and so on.

    Raises:
        ConfigError: the address is none.
        ModelError: nothing answers there, or it refuses.
    """
    if fault := server_url_fault(url):
        raise ConfigError(f"llm.server_url: {fault}")
    link = _Link(
        url,
        info.name,
        api_key=api_key.strip(),
        n_users=n_slots + 1,  # the calls, and the driving thread's questions
        timeout_seconds=timeout_seconds,
        retries=retries,
        pause=pause_seconds,
    )
    try:
        rows = link.list_models()
        return ServerEngine(link, info, identify(link, rows, info.name), n_ctx=n_ctx, n_slots=n_slots)
    except BaseException:
        link.close()
        raise


def _retry_after(header: str, otherwise: float) -> float:
    """Seconds that a server asks to wait, at most ``_LONGEST_PAUSE``."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util.retry import Retry

    try:
        return min(Retry().parse_retry_after(header), _LONGEST_PAUSE) if header else otherwise
    except InvalidHeader:
        return otherwise
