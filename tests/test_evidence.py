"""Choice of sections and sentences: right kinds, whole sections within the budget, no pointers, no repetition."""

from __future__ import annotations

from summarizer.embed import FakeEncoder
from summarizer.records import Section, SectionKind
from summarizer.summarize.cues import is_outcome
from summarizer.summarize.evidence import choose_evidence, choose_sections
from summarizer.summarize.relevance import abstract_roles, outcome_weight, part_named, system_name

ENCODE = FakeEncoder().encode


def section(seq: int, kind: SectionKind, text: str) -> Section:
    return Section(seq, kind.title(), 1, kind, 1, 1, text)


PAPER = (
    section(
        0,
        "introduction",
        "Speech separation splits a recording into the voices of its speakers and serves hearing aids. "
        "However, existing methods fail when the recording contains background noise from the street. "
        "The rest of the paper is organized as follows and we hope that it is useful.",
    ),
    section(
        1,
        "method",
        "We propose NoisyNet, an encoder and decoder with six layers trained with a masking loss. "
        "Figure 2 shows the architecture of the network together with all of its parts. "
        "The mask estimator predicts one mask for each speaker from the shared features.",
    ),
    section(
        2,
        "results",
        "NoisyNet outperforms the baseline by 3.2 dB on WHAM and reaches an SI-SDR of 12.9 dB. "
        "NoisyNet outperforms the baseline by 3.2 dB on WHAM and reaches an SI-SDR of 12.9 dB. "
        "Table 4 compares all the systems that we have trained on the two corpora.",
    ),
    section(3, "references", "Smith, A study of the separation of voices in noise, Journal of Speech, 2019."),
)
ABSTRACT = "We propose NoisyNet for the separation of speech in noise."


def chosen(task: str, sections: tuple[Section, ...] = PAPER) -> list[str]:
    reading = choose_sections(task, sections, len, 10_000)  # type: ignore[arg-type]
    sections = tuple(s for s in sections if s.seq in reading.read)
    evidence = choose_evidence(task, "NoisyNet", ABSTRACT, sections, ENCODE, max_pieces=5)  # type: ignore[arg-type]
    return [e.text for e in evidence]


def test_each_question_finds_its_own_sentences() -> None:
    assert any("xisting methods fail" in s for s in chosen("background"))
    assert not any("NoisyNet outperforms" in s for s in chosen("background"))
    assert any("We propose NoisyNet, an encoder" in s for s in chosen("method"))
    assert chosen("results")[0].startswith("NoisyNet outperforms the baseline by 3.2 dB")


def test_pointers_references_and_repeated_sentences_are_not_evidence() -> None:
    for task in ("background", "method", "results"):
        sentences = chosen(task)
        assert len(sentences) == len(set(sentences))
        assert not any(s.startswith(("Figure 2", "Table 4", "The rest of", "Smith")) for s in sentences)


def test_background_sentences_know_their_half() -> None:
    groups = {e.text: e.group for e in choose_evidence("background", "NoisyNet", ABSTRACT, PAPER, ENCODE, max_pieces=5)}
    assert groups[next(t for t in groups if "xisting methods fail" in t)] == "problem"
    assert groups[next(t for t in groups if t.startswith("Speech separation splits"))] == "context"


def test_sections_are_read_whole_by_priority_within_the_budget() -> None:
    def words(text: str) -> int:
        return len(text.split())

    everything = choose_sections("results", PAPER, words, 10_000)
    assert everything.read == (0, 1, 2)
    assert choose_sections("background", PAPER, words, 10_000).read == (0,), "method and results say nothing to it"
    assert everything.left_out == ()
    tight = choose_sections("results", PAPER, words, words(PAPER[2].text))
    assert tight.read == (2,)
    assert tight.left_out == (0, 1)
    assert choose_sections("results", PAPER, words, 1).read == (2,), "at least one section is always read"


def test_a_paper_without_usual_headings_still_answers() -> None:
    plain = tuple(section(s.seq, "other", s.text) for s in PAPER[:3])
    assert any("xisting methods fail" in s for s in chosen("background", plain))
    assert any("We propose NoisyNet, an encoder" in s for s in chosen("method", plain))
    assert any("3.2 dB" in s for s in chosen("results", plain))


def test_nothing_usable_gives_no_evidence() -> None:
    assert choose_evidence("method", "T", "", (section(0, "other", "x = 1"),), ENCODE, max_pieces=5) == []


def test_an_abstract_is_told_apart_by_the_question_that_each_sentence_answers() -> None:
    sentences = [
        "Speech separation serves hearing aids.",
        "Existing networks achieve 80% only on clean recordings.",
        "We propose NoisyNet, which improves separation by a gate.",
        "The gate is a single layer with a sigmoid.",
        "NoisyNet outperforms all baselines by 3.2 dB.",
    ]
    assert abstract_roles(sentences) == ["background", "background", "method", "method", "results"]
    assert abstract_roles(["Birds sing.", "NoisyNet is a gate."], "NoisyNet") == ["background", "method"]
    assert abstract_roles(["Birds sing in rooms."]) == ["method"]
    more = [
        *sentences,
        "It also serves hearing aids in three languages.",
        "We introduce a corpus, too.",
        "We hope it outperforms.",
    ]
    assert abstract_roles(more)[5:] == ["results", "method", "method"], (
        "what follows an outcome is one, unless it says what was done"
    )
    survey = [
        "Hearing aids matter.",
        "We survey networks for them.",
        "They are sorted by layers.",
        "Open problems include data and noise.",
        "A list is available at https://example.org.",
    ]
    assert abstract_roles(survey) == ["background", "method", "method", "results", "method"], (
        "what came of it stands last"
    )
    assert abstract_roles(["This has brought us far.", "We created a corpus."]) == ["background", "method"]
    assert system_name("NoisyNet: Separating Speech") == "NoisyNet"
    assert system_name("Separating speech in noise: a study of gates") == ""


def test_the_outcome_in_an_abstract_is_evidence_for_the_results_and_for_nothing_else() -> None:
    abstract = (
        "Speech separation serves hearing aids and meeting rooms. We propose NoisyNet, a gate between two encoders of "
        "speech. On WHAM the network outperforms every earlier system by 4.4 dB."
    )
    reading = [s for s in PAPER if s.kind != "references"]
    found = {
        task: [e.text for e in choose_evidence(task, "NoisyNet", abstract, reading, ENCODE, max_pieces=3)]  # type: ignore[arg-type]
        for task in ("background", "method", "results")
    }
    outcome = "On WHAM the network outperforms every earlier system by 4.4 dB."
    assert outcome in found["results"]
    assert outcome not in found["method"] + found["background"]
    assert any("a gate between two encoders" in s for s in found["method"])


def test_evidence_is_freed_of_its_place_and_long_sentences_are_cut_at_semicolons() -> None:
    text = (
        "As shown in Table 3, NoisyNet outperforms the baseline by 3.2 dB on the noisy half of the WHAM corpus of speech; "
        "on the clean half of the same corpus the gain of the network over the same baseline shrinks to 1.1 dB."
    )
    evidence = choose_evidence("results", "NoisyNet", "", [section(0, "results", text)], ENCODE, max_pieces=5)
    assert {e.text for e in evidence} == {
        "NoisyNet outperforms the baseline by 3.2 dB on the noisy half of the WHAM corpus of speech.",
        "On the clean half of the same corpus the gain of the network over the same baseline shrinks to 1.1 dB.",
    }
    assert {(e.section_seq, e.position) for e in evidence} == {(0, 0)}


def test_results_that_repeat_the_same_figures_make_room_for_others() -> None:
    text = (
        "NoisyNet outperforms the baseline by 3.2 dB on the WHAM corpus. "
        "We find that NoisyNet improves on the strongest baseline by 3.2 dB there. "
        "NoisyNet also reduces the word error rate to 7.9% in meetings."
    )
    evidence = choose_evidence("results", "NoisyNet", "", [section(0, "results", text)], ENCODE, max_pieces=2)
    assert any("7.9%" in e.text for e in evidence)


def test_cut_off_sentences_are_no_evidence() -> None:
    text = (
        "The network that we have trained on the corpus improves the accuracy by 3.2% as. Table 1: All of the systems win. "
        "We outperform all baselines by a factor of 10^3 on the corpus of meetings. "
        "We describe how the network improves the accuracy by 4% below."
    )
    assert choose_evidence("results", "T", "", [section(0, "results", text)], ENCODE, max_pieces=5) == []


def test_a_sentence_that_names_the_part_of_its_heading_comes_before_one_that_does_not() -> None:
    parts = [
        Section(0, "3 Method", 1, "method", 1, 1, "The network reads the mixture and writes one mask for each of the speakers."),
        Section(
            1, "3.1 Echo Gate", 2, "method", 1, 1,
            "All of the values that come out of this layer lie between zero and one, as usual for sigmoids. "
            "The echo gate decides for each frame which branch of the two is trusted.",
        ),
    ]  # fmt: skip
    evidence = choose_evidence("method", "T", "", parts, ENCODE, max_pieces=1)
    assert "echo gate" in evidence[0].text
    assert part_named("3.2 Multi-Head Attention") == {"multi", "head", "attention"}
    assert part_named("3 Proposed Method") == part_named("") == frozenset()


def test_what_speaks_of_the_whole_of_a_long_paper_is_read_first() -> None:
    chapters = [
        section(0, "introduction", "a " * 10),
        *(section(i, "results", "b " * 30) for i in range(1, 5)),
        section(5, "conclusion", "c " * 15),
        section(6, "introduction", "d " * 10),
        section(7, "conclusion", "e " * 5),
    ]
    reading = choose_sections("results", chapters, lambda text: len(text.split()), 95)
    assert reading.read == (0, 1, 2, 5, 7), "the first introduction, the last conclusion, then by kind"
    assert reading.left_out == (3, 4, 6)


def test_what_was_done_or_wished_is_no_result() -> None:
    text = (
        "We train on the corpus of meetings with a learning rate of 0.001 for two days. "
        "We hope that the network outperforms the other networks of the field by 2%. "
        "The speakers of the corpus are seated around a large table made of wood."
    )
    assert choose_evidence("results", "T", "", [section(0, "results", text)], ENCODE, max_pieces=5) == []


def test_the_outcome_of_the_abstract_comes_before_those_of_the_experiments() -> None:
    abstract = (
        "We propose a gate for speech in meetings. The gate outperforms all systems of the field on far speakers."
    )
    text = " ".join(
        f"The gate improves the accuracy of corpus {name} by {n}.5% over the best baseline."
        for n, name in enumerate("ACDEF")
    )
    evidence = choose_evidence("results", "T", abstract, [section(0, "results", text)], ENCODE, max_pieces=4)
    assert evidence[0].text.startswith("The gate outperforms all systems")


def test_the_papers_own_system_is_no_background() -> None:
    text = (
        "NoisyNet keeps buffers of a fixed size to balance the memory and the time of each step. "
        "Speech separation splits a recording into the voices of the speakers that are heard in it."
    )
    evidence = choose_evidence(
        "background", "NoisyNet: Gates", "", [section(0, "introduction", text)], ENCODE, max_pieces=2
    )
    assert evidence[0].text.startswith("Speech separation")


def test_a_figure_with_its_metric_comes_before_one_without() -> None:
    text = (
        "Across the corpora the network is higher with 64.0% than the baseline with 63.3% in all. "
        "Across the corpora the network has a higher F1 of 91.7% than the baseline with 88.3%."
    )
    evidence = choose_evidence("results", "T", "", [section(0, "results", text)], ENCODE, max_pieces=2)
    assert "F1" in evidence[0].text


def test_what_was_meant_to_be_is_no_outcome() -> None:
    assert not is_outcome("To improve intelligibility by 3.2 dB, we add a gate.")
    assert is_outcome("The gate is able to reduce it by 3.2%.")
    assert is_outcome("The network improves the accuracy by 3.2%.")
    assert not is_outcome("There is still room for improvement with 3.2% of speech.")


def test_an_outcome_counts_outside_the_results_too() -> None:
    summed_up = "Experimental results show that our network outperforms all of the others."
    judged = "The second loss performs best and is superior to the others after 25 rounds."
    assert outcome_weight(summed_up, "introduction", 0.5) > 0.5
    assert outcome_weight("Our network is small and outperforms the others.", "introduction", 0.5) == 0.5
    assert outcome_weight(judged, "method", 0.3) > 0.3
    assert outcome_weight("The second loss compares two rounds.", "method", 0.3) == 0.3
