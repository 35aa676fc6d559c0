"""Lines of a page back into paragraphs: hyphenation undone, breaks by column, page and formula closed. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from summarizer.pdf.blocks import Block
from summarizer.text import normalise, one_line

_HYPHENATED = re.compile(r"(?P<left>[^\W_]+(?:[-‐][^\W_]+)*)[-‐]$")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_LINK_END = re.compile(r"(?:https?://|www\.)\S*[/.\-_=?&]$")
_BULLET = re.compile(r"^[•▪◦‣●○■□►∗·–—]\s+(?=\S)")
_BLANK_BEFORE_STOP = re.compile(r"(?<=\w) ([.,;:])(?=\s|$)")
_ENDS_SENTENCE = re.compile(r"[.!?][)\]”\"’']*(?:\[\d+\])?$")
#: A line this many points (and at most eight times as many) right of its block's edge begins a paragraph.
_INDENT = 6.0


class Vocabulary:
    """Words of one document, away from line ends: tells true hyphens from those of the line break."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.words: Counter[str] = Counter()
        for block in blocks:
            for line in block.lines:
                found = [w.replace("‐", "-").casefold() for w in _WORD.findall(normalise(line.text))]
                self.words.update(found[1:-1])
                for word in found[1:-1]:
                    if "-" in word:
                        self.words.update(word.split("-"))

    def joined(self, left: str, right: str) -> str:
        """Two halves of a word broken as ``left-`` and ``right``, with or without the hyphen."""
        if not right[0].islower() or left[-1].isdigit() or left.isupper():
            return f"{left}-{right}"
        whole, compound = (left + right).casefold(), f"{left}-{right}".casefold()
        if self.words[whole] or self.words[compound]:
            return left + right if self.words[whole] >= self.words[compound] else f"{left}-{right}"
        halves = (left.rpartition("-")[2].casefold(), right.partition("-")[0].casefold())
        if "-" in left + right:  # "end-" and "to-end"
            parts_are_words = all(self.words[w] for w in halves)
        else:
            parts_are_words = all(len(w) >= 3 and self.words[w] >= 2 for w in halves)
        return f"{left}-{right}" if parts_are_words else left + right


def join_lines(lines: Iterable[str], vocabulary: Vocabulary) -> str:
    """Lines of one paragraph as one line of text."""
    out = ""
    for raw in lines:
        line = one_line(raw)
        if not line:
            continue
        broken = _HYPHENATED.search(out)
        right = _WORD.match(line)
        if not out:
            out = line
        elif broken is not None and right is not None:
            out = out[: broken.start()] + vocabulary.joined(broken["left"], right[0]) + line[right.end() :]
        elif out.endswith("—") or (out.endswith("-") and line[0].isdigit()) or _LINK_END.search(out):
            out += line
        else:
            out += " " + line
    # a footnote mark that was dropped leaves its blank
    return _BLANK_BEFORE_STOP.sub(r"\1", out)


def _split_at_indents(block: Block) -> list[list[str]]:
    """Paragraphs inside one block: a new one starts at an indented line after a line that ends a sentence."""
    if block.kind != "text" or len(block.lines) < 4:
        return [[line.text for line in block.lines]]
    left = sorted(line.x0 for line in block.lines)[len(block.lines) // 3]
    parts: list[list[str]] = [[block.lines[0].text]]
    for before, line in zip(block.lines, block.lines[1:], strict=False):
        indented = _INDENT < line.x0 - left < 8 * _INDENT and before.x0 - left < _INDENT
        if indented and _ENDS_SENTENCE.search(before.text.strip()):
            parts.append([])
        parts[-1].append(line.text)
    return parts


def paragraphs(blocks: Iterable[Block], vocabulary: Vocabulary) -> list[str]:
    """Text of blocks in reading order, one string a paragraph.

    A block that starts in lower case goes on with an unfinished one (the column or page ended), and a displayed formula
    stays inside its sentence.
    """
    done: list[list[str]] = []
    open_ended = False
    for block in blocks:
        formula = block.kind == "formula"
        for i, lines in enumerate(_split_at_indents(block)):
            text = _BULLET.sub("", one_line(" ".join(lines)))
            if not text:
                continue
            lines = [_BULLET.sub("", lines[0].strip()), *lines[1:]]
            goes_on = open_ended and i == 0 and (formula or text[0].islower() or not text[0].isalnum())
            if done and goes_on and block.kind != "list-item":
                done[-1] += lines
            else:
                done.append(lines)
            open_ended = not _ENDS_SENTENCE.search(text) and (formula or block.kind != "section-header")
    return [text for text in (join_lines(lines, vocabulary) for lines in done) if text]
