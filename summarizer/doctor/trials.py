"""A little of everything that a run does, for real."""

from __future__ import annotations

from summarizer.doctor import child
from summarizer.doctor.child import in_child
from summarizer.doctor.finding import Place, Unfit
from summarizer.errors import PdfError, StoreLocked
from summarizer.scratch import scratch_folder

#: A short paper in plain English: enough words for the reader to tell that it is English.
_PAGE = (
    (20, "A Page for Trying the Reader"),
    (12, "1 Introduction"),
    (10, "This page was written to try whether a file can be read on this machine. It has a"),
    (10, "title, two headings and a few lines of text, as most of the papers have that will be"),
    (10, "read later. What is said here is of no importance, but it must be said in English."),
    (12, "2 Method"),
    (10, "We open the page in a process of its own, with a limit on its time and its memory,"),
    (10, "and look for the words that we have put into it. If they are there, all is well, and"),
    (10, "if they are not, the message says what was found in the place of them."),
)
_SECONDS = 120.0  # the layout model is loaded from a cold disk


def try_generation(place: Place) -> str:
    if place.config.llm.engine == "server":
        return f"not tried: {place.config.llm.server_url} makes the texts"
    return in_child("generation", place)


def try_embedding(place: Place) -> str:
    return in_child("embedding", place)


def try_pdf(place: Place) -> str:
    """One page through the reader that a run uses, layout model included."""
    from summarizer.pdf import Limits, read_document

    with scratch_folder("doctor") as folder:
        path = folder / "page.pdf"
        path.write_bytes(page_pdf())
        try:
            document = read_document(path, Limits(seconds_base=_SECONDS, memory_bytes=place.config.pdf.memory_bytes))
        except PdfError as error:
            raise Unfit(
                f"a page could not be read ({error})", "install the kit again, or the packages of the checkout"
            ) from None
    text = " ".join(section.text for section in document.sections)
    if "process of its own" not in text:
        raise Unfit(f"a page was read wrongly: {text[:60]!r}", "install the kit again, or the packages of the checkout")
    return f"a page read by {document.extractor}"


def page_pdf() -> bytes:
    """A PDF of one page in a font that every reader has (PDF 32000-1, 7.5: header, objects, cross-references, trailer)."""
    words = ["BT 72 740 Td"]
    for size, line in _PAGE:
        words.append(f"/F1 {size} Tf 0 -{2 * size} Td ({line}) Tj")
    stream = " ".join([*words, "ET"])
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    data = "%PDF-1.4\n"
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return f"{data}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def try_store(place: Place) -> str:
    """The store opens; where there is none yet, one is made in a temporary folder and read again."""
    from summarizer.store import Store

    if place.store.exists():
        try:
            with Store(place.store, wait_seconds=2.0).read(upgrade=False):
                return f"{place.store} opens"
        except StoreLocked as error:
            return f"in use: {error}"
    with scratch_folder("doctor") as folder:
        store = Store(folder / "store.duckdb", wait_seconds=2.0)
        with store.write():
            pass
        with store.read():
            pass
    return f"{place.store} is not there yet; a new one was made elsewhere and read"


def check_network(place: Place) -> str:
    """Nothing that was tried before this reached out."""
    tried = sorted(set(child.attempts))
    if tried:
        raise Unfit(
            f"{', '.join(tried)} was asked for", "report this: nothing but a server you configured may be asked"
        )
    return "no other machine was asked for by model and encoder"
