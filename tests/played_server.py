"""A real HTTP server on this machine that plays llama-server, vLLM or Ollama, with the faults a test asks for."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from summarizer.llm.fake import stock_sentences
from summarizer.records import Message, Request, Sampling
from summarizer.summarize.terms import copy_terms

MODEL = "qwen-test"
N_CTX = 4096


class Handler(BaseHTTPRequestHandler):
    """Hands everything to the server it belongs to."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet: its second half would wait for the first one's receipt
    server: PlayedServer

    def do_GET(self) -> None:
        self.server.serve(self, None)

    def do_POST(self) -> None:
        self.server.serve(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, answer: object, status: int = 200, **headers: str) -> None:
        """An answer in JSON; bytes are sent as they are."""
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def break_off(self) -> None:
        """Half an answer, and the connection closed."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [')
        self.wfile.flush()
        self.close_connection = True


Fault = Callable[[Handler], None]


class PlayedServer(ThreadingHTTPServer):
    """``faults`` are used up by chat requests, one each, in order; after them every request is answered."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, kind: str, answer: Callable[[dict[str, Any]], str] = lambda body: "答案。") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kind = kind
        self.answer = answer
        self.faults: deque[Fault] = deque()
        self.usage: dict[str, Any] | None = {"prompt_tokens": 20, "completion_tokens": 3}
        self.finish_reason: str | None = "stop"
        self.open = threading.Event()  # answers wait for it
        self.open.set()
        self.seen: list[tuple[str, Any]] = []  # path and body
        self.keys: set[str | None] = set()
        self.n_active = self.most_active = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def chats(self) -> list[dict[str, Any]]:
        return [body for path, body in self.seen if path.endswith("/chat/completions")]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.002)

    def serve(self, handler: Handler, body: Any) -> None:
        path = handler.path.partition("?")[0]
        with self._lock:
            self.seen.append((path, body))
            self.keys.add(handler.headers["Authorization"])
        if path == "/v1/chat/completions":
            self._chat(handler, body)
            return
        found = self._look(path, body)
        handler.reply({"error": {"message": "not found"}}, 404) if found is None else handler.reply(found)

    def _chat(self, handler: Handler, body: dict[str, Any]) -> None:
        with self._lock:
            self.n_active += 1
            self.most_active = max(self.most_active, self.n_active)
            fault = self.faults.popleft() if self.faults else None
        try:
            self.open.wait()
            if fault is not None:
                fault(handler)
                return
            message = {"role": "assistant", "content": self.answer(body)}
            answer = {"choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}]}
            if self.usage is not None:
                answer["usage"] = self.usage
        finally:
            with self._lock:  # before the answer is out: its reader may send the next request at once
                self.n_active -= 1
        handler.reply(answer)

    def _look(self, path: str, body: Any) -> Any:
        text = "" if body is None else str(body.get("content") or body.get("prompt") or "")
        if self.kind == "llama-server":
            return {
                "/v1/models": {"data": [{"id": MODEL, "owned_by": "llamacpp"}]},
                "/props": {
                    "default_generation_settings": {"n_ctx": N_CTX},
                    "model_path": "/models/qwen.gguf",
                    "build_info": "b1234-abc",
                },
                "/tokenize": {"tokens": list(range(len(text)))},
                "/apply-template": body and {"prompt": "".join(f"<{m['content']}>" for m in body.get("messages", []))},
            }.get(path)
        if self.kind == "vLLM":
            messages = [] if body is None else body.get("messages", [])
            n_tokens = len(text) + sum(len(m["content"]) for m in messages)
            return {
                "/v1/models": {"data": [{"id": MODEL, "owned_by": "vllm", "root": "org/qwen", "max_model_len": N_CTX}]},
                "/version": {"version": "0.11.0"},
                "/tokenize": {"count": n_tokens, "tokens": list(range(n_tokens))},
            }.get(path)
        if self.kind == "Ollama":
            return {
                "/v1/models": {"data": [{"id": f"{MODEL}:latest", "owned_by": "library"}]},
                "/api/version": {"version": "0.12.3"},
                "/api/tags": {"models": [{"name": f"{MODEL}:latest", "digest": "d1ge57"}]},
            }.get(path)
        return None


def status(code: int, message: str = "no", **headers: str) -> Fault:
    return lambda handler: handler.reply({"error": {"message": message}}, code, **headers)


def stock_answer(body: dict[str, Any]) -> str:
    """The fake engine's sentences for a chat request, with the terms of its last message."""
    messages = tuple(Message(m["role"], m["content"]) for m in body["messages"])
    terms = copy_terms(messages[-1].content)
    return stock_sentences(Request("", messages, Sampling(seed=body["seed"]), terms))


@contextmanager
def playing(kind: str = "llama-server", **settings: Any) -> Iterator[PlayedServer]:
    server = PlayedServer(kind, **settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
