"""What papers and models write becomes HTML that does nothing but show it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.publish.reader.markup import (
    bare_text,
    formula,
    marked_text,
    plain_line,
    plain_text,
    undrawn_line,
    undrawn_text,
)

RENDERERS = (
    plain_line,
    plain_text,
    marked_text,
    undrawn_line,
    lambda text: undrawn_text(text, marked=True),
    lambda text: undrawn_text(text, marked=False),
)
HARMLESS = frozenset(
    {
        "p",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "code",
        "pre",
        "blockquote",
        "br",
        "a",
        "span",
        "b",
        "i",
        "math",
        "mrow",
        "mi",
    }
    | {
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
        "msup",
        "msub",
        "mtable",
    }
    | {"msubsup", "mover", "munder", "munderover", "mmultiscripts", "mprescripts", "mtr", "mtd"}
)
ATTACKS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<details open ontoggle=alert(1)>",
    "<!-- comment --><style>*{display:none}</style>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html;base64,PHNjcmlwdD4=)",
    "[d](vbscript:x) [e](file:///etc/passwd) [f](//evil.example/x) [g](x.html)",
    "<javascript:alert(1)> <https://ok.example/>",
    "![image](https://evil.example/pixel.png)",
    "[x]: javascript:alert(1)\n\n[x]",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img&#62;",
    r"$\text{</span><script>alert(1)</script>}$",
    r"$\href{javascript:alert(1)}{x}$ $\class{a}{b}$ $\style{color:red}{x}$",
    r"$\color{red} x$ \(\begin{array}{c}<img onerror=alert(1) src=x>\end{array}\)",
    "$$\n</math><script>alert(1)</script>\n$$",
    '[link](https://ok.example/" onmouseover="alert(1))',
    "`</code><script>alert(1)</script>`",
    "# <b onclick=alert(1)>heading</b>",
    "\u2028\x00<scr\x00ipt>alert(1)</script>",
)


class Seen(HTMLParser):
    """Elements, attributes and text as a browser would take them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.comments = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def assert_harmless(html: str) -> None:
    seen = Seen(html)
    assert seen.comments == 0
    for tag, attributes in seen.elements:
        assert tag in HARMLESS, html
        for name, value in attributes.items():
            assert not name.startswith("on"), html
            assert name not in ("style", "id", "src"), html
            if name == "href":
                assert (value or "").startswith(("http://", "https://")), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_stays_text(attack: str) -> None:
    for render in RENDERERS:
        assert_harmless(str(render(attack)))


@given(
    st.lists(
        st.sampled_from([*ATTACKS, "<", ">", '"', "$", "$$", "`", "*", "**", "[", "](", ")", "\\", "\n", "中文", "- "])
    )
)
@settings(max_examples=150, deadline=None)
def test_pieces_of_attacks_stay_text(pieces: list[str]) -> None:
    for render in RENDERERS:
        assert_harmless(str(render("".join(pieces))))


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_is_rendered(text: str) -> None:
    for render in RENDERERS:
        assert_harmless(str(render(text)))
    bare_text(text)


def test_tags_are_shown_as_they_were_written() -> None:
    assert Seen(str(plain_line("<b>bold</b> & <i>"))).text == "<b>bold</b> & <i>"
    assert Seen(str(marked_text("<b>bold</b> & <i>"))).text == "<b>bold</b> & <i>"


def test_plain_text_has_no_markdown() -> None:
    assert plain_line("*a* _b_ [c](https://d.example) `e` # f") == "*a* _b_ [c](https://d.example) `e` # f"
    assert plain_text("- a\n- b\n\nc") == "<p>- a\n- b</p>\n<p>c</p>"


def test_marked_text_keeps_what_a_post_keeps() -> None:
    html = str(marked_text("- **背景**：`x` [链接](https://a.example/?b=1&c=2)。  \n  - 第二层"))
    assert "<strong>背景</strong>" in html
    assert "<code>x</code>" in html
    assert 'href="https://a.example/?b=1&amp;c=2"' in html
    assert 'rel="noopener noreferrer"' in html
    assert html.count("<ul>") == 2


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        ("**方法（两级）**包括", "方法（两级）"),
        ("采用**“掩码”**估计", "“掩码”"),
        ("中文**，粗体。**后", "，粗体。"),
        ("**研究背景**：既有", "研究背景"),
        ("**Whisper**模型", "Whisper"),
    ],
)
def test_emphasis_beside_chinese_ends_where_it_was_meant_to(text: str, strong: str) -> None:
    html = str(marked_text(text))
    assert f"<strong>{strong}</strong>" in html
    assert "*" not in html


def test_emphasis_elsewhere_follows_commonmark() -> None:
    assert marked_text("a * b * c 2*3*4") == "<p>a * b * c 2<em>3</em>4</p>"


def test_headings_of_a_model_do_not_enter_the_outline() -> None:
    assert marked_text("## 方法\n\n文") == '<p class="subhead"><strong>方法</strong></p>\n<p>文</p>'


@pytest.mark.parametrize("text", ["$F_0$", r"\(F_0\)", "$$F_0$$", r"\[F_0\]", "$$\nF_0\n$$"])
def test_formula_is_drawn_in_every_notation(text: str) -> None:
    html = str(marked_text(text))
    assert "<msub><mi>F</mi><mn>0</mn></msub>" in html
    assert "$" not in html


@pytest.mark.parametrize("tex", [r"\frac{1", r"\nosuchcommand{x}", "x^2^3", "{", r"\text{$x$}", "a" * 2_000, "{" * 900])
def test_formula_that_cannot_be_drawn_is_shown_as_written(tex: str) -> None:
    html = formula(tex, display=False)
    assert html.startswith('<span class="tex">')
    assert Seen(html).text == tex


def test_a_percent_sign_in_a_formula_is_no_comment() -> None:
    assert Seen(formula("95%", display=False)).text == "95%"
    assert Seen(formula(r"95\% \pm 1%", display=False)).text.replace(" ", "") == "95%±1%"


def test_money_is_no_formula() -> None:
    assert plain_line("costs $5-$10, US$100/US$200, $1,000 to $2,000") == (
        "costs $5-$10, US$100/US$200, $1,000 to $2,000"
    )


def test_a_factor_before_a_formula_is_one() -> None:
    assert "<math>" in plain_line(r"up to 2$\times$ faster")


def test_undrawn_formulas_are_tex() -> None:
    assert undrawn_line("at $F_0$") == 'at <span class="tex">F_0</span>'
    assert "<math" not in undrawn_text("- **x** $F_0$", marked=True)


def test_bare_text_is_words_on_one_line() -> None:
    assert bare_text("- **背景**：$F_0$ [链接](https://a.example)\n- `b`\n\n## c\nd") == "背景：F_0 链接 b c d"
