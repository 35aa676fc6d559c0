"""Pack a folder of PDFs, with a ``papers.jsonl`` if there is one, into a bundle. Runs on the connected side."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from summarizer import ids, text
from summarizer.bundle import DEFAULT_LIMITS, Limits, Signer, daily_window, write_bundle
from summarizer.bundle.rows import MAX_VERSION, PAPERS_PATH, parse_json, read_paper
from summarizer.errors import BundleError, PdfError
from summarizer.records import FrontMatter, Paper

_WORKERS = 2
_EMPTY_ROW = {"authors": [], "primary_category": "", "abstract": "", "links": []}

ReadFrontMatter = Callable[[Path], FrontMatter]


@dataclass(frozen=True, slots=True)
class PackProblem:
    """Something that could not be read, and what the bundle has instead. Its text is one line."""

    item: str  #: the file, relative to the folder, or the line of papers.jsonl
    found: str
    used: str

    def __str__(self) -> str:
        return text.one_line(f"{self.item}: {self.found}; {self.used}")


@dataclass(frozen=True, slots=True)
class PackResult:
    path: Path
    n_papers: int
    n_from_jsonl: int  #: papers whose metadata are a row of papers.jsonl
    n_from_pdf: int  #: papers known from their file alone
    problems: tuple[PackProblem, ...]


@dataclass(slots=True)
class _Row:
    line: int
    paper: Paper  #: its version is 1 until settled, when the row gives none
    version: int | None
    file_name: str | None  #: from the key "file"
    source_file: str | None
    file: _File | None = None


@dataclass(slots=True)
class _File:
    path: Path
    name: str  #: relative to the folder
    name_id: tuple[str, int | None] | None
    row: _Row | None = None
    front_matter: FrontMatter | None = None
    unreadable: PdfError | None = None


@dataclass(slots=True)
class _Day:
    """What is being put together, and everything there was to say about it."""

    report: Callable[[str], None]
    problems: list[PackProblem] = field(default_factory=list)
    papers: dict[tuple[str, int], Paper] = field(default_factory=dict)
    pdfs: dict[tuple[str, int], Path] = field(default_factory=dict)

    def problem(self, item: str, found: str, used: str) -> None:
        self.problems.append(PackProblem(item, found, used))
        self.report(str(self.problems[-1]))


def pack_folder(
    folder: Path,
    *,
    post_date: date,
    out_dir: Path,
    categories: Sequence[str] | None = None,
    read_front_matter: ReadFrontMatter | None = None,
    report: Callable[[str], None] = lambda line: None,
    sign: Sequence[Signer] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> PackResult:
    """Bundle every ``*.pdf`` of ``folder`` and of ``folder/pdf``, and every row of ``folder/papers.jsonl``.

    A row (the keys of the bundle's own ``papers.jsonl``; ``arxiv_id`` and ``title`` are enough) belongs to the PDF
    that its key ``file`` or ``source_file`` names, else to one whose name begins with its id, else to one that carries
    its id as stamp. A PDF without a row gets title, abstract, authors and id from its first pages, the id else from the
    start of its name, else a local one. Files that cannot be read are bundled too: the offline side records why. Every
    problem is told to ``report`` as one line as it is found; so is the progress.

    Without ``categories``: the primary categories of the papers, the most frequent first. ``read_front_matter`` None: the
    one of :mod:`summarizer.pdf`. Each key of ``sign`` signs the bundle. Raises BundleError for an unusable folder, a
    malformed papers.jsonl or a file beyond the limits.
    """
    if not folder.is_dir():
        raise BundleError(f"{folder} is not a folder: give one that holds PDFs")
    day = _Day(report)
    rows = _read_rows(folder / PAPERS_PATH)
    files = _find_files(folder, day)
    if not rows and not files:
        raise BundleError(f"{folder} holds no PDF and no row in {PAPERS_PATH}: there is nothing to pack")
    _match_by_key(rows, files, day)
    _match_by_name(rows, files)
    if read_front_matter is not None:
        _read_front_matters(files, read_front_matter, report)
    else:
        from summarizer.pdf import PdfReader

        with PdfReader() as reader:
            _read_front_matters(files, reader.front_matter, report)
    _match_by_stamp(rows, files)
    for row in rows:
        _add_row(row, day)
    n_from_jsonl = len(day.papers)
    for file in files:
        if file.row is None:
            _add_file(file, day)
    papers = tuple(day.papers.values())
    path = write_bundle(
        out_dir,
        papers,
        day.pdfs,
        window=daily_window(post_date, basis="folder"),
        post_date=post_date,
        categories=tuple(categories) if categories else _frequent_categories(papers),
        n_fetched=len(papers),
        created_utc=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        sign=sign,
        limits=limits,
    )
    return PackResult(path, len(papers), n_from_jsonl, len(papers) - n_from_jsonl, tuple(day.problems))


def _read_rows(path: Path) -> list[_Row]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror or error}") from error
    return [_read_row(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _read_row(line: bytes, number: int) -> _Row:
    where = f"{PAPERS_PATH} line {number}"
    given = parse_json(line, where)
    if not isinstance(given, dict):
        raise BundleError(f"{where} is not a JSON object")
    given = {key: value for key, value in given.items() if value is not None}
    for key in ("arxiv_id", "title"):
        if key not in given:
            raise BundleError(f"{where}: {key} is missing")
    arxiv_id, version = _split_id(given["arxiv_id"], where)
    if version is not None and given.get("version", version) != version:
        raise BundleError(f"{where}: arxiv_id says version {version}, the key version says {given['version']}")
    version = given.get("version", version)
    if "primary_category" in given:
        given.setdefault("categories", [given["primary_category"]])
    given.setdefault("categories", [])
    paper = read_paper(_EMPTY_ROW | given | {"arxiv_id": arxiv_id, "version": 1 if version is None else version}, where)
    paper = _normalised(paper)
    if not paper.title:
        raise BundleError(f"{where}: title is empty")
    file_name = given.get("file")
    if not isinstance(file_name, str | None):
        raise BundleError(f"{where}: file is not a string")
    return _Row(number, paper, version, file_name, paper.source_file)


def _split_id(value: object, where: str) -> tuple[str, int | None]:
    if isinstance(value, str):
        if ids.is_local(value) and ids.is_paper_id(value):
            return value, None
        try:
            return ids.parse_arxiv_id(value)
        except ValueError:
            pass
    raise BundleError(f"{where}: arxiv_id is not an arXiv id: {value!r}")


def _normalised(paper: Paper) -> Paper:
    return replace(
        paper,
        title=text.one_line(paper.title),
        authors=tuple(name for author in paper.authors if (name := text.one_line(author))),
        abstract=text.normalise(paper.abstract),
        comment=None if paper.comment is None else text.one_line(paper.comment),
        primary_category=paper.primary_category or next(iter(paper.categories), ""),
    )


def _find_files(folder: Path, day: _Day) -> list[_File]:
    files = []
    for place in (folder, folder / "pdf"):
        if not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            if path.suffix.lower() != ".pdf":
                continue
            name = _shown(path.relative_to(folder).as_posix())
            if path.name.startswith(".") or not path.is_file():
                day.problem(name, "hidden, or no plain file", "left out")
                continue
            files.append(_File(path, name, ids.id_at_start(path.name)))
    return files


def _shown(name: str) -> str:
    """A file name as valid UTF-8, whatever bytes the file system has."""
    return os.fsencode(name).decode("utf-8", "replace")


def _match_by_key(rows: Iterable[_Row], files: Iterable[_File], day: _Day) -> None:
    by_name: dict[str, _File] = {}
    for file in files:
        by_name.setdefault(file.name, file)
        by_name.setdefault(_shown(file.path.name), file)
    for row in rows:
        named = row.file_name or row.source_file
        if named is None:
            continue
        match = by_name.get(named)
        if match is not None and match.row is None:
            _match(row, match)
        elif row.file_name is not None:
            found = f"file {named!r} is not in the folder"
            if match is not None and match.row is not None:
                found = f"file {named!r} belongs to line {match.row.line} already"
            day.problem(f"{PAPERS_PATH} line {row.line}", found, "the PDF is looked for by the id")


def _match_by_name(rows: Sequence[_Row], files: Iterable[_File]) -> None:
    for file in files:
        if file.row is None and file.name_id is not None:
            _match_by_id(rows, file, *file.name_id)


def _match_by_stamp(rows: Sequence[_Row], files: Iterable[_File]) -> None:
    for file in files:
        stamp = file.front_matter
        if file.row is None and stamp is not None and stamp.arxiv_id is not None:
            _match_by_id(rows, file, stamp.arxiv_id, stamp.version)


def _match_by_id(rows: Sequence[_Row], file: _File, arxiv_id: str, version: int | None) -> None:
    free = [row for row in rows if row.file is None and row.paper.arxiv_id == arxiv_id]
    same = [row for row in free if version is not None and row.version == version]
    open_ = [row for row in free if version is None or row.version is None]
    for row in (same + open_)[:1]:
        _match(row, file)


def _match(row: _Row, file: _File) -> None:
    row.file, file.row = file, row


def _read_front_matters(files: Iterable[_File], read: ReadFrontMatter, report: Callable[[str], None]) -> None:
    wanted = [file for file in files if _needs_front_matter(file)]

    def attempt(file: _File) -> _File:
        try:
            file.front_matter = read(file.path)
        except PdfError as error:
            file.unreadable = error
        return file

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="front-matter") as executor:
        for number, file in enumerate(executor.map(attempt, wanted), start=1):
            report(f"reading the first pages: {number} of {len(wanted)}, {file.name}")


def _needs_front_matter(file: _File) -> bool:
    row = file.row
    if row is None or not row.paper.abstract:
        return True
    return row.version is None and (file.name_id is None or file.name_id[1] is None)


def _add_row(row: _Row, day: _Day) -> None:
    item = f"{PAPERS_PATH} line {row.line}"
    paper, file = row.paper, row.file
    if file is None:
        day.problem(item, f"{paper.arxiv_id} has no PDF in the folder", "bundled without one")
        key = (paper.arxiv_id, paper.version)
    else:
        key = (paper.arxiv_id, row.version or _version_of(file, paper.arxiv_id) or 1)
        paper = _completed(replace(paper, version=key[1], source_file=_shown(file.path.name)), file, day)
        day.pdfs.setdefault(key, file.path)
    if key in day.papers:
        raise BundleError(f"{item} repeats {ids.versioned(*key)}: keep one row for each version")
    day.papers[key] = paper


def _version_of(file: _File, arxiv_id: str) -> int | None:
    """The version a file gives for this id: its stamp's, else its name's."""
    stamp = file.front_matter
    if stamp is not None and stamp.arxiv_id == arxiv_id and stamp.version is not None:
        return min(stamp.version, MAX_VERSION)
    if file.name_id is not None and file.name_id[0] == arxiv_id:
        return file.name_id[1]
    return None


def _completed(paper: Paper, file: _File, day: _Day) -> Paper:
    """A row without abstract or authors takes them from its PDF."""
    if paper.abstract:
        return paper
    if file.unreadable is not None:
        day.problem(file.name, str(file.unreadable), "its row has no abstract either: bundled without")
    elif file.front_matter is not None:
        if not file.front_matter.abstract:
            day.problem(file.name, "could not read abstract", "its row has none either: bundled without")
        authors = paper.authors or file.front_matter.authors
        return _normalised(replace(paper, abstract=file.front_matter.abstract, authors=authors))
    return paper


def _add_file(file: _File, day: _Day) -> None:
    """A PDF without a row: what it says of itself, and what its name says where it is silent."""
    digest = _sha256(file.path)
    local = (ids.local_id(digest), 1)
    stamp = file.front_matter
    arxiv_id = stamp.arxiv_id if stamp else None
    name_id = file.name_id[0] if file.name_id else None
    found_id = arxiv_id or name_id
    key = (found_id, _version_of(file, found_id) or 1) if found_id else local
    if arxiv_id and name_id and arxiv_id != name_id:
        day.problem(file.name, f"its name says {name_id}, its stamp {arxiv_id}", "the stamp is used")
    if key in day.papers and key != local:
        other = day.papers[key].source_file or "a row without PDF"
        day.problem(file.name, f"{ids.versioned(*key)} is taken by {other}", f"{local[0]} is used as its id")
        key = local
    if key in day.papers:
        day.problem(file.name, f"has the same bytes as {day.papers[key].source_file}", "left out")
        return
    day.papers[key] = _paper_of(file, key, day)
    day.pdfs[key] = file.path


def _paper_of(file: _File, key: tuple[str, int], day: _Day) -> Paper:
    front_matter = file.front_matter or FrontMatter("", "", (), None, None, "")
    category = front_matter.primary_category
    paper = _normalised(
        Paper(
            arxiv_id=key[0],
            version=key[1],
            title=front_matter.title,
            authors=front_matter.authors,
            categories=(category,) if category else (),
            primary_category=category,
            submitted_utc=None,
            updated_utc=None,
            abstract=front_matter.abstract,
            comment=None,
            links=(),
            metadata_source="pdf" if file.unreadable is None else "none",
            source_file=_shown(file.path.name),
        )
    )
    title = paper.title or text.one_line(_shown(file.path.stem)) or key[0]
    if file.unreadable is not None:
        used = f"bundled as {ids.versioned(*key)} with its file name as title, no authors, no abstract"
        day.problem(file.name, str(file.unreadable), used)
    else:
        missing = {
            "title": (paper.title, f"title {title!r} from the file name"),
            "abstract": (paper.abstract, "no abstract"),
            "authors": (paper.authors, "no authors"),
            "arXiv id": (not ids.is_local(key[0]) or front_matter.arxiv_id, f"id {key[0]}"),
            "version": (ids.is_local(key[0]) or _version_of(file, key[0]), "version 1"),
        }
        gone = {what: instead for what, (there, instead) in missing.items() if not there}
        if gone:
            day.problem(file.name, f"could not read {', '.join(gone)}", f"bundled with {', '.join(gone.values())}")
    return replace(paper, title=title)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror or error}") from error


def _frequent_categories(papers: Iterable[Paper]) -> tuple[str, ...]:
    counts = Counter(paper.primary_category for paper in papers if paper.primary_category)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))
