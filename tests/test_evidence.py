"""Choice of sections and sentences: right kinds, whole sections within the budget, no pointers, no repetition."""

from __future__ import annotations

from summarizer.embed import FakeEncoder
from summarizer.records import Section, SectionKind
from summarizer.summarize.evidence import choose_evidence, choose_sections

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
    assert any("existing methods fail" in s for s in chosen("background"))
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
    assert groups[next(t for t in groups if "existing methods fail" in t)] == "problem"
    assert groups[next(t for t in groups if t.startswith("Speech separation splits"))] == "context"


def test_sections_are_read_whole_by_priority_within_the_budget() -> None:
    def words(text: str) -> int:
        return len(text.split())

    everything = choose_sections("results", PAPER, words, 10_000)
    assert everything.read == (0, 2), "introduction and results say something to this question, method does not"
    assert everything.left_out == ()
    tight = choose_sections("results", PAPER, words, words(PAPER[2].text))
    assert tight.read == (2,)
    assert tight.left_out == (0,)
    assert choose_sections("results", PAPER, words, 1).read == (2,), "at least one section is always read"


def test_a_paper_without_usual_headings_still_answers() -> None:
    plain = tuple(section(s.seq, "other", s.text) for s in PAPER[:3])
    assert any("existing methods fail" in s for s in chosen("background", plain))
    assert any("We propose NoisyNet, an encoder" in s for s in chosen("method", plain))
    assert any("3.2 dB" in s for s in chosen("results", plain))


def test_nothing_usable_gives_no_evidence() -> None:
    assert choose_evidence("method", "T", "", (section(0, "other", "x = 1"),), ENCODE, max_pieces=5) == []
