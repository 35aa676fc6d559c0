"""What the source denies the translation does not claim."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.context import CheckContext, verdict, words_only, worth_another_try
from summarizer.records import CheckResult

#: Words that deny a whole statement. Not those inside fixed turns that Chinese says positively (not only ... but also,
#: no longer, no later than, whether or not).
_DENIES = re.compile(
    r"\b(?:none|nobody|nothing|never|neither|cannot|without|(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|"
    r"should|need|may|must)\s+not(?!\s+(?:only|just|merely|simply|necessarily))|(?:is|are|was|were|has|have|do|does|did|wo|ca|"
    r"could|would|should)n['’]t(?!\s+(?:only|just)))\b|"
    r"(?<!with )(?<!has )\bno\s+(?!longer|later|less|more|fewer|doubt|matter|one\b)[a-z]",
    re.IGNORECASE,
)
#: Characters one of which stands in every Chinese denial; 除, 免, 避, 仅, 失 and 难 in what says the same without one.
_CHINESE = re.compile(r"[不无未没非否免避难缺失禁勿莫除仅尚]|空白|摆脱|脱离|欠")


def check_negation(context: CheckContext) -> Iterator[CheckResult]:
    """A sentence that denies is not translated as one that does not.

    Hard for a single sentence, which is then asked again; soft for a whole text, sentence by sentence.
    """
    if context.task != "translation":
        return
    turned = [source for source, text in context.pieces if turns_negation(source, text)]
    if not context.pieces and turns_negation(context.source_text, context.text):
        turned = [context.source_text]
    yield verdict("negation", worth_another_try(context), f"denied in the source only: {turned[0]}" if turned else "")


def turns_negation(source: str, text: str) -> bool:
    """Whether the English source denies something, and nothing in the Chinese text does."""
    return _DENIES.search(words_only(source)) is not None and _CHINESE.search(text) is None
