"""Bundle to post with no network: every socket is refused in the process and in its children.

Python code is stopped by an audit hook that each process loads (tests/no_network); where the system allows it, the
processes also live in a network namespace with no interface, which stops native code as well.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import batch
import pytest
import sample_day
from batch import Place

GUARD = Path(__file__).parent / "no_network"


@functools.cache
def _in_no_network() -> tuple[str, ...]:
    """The words before a command that take its network away; empty where the system does not let us."""
    for words in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        if (
            shutil.which(words[0])
            and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return words
    return ()


def _run(command: list[str], log: Path) -> subprocess.CompletedProcess[str]:
    environment = batch.environment([GUARD], NO_NETWORK_LOG=str(log))
    # what a user may have set to go offline must not be what keeps us offline
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        environment.pop(name, None)
    return subprocess.run([*_in_no_network(), *command], capture_output=True, text=True, env=environment, check=False)


def _assert_untouched(log: Path) -> None:
    lines = log.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("refused")] == []
    assert sum("summarizer.pdf.worker" in line for line in lines) >= 1, "the guard did not reach the child processes"


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('export.arxiv.org', 443)",
        "socket.socket()",
        "__import__('urllib.request').request.urlopen('http://192.0.2.1/', timeout=1)",
    ],
)
def test_the_guard_refuses_and_takes_note(attempt: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = _run([sys.executable, "-c", f"import socket; {attempt}"], log)
    assert done.returncode != 0
    assert "refused socket." in log.read_text(encoding="utf-8")


def test_the_guard_reaches_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'])"
    assert _run([sys.executable, "-c", program], log).returncode == 0
    assert "refused socket." in log.read_text(encoding="utf-8")


def test_a_day_needs_no_network(tmp_path: Path) -> None:
    files = sample_day.write_day(tmp_path / "files")
    bundle = sample_day.pack_day(files, tmp_path / "bundle")
    place = batch.make_place(tmp_path / "place")
    done = _run(place.command("run", bundle, "--out", place.site), tmp_path / "log")
    assert done.returncode == 10, done.stderr
    assert Path(done.stdout.strip()).is_file()
    _assert_untouched(tmp_path / "log")


@pytest.mark.model
def test_real_models_need_no_network(tmp_path: Path, small_model: Path, embedder_folder: Path) -> None:
    bundle = sample_day.pack_day(sample_day.write_brief_paper(tmp_path / "paper"), tmp_path / "bundle")
    config = '[llm]\nmodel = "small"\n[generate]\nmax_attempts = 1\n'
    place = batch.make_place(tmp_path / "place", config)
    command = [*place.command("run", bundle, "--out", place.site), "--models", str(small_model.parent)]
    done = _run(command, tmp_path / "log")
    assert done.returncode in (0, 10), done.stderr
    _assert_untouched(tmp_path / "log")
    (path,) = done.stdout.splitlines()
    assert "Closing a Database File Between Batches" in Path(path).read_text(encoding="utf-8")
    assert embedder_folder.is_dir()
    assert place.sql("SELECT extractor FROM document") == [("pymupdf4llm-layout",)]
    models = {row[0]: row[1] for row in place.sql("SELECT name, model_sha256 FROM model")}
    assert len(models) == 2
    _assert_answers(place, set(models.values()))


def _assert_answers(place: Place, models: set[str]) -> None:
    """The real encoder and the real model did the work, and what is in the post passed every hard check."""
    assert {row[0] for row in place.sql("SELECT model_sha256 FROM embedding")} <= models
    completions = place.sql("SELECT model_sha256, messages, prompt_tokens, completion_tokens FROM completion")
    assert completions
    for sha256, messages, prompt_tokens, completion_tokens in completions:
        assert sha256 in models
        assert json.loads(messages)
        assert prompt_tokens > 0
        assert completion_tokens > 0
    tasks = {task for (task,) in place.sql("SELECT task FROM attempt")}
    assert tasks == {"translation", "background", "method", "results"}
    published = place.sql(
        "SELECT count(*) FROM post_text JOIN check_result USING (attempt_id) WHERE severity = 'hard' AND NOT passed"
    )
    assert published == [(0,)]
