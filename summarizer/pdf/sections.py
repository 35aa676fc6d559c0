"""Blocks in reading order become sections with heading, level and kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from summarizer.pdf.blocks import Block, PageBlocks, body_size
from summarizer.pdf.bookmarks import Bookmarks
from summarizer.pdf.candidates import Heading, Style, with_headings
from summarizer.pdf.headings import DOT_LEADERS, Number, kind_by_words, parse_number
from summarizer.pdf.kinds import set_kinds
from summarizer.pdf.levels import set_levels
from summarizer.pdf.line_numbers import without_line_numbers
from summarizer.pdf.material import supply_material, unheaded_kinds
from summarizer.pdf.paragraphs import Vocabulary, join_lines, paragraphs
from summarizer.pdf.running_text import KEYWORDS, KEYWORDS_ALONE, repeated_headers, running_text
from summarizer.records import Section, SectionKind
from summarizer.text import one_line

#: Abstract and keywords stand on these first pages.
_FRONT_PAGES = 3
_NO_BODY = frozenset({"abstract", "references", "acknowledgement"})
#: Fewer items than this in brackets with a year are not a list of references.
_MIN_REFERENCES = 5
_RUN_IN_ABSTRACT = re.compile(r"\s*(?:abstract|summary)\s*(?:[—–:.]|-(?=\s|[A-Z]))\s*", re.I)
_NUMBERED_REFERENCE = re.compile(r"\[\d{1,3}\]\s.*\b(?:19|20)\d\d\b|\[\d{1,3}\]\s.*arXiv|\[\d{1,3}\]\s.*-ph/\d{7}")
_CONTENTS = re.compile(r"(?:table of )?contents|list of (?:figures|tables|algorithms|listings)", re.I)
_ENDS_IN_PAGE = re.compile(r"\s(?:\d{1,3}|[ivxl]+)$")


@dataclass(slots=True)
class Part:
    """A section while it is put together, with the blocks it is made of."""

    heading: str
    number: Number
    level: int
    page: int
    style: Style | None = None
    level_known: bool = False
    run_in: bool = False
    kind: SectionKind | None = None
    heading_block: Block | None = None
    blocks: list[Block] = field(default_factory=list)


def read_sections(
    pages: Sequence[PageBlocks], *, skip_front_matter: bool = True, bookmarks: Bookmarks | None = None
) -> tuple[Section, ...]:
    """Ordered sections of a document.

    With ``skip_front_matter`` the title and the authors before the abstract (or the first heading of page 1) are left
    out, as is a table of contents. Nothing else is: text before the first heading is a section with heading "".
    """
    parts = arrange(pages, skip_front_matter=skip_front_matter, bookmarks=bookmarks)
    return tuple(section for _, section in parts)


def arrange(
    pages: Sequence[PageBlocks], *, skip_front_matter: bool = True, bookmarks: Bookmarks | None = None
) -> list[tuple[Part, Section]]:
    """:func:`read_sections`, each section with the part of the page it was made of."""
    pages = [without_line_numbers(page) for page in pages]
    size = body_size(pages)
    repeated = repeated_headers(pages)
    blocks = _split_keywords(_without_contents(b for page in pages for b in running_text(page, size, repeated)))
    vocabulary = Vocabulary(blocks)
    parts = _parts(with_headings(blocks, size, bookmarks), vocabulary)
    if skip_front_matter:
        parts = _without_front_matter(parts)
    parts = _with_unnamed_references([p for p in parts if p.heading or any(b.text.strip() for b in p.blocks)])
    parts = _with_unheaded_body(parts)
    set_levels(parts)
    set_kinds(parts)
    supply_material(parts)
    sections: list[tuple[Part, Section]] = []
    for part in parts:
        text = "\n\n".join(paragraphs(part.blocks, vocabulary))
        if not part.heading and not text:
            continue
        last = max([b.page for b in part.blocks], default=part.page)
        kind = part.kind or "other"
        section = Section(len(sections), part.heading, part.level, kind, part.page, max(last, part.page), text)
        sections.append((part, section))
    return sections


def _split_keywords(blocks: Iterable[Block]) -> list[Block]:
    """Blocks cut where keywords ("Index Terms—") share a block with the abstract before them."""
    out: list[Block] = []
    for block in blocks:
        start = 0
        if block.kind in {"text", "list-item"} and block.page <= _FRONT_PAGES:
            for i, line in enumerate(block.lines):
                if KEYWORDS.match(line.text) and i > start:
                    out.append(block.with_lines(block.lines[start:i]))
                    start = i
        out.append(block.with_lines(block.lines[start:]) if start else block)
    return out


def _parts(blocks: Sequence[tuple[Block, Heading | None]], vocabulary: Vocabulary) -> list[Part]:
    parts = [Part("", parse_number(""), 1, blocks[0][0].page if blocks else 1)]
    for block, heading in blocks:
        first = block.lines[0].text if block.lines else ""
        front = block.page <= _FRONT_PAGES
        abstract = _RUN_IN_ABSTRACT.match(first) if front and block.kind == "text" else None
        if front and KEYWORDS.match(first):
            # a label on its line, no heading of the paper; what follows belongs to the body again
            parts.append(Part("", parse_number(""), 1, block.page, kind="other", blocks=[block]))
            parts.append(Part("", parse_number(""), 1, block.page))
        elif abstract is not None and not any(p.kind == "abstract" for p in parts):
            words = one_line(abstract[0]).strip(" —–:.-")
            parts.append(Part(words, parse_number(words), 1, block.page, kind="abstract"))
            parts[-1].blocks.append(_cut(block, abstract.end()))
        elif front and KEYWORDS_ALONE.fullmatch(one_line(block.text)):
            parts.append(Part("", parse_number(""), 1, block.page, kind="other", blocks=[block]))
        elif heading is not None:
            words = join_lines([line.text for line in block.lines], vocabulary)
            parts.append(
                Part(words, heading.number, heading.level or 1, block.page, heading.style,
                      level_known=heading.level is not None, run_in=heading.run_in, heading_block=block)
            )  # fmt: skip
            if kind_by_words(words, top_level=False) == "abstract":
                parts[-1].kind = "abstract"
        else:
            parts[-1].blocks.append(block)
    return parts


def _without_contents(blocks: Iterable[Block]) -> list[Block]:
    """Blocks without tables of contents and lists of figures: their entries look like headings."""
    kept: list[Block] = []
    opened_by: Block | None = None
    for block in blocks:
        if _CONTENTS.fullmatch(one_line(block.text)):
            opened_by = block
        elif not (opened_by is not None and _is_contents_block(block, opened_by)):
            opened_by = None
            if not _is_contents_line(block):
                kept.append(block)
    return kept


def _is_contents_block(block: Block, opened_by: Block) -> bool:
    """Whether a block still belongs to a table of contents or a list of figures; a heading as large as its own ends it."""
    closes = (
        block.kind == "section-header"
        and block.size >= opened_by.size - 0.5
        and not _ENDS_IN_PAGE.search(block.text.strip())
    )
    return not closes and not (
        block.kind == "text" and _is_prose(block) and not _ENDS_IN_PAGE.search(block.text.strip())
    )


def _is_contents_line(block: Block) -> bool:
    lines = [line.text for line in block.lines]
    return sum(bool(DOT_LEADERS.search(line)) for line in lines) > len(lines) / 2


def _cut(block: Block, n_chars: int) -> Block:
    """The block without the first characters of its first line."""
    first = block.lines[0]
    spans = list(first.spans)
    rest = first.text[n_chars:]
    merged = replace(spans[0], text=rest, x1=first.x1, superscript=False, bold=False)
    lines = ([replace(first, spans=(merged,))] if rest.strip() else []) + list(block.lines[1:])
    return block.with_lines(lines)


def _without_front_matter(parts: list[Part]) -> list[Part]:
    """Drop what stands before the abstract; find the abstract when no heading names it."""
    named = next((i for i, p in enumerate(parts) if p.kind == "abstract"), None)
    if named is not None:
        before = [b for p in parts[:named] for b in p.blocks]
        if parts[named].page > _FRONT_PAGES and any(len(b.text) > 600 for b in before):
            return parts
        return _below_abstract(parts[named:])
    first_page = parts[0].page
    first = next((i for i, p in enumerate(parts) if _opens_body(p)), len(parts))
    front = [b for p in parts[:first] for b in p.blocks if b.page == first_page and b.kind in {"text", "list-item"}]
    prose = [b for b in front if _is_prose(b)]
    if not prose:
        return parts[first:] if first < len(parts) and parts[first].page == first_page else parts
    opening = prose[0]
    if not opening.text.lstrip()[:1].isupper() or not one_line(opening.text).endswith((".", "]", ")", "!", "?")):
        return parts  # the middle of a text, not its abstract
    abstract = Part("", parse_number(""), 1, opening.page, kind="abstract")
    abstract.blocks = [b for b in prose if abs(b.size - opening.size) < 0.4 and abs(b.x0 - opening.x0) < 20]
    if first == len(parts):
        # no heading at all: only a block set differently (smaller, or indented) from the body is an abstract
        others = [b for b in prose if b not in abstract.blocks]
        if not others:
            return parts
        abstract.blocks = [opening]
    body = Part("", parse_number(""), 1, opening.page)
    after = False
    for part in parts[:first]:
        for block in part.blocks:
            after = after or block is opening
            if after and block not in abstract.blocks:
                body.blocks.append(block)
    return _below_abstract([abstract, body, *parts[first:]])


def _below_abstract(parts: list[Part]) -> list[Part]:
    """Without the authors of the right column, which are read after the abstract of the left one, but stand above it."""
    abstract = parts[0]
    page = abstract.page
    top = min(b.y0 for b in [*filter(None, [abstract.heading_block]), *abstract.blocks[:1]]) if abstract.blocks else 0.0
    kept = [abstract]
    for part in parts[1:]:
        heading = part.heading_block
        part.blocks = [b for b in part.blocks if b.page != page or b.y1 > top or _is_prose(b)]
        if heading is not None and heading.page == page and heading.y1 <= top:
            kept[-1].blocks += part.blocks
        else:
            kept.append(part)
    return kept


def _with_unnamed_references(parts: list[Part]) -> list[Part]:
    """REVTeX prints the list of references without a heading: its items are gathered at the end."""
    if any(kind_by_words(p.number.title, top_level=True) == "references" for p in parts):
        return parts
    items = [(p, b) for p in parts for b in p.blocks if _NUMBERED_REFERENCE.match(one_line(b.text))]
    if len(items) < _MIN_REFERENCES:
        return parts
    references = Part("", parse_number(""), 1, items[0][1].page, kind="references")
    for part, block in items:
        part.blocks.remove(block)
        references.blocks.append(block)
    return [*parts, references]


def _with_unheaded_body(parts: list[Part]) -> list[Part]:
    """The body of a letter that has no heading, cut by what its paragraphs say."""
    if any(p.heading and kind_by_words(p.number.title, top_level=False) not in _NO_BODY for p in parts):
        return parts
    out: list[Part] = []
    for part in parts:
        pieces = unheaded_kinds(part.blocks) if not part.heading and part.kind is None else []
        out += [Part("", part.number, 1, b[0].page, kind=kind, blocks=b) for kind, b in pieces] or [part]
    return out


def _opens_body(part: Part) -> bool:
    if not part.heading:
        return False
    kind = kind_by_words(part.number.title, top_level=False)
    return part.number.numbering != "none" or kind not in {None, "abstract"}


def _is_prose(block: Block) -> bool:
    text = one_line(block.text)
    words = text.split()
    lower = sum(w[0].islower() for w in words)
    return len(words) >= 40 and lower >= 0.6 * len(words) and "@" not in text
