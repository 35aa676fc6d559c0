"""Drafts begin as copies, and become released versions that never change."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from summarizer.errors import ConfigError, PromptError
from summarizer.prompts import load_prompt, read_lock
from summarizer.tuning.drafts import next_version, read_candidate, start_draft, with_version
from summarizer.tuning.promotion import promote

PROMPTS = Path(__file__).parent.parent / "prompts"
DAY = date(2026, 3, 2)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    return tmp_path / "prompts"


@pytest.fixture
def draft(prompts: Path, tmp_path: Path) -> Path:
    """A draft that differs from the newest version of translation."""
    newest = load_prompt(prompts, "translation").version
    path = start_draft(prompts, "translation", newest, tmp_path / "my_draft")
    path.write_text(path.read_text(encoding="utf-8").replace("不增添。", "不增添，要通顺。", 1), encoding="utf-8")
    return path.parent


def upcoming(prompts: Path, steps: int = 0) -> str:
    return f"v{int(next_version(prompts, 'translation')[1:]) + steps:03d}"


def test_a_draft_calls_itself_the_next_version_so_that_its_trials_stay_valid(prompts: Path, draft: Path) -> None:
    version = upcoming(prompts)
    candidate = read_candidate(prompts, "translation", str(draft))
    assert candidate.prompt.version == version
    promoted = promote(prompts, "translation", draft, version, "reads better", "", DAY)
    assert not promoted.renamed
    assert promoted.prompt.prompt_hash == candidate.prompt.prompt_hash


def test_promotion_writes_file_lock_and_changelog(prompts: Path, draft: Path) -> None:
    version, before = upcoming(prompts), read_lock(prompts)
    promoted = promote(prompts, "translation", draft, version, "reads\n better", "chrf 40 to 42", DAY)
    assert promoted.path == prompts / "translation" / f"{version}.md"
    assert promoted.path.read_bytes() == (draft / "translation.md").read_bytes()
    assert read_lock(prompts) == {**before, ("translation", version): promoted.prompt.prompt_hash}
    assert load_prompt(prompts, "translation").version == version  # what the next run uses
    changelog = (prompts / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.endswith(f"- 2026-03-02 `translation` {version}: reads better (chrf 40 to 42)\n")
    assert next_version(prompts, "translation") == upcoming(prompts)


def test_a_promotion_that_was_killed_half_way_is_completed_by_the_same_call(prompts: Path, draft: Path) -> None:
    version = upcoming(prompts)
    shutil.copy(draft / "translation.md", prompts / "translation" / f"{version}.md")  # killed before LOCK
    for _ in range(2):  # and once more when all is done
        promote(prompts, "translation", draft, version, "why", "", DAY)
    assert (prompts / "LOCK").read_text(encoding="utf-8").count(f"translation {version}") == 1
    assert (prompts / "CHANGELOG.md").read_text(encoding="utf-8").count(f"`translation` {version}") == 1


def test_a_draft_of_another_number_is_renamed(prompts: Path, draft: Path) -> None:
    path = draft / "translation.md"
    path.write_text(with_version(path.read_text(encoding="utf-8"), "v099"), encoding="utf-8")
    promoted = promote(prompts, "translation", draft, upcoming(prompts), "why", "", DAY)
    assert promoted.renamed
    assert load_prompt(prompts, "translation").prompt_hash == promoted.prompt.prompt_hash


def test_what_cannot_be_promoted_is_refused_and_changes_nothing(prompts: Path, draft: Path, tmp_path: Path) -> None:
    version, newest = upcoming(prompts), load_prompt(prompts, "translation").version
    files = sorted(p for p in prompts.rglob("*") if p.is_file())
    lock = (prompts / "LOCK").read_bytes()
    same = start_draft(prompts, "translation", newest, tmp_path / "same")
    refused = [
        (draft, upcoming(prompts, 1), "why", f"next version of translation is {version}"),
        (draft, newest, "why", "released already, with another text"),
        (draft, "4", "why", "not of the form v001"),
        (draft, version, "  ", "say why"),
        (same, version, "why", f"does not differ from translation {newest}"),
        (tmp_path / "nowhere", version, "why", "no draft"),
    ]
    for path, number, because, says in refused:
        with pytest.raises(PromptError, match=says):
            promote(prompts, "translation", path, number, because, "", DAY)
    assert sorted(p for p in prompts.rglob("*") if p.is_file()) == files
    assert (prompts / "LOCK").read_bytes() == lock


def test_a_file_in_the_way_is_not_overwritten(prompts: Path, draft: Path) -> None:
    version = upcoming(prompts)
    (prompts / "translation" / f"{version}.md").write_text("something else", encoding="utf-8")
    with pytest.raises(PromptError, match="exists and is not this draft"):
        promote(prompts, "translation", draft, version, "why", "", DAY)


def test_a_draft_is_never_overwritten_by_starting_it(prompts: Path, draft: Path) -> None:
    with pytest.raises(PromptError, match="exists already"):
        start_draft(prompts, "translation", "v001", draft)


def test_candidates_by_name(prompts: Path, draft: Path) -> None:
    swept = read_candidate(prompts, "translation", f"{draft}/@temperature=0.3,seed=4")
    assert swept.label == f"{draft}@temperature=0.3,seed=4"
    assert (swept.prompt.sampling.temperature, swept.prompt.sampling.seed) == (0.3, 4)
    assert read_candidate(prompts, "translation", "v001").label == "v001"
    assert read_candidate(prompts, "translation", str(draft / "translation.md")).prompt == (
        read_candidate(prompts, "translation", str(draft)).prompt
    )
    for name, says in (
        ("v001@heat=1", "unknown sampling key 'heat'"),
        ("v001@temperature=hot", "temperature=hot is not a number"),
        ("v001@temperature=-1", "temperature must be at least 0"),
        ("v001@top_p=0", "top_p above 0"),
    ):
        with pytest.raises(ConfigError, match=says):
            read_candidate(prompts, "translation", name)
    with pytest.raises(PromptError, match="is for the task translation"):
        read_candidate(prompts, "method", str(draft / "translation.md"))
