"""Samples are frozen: drawn once, the same for everybody, and never changed by what arrives later."""

from __future__ import annotations

import gzip
from pathlib import Path

import prepared_store
import pytest
import trial_store

from summarizer.errors import ConfigError, StoreError
from summarizer.store import Store, papers, trial_samples
from summarizer.tuning.cases import draw_sample, find_sample, named_sample, read_cases

NOW = trial_store.NOW


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return trial_store.build(tmp_path / "store.duckdb")


def test_a_sample_is_drawn_once_and_stays_when_papers_arrive(store: Store) -> None:
    first, told = named_sample(store, "translation", "dev", NOW)
    assert "drawn now, 4 papers" in told  # the fifth repeats the first
    late = prepared_store.make_paper(("2603.00009", 1), "Late", trial_store.abstract(1))
    with store.write() as con:
        manifest = prepared_store.make_manifest("4" * 64, prepared_store.NEXT_DAY, [("2603.00009", 1)])
        papers.register_bundle(con, manifest, [late], "/in/02.tar", NOW)
    again, told = named_sample(store, "translation", "dev", NOW)
    assert again == first
    assert again.sample_hash == first.sample_hash
    assert "as drawn before" in told
    other, _ = named_sample(store, "translation", "later", NOW)
    assert {c.key[0] for c in other.cases} - {c.key[0] for c in first.cases} == {"2603.00009"}


def test_the_order_depends_on_name_and_ids_alone(store: Store, tmp_path: Path) -> None:
    elsewhere = trial_store.build(tmp_path / "other.duckdb")
    assert draw_sample(store, "dev", "abstract") == draw_sample(elsewhere, "dev", "abstract")
    orders = {tuple(c.case_id for c in draw_sample(store, f"s{n}", "abstract").cases) for n in range(8)}
    assert len(orders) > 1
    assert draw_sample(store, "dev", "abstract", size=2).cases == draw_sample(store, "dev", "abstract").cases[:2]


def test_the_answers_have_a_sample_of_their_own_with_sections(store: Store) -> None:
    translation, _ = named_sample(store, "translation", "dev", NOW)
    method, _ = named_sample(store, "method", "dev", NOW)
    results, _ = named_sample(store, "results", "dev", NOW)
    assert method == results
    assert method.sample_hash != translation.sample_hash
    assert all(c.sections_hash for c in method.cases)
    with store.read() as con:
        assert trial_samples.sample(con, method.sample_hash) == method


def test_of_several_versions_of_a_paper_the_newest_is_drawn(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    ids = {c.case_id for c in draw_sample(store, "x", "abstract").cases}
    assert ids == {"2602.00001v2", "2602.00002v1", "hep-th/9901001v2", "2602.00005v1"}
    assert {c.case_id for c in draw_sample(store, "x", "sections").cases} == {"2602.00001v1", "hep-th/9901001v2"}


def test_a_store_without_papers_says_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    with pytest.raises(StoreError, match="no store at"):
        named_sample(store, "translation", "dev", NOW)
    with store.write():
        pass
    with pytest.raises(StoreError, match="no paper with an abstract and sections"):
        named_sample(store, "method", "dev", NOW)


def test_a_case_file_needs_no_store_and_keeps_its_references(tmp_path: Path) -> None:
    path = trial_store.write_pairs(tmp_path / "pairs.jsonl", 3)
    packed = tmp_path / "pairs.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    store = Store(tmp_path / "new.duckdb")
    sample, told = find_sample(store, "translation", str(path), NOW)
    assert told == f"cases: 3 of {path}"
    assert [c.case_id for c in sample.cases] == ["2603.00001", "2603.00002", "2603.00003"]
    assert all(c.reference and "NetworkB" in c.reference for c in sample.cases)
    assert read_cases(store, "translation", packed)[0].cases == sample.cases
    assert find_sample(store, "translation", str(path), NOW)[0].sample_hash == sample.sample_hash


def test_the_answers_cases_of_a_file_take_their_sections_from_the_store(store: Store, tmp_path: Path) -> None:
    path = trial_store.write_pairs(tmp_path / "pairs.jsonl", 3)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[0].replace("2603.00001", "1234.56789")]), encoding="utf-8")
    sample, told = find_sample(store, "method", str(path), NOW)
    assert len(sample.cases) == 3
    assert "1 rows left out: no sections" in told
    assert all(c.sections_hash for c in sample.cases)
    with pytest.raises(ConfigError, match="none of a paper whose sections are in"):
        read_cases(Store(tmp_path / "none.duckdb"), "method", path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: expected a JSON object"),
        ('{"id": "x", "title": "T"}', "line 1: en_abstract is missing"),
        ('{"id": "x", "title": "T", "en_abstract": " "}', "en_abstract is missing, empty"),
        ('{"id": 7, "title": "T", "en_abstract": "A."}', "line 1: id is missing, empty or no text"),
        ('{"id": "x", "title": "T", "en_abstract": "A.", "version": "two"}', "version 'two' is not a number"),
    ],
)
def test_a_bad_case_file_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        read_cases(Store(tmp_path / "s.duckdb"), "translation", path)


def test_a_name_that_looks_like_a_file_is_no_sample(store: Store) -> None:
    with pytest.raises(ConfigError, match=r"no case file cases\.jsonl"):
        find_sample(store, "translation", "cases.jsonl", NOW)
