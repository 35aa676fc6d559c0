"""An engine without a model, for trying the pipeline and for tests: ``llm.engine = "fake"`` in the configuration.

Its answers are made of stock sentences. They keep the numbers, names and denials of the request, so that they pass the
checks a real answer must pass, and they say nothing about the paper.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from summarizer.errors import ContextTooSmall
from summarizer.records import Completion, FinishReason, Message, ModelInfo, Request

Responder = Callable[[Request], str | Completion]

#: What the engine says it is. The hash belongs to no file.
FAKE_MODEL = ModelInfo(
    name="fake",
    sha256=hashlib.sha256(b"summarizer fake engine 1").hexdigest(),
    file_name="",
    n_bytes=0,
    description="stock sentences, no model",
)

_TOKEN = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")
_DENIAL = re.compile(r"\b(?:not|no|none|never|nothing|nobody|without|cannot|neither)\b|n['’]t\b", re.IGNORECASE)
_PER_POLL = 4
_PER_MESSAGE = 4  # tokens that a chat template adds

_SUBJECTS = ("本文", "该研究", "这项工作", "作者", "所提出的方法", "该框架", "这一模型", "实验部分")
_VERBS = ("系统地分析了", "重新审视了", "有效地改进了", "仔细比较了", "进一步扩展了", "详细讨论了", "验证了", "简化了")
_OWNERS = (
    "已有方法",
    "训练过程",
    "数据",
    "推理",
    "评价",
    "系统",
    "特征",
    "标注",
    "模型结构",
    "实验设置",
    "解码过程",
    "目标函数",
)
_ASPECTS = ("不足", "组织方式", "开销", "选择", "稳定性", "表示", "影响", "来源", "边界", "规模", "误差", "组成")
_LINKS = ("，并说明了", "，同时给出了", "，从而减少了", "，也指出了", "，进而得到了", "，随后整理了", "，最后归纳了")
_RESULTS = (
    "其中的原因",
    "所需的成本",
    "一致的结论",
    "成立的条件",
    "后续的方向",
    "可比的依据",
    "主要的差异",
    "具体的步骤",
    "适用的范围",
)


def stock_sentences(request: Request) -> str:
    """Plausible simplified Chinese with every number, name, link and formula among the request's terms; the same for the same
    text.
    """
    text = "\n".join(m.content for m in request.messages)
    digest = hashlib.sha256(f"{request.sampling.seed}\n{text}".encode()).digest()
    # so many ways that the sentences of one text, which do not know of each other, hardly look like a loop
    words = (_SUBJECTS, _VERBS, _OWNERS, ("的",), _ASPECTS, _LINKS, _RESULTS)
    sentence = "".join(choices[byte % len(choices)] for choices, byte in zip(words, digest, strict=False))
    terms = list(dict.fromkeys(t for t in request.copy_terms or () if _must_be_kept(t)))
    if terms:
        sentence += f"，其中涉及 {'、'.join(terms)} 等内容"
    if _DENIAL.search(request.messages[-1].content):
        sentence += "，而不改变原有的结论"
    return sentence + "。"


def _must_be_kept(term: str) -> bool:
    """Links, formulas, numbers, and names as their letters show: a mark, or an upper-case letter after the first."""
    if term.startswith(("http", "$", "\\")):
        return True
    return any(c.isdigit() or c == "+" for c in term) or any(c.isupper() for c in term[1:])


class FakeEngine:
    """An :class:`~summarizer.llm.engine.Engine` that answers by rule, a few requests a poll, in order of arrival.

    Args:
        respond: gives the text of an answer, or a whole completion; by default :func:`stock_sentences`. What it raises
            comes out of :meth:`poll`, and the request stays.
    """

    def __init__(self, respond: Responder = stock_sentences, *, n_ctx: int = 8192) -> None:
        self._respond = respond
        self._n_ctx = n_ctx
        self._queue: dict[str, Request] = {}

    @property
    def model(self) -> ModelInfo:
        return FAKE_MODEL

    @property
    def n_ctx(self) -> int:
        return self._n_ctx

    @property
    def n_waiting(self) -> int:
        return len(self._queue)

    def count_tokens(self, text: str) -> int:
        """One for each word of Latin letters and digits, one for every other character that is not blank."""
        return len(_TOKEN.findall(text))

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(self.count_tokens(m.content) + _PER_MESSAGE for m in messages) + _PER_MESSAGE

    def prepare(self, chats: Sequence[Sequence[Message]]) -> None:
        """Nothing to read."""

    def submit(self, request: Request) -> None:
        if request.request_id in self._queue:
            raise ValueError(f"request {request.request_id} is already under way")
        needed = self.count_prompt_tokens(request.messages) + request.sampling.max_tokens
        if needed > self._n_ctx:
            raise ContextTooSmall(request.request_id, needed, self._n_ctx)
        self._queue[request.request_id] = request

    def poll(self, max_seconds: float = 1.0) -> list[Completion]:
        completions: list[Completion] = []
        for request in list(self._queue.values())[:_PER_POLL]:
            completions.append(self._complete(request))
        for completion in completions:
            del self._queue[completion.request_id]
        return completions

    def _complete(self, request: Request) -> Completion:
        answer = self._respond(request)
        if isinstance(answer, Completion):
            return answer
        n_tokens, most = self.count_tokens(answer), request.sampling.max_tokens
        reason: FinishReason = "stop"
        if n_tokens > most:
            reason = "length"
            answer = answer[: list(_TOKEN.finditer(answer))[most - 1].end()]
        return Completion(
            request_id=request.request_id,
            text=answer,
            finish_reason=reason,
            prompt_tokens=self.count_prompt_tokens(request.messages),
            prompt_tokens_reused=0,
            completion_tokens=min(n_tokens, most),
            seconds=0.0,
        )

    def cancel(self, request_id: str) -> None:
        self._queue.pop(request_id, None)

    def close(self) -> None:
        self._queue.clear()
