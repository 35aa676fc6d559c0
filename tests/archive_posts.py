"""Daily posts as other systems wrote them: made from rows of the reference corpus, and made up with every habit seen.

A made-up post comes with what a reader of it must find, so that a test can compare more than bytes.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from summarizer.records import Task

FAILURES = (
    "（全文解读失败：404 Client Error: Not Found for url: https://arxiv.org/pdf/2511.13529v1）",
    "（全文解读失败：HTTPSConnectionPool(host='arxiv.org', port=443): Read timed out. (read timeout=60)）",
    "（PDF 下载失败）",
    "解读失败：模型未返回内容",
    "> （暂无解读）",
    "Error: Connection aborted.",
    "抱歉，我无法访问该论文的全文。",
)
ANSWERS: tuple[Task, ...] = ("background", "method", "results")


@dataclass(frozen=True)
class ArchivedPaper:
    """A paper of a post. ``expected`` are the texts that a reader finds; None: whatever, so long as it is kept."""

    key: tuple[str, int] | None  #: None: the page gives no id
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    block: str
    expected: dict[Task, str] | None


@dataclass(frozen=True)
class ArchivedPost:
    day: date
    data: bytes
    papers: tuple[ArchivedPaper, ...]

    @property
    def name(self) -> str:
        return f"{self.day.isoformat()}-arxiv.md"


def head(day: date, n_fetched: int, n_shown: int, tags: str = "[arxiv, cs.SD, eess.AS]") -> str:
    before = day - timedelta(days=1)
    return (
        f'---\nlayout: post\ntitle: "arXiv Daily – {day}"\ntags: {tags}\n---\n\n'
        f"以下为 {day}（CST，北京时间）窗口内更新的论文中文译文：\n"
        f"- 时间窗口（锚点 08:50 CST）：{before} 08:50 — {day} 08:50\n"
        f"- 抓取总数：{n_fetched} 篇 | 本页显示：{n_shown} 篇（去重/过滤后）\n\n"
    )


def fields(versioned: str, authors: Sequence[str], categories: Sequence[str]) -> list[str]:
    return [
        f"- **Authors**: {', '.join(authors)}\n",
        f"- **Categories**: {', '.join(categories)}\n",
        f"- **arXiv**: [https://arxiv.org/abs/{versioned}](https://arxiv.org/abs/{versioned})\n",
        f"- **PDF**: [https://arxiv.org/pdf/{versioned}](https://arxiv.org/pdf/{versioned})\n",
    ]


def fold(breakdown: str) -> str:
    return f'<details>\n<summary>详细解读</summary>\n\n<div markdown="1">\n\n{breakdown}\n</div>\n\n</details>\n'


def block(title: str, listed: str, translation: str, breakdown: str) -> str:
    """A paper in the form of the reference posts."""
    return f"## {title}\n{listed}\n{translation}\n\n{fold(breakdown)}\n---\n"


def corpus_posts(corpus: Path) -> Iterator[tuple[str, bytes, list[dict[str, Any]]]]:
    """The posts of the reference rows in the form of the posts we have: file name, bytes, rows."""
    by_post = defaultdict(list)
    with gzip.open(corpus / "reference/zh_reference.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            by_post[Path(row["post"]).name].append(row)
    for name, rows in sorted(by_post.items()):
        blocks = [
            block(
                row["title"],
                "".join(fields(row["id"] + row["version"], row["authors"], row["categories"])),
                row["zh_abstract"],
                row["zh_breakdown"],
            )
            for row in rows
        ]
        yield name, (head(date.fromisoformat(name[:10]), len(rows), len(rows)) + "\n".join(blocks)).encode(), rows


# --- made up ---------------------------------------------------------------------------------------------------------

_TITLES = {
    "background": "研究背景与既有方法的问题",
    "method": "论文核心方法如何解决上述问题",
    "results": "在哪些任务上取得了怎样的效果",
}
_Head = Callable[[int, str], str]
#: Number and title to the line (or lines) that stands before an answer.
HEADS: dict[str, _Head] = {
    "1)": lambda n, title: f"{n})  \n",
    "1.": lambda n, title: f"{n}.  \n",
    "1) **": lambda n, title: f"{n}) **{title}**\n",
    "1. **": lambda n, title: f"{n}. **{title}**  \n",
    "**1)**": lambda n, title: f"**{n}) {title}**\n\n",
    "### 1.": lambda n, title: f"### {n}. {title}\n\n",
    "### 1": lambda n, title: f"### {n} {title}\n",
    "###": lambda n, title: f"### {title}\n",
    "## 1)": lambda n, title: f"## {n}) {title}\n",
    "（1）": lambda n, title: f"（{n}）{title}\n",
    "一、": lambda n, title: f"{'一二三'[n - 1]}、{title}\n",
    "①": lambda n, title: f"{'①②③'[n - 1]} {title}\n",
    "bold": lambda n, title: f"**{title}**：\n",
}
_WORDS = st.sampled_from(
    (  # noqa: SIM905
        "我们 提出 一种 轻量的 语音增强 方法 在噪声下 准确率 达到 99.63% 低于 -10 dB 的 信噪比 $p(x|y)$ $\\mathcal{L}_{CE}$ 模型 "
        "“鸡尾酒会” 与 LogMel 特征 （MFCC + LogMel） `beam` 3D 1.5B 参数 **域偏移** 1) 2. # ## --- {x} < > & | $ \\(a\\) 失败率"
    ).split(" ")
)
_SENTENCE = st.lists(_WORDS, min_size=3, max_size=9).map("".join)
_LATIN = st.text(alphabet="ABCabc XYZxyz012-:,.()$\\{}*_&'é–", min_size=1, max_size=40).map(
    lambda t: " ".join(t.split())
)
_TITLE = _LATIN.filter(lambda t: t.strip("# ") != "" and not t.endswith("#")).map(lambda t: f"T {t}")
_NAME = st.text(alphabet="ABCabcéßøü.-' 王伟", min_size=1, max_size=12).map(lambda t: f"N {t}".strip())
_CATEGORY = st.sampled_from(("cs.SD", "eess.AS", "hep-th", "cs.CL", "q-bio.NC"))
_TAGS = st.sampled_from(
    ("[arxiv, cs.SD, eess.AS]", "arxiv cs.SD", "\n  - arxiv\n  - hep-th", '[arxiv, "no"]', "[arxiv, {x: [}", "")
)
_UNREADABLE = "\n## 未能读取的文件\n\n- scan.pdf：没有文字层\n".encode()
_GAP = st.sampled_from(("", "\n", "\n\n", "\n \n"))


@st.composite
def _translation(draw: st.DrawFn) -> str:
    """Paragraphs in Chinese; lines that look like headings, lists and numbers of heads are among them."""
    lead = st.sampled_from(("本文", "近年来", "为此，我们"))
    paragraphs = draw(st.lists(st.builds("{}{}".format, lead, _SENTENCE), min_size=1, max_size=3))
    odd = draw(st.sampled_from(("", "## 小标题", "### 二级", "- **要点**：甲", "1) 首先", "$$E=mc^2$$", "> 引文")))
    return "\n\n".join([*paragraphs, *([f"{odd}\n本文到此。"] if odd else [])])


@st.composite
def _answer(draw: st.DrawFn) -> str:
    items = draw(st.lists(_SENTENCE, min_size=1, max_size=3))
    nested = draw(st.sampled_from(("", "  - 次要：甲  \n", "  1. 甲\n  2. 乙\n  3. 丙\n", "    $x_1$\n")))
    return "".join(f"- **要点**：{item}\n{nested}" for item in items).rstrip()


@st.composite
def _breakdown(draw: st.DrawFn) -> tuple[str, dict[Task, str] | None]:
    """What stands in a fold, and the answers in it."""
    kind = draw(st.sampled_from(("heads",) * 6 + ("inline", "failure", "failures", "free", "empty")))
    if kind == "failure":
        return draw(st.sampled_from(FAILURES)), {}
    if kind == "failures":
        failure = draw(st.sampled_from(FAILURES))
        return "\n\n".join(f"{n})  \n{failure}" for n in (1, 2, 3)), {}
    if kind == "free":
        return draw(_SENTENCE), None
    if kind == "empty":
        return "", {}
    if kind == "inline":
        sentences = [f"本节{draw(_SENTENCE)}，{draw(_SENTENCE)}" for _ in ANSWERS]
        texts = "\n".join(f"{n}) {text}" for n, text in enumerate(sentences, start=1))
        return texts, {task: text.strip() for task, text in zip(ANSWERS, sentences, strict=True)}
    make = HEADS[draw(st.sampled_from(sorted(HEADS)))]
    preamble = draw(st.sampled_from(("", "以下是对论文的解读：\n\n")))
    gap = draw(st.sampled_from(("\n\n", "\n\n\n", "\n", "\n\n---\n\n")))
    answers: dict[Task, str] = {task: draw(_answer()) for task in ANSWERS}
    text = gap.join(f"{make(n, _TITLES[task])}{answers[task]}" for n, task in enumerate(ANSWERS, start=1))
    return preamble + text, answers


@st.composite
def archived_papers(draw: st.DrawFn, number: int) -> ArchivedPaper:
    title, authors = f"{number % 10} {draw(_TITLE)}", tuple(draw(st.lists(_NAME, min_size=1, max_size=3, unique=True)))
    categories = tuple(draw(st.lists(_CATEGORY, min_size=1, max_size=3, unique=True)))
    arxiv_id = draw(st.sampled_from((f"2601.{number:05d}", f"hep-th/99{number % 12 + 1:02d}{number % 1000:03d}")))
    version = draw(st.integers(1, 12))
    listed = fields(f"{arxiv_id}v{version}", authors, categories)
    shown = draw(st.sets(st.sampled_from(range(4)), min_size=1)) if draw(st.integers(0, 4)) == 0 else set(range(4))
    key = (arxiv_id, version) if shown & {2, 3} else None
    translation = draw(st.one_of(*[_translation()] * 4, st.sampled_from(FAILURES), st.just("")))
    expected: dict[Task, str] | None = {} if translation in ("", *FAILURES) else {"translation": translation}
    body = f"{translation}\n" if translation else ""
    if draw(st.integers(0, 6)):
        breakdown, answers = draw(_breakdown())
        expected = {**expected, **answers} if expected is not None and answers is not None else None
        close = draw(st.sampled_from(("\n</div>\n\n</details>\n", "\n</div></details>\n", "\n\n</div>\n</details>\n")))
        start = draw(
            st.sampled_from(
                (
                    '<details>\n<summary>详细解读</summary>\n\n<div markdown="1">\n\n',
                    '<details><summary>详细解读</summary>\n<div markdown="1">\n',
                    '<details open>\n<summary>详细解读</summary>\n\n<div markdown="1">\n\n',
                )
            )
        )
        body += f"{draw(_GAP)}{start}{breakdown}{close}"
    rules = draw(st.sampled_from(("\n---\n", "\n---\n\n---\n", "\n***\n", "\n- - -\n", "")))
    between = draw(st.sampled_from(("", "\n"))) if len(shown) == 4 else ""
    text = f"## {title}\n{between}{''.join(listed[n] for n in sorted(shown))}{draw(_GAP)}{body}{rules}"
    return ArchivedPaper(
        key, title, authors if 0 in shown else (), categories if 1 in shown else (), text, expected
    )  # fmt: skip


@st.composite
def archived_posts(draw: st.DrawFn, day: date) -> ArchivedPost:
    """A post of up to four papers with the habits of one author, or of none."""
    first = day.toordinal() % 9000 * 10
    papers = tuple(draw(archived_papers(first + n)) for n in range(draw(st.integers(0, 4))))
    text = head(day, draw(st.integers(0, 40)), len(papers), draw(_TAGS))
    text += draw(st.sampled_from(("\n", "", "\n\n\n"))).join(paper.block for paper in papers)
    tail = draw(st.sampled_from((b"", b"", b"\n", _UNREADABLE, "尾".encode(), b"\xff\x00 broken \xe4\xb8")))
    if tail.strip() and papers:  # it stands in the block of the last paper
        papers = (*papers[:-1], replace(papers[-1], expected=None))
    data = draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf"))) + text.encode() + tail
    if draw(st.integers(0, 3)) == 0:
        data = data.replace(b"\n", b"\r\n")
    if draw(st.integers(0, 5)) == 0:
        data = data.rstrip(b"\r\n")
    return ArchivedPost(day, data, papers)
