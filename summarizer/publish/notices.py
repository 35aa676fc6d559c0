"""Texts that stand where an abstract or an answer should, and are none: 「全文解读失败：404 …」, an error, an apology."""

from __future__ import annotations

import re

#: Longer texts are answers, whatever words they hold.
_MOST_CHARACTERS = 600
_FAILED = re.compile(
    r"失败|出错|错误|异常|超时|暂缺|暂无|缺失|无法|未能|不可用|为空|跳过|未生成|未提供"
    r"|\b(?:error|exception|fail(?:ed|ure)?|timed? ?out|unavailable|not found|none|null|n/?a)\b",
    re.IGNORECASE,
)
#: The whole text in brackets, as a remark is written.
_REMARK = re.compile(r"[>\s*_`]*(?:（.*）|\(.*\)|\[.*\]|【.*】|〔.*〕)[\s*_`。.]*", re.DOTALL)
#: A step of the work that failed, in the first words: 「全文解读失败：…」, 「调用 API 出错（…）」. An abstract that begins with
#: 「语音识别错误（…）」 is none.
_TOLD = re.compile(
    r"[>\s*_`（(\[【]*(?:"
    r"(?:全文|论文|正文|摘要|中文|PDF|LLM|API|GPT|模型|接口|网络|自动|调用|下载|请求|\s)*"
    r"(?:解读|翻译|生成|下载|调用|请求|解析|提取|获取|处理|分析|响应|返回|服务|API|PDF|接口)[^\n。，,：:]{0,6}"
    r"(?:(?:失败|出错|超时)[^\n。，,：:]{0,8}(?:[：:（(\n。！!]|\Z)|(?:错误|异常)[ \t]*(?:[：:]|\Z))"
    r"|(?:error|exception)[ \t]*[：:(\[]|failed to\b|traceback \("
    r"|很?抱歉|对不起|作为(?:一个)?[ \t]?(?:AI|人工智能)|I['’]m sorry|I am sorry|I cannot|I can['’]t|As an AI\b)",
    re.IGNORECASE,
)
#: What only a program says.
_PROGRAM = re.compile(
    r"(?:Client|Server) Error: |HTTPS?ConnectionPool|Max retries exceeded|Traceback \(most recent call last\)"
    r"|(?:Read|Connect|Connection) ?time(?:d )?out|Errno |Exception:|Error code: \d"
)
_LIST = re.compile(r"(?m)^[ \t]*[-*+][ \t]+\S")


def is_notice(text: str) -> bool:
    """Whether this is a message in the place of a text: empty, bracketed and about a failure, an error, an apology."""
    text = text.strip()
    if not text:
        return True
    if len(text) > _MOST_CHARACTERS:
        return False
    if _PROGRAM.search(text):
        return True
    if _LIST.search(text):
        return False
    return bool(_TOLD.match(text)) or bool(_REMARK.fullmatch(text) and _FAILED.search(text))
