"""Which engine, in which version, runs a model."""

from __future__ import annotations

from importlib import metadata

from summarizer.llm.engine import Engine
from summarizer.records import EngineUse


def engine_use(engine: Engine, name: str) -> EngineUse:
    """What an engine says of itself in ``use``; else its ``name`` in the configuration, with its library's version."""
    said = getattr(engine, "use", None)
    if isinstance(said, EngineUse):
        return said
    if name != "llama":
        return EngineUse(name, "")
    return EngineUse(name, f"llama-cpp-python {metadata.version('llama-cpp-python')}")
