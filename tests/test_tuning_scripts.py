"""The three scripts and the benchmark as people call them, with the fake engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import batch
import pytest
import trial_store

from summarizer.tuning.report import differing

ROOT = batch.ROOT


class Desk:
    """A folder with a store, prompts of its own and the fake engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        trial_store.build(folder / "store.duckdb")
        shutil.copytree(ROOT / "prompts", folder / "prompts")
        (folder / "config.toml").write_text(batch.FAKES, encoding="utf-8")
        self.newest = max(p.stem for p in (folder / "prompts" / "translation").glob("v*.md"))

    def call(self, script: str, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, str(ROOT / script), *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=batch.environment(),
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    def tune(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.call("scripts/tune_prompt.py", *arguments, code=code)

    def edit(self, draft: str = "my_draft") -> None:
        path = self.folder / draft / "translation.md"
        path.write_text(path.read_text(encoding="utf-8").replace("不增添。", "不增添，要通顺。", 1), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Page(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "style")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_differences_give_both_texts_again_and_share_no_single_characters() -> None:
    left, right = differing("模型在MAESTRO上达到91.7%。", "该模型于MAESTRO达91.7%。")
    assert "".join(text for _, text in left) == "模型在MAESTRO上达到91.7%。"
    assert "".join(text for _, text in right) == "该模型于MAESTRO达91.7%。"
    assert ("same", "MAESTRO") in left
    assert left[0] == ("same", "模型")
    assert right[0] == ("only", "该")
    assert [text for mark, text in left if mark == "same"] == [text for mark, text in right if mark == "same"]
    assert differing("同文", "同文") == ((("same", "同文"),), (("same", "同文"),))
    assert differing("", "新") == ((), (("only", "新"),))


def test_the_tuning_story(desk: Desk) -> None:
    """Start a draft, edit, try, look, promote, and find the older texts: one command after another."""
    base = ["translation", "--from", desk.newest, "--draft", "my_draft/", "--cases", "dev", "--limit", "3"]
    begun = desk.tune(*base)
    assert begun.stdout == "my_draft/translation.md\n"
    assert "edit it, then run the same line again" in begun.stderr
    desk.edit()
    tried = desk.tune(*base, "--html", "page.html", "--json")
    result = json.loads(tried.stdout)
    assert (result["made"], result["there"]) == (6, 0)
    assert [t["prompt"] for t in result["trials"]] == [desk.newest, "my_draft"]
    assert all(t["n"] == 3 and t["numbers_kept"] == 1.0 for t in result["trials"])
    again = desk.tune(*base)
    assert "0 texts made" in again.stderr
    assert "my_draft against" in again.stdout

    page = (desk.folder / "page.html").read_text(encoding="utf-8")
    parsed = Page(page)
    assert re.search(r"Title \d <b>&", parsed.words)  # escaped: the tag is text
    assert "script" not in parsed.tags
    assert "b" not in parsed.tags
    assert parsed.links == []  # nothing is fetched
    assert "mark" in parsed.tags  # differences
    assert "NetworkB" in parsed.words
    assert "+你是学术论文翻译" in parsed.words  # what differs in the prompts

    compared = desk.call("scripts/compare_prompts.py", "translation", desk.newest, "my_draft", "--json")
    figures = json.loads(compared.stdout)
    assert figures["n"] == 3
    assert figures["figures"]["tokens"]["difference"] > 0
    assert figures["figures"]["tokens"]["low"] is None  # three cases are too few for an interval
    assert "no intervals: 3 cases in common, at least 6 are needed" in again.stderr
    assert figures["figures"]["chrf"]["baseline"] is None  # a sample of the store has no references

    version = f"v{int(desk.newest[1:]) + 1:03d}"
    promoted = desk.call(
        "scripts/promote_prompt.py", "translation", "my_draft", "--as", version, "--because", "reads better"
    )
    assert promoted.stdout == f"prompts/translation/{version}.md\n"
    assert "tokens" in (desk.folder / "prompts" / "CHANGELOG.md").read_text(encoding="utf-8")
    # the draft's trials are the version's: nothing is asked again
    desk.call("scripts/compare_prompts.py", "translation", desk.newest, version)
    last = desk.tune("translation", "--from", desk.newest, "--draft", version, "--cases", "dev", "--limit", "3")
    assert "0 texts made" in last.stderr
    assert f"{version} against {desk.newest}" in last.stdout


def test_a_sweep_over_a_case_file_with_references(desk: Desk) -> None:
    trial_store.write_pairs(desk.folder / "pairs.jsonl", 3)
    done = desk.tune(
        "translation", "--from", "v001", "--cases", "pairs.jsonl", "--temperature", "0,0.3", "--top-p", "0.9", "--json"
    )
    result = json.loads(done.stdout)
    labels = [t["prompt"] for t in result["trials"]]
    assert labels == ["v001", "v001@temperature=0,top_p=0.9", "v001@temperature=0.3,top_p=0.9"]
    assert all(t["chrf"] > 0 and t["bleu"] is not None for t in result["trials"])
    assert result["made"] == 9
    table = desk.call("scripts/compare_prompts.py", "translation", "v001", labels[2], "--cases", "pairs.jsonl")
    assert "chrf" in table.stdout


@pytest.mark.parametrize("task", ["background", "method", "results"])
def test_the_answers_are_tuned_the_same_way(desk: Desk, task: str) -> None:
    done = desk.tune(task, "--limit", "2", "--json", "--temperature", "0.3")
    result = json.loads(done.stdout)
    assert [t["n"] for t in result["trials"]] == [2, 2]
    assert result["comparisons"][0]["n"] == 2
    assert all(t["requests"] >= 1 for t in result["trials"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["translation", "--from", "v999"], 6, "v999.md cannot be read"),
        (["translation", "--cases", "no/such.jsonl"], 2, "no case file no/such.jsonl"),
        (["translation", "--temperature", "warm"], 2, "'warm' is not a list of numbers"),
        (["translation", "--store", "nowhere.duckdb"], 4, "no store at nowhere.duckdb"),
        (["poem"], 2, "is not one of"),
    ],
)
def test_bad_input_gets_one_line_and_its_exit_code(desk: Desk, arguments: list[str], code: int, says: str) -> None:
    done = desk.tune(*arguments, code=code)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_comparing_what_was_not_tried_says_what_to_run(desk: Desk) -> None:
    done = desk.call("scripts/compare_prompts.py", "translation", "v001", "v001@temperature=0.5", code=6)
    assert "was not tried with this model: run scripts/tune_prompt.py" in done.stderr
    desk.tune("translation", "--from", "v001", "--limit", "1", "--temperature", "0.5")
    done = desk.call(
        "scripts/compare_prompts.py", "translation", "v001", "v001@temperature=0.5", "--cases", "test", code=6
    )
    assert "were not tried on cases test; they were tried on dev" in done.stderr


def test_the_benchmark_prints_one_object_with_the_promised_keys(desk: Desk) -> None:
    pairs = trial_store.write_pairs(desk.folder / "pairs.jsonl", 6)
    base = ["--pairs", pairs, "--config", "config.toml", "--models", ROOT / "models", "--json"]
    result = json.loads(desk.call("benchmarks/translation.py", *base, "--limit", "3", "--prompt", "v001").stdout)
    assert {
        "n", "chrf", "bleu", "texts_with_latin_residue", "numbers_kept", "numbers_added", "loops", "length_ratio",
        "checks_failed", "tokens", "seconds",
    } <= set(result)  # fmt: skip
    assert (result["n"], result["loops"], result["checks_failed"], result["numbers_kept"]) == (3, 0, 0, 1.0)
    assert result["numbers_total"] == 9
    twice = json.loads(
        desk.call(
            "benchmarks/translation.py",
            *base,
            "--prompt",
            "v001",
            "--prompt",
            "v001@temperature=0.4",
            "--store",
            "b.duckdb",
        ).stdout
    )
    assert [p["n"] for p in twice["prompts"]] == [6, 6]
    assert twice["comparisons"][0]["figures"]["chrf"]["low"] is not None
    again = json.loads(desk.call("benchmarks/translation.py", *base, "--prompt", "v001", "--store", "b.duckdb").stdout)
    assert (again["texts_made"], again["texts_there"]) == (0, 6)
    assert again["chrf"] == twice["prompts"][0]["chrf"]


def test_help_loads_nothing_heavy(desk: Desk) -> None:
    for script in ("tune_prompt", "compare_prompts", "promote_prompt"):
        program = (
            "import runpy, sys\n"
            f"sys.argv = ['{script}.py', '--help']\n"
            f"try: runpy.run_path({str(ROOT / 'scripts' / f'{script}.py')!r}, run_name='__main__')\n"
            "except SystemExit: pass\n"
            "print('LOADED', *sorted(sys.modules.keys() & {'duckdb', 'numpy', 'sacrebleu', 'llama_cpp', 'torch'}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=batch.environment(), check=True
        )
        assert done.stdout.splitlines()[-1] == "LOADED"
