"""An answer about a paper asked at once over its sections: the way for models that can hold a paper in view.

Which way is taken is the prompt version's: one whose templates have ``text`` in place of ``sentence`` asks like this
(docs/decisions.md says why the default model is asked sentence by sentence). The model writes bullets; code keeps those
that are sound, brings them into form and trims them to the limit at whole sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from summarizer.checks import repeated
from summarizer.checks.numbers import added_numbers
from summarizer.prompts import PromptVersion
from summarizer.records import ModelInfo, Paper, Section
from summarizer.summarize.bullets import free_lead, polished, split_lead, visible_length
from summarizer.summarize.drafts import Tally, Try, build_attempt, ended, judge, tidy
from summarizer.summarize.evidence import choose_sections
from summarizer.summarize.jobs import Job, build_request
from summarizer.summarize.ladder import LADDER, sampling_of
from summarizer.summarize.terms import copy_terms

_MARKER = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）])\s*")
_HEADING = re.compile(r"^\s*#+\s|^[^。！？，]{1,20}[：:]\s*$")
_SENTENCE_END = re.compile(r"(?<=[。！？])")


def answer_directly(
    paper: Paper,
    sections: Sequence[Section],
    prompt: PromptVersion,
    model: ModelInfo,
    attempt_no: int,
    *,
    count_tokens: Callable[[str], int],
) -> Job:
    """A job that asks for the whole answer once, over whole sections. Attempt ``n`` begins at step ``n - 1`` of the ladder."""
    reading = choose_sections(prompt.task, sections, count_tokens, prompt.limits.section_tokens or 8000)
    read = [s for s in sections if s.seq in reading.read]
    parts = [f"{s.heading}\n{s.text}".strip() for s in read]
    if paper.abstract and not any(s.kind == "abstract" for s in read):
        parts.insert(0, paper.abstract)
    text = "\n\n".join(parts)
    terms = copy_terms(text, text) if prompt.copy_only else None
    scope = (paper.arxiv_id, paper.version, prompt.task)
    tally = Tally()
    tries: list[Try] = []
    for step in range(attempt_no - 1, len(LADDER)) if text else ():
        messages = prompt.render({"title": paper.title, "text": text})
        sampling = sampling_of(prompt.sampling, step)
        request = build_request(scope, prompt.prompt_hash, model, messages, sampling, terms, prompt.grammar)
        (completion,) = yield [request]
        answer = in_form(prompt, text, completion.text)
        tried = judge(prompt.task, "answer", text, None, request, replace(completion, text=answer))
        tries.append(replace(tried, text=answer, completion=completion))
        if tries[-1].passed and tries[-1].text:
            break
    best = min(tries, key=lambda t: (not t.text, *t.badness), default=None)
    for tried in tries:
        tally.add(tried, used=tried is best)
    return build_attempt(
        key=(paper.arxiv_id, paper.version),
        prompt=prompt,
        model=model,
        attempt_no=attempt_no,
        source_scope="all_sections" if len(read) == len(sections) else "selected_sections",
        source_text=text,
        text=best.text if best else "",
        tally=tally,
        sections_read=reading.read,
        sections_left_out=reading.left_out,
    )


def in_form(prompt: PromptVersion, source: str, answer: str) -> str:
    """The bullets of an answer, each with a bold lead that no other has, as many as fit the limit.

    What has a number that the source has not, says nothing, or says again what stands there is left out.
    """
    limit = prompt.limits.max_chars
    lines: list[str] = []
    used: set[str] = set()
    for line in answer.splitlines():
        content = tidy(_MARKER.sub("", line).replace("**", ""))
        if len(content) < 10 or _HEADING.match(line) or added_numbers(source, content):
            continue
        lead, sentence = split_lead(content)
        if not lead or lead in used:
            lead = free_lead(prompt.task, "", used)
        fitting = _fitting(f"- **{lead}**：", ended(polished(sentence)), lines, limit)
        if fitting and not repeated("\n".join([*lines, fitting])):
            lines.append(fitting)
            used.add(lead)
    return "\n".join(lines)


def _fitting(start: str, content: str, lines: Sequence[str], limit: int | None) -> str:
    """As many whole sentences of a bullet as fit; empty when not even one does."""
    sentences = [s for s in _SENTENCE_END.split(content) if s]
    for n in range(len(sentences), 0, -1):
        bullet = start + "".join(sentences[:n])
        if limit is None or visible_length("\n".join([*lines, bullet])) <= limit:
            return bullet
    return ""
