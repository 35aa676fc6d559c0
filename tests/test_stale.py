"""Texts of older prompts: listed by status, made again by generate --stale, with the old rows kept."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import batch
import pytest
import trial_store
from batch import ROOT, Place

from summarizer.cli import main
from summarizer.store import Store, posts
from summarizer.tuning.drafts import next_version, start_draft
from summarizer.tuning.promotion import promote


class Desk(Place):
    """A place with prompts of its own."""

    @property
    def prompts(self) -> Path:
        return self.folder / "prompts"

    def run(self, *arguments: str | Path) -> int:
        return main([*map(str, arguments), *self.options(), "--prompts", str(self.prompts), "--quiet"])

    def promote(self, change: tuple[str, str]) -> str:
        """Release a new version of translation."""
        version = next_version(self.prompts, "translation")
        newest = f"v{int(version[1:]) - 1:03d}"
        path = start_draft(self.prompts, "translation", newest, self.folder / f"draft_{version}")
        path.write_text(path.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
        promote(self.prompts, "translation", path, version, "a test", "", date(2026, 3, 2))
        return version

    def texts(self) -> list[tuple[str, str]]:
        return self.sql(
            "SELECT prompt_version, text FROM accepted_summary WHERE task = 'translation' ORDER BY arxiv_id"
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    place = Desk(batch.make_place(tmp_path).folder)
    shutil.copytree(ROOT / "prompts", place.prompts)
    trial_store.build(place.store)
    assert place.run("generate") == 0
    return place


def test_status_lists_texts_of_older_prompts(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    desk.run("status", "--json")
    assert json.loads(capsys.readouterr().out)["stale"] == []
    old = max(p.stem for p in (desk.prompts / "translation").glob("v*.md"))
    version = desk.promote(("不增添。", "不增添，要通顺。"))
    desk.run("status", "--json")
    assert json.loads(capsys.readouterr().out)["stale"] == [
        {
            "task": "translation",
            "prompt_version": old,
            "current_version": version,
            "model": "fake",
            "n_texts": 4,
            "n_failed": 0,
        }
    ]
    desk.run("status")
    assert "summarizer generate --stale" in capsys.readouterr().out


def test_stale_texts_are_made_again_only_when_asked_and_old_rows_stay(desk: Desk) -> None:
    before = desk.texts()
    version = desk.promote(("不增添。", "不增添，要通顺。"))
    assert desk.run("generate") == 0
    assert desk.texts() == before  # a new prompt alone changes nothing
    n_attempts = desk.row_counts()["attempt"]
    assert desk.run("generate", "--stale") == 0
    after = desk.texts()
    assert {v for v, _ in after} == {version}
    assert len(after) == 4
    assert desk.row_counts()["attempt"] == n_attempts + 4  # only translation has a newer prompt
    assert {text for _, text in before} <= {text for (text,) in desk.sql("SELECT text FROM attempt")}
    assert desk.run("generate", "--stale") == 0
    assert desk.row_counts()["attempt"] == n_attempts + 4


def test_the_post_shows_the_newest_accepted_text(desk: Desk) -> None:
    assert desk.run("publish", "--out", desk.site) in (0, 10)
    old = desk.texts()[0][1]
    desk.promote(("不增添。", "不增添，要通顺。"))
    assert desk.run("generate", "--stale") == 0
    new = desk.texts()[0][1]
    assert new != old
    with Store(desk.store).read() as con:
        assert posts.pending_posts(con) == [trial_store.DAY]
    desk.run("publish", "--out", desk.site)
    page = (desk.site / "_posts" / "2026-03-01-arxiv.md").read_text(encoding="utf-8")
    assert new in page
    assert old not in page
    assert desk.sql("SELECT max(revision) FROM post") == [(2,)]


def test_a_new_text_that_fails_leaves_the_old_one_in_its_place(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = desk.texts()
    desk.promote(("max_tokens: 320", "max_tokens: 2"))  # every answer is cut off
    assert desk.run("generate", "--stale") == 10
    assert desk.texts() == before
    assert desk.sql("SELECT count(*) FROM item_failure WHERE stage = 'generate'") == [(0,)]  # no gap on any page
    capsys.readouterr()
    desk.run("status", "--json")
    (row,) = json.loads(capsys.readouterr().out)["stale"]
    assert (row["n_texts"], row["n_failed"]) == (4, 4)
    n_attempts = desk.row_counts()["attempt"]
    assert desk.run("generate", "--stale") == 0  # what failed for good is not tried again
    assert desk.row_counts()["attempt"] == n_attempts


def test_missing_texts_come_first_then_those_of_the_latest_days(desk: Desk) -> None:
    trial_store.add_paper(Store(desk.store), 6, date(2026, 3, 2))
    assert desk.run("generate") == 0
    version = desk.promote(("不增添。", "不增添，要通顺。"))
    trial_store.add_paper(Store(desk.store), 7, date(2026, 2, 1))

    def made() -> list[tuple[str]]:
        return desk.sql(
            f"SELECT arxiv_id FROM attempt JOIN prompt USING (prompt_hash) WHERE prompt_version = '{version}' "
            "AND prompt.task = 'translation' ORDER BY attempt.created_utc"
        )

    assert desk.run("generate", "--stale", "--max-papers", "1") == 0
    assert made() == [("2603.00007",)]  # had no text
    assert desk.run("generate", "--stale", "--max-papers", "1") == 0
    assert made() == [("2603.00007",), ("2603.00006",)]
    assert desk.run("generate", "--stale") == 0
    assert len(made()) == 6


def test_an_older_prompts_folder_makes_nothing_stale(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.prompts, tmp_path / "older")
    desk.promote(("不增添。", "不增添，要通顺。"))
    desk.run("generate", "--stale")
    texts = desk.texts()
    shutil.rmtree(desk.prompts)
    shutil.copytree(tmp_path / "older", desk.prompts)
    assert desk.run("generate", "--stale") == 0
    assert desk.texts() == texts
