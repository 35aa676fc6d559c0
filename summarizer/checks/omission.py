"""A sentence of the source that nothing in the translation answers."""

from __future__ import annotations

from collections.abc import Iterator

from summarizer.checks.alignment import align
from summarizer.checks.context import CheckContext, count_words, verdict
from summarizer.records import CheckResult
from summarizer.sentences import chinese_sentences, split_sentences

#: Shorter sentences ("Code is available.") are too easily said within another.
MIN_WORDS = 6


def check_omission(context: CheckContext) -> Iterator[CheckResult]:
    """Soft: a translator may move a sentence. Of a piece of one sentence it is ``completeness`` that sees whether it is there."""
    if context.task != "translation":
        return
    pairs = context.pieces or ((context.source_text, context.text),)
    missing = [sentence for source, text in pairs for sentence in omitted_sentences(source, text)]
    shown = f"{len(missing)} without an answer: {missing[0]}" if missing else ""
    yield verdict("missing_sentences", "soft", shown)


def omitted_sentences(source: str, text: str) -> list[str]:
    """English sentences of ``source`` that no sentence of the Chinese ``text`` answers; of one sentence, never any."""
    sentences, answers = split_sentences(source), chinese_sentences(text)
    if len(sentences) < 2 or not answers:
        return []
    beads = align(sentences, answers)
    return [s for bead in beads if not bead.target for s in bead.source if count_words(s) >= MIN_WORDS]
