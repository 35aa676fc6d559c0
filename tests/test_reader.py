"""The offline reader: the day as the post has it, everything about a paper, and a folder that is treated with care."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import prepared_store
import pytest
from prepared_store import A2, DAY, NEXT_DAY, NOW, A, B, C, D, record_text
from test_import_posts import a_block, write_post
from test_publish import a_paper, a_post, shown

from summarizer.cli import main
from summarizer.config import Config
from summarizer.ids import file_stem
from summarizer.publish.reader import ReaderSite
from summarizer.publish.reader.folder import LIST
from summarizer.reading import DayReading, PaperReading
from summarizer.records import EarlierVersion, Post, PostPaper
from summarizer.stages.imports import import_posts
from summarizer.stages.progress import SilentProgress
from summarizer.stages.reader import write_json, write_reader
from summarizer.stages.recorder import RunRecorder
from summarizer.store import Store, duplicates, posts, reading, texts


class Page(HTMLParser):
    """The words of a page, its links and its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag in ("script", "img"):
            self.loads.append(given.get("src") or "")
        if tag == "link":
            self.loads.append(given.get("href") or "")
        if given.get("id"):
            self.ids.append(given["id"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return prepared_store.build(tmp_path / "store.duckdb")


def publish(store: Store, out: Path) -> Path:
    write_reader(store, SilentProgress(), out)
    return out


def page(out: Path, path: str) -> Page:
    return Page((out / path).read_text(encoding="utf-8"))


def paper_page(out: Path, key: tuple[str, int]) -> Page:
    return page(out, f"papers/{file_stem(*key)}.html")


def files_of(out: Path) -> dict[str, int]:
    return {f.relative_to(out).as_posix(): f.stat().st_mtime_ns for f in out.rglob("*") if f.is_file()}


def spaceless(text: str) -> str:
    return re.sub(r"\s+", "", text)


# --- what the pages say -----------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_file_and_every_anchor_is_there(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    pages = [file for file in out.rglob("*.html") if file.parent.name != "mail"]
    assert len(pages) == 2 + 6 + 4  # days, papers, start, search, archive, the year
    for file in pages:
        found = page(out, file.relative_to(out).as_posix())
        assert len(set(found.ids)) == len(found.ids), file
        for link in [*found.links, *found.loads]:
            parts = urlsplit(link)
            if parts.scheme:
                assert link.startswith("https://arxiv.org/"), link
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_file(), (file, link)
            assert target.is_relative_to(out)
            if parts.fragment:
                assert parts.fragment in page(out, target.relative_to(out).as_posix()).ids, (file, link)


def test_day_page_says_what_the_post_says(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    for day in (DAY, NEXT_DAY):
        with store.read() as con:
            post, _ = posts.post(con, day)
        text = spaceless(page(out, f"days/{day}.html").text)
        at = 0
        for one in post.papers:
            for wanted in (one.paper.title, *one.paper.authors, one.translation or one.paper.abstract):
                at = text.index(spaceless(wanted), at)
            for task in ("background", "method", "results"):
                at = text.index(spaceless(getattr(one, task) or one.missing[task]), at)
        for file in post.unreadable:
            at = text.index(spaceless(f"{file.name}：{file.reason}"), at)
        assert f"抓取总数{post.n_fetched}篇" in text
        assert f"本页显示{len(post.papers)}篇" in text
        assert spaceless("2026-02-11 08:50 — 2026-02-12 08:50") in text or day != DAY


def test_day_page_names_what_was_left_out(store: Store, tmp_path: Path) -> None:
    text = spaceless(page(publish(store, tmp_path / "out"), f"days/{DAY}.html").text)
    assert "去重略去的论文（1篇）LightSpeechEnhancement,Revised与2602.00001v1近似重复（0.987）" in text


def test_the_source_of_an_answer_is_no_abstract(store: Store, tmp_path: Path) -> None:
    made, _ = prepared_store.make_attempt(A, "method", 9)
    answer = replace(made.pieces[0], role="answer", section_seq=None)
    with store.write() as con:
        texts.record_attempt(con, "r", replace(made, pieces=(answer,)), NOW + timedelta(days=1))
        told = con.execute(
            "SELECT piece_role, section_heading, section_kind, source_text FROM provenance WHERE attempt_id = ?",
            [made.attempt_id],
        ).fetchall()
    assert told == [("answer", None, None, answer.source_text)]
    with store.read() as con:
        [piece] = reading.read_days(con, [DAY])[0].papers[A].texts["method"].pieces
    assert (piece.heading, piece.page, piece.over_sections) == ("", None, True)
    assert "多个章节" in paper_page(publish(store, tmp_path / "reader"), A).text


def test_paper_page_has_both_abstracts_breakdown_sections_and_provenance(store: Store, tmp_path: Path) -> None:
    text = paper_page(publish(store, tmp_path / "out"), A).text
    for wanted in (
        *prepared_store.ABSTRACT,
        *(sentence for sentences in prepared_store.ZH.values() for sentence in sentences),
        *(section.text for section in prepared_store.SECTIONS),
        "9 characters are few",  # the flag of the results
        "tiny",
        "llama-cpp-python 0.3.36",
        "v001",
        "8.0 秒",
    ):
        assert spaceless(wanted) in spaceless(text), wanted


def test_paper_page_shows_the_attempt_that_was_accepted(store: Store, tmp_path: Path) -> None:
    with store.read() as con:
        day = reading.read_days(con, [DAY])[0]
    text = day.papers[A].texts["translation"]
    assert text.attempt_no == 2
    assert [piece.source_text for piece in text.pieces] == list(prepared_store.ABSTRACT)
    assert day.papers[A].texts["method"].pieces[0].heading == "2. Method"
    assert day.papers[A].texts["method"].pieces[0].page == 2
    assert [flag.name for flag in day.papers[A].texts["results"].flags] == ["length"]


def test_versions_and_near_duplicates_name_each_other(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    first = paper_page(out, A)
    assert {"../papers/2602.00001v2.html", "../papers/2602.00003v1.html"} <= set(first.links)
    assert "近似重复（较晚）" in first.text
    assert "../papers/2602.00001v1.html" in paper_page(out, A2).links
    left_out = paper_page(out, C)
    assert "近似重复（较早）" in left_out.text
    assert "未单独翻译和解读" in left_out.text


def test_what_is_missing_says_why(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    assert "PDF 已加密，无法读取" in paper_page(out, B).text
    strings = spaceless(paper_page(out, D).text)
    assert "暂无合格的中文译文：生成的文本未通过检查" in strings
    assert "正文中没有找到可以回答的内容" in strings


def test_reader_shows_each_day_as_the_store_function_of_the_post_gives_it(store: Store) -> None:
    with store.read() as con:
        wanted = [posts.post(con, day)[0] for day in (DAY, NEXT_DAY)]
    with store.read() as con:
        found = reading.read_days(con, [DAY, NEXT_DAY])
    assert [day.post for day in found] == wanted
    assert found[0].updated_utc == NOW + timedelta(minutes=11)


def test_imported_day_is_shown_with_its_texts_and_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    file = write_post(tmp_path / "_posts", date(2026, 1, 23), a_block("2601.00001v1", "Imported Paper"))
    result = import_posts(store, RunRecorder(store, "test", Config()), SilentProgress(), [file])
    assert result.imported == [file]
    out = publish(store, tmp_path / "out")
    day, paper = page(out, "days/2026-01-23.html"), page(out, "papers/2601.00001v1.html")
    for text in ("《Imported Paper》的译文。", "研究背景：甲。", "乙。", "丙。", "导入"):
        assert text in day.text
        assert text in paper.text
    assert "从已有的日报导入" in paper.text
    exported = json.loads(write_json(store, SilentProgress(), out)[0].read_text(encoding="utf-8"))
    assert exported["papers"][0]["texts"]["translation"]["origin"] == "imported"


def test_pair_that_a_person_refused_is_no_longer_called_a_duplicate(store: Store, tmp_path: Path) -> None:
    with store.write() as con:
        duplicates.record_judgement(con, "run-2", A[0], C[0], "refused", NOW)
    out = publish(store, tmp_path / "out")
    assert "去重略去" not in page(out, f"days/{DAY}.html").text
    assert "近似重复" not in paper_page(out, A).text + paper_page(out, C).text


def test_new_version_says_what_changed(store: Store, tmp_path: Path) -> None:
    change = "INSERT INTO version_change VALUES (?, ?, 1, 0.2, false, 0.35, false, {}, 'told', 'run-2', ?)"
    with store.write() as con:
        con.execute(change.format("true"), [*A2, NOW])
    out = publish(store, tmp_path / "out")
    for found in (page(out, f"days/{NEXT_DAY}.html"), paper_page(out, A2), page(out, f"mail/{NEXT_DAY}.html")):
        assert "v1 → v2；摘要改动 20%；正文 35% 为新内容" in found.text


def test_words_that_a_new_version_changed_are_marked() -> None:
    earlier = EarlierVersion(1, "Old <b>Title</b>", "We did that. It works.", 0.4, None, True)
    post = a_post(replace(shown(a_paper(version=2)), earlier=earlier))
    html = site_files([a_day(post)])["days/2026-02-12.html"].decode()
    assert '原题：<span lang="en">Old &lt;b&gt;Title&lt;/b&gt;</span>' in html
    assert re.search(r"We <del>did that\.</del>\s*<ins>do this\.</ins>\s*It works\.", html)


def test_empty_store_gives_a_start_page_that_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    with store.write():
        pass
    out = publish(store, tmp_path / "out")
    assert "还没有日报" in page(out, "index.html").text
    assert page(out, "archive.html").text
    ElementTree.fromstring((out / "feed.xml").read_bytes())


# --- formats besides --------------------------------------------------------------------------------------------------


def test_feeds_have_an_entry_a_day_and_are_well_formed(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reader(store, SilentProgress(), out, "http://10.0.0.5/arxiv/")
    atom = ElementTree.fromstring((out / "feed.xml").read_bytes())
    name = "{http://www.w3.org/2005/Atom}"
    entries = atom.findall(f"{name}entry")
    assert [e.findtext(f"{name}title") for e in entries] == [f"arXiv Daily – {NEXT_DAY}", f"arXiv Daily – {DAY}"]
    assert len({e.findtext(f"{name}id") for e in entries}) == 2
    link = entries[1].find(f"{name}link")
    assert link is not None
    assert link.get("href") == f"http://10.0.0.5/arxiv/days/{DAY}.html"
    content = entries[1].findtext(f"{name}content") or ""
    assert prepared_store.ZH["translation"][0] in Page(content).text
    for element in ("updated", "published"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entries[1].findtext(f"{name}{element}") or "")
    feed = json.loads((out / "feed.json").read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["url"] for item in feed["items"]] == [
        f"http://10.0.0.5/arxiv/days/{day}.html" for day in (NEXT_DAY, DAY)
    ]
    assert feed["items"][1]["content_html"] == content


def test_mail_needs_nothing_but_itself(store: Store, tmp_path: Path) -> None:
    html = (publish(store, tmp_path / "out") / f"mail/{DAY}.html").read_text(encoding="utf-8")
    found = Page(html)
    assert found.loads == []
    assert all(link.startswith("https://arxiv.org/") for link in found.links)
    for forbidden in ("<script", "<style", "class=", "<math", "<details", "url("):
        assert forbidden not in html.replace(' class="tex"', "")
    assert html.count('style="') > 20
    for text in prepared_store.ZH.values():
        assert text[0] in found.text


def test_json_has_the_papers_with_texts_and_how_they_were_made(store: Store, tmp_path: Path) -> None:
    files = write_json(store, SilentProgress(), tmp_path / "out")
    assert [file.relative_to(tmp_path).as_posix() for file in files] == [
        f"out/json/{day}.json" for day in (DAY, NEXT_DAY)
    ]
    day = json.loads(files[0].read_text(encoding="utf-8"))
    assert day["format"] == 1
    assert [paper["place"] for paper in day["papers"]] == ["shown", "shown", "duplicate", "shown"]
    assert day["unreadable"] == [{"name": "scan 7.pdf", "reason": "PDF 没有文字层（可能是扫描件）"}]
    first = day["papers"][0]
    assert (first["arxiv_id"], first["version"], first["submitted_utc"]) == ("2602.00001", 1, "2026-02-11T09:30:00")
    translation = first["texts"]["translation"]
    assert translation["text"] == "".join(prepared_store.ZH["translation"])
    assert (translation["model_name"], translation["prompt_version"], translation["seconds"]) == ("tiny", "v001", 8.0)
    assert {check["name"]: check["passed"] for check in translation["checks"]} == {"numbers": True, "length": True}
    assert day["papers"][3]["missing"]["translation"] == "生成的文本未通过检查"


# --- the folder -------------------------------------------------------------------------------------------------------


def test_publishing_again_touches_nothing(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    before = files_of(out)
    publish(store, out)
    assert files_of(out) == before


def test_the_same_store_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    first, second = publish(store, tmp_path / "a"), publish(store, tmp_path / "b")
    assert {p: (first / p).read_bytes() for p in files_of(first)} == {
        p: (second / p).read_bytes() for p in files_of(second)
    }


def test_a_healed_paper_changes_its_own_pages_only(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    before = files_of(out)
    with store.write() as con:
        record_text(con, "run-1", D, "method", minutes=60)
    publish(store, out)
    changed = {
        path for path, time in files_of(out).items() if before.get(path) != time and not path.startswith("search/")
    }
    assert changed == {
        f"papers/{file_stem(*D)}.html", f"days/{DAY}.html", f"mail/{DAY}.html", "feed.xml", "feed.json", LIST,
    }  # fmt: skip


def test_a_page_changed_by_hand_is_put_right(store: Store, tmp_path: Path) -> None:
    out = publish(store, tmp_path / "out")
    wanted = (out / "index.html").read_bytes()
    (out / "index.html").write_text("changed")
    (out / "search.html").unlink()
    publish(store, out)
    assert (out / "index.html").read_bytes() == wanted
    assert (out / "search.html").exists()


# --- sizes and odd ids ------------------------------------------------------------------------------------------------


def a_day(post: Post) -> DayReading:
    papers = {
        (one.paper.arxiv_id, one.paper.version): PaperReading(one.paper, "shown", (post.post_date,))
        for one in post.papers
    }
    return DayReading(post, papers, datetime(2026, 2, 12))


def site_files(days: list[DayReading]) -> dict[str, bytes]:
    site = ReaderSite([day.post.post_date for day in days])
    files = {path: data for day in days for path, data in site.day_files(day)}
    return {**files, **dict(site.end_files())}


def many_days(n: int) -> list[DayReading]:
    days = []
    for number in range(n):
        papers = [shown(a_paper(arxiv_id=f"2602.{number:05d}", title="A Rather Long Title of a Paper " * 3))]
        post = replace(a_post(*papers), post_date=date(2020, 1, 1) + timedelta(days=number))
        days.append(a_day(post))
    return days


def test_start_page_stays_small_however_many_days_there_are() -> None:
    files = site_files(many_days(1_500))
    assert len(files["index.html"]) < 200_000
    assert all(len(files[f"archive/{year}.html"]) < 200_000 for year in range(2020, 2025))
    start = Page(files["index.html"].decode())
    assert "days/2024-02-08.html" in start.links
    assert "1,500 篇" in start.text
    assert "days/2020-01-01.html" not in start.links
    assert "../days/2020-01-01.html" in Page(files["archive/2020.html"].decode()).links


def test_odd_ids_get_a_file_name_of_their_own() -> None:
    odd = [
        shown(a_paper(arxiv_id=arxiv_id))
        for arxiv_id in ("../../etc/x", "a b?c#d", "hep-th/9901001", "论文", "x" * 300)
    ]
    paths = [path for path in site_files([a_day(a_post(*odd))]) if path.startswith("papers/")]
    assert len(set(paths)) == len(odd)
    assert all(re.fullmatch(r"papers/[A-Za-z0-9._-]+\.html", path) and ".." not in path for path in paths)
    assert "papers/hep-th_9901001v1.html" in paths


def test_hostile_titles_and_texts_stay_text_on_every_page() -> None:
    attack = '</title></script><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    paper = a_paper(
        title=attack, authors=(attack,), categories=("cs.SD", 'x"><script>'), abstract=attack, comment=attack
    )
    post = a_post(PostPaper(paper, attack, attack, attack, attack))
    for path, data in site_files([a_day(post)]).items():
        text = data.decode()
        if path.endswith((".html", ".js")) and not path.startswith("assets/"):
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
        if path.startswith("search/"):
            assert "<" not in text
        if path.endswith(".xml"):
            ElementTree.fromstring(data)


# --- the command ------------------------------------------------------------------------------------------------------


def test_command_prints_what_to_open_and_says_that_papers_lack_something(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "reader"
    code = main(["publish", "--html", "--json", "--out", str(out), "--store", str(store.path), "--quiet"])
    assert code == 10
    assert capsys.readouterr().out.splitlines() == [
        str(out / "index.html"), *(str(out / "json" / f"{day}.json") for day in (DAY, NEXT_DAY)),
    ]  # fmt: skip
    assert not (out / "_posts").exists()
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM run").fetchone() == (2,)  # nothing was recorded


def test_command_refuses_a_base_url_that_is_none(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["publish", "--html", "--out", str(tmp_path / "out"), "--store", str(store.path)]
    assert main([*arguments, "--base-url", "javascript:alert(1)"]) == 2
    assert "--base-url" in capsys.readouterr().err
    assert main(["publish", "--base-url", "http://a.example/", "--store", str(store.path)]) == 2


def test_json_stays_when_only_the_reader_is_written_again(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_json(store, SilentProgress(), out)
    publish(store, out)
    publish(store, out)
    assert (out / "json" / f"{DAY}.json").exists()
