"""What a new version changed, on the page."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_publish import a_paper, page, shown

from summarizer.publish.revision import marked_changes, revision_block
from summarizer.records import EarlierVersion, PostPaper
from summarizer.revisions import word_diff

OLD = "We do this in a large room with many people who listen. The error is 9.8%."
NEW = "We do this in a large room with many people who listen. The error is 9.1%."
EARLIER = EarlierVersion(1, "An Old Title", OLD, 0.08, 0.3, True)


def revised(**changes: object) -> PostPaper:
    paper = a_paper(version=2, abstract=NEW)
    return replace(shown(paper), earlier=replace(EARLIER, **changes))  # type: ignore[arg-type]


def test_the_block_says_what_changed_and_shows_the_words() -> None:
    assert revision_block(revised()) == (
        "> **修订**：v1 → v2；标题有改动（原题：An Old Title）；摘要改动 8%；正文 30% 为新内容。\n"
        ">\n"
        "> … people who listen. The error is <del>9.8%.</del> <ins>9.1%.</ins>"
    )


def test_what_did_not_change_is_not_shown() -> None:
    same = revised(abstract=NEW, abstract_changed=0.0, body_changed=None, title_changed=False)
    assert revision_block(same) == "> **修订**：v1 → v2；摘要无改动。"
    assert revision_block(shown(a_paper())) == ""


def test_it_stands_after_the_translation_and_only_there() -> None:
    text = page(revised(), shown(a_paper(arxiv_id="2602.00002")))
    assert text.count("**修订**") == 1
    assert "译文。\n\n> **修订**" in text
    assert "</ins>\n\n<details>" in text


def test_a_page_without_new_versions_is_what_it_was() -> None:
    assert page(shown(a_paper())) == page(replace(shown(a_paper()), earlier=None))


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_of_an_abstract_becomes_markup(old: str, new: str) -> None:
    marked = marked_changes(word_diff(f"start <b> {{% x {old}", f"start <b> {{% x {new}"))
    html = MarkdownIt("commonmark").render(marked)
    for tag in ("<b>", "<script", "<h1", "<ul>", "<img", "<code"):
        assert tag not in html
    assert "{%" not in marked
