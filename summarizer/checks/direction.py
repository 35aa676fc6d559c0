"""What rises in the source does not fall in the translation, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summarizer.checks.alignment import sentence_pairs
from summarizer.checks.context import CheckContext, verdict, words_only, worth_another_try
from summarizer.records import CheckResult

#: Words that say which way a figure went, and (``_MAY``) all that could be put the other way in Chinese: a sentence is looked
#: at only where it says one of the first and none of the second of the other way.
_RISES = re.compile(
    r"\b(?:increas(?:es?|ed|ing)|improv(?:es?|ed|ing|ements?)|rais(?:es?|ed|ing)|enhanc(?:es?|ed|ing|ements?)|"
    r"boost(?:s|ed|ing)?|outperform(?:s|ed|ing)?|surpass(?:es|ed|ing)?|higher|better)\b",
    re.IGNORECASE,
)
_FALLS = re.compile(
    r"\b(?:reduc(?:es?|ed|ing|tions?)|decreas(?:es?|ed|ing)|lower(?:s|ed|ing)?(?![\s-]?(?:case|bound|layer|level))|drop(?:s|ped|ping)?|declin(?:es?|ed|ing)|"
    r"degrad(?:es?|ed|ing|ation)|diminish(?:es|ed|ing)?|shorten(?:s|ed|ing)?|deteriorat\w+)\b",
    re.IGNORECASE,
)
_MAY_RISE = re.compile(
    rf"{_RISES.pattern}|\b(?:exceed\w*|gain\w*|gr[eo]w\w*|larger|strengthen\w*|superior|more|amplif\w+|maximi[sz]\w+|expan\w+|"
    r"extend\w*|ris(?:es?|ing)|rose|add\w*|upgrad\w+|benefit\w*|optimi\w+|refin\w+|advanc\w+|efficien\w+|fast\w*|great\w*|high)\b",
    re.IGNORECASE,
)
_MAY_FALL = re.compile(
    rf"{_FALLS.pattern}|\b(?:few\w*|less|small\w*|shrink\w*|sav\w+|wors\w+|minimi[sz]\w+|mitigat\w+|alleviat\w+|suppress\w*|"
    r"weak\w*|cut\w*|underperform\w*|lose[sd]?|losing|loss\w*|fall\w*|fell|limit\w*|compress\w*|prun\w+|hal[fv]\w*|attenuat\w+|"
    r"eliminat\w+|avoid\w*|inferior|impair\w*|hurt\w*|harm\w*|short\w*|fast\w*|slow\w*|low|de-?nois\w+|remov\w+|prevent\w*|"
    r"errors?|down\w*|poor\w*|difficult\w*|fail\w*|insufficient\w*|relax\w*|overcom\w+|address\w*|bias\w*|suffer\w*)\b|\b(?:de|re)?noise",
    re.IGNORECASE,
)
_CHINESE_RISES = re.compile(r"提[高升]|增[加强大长]|上升|升[高至]|改善|优于|超[过越]|高于|更[高优好]")
_CHINESE_FALLS = re.compile(r"降[低至到了]|减[少小]|下降|缩[短小]|恶化|退化|低于|更[低差]")
_MAY_RISE_CHINESE = re.compile(rf"{_CHINESE_RISES.pattern}|[更升增强优超扩高]|改进|加[快速]|提速")
_MAY_FALL_CHINESE = re.compile(
    rf"{_CHINESE_FALLS.pattern}|[降减缩削弱劣低少损失短省差抑避消限剪衰]|缓解|压缩|更[快轻]|加速"
)

#: Words beside a figure. An improvement of an error is a fall: such words say no direction, but hide the other one.
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)", re.ASCII)
_UP = re.compile(r"\b(?:increas\w+|rais\w+|boost\w*|higher|gr[eo]w\w*|rises?|rising|gain\w*)\b", re.IGNORECASE)
_UP_OR_BETTER = re.compile(rf"{_UP.pattern}|\b(?:improv\w+|more)\b", re.IGNORECASE)
_DOWN = re.compile(
    r"\b(?:reduc\w+|decreas\w+|lower\w*(?![\s-]?(?:case|bound|layer|level))|drop\w*|declin\w+|fewer|less|shorten\w*|cut\w*|sav\w+|fall\w*|fell|degrad\w+|"
    r"smaller|shrink\w*|loss\w*)\b",
    re.IGNORECASE,
)
_CHINESE_UP = re.compile(r"提[高升]|增[加长]|上升|升[高至]|高出")
_CHINESE_DOWN = re.compile(r"降|减|下跌|缩[短小]|节[省约]|低于|少|削")
_CLAUSE_END = re.compile(r"[;,]\s|\b(?:while|but|whereas|and)\b")
_CHINESE_CLAUSE_END = re.compile(r"[，；。]|而|但")
#: Characters before and after a figure in which its word stands.
_REACH, _CHINESE_REACH = (70, 30), (25, 8)
#: So much less, fewer, lower, or reduced by so much.
_FALLS_BY = re.compile(
    r"(?:\d+(?:\.\d+)?\s?(?:%|x|×|times?|-fold)?|orders? of magnitude|half|times)\s+(?:\w+\s+){0,2}"
    r"(?:less|fewer|lower(?![\s-]?(?:case|bound|layer|level))|smaller|shorter|reductions?|decrease)\b|"
    r"\b(?:reduc\w+|decreas\w+|lower(?:s|ed|ing)|cut\w*|drop\w*|shrink\w*)\b(?:\s+[\w-]+){0,8}?\s+(?:by|to|of|from)\s+(?:\w+\s+){0,3}"
    r"(?:\d|half|an order)",
    re.IGNORECASE,
)
_MAY_SAY_LESS = re.compile(rf"{_MAY_FALL_CHINESE.pattern}|节|不到|仅|\d/")


def check_direction(context: CheckContext) -> Iterator[CheckResult]:
    """Looks only at sentences that say one direction alone. Hard for a single one, of an answer too: it is asked again."""
    turned = [source for source, text in sentence_pairs(context) if turns_direction(source, text)]
    yield verdict("direction", worth_another_try(context), f"turned round: {turned[0]}" if turned else "")


def turns_direction(source: str, text: str) -> bool:
    """Whether the Chinese sentence says the other direction, or not that something is so much less."""
    source = words_only(source)
    falls_lost = _FALLS_BY.search(source) is not None and _MAY_SAY_LESS.search(text) is None
    return falls_lost or _whole_turned(source, text) or _figure_turned(source, text)


def _whole_turned(source: str, text: str) -> bool:
    if _RISES.search(source) and not _MAY_FALL.search(source):
        return bool(_CHINESE_FALLS.search(text)) and not _MAY_RISE_CHINESE.search(text)
    if _FALLS.search(source) and not _MAY_RISE.search(source):
        return bool(_CHINESE_RISES.search(text)) and not _MAY_FALL_CHINESE.search(text)
    return False


def _figure_turned(source: str, text: str) -> bool:
    """Whether a figure that stands once in each goes up in one and down in the other."""
    theirs, ours = _FIGURE.findall(source), _FIGURE.findall(text)
    for figure in set(theirs) & set(ours):
        if theirs.count(figure) == ours.count(figure) == 1:
            english = _clause_around(source, figure, _REACH, _CLAUSE_END)
            chinese = _clause_around(text, figure, _CHINESE_REACH, _CHINESE_CLAUSE_END)
            up, down = _UP.search(english), _DOWN.search(english)
            chinese_up, chinese_down = _CHINESE_UP.search(chinese), _CHINESE_DOWN.search(chinese)
            if up and not down and chinese_down and not chinese_up:
                return True
            if down and not _UP_OR_BETTER.search(english) and chinese_up and not chinese_down:
                return True
    return False


def _clause_around(text: str, figure: str, reach: tuple[int, int], clause_end: re.Pattern[str]) -> str:
    """What stands near a figure, without it, in the same clause."""
    at = next(found.start() for found in _FIGURE.finditer(text) if found[0] == figure)
    before = clause_end.split(text[max(0, at - reach[0]) : at])[-1]
    after = clause_end.split(text[at + len(figure) : at + len(figure) + reach[1]])[0]
    return f"{before} {after}"
