"""A daily post read back: what :mod:`summarizer.publish.jekyll` writes, and what the reference system wrote before it.

The bytes of a page are cut into parts that put together are the page again, whatever they hold; only then is each part
looked into. So nothing that is not understood can be lost: at worst it is no paper, or a paper without a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from summarizer import ids
from summarizer.errors import PostError
from summarizer.publish.answers import split_breakdown, trimmed
from summarizer.publish.escape import written_line, written_text
from summarizer.publish.jekyll import NO_TITLE, UNKNOWN, post_path
from summarizer.publish.notices import is_notice
from summarizer.publish.window import BEIJING
from summarizer.records import ImportedPaper, ImportedPost, Paper, PostPart, Task, Window

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_HEADING = re.compile(r"#{2,3}(?:[ \t]+(?P<title>.*?)(?:[ \t]+#+)?)?[ \t]*")
#: ``- **Authors**: …``; the colon may stand inside the stars, the bullet may be missing.
_FIELD = re.compile(
    r"(?:[-*+][ \t]+)?\*\*[ \t]*(?P<name>Authors?|Categor(?:y|ies)|Subjects?|arXiv|PDF|HTML|Code|Comments?|DOI|Journal|Links?"
    r"|Title|Published|Submitted|Updated|Date|作者|分类|类别|链接|代码|备注|日期)[ \t]*[：:]?[ \t]*\*\*[ \t]*[：:]?[ \t]*"
    r"(?P<value>.*)",
    re.IGNORECASE,
)
_NAMES = {"author": "authors", "作者": "authors", "category": "categories", "subject": "categories",
          "subjects": "categories", "分类": "categories", "类别": "categories"}  # fmt: skip
#: A paper has one of these at least; the others may stand under any heading.
_TELLING = frozenset({"authors", "categories", "arxiv", "pdf"})
_LINKED = re.compile(r"\[(?P<title>.+)\]\(https?://[^\s()]+\)")
_FOLD = re.compile(r"(?ms)^[ \t]*<details\b[^>]*>(?P<inside>.*?)(?:</details>|\Z)")
_FOLD_START = re.compile(r"\s*(?:<summary>.*?</summary>)?\s*(?:<div\b[^>]*>)?", re.DOTALL)
_FOLD_END = re.compile(r"\s*</div>\s*\Z")
_ID = re.compile(rf"(?<![0-9A-Za-z.])(?:{ids.ARXIV_ID.pattern})(?![0-9])")
_URL = re.compile(r"https?://[^\s\[\]()<>]+")
_LOCAL_FILE = re.compile(r"本地文件[ \t]+(?P<name>.+)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OWN_NOTICE = re.compile(
    r"> \*\*（暂无合格的中文译文：.*?）(?:以下为英文摘要原文：)?\*\*\s*(?P<abstract>.*)", re.DOTALL
)
_LEAST_WORDS = 20

_DATED_NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-[^/]+")
_DATED_TITLE = re.compile(r"arXiv\b.{0,20}?(?P<date>\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ANNOUNCED = "窗口内更新的论文"
_WINDOW = re.compile(
    r"锚点[ \t]*(?P<clock>\d{1,2}:\d{2})[ \t]*(?P<zone>[A-Za-z]*)[^\n]*?"
    r"(?P<start>\d{4}-\d{2}-\d{2} \d{2}:\d{2})[ \t]*[—–~-]+[ \t]*(?P<end>\d{4}-\d{2}-\d{2} \d{2}:\d{2})"
)
_N_FETCHED = re.compile(r"抓取总数[：:][ \t]*(\d{1,9})")


@dataclass(slots=True)
class _Stretch:
    """Lines of the page that belong together, as they are; ``start`` is the place of the first."""

    start: int
    is_paper: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip("\r\n") for line in self.lines)


def read_post(data: bytes, path: PurePosixPath) -> ImportedPost:
    """The post in the file ``path`` (relative to the folder of the posts).

    Its day is the one in the file's name, as for Jekyll; where there is none, the one in its title. Papers are told by a
    heading (second or third level) with one of the fields Authors, Categories, arXiv or PDF right below it. A version that no
    link gives is taken for the first, and a paper without an arXiv id gets a local one. Raises PostError when this is not
    a daily post of papers, or its day cannot be told.
    """
    # what is not UTF-8 goes through untouched, and becomes U+FFFD only in the texts
    lines = _LINE.findall(data.decode("utf-8", errors="surrogateescape"))
    head, *rest = _stretches(lines)
    about = _readable(head.text)
    front = _front_matter(about)
    title = front["title"] if isinstance(front.get("title"), str) else ""
    if not (any(part.is_paper for part in rest) or (front and (_ANNOUNCED in about or _DATED_TITLE.search(title)))):
        raise PostError(f"{path}: not a daily post: no paper (a ## heading with its fields) and no arXiv title in it")
    post_date, place = _day(path, title)
    papers: dict[tuple[str, int], ImportedPaper] = {}
    parts = [PostPart("head", _bytes(head))]
    for stretch in rest:
        if not stretch.is_paper:
            parts.append(PostPart("other", _bytes(stretch)))
            continue
        found = _paper(_readable(stretch.text), _bytes(stretch))
        key = (found.paper.arxiv_id, found.paper.version)
        papers.setdefault(key, found)
        parts.append(PostPart("paper", _bytes(stretch), key))
    n_fetched = _N_FETCHED.search(about)
    return ImportedPost(
        post_date=post_date,
        path=f"_posts/{place}",
        window=_window(about, post_date),
        categories=_tags(front),
        n_fetched=int(n_fetched[1]) if n_fetched else len(papers),
        papers=tuple(papers.values()),
        parts=tuple(parts),
    )


def _stretches(lines: list[str]) -> list[_Stretch]:
    """The page cut at each paper's heading, and at other headings that follow a rule outside a fold."""
    found = [_Stretch(0)]
    in_fold = after_rule = False
    for n, line in enumerate(lines):
        bare = line.rstrip("\r\n")
        if _HEADING.fullmatch(bare):
            is_paper = _field_follows(lines, n + 1)
            if is_paper or (after_rule and not in_fold and not bare.startswith("###")):
                found.append(_Stretch(n, is_paper))
                in_fold = False
        if re.match(r"[ \t]*<details\b", bare):
            in_fold = True
        if "</details>" in bare:
            in_fold = False
        if bare.strip():
            after_rule = _RULE.fullmatch(bare) is not None
        found[-1].lines.append(line)
    return found


def _field_follows(lines: list[str], start: int) -> bool:
    following = next((line.rstrip("\r\n") for line in lines[start:] if line.strip()), "")
    found = _FIELD.match(following)
    return found is not None and _name(found) in _TELLING


def _bytes(stretch: _Stretch) -> bytes:
    return "".join(stretch.lines).encode("utf-8", errors="surrogateescape")


def _readable(text: str) -> str:
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")


# --- the head of the page --------------------------------------------------------------------------------------------


def _front_matter(head: str) -> dict[str, Any]:
    import yaml

    found = _FRONT_MATTER.match(head)
    if found is None:
        return {}
    try:
        values = yaml.safe_load(found["yaml"])
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that no calendar has
        return {"title": found["yaml"]}  # so that a page with a slip in its front matter is still known by its title
    return values if isinstance(values, dict) else {}


def _day(path: PurePosixPath, title: str) -> tuple[date, PurePosixPath]:
    """The day, and the path below the folder of the posts."""
    named, titled = _DATED_NAME.fullmatch(path.name), _DATED_TITLE.search(title)
    try:
        if named:
            return date.fromisoformat(named["date"]), path
        if titled:
            day = date.fromisoformat(titled["date"])
            return day, PurePosixPath(*post_path(day).parts[1:])
    except ValueError:
        pass
    raise PostError(f"{path}: its day cannot be told: name it YYYY-MM-DD-arxiv.md, as Jekyll wants it")


def _tags(front: dict[str, Any]) -> tuple[str, ...]:
    tags = front.get("tags", ())
    names = tags.replace(",", " ").split() if isinstance(tags, str) else tags if isinstance(tags, list) else ()
    words = (str(name) for name in names if not isinstance(name, list | dict))
    return tuple(dict.fromkeys(word for word in words if word.casefold() != "arxiv"))


def _window(head: str, post_date: date) -> Window:
    """The window that the page names; the whole day in UTC where it names none, or in a zone that cannot be told."""
    found = _WINDOW.search(head)
    zones = {"CST": (BEIJING, "Asia/Shanghai"), "UTC": (UTC, "UTC")}
    if found and found["zone"] in zones:
        zone, name = zones[found["zone"]]
        try:
            start, end = (
                datetime.strptime(found[side], "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)
                for side in ("start", "end")
            )
        except (ValueError, OverflowError):
            pass
        else:
            if start < end:
                return Window(
                    start.replace(tzinfo=None), end.replace(tzinfo=None), f"{found['clock']} {name}", "imported"
                )
    midnight = datetime.combine(post_date, time())
    end = midnight + timedelta(days=1) if post_date < date.max else datetime.max
    return Window(midnight, end, "00:00 UTC", "imported")


# --- a paper ---------------------------------------------------------------------------------------------------------


def _paper(block: str, data: bytes) -> ImportedPaper:
    heading, *lines = block.split("\n")
    found = _HEADING.fullmatch(heading)
    title = (found and found["title"]) or ""
    linked = _LINKED.fullmatch(title)
    title = written_line(linked["title"] if linked else title)
    values, n_lines = _fields(lines)
    links = [url for name in ("arxiv", "pdf") for url in _URL.findall(values.get(name, ""))]
    arxiv_id, version = _identity([values.get("arxiv", ""), *links], data)
    local = _LOCAL_FILE.match(values.get("arxiv", ""))
    translation, breakdown = _texts("\n".join(lines[n_lines:]))
    texts: dict[Task, str] = {}
    notices: dict[Task, str] = {}
    abstract = _abstract(translation)
    if abstract or is_notice(translation):
        notices["translation"] = translation
    else:
        texts["translation"] = translation
    answers = split_breakdown(breakdown)
    if not answers and breakdown and is_notice(breakdown):
        answers = dict.fromkeys(("background", "method", "results"), breakdown)
    for task, answer in answers.items():
        (notices if is_notice(answer) else texts)[task] = answer
    categories = _listed(values.get("categories", ""))
    paper = Paper(
        arxiv_id=arxiv_id,
        version=version,
        title="" if title == NO_TITLE else title,
        authors=_listed(values.get("authors", "")),
        categories=categories,
        primary_category=categories[0] if categories else "",  # arXiv lists the primary one first
        submitted_utc=None,
        updated_utc=None,
        abstract=abstract,
        comment=written_line(values["comments"]) if values.get("comments") else None,
        links=tuple(dict.fromkeys(links)),
        metadata_source="imported",
        source_file=written_line(local["name"]) if local else None,
    )
    return ImportedPaper(paper, texts, {task: text for task, text in notices.items() if text})


def _fields(lines: list[str]) -> tuple[dict[str, str], int]:
    """Values by the name of their field, in lower case, and how many lines they take."""
    values: dict[str, str] = {}
    n_lines = 0
    for n, line in enumerate(lines):
        if not line.strip():
            continue
        found = _FIELD.match(line)
        if found is None:
            break
        values.setdefault(_name(found), found["value"].strip())
        n_lines = n + 1
    return values, n_lines


def _name(field: re.Match[str]) -> str:
    name = field["name"].lower()
    return _NAMES.get(name, name)


def _listed(value: str) -> tuple[str, ...]:
    names = (written_line(name.strip()) for name in re.split("[,，、]", value))
    return tuple(name for name in names if name and name != UNKNOWN)


def _identity(places: Iterable[str], data: bytes) -> tuple[str, int]:
    found = [match for place in places if (match := _ID.search(place))]
    if not found:
        return ids.local_id(sha256(data).hexdigest()), 1
    arxiv_id = found[0]["id"]
    version = next((match["version"] for match in found if match["id"] == arxiv_id and match["version"]), None)
    return arxiv_id, int(version) if version else 1


def _texts(body: str) -> tuple[str, str]:
    """The translation, and the breakdown as it stands in the fold."""
    folds = list(_FOLD.finditer(body))
    translation = trimmed((body[: folds[0].start()] if folds else body).split("\n"))
    inside = [_inside(fold["inside"]) for fold in folds]
    return translation, next((text for text in inside if split_breakdown(text)), inside[0] if inside else "")


def _inside(fold: str) -> str:
    start = _FOLD_START.match(fold)
    text = trimmed(fold[start.end() if start else 0 :].split("\n"))
    return trimmed(_FOLD_END.sub("", text).split("\n"))


def _abstract(translation: str) -> str:
    """The English abstract, where the page shows that in place of a translation."""
    own = _OWN_NOTICE.fullmatch(translation)
    if own:
        return written_text(own["abstract"])
    is_english = not _HAN.search(translation) and len(translation.split()) >= _LEAST_WORDS
    return translation if is_english and not is_notice(translation) else ""
