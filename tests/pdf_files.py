"""Small PDFs that the tests write themselves: a paper in two columns, and everything that is not one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf

TITLE = "Echo Nets for the Separation of Overlapping Birds"
AUTHORS = ("Ada Lark", "Ben Q. Finch")
ABSTRACT = [
    "We study how two birds that sing at once can be told apart with a single",
    "microphone. Our network listens to the echo of the room and uses it as a",
    "second ear. On the garden corpus it lowers the error from 21.4 to 13.7 percent.",
]
STAMP = "arXiv:2602.11145v2 [cs.SD] 12 Feb 2026"
WIDTH, HEIGHT = 612.0, 792.0
LEFT, RIGHT, COLUMN = 54.0, 318.0, 240.0

_INTRODUCTION = [
    "Birds sing together in the morning, and the sum of their songs is what a",
    "microphone hears. Separating the songs is a classical problem of audio engi-",
    "neering, and it has been solved for two microphones. With one microphone the",
    "phase differences are gone. Earlier systems need to know the species, and they",
    "fail when a blackbird imitates a telephone. We show that the echo of a room",
    "carries the information that the missing microphone would have given.",
]
_METHOD = [
    "The network has two branches. The first branch reads the spectrogram of the",
    "direct sound, and the second reads its cepstrum, in which echoes are peaks. A",
    "gate decides for every frame which of the two branches is to be trusted more.",
]
_GATE = [
    "The gate is a single layer with a sigmoid. It is trained together with the",
    "branches, and its output is regularised to be close to zero or to one at all",
    "times. Without this term the gate stays undecided in most of the frames.",
]
_RESULTS = [
    "Table 1 shows the error of all systems on the garden corpus. The echo network",
    "reaches 13.7 percent, the best earlier system 21.4 percent. When the room is",
    "covered with curtains the gain shrinks to two points, which supports our view.",
]
_CONCLUSION = [
    "We have shown that an echo can replace a microphone. The method works in rooms",
    "and in courtyards, and it does not work in open fields, where no echo returns.",
]
_REFERENCES = [
    "[1] A. Lark, Songs in the morning, Journal of Gardens, 2019.",
    "[2] B. Finch and C. Wren, Echo as an ear, Proc. Courtyards, 2021.",
    "[3] D. Swift, Telephones and blackbirds, Urban Acoustics, 2023.",
]
_APPENDIX = [
    "The garden corpus holds nine hours of sound from three gardens. Each file was",
    "cut into pieces of ten seconds, and every piece was checked by two listeners.",
]


class _Column:
    """Writes lines downwards."""

    def __init__(self, page: Any, x: float, y: float) -> None:
        self.page, self.x, self.y = page, x, y

    def lines(self, lines: list[str], *, size: float = 9.0, font: str = "tiro") -> None:
        for line in lines:
            self.y += size * 1.2
            width = pymupdf.get_text_length(line, fontname=font, fontsize=size)
            fitted = size * COLUMN / width if width > COLUMN else size
            self.page.insert_text((self.x, self.y), line, fontsize=fitted, fontname=font)
        self.y += size * 0.6

    def heading(self, text: str, *, size: float = 11.0) -> None:
        self.y += size * 0.8
        self.lines([text], size=size, font="tibo")


def _centred(page: Any, y: float, text: str, size: float, font: str = "tiro") -> None:
    width = pymupdf.get_text_length(text, fontname=font, fontsize=size)
    page.insert_text(((WIDTH - width) / 2, y), text, fontsize=size, fontname=font)


def paper() -> Any:
    """An open two-page paper: stamp, title, authors, abstract, numbered sections, references, appendix."""
    document = pymupdf.open()
    page = document.new_page(width=WIDTH, height=HEIGHT)
    page.insert_text((32, 560), STAMP, fontsize=18, rotate=90)
    _centred(page, 90, TITLE, 15, "tibo")
    _centred(page, 118, f"{AUTHORS[0]} and {AUTHORS[1]}", 11)
    _centred(page, 134, "Department of Gardens, University of Hedgerow, Thicket", 9)
    _centred(page, 148, "{ada,ben}@hedgerow.example", 9)
    left = _Column(page, LEFT, 180)
    left.heading("Abstract", size=11)
    left.lines(ABSTRACT)
    left.lines(["Index Terms: bird song, source separation, echo"])
    left.heading("1. Introduction")
    for _ in range(5):
        left.lines(_INTRODUCTION)
    right = _Column(page, RIGHT, 180)
    right.heading("2. Proposed Method")
    for _ in range(5):
        right.lines(_METHOD)
    right.heading("2.1. The gate", size=10)
    for _ in range(4):
        right.lines(_GATE)
    page = document.new_page(width=WIDTH, height=HEIGHT)
    left = _Column(page, LEFT, 60)
    left.heading("3. Results")
    for _ in range(6):
        left.lines(_RESULTS)
    left.heading("4. Conclusion")
    for _ in range(3):
        left.lines(_CONCLUSION)
    right = _Column(page, RIGHT, 60)
    right.heading("References")
    right.lines(_REFERENCES)
    right.heading("A. The garden corpus")
    for _ in range(3):
        right.lines(_APPENDIX)
    return document


def write_paper(path: Path) -> Path:
    paper().save(path)
    return path


def write_long_paper(path: Path, n_pages: int) -> Path:
    """A report in one column: a chapter heading on every tenth page, running headers, page numbers."""
    document = pymupdf.open()
    for number in range(1, n_pages + 1):
        page = document.new_page(width=WIDTH, height=HEIGHT)
        page.insert_text((LEFT, 40), "A Report on Echoes", fontsize=9, fontname="tiro")
        page.insert_text((WIDTH / 2, HEIGHT - 30), str(number), fontsize=9, fontname="tiro")
        column = _Column(page, LEFT, 110)
        if number == 1:
            column.heading("Abstract", size=14)
            column.lines(ABSTRACT)
        elif number % 10 == 1 or number == 2:
            title = {2: "Introduction", 11: "Method", 21: "Results"}.get(number, "Further Matters")
            column.heading(f"{1 + number // 10} {title}", size=14)
        for _ in range(5):
            column.lines(_INTRODUCTION)
    document.save(path)
    return path


def write_text(path: Path, lines: list[str], *, n_pages: int = 1) -> Path:
    """Plain pages with the lines given."""
    document = pymupdf.open()
    for _ in range(n_pages):
        _Column(document.new_page(width=WIDTH, height=HEIGHT), LEFT, 60).lines(lines, size=10)
    document.save(path)
    return path


def write_encrypted(path: Path, *, user: str) -> Path:
    """The paper with an owner's password, and a user's unless that is empty."""
    paper().save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=user)
    return path


def write_image_only(path: Path, *, dpi: int = 40) -> Path:
    """The paper as a scan: pictures of its pages."""
    scan = pymupdf.open()
    for page in paper():
        picture = page.get_pixmap(dpi=dpi)
        scan.new_page(width=WIDTH, height=HEIGHT).insert_image(page.rect, pixmap=picture)
    scan.save(path)
    return path


def write_truncated(path: Path) -> Path:
    """The first third of the paper's bytes."""
    data = paper().tobytes()
    path.write_bytes(data[: len(data) // 3])
    return path


def shifted(lines: list[str]) -> list[str]:
    """What a broken ToUnicode table makes of text: every letter is the one before it."""
    return ["".join(chr(ord(c) - 1) if c.isalpha() and c not in "aA" else c for c in line) for line in lines]


ENGLISH = _INTRODUCTION + _METHOD + _GATE
GERMAN = [
    "Die Vögel singen am Morgen gemeinsam, und ein Mikrofon nimmt die Summe ihrer",
    "Lieder auf. Die Trennung der Stimmen ist eine alte Aufgabe der Technik, die für",
    "zwei Mikrofone gelöst ist. Mit einem einzigen Mikrofon fehlen die Unterschiede",
    "der Phase. Wir zeigen, dass der Nachhall eines Raumes diese Angaben enthält und",
    "dass ein Netz sie nutzen kann, wenn es lange genug an Beispielen gelernt hat.",
]
LOREM = [
    "Lorem ipsum dolor sit amet, consectetuer adipiscing elit, sed diam nonummy nibh",
    "euismod tincidunt ut laoreet dolore magna aliquam erat volutpat. Ut wisi enim ad",
    "minim veniam, quis nostrud exerci tation ullamcorper suscipit lobortis nisl ut",
    "aliquip ex ea commodo consequat. Duis autem vel eum iriure dolor in hendrerit.",
]
