"""The daily post as a Jekyll page.

The format is that of the reference posts, byte for byte given the same texts. ``templates/post.md.j2`` is the page;
here are only the words that depend on the records.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import PurePath

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from summarizer.ids import is_local, versioned
from summarizer.publish.escape import marked_text, plain_line, plain_text
from summarizer.publish.revision import revision_block
from summarizer.publish.window import Span, span
from summarizer.records import Paper, Post, PostPaper, Task, Window

_TEMPLATE = "post.md.j2"
_PARTS: tuple[Task, ...] = ("background", "method", "results")
UNKNOWN = "（未知）"
NO_TITLE = "（无标题）"
_NO_REASON = "原因未记录"

_PLAIN_TAG = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[A-Za-z]+)*)?")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def post_path(post_date: date, page: int = 1) -> PurePath:
    """Where a page of the day lies below the site's folder. A day has a second one beside an imported post only."""
    name = f"{post_date.isoformat()}-arxiv" if page == 1 else f"{post_date.isoformat()}-arxiv-{page}"
    return PurePath("_posts") / f"{name}.md"


def render_post(post: Post) -> bytes:
    """The page of one day, UTF-8. The same records always give the same bytes.

    Titles, names and texts are escaped on the way (:mod:`summarizer.publish.escape`). Raises SummarizerError when the
    window's anchor names no known time zone.
    """
    page = _template().render(
        date=post.post_date.isoformat(),
        tags=", ".join(["arxiv", *map(_tag, post.categories)]),
        span=_escaped_span(post.window),
        n_fetched=post.n_fetched,
        papers=post.papers,
        unreadable=post.unreadable,
    )
    return page.encode("utf-8", errors="replace")


@cache
def _template() -> Template:
    environment = Environment(  # Markdown, not HTML: our own escapes
        loader=PackageLoader("summarizer.publish"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        line=plain_line,
        heading=lambda text: plain_line(text) or NO_TITLE,
        names=_names,
        translation=_translation,
        part=_part,
        revision=revision_block,
        arxiv=lambda paper: _address(paper, "abs"),
        pdf=lambda paper: _address(paper, "pdf"),
    )
    environment.globals["parts"] = _PARTS
    return environment.get_template(_TEMPLATE)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(filter(None, map(plain_line, names))) or UNKNOWN


def _tag(category: str) -> str:
    """A category as an item of a YAML list: bare where that is safe, else quoted."""
    if _PLAIN_TAG.fullmatch(category) and category not in _YAML_WORDS:
        return category
    return json.dumps(category, ensure_ascii=True)


def _address(paper: Paper, kind: str) -> str:
    if is_local(paper.arxiv_id):
        return f"本地文件 {plain_line(paper.source_file or paper.arxiv_id)}"
    url = f"https://arxiv.org/{kind}/{versioned(paper.arxiv_id, paper.version)}"
    return f"[{url}]({url})"


def _translation(shown: PostPaper) -> str:
    text = marked_text(shown.translation or "")
    if text.strip():
        return text
    notice = f"（暂无合格的中文译文：{_reason(shown, 'translation')}）"
    abstract = plain_text(shown.paper.abstract)
    return f"> **{notice}以下为英文摘要原文：**\n\n{abstract}" if abstract else f"> **{notice}**"


def _part(shown: PostPaper, task: Task) -> str:
    text = marked_text({"background": shown.background, "method": shown.method, "results": shown.results}[task] or "")
    return text if text.strip() else f"（本部分暂缺：{_reason(shown, task)}）"


def _reason(shown: PostPaper, task: Task) -> str:
    return plain_line(shown.missing.get(task, "")) or _NO_REASON


def _escaped_span(window: Window) -> Span:
    found = span(window)
    return replace(found, anchor=plain_line(found.anchor))
