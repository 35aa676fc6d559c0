"""The queries that come with the program: one file each in ``queries/``, run by their name.

A file begins with ``-- key: value`` lines: ``section`` and ``question``, a ``note`` where one helps, and a line for each
parameter, ``param name: what it is; example VALUE`` (it must be given) or ``...; default VALUE``. docs/queries.md is made
of these files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

from summarizer.errors import UnknownQuery

#: in the order of docs/queries.md
SECTIONS = ("Daily work", "Reading", "Provenance", "Quality", "Prompts and models", "Tuning prompts", "Cost")
_LINE = re.compile(r"-- (?P<key>section|question|note|param (?P<name>[a-z_]+)): (?P<value>.+)")
_PARAMETER = re.compile(r"(?P<meaning>.+); (?P<kind>example|default) (?P<value>.+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A ``$name`` of a query; ``value`` is its default, or an example where it must be given."""

    name: str
    meaning: str
    value: str
    required: bool


@dataclass(frozen=True, slots=True)
class SavedQuery:
    name: str
    section: str
    question: str
    note: str
    parameters: tuple[Parameter, ...]
    sql: str

    @property
    def literal_sql(self) -> str:
        """The query with its defaults and examples written in, to run anywhere."""
        values = {p.name: "'" + p.value.replace("'", "''") + "'" for p in self.parameters}
        return re.sub(r"\$([a-z_]+)", lambda found: values[found[1]], self.sql)

    @property
    def usage(self) -> str:
        """How to run it, with examples for what must be given."""
        given = [f"--param {p.name}={_quoted(p.value)}" for p in self.parameters if p.required]
        return " ".join(["summarizer sql", f"@{self.name}", *given])

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """The value of each parameter. Raises UnknownQuery when one is missing or not known."""
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise UnknownQuery(f"@{self.name} has no parameter {name}; its parameters: {listed}")
        for parameter in self.parameters:
            if parameter.required and parameter.name not in given:
                raise UnknownQuery(
                    f"@{self.name} needs --param {parameter.name}=... ({parameter.meaning}), e.g. {self.usage}"
                )
        return {name: given.get(name, parameter.value) for name, parameter in known.items()}


@cache
def saved_queries() -> dict[str, SavedQuery]:
    """All by name, in the order of their sections."""
    folder = resources.files("summarizer.store").joinpath("queries")
    found = [
        _read(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return {q.name: q for q in sorted(found, key=lambda q: (SECTIONS.index(q.section), q.name))}


def saved_query(name: str) -> SavedQuery:
    """Raises UnknownQuery, with the names that are alike."""
    queries = saved_queries()
    if name in queries:
        return queries[name]
    alike = get_close_matches(name, queries, n=3)
    hint = f"did you mean {', '.join('@' + a for a in alike)}?" if alike else "summarizer sql --list shows them"
    raise UnknownQuery(f"no saved query @{name}: {hint}")


def _read(name: str, text: str) -> SavedQuery:
    lines = text.splitlines()
    keys: dict[str, str] = {}
    parameters = []
    while lines and (found := _LINE.fullmatch(lines[0])):
        del lines[0]
        if found["name"] is None:
            keys[found["key"]] = found["value"]
            continue
        parameter = _PARAMETER.fullmatch(found["value"])
        if parameter is None:
            raise ValueError(f"queries/{name}.sql: parameter {found['name']} has neither example nor default")
        required = parameter["kind"] == "example"
        parameters.append(Parameter(found["name"], parameter["meaning"], parameter["value"], required))
    return SavedQuery(
        name, keys["section"], keys["question"], keys.get("note", ""), tuple(parameters), "\n".join(lines).strip()
    )


def _quoted(value: str) -> str:
    return f"'{value}'" if re.search(r"[^\w.:/-]", value) else value
