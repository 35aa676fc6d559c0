"""Templates of the reader with their filters. Autoescape is on; what is markup comes from :mod:`.markup` alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from summarizer.ids import is_local, versioned
from summarizer.publish.reader import labels, markup, paths
from summarizer.publish.revision import changes
from summarizer.records import PostPaper, Task
from summarizer.revisions import word_diff

#: Inline styles of e-mail: most programs drop style sheets.
STYLE: dict[str, str] = {
    "body": "margin:0;padding:0;background:#f6f4ee;color:#23201b;"
    "font-family:-apple-system,'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "font-size:16px;line-height:1.75",
    "sheet": "max-width:680px;margin:0 auto;padding:24px 20px 40px;background:#ffffff",
    "top": "margin:0 0 8px;font-size:26px;line-height:1.3;color:#23201b",
    "note": "margin:0 0 24px;color:#6a645a;font-size:14px",
    "title": "margin:36px 0 6px;padding-top:20px;border-top:1px solid #e3ded3;font-size:19px;line-height:1.4;color:#23201b",
    "meta": "margin:0 0 12px;color:#6a645a;font-size:14px;line-height:1.5",
    "part": "margin:18px 0 4px;font-size:16px;color:#9a2a1e",
    "missing": "margin:0 0 10px;color:#6a645a;font-style:italic",
    "link": "color:#9a2a1e",
    "p": "margin:0 0 10px",
    "list": "margin:0 0 10px;padding-left:22px",
    "item": "margin:0 0 4px",
    "end": "margin:36px 0 0;padding-top:16px;border-top:1px solid #e3ded3;color:#6a645a;font-size:13px",
}
_STYLED = {"p": "p", "ul": "list", "ol": "list", "li": "item"}


class Keyed(Protocol):
    """A paper, or something related to one."""

    @property
    def arxiv_id(self) -> str: ...
    @property
    def version(self) -> int: ...


def render(template: str, **values: Any) -> bytes:
    """A page, UTF-8."""
    page = _environment().get_template(template).render(breakdown=labels.BREAKDOWN, **values)
    return page.encode("utf-8", errors="replace")


def arxiv_url(paper: Keyed, kind: str) -> str:
    return f"https://arxiv.org/{kind}/{quote(versioned(paper.arxiv_id, paper.version))}"


def timestamp(moment: datetime) -> str:
    """RFC 3339, as feeds want it."""
    return moment.replace(tzinfo=UTC, microsecond=0).isoformat().replace("+00:00", "Z")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("summarizer.publish.reader"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        plain_line=markup.plain_line,
        plain_text=markup.plain_text,
        marked=markup.marked_text,
        undrawn_line=markup.undrawn_line,
        undrawn=lambda text, style: _styled(markup.undrawn_text(text, marked=True), style),
        undrawn_plain=lambda text, style: _styled(markup.undrawn_text(text, marked=False), style),
        part=_part,
        changes=lambda paper, earlier: changes(word_diff(earlier.abstract, paper.abstract)),
        versioned=lambda paper: versioned(paper.arxiv_id, paper.version),
        is_local=lambda paper: is_local(paper.arxiv_id),
        arxiv_url=arxiv_url,
        anchor=lambda paper: f"p-{paths.paper_stem(paper.arxiv_id, paper.version)}",
        paper_path=lambda paper: paths.paper_path(paper.arxiv_id, paper.version),
        day_path=paths.day_path,
        mail_path=paths.mail_path,
        weekday=labels.weekday,
        check_label=labels.check_label,
        kind_label=labels.kind_label,
        section_label=labels.section_label,
        relation_label=labels.relation_label,
        task_label=lambda task: labels.TASKS[task],
        minute=lambda moment: f"{moment:%Y-%m-%d %H:%M}",
        timestamp=timestamp,
        or_dash=lambda value: "–" if value is None else value,
    )
    return environment


def _part(shown: PostPaper, task: Task) -> str | None:
    found: str | None = getattr(shown, task)
    return found


def _styled(html: Markup, style: dict[str, str]) -> Markup:
    # what the cleaner gives has no attribute on these elements, and no bare < in its text
    for element, name in _STYLED.items():
        html = Markup(str(html).replace(f"<{element}>", f'<{element} style="{style[name]}">'))
    return html


def day_title(day: date) -> str:
    return f"arXiv Daily – {day.isoformat()}"
