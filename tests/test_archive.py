"""Posts read back: bytes cut into parts without loss, papers and texts found whatever the habits of who wrote them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath

import archive_posts
import pytest
from archive_posts import ANSWERS, FAILURES, HEADS, ArchivedPost, archived_posts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from summarizer.errors import PostError
from summarizer.publish import read_post, render_post
from summarizer.publish.answers import split_breakdown
from summarizer.publish.escape import plain_line, plain_text, written_line, written_text
from summarizer.publish.notices import is_notice
from summarizer.records import ImportedPost, Paper, Post, PostPaper, Unreadable, Window

DAY = date(2026, 1, 23)
NAME = PurePosixPath("2026-01-23-arxiv.md")


def joined(post: ImportedPost) -> bytes:
    return b"".join(part.data for part in post.parts)


def a_post(*blocks: str, n: int = 1) -> bytes:
    return (archive_posts.head(DAY, n, len(blocks)) + "\n".join(blocks)).encode()


def a_block(
    translation: str = "本文。", breakdown: str = "1)  \n甲\n\n2)  \n乙\n\n3)  \n丙", title: str = "A Title"
) -> str:
    listed = "".join(archive_posts.fields("2601.00001v2", ["Ann Author", "Bo"], ["cs.SD"]))
    return archive_posts.block(title, listed, translation, breakdown)


# --- bytes -----------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(post=archived_posts(DAY))
def test_posts_of_all_habits_are_cut_without_loss_and_read_right(post: ArchivedPost) -> None:
    read = read_post(post.data, NAME)
    assert joined(read) == post.data
    assert (read.post_date, read.path) == (DAY, "_posts/2026-01-23-arxiv.md")
    assert [part.kind for part in read.parts].count("paper") == len(post.papers)
    assert len(read.papers) == len(post.papers)
    for found, wanted in zip(read.papers, post.papers, strict=True):
        if wanted.key is None:
            assert found.paper.arxiv_id.startswith("local.")
        else:
            assert (found.paper.arxiv_id, found.paper.version) == wanted.key
        assert found.paper.title == written_line(wanted.title)
        assert found.paper.authors == wanted.authors
        assert found.paper.categories == wanted.categories
        if wanted.expected is not None:
            assert found.texts == wanted.expected
        assert not set(found.texts) & set(found.notices)


@settings(max_examples=300, deadline=None)
@given(
    data=st.lists(
        st.sampled_from(
            (
                *(b"\n", b"\r\n", b"\r", b"---\n", b"## T\n", b"- **Authors**: A\n", b"- **arXiv**: 2601.00001v2\n"),
                *(
                    b"<details>\n",
                    b"</details>\n",
                    b'<div markdown="1">\n',
                    b"</div>\n",
                    b"1)  \n",
                    b"2)  \n",
                    b"3. x\n",
                ),
                *(b"\xff", b"\x00", "中文".encode(), b"title: arXiv Daily 2026-01-23\n", b"\xe2\x80\xa8", b"  ", b"**"),
            )
        )
        | st.binary(max_size=6),
        max_size=40,
    ).map(b"".join)
)
@example(data=b"")
@example(data=b"\r\r\n\n## T\r- **PDF**: x")
def test_anything_is_a_post_without_loss_or_no_post(data: bytes) -> None:
    try:
        read = read_post(data, NAME)
    except PostError:
        return
    assert joined(read) == data


@pytest.mark.corpus
def test_reference_posts_are_read_whole(corpus: Path) -> None:
    found = {}
    for path in sorted((corpus / "posts").glob("*.md")):
        read = read_post(path.read_bytes(), PurePosixPath(path.name))
        assert joined(read) == path.read_bytes()
        assert read.categories == ("cs.SD", "eess.AS")
        assert read.n_fetched == len(read.papers)
        end = datetime.combine(read.post_date, datetime.min.time()) + timedelta(minutes=50)
        assert read.window == Window(end - timedelta(days=1), end, "08:50 Asia/Shanghai", "imported")
        for paper in read.papers:
            assert set(paper.texts) == {"translation", *ANSWERS}
            assert paper.notices == {}
            assert all(len(text) > 100 for text in paper.texts.values())
        found[path.name] = len(read.papers)
    assert found == {"2026-01-23-arxiv.md": 13, "2026-02-12-arxiv.md": 9}


@pytest.mark.corpus
def test_every_reference_breakdown_is_taken_apart_or_known_as_a_failure(corpus: Path) -> None:
    n_papers = n_failed = 0
    for name, data, rows in archive_posts.corpus_posts(corpus):
        read = read_post(data, PurePosixPath(name))
        assert joined(read) == data
        assert [paper.paper.title for paper in read.papers] == [row["title"] for row in rows]
        for paper, row in zip(read.papers, rows, strict=True):
            n_papers += 1
            assert paper.paper.authors == tuple(row["authors"])
            assert paper.texts["translation"] == row["zh_abstract"].strip()
            if row["zh_breakdown"].startswith("（全文解读失败"):
                n_failed += 1
                assert paper.notices == dict.fromkeys(ANSWERS, row["zh_breakdown"])
                continue
            assert set(paper.texts) == {"translation", *ANSWERS}
            # all that is not in the answers are the heads and what separates them
            rest = row["zh_breakdown"]
            for task in ANSWERS:
                assert paper.texts[task] in rest
                rest = rest.replace(paper.texts[task], "", 1)
            assert len(rest) < 100, rest
    assert (n_papers, n_failed) == (262, 11)


# --- our own posts ---------------------------------------------------------------------------------------------------

_ANY = st.lists(
    st.sampled_from("中文 text # * _ ` ~~ {{ {% <b> </details> ## --- 1) 2. [a](b) | $x$ \\ & &lt; : - > !".split(" "))  # noqa: SIM905
    | st.sampled_from((" ", "\n", "\n\n")),
    max_size=12,
).map("".join)
#: Names and abstracts: no entity of their own, which could not be told from one that was written for a sign.
_PLAIN = _ANY.map(lambda text: text.replace("&", "").replace(",", ""))
_LINE = _PLAIN.map(lambda text: " ".join(text.split()))


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(_ANY, min_size=4, max_size=4), abstract=_PLAIN, names=st.lists(_LINE, min_size=3, max_size=3))
def test_a_post_of_our_own_is_read_and_written_again_to_the_byte(
    texts: list[str], abstract: str, names: list[str]
) -> None:
    """The records that are read back make the same page: nothing of it was misunderstood."""
    window = Window(datetime(2026, 1, 22, 0, 50), datetime(2026, 1, 23, 0, 50), "08:50 Asia/Shanghai", "announced")
    paper = Paper("2601.00001", 3, names[0], (names[1], "Bo"), ("cs.SD",), "", None, None, abstract, None, ())
    answers = [f"{lead}{text}".rstrip() for lead, text in zip(("本文", "甲", "乙", "丙"), texts, strict=True)]
    made = (
        PostPaper(paper, *answers),
        PostPaper(
            replace(paper, arxiv_id="hep-th/9901001"),
            None,
            "甲",
            None,
            "丙",
            {"translation": "数字不符", "method": "无"},
        ),
        PostPaper(replace(paper, arxiv_id="local.0123456789ab", source_file="a_b*.pdf"), "本文", "甲", "乙", "丙"),
    )
    post = Post(DAY, window, ("cs.SD",), 7, made, (Unreadable("scan.pdf", "没有文字层"),))
    page = render_post(post)
    read = read_post(page, NAME)
    assert joined(read) == page
    assert [p.paper.arxiv_id for p in read.papers[:2]] == ["2601.00001", "hep-th/9901001"]
    assert read.papers[2].paper.source_file == "a_b*.pdf"
    assert set(read.papers[1].texts) == {"background", "results"}
    assert set(read.papers[1].notices) == {"translation", "method"}
    again = Post(
        read.post_date,
        read.window,
        read.categories,
        read.n_fetched,
        tuple(
            PostPaper(
                replace(found.paper, arxiv_id=shown.paper.arxiv_id),
                *(found.texts.get(task) for task in ("translation", *ANSWERS)),
                shown.missing,
            )
            for found, shown in zip(read.papers, made, strict=True)
        ),
        post.unreadable,
    )
    assert render_post(again) == page


@settings(max_examples=300, deadline=None)
@given(text=_ANY)
def test_what_was_escaped_is_read_back(text: str) -> None:
    text = text.replace("&", "").replace("\\", "")  # with these, another text may give the same line
    assert written_line(plain_line(text)) == " ".join(text.split())
    assert plain_text(written_text(plain_text(text))) == plain_text(text)


def test_a_line_that_was_not_escaped_stays_as_it_is() -> None:
    for line in ("50\\% of $p(x|y)$", "A*-search {{ x }}", "C# & F#", "&gt; x"):
        assert written_line(line) == line
    assert written_line("A\\*-search &lt;b>") == "A*-search <b>"


# --- single habits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", sorted(HEADS))
def test_heads(head: str) -> None:
    make: Callable[[int, str], str] = HEADS[head]
    titles = ("研究背景", "核心方法", "任务与效果")
    text = "\n\n".join(f"{make(n, title)}- 要点 {n}\n  1. 子项\n  2. 子项" for n, title in enumerate(titles, start=1))
    wanted = {task: f"- 要点 {n}\n  1. 子项\n  2. 子项" for n, task in enumerate(ANSWERS, start=1)}
    assert split_breakdown(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # an enumeration of its own inside an answer
        ("1)  \n1. 甲一\n2. 甲二\n3. 甲三\n\n2)  \n乙\n\n3)  \n丙", ("1. 甲一\n2. 甲二\n3. 甲三", "乙", "丙")),
        # heads mixed within one breakdown
        ("1) **背景**\n甲\n\n2)  \n乙\n\n3) **效果**  \n丙", ("甲", "乙", "丙")),
        ("1) 研究背景：甲。\n2) 方法：乙。\n3) 效果：丙。", ("研究背景：甲。", "方法：乙。", "效果：丙。")),
        # cut off
        ("1)  \n甲\n\n2)  \n乙", ("甲", "乙", None)),
        ("1)  \n甲\n\n2)  \n", ("甲", None, None)),
        ("- **研究背景**：甲\n- **核心方法**：乙\n- **任务与效果**：丙",
         ("- **研究背景**：甲", "- **核心方法**：乙", "- **任务与效果**：丙")),
        ("1.5 倍的速度。\n2.0 倍的内存。", (None, None, None)),
        ("只有一段话。", (None, None, None)),
        ("", (None, None, None)),
    ],
)  # fmt: skip
def test_breakdowns(text: str, wanted: tuple[str | None, ...]) -> None:
    assert split_breakdown(text) == {t: w for t, w in zip(ANSWERS, wanted, strict=True) if w is not None}


@pytest.mark.parametrize(
    "text", [*FAILURES, "", "  \n", "（本部分暂缺：正文不可读）", "（全文解读失败）", "Failed to download PDF"]
)
def test_notices(text: str) -> None:
    assert is_notice(text)


@pytest.mark.parametrize(
    "text",
    [
        "语音识别错误（ASR errors）会影响下游任务。",
        "失败案例表明，现有方法无法处理重叠语音。",
        "（1）提出新方法；（2）无法离线运行的问题得到解决",
        "- **既有问题**：请求超时：排队过长",
        "翻译错误检测是一项任务：给定译文，判断是否有误。",
        "Error correction improves the word error rate.",
        "处理异常值的方法包括截断。",
        "（全文解读失败：" + "长" * 700 + "）",
    ],
)
def test_texts_that_are_no_notices(text: str) -> None:
    assert not is_notice(text)


def test_an_english_abstract_in_place_of_a_translation_is_the_abstract() -> None:
    abstract = (
        "We propose a light method for speech enhancement that needs no labels at all, and it works well in noise. " * 2
    )
    (paper,) = read_post(a_post(a_block(abstract.strip())), NAME).papers
    assert paper.paper.abstract == abstract.strip()
    assert "translation" not in paper.texts
    assert paper.notices["translation"] == abstract.strip()


def test_the_labelled_abstract_of_our_own_posts_is_read() -> None:
    text = "> **（暂无合格的中文译文：数字不符）以下为英文摘要原文：**\n\n\\- We test A\\*.\n\nTwo &lt;b>."
    (paper,) = read_post(a_post(a_block(text)), NAME).papers
    assert paper.paper.abstract == "- We test A*.\n\nTwo <b>."
    assert set(paper.texts) == set(ANSWERS)


def test_heading_inside_a_text_is_no_paper() -> None:
    data = a_post(a_block("## 引言\n\n本文。", "1)  \n## 甲\n- **Method**: x\n\n2)  \n乙\n\n---\n\n## 丁\n\n3)  \n丙"))
    (paper,) = read_post(data, NAME).papers
    assert paper.texts["translation"] == "## 引言\n\n本文。"
    assert paper.texts["method"] == "乙\n\n---\n\n## 丁"


def test_a_fold_that_was_never_closed_ends_at_the_next_paper() -> None:
    cut = a_block().split("</div>")[0]
    data = a_post(cut, a_block(title="Second").replace("2601.00001v2", "2601.00002v1"))
    first, second = read_post(data, NAME).papers
    assert first.texts["results"] == "丙"
    assert second.paper.title == "Second"


def test_the_same_paper_twice_is_one_paper_in_two_parts() -> None:
    read = read_post(a_post(a_block("甲文。"), a_block("乙文。")), NAME)
    assert [paper.texts["translation"] for paper in read.papers] == ["甲文。"]
    assert [part.key for part in read.parts] == [None, ("2601.00001", 2), ("2601.00001", 2)]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("- **arXiv**: [https://arxiv.org/abs/2601.16158v1](https://arxiv.org/abs/2601.16158v1)", ("2601.16158", 1)),
        ("- **arXiv**: https://arxiv.org/abs/2601.16158", ("2601.16158", 1)),
        ("- **arXiv:** 2601.16158v12", ("2601.16158", 12)),
        ("- **PDF**: <https://arxiv.org/pdf/cs.CL/0301001v2.pdf>", ("cs.CL/0301001", 2)),
        ("* **arXiv** : arXiv:0704.0001v3 [cs.SD]", ("0704.0001", 3)),
    ],
)
def test_ids(line: str, key: tuple[str, int]) -> None:
    (paper,) = read_post(f"## T\n{line}\n\n本文。\n".encode(), NAME).papers
    assert (paper.paper.arxiv_id, paper.paper.version) == key


def test_fields_and_headings_of_another_fashion() -> None:
    fields = "**Authors:** Ann, Bo\n\n**分类**：cs.SD、eess.AS\n**Code**: x\n"
    text = f"### [A Title](https://arxiv.org/abs/2601.00001v2)\n{fields}\n本文。\n"
    (paper,) = read_post(text.encode(), NAME).papers
    assert (paper.paper.title, paper.paper.authors, paper.paper.categories) == (
        "A Title",
        ("Ann", "Bo"),
        ("cs.SD", "eess.AS"),
    )
    assert paper.texts == {"translation": "本文。"}
    with pytest.raises(PostError, match="not a daily post"):
        read_post(b"## Links\n- **Code**: x\n", NAME)


def test_windows_that_cannot_be_told_are_the_day() -> None:
    data = a_post(a_block())
    whole = Window(datetime(2026, 1, 23), datetime(2026, 1, 24), "00:00 UTC", "imported")
    assert read_post(data.replace("（锚点 08:50 CST）".encode(), b""), NAME).window == whole
    assert read_post(data.replace(b"08:50 CST", b"08:50 PST"), NAME).window == whole
    assert read_post(data.replace(b"08:50 CST", b"08:50 UTC"), NAME).window.start_utc == datetime(2026, 1, 22, 8, 50)


def test_the_day_is_the_file_names_or_the_titles() -> None:
    data = a_post(a_block())
    assert (
        read_post(data, PurePosixPath("eess/2025-12-01-arxiv-daily.markdown")).path
        == "_posts/eess/2025-12-01-arxiv-daily.markdown"
    )
    assert read_post(data, PurePosixPath("export.md")).path == "_posts/2026-01-23-arxiv.md"
    with pytest.raises(PostError, match="day cannot be told"):
        read_post(data, PurePosixPath("2026-13-01-arxiv.md"))
    with pytest.raises(PostError, match="day cannot be told"):
        read_post(data.replace(b"2026-01-23", b"today"), PurePosixPath("export.md"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# Welcome\n",
        b"---\nlayout: post\ntitle: Welcome to Jekyll!\n---\n\n## Heading\n\nText.\n",
        b"\x00\x01\xff",
    ],
)
def test_other_files_are_no_daily_posts(data: bytes) -> None:
    with pytest.raises(PostError, match=r"2026-01-23-arxiv\.md: not a daily post"):
        read_post(data, NAME)
