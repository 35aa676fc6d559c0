"""The encoder and the language model of a run: who they are at once, loaded and hash-checked only when asked for."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from summarizer.config import Config
from summarizer.errors import ConfigError, ModelError
from summarizer.records import ModelInfo

if TYPE_CHECKING:
    from summarizer.embed import Encoder
    from summarizer.llm.engine import Engine
    from summarizer.llm.registry import Registry
    from summarizer.llm.tokenizer import Tokenizer

#: Holds the key of a server that wants one.
API_KEY_VARIABLE = "SUMMARIZER_API_KEY"
#: Tokens of one request, for servers that do not say how many they take.
_SERVER_CONTEXT = 8192


class _Named(Protocol):
    @property
    def model(self) -> ModelInfo: ...


T = TypeVar("T", bound=_Named)


class Lazy(Generic[T]):
    """A model that is loaded at the first call: ``lazy.model`` says which it is without loading it.

    Both raise ModelError when the model is not in the registry; the call also when its file is missing, has another hash
    than the registry's, or cannot be loaded.
    """

    def __init__(self, describe: Callable[[], ModelInfo], load: Callable[[], T]) -> None:
        self._describe = describe
        self._load = load
        self._loaded: T | None = None

    @cached_property
    def model(self) -> ModelInfo:
        return self._describe()

    def __call__(self) -> T:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def release(self) -> None:
        """Give the memory back. The next call loads again."""
        loaded, self._loaded = self._loaded, None
        close = getattr(loaded, "close", None)
        if close is not None:
            close()
        del loaded
        gc.collect()


class Weights:
    """Both models that a configuration names. ``report`` gets a line for each one loaded."""

    def __init__(self, config: Config, models_dir: Path, report: Callable[[str], None]) -> None:
        self._config = config
        self._models_dir = models_dir
        self._report = report
        self.encoder: Lazy[Encoder] = Lazy(self._describe_encoder, self._load_encoder)
        self.engine: Lazy[Engine] = Lazy(self._describe_engine, self._load_engine)

    def release(self) -> None:
        self.encoder.release()
        self.engine.release()

    def open_tokenizer(self) -> Tokenizer | None:
        """The vocabulary of the language model alone; None where its file is not here, or is none of ours.

        The file's hash is not computed, which would take longer than the counting it is for.
        """
        if self._config.llm.engine != "llama":
            return None
        from summarizer.llm.tokenizer import Tokenizer

        try:
            path = self._registry.path(self._config.llm.model)
            return Tokenizer(path, self.engine.model) if path.is_file() else None
        except (ModelError, ConfigError):  # what needs the model says so, with more to say
            return None

    @cached_property
    def _registry(self) -> Registry:
        from summarizer.llm.registry import load_registry

        return load_registry(self._models_dir)

    def _describe(self, name: str) -> ModelInfo:
        from summarizer.llm.registry import model_info

        return model_info(self._registry.entry(name))

    def _verified_path(self, name: str) -> Path:
        from summarizer.llm.registry import verify

        verify(self._registry.entry(name))
        return self._registry.path(name)

    def _describe_encoder(self) -> ModelInfo:
        if self._config.embed.engine == "fake":
            from summarizer.embed import FakeEncoder

            return FakeEncoder().model
        return self._describe(self._config.embed.model)

    def _load_encoder(self) -> Encoder:
        if self._config.embed.engine == "fake":
            from summarizer.embed import FakeEncoder

            return FakeEncoder()
        from summarizer.embed import load_encoder
        from summarizer.llm.openmp import choose_waiting

        choose_waiting()  # before torch loads its threads; those of llama.cpp go by the same choice
        started = time.monotonic()
        name = self._config.embed.model
        encoder = load_encoder(self._verified_path(name), self.encoder.model)
        self._report(f"encoder {name} verified and loaded in {time.monotonic() - started:.1f} s")
        return encoder

    def _describe_engine(self) -> ModelInfo:
        if self._config.llm.engine == "fake":
            from summarizer.llm.fake import FakeEngine

            return FakeEngine().model
        if self._config.llm.engine == "server":
            from summarizer.llm.server_identity import describe_server

            return describe_server(self._config.llm.model, self._config.llm.server_url)
        return self._describe(self._config.llm.model)

    def _load_engine(self) -> Engine:
        llm = self._config.llm
        if llm.engine == "fake":
            from summarizer.llm.fake import FakeEngine

            return FakeEngine()
        if llm.engine == "server":
            return self._open_server()
        from summarizer.llm.fetch import default_cache_dir
        from summarizer.llm.llama import open_llama

        started = time.monotonic()
        path = self._verified_path(llm.model)
        engine = open_llama(
            path,
            self.engine.model,
            n_ctx=llm.n_ctx or None,
            n_slots=llm.n_slots,
            n_batch=llm.n_batch,
            n_threads=llm.n_threads or None,
            n_gpu_layers=llm.n_gpu_layers,
            repack={"auto": None, "on": True, "off": False}[llm.repack],
            kv_type=llm.kv_type,
            cache=default_cache_dir(),
        )
        seconds = time.monotonic() - started
        self._report(f"model {llm.model} ({path.name}) verified and loaded in {seconds:.1f} s; {engine.described}")
        return engine

    def _open_server(self) -> Engine:
        from summarizer.llm.server import open_server

        llm = self._config.llm
        engine = open_server(
            self.engine.model,
            url=llm.server_url,
            api_key=os.environ.get(API_KEY_VARIABLE, ""),  # not a setting: those are kept in the store with every run
            n_ctx=llm.n_ctx or _SERVER_CONTEXT,
            n_slots=llm.n_slots,
            timeout_seconds=llm.server_timeout_seconds,
            retries=llm.server_retries,
        )
        self._report(
            f"model {llm.model} at {engine.model.file_name}: {engine.use.described}, {engine.n_ctx} tokens a request"
        )
        return engine
