"""Sentences lose nothing; copy terms are the names and figures of a source, not its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.checks.terminology import missing_names, package_names
from summarizer.sentences import split_sentences
from summarizer.summarize.sentences import closing_mark, without_citations, without_latex
from summarizer.summarize.terms import copy_terms, number_hints

WORDS = st.lists(
    st.sampled_from(
        ["We", "show", "e.g.", "Fig.", "3.5", "dB", "et al.", "(1)", "wav2vec 2.0.", "Yes.", "No!", "a;", "b:"]
    ),
    min_size=1,
    max_size=40,
)


@given(WORDS)
def test_splitting_loses_no_word(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(split_sentences(text)).split() == text.split()


def test_a_formula_is_one_word_to_the_splitter() -> None:
    text = r"The entropy \textbf{$h(X_k \mid X_{k-1},...,X_{k-m})$} is bounded. We show $a, ..., b$ is small. $x$ is large."
    assert split_sentences(without_latex(text)) == [
        r"The entropy $h(X_k \mid X_{k-1},...,X_{k-m})$ is bounded.", "We show $a, ..., b$ is small.", "$x$ is large.",
    ]  # fmt: skip
    assert split_sentences("It costs $5. We sell it for $10.") == ["It costs $5.", "We sell it for $10."]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    text = "We get 63.5% (cf. Fig. 3) with Eq. (1), e.g. on MAESTRO. Dr. Who et al. agree. It works."
    assert split_sentences(text) == [
        "We get 63.5% (cf. Fig. 3) with Eq. (1), e.g. on MAESTRO.",
        "Dr. Who et al. agree.",
        "It works.",
    ]


def test_items_of_a_short_run_in_list_stay_together() -> None:
    text = "The corpus has three subsets: (1) Genre, (2) Random, and (3) Live. Each is public."
    assert split_sentences(text) == [
        "The corpus has three subsets: (1) Genre, (2) Random, and (3) Live.",
        "Each is public.",
    ]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Separation improved [3, 12-14].", "Separation improved."),
        ("Separation improved (Smith et al., 2019; Lee, 2020b).", "Separation improved."),
        ("The F1 (88.3%) rose [7], then fell.", "The F1 (88.3%) rose, then fell."),
        ("It grew in 2019 (by 3%).", "It grew in 2019 (by 3%)."),
        ("Voices split [Smith et al., 1984, Lee and Ito, 2019].", "Voices split."),
        ("Frames [0.1, 0.5] and [MASK] of 2019 stay.", "Frames [0.1, 0.5] and [MASK] of 2019 stay."),
    ],
)
def test_citations_are_taken_out_and_nothing_else(given_: str, expected: str) -> None:
    assert without_citations(given_) == expected


def test_terms_are_names_and_figures() -> None:
    terms = copy_terms(
        "However, wav2vec2 and Hibiki-Zero reach 63.5% and -3.2 dB on LibriSpeech, chimera++ needs 38,000 steps at 16 kHz; "
        "see https://a.example/x_y and $\\mathcal{L}_1$."
    )
    for wanted in (
        "wav2vec2", "Hibiki-Zero", "63.5%", "-3.2", "3.2", "dB", "LibriSpeech", "chimera++", "38,000", "38000",
        "16", "kHz", "https://a.example/x_y", "$\\mathcal{L}_1$",
    ):  # fmt: skip
        assert wanted in terms, wanted
    for unwanted in ("63.5", "However", "and", "reach", "needs", "steps", "see", "on"):
        assert unwanted not in terms, unwanted


def test_a_capital_at_the_start_of_a_sentence_counts_only_for_names() -> None:
    assert "Music" not in copy_terms("Music moves us.", "Music moves us. It is loud.")
    assert "Calliope" in copy_terms("Calliope reads aloud.", "Calliope reads aloud. We test Calliope.")
    assert "SCRAPL" in copy_terms("SCRAPL is fast.")


def test_parts_that_a_translation_needs_are_terms_of_their_own() -> None:
    terms = copy_terms("We compare LLMs with Transformer-based and GPT-4o's encoders.")
    assert {"LLM", "Transformer-based", "Transformer", "GPT-4o"} <= set(terms)
    assert not {"based", "LLMs"} & set(terms)


def test_a_name_with_hyphens_or_dots_stays_whole() -> None:
    terms = copy_terms("We run all-MiniLM-L6-v2 and llama.cpp on non-Gaussian CNN/RNN features.")
    assert {"all-MiniLM-L6-v2", "llama.cpp", "Gaussian", "CNN", "RNN"} <= set(terms)
    assert not {"MiniLM", "L6", "v2", "all"} & set(terms)


def test_scaled_numbers_keep_their_unit_in_either_language() -> None:
    version = set(copy_terms("We use the Python package of version 0.3.36 with 3.5 GB."))
    assert {"0.3.36", "3.5"} <= version
    assert "0.3" not in version
    assert {"1.5M", "150万", "1500000"} <= set(copy_terms("It has 1.5 million rows."))
    assert {"7B", "70亿"} <= set(copy_terms("A 7B model."))
    assert {"540B", "5400亿"} <= set(copy_terms("A 540-billion parameter model."))
    for source in ("It has 1.5 million rows.", "A 7B model.", "A 540-billion parameter model."):
        assert not {"1.5", "150", "7", "70", "540", "5400", "540-billion", "billion"} & set(copy_terms(source))
    both = copy_terms("Two models with 1.5 and 0.5 billion parameters.")
    assert {"1.5B", "15亿", "0.5B", "5亿"} <= set(both)
    assert not {"1.5", "0.5"} & set(both)
    assert not [t for t in copy_terms("A 540-billion parameter model.") if "e+" in t]
    assert "10k" in copy_terms("We warm up for 10k steps.")


def test_hints_say_how_a_number_stands_in_chinese() -> None:
    assert number_hints("A 540-billion model on 6144 chips.", ["540", "6144"]) == ["5400亿", "6144"]
    assert number_hints("We read 2 trillion tokens.", ["2"]) == ["2万亿"]


def test_a_range_keeps_its_sign() -> None:
    terms = copy_terms("It works in 67-74% of cases and in 5–10 s.")
    assert {"67-74%", "67%", "74%", "5–10", "5", "10", "10s"} <= set(terms)
    assert not {"67-74", "74"} & set(terms)


def test_a_name_with_an_exclamation_mark_does_not_end_a_sentence() -> None:
    assert split_sentences("We use the WHAM! dataset for this. It is noisy.") == [
        "We use the WHAM! dataset for this.",
        "It is noisy.",
    ]


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Here, we present Stream.FM, a model of 48 ms. Stream.FM can enhance speech.", 2),
        ("The entropy $h(X_k \\mid X_{k-1},...,X_{k-m})$ is bounded. This holds.", 2),
        ("We present OnPrem$.$LLM, which runs llama$.$cpp. It is free.", 2),
        # a sentence that lost its blank is one all the same
        ("They are aligned to song sections.The prompts are injected.", 2),
        ("We report the AUROC.Additionally, we test LibriSpeech.We find more.", 3),
        ('It is a "teacher." It teaches "students."', 2),
    ],
)
def test_a_full_stop_without_a_blank(text: str, n: int) -> None:
    sentences = split_sentences(text)
    assert len(sentences) == n
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence in text for sentence in sentences)


@pytest.mark.parametrize(
    ("source", "kept", "translated"),
    [
        ("the Embodied Contrastive Loss (ECL) of InfoNCE", {"ECL", "InfoNCE"}, {"Embodied", "Contrastive", "Loss"}),
        ("we use Mel-Frequency Cepstral Coefficients (MFCC)", {"MFCC"}, {"Mel-Frequency", "Cepstral", "Coefficients"}),
        ("call it AUDRON (AUdio-based Drone Recognition Network)", {"AUDRON"}, {"AUdio", "Drone", "Recognition"}),
        ("we propose SALAD--Sample-efficient Alignment with Learning through Active selection and cross-modal Distillation",
         {"SALAD"}, {"Sample-efficient", "Alignment", "Learning", "Active", "Distillation"}),
        ("trained on the Whisper Large model", {"Whisper", "Large"}, set()),
        ("report Word Error Rates (WERs) on Switchboard", {"WER", "Switchboard"}, {"WERs", "Word", "Error", "Rates"}),
    ],
)  # fmt: skip
def test_what_an_acronym_stands_for_is_translated(source: str, kept: set[str], translated: set[str]) -> None:
    terms = set(copy_terms(source, source))
    assert kept <= terms
    assert not translated & terms


def test_what_else_may_be_copied() -> None:
    assert "n+" not in copy_terms("The value of step n+ is taken.")
    assert {"c++", "chimera++"} <= set(copy_terms("We port chimera++ to c++ at once."))
    assert {"top-k", "k-means", "demo.x.ai", "98.51%", "BEATs"} <= set(
        copy_terms("BEATs reaches 98.51 percent, see demo.x.ai, with top-k and k-means.")
    )
    assert "LLMs" not in copy_terms("LLMs are large."), "known"
    assert "Eurich" in copy_terms("Eurich et al. (2024) recently introduced it.")
    assert "XLMs" not in copy_terms("XLMs work.", "Extra models (XLMs) are large.")


def test_phrases_with_a_chinese_word_are_translated() -> None:
    assert {"Large", "Audio"} <= set(copy_terms("a Large Audio Model", "a Large Audio Model"))
    assert not {"Large", "Audio"} & set(copy_terms("a Large Audio Model", "", ["Large Audio Model"]))


def test_large_numbers_may_be_said_in_ten_thousands() -> None:
    assert {"126,000", "126000", "12.6万"} <= set(copy_terms("It has 126,000 ratings."))
    assert not {"万", "12.6"} & set(copy_terms("It has 126,000 ratings and 4,200 clips."))


def test_latex_around_words_is_undone_and_formulas_stay() -> None:
    assert without_latex(r"Task~1 and \emph{big \textbf{x}} \cite{a} 50\% of ``it'' (~3Hz) $a~b\%$--so") == (
        r"Task 1 and big x 50% of “it” (~3Hz) $a~b\%$--so"
    )
    assert without_latex("counterparts--and even") == "counterparts—and even"


def test_the_mark_that_closes_a_sentence() -> None:
    assert [closing_mark(s) for s in ("It works.", "1) a first; and", "as follows:", "a list,")] == [
        "。",
        "；",
        "：",
        "；",
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("It runs on llama-cpp-python with vq-vae codes.", {"llama-cpp-python", "vq-vae"}),
        ("Vectors come from the sentence-transformers library.", {"sentence-transformers"}),
        ("Vectors come from sentence-transformers 6.0.1 here.", {"sentence-transformers"}),
        ("First pip install audio-tools once.", {"audio-tools"}),
        ("We call `speech-tools` and scikit-learn.", {"speech-tools", "scikit-learn"}),
        ("A state-of-the-art speech-to-text system is fine-tuned end-to-end.", set()),
        ("An open-source library, a text-to-speech API and a speech-analytics package of low-latency tools.", set()),
        ("Mini-batches, trade-offs and auto-encoders in a python-based, lstm-based or torch-like toolkit.", set()),
        ("Sounds from device-induced noise in one-vs-rest, rhythm-aware and cross-db tests.", set()),
        ("We study ``lazy'' learners and time-frequency masks.", set()),
    ],
)
def test_names_of_packages_are_copied_whole_and_other_compounds_are_words(source: str, names: set[str]) -> None:
    assert set(package_names(source)) == names
    terms = set(copy_terms(source, source))
    assert names <= terms
    assert not {term for term in terms if "-" in term} - names
    assert not {"transformers", "sentence", "audio", "tools", "llama", "scikit"} & terms


def test_a_package_told_once_is_known_in_the_other_sentences() -> None:
    context = "We use the sentence-transformers library. Then sentence-transformers reads it."
    assert "sentence-transformers" in copy_terms("Then sentence-transformers reads it.", context)
    assert "sentence-transformers" not in copy_terms("Then sentence-transformers reads it.")
    assert missing_names("We use the sentence-transformers library.", "使用句子-变换器库。") == [
        "sentence-transformers"
    ]
    assert missing_names("We use the sentence-transformers library.", "使用sentence-transformers库。") == []
