"""Why something is missing, in the words of the reader of a post (Chinese)."""

from __future__ import annotations

from collections.abc import Mapping

_INGEST: Mapping[str, str] = {
    "pending": "PDF 尚未处理",
    "no_abstract": "未能读出摘要",
    "no_sections": "未能从 PDF 中读出正文章节",
    "missing_pdf": "没有 PDF 文件",
    "not_pdf": "文件不是 PDF",
    "empty_file": "PDF 文件为空",
    "damaged": "PDF 已损坏，无法打开",
    "encrypted": "PDF 已加密，无法读取",
    "no_text": "PDF 没有文字层（可能是扫描件）",
    "gibberish": "PDF 的文字无法识别（乱码）",
    "not_english": "正文不是英文",
    "timeout": "读取 PDF 超时",
    "crashed": "读取 PDF 时程序异常退出",
}
_GENERATE: Mapping[str, str] = {
    "pending": "尚未生成",
    "check_failed": "生成的文本未通过检查",
    "no_evidence": "正文中没有找到可以回答的内容",
    "context_too_small": "原文超出模型的上下文长度",
}
_IMPORTED = "导入的页面没有这段文字"
_STAGES: Mapping[str, Mapping[str, str]] = {
    "ingest": _INGEST,
    "embed": {},
    "dedup": {},
    "generate": _GENERATE,
}
_NAMES: Mapping[str, str] = {"ingest": "读取", "embed": "向量计算", "dedup": "查重", "generate": "生成"}


def reason(stage: str | None, category: str | None) -> str:
    """The reason for a stage and a failure's category (or pending, no_abstract, no_sections; None: an imported page).

    A category without words of its own gives the stage's name and the category, so nothing is ever unexplained.
    """
    if stage is None or category is None:
        return _IMPORTED
    words = _STAGES.get(stage, {}).get(category)
    return words if words is not None else f"{_NAMES.get(stage, stage)}失败（{category}）"
