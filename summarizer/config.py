"""Settings: frozen dataclasses with their defaults, read from a TOML file. Unknown keys and wrong types are errors.

``config.example.toml`` lists every key with its default; a test keeps the two equal.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import tomllib
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from summarizer.errors import ConfigError


def _setting(default: Any, *, least: float | None = None, most: float | None = None) -> Any:
    """A dataclass field with the smallest and largest value it may take."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """The language model and how it is run."""

    engine: Literal["llama", "server", "fake"] = "llama"
    model: str = (
        "default"  #: name in the registry (``summarizer models list``); with "server": the server's name for it
    )
    n_ctx: int = _setting(
        0, least=0
    )  #: tokens held at once by all requests together; 0: chosen from the memory at hand
    n_slots: int = _setting(32, least=1, most=256)  #: requests decoded in one batch, at most n_batch; asked at once
    n_batch: int = _setting(512, least=32)  #: tokens given to the model in one step
    n_threads: int = _setting(0, least=0)  #: 0: one for each core
    n_gpu_layers: int = _setting(0, least=-1)  #: layers kept on the graphics card; -1: all
    repack: Literal["auto", "on", "off"] = "auto"  #: rearrange the weights in memory; auto: if that is faster here
    kv_type: Literal["f32", "f16", "bf16", "q8_0"] = "f16"  #: type of keys and values
    server_url: str = ""  #: with engine "server": the one address that is contacted, e.g. http://10.0.0.5:8080/v1
    server_timeout_seconds: float = _setting(600.0, least=1)  #: how long the server may take for one answer
    server_retries: int = _setting(5, least=0, most=20)  #: how often a request that got no answer is sent again


@dataclass(frozen=True, slots=True)
class EmbedConfig:
    """The sentence encoder."""

    engine: Literal["sentence-transformers", "fake"] = "sentence-transformers"
    model: str = "embedder"  #: name in the registry


@dataclass(frozen=True, slots=True)
class PdfConfig:
    """Reading of PDFs, each in a child process of its own."""

    workers: int = _setting(0, least=0, most=64)  #: files read at the same time; 0: one for each core, at most 8
    seconds_base: float = _setting(60.0, least=1)  #: time limit of a file: this ...
    seconds_per_page: float = _setting(4.0, least=0)  #: ... and this for each of its pages
    max_layout_pages: int = _setting(80, least=1)  #: longer papers are read by font rules, without the layout model
    memory_bytes: int = _setting(3 * 1024**3, least=512 * 1024**2)  #: memory limit of a child process
    ocr: Literal["off", "tesseract"] = "off"  #: recognise the text of scans, where Tesseract's data is installed


@dataclass(frozen=True, slots=True)
class DedupConfig:
    """Near-duplicates."""

    near_threshold: float | None = _setting(None, least=0.5, most=1.0)  #: score; None: the code's own, with its reason


@dataclass(frozen=True, slots=True)
class GlossaryConfig:
    """How terms are said in Chinese."""

    files: tuple[
        str, ...
    ] = ()  #: glossaries of your own, the last one first in rank; relative to the configuration file
    standard: bool = True  #: the glossaries that come with the program, below yours


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """The questions put to the model."""

    max_attempts: int = _setting(2, least=1, most=4)  #: tries for one text, with one prompt and one model
    papers_in_flight: int = _setting(4, least=1, most=256)  #: papers whose questions are in the queue together


@dataclass(frozen=True, slots=True)
class BundleConfig:
    """Which bundles are let in."""

    trusted_keys: tuple[str, ...] = ()  #: files of public keys; a path is relative to the configuration file
    require_signature: bool = False  #: refuse bundles that are not signed
    max_member_bytes: int = _setting(512 * 1024**2, least=1)  #: the largest PDF
    max_bundle_bytes: int = _setting(16 * 1024**3, least=1)  #: the largest bundle


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """The database file."""

    wait_seconds: float = _setting(60.0, least=0)  #: how long to wait for another process that holds the file


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """What the connected side fetches, and how politely."""

    categories: tuple[str, ...] = ()  #: arXiv categories, such as cs.SD
    out: str = "bundles"  #: folder of the bundles, the ledger and the downloads
    basis: Literal["announced", "submitted"] = "announced"  #: days as arXiv announces them, or 24 hours of submissions
    cross_lists: bool = True  #: papers whose primary category is another one
    replacements: bool = False  #: new versions of older papers
    include: tuple[str, ...] = ()  #: only papers with one of these words in title or abstract
    exclude: tuple[str, ...] = ()  #: no papers with one of these words in title or abstract
    daily_maximum: int = _setting(0, least=0)  #: papers in the bundles of one day, the rest waits; 0: no limit
    retry_days: int = _setting(7, least=0)  #: how long a PDF that does not come is tried again
    lookback_days: int = _setting(14, least=0, most=90)  #: how far back late papers (held by moderators) are looked for
    no_announcement: tuple[str, ...] = ()  #: further days without one, YYYY-MM-DD in US Eastern
    contact: str = ""  #: e-mail or address told to arXiv with each request
    delay_seconds: float = _setting(3.0, least=0)  #: from one request to the next to the same host
    retries: int = _setting(4, least=0, most=20)  #: how often a request that got no whole answer is sent again
    parallel: int = _setting(1, least=1, most=8)  #: PDFs fetched at the same time
    max_pdf_bytes: int = _setting(200 * 1024**2, least=1024**2)  #: a larger file is not fetched
    api_url: str = "https://export.arxiv.org/api/query"
    feed_url: str = "https://rss.arxiv.org/atom/{categories}"  #: "": the day is not compared with the feed
    pdf_urls: tuple[str, ...] = (
        "https://export.arxiv.org/pdf/{id}v{version}",
        "https://arxiv.org/pdf/{id}v{version}",
    )  #: tried in this order


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, one field for each section of the file."""

    llm: LlmConfig = field(default_factory=LlmConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    pdf: PdfConfig = field(default_factory=PdfConfig)
    dedup: DedupConfig = field(default_factory=DedupConfig)
    glossary: GlossaryConfig = field(default_factory=GlossaryConfig)
    generate: GenerateConfig = field(default_factory=GenerateConfig)
    bundle: BundleConfig = field(default_factory=BundleConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    collect: CollectConfig = field(default_factory=CollectConfig)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Plain values by section and key, as they are kept with a run."""
        return dataclasses.asdict(self)


#: Lies where a kit was installed, beside bin, env, models and prompts.
KIT_FILE = "kit.json"


def installed_home(environment: Path | None = None) -> Path | None:
    """The folder that a kit was installed into, where this program runs from one; None in a checkout.

    ``environment`` is the virtual environment, None that of this process: ``env/NAME`` in the folder, with the link ``.venv``.
    """
    environment = (Path(sys.prefix) if environment is None else environment).resolve()
    home = environment.parent.parent
    return home if environment.parent.name == "env" and (home / KIT_FILE).is_file() else None


def read_config(path: Path) -> Config:
    """Settings of a TOML file; what it does not mention keeps its default.

    Raises ConfigError, naming file and key, when the file cannot be read, is not TOML, has a key that does not exist, or
    a value of the wrong type or out of range.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file; copy config.example.toml to start one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    hints = get_type_hints(Config)
    sections: dict[str, Any] = {}
    for name, values in table.items():
        if name not in hints:
            raise ConfigError(f"{path}: unknown section or key {name!r}; known sections: {', '.join(hints)}")
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: {name} is a section: write [{name}] and its keys below")
        sections[name] = _read_section(path, name, hints[name], values)
    config = Config(**sections)
    if config.llm.engine == "server" and (fault := server_url_fault(config.llm.server_url)):
        raise ConfigError(f"{path}: llm.server_url: {fault}")
    return dataclasses.replace(
        config,
        bundle=dataclasses.replace(config.bundle, trusted_keys=_beside(path, config.bundle.trusted_keys)),
        glossary=dataclasses.replace(config.glossary, files=_beside(path, config.glossary.files)),
    )


def _beside(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Files that the configuration file names, relative to it."""
    return tuple(str(path.parent / os.path.expanduser(name)) for name in names)


def server_url_fault(url: str) -> str:
    """Why this cannot be the address of a server, one line; empty when it can."""
    example = "write the server's address, e.g. http://10.0.0.5:8080/v1"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port out of range, a bracket that is not closed
        known = False
    # said before anything that shows the address: it may hold a password
    if "@" in url:
        return "names and passwords do not belong here, it is kept in the store: use the variable SUMMARIZER_API_KEY"
    if not known or any(c.isspace() or not c.isprintable() for c in url):
        return f"{url!r} is not an http or https address: {example}" if url else f"is empty: {example}"
    if parts.query or parts.fragment:
        return f"{url!r} has a ? or # part: {example}"
    return ""


def _read_section(path: Path, section: str, kind: type[Any], values: dict[str, Any]) -> Any:
    hints = get_type_hints(kind)
    settings = {f.name: f for f in dataclasses.fields(kind)}
    for key, value in values.items():
        where = f"{path}: {section}.{key}"
        if key not in settings:
            raise ConfigError(f"{where}: unknown key; known in [{section}]: {', '.join(settings)}")
        _check_type(where, hints[key], value)
        least, most = (settings[key].metadata.get(bound) for bound in ("least", "most"))
        if least is not None and value < least:
            raise ConfigError(f"{where}: {value!r} is too small; the least is {least}")
        if most is not None and value > most:
            raise ConfigError(f"{where}: {value!r} is too large; the most is {most}")
    return kind(**{key: _converted(hints[key], value) for key, value in values.items()})


def _converted(hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        return tuple(value)
    return float(value) if hint is float else value


def _check_type(where: str, hint: Any, value: Any) -> None:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigError(f"{where}: {value!r} is not one of {', '.join(map(repr, get_args(hint)))}")
        return
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise ConfigError(f"{where}: {value!r} is not a list of texts")
        return
    if hint is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: {value!r} is not true or false")
        return
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    accepted = (int, float) if hint is float else (hint,)
    # bool is an int in Python, but never a number in a configuration; NaN compares false with every bound
    if isinstance(value, bool) or not isinstance(value, accepted) or value != value:
        raise ConfigError(f"{where}: {value!r} is not a value of type {hint.__name__}")
