"""Wheels as files: what one says of itself (PEP 427, core metadata), and writing one anew."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from summarizer.errors import KitError

_TIME = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes


@dataclass(frozen=True, slots=True)
class WheelInfo:
    """``licence`` is an SPDX expression where ``is_spdx``, else the words of an older package; "" when it says nothing."""

    path: Path
    name: str
    version: str
    licence: str
    is_spdx: bool
    summary: str
    requires_python: str
    tags: tuple[str, ...]
    installed_bytes: int

    @property
    def project(self) -> str:
        """The name as package indexes compare it (PEP 503)."""
        return normal_name(self.name)


def normal_name(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def read_wheel(path: Path) -> WheelInfo:
    """Raises KitError for what is no wheel."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            info = next(name.partition("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
            metadata = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
            wheel = HeaderParser().parsestr(archive.read(f"{info}/WHEEL").decode())
            n_bytes = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile, StopIteration, KeyError, UnicodeDecodeError) as error:
        raise KitError(f"{path} is no wheel: {error}") from error
    return WheelInfo(
        path=path,
        name=metadata["Name"],
        version=metadata["Version"],
        licence=_licence(metadata["License-Expression"], metadata["License"], metadata.get_all("Classifier", [])),
        is_spdx=metadata["License-Expression"] is not None,
        summary=metadata["Summary"] or "",
        requires_python=metadata["Requires-Python"] or "",
        tags=tuple(wheel.get_all("Tag", [])),
        installed_bytes=n_bytes,
    )


def _licence(expression: str | None, words: str | None, classifiers: list[str]) -> str:
    if expression:
        return expression
    if words and len(words) <= 100 and "\n" not in words.strip() and words.strip().upper() != "UNKNOWN":
        return words.strip()
    # some packages put the whole text of the licence into the field: the classifier is the name then
    named = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ") and not c.endswith("Approved")]
    return " AND ".join(sorted(set(named))) if named else ""


def write_wheel(folder: Path, info: WheelInfo, tag: str, files: Mapping[str, bytes]) -> Path:
    """A wheel of these files, its metadata among them, under another tag; RECORD and WHEEL are made anew.

    ``tag`` is ``python-abi-platform``. Gives back the path; the file has its name only once it is whole.
    """
    name = info.name.replace("-", "_")
    record_name = f"{name}-{info.version}.dist-info/RECORD"
    content = {path: data for path, data in files.items() if path != record_name}
    content[f"{name}-{info.version}.dist-info/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: summarizer kit\nRoot-Is-Purelib: false\nTag: {tag}\n"
    ).encode()
    rows = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in sorted(content.items())]
    content[record_name] = "".join([*rows, f"{record_name},,\n"]).encode()
    target = folder / f"{name}-{info.version}-{tag}.whl"
    part = folder / f".{target.name}.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path, data in sorted(content.items()):
            entry = zipfile.ZipInfo(path, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    part.replace(target)
    return target


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
