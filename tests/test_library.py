"""Loading llama.cpp: its messages, and the choice among libraries of kernels, with a library that is played."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_gguf

from summarizer.errors import ModelError
from summarizer.llm import library

#: A folder of libraries as a kit installs them (``site-packages/llama_cpp/lib``), to try every set of kernels in it.
KERNELS_VARIABLE = "SUMMARIZER_KERNELS"
ANSWER = """
import sys
from pathlib import Path
from summarizer.errors import ModelError
from summarizer.llm.library import kernels
from summarizer.llm.llama import open_llama
from summarizer.records import Message, ModelInfo, Request, Sampling
try:
    engine = open_llama(Path(sys.argv[1]), ModelInfo("t", "0", "t", 1, ""), n_ctx=512, n_slots=2, n_batch=64, repack=False)
except ModelError as error:
    sys.exit(f"unfit {error}")
engine.submit(Request("a", (Message("user", "hello there"),), Sampling(max_tokens=10)))
completions = engine.poll()
while not completions:
    completions = engine.poll()
print(kernels(), completions[0].completion_tokens, repr(completions[0].text))
"""

_INFO, _WARNING, _ERROR = 2, 3, 4


class PlayedLibrary:
    """As the module ``llama_cpp``: it says what it loads, and has ``n_backends`` afterwards."""

    def __init__(self, folder: Path, chosen: str | None) -> None:
        self.__file__ = str(folder / "__init__.py")
        self.loaded_from: list[bytes] = []
        self._tell: Callable[[int, bytes, object], None] = lambda *_: None

        def load(path: bytes) -> None:
            self.loaded_from.append(path)
            if chosen is not None:
                name = f"{path.decode()}/libggml-cpu-{chosen}.so"
                self._tell(_INFO, f"load_backend: loaded CPU backend from {name}\n".encode(), None)

        def count() -> int:
            return 0 if chosen is None else 1

        self.llama_cpp = SimpleNamespace(
            _lib=SimpleNamespace(ggml_backend_load_all_from_path=load, ggml_backend_reg_count=count)
        )

    def llama_log_callback(self, receive: Callable[[int, bytes, object], None]) -> Any:
        self._tell = receive
        return receive

    def llama_log_set(self, callback: Any, data: object) -> None:
        pass

    def tell(self, level: int, text: bytes) -> None:
        self._tell(level, text, None)


@pytest.fixture(autouse=True)
def as_never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAMA_CPP_LIB_PATH", raising=False)
    for name, value in (("_log_callback", None), ("_last_error", ""), ("_loaded_kernels", None)):
        monkeypatch.setattr(library, name, value)
    monkeypatch.setattr(library, "_are_kernels_loaded", False)


def _folder(tmp_path: Path, *names: str) -> Path:
    (tmp_path / "lib").mkdir()
    for name in names:
        (tmp_path / "lib" / name).touch()
    return tmp_path


def test_kernels_are_chosen_where_there_is_a_choice(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "libllama.so", "libggml-cpu-x64.so", "libggml-cpu-haswell.so", "libggml-base.so.0")
    assert [path.name for path in library.kernel_files(folder / "lib")] == [
        "libggml-cpu-haswell.so",
        "libggml-cpu-x64.so",
    ]
    played = PlayedLibrary(folder, "haswell")
    library.silence_library(played)
    library._load_kernels(played)
    library._load_kernels(played)  # once is enough
    assert played.loaded_from == [str(folder / "lib").encode()]
    assert library.kernels() == "haswell"


def test_linked_in_kernels_need_no_loading(tmp_path: Path) -> None:
    played = PlayedLibrary(_folder(tmp_path, "libllama.so", "libggml-cpu.so", "libggml-cpu.so.0"), "x")
    library.silence_library(played)
    library._load_kernels(played)
    assert played.loaded_from == []
    assert library.kernels() == library.LINKED_IN


def test_a_processor_without_kernels(tmp_path: Path) -> None:
    played = PlayedLibrary(_folder(tmp_path, "libggml-cpu-haswell.so"), None)
    library.silence_library(played)
    with pytest.raises(ModelError, match="none of the 1 sets of kernels"):
        library._load_kernels(played)


def test_errors_are_told_and_notes_are_not(tmp_path: Path) -> None:
    played = PlayedLibrary(tmp_path, None)
    library.silence_library(played)
    played.tell(_ERROR, b"failed to open the file\n")
    played.tell(_WARNING, b"a warning\n")
    played.tell(_INFO, b"a note\n")
    assert library.last_error() == "failed to open the file"
    library.forget_error()
    assert library.last_error() == ""


@pytest.mark.skipif(KERNELS_VARIABLE not in os.environ, reason=f"no kit's libraries ({KERNELS_VARIABLE})")
def test_every_set_of_kernels_that_runs_here_answers_alike(tmp_path: Path) -> None:
    folder = Path(os.environ[KERNELS_VARIABLE]).resolve()
    model = tiny_gguf.write_tiny_gguf(tmp_path / "tiny.gguf")
    answers, unfit = {}, []
    for kernels in library.kernel_files(folder):
        alone = tmp_path / kernels.stem
        alone.mkdir()
        for path in folder.glob("*.so*"):
            if path == kernels or not path.name.startswith("libggml-cpu-"):
                shutil.copyfile(path, alone / path.name)
        done = subprocess.run(
            [sys.executable, "-c", ANSWER, str(model)],
            capture_output=True,
            text=True,
            env={**os.environ, "LLAMA_CPP_LIB_PATH": str(alone)},
            check=False,
        )
        if done.returncode == 0:
            name, _, answer = done.stdout.partition(" ")
            assert f"libggml-cpu-{name}.so" == kernels.name
            answers[name] = answer
        else:
            assert done.stderr.startswith("unfit none of the 1 sets of kernels"), done.stderr
            unfit.append(kernels.name)
    sys.stdout.write(f"{len(answers)} run here: {' '.join(answers)}; unfit: {unfit}\n")  # pytest -s shows it
    assert len(set(answers.values())) == 1
