"""Bundles that overlap, and bundles that come in the wrong order: what is there stays as it is, what is missing is added."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import batch
import pytest
import sample_day
from batch import Place

DAY = date(2026, 2, 12)
NEXT_DAY = date(2026, 2, 13)
TOPICS = {
    1: "beamforming with few microphones",
    2: "diarization of long meetings",
    3: "vocoders for singing voices",
    4: "keyword spotting on watches",
}


def row(number: int, version: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "arxiv_id": f"2602.0000{number}",
        "version": version,
        "title": f"On {TOPICS[number]}",
        "authors": ["Ada L."],
        "categories": ["eess.AS"],
        "primary_category": "eess.AS",
        "abstract": f"We study {TOPICS[number]}. It takes {number * 17} ms for each of {number * 1000} recordings.",
        "links": [],
    } | changes


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """A bundle of some rows; ``pdf``: of a whole paper, as the file of the first row."""
    made = 0

    def make(*rows: dict[str, Any], post_date: date = DAY, pdf: bool = False) -> Path:
        nonlocal made
        made += 1
        folder = tmp_path / f"files-{made}"
        folder.mkdir()
        if pdf:
            sample_day.write_brief_paper(folder / "brief")
            (folder / "brief" / "2602.00009v1.pdf").rename(folder / f"{rows[0]['arxiv_id']}v{rows[0]['version']}.pdf")
        lines = "".join(json.dumps(r) + "\n" for r in rows)
        (folder / "papers.jsonl").write_text(lines, encoding="utf-8")
        return sample_day.pack_day(folder, tmp_path / "bundles", post_date)

    return make


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return batch.make_place(tmp_path / "place")


def post(place: Place, day: date) -> str:
    return (place.site / "_posts" / f"{day.isoformat()}-arxiv.md").read_text(encoding="utf-8")


def all_rows(place: Place) -> dict[str, set[str]]:
    """Every row of every table, whatever made it."""
    return {table: {repr(r) for r in place.sql(f'FROM "{table}"')} for table in place.tables()}


def assert_only_added(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
    for table, rows in before.items():
        assert rows <= after[table], f"rows of {table} were changed or deleted"


def test_bundles_of_one_day_that_overlap_become_one_page(place: Place, pack: Callable[..., Path]) -> None:
    first, second = pack(row(1), row(2)), pack(row(2), row(3), row(1, title="Another title for the first paper"))
    assert place.run_day(first) == 10  # papers without files
    before = all_rows(place)
    assert place.run_day(second) == 10
    assert_only_added(before, all_rows(place))
    titles = place.sql("SELECT arxiv_id, title FROM paper_version ORDER BY 1")
    assert [title for _, title in titles] == [row(n)["title"] for n in (1, 2, 3)]
    assert place.sql("SELECT count(*) FROM bundle_paper") == [(5,)]
    assert place.sql("SELECT sum(n_repeated) FROM bundle_overlap") == [(2,)]
    assert place.sql("SELECT n_fetched, n_shown FROM post_state") == [(3, 3)]
    page = post(place, DAY)
    assert "抓取总数：3 篇 | 本页显示：3 篇" in page
    for number in (1, 2, 3):
        assert page.count(f"## On {TOPICS[number]}") == 1
    assert "Another title" not in page


def test_the_order_of_overlapping_bundles_does_not_matter_for_what_is_there(
    tmp_path: Path, pack: Callable[..., Path]
) -> None:
    bundles = pack(row(1), row(2)), pack(row(2), row(3))
    found = []
    for number, order in enumerate((bundles, bundles[::-1])):
        place = batch.make_place(tmp_path / f"place-{number}")
        assert place.run_day(*order) == 10
        shown = place.sql("SELECT arxiv_id, version, task, text FROM accepted_summary ORDER BY ALL")
        assert len(shown) == 3
        found.append((place.sql("SELECT * EXCLUDE created_utc FROM paper_version ORDER BY 1"), shown))
    assert found[0] == found[1]


def test_an_old_bundle_after_a_new_one_changes_nothing_that_is_newer(place: Place, pack: Callable[..., Path]) -> None:
    """The old bundle has an earlier state of one paper, an earlier version of another, and one that is new to the store."""
    old = pack(row(1, title="On beamforming, a draft", abstract="A draft. It takes 99 ms."), row(2, 1), row(4))
    new = pack(row(1), row(2, 2), row(3), post_date=NEXT_DAY, pdf=True)
    assert place.run_day(new) == 10
    before, page = all_rows(place), post(place, NEXT_DAY)
    written = (place.site / "_posts" / "2026-02-13-arxiv.md").stat().st_mtime_ns
    assert place.run_day(old) == 10
    after = all_rows(place)
    assert_only_added(before, after)
    assert post(place, NEXT_DAY) == page
    assert (place.site / "_posts" / "2026-02-13-arxiv.md").stat().st_mtime_ns == written
    # nothing was added to the newer papers and their day either
    newer = [("2602.00001", 1), ("2602.00002", 2), ("2602.00003", 1)]
    for table in ("paper_version", "document", "section", "embedding", "dedup_check", "duplicate_pair", "attempt"):
        rows = place.sql(f"SELECT * FROM {table} WHERE (arxiv_id, version) IN {tuple(newer)}")
        assert {repr(r) for r in rows} == before[table], table
    assert place.sql("SELECT revision FROM post WHERE post_date = DATE '2026-02-13'") == [(1,)]
    assert place.sql("SELECT title FROM paper_version WHERE arxiv_id = '2602.00001'") == [(row(1)["title"],)]
    # and what was new in the old bundle is there, on its own day
    assert place.sql("SELECT arxiv_id, version FROM paper_version EXCEPT FROM (VALUES "
                     "('2602.00001', 1), ('2602.00002', 2), ('2602.00003', 1)) ORDER BY 1") == [
        ("2602.00002", 1),
        ("2602.00004", 1),
    ]  # fmt: skip
    assert f"## On {TOPICS[4]}" in post(place, DAY)


def test_an_old_bundle_brings_a_file_that_the_new_one_lacks(place: Place, pack: Callable[..., Path]) -> None:
    old, new = pack(row(1, title="A draft"), pdf=True), pack(row(1), post_date=NEXT_DAY)
    assert place.run("ingest", new) == 10
    assert place.sql("SELECT category FROM item_failure") == [("missing_pdf",)]
    assert place.run("ingest", old) == 0
    assert place.sql("SELECT category FROM item_failure") == []
    assert place.sql("SELECT arxiv_id, title FROM document JOIN paper_version USING (arxiv_id, version)") == [
        ("2602.00001", row(1)["title"])
    ]
    assert place.run("ingest", new) == 0


def test_a_bundle_given_again_adds_nothing(place: Place, pack: Callable[..., Path]) -> None:
    first, second = pack(row(1), row(2)), pack(row(2), row(3), post_date=NEXT_DAY)
    for bundle in (first, second):
        assert place.run("ingest", bundle) == 10
    rows = place.row_counts()
    for bundle in (second, first, second):
        assert place.run("ingest", bundle) == 10
    assert place.row_counts() == rows
