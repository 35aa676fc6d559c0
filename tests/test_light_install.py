"""Each half works without the libraries of the other: ``pip install .[collect]`` and ``pip install .[offline]``."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import played_arxiv
import pytest

from summarizer.sums import write_sums

ROOT = Path(__file__).parent.parent
OFFLINE_MODULES = (
    "duckdb", "jinja2", "llama_cpp", "markdown_it", "math_core", "mdit_py_plugins", "nh3", "numpy", "psutil", "pymupdf",
    "pymupdf4llm", "rjieba", "sacrebleu", "sentence_transformers", "sentencex", "torch", "transformers", "yaml", "zhon",
)  # fmt: skip
COLLECT_MODULES = ("arxiv", "requests", "lxml")
#: Modules that the blocked list must name, for each requirement of an extra: the names differ for some.
MODULE_OF = {
    "llama-cpp-python": "llama_cpp", "markdown-it-py": "markdown_it", "math-core": "math_core",
    "mdit-py-plugins": "mdit_py_plugins", "pyyaml": "yaml", "sentence-transformers": "sentence_transformers",
}  # fmt: skip
PROGRAM = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
from summarizer.cli import main
sys.exit(main({arguments!r}))
"""


def _run(blocked: tuple[str, ...], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(blocked=blocked, arguments=arguments)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, check=False)


def test_the_lists_above_are_those_of_the_extras() -> None:
    extras = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    for extra, modules, shared in (("offline", OFFLINE_MODULES, {"urllib3"}), ("collect", COLLECT_MODULES, set())):
        for requirement in extras[extra]:
            name = requirement.partition(">")[0].partition("=")[0]
            assert MODULE_OF.get(name, name) in {*modules, *shared}, requirement  # requests needs urllib3 too


def test_collecting_needs_nothing_of_the_offline_half(tmp_path: Path) -> None:
    with played_arxiv.playing("2026-03-20T00:00:00") as server:
        server.add("2603.00001", "2026-03-04T12:00:00")
        tmp_path.joinpath("config.toml").write_text(
            f'[collect]\napi_url = "{server.address}/api"\nfeed_url = ""\ndelay_seconds = 0\n'
            f'pdf_urls = ["{server.address}/pdf/{{id}}v{{version}}"]\n',
            encoding="utf-8",
        )
        done = _run(OFFLINE_MODULES, "collect", "--categories", "cs.SD", "--date", "2026-03-05", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for arguments in (["bundle", "verify", done.stdout.strip()], ["ledger"], ["--help"]):
        again = _run(OFFLINE_MODULES, *arguments, cwd=tmp_path)
        assert again.returncode == 0, again.stderr


def test_a_kit_is_built_and_verified_without_the_offline_half(tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("x", encoding="utf-8")
    write_sums(tmp_path)
    assert _run(OFFLINE_MODULES, "kit", "verify", str(tmp_path), cwd=tmp_path).returncode == 0
    # as far as it comes without an index: the folder in the way is what stops it, not a library
    done = _run(OFFLINE_MODULES, "kit", "build", "--out", str(tmp_path), cwd=ROOT)
    assert done.returncode == 8, done.stderr
    assert "is no kit" in done.stderr
    done = _run(OFFLINE_MODULES, "kit", "build", "--out", "kit", "--models", "nonsense", cwd=ROOT)
    assert "no model is called 'nonsense'" in done.stderr


@pytest.mark.parametrize(
    ("blocked", "arguments", "half"),
    [
        (OFFLINE_MODULES, ["status"], "offline"),
        (COLLECT_MODULES, ["collect", "--categories", "cs.SD", "--date", "2026-03-05"], "collect"),
    ],
)
def test_the_other_half_is_asked_for_in_one_line(
    blocked: tuple[str, ...], arguments: list[str], half: str, tmp_path: Path
) -> None:
    tmp_path.joinpath("store.duckdb").touch()
    done = _run(blocked, *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert f"pip install '.[{half}]'" in done.stderr
