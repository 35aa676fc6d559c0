"""Every command that the documentation names is there, with every option that is written behind it."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest
from conftest import ROOT

from summarizer.cli import cli
from summarizer.store.saved import saved_queries

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "models/README.md", "benchmarks/cases/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]  # fmt: skip
#: In code, as a line or between backticks.
_CODE = re.compile(r"^    (?P<line>\S.*)$|(?<!`)`(?P<span>[^`\n]+)`(?!`)", re.MULTILINE)
_OPTION = re.compile(r"--[a-z][a-z-]*")


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command line of a page, its program first. A comment, and what follows a pipe, is left out."""
    for found in _CODE.finditer(page.read_text(encoding="utf-8")):
        code = found["line"] or found["span"]
        try:
            words = shlex.split(code, comments=True)
        except ValueError:  # a quotation over several lines
            words = code.split(" #")[0].split()
        while words and words[0] in ("python", "python3", ".venv/bin/python"):
            del words[0]
        if not words:
            continue
        if words[0] in ("summarizer", ".venv/bin/summarizer") or re.match(r"(?:scripts|benchmarks)/", words[0]):
            yield words
        elif found["span"] and len(words) > 1 and words[0] in cli.commands:
            yield ["summarizer", *words]


def check_summarizer(words: list[str]) -> None:
    command: click.Command = cli
    known = _options(cli)
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        alternatives = [command.commands.get(name) for name in re.split(r"\s*\|\s*", rest[0])]
        if None in alternatives:
            break
        command = alternatives[0] or command
        known |= _options(command)
        del rest[0]
    assert command is not cli or not rest or rest[0].startswith("-"), f"no command {rest[0]}"
    _check_options(rest, known)
    if command is cli.commands["sql"] and rest and rest[0].startswith("@") and rest[0] != "@NAME":
        query = saved_queries()[rest[0][1:]]
        given = {word.partition("=")[0] for before, word in pairwise(rest) if before == "--param"}
        assert given <= {parameter.name for parameter in query.parameters}


def check_script(words: list[str]) -> None:
    path = ROOT / words[0]
    assert path.exists(), f"no file {words[0]}"
    if path.parent.name == "scripts" and path.suffix == ".py":
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _check_options(words, _options(getattr(module, path.stem)))
    elif path.suffix == ".py":  # a benchmark: options of several lie in one module
        text = "".join(file.read_text(encoding="utf-8") for file in path.parent.glob("*.py"))
        _check_options(words, set(re.findall(r'"(--[a-z-]+)"', text)))


def _options(command: click.Command) -> set[str]:
    return {"--help", *(name for p in command.params for name in (*p.opts, *p.secondary_opts) if name.startswith("--"))}


def _check_options(words: list[str], known: set[str]) -> None:
    for word in words:
        if word.lstrip("[").startswith("--"):
            for option in _OPTION.findall(word):
                assert option in known, f"no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_of(page: Path) -> None:
    wrong = []
    for words in commands(page):
        try:
            (check_summarizer if words[0].endswith("summarizer") else check_script)(words)
        except (AssertionError, KeyError) as error:
            wrong.append(f"{' '.join(words)}: {error}")
    assert wrong == []


def test_the_readme_is_read() -> None:
    found = [" ".join(words) for words in commands(ROOT / "README.md")]
    assert len(found) > 40
    assert {"scripts/run [BUNDLE]", "summarizer generate --stale", "summarizer bundle pack --sign KEY"} <= set(found)


@pytest.mark.parametrize(
    "line",
    [
        "summarizer nonsense",
        "summarizer status --nonsense",
        "summarizer bundle pack --since 2026-01-01",
        "summarizer sql @nonsense",
        "summarizer sql @mentions --param nonsense=1",
        "scripts/nonsense.py",
        "scripts/tune_prompt.py translation --nonsense",
        "benchmarks/queries.py --nonsense",
    ],
)
def test_what_is_not_there_is_seen(line: str) -> None:
    words = line.split()
    with pytest.raises((AssertionError, KeyError)):
        (check_summarizer if words[0] == "summarizer" else check_script)(words)
