"""One bullet of an answer: its lead and sentence told apart, its Chinese freed of what ties it to its neighbours, its faults."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from summarizer.checks import chinese_length
from summarizer.checks.negation import turns_negation
from summarizer.records import Task

_MARKUP = re.compile(r"\*\*|^\s*- ", re.MULTILINE)
_LEAD = re.compile(r"(?:- )?(?:\*\*)?([^，。；：:！？、（）“”‘’《》*`|<>\n]{2,40})(?:\*\*)?[：:](?=.)(?:\*\*)?")
_LEAD_BEHIND = re.compile(r"(.+?)\s*【([^【】]{2,40})】[。.]?")
#: Characters and words that a lead may have; a longer one is a sentence.
MAX_LEAD_LENGTH = 12
#: A grammar ends a lead behind its sentence here, so one of this length was cut off.
_CUT_LEAD_LENGTH = 10
#: Leads that say nothing.
_EMPTY_LEADS = frozenset(
    (
        "论文",
        "本文",
        "方法",
        "方法概述",
        "研究方法",
        "论文方法",
        "论文目标",
        "论文目的",
        "工作内容",
        "本工作",
        "报告",
        "句子",
        "要点",
        "要点名",
        "名称",
        "标题",
        "结果",
        "结论",
        "实验",
        "实验结果",
        "研究结果",
        "原文",
        "中文",
        "译文",
        "概括",
        "总结",
    )
)
#: No name of a point: a clause, or words about the text itself.
_ODD_LEAD = re.compile(
    r"我们|本文|原文|句子|翻译|论文|保留|如[图表]|[图表]\s*\d|第\d|^[\d.%\s-]+$|[的了是在和与及为]$|^[的了是而且但]|^(?:此外|因此|然而)"
)
#: What only makes sense after the sentence before it, or points to what is not there.
_LEADING = re.compile(
    r"^(?:(?:此外|另外|因此|所以|然而|但是|不过|而且|并且|同时|首先|其次|再次|最后|随后|接着|然后|具体(?:来说|而言|地说|地)|"
    r"特别(?:是|地)|如前所述|接下来|正如(?:我们)?在?(?:引言|介绍|前面|上文|前言)[^，]{0,8}|值得注意的是|需要注意的是|总之|总的来说|综上所述|相反|相比之下|例如|即(?=[，,：:])|即使如此|尽管如此|事实上|实际上|"
    r"在(?:本文|本研究|本工作|本节|这项工作|这项研究|本论文|这篇论文|这篇文章)中|本文中|"
    r"(?:实验|评估|研究)?结果(?:表明|显示)|实验(?:表明|显示)|如[图表]\s*\d+[^，]{0,8}所示|从[图表]\s*\d+[^，]{0,8}(?:可以看出|可见)|"
    r"我们(?:发现|观察到|注意到|的?实验(?:表明|显示))|可以看出|由此可见|为此|为了解决(?:这个|这一|该)问题)"
    r"[，,：:]?)+"
)
_POINTING = re.compile(
    r"（(?:见|参见|如)?(?:[图表]|第|附录|公式)\s*[\dA-Z][^）]{0,12}）|，?如[图表]\s*\d+\s*所示(?=[，。])"
)
_WE = re.compile(r"(?:^|(?<=，))我们(?!的)|^(?:他们|它们)的")
_OUR = re.compile(r"我们(?:所?提出)?的(?=[^，。])")
_THE_PAPER = re.compile(
    r"^(?:本文|该论文|这篇论文|本研究|本工作|这项工作|这项研究|该工作|该研究|作者)(?=(?:提出|介绍|设计|引入|研究|探讨|采用|描述|开发|构建|利用|探索))"
)
#: Fewest characters of a bullet's sentence, by the words of its source: a shorter one lost most of it.
_LEAST_PER_WORD = 0.6
_LEAST_CHARS = 10
_LEAST_FREED = 6
#: A name such as all-MiniLM-L6-v2 put into Chinese piece by piece.
_TAKEN_APART = re.compile(r"[一-龥]{1,4}(?:-[一-龥]{1,4}){2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
#: "To 84.7%" became "from 84.7% to 84.7%".
_FROM_ITSELF = re.compile(r"从\s*(\d+(?:\.\d+)?%?)[^，。；]{0,6}?[到至]\s*\1(?![\d.])")
#: A lead of whose characters fewer than this share stand in its sentence speaks of something else.
_LEAST_SHARED = 0.5
#: Says of any outcome what it is.
_OF_ANY_OUTCOME = re.compile(r"性能|效果|表现")
#: Lead and sentence more alike than this (difflib ratio) say one thing twice.
_SAME_AS_LEAD = 0.75

#: A lead for a sentence that has none of its own, by what its source speaks of. The first that is found.
_CUED_LEADS: dict[Task, tuple[tuple[str, str], ...]] = {
    "translation": (),
    "background": (),
    "method": (
        (r"\b(?:we|this (?:paper|work)) (?:\w+ )?(?:propose|present|introduce|develop|design)\w*\b", "核心方法"),
        (r"\b(?:loss|objective|minimi[sz]\w+|regulari[sz]\w+|reward\w*)\b", "训练目标"),
        (r"\b(?:pre-?train\w*|fine-?tun\w*|train(?:ed|ing)?|learn\w*|supervis\w+)\b", "训练方式"),
        (r"\b(?:at (?:test|inference) time|inference|decoding|sampling|generat\w+ (?:step|process))\b", "推理过程"),
        (r"\b(?:dataset|corpus|corpora|recordings|annotat\w+|benchmark)\b", "数据构建"),
        (r"\b(?:encoder|decoder|layers?|network|architecture|module|attention|transformer|convolution\w*|blocks?)\b", "模型结构"),
        (r"\b(?:features?|inputs?|embedding\w*|represent\w+|spectrogram\w*|tokens?)\b", "输入与表示"),
        (r"\b(?:algorithm|step|procedure|stages?|pipeline)\b", "处理流程"),
    ),
    "results": (
        (r"\b(?:faster|speed\w*|latency|real[- ]time|seconds|memory|parameters|cost|throughput|efficien\w+)\b", "效率与开销"),
        (r"\b(?:ablation|without the|removing|contribut\w+ of)\b", "消融实验"),
        (r"\b(?:listen\w+|subjective|human|MOS|preference|participants?|raters?|user study)\b", "主观评价"),
        (r"\b(?:generali[sz]\w+|robust\w*|unseen|out-of-domain|zero-shot|transfer\w*)\b", "泛化能力"),
        (r"\b(?:outperform\w*|surpass\w*|state-of-the-art|compared (?:to|with)|than|baseline)\b", "对比结果"),
        (r"\b(?:best|highest|lowest)\b", "最优结果"),
        (r"\bcorrelat\w+\b", "相关性"),
    ),
}  # fmt: skip
_FALLBACK_LEADS: dict[Task, tuple[str, ...]] = {
    "translation": (),
    "background": ("研究背景", "既有方法问题", "研究动机", "其他背景"),
    "method": ("方法要点", "具体做法", "设计细节", "其他设计"),
    "results": ("主要结果", "其他结果", "进一步结果", "补充结果"),
}
_CUES = {
    task: tuple((re.compile(pattern, re.IGNORECASE), lead) for pattern, lead in leads)
    for task, leads in _CUED_LEADS.items()
}
_OWN_LEADS = {
    task: frozenset([*(lead for _, lead in leads), *_FALLBACK_LEADS[task]]) for task, leads in _CUED_LEADS.items()
}


def visible_length(text: str) -> int:
    """Characters a reader sees: without list markers, bold marks and spaces."""
    return sum(not c.isspace() for c in _MARKUP.sub("", text))


def split_lead(text: str) -> tuple[str, str]:
    """``(lead, sentence)`` of an answer of the form ``sentence【lead】`` or ``lead：sentence``; the lead is empty when there is
    none that says anything."""
    behind = _LEAD_BEHIND.fullmatch(text)
    if behind is not None:
        return _usable_lead(behind[2], behind=True), behind[1].strip()
    found = _LEAD.match(text)
    if found is None or chinese_length(found[1]) > MAX_LEAD_LENGTH:
        return "", text
    return _usable_lead(found[1]), text[found.end() :].strip()


def _usable_lead(text: str, *, behind: bool = False) -> str:
    """The lead, or nothing where it says nothing."""
    lead = text.strip()
    odd = lead in _EMPTY_LEADS or _ODD_LEAD.search(lead) or not 2 <= chinese_length(lead) <= MAX_LEAD_LENGTH
    if behind and chinese_length(lead) >= _CUT_LEAD_LENGTH:
        return ""
    return "" if odd else lead


def lead_fits(task: Task, lead: str, sentence: str) -> bool:
    """Whether a lead speaks of what its Chinese sentence says: half of its characters stand there, or it is one that fits any.

    ``音色转换`` over ``VampNet在36步采样时的FAD最低`` does not.
    """
    if lead in _OWN_LEADS[task] or (task == "results" and _OF_ANY_OUTCOME.search(lead)):
        return True
    characters = _HAN.findall(lead)
    return sum(c in sentence for c in characters) >= _LEAST_SHARED * len(characters)


def free_lead(task: Task, source: str, used: Collection[str], terms: Collection[str] = ()) -> str:
    """A lead that no other bullet has: by the cues of the source where they give one, else one of ``terms`` (Chinese words of
    the glossary that stand in the bullet), else a plain one. When all are used, one of those: its bullet then says more about
    the same."""
    cued = [lead for cue, lead in _CUES[task] if cue.search(source)]
    named = [term for term in terms if len(term) == len(_HAN.findall(term)) and 3 <= len(term) <= MAX_LEAD_LENGTH]
    plain = _FALLBACK_LEADS[task]
    return next((lead for lead in (*cued, *named, *plain) if lead not in used), cued[0] if cued else plain[0])


def polished(sentence: str) -> str:
    """A Chinese sentence that stands alone: without ``此外，`` ``如表3所示，`` and the like, and without a leading 我们."""
    text = _freed(_POINTING.sub("", sentence).strip())
    text = _freed(_THE_PAPER.sub("", _WE.sub("", _OUR.sub("该", text))))
    return text.lstrip("，,；;：: ")


def _freed(text: str) -> str:
    """Without what leads over from the sentence before, unless next to nothing would be left."""
    shorter = _LEADING.sub("", text)
    return shorter if chinese_length(shorter) >= _LEAST_FREED else text


def bullet_faults(source: str, lead: str, sentence: str) -> list[str]:
    """Why a bullet says too little, in a few words each; empty when there is nothing against it."""
    faults = []
    n_words = len(source.split())
    length = chinese_length(sentence)
    if length < max(_LEAST_CHARS, _LEAST_PER_WORD * n_words):
        faults.append(f"bullet: {length} characters for {n_words} words")
    if lead and difflib.SequenceMatcher(None, lead, sentence.rstrip("。")).ratio() > _SAME_AS_LEAD:
        faults.append("bullet: the lead again")
    if sentence.endswith(("：", "，", "；", ":", ",", ";")):
        faults.append("bullet: ends in mid-sentence")
    if "：" in sentence[:14] and _LEAD.match(sentence) and split_lead(sentence)[0] == lead != "":
        faults.append("bullet: the lead twice")
    if turns_negation(source, sentence):
        faults.append("bullet: denied in the source only")
    if _FROM_ITSELF.search(sentence):
        faults.append("bullet: from a figure to the same")
    if taken_apart := _TAKEN_APART.search(sentence):
        faults.append(f"bullet: a name in pieces, {taken_apart[0]}")
    return faults
