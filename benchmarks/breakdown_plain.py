"""The plain way, to compare with: each question asked once over the beginning of the paper's text, the answer taken as it is.

The text is cut at a number of tokens, the three questions stand behind it, and the engine computes it once. Nothing is chosen,
checked, copied by force or asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from breakdown_cases import ANSWERS
from breakdown_papers import ReadPaper

from summarizer.ids import content_hash
from summarizer.llm.engine import Engine
from summarizer.records import Completion, Message, ModelInfo, Request, Sampling, Task
from summarizer.stages.interruption import interruption
from summarizer.stages.recorder import utc_now
from summarizer.store import Store, trials
from summarizer.summarize.jobs import build_request

#: Tokens of the text: about what the systems of this kind pass on (12,000 characters).
TEXT_TOKENS = 2800
_SYSTEM = (
    "你是学术论文助理。根据用户给出的论文正文回答问题，用准确、通顺的中文学术语言书写。只依据正文，不编造；"
    "模型名、数据集名、缩写和数字照抄原文。答案写成列表，每项的形式为“- **要点名**：内容”。"
)
_QUESTIONS: dict[Task, str] = {
    "background": "这篇论文的研究背景是什么，既有方法有哪些问题？不超过200字。",
    "method": "这篇论文的核心方法如何解决上述问题？不超过600字。",
    "results": "这篇论文在哪些任务上取得了怎样的效果？不超过200字。",
}
_MAX_TOKENS: dict[Task, int] = {"background": 300, "method": 800, "results": 300}
_VERSION = content_hash([_SYSTEM, _QUESTIONS, TEXT_TOKENS])
_WITHOUT = ("references", "acknowledgement")


def plain_answers(
    store: Store, model: ModelInfo, open_engine: Callable[[], Engine], papers: Sequence[ReadPaper]
) -> dict[tuple[str, Task], Completion]:
    """The answers by paper and task; those that the store has are not asked again."""
    engine: Engine | None = None
    found: dict[tuple[str, Task], Completion] = {}
    for read in papers:
        if not read.sections:
            continue
        with store.read() as con:
            known = {k: v for task in ANSWERS for k, v in trials.answers(con, task, model.sha256, [read.key]).items()}
        # the text is cut by the engine's tokens, so it has to be there even when nothing is asked
        engine = engine or open_engine()
        requests = _requests(read, model, engine)
        missing = [request for request in requests.values() if request.request_id not in known]
        answered = dict(_ask(engine, missing))
        if missing:
            with store.write() as con:
                rows = [(request, answered[request.request_id]) for request in missing]
                trials.record_answers(con, model.sha256, rows, utc_now())
        known |= answered
        found |= {(read.case.name, task): known[request.request_id] for task, request in requests.items()}
    return found


def _requests(read: ReadPaper, model: ModelInfo, engine: Engine) -> dict[Task, Request]:
    text = _beginning(read, engine.count_tokens)
    return {
        task: build_request(
            (*read.key, task),
            _VERSION,
            model,
            (Message("system", _SYSTEM), Message("user", f"论文正文：\n{text}\n\n问题：{_QUESTIONS[task]}")),
            Sampling(max_tokens=_MAX_TOKENS[task]),
            None,
        )
        for task in ANSWERS
    }


def _beginning(read: ReadPaper, count_tokens: Callable[[str], int]) -> str:
    parts = [read.paper.title]
    if not any(s.kind == "abstract" for s in read.sections):
        parts.append(read.paper.abstract)
    parts += [f"{s.heading}\n{s.text}" for s in read.sections if s.kind not in _WITHOUT]
    words = "\n\n".join(parts).split(" ")
    low, high = 0, len(words)
    while low < high:  # the most words that fit
        middle = (low + high + 1) // 2
        if count_tokens(" ".join(words[:middle])) <= TEXT_TOKENS:
            low = middle
        else:
            high = middle - 1
    return " ".join(words[:low])


def _ask(engine: Engine, requests: Sequence[Request]) -> list[tuple[str, Completion]]:
    answered: list[tuple[str, Completion]] = []
    with interruption() as interrupted:
        for request in requests:
            engine.submit(request)
        while len(answered) < len(requests):
            answered += [(completion.request_id, completion) for completion in engine.poll(1.0)]
            if interrupted():
                for request in requests:
                    engine.cancel(request.request_id)
                raise KeyboardInterrupt
    return answered
