"""Title, authors, abstract and arXiv stamp from the first pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from summarizer.ids import ARXIV_ID
from summarizer.pdf.blocks import Block, Line, PageBlocks, Span, body_size, mend_accents
from summarizer.pdf.sections import read_sections
from summarizer.records import FrontMatter, Section
from summarizer.text import normalise, one_line

_STAMP = re.compile(rf"arXiv:\s?({ARXIV_ID.pattern})\s+\[([A-Za-z-]+(?:\.[A-Za-z-]+)?)\]")
_NOT_TITLE = re.compile(
    r"^(?:journal of|proceedings|proc\.|ieee transactions|transactions of|published (?:as|in)|under review|preprint|arxiv|"
    r"technical report|volume|vol\.|issn|doi|https?:|www\.|copyright|accepted|submitted|to appear|workshop)|"
    r"\b(?:conference|workshop|symposium) on\b|\bpermission\b|^\W*\d|\bjournal$",
    re.I,
)
_MAX_TITLE_CHARS = 300

_AFFILIATION = re.compile(
    r"universit|institut|department|dept|college|school|laborator|\blabs?\b|research|center|centre|academy|faculty|inc\b|"
    r"corp|\bltd|google|microsoft|facebook|\bmeta\b|amazon|apple\b|nvidia|deepmind|openai|adobe|ieee|member|fellow|student|"
    r"company|group|team|hospital|ministry|council|\bcnrs\b|technolog|science|engineering|physics|society|foundation|"
    r"polytech|\beth\b|\bmit\b|abstract|author|dated|received|correspond|equal|contribution|email|e-mail|street|avenue|"
    r"preprint|dissertation|thesis|requirement|fulfil|philosophy|degree|version|draft|report\b|committee|advisor|supervisor|"
    r"brain|systems|conference|workshop|journal|january|february|march\b|june|july|august|september|october|november|december",
    re.I,
)
_PLACE = re.compile(
    r"(?:new york|san \w+|mountain view|palo alto|los angeles|hong kong|south korea|united \w+|menlo park|saudi arabia|"
    r"new zealand|santa \w+|tel aviv|abu dhabi|new delhi|sri lanka|ann arbor|redwood city|las vegas|costa rica|new \w+|"
    r"north carolina|south africa|rhode island|great britain|st\.? louis|p\.? ?r\.? china|the netherlands)",
    re.I,
)
_PARTICLES = frozenset({
    "de", "da", "do", "dos", "del", "della", "der", "den", "di", "du", "la", "le", "van", "von", "zu", "bin", "ibn", "al", "el",
    "ter", "ten", "y", "e", "st",
})  # fmt: skip
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-’'‐.][^\W\d_]+)*\.?|\([^\W\d_]+\)")
_SEPARATOR = re.compile(r"\s*(?:,|;|&|·|•|\||\band\b)\s*")
_MARKS = re.compile(r"[\d∗*†‡§¶⋆♦♠♣♥✉#^\[\]{}]+")


def read_front_matter_from(
    pages: Sequence[PageBlocks], first_page_text: str, sections: Sequence[Section] | None = None
) -> FrontMatter:
    """Front matter from the blocks of the first pages.

    ``first_page_text`` is all of page 1, rotated text included. ``sections`` saves work where they have been read.
    """
    arxiv_id, version, category = read_stamp(first_page_text)
    if not pages:
        return FrontMatter("", "", (), arxiv_id, version, category)
    if sections is None:
        sections = read_sections(pages)
    abstract = _without_lead(next((s.text for s in sections if s.kind == "abstract"), ""))
    title_block = find_title(pages[0], body_size(pages))
    if title_block is None:
        return FrontMatter("", abstract, (), arxiv_id, version, category)
    return FrontMatter(
        _joined(title_block.lines), abstract, _authors(pages[0], title_block, abstract), arxiv_id, version, category
    )


def _without_lead(abstract: str) -> str:
    """An abstract without the title and name that a thesis repeats above it."""
    parts = abstract.split("\n\n")
    while len(parts) > 1 and len(parts[0].split()) < 15 and not parts[0].endswith((".", "!", "?")):
        del parts[0]
    return "\n\n".join(parts)


def read_stamp(text: str) -> tuple[str | None, int | None, str]:
    """arXiv id, version and primary category from the stamp ("arXiv:1907.01160v1 [cs.SD] 2 Jul 2019")."""
    found = _STAMP.search(normalise(text))
    if found is None:
        return None, None, ""
    version = found["version"]
    return found["id"], int(version) if version else None, found[4]


def find_title(page: PageBlocks, size: float) -> Block | None:
    """The block of the title, without the authors that may share its box; None when nothing looks like one."""
    abstract_y = min((b.y0 for b in page.blocks if re.match(r"\s*abstract\b", b.text, re.I)), default=page.height)
    candidates = []
    for block in page.blocks:
        if block.kind not in {"title", "section-header", "page-header", "text"} or not block.lines:
            continue
        if block.y0 > min(abstract_y, 0.5 * page.height):
            continue
        if block.kind == "text" and len(block.lines) > 5:
            continue
        lines = _title_lines(block)
        text = _joined(lines)
        letters = sum(c.isalpha() for c in text)
        if letters < 6 or letters < 0.7 * len(text.replace(" ", "")) or len(text) > _MAX_TITLE_CHARS:
            continue
        if len(text.split()) < 2 or _NOT_TITLE.search(text) or "@" in text:
            continue
        if block.kind != "title" and text[-1] in ".,;:□":
            continue
        names = [part for part in _SEPARATOR.split(_MARKS.sub("", text).strip(" '’")) if part]
        if block.kind != "title" and len(names) > 1 and all(is_name(part) for part in names):
            continue
        largest = _line_size(lines[0])
        stands_out = largest >= size + 1 or all(line.bold for line in lines) or text.isupper()
        if len(text.split()) > 25 and largest < 1.3 * size:
            continue  # a sentence
        if largest < size - 0.5 or (block.kind in {"text", "page-header"} and not stands_out):
            continue
        candidates.append((block.kind == "title", round(largest, 1), -block.y0, block.with_lines(lines)))
    if not candidates:
        return None
    # a box that the layout model calls the title, else the largest letters, else the uppermost
    return max(candidates, key=lambda c: c[:3])[3]


def _line_size(line: Line) -> float:
    """The largest size on the line: small capitals are full capitals followed by smaller letters."""
    return max(s.size for s in line.spans if s.text.strip())


def _title_lines(block: Block) -> list[Line]:
    largest = max(_line_size(line) for line in block.lines)
    start = next(i for i, line in enumerate(block.lines) if _line_size(line) >= 0.95 * largest)
    # a sub-title may be smaller than the title, names that share the box are smaller and carry marks
    kept = [block.lines[start]]
    for line in block.lines[start + 1 :]:
        same_size = _line_size(line) >= 0.95 * largest
        marked = any(s.superscript for s in line.spans) or line.bold != block.lines[start].bold
        if not same_size and (marked or _line_size(line) < 0.8 * largest):
            break
        kept.append(line)
    return kept


def _joined(lines: Sequence[Line]) -> str:
    text = ""
    for line in lines:
        part = one_line(line.text)
        # a hyphen at a line's end stays: titles are seldom broken inside a word
        text = text + part if text.endswith("-") and part[:1].islower() else f"{text} {part}".strip()
    return one_line(re.sub(r"[\s⋆∗*†‡§]+$", "", text))


def _authors(page: PageBlocks, title: Block, abstract: str) -> tuple[str, ...]:
    """Names of people between title and abstract; empty when the lines there do not look like names."""
    bottom = _body_top(page, title, abstract)
    lines = sorted(
        (
            line
            for block in page.blocks
            if block.kind in {"title", "text", "section-header", "list-item"}
            for line in block.lines
            if title.y1 - 2 <= line.y0 and line.y1 <= bottom + 2 and line.y0 < 0.6 * page.height
        ),
        key=lambda line: (round(line.y0 / 4), line.x0),
    )
    names: list[str] = []
    style: tuple[float, bool] | None = None
    others = 0
    for line in lines:
        segments = [s for s in _segments(line.spans) if s]
        good = [s for s in segments if is_name(s)]
        if len(set(segments)) < len(segments) or not good or len(good) * 2 <= len(segments):
            others += 1
            continue
        line_style = (round(_line_size(line)), line.bold)
        if style is None:
            style = line_style
        elif line_style != style and others:
            continue
        names += [s for s in good if s not in names]
    if style is None:
        return ()
    return tuple(_plain_case(n) for n in names)


def _body_top(page: PageBlocks, title: Block, abstract: str) -> float:
    start = abstract[:40]
    for block in page.blocks:
        text = one_line(block.text)
        if block.y0 > title.y1 and (
            re.match(r"abstract\b|summary\b|(?:1|I)\.?\s+introduction", text, re.I)
            or (start and text.startswith(start))
        ):
            return block.y0
    return min(title.y1 + 0.3 * page.height, page.height)


def _segments(spans: Sequence[Span]) -> list[str]:
    """The parts of a line that wide gaps, superscripts, commas and "and" separate."""
    text = ""
    last: Span | None = None
    base = max(s.size for s in spans)
    for span in spans:
        small = span.superscript or span.size < 0.8 * base
        gap = span.x0 - last.x1 if last is not None else 0.0
        if small and not re.search(r"[^\W\d_]{2,}", span.text):
            text += ","
        else:
            text += ("," if gap > 0.9 * base else " " if gap > 0.12 * base else "") + re.sub(r"\s{3,}", ",", span.text)
        last = span
    text = _MARKS.sub(",", mend_accents(text))
    return [
        one_line(part).strip(" .∗") + ("." if part.rstrip().endswith("Jr.") else "") for part in _SEPARATOR.split(text)
    ]


def is_name(text: str) -> bool:
    """Whether a short text looks like the name of one person."""
    words = text.split()
    if not 2 <= len(words) <= 6 or len(text) > 50 or _AFFILIATION.search(text) or _PLACE.fullmatch(text):
        return False
    if not all(_NAME_WORD.fullmatch(w) for w in words):
        return False
    capital = [w.lstrip("(")[0].isupper() or w.casefold() in _PARTICLES for w in words]
    if not all(capital) or not words[0].lstrip("(")[0].isupper():
        return False
    full = [w for w in words if len(w.strip(".()")) >= 2 and w.casefold() not in _PARTICLES]
    return bool(full) and not (len(words) >= 3 and text.isupper() and any(len(w) > 12 for w in words))


def _plain_case(name: str) -> str:
    return name.title() if name.isupper() and len(name) > 6 else name
