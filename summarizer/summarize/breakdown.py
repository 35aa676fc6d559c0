"""Background, method and results: chosen evidence, each sentence put into Chinese, assembled and trimmed by code.

A prompt version whose templates have ``text`` in place of ``sentence`` asks over the sections at once: see :mod:`.direct`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from summarizer.checks import missing_names, missing_numbers, repeated, terms_used
from summarizer.glossary import NO_GLOSSARY, Glossary, distinct, latin_names, with_chinese
from summarizer.prompts import PromptVersion
from summarizer.records import Completion, ModelInfo, Paper, Request, Section, Task
from summarizer.summarize.bullets import bullet_faults, free_lead, lead_fits, polished, split_lead, visible_length
from summarizer.summarize.cues import METRIC, figures_of
from summarizer.summarize.direct import answer_directly
from summarizer.summarize.drafts import Tally, Try, build_attempt, ended, judge
from summarizer.summarize.evidence import Encode, Evidence, choose_evidence, choose_sections
from summarizer.summarize.jobs import Job, build_request
from summarizer.summarize.ladder import LADDER, sampling_of
from summarizer.summarize.packing import best_packing
from summarizer.summarize.terms import copy_terms

BACKGROUND_LEAD = "研究背景"
PROBLEM_LEAD = "既有方法问题"
#: Bullets more alike than this (difflib ratio) say the same thing twice.
_SAME_BULLET = 0.8
#: Tries at a bullet. There are more sentences than fit, so a stubborn one is left out sooner than in a translation.
_BULLET_TRIES = 3


def break_down(
    paper: Paper,
    sections: Sequence[Section],
    prompt: PromptVersion,
    model: ModelInfo,
    attempt_no: int,
    *,
    encode: Encode,
    count_tokens: Callable[[str], int],
    glossary: Glossary = NO_GLOSSARY,
) -> Job:
    """A job that answers ``prompt.task`` from the paper's sections. Attempt ``n`` begins at step ``n - 1`` of the ladder."""
    if "text" in prompt.inputs:
        return (yield from answer_directly(paper, sections, prompt, model, attempt_no, count_tokens=count_tokens))
    limits = prompt.limits
    reading = choose_sections(prompt.task, sections, count_tokens, limits.section_tokens or 8000)
    read = [s for s in sections if s.seq in reading.read]
    evidence = choose_evidence(
        prompt.task, paper.title, paper.abstract, read, encode, max_pieces=limits.max_pieces or 6
    )
    context = "\n".join([paper.abstract, *(e.text for e in evidence)])
    asked = _Questions(paper, prompt, model, glossary)
    tally = Tally()
    best: dict[int, Try] = {}
    tries: dict[int, list[Try]] = {i: [] for i in range(len(evidence))}
    open_ = list(range(len(evidence)))
    for step in range(attempt_no - 1, min(attempt_no - 1 + _BULLET_TRIES, len(LADDER))):
        if not open_:
            break
        requests = [asked.bullet(evidence[i], context, step) for i in open_]
        completions = yield requests
        for i, request, completion in zip(open_, requests, completions, strict=True):
            tries[i].append(judge_bullet(prompt, evidence[i], request, completion))
        open_ = [
            i
            for i in open_
            if not tries[i][-1].passed
            or (len(tries[i]) == 1 and _doubts(prompt.task, evidence[i].text, tries[i][0].text))
        ]
    for i, tried_list in tries.items():
        best[i] = min(tried_list, key=lambda t: t.badness)
    good = [i for i in best if best[i].passed]
    bullets = _distinct([Bullet(i, evidence[i], best[i], asked.said(evidence[i], best[i].text)) for i in good])
    text, shown = _assemble(prompt, bullets)
    for i, tried_list in tries.items():
        for tried in tried_list:
            tally.add(tried, used=i in shown and tried is best[i])
    whole = {s.seq for s in sections} == set(reading.read)
    used = [p for p in tally.pieces if p.used]
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
        terms=terms_used((p.text, [one.term for one in glossary.find(p.source_text)]) for p in used),
    )


def judge_bullet(prompt: PromptVersion, evidence: Evidence, request: Request, completion: Completion) -> Try:
    """Check one answer as a bullet: its sentence by itself, polished, behind its lead where the prompt asks for one."""
    tried = judge(prompt.task, "bullet", evidence.text, evidence.section_seq, request, completion)
    if not tried.text:
        return tried
    lead, sentence = ("", tried.text) if prompt.task == "background" else split_lead(tried.text)
    sentence = ended(polished(sentence))
    faults = bullet_faults(evidence.text, lead, sentence)
    if lead and faults and not bullet_faults(evidence.text, "", tried.text):
        lead, sentence, faults = "", polished(tried.text), []  # the colon was the sentence's own
    return replace(
        tried,
        text=f"{lead}：{sentence}" if lead else sentence,
        hard_failures=(*tried.hard_failures, *faults),
        soft_failures=tried.soft_failures + 2 * len(_doubts(prompt.task, evidence.text, sentence)),
    )


def _doubts(task: Task, source: str, sentence: str) -> list[str]:
    """What may be wrong with a bullet: worth one more try, not the bullet.

    Names that are not there. Of a result also numbers that are not there, and a 分别 where the source gives each figure its own
    name, for then they are mixed up.
    """
    doubts = list(missing_names(source, sentence))
    if task == "results":
        doubts += missing_numbers(source, sentence)
        if "分别" in sentence and "respectively" not in source and len(figures_of(source)) > 1:
            doubts.append("分别")
    return doubts


class _Questions:
    """Builds the requests of one answer."""

    def __init__(self, paper: Paper, prompt: PromptVersion, model: ModelInfo, glossary: Glossary) -> None:
        self._paper, self._prompt, self._model, self._glossary = paper, prompt, model, glossary
        self._scope = (paper.arxiv_id, paper.version, prompt.task)

    def bullet(self, evidence: Evidence, context: str, step: int) -> Request:
        prompt = self._prompt
        found = self._glossary.find(evidence.text)
        terms = None
        if prompt.copy_only:
            said = [one.written for one in found]
            terms = tuple(dict.fromkeys((*copy_terms(evidence.text, context, said), *latin_names(found))))
        messages = prompt.render(
            {
                "title": self._paper.title,
                "sentence": evidence.text,
                "terms": distinct(found),
                "marked": with_chinese(evidence.text, found),
            }
        )
        sampling = sampling_of(prompt.sampling, step)
        return build_request(self._scope, prompt.prompt_hash, self._model, messages, sampling, terms, prompt.grammar)

    def said(self, evidence: Evidence, text: str) -> tuple[str, ...]:
        """The glossary's Chinese for terms of the sentence, where it stands in the text."""
        return tuple(dict.fromkeys(one.term.zh for one in self._glossary.find(evidence.text) if one.term.zh in text))


class Bullet(NamedTuple):
    """A sentence of evidence and what became of it. ``place``: among all evidence, best first."""

    place: int
    evidence: Evidence
    tried: Try
    terms: tuple[str, ...]  #: Chinese words of the glossary in it

    @property
    def figures(self) -> frozenset[str]:
        """Figures that it took over from its source."""
        return frozenset(figure for figure in figures_of(self.evidence.text) if figure in self.tried.text)

    @property
    def doubtful(self) -> bool:
        """A check speaks against it, softly, or it has a figure and nothing that says what was measured."""
        measured = not self.figures or METRIC.search(self.evidence.text) is not None
        return self.tried.soft_failures > 0 or not measured


def _distinct(bullets: Sequence[Bullet]) -> list[Bullet]:
    kept: list[Bullet] = []
    for bullet in bullets:
        text = bullet.tried.text
        if all(difflib.SequenceMatcher(None, text, k.tried.text).ratio() < _SAME_BULLET for k in kept):
            kept.append(bullet)
    return kept


def best_first(task: Task, evidence: Sequence[Evidence]) -> list[int]:
    """The order in which evidence (given best first) is taken into an answer: of the background one of each half before a
    second of either, so that neither crowds the other out."""
    if task != "background":
        return list(range(len(evidence)))
    halves = [[i for i, e in enumerate(evidence) if e.group == group] for group in ("problem", "context")]
    return [i for pair in zip_longest(*halves) for i in pair if i is not None]


def _assemble(prompt: PromptVersion, bullets: Sequence[Bullet]) -> tuple[str, set[int]]:
    """The answer within its limit, shown in the paper's order, and the places of what is shown.

    Best bullets first while they fit; of results, where each costs a quarter of the limit, those that tell most together. A
    bullet that does not fit, or says much of what stands there already, is left out whole: an answer never ends inside a
    sentence.
    """
    limit = prompt.limits.max_chars

    def fits(some: Sequence[Bullet]) -> bool:
        text = _render(prompt, some)
        return (limit is None or visible_length(text) <= limit) and not repeated(text)

    shown: list[Bullet] = []
    if prompt.task == "results":
        scores = [b.evidence.score for b in bullets]
        figures, doubts = [b.figures for b in bullets], [b.doubtful for b in bullets]
        packed = best_packing(scores, figures, doubts, lambda chosen: fits([bullets[i] for i in chosen]))
        shown = [bullets[i] for i in packed]
    else:
        for i in best_first(prompt.task, [b.evidence for b in bullets]):
            if fits([*shown, bullets[i]]):
                shown.append(bullets[i])
    return _render(prompt, shown), {b.place for b in shown}


def _render(prompt: PromptVersion, bullets: Sequence[Bullet]) -> str:
    ordered = sorted(
        bullets, key=lambda b: (-1 if (seq := b.evidence.section_seq) is None else seq, b.evidence.position)
    )
    if prompt.task == "background":
        lines = []
        for group, lead in (("context", BACKGROUND_LEAD), ("problem", PROBLEM_LEAD)):
            sentences = [b.tried.text for b in ordered if b.evidence.group == group]
            if sentences:
                lines.append(f"- **{lead}**：{''.join(sentences)}")
        return "\n".join(lines)
    named: dict[str, list[str]] = {}
    for bullet in ordered:
        lead, sentence = split_lead(bullet.tried.text)
        if not lead or not lead_fits(prompt.task, lead, sentence):
            lead = free_lead(prompt.task, bullet.evidence.text, named, bullet.terms)
        named.setdefault(lead, []).append(sentence)
    # two bullets that the model gave the same name are about one thing
    return "\n".join(f"- **{lead}**：{''.join(sentences)}" for lead, sentences in named.items())
