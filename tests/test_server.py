"""The engine over a server on the network: against a real HTTP server on this machine that plays the known ones."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import batch
import pytest
import sample_day
from played_server import MODEL, N_CTX, PlayedServer, playing, status, stock_answer

from summarizer.config import Config, read_config, server_url_fault
from summarizer.errors import ConfigError, ContextTooSmall, ModelError
from summarizer.ids import content_hash
from summarizer.llm.openai_chat import (
    context_exceeded,
    error_reason,
    estimate_tokens,
    read_completion,
    request_body,
)
from summarizer.llm.provenance import engine_use
from summarizer.llm.server import ServerEngine, _retry_after, open_server
from summarizer.llm.server_identity import describe_server
from summarizer.records import Completion, EngineUse, Message, Request, Sampling
from summarizer.summarize.jobs import JobRunner, Steps

KINDS = ("llama-server", "vLLM", "Ollama", "plain")
LOOP = "模型的训练过程很长。" * 60


def ask(name: str, text: str = "Translate this.", **sampling: Any) -> Request:
    terms = sampling.pop("copy_terms", None)
    return Request(name, (Message("system", "S"), Message("user", text)), Sampling(**sampling), terms)


@contextmanager
def opened(server: PlayedServer, **settings: Any) -> Iterator[ServerEngine]:
    settings = {"n_slots": 4, "pause_seconds": 0.001, "timeout_seconds": 30.0, "retries": 3, **settings}
    engine = open_server(describe_server(MODEL, server.url), url=server.url, **settings)
    try:
        yield engine
    finally:
        engine.close()


def collect(engine: ServerEngine, found: list[Completion]) -> None:
    """Poll until nothing is waiting; what came before an error is in ``found``."""
    while engine.n_waiting:
        found += engine.poll()


def drain(engine: ServerEngine) -> list[Completion]:
    found: list[Completion] = []
    collect(engine, found)
    return found


# --- what is sent and read, without a network -----------------------------------------------------------------------


def test_sampling_is_sent_as_each_server_writes_it() -> None:
    request = ask("r", temperature=0.3, top_p=0.9, min_p=0.1, repeat_penalty=1.05, seed=7, max_tokens=64, stop=("。",))
    common = {
        "model": "m",
        "temperature": 0.3,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 64,
        "stop": ["。"],
        "stream": False,
    }
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "Translate this."}]
    bodies = {kind: request_body(request, "m", kind) for kind in ("llama-server", "vLLM", "Ollama", "server")}
    for body in bodies.values():
        assert {key: body.pop(key) for key in common} == common
        assert body.pop("messages") == messages
    assert bodies["llama-server"] == {"top_k": 0, "min_p": 0.1, "repeat_penalty": 1.05}
    assert bodies["vLLM"] == {"top_k": -1, "min_p": 0.1, "repetition_penalty": 1.05}
    assert bodies["Ollama"] == {}
    assert bodies["server"] == {"min_p": 0.1, "repeat_penalty": 1.05, "repetition_penalty": 1.05}


def test_defaults_are_sent_only_where_the_server_has_others() -> None:
    plain = request_body(ask("r"), "m", "server")
    assert {"min_p", "repeat_penalty", "repetition_penalty", "stop", "grammar", "top_k"}.isdisjoint(plain)
    assert request_body(ask("r"), "m", "llama-server")["min_p"] == 0.0


def test_copy_terms_become_a_grammar_only_for_llama_server() -> None:
    request = ask("r", copy_terms=("VoiceBank",))
    assert "root ::=" in request_body(request, "m", "llama-server")["grammar"]
    for kind in ("vLLM", "Ollama", "server"):
        assert "grammar" not in request_body(request, "m", kind)
    assert "grammar" not in request_body(ask("r"), "m", "llama-server")


def test_a_grammar_of_the_prompt_goes_to_llama_server_alone() -> None:
    request = replace(ask("r", copy_terms=("VoiceBank",)), grammar='root ::= "是" | "否"')
    assert request_body(request, "m", "llama-server")["grammar"] == request.grammar
    for kind in ("vLLM", "Ollama", "plain"):
        with playing(kind) as server, opened(server) as engine:
            engine.submit(request)
            assert len(drain(engine)) == 1
            assert all("grammar" not in body for body in server.chats)


def _answer(text: str | None, reason: str | None, **usage: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "finish_reason": reason}], **({"usage": usage} if usage else {})}


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        ("好。", "stop", "stop"),
        ("好", "length", "length"),
        (LOOP, "length", "loop"),
        (LOOP, "stop", "stop"),
        ("好", "repetition", "loop"),
        ("好", "content_filter", "cancelled"),
        ("好", "abort", "cancelled"),
        ("好", None, "cancelled"),
    ],
)
def test_reasons_to_finish(text: str, reason: str | None, expected: str) -> None:
    assert read_completion(ask("r"), _answer(text, reason), 1.5).finish_reason == expected


def test_usage_is_read_and_estimated_where_it_lacks() -> None:
    full = _answer("好", "stop", prompt_tokens=90, completion_tokens=2, prompt_tokens_details={"cached_tokens": 60})
    assert read_completion(ask("r"), full, 1.5) == Completion("r", "好", "stop", 90, 60, 2, 1.5)
    odd = _answer("好", "stop", prompt_tokens=None, completion_tokens=-1, prompt_tokens_details=None)
    for answer in (odd, _answer("好", "stop")):
        found = read_completion(ask("r"), answer, 1.5)
        assert (found.prompt_tokens, found.prompt_tokens_reused, found.completion_tokens) == (29, 0, 1)
    assert read_completion(ask("r"), _answer(None, "stop"), 0.0).text == ""


@pytest.mark.parametrize("answer", [{}, [], None, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "x"}]}])
def test_what_is_no_completion(answer: object) -> None:
    with pytest.raises(ValueError, match="no chat completion"):
        read_completion(ask("r"), answer, 0.0)


@pytest.mark.parametrize(
    ("reason", "numbers"),
    [
        ("request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it", (9512, 8192)),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, "
            "100 in the completion). Please reduce the length of the messages or completion.",
            (5000, 4096),
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 100. This model's maximum context length is 4096 tokens "
            "and your request has 4090 input tokens (100 > 4096 - 4090).",
            (4190, 4096),
        ),
        ("The decoder prompt (length 9000) is longer than the maximum model length of 8192.", (9100, 8192)),
        ("maximum context length is unknown", None),
        ("unknown field min_p", None),
    ],
)
def test_a_context_that_is_too_small_is_read_from_the_words(reason: str, numbers: tuple[int, int] | None) -> None:
    assert context_exceeded(reason, 100) == numbers


def test_error_answers() -> None:
    assert error_reason(b'{"error": {"message": "a\\n b"}}') == "a b"
    assert error_reason(b'{"error": "a"}') == error_reason(b'{"object": "error", "message": "a"}') == "a"
    assert error_reason(b'{"detail": [{"loc": 1}]}') == '[{"loc": 1}]'
    assert error_reason(b"<html>\nBad gateway</html>") == "<html> Bad gateway</html>"
    assert error_reason(b"\xff" * 900).endswith(" ...")


def test_the_estimate() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("We translate abstracts.") == 1 + 2 + 2 + 1
    assert estimate_tokens("词错误率 9.8%") == 4 + 4


def test_how_long_a_server_may_ask_to_wait() -> None:
    assert _retry_after("3", 1.0) == 3.0
    assert _retry_after("86400", 1.0) == 60.0
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT", 1.0) == 0.0
    assert _retry_after("soon", 1.0) == _retry_after("", 1.0) == 1.0


# --- who answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "use", "n_ctx"),
    [
        ("llama-server", EngineUse("server", "llama-server b1234-abc", "qwen.gguf"), N_CTX),
        ("vLLM", EngineUse("server", "vLLM 0.11.0", "org/qwen"), N_CTX),
        ("Ollama", EngineUse("server", "Ollama 0.12.3", "d1ge57"), 2000),
        ("plain", EngineUse("server", "server"), 2000),
    ],
)
def test_a_server_is_recognised(kind: str, use: EngineUse, n_ctx: int) -> None:
    with playing(kind) as server, opened(server, n_ctx=2000) as engine:
        assert engine.use == engine_use(engine, "server") == use
        assert engine.n_ctx == n_ctx
        assert engine.model.name == MODEL
        assert (
            engine.model.sha256 == content_hash({"server_model": MODEL}) == describe_server(MODEL, "elsewhere").sha256
        )
        assert engine.model.file_name == server.url
        assert use.engine_version in engine.model.description


def test_other_engines_have_a_version_too() -> None:
    from summarizer.llm.fake import FakeEngine

    assert re.fullmatch(r"llama-cpp-python \d+\.\d+\S*", engine_use(FakeEngine(), "llama").engine_version)
    assert engine_use(FakeEngine(), "fake") == EngineUse("fake", "")


@pytest.mark.parametrize(
    ("path", "base"), [("", "/v1"), ("/", "/v1"), ("/v1", "/v1"), ("/v1/", "/v1"), ("/llm/v1", "/llm/v1")]
)
def test_the_address_may_be_written_in_short(path: str, base: str) -> None:
    with playing() as server:
        root = server.url.removesuffix("/v1")
        open_server(describe_server(MODEL, ""), url=root + path).close()
        assert server.seen[0][0] == f"{base}/models"
        assert server.seen[1][0] == f"{base.removesuffix('/v1')}/props"


@pytest.mark.parametrize(
    ("kind", "n_text", "n_prompt"), [("llama-server", 5, 10), ("vLLM", 5, 6), ("Ollama", 1, 2 + 24)]
)
def test_tokens_are_counted_by_the_server_or_by_rule(kind: str, n_text: int, n_prompt: int) -> None:
    with playing(kind) as server, opened(server) as engine:
        assert engine.count_tokens("words") == engine.count_tokens("words") == n_text
        assert engine.count_prompt_tokens((Message("system", "S"), Message("user", "words"))) == n_prompt
        n_asked = sum(path == "/tokenize" for path, _ in server.seen)
        assert n_asked == (0 if kind == "Ollama" else 2)  # a text is counted once


def test_counting_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing() as server, opened(server) as engine:
        server.kind = "plain"
        assert engine.count_prompt_tokens((Message("user", "words"),)) == 1 + 16
        n_seen = len(server.seen)
        assert engine.count_tokens("words") == 1
        assert len(server.seen) == n_seen  # and is not tried again


def test_what_cannot_fit_is_refused_before_it_is_sent() -> None:
    with playing() as server, opened(server) as engine:
        with pytest.raises(ContextTooSmall) as caught:
            engine.submit(ask("r", "x" * 4090, max_tokens=10))
        assert (caught.value.needed, caught.value.available) == (4090 + 2 + 3 + 10, N_CTX)
        engine.submit(ask("r", "x" * 4080, max_tokens=10))
        assert [c.request_id for c in drain(engine)] == ["r"]
        assert len(server.chats) == 1


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_many_requests_each_get_their_own_answer(kind: str) -> None:
    with playing(kind, answer=lambda body: body["messages"][-1]["content"][::-1]) as server, opened(server) as engine:
        for n in range(120):
            engine.submit(ask(f"r{n}", f"text {n}"))
        assert engine.n_waiting == 120
        found = {c.request_id: c.text for c in drain(engine)}
        assert found == {f"r{n}": f"text {n}"[::-1] for n in range(120)}
        assert engine.poll() == []
        assert 1 <= server.most_active <= 4
        engine.submit(ask("twice"))
        with pytest.raises(ValueError, match="already under way"):
            engine.submit(ask("twice"))
        drain(engine)


def test_as_many_as_there_are_slots_are_sent_and_no_more() -> None:
    with playing() as server, opened(server, n_slots=3) as engine:
        server.open.clear()
        for n in range(10):
            engine.submit(ask(f"r{n}"))
        server.wait_for(lambda: server.n_active == 3)
        assert engine.poll(0.02) == []
        assert engine.count_tokens("words") == 5  # while all places are taken
        assert len(server.chats) == 3
        server.open.set()
        assert len(drain(engine)) == 10
        assert server.most_active == 3


def test_a_cancelled_request_is_not_given_back() -> None:
    with playing() as server, opened(server, n_slots=2) as engine:
        server.open.clear()
        for n in range(4):
            engine.submit(ask(f"r{n}"))
        server.wait_for(lambda: server.n_active == 2)
        for name in ("r0", "r3", "unknown"):
            engine.cancel(name)
        assert engine.n_waiting == 2
        engine.submit(ask("r0", "again"))  # while the first one is still at the server
        server.open.set()
        assert sorted(c.request_id for c in drain(engine)) == ["r0", "r1", "r2"]
        assert sorted(body["messages"][-1]["content"] for body in server.chats) == ["Translate this."] * 3 + ["again"]
        assert server.most_active == 2
        engine.submit(ask("done"))
        server.wait_for(lambda: len(server.chats) == 5)
        engine.cancel("done")
        assert engine.n_waiting == 0


def test_the_key_is_sent_with_every_question() -> None:
    with playing() as server, opened(server, api_key="s3cret\n") as engine:
        engine.count_tokens("words")
        engine.submit(ask("r"))
        drain(engine)
        assert server.keys == {"Bearer s3cret"}


def test_closing_waits_for_nothing() -> None:
    with playing() as server:
        server.open.clear()
        with opened(server) as engine:
            for n in range(9):
                engine.submit(ask(f"r{n}"))
            server.wait_for(lambda: server.n_active == 4)
        assert engine.n_waiting == 0
        assert engine.poll(0.01) == []
        engine.close()


def test_a_program_ends_while_a_call_is_under_way(tmp_path: Path) -> None:
    program = (
        "import sys; from summarizer.llm.server import open_server; from summarizer.llm.server_identity import *\n"
        "from summarizer.records import *\n"
        f"engine = open_server(describe_server({MODEL!r}, ''), url=sys.argv[1])\n"
        "engine.submit(Request('r', (Message('user', 'x'),), Sampling()))\n"
        "sys.stdin.readline()"
    )
    with playing() as server:
        server.open.clear()
        with subprocess.Popen(
            [sys.executable, "-c", program, server.url], stdin=subprocess.PIPE, env=batch.environment(), text=True
        ) as process:
            server.wait_for(lambda: server.n_active == 1)
            process.communicate("\n", timeout=60)
        assert process.returncode == 0


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        status(429, "slow down", Retry_After="0"),
        status(503, "Loading model"),
        status(500),
        status(502),
        lambda handler: handler.break_off(),
        lambda handler: handler.reply(b"<html>busy</html>"),
        lambda handler: handler.reply({"choices": []}),
        lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
    ],
    ids=["429", "503", "500", "502", "cut", "garbage", "no completion", "closed"],
)
def test_a_passing_fault_is_survived(fault: Any) -> None:
    with playing() as server, opened(server) as engine:
        server.faults.extend([fault] * 3)
        engine.submit(ask("r"))
        assert [(c.request_id, c.text) for c in drain(engine)] == [("r", "答案。")]
        assert len(server.chats) == 4


def test_a_slow_answer_is_not_waited_for_for_ever() -> None:
    with playing() as server, opened(server, timeout_seconds=0.1, retries=1) as engine:
        server.open.clear()
        engine.submit(ask("r"))
        with pytest.raises(ModelError, match=r"gave no answer within 0.1 s .*tried 2 times"):
            drain(engine)
        server.open.set()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(503, "Loading model"), r"answers 503: Loading model \(tried 4 times\): look at the server"),
        (status(429, "slow down", Retry_After="0"), r"answers 429: slow down \(tried 4 times\)"),
        (lambda handler: handler.break_off(), r"does not answer: .*IncompleteRead.*tried 4 times"),
        (lambda handler: handler.reply(b"<html>busy</html>"), r"something else than was asked for: .*tried 4 times"),
        (
            status(404, "no such model"),
            r"refuses .* for model 'qwen-test' with 404: no such model: set llm.model .*\(it has qwen-test\)",
        ),
        (status(401, "invalid key"), r"401: invalid key: put the server's key into the variable SUMMARIZER_API_KEY"),
        (status(400, "bad field"), r"400: bad field: look at the server's log"),
        (status(422, "bad field"), r"422: bad field: look at the server's log"),
        (status(302, Location="http://192.0.2.1/"), r"302, a redirect to 'http://192.0.2.1/', which is not followed"),
    ],
    ids=["503", "429", "cut", "garbage", "404", "401", "400", "422", "redirect"],
)
def test_a_lasting_fault_is_one_clear_line_and_loses_nothing(fault: Any, words: str) -> None:
    with playing() as server, opened(server, n_slots=2) as engine:
        engine.submit(ask("good"))
        server.wait_for(lambda: len(server.chats) == 1)
        server.faults.extend([fault] * 8)  # for both that are sent next, with their tries
        for n in range(3):
            engine.submit(ask(f"bad{n}"))
        found: list[Completion] = []
        with pytest.raises(ModelError, match=words) as caught:
            collect(engine, found)
        assert [c.request_id for c in found] == ["good"]
        line = str(caught.value)
        assert line.startswith(f"server {server.url} ")
        assert "\n" not in line
        assert caught.value.exit_code == 5
        assert engine.n_waiting == 3
        server.faults.clear()
        assert sorted(c.request_id for c in drain(engine)) == ["bad0", "bad1", "bad2"]


def test_what_is_under_way_is_still_taken_after_a_failure() -> None:
    with playing() as server, opened(server, n_slots=2) as engine:
        server.open.clear()
        server.faults.append(lambda handler: (server.open.wait(), handler.reply({}, 400))[0])
        engine.submit(ask("bad"))
        server.wait_for(lambda: server.n_active == 1)
        engine.submit(ask("good"))
        engine.submit(ask("later"))
        server.wait_for(lambda: server.n_active == 2)
        server.open.set()
        found: list[Completion] = []
        with pytest.raises(ModelError):
            collect(engine, found)
        assert [c.request_id for c in found][:1] == ["good"]
        assert engine.n_waiting == 3 - len(found)


def test_nothing_listens() -> None:
    with playing() as server:
        url = server.url
    with pytest.raises(
        ModelError, match=rf"server {url} does not answer: .*Connection refused \(tried 2 times\)"
    ) as caught:
        open_server(describe_server(MODEL, url), url=url, retries=1, pause_seconds=0.001)
    assert "object at" not in str(caught.value)
    assert "HTTPConnection" not in str(caught.value)


def test_a_request_that_only_the_server_finds_too_long_is_dropped_alone() -> None:
    words = "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it"
    with playing() as server, opened(server, n_slots=1) as engine:
        server.faults.append(status(400, words))
        engine.submit(ask("long", max_tokens=100))
        engine.submit(ask("short"))
        found: list[Completion] = []
        with pytest.raises(ContextTooSmall) as caught:
            collect(engine, found)
        assert (caught.value.request_id, caught.value.needed, caught.value.available) == ("long", 5100, 4096)
        assert [c.request_id for c in [*found, *drain(engine)]] == ["short"]


def test_a_job_hears_of_a_request_that_was_too_long() -> None:
    def job(*names: str) -> Steps[str]:
        try:
            answers = yield [ask(name) for name in names]
        except ContextTooSmall as error:
            return f"{error.request_id} too long"
        return "".join(c.text for c in answers)

    words = "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens."
    with playing("vLLM") as server, opened(server, n_slots=1) as engine:
        server.faults.append(status(400, words))
        runner: JobRunner[str] = JobRunner(engine, jobs_in_flight=3)
        results = list(runner.run([job("long", "other"), job("long"), job("short")]))
        assert sorted(results) == ["long too long", "long too long", "答案。"]
        assert engine.n_waiting == 0


# --- configuration --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "10.0.0.5:8080", "ftp://host/v1", "http://", "http:///v1", "http://host:99999/v1", "http://[::1", "http://a b/",
     "http://host/v1?key=1", "http://host/v1#x", "file:///etc/passwd", "http://host:0/"],
)  # fmt: skip
def test_what_is_no_address(url: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[llm]\nengine = "server"\nserver_url = "{url}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.toml: llm\.server_url: .*e\.g\. http://") as caught:
        read_config(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"llm\.server_url"):
        open_server(describe_server(MODEL, url), url=url)
    path.write_text(f'[llm]\nserver_url = "{url}"\n', encoding="utf-8")  # not used: not looked at
    read_config(path)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    fault = server_url_fault("http://user:hunter2@host/v1")
    assert "SUMMARIZER_API_KEY" in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    "url", ["http://localhost:11434/v1", "https://llm.example/v1", "http://[::1]:8080", "http://10.0.0.5"]
)
def test_addresses(url: str) -> None:
    assert server_url_fault(url) == ""


# --- the whole way --------------------------------------------------------------------------------------------------

#: Found by every process of the run: writes down what leaves the process and what names it looks up, and lets it. (A bind
#: is none of that: urllib3 binds ::1 once to see whether there is IPv6.)
_WATCH = """
import os, sys
def _note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        what = arguments[1] if event == "socket.connect" else arguments[:2]
        with open(os.environ["WATCH_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{event} {what!r}\\n")
sys.addaudithook(_note)
with open(os.environ["WATCH_LOG"], "a", encoding="utf-8") as log:
    log.write("started\\n")
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = sample_day.write_day(tmp_path_factory.mktemp("files") / "day")
    return sample_day.pack_day(files, tmp_path_factory.mktemp("bundle"))


def _config(server_url: str) -> str:
    llm = f'[llm]\nengine = "server"\nmodel = "{MODEL}"\nserver_url = "{server_url}"\nn_slots = 4\nserver_retries = 1\n'
    return llm + '[embed]\nengine = "fake"\n[pdf]\nmax_layout_pages = 1\n'


def test_a_day_is_made_and_only_the_one_address_is_contacted(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(_WATCH, encoding="utf-8")
    log = tmp_path / "log"
    with playing("llama-server", answer=stock_answer) as server, playing("plain") as trap:
        place = batch.make_place(tmp_path / "place", _config(server.url))
        proxies = dict.fromkeys(
            ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), trap.url
        )
        environment = batch.environment(
            [tmp_path / "watch"],
            WATCH_LOG=str(log),
            SUMMARIZER_API_KEY="s3cret-key",
            NO_PROXY="",
            no_proxy="",
            **proxies,
        )
        done = subprocess.run(
            place.command("run", bundle, "--out", place.site),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert done.returncode == 10, done.stderr  # the day has papers without a readable file
        assert trap.seen == []
        assert server.keys == {"Bearer s3cret-key"}
        assert 1 <= server.most_active <= 4
        assert all("grammar" in body for body in server.chats)
        n_chats = len(server.chats)
        address, port = server.server_address[:2]
    to = repr((address, port))
    assert set(log.read_text(encoding="utf-8").splitlines()) == {
        "started",
        f"socket.getaddrinfo {to}",
        f"socket.connect {to}",
    }

    (use,) = place.sql("SELECT run_id, model_sha256, engine, engine_version, served_model FROM model_use")
    sha256 = content_hash({"server_model": MODEL})
    assert use[1:] == (sha256, "server", "llama-server b1234-abc", "qwen.gguf")
    assert place.sql("SELECT name, file_name, n_bytes FROM model WHERE description LIKE 'llama-server%'") == [
        (MODEL, server.url, 0)
    ]
    assert place.sql("SELECT count(*), count(DISTINCT model_sha256), any_value(run_id) FROM completion") == [
        (n_chats, 1, use[0])
    ]
    assert {task for (task,) in place.sql("SELECT task FROM accepted_summary")} >= {"translation", "method"}
    assert b"s3cret-key" not in place.store.read_bytes()
    assert f"model {MODEL} at {server.url}: llama-server b1234-abc (qwen.gguf), {N_CTX} tokens a request" in done.stderr


def test_a_run_that_its_server_refuses_ends_with_5_and_goes_on_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = sample_day.pack_day(sample_day.write_brief_paper(tmp_path / "paper"), tmp_path / "bundle")
    with playing("vLLM", answer=stock_answer) as server:
        place = batch.make_place(tmp_path / "place", _config(server.url))
        server.faults.extend([status(400, "bad field")] * 4)
        assert place.run_day(bundle) == 5
        error = capsys.readouterr().err.splitlines()[-1]
        assert f"server {server.url} refuses" in error
        assert "bad field" in error
        server.faults.clear()
        code = place.run_day(bundle)
        assert code in (0, 10)
        assert place.sql("SELECT count(*) FROM accepted_summary WHERE task = 'translation'") == [(1,)]
        assert place.sql("SELECT DISTINCT engine_version FROM model_use") == [("vLLM 0.11.0",)]
    assert place.run_day(bundle) == code  # there is nothing to ask: no server is needed


def test_the_configuration_kept_with_a_run_holds_no_key() -> None:
    names = {name for section in Config().as_dict().values() for name in section}
    assert [name for name in names if "key" in name] == ["trusted_keys"], "public ones, no secret"
    assert "server_url" in names
    assert os.environ.get("SUMMARIZER_API_KEY") is None
    assert json.dumps(Config().as_dict())
