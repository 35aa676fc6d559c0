"""Text from papers and models as HTML that cannot do more than it should.

Three layers, each of a library: markdown-it-py renders Markdown and never passes HTML through; math-core makes MathML of
formulas and refuses what it does not know; nh3 then keeps only the elements and attributes listed here. Two kinds of text
go in, as in :mod:`summarizer.publish.escape`: *plain* text (titles, abstracts), where only ``$formulas$`` mean something, and
*marked* text (what a model wrote), which keeps emphasis, lists, code and links to the web.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from math_core import LatexToMathML

#: Longer ones are shown as they were written: nobody reads them drawn on one line.
_MAX_FORMULA = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
#: Between two dollars that are money: ``$5-$10``, ``US$100/US$200``
_MONEY = re.compile(r"\d[\d.,]*\s?(?:[kKmMbB]\b)?\s?(?:[-–—/~,;]|to|and|per)?\s?(?:US|USD|HK|A|C)?")
_CHINESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_BARE_PERCENT = re.compile(r"(?<!\\)%")  # a comment to TeX, a sign to those who wrote it

_PROSE = frozenset({"p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "a", "span"})
_MATHML = frozenset(
    {
        "math",
        "mrow",
        "mi",
        "mo",
        "mn",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "mstyle",
        "mpadded",
        "mphantom",
        "b",
        "i",
    }
    | {
        "msup",
        "msub",
        "msubsup",
        "mover",
        "munder",
        "munderover",
        "mmultiscripts",
        "mprescripts",
        "mtable",
        "mtr",
        "mtd",
    }
)
_MATHML_ATTRIBUTES = frozenset(
    {"mathvariant", "stretchy", "symmetric", "fence", "separator", "form", "movablelimits", "largeop", "accent"}
    | {"accentunder", "lspace", "rspace", "width", "height", "depth", "minsize", "maxsize", "linethickness", "display"}
    | {"displaystyle", "scriptlevel"}
)
_BRACKETS = {"(": ("\\)", "math_inline"), "[": ("\\]", "math_inline_double")}


def plain_line(text: str) -> Markup:
    """Plain text inside a line: a title, say. Formulas are drawn."""
    return _safe(_plain(drawn=True).renderInline(_clean(" ".join(text.split()))))


def plain_text(text: str) -> Markup:
    """Plain text as paragraphs. Formulas are drawn."""
    return _safe(_plain(drawn=True).render(_clean(text)))


def marked_text(text: str) -> Markup:
    """Text with Markdown of its own as paragraphs and lists. Formulas are drawn."""
    return _rendered(text, drawn=True)


def undrawn_line(text: str) -> Markup:
    """As :func:`plain_line`, with formulas as TeX: for e-mail and feeds, where few programs draw them."""
    return _safe(_plain(drawn=False).renderInline(_clean(" ".join(text.split()))))


def undrawn_text(text: str, *, marked: bool) -> Markup:
    """As :func:`marked_text` or :func:`plain_text`, with formulas as TeX."""
    return _rendered(text, drawn=False) if marked else _safe(_plain(drawn=False).render(_clean(text)))


def bare_text(text: str) -> str:
    """The words of a marked text on one line, without markup: for a preview. Not HTML; it still has to be escaped."""
    words: list[str] = []
    for block in _marked(drawn=False).parse(_clean(text)):
        for token in block.children or ():
            words.append("\n" if token.type in ("softbreak", "hardbreak") else token.content)
        words.append(" ")
    return " ".join("".join(words).split())


@lru_cache(maxsize=1024)  # a day page and a paper page show the same text
def _rendered(text: str, *, drawn: bool) -> Markup:
    return _safe(_marked(drawn=drawn).render(_clean(text)))


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _safe(html: str) -> Markup:
    return Markup(_cleaner().clean(html).strip())


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=_PROSE | _MATHML,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}, "ol": {"start"}, **{tag: set(_MATHML_ATTRIBUTES) for tag in _MATHML}},
        allowed_classes={"span": {"formula", "display", "tex"}, "p": {"subhead"}},
        url_schemes={"http", "https"},
        url_relative="deny",  # a text knows no page of ours
        link_rel="noopener noreferrer",
    )


@cache
def _converter() -> LatexToMathML:
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False, allow_unreliable_rendering=True, max_expansions=50)


@lru_cache(maxsize=4096)
def formula(tex: str, *, display: bool) -> str:
    """MathML of a formula; one that cannot be drawn as it was written, in a span of class ``tex``."""
    from math_core import LatexError

    if len(tex) <= _MAX_FORMULA:
        try:
            drawn = _converter().convert_with_local_state(_BARE_PERCENT.sub(r"\\%", tex), displaystyle=display)
        except LatexError:
            pass
        else:
            return f'<span class="{"formula display" if display else "formula"}">{drawn}</span>'
    return _tex(tex, display=display)


def _tex(tex: str, *, display: bool) -> str:
    return f'<span class="tex">{escape(tex)}</span>'


@cache
def _marked(*, drawn: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.disable(["image", "html_inline", "html_block", "reference", "lheading", "code", "fence", "hr"])
    markdown.inline.ruler.at("emphasis", _emphasis)
    markdown.add_render_rule("heading_open", _subhead_open)
    markdown.add_render_rule("heading_close", _subhead_close)
    return _with_formulas(markdown, drawn=drawn)


@cache
def _plain(*, drawn: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    return _with_formulas(MarkdownIt("zero", {"html": False}).enable("escape"), drawn=drawn)


def _with_formulas(markdown: MarkdownIt, *, drawn: bool) -> MarkdownIt:
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    dollarmath_plugin(markdown, allow_labels=False, allow_space=False, allow_blank_lines=False, double_inline=True)
    markdown.inline.ruler.before("escape", "math_brackets", _bracketed_formula)
    draw = formula if drawn else _tex
    for name, display in (("math_inline", False), ("math_inline_double", True), ("math_block", True)):
        markdown.add_render_rule(name, _formula_rule(draw, display=display))
    return markdown


def _formula_rule(draw: Callable[..., str], *, display: bool) -> Callable[..., str]:
    def rule(renderer: object, tokens: Sequence[Token], index: int, options: object, environment: object) -> str:
        token = tokens[index]
        if token.markup == "$" and _MONEY.fullmatch(token.content):
            return f"${escape(token.content)}$"
        html = draw(token.content.strip(), display=display)
        return f"<p>{html}</p>\n" if token.type == "math_block" else html

    return rule


def _bracketed_formula(state: StateInline, silent: bool) -> bool:
    r"""``\(formula\)`` and ``\[formula\]``."""
    start = state.pos
    if state.src[start] != "\\" or start + 1 >= state.posMax or state.src[start + 1] not in _BRACKETS:
        return False
    closing, name = _BRACKETS[state.src[start + 1]]
    end = state.src.find(closing, start + 2, min(state.posMax, start + 2 + _MAX_FORMULA))
    if end < 0 or not state.src[start + 2 : end].strip():
        return False
    if not silent:
        token = state.push(name, "math", 0)
        token.content = state.src[start + 2 : end]
        token.markup = closing
    state.pos = end + len(closing)
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """The library's own rule, but beside Chinese an asterisk needs no blank or punctuation.

    CommonMark does not end the emphasis of ``**方法（两级）**包括``: a mark between punctuation and a letter only starts one.
    Chinese has no blanks between words, and models write this all the time.
    """
    from markdown_it.rules_inline.state_inline import Delimiter

    start, marker = state.pos, state.src[state.pos]
    if silent or marker not in ("*", "_"):
        return False
    scanned = state.scanDelims(start, marker == "*")
    before = state.src[start - 1 : start]
    after = state.src[start + scanned.length : start + scanned.length + 1]
    can_open, can_close = scanned.can_open, scanned.can_close
    if marker == "*" and _CHINESE.search(before + after):
        can_open, can_close = bool(after.strip()), bool(before.strip())
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, end=-1, open=can_open, close=can_close)
        )
    state.pos += scanned.length
    return True


def _subhead_open(*_: Any) -> str:
    return '<p class="subhead"><strong>'


def _subhead_close(*_: Any) -> str:
    return "</strong></p>\n"
