"""Text from papers and models made safe inside a Jekyll page, with as few changes as that takes.

A page goes through Liquid first, then kramdown (GFM input), then a browser. Two kinds of text go in: *plain* text
(titles, names, English abstracts), where no character means markup, and *marked* text (what the model wrote), which keeps
emphasis, lists, code spans, links to the web and ``$formulas$``. Neither may open a Liquid tag, an HTML tag or comment, a
heading, a rule, a code fence, a table, a definition of a link, footnote or abbreviation, a kramdown attribute list, or
forge the ``1)`` that starts a part of the breakdown.

Outside code spans a backslash or an entity does it: both render as the character itself, and a formula reaches the
browser's typesetter as it was written. Inside a code span neither would, so there a blank goes between Liquid's two
characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

#: Dangerous in both kinds of text.
_ALWAYS = (
    r"(?P<tag>\\?<(?=[^\W\d]|[/!?:_]))"  # letters of any script: kramdown takes <中> for a tag too
    r"|(?P<attributes>\{(?=:))"  # {: .class}, {::comment}
    r"|(?P<image>!(?=\[))"
    r"|(?P<target>(?<=\])[(\[:])"  # [text](target), [text][label], [label]: target
    r"|(?P<math>\$(?=\$))"  # become plain dollars: inside its own $$ kramdown would read nothing else
    r"|(?P<tick>`)"
    r"|(?P<pipe>\|)"  # one on a line is enough for kramdown to make a table
)
#: A code span is one backtick on each side, on one line, not next to blanks: the form about which all dialects agree.
#: A link leads to the web, and nothing inside can end it early.
_MARKED = re.compile(
    r"(?P<code>`(?![`\s])[^`\n]*(?<![`\s])`(?!`))"
    r"|(?P<link>\[[^\[\]`\\<>{}$|!\n]+\]\(https?://[^\s()<>\[\]{}|$\"'`\\]+\))"
    r"|(?P<pair>\\(?!<)[!-/:-@\[-`{-~])"  # already escaped
    rf"|{_ALWAYS}"
)
_PLAIN = re.compile(
    r"(?P<backslash>\\(?=[!-/:-@\[-`{-~]|$))"  # the character itself, as in \% or \(
    r"|(?P<star>\*)"
    r"|(?P<underscore>(?<!\w)_|_(?!\w))"
    r"|(?P<hash>#)"  # closes a heading, names it
    r"|(?P<tilde>~(?=~))"
    rf"|{_ALWAYS}"
)
_ENTITY = {"tag": "&lt;", "attributes": "&#123;", "tilde": "&#126;"}
_KEPT = frozenset({"code", "link", "pair"})

_SIGN = {"&lt;": "<", "&#123;": "{", "&#126;": "~", "&#37;": "%"}
_ESCAPED = re.compile(r"\\(?P<sign>[!-/:-@\[-`{-~])|" + "|".join(_SIGN))

_LIQUID = re.compile(r"(?<=\{)[{%]")
_LIQUID_ENTITY = {"{": "&#123;", "%": "&#37;"}
_LIQUID_IN_CODE = re.compile(r"\{(?=[{%])")

#: What may stand before a block inside a list item.
_CONTAINERS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}\.)[ \t]+)*")
_RULE = re.compile(r"[-=]+|([-*_])[ \t]*(?:\1[ \t]*){2,}")  # also the underline that makes a heading of the line above
_BLOCK_START = re.compile(r"#|>|:(?=[ \t])|~~~|\^$")
_LIST_START = re.compile(r"(?:\d{1,9}(?=[.)])|(?=[-+]))")
_FORGED_PART = re.compile(r"([ \t]*\d{1,9})\)")


def plain_line(text: str) -> str:
    """Plain text on one line: for a heading, a list item or the inside of a sentence."""
    return _liquid(_PLAIN.sub(_replace, " ".join(_clean(text).split())))


def written_line(line: str) -> str:
    """The plain text that :func:`plain_line` wrote as ``line``; a line that it does not write is given back as it is."""
    return _written(line, plain_line)


def written_text(text: str) -> str:
    """The plain text that :func:`plain_text` wrote as ``text``; another one is given back as it is."""
    return _written(text, plain_text)


def _written(escaped: str, write: Callable[[str], str]) -> str:
    text = _ESCAPED.sub(lambda found: found["sign"] or _SIGN[found[0]], escaped)
    return text if write(text) == escaped else escaped


def plain_text(text: str) -> str:
    """Plain text of one or more paragraphs; lines inside a paragraph are joined."""
    paragraphs = (plain_line(p) for p in re.split(r"\n[ \t]*\n", _clean(text)))
    return "\n\n".join(_plain_start(p) for p in paragraphs if p)


def marked_text(text: str) -> str:
    """Text with Markdown of its own. Blank lines at both ends go; everything harmless stays as it is."""
    return "\n".join(_marked_line(line) for line in _clean(text).strip("\n").split("\n"))


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _marked_line(line: str) -> str:
    # The pieces between code spans are made safe against Liquid apart from them; no delimiter can arise at a seam,
    # because a code span starts and ends with a backtick.
    pieces: list[str] = []
    at = 0
    for found in _MARKED.finditer(line):
        pieces.append(line[at : found.start()])
        pieces.append(_replace(found))
        at = found.end()
    pieces.append(line[at:])
    safe = "".join(pieces)
    return _liquid(_guard_start(safe))


def _replace(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind == "code":
        return _LIQUID_IN_CODE.sub("{ ", found[0])
    if kind in _KEPT or (kind == "pipe" and found.re is _MARKED and _inside_formula(found)):
        return found[0]
    return _ENTITY.get(kind) or f"\\{found[0]}"


def _inside_formula(found: re.Match[str]) -> bool:
    before = found.string[: found.start()]
    return before.rfind("\\(") > before.rfind("\\)") and "\\)" in found.string[found.end() :]


def _liquid(text: str) -> str:
    return _LIQUID.sub(lambda found: _LIQUID_ENTITY[found[0]], text)


def _plain_start(paragraph: str) -> str:
    """A paragraph that does not start like a list, a rule or another block."""
    found = _LIST_START.match(paragraph)
    if found:
        return f"{found[0]}\\{paragraph[found.end() :]}"
    return _guard_start(paragraph)


def _guard_start(line: str) -> str:
    """The line without the power to start a block other than a list item, or to be a rule."""
    blank = len(line) - len(line.lstrip(" \t"))
    inner = _CONTAINERS.match(line)
    for start in dict.fromkeys((blank, inner.end() if inner else blank)):
        rest = line[start:]
        if _RULE.fullmatch(rest.rstrip(" \t")):
            return f"{line[:start]}\\{rest}"
        if _BLOCK_START.match(rest.rstrip(" \t")):
            sign = f"&#{ord(rest[0])};" if rest[0] in "~^" else f"\\{rest[0]}"
            return f"{line[:start]}{sign}{rest[1:]}"
    return _FORGED_PART.sub(r"\1\\)", line, count=1) if _FORGED_PART.match(line) else line
