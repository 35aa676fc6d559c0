"""The answers of ``breakdown.py`` against their papers and cases: facts found, what is invented, limits and form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from breakdown_cases import ANSWERS, Fact
from breakdown_papers import ReadPaper

from summarizer.checks.numbers import added_numbers
from summarizer.records import Completion, Task
from summarizer.store.trials import TrialOutput
from summarizer.summarize.bullets import visible_length

_NAME = re.compile(r"[A-Za-z][\w.+/'’-]*[\w+]|[A-Za-z]", re.ASCII)
_BULLET = re.compile(r"- \*\*([^*\n]+)\*\*[：:]\s*(\S.*)")
_ENDED = re.compile(r"[。！？.!?…]$")
_LEAST_BULLET = 8  #: characters after the lead


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three answers about a paper, held against the paper and its case."""

    task: Task
    text: str
    limit: int
    accepted: bool
    reason: str  #: why it was not accepted
    found: tuple[Fact, ...]
    missed: tuple[Fact, ...]
    ungrounded_numbers: tuple[str, ...]
    ungrounded_names: tuple[str, ...]
    form_faults: tuple[str, ...]
    n_tokens: int
    n_tokens_computed: int

    @property
    def n_chars(self) -> int:
        return visible_length(self.text)

    @property
    def within_limit(self) -> bool:
        """There is an answer, and it is no longer than allowed."""
        return 0 < self.n_chars <= self.limit


def ungrounded_names(paper: str, text: str) -> list[str]:
    """Words in Latin letters of an answer that do not stand in the paper, whatever their case, plural or hyphens."""
    known = {form for word in _NAME.findall(paper) for form in _forms(word)}
    squeezed = _squeezed(paper)
    names = dict.fromkeys(_NAME.findall(text))
    return [n for n in names if not _forms(n) & known and (len(n) < 3 or _squeezed(n) not in squeezed)]


def _forms(word: str) -> set[str]:
    folded = word.casefold()
    return {folded, folded.removesuffix("s"), *re.split(r"[-/]", folded)}


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def form_faults(text: str) -> list[str]:
    """What is not as an answer should be: bullets with bold leads, each a whole sentence, no two alike."""
    faults = []
    lines = text.splitlines()
    leads = []
    for line in lines:
        bullet = _BULLET.fullmatch(line)
        if bullet is None:
            faults.append(f"no bullet with a bold lead: {line[:30]}")
            continue
        leads.append(bullet[1])
        if len(bullet[2]) < _LEAST_BULLET:
            faults.append(f"says nothing: {line[:30]}")
        if not _ENDED.search(bullet[2]):
            faults.append(f"ends in mid-sentence: ...{line[-20:]}")
        if bullet[2].startswith(bullet[1]) and len(bullet[2]) <= 2 * len(bullet[1]):
            faults.append(f"says its lead again: {line[:30]}")
    faults += [f"lead stands twice: {lead}" for lead in dict.fromkeys(leads) if leads.count(lead) > 1]
    return faults if lines else ["no answer"]


@dataclass(frozen=True, slots=True)
class Made:
    """A text as it was made, and its cost."""

    text: str = ""
    accepted: bool = False
    reason: str = "the PDF could not be read"
    prompt_tokens: int = 0
    prompt_tokens_reused: int = 0
    completion_tokens: int = 0


def made_by_product(output: TrialOutput) -> Made:
    failed = [
        f"{check.name}: {check.reason}" for check in output.checks if not check.passed and check.severity == "hard"
    ]
    reason = "" if output.accepted else "; ".join([output.category, *failed])
    cost = (output.prompt_tokens, output.prompt_tokens_reused, output.completion_tokens)
    return Made(output.text, output.accepted, reason, *cost)


def made_plainly(answer: Completion) -> Made:
    whole = answer.finish_reason == "stop"
    reason = "" if whole else f"finish reason {answer.finish_reason}"
    cost = (answer.prompt_tokens, answer.prompt_tokens_reused, answer.completion_tokens)
    return Made(answer.text.strip(), whole, reason, *cost)


def judge_answer(read: ReadPaper, task: Task, made: Made) -> Answer:
    """One answer against its paper and its case."""
    facts = [fact for fact in read.case.facts if fact.task == task]
    found = [fact for fact in facts if fact.stands_in({task: made.text})]
    paper = read.text
    return Answer(
        task=task,
        text=made.text,
        limit=read.case.limits[task],
        accepted=made.accepted,
        reason=made.reason,
        found=tuple(found),
        missed=tuple(fact for fact in facts if fact not in found),
        ungrounded_numbers=tuple(added_numbers(paper, made.text)),
        ungrounded_names=tuple(ungrounded_names(paper, made.text)),
        form_faults=tuple(form_faults(made.text)),
        n_tokens=made.prompt_tokens + made.completion_tokens,
        n_tokens_computed=made.prompt_tokens - made.prompt_tokens_reused + made.completion_tokens,
    )


def figures(papers: Sequence[tuple[ReadPaper, dict[Task, Answer]]]) -> dict[str, Any]:
    """The figures of one set of prompts. ``tokens``: of all questions and answers of all tries."""
    answers = [answer for _, by_task in papers for answer in by_task.values()]
    by_task: dict[str, dict[str, Any]] = {}
    for task in ANSWERS:
        its = [answer for answer in answers if answer.task == task]
        by_task[task] = _share(sum(len(a.found) for a in its), sum(len(a.found) + len(a.missed) for a in its))
    anywhere = [(fact, _texts(by)) for read, by in papers for fact in read.case.facts if fact.task == "any"]
    if anywhere:
        by_task["any"] = _share(sum(fact.stands_in(texts) for fact, texts in anywhere), len(anywhere))
    never = [(fact, _texts(by)) for read, by in papers for fact in read.case.never]
    total = _share(sum(d["found"] for d in by_task.values()), sum(d["total"] for d in by_task.values()))
    return {
        "n_papers": len(papers),
        "facts_found": total["found"],
        "facts_total": total["total"],
        "facts_share": total["share"],
        "by_task": by_task,
        "never_broken": sum(fact.stands_in(texts) for fact, texts in never),
        "never_total": len(never),
        "ungrounded_numbers": sum(len(a.ungrounded_numbers) for a in answers),
        "ungrounded_names": sum(len(a.ungrounded_names) for a in answers),
        "answers_within_limits": sum(a.within_limit for a in answers),
        "answers_in_form": sum(not a.form_faults for a in answers),
        "answers_accepted": sum(a.accepted for a in answers),
        "answers_total": len(answers),
        "tokens": sum(a.n_tokens for a in answers),
        "tokens_computed": sum(a.n_tokens_computed for a in answers),
    }


def _texts(by_task: dict[Task, Answer]) -> dict[Task, str]:
    return {task: answer.text for task, answer in by_task.items()}


def _share(found: int, total: int) -> dict[str, Any]:
    return {"found": found, "total": total, "share": found / total if total else None}


def paper_row(read: ReadPaper, by_task: dict[Task, Answer]) -> dict[str, Any]:
    texts = _texts(by_task)
    return {
        "pdf": read.case.name,
        "title": read.paper.title,
        "never_broken": [fact.says for fact in read.case.never if fact.stands_in(texts)],
        "any_missed": [fact.says for fact in read.case.facts if fact.task == "any" and not fact.stands_in(texts)],
        "answers": {
            task: {
                "text": answer.text,
                "chars": answer.n_chars,
                "limit": answer.limit,
                "accepted": answer.accepted,
                "reason": answer.reason,
                "found": [fact.says for fact in answer.found],
                "missed": [fact.says for fact in answer.missed],
                "ungrounded_numbers": answer.ungrounded_numbers,
                "ungrounded_names": answer.ungrounded_names,
                "form_faults": answer.form_faults,
                "tokens": answer.n_tokens,
            }
            for task, answer in by_task.items()
        },
    }
