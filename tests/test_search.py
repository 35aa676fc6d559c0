"""search(): what is found, in which order, and that it is the same in plain DuckDB."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import prepared_store as prepared
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prepared_store import DAY, NOW, A, B, D, H, K

from summarizer.stages.progress import SilentProgress
from summarizer.stages.search_index import complete_search_index
from summarizer.store import Store, papers, schema, terms, texts
from summarizer.store.sql import query


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = prepared.build(tmp_path_factory.mktemp("search") / "store.duckdb")
    prepared.add_weeks(store)
    return store


def found(store: Store, words: str, all_words: bool = False) -> list[tuple[str, int]]:
    """The papers found, best first."""
    sql = "SELECT arxiv_id, version FROM search($words, all_words := $all::BOOLEAN) ORDER BY rank"
    return query(store, sql, parameters={"words": words, "all": str(all_words)}).rows


def test_a_word_in_the_title_counts_most(store: Store) -> None:
    ranked = found(store, "codec")
    assert set(ranked) == {K, H}
    by_title = found(store, "speaker verification codec")
    assert by_title[:2] == [K, H] or by_title[:2] == [H, K]
    rows = query(store, "SELECT arxiv_id, fields, found FROM search('strings') ORDER BY rank").rows
    assert rows == [(D[0], ["abstract", "title"], ["string"])]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("语音增强", A),
        ("词错误率", A),
        ("恢复相位", A),
        ("两级 掩码", A),
        ("轻量的语音增强", B),
        ("ＶｏｉｃｅＢａｎｋ", A),
        ("voicebank", A),
        ("Author", A),
        ("Enhancements", A),
        ("12.3%", A),
    ],
)
def test_either_language(store: Store, words: str, key: tuple[str, int]) -> None:
    assert key in found(store, words)


def test_all_words(store: Store) -> None:
    assert set(found(store, "strings codec")) == {D, K, H}
    assert found(store, "strings codec", all_words=True) == []
    assert set(found(store, "语音增强 voicebank", all_words=True)) == {A, B, K}


def test_chinese_without_blanks_is_taken_apart_by_known_words(store: Store) -> None:
    sql = "SELECT DISTINCT list_sort(found) FROM search($words, all_words := true)"
    assert query(store, sql, parameters={"words": "语音增强词错误率"}).rows == [(["词错误率", "语音增强"],)]
    # what no known word covers is looked for together with its neighbours
    assert query(store, sql, parameters={"words": "的掩码再"}).rows == [(["掩码", "码再"],)] or found(store, "的掩码再")


@pytest.mark.parametrize(
    "words", ["", " ", "%", "'", '"', "*;--", "\\p{Han}", "没有这个词", "zzz", "的" * 50, "a " * 200]
)
def test_nothing_is_found_and_nothing_breaks(store: Store, words: str) -> None:
    assert isinstance(found(store, words), list)
    if not re.search(r"[a的]", words):
        assert found(store, words) == []


def test_texts_that_are_not_in_use_are_not_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    with store.write() as con:
        papers.register_bundle(con, prepared.make_manifest("1" * 64, DAY, [A]), [prepared.make_paper(A, "T")], "b", NOW)
        prepared.record_models(con)
        for number, text, failed in ((1, "频谱减法", ""), (2, "维纳滤波", ""), (3, "谱聚类法", "9.8% is missing")):
            attempt, _ = prepared.make_attempt(A, "method", number, failed)
            texts.record_attempt(con, "r", replace(attempt, text=text), NOW)
    assert found(store, "维纳滤波") == [A]
    assert found(store, "频谱减法") == []  # another attempt took its place
    assert found(store, "谱聚类法") == []  # failed a hard check
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM search_text WHERE field = 'method'").fetchone() == (2,)
        assert con.execute("FROM pending_search").fetchall() == []


def test_plain_duckdb_has_the_same_views_and_macros(store: Store) -> None:
    names = {
        "views": "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1",
        "macros": "SELECT function_name FROM duckdb_functions() WHERE NOT internal ORDER BY 1",
        "found": "SELECT * FROM search('语音增强 codec speaker') ORDER BY rank",
    }
    with duckdb.connect(str(store.path), read_only=True) as con:
        plain = {name: con.execute(sql).fetchall() for name, sql in names.items()}
    with store.read() as con:
        own = {name: con.execute(sql).fetchall() for name, sql in names.items()}
    assert plain == own
    assert {name for (name,) in plain["views"]} == set(schema.views())
    assert {name for (name,) in plain["macros"]} == set(schema.macros())
    assert len(plain["found"]) > 3


def test_an_index_made_later_is_the_same(store: Store, tmp_path: Path) -> None:
    """As for a store of an earlier version, in pieces, with a kill between them."""
    copy = Store(tmp_path / "store.duckdb")
    copy.path.write_bytes(store.path.read_bytes())
    listing = """
        SELECT s.arxiv_id, s.version, s.field, s.attempt_id, s.n_words, t.term, t.n, t.is_word
        FROM search_text AS s LEFT JOIN (posting JOIN term USING (term_id)) AS t USING (text_seq) ORDER BY ALL
    """
    with copy.write() as con:
        before = con.execute(listing).fetchall()
        con.execute("DELETE FROM posting")
        con.execute("DELETE FROM term")
        con.execute("DELETE FROM search_text")
        terms.index_texts(con, terms.pending_search(con, 5), NOW)
    assert found(copy, "语音增强") != found(store, "语音增强")
    assert complete_search_index(copy, SilentProgress()) > 5
    assert complete_search_index(copy, SilentProgress()) == 0
    with copy.read() as con:
        after = con.execute(listing).fetchall()
        repeated = "SELECT count(*) - count(DISTINCT term), count(*) - count(DISTINCT term_id) FROM term"
        assert con.execute(repeated).fetchone() == (0, 0)
    assert after == before
    assert found(copy, "语音增强") == found(store, "语音增强")


HAN = st.text("语音增强说话人验证的频谱图模型网络低资源零样本一种方法在上从到", min_size=2, max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(HAN | st.sampled_from(["，", " VoiceBank ", "。", "12.5%"]), min_size=1, max_size=8), data=st.data()
)
def test_every_stretch_of_a_text_is_found(
    tmp_path_factory: pytest.TempPathFactory, text: list[str], data: st.DataObject
) -> None:
    """A Chinese stretch of two characters and more, and every other word, wherever the segmenter cut."""
    whole = "".join(text)
    with Store(tmp_path_factory.mktemp("found") / "store.duckdb").write() as con:
        listed = [prepared.make_paper(A, "T", ""), prepared.make_paper(B, "T", "")]
        papers.register_bundle(con, prepared.make_manifest("1" * 64, DAY, [A, B]), listed, "b", NOW)
        for key, words in ((A, whole), (B, "完全无关")):
            attempt, _ = prepared.make_attempt(key, "method")
            texts.record_attempt(con, "r", replace(attempt, text=words), NOW)
        runs = [run for run in re.findall(r"[一-鿿]+", whole) if len(run) > 1]
        if runs:
            run = data.draw(st.sampled_from(runs))
            first = data.draw(st.integers(0, len(run) - 2))
            stretch = run[first : data.draw(st.integers(first + 2, len(run)))]
            # characters that mean nothing alone are left out of a question
            if stretch.strip("的在上从到中"):
                rows = con.execute("SELECT arxiv_id, found FROM search(?)", [stretch]).fetchall()
                assert A[0] in {arxiv_id for arxiv_id, _ in rows}, stretch
        for word in re.findall(r"[A-Za-z0-9]+", whole):
            assert con.execute("SELECT arxiv_id FROM search(?)", [word]).fetchall() == [(A[0],)]
