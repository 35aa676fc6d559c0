"""From arXiv's announcement to the post inside, and back to what the ledger says of it."""

from __future__ import annotations

import json
from pathlib import Path

import batch
import played_arxiv
import pytest
import sample_day

from summarizer.cli import main


def test_collected_papers_are_published_and_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sample_day.write_brief_paper(tmp_path / "paper")
    (pdf,) = folder.glob("*.pdf")
    described = json.loads(folder.joinpath("papers.jsonl").read_text(encoding="utf-8"))
    outside = tmp_path / "outside"
    outside.mkdir()
    with played_arxiv.playing("2026-03-20T00:00:00") as server:
        server.add(
            "2603.00001",
            "2026-03-04T12:00:00",
            title=described["title"],
            abstract=described["abstract"],
            pdf=pdf.read_bytes(),
        )
        server.add("2603.00002", "2026-03-04T13:00:00", title="Another", pdf=b"%PDF-1.4 and no more")
        config = outside / "config.toml"
        config.write_text(
            f'[collect]\napi_url = "{server.address}/api"\nfeed_url = ""\ndelay_seconds = 0\n'
            f'pdf_urls = ["{server.address}/pdf/{{id}}v{{version}}"]\n',
            encoding="utf-8",
        )
        options = ["--config", str(config), "--out", str(outside)]
        assert main(["collect", "--categories", "cs.SD,eess.AS", "--date", "2026-03-05", *options]) == 0
    bundle = capsys.readouterr().out.strip()

    inside = batch.make_place(tmp_path / "inside")
    assert inside.run_day(Path(bundle)) == 10  # the second PDF is damaged
    page = inside.site.joinpath("_posts", "2026-03-05-arxiv.md").read_text(encoding="utf-8")
    assert "- 时间窗口（锚点 08:50 CST）：2026-03-04 08:50 — 2026-03-05 08:50\n- 抓取总数：2 篇" in page
    assert "https://arxiv.org/abs/2603.00001v1" in page

    assert inside.run("export", "--out", tmp_path / "back", "--format", "jsonl") == 0
    capsys.readouterr()
    assert main(["ledger", "--inside", str(tmp_path / "back" / "ledger.json"), *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["carried"], told["missing"], told["of_another_ledger"]) == (2, [], 0)
    assert told["published"] >= 1
