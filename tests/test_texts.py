"""Translation and breakdown as jobs: pieces, retries, limits, and what is never passed on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from summarizer.embed import FakeEncoder
from summarizer.glossary import Glossary
from summarizer.llm.fake import FakeEngine, stock_sentences
from summarizer.prompts import PromptVersion, load_prompt, load_prompts, parse_prompt
from summarizer.records import (
    Attempt,
    Completion,
    GlossaryTerm,
    Paper,
    Request,
    Section,
    SectionKind,
    Task,
    TermUse,
)
from summarizer.summarize.breakdown import break_down
from summarizer.summarize.bullets import visible_length
from summarizer.summarize.drafts import ended, tidy
from summarizer.summarize.jobs import Job, JobRunner
from summarizer.summarize.ladder import LADDER
from summarizer.summarize.translation import translate_abstract

PROMPTS = load_prompts(Path(__file__).parent.parent / "prompts")
PROMPTS["translation"] = replace(PROMPTS["translation"], candidates=None)  # they are tested in test_candidates.py
WITH_HISTORY = load_prompt(Path(__file__).parent.parent / "prompts", "translation", "v002")
PAPER = Paper(
    arxiv_id="2602.00001",
    version=1,
    title="NoisyNet: Separating Speech in Noise",
    authors=("A. Author",),
    categories=("cs.SD",),
    primary_category="cs.SD",
    submitted_utc=None,
    updated_utc=None,
    abstract=(
        "Speech separation fails in noise. We propose NoisyNet, which gains 3.2 dB on WHAM with 1.2M parameters. "
        "The code is public."
    ),
    comment=None,
    links=(),
)


def section(seq: int, kind: SectionKind, *sentences: str) -> Section:
    return Section(seq, kind.title(), 1, kind, 1, 1, " ".join(sentences))


SECTIONS = (
    section(
        0,
        "introduction",
        "Speech separation splits a recording into the voices of its speakers and serves many hearing aids.",
        "However, existing methods fail when the recording contains background noise from the street.",
        "Earlier work cannot tell the noise from a distant speaker, which limits its use in meetings.",
    ),
    section(
        1,
        "method",
        "We propose NoisyNet, an encoder and decoder with six layers trained with a masking loss.",
        "The mask estimator predicts one mask for each speaker from the shared features of the encoder.",
        "During training we add noise at random levels so that the encoder learns to ignore the street.",
    ),
    section(
        2,
        "results",
        "NoisyNet outperforms the baseline by 3.2 dB on WHAM and reaches an SI-SDR of 12.9 dB.",
        "It is also 4.5 times faster than the baseline and improves the word error rate by 2.1 points.",
    ),
)


def run(job: Callable[[FakeEngine], Job], respond: Callable[[Request], str | Completion] = stock_sentences) -> Attempt:
    engine = FakeEngine(respond)
    runner: JobRunner[Attempt] = JobRunner(engine, jobs_in_flight=1)
    (attempt,) = runner.run([job(engine)])
    return attempt


def translate(
    respond: Callable[[Request], str | Completion] = stock_sentences,
    attempt_no: int = 1,
    prompt: PromptVersion | None = None,
) -> Attempt:
    return run(lambda e: translate_abstract(PAPER, prompt or PROMPTS["translation"], e.model, attempt_no), respond)


def answer(
    task: Task,
    respond: Callable[[Request], str | Completion] = stock_sentences,
    prompt: PromptVersion | None = None,
) -> Attempt:
    def job(engine: FakeEngine) -> Job:
        return break_down(
            PAPER,
            SECTIONS,
            prompt or PROMPTS[task],
            engine.model,
            1,
            encode=FakeEncoder().encode,
            count_tokens=engine.count_tokens,
        )

    return run(job, respond)


def test_a_translation_is_its_sentences_in_order_with_their_sources() -> None:
    attempt = translate()
    assert attempt.accepted
    assert [p.source_text for p in attempt.pieces] == [
        "Speech separation fails in noise.",
        "We propose NoisyNet, which gains 3.2 dB on WHAM with 1.2M parameters.",
        "The code is public.",
    ]
    assert attempt.text == "".join(p.text for p in attempt.pieces)
    assert attempt.completion_tokens > 0
    assert attempt.source_scope == "abstract"


def test_each_sentence_is_asked_with_the_ones_before_it_where_the_prompt_says_so() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> str:
        asked.append(request)
        return stock_sentences(request)

    attempt = translate(respond, prompt=WITH_HISTORY)
    first, second, third = asked
    assert third.messages[: len(second.messages)] == second.messages, "a question begins with the whole one before it"
    assert second.messages[-2].content == attempt.pieces[0].text
    assert "1.2M" in (second.copy_terms or ())
    assert "1.2M" not in (first.copy_terms or ())


def test_sentences_that_do_not_know_of_each_other_are_asked_side_by_side() -> None:
    together: list[int] = []

    class Watched(FakeEngine):
        def poll(self, max_seconds: float = 1.0) -> list[Completion]:
            together.append(self.n_waiting)
            return super().poll(max_seconds)

    def respond(request: Request) -> str:
        failing = "1.2M" in request.messages[-1].content and request.sampling.temperature == 0
        return "我们提出了一种方法。" if failing else stock_sentences(request)

    engine = Watched(respond)
    runner: JobRunner[Attempt] = JobRunner(engine, jobs_in_flight=1)
    (attempt,) = runner.run([translate_abstract(PAPER, PROMPTS["translation"], engine.model, 1)])
    assert together == [3, 1], "all at once, then what failed alone"
    assert attempt.accepted
    assert [p.used for p in attempt.pieces] == [True, False, True, True]
    assert [p.source_text[:2] for p in attempt.pieces] == ["Sp", "We", "We", "Th"]


def test_a_bad_sentence_is_tried_again_warmer_and_both_tries_are_kept() -> None:
    def respond(request: Request) -> str:
        if request.sampling.temperature == 0 and "1.2M" in request.messages[-1].content:
            return "我们提出了一种方法。"  # drops every number
        return stock_sentences(request)

    attempt = translate(respond)
    assert attempt.accepted
    tries = [p for p in attempt.pieces if "1.2M" in p.source_text]
    assert [p.used for p in tries] == [False, True]
    assert "numbers" in tries[0].reason
    assert tries[0].text not in attempt.text


@pytest.mark.parametrize("prompt", [PROMPTS["translation"], WITH_HISTORY], ids=["side by side", "one by one"])
def test_the_next_try_is_told_which_number_was_left_out(prompt: PromptVersion) -> None:
    asked: list[str] = []

    def respond(request: Request) -> str:
        question = request.messages[-1].content
        asked.append(question)
        return stock_sentences(request) if "必须写出" in question or "3.2" not in question else "我们提出了一种方法。"

    attempt = translate(respond, prompt=prompt)
    assert attempt.accepted
    (told,) = [question for question in asked if "必须写出" in question]
    assert "3.2" in told.splitlines()[-1]
    assert "必须写出" not in asked[-1] or not prompt.has_history, "the sentences after it do not carry the hint along"


def test_a_sentence_that_never_passes_makes_the_attempt_fail_after_the_whole_ladder() -> None:
    def respond(request: Request) -> str:
        return "我们提出了一种方法。" if "1.2M" in request.messages[-1].content else stock_sentences(request)

    attempt = translate(respond)
    assert not attempt.accepted
    assert len([p for p in attempt.pieces if "1.2M" in p.source_text]) == len(LADDER)
    later = translate(respond, attempt_no=2)
    assert len([p for p in later.pieces if "1.2M" in p.source_text]) == len(LADDER) - 1


def test_a_truncated_sentence_is_never_accepted() -> None:
    def respond(request: Request) -> Completion:
        text = stock_sentences(request)
        return Completion(request.request_id, text[:-4], "length", 10, 0, 10, 0.0)

    attempt = translate(respond)
    assert attempt.finish_reason == "length"
    assert not attempt.accepted


def test_the_answers_keep_their_form_and_limits() -> None:
    for task in ("background", "method", "results"):
        attempt = answer(task)
        assert attempt.accepted, attempt.checks
        assert attempt.text.startswith("- ")
        limit = PROMPTS[task].limits.max_chars
        assert limit is not None
        assert visible_length(attempt.text) <= limit
        assert attempt.sections_read
        assert all(p.section_seq is None or p.section_seq in attempt.sections_read for p in attempt.pieces)


def test_background_names_both_halves() -> None:
    text = answer("background").text
    assert re.findall(r"\*\*(.*?)\*\*", text) == ["研究背景", "既有方法问题"]


def test_a_lead_becomes_bold_once() -> None:
    def respond(request: Request) -> str:
        return f"掩蔽估计：对于掩蔽的估计，{stock_sentences(request)}"

    text = answer("method", respond).text
    assert text.count("**掩蔽估计**：") == 1, "the same lead is not repeated"


def test_every_bullet_has_a_lead_and_bullets_of_one_name_are_one() -> None:
    text = answer("method").text  # the stock sentences bring none
    leads = re.findall(r"^- \*\*(.+?)\*\*：", text, re.MULTILINE)
    assert len(leads) == len(text.splitlines()) == len(set(leads))

    def respond(request: Request) -> str:
        return f"掩蔽估计：对于掩蔽的估计，{stock_sentences(request)}"

    assert len(answer("method", respond).text.splitlines()) == 1


def test_a_bullet_that_says_nothing_is_tried_again_and_then_left_out() -> None:
    def respond(request: Request) -> str:
        if "mask estimator" in request.messages[-1].content:
            return "原文中保留的元素：原文中保留的元素"
        return stock_sentences(request)

    attempt = answer("method", respond)
    assert attempt.accepted
    assert "原文" not in attempt.text
    tries = [p for p in attempt.pieces if "mask estimator" in p.source_text]
    assert len(tries) == 3
    assert not any(p.used for p in tries)


def test_figures_that_are_dealt_out_by_respectively_are_asked_once_more() -> None:
    source = "NoisyNet outperforms the baseline by 3.2 dB"

    def respond(request: Request) -> str:
        if source in request.messages[-1].content and request.sampling.temperature == 0:
            return "NoisyNet在WHAM上的增益和SI-SDR分别为3.2 dB和12.9 dB，优于基线。"
        return stock_sentences(request)

    tries = [p for p in answer("results", respond).pieces if source in p.source_text]
    assert len(tries) == 2
    assert [p.used for p in tries] == [False, True]


def test_a_result_without_its_figure_is_asked_once_more_and_then_shown() -> None:
    def respond(request: Request) -> str:
        if "4.5 times" in request.messages[-1].content:
            return "速度：该模型的速度明显快于基线，同时词错误率也有所降低。"
        return stock_sentences(request)

    attempt = answer("results", respond)
    tries = [p for p in attempt.pieces if "4.5 times" in p.source_text]
    assert [p.used for p in tries] == [True, False]
    assert "- **速度**：该模型的速度明显快于基线" in attempt.text


def test_what_does_not_fit_is_left_out_whole() -> None:
    long = "该模型在实验中取得了一致的结论并且保持了较低的成本" * 2

    def respond(request: Request) -> str:
        terms = "、".join(t for t in request.copy_terms or () if any(c.isdigit() for c in t))
        return f"{long}{hash(request.request_id) % 97}{terms}。".replace(str(hash(request.request_id) % 97), "")

    prompt = replace(PROMPTS["results"], limits=replace(PROMPTS["results"].limits, max_chars=90))
    attempt = answer("results", respond, prompt)
    assert visible_length(attempt.text) <= 90
    assert all(line.endswith("。") for line in attempt.text.splitlines())
    assert any(not p.used for p in attempt.pieces)


def test_a_paper_with_nothing_to_say_gives_a_failed_attempt_without_questions() -> None:
    def job(engine: FakeEngine) -> Job:
        bare = replace(PAPER, abstract="")
        empty = (section(0, "other", "x = 1"),)
        return break_down(
            bare,
            empty,
            PROMPTS["method"],
            engine.model,
            1,
            encode=FakeEncoder().encode,
            count_tokens=engine.count_tokens,
        )

    attempt = run(job)
    assert attempt.text == ""
    assert attempt.pieces == ()
    assert not attempt.accepted


def test_tidy_gives_chinese_punctuation_and_leaves_figures_alone() -> None:
    assert tidy(" 我们提出 方法 (NoisyNet),\n在WHAM上提升3.2 dB. ") == "我们提出方法（NoisyNet），在WHAM上提升3.2 dB。"
    assert tidy("准确率为88.3%,优于基线.") == "准确率为88.3%，优于基线。"
    assert tidy("在 LibriSpeech 上, WavLM Large 为 3.2 % 。") == "在LibriSpeech上，WavLM Large为3.2%。"
    assert tidy('模型 "很好" , 见 https://a.example/c,d. 。') == "模型“很好”，见https://a.example/c,d。"
    assert tidy("f(x)为 $a, b$ 的值;共65,000条,时间为3:45.") == "f(x)为$a, b$的值；共65,000条，时间为3:45。"
    assert tidy("我们提出SALAD--一种方法，, 以及 A -- B。") == "我们提出SALAD——一种方法，以及A -- B。"
    assert tidy(tidy("BERT (双向) , GPT。")) == tidy("BERT (双向) , GPT。")
    assert tidy("“整句加了引号。”") == "整句加了引号。"


def test_citation_marks_of_an_abstract_are_not_numbers_to_keep() -> None:
    cited = replace(PAPER, abstract="Separation fails in noise [3, 12]. It gains 3.2 dB [4].")
    attempt = run(lambda e: translate_abstract(cited, PROMPTS["translation"], e.model, 1))
    assert attempt.accepted
    assert [p.source_text for p in attempt.pieces if p.used] == ["Separation fails in noise.", "It gains 3.2 dB."]


NAMED = replace(
    PAPER,
    abstract=(
        "We train the adapter on clean speech. All-MiniLM (all-MiniLM-L6-v2) needs none of it~\\cite{x}, see https://a.example/x."
    ),
)


def test_an_item_of_a_list_closes_with_a_semicolon() -> None:
    assert ended("先训练适配器", "；") == "先训练适配器；"
    assert ended("再训练门控模块；和。", "；") == "再训练门控模块；"
    assert ended("最后训练全部。") == "最后训练全部。"


def test_a_name_a_link_or_a_denial_that_is_lost_is_asked_for_again() -> None:
    asked: list[str] = []

    def respond(request: Request) -> str:
        asked.append(request.messages[-1].content)
        if "MiniLM" not in request.messages[-1].content:
            return stock_sentences(request)
        if len([a for a in asked if "MiniLM" in a]) == 1:
            return "迷你模型需要所有这些。"
        return "All-MiniLM（all-MiniLM-L6-v2）不需要这些，见https://a.example/x。"

    attempt = run(lambda e: translate_abstract(NAMED, PROMPTS["translation"], e.model, 1), respond)
    first, second = [p for p in attempt.pieces if "MiniLM" in p.source_text]
    assert not first.used
    assert {reason.split(":")[0] for reason in first.reason.split("; ")} == {
        "names_kept",
        "negation",
        "links_and_formulas",
    }
    assert second.used
    assert "all-MiniLM-L6-v2、https://a.example/x" in asked[-1]
    assert attempt.accepted


GLOSSARY = Glossary(
    [
        GlossaryTerm("speech separation", "语音分离"),
        GlossaryTerm("noise", "噪声", ("杂音",)),
        GlossaryTerm("code", "代码"),
    ]
)
WITH_TERMS = """---
task: translation
version: v009
description: a test
inputs: [marked, terms, title, missing]
limits: {history: 1}
copy_only: true
---
user:
{{ title }} | {{ marked }} | {% for t in terms %}{{ t.written }}={{ t.zh }} {% endfor %}{{ missing | join }}

history:

user:
{{ marked }} | {% for t in terms %}{{ t.written }}={{ t.zh }} {% endfor %}{{ title[:0] }}{{ missing | join }}
"""


def test_the_terms_of_a_sentence_stand_in_its_question_and_their_use_is_noted() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> str:
        asked.append(request)
        return f"语音分离遇到杂音便会失败，{stock_sentences(request)}"

    prompt = parse_prompt(WITH_TERMS, where="test")
    attempt = run(lambda e: translate_abstract(PAPER, prompt, e.model, 1, GLOSSARY), respond)
    first = asked[0].messages[-1].content
    assert first == "语音分离 fails in 噪声. | Speech separation=语音分离 noise=噪声"
    assert attempt.terms == (
        TermUse("speech separation", "语音分离", "语音分离"),
        TermUse("noise", "噪声", "杂音"),
        TermUse("code", "代码", None),
    )
    (told,) = [c for c in attempt.checks if c.name == "glossary"]
    assert (told.severity, told.passed, told.reason) == ("soft", False, "code not as 代码")
    other = Glossary([*GLOSSARY.terms[:2], GlossaryTerm("code", "程序代码")])
    again = run(lambda e: translate_abstract(PAPER, prompt, e.model, 1, other), respond)
    assert again.input_hash != attempt.input_hash
    assert [len(r.messages) for r in asked[:3]] == [2, 4, 4], "one earlier sentence is repeated, and no more"


def test_a_prompt_may_ask_for_the_whole_abstract() -> None:
    source = WITH_TERMS.replace("marked, terms, title, missing", "abstract").split("user:")[0]
    prompt = parse_prompt(f"{source}user:\n{{{{ abstract }}}}\n", where="test")
    attempt = run(lambda e: translate_abstract(PAPER, prompt, e.model, 1))
    assert [p.role for p in attempt.pieces] == ["abstract"]
    assert attempt.pieces[0].source_text == PAPER.abstract


DIRECT = """---
task: method
version: v901
description: the whole answer at once
inputs: [title, text]
limits:
  max_chars: 120
---
system:
回答问题。

user:
{{ title }}
{{ text }}
"""


def test_a_prompt_over_the_text_asks_once_and_its_bullets_are_brought_into_form() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> str:
        asked.append(request)
        return (
            "## 方法\n"
            "1. **编码器与解码器**：NoisyNet由六层的编码器和解码器组成，用掩蔽损失训练。\n"
            "2. 此外，掩码估计器由共享特征为每个说话人预测一个掩码，再由解码器合成各个说话人的语音。\n"
            "3. **参数**：模型共有77.7亿个参数，远超其他所有的模型。\n"
            "4. **编码器与解码器**：NoisyNet由六层的编码器和解码器组成，用掩蔽损失训练。\n"
            f"5. **训练**：{'训练时加入随机强度的噪声，使编码器学会忽略街道上的声音。' * 3}\n"
        )

    prompt = parse_prompt(DIRECT, where="test")
    attempt = answer("method", respond, prompt)
    assert attempt.accepted, attempt.checks
    assert len(asked) == 1
    assert SECTIONS[1].text in asked[0].messages[-1].content
    assert attempt.text.splitlines() == [
        "- **编码器与解码器**：NoisyNet由六层的编码器和解码器组成，用掩蔽损失训练。",
        "- **方法要点**：掩码估计器由共享特征为每个说话人预测一个掩码，再由解码器合成各个说话人的语音。",
        "- **训练**：训练时加入随机强度的噪声，使编码器学会忽略街道上的声音。",
    ]
    assert attempt.sections_read
    assert [p.role for p in attempt.pieces] == ["answer"]


def test_an_answer_over_the_text_that_is_of_no_use_is_asked_again() -> None:
    def respond(request: Request) -> str:
        if request.sampling.temperature == 0:
            return "- **要点名**：\n- **要点名**："
        return "- **掩蔽**：NoisyNet用编码器和解码器估计每个说话人的掩码。"

    attempt = answer("method", respond, parse_prompt(DIRECT, where="test"))
    assert attempt.accepted
    assert [p.used for p in attempt.pieces] == [False, True]
    assert attempt.text == "- **掩蔽**：NoisyNet用编码器和解码器估计每个说话人的掩码。"
