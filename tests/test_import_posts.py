"""import-posts and after: the same bytes again, papers that count as seen, and one rule for days that the store has."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import archive_posts
import batch
import duckdb
import prepared_store
import pytest
import sample_day
from archive_posts import FAILURES, ArchivedPost, archived_posts
from batch import Place
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summarizer.config import Config
from summarizer.errors import StoreError
from summarizer.stages.imports import import_posts
from summarizer.stages.progress import SilentProgress
from summarizer.stages.publish import publish
from summarizer.stages.recorder import RunRecorder
from summarizer.store import Store, posts, texts

DAY = date(2026, 2, 11)
DAYS = [DAY + timedelta(days=n) for n in range(4)]
FIRST_TITLE = "Short Windows on a Shared Database Keep Readers Waiting for Milliseconds"
SECOND_TITLE = "Counting Tokens with the Right Tokenizer Prevents Silent Truncation"
BREAKDOWN = "1)  \n- **研究背景**：甲。\n\n2)  \n- 乙。\n\n3)  \n- 丙。"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return batch.make_place(tmp_path / "place")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 2026-02-12: see sample_day."""
    files = sample_day.write_day(tmp_path_factory.mktemp("files") / "day")
    return sample_day.pack_day(files, tmp_path_factory.mktemp("bundle"))


def a_block(versioned: str = "2601.00001v1", title: str = "A Title", breakdown: str = BREAKDOWN) -> str:
    listed = "".join(archive_posts.fields(versioned, ["A. Author", "B. Author"], ["cs.DB", "cs.SD"]))
    return archive_posts.block(title, listed, f"《{title}》的译文。", breakdown)


def write_post(folder: Path, day: date, *blocks: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day.isoformat()}-arxiv.md"
    path.write_bytes((archive_posts.head(day, len(blocks), len(blocks)) + "\n".join(blocks)).encode())
    return path


def publish_all(store: Store, out: Path, days: Sequence[date]) -> list[Path]:
    return publish(store, RunRecorder(store, "test", Config()), SilentProgress(), out, days)[1]


# --- the same bytes --------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(archive=st.tuples(*map(archived_posts, DAYS)))
def test_import_then_publish_gives_the_same_bytes(
    archive: tuple[ArchivedPost, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    store = Store(folder / "store.duckdb")
    for post in archive:
        (folder / post.name).write_bytes(post.data)
    result = import_posts(store, RunRecorder(store, "test", Config()), SilentProgress(), [folder])
    assert len(result.imported) == len(archive)
    publish_all(store, folder / "site", [])
    for post in archive:
        assert (folder / "site" / "_posts" / post.name).read_bytes() == post.data
    with store.read() as con:
        listed = con.execute("SELECT bundle_id, arxiv_id, version FROM bundle_paper").fetchall()
        keys = {(i, v) for _, i, v in listed}
        assert {p.key for post in archive for p in post.papers if p.key} <= keys
        accepted = con.execute("SELECT arxiv_id, version, task, text FROM accepted_summary").fetchall()
        assert con.execute("FROM pending_generate").fetchall() == con.execute("FROM pending_ingest").fetchall() == []
    for arxiv_id, version, task, text in accepted:
        assert text not in FAILURES
        wanted = [p.expected for post in archive for p in post.papers if p.key == (arxiv_id, version)]
        if wanted and None not in wanted:
            assert text in [expected.get(task) for expected in wanted if expected is not None]


@pytest.mark.corpus
def test_every_reference_post_comes_out_as_it_went_in(corpus: Path, place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "site" / "_posts"
    archive.mkdir(parents=True)
    wanted = {path.name: path.read_bytes() for path in (corpus / "posts").glob("*.md")}
    wanted |= {name: data for name, data, _ in archive_posts.corpus_posts(corpus)}
    for name, data in wanted.items():
        (archive / name).write_bytes(data)
    assert place.run("import-posts", tmp_path / "site") == 0
    assert place.run("publish", "--out", place.site) == 0
    assert {path.name: path.read_bytes() for path in (place.site / "_posts").iterdir()} == wanted
    n_papers = 262 + 13 + 9
    assert place.sql("SELECT count(*) FROM paper_version WHERE metadata_source = 'imported'") == [(n_papers,)]
    assert place.sql("SELECT task, count(*) FROM accepted_summary GROUP BY task ORDER BY task") == [
        ("background", n_papers - 11),
        ("method", n_papers - 11),
        ("results", n_papers - 11),
        ("translation", n_papers),
    ]
    assert place.sql("SELECT count(*), count(DISTINCT arxiv_id) FROM check_failure") == [(33, 11)]


def test_provenance_says_imported(place: Place, tmp_path: Path) -> None:
    write_post(tmp_path / "archive", DAY, a_block(), a_block("2601.00002v1", "Failed", FAILURES[0]))
    assert place.run("import-posts", tmp_path / "archive") == 0
    assert place.run("publish", "--out", place.site) == 0
    found = place.sql(
        "SELECT task, text, prompt_version, model_name FROM accepted_summary WHERE arxiv_id = '2601.00001'"
    )
    assert sorted(found) == [
        ("background", "- **研究背景**：甲。", "imported", "imported"),
        ("method", "- 乙。", "imported", "imported"),
        ("results", "- 丙。", "imported", "imported"),
        ("translation", "《A Title》的译文。", "imported", "imported"),
    ]
    assert place.sql("SELECT arxiv_id, task FROM accepted_summary WHERE arxiv_id = '2601.00002'") == [
        ("2601.00002", "translation")
    ]
    assert place.sql("SELECT DISTINCT check_name, text FROM check_failure") == [("imported_notice", FAILURES[0])]
    assert place.sql("SELECT piece_role, in_post, count(*) FROM provenance GROUP BY ALL") == [("imported", True, 5)]
    assert place.sql(
        "SELECT title, authors, primary_category, metadata_source FROM paper_version ORDER BY title LIMIT 1"
    ) == [("A Title", ["A. Author", "B. Author"], "cs.DB", "imported")]
    assert place.sql("SELECT DISTINCT arxiv_id FROM search('译文') ORDER BY 1") == [("2601.00001",), ("2601.00002",)]
    assert place.sql("FROM pending_search") == []
    # what an archive lacks is no failure of this program
    assert place.sql("FROM item_failure") == []
    assert place.sql("SELECT n_shown, n_missing FROM post_state") == [(2, 0)]


# --- idempotence and the rule for days -------------------------------------------------------------------------------


def test_a_second_import_adds_nothing_and_publishing_again_touches_nothing(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "archive"
    files = [write_post(archive, DAYS[1], a_block()), write_post(archive, DAYS[0], a_block("2601.00002v1", "B"))]
    assert place.run("import-posts", archive) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(files[1]), str(files[0])]  # oldest first
    assert "2 posts imported with 2 papers and 8 texts (0 papers have no breakdown)" in err
    place.run("publish", "--out", place.site)
    rows = place.row_counts()
    written = sorted((place.site / "_posts").iterdir())
    for path in written:
        os.utime(path, ns=(1, 1))
    capsys.readouterr()
    for paths in ([archive], files, [place.site], [archive, *files]):
        assert place.run("import-posts", *paths) == 0
        assert (
            "0 posts imported with 0 papers and 0 texts (0 papers have no breakdown), 2 known before"
            in capsys.readouterr().err
        )
    assert place.run("publish", "--out", place.site) == 0
    assert place.row_counts() == rows
    assert [path.stat().st_mtime_ns for path in written] == [1, 1]


def test_a_post_keeps_its_name_below_the_folder_of_the_posts(place: Place, tmp_path: Path) -> None:
    file = write_post(tmp_path / "site" / "_posts" / "eess", DAY, a_block())
    file = file.rename(file.with_name("2026-02-11-arxiv-daily.markdown"))
    assert place.run("import-posts", file) == 0
    rows = place.row_counts()
    for path in (file.parent, tmp_path / "site"):
        assert place.run("import-posts", path) == 0
    assert place.row_counts() == rows
    place.run("publish", "--out", place.site)
    published = place.site / "_posts" / "eess" / "2026-02-11-arxiv-daily.markdown"
    assert published.read_bytes() == file.read_bytes()
    assert [path for path in place.site.rglob("*") if path.is_file()] == [published]


def test_a_published_file_that_was_lost_or_changed_comes_back(place: Place, tmp_path: Path) -> None:
    source = write_post(tmp_path / "archive", DAY, a_block())
    place.run("import-posts", source)
    place.run("publish", "--out", place.site)
    published = place.site / "_posts" / source.name
    published.write_text("changed", encoding="utf-8")
    assert place.run("publish", "--out", place.site) == 0
    assert published.read_bytes() == source.read_bytes()
    assert place.sql("SELECT count(*) FROM post") == [(1,)]


def test_another_post_of_an_imported_day_is_refused_and_the_rest_goes_on(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("import-posts", write_post(tmp_path / "one", DAY, a_block()))
    write_post(tmp_path / "two", DAY, a_block(title="Changed"))
    write_post(tmp_path / "two", DAYS[1], a_block("2601.00009v1", "New"))
    assert place.run("import-posts", tmp_path / "two") == 10
    err = capsys.readouterr().err
    assert "2026-02-11-arxiv.md: another post of 2026-02-11 was imported before: that one is kept" in err
    assert place.sql("SELECT title FROM paper_version ORDER BY 1") == [("A Title",), ("New",)]


def test_a_day_that_the_store_has_from_a_bundle_stays_its_own(
    place: Place, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run_day(bundle)
    own = (place.site / "_posts" / "2026-02-12-arxiv.md").read_bytes()
    rows = place.row_counts()
    assert place.run("import-posts", place.site) == 0  # the store's own page is no archive
    assert "1 known before" in capsys.readouterr().err
    other = write_post(tmp_path / "archive", sample_day.POST_DATE, a_block())
    assert place.run("import-posts", other) == 10
    assert "the store has 2026-02-12 from a bundle: its own post is kept" in capsys.readouterr().err
    assert place.row_counts() == rows
    place.run("publish", "--out", place.site)
    assert (place.site / "_posts" / "2026-02-12-arxiv.md").read_bytes() == own


def test_bad_input_gets_a_line_each(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "_posts"
    write_post(folder, DAY, a_block())
    (folder / "2020-01-01-welcome-to-jekyll.markdown").write_text("---\nlayout: post\ntitle: Hi\n---\nHi.\n")
    (folder / "2020-01-02-empty.md").write_bytes(b"")
    (folder / ".2020-01-03-arxiv.md.x.tmp").write_bytes(b"half a file")
    (folder / "notes.txt").write_text("no post")
    assert place.run("import-posts", tmp_path) == 0
    err = capsys.readouterr().err
    assert "passed over: 2020-01-01-welcome-to-jekyll.markdown: not a daily post" in err
    assert "passed over: 2020-01-02-empty.md" in err
    assert "1 posts imported with 1 papers" in err
    assert "2 passed over, 0 left out" in err
    assert place.run("import-posts", tmp_path / "nowhere") == 2
    (tmp_path / "bare").mkdir()
    assert place.run("import-posts", tmp_path / "bare") == 2
    assert "no posts (Markdown files)" in capsys.readouterr().err


def test_parts_that_were_changed_in_the_store_are_not_published(place: Place, tmp_path: Path) -> None:
    place.run("import-posts", write_post(tmp_path, DAY, a_block()))
    con = duckdb.connect(str(place.store))
    con.execute("UPDATE imported_part SET data = 'x'::BLOB WHERE seq = 0")
    con.close()
    store = Store(place.store)
    with pytest.raises(StoreError, match="imported post of 2026-02-11: its parts were changed"):
        publish_all(store, place.site, [])
    assert not place.site.exists()


# --- imported papers count as seen -----------------------------------------------------------------------------------


def _posts(place: Place) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted((place.site / "_posts").iterdir())}


def test_imported_papers_that_arrive_again_are_left_out(
    place: Place, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One by its id, one by title and authors under another id, one that repeats the first by its title."""
    archive = write_post(
        tmp_path / "archive", DAY, a_block("2602.00001v1", FIRST_TITLE), a_block("2601.07777v1", SECOND_TITLE)
    )
    assert place.run("import-posts", archive) == 0
    assert place.run("plan", bundle, "--json") == 0
    plan = capsys.readouterr().out
    assert '"repeated": 1' in plan
    assert place.run_day(bundle) == 10  # of the two papers without a PDF
    seen = place.sql("SELECT arxiv_id, place, imported FROM post_entry GROUP BY ALL ORDER BY ALL")
    assert seen == [
        ("2601.07777", "shown", True),
        ("2602.00001", "duplicate", False),
        ("2602.00001", "shown", True),
        ("2602.00002", "duplicate", False),
        ("2602.00003", "duplicate", False),
        ("2602.00004", "shown", False),
        ("2602.00005", "shown", False),
    ]
    pairs = place.sql("SELECT arxiv_id, other_arxiv_id, kind, reason FROM duplicate_pair ORDER BY 1")
    assert [pair[:3] for pair in pairs] == [("2602.00002", "2601.07777", "near"), ("2602.00003", "2602.00001", "near")]
    assert all("same title and authors" in pair[3] for pair in pairs)
    pages = _posts(place)
    assert sorted(pages) == ["2026-02-11-arxiv.md", "2026-02-12-arxiv.md"]
    assert pages["2026-02-11-arxiv.md"].encode() == archive.read_bytes()
    assert "抓取总数：5 篇 | 本页显示：2 篇" in pages["2026-02-12-arxiv.md"]
    assert FIRST_TITLE not in pages["2026-02-12-arxiv.md"]
    # nothing was made of them: no PDF read, no text, and they are compared like all papers
    assert place.sql("SELECT arxiv_id FROM document ORDER BY 1") == [("2602.00002",), ("2602.00003",)]
    made = place.sql("SELECT DISTINCT arxiv_id FROM attempt WHERE source_scope <> 'imported' ORDER BY 1")
    assert made == [("2602.00004",), ("2602.00005",)]
    assert place.sql("SELECT count(*) FROM dedup_check") == place.sql("SELECT count(*) FROM paper_version")
    rows = place.row_counts()
    assert place.run_day(bundle) == 10
    assert place.row_counts() == rows


def test_a_bundle_of_an_imported_day_gets_a_page_of_its_own(place: Place, bundle: Path, tmp_path: Path) -> None:
    day = sample_day.POST_DATE
    archive = write_post(tmp_path / "archive", day, a_block("2602.00001v1", FIRST_TITLE))
    place.run("import-posts", archive)
    place.run("publish", "--out", place.site)
    published = place.site / "_posts" / archive.name
    os.utime(published, ns=(1, 1))
    assert place.run_day(bundle) == 10
    pages = _posts(place)
    assert sorted(pages) == ["2026-02-12-arxiv-2.md", "2026-02-12-arxiv.md"]
    assert published.read_bytes() == archive.read_bytes()
    assert published.stat().st_mtime_ns == 1
    assert "抓取总数：5 篇 | 本页显示：3 篇" in pages["2026-02-12-arxiv-2.md"]
    assert f"## {FIRST_TITLE}" not in pages["2026-02-12-arxiv-2.md"]
    assert f"## {SECOND_TITLE}" in pages["2026-02-12-arxiv-2.md"]
    path, sha256, n_shown = place.sql("SELECT path, sha256, n_shown FROM current_post")[0]
    assert (path, n_shown) == ("_posts/2026-02-12-arxiv-2.md", 4)
    assert sha256 == hashlib.sha256(pages["2026-02-12-arxiv-2.md"].encode()).hexdigest()
    with Store(place.store).read() as con:
        whole, _ = posts.post(con, day)
    assert [p.paper.arxiv_id for p in whole.papers] == ["2602.00001", "2602.00002", "2602.00004", "2602.00005"]
    assert whole.n_fetched == 5  # each paper once
    assert (
        place.sql("SELECT arxiv_id, state FROM ledger ORDER BY ingested_utc, seq")[:2]
        == [("2602.00001", "imported")] * 2
    )
    rows = place.row_counts()
    assert place.run("import-posts", place.site) == 0
    assert place.run_day(bundle) == 10
    assert place.row_counts() == rows


def test_a_bundle_that_brings_nothing_new_to_an_imported_day_makes_no_page(place: Place, tmp_path: Path) -> None:
    files = sample_day.write_brief_paper(tmp_path / "files")
    bundle = sample_day.pack_day(files, tmp_path / "bundles")
    place.run("import-posts", write_post(tmp_path / "archive", sample_day.POST_DATE, a_block("2602.00009v1", "Brief")))
    assert place.run_day(bundle) == 0
    assert list(_posts(place)) == ["2026-02-12-arxiv.md"]


def test_another_version_is_told_and_shown_as_for_any_paper(place: Place, bundle: Path, tmp_path: Path) -> None:
    place.run("import-posts", write_post(tmp_path / "archive", DAY, a_block("2602.00002v3", "Another Title of It")))
    place.run_day(bundle)
    pairs = place.sql("SELECT arxiv_id, version, other_version, kind FROM duplicate_pair WHERE arxiv_id = '2602.00002'")
    assert pairs == [("2602.00002", 1, 3, "new_version")]
    told = place.sql("SELECT material, reason FROM version_change WHERE arxiv_id = '2602.00002'")
    assert told == [(True, "retitled, the older abstract is not known")]
    assert f"## {SECOND_TITLE}" in _posts(place)["2026-02-12-arxiv.md"]


def test_a_text_made_here_stays_the_accepted_one(tmp_path: Path) -> None:
    """Papers of the store that an imported post of another day shows, too."""
    store = prepared_store.build(tmp_path / "store.duckdb")
    complete, lacking = prepared_store.A, prepared_store.B
    blocks = [a_block("2602.00001v1"), a_block("2602.00002v1", "B")]
    archive = write_post(tmp_path / "archive", date(2026, 2, 1), *blocks)
    with store.read() as con:
        before = texts.accepted(con, complete)
        post_before, _ = posts.post(con, prepared_store.DAY)
    import_posts(store, RunRecorder(store, "test", Config()), SilentProgress(), [archive])
    with store.read() as con:
        assert texts.accepted(con, complete) == before
        assert posts.post(con, prepared_store.DAY)[0].papers[0] == post_before.papers[0]
        # where none was made, the imported one is better than nothing
        assert {task: text for task, (_, text) in texts.accepted(con, lacking).items()}["results"] == "- 丙。"
        imported, shown = posts.post(con, date(2026, 2, 1))
        assert [paper.translation for paper in imported.papers] == ["《A Title》的译文。", "《B》的译文。"]
        assert len(shown) == 8
        assert (
            con.execute("SELECT metadata_source FROM paper_version WHERE arxiv_id = '2602.00001'").fetchall()
            == [("papers.jsonl",)] * 2
        )


# --- posts are a function of the store -------------------------------------------------------------------------------


def test_a_healed_paper_rewrites_only_the_post_it_stands_in(tmp_path: Path) -> None:
    store = prepared_store.build(tmp_path / "store.duckdb")
    import_posts(
        store,
        RunRecorder(store, "test", Config()),
        SilentProgress(),
        [write_post(tmp_path / "archive", date(2026, 2, 1), a_block())],
    )
    paths = publish_all(store, tmp_path / "site", [prepared_store.DAY])
    assert [path.name[:10] for path in paths] == ["2026-02-01", "2026-02-12", "2026-02-13"]
    for path in paths:
        os.utime(path, ns=(1, 1))
    assert publish_all(store, tmp_path / "site", [prepared_store.DAY, prepared_store.NEXT_DAY]) == paths[1:]
    assert {path.stat().st_mtime_ns for path in paths} == {1}
    before = paths[1].read_text(encoding="utf-8")
    with store.write() as con:
        prepared_store.record_text(con, "run-2", prepared_store.D, "background", minutes=60)
    assert publish_all(store, tmp_path / "site", []) == [paths[1]]
    assert [path.stat().st_mtime_ns == 1 for path in paths] == [True, False, True]
    after = paths[1].read_text(encoding="utf-8")
    made = "".join(prepared_store.ZH["background"])
    assert after.count(made) == before.count(made) + 1
    assert after.count("尚未生成") == before.count("尚未生成") - 1
