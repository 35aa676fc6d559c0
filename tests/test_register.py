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
        ("和以前的方法相比，它提高了精度", "与以前的方法相比，其提升了精度"),
        ("这是第一个系统", "这是首个系统"),
        ("为此，我们提出了一种方法", "为此，我们提出一种方法"),
        ("在本文中，我们提出了一个框架", "本文提出一种框架"),
        ("我们提出Abc（AB），一种模型", "本文提出Abc（AB）——一种模型"),
        ("在这项工作中，我们评估了它", "本研究评估了它"),
        ("我们的实验表明，它可以提升性能，它们仍然很快", "实验表明，其可提升性能，其仍很快"),
        ("我们的发现强调了数据的作用", "研究结果凸显了数据的作用"),
        ("首先，使用滤波器，然后使用声学模型表示。", "首先，采用滤波器，随后使用声学模型表征。"),
        ("学习语音表示，将误差降低到2%", "学习语音表征，将误差降低至2%"),
        ("现有指标，如F1和召回率，通常不够", "现有指标（如F1与召回率）通常不够"),
        ("许多任务上都有效，如分类。", "众多任务中均有效（如分类）。"),
        ("除了语音之外，系统已经只需文本", "除语音外，系统已仅需文本"),
        ("最近的研究在各种设备上极大地提升了速度", "近期研究在多种设备上极大提升了速度"),
        ("为解决这些限制，尤其是在噪声下", "为解决这些局限，尤其在噪声下"),
        ("代码和模型可在https://a.org/b获取。", "代码与模型详见https://a.org/b。"),
        ("代码可以访问https://a.org/b。", "代码详见https://a.org/b。"),
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
        "它成为了标准，为了解其原因",
        "与之不同的是，速度更快",
        "见https://example.org/a，$a和b$，`提高`",
        "不可以，这可以是首都的都市，甚至最小的模型都失败",
        "其它的词，与它们的不同，例子由向量表示，所表示的量",
        "样本到最近的质心，距离最近的邻居",
        "使用者，使用不到一半的数据，用户使用它",
        "如果它快，如图所示，如前所述，如结果所表明。",
        "受数据限制，存在带宽限制，",
        "我们展示了系统的能力，表现出色",
        "任务上下文，日本工作，工作站",
        "请访问https://a.org查看演示，可通过语音获取",
        "指标（性能，如F1）",
        "为此，我们提出Abc",
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
    whole = {
        "我们提出",
        "最近",
        "然后",
        "我们的实验",
        "使用",
        "之前的方法",
        "这些限制",
        "模型大小",
        "只",
        "更好的",
        "，如A和B",
        "一个框架",
        "表示",
    }
    for (everyday, written), rule in RULES.items():
        said = {
            "在本文中，": "甲在本文中，提出乙",
            "例如": "（例如甲）",
            "x": "2x甲",
            "只": "只需",
            "更好的": "具有更好的",
            "这些限制": "解决这些限制，",
            "，如A和B": "甲，如A和B。",
            "可在https://a.org获取": "甲可在https://a.org获取",
            "表示": "甲表示。",
        }.get(everyday, everyday if everyday in whole else f"甲{everyday}乙")
        assert written in rule(said), everyday
        assert everyday not in rule(said), everyday
