"""How much of the facts the chosen sentences hold, before a model has said a word: what bounds the answers.

Only patterns that can match in English are looked for: figures, names, and alternatives without Chinese characters. A fact
counts when at least one of its patterns is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from breakdown_cases import ANSWERS, Fact, matches
from breakdown_papers import ReadPaper

from summarizer.prompts import PromptVersion
from summarizer.records import Task
from summarizer.stages.weights import Weights
from summarizer.summarize.breakdown import best_first
from summarizer.summarize.cues import figures_of
from summarizer.summarize.evidence import Encode, Evidence, choose_evidence, choose_sections, remembering
from summarizer.summarize.packing import best_packing

#: Characters of an answer for each word of its sentence, and those of a lead: 76 bullets of the default model.
_CHARS_PER_WORD = 1.9
_LEAD_CHARS = 6


def measure_evidence(
    weights: Weights, papers: Sequence[ReadPaper], prompts: Mapping[Task, PromptVersion]
) -> dict[str, Any]:
    """The facts in the text read, in the sentences chosen, and in those of them that will fit into the limit."""
    tokenizer = weights.open_tokenizer()
    try:
        count = tokenizer.count_tokens if tokenizer is not None else weights.engine().count_tokens
        return evidence_figures(papers, prompts, weights.encoder().encode, count)
    finally:
        if tokenizer is not None:
            tokenizer.close()


def evidence_figures(
    papers: Sequence[ReadPaper], prompts: Mapping[Task, PromptVersion], encode: Encode, count: Callable[[str], int]
) -> dict[str, Any]:
    encode = remembering(encode)
    by_task: dict[str, dict[str, int]] = {}
    rows = []
    for read in papers:
        row: dict[str, Any] = {"pdf": read.case.name, "title": read.paper.title, "answers": {}}
        for task in ANSWERS:
            prompt = prompts[task]
            evidence = chosen_evidence(read, prompt, encode, count)
            fitting = those_that_fit(task, evidence, read.case.limits[task])
            sums = by_task.setdefault(
                task, {"total": 0, "in_paper": 0, "found": 0, "fit": 0, "sentences": 0, "fitting": 0}
            )
            sums["sentences"] += len(evidence)
            sums["fitting"] += len(fitting)
            missed = []
            for fact in read.case.facts:
                patterns = fact.in_english()
                if fact.task != task or not patterns:
                    continue
                sums["total"] += 1
                sums["in_paper"] += matches(read.text, patterns)
                sums["found"] += matches("\n".join(e.text for e in evidence), patterns)
                fits = matches("\n".join(e.text for e in fitting), patterns)
                sums["fit"] += fits
                if not fits:
                    missed.append(_told(fact))
            row["answers"][task] = {
                "text": "\n".join(f"{'+' if e in fitting else '-'} [{_place(read, e)}] {e.text}" for e in evidence),
                "missed": missed,
            }
        rows.append(row)
    total = sum(sums["total"] for sums in by_task.values())
    return {
        "prompt": "evidence only",
        "versions": {task: prompt.version for task, prompt in prompts.items()},
        "n_papers": len(papers),
        "facts_total": total,
        "facts_in_paper": sum(sums["in_paper"] for sums in by_task.values()),
        "facts_found": sum(sums["found"] for sums in by_task.values()),
        "facts_that_fit": sum(sums["fit"] for sums in by_task.values()),
        "by_task": by_task,
        "papers": rows,
    }


def chosen_evidence(
    read: ReadPaper, prompt: PromptVersion, encode: Encode, count: Callable[[str], int]
) -> list[Evidence]:
    """The sentences that an answer would be made from, as :func:`summarizer.summarize.breakdown.break_down` does."""
    budget = prompt.limits.section_tokens or 8000
    reading = choose_sections(prompt.task, read.sections, count, budget)
    sections = [s for s in read.sections if s.seq in reading.read]
    return choose_evidence(
        prompt.task, read.paper.title, read.paper.abstract, sections, encode, max_pieces=prompt.limits.max_pieces or 6
    )


def those_that_fit(task: Task, evidence: Sequence[Evidence], limit: int) -> list[Evidence]:
    """The sentences whose translations will about fit, in the order in which they are taken; of the results those that tell
    most together."""
    lead = _LEAD_CHARS if task != "background" else 0
    chars = [_CHARS_PER_WORD * len(e.text.split()) + lead for e in evidence]
    if task == "results":
        figures = [figures_of(e.text) for e in evidence]
        scores, doubts = [e.score for e in evidence], [False] * len(evidence)
        fits = best_packing(scores, figures, doubts, lambda places: sum(chars[i] for i in places) <= limit)
        return [evidence[place] for place in fits]
    kept: list[Evidence] = []
    length = 0.0
    for place in best_first(task, evidence):
        if length + chars[place] <= limit:
            kept.append(evidence[place])
            length += chars[place]
    return kept


def _place(read: ReadPaper, evidence: Evidence) -> str:
    if evidence.section_seq is None:
        return f"abstract {evidence.score:.2f}"
    kind = next(s.kind for s in read.sections if s.seq == evidence.section_seq)
    return f"{kind} {evidence.section_seq}.{evidence.position} {evidence.score:.2f}"


def _told(fact: Fact) -> str:
    return f"{fact.says} ({' & '.join(p.pattern for p in fact.in_english())})"
