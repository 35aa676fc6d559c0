"""The bill of materials of a kit, as CycloneDX 1.6 JSON: every package and model with version, licence and hash."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from summarizer.kit.engine import PortableWheel
from summarizer.kit.wheel_file import WheelInfo, normal_name
from summarizer.llm.registry import ModelEntry
from summarizer.sums import file_sha256

BILL_FILE = "sbom.cdx.json"
_PROJECT = "summarizer"


def bill_of_materials(
    wheels: Sequence[WheelInfo], models: Sequence[ModelEntry], engine: PortableWheel, created_utc: datetime
) -> str:
    """The JSON document. The wheels' hashes are those of the files; what a wheel has grown into itself (OpenBLAS in numpy,
    say) is not listed apart, but for what this program put into ``engine``."""
    project = next(wheel for wheel in wheels if wheel.project == _PROJECT)
    others = [wheel for wheel in wheels if wheel is not project]
    components = [_package(wheel, engine) for wheel in others] + [_model(entry) for entry in models]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": created_utc.isoformat(timespec="seconds") + "Z",
            "tools": {"components": [{"type": "application", "name": f"{_PROJECT} kit", "version": project.version}]},
            "component": {**_package(project, engine), "type": "application"},
        },
        "components": components,
        "dependencies": [{"ref": _purl(project), "dependsOn": [component["bom-ref"] for component in components]}],
    }
    # the same kit has the same number
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{number}"}, indent=2, ensure_ascii=False) + "\n"


def _purl(wheel: WheelInfo) -> str:
    return f"pkg:pypi/{normal_name(wheel.name)}@{quote(wheel.version, safe='')}"


def _package(wheel: WheelInfo, engine: PortableWheel) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(wheel),
        "name": wheel.name,
        "version": wheel.version,
        "description": wheel.summary,
        "purl": _purl(wheel),
        "hashes": [{"alg": "SHA-256", "content": file_sha256(wheel.path)}],
        "properties": [{"name": f"{_PROJECT}:file", "value": f"wheels/{wheel.path.name}"}],
    }
    if wheel.licence:
        component["licenses"] = _licences(wheel.licence, wheel.is_spdx)
    if wheel.path.name == engine.path.name:
        component["components"] = [
            {
                "type": "library",
                "bom-ref": f"{_purl(wheel)}#libgomp",
                "name": "libgomp",
                "description": "OpenMP run-time library of the compiler, beside llama.cpp's own libraries",
                "licenses": [{"expression": engine.openmp_licence}],
            }
        ]
    return component


def _model(entry: ModelEntry) -> dict[str, Any]:
    properties = {"file": f"models/{entry.path.name}", "bytes": str(entry.n_bytes)}
    if entry.source is not None:
        properties["source"] = f"{entry.source.package} {entry.source.version}, {entry.source.count} packages of PyPI"
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{entry.sha256}",
        "name": entry.name,
        "description": entry.description,
        "hashes": [{"alg": "SHA-256", "content": entry.sha256}],
        "properties": [{"name": f"{_PROJECT}:{key}", "value": value} for key, value in properties.items()],
    }
    if entry.licence:
        component["licenses"] = _licences(entry.licence, is_spdx=entry.source is not None)
    return component


def _licences(licence: str, is_spdx: bool) -> list[dict[str, Any]]:
    return [{"expression": licence}] if is_spdx else [{"license": {"name": licence}}]
