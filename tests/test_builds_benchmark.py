"""benchmarks/builds.py: builds of llama.cpp by name, rates put together, and one small run on the tiny model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_gguf
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from builds import BUILDS, read_build, table, together

from summarizer.errors import ConfigError

FIGURES = ("prefill", "1", "2", "4", "8", "16", "32", "64", "deep prefill", "deep 32")


def row(build: str, number: int, rate: float, model: str = "m") -> dict[str, Any]:
    layouts = {"plain": dict.fromkeys(FIGURES, rate), "repacked": dict.fromkeys(FIGURES, 2 * rate)}
    return {"build": build, "model": model, "round": number, "layouts": layouts, "kernels": "k", "features": ["AVX2"]}


def test_a_build_is_known_or_has_its_flags() -> None:
    assert read_build("lto") == ("lto", BUILDS["lto"])
    assert read_build("both=-DGGML_LTO=ON '-DCMAKE_C_FLAGS=-O3 -g'") == (
        "both",
        ("-DGGML_LTO=ON", "-DCMAKE_C_FLAGS=-O3 -g"),
    )
    assert read_build("again=") == ("again", ())


@pytest.mark.parametrize("word", ["nonsense", "installed=-DX=1", "lto=-DX=1", "../out=-DX=1", "=-DX=1", "..="])
def test_other_names_are_refused(word: str) -> None:
    with pytest.raises(ConfigError):
        read_build(word)


def test_the_best_of_the_rounds_counts() -> None:
    rows = [row("installed", 1, 10.0), row("installed", 2, 5.0), row("lto", 1, 4.0), row("lto", 2, 15.0)]
    found = together(rows)
    assert found["installed", "m", "plain"]["8"] == (10.0, 1.0)
    assert found["lto", "m", "plain"]["8"] == (15.0, 1.5)
    assert found["lto", "m", "repacked"]["prefill"] == (30.0, 1.5)  # beside the same layout
    told = table(rows)
    assert "best of 2 rounds" in told
    assert "lto: k; AVX2" in told
    assert together([]) == {}


def test_models_are_set_beside_each_other() -> None:
    found = together([row("installed", 1, 10.0), row("installed", 1, 5.0, "copy"), row("lto", 2, 10.0)])
    assert found["installed", "copy", "plain"]["64"] == (5.0, 0.5)
    assert found["lto", "m", "plain"]["64"] == (10.0, 1.0)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "builds.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_small_run_on_the_tiny_model(tmp_path: Path) -> None:
    model = tiny_gguf.write_tiny_gguf(tmp_path / "tiny.gguf")
    arguments = [
        "rates",
        tmp_path,
        "--model",
        model,
        "--threads",
        1,
        "--rounds",
        1,
        "--record",
        tmp_path / "record.jsonl",
    ]
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    (measured,) = json.loads(done.stdout)
    assert (measured["build"], measured["model"], measured["round"]) == ("installed", "tiny", 1)
    assert measured["layouts"].keys() == {"plain", "repacked"}
    assert tuple(measured["layouts"]["plain"]) == FIGURES
    assert all(rate > 0 for layout in measured["layouts"].values() for rate in layout.values())
    again = run(*arguments, "--rounds", 0)
    assert again.returncode == 0, again.stderr
    assert "best of 1 rounds" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["make", "nowhere", "nonsense"], "nonsense: there are portable", 2),
        (["rates", "nowhere", "lto"], "no build lto in nowhere: benchmarks/builds.py make nowhere lto", 2),
        (["rates", "nowhere", "--rounds", "0"], "--rounds must be at least 1", 2),
        (["rates", "nowhere", "--model", "nobody"], "no model is called 'nobody'", 5),
    ],
)
def test_bad_input_gets_one_line(arguments: list[str], message: str, code: int) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
