"""Settings: defaults, the example file, and every way a file can be wrong."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest

from summarizer.config import Config, read_config
from summarizer.errors import ConfigError

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_example_holds_the_defaults() -> None:
    assert read_config(EXAMPLE) == Config()


def test_example_names_every_setting() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    settings = Config().as_dict()
    assert tomllib.loads(text).keys() == settings.keys()
    for section, values in settings.items():
        block = text.split(f"[{section}]\n", 1)[1].split("\n[", 1)[0]
        named = {line.removeprefix("# ").split(" =", 1)[0] for line in block.splitlines() if " = " in line}
        assert named == values.keys(), f"[{section}]"
        for line in block.splitlines():
            assert not line or "#" in line, f"no explanation: {line}"


def test_optional_settings_of_the_example_are_valid(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in lines)
    assert read_config(_written(tmp_path, text)).dedup.near_threshold == 0.8


def test_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read_config(_written(tmp_path, "")) == Config()


def test_a_value_changes_only_itself(tmp_path: Path) -> None:
    config = read_config(_written(tmp_path, "[llm]\nn_slots = 2\n[pdf]\nseconds_base = 5\n"))
    assert config.llm == dataclasses.replace(Config().llm, n_slots=2)
    assert config.pdf.seconds_base == 5.0
    assert isinstance(config.pdf.seconds_base, float)
    assert config.generate == Config().generate
    lists = read_config(_written(tmp_path, '[collect]\ncategories = ["cs.SD", "eess.AS"]\ncross_lists = false\n'))
    assert (lists.collect.categories, lists.collect.cross_lists) == (("cs.SD", "eess.AS"), False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[llm]\nn_slot = 2\n", "llm.n_slot"),
        ("[lm]\n", "'lm'"),
        ("llm = 3\n", "[llm]"),
        ("n_slots = 3\n", "'n_slots'"),
        ('[llm]\nn_slots = "2"\n', "llm.n_slots"),
        ("[llm]\nn_slots = 2.5\n", "llm.n_slots"),
        ("[llm]\nn_slots = true\n", "llm.n_slots"),
        ("[llm]\nn_slots = 0\n", "llm.n_slots"),
        ("[llm]\nmodel = 3\n", "llm.model"),
        ('[llm]\nengine = "magic"\n', "llm.engine"),
        ("[pdf]\nseconds_base = nan\n", "pdf.seconds_base"),
        ("[dedup]\nnear_threshold = 1.5\n", "dedup.near_threshold"),
        ('[dedup]\nnear_threshold = "high"\n', "dedup.near_threshold"),
        ('[collect]\ncategories = "cs.SD"\n', "collect.categories"),
        ('[collect]\ninclude = ["speech", 3]\n', "collect.include"),
        ("[collect]\ncross_lists = 1\n", "collect.cross_lists"),
        ("[llm\n", "TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        read_config(tmp_path / "none.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(path)
