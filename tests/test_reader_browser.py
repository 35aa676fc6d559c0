"""The reader in a real browser, opened from its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import prepared_store
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Visit, find_chromium, launched
from prepared_store import DAY, NEXT_DAY, NOW, make_attempt, make_manifest, make_paper

from summarizer.publish.reader.index import part_of, terms
from summarizer.stages.progress import SilentProgress
from summarizer.stages.reader import write_reader
from summarizer.store import papers, texts

ATTACK = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)><svg onload=alert(1)>'
THIRD_DAY = NEXT_DAY + timedelta(days=1)
HOSTILE, LIKEABLE = ("2602.00666", 1), ("2602.00777", 1)
PAGES = {
    "start": "index.html",
    "day": f"days/{DAY}.html",
    "paper": "papers/2602.00001v1.html",
    "left out": "papers/2602.00003v1.html",
    "hostile": "papers/2602.00666v1.html",
    "search": "search.html?q=speech",
    "archive": "archive.html",
    "year": "archive/2026.html",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: install it (on Debian the package chromium)")
    with launched(path) as found:
        yield found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared store, and a third day with a paper that attacks and one with formulas."""
    folder = tmp_path_factory.mktemp("reader")
    store = prepared_store.build(folder / "store.duckdb")
    hostile = replace(make_paper(HOSTILE, ATTACK, ATTACK), authors=(ATTACK,), comment=ATTACK)
    likeable = replace(make_paper(LIKEABLE, "Diffusion at $F_0$", "We diffuse $x^2$."), categories=("cs.CL",))
    now = NOW + timedelta(days=2)
    with store.write() as con:
        manifest = make_manifest("3" * 64, THIRD_DAY, [HOSTILE, LIKEABLE])
        papers.register_bundle(con, manifest, [hostile, likeable], "/in/14.tar", now)
        for key, text in ((HOSTILE, ATTACK), (LIKEABLE, r"扩散模型，$\frac{1}{2}$ 与 `a<b`。")):
            for task in ("translation", "background"):
                attempt, _ = make_attempt(key, task)  # type: ignore[arg-type]
                texts.record_attempt(con, "run-2", replace(attempt, text=text, pieces=()), now)
    out = folder / "out"
    write_reader(store, SilentProgress(), out)
    return out


@pytest.fixture
def visit(browser: Any, reader: Path) -> Iterator[Callable[..., Visit]]:
    """Visits that must have gone well at the end of the test."""
    made: list[Visit] = []

    def new(**options: Any) -> Visit:
        made.append(Visit(browser, reader, **options))
        return made[-1]

    yield new
    for one in made:
        one.close()


def wait_for_search(page: Any, query: str) -> None:
    page.wait_for_function("query => document.getElementById('status').dataset.query === query", arg=query)


def titles(page: Any) -> list[str]:
    return [title.inner_text() for title in page.locator("#results h2").all()]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_opens_without_complaint_and_asks_for_nothing_outside(visit: Callable[..., Visit], path: str) -> None:
    page = visit().open(path)
    assert page.locator("h1").count() == 1
    # the style sheet was taken: without it everything that is hidden would be seen
    assert page.locator(".skip").bounding_box()["width"] <= 1
    assert page.locator("[data-theme-switch]").is_visible()  # and the script


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_has_no_serious_fault_of_accessibility(visit: Callable[..., Visit], path: str, scheme: str) -> None:
    # axe-core is put into the page by the test, which the page's own policy would not let happen
    page = visit(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce").open(path)
    if "search" in path:
        wait_for_search(page, "speech")
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    # without preload: to judge media and imported styles axe-core would ask for files by itself
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ] == []


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_fits_a_phone(visit: Callable[..., Visit], path: str) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).open(path)
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# --- search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("语音增强", ["Light Speech Enhancement"]),
        ("掩码", ["Light Speech Enhancement"]),  # stands in the breakdown only
        ("扩散 模型", ["Diffusion at F0"]),
        ("扩", ["Diffusion at F0"]),
        ("DIFFUS", ["Diffusion at F0"]),
        ("strings", ["Strings"]),
        ("2602.00005", ["No File"]),
        ("speech 扩散", []),
        ("没有这个词", []),
    ],
)
def test_search_finds(visit: Callable[..., Visit], query: str, wanted: list[str]) -> None:
    page = visit().open("search.html")
    page.fill("#q", query)
    wait_for_search(page, query)
    found = [title.replace("$F_0$", "F0") for title in titles(page)]
    assert [title for title in found if title in wanted] == wanted
    assert len(found) == len(wanted) or query in ("语音增强",)
    if not wanted:
        assert "没有找到" in page.locator("#status").inner_text()


def test_search_is_narrowed_by_category_and_day(visit: Callable[..., Visit]) -> None:
    page = visit().open("search.html?q=ada")
    wait_for_search(page, "ada")
    everything = len(titles(page))
    assert everything >= 6
    page.select_option("#cat", "cs.CL")
    page.wait_for_function("() => document.querySelectorAll('#results > li').length === 1")
    assert titles(page) == ["Diffusion at $F_0$"]
    page.select_option("#cat", "")
    page.wait_for_function("n => document.querySelectorAll('#results > li').length === n", arg=everything)
    page.fill("#from", str(NEXT_DAY))
    page.fill("#to", str(NEXT_DAY))
    page.wait_for_function("() => document.querySelectorAll('#results > li').length === 2")
    assert sorted(titles(page)) == ["Light Speech Enhancement", "No File"]


def test_search_result_leads_to_the_paper(visit: Callable[..., Visit]) -> None:
    page = visit().open("search.html?q=strings")
    wait_for_search(page, "strings")
    page.click("#results h2 a")
    page.wait_for_url("**/papers/hep-th_9901001v2.html")
    assert page.locator("h1").inner_text() == "Strings"


def test_category_of_a_paper_leads_to_all_of_it(visit: Callable[..., Visit]) -> None:
    page = visit().open("papers/2602.00777v1.html")
    page.click(".chip")
    page.wait_for_url("**/search.html?cat=cs.CL")
    page.wait_for_function("() => document.querySelectorAll('#results > li').length === 1")


def test_browser_splits_queries_as_the_index_was_built(visit: Callable[..., Visit]) -> None:
    page = visit().open("search.html")
    for text in (
        "Speech-to-Text GPT-4o",
        "语音增强模型",
        "用Whisper做ASR",
        "Défossez Ångström ﬁne ＡＢＣ１２",
        "𠀋字",
        "がぎ 한국어 İx",
    ):
        found = {one["term"] for one in page.evaluate("text => readerTerms.query(text)", text)}
        built = set(terms(text))
        assert found <= built
        assert {term for term in built if len(term) > 1} <= found
        for term in built:
            assert page.evaluate("term => readerTerms.part(term, 64)", term) == part_of(term, 64)


# --- folds, keys, colours ---------------------------------------------------------------------------------------------


def test_folds_open_by_mouse_by_key_and_all_at_once(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"days/{DAY}.html")
    method = page.get_by_text("采用两级结构").first
    assert not method.is_visible()
    page.locator(".paper summary").first.click()
    assert method.is_visible()
    page.locator(".paper summary").first.press("Enter")
    assert not method.is_visible()
    page.get_by_role("button", name="全部展开解读").click()
    assert page.locator(".paper .fold[open]").count() == page.locator(".paper .fold").count() == 3
    page.get_by_role("button", name="全部收起解读").click()
    assert page.locator(".paper .fold[open]").count() == 0


def test_keys_move_open_and_search(visit: Callable[..., Visit]) -> None:
    page = visit(reduced_motion="reduce").open(f"days/{DAY}.html")
    focused = "document.activeElement.id"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "p-2602.00001v1"
    page.keyboard.press("o")
    assert page.locator("#p-2602\\.00001v1 .fold").get_attribute("open") is not None
    page.keyboard.press("j")
    assert page.evaluate(focused) == "p-2602.00002v1"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "p-2602.00001v1"
    page.keyboard.press("a")
    assert page.locator(".paper .fold[open]").count() == 3
    page.keyboard.press("]")
    page.wait_for_url(f"**/days/{NEXT_DAY}.html")
    page.keyboard.press("[")
    page.wait_for_url(f"**/days/{DAY}.html")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("mask j o")  # letters are no commands here
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=mask+j+o")
    wait_for_search(page, "mask j o")


def test_everything_on_a_day_is_reached_by_tab(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"days/{DAY}.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.textContent || document.activeElement.name).trim()"))
    assert {"详细解读", "Light Speech Enhancement", "全部展开解读", "q"} <= reached


def test_colours_follow_the_system_until_one_chooses(visit: Callable[..., Visit]) -> None:
    one = visit(color_scheme="dark")
    page = one.open("index.html")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.keyboard.press("t")
    light = page.evaluate(background)
    assert light != dark
    page = one.open(f"days/{DAY}.html")
    assert page.evaluate(background) == light  # remembered
    page.click("[data-theme-switch]")
    assert page.evaluate(background) == dark
    page.click("[data-theme-switch]")
    assert page.locator("[data-theme-name]").inner_text() == "自动"
    assert page.evaluate(background) == dark


def test_a_day_is_filtered_by_category(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"days/{THIRD_DAY}.html")
    assert page.locator(".paper:visible").count() == 2
    page.get_by_role("button", name="cs.CL").click()
    assert page.locator(".paper:visible").count() == 1
    assert page.locator(".contents li:visible").count() == 1
    page.get_by_role("button", name="全部", exact=True).click()
    assert page.locator(".paper:visible").count() == 2


def test_folds_are_open_on_paper(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"days/{DAY}.html")
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('.paper .fold[open]').length; })"
    )
    assert page.pdf()
    assert page.evaluate("window.printed") == 3
    assert page.locator(".paper .fold[open]").count() == 0


def test_page_is_read_without_scripts(visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False).open(f"days/{DAY}.html")
    assert page.get_by_text("我们提出一种轻量的语音增强方法").first.is_visible()
    page.locator(".paper summary").first.click()
    assert page.get_by_text("采用两级结构").first.is_visible()
    assert not page.locator("[data-theme-switch]").is_visible()


def test_formulas_are_drawn(visit: Callable[..., Visit]) -> None:
    page = visit().open("papers/2602.00777v1.html")
    fraction = page.locator(".prose mfrac").first.bounding_box()
    assert fraction["height"] > 1.3 * page.locator(".prose mfrac mn").first.bounding_box()["height"]
    assert page.locator("h1 msub").count() == 1


def test_nothing_hostile_runs_and_all_of_it_is_readable(visit: Callable[..., Visit]) -> None:
    one = visit()
    for path in (f"days/{THIRD_DAY}.html", "papers/2602.00666v1.html", "index.html", f"mail/{THIRD_DAY}.html"):
        page = one.open(path)
        assert ATTACK in page.locator("body").inner_text()
        assert page.locator("img[src='x'], svg").count() == 0
    page = one.open("search.html?q=onerror")
    wait_for_search(page, "onerror")
    assert titles(page) == [ATTACK]
