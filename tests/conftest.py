"""Fixtures that find the corpus and the models, or say why a test is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Tests write PDFs with PyMuPDF, which loads onnxruntime, which reports to its maker unless it is told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real papers to develop against."""
    path = Path(os.environ.get("SUMMARIZER_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not path.is_dir():
        pytest.skip(f"no corpus at {path} (SUMMARIZER_CORPUS)")
    return path


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of the model files: SUMMARIZER_MODELS, default ``models`` of the checkout."""
    return Path(os.environ.get("SUMMARIZER_MODELS") or ROOT / "models")


def _model(models_dir: Path, name: str) -> Path:
    from summarizer.errors import ModelError
    from summarizer.llm.registry import load_registry

    try:
        path = load_registry(models_dir).path(name)
    except ModelError as error:
        return _absent(str(error))
    return path if path.exists() else _absent(f"no model {name} in {models_dir}: summarizer models fetch {name}")


def _absent(reason: str) -> Path:
    if os.environ.get("SUMMARIZER_REQUIRE_MODELS") or os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def small_model(models_dir: Path) -> Path:
    """The GGUF of the 0.5B model."""
    return _model(models_dir, "small")


@pytest.fixture(scope="session")
def default_model(models_dir: Path) -> Path:
    """The GGUF of the default model. Large: a test that asks for it is skipped where it was not fetched."""
    from summarizer.llm.registry import load_registry

    path = load_registry(models_dir).path("default")
    if not path.exists():
        pytest.skip(f"no default model in {models_dir}: summarizer models fetch default")
    return path


@pytest.fixture(scope="session")
def embedder_folder(models_dir: Path) -> Path:
    """The folder of the sentence encoder."""
    return _model(models_dir, "embedder")
