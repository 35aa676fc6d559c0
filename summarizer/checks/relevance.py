"""An answer answers its own question: results say what was reached, the background says what is missing so far.

Of 229 breakdowns that a large model wrote, all results and all backgrounds pass; 45 % of the backgrounds would fail as results,
36 % of the results as background. What a paper's method is can be told by no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict
from summarizer.records import CheckResult

_FIGURE = re.compile(r"(?<![A-Za-z\d.-])\d+(?:\.\d+)?(?![A-Za-z\d-])")
_OUTCOME = re.compile(
    r"优于|超[过越出]|胜过|好于|强于|高于|低于|快于|少于|提[升高速]|降[低至]|减少|下降|缩短|加[快速]|改[善进]|增[益加]|领先|击败|"
    r"相当|媲美|持平|接近|匹敌|达到|取得|最[佳优好高低]|相比|[一二两三四五六七八九十百\d]倍|[%％]|百分|SOTA|验证|表明|证明|显示|实现|成功|有效"
)
_ENGLISH_OUTCOME = re.compile(
    r"\b(?:outperform\w*|achiev\w+|improv\w+|reduc\w+|increas\w+|better|higher|lower|best|state[- ]of[- ]the[- ]art|"
    r"compar(?:ed|able)|exceed\w*|surpass\w*|gains?|faster|percent|show\w*|demonstrat\w+)\b|\d",
    re.IGNORECASE,
)
_LACK = re.compile(
    r"不足|缺|局限|限制|受限|难[以题点]|困难|挑战|问题|无法|不能|不便|忽[略视]|依赖|瓶颈|未[能被经考充]|尚|低效|昂贵|成本|仅|"
    r"不[够易支可一稳具准适]|差|弱|失真|损失|误差|退化|下降|空白|耗|需|假设|但|然而|却|过[度于]|风险|影响"
)


def check_relevance(context: CheckContext) -> Iterator[CheckResult]:
    """Soft. Looks at whole answers only: one bullet of several may well say something else."""
    if not context.pieces:
        return
    if context.task == "results" and any(_ENGLISH_OUTCOME.search(source) for source, _ in context.pieces):
        says_something = _FIGURE.search(context.text) or _OUTCOME.search(context.text)
        yield verdict("answers_question", "soft", "" if says_something else "results without a figure or a comparison")
    elif context.task == "background":
        lacks = _LACK.search(context.text)
        yield verdict("answers_question", "soft", "" if lacks else "background that names nothing missing")
