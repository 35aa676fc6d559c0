"""Typeset a paper: XHTML blocks flow into one or two columns a page, and the pages come back as PDF bytes.

The blocks are laid out one at a time, so that what HTML alone cannot ask for is kept: a heading stays with the text
below it, a paragraph leaves no single line behind, and a table is never cut (it moves to the top of the next column).
Equal input gives equal bytes with one version of PyMuPDF: no clock and no random numbers go in.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pymupdf

PAGE = pymupdf.paper_rect("letter")
TOP, BOTTOM = 64.0, 68.0
GAP = 20.0  # between two columns
SIZE, LEADING = 9.9, 11.9  # points
#: the look of a paper by its number of columns
MARGIN = {1: 108.0, 2: 56.0}
CSS = f"""
* {{ font-family: Times; }}
body {{ font-size: {SIZE}pt; line-height: {LEADING}pt; margin: 0; }}
p {{ margin: 0; text-align: justify; hyphens: auto; }}
h1 {{ font-size: 16pt; line-height: 20pt; text-align: center; margin: 0; }}
h2 {{ font-size: 12pt; line-height: 14pt; margin: 0; }}
h3 {{ font-size: 10pt; line-height: 12pt; margin: 0; }}
code, code * {{ font-family: monospace; font-size: 8.6pt; }}
sub, sup {{ font-size: 7pt; }}
.authors {{ text-align: center; font-size: 11pt; line-height: 14pt; }}
.note {{ text-align: center; font-size: 9.5pt; }}
.abstract-heading {{ text-align: center; }}
.quoted {{ margin-left: 24pt; margin-right: 24pt; }}
.reference {{ font-size: 9pt; line-height: 10.8pt; margin-left: 14pt; text-indent: -14pt; text-align: left; hyphens: none; }}
.caption {{ font-size: 9pt; line-height: 10.8pt; }}
table {{ width: 100%; border-collapse: collapse; }}
td, th {{ font-size: 9pt; line-height: 11pt; padding: 1.2pt 3pt; text-align: right; }}
td.name, th.name {{ text-align: left; }}
th {{ border-top: 0.8pt solid black; border-bottom: 0.5pt solid black; }}
tr.last td {{ border-bottom: 0.8pt solid black; }}
"""
#: white space above and below a block, in points
SPACE = {"h1": (0, 6), "h2": (9, 4), "h3": (7, 3), "p": (0, 4), "div": (4, 8), "ol": (0, 4), "ul": (0, 4)}


@dataclass(frozen=True)
class Column:
    page: int
    rect: pymupdf.Rect


def _columns(n_columns: int, first_top: float) -> Iterator[Column]:
    """The columns of a paper in reading order, without end. The first page begins at ``first_top``."""
    margin = MARGIN[n_columns]
    width = (PAGE.width - 2 * margin - GAP * (n_columns - 1)) / n_columns
    page = 0
    while True:
        top = first_top if page == 0 else TOP
        for i in range(n_columns):
            left = margin + i * (width + GAP)
            yield Column(page, pymupdf.Rect(left, top, left + width, PAGE.height - BOTTOM))
        page += 1


def _html(block: ElementTree.Element) -> str:
    return f'<html lang="en"><body>{ElementTree.tostring(block, encoding="unicode")}</body></html>'


def _story(block: ElementTree.Element) -> pymupdf.Story:
    return pymupdf.Story(_html(block), user_css=CSS)


def _height(block: ElementTree.Element, width: float) -> float:
    more, filled = _story(block).place(pymupdf.Rect(0, 0, width, 10_000))
    if more:
        raise ValueError(f"a block is taller than any page: {''.join(block.itertext())[:60]!r}")
    return float(filled[3])


class Page:
    """The drawing of one page, kept open while its columns fill."""

    def __init__(self, writer: pymupdf.DocumentWriter) -> None:
        self._writer = writer
        self.number = 0
        self._device = writer.begin_page(PAGE)

    def reach(self, number: int) -> None:
        while self.number < number:
            self._writer.end_page()
            self._device = self._writer.begin_page(PAGE)
            self.number += 1

    def draw(self, story: pymupdf.Story) -> None:
        story.draw(self._device)

    def close(self) -> None:
        self._writer.end_page()
        self._writer.close()


class Flow:
    """Places blocks one under another, column after column."""

    def __init__(self, page: Page, columns: Iterator[Column]) -> None:
        self._page = page
        self._columns = columns
        self._waiting: list[ElementTree.Element] = []  # tables that did not fit where they stand in the text
        self._column = next(columns)
        self._y = self._column.rect.y0

    @property
    def _room(self) -> float:
        return float(self._column.rect.y1 - self._y)

    @property
    def _at_top(self) -> bool:
        return bool(self._y == self._column.rect.y0)

    def _next_column(self) -> None:
        self._column = next(self._columns)
        self._page.reach(self._column.page)
        self._y = self._column.rect.y0
        waiting, self._waiting = self._waiting, []
        for block in waiting:
            self._table(block)

    def _place(self, story: pymupdf.Story, height: float) -> bool:
        """Draw what fits into ``height`` points; True when some of the story is left."""
        rect = self._column.rect
        more, filled = story.place(pymupdf.Rect(rect.x0, self._y, rect.x1, self._y + height))
        self._page.draw(story)
        self._y = float(filled[3])
        return bool(more)

    def _table(self, block: ElementTree.Element) -> None:
        above, below = SPACE["div"]
        height = _height(block, self._column.rect.width)
        if height + above > self._room and not self._at_top:
            self._waiting.append(block)
            return
        if height > self._room:
            raise ValueError(f"a table is taller than a column: {''.join(block.itertext())[:60]!r}")
        self._y += 0 if self._at_top else above
        self._place(_story(block), height + 1)
        self._y += below

    def _heading(self, block: ElementTree.Element) -> None:
        above, below = SPACE[block.tag]
        height = _height(block, self._column.rect.width)
        # two lines of what follows must fit under it
        if above + height + below + 2 * LEADING > self._room:
            self._next_column()
        self._y += 0 if self._at_top else above
        self._place(_story(block), height + 1)
        self._y += below

    def _text(self, block: ElementTree.Element) -> None:
        above, below = SPACE[block.tag]
        self._y += 0 if self._at_top else above
        story, left = _story(block), _height(block, self._column.rect.width)
        # a smaller line may be set in a smaller type, where this counts slightly too few of them
        while left > self._room:
            n_lines, n_fit = round(left / LEADING), int(self._room / LEADING)
            if n_lines - n_fit == 1:
                n_fit -= 1  # a single line would stand alone on top of the next column
            if n_fit >= 2:
                before = self._y
                self._place(story, n_fit * LEADING + 1)
                left -= self._y - before
            self._next_column()
        self._place(story, left + LEADING)
        self._y += below

    def add(self, block: ElementTree.Element) -> None:
        if block.tag in ("h2", "h3"):
            self._heading(block)
        elif block.tag == "div":
            self._table(block)
        else:
            self._text(block)

    def finish(self) -> None:
        while self._waiting:
            self._next_column()


def number_blocks(body: ElementTree.Element) -> list[ElementTree.Element]:
    """The blocks with sections and tables numbered; an ``h2`` of class ``plain`` gets no number."""
    blocks, section, subsection, table = [], 0, 0, 0
    for original in body:
        block = copy.deepcopy(original)
        block.tail = None
        if block.tag == "h2" and block.get("class") != "plain":
            section, subsection = section + 1, 0
            block.text = f"{section}. {block.text}"
        elif block.tag == "h3":
            subsection += 1
            block.text = f"{section}.{subsection}. {block.text}"
        elif block.tag == "div":
            table += 1
            caption = block.find("p[@class='caption']")
            if caption is None:
                raise ValueError(f"table {table} has no caption")
            caption.text = f"Table {table}: {(caption.text or '').lstrip()}"
            rows = block.findall("table/tr")
            rows[-1].set("class", "last")
        blocks.append(block)
    return blocks


def _element(tag: str, text: str, css_class: str = "") -> ElementTree.Element:
    element = ElementTree.Element(tag, {"class": css_class} if css_class else {})
    element.text = text
    return element


def typeset(
    title: str, authors: tuple[str, ...], note: str, abstract: str, body: ElementTree.Element, n_columns: int
) -> bytes:
    """A paper as PDF bytes. ``body`` holds ``h2 h3 p ol ul`` and ``div`` blocks, one ``div`` a table."""
    stream = io.BytesIO()
    page = Page(pymupdf.DocumentWriter(stream))
    margin = MARGIN[n_columns]
    y = TOP + 8
    for block, below in (
        (_element("h1", title), 9),
        (_element("p", ", ".join(authors), "authors"), 2),
        (_element("p", note, "note"), 16),
    ):
        rect = pymupdf.Rect(margin, y, PAGE.width - margin, PAGE.height - BOTTOM)
        story = _story(block)
        _, filled = story.place(rect)
        page.draw(story)
        y = float(filled[3]) + below
    flow = Flow(page, _columns(n_columns, y))
    flow.add(_element("h2", "Abstract", "abstract-heading"))
    flow.add(_element("p", abstract, "quoted" if n_columns == 1 else ""))
    for block in number_blocks(body):
        flow.add(block)
    flow.finish()
    page.close()
    with pymupdf.open("pdf", stream.getvalue()) as document:
        for number, sheet in enumerate(document, start=1):
            width = pymupdf.get_text_length(str(number), "tiro", 9)
            sheet.insert_text(((PAGE.width - width) / 2, PAGE.height - 40), str(number), fontname="tiro", fontsize=9)
        document.subset_fonts()
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))
