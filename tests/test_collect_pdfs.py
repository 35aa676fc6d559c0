"""Downloads: resumed, checked, from the next mirror when one fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import played_arxiv
import pytest
from played_arxiv import Handler, PlayedArxiv, status

from summarizer.collect.pdfs import PdfFolder, PdfUnavailable, pdf_url
from summarizer.collect.transport import Transport
from summarizer.errors import ConfigError

TAG = '"2603.00001v1"'


@pytest.fixture
def server() -> Iterator[PlayedArxiv]:
    with played_arxiv.playing("2026-03-05T06:00:00") as server:
        server.add("2603.00001", "2026-03-04T12:00:00")
        yield server


def _folder(server: PlayedArxiv, path: Path, *urls: str, max_bytes: int = 1 << 20, retries: int = 2) -> PdfFolder:
    transport = Transport(contact="", delay_seconds=3, retries=retries, clock=server.clock.clock())
    return PdfFolder(path, transport, urls or (f"{server.address}/pdf/{{id}}v{{version}}",), max_bytes)


def _file(server: PlayedArxiv) -> bytes:
    return server.papers[0].file(1)


def _names(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir())


def test_a_pdf_is_fetched_once(server: PlayedArxiv, tmp_path: Path) -> None:
    folder = _folder(server, tmp_path / "new")
    path = folder.fetch("2603.00001", 1)
    assert path.read_bytes() == _file(server)
    assert folder.fetch("2603.00001", 1) == path
    assert len(server.seen) == 1
    assert _names(tmp_path / "new") == ["2603.00001v1.pdf"]
    folder.forget("2603.00001", 1)
    assert _names(tmp_path / "new") == []


def test_an_old_style_id_is_a_plain_file_name(server: PlayedArxiv, tmp_path: Path) -> None:
    server.add("hep-th/9901001", "1999-01-01T00:00:00")
    assert _folder(server, tmp_path).fetch("hep-th/9901001", 1).name == "hep-th_9901001v1.pdf"
    assert server.seen == ["/pdf/hep-th/9901001v1"]


def test_a_cut_download_goes_on_where_it_broke_off(server: PlayedArxiv, tmp_path: Path) -> None:
    server.papers[0].pdf = b"%PDF-1.4" + bytes(range(256)) * 2000
    server.faults["pdf"].append(lambda handler: handler.break_off(_file(server), 200_000, ETag=TAG))
    server.faults["pdf"].append(status(503))
    folder = _folder(server, tmp_path)
    ranges = _ranges_of(server)
    assert folder.fetch("2603.00001", 1).read_bytes() == _file(server)
    assert ranges[0] is None
    starts = [int((asked or "").removeprefix("bytes=").rstrip("-")) for asked in ranges[1:]]
    assert len(starts) == 2
    assert 100_000 < starts[0] == starts[1] <= 200_000


def _ranges_of(server: PlayedArxiv) -> list[str | None]:
    ranges: list[str | None] = []
    serve = server.serve

    def noting(handler: Handler) -> None:
        ranges.append(handler.headers["Range"])
        serve(handler)

    server.serve = noting  # type: ignore[method-assign]
    return ranges


def test_a_killed_download_goes_on_in_the_next_run(server: PlayedArxiv, tmp_path: Path) -> None:
    tmp_path.joinpath("2603.00001v1.pdf.part").write_bytes(_file(server)[:500])
    tmp_path.joinpath("2603.00001v1.pdf.part.tag").write_text(TAG)
    ranges = _ranges_of(server)
    assert _folder(server, tmp_path).fetch("2603.00001", 1).read_bytes() == _file(server)
    assert ranges == ["bytes=500-"]
    assert _names(tmp_path) == ["2603.00001v1.pdf"]


@pytest.mark.parametrize("tag", ['"another file"', "", 'W/"weak"'])
def test_a_part_of_another_file_is_thrown_away(server: PlayedArxiv, tmp_path: Path, tag: str) -> None:
    tmp_path.joinpath("2603.00001v1.pdf.part").write_bytes(b"%PDF something else")
    if tag and not tag.startswith("W/"):
        tmp_path.joinpath("2603.00001v1.pdf.part.tag").write_text(tag)
    assert _folder(server, tmp_path).fetch("2603.00001", 1).read_bytes() == _file(server)


def test_a_part_that_the_server_refuses_is_thrown_away(server: PlayedArxiv, tmp_path: Path) -> None:
    tmp_path.joinpath("2603.00001v1.pdf.part").write_bytes(_file(server) * 2)
    tmp_path.joinpath("2603.00001v1.pdf.part.tag").write_text(TAG)
    server.faults["pdf"].append(status(416))
    assert _folder(server, tmp_path).fetch("2603.00001", 1).read_bytes() == _file(server)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(200, b"<html>This paper is being made.</html>"), "no PDF came"),
        (status(200, b""), "an empty file came"),
        (lambda handler: handler.break_off(_file(handler.server), 100), "IncompleteRead"),
    ],
    ids=["HTML", "empty", "cut, without a tag"],
)
def test_what_is_no_whole_pdf_is_asked_for_again(
    server: PlayedArxiv, tmp_path: Path, fault: played_arxiv.Fault, said: str
) -> None:
    server.faults["pdf"].append(fault)
    assert _folder(server, tmp_path).fetch("2603.00001", 1).read_bytes() == _file(server)
    server.faults["pdf"].extend([fault] * 3)
    tmp_path.joinpath("2603.00001v1.pdf").unlink()
    with pytest.raises(PdfUnavailable, match=said):
        _folder(server, tmp_path).fetch("2603.00001", 1)
    assert not tmp_path.joinpath("2603.00001v1.pdf").exists()


def test_the_next_mirror_is_asked_when_one_has_it_not(server: PlayedArxiv, tmp_path: Path) -> None:
    other = f"{server.address}/pdf/mirror/{{id}}v{{version}}"
    good = f"{server.address}/pdf/{{id}}v{{version}}"
    assert _folder(server, tmp_path, other, good).fetch("2603.00001", 1).read_bytes() == _file(server)
    with pytest.raises(PdfUnavailable, match=r"404.*404"):
        _folder(server, tmp_path, other, good).fetch("2603.00002", 1)


def test_a_file_that_is_too_large_is_left(server: PlayedArxiv, tmp_path: Path) -> None:
    with pytest.raises(PdfUnavailable, match="max_pdf_bytes"):
        _folder(server, tmp_path, max_bytes=100).fetch("2603.00001", 1)
    assert _names(tmp_path) == []
    assert len(server.seen) == 1


def test_a_folder_that_cannot_be_written(server: PlayedArxiv, tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("")
    with pytest.raises(Exception, match="cannot make the folder"):
        _folder(server, tmp_path / "file").fetch("2603.00001", 1)


def test_addresses() -> None:
    assert pdf_url("https://m.example/{id}v{version}.pdf", "2603.00001", 2) == "https://m.example/2603.00001v2.pdf"
    with pytest.raises(ConfigError, match="pdf_urls"):
        pdf_url("https://m.example/{name}", "2603.00001", 2)
