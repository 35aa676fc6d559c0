"""The posts inside a site that real Jekyll builds, as the reference site is built: theme minima, jekyll-feed, kramdown.

Skipped where Jekyll or one of the two gems is not installed (Debian: jekyll, jekyll-theme-minima, ruby-jekyll-feed).
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from summarizer.publish import post_path, render_post
from summarizer.records import Paper, Post, PostPaper, Unreadable, Window
from summarizer.store import Store

CONFIG = """title: arXiv Daily
url: http://localhost
theme: minima
plugins: [jekyll-feed]
markdown: kramdown
timezone: Asia/Shanghai
future: true
liquid:
  error_mode: warn
"""
DAY = date(2026, 2, 12)
TITLES = (
    'A Plain Title: with a Colon, "Quotes" & an Ampersand',
    "{{ site.title }} and {% include secret.html %} in a {% raw %} Title",
    "{% if %} Unclosed {{ Liquid {%",
    "<script>alert(1)</script> </details> <b>Markup",
    "# Hash *star* _under_ `tick` [link](http://x) | pipe $x_1$ {: .class}",
    "C# and F# and 50% of {x}",
)
TEXTS = (
    "本文提出 {{ site.title }} 与 {% raw %}，准确率 99.63%。",
    "## 标题\n- **要点**：`{{ x }}` 与 $p(x|y)$，</div></details>\n  1. 子项\n\n---\n\n1) 假的部分 {% endraw %}",
    "> 引文\n\n$$E=mc^2$$\n\n| a | b |\n|---|---|\n\n[^1]: 脚注 {:.x}",
)


@pytest.fixture(scope="session")
def jekyll() -> str:
    program = shutil.which("jekyll")
    if program is None:
        pytest.skip("jekyll is not installed")
    needed = "%w[minima jekyll-feed].each { |name| Gem::Specification.find_by_name(name) }"
    if subprocess.run(["ruby", "-e", needed], capture_output=True, check=False).returncode:
        pytest.skip("the gems minima and jekyll-feed are not installed")
    return program


@dataclass
class Page(HTMLParser):
    """What a browser finds in the content of a post."""

    headings: list[str] = field(default_factory=list)  #: of second level
    folds: list[str] = field(default_factory=list)  #: all text of each
    tags: list[str] = field(default_factory=list)  #: from the first heading on

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._in_content = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "post-content e-content") in attrs:
            self._in_content, self._open = True, []
        if not self._in_content:
            return
        if tag == "h2":
            self.headings.append("")
        if self.headings:  # the | of the reference format makes a table of the line before the first paper
            self.tags.append(tag)
        if tag == "details":
            self.folds.append("")
        if tag not in ("br", "hr", "img", "input", "meta", "link"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._in_content or tag in ("br", "hr"):
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        self._in_content = bool(self._open)

    def handle_data(self, data: str) -> None:
        if "h2" in self._open:
            self.headings[-1] += data
        if "details" in self._open:
            self.folds[-1] += data


def build(jekyll: str, folder: Path, posts: dict[str, bytes]) -> dict[str, Page]:
    """Build a site of these posts (path below the site to bytes), which must go without a warning; its pages by day."""
    source = folder / "source"
    (source / "_posts").mkdir(parents=True)
    (source / "_config.yml").write_text(CONFIG, encoding="utf-8")
    (source / "index.md").write_text("---\nlayout: home\n---\n", encoding="utf-8")
    for path, data in posts.items():
        (source / path).write_bytes(data)
    done = subprocess.run(
        [jekyll, "build", "--source", source, "--destination", folder / "built", "--disable-disk-cache", "--trace"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "LANG": "C.UTF-8", "JEKYLL_ENV": "production"},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not re.search(r"(?i)liquid|warning|error|deprecat", said), said
    pages = {}
    for file in sorted((folder / "built").glob("*/*/*/*.html")):
        page = Page()
        page.feed(file.read_text(encoding="utf-8"))
        pages["-".join(file.parts[-4:-1])] = page
    assert (folder / "built/feed.xml").read_text(encoding="utf-8").count("<entry>") == min(len(posts), 10)
    return pages


def made_post(titles: Sequence[str]) -> Post:
    papers = []
    for number, title in enumerate(titles, start=1):
        paper = Paper(
            arxiv_id=f"2602.{number:05d}",
            version=1,
            title=title,
            authors=(title, "Bo {% Writer %}"),
            categories=("cs.SD",),
            primary_category="cs.SD",
            submitted_utc=None,
            updated_utc=None,
            abstract=f"{title} in an abstract. {{{{ x }}}}",
            comment=None,
            links=(),
        )
        text = TEXTS[number % len(TEXTS)]
        missing = {"translation": "数字不符 {{ x }}"} if number % 4 == 0 else {}
        papers.append(PostPaper(paper, None if missing else text, text, text, text, missing))
    end = datetime(2026, 2, 12, 0, 50)
    window = Window(end - timedelta(days=1), end, "08:50 Asia/Shanghai", "announced")
    return Post(DAY, window, ("cs.SD",), len(papers), tuple(papers), (Unreadable("{{ scan }}.pdf", "没有文字层"),))


def test_titles_and_texts_with_liquid_and_markup_stay_text(jekyll: str, tmp_path: Path) -> None:
    pages = build(jekyll, tmp_path, {post_path(DAY).as_posix(): render_post(made_post(TITLES))})
    (page,) = pages.values()
    shown = [_spaced(heading) for heading in page.headings]
    assert shown == [*(_typeset(title) for title in TITLES), "未能读取的文件"]
    assert len(page.folds) == len(TITLES)
    for fold in page.folds:
        assert fold.strip().startswith("详细解读")
        assert re.findall(r"(?m)^ *([1-9])\)$", fold) == ["1", "2", "3"]
    assert not {"script", "table", "b", "img"} & set(page.tags)
    assert "{{ site.title }}" in "".join(page.headings)


@pytest.mark.corpus
def test_the_reference_posts_build_with_all_their_papers(jekyll: str, corpus: Path, tmp_path: Path) -> None:
    """As they came, and through the store."""
    from summarizer.config import Config
    from summarizer.stages.imports import import_posts
    from summarizer.stages.progress import SilentProgress
    from summarizer.stages.publish import publish
    from summarizer.stages.recorder import RunRecorder

    store = Store(tmp_path / "store.duckdb")
    run = RunRecorder(store, "test", Config())
    import_posts(store, run, SilentProgress(), [corpus / "posts"])
    _, paths = publish(store, run, SilentProgress(), tmp_path / "site", [])
    pages = build(jekyll, tmp_path, {f"_posts/{path.name}": path.read_bytes() for path in paths})
    with store.read() as con:
        for day, page in pages.items():
            found = con.execute(
                "SELECT title FROM post_entry JOIN paper_version USING (arxiv_id, version) "
                "WHERE post_date = ? GROUP BY title, seq ORDER BY seq",
                [date.fromisoformat(day)],
            ).fetchall()
            assert [_spaced(heading) for heading in page.headings] == [_typeset(title) for (title,) in found]
            assert len(page.folds) == len(found)
            assert all("研究背景" in fold for fold in page.folds)
    assert sorted(pages) == ["2026-01-23", "2026-02-12"]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _typeset(text: str) -> str:
    """As kramdown sets it: curly quotes, dashes and an ellipsis."""
    text = re.sub(r'"([^"]*)"', r"“\1”", html.unescape(text))
    return text.replace("--", "–").replace("...", "…").replace("'", "’")
