"""The abstract in Chinese, sentence by sentence: each question repeats the sentences already translated.

Sentence by sentence nothing can be dropped unseen, a bad sentence is tried again alone, and the earlier sentences stay in
the model's memory (their tokens are a prefix of the next question).
"""

from __future__ import annotations

from summarizer.checks import missing_numbers
from summarizer.prompts import PromptVersion
from summarizer.records import ModelInfo, Paper
from summarizer.summarize.drafts import Tally, Try, build_attempt, judge
from summarizer.summarize.jobs import Job, build_request
from summarizer.summarize.ladder import LADDER, sampling_of
from summarizer.summarize.sentences import split_sentences, without_citation_marks
from summarizer.summarize.terms import copy_terms, number_hints

#: Earlier sentences that a question repeats: never fewer than this once there are so many, and less than twice as many.
#: They are dropped in blocks, since what is computed for one question is a prefix of the next only while none is dropped.
HISTORY_BLOCK = 6


def translate_abstract(paper: Paper, prompt: PromptVersion, model: ModelInfo, attempt_no: int) -> Job:
    """A job that translates ``paper.abstract``. Attempt ``n`` begins at step ``n - 1`` of the retry ladder."""
    tally = Tally()
    history: list[tuple[str, str]] = []
    scope = (paper.arxiv_id, paper.version, prompt.task)
    sentences = [without_citation_marks(s) for s in split_sentences(paper.abstract)]
    for sentence in sentences:
        terms = copy_terms(sentence, paper.abstract) if prompt.copy_only else None
        values: dict[str, object] = {"sentence": sentence, "missing": []}
        n_dropped = max(0, len(history) // HISTORY_BLOCK - 1) * HISTORY_BLOCK
        tries: list[Try] = []
        for step in range(attempt_no - 1, len(LADDER)):
            if tries:  # the same question would be answered the same way: say what the last answer lacked
                values["missing"] = number_hints(sentence, missing_numbers(sentence, tries[-1].text))
            messages = prompt.render(values, history[n_dropped:])
            request = build_request(
                scope, prompt.prompt_hash, model, messages, sampling_of(prompt.sampling, step), terms, prompt.grammar
            )
            (completion,) = yield [request]
            tries.append(judge(prompt.task, "sentence", sentence, None, request, completion))
            if tries[-1].passed:
                break
        best = min(tries, key=lambda t: t.badness)
        for tried in tries:
            tally.add(tried, used=tried is best)
        history.append((prompt.render_last_user({**values, "missing": []}), best.text))
    used = [p.text for p in tally.pieces if p.used]
    return build_attempt(
        key=(paper.arxiv_id, paper.version),
        prompt=prompt,
        model=model,
        attempt_no=attempt_no,
        source_scope="abstract",
        source_text=" ".join(sentences),
        text="".join(used),
        tally=tally,
    )
