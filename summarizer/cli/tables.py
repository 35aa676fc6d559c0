"""Rows of a query written to stdout: as a table for people, as JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TextIO

_NARROWEST = 6  # cells: a column below that shows nothing worth reading


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


def write_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], stream: TextIO | None = None, *, width: int | None = None
) -> None:
    """A table of one line a row, ``width`` cells wide at most; 0: as wide as it needs to be.

    Without a width it fits the terminal, and where there is none nothing is shortened. Wide texts are shortened with …; where
    the columns are too many for that, each row becomes a block of lines.
    """
    from rich.console import Console

    stream = stream if stream is not None else sys.stdout
    if width is None:
        width = Console(file=stream).width if stream.isatty() else 0
    cells = [["" if value is None else _one_line(_field(value)) for value in row] for row in rows]
    names = [_one_line(column) for column in columns]
    natural = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    fitted = fitted_widths(natural, width - 3 * len(names) - 1) if width else natural
    if fitted is None:
        _write_blocks(names, cells, stream, width)
    else:
        _write_grid(names, cells, stream, fitted)


def fitted_widths(natural: Sequence[int], room: int) -> list[int] | None:
    """Column widths that add up to ``room`` at most, the widest columns made narrower first; None when some would become
    too narrow to read."""
    limit = max(natural, default=0)
    if sum(natural) > room:
        limit = next((n for n in range(limit, _NARROWEST - 1, -1) if sum(min(w, n) for w in natural) <= room), 0)
        if limit == 0:
            return None
    fitted = [min(w, limit) for w in natural]
    for place, wanted in enumerate(natural):  # what is left over, for the first columns that lack it
        more = min(wanted - fitted[place], max(0, room - sum(fitted)))
        fitted[place] += more
    return fitted


def _write_grid(names: list[str], cells: list[list[str]], stream: TextIO, widths: list[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name, wide in zip(names, widths, strict=True):
        table.add_column(Text(name), width=wide, no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(*map(Text, row))
    whole = sum(widths) + 3 * len(widths) + 1
    Console(file=stream, width=whole, highlight=False).print(table)


def _write_blocks(names: list[str], cells: list[list[str]], stream: TextIO, width: int) -> None:
    from rich.cells import set_cell_size

    label = max(map(cell_len, names))
    room = max(_NARROWEST, width - label - 3)
    for number, row in enumerate(cells, 1):
        stream.write(f"row {number}\n")
        for name, value in zip(names, row, strict=True):
            shown = value if cell_len(value) <= room else set_cell_size(value, room - 1).rstrip() + "…"
            stream.write(f"{set_cell_size(name, label)} | {shown}".rstrip() + "\n")


def cell_len(text: str) -> int:
    """Width on a terminal: a Chinese character takes two cells."""
    from rich.cells import cell_len as measured

    return measured(text)


def _one_line(value: object) -> str:
    """Text without line breaks and control characters, which would break the frame."""
    return "".join(c if c.isprintable() else " " for c in str(value))


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
