"""Blocks in reading order become sections with heading, level and kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from summarizer.pdf.blocks import Block, Line, PageBlocks, body_size
from summarizer.pdf.headings import KNOWN_HEADING, Number, kind_by_words, parse_number, roman_value
from summarizer.pdf.paragraphs import Vocabulary, join_lines, paragraphs
from summarizer.pdf.running_text import KEYWORDS, running_text
from summarizer.records import Section, SectionKind
from summarizer.text import one_line

_MAX_HEADING_CHARS = 160
#: A longer file is a survey, a report or a book.
_MAX_PAPER_PAGES = 20
#: Fewer items than this in brackets with a year are not a list of references.
_MIN_REFERENCES = 5
_CAPTION = re.compile(r"(?:fig(?:ure)?|table|algorithm|listing|scheme|plate|box)\.?\s*(?:[A-Z]?\d+|[IVX]+)\b", re.I)
_RUN_IN_ABSTRACT = re.compile(r"\s*(?:abstract|summary)\s*(?:[—–:.]|-(?=\s|[A-Z]))\s*", re.I)
# a section that describes data may stand before the method
_ONLY_DATA = re.compile(r"\b(?:data|datasets?|data ?sets?|corpus|corpora|database)$", re.I)
_NUMBERED_REFERENCE = re.compile(r"\[\d{1,3}\]\s.*\b(?:19|20)\d\d\b|\[\d{1,3}\]\s.*arXiv|\[\d{1,3}\]\s.*-ph/\d{7}")
_CONTENTS = re.compile(r"(?:table of )?contents|list of (?:figures|tables|algorithms|listings)", re.I)
_ENDS_IN_PAGE = re.compile(r"\s(?:\d{1,3}|[ivxl]+)$")
_DOT_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*\s*$|(?:\s\.){3,}")


@dataclass(slots=True)
class _Part:
    """A section while it is put together."""

    heading: str
    number: Number
    level: int
    page: int
    size: float = 0.0
    bold: bool = False
    level_known: bool = False
    kind: SectionKind | None = None
    blocks: list[Block] = field(default_factory=list)


def read_sections(pages: Sequence[PageBlocks], *, skip_front_matter: bool = True) -> tuple[Section, ...]:
    """Ordered sections of a document.

    With ``skip_front_matter`` the title and the authors before the abstract (or the first heading of page 1) are left
    out. Nothing else is: text before the first heading is a section with heading "".
    """
    size = body_size(pages)
    blocks = _split_run_ins(b for page in pages for b in running_text(page, size))
    vocabulary = Vocabulary(blocks)
    parts = _parts(blocks, size, vocabulary)
    if skip_front_matter:
        parts = _without_front_matter(parts, size)
    parts = _with_unnamed_references([p for p in parts if p.heading or any(b.text.strip() for b in p.blocks)])
    _set_levels(parts)
    _set_kinds(parts)
    sections: list[Section] = []
    for part in parts:
        text = "\n\n".join(paragraphs(part.blocks, vocabulary))
        if not part.heading and not text:
            continue
        last = max([b.page for b in part.blocks], default=part.page)
        kind = part.kind or "other"
        sections.append(Section(len(sections), part.heading, part.level, kind, part.page, max(last, part.page), text))
    return tuple(sections)


def _split_run_ins(blocks: Iterable[Block]) -> list[Block]:
    """Blocks cut where a heading or a marker ("Abstract—", "Index Terms—", "III. METHODS") shares a block with text."""
    out: list[Block] = []
    for block in blocks:
        if block.kind not in {"text", "list-item"}:
            out.append(block)
            continue
        start = 0
        for i, line in enumerate(block.lines):
            if block.page <= 3 and KEYWORDS.match(line.text) and i > start:
                out.append(block.with_lines(block.lines[start:i]))
                start = i
        block = block.with_lines(block.lines[start:])
        n = 1 if _is_heading_line(block.lines[0]) else 0
        while 0 < n < len(block.lines) and block.lines[0].text.isupper() and block.lines[n].text.isupper():
            n += 1
        if n:
            out.append(block.with_lines(block.lines[:n], "section-header"))
        if n < len(block.lines):
            out.append(block.with_lines(block.lines[n:]))
    return out


def _is_heading_line(line: Line) -> bool:
    """Whether the first line of a text is a heading: known words or capitals after a number, or a number in bold."""
    text = one_line(line.text)
    number = parse_number(text)
    if number.numbering == "none" or not number.title or len(text) > 90 or text[-1] in ".,;":
        return text.isupper() and KNOWN_HEADING.fullmatch(text) is not None
    if KNOWN_HEADING.fullmatch(number.title) and number.title[0].isupper():
        return True
    if number.numbering in {"roman", "decimal"} and number.title.isupper() and len(number.title) > 3:
        return True
    return number.numbering == "decimal" and "." in number.number and line.bold and number.title[0].isupper()


def _is_heading(block: Block, size: float, numbered: bool) -> bool:
    text = one_line(block.text)
    if block.level is not None:
        return True
    if not 2 <= len(text) <= _MAX_HEADING_CHARS or _CAPTION.match(text) or _DOT_LEADERS.search(text) or "@" in text:
        return False
    if KNOWN_HEADING.fullmatch(text) and (block.kind == "section-header" or text[0].isupper()):
        return True
    number = parse_number(text)
    letters = sum(c.isalpha() for c in number.title)
    if letters < 3 or letters < 0.5 * len(number.title.replace(" ", "")):
        return False
    if block.kind == "text":
        capitals = number.title.isupper() and number.numbering in {"roman", "decimal"} and len(number.title) > 3
        # the layout model misses a heading now and then: numbered, short, in capitals or bold
        return capitals or (len(block.lines) == 1 and block.bold and number.numbering == "decimal" and len(text) < 90)
    if block.kind not in {"section-header", "title"}:
        return False
    emphasised = block.bold or block.size > size + 0.4 or text.isupper()
    if number.numbering in {"decimal", "roman", "letter", "word"}:
        return not (text.endswith(".") and not emphasised and len(text) > 60)
    if text[0].islower() or (text[-1] in ".,;:" and not emphasised):
        return False
    return emphasised or not numbered


def _parts(blocks: Sequence[Block], size: float, vocabulary: Vocabulary) -> list[_Part]:
    numbered = (
        sum(b.kind == "section-header" and parse_number(one_line(b.text)).numbering != "none" for b in blocks) >= 3
    )
    parts = [_Part("", parse_number(""), 1, blocks[0].page if blocks else 1)]
    contents: Block | None = None
    for block in blocks:
        first = block.lines[0].text if block.lines else ""
        keywords = KEYWORDS.match(first) if block.page <= 3 else None
        abstract = _RUN_IN_ABSTRACT.match(first) if block.page <= 3 and block.kind == "text" else None
        if keywords is not None:
            parts.append(_Part(keywords["heading"], parse_number(""), 1, block.page, block.size))
            parts[-1].blocks.append(_cut(block, keywords.end()))
            # what follows belongs to the body again
            parts.append(_Part("", parse_number(""), 1, block.page))
        elif abstract is not None and not any(p.kind == "abstract" for p in parts):
            heading = one_line(abstract[0]).strip(" —–:.-")
            parts.append(_Part(heading, parse_number(heading), 1, block.page, block.size, kind="abstract"))
            parts[-1].blocks.append(_cut(block, abstract.end()))
        elif contents is not None and _is_contents_block(block, contents):
            continue
        elif _is_heading(block, size, numbered):
            contents = block if _CONTENTS.fullmatch(one_line(block.text)) else None
            heading = join_lines([line.text for line in block.lines], vocabulary)
            parts.append(
                _Part(heading, parse_number(heading), block.level or 1, block.page, block.size, block.bold,
                      level_known=block.level is not None)
            )  # fmt: skip
            if kind_by_words(heading, top_level=False) == "abstract":
                parts[-1].kind = "abstract"
        elif not _is_contents_line(block):
            parts[-1].blocks.append(block)
    return parts


def _is_contents_block(block: Block, opened_by: Block) -> bool:
    """Whether a block still belongs to a table of contents or a list of figures; a heading as large as its own ends it."""
    if _CONTENTS.fullmatch(one_line(block.text)):
        return False
    closes = block.level is not None or (
        block.kind == "section-header"
        and block.size >= opened_by.size - 0.5
        and not _ENDS_IN_PAGE.search(block.text.strip())
    )
    return not closes and not (
        block.kind == "text" and _is_prose(block) and not _ENDS_IN_PAGE.search(block.text.strip())
    )


def _is_contents_line(block: Block) -> bool:
    lines = [line.text for line in block.lines]
    return sum(bool(_DOT_LEADERS.search(line)) for line in lines) > len(lines) / 2


def _cut(block: Block, n_chars: int) -> Block:
    """The block without the first characters of its first line."""
    first = block.lines[0]
    spans = list(first.spans)
    rest = first.text[n_chars:]
    merged = replace(spans[0], text=rest, x1=first.x1, superscript=False, bold=False)
    lines = ([replace(first, spans=(merged,))] if rest.strip() else []) + list(block.lines[1:])
    return block.with_lines(lines)


def _without_front_matter(parts: list[_Part], size: float) -> list[_Part]:
    """Drop what stands before the abstract; find the abstract when no heading names it."""
    named = next((i for i, p in enumerate(parts) if p.kind == "abstract"), None)
    if named is not None:
        before = [b for p in parts[:named] for b in p.blocks]
        return parts[named:] if parts[named].page <= 3 or not any(len(b.text) > 600 for b in before) else parts
    first_page = parts[0].page
    first = next((i for i, p in enumerate(parts) if _opens_body(p)), len(parts))
    front = [b for p in parts[:first] for b in p.blocks if b.page == first_page and b.kind in {"text", "list-item"}]
    prose = [b for b in front if _is_prose(b)]
    if not prose:
        return parts[first:] if first < len(parts) and parts[first].page == first_page else parts
    opening = prose[0]
    if not opening.text.lstrip()[:1].isupper() or not one_line(opening.text).endswith((".", "]", ")", "!", "?")):
        return parts  # the middle of a text, not its abstract
    abstract = _Part("", parse_number(""), 1, opening.page, kind="abstract")
    abstract.blocks = [b for b in prose if abs(b.size - opening.size) < 0.4 and abs(b.x0 - opening.x0) < 20]
    if first == len(parts):
        # no heading at all: only a block set differently (smaller, or indented) from the body is an abstract
        others = [b for b in prose if b not in abstract.blocks]
        if not others:
            return parts
        abstract.blocks = [opening]
    body = _Part("", parse_number(""), 1, opening.page)
    after = False
    for part in parts[:first]:
        for block in part.blocks:
            after = after or block is opening
            if after and block not in abstract.blocks:
                body.blocks.append(block)
    return [abstract, body, *parts[first:]]


def _with_unnamed_references(parts: list[_Part]) -> list[_Part]:
    """REVTeX prints the list of references without a heading: its items are gathered at the end."""
    if any(kind_by_words(p.number.title, top_level=True) == "references" for p in parts):
        return parts
    items = [(p, b) for p in parts for b in p.blocks if _NUMBERED_REFERENCE.match(one_line(b.text))]
    if len(items) < _MIN_REFERENCES:
        return parts
    references = _Part("", parse_number(""), 1, items[0][1].page, kind="references")
    for part, block in items:
        part.blocks.remove(block)
        references.blocks.append(block)
    return [*parts, references]


def _opens_body(part: _Part) -> bool:
    if not part.heading:
        return False
    kind = kind_by_words(part.number.title, top_level=False)
    return part.number.numbering != "none" or kind not in {None, "abstract"}


def _is_prose(block: Block) -> bool:
    text = one_line(block.text)
    words = text.split()
    lower = sum(w[0].islower() for w in words)
    return len(words) >= 40 and lower >= 0.6 * len(words) and "@" not in text


def _set_levels(parts: list[_Part]) -> None:
    """Levels from the numbering; headings without a number take the level of those that look like them."""
    has_roman = any(p.number.numbering == "roman" and p.number.number not in {"I", "V", "X"} for p in parts)
    has_roman = has_roman or sum(p.number.numbering == "roman" for p in parts) >= 2
    has_chapters = any(p.number.numbering == "word" and re.match(r"(?i)chapter|part", p.heading) for p in parts)
    styles: dict[tuple[float, bool, bool], int] = {}
    last_roman = 0
    in_back = False
    for part in parts:
        number = part.number
        if not part.heading or part.level_known:
            continue
        if number.numbering == "roman" and has_roman:
            value = roman_value(number.number)
            # "C." and "D." are letters, but so is "I." after "H."
            part.level = 2 if len(number.number) == 1 and value > last_roman + 1 and not in_back else 1
            last_roman = value if part.level == 1 else last_roman
        elif number.numbering == "letter" or (number.numbering == "roman" and not has_roman):
            part.level = number.depth if in_back or not has_roman or number.depth > 1 else 2
        elif number.numbering == "decimal":
            part.level = number.depth + (1 if has_chapters and number.depth == 1 and "." not in number.number else 0)
            if has_chapters:
                part.level = number.depth
            if has_roman:
                part.level = number.depth + 2
        elif number.numbering == "word" or KNOWN_HEADING.fullmatch(part.heading):
            part.level = 1
        else:
            continue
        part.level_known = True
        styles.setdefault(_style(part), part.level)
        kind = kind_by_words(number.title, top_level=False)
        in_back = in_back or kind in {"references", "appendix"}
    unknown = [p for p in parts if p.heading and not p.level_known]
    if not styles or all(p.level == 1 and p.number.numbering == "none" for p in parts if p.level_known):
        sizes = sorted({p.size for p in parts if p.heading}, reverse=True)
        for part in unknown:
            part.level = min(sizes.index(part.size) + 1, 4)
        return
    level = 1
    for part in parts:
        if part.heading and not part.level_known:
            style = _style(part)
            larger = [known for (size, _, _), known in styles.items() if size <= part.size]
            part.level = styles.get(
                style, min(larger) if larger and part.size > min(s for s, _, _ in styles) else level + 1
            )
        elif part.heading:
            level = part.level


def _style(part: _Part) -> tuple[float, bool, bool]:
    return (part.size, part.bold, part.number.title.isupper())


def _set_kinds(parts: list[_Part]) -> None:
    """Kinds from words, then from the parent and the place in the document."""
    seen_references = seen_appendix = False
    parents: list[tuple[int, SectionKind]] = []
    evidence = [
        i for i, p in enumerate(parts)
        if p.level == 1 and kind_by_words(p.number.title, top_level=True) in {"experiments", "results", "discussion"}
        and not _ONLY_DATA.search(p.number.title)
    ]  # fmt: skip
    # between the introduction and the first experiments stands the method, whatever it is called; without experiments
    # that holds up to the conclusion of a paper of ordinary length, but not for a survey
    ends = [
        i for i, p in enumerate(parts) if p.level == 1 and kind_by_words(p.number.title, top_level=True) == "conclusion"
    ]
    short = bool(parts) and parts[-1].page <= _MAX_PAPER_PAGES
    core_end = evidence[0] if evidence else ends[0] if ends and short else 0
    started = False
    for i, part in enumerate(parts):
        while parents and parents[-1][0] >= part.level:
            parents.pop()
        inherited = parents[-1][1] if parents and part.heading else None
        top = inherited is None
        named = kind_by_words(part.number.title, top_level=top) if part.heading else None
        if part.kind is None:
            kind: SectionKind
            if inherited in {"appendix", "references", "abstract"} and named not in {"references", "acknowledgement"}:
                kind = "appendix" if inherited == "appendix" else (named or inherited)
            elif named in {"references", "acknowledgement", "appendix", "abstract"}:
                kind = named
            elif re.match(r"(?i)appendix|annex", part.heading):
                kind = "appendix"
            elif (seen_references or seen_appendix) and part.heading and part.level == 1:
                # what follows the references of an article is its appendix, whatever its heading says
                kind = "appendix"
            elif named is not None:
                kind = named
            elif inherited is not None:
                kind = inherited
            elif started and part.heading and i < core_end:
                kind = "method"
            else:
                kind = "other"
            part.kind = kind
        seen_references = seen_references or (part.kind == "references" and part.level == 1)
        seen_appendix = seen_appendix or (part.kind == "appendix" and part.level == 1)
        started = started or part.kind in {"introduction", "related_work"}
        if part.heading:
            parents.append((part.level, part.kind))
