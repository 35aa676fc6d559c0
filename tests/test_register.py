"""Everyday words become written ones, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.summarize.register import RULES, in_written_style


@pytest.mark.parametrize(
    ("everyday", "written"),
    [
        ("语音和文本的对齐", "语音与文本的对齐"),
        ("声学和声码器特征、水平和解码", "声学与声码器特征、水平和解码"),
        ("谐波和谐振，准确率和平均得分", "谐波与谐振，准确率与平均得分"),
        ("需求和约束，（SDR）和（PESQ）", "需求与约束，（SDR）与（PESQ）"),
        ("和以前的方法相比，它提高了精度", "与以前的方法相比，它提升了精度"),
        ("这是第一个系统", "这是首个系统"),
        ("我们提出了一种方法", "我们提出一种方法"),
        ("在本文中，我们提出了一个框架", "本文提出一个框架"),
        ("我们的方法有效地利用不同的数据", "本方法有效利用不同数据"),
        ("为了分离语音，而不是噪声", "为分离语音，而非噪声"),
        ("但是，这个模型更快，并且准确", "但该模型更快，且准确"),
        ("现有的模型引入了误差", "现有模型引入误差"),
        ("速度快1.9x到11.7x（例如，在3x3卷积上）", "速度快1.9倍到11.7倍（如在3x3卷积上）"),
    ],
)
def test_an_everyday_word_becomes_the_written_one(everyday: str, written: str) -> None:
    assert in_written_style(everyday) == written
    assert in_written_style(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "和弦、和声的饱和，延迟求和波束成形",
        "语音、音乐和音效",  # the end of a list
        "第一个阶段训练编码器，第二个阶段冻结它",
        "它成为了标准",
        "与之不同的是，它更快",
        "见https://example.org/a，$a和b$，`提高`",
    ],
)
def test_what_stands_well_stays(text: str) -> None:
    assert in_written_style(text) == text


def test_a_term_stays_as_the_glossary_has_it() -> None:
    assert in_written_style("声音事件定位和检测提高了", ["声音事件定位和检测"]) == "声音事件定位和检测提升了"


@given(st.text(alphabet="和与提高升第一个二这该而不是非、，。ab$声弦", max_size=40))
def test_doing_it_twice_changes_nothing_more_and_names_stay(text: str) -> None:
    once = in_written_style(text)
    assert in_written_style(once) == once
    assert [c for c in once if c in "ab$"] == [c for c in text if c in "ab$"]


def test_every_rule_acts_on_its_own_example() -> None:
    for (everyday, written), rule in RULES.items():
        said = {"在本文中，": "甲在本文中，提出乙", "例如": "（例如甲）", "x": "2x甲"}.get(everyday, f"甲{everyday}乙")
        assert written in rule(said), everyday
        assert everyday not in rule(said), everyday
