"""Metadata from files: OAI-PMH answers and the Kaggle snapshot, and a backlog collected by them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import played_arxiv
import pytest
from played_arxiv import PlayedArxiv, Side, utc

from summarizer.collect.ledger import open_ledger
from summarizer.collect.metadata import read_metadata
from summarizer.errors import ConfigError

OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{records}</ListRecords></OAI-PMH>"""
ARXIV = """<record><header><identifier>oai:arXiv.org:{id}</identifier></header><metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{id}</id><created>{created}</created>{updated}<authors><author>
<keyname>Müller</keyname><forenames>Ada B.</forenames></author><author><keyname>Li</keyname></author></authors>
<title>A Title
 on two lines</title><categories>cs.SD eess.AS</categories><comments>5 pages</comments><abstract>We show
it.</abstract></arXiv></metadata></record>"""
RAW = """<record><header/><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2603.00003</id>
<version version="v1"><date>Wed, 04 Mar 2026 12:00:00 GMT</date></version>
<version version="v2"><date>Fri, 06 Mar 2026 12:00:00 GMT</date></version><title>Raw</title>
<authors>Ada B. M\u00fcller (A, B (C)), Bo Li and Cy Ng</authors><categories>cs.SD</categories><abstract>Text.</abstract>
</arXivRaw></metadata></record>"""
DELETED = '<record><header status="deleted"><identifier>oai:arXiv.org:2603.00009</identifier></header></record>'
KAGGLE = {
    "id": "2603.00004",
    "submitter": "Ada",
    "authors": "Ada B. Müller, Bo Li Jr",
    "title": "A Title\n  on two lines",
    "comments": None,
    "categories": "cs.SD cs.LG",
    "abstract": "  We show\nit.\n",
    "versions": [{"version": "v1", "created": "Wed, 4 Mar 2026 12:00:00 GMT"}],
    "update_date": "2026-03-05",
    "authors_parsed": [["Müller", "Ada B.", ""], ["Li", "Bo", "Jr"]],
}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _record(arxiv_id: str, created: str, updated: str = "") -> str:
    changed = f"<updated>{updated}</updated>" if updated else ""
    return ARXIV.format(id=arxiv_id, created=created, updated=changed)


def test_oai_pmh_in_both_formats(tmp_path: Path) -> None:
    records = (
        DELETED + _record("2603.00001", "2026-03-04") + _record("hep-th/9901001", "1999-01-01", "2000-01-01") + RAW
    )
    first, second, raw = read_metadata(_written(tmp_path / "oai.xml", OAI.format(records=records)))
    assert (first.exact_time, first.version_known) == (False, True)
    assert first.paper.authors == ("Ada B. Müller", "Li")
    assert (first.paper.title, first.paper.abstract) == ("A Title on two lines", "We show it.")
    assert (first.paper.categories, first.paper.primary_category) == (("cs.SD", "eess.AS"), "cs.SD")
    assert (second.paper.arxiv_id, second.version_known) == ("hep-th/9901001", False)
    assert (raw.exact_time, raw.version_known, raw.paper.version) == (True, True, 2)
    assert raw.paper.authors == ("Ada B. Müller", "Bo Li", "Cy Ng")
    assert (raw.paper.submitted_utc, raw.paper.updated_utc) == (utc("2026-03-04T12:00:00"), utc("2026-03-06T12:00:00"))


@pytest.mark.parametrize("packed", [False, True])
def test_the_kaggle_snapshot(tmp_path: Path, packed: bool) -> None:
    data = (json.dumps(KAGGLE) + "\n\n").encode()
    path = tmp_path / "snapshot.json"
    path.write_bytes(gzip.compress(data) if packed else data)
    (record,) = read_metadata(path)
    assert record.paper.authors == ("Ada B. Müller", "Bo Li Jr")
    assert (record.paper.title, record.paper.abstract, record.paper.comment) == (
        "A Title on two lines",
        "We show it.",
        None,
    )
    assert (record.exact_time, record.paper.submitted_utc) == (True, utc("2026-03-04T12:00:00"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("<OAI-PMH><ListRecords>", "cut off"),
        (OAI.format(records=_record("no id", "2026-03-04")), "no id"),
        (OAI.format(records=_record("2603.00001", "yesterday")), "yesterday"),
        ('{"id": "2603.00001"}\n', "line 1"),
        (json.dumps(KAGGLE) + "\nnothing\n", "line 2"),
        (json.dumps(KAGGLE | {"versions": []}) + "\n", "no version"),
        (json.dumps(KAGGLE | {"versions": [{"created": "now"}]}) + "\n", "now"),
        ("[]\n", "line 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = _written(tmp_path / "file", text)
    with pytest.raises(ConfigError, match=named) as caught:
        list(read_metadata(path))
    assert str(path) in str(caught.value)


@pytest.fixture
def server() -> Iterator[PlayedArxiv]:
    with played_arxiv.playing("2026-03-20T00:00:00") as server:
        yield server


@pytest.fixture
def side(server: PlayedArxiv, tmp_path: Path) -> Iterator[Side]:
    with open_ledger(tmp_path / "bundles" / "ledger.sqlite3", create=True) as ledger:
        yield Side(server, ledger, tmp_path / "bundles")


def test_a_backlog_by_a_file(side: Side, tmp_path: Path) -> None:
    """Days by the file; the API is asked only for a version that the file does not tell."""
    for arxiv_id in ("2603.00001", "2603.00002", "2603.00003", "2603.00004", "2603.00005"):
        side.server.add(arxiv_id, "2026-03-04T12:00:00").versions.append(utc("2026-03-06T12:00:00"))
    oai = OAI.format(
        records=_record("2603.00001", "2026-03-04") + _record("2603.00002", "2026-03-04", "2026-03-06") + RAW
    )
    snapshot = [KAGGLE, KAGGLE | {"id": "2603.00005", "versions": [{"created": "Wed, 4 Mar 2026 20:00:00 GMT"}]}]
    snapshot += [KAGGLE | {"id": "2603.00006", "categories": "cs.CV"}, KAGGLE | {"id": "2503.00007", "versions": [
        {"created": "Tue, 4 Mar 2025 20:00:00 GMT"}]}]  # fmt: skip
    paths = [
        _written(tmp_path / "oai.xml", oai),
        _written(tmp_path / "snapshot.json", "\n".join(map(json.dumps, snapshot))),
    ]
    days = [day for text in ("2026-03-05", "2026-03-06") if (day := side.calendar.day_on(utc(text).date())) is not None]
    list(side.collector(days=days, metadata_paths=paths).collect(days))
    contents = side.contents()
    assert set(contents["2026-03-05"]) == {"2603.00001v1", "2603.00002v2", "2603.00003v2", "2603.00004v1"}
    assert contents["2026-03-06"] == ["2603.00005v1"]
    assert len(side.server.asked("api")) == 1
    assert side.told.has("2 records", "12:00 UTC")


def test_files_without_a_record(side: Side, tmp_path: Path) -> None:
    empty = _written(tmp_path / "oai.xml", OAI.format(records=""))
    with pytest.raises(ConfigError, match="no record of a paper"):
        side.collector(metadata_paths=[empty])


@pytest.mark.corpus
def test_recorded_oai_page(corpus: Path) -> None:
    records = list(read_metadata(corpus / "atom" / "arxiv_oai_listrecords_arXiv_2026.xml"))
    assert [record.paper.arxiv_id for record in records] == ["2504.11237", "2508.21012"]
    assert records[0].paper.authors == ("Chunhai Lyu", "Christoph H. Keitel", "Zoltán Harman")
    assert not records[0].version_known
    assert "Mendeleev's periodic table" in records[0].paper.abstract
