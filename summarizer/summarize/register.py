"""Written Chinese in place of spoken: 与 for 和 between two things, 提升 for 提高, 可 for 可以, 本文提出 for 我们提出.

A small model writes the everyday word where abstracts have the written one. Only words that mean the same wherever they stand
are changed, and only where translations come nearer to the reference posts by it (``benchmarks/register.py``). It is done for
the text and not for what the next question repeats: there the model finds its own words again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from summarizer.literals import LITERAL, URL, set_apart

_CLAUSE = re.compile(r"[，。；：！？（）“”]")


def _first(text: str) -> str:
    return text if "第二" in text else text.replace("第一个", "首个")


def _words(everyday: str, written: str) -> Callable[[str], str]:
    return lambda text: text.replace(everyday, written)


def _pattern(pattern: str, written: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda text: compiled.sub(written, text)


_HAN = r"[\u4e00-\u9fff]"
_START = r"(?<![^，。；])"  # of a clause


def _unless(pattern: str, said: str, written: str) -> Callable[[str], str]:
    """The written word for what ``pattern`` finds, unless its clause has ``said`` before it."""
    everyday, reason = re.compile(pattern), re.compile(said)

    def change(text: str) -> str:
        def one(found: re.Match[str]) -> str:
            return found[0] if reason.search(_CLAUSE.split(text[: found.start()])[-1]) else written

        return everyday.sub(one, text)

    return change


#: 和 not inside a word (饱和, 和弦), but at the seam of two (声学和声码器, 水平和解码); at the end of a list both are usual.
_and = _unless(
    r"(?<![饱总温柔谐中，、])(?<![^需要请追诉]求)(?<!延迟求)和"
    r"(?!弦|睦|蔼|国|声(?![学音码源道场调纹波压])|谐(?![波振])|平(?![均衡台面滑行])|解(?![码释决耦析调])|$)",
    "、",
    "与",
)
#: 都 not in names of cities and in 都市, 大都, 全都; after 连 or 谁 it says "even" or "whoever", which 均 does not.
_all = _unless(r"(?<![首大古成京故全帝魔陪])都(?![市柏灵会城督])", r"连|甚至|即[使便]|哪|谁|什么", "均")
#: A representation, not what represents: no object follows, and nothing says by what.
_representation = _unless(
    r"(?<![来所可能被者人员家])表示(?=[，。、；]|的(?!是)|学习|空间)",
    r"(?<![利应通作使采])用(?!于)|由(?!于)|被|(?<![可所])以(?!及)",
    "表征",
)
#: Examples, not 如果, 如何, 如图, 如今 nor "as the results show".
_SUCH_AS = re.compile(
    r"，(?:例如，?|如)(?![何果此前图上下表所同式今若有需无是实期能要不第])((?:(?!所|那样|一样|一般|表明|显示|证明|指出)[^，。；：（）]){2,40})"
    r"(?:，(?=通常|往往|常|会|可|能|依赖|通过|已|难以|仍|也|均|越来越)|(?=[，。；]))"  # no comma before what the subject does
)


def _such_as(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        before = text[: found.start()]
        return found[0] if before.count("（") > before.count("）") else f"（如{found[1]}）"

    return _SUCH_AS.sub(one, text)


#: "Is available at", which the model says in many ways, some of them wrong (代码可以访问https://...).
_available = _pattern(
    rf"可以?(?:访问：?|(?:公开)?(?:在|从|于|通过|在线访问：?))\s?({URL.pattern})"
    r"(?:网站|网址|链接)?[上处中]?(?:在线|公开|免费)?(?:访问|获取|获得|找到|查看|下载|得到)?(?=[，。；]|$)",
    r"详见\1",
)
#: What is changed, by the two words that it is about (or an example of them): the everyday one and the written one.
RULES: dict[tuple[str, str], Callable[[str], str]] = {
    ("可在https://a.org获取", "详见https://a.org"): _available,
    ("和", "与"): _and,
    ("提高", "提升"): _words("提高", "提升"),
    ("第一个", "首个"): _first,
    ("这个", "该"): _words("这个", "该"),
    ("而不是", "而非"): _words("而不是", "而非"),
    ("特别是", "尤其是"): _words("特别是", "尤其是"),
    ("尤其是在", "尤其在"): _pattern("尤其是(?=[在对当])", "尤其"),
    ("但是", "但"): _pattern("但是，?", "但"),
    ("并且", "且"): _words("并且", "且"),
    ("为了", "为"): _pattern(rf"(?<!成)为了(?!解(?![决释码耦析答除]))(?={_HAN})", "为"),
    ("提出了一", "提出一"): _words("提出了一", "提出一"),
    ("引入了", "引入"): _pattern(rf"引入了(?={_HAN})", "引入"),
    ("有效地", "有效"): _pattern(
        rf"(有效|显著|成功|准确|精确|自动|直接|系统|联合|极大|大幅|持续|可靠|高效|动态|显式|隐式)地(?={_HAN})", r"\1"
    ),
    ("现有的", "现有"): _pattern(rf"现有的(?=[A-Z]|{_HAN})", "现有"),
    ("传统的", "传统"): _pattern(rf"(传统|额外)的(?=[A-Z]|{_HAN})(?![更要高低好])", r"\1"),
    ("不同的", "不同"): _pattern(rf"(?<={_HAN})不同的(?={_HAN})(?!是)", "不同"),
    ("我们的结果表明", "研究结果表明"): _pattern(
        "我们的(?:研究)?(?:结果|发现)(?=表明|强调|凸显|揭示|显示|证明|为|提供)", "研究结果"
    ),
    ("我们的实验", "实验"): _pattern(f"{_START}我们的(?=实验)", ""),
    ("我们的方法", "本方法"): _pattern("我们的(?=方法|框架|系统|模型|工作|研究)", "本"),
    ("在本研究中，我们", "本研究"): _pattern("在(?:本|这项)(?:工作|研究)中，我们(?!的)", "本研究"),
    ("在本文中，我们", "本文"): _pattern("在(?:本文|本论文|这篇论文)中，我们(?!的)", "本文"),
    ("在本文中，", "本文"): _pattern(
        "在(?:本文|这篇论文|本论文|本工作|这项工作)中，(?=提出|介绍|研究|探讨|引入|展示)", "本文"
    ),
    ("本工作", "本研究"): _pattern(
        r"(?<![基样成日版文剧课原])本工作(?![流站])|(?:(?<![^，。；])|(?<=在))这项(?:工作|研究)(?![流站])", "本研究"
    ),
    ("我们提出", "本文提出"): _pattern("(?<![^。])我们提出", "本文提出"),  # a sentence's first words only
    ("我们创建", "我们构建"): _pattern("我们(还|进一步)?(?:创建|构造)", r"我们\1构建"),
    ("提出Abc，一种", "提出Abc——一种"): _pattern(
        rf"((?:提出|引入|介绍|开发|设计|构建)了?[A-Z](?:(?!{_HAN})[^，。；])*(?:（[^（）]*）)?)，(?=一种|一个|首个|一套)",
        r"\1——",
    ),
    ("一个框架", "一种框架"): _pattern(
        "(?<![到在同每另任某单下上仅只用])一个(?=[^，。；一]{0,15}?(?:框架|方法|架构|策略|机制|算法|范式|方案|技术|途径|方式|流程|流水线)"
        "(?:[，。；：（]|——|来|用于|以|$))",
        "一种",
    ),
    ("例如", "如"): _pattern("(?<=（)例如，?", "如"),
    ("，如A和B", "（如A和B）"): _such_as,
    ("x", "倍"): _pattern(rf"(?<=\d)\s?[x×](?=[，。；、（）]|{_HAN}|$)", "倍"),  # 1.9x faster
    ("可以", "可"): _pattern(rf"(?<![不即])可以(?=[A-Z\ue000]|(?![是及以说而能会可]){_HAN})", "可"),
    ("仍然", "仍"): _pattern(rf"仍然(?={_HAN})", "仍"),
    ("已经", "已"): _pattern(rf"已经(?={_HAN})", "已"),
    ("都", "均"): _all,
    ("只", "仅"): _pattern(r"(?<![不一二两几\d船])只(?=需|使用|用|在|对|包|利用|考|关|依|采|通过|支|针|提|训)", "仅"),
    ("使用", "采用"): _pattern(rf"{_START}使用(?![者了不更少户\d])", "采用"),  # not: fewer parameters, nor whoever uses
    ("表现出", "展现出"): _pattern("(?:表现|展示|显示)出(?![色来])", "展现出"),
    ("展示了潜力", "展现了潜力"): _pattern("(?<!我们)展示了(?=[^，。；]*(?:潜力|优势|能力|鲁棒性|性能))", "展现了"),
    ("结果显示", "结果表明"): _pattern("(结果|实验|研究|分析|评估)显示(?![在于出器屏])", r"\1表明"),
    ("证明了有效性", "验证了有效性"): _pattern("证明(?=了?[^，。；]*有效性)", "验证"),
    ("结果强调", "结果凸显"): _pattern("(?<=结果|发现|研究)强调", "凸显"),
    ("专注于", "聚焦于"): _pattern("[专关]注于", "聚焦于"),
    ("模型大小", "模型规模"): _pattern("(模型|数据|数据集|参数)大小", r"\1规模"),
    ("表示", "表征"): _representation,
    ("这些限制", "这些局限"): _pattern(
        "((?:解决|克服|应对|突破)(?:这些|这一)|存在(?:一定|根本性?|明显|严重|显著|固有|诸多)的?)限制(?=[，。])",
        r"\1局限",
    ),
    ("它们的", "其"): _pattern("(?<![其与])它们?的(?![中他它实余间次])", "其"),
    ("，它", "，其"): _pattern("(?<=，)([但且]?)它们?(?![们的本之中自身各都是不均实他余次间它后内外一，。])", r"\1其"),
    ("除了甲之外，", "除甲外，"): _pattern("除了([^，。；还也均都]+?)(?:之外|以外|外)?，", r"除\1外，"),
    ("不仅甲，而且", "不仅甲，还"): _pattern("(不仅[^。；]*，)而且", r"\1还"),
    ("各种", "多种"): _words("各种", "多种"),
    ("许多", "众多"): _pattern(rf"(?<!了)许多(?=\ue000|{_HAN})", "众多"),
    ("更好的", "更优的"): _pattern("(?<=具有|实现|取得|获得|提供)更好的", "更优的"),
    ("之前的方法", "以往方法"): _pattern("(?<![^，。；与比对于在管])之前的(?=方法|工作|研究|模型|系统)", "以往"),
    ("最近", "近期"): _pattern(r"(?<![^，。；管])最近(?!的?[邻质中])的?(?![最几一两\d])", "近期"),  # not: the nearest
    ("然后", "随后"): _pattern(f"{_START}然后", "随后"),
    ("具体来说", "具体而言"): _words("具体来说", "具体而言"),
    ("提升到", "提升至"): _pattern(
        "(提升|降低|减少|扩展|缩短|增加|压缩|下降|上升|推广|迁移|拓展|延伸|集成|映射|泛化)到(?!了)", r"\1至"
    ),
    ("任务上", "任务中"): _pattern("任务上(?![下述层线传游升])", "任务中"),
}


def in_written_style(text: str, terms: Sequence[str] = ()) -> str:
    """The text with the written words. Links, formulas and the ``terms`` (Chinese words that must stand so) stay."""
    words = sorted(filter(None, terms), key=len, reverse=True)
    text = _available(text)  # the one rule that looks at a link, before links are set apart
    text, put_back = set_apart(text, re.compile("|".join([LITERAL.pattern, *map(re.escape, words)])))
    for rule in RULES.values():
        text = rule(text)
    return put_back(text)
