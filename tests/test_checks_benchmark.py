"""benchmarks/checks.py on two made-up translations: what is counted, and that each kind of damage does damage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from checks import answers, measure, read_rows, three_parts
from checks_damage import CHECK_OF, DAMAGE, Pair

ROWS = [
    {
        "id": "1",
        "en_abstract": (
            "Piano transcription does not work well when the room differs from the training data, which limits its use. "
            "We propose NoteBridge (an adapter), a light method with 12% of the parameters that is trained on audio without any "
            "labels. It improves the note F1 on MAESTRO by 3.4%, and outperforms all baselines. Code is available at "
            "https://a.b/c-d."
        ),
        "zh_abstract": (
            "当房间与训练数据不同时，钢琴转录的效果不佳，这限制了它的应用。我们提出NoteBridge（一种适配器），这是一种仅含12%参数的"
            "轻量级方法，在没有任何标注的音频上训练。它将MAESTRO上的音符F1提升3.4%，优于所有基线。代码见https://a.b/c-d。"
        ),
        "zh_breakdown": "1) 现有方法难以适应不同房间。\n2) 提出NoteBridge。\n3) 提升3.4%。",
    },
    {"id": "2", "en_abstract": "We study voices.", "zh_abstract": "我们研究嗓音。", "zh_breakdown": "none"},
]
PAIR = Pair(ROWS[0]["en_abstract"], ROWS[0]["zh_abstract"])


@pytest.mark.parametrize("kind", sorted(DAMAGE))
def test_damage_changes_the_text_and_only_once(kind: str) -> None:
    damaged = DAMAGE[kind](PAIR)
    assert damaged is not None
    assert damaged != PAIR.text
    assert DAMAGE[kind](PAIR) == damaged


def test_figures() -> None:
    result = measure(ROWS)
    assert (result["n_texts"], result["texts_passing_every_hard_check"]) == (2, 2)
    assert result["n_sentences"] == 5
    assert all(not counts["texts"] or counts["texts"]["hard"] == 0 for counts in result["checks"].values())
    damage = result["damage"]
    assert all(0 <= d["caught_hard"] <= d["caught"] <= d["n"] <= 2 for d in damage.values())
    for kind, check in (
        ("sentence left out", "missing_sentences"),
        ("number changed", "numbers_added"),
        ("loop", "repetition"),
        ("direction turned", "direction"),
        ("bracket lost", "marks"),
        ("Japanese particle", "foreign_script"),
        ("traditional characters", "simplified"),
        ("last clause left out", "ending"),
    ):
        assert damage[kind]["by"][check] >= 1, kind
    assert result["by_check"]["marks"] == {"damage": "bracket lost", "recall": 1, "false_alarms": 0, "precision": 1}
    assert CHECK_OF.keys() <= DAMAGE.keys()


def test_answers_are_tried_in_each_others_place() -> None:
    assert three_parts(ROWS[1]["zh_breakdown"]) is None
    assert answers(ROWS) == {
        "results": {"n": 1, "false_alarms": 0, "caught": 1},
        "background": {"n": 1, "false_alarms": 0, "caught": 1},
    }


def test_the_command(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    assert read_rows(pairs, 1) == ROWS[:1]
    command = [sys.executable, str(ROOT / "benchmarks/checks.py"), "--pairs", str(pairs)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| `missing_sentences` | 0 | 0 |" in shown.stdout
    done = subprocess.run([*command, "--json", "--limit", "1"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["n_texts"] == 1
