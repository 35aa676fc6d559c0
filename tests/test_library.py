"""Loading llama.cpp: its messages, and the choice among libraries of kernels, with a library that is played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from summarizer.errors import ModelError
from summarizer.llm import library

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
