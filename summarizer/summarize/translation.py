"""The abstract in Chinese, sentence by sentence: each question repeats the sentences already translated.

Sentence by sentence nothing can be dropped unseen, a bad sentence is tried again alone, and the earlier sentences stay in
the model's memory (their tokens are a prefix of the next question). A prompt whose templates have ``abstract`` in place of
``sentence`` asks for the whole text at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from summarizer.checks import missing_names, missing_numbers, missing_protected, terms_used
from summarizer.glossary import NO_GLOSSARY, FoundTerm, Glossary, distinct, latin_names, with_chinese
from summarizer.prompts import PromptVersion
from summarizer.records import ModelInfo, Paper
from summarizer.sentences import split_sentences
from summarizer.summarize.agreement import agreements
from summarizer.summarize.drafts import Tally, Try, build_attempt, judge
from summarizer.summarize.jobs import Job, build_request
from summarizer.summarize.ladder import LADDER, first_samplings, sampling_of
from summarizer.summarize.register import in_written_style
from summarizer.summarize.sentences import closing_mark, without_citation_marks, without_latex
from summarizer.summarize.terms import copy_terms, number_hints

#: Earlier sentences that a question repeats, unless the prompt's limits say otherwise: never fewer than this once there are
#: so many, and less than twice as many. They are dropped in blocks, since what is computed for one question is a prefix of
#: the next only while none is dropped.
HISTORY_BLOCK = 6


def translate_abstract(
    paper: Paper, prompt: PromptVersion, model: ModelInfo, attempt_no: int, glossary: Glossary = NO_GLOSSARY
) -> Job:
    """A job that translates ``paper.abstract``. Attempt ``n`` begins at step ``n - 1`` of the retry ladder."""
    tally = Tally()
    history: list[tuple[str, str]] = []
    scope = (paper.arxiv_id, paper.version, prompt.task)
    whole = "abstract" in prompt.inputs
    block = prompt.limits.history or HISTORY_BLOCK
    sentences = [without_citation_marks(s) for s in split_sentences(without_latex(paper.abstract))]
    sources = [" ".join(sentences)] if whole else sentences
    for source in sources:
        found = glossary.find(source)
        terms = None
        if prompt.copy_only:
            written = [one.written for one in found]
            terms = tuple(dict.fromkeys((*copy_terms(source, paper.abstract, written), *latin_names(found))))
        values = _values(paper, source, found)
        n_dropped = max(0, len(history) // block - 1) * block
        tries: list[Try] = []
        for step in range(attempt_no - 1, len(LADDER)):
            if tries:  # the same question would be answered the same way: say what the last answer lacked
                values["missing"] = _lacking(source, tries[-1].text)
            messages = prompt.render(values, history[n_dropped:])
            samplings = first_samplings(prompt) if step == 0 else (sampling_of(prompt.sampling, step),)
            requests = [
                build_request(scope, prompt.prompt_hash, model, messages, sampling, terms, prompt.grammar)
                for sampling in samplings
            ]
            completions = yield requests
            role, end = "abstract" if whole else "sentence", closing_mark(source)
            tries += [
                judge(prompt.task, role, source, None, request, completion, end=end)
                for request, completion in zip(requests, completions, strict=True)
            ]
            if any(tried.passed for tried in tries):
                break
        best = most_agreed(tries) if prompt.candidates else min(tries, key=lambda t: t.badness)
        said = [word for one in found for word in (one.zh, *one.term.variants)]
        for tried in tries:
            text = in_written_style(best.text, said) if tried is best else None
            tally.add(tried, used=tried is best, text=text)
        history.append((prompt.render_last_user({**values, "missing": []}), best.text))
    used = [p for p in tally.pieces if p.used]
    return build_attempt(
        key=(paper.arxiv_id, paper.version),
        prompt=prompt,
        model=model,
        attempt_no=attempt_no,
        source_scope="abstract",
        source_text=" ".join(sentences),
        text="".join(p.text for p in used),
        tally=tally,
        terms=terms_used((p.text, [one.term for one in glossary.find(p.source_text)]) for p in used),
    )


def most_agreed(tries: Sequence[Try]) -> Try:
    """Of the answers that fail the fewest hard checks, the one that agrees best with the others of them."""
    fewest = min(len(tried.hard_failures) for tried in tries)
    left = [tried for tried in tries if len(tried.hard_failures) == fewest]
    agreed = agreements([tried.text for tried in left])
    return left[agreed.index(max(agreed))]


def _values(paper: Paper, source: str, found: Sequence[FoundTerm]) -> dict[str, object]:
    """What a template may use; see docs/prompts.md. The first try of a sentence lacks nothing."""
    return {
        "title": paper.title,
        "sentence": source,
        "abstract": source,
        "terms": distinct(found),
        "marked": with_chinese(source, found),
        "missing": [],
    }


def _lacking(source: str, text: str) -> list[str]:
    """Numbers, names, links and formulas of the source that an answer has not, as they should stand in it."""
    lacking = [*number_hints(source, missing_numbers(source, text)), *missing_names(source, text)]
    return list(dict.fromkeys([*lacking, *missing_protected(source, text)]))
