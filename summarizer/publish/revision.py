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
    changes = marked_changes(word_diff(earlier.abstract, shown.paper.abstract))
    if changes:
        lines += ["", changes]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def marked_changes(spans: tuple[Span, ...]) -> str:
    """The changed words in ``<del>`` and ``<ins>`` with some words around them; "" when nothing changed."""
    if all(span.kind == "same" for span in spans):
        return ""
    parts = []
    for n, span in enumerate(spans):
        if span.kind == "same":
            parts.append(plain_line(_around(span.text, first=n == 0, last=n == len(spans) - 1)))
        else:
            opening, closing = _MARKS[span.kind]
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
