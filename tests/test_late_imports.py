"""What is light stays light: no heavy library is loaded before a command needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "duckdb",
    "llama_cpp",
    "markdown_it",
    "math_core",
    "nh3",
    "numpy",
    "pymupdf",
    "pymupdf4llm",
    "rjieba",
    "sentence_transformers",
    "torch",
    "cryptography",
    "transformers",
    "arxiv",
    "requests",
    "lxml",
    "sqlite3",
    "urllib3",
    "summarizer.collect",
    "summarizer.kit",
)
PROGRAM = """
import sys
from summarizer.cli import main
code = main({arguments!r})
print("LOADED", *sorted(sys.modules.keys() & set({heavy!r})))
sys.exit(code)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["models", "fetch", "--help"],
        ["sql", "--help"],
        ["import-posts", "--help"],
        ["bundle", "pack", "--help"],
        ["keys", "new", "--help"],
        ["collect", "--help"],
        ["ledger", "--help"],
        ["kit", "build", "--help"],
        ["doctor", "--help"],
    ],
    ids=" ".join,
)
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    program = PROGRAM.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_the_probe_sees_what_is_loaded() -> None:
    program = "import duckdb\n" + PROGRAM.format(arguments=["--version"], heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "duckdb" in done.stdout.splitlines()[-1]
