"""The glossary that the configuration names."""

from __future__ import annotations

from pathlib import Path

from summarizer.config import Config
from summarizer.glossary import Glossary, load_glossary


def glossary_of(config: Config) -> Glossary:
    """The standard glossaries unless they are switched off, and the site's own over them. Raises ConfigError."""
    return load_glossary([Path(name) for name in config.glossary.files], standard=config.glossary.standard)
