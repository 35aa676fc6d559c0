"""The daily post: the reference format to the byte, and nothing a paper or a model says can break the page."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path, PurePath

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from summarizer.errors import SummarizerError
from summarizer.publish import post_path, render_post, write_if_changed
from summarizer.publish.escape import marked_text, plain_line, plain_text
from summarizer.records import Paper, Post, PostPaper, Unreadable, Window

WINDOW = Window(datetime(2026, 2, 11, 0, 50), datetime(2026, 2, 12, 0, 50), "08:50 Asia/Shanghai", "announced")


def a_paper(**changes: object) -> Paper:
    paper = Paper(
        arxiv_id="2602.11145",
        version=1,
        title="A Title",
        authors=("Ann Author", "Bob Writer"),
        categories=("cs.SD",),
        primary_category="cs.SD",
        submitted_utc=None,
        updated_utc=None,
        abstract="We do this. It works.",
        comment=None,
        links=(),
    )
    return replace(paper, **changes)  # type: ignore[arg-type]


def a_post(*papers: PostPaper, unreadable: tuple[Unreadable, ...] = (), window: Window = WINDOW) -> Post:
    return Post(date(2026, 2, 12), window, ("cs.SD", "eess.AS"), len(papers), papers, unreadable)


def shown(paper: Paper, text: str = "译文。") -> PostPaper:
    return PostPaper(paper, text, text, text, text)


def page(*papers: PostPaper, unreadable: tuple[Unreadable, ...] = ()) -> str:
    return render_post(a_post(*papers, unreadable=unreadable)).decode()


# --- the reference posts ---------------------------------------------------------------------------------------------


def parse_reference(text: str) -> tuple[Post, list[str]]:
    """A reference post as records, and the breakdowns (verbatim) whose heads are not plain ``1)`` to ``3)``."""
    head, *blocks = re.split(r"(?m)^## ", text)
    found = re.search(r'title: "arXiv Daily – (\d{4}-\d{2}-\d{2})"', head)
    assert found is not None
    day = date.fromisoformat(found[1])
    papers, irregular = [], []
    for block in blocks:
        title, authors, categories, arxiv, _, rest = block.split("\n", 5)
        address = re.search(r"abs/(\S+?)v(\d+)\]", arxiv)
        assert address is not None
        translation, fold = rest[1:].split('\n\n<details>\n<summary>详细解读</summary>\n\n<div markdown="1">\n\n')
        breakdown = fold.split("\n</div>\n\n</details>")[0]
        parts = re.fullmatch(r"1\)  \n(.*)\n\n2\)  \n(.*)\n\n3\)  \n(.*)", breakdown, re.DOTALL)
        if parts is None:
            irregular.append(breakdown)
        paper = a_paper(
            arxiv_id=address[1],
            version=int(address[2]),
            title=title,
            authors=tuple(authors.removeprefix("- **Authors**: ").split(", ")),
            categories=tuple(categories.removeprefix("- **Categories**: ").split(", ")),
        )
        papers.append(PostPaper(paper, translation, *(parts.groups() if parts else (None, None, None))))
    end = datetime(day.year, day.month, day.day, 0, 50)
    window = Window(end - timedelta(days=1), end, "08:50 Asia/Shanghai", "announced")
    return Post(day, window, ("cs.SD", "eess.AS"), len(papers), tuple(papers)), irregular


@pytest.mark.corpus
def test_reference_post_of_2026_02_12_is_reproduced_to_the_byte(corpus: Path) -> None:
    wanted = (corpus / "posts/2026-02-12-arxiv.md").read_bytes()
    post, irregular = parse_reference(wanted.decode())
    assert len(post.papers) == 9
    assert irregular == []
    assert render_post(post) == wanted


@pytest.mark.corpus
def test_reference_post_of_2026_01_23_is_reproduced_but_for_two_breakdowns_with_other_heads(corpus: Path) -> None:
    wanted = (corpus / "posts/2026-01-23-arxiv.md").read_text(encoding="utf-8")
    post, irregular = parse_reference(wanted)
    assert len(post.papers) == 13
    assert len(irregular) == 2
    missing = "\n\n".join(f"{n})  \n（本部分暂缺：原因未记录）" for n in (1, 2, 3))
    for breakdown in irregular:
        wanted = wanted.replace(breakdown, missing)
        body = re.sub(r"(?m)^[123]\) ", "", breakdown)
        assert marked_text(body) == body
    assert render_post(post).decode() == wanted


# --- what is missing -------------------------------------------------------------------------------------------------


def test_paper_without_translation_shows_its_labelled_abstract() -> None:
    paper = PostPaper(a_paper(), None, "背景。", "方法。", "结果。", {"translation": "数字不符：缺 3.5"})
    text = page(paper)
    assert (
        "\n\n> **（暂无合格的中文译文：数字不符：缺 3.5）以下为英文摘要原文：**\n\nWe do this. It works.\n\n<details>"
        in text
    )
    assert "1)  \n背景。\n\n2)  \n方法。\n\n3)  \n结果。\n</div>" in text


def test_missing_answers_say_so_inside_the_fold() -> None:
    paper = PostPaper(a_paper(), "译文。", None, "方法。", None, {"background": "正文不可读", "results": "重复"})
    assert "1)  \n（本部分暂缺：正文不可读）\n\n2)  \n方法。\n\n3)  \n（本部分暂缺：重复）\n</div>" in page(paper)


def test_everything_missing_still_gives_a_whole_page() -> None:
    text = page(PostPaper(a_paper(title="", abstract="", authors=(), categories=()), None, None, None, None))
    assert "## （无标题）\n- **Authors**: （未知）\n- **Categories**: （未知）" in text
    assert "> **（暂无合格的中文译文：原因未记录）**\n\n<details>" in text
    assert "英文摘要原文" not in text
    assert text.count("（本部分暂缺：原因未记录）") == 3
    assert text.endswith("</div>\n\n</details>\n\n---\n")


def test_unreadable_files_are_listed_at_the_end_and_only_then() -> None:
    whole = page(shown(a_paper()))
    with_list = page(shown(a_paper()), unreadable=(Unreadable("scan.pdf", "没有文字层"), Unreadable("x|y.pdf", "加密")))
    start, end = whole.removesuffix("\n"), "\n\n## 未能读取的文件\n\n- scan.pdf：没有文字层\n- x\\|y.pdf：加密\n"
    assert with_list == start + end
    assert "未能读取" not in whole


def test_day_without_papers() -> None:
    assert page().endswith("- 抓取总数：0 篇 | 本页显示：0 篇（去重/过滤后）\n\n")
    assert page(unreadable=(Unreadable("a.pdf", "坏"),)).endswith("\n\n## 未能读取的文件\n\n- a.pdf：坏\n")


def test_local_files_have_a_name_instead_of_links() -> None:
    text = page(shown(a_paper(arxiv_id="local.0123456789ab", source_file="my_paper*.pdf")))
    assert "- **arXiv**: 本地文件 my_paper\\*.pdf\n- **PDF**: 本地文件 my_paper\\*.pdf\n" in text
    assert "arxiv.org" not in text


def test_old_style_id_and_version_make_the_links() -> None:
    url = "https://arxiv.org/pdf/hep-th/9901001v3"
    assert f"- **PDF**: [{url}]({url})\n" in page(shown(a_paper(arxiv_id="hep-th/9901001", version=3)))


def test_window_in_its_own_time_zone() -> None:
    post = replace(a_post(), window=replace(WINDOW, anchor="00:50 UTC"))
    text = render_post(post).decode()
    assert "2026-02-12（UTC）窗口" in text
    assert "（锚点 00:50 UTC）：2026-02-11 00:50 — 2026-02-12 00:50" in text
    with pytest.raises(SummarizerError, match="no time zone 'Moon/Crater'"):
        render_post(replace(a_post(), window=replace(WINDOW, anchor="08:50 Moon/Crater")))


def test_odd_categories_stay_strings_in_the_front_matter() -> None:
    categories = ("cs.SD", "hep-th", "no", "a: b", "]\n---\nx: {{ y }}")
    text = render_post(replace(a_post(), categories=categories)).decode()
    assert yaml.safe_load(text.split("---\n")[1])["tags"] == ["arxiv", *categories]


def test_post_path() -> None:
    assert post_path(date(2026, 2, 12)) == PurePath("_posts/2026-02-12-arxiv.md")


# --- nothing breaks the page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("{{ site.x }} {% raw %}", "{&#123; site.x }} {&#37; raw %}"),
        ("\\{{ x", "\\{&#123; x"),
        ("`{{ x }}`", "`{ { x }}`"),
        ("前 <script>alert(1)</script>", "前 &lt;script>alert(1)&lt;/script>"),
        ("<!-- a", "&lt;!-- a"),
        ("\\<div>", "&lt;div>"),
        ("</details>", "&lt;/details>"),
        ("准确率 < 5 且 p<0.05，x > y", "准确率 < 5 且 p<0.05，x > y"),
        ("`<span>` 与 `a` < 3", "`<span>` 与 `a` < 3"),
        ("`<b> 未闭合", "\\`&lt;b> 未闭合"),
        ("```\n<b>\n```", "\\`\\`\\`\n&lt;b>\n\\`\\`\\`"),
        ("~~~", "&#126;~~"),
        ("# 标题", "\\# 标题"),
        ("- ## 标题", "- \\## 标题"),
        ("文\n---", "文\n\\---"),
        ("文\n=", "文\n\\="),
        ("* * *", "\\* * *"),
        ("2)  ", "2\\)  "),
        ("1. 列表\n   - 项 1) 之后", "1. 列表\n   - 项 1) 之后"),
        ("[a]: http://x", "[a]\\: http://x"),
        ("[a](javascript:x)", "[a]\\(javascript:x)"),
        ("[代码](https://github.com/a/b)", "[代码](https://github.com/a/b)"),
        ("![x](https://a.b/c.png)", "\\![x](https://a.b/c.png)"),
        ("文 {: .hidden}", "文 &#123;: .hidden}"),
        ("$$x$$ 与 $\\mathcal{LD}$", "\\$$x\\$$ 与 $\\mathcal{LD}$"),
        ("a | b", "a \\| b"),
        ("\\(p(a | b)\\)", "\\(p(a | b)\\)"),
        (": 定义", "\\: 定义"),
        ("> 引用", "\\> 引用"),
        ("  - **加粗**：保留  ", "  - **加粗**：保留  "),
    ],
)
def test_marked_text(text: str, safe: str) -> None:
    assert marked_text(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("A*-search\n and  C#", "A\\*-search and C\\#"),
        ("50\\% of $p(x|y)$", "50\\\\% of $p(x\\|y)$"),
        ("snake_case _x_", "snake_case \\_x\\_"),
        ("SCRAPL: A & B (v2.0)", "SCRAPL: A & B (v2.0)"),
        ("`rm` [a](https://b)", "\\`rm\\` [a]\\(https://b)"),
        ("Head {#id}", "Head {\\#id}"),
    ],
)
def test_plain_line(text: str, safe: str) -> None:
    assert plain_line(text) == safe


def test_plain_text_keeps_paragraphs_and_makes_no_lists() -> None:
    assert plain_text("- one\ntwo\n\n1. three\n\n# four") == "\\- one two\n\n1\\. three\n\n\\# four"


NASTY = st.lists(
    st.sampled_from(
        (  # noqa: SIM905
            "{{ {% %} }} { % : # ## --- === - * ** _ ` `` ``` ~~~ ~~ <script> </div> </details> <div <!-- --> <? < > & "
            "&lt; [a]: [a](http://x`) [a](https://x.y) ![ ]( ] [^1]: *[x]: | $$ $ \\ \\\\ \\( \\) 1) 2) 1. ^ + = 中文 text <中> "
            "`<b>` \" ' http://x ---\n \n \n\n \r \t \u2028 \x00 \ud800"
        ).split(" ")
    )
    | st.just(" ")
    | st.just("\n")
    | st.just("    ")
    | st.text(max_size=3),
    max_size=25,
).map("".join)

#: The only HTML of a page.
OWN_HTML = {"<details>\n<summary>详细解读</summary>", '<div markdown="1">', "</div>", "</details>"}


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Type and content of every block and inline token, as CommonMark with HTML and tables reads the page."""
    body = text.split("---\n", 2)[2]
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body)
    return [(t.type, t.content.strip()) for block in parsed for t in (block, *(block.children or ()))]


def assert_sound(text: str, n_papers: int) -> None:
    body = text.split("---\n", 2)[2]
    assert "{{" not in text
    assert "{%" not in text
    assert len(re.findall(r"(?m)^## ", body)) == n_papers
    for line in ("<details>", "</details>", '<div markdown="1">', "</div>", "1)  ", "2)  ", "3)  "):
        assert body.split("\n").count(line) == n_papers, line
    tokens = tokens_of(text)
    assert [t for t, _ in tokens].count("heading_open") == n_papers
    assert {content for kind, content in tokens if kind == "html_block"} <= OWN_HTML
    assert not any(kind in {"html_inline", "fence", "table_open", "image"} for kind, _ in tokens)


@settings(max_examples=150, deadline=None)
@given(text=NASTY)
def test_model_text_cannot_break_the_page(text: str) -> None:
    other = shown(a_paper(title="Other"))
    assert_sound(page(shown(a_paper(), text), other), 2)


@settings(max_examples=150, deadline=None)
@given(text=NASTY)
def test_titles_names_abstracts_and_reasons_cannot_break_the_page(text: str) -> None:
    paper = a_paper(title=text, authors=(text, text), categories=(text,), abstract=text)
    reasons = {"translation": text, "background": text, "method": text, "results": text}
    assert_sound(page(PostPaper(paper, None, None, None, None, reasons), shown(a_paper())), 2)
    local = replace(paper, arxiv_id="local.0123456789ab", source_file=text)
    assert_sound(page(shown(local), shown(a_paper())), 2)


@settings(max_examples=200, deadline=None)
@given(text=NASTY)
def test_plain_text_reads_as_it_was_written(text: str) -> None:
    """Rendered and stripped of tags, a plain line is the text itself, not one character lost to markup."""
    html = MarkdownIt("commonmark", {"html": True}).renderInline(plain_line(text))
    read = re.sub("&(amp|lt|gt|quot);", lambda m: {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}[m[1]], html)
    wanted = " ".join(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]", "", text).split())
    assert read == wanted.replace("&lt;", "<")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="中文，。abc 0123456789%()（）：-–\n*", max_size=80))
def test_ordinary_text_is_left_alone_inside_lines(text: str) -> None:
    for before, after in zip(text.strip("\n").split("\n"), marked_text(text).split("\n"), strict=True):
        assert after.replace("\\", "") == before


# --- files -----------------------------------------------------------------------------------------------------------


def test_same_bytes_leave_the_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "site" / "_posts" / "a.md"
    assert write_if_changed(path, b"one")
    os.utime(path, ns=(1, 1))
    assert not write_if_changed(path, b"one")
    assert path.stat().st_mtime_ns == 1
    assert write_if_changed(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["a.md"]


def test_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    write_if_changed(path, b"old")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_if_changed(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]
