"""llama.cpp's own server as a contender: parallel slots, continuous batching and prompt caching, asked over HTTP.

It comes from the wheel ``xllamacpp`` (in this process, on a free port of this machine), or is a ``llama-server`` program
built by hand. The wheel is compiled for every x86-64 with AVX2, llama-cpp-python here for this very machine: on one with
AVX-512 the program is the fairer opponent.
"""

from __future__ import annotations

import http.client
import json
import re
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from summarizer.errors import ModelError

_SECONDS_TO_LOAD = 120.0
_SECONDS_TO_ANSWER = 3600.0
_AUTO_SLOTS = 4
Address = tuple[str, int]


def run_server(task: dict[str, Any], n_slots: int, n_ctx: int) -> tuple[dict[str, Any], int, float, float, int | None]:
    """Answers by request, prompt tokens reused, seconds, seconds to load; and the peak memory of a program of its own."""
    started = time.perf_counter()
    program = task["server_program"]
    opened = _program(program, task, n_slots, n_ctx) if program else _in_process(task, n_slots, n_ctx)
    with opened as (address, process):
        _ask(address, task["rows"][0]["tokens"][:8], 2)
        loaded = time.perf_counter()
        answers, n_reused = _answer_all(address, task, n_slots)
        seconds = time.perf_counter() - loaded
        memory = peak_memory(process.pid) if process is not None else None
    return answers, n_reused, seconds, loaded - started, memory


def _is_unified(task: dict[str, Any], n_slots: int) -> bool:
    """Whether all slots share one KV buffer. Of itself llama-server takes 4 slots and shares, else it does not."""
    return n_slots == _AUTO_SLOTS if task["server_kv"] == "default" else task["server_kv"] == "unified"


@contextmanager
def _in_process(task: dict[str, Any], n_slots: int, n_ctx: int) -> Iterator[tuple[Address, None]]:
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError("the server needs the package xllamacpp: pip install -e '.[bench]'") from error
    params = xllamacpp.CommonParams()
    params.model.path = task["model"]
    params.n_parallel = n_slots
    params.n_ctx = n_slots * n_ctx  # every slot may hold the longest request
    params.kv_unified = _is_unified(task, n_slots)
    params.cont_batching = True
    params.cache_prompt = True
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cpuparams.n_threads = task["n_threads"]
    params.cpuparams_batch.n_threads = task["n_threads"]
    params.n_threads_http = n_slots + 2
    params.verbosity = 0
    server = xllamacpp.Server(params)
    host, port = server.listening_address.rsplit("://", 1)[-1].rsplit(":", 1)
    yield (host, int(port)), None
    del server


@contextmanager
def _program(
    program: str, task: dict[str, Any], n_slots: int, n_ctx: int
) -> Iterator[tuple[Address, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options: dict[str, Any] = {
        "--model": task["model"],
        "--host": "127.0.0.1",
        "--port": port,
        "--parallel": n_slots,
        "--ctx-size": n_slots * n_ctx,
        "--threads": task["n_threads"],
        "--threads-batch": task["n_threads"],
        "--threads-http": n_slots + 2,
        "--gpu-layers": 0,
    }
    kv = "--kv-unified" if _is_unified(task, n_slots) else "--no-kv-unified"
    command = [program, kv, "--cont-batching", *(str(w) for pair in options.items() for w in pair)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise ModelError(f"{program} cannot be started: {error.strerror}") from error
    try:
        _wait_until_ready(("127.0.0.1", port), process)
        yield ("127.0.0.1", port), process
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(address: Address, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_LOAD
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ModelError(f"{process.args[0]} ended with code {process.returncode} before it was ready")  # type: ignore[index]
        try:
            connection = http.client.HTTPConnection(*address, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise ModelError(f"the server was not ready after {_SECONDS_TO_LOAD:.0f} s")


def cpu_features(system_info: str) -> list[str]:
    """Names of the instruction sets that a build of llama.cpp uses, out of its own line about them."""
    return sorted(re.findall(r"(\w+) = 1", system_info))


def peak_memory(process: int | None = None) -> int:
    """The most memory a process has had, in bytes: mapped pages of the model file count, as they do for everybody."""
    try:
        for line in Path(f"/proc/{process or 'self'}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _answer_all(address: Address, task: dict[str, Any], n_clients: int) -> tuple[dict[str, Any], int]:
    """As many clients as slots, each taking the next request in order."""
    waiting = iter(task["rows"])
    lock = threading.Lock()
    answers: dict[str, Any] = {}
    reused: list[int] = []
    failures: list[Exception] = []

    def client() -> None:
        while not failures:
            with lock:
                row = next(waiting, None)
            if row is None:
                return
            try:
                answer = _ask(address, row["tokens"], task["max_tokens"])
            except Exception as error:  # noqa: BLE001  # raised again in the main thread
                failures.append(error)
                return
            with lock:
                reused.append(answer.pop("reused"))
                answers[row["id"]] = answer

    clients = [threading.Thread(target=client) for _ in range(n_clients)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if failures:
        raise ModelError(f"the server failed: {failures[0]}") from failures[0]
    return answers, sum(reused)


def _ask(address: Address, tokens: list[int], max_tokens: int) -> dict[str, Any]:
    body = {
        "prompt": tokens,
        "n_predict": max_tokens,
        "temperature": 0.0,
        "top_k": 1,
        "samplers": ["top_k"],  # greedy, with as little work as the server can do for it
        "repeat_penalty": 1.0,
        "cache_prompt": True,
        "stream": False,
    }
    connection = http.client.HTTPConnection(*address, timeout=_SECONDS_TO_ANSWER)
    try:
        connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ModelError(f"the server answered {response.status}: {str(answer)[:200]}")
    timings = answer["timings"]
    ended = answer["stop_type"] == "eos"
    return {
        "prompt_tokens": timings["prompt_n"] + timings["cache_n"],
        "reused": timings["cache_n"],
        # the server counts the token that ends an answer
        "completion_tokens": timings["predicted_n"] - ended,
        "finish_reason": "stop" if ended else "length",
        "text": answer["content"],
    }
