"""A small day for tests of the whole way: PDFs written here, a papers.jsonl, and the bundle packed from them.

===========  ======================================================================
2602.00001   a whole paper of two pages
2602.00002   another one
2602.00003   the words of 2602.00001 with a few changed: a near-duplicate
2602.00004   no PDF but an error page of a web server, saved as one
2602.00005   came without a file
===========  ======================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pymupdf

from summarizer.stages.pack import pack_folder

POST_DATE = date(2026, 2, 12)

_FIRST = {
    "title": "Short Windows on a Shared Database Keep Readers Waiting for Milliseconds",
    "abstract": (
        "A database file that admits one writer shuts every reader out while a batch job works. We close the file "
        "between batches and open it again only to record what was done. On two cores, opening, inserting 200 rows and "
        "closing takes 35 ms, and readers wait for 41 ms at the 99th percentile instead of 9 minutes. The batch job "
        "itself becomes 1.3% slower. We conclude that short windows suit batch work on a single file."
    ),
    "sections": [
        (
            "1. Introduction",
            "Batch jobs that run for a night hold their database open all the time. People who want to look at results "
            "in the morning find the file locked. Earlier work copies the file every hour, which doubles the disk space "
            "and shows old rows. Other systems start a server, but a server needs an operator and an open port.",
        ),
        (
            "2. Method",
            "We propose a write window. The job reads what is pending, closes the file, computes for minutes, and opens "
            "the file again to record one batch in one transaction. A lock that is held by somebody else is tried again "
            "with a delay that doubles from 20 ms up to 1 s. A killed job loses at most the batch in flight.",
        ),
        (
            "3. Results",
            "We measured 500 windows on a machine with two cores. The median window took 35 ms and the slowest 88 ms. "
            "Readers waited 41 ms at the 99th percentile, compared with 9 minutes when the file stayed open. Throughput "
            "of the job fell from 52.1 to 51.4 rows per second, a loss of 1.3%.",
        ),
        (
            "4. Conclusion",
            "Short windows let people query a single database file while a batch job fills it. The cost is small and the "
            "code is short. Future work should look at several writers.",
        ),
    ],
}
_SECOND = {
    "title": "Counting Tokens with the Right Tokenizer Prevents Silent Truncation",
    "abstract": (
        "Programs that cut long inputs often count characters, or tokens of a tokenizer that belongs to another model. "
        "We compare three ways of counting on 120 scientific papers. Character counts are wrong by 31% on average and a "
        "foreign tokenizer by 12%, while the tokenizer of the model itself is exact. With exact counts no input was "
        "truncated, against 17 of 120 with character counts."
    ),
    "sections": [
        (
            "1. Introduction",
            "Language models read a bounded number of tokens. An input that is longer is cut, often without a word to "
            "the user. Existing tools estimate the length from characters, although the ratio of characters to tokens "
            "differs between languages and formulas. Such estimates are cheap, but they fail on mathematical text.",
        ),
        (
            "2. Method",
            "We count tokens with the vocabulary that is stored in the model file. Whole sections are chosen by priority "
            "until the budget of 4096 tokens is used. A section that does not fit is left out and this is recorded, so "
            "that a reader knows what the answer was made from.",
        ),
        (
            "3. Results",
            "On 120 papers the exact count left no input truncated. Character counts truncated 17 papers and wasted 22% "
            "of the budget on the others. Counting takes 3 ms for each paper, which is less than 0.1% of the time that "
            "the model needs to read it.",
        ),
    ],
}
_ERROR_PAGE = (
    "We study error pages in collections of documents. In a sample of 1400 documents, 14 were affected, and a check of the "
    "first bytes found all of them. The check costs nothing and should be made before anything is read."
)
_NEVER_FETCHED = (
    "Records of papers may arrive long before their files do. Over one month we followed 2300 records: 23 files never came, "
    "since most authors had withdrawn them on the first day. Waiting longer than a week is of no use."
)
_BRIEF = {
    "title": "Closing a Database File Between Batches Lets Readers In",
    "abstract": "A batch job that keeps a database file open locks every reader out. We close the file between batches.",
    "sections": [
        (
            "1. Introduction",
            "Batch jobs hold their database open for a whole night. However, earlier systems that copy the file show old "
            "rows and need twice the disk space, which is a problem for people who want to read new results.",
        ),
        (
            "2. Method",
            "We propose a short write window. The job reads what is pending, closes the file, computes, and opens the "
            "file again to record one batch in one transaction, so that a killed job loses one batch at most.",
        ),
        (
            "3. Results",
            "Readers waited 41 ms instead of 9 minutes in our experiments. The batch job itself became 1.3% slower, which "
            "shows that short windows cost little on a machine with 2 cores.",
        ),
    ],
}


def write_brief_paper(folder: Path) -> Path:
    """Write one paper of a few sentences, with its papers.jsonl, into a folder; gives it back."""
    folder.mkdir(parents=True)
    write_pdf(folder / "2602.00009v1.pdf", _BRIEF["title"], _BRIEF["abstract"], _BRIEF["sections"])
    row = _row(9, str(_BRIEF["title"]), str(_BRIEF["abstract"]))
    (folder / "papers.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return folder


def write_day(folder: Path) -> Path:
    """Write the files of the day into a folder; gives it back."""
    folder.mkdir(parents=True)
    near = {**_FIRST, "abstract": _FIRST["abstract"].replace("shuts every reader out", "locks every reader out")}
    rows = []
    for number, paper in enumerate([_FIRST, _SECOND, near], start=1):
        write_pdf(folder / f"2602.{number:05d}v1.pdf", paper["title"], paper["abstract"], paper["sections"])
        rows.append(_row(number, str(paper["title"]), str(paper["abstract"])))
    (folder / "2602.00004v1.pdf").write_bytes(b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>\n")
    rows.append(_row(4, "A Paper Behind an Error Page of Its Server", _ERROR_PAGE))
    rows.append(_row(5, "A Paper Whose File Was Never Fetched", _NEVER_FETCHED))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "papers.jsonl").write_text(lines, encoding="utf-8")
    return folder


def pack_day(folder: Path, out_dir: Path, post_date: date = POST_DATE) -> Path:
    """The bundle of a folder."""
    return pack_folder(folder, post_date=post_date, out_dir=out_dir, categories=("cs.DB",)).path


def write_pdf(path: Path, title: object, abstract: object, sections: object) -> None:
    """A paper in one column: title, authors, abstract, numbered sections."""
    assert isinstance(sections, Sequence)
    document = pymupdf.open()
    page = document.new_page()
    y = _text(page, 60, str(title), size=17, font="hebo")
    y = _text(page, y + 8, "A. Author and B. Author", size=11, font="helv")
    y = _text(page, y + 12, "Abstract", size=12, font="hebo")
    y = _text(page, y + 4, str(abstract), size=10, font="helv")
    for heading, text in sections:
        if y > 300:  # so that a paper has more than one page
            page = document.new_page()
            y = 60
        y = _text(page, y + 14, heading, size=12, font="hebo")
        y = _text(page, y + 4, text, size=10, font="helv")
    document.save(path, deflate=True)
    document.close()


def _text(page: pymupdf.Page, y: float, text: str, *, size: float, font: str) -> float:
    """Write a paragraph at height ``y``; gives back where it ends."""
    box = pymupdf.Rect(60, y, page.rect.width - 60, page.rect.height - 40)
    left = page.insert_textbox(box, text, fontsize=size, fontname=font)
    assert left >= 0, "the text does not fit on the page"
    return float(box.y1 - left)


def _row(number: int, title: str, abstract: str) -> dict[str, object]:
    return {
        "arxiv_id": f"2602.{number:05d}",
        "version": 1,
        "title": title,
        "authors": ["A. Author", "B. Author"],
        "categories": ["cs.DB"],
        "primary_category": "cs.DB",
        "submitted_utc": "2026-02-11T10:00:00Z",
        "updated_utc": "2026-02-11T10:00:00Z",
        "abstract": abstract,
        "comment": None,
        "links": [f"https://arxiv.org/abs/2602.{number:05d}v1"],
    }
