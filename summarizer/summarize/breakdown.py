"""Background, method and results: chosen evidence, each sentence put into Chinese, assembled and trimmed by code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from summarizer.checks import chinese_length, repeated
from summarizer.prompts import PromptVersion
from summarizer.records import ModelInfo, Paper, Request, Section
from summarizer.summarize.drafts import Tally, Try, build_attempt, judge
from summarizer.summarize.evidence import Encode, Evidence, choose_evidence, choose_sections
from summarizer.summarize.jobs import Job, build_request
from summarizer.summarize.ladder import LADDER, sampling_of
from summarizer.summarize.terms import copy_terms

BACKGROUND_LEAD = "研究背景"
PROBLEM_LEAD = "既有方法问题"
#: Bullets more alike than this (difflib ratio) say the same thing twice.
_SAME_BULLET = 0.8
_LEAD = re.compile(r"([^，。；：！？、（）“”‘’《》*`|<>]{2,30})：(?=.)")
#: Characters and words that a lead may have; a longer one is a sentence.
_MAX_LEAD_LENGTH = 12
#: Leads that say nothing.
_EMPTY_LEADS = frozenset(
    (
        "论文",
        "本文",
        "方法",
        "方法概述",
        "研究方法",
        "论文方法",
        "论文目标",
        "论文目的",
        "工作内容",
        "本工作",
        "报告",
        "句子",
        "要点",
        "结果",
        "实验",
        "实验结果",
    )
)
_MARKUP = re.compile(r"\*\*|^\s*- ", re.MULTILINE)


def visible_length(text: str) -> int:
    """Characters a reader sees: without list markers, bold marks and spaces."""
    return sum(not c.isspace() for c in _MARKUP.sub("", text))


def break_down(
    paper: Paper,
    sections: Sequence[Section],
    prompt: PromptVersion,
    model: ModelInfo,
    attempt_no: int,
    *,
    encode: Encode,
    count_tokens: Callable[[str], int],
) -> Job:
    """A job that answers ``prompt.task`` from the paper's sections. Attempt ``n`` begins at step ``n - 1`` of the ladder."""
    limits = prompt.limits
    reading = choose_sections(prompt.task, sections, count_tokens, limits.section_tokens or 8000)
    read = [s for s in sections if s.seq in reading.read]
    evidence = choose_evidence(
        prompt.task, paper.title, paper.abstract, read, encode, max_pieces=limits.max_pieces or 6
    )
    context = "\n".join([paper.abstract, *(e.text for e in evidence)])
    asked = _Questions(paper, prompt, model)
    tally = Tally()
    best: dict[int, Try] = {}
    tries: dict[int, list[Try]] = {i: [] for i in range(len(evidence))}
    open_ = list(range(len(evidence)))
    for step in range(attempt_no - 1, len(LADDER)):
        if not open_:
            break
        requests = [asked.bullet(evidence[i], context, step) for i in open_]
        completions = yield requests
        for i, request, completion in zip(open_, requests, completions, strict=True):
            tries[i].append(
                judge(prompt.task, "bullet", evidence[i].text, evidence[i].section_seq, request, completion)
            )
        open_ = [i for i in open_ if not tries[i][-1].passed]
    for i, tried_list in tries.items():
        best[i] = min(tried_list, key=lambda t: t.badness)
    good = [i for i in best if best[i].passed]
    bullets = _distinct([(i, evidence[i], best[i]) for i in good])
    text, shown = _assemble(prompt, bullets)
    for i, tried_list in tries.items():
        for tried in tried_list:
            tally.add(tried, used=i in shown and tried is best[i])
    whole = {s.seq for s in sections} == set(reading.read)
    return build_attempt(
        key=(paper.arxiv_id, paper.version),
        prompt=prompt,
        model=model,
        attempt_no=attempt_no,
        source_scope="all_sections" if whole else "selected_sections",
        source_text="\n".join(e.text for e in evidence),
        text=text,
        tally=tally,
        sections_read=reading.read,
        sections_left_out=reading.left_out,
    )


class _Questions:
    """Builds the requests of one answer."""

    def __init__(self, paper: Paper, prompt: PromptVersion, model: ModelInfo) -> None:
        self._paper, self._prompt, self._model = paper, prompt, model
        self._scope = (paper.arxiv_id, paper.version, prompt.task)

    def bullet(self, evidence: Evidence, context: str, step: int) -> Request:
        prompt = self._prompt
        terms = copy_terms(evidence.text, context) if prompt.copy_only else None
        messages = prompt.render({"title": self._paper.title, "sentence": evidence.text})
        sampling = sampling_of(prompt.sampling, step)
        return build_request(self._scope, prompt.prompt_hash, self._model, messages, sampling, terms, prompt.grammar)


Bullet = tuple[int, Evidence, Try]


def _distinct(bullets: Sequence[Bullet]) -> list[Bullet]:
    kept: list[Bullet] = []
    for bullet in bullets:
        text = bullet[2].text
        if all(difflib.SequenceMatcher(None, text, k[2].text).ratio() < _SAME_BULLET for k in kept):
            kept.append(bullet)
    return kept


def split_lead(text: str) -> tuple[str, str]:
    """``(lead, sentence)`` of an answer of the form ``lead：sentence``; the lead is empty when there is none."""
    found = _LEAD.match(text)
    if found is None or chinese_length(found[1]) > _MAX_LEAD_LENGTH:
        return "", text
    sentence = text[found.end() :].strip()
    return "" if found[1].strip() in _EMPTY_LEADS else found[1].strip(), sentence


def _assemble(prompt: PromptVersion, bullets: Sequence[Bullet]) -> tuple[str, set[int]]:
    """The answer within its limit: best bullets first while they fit, shown in the paper's order.

    A bullet that does not fit, or says much of what stands there already, is left out whole: an answer never ends inside
    a sentence.
    """
    limit = prompt.limits.max_chars
    shown: list[Bullet] = []
    queue = list(bullets)
    if prompt.task == "background":  # one of each half before a second of either
        halves = [[b for b in bullets if b[1].group == g] for g in ("context", "problem")]
        queue = [
            b for pair in zip(*(h + [None] * (len(bullets) - len(h)) for h in halves), strict=True) for b in pair if b
        ]
    for bullet in queue:
        text = _render(prompt, [*shown, bullet])
        if (limit is None or visible_length(text) <= limit) and not repeated(text):
            shown.append(bullet)
    return _render(prompt, shown), {i for i, _, _ in shown}


def _render(prompt: PromptVersion, bullets: Sequence[Bullet]) -> str:
    ordered = sorted(bullets, key=lambda b: (-1 if b[1].section_seq is None else b[1].section_seq, b[1].position))
    if prompt.task == "background":
        lines = []
        for group, lead in (("context", BACKGROUND_LEAD), ("problem", PROBLEM_LEAD)):
            sentences = [tried.text for _, item, tried in ordered if item.group == group]
            if sentences:
                lines.append(f"- **{lead}**：{''.join(sentences)}")
        return "\n".join(lines)
    lines, used = [], set[str]()
    for _, _, tried in ordered:
        lead, sentence = split_lead(tried.text)
        lines.append(f"- **{lead}**：{sentence}" if lead and lead not in used else f"- {sentence}")
        used.add(lead)
    return "\n".join(lines)
