"""Days into bundles: every paper of every announcement in exactly one, whatever is late, over the maximum or cut off."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import played_arxiv
import pytest
from played_arxiv import PlayedArxiv, Side, status, utc

from summarizer.bundle import open_bundle
from summarizer.collect import collection
from summarizer.collect.calendar import Calendar
from summarizer.collect.ledger import open_ledger
from summarizer.collect.request import days_of_backfill, days_since_last
from summarizer.errors import BundleError, CollectError

#: The week around the beginning of summer time, 2026-03-08, from arXiv's table of announcements: date of the listing,
#: first and last moment (UTC) of its submissions.
WEEK = (
    ("2026-03-05", "2026-03-03T19:00:00", "2026-03-04T18:59:59"),
    ("2026-03-06", "2026-03-04T19:00:00", "2026-03-05T18:59:59"),
    ("2026-03-09", "2026-03-05T19:00:00", "2026-03-06T18:59:59"),
    ("2026-03-10", "2026-03-06T19:00:00", "2026-03-09T17:59:59"),
    ("2026-03-11", "2026-03-09T18:00:00", "2026-03-10T17:59:59"),
)
CATEGORIES = ("cs.SD", "eess.AS")


@pytest.fixture
def server() -> Iterator[PlayedArxiv]:
    with played_arxiv.playing("2026-03-01T00:00:00") as server:
        yield server


@pytest.fixture
def side(server: PlayedArxiv, tmp_path: Path) -> Iterator[Side]:
    with open_ledger(tmp_path / "bundles" / "ledger.sqlite3", create=True) as ledger:
        yield Side(server, ledger, tmp_path / "bundles")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _known(post_date: str) -> datetime:
    day = Calendar().day_on(_day(post_date))
    assert day is not None
    return day.settled_utc


def _fill_week(server: PlayedArxiv) -> dict[str, list[str]]:
    """Papers at both edges of each day and within it; they are known once they are announced."""
    expected: dict[str, list[str]] = {}
    for number, (post_date, first, last) in enumerate(WEEK):
        middle = (utc(first) + (utc(last) - utc(first)) / 2).isoformat()
        for place, moment in enumerate((first, middle, last)):
            server.add(f"2603.{number}{place}000", moment, known=_known(post_date))
        expected[post_date] = [f"2603.{number}{place}000v1" for place in (2, 1, 0)]
    return expected


def test_a_week_with_a_weekend_and_a_change_of_clocks(side: Side) -> None:
    expected = _fill_week(side.server)
    for post_date, _, _ in WEEK:  # each morning
        (result,) = side.collect(post_date)
        assert result.path is not None
        assert (result.n_papers, result.n_waiting, result.n_failed) == (3, 0, 0)
    assert side.contents() == expected


def test_a_week_at_once_gives_the_same_bundles(side: Side) -> None:
    expected = _fill_week(side.server)
    side.collect(*[post_date for post_date, _, _ in WEEK])
    assert side.contents() == expected
    assert [day.post_date.isoformat() for day in side.calendar.days(_day("2026-03-05"), _day("2026-03-11"))] == list(
        expected
    )


@pytest.mark.corpus
def test_recorded_listings_replayed(side: Side, corpus: Path) -> None:
    """Real listings of that week: ids, titles, categories and dates as recorded; times spread over each day's span."""
    categories = (*CATEGORIES, "cs.RO")
    listed: dict[str, list[dict[str, object]]] = defaultdict(list)
    with gzip.open(corpus / "meta" / "arxiv_metadata.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["kind"] == "new" and row["listing_date"] in {post_date for post_date, _, _ in WEEK}:
                listed[row["listing_date"]].append(row)
    expected = {}
    for post_date, first, last in WEEK:
        rows_of_day = sorted(listed[post_date], key=lambda row: str(row["id"]))
        assert len(rows_of_day) > 100
        step = (utc(last) - utc(first)) / (len(rows_of_day) - 1)
        for number, row in enumerate(rows_of_day):
            moment = utc(first) + (number * step if number < len(rows_of_day) - 1 else utc(last) - utc(first))
            paper = side.server.add(str(row["id"]), moment.replace(microsecond=0).isoformat(), known=_known(post_date))
            paper.categories = tuple(row["categories"])  # type: ignore[arg-type]
            paper.title, paper.abstract = str(row["title"]), str(row["abstract"])
        expected[post_date] = {
            f"{row['id']}v1"
            for row in rows_of_day
            if set(row["categories"]) & set(categories)  # type: ignore[call-overload]
        }
        assert len(expected[post_date]) > 50
    for post_date, _, _ in WEEK:
        side.collect(post_date, settings=side.server.settings(categories=categories))
    assert {day: set(names) for day, names in side.contents().items()} == expected


def test_a_paper_that_moderators_held_comes_with_the_day_it_appears(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    held = side.server.add("2603.00002", "2026-03-04T12:30:00", known=_known("2026-03-10"))
    side.server.add("2602.99999", "2026-02-26T12:00:00")  # of a day before the first that was collected: not asked for
    for post_date, _, _ in WEEK:
        side.collect(post_date)
    assert side.contents() == {"2026-03-05": ["2603.00001v1"], "2026-03-10": ["2603.00002v1"]}
    assert side.told.has("2026-03-10", "2603.00002v1", "after their own day")
    held.categories = ("cs.SD", "cs.LG")
    side.collect("2026-03-12")
    assert sum(map(len, side.contents().values())) == 2


def test_what_is_over_the_daily_maximum_is_carried_on(side: Side) -> None:
    _fill_week(side.server)
    settings = side.server.settings(daily_maximum=2)
    days = [post_date for post_date, _, _ in WEEK] + ["2026-03-12", "2026-03-13", "2026-03-16"]
    waiting = [side.collect(post_date, settings=settings)[0].n_waiting for post_date in days]
    assert waiting == [1, 2, 3, 4, 5, 3, 1, 0]
    contents = side.contents()
    assert [len(contents[day]) for day in days] == [2, 2, 2, 2, 2, 2, 2, 1]
    assert contents["2026-03-06"] == ["2603.10000v1", "2603.02000v1"]  # the one that waited goes first
    # the same day once more is still within its maximum
    assert side.collect("2026-03-16", settings=settings)[0].path is None


def test_a_pdf_that_does_not_come_is_tried_again(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    late = side.server.add("2603.00002", "2026-03-04T13:00:00", pdf=404)
    (result,) = side.collect("2026-03-05")
    assert (result.n_papers, result.n_waiting, result.n_failed) == (1, 1, 1)
    assert side.told.has("2603.00002v1", "404")
    (item,) = side.ledger.waiting("announced cs.SD,eess.AS")
    assert (item.n_failures, "404" in (item.failure or "")) == (1, True)
    late.pdf = b""
    side.collect("2026-03-06")
    assert side.contents() == {"2026-03-05": ["2603.00001v1"], "2026-03-06": ["2603.00002v1"]}


def test_the_same_day_again_brings_a_second_bundle_of_that_day(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    late = side.server.add("2603.00002", "2026-03-04T13:00:00", pdf=404)
    side.collect("2026-03-05")
    late.pdf = b""
    side.collect("2026-03-05")
    assert side.contents() == {"2026-03-05": ["2603.00001v1", "2603.00002v1"]} or side.contents() == {
        "2026-03-05": ["2603.00002v1", "2603.00001v1"]
    }
    assert len(list(side.out.glob("*.tar"))) == 2


def test_after_a_week_a_paper_goes_without_its_pdf_and_a_withdrawn_one_is_given_up(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00", pdf=404)
    side.server.add("2603.00002", "2026-03-04T13:00:00", pdf=404, comment="This paper has been withdrawn by the author")
    for post_date in ("2026-03-05", "2026-03-06", "2026-03-11", "2026-03-12"):
        side.collect(post_date)
    assert side.contents() == {"2026-03-12": ["2603.00001v1"]}
    (path,) = side.out.glob("*.tar")
    with open_bundle(path) as bundle:
        assert not bundle.has_pdf("2603.00001", 1)
    assert side.told.has("2603.00002v1", "withdrawn", "given up")
    (state,) = side.ledger.days()
    assert (state.n_listed, state.n_carried, state.n_waiting, state.n_closed) == (2, 1, 0, 1)


@pytest.mark.parametrize("moment", ["before the file", "in the file", "before the ledger"])
def test_a_kill_while_a_bundle_is_made_carries_nothing_twice(
    side: Side, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    side.server.add("2603.00002", "2026-03-04T13:00:00")

    def die(*args: object, **more: object) -> object:
        if moment == "before the ledger":
            written(*args, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    written = collection.write_bundle
    with monkeypatch.context() as patched:
        if moment == "in the file":
            patched.setattr(Path, "replace", die)
            side.out.joinpath("downloads").mkdir(parents=True)
            for name in ("2603.00001v1.pdf", "2603.00002v1.pdf"):
                side.out.joinpath("downloads", name).write_bytes(b"%PDF-1.4")
        else:
            patched.setattr(collection, "write_bundle", die)
        with pytest.raises(KeyboardInterrupt):
            side.collect("2026-03-05")
    assert len(list(side.out.glob("*.tar"))) == (1 if moment == "before the ledger" else 0)
    (path,) = side.collector().finish()
    assert path.is_file()
    assert sorted(side.contents()["2026-03-05"]) == ["2603.00001v1", "2603.00002v1"]
    assert len(list(side.out.glob("*.tar"))) == 1
    assert list(side.out.joinpath("downloads").iterdir()) == []
    assert side.collect("2026-03-05")[0].path is None
    assert side.collector().finish() == []


def test_a_planned_bundle_whose_download_is_lost_is_made_anew(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = side.server.add("2603.00001", "2026-03-04T12:00:00")

    def die(*args: object, **more: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(collection, "write_bundle", die)
        with pytest.raises(KeyboardInterrupt):
            side.collect("2026-03-05")
    side.out.joinpath("downloads", "2603.00001v1.pdf").unlink()
    kept.pdf = 404
    assert side.collector().finish() == []
    kept.pdf = b""
    side.collect("2026-03-06")
    assert side.contents() == {"2026-03-06": ["2603.00001v1"]}


def test_since_last_is_all_days_after_the_last_and_recent_gaps(side: Side) -> None:
    def days(now: str) -> list[str]:
        return [d.post_date.isoformat() for d in days_since_last(side.calendar, side.ledger, CATEGORIES, utc(now))]

    assert days("2026-03-11T12:00:00") == ["2026-03-11"]
    _fill_week(side.server)
    side.collect("2026-03-05")
    assert days("2026-03-05T12:00:00") == []
    assert days("2026-03-11T12:00:00") == ["2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"]
    side.collect("2026-03-10")
    assert days("2026-03-11T12:00:00") == ["2026-03-06", "2026-03-09", "2026-03-11"]
    assert days("2026-06-01T12:00:00")[0] == "2026-03-11"
    backfill = days_of_backfill(
        side.calendar, side.ledger, CATEGORIES, "2026-03-05:2026-03-31", utc("2026-03-11T12:00:00")
    )
    assert [day.post_date.isoformat() for day in backfill] == ["2026-03-06", "2026-03-09", "2026-03-11"]


def test_a_day_that_is_empty_yet_is_asked_for_again(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00", known=_known("2026-03-05") + timedelta(hours=3))
    assert side.collect("2026-03-05")[0].path is None
    assert side.told.has("2026-03-05", "lists nothing yet")
    now = _known("2026-03-05") + timedelta(hours=4)
    assert [d.post_date for d in days_since_last(side.calendar, side.ledger, CATEGORIES, now)] == [_day("2026-03-05")]
    side.server.clock.now_utc = now
    side.collect("2026-03-05")
    assert side.contents() == {"2026-03-05": ["2603.00001v1"]}


def test_the_feed_completes_the_api_and_gives_the_kinds(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    side.server.add("2603.00002", "2026-03-04T12:00:00", categories=("cs.LG", "cs.SD"))
    side.server.add("2601.00003", "2026-01-05T12:00:00", categories=("cs.LG",))  # put into cs.SD too, says the feed
    side.server.add("2603.00004", "2026-03-05T12:00:00", categories=("cs.CL",))
    side.server.feed = (
        _day("2026-03-05"),
        [
            ("2603.00001v1", "new"),
            ("2601.00003v1", "cross"),
            ("2603.00004v1", "new"),
            ("2512.00005v3", "replace"),
            ("2603.99999v1", "new"),
        ],
    )
    side.collect("2026-03-05")
    expected = {"2603.00001v1", "2603.00002v1", "2601.00003v1", "2603.00004v1"}
    assert set(side.contents()["2026-03-05"]) == expected
    # what the API does not know is described by the feed; its PDF is not there yet either
    assert [item.paper.arxiv_id for item in side.ledger.waiting("announced cs.SD,eess.AS")] == ["2603.99999"]
    assert side.told.has("only in the feed", "2601.00003v1", "2603.00004v1", "2603.99999v1")
    assert side.told.has("only in the API", "2603.00002v1")
    assert side.told.has("unknown to the API", "2603.99999v1")
    side.server.feed = None
    side.server.papers[3].categories = ("cs.CL", "cs.SD")
    side.collect("2026-03-06")  # now the API lists it too, under its own day
    assert side.contents().keys() == {"2026-03-05"}


@pytest.mark.parametrize("fault", [status(503), status(404), status(200, b"<feed><entry>")])
def test_a_feed_that_cannot_be_read_is_no_obstacle(side: Side, fault: played_arxiv.Fault) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    side.server.faults["feed"].extend([fault] * 9)
    side.collect("2026-03-05")
    assert side.contents() == {"2026-03-05": ["2603.00001v1"]}
    assert side.told.has("2026-03-05", "by the API alone")


def test_what_is_not_wanted_is_entered_with_its_reason(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00", title="Speech Separation")
    side.server.add("2603.00002", "2026-03-04T12:01:00", title="Speech Deepfakes")
    side.server.add("2603.00003", "2026-03-04T12:02:00", title="Music", abstract="Nothing spoken.")
    side.server.add("2603.00004", "2026-03-04T12:03:00", title="Speech", categories=("cs.LG", "cs.SD"))
    settings = side.server.settings(include=("speech",), exclude=("deepfake*",), cross_lists=False)
    side.collect("2026-03-05", settings=settings)
    assert side.contents() == {"2026-03-05": ["2603.00001v1"]}
    (state,) = side.ledger.days()
    assert (state.n_listed, state.n_carried, state.n_excluded, state.n_waiting) == (4, 1, 3, 0)
    side.collect("2026-03-05")  # without the rules: what they kept out comes, what was carried does not come again
    assert Counter(side.contents()["2026-03-05"]).most_common(1)[0][1] == 1
    assert len(side.contents()["2026-03-05"]) == 4


def test_replacements_come_when_they_are_wanted(side: Side) -> None:
    older = side.server.add("2601.00001", "2026-01-05T12:00:00")
    older.versions.append(utc("2026-03-04T10:00:00"))
    newer = side.server.add("2601.00002", "2026-01-05T12:00:00")
    newer.versions.append(utc("2026-03-04T20:00:00"))  # of the next day
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    side.collect("2026-03-05")
    assert side.contents() == {"2026-03-05": ["2603.00001v1"]}
    side.collect("2026-03-05", settings=side.server.settings(replacements=True))
    assert set(side.contents()["2026-03-05"]) == {"2603.00001v1", "2601.00001v2"}


def test_an_older_day_gets_the_version_that_was_announced(side: Side) -> None:
    paper = side.server.add("2603.00001", "2026-03-04T12:00:00", title="A Title")
    paper.versions += [utc("2026-03-20T12:00:00"), utc("2026-04-01T12:00:00")]
    side.server.clock.now_utc = utc("2026-05-04T12:00:00")
    side.collect("2026-03-05")
    (path,) = side.out.glob("*.tar")
    with open_bundle(path) as bundle:
        (row,) = bundle.papers
        assert (row.version, row.title, row.updated_utc) == (1, "A Title v1", utc("2026-03-04T12:00:00"))
        assert bundle.has_pdf("2603.00001", 1)


def test_the_reference_window_by_submission(side: Side) -> None:
    side.calendar = Calendar("submitted")
    side.server.add("2603.00001", "2026-03-07T00:49:59")
    side.server.add("2603.00002", "2026-03-07T00:50:00")
    side.server.add("2603.00003", "2026-03-08T00:49:59")
    side.server.add("2603.00004", "2026-03-08T00:50:00")
    side.collect("2026-03-08", settings=side.server.settings(basis="submitted"))
    assert side.contents() == {"2026-03-08": ["2603.00003v1", "2603.00002v1"]}
    (path,) = side.out.glob("*.tar")
    with open_bundle(path) as bundle:
        window = bundle.manifest.window
        assert (window.start_utc, window.end_utc) == (utc("2026-03-07T00:50:00"), utc("2026-03-08T00:50:00"))
        assert (window.basis, window.anchor) == ("submitted", "08:50 Asia/Shanghai")
        assert bundle.manifest.categories == CATEGORIES


def test_a_bundle_once_more_is_the_same(side: Side) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")
    (result,) = side.collect("2026-03-05")
    assert result.path is not None
    before = result.path.read_bytes()
    result.path.unlink()
    (bundle,) = side.ledger.bundles()
    assert bundle.bundle_id is not None
    assert side.collector().again(bundle.bundle_id[:8]) == result.path
    assert result.path.read_bytes() == before


def test_a_kill_while_pdfs_come_leaves_the_day_to_the_next_run(side: Side) -> None:
    for number in range(4):
        side.server.add(f"2603.0000{number}", f"2026-03-04T12:0{number}:00")

    def pull_the_plug(handler: played_arxiv.Handler) -> None:
        plugged.append(handler.path)
        handler.reply(b"")

    plugged: list[str] = []
    side.server.faults["pdf"].extend([_answered, _answered, pull_the_plug])
    day = side.calendar.day_on(_day("2026-03-05"))
    assert day is not None
    side.server.clock.now_utc = day.settled_utc
    worker = side.collector()

    def die(n: int = 1, note: str = "") -> None:
        if plugged:
            raise KeyboardInterrupt

    side.told.advance = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(worker.collect([day]))
    side.told = played_arxiv.Told()
    assert days_since_last(side.calendar, side.ledger, CATEGORIES, day.settled_utc) == [day]
    n_fetched = len(side.server.asked("pdf"))
    side.collect("2026-03-05")
    assert len(side.contents()["2026-03-05"]) == 4
    assert len(side.server.asked("pdf")) == n_fetched + 1  # what had come was kept
    assert days_since_last(side.calendar, side.ledger, CATEGORIES, day.settled_utc) == []


def _answered(handler: played_arxiv.Handler) -> None:
    handler.server._pdf(handler)


def test_servers_that_are_away_end_the_run_and_the_day_is_left_to_the_next(side: Side) -> None:
    for number in range(6):
        side.server.add(f"2603.0000{number}", f"2026-03-04T12:0{number}:00")
    side.server.faults["pdf"].extend([_answered] + [status(503)] * 15)
    with pytest.raises(CollectError, match="3 PDFs in a row"):
        side.collect("2026-03-05")
    assert side.contents() == {}
    assert len(side.server.asked("pdf")) == 16
    side.collect("2026-03-05")
    assert len(side.contents()["2026-03-05"]) == 6


def test_several_pdfs_at_once(side: Side) -> None:
    expected = _fill_week(side.server)
    settings = side.server.settings(parallel=4, daily_maximum=3)
    side.collect(*[post_date for post_date, _, _ in WEEK], settings=settings)
    assert side.contents() == expected


def test_a_damaged_bundle_is_not_taken_for_the_one_that_was_cut_off(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.server.add("2603.00001", "2026-03-04T12:00:00")

    def fail(*args: object, **more: object) -> Path:
        raise BundleError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(collection, "write_bundle", fail)
        with pytest.raises(BundleError):
            side.collect("2026-03-05")
    side.out.joinpath("2026-03-05-000000000000.tar").write_bytes(b"no tar")
    side.collector().finish()
    side.out.joinpath("2026-03-05-000000000000.tar").unlink()
    assert side.contents() == {"2026-03-05": ["2603.00001v1"]}
