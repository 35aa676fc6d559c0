"""Chinese words for the names that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from summarizer.reading import RelatedPaper
from summarizer.records import Task

TASKS: Mapping[Task, str] = {
    "translation": "摘要译文",
    "background": "背景",
    "method": "方法",
    "results": "结果",
}
BREAKDOWN: tuple[tuple[Task, str], ...] = tuple((task, label) for task, label in TASKS.items() if task != "translation")

#: Of checks both passed and failed: the thing that was looked at.
_CHECKS: Mapping[str, str] = {
    "finish": "结束方式",
    "language": "中文占比",
    "simplified": "简体字",
    "no_english": "英文残留",
    "numbers_kept": "数字保留",
    "numbers_added": "数字增添",
    "numbers": "数字",
    "length": "长度",
    "limit": "篇幅上限",
    "repetition": "重复",
    "preamble": "开场白",
    "echo": "照抄原文",
    "completeness": "句子完整",
    "foreign_script": "其他文字",
    "numerals_added": "数目增添",
    "units": "单位",
    "missing_sentences": "漏译句子",
    "direction": "升降方向",
    "ending": "结尾完整",
    "marks": "括号引号成对",
    "answers_question": "答其所问",
    "links_and_formulas": "链接与公式",
    "names_kept": "名称保留",
    "negation": "否定",
    "glossary": "术语表",
}
_KINDS: Mapping[str, str] = {"exact": "内容相同", "near": "近似重复", "borderline": "可能是同一工作，尚无人判断"}
_SECTIONS: Mapping[str, str] = {
    "abstract": "摘要",
    "introduction": "引言",
    "related_work": "相关工作",
    "method": "方法",
    "experiments": "实验",
    "results": "结果",
    "discussion": "讨论",
    "conclusion": "结论",
    "acknowledgement": "致谢",
    "references": "参考文献",
    "appendix": "附录",
    "other": "其他",
}
_WEEKDAYS = "一二三四五六日"


def check_label(name: str) -> str:
    return _CHECKS.get(name, name)


def kind_label(kind: str) -> str:
    return _KINDS.get(kind, kind)


def section_label(kind: str) -> str:
    return _SECTIONS.get(kind, kind)


def relation_label(other: RelatedPaper) -> str:
    """How another paper stands to the one of the page, e.g. ``近似重复（较早）``."""
    if other.relation == "version":
        return f"版本 v{other.version}"
    when = "较早" if other.relation == "repeats" else "较晚"
    return f"{kind_label(other.kind)}（{when}）" if other.kind in _KINDS else f"{when}的版本"


def weekday(day: date) -> str:
    return f"星期{_WEEKDAYS[day.weekday()]}"
