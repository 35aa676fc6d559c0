"""The abstract in Chinese, sentence by sentence.

Sentence by sentence nothing can be dropped unseen, and a bad sentence is tried again alone. A prompt with a ``history:`` shows
the sentences already translated with each question (their tokens are a prefix of the next one); without it the sentences are
asked side by side. A prompt whose templates have ``abstract`` in place of ``sentence`` asks for the whole text at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Sentence:
    """A sentence (or a whole abstract) under way."""

    source: str
    found: list[FoundTerm]
    terms: tuple[str, ...] | None  #: what may be copied; None: anything
    values: dict[str, object]
    tries: list[Try] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        return any(tried.passed for tried in self.tries)


def translate_abstract(
    paper: Paper, prompt: PromptVersion, model: ModelInfo, attempt_no: int, glossary: Glossary = NO_GLOSSARY
) -> Job:
    """A job that translates ``paper.abstract``. Attempt ``n`` begins at step ``n - 1`` of the retry ladder.

    A prompt that repeats earlier sentences (``history:``) gets one sentence after the other, any other all of them at once, so
    that they share the batches of the model; a sentence that fails is asked again with the others that failed.
    """
    tally = Tally()
    history: list[tuple[str, str]] = []
    scope = (paper.arxiv_id, paper.version, prompt.task)
    whole = "abstract" in prompt.inputs
    role = "abstract" if whole else "sentence"
    block = prompt.limits.history or HISTORY_BLOCK
    sentences = [without_citation_marks(s) for s in split_sentences(without_latex(paper.abstract))]
    sources = [_sentence(paper, prompt, s, glossary) for s in ([" ".join(sentences)] if whole else sentences)]
    for together in [[s] for s in sources] if prompt.has_history else [sources]:
        n_dropped = max(0, len(history) // block - 1) * block
        for step in range(attempt_no - 1, len(LADDER)):
            open_ones = [one for one in together if not one.is_settled]
            if not open_ones:
                break
            samplings = first_samplings(prompt) if step == 0 else (sampling_of(prompt.sampling, step),)
            requests = []
            for one in open_ones:
                if one.tries:  # the same question would be answered the same way: say what the last answer lacked
                    one.values["missing"] = _lacking(one.source, one.tries[-1].text)
                messages = prompt.render(one.values, history[n_dropped:])
                requests += [
                    build_request(scope, prompt.prompt_hash, model, messages, sampling, one.terms, prompt.grammar)
                    for sampling in samplings
                ]
            completions = yield requests
            for i, (request, completion) in enumerate(zip(requests, completions, strict=True)):
                one = open_ones[i // len(samplings)]
                end = closing_mark(one.source)
                one.tries.append(judge(prompt.task, role, one.source, None, request, completion, end=end))
        for one in together:
            best = most_agreed(one.tries) if prompt.candidates else min(one.tries, key=lambda t: t.badness)
            said = [word for term in one.found for word in (term.zh, *term.term.variants)]
            for tried in one.tries:
                text = in_written_style(best.text, said) if tried is best else None
                tally.add(tried, used=tried is best, text=text)
            if prompt.has_history:
                history.append((prompt.render_last_user({**one.values, "missing": []}), best.text))
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


def _sentence(paper: Paper, prompt: PromptVersion, source: str, glossary: Glossary) -> _Sentence:
    found = glossary.find(source)
    terms = None
    if prompt.copy_only:
        written = [one.written for one in found]
        terms = tuple(dict.fromkeys((*copy_terms(source, paper.abstract, written), *latin_names(found))))
    return _Sentence(source, found, terms, _values(paper, source, found))


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
