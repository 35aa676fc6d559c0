"""Links, formulas and code are found whole and no further, for everybody who looks for them in the same way."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.checks import CheckContext, run_checks
from summarizer.checks.context import count_words, words_only
from summarizer.checks.protected import added_protected, missing_protected
from summarizer.glossary import Glossary
from summarizer.literals import CODE, FORMULA, LITERAL, URL
from summarizer.records import GlossaryTerm
from summarizer.summarize.drafts import tidy
from summarizer.summarize.sentences import without_latex
from summarizer.summarize.terms import copy_terms

LINK = "https://x.org/a_(b)"


@pytest.mark.parametrize(
    "around",
    [
        "(see {}.)", "see {}.", "{}, which", "{}; and", "is it {}?", "it's at '{}'.", '"{}"', "<{}>", "**{}**", "[{}]",
        "[code]({})",
        r"\url{{{}}}", r"\href{{{}}}{{the code}}", r"\href{{{}}}{{\texttt{{code}}}}.", "{}$^1$", "`{}`",
        "见{}。", "见{}，代码", "（{}）", "（{}）。", "《{}》", "“{}”", "{}；", "{}：", "{}！", "见{}试听", "【{}】", "{}。，",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "link", [LINK, "http://a.b/c?q=1&r=%20#d", "https://en.wikipedia.org/wiki/A_(b)_[c]/", "https://a.b"]
)
def test_a_link_ends_where_its_surroundings_begin(around: str, link: str) -> None:
    assert URL.findall(around.format(link)) == [link]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[https://a.b/c](https://a.b/d).", ["https://a.b/c", "https://a.b/d"]),
        (r"\href{https://a.b/c}{https://a.b/c}", ["https://a.b/c"] * 2),
        (r"https://a.b/c\_d.", [r"https://a.b/c\_d"]),
        ("https://a.b/käse!", ["https://a.b/käse"]),
        ("(https://a.b/(c", ["https://a.b/"]),
        ("https://a.b/c)d", ["https://a.b/c"]),
        ("as in https://..., https://", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    assert URL.findall(text) == links


FORMULAS = (
    "$x$", r"$\mathcal{L}_1$", "$^2$", "$$x^2$$", "$$ x^2 $$", r"\(a, b\)", r"\[x_1\]", r"$\$5$", r"$ \alpha $",
    r"$L_{\text{总}}$", "$f(x)$",
)  # fmt: skip
#: These would be prices with a digit behind them.
NUMBERS = (r"$4.32 \pm 0.15$", "$0.99$", r"$9.32\%$")
AROUND = ("{}", "of {}.", "若{}，则", "a lone $5, and {} too", r"\$5 and {}")


@pytest.mark.parametrize(
    ("formula", "around"),
    [(f, around) for f in (*FORMULAS, *NUMBERS) for around in AROUND] + [(f, "512{}1152 pixels") for f in FORMULAS],
)
def test_a_formula_stands_by_itself(formula: str, around: str) -> None:
    assert FORMULA.findall(around.format(formula)) == [formula]


@pytest.mark.parametrize(
    "text",
    ["a lone $5", "from $5 to $10", "$3 million to US$4 million", r"from \$5 to \$10", "从$5降到$3，又到$2", "A$ and US$ again",
     "an average ($0.08) instead of ($0.10)", "$$", "$ $", "$\n$"],
)  # fmt: skip
def test_money_is_no_formula(text: str) -> None:
    assert FORMULA.findall(text) == []


def test_code_has_one_backtick_on_each_side() -> None:
    assert CODE.findall("`torch.compile` and `a b`") == ["`torch.compile`", "`a b`"]
    assert CODE.findall("``quoted'' and ``quoted'' again") == CODE.findall("a ` b ` c") == []


@given(st.text("a1.,()[]{}$\\`_ 中。/:*'", max_size=60).map(lambda text: f"https://{text}"))
def test_a_link_ends_with_itself(text: str) -> None:
    for found in URL.findall(text):
        assert found[-1] not in ".,;:!?'*"
        assert URL.findall(found) == [found]


@pytest.mark.parametrize(
    "text", ["https://" + "(" * 20_000, "https://" + "." * 20_000, "$" + "x" * 40_000, "`" * 20_000]
)
def test_no_text_makes_a_pattern_try_everything(text: str) -> None:
    """It would go on for hours."""
    assert LITERAL.findall(text) == []


def test_all_who_look_for_links_see_the_same() -> None:
    source = rf"The code (\url{{{LINK}}}) costs \$5 and \$10 and gives $x_1$."
    plain = without_latex(source)
    assert plain == f"The code ({LINK}) costs $5 and $10 and gives $x_1$."
    assert words_only(plain).split() == ["The", "code", "(", ")", "costs", "$5", "and", "$10", "and", "gives", "."]
    assert copy_terms(plain)[:2] == (LINK, "$x_1$")
    answer = tidy(f"代码 ({LINK}) 花费 5 到 10 美元，给出 $x_1$ .")
    assert answer == f"代码（{LINK}）花费5到10美元，给出$x_1$。"
    assert missing_protected(plain, answer) == added_protected(plain, answer) == []
    assert missing_protected(source, answer) == added_protected(source, answer) == []
    code = Glossary((GlossaryTerm("code", "代码"),))
    assert [found.written for found in code.find("the code at https://x.org/code and $code$")] == ["code"]


def test_a_mark_that_stands_alone_is_no_word() -> None:
    """What stood before it may have been a link."""
    assert count_words("Code - the whole of it & data - is at https://a.b/c.") == count_words(
        "Code the whole of it data is at"
    )


def test_a_formula_in_round_brackets_of_tex_stays_as_it_is() -> None:
    assert tidy(r"给出 \(a, b\) , 即可 .") == r"给出\(a, b\)，即可。"


@pytest.mark.corpus
def test_few_links_of_good_translations_are_missed(corpus: Path) -> None:
    data = gzip.decompress((corpus / "reference" / "zh_reference.jsonl.gz").read_bytes())
    rows = [json.loads(line) for line in data.decode("utf-8").splitlines()]
    failed = [
        row["id"]
        for row in rows
        for result in run_checks(CheckContext("translation", row["en_abstract"], row["zh_abstract"], "stop"))
        if result.name == "links_and_formulas" and not result.passed
    ]
    assert len(failed) <= 5, failed
