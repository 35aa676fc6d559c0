"""benchmarks/breakdown.py: case files, what counts as found, and one small run with the fake engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import batch
import pdf_files
import pytest
from conftest import ROOT

from summarizer.errors import ConfigError

sys.path.insert(0, str(ROOT / "benchmarks"))

from breakdown import prompts_named
from breakdown_answers import form_faults, ungrounded_names
from breakdown_cases import alternatives, find_pdf, read_cases

CASE: dict[str, Any] = {
    "pdf": "paper.pdf",
    "facts": [
        {"task": "results", "says": "13.7 percent", "patterns": [r"13\.7"]},
        {"task": "results", "says": "a figure that is not there", "patterns": [r"99\.9"]},
        {"task": "method", "says": "two branches", "patterns": ["branch|分支"]},
    ],
    "never": [{"task": "any", "says": "an invention", "patterns": [r"77\.7"]}],
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_case_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path / "cases.jsonl", CASE))
    assert case.limits == {"background": 200, "method": 600, "results": 200}
    assert (case.title, case.abstract) == ("", "")
    assert [f.task for f in case.facts] == ["results", "results", "method"]
    assert case.facts[0].stands_in({"results": "误差为13.7％。"})
    assert not case.facts[0].stands_in({"method": "误差为13.7％。"})
    assert case.facts[2].stands_in({"method": "网络有两个**分支**。"})
    assert case.never[0].stands_in({"background": "77.7"})


def test_every_pattern_must_match_in_one_answer_and_width_does_not_matter(tmp_path: Path) -> None:
    fact = {"task": "any", "says": "BLEU", "patterns": [r"28\.4", "bleu"]}
    (case,) = read_cases(write(tmp_path / "cases.jsonl", {"pdf": "a.pdf", "facts": [fact]}))
    assert case.facts[0].stands_in({"results": "２８.４ BLEU"})
    assert not case.facts[0].stands_in({"results": "28.4", "method": "BLEU"})


def test_other_spellings_of_a_case_are_understood(tmp_path: Path) -> None:
    (case,) = read_cases(
        write(
            tmp_path / "cases.jsonl",
            {
                "id": "1706.03762",
                "facts": {"method": [{"says": "heads", "pattern": "multi-head|多头"}, {"patterns": [["a", "b"], "c"]}]},
                "must_not": [{"kind": "results", "patterns": "GAN"}],
                "limits": {"method": 300},
            },
        )
    )
    assert case.name == "1706.03762"
    assert [p.pattern for p in case.facts[1].patterns] == ["a|b", "c"]
    assert case.never[0].task == "results"
    assert case.limits["method"] == 300


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"facts": CASE["facts"]}, "line 1: pdf is missing"),
        ({"pdf": "a.pdf"}, "line 1: there are no facts"),
        ({"pdf": "a.pdf", "facts": [{"task": "poem", "patterns": ["x"]}]}, "number 1: unknown task 'poem'"),
        ({"pdf": "a.pdf", "facts": [{"task": "method"}]}, "number 1: patterns are missing"),
        ({"pdf": "a.pdf", "facts": [{"task": "method", "patterns": ["(x"]}]}, "'(x' is no regular expression"),
        ({**CASE, "limits": {"method": 0}}, "method is no whole number above 0"),
        ({**CASE, "limits": {"poem": 9}}, "unknown task 'poem'"),
        ([1], "expected a JSON object"),
    ],
)
def test_a_fault_of_a_case_file_is_named(tmp_path: Path, row: object, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_cases(write(tmp_path / "cases.jsonl", row))
    assert says in str(error.value)


def test_all_faults_come_at_once_one_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "cases.jsonl", {"pdf": "a.pdf"}, {"facts": []}, CASE, CASE)
    with pytest.raises(ConfigError) as error:
        read_cases(path)
    assert len(str(error.value).splitlines()) == 3
    assert "paper.pdf has several lines" in str(error.value)


def test_alternatives_are_told_apart_outside_brackets_only() -> None:
    assert alternatives("multi-head|多头") == ["multi-head", "多头"]
    assert alternatives(r"(a|b)c|[x|y]z|\|") == ["(a|b)c", "[x|y]z", r"\|"]
    assert alternatives("(?:encoder|编码器)") == ["encoder", "编码器"]


def test_only_patterns_that_english_can_match_are_looked_for_in_evidence(tmp_path: Path) -> None:
    facts = [
        {"task": "method", "patterns": ["attention|注意力", "并行"]},
        {"task": "method", "patterns": ["循环|递归"]},
    ]
    (case,) = read_cases(write(tmp_path / "cases.jsonl", {"pdf": "a.pdf", "facts": facts}))
    assert [p.pattern for p in case.facts[0].in_english()] == ["attention"]
    assert case.facts[1].in_english() == ()


def test_a_pdf_is_found_by_name_stem_or_id(tmp_path: Path) -> None:
    for name in ("1706.03762_attention.pdf", "hep-th_9901001v2.pdf", "one.pdf", "one_more.pdf"):
        (tmp_path / name).write_bytes(b"")
    assert find_pdf(tmp_path, "1706.03762").name == "1706.03762_attention.pdf"
    assert find_pdf(tmp_path, "1706.03762.pdf").name == "1706.03762_attention.pdf"
    assert find_pdf(tmp_path, "hep-th/9901001").name == "hep-th_9901001v2.pdf"
    assert find_pdf(tmp_path, "one").name == "one.pdf"
    with pytest.raises(ConfigError, match="no file is called or begins with two"):
        find_pdf(tmp_path, "two.pdf")


def test_names_that_do_not_stand_in_the_paper_are_counted() -> None:
    paper = "We use the Fréchet Audio Distance (FAD) and multi-head attention; CNNs were trained on Libri-\nSpeech."
    assert ungrounded_names(paper, "在LibriSpeech上训练CNN，FAD更低，multi-head注意力。") == []
    assert ungrounded_names(paper, "WaveNet优于CNN。") == ["WaveNet"]


def test_the_form_of_an_answer() -> None:
    assert (
        form_faults("- **核心方法**：该网络有两个分支，分别读取频谱和倒谱。\n- **门控**：一层网络决定相信哪个分支。")
        == []
    )
    assert form_faults("") == ["no answer"]
    (fault,) = form_faults("该网络有两个分支，分别读取频谱和倒谱。")
    assert "no bullet" in fault
    faults = form_faults("- **门控**：门控。\n- **门控**：该网络有两个分支，分别读取频谱")
    assert [f.split(":")[0] for f in faults] == [
        "says nothing",
        "says its lead again",
        "ends in mid-sentence",
        "lead stands twice",
    ]


def test_a_prompt_name_gives_a_prompt_for_each_task(tmp_path: Path) -> None:
    prompts = ROOT / "prompts"
    assert {c.prompt.version for c in prompts_named(prompts, "v001").values()} == {"v001"}
    assert {c.prompt.version for c in prompts_named(prompts, "method=v001").values()} >= {"v001"}
    assert prompts_named(prompts, "v001@temperature=0.3")["results"].prompt.sampling.temperature == 0.3
    draft = tmp_path / "draft"
    draft.mkdir()
    source = (prompts / "method" / "v001.md").read_text(encoding="utf-8")
    (draft / "method.md").write_text(source.replace("version: v001", "version: v901"), encoding="utf-8")
    named = prompts_named(prompts, str(draft))
    assert named["method"].prompt.version == "v901"
    assert named["results"].prompt.version != "v901"
    with pytest.raises(ConfigError, match="neither a version"):
        prompts_named(prompts, "nothing_there")


def call(folder: Path, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "breakdown.py"), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=batch.environment(),
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def test_a_small_run(tmp_path: Path) -> None:
    pdfs = tmp_path / "pdf"
    pdfs.mkdir()
    pdf_files.write_paper(pdfs / "paper.pdf")
    pdf_files.write_image_only(pdfs / "scan.pdf")
    (tmp_path / "config.toml").write_text(batch.FAKES, encoding="utf-8")
    scan = {"pdf": "scan.pdf", "facts": [{"task": "method", "says": "anything", "patterns": ["."]}]}
    cases = write(tmp_path / "cases.jsonl", CASE, scan)
    base = ["--cases", cases, "--pdf", pdfs, "--config", "config.toml", "--models", ROOT / "models"]
    kept = [*base, "--store", "kept.duckdb", "--json"]
    result = json.loads(call(tmp_path, *kept).stdout)
    assert {
        "n_papers", "facts_found", "facts_total", "by_task", "ungrounded_numbers", "ungrounded_names",
        "answers_within_limits", "answers_total", "tokens", "seconds",
    } <= set(result)  # fmt: skip
    assert (result["n_papers"], result["answers_total"], result["texts_made"]) == (2, 6, 3)
    assert result["facts_total"] == 4
    assert result["by_task"]["results"] == {"found": 1, "total": 2, "share": 0.5}
    assert (result["ungrounded_numbers"], result["ungrounded_names"], result["never_broken"]) == (0, 0, 0)
    assert result["answers_within_limits"] == result["answers_in_form"] == 3
    assert result["tokens"] > 0
    first, second = result["papers"]
    assert first["title"] == pdf_files.TITLE
    assert first["answers"]["results"]["missed"] == ["a figure that is not there"]
    assert second["answers"]["method"]["reason"] == "the PDF could not be read"
    again = json.loads(call(tmp_path, *kept).stdout)
    assert (again["texts_made"], again["texts_there"], again["tokens"]) == (0, 3, result["tokens"])

    evidence = json.loads(call(tmp_path, *kept, "--evidence-only").stdout)
    assert evidence["by_task"]["results"]["found"] == 1
    assert evidence["facts_found"] >= evidence["facts_that_fit"] >= 1
    table = call(tmp_path, *base, "--limit", "1", "--texts", "--prompt", "v001", "--store", "kept.duckdb").stdout
    assert "## paper.pdf" in table
    assert "facts_found" in table


def test_faults_end_with_one_line_each(tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.jsonl", CASE)
    done = call(tmp_path, "--cases", cases, "--pdf", tmp_path / "nowhere", code=2)
    assert "nowhere is not a folder" in done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "pdf").mkdir()
    done = call(tmp_path, "--cases", cases, "--pdf", tmp_path / "pdf", code=2)
    assert "no file is called or begins with paper" in done.stderr
    cases.write_text("{", encoding="utf-8")
    done = call(tmp_path, "--cases", cases, "--pdf", tmp_path / "pdf", code=2)
    assert "cases.jsonl line 1: not JSON" in done.stderr
