"""Which blocks are headings: cut out of the text around them, then judged together. Pure.

No rule looks at one block alone where the document can say more: numbers must follow one another, and a heading without
a number must look like those that have one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from summarizer.pdf.blocks import Block, Line
from summarizer.pdf.bookmarks import Bookmarks
from summarizer.pdf.headings import CAPTION, DOT_LEADERS, KNOWN_HEADING, Number, parse_number
from summarizer.pdf.numbering import Numbered, in_sequence
from summarizer.pdf.run_ins import Lead, find_lead
from summarizer.text import one_line

_MAX_CHARS = 160
_MAX_LINES = 4
#: From this many numbered sections on, a paper numbers its sections, and a heading without a number is the exception.
_NUMBERED_PAPER = 3
#: So often does a style without numbers come, larger than the text, to be a level of a paper that numbers its sections.
_MIN_REPEATED = 3
#: A leading that sets off unnumbered run-in headings is the paper's style only when it comes more than once.
_MIN_LEADS = 2
# environments of LaTeX that set a bold or italic label before their text; none is a section
_ENVIRONMENT = re.compile(
    r"(?:theorem|lemma|proposition|corollary|definition|remark|proof|example|assumption|claim|conjecture|observation|"
    r"hypothesis|property|fact|algorithm|listing|input|output|require|ensure|step|question|answer|prompt|note|q|a)\b"
    r"(?:\s*\d[\d.]*|\s+[A-Z]\d*(?:\.\d+)*)?\s*(?:\(.*\))?\s*(?:[.:].*)?",
    re.I,
)
_BODY_HEADING = re.compile(
    r"(?:introduction|related works?|background|(?:materials and )?methods?|methodology|experiments?|results|discussion|"
    r"results and discussion|conclusions?)[.:]?",
    re.I,
)
_OPEN_END = re.compile(r"(?:\b(?:of|and|or|the|an?|for|in|on|with|to|by|from|via|vs\.?)|[:,–—-])$", re.I)
_ONLY_NUMBER = re.compile(
    r"(?:(?P<word>Chapter|Appendix|CHAPTER|APPENDIX)\s+)?(?:\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){0,3}|[IVX]{1,5})\.?"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a heading is set; ``size`` in half points."""

    size: float
    bold: bool
    italic: bool
    capitals: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """What was decided about a block."""

    number: Number
    style: Style
    level: int | None = None  #: where the document's outline gives it
    run_in: bool = False


@dataclass(slots=True)
class _Candidate:
    block: Block
    text: str
    number: Number
    style: Style
    lead: Lead | None = None
    known: bool = False
    level: int | None = None
    accepted: bool = False


def with_headings(
    blocks: Sequence[Block], size: float, bookmarks: Bookmarks | None = None
) -> list[tuple[Block, Heading | None]]:
    """Blocks in reading order, each with its heading or None; a heading inside a block is cut off.

    ``size`` is that of the running text. Where the file has an outline, ``bookmarks`` settles what it names.
    """
    cut = _joined(_cut(blocks, size, bookmarks), size)
    candidates = {i: c for i, block in enumerate(cut) if (c := _candidate(block, size, bookmarks)) is not None}
    _judge(list(candidates.values()), size, bookmarks)
    out: list[tuple[Block, Heading | None]] = []
    for i, block in enumerate(cut):
        found = candidates.get(i)
        if found is None or not found.accepted:
            if block.kind not in {"page-header", "caption"}:
                out.append((block, None))
            continue
        heading = Heading(found.number, found.style, found.level, found.lead is not None)
        if found.lead is None:
            out.append((block, heading))
        else:
            out += [(found.lead.heading, heading), (found.lead.rest, None)]
    return out


def style_of(block: Block) -> Style:
    title = parse_number(one_line(block.text)).title
    letters = [c for c in title if c.isalpha()]
    capitals = bool(letters) and all(c.isupper() for c in letters)
    return Style(block.capital_size if capitals else block.size, block.bold, block.italic, capitals)


def _cut(blocks: Sequence[Block], size: float, bookmarks: Bookmarks | None) -> list[Block]:
    """Heading lines at the beginning of a text, or inside it, as blocks of their own."""
    out: list[Block] = []
    for block in blocks:
        if block.kind not in {"text", "list-item"} or not block.lines:
            out.append(block)
            continue
        start = at = 0
        while at < len(block.lines):
            n = _named_lines(block.lines[at:], block.page, size, bookmarks, inside=at > 0)
            n = n or _heading_lines(block.lines[at:], size, inside=at > start)
            if not n:
                at += 1
                continue
            if at > start:
                out.append(block.with_lines(block.lines[start:at]))
            out.append(block.with_lines(block.lines[at : at + n], "section-header"))
            start = at = at + n
        if start < len(block.lines):
            out.append(block.with_lines(block.lines[start:]))
    return out


def _named_lines(lines: Sequence[Line], page: int, size: float, bookmarks: Bookmarks | None, *, inside: bool) -> int:
    """How many lines from the first on are one entry of the outline; a short word in the text is none."""
    if bookmarks is None:
        return 0
    for n in range(min(_MAX_LINES, len(lines)), 0, -1):
        text = one_line(" ".join(line.text for line in lines[:n]))
        apart = (
            (n == len(lines) and not inside)
            or lines[0].bold
            or lines[0].italic
            or lines[0].size > size + 0.4
            or text.isupper()
        )
        if apart and bookmarks.level_of(text, page) is not None:
            return n
    return 0


def _heading_lines(lines: Sequence[Line], size: float, *, inside: bool) -> int:
    """How many lines from the first on are a heading by their own look; 0 when the first is none."""
    first = lines[0]
    text = one_line(first.text)
    number = parse_number(text)
    title = number.title
    if not title or len(text) > 110 or text[-1] in ",;" or CAPTION.match(text) or first.trails_off:
        return 0
    larger = first.size >= size + 0.9
    if number.numbering in {"none", "item"}:
        alone = KNOWN_HEADING.fullmatch(text) is not None and text[0].isupper()
        if not (alone and (text.isupper() or first.bold or larger)):
            return 0
    elif text[-1] == "." or not (title[0].isupper() or title[0].isdigit()):
        return 0
    else:
        capitals = title.isupper() and number.numbering in {"roman", "decimal"} and len(title) > 3
        known = KNOWN_HEADING.fullmatch(title) is not None and title[0].isupper()
        bold = first.bold and (number.numbering in {"decimal", "roman"} or number.depth > 1)
        lettered = number.numbering == "letter" and text[1:2] == "."
        italic = first.italic and (lettered or number.depth > 1) and not inside
        if not (capitals or bold or (larger and number.numbering != "letter") or (known and not inside) or italic):
            return 0
    n = 1
    while n < min(len(lines), _MAX_LINES) and _goes_on(first, lines[n]):
        n += 1
    # a whole paragraph in the same style is no heading
    return n if n < _MAX_LINES and (n == len(lines) or not _alike(first, lines[n]) or text.isupper()) else 0


def _goes_on(first: Line, line: Line) -> bool:
    stands_out = first.bold or first.italic or first.text.isupper()
    return stands_out and _alike(first, line) and parse_number(one_line(line.text)).numbering == "none"


def _alike(a: Line, b: Line) -> bool:
    capitals = parse_number(one_line(a.text)).title.isupper() == parse_number(one_line(b.text)).title.isupper()
    return abs(a.size - b.size) < 0.6 and a.bold == b.bold and a.italic == b.italic and capitals


def _joined(blocks: Sequence[Block], size: float) -> list[Block]:
    """A number in a box of its own put before its words, and the second line of a heading after the first."""
    out: list[Block] = []
    for block in blocks:
        before = out[-1] if out else None
        if before is not None and block.kind == "section-header" and before.page == block.page:
            text = one_line(block.text)
            plain = parse_number(text).numbering == "none" and not KNOWN_HEADING.fullmatch(text)
            beside = min(before.y1, block.y1) - max(before.y0, block.y0) > 0 and block.x0 >= before.x1 - 2
            below = -2 <= block.y0 - before.y1 < 0.8 * block.size
            only_number = _ONLY_NUMBER.fullmatch(one_line(before.text))
            # "Chapter 3" stands well above its title
            far_below = only_number is not None and only_number["word"] and 0 <= block.y0 - before.y1 < 5 * block.size
            if parse_number(text).numbering == "none" and only_number and (beside or below or far_below):
                out[-1] = _merged(before, block)
                continue
            second_line = before.kind == "section-header" and below and style_of(before) == style_of(block)
            stands_out = before.bold or before.size > size + 0.4 or before.text.isupper()
            overlap = min(before.x1, block.x1) - max(before.x0, block.x0) > 0
            if plain and second_line and stands_out and overlap and _unfinished(before, text):
                out[-1] = _merged(before, block)
                continue
        out.append(block)
    return out


def _unfinished(block: Block, following: str) -> bool:
    """Whether a second line may follow: a numbered heading that is no known word, or words that cannot end here."""
    text = one_line(block.text)
    if len(block.lines) >= _MAX_LINES or KNOWN_HEADING.fullmatch(text):
        return False
    return parse_number(text).numbering != "none" or following[0].islower() or _OPEN_END.search(text) is not None


def _merged(first: Block, second: Block) -> Block:
    lines = (*first.lines, *second.lines)
    return replace(
        second.with_lines(lines, "section-header"),
        x0=min(first.x0, second.x0),
        x1=max(first.x1, second.x1),
        y0=min(first.y0, second.y0),
        y1=max(first.y1, second.y1),
    )


def _candidate(block: Block, size: float, bookmarks: Bookmarks | None) -> _Candidate | None:
    """A block that may be a heading, as far as it can tell by itself."""
    text = one_line(block.text)
    number = parse_number(text)
    style = style_of(block)
    level = bookmarks.level_of(text, block.page) if bookmarks is not None and len(text) <= _MAX_CHARS else None
    known = KNOWN_HEADING.fullmatch(text) is not None
    if level is not None:
        return _Candidate(block, text, number, style, known=known, level=level)
    if block.kind in {"text", "list-item"} and (lead := find_lead(block)) is not None:
        return _Candidate(block, one_line(lead.heading.text), lead.number, style_of(lead.heading), lead)
    if not 2 <= len(text) <= _MAX_CHARS or CAPTION.match(text) or DOT_LEADERS.search(text) or "@" in text:
        return None
    if len(block.lines) > _MAX_LINES or (number.numbering == "none" and _ENVIRONMENT.fullmatch(text)):
        return None
    if known and style.size >= size - 1.2 and (block.kind in {"section-header", "title"} or text[0].isupper()):
        return _Candidate(block, text, number, style, known=True)
    letters = sum(c.isalpha() for c in number.title)
    least = 1 if number.numbering in {"decimal", "letter"} and number.depth > 1 else 3
    if letters < least or letters < 0.45 * len(number.title.replace(" ", "")):
        return None
    emphasised = style.bold or style.italic or style.size > size + 0.4 or style.capitals
    if number.numbering == "none":
        usual = block.kind in {"section-header", "title"} and not text[0].islower()
        return _Candidate(block, text, number, style) if usual and emphasised else None
    if block.kind in {"section-header", "title"}:
        sentence = text.endswith((".", ",", ";")) and len(text) > 60
        return None if sentence and not emphasised else _Candidate(block, text, number, style)
    # the layout model misses a heading now and then: numbered, short, and set apart
    short = len(block.lines) <= 2 and len(text) < 110 and text[-1] not in ".,;"
    apart = style.bold or style.capitals or style.size > size + 0.9 or (style.italic and number.depth > 1)
    return _Candidate(block, text, number, style) if short and apart and number.numbering != "item" else None


def _judge(candidates: list[_Candidate], size: float, bookmarks: Bookmarks | None) -> None:
    """Accept those that fit with the others."""
    numbered = [c for c in candidates if c.number.numbering != "none"]
    shared = Counter(_look(c) for c in numbered if c.number.numbering != "item")
    _accept_sequence(numbered, shared, size)
    chosen = [c for c in numbered if c.accepted]
    if chosen:
        end = candidates.index(chosen[-1])
        # a supplement begins to count anew; its headings look like the paper's
        looks = {_look(c) for c in chosen if c.style.size > size + 0.4 or c.style.capitals}
        again = [c for c in candidates[end + 1 :] if c in numbered and _look(c) in looks and c.lead is None]
        if len(again) > 1:
            _accept_sequence(again, shared, size)
        chosen = [c for c in numbered if c.accepted]
    lone = [c for c in chosen if c.number.numbering == "letter" and c.text[1:2] == " "]
    if len(lone) == 1 and sum(c.number.numbering == "letter" for c in chosen) == 1:
        _take_article_for_word(lone[0], candidates)
        chosen = [c for c in numbered if c.accepted]
    chosen = _without_lists(chosen, candidates)
    unnumbered = Counter(c.style for c in candidates if c.number.numbering == "none" and c.lead is None)
    styles = Counter(c.style for c in chosen) + Counter(c.style for c in candidates if c.known)
    # headings without a number that are larger than the text and come again and again are a level of their own
    styles += Counter({style: n for style, n in unnumbered.items() if n >= _MIN_REPEATED and style.size > size + 0.4})
    by_number = len([c for c in chosen if c.number.numbering in {"decimal", "roman", "word"}]) >= _NUMBERED_PAPER
    leads = Counter(c.style for c in candidates if c.lead is not None and c.number.numbering == "none")
    started = False
    for c in candidates:
        if c.level is not None:
            c.accepted = True
        elif c.lead is not None and c.number.numbering == "none":
            c.accepted = not by_number and leads[c.style] >= _MIN_LEADS
        elif not c.accepted:
            c.accepted = _unnumbered(c, size, styles, by_number=by_number, started=started, bookmarks=bookmarks)
        started = started or (c.accepted and (c.known or c.number.numbering != "none"))


def _without_lists(chosen: list[_Candidate], candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Numbers are those of lists where the sections everybody has stand without one, and look otherwise."""
    plain = [c for c in candidates if c.number.numbering == "none" and _BODY_HEADING.fullmatch(c.text)]
    if len(plain) < 2 or len(plain) <= sum(c.known for c in chosen):
        return chosen
    looks = {c.style for c in plain}
    for c in chosen:
        c.accepted = c.known or c.style in looks
    return [c for c in chosen if c.accepted]


def _look(c: _Candidate) -> tuple[int, Style]:
    return (c.number.depth, c.style)


def _accept_sequence(candidates: Sequence[_Candidate], shared: Counter[tuple[int, Style]], size: float) -> None:
    most = max(shared.values(), default=1)
    weighed = []
    for c in candidates:
        weight = 1.0 + 0.3 * (c.block.kind == "section-header") + 0.5 * shared[_look(c)] / most
        weight += 0.3 * (c.style.bold or c.style.size > size + 0.4 or c.style.capitals) + 0.5 * (c.level is not None)
        weighed.append(Numbered(c.number, weight - 0.5 * (c.block.kind in {"page-header", "caption"})))
    for c, fits in zip(candidates, in_sequence(weighed), strict=True):
        c.accepted = c.accepted or fits


def _take_article_for_word(c: _Candidate, candidates: Sequence[_Candidate]) -> None:
    """``A Simple Model`` is no appendix A, unless it stands after the references or is followed by B."""
    before = candidates[: candidates.index(c)]
    if not any(re.match(r"references|bibliography|appendi", parse_number(b.text).title, re.I) for b in before):
        c.number, c.accepted = Number("none", "", 1, c.text), False


def _unnumbered(
    c: _Candidate,
    size: float,
    styles: Counter[Style],
    *,
    by_number: bool,
    started: bool,
    bookmarks: Bookmarks | None,
) -> bool:
    """Whether a heading that no number confirms is one."""
    if c.block.kind not in {"section-header", "title", "text"} or (c.number.numbering != "none" and not c.known):
        return False
    if c.known:
        # a number that breaks the sequence makes it a running header, or a word in a table
        return c.number.numbering == "none" or not by_number
    if bookmarks is not None and bookmarks.complete:
        return False
    larger = c.style.size > size + 0.4
    if by_number:
        # in the style of run-in headings the words of a bold line are no heading of the outline
        return started and c.text[-1] not in ".,;:" and styles[c.style] > 0 and (larger or c.style.capitals)
    if c.text[-1] in ".,;:" and not larger:
        return False
    return c.style.size >= size - 0.6
