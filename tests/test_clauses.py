"""Clauses that cost more of an answer than they tell go before the model is asked; figures and names stay."""

from __future__ import annotations

import pytest

from summarizer.summarize.clauses import condensed, without_exponent


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It has a mean opinion score (MOS) of 3.86 (best of all).", "It has a mean opinion score (MOS) of 3.86."),
        (
            "The gate gains 3.2 dB on the corpus of meetings, suggesting that echoes matter.",
            "The gate gains 3.2 dB on the corpus of meetings.",
        ),
        (
            "The gate leaves clean speech as it is, highlighting its care, whereas the baseline loses 0.3 of PESQ.",
            "The gate leaves clean speech as it is, whereas the baseline loses 0.3 of PESQ.",
        ),
        (
            "The gate, which was trained on two corpora, outperforms all the systems by 3.2 dB.",
            "The gate outperforms all the systems by 3.2 dB.",
        ),
        (
            "Despite its simplicity, the gate outperforms all of the systems by 3.2 dB.",
            "The gate outperforms all of the systems by 3.2 dB.",
        ),
        (
            "The gate improves on the best results, including ensembles, by over 2 BLEU, opening a way to small devices.",
            "The gate improves on the best results by over 2 BLEU.",
        ),
        (
            "To verify this in practice, we let twelve listeners rate it and they preferred the gate.",
            "We let twelve listeners rate it and they preferred the gate.",
        ),
    ],
)
def test_what_is_no_outcome_goes(before: str, after: str) -> None:
    assert condensed("results", before) == after


@pytest.mark.parametrize(
    "sentence",
    [
        "The gate, which was trained on LibriSpeech, outperforms all the systems by 3.2 dB.",
        "The gate, which has 1.2M parameters, outperforms all of the larger systems.",
        "Despite having 3.5 times fewer parameters, the gate outperforms all of the larger systems.",
        "The gate gains 3.2 dB on meetings, suggesting that 90% of the echoes matter.",
        "The gate gains 3.2 dB, which is more than expected.",
        "The gate outperforms all of the baselines, including Google, Google Scholar and PaSa.",
        "The gate is ahead of all the larger systems, which only match it with 3.2 dB less noise.",
        "If both of the networks are trained together, the whole outperforms each of them.",
    ],
)
def test_figures_and_names_stay_and_so_does_what_would_be_next_to_nothing(sentence: str) -> None:
    assert condensed("results", sentence) == sentence


def test_other_answers_keep_their_clauses() -> None:
    said = "The gate, which was trained on two corpora (e.g. of meetings), serves hearing aids."
    assert condensed("method", said) == said
    assert condensed("background", said) == "The gate, which was trained on two corpora, serves hearing aids."


def test_a_last_clause_with_an_exponent_goes_and_no_other() -> None:
    said = "The fidelity exceeds 99.00% at a leakage of 0.12%, under a rate of (380ns)^-1 for the whole."
    assert without_exponent(said) == "The fidelity exceeds 99.00% at a leakage of 0.12%."
    for sentence in ("It is better by a factor of 10^3 than others.", "At 10^3 points, the gate is better."):
        assert without_exponent(sentence) == sentence
