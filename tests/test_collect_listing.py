"""The API as it really answers: pages, errors, pauses, cut-off answers, and a listing that changes while it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import played_arxiv
import pytest
from played_arxiv import Handler, PlayedArxiv, Told, status, utc

from summarizer.collect.feed import parse_feed
from summarizer.collect.listing import MAX_READINGS, ArxivListing, unwrapped
from summarizer.collect.transport import LONGEST_WAIT_SECONDS, Refused, Transport, Unanswered
from summarizer.errors import CollectError

START, END = "2026-03-03T19:00:00", "2026-03-04T19:00:00"
CATEGORIES = ("cs.SD",)


@pytest.fixture
def server() -> Iterator[PlayedArxiv]:
    with played_arxiv.playing("2026-03-05T06:00:00") as server:
        yield server


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def listing(server: PlayedArxiv, told: Told) -> ArxivListing:
    return _listing(server, told, page_size=5)


def _listing(server: PlayedArxiv, told: Told, page_size: int) -> ArxivListing:
    transport = Transport(contact="library@example.org", delay_seconds=3, retries=4, clock=server.clock.clock())
    return ArxivListing(transport, f"{server.address}/api", told.message, page_size)


def _fill(server: PlayedArxiv, n: int) -> list[str]:
    for number in range(n):
        server.add(f"2603.{number:05}", f"2026-03-04T{number // 60:02}:{number % 60:02}:00")
    return [f"2603.{number:05}" for number in range(n)]


def _ids(listing: ArxivListing) -> list[str]:
    return [paper.arxiv_id for paper in listing.submitted(CATEGORIES, utc(START), utc(END))]


def test_pages_are_read_to_the_end_with_a_pause_between(server: PlayedArxiv, listing: ArxivListing) -> None:
    expected = _fill(server, 23)
    assert _ids(listing) == expected
    assert len(server.seen) == 5
    assert server.clock.slept == pytest.approx([3.0] * 4)
    assert len(server.agents) == 1
    assert re.fullmatch(r"summarizer/[\d.]+ \(library@example\.org\)", server.agents.pop())


def test_the_window_is_half_open(server: PlayedArxiv, listing: ArxivListing) -> None:
    for number, moment in enumerate(("2026-03-03T18:59:59", START, "2026-03-04T18:59:59", END, "2026-03-04T19:00:30")):
        server.add(f"2603.{number:05}", moment)
    assert _ids(listing) == ["2603.00001", "2603.00002"]


@pytest.mark.parametrize("n", [0, 5, 10])
def test_no_page_too_many(server: PlayedArxiv, listing: ArxivListing, told: Told, n: int) -> None:
    expected = _fill(server, n)
    assert _ids(listing) == expected
    assert len(server.seen) == max(n // 5, 1)
    assert told.lines == []


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_paper_that_appears_between_two_pages(
    server: PlayedArxiv, listing: ArxivListing, told: Told, where: str
) -> None:
    """It moves the rest of the listing down: the last of the page before comes twice."""
    expected = _fill(server, 12)

    def insert(start: int) -> None:
        if start == 5 and len(server.papers) == 12:
            server.add("2603.77777", "2026-03-03T20:00:00" if where == "before" else "2026-03-04T18:00:00")

    server.before_page = insert
    found = _ids(listing)
    assert sorted(found) == sorted([*expected, "2603.77777"])
    assert told.lines == []


def test_a_paper_that_goes_between_two_pages(server: PlayedArxiv, listing: ArxivListing) -> None:
    """It moves the rest up: without a second look the first of the next page would be lost."""
    expected = _fill(server, 12)

    def remove(start: int) -> None:
        if start == 5 and len(server.papers) == 12:
            del server.papers[0]

    server.before_page = remove
    assert set(expected[1:]) <= set(_ids(listing))


def test_a_listing_that_becomes_shorter_than_the_page(server: PlayedArxiv, listing: ArxivListing) -> None:
    expected = _fill(server, 6)

    def remove(start: int) -> None:
        if start == 5 and len(server.papers) == 6:
            del server.papers[0]

    server.before_page = remove
    assert set(expected[1:]) <= set(_ids(listing))


def test_a_listing_that_never_rests_is_taken_together(server: PlayedArxiv, listing: ArxivListing, told: Told) -> None:
    expected = _fill(server, 12)
    number = iter(range(100))

    def insert(start: int) -> None:
        if start:
            server.add(f"2603.8{next(number):04}", "2026-03-03T20:00:00")

    server.before_page = insert
    found = _ids(listing)
    assert len(found) == len(set(found))
    assert set(expected) <= set(found)
    assert told.has("changed during each of", str(MAX_READINGS))


def test_an_entry_without_a_date_does_not_stop_the_rest(server: PlayedArxiv, listing: ArxivListing, told: Told) -> None:
    _fill(server, 3)

    def spoil(handler: Handler) -> None:
        handler.reply(server.api_page(handler.path).replace(b"<published>2026-03-04T00:00:00Z</published>", b""))

    server.faults["api"].extend([spoil] * 2)
    assert _ids(listing) == ["2603.00001", "2603.00002"]
    assert told.has("1 entries without")


def _cut(handler: Handler) -> None:
    handler.break_off(handler.server.api_page(handler.path), 400)


def _truncated(handler: Handler) -> None:
    """A whole answer, as the server has it, of half a document."""
    page = handler.server.api_page(handler.path)
    handler.reply(page[: len(page) * 2 // 3])


def _empty(handler: Handler) -> None:
    handler.reply(re.sub(rb"<entry>.*</entry>", b"", handler.server.api_page(handler.path)))


def _hang_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


@pytest.mark.parametrize(
    "fault",
    [_cut, _truncated, _empty, _hang_up, status(500), status(503), status(200, b"<html><p>busy"), status(200, b"")],
    ids=["cut", "truncated XML", "empty page", "hung up", "500", "503", "HTML", "nothing"],
)
@pytest.mark.parametrize("n_before", [0, 1])
def test_an_answer_that_is_not_whole_is_asked_for_again(
    server: PlayedArxiv, listing: ArxivListing, fault: played_arxiv.Fault, n_before: int
) -> None:
    expected = _fill(server, 8)
    through = [_answer] * n_before
    server.faults["api"].extend([*through, fault, fault])
    assert _ids(listing) == expected
    assert len(server.seen) == 4
    assert [6.0 in server.clock.slept, 3.0 in server.clock.slept] == [True, True]  # twice as long each time


def _answer(handler: Handler) -> None:
    handler.reply(handler.server.api_page(handler.path))


@pytest.mark.parametrize("value", ["120", "Thu, 05 Mar 2026 06:02:00 GMT"])
@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_obeyed(server: PlayedArxiv, listing: ArxivListing, code: int, value: str) -> None:
    expected = _fill(server, 2)
    server.faults["api"].append(status(code, Retry_After=value))
    assert _ids(listing) == expected
    assert server.clock.slept == pytest.approx([120.0])


def test_a_server_that_asks_for_too_much_patience_is_left_alone(server: PlayedArxiv, listing: ArxivListing) -> None:
    server.faults["api"].append(status(429, Retry_After=str(int(LONGEST_WAIT_SECONDS) + 1)))
    with pytest.raises(Unanswered, match="901 s"):
        _ids(listing)
    assert len(server.seen) == 1


def test_it_gives_up_in_the_end_and_says_so_in_one_line(server: PlayedArxiv, listing: ArxivListing) -> None:
    server.faults["api"].extend([status(503)] * 9)
    with pytest.raises(Unanswered, match="HTTP 503, 5 times") as caught:
        _ids(listing)
    assert len(server.seen) == 5
    assert "\n" not in str(caught.value)


def test_a_refusal_is_not_repeated(server: PlayedArxiv, listing: ArxivListing) -> None:
    server.faults["api"].append(status(403))
    with pytest.raises(Refused, match="403"):
        _ids(listing)
    assert len(server.seen) == 1


def test_replacements_are_read_down_to_the_day(
    server: PlayedArxiv, told: Told, listing: ArxivListing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):  # one an hour, the last three after the span
        server.add(f"2601.{number:05}", "2026-01-05T12:00:00").versions.append(utc(f"2026-03-04T{10 + number}:00:00"))
    _fill(server, 4)  # first versions are no replacements
    found = listing.replaced(CATEGORIES, utc("2026-03-04T14:00:00"), utc(END))
    assert sorted(paper.arxiv_id for paper in found) == [f"2601.{number:05}" for number in range(4, 9)]
    assert {paper.version for paper in found} == {2}
    assert len(server.seen) < 4  # and no further
    assert told.lines == []
    monkeypatch.setattr("summarizer.collect.listing.MAX_UPDATED", 6)
    assert len(listing.replaced(CATEGORIES, utc(START), utc(END))) < 9
    assert told.has("not all were seen")


def test_a_listing_by_id_that_breaks_off(server: PlayedArxiv, listing: ArxivListing) -> None:
    _fill(server, 6)

    def remove(start: int) -> None:
        if start == 5:
            del server.papers[3:]

    server.before_page = remove
    with pytest.raises(CollectError, match="broke off"):
        listing.versions((paper.arxiv_id, 1) for paper in list(server.papers))


def test_papers_by_id_and_version(server: PlayedArxiv, listing: ArxivListing) -> None:
    server.add("quant-ph/0201082", "2002-01-18T15:08:05").versions.append(utc("2003-01-01T00:00:00"))
    server.add("2603.00001", "2026-03-04T00:00:00")
    wanted = [("quant-ph/0201082", 1), ("quant-ph/0201082", None), ("2603.00001", 1), ("2603.00001", 2), ("2603.09", 1)]
    found = listing.versions(wanted[:4])
    assert {key: paper.version for key, paper in found.items()} == {wanted[0]: 1, wanted[1]: 2, wanted[2]: 1}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  We show\na thing.\nAnd more.\n", "We show a thing. And more."),
        ("One.\n\nTwo.", "One.\n\nTwo."),
        ("One\nline.\n  Two\nlines.", "One line.\n\nTwo lines."),
        ("", ""),
    ],
)
def test_abstracts_lose_the_line_breaks_of_their_form(typed: str, read: str) -> None:
    assert unwrapped(typed) == read


class Recorded(PlayedArxiv):
    """Answers with files."""

    def __init__(self, folder: Path, answers: dict[str, str]) -> None:
        super().__init__(played_arxiv.PlayedClock(utc("2026-04-13T00:00:00")))
        self.folder = folder
        self.answers = answers
        self.n_total = 0

    def serve(self, handler: Handler) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        name = self.answers[query.get("id_list") or query["start"]]
        data = self.folder.joinpath(name).read_bytes()
        if self.n_total:  # the recorded search has 214,881 results; six pages of them are there
            data = re.sub(rb"totalResults>\d+<", b"totalResults>%d<" % self.n_total, data)
        handler.reply(data, 400 if "_400" in name else 200)


@pytest.fixture
def recorded(corpus: Path) -> Iterator[Recorded]:
    import threading

    folder = corpus / "atom"
    pages = {str(10 * n): next(folder.glob(f"arxivpy_q_testing_s{10 * n}_m10_*.xml")).name for n in range(6)}
    by_id = {
        "abc": next(folder.glob("arxivpy_id_abc_*_400.xml")).name,
        "0000.0000v1": next(folder.glob("arxivpy_id_0000.0000_*.xml")).name,
        "quant-ph/0201082v1": next(folder.glob("arxivpy_id_quant-ph_0201082v1_*.xml")).name,
        "astro-ph/0601001": next(folder.glob("arxivpy_id_astro-ph_0601001_*.xml")).name,
    }
    server = Recorded(folder, pages | by_id)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.corpus
def test_recorded_pages(recorded: Recorded, told: Told, corpus: Path) -> None:
    recorded.n_total = 60
    papers = _listing(recorded, told, 10).submitted(CATEGORIES, utc("1990-01-01T00:00:00"), utc("2030-01-01T00:00:00"))
    expected = set()
    for name in [recorded.answers[str(10 * n)] for n in range(6)]:
        for entry in ElementTree.parse(corpus / "atom" / name).iterfind("{*}entry"):
            expected.add((entry.findtext("{*}id") or "").removeprefix("http://arxiv.org/abs/"))
    assert len(expected) == 60
    assert {f"{paper.arxiv_id}v{paper.version}" for paper in papers} == expected
    assert all(paper.abstract and paper.authors and paper.primary_category in paper.categories for paper in papers)
    assert told.lines == []


@pytest.mark.corpus
def test_recorded_old_ids_the_empty_feed_and_the_error(recorded: Recorded, told: Told) -> None:
    listing = _listing(recorded, told, 100)
    found = listing.versions([("quant-ph/0201082", 1)])
    assert found["quant-ph/0201082", 1].submitted_utc == utc("2002-01-18T15:08:05")
    assert [key for key, _ in listing.versions([("astro-ph/0601001", None)])] == ["astro-ph/0601001"]
    assert listing.versions([("0000.0000", 1)]) == {}
    with pytest.raises(CollectError, match="incorrect id format for abc"):
        listing.versions([("abc", None)])


@pytest.mark.corpus
def test_recorded_feed(corpus: Path) -> None:
    feed = parse_feed(corpus.joinpath("atom", "arxiv_rss_example.xml").read_bytes())
    assert str(feed.post_date) == "2025-08-20"
    assert [entry.kind for entry in feed.entries].count("cross") == 5
    assert len(feed.entries) == 7
    first = feed.entries[0].paper
    assert (first.arxiv_id, first.version, first.categories) == ("2508.13426", 1, ("cs.CL", "cs.AI"))
    assert first.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert first.title.startswith("ALIGN: Word Association Learning")
    assert first.abstract.startswith("As large language models")
