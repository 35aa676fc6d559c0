"""llama.cpp loaded into this process, once: threads, log, and the kernels for this processor.

llama-cpp-python is built in one of two ways. Compiled on the machine itself, its kernels are linked in. The wheel of a kit
(:mod:`summarizer.kit.engine`) has a library of kernels for each generation of processors, ``libggml-cpu-NAME.so``, and which
one runs here is chosen when they are loaded; nothing in llama.cpp or llama-cpp-python does that by itself.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from pathlib import Path
from typing import Any

from summarizer.errors import ModelError
from summarizer.llm.openmp import choose_waiting

logger = logging.getLogger(__name__)

#: Kernels that were linked in when llama.cpp was compiled.
LINKED_IN = "compiled for this machine"

_INFO, _WARNING, _ERROR = 2, 3, 4  # ggml_log_level in ggml.h
_LOADED = re.compile(r"loaded CPU backend from (?P<path>.+)")
_KERNELS = re.compile(r"libggml-cpu-(?P<name>.+)\.so")

_log_callback: Any = None  # llama.cpp holds a bare pointer to it: it must outlive every call
_last_error = ""
_loaded_kernels: Path | None = None
_are_kernels_loaded = False


def load_library() -> Any:
    """The module ``llama_cpp``, ready for use. Raises ModelError when it has no kernels that run on this processor."""
    choose_waiting()  # before the library loads its threads
    import llama_cpp

    silence_library(llama_cpp)
    _load_kernels(llama_cpp)
    llama_cpp.llama_backend_init()
    return llama_cpp


def silence_library(llama_cpp: Any) -> None:
    """Send llama.cpp's errors and warnings to logging at debug level, the rest nowhere.

    The last error is kept for the message of the exception that follows it, which is where a user reads it.
    """
    global _log_callback

    def receive(level: int, text: bytes, _: object) -> None:
        global _last_error, _loaded_kernels
        if level == _INFO:
            if found := _LOADED.search(text.decode(errors="replace")):
                _loaded_kernels = Path(found["path"].strip())
        elif level in (_WARNING, _ERROR):
            line = text.decode(errors="replace").strip()
            if level == _ERROR:
                _last_error = line
            logger.debug("llama.cpp: %s", line)

    if _log_callback is None:
        _log_callback = llama_cpp.llama_log_callback(receive)
    llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))


def forget_error() -> None:
    """Before a call of the library whose failure will be told."""
    global _last_error
    _last_error = ""


def last_error() -> str:
    """The last error that the library told since :func:`forget_error`, one line; empty when there was none."""
    return _last_error


def kernels() -> str:
    """Which kernels compute, after :func:`load_library`: the NAME of the chosen library, or :data:`LINKED_IN`."""
    if _loaded_kernels is None:
        return LINKED_IN
    found = _KERNELS.fullmatch(_loaded_kernels.name)
    return found["name"] if found else _loaded_kernels.name


def kernel_files(folder: Path) -> list[Path]:
    """The libraries of kernels to choose from; none where they were linked in."""
    return sorted(path for path in folder.glob("libggml-cpu-*.so") if _KERNELS.fullmatch(path.name))


def described() -> str:
    """Load the library, and say in a few words which kernels it took, its version, and whose OpenMP library it uses."""
    llama_cpp = load_library()
    choices = kernel_files(_folder(llama_cpp))
    told = f"{kernels()}, one of {len(choices)}" if choices else kernels()
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    openmp = sorted({line.split()[-1] for line in lines if "libgomp" in line})
    return f"{told}; llama-cpp-python {llama_cpp.__version__}" + (f"; OpenMP {', '.join(openmp)}" if openmp else "")


def _folder(llama_cpp: Any) -> Path:
    return Path(os.environ.get("LLAMA_CPP_LIB_PATH") or Path(llama_cpp.__file__).parent / "lib")


def _load_kernels(llama_cpp: Any) -> None:
    global _are_kernels_loaded
    if _are_kernels_loaded:
        return
    folder = _folder(llama_cpp)
    choices = kernel_files(folder)
    if choices:
        # by way of libllama: it has its own libggml loaded, and a second one would keep a registry that libllama never sees
        library = llama_cpp.llama_cpp._lib
        load = library.ggml_backend_load_all_from_path
        load.argtypes, load.restype = [ctypes.c_char_p], None
        load(os.fsencode(folder))
        count = library.ggml_backend_reg_count
        count.argtypes, count.restype = [], ctypes.c_size_t
        if count() == 0:
            why = f" ({_last_error})" if _last_error else ""
            raise ModelError(
                f"none of the {len(choices)} sets of kernels in {folder} runs on this processor{why}: "
                "run summarizer doctor"
            )
    _are_kernels_loaded = True


def library_version() -> str:
    """The version of llama-cpp-python, which pins that of llama.cpp, and the kernels where they were chosen ("0.3.36+zen4").

    What is measured or computed by one build says nothing about another.
    """
    version = str(load_library().__version__)
    return version if kernels() == LINKED_IN else f"{version}+{kernels()}"
