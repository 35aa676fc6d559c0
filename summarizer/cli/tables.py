"""Rows of a query written to stdout: as a table for people, as JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TextIO


def plain(value: object) -> object:
    """A database value as JSON knows it: times as ISO 8601, bytes as hex, anything else unknown as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def write_json(value: object, stream: TextIO | None = None) -> None:
    """One JSON value with an indent of two, in UTF-8 letters. NaN and infinities become null: JSON has none."""
    stream = stream if stream is not None else sys.stdout
    stream.write(json.dumps(_finite(plain(value)), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], stream: TextIO | None = None) -> None:
    """A header line and the rows (RFC 4180); a missing value is an empty field, a list or struct is JSON."""
    writer = csv.writer(stream if stream is not None else sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_field(value) for value in row] for row in rows)


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], stream: TextIO | None = None) -> None:
    """A table as wide as the terminal, or as wide as it needs to be where there is none."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stream = stream if stream is not None else sys.stdout
    table = Table()
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*(Text("" if value is None else str(_field(value))) for value in row))
    width = None if stream.isatty() else 100_000
    Console(file=stream, width=width, highlight=False, soft_wrap=width is not None).print(table)


def _field(value: object) -> object:
    value = plain(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
