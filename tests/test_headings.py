"""Which blocks are headings, and at which level: numbers that follow one another, looks, run-ins, the outline."""

from __future__ import annotations

import pytest

from summarizer.pdf.blocks import Block, Line, PageBlocks, Span
from summarizer.pdf.bookmarks import Bookmarks
from summarizer.pdf.headings import parse_number
from summarizer.pdf.line_numbers import without_line_numbers
from summarizer.pdf.numbering import Numbered, in_sequence
from summarizer.pdf.run_ins import find_lead
from summarizer.pdf.sections import read_sections

BODY = 10.0
_PROSE = (
    "The birds of the garden were counted every morning for a year,",
    "and the counts were compared with those of the year before it.",
)


class Paper:
    """Blocks written down a page, each a step below the one before."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.y = 60.0

    def add(self, *lines: Line, kind: str = "text") -> Paper:
        placed = tuple(Line(line.spans, self.y + 12 * i, self.y + 12 * i + 10) for i, line in enumerate(lines))
        end = self.y + 12 * len(lines)
        self.blocks.append(Block(1, kind, 50, self.y, 350, end, placed))
        self.y = end + 8
        return self

    def heading(self, text: str, *, size: float = 12.0, bold: bool = True, italic: bool = False) -> Paper:
        return self.add(line(text, size=size, bold=bold, italic=italic), kind="section-header")

    def prose(self) -> Paper:
        return self.add(*(line(text) for text in _PROSE))

    def read(self, bookmarks: Bookmarks | None = None) -> list[tuple[str, int]]:
        page = PageBlocks(1, 612, 792, tuple(self.blocks))
        sections = read_sections([page], skip_front_matter=False, bookmarks=bookmarks)
        self.text = "\n".join(s.text for s in sections)
        return [(s.heading, s.level) for s in sections if s.heading]


def line(text: str, *, size: float = BODY, bold: bool = False, italic: bool = False) -> Line:
    return Line((Span(text, 50, 50 + 5 * len(text), size, bold, False, italic),), 0, 10)


def run_in(lead: str, rest: str, *, bold: bool = False, italic: bool = True) -> Line:
    width = 5.0 * len(lead)
    spans = (
        Span(lead, 50, 50 + width, BODY, bold, False, italic),
        Span(rest, 55 + width, 55 + width + 5 * len(rest), BODY),
    )
    return Line(spans, 0, 10)


@pytest.mark.parametrize(
    ("headings", "kept"),
    [
        # the items of a list between two sections
        (["1 Introduction", "1 Fast birds", "2 Slow birds", "1.1 Gardens", "1.2 Parks", "2 Method", "3 Results"],
         [True, False, False, True, True, True, True]),
        # a table cell, and a section whose heading was not found
        (["1 Introduction", "2 Method", "27 Blackbirds", "4 Results", "5 Conclusion"], [True, True, False, True, True]),
        # an appendix after the sections
        (["1 Introduction", "2 Results", "A Proofs", "A.1 Of the first", "B Data"], [True] * 5),
        # a running header that repeats a heading
        (["1 Introduction", "2 Method", "2 Method", "3 Results"], [True, True, False, True]),
        # roman numerals, in them letters, in those items
        (["I. BIRDS", "A. Song", "1) Pitch", "2) Pace", "B. Flight", "II. TREES", "A. Leaves", "7) Oaks", "III. END"],
         [True, True, True, True, True, True, True, False, True]),
    ],
)  # fmt: skip
def test_numbers_must_follow_one_another(headings: list[str], kept: list[bool]) -> None:
    weights = [1.5 if text.endswith(("birds", "Blackbirds")) else 2.0 for text in headings]
    found = in_sequence([Numbered(parse_number(t), w) for t, w in zip(headings, weights, strict=True)])
    assert found == kept


def test_the_ninth_letter_is_no_roman_numeral() -> None:
    headings = ["I. BIRDS", "II. TREES", *(f"{c}. Kind {c}" for c in "ABCDEFGHI"), "III. END"]
    assert all(in_sequence([Numbered(parse_number(h), 1.0) for h in headings]))


def test_bold_lines_of_the_text_are_no_headings_of_a_numbered_paper() -> None:
    paper = Paper()
    for text in ("1 Introduction", "2 Method", "3 Results"):
        paper.heading(text).prose().heading("A remark on sparrows", size=BODY).prose()
    paper.heading("Acknowledgements").prose()
    assert paper.read() == [("1 Introduction", 1), ("2 Method", 1), ("3 Results", 1), ("Acknowledgements", 1)]
    assert paper.text.count("A remark on sparrows") == 3


def test_headings_without_a_number_that_look_like_the_numbered_ones_take_their_level() -> None:
    paper = Paper().heading("1 Introduction", size=14).prose().heading("2 Method", size=14).prose()
    paper.heading("2.1 Songs").prose().heading("3 Results", size=14).prose()
    paper.heading("Pictures of Birds", size=14).prose().heading("Pictures of nests").prose()
    assert paper.read()[-2:] == [("Pictures of Birds", 1), ("Pictures of nests", 2)]


def test_a_level_without_numbers_stands_below_those_with_numbers() -> None:
    paper = Paper()
    for number in "123":
        paper.heading(f"{number} Garden", size=14).prose()
        paper.heading(f"{number}.1 Hedge").prose().heading("On its birds", bold=False, italic=True).prose()
    assert [level for _, level in paper.read()] == [1, 2, 3] * 3


def test_a_paper_without_any_number() -> None:
    paper = Paper().heading("Introduction").prose().heading("Birds of the garden").prose()
    paper.heading("Songs", size=BODY, bold=False, italic=True).prose().heading("Conclusions").prose()
    assert paper.read() == [("Introduction", 1), ("Birds of the garden", 1), ("Songs", 2), ("Conclusions", 1)]


@pytest.mark.parametrize(
    "label", ["Theorem 1", "Lemma 2 (Sparrows)", "Proof.", "Definition 3.1", "Algorithm 1", "Table 2: Birds"]
)
def test_labels_of_theorems_and_captions_are_no_headings(label: str) -> None:
    paper = Paper().heading("Introduction").prose().heading(label).prose().heading("Conclusions").prose()
    assert paper.read() == [("Introduction", 1), ("Conclusions", 1)]


def test_run_in_headings_below_letters() -> None:
    paper = Paper()
    for heading in ("I. BIRDS", "II. TREES"):
        paper.add(line(heading), kind="section-header").prose()
        paper.add(line("A. Songs", italic=True), kind="section-header").prose()
        paper.add(run_in("1) Pitch:", "The pitch of a song falls towards evening."), line(_PROSE[0]))
        paper.add(run_in("2) Pace:", "The pace of a song is kept all day long."), line(_PROSE[0]))
    found = paper.read()
    assert found[:4] == [("I. BIRDS", 1), ("A. Songs", 2), ("1) Pitch", 3), ("2) Pace", 3)]
    assert len(found) == 8
    assert paper.text.count("The pitch of a song falls towards evening. The birds of the garden") == 2


def test_run_in_headings_of_a_letter() -> None:
    paper = Paper().prose()
    paper.add(run_in("Introduction.", "—Birds sing in the morning."), line(_PROSE[0]))
    paper.add(run_in("Model.", "—A bird is a point that sings."), line(_PROSE[0]))
    paper.add(run_in("Really", "this is stressed and no heading."), line(_PROSE[0]))
    assert paper.read() == [("Introduction", 1), ("Model", 1)]
    assert "Birds sing in the morning." in paper.text
    assert "Really this is stressed" in paper.text


def test_a_label_set_like_the_text_begins_a_list_item() -> None:
    item = Line(
        (Span("1)", 50, 58, BODY), Span("Songs are short:", 62, 140, BODY, True), Span("they end.", 145, 190, BODY)),
        0,
        10,
    )
    assert find_lead(Block(1, "list-item", 50, 0, 200, 10, (item,))) is None


def test_a_number_in_a_box_of_its_own_and_a_second_line() -> None:
    paper = Paper().heading("1 Introduction").prose()
    number = Block(
        1, "text", 50, paper.y, 60, paper.y + 10, (Line((Span("2", 50, 58, 12.0, True),), paper.y, paper.y + 10),)
    )
    words = Line((Span("The Method of Counting Birds in", 70, 300, 12.0, True),), paper.y, paper.y + 10)
    second = Line((Span("Gardens at Night", 70, 200, 12.0, True),), paper.y + 13, paper.y + 23)
    paper.blocks += [
        number,
        Block(1, "section-header", 70, paper.y, 300, paper.y + 10, (words,)),
        Block(1, "section-header", 70, paper.y + 13, 200, paper.y + 23, (second,)),
    ]
    paper.y += 40
    paper.prose().heading("3 Results").prose()
    assert [h for h, _ in paper.read()] == [
        "1 Introduction", "2 The Method of Counting Birds in Gardens at Night", "3 Results"
    ]  # fmt: skip


def test_a_heading_inside_a_text_block_is_cut_out() -> None:
    paper = Paper().heading("1 Introduction").prose()
    paper.add(line(_PROSE[0]), line(_PROSE[1]), line("2 Method", size=12, bold=True), line(_PROSE[0]), line(_PROSE[1]))
    paper.heading("3 Results").prose()
    assert [h for h, _ in paper.read()] == ["1 Introduction", "2 Method", "3 Results"]


def test_a_table_of_contents_is_left_out() -> None:
    paper = Paper().heading("Contents", size=14)
    for entry in ("1 Introduction 2", "2 Method 4", "3 Results 9"):
        paper.add(line(entry, bold=True))
    for heading in ("1 Introduction", "2 Method", "3 Results"):
        paper.heading(heading, size=14).prose()
    assert [h for h, _ in paper.read()] == ["1 Introduction", "2 Method", "3 Results"]
    assert "Method 4" not in paper.text


def test_the_outline_settles_what_it_names() -> None:
    outline = [(1, "Introduction", 1), (1, "Birds", 1), (2, "Quiet ones", 1), (2, "Loud ones", 1), (1, "End", 1)]
    paper = Paper().heading("Introduction").prose().heading("Birds").prose()
    paper.add(line("Quiet ones", italic=True), line(_PROSE[0]), line(_PROSE[1])).heading("Loud ones", size=BODY).prose()
    paper.heading("A word in large letters").prose().heading("End").prose()
    assert paper.read(Bookmarks(outline)) == [
        ("Introduction", 1), ("Birds", 1), ("Quiet ones", 2), ("Loud ones", 2), ("End", 1)
    ]  # fmt: skip


def test_an_outline_under_the_title() -> None:
    found = Bookmarks([(1, "On the Birds of Gardens", 1), (2, "Songs", 1), (3, "Pitch", 4), (2, "Nests", 7)])
    assert [found.level_of(t, page) for t, page in [("1 Songs", 1), ("Pitch", 4), ("Nests", 7)]] == [1, 2, 1]
    assert found.level_of("Nests", 2) is None
    assert found.level_of("nests.", 7) is None
    assert not found.complete


def test_a_chapter_well_above_its_title_and_letters_spaced_out() -> None:
    paper = Paper().heading("A B S T R A C T").prose()
    for n, title in enumerate(("Birds of the garden", "Songs of the birds", "Results"), 1):
        paper.heading(f"Chapter {n}", size=20)
        paper.y += 30
        paper.heading(title, size=20).prose().heading(f"{n}.1 On {title.lower()}").prose()
    found = paper.read()
    assert found[0] == ("ABSTRACT", 1)
    assert found[1:3] == [("Chapter 1 Birds of the garden", 1), ("1.1 On birds of the garden", 2)]
    assert len(found) == 7


def test_line_numbers_of_a_manuscript() -> None:
    numbered = [
        Block(1, "text", 50, 60 + 12 * i, 350, 70 + 12 * i, (
            Line((Span(f"{117 + i}", 20, 36, 7.0), Span(f"The sparrow number {i} sang all day, ", 50, 300, BODY)),
                 60 + 12 * i, 70 + 12 * i),
        ))
        for i in range(12)
    ]  # fmt: skip
    # figures of a table do not count up
    cells = Block(1, "text", 400, 60, 420, 200, tuple(
        Line((Span(str(7 * i % 12), 400, 412, BODY),), 60 + 12 * i, 70 + 12 * i) for i in range(12)
    ))  # fmt: skip
    kept = without_line_numbers(PageBlocks(1, 612, 792, (*numbered, cells))).blocks
    assert "117" not in "".join(b.text for b in kept)
    assert [b.text.strip() for b in kept[:12]] == [f"The sparrow number {i} sang all day," for i in range(12)]
    assert kept[12] == cells


def test_a_letter_without_headings_is_cut_by_what_it_says() -> None:
    paragraphs = [
        "Birds sing in the morning, and their songs have been counted for a century in every garden of the country. "
        * 4,
        "In this Letter, we show that the songs of two birds can be told apart by the echo of the garden they sing in. "
        * 4,
        "We define the song as a sum of tones, and we assume that the parameters of the echo are given by an algorithm. "
        * 5,
        "We describe the loss of a song by the equation of the wave, where the parameters are defined by the garden. "
        * 5,
        "The results in Table 1 show that the accuracy is 93 %, which outperforms the baselines by 4 % on average. "
        * 5,
        "As Fig. 2 shows, we find a significant improvement in accuracy compared with the best scores we measured. "
        * 5,
        "In conclusion, echoes help. " * 8,
    ]
    paper = Paper()
    for text in paragraphs:
        paper.add(line(text))
    page = PageBlocks(1, 612, 792, tuple(paper.blocks))
    sections = read_sections([page], skip_front_matter=False)
    assert [(s.kind, s.text.split()[0]) for s in sections] == [
        ("introduction", "Birds"), ("method", "We"), ("results", "The"), ("conclusion", "In")
    ]  # fmt: skip


def test_headings_by_topic_still_give_material_for_method_and_results() -> None:
    method = "We define the song as a sum of tones, and the parameters of the algorithm are given. " * 12
    results = "Table 1 shows that the accuracy is 93 %, which outperforms the baselines by 4 %. " * 12
    paper = Paper().heading("1 Introduction").prose()
    paper.heading("2 Echoes").add(line(method)).heading("3 Gardens").add(line(results)).heading("4 Hedges").add(
        line(method)
    )
    paper.heading("5 Conclusion").prose()
    page = PageBlocks(1, 612, 792, tuple(paper.blocks))
    kinds = {s.heading: s.kind for s in read_sections([page])}
    assert kinds == {
        "1 Introduction": "introduction", "2 Echoes": "method", "3 Gardens": "results", "4 Hedges": "method",
        "5 Conclusion": "conclusion",
    }  # fmt: skip


def test_numbered_lists_do_not_make_a_numbered_paper() -> None:
    paper = Paper().heading("Introduction", size=BODY).prose()
    for n, word in enumerate(("Fast", "Slow", "Loud"), 1):
        paper.heading(f"{n}. {word} birds", size=BODY, bold=False, italic=True).prose()
    for heading in ("Methods", "Birds of the garden", "Results", "Discussion"):
        paper.heading(heading, size=BODY).prose()
    assert [h for h, _ in paper.read()] == ["Introduction", "Methods", "Birds of the garden", "Results", "Discussion"]


def test_captions_that_the_layout_took_for_text() -> None:
    paper = Paper().heading("1 Introduction").prose().add(line("Table 2: Birds by garden. Sparrows come first."))
    paper.add(line("The birds of our garden can be seen in"), line("the pictures that we show in"))
    paper.add(line("Figure 5. The sparrows are the small ones, and they are grey."))
    paper.add(line("Figure 6. Sparrows on a hedge.")).heading("2 Method").prose().heading("3 Results").prose()
    paper.read()
    assert "Table 2" not in paper.text
    assert "Figure 6" not in paper.text
    assert "that we show in Figure 5. The sparrows are" in paper.text.replace("\n\n", " ")


def test_authors_in_the_right_column_are_not_read_after_the_abstract_of_the_left() -> None:
    def block(text: str, x0: float, y0: float, kind: str = "text") -> Block:
        made = Line((Span(text, x0, x0 + 200, BODY, kind == "section-header"),), y0, y0 + 10)
        return Block(1, kind, x0, y0, x0 + 200, y0 + 10, (made,))

    blocks = (
        block("Ada Lark, University of Hedgerow", 50, 60),
        block("Abstract", 50, 100, "section-header"),
        block("We count birds. " * 10, 50, 115),
        block("1 Introduction", 50, 140, "section-header"),
        block("Birds sing in the morning.", 50, 155),
        block("Ben Finch, University of Thicket", 320, 60),
        block("They sing in the evening, too.", 320, 105),
    )
    sections = read_sections([PageBlocks(1, 612, 792, blocks)])
    assert [(s.kind, s.text.split(".")[0]) for s in sections] == [
        ("abstract", "We count birds"), ("introduction", "Birds sing in the morning")
    ]  # fmt: skip
    assert "in the evening" in sections[1].text
    assert not any("Finch" in s.text for s in sections)


@pytest.mark.parametrize("label", ["Keywords", "Index Terms", "KEYWORDS:"])
def test_keywords_are_no_heading(label: str) -> None:
    paper = Paper().heading("Abstract").prose().heading(label).add(line("sparrows, hedges"))
    paper.heading("1 Introduction").prose()
    assert paper.read() == [("Abstract", 1), ("1 Introduction", 1)]
    assert "sparrows, hedges" in paper.text
