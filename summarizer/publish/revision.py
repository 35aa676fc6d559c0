"""What a new version changed, as a block of the page: one line of figures, and the abstract's changes word by word."""

from __future__ import annotations

from summarizer.publish.escape import plain_line
from summarizer.records import PostPaper
from summarizer.revisions import Span, word_diff

#: Unchanged words shown before and after a change.
_CONTEXT_WORDS = 6
_MARKS = {"old": ("<del>", "</del>"), "new": ("<ins>", "</ins>")}


def revision_block(shown: PostPaper) -> str:
    """A Markdown quotation; "" for a paper of which no earlier version is known."""
    earlier = shown.earlier
    if earlier is None:
        return ""
    told = [f"v{earlier.version} → v{shown.paper.version}"]
    if earlier.title_changed:
        told.append(f"标题有改动（原题：{plain_line(earlier.title)}）")
    told.append(f"摘要改动 {earlier.abstract_changed:.0%}" if earlier.abstract_changed else "摘要无改动")
    if earlier.body_changed is not None:
        told.append(f"正文 {earlier.body_changed:.0%} 为新内容")
    lines = [f"**修订**：{'；'.join(told)}。"]
    marked = marked_changes(word_diff(earlier.abstract, shown.paper.abstract))
    if marked:
        lines += ["", marked]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def changes(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The changed words with some words around them; empty when nothing changed."""
    if all(span.kind == "same" for span in spans):
        return ()
    last = len(spans) - 1
    return tuple(
        Span("same", _around(span.text, first=n == 0, last=n == last)) if span.kind == "same" else span
        for n, span in enumerate(spans)
    )


def marked_changes(spans: tuple[Span, ...]) -> str:
    """The changed words in ``<del>`` and ``<ins>`` with some words around them; "" when nothing changed."""
    parts = []
    for span in changes(spans):
        opening, closing = _MARKS.get(span.kind, ("", ""))
        parts.append(f"{opening}{plain_line(span.text)}{closing}")
    return " ".join(parts)


def _around(text: str, *, first: bool, last: bool) -> str:
    """Of unchanged words only those next to a change."""
    words = text.split(" ")
    after = [] if first else words[:_CONTEXT_WORDS]
    before = [] if last else words[-_CONTEXT_WORDS:]
    if len(after) + len(before) >= len(words):
        return text
    return " ".join([*after, "…", *before])
