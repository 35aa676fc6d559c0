"""``summarizer collect`` and ``summarizer ledger`` as commands: options, exit codes, and what comes back out of the gap."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import played_arxiv
import pytest
from played_arxiv import PlayedArxiv

from summarizer.bundle import open_bundle
from summarizer.cli import main
from summarizer.collect.comparison import read_arrived
from summarizer.collect.ledger import open_ledger
from summarizer.errors import CollectError, ConfigError

DAY, NEXT = "2026-03-05", "2026-03-06"


@pytest.fixture
def server() -> Iterator[PlayedArxiv]:
    with played_arxiv.playing("2026-03-20T00:00:00") as server:
        server.add("2603.00001", "2026-03-04T12:00:00")
        server.add("2603.00002", "2026-03-04T13:00:00", categories=("cs.LG", "cs.SD"))
        server.add("2603.00003", "2026-03-05T12:00:00")
        yield server


@pytest.fixture
def place(server: PlayedArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("config.toml").write_text(
        f'[collect]\napi_url = "{server.address}/api"\nfeed_url = ""\ndelay_seconds = 0\nretries = 0\n'
        f'pdf_urls = ["{server.address}/pdf/{{id}}v{{version}}"]\n',
        encoding="utf-8",
    )
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def _papers(path: str) -> set[str]:
    with open_bundle(Path(path)) as bundle:
        return {f"{paper.arxiv_id}v{paper.version}" for paper in bundle.papers}


def test_a_day_then_the_days_since(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, paths, err = _run(capsys, "collect", "--categories", "cs.SD,eess.AS", "--date", DAY, "--out", "carried")
    assert (code, len(paths)) == (0, 1), err
    assert _papers(paths[0]) == {"2603.00001v1", "2603.00002v1"}
    assert Path(paths[0]).parent == Path("carried")
    code, paths, err = _run(
        capsys, "collect", "--backfill", f"{DAY}:{NEXT}", "--out", "carried"
    )  # the ledger's categories
    assert (code, [_papers(path) for path in paths]) == (0, [{"2603.00003v1"}]), err
    code, paths, err = _run(capsys, "collect", "--backfill", f"{DAY}:{NEXT}", "--out", "carried")
    assert (code, paths) == (0, [])
    assert "every day of these is in the ledger" in err


def test_options_stand_over_the_configuration(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with place.joinpath("config.toml").open("a", encoding="utf-8") as config:
        config.write('categories = ["cs.SD"]\nout = "elsewhere"\n')
    code, paths, _ = _run(capsys, "collect", "--date", DAY, "--primary-only", "--quiet")
    assert (code, _papers(paths[0])) == (0, {"2603.00001v1"})
    assert Path(paths[0]).parent == Path("elsewhere")
    code, paths, _ = _run(capsys, "collect", "--date", NEXT, "--exclude", "speech")
    assert (code, paths) == (0, [])
    code, paths, _ = _run(capsys, "collect", "--date", NEXT, "--basis", "submitted")
    assert (code, len(paths)) == (0, 0)  # both windows of that day hold no other paper


def test_pdfs_that_did_not_come_are_exit_code_10(
    place: Path, server: PlayedArxiv, capsys: pytest.CaptureFixture[str]
) -> None:
    server.papers[0].pdf = 404
    code, paths, err = _run(capsys, "collect", "--categories", "cs.SD", "--date", DAY)
    assert (code, _papers(paths[0])) == (10, {"2603.00002v1"})
    assert "2603.00001v1: no PDF, tried again by the next run" in err
    code, lines, _ = _run(capsys, "ledger")
    assert code == 0
    assert any("2603.00001v1" in line and "404" in line for line in lines)
    code, lines, _ = _run(capsys, "ledger", "--json")
    told = json.loads("\n".join(lines))
    (day,) = told["days"]
    assert (day["listed"], day["carried"], day["waiting"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--since-last"),
        (["--since-last", "--date", DAY], 2, "one of"),
        (["--date", DAY], 2, "categories"),
        (["--date", DAY, "--categories", "speech and audio"], 2, "is no arXiv category|no arXiv"),
        (["--date", "2026-03-07", "--categories", "cs.SD"], 2, "the next day is 2026-03-09"),
        (["--date", "2126-03-07", "--categories", "cs.SD"], 2, "2126"),
        (["--backfill", "January", "--categories", "cs.SD"], 2, "two dates"),
        (["--backfill", f"{NEXT}:{DAY}", "--categories", "cs.SD"], 2, "later than the last"),
        (["--again", "abc"], 7, "no bundles"),
        (["--since-last", "--metadata", "config.toml"], 2, "--metadata goes with"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    found, out, err = _run(capsys, "collect", *arguments)
    assert (found, out) == (code, [])
    assert any(word in err for word in said.split("|"))


def test_bundles_are_signed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "keys", "new", "key.pem")[0] == 0
    code, paths, err = _run(capsys, "collect", "--categories", "cs.SD", "--date", DAY, "--sign", "key.pem")
    assert (code, len(paths)) == (0, 1), err
    assert _run(capsys, "bundle", "verify", paths[0], "--trusted", "key.pem.pub")[0] == 0
    code, again, _ = _run(capsys, "collect", "--categories", "cs.SD", "--date", NEXT)
    assert _run(capsys, "bundle", "verify", again[0], "--trusted", "key.pem.pub")[0] == 3
    code, _, err = _run(capsys, "collect", "--categories", "cs.SD", "--date", DAY, "--sign", "none.pem")
    assert (code, "none.pem" in err) == (2, True)


def test_arxiv_being_away_is_exit_code_7_and_loses_nothing(
    place: Path, server: PlayedArxiv, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults["api"].append(played_arxiv.status(503))
    code, out, err = _run(capsys, "collect", "--categories", "cs.SD", "--date", DAY)
    assert (code, out) == (7, [])
    assert err.splitlines()[-1].startswith("summarizer: error: ")
    assert "HTTP 503" in err
    code, paths, _ = _run(capsys, "collect", "--categories", "cs.SD", "--date", DAY)
    assert (code, len(paths)) == (0, 1)


def _arrived(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_did_not_arrive_and_the_command_that_fetches_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, paths, _ = _run(capsys, "collect", "--categories", "cs.SD", "--backfill", f"{DAY}:{NEXT}")
    ids = []
    for path in paths:
        with open_bundle(Path(path)) as bundle:
            ids.append(bundle.manifest.bundle_id)
    rows = [
        {"bundle_id": ids[0], "arxiv_id": "2603.00001", "version": 1, "post_date": DAY, "published": True},
        {"bundle_id": ids[0], "arxiv_id": "2603.00002", "version": 1, "post_date": DAY, "published": False, "more": 1},
        {"bundle_id": "f" * 64, "arxiv_id": "2603.00009", "version": 1, "post_date": DAY, "published": True},
    ]
    inside = str(_arrived(place / "inside.jsonl", rows))
    code, lines, _ = _run(capsys, "ledger", "--inside", inside)
    assert code == 10
    assert any(paths[1] in line and "carry" in line and "2603.00003v1" in line for line in lines)
    assert any("3 papers carried: 1 published, 1 arrived but on no post, 1 did not arrive" in line for line in lines)

    before = Path(paths[1]).read_bytes()
    Path(paths[1]).unlink()
    code, lines, _ = _run(capsys, "ledger", "--inside", inside, "--json")
    told = json.loads("\n".join(lines))
    (missing,) = told["missing"]
    assert (told["carried"], told["published"], told["of_another_ledger"]) == (3, 1, 1)
    command = missing["what to do"]
    assert command == f"summarizer collect --again {ids[1][:12]}"
    assert _run(capsys, *command.split()[1:])[:2] == (0, [paths[1]])
    assert Path(paths[1]).read_bytes() == before

    rows.append({"bundle_id": ids[1], "arxiv_id": "2603.00003", "version": 1, "post_date": NEXT, "published": True})
    code, lines, _ = _run(capsys, "ledger", "--inside", str(_arrived(place / "inside.jsonl", rows)))
    assert code == 0
    assert any("0 did not arrive" in line for line in lines)


def test_the_ledger_of_an_export_is_understood(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, paths, _ = _run(capsys, "collect", "--categories", "cs.SD", "--backfill", f"{DAY}:{NEXT}")
    with open_bundle(Path(paths[0])) as bundle:
        bundle_id = bundle.manifest.bundle_id
    papers = [
        {"arxiv_id": "2603.00001", "version": 1, "state": "complete", "n_texts": 4, "n_published": 4, "reasons": []},
        {"arxiv_id": "2603.00002", "version": 1, "state": "repeated", "n_texts": 0, "n_published": 0, "reasons": []},
    ]
    post = {"path": "site/_posts/2026-03-05-arxiv.md", "sha256": "0" * 64, "written_utc": "2026-03-05T08:00:00Z"}
    inside = {
        "export_format": 1,
        "since_utc": None,
        "bundles": [{"bundle_id": bundle_id, "post": post, "papers": papers}],
    }
    file = place / "ledger.json"

    def told() -> tuple[int, dict[str, Any]]:
        file.write_text(json.dumps(inside, indent=1), encoding="utf-8")
        code, lines, _ = _run(capsys, "ledger", "--inside", str(file), "--json")
        return code, json.loads("\n".join(lines))

    code, found = told()
    assert (code, found["published"], len(found["missing"])) == (10, 1, 1)
    assert found["unpublished"] == [{"post_date": DAY, "paper": "2603.00002v1", "state": "repeated"}]
    inside["since_utc"] = "2126-01-01T00:00:00Z"  # whatever was made before may have arrived before
    code, found = told()
    assert (code, found["missing"], found["bundles_not_covered"]) == (0, [], 1)
    inside["bundles"] = [{"bundle_id": bundle_id}]
    file.write_text(json.dumps(inside), encoding="utf-8")
    code, _, err = _run(capsys, "ledger", "--inside", str(file))
    assert (code, len(err.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    "line",
    [
        "nothing",
        "[]",
        '{"bundle_id": "a", "arxiv_id": "b", "version": "1", "post_date": "c", "published": true}',
        '{"bundle_id": "a", "arxiv_id": "b", "version": 1, "post_date": "c", "published": 1}',
        '{"bundle_id": "a"}',
    ],
)
def test_a_file_that_did_not_come_from_inside(tmp_path: Path, line: str) -> None:
    path = tmp_path / "inside.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_arrived(path)


def test_ledgers_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "ledger", "--ledger", str(tmp_path / "none"))
    assert (code, "no ledger at" in err) == (7, True)
    path = tmp_path / "text"
    path.write_text("This is no SQLite file, and long enough to be seen as such. " * 20, encoding="utf-8")
    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    newer = tmp_path / "newer"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for file, said in ((path, "cannot be used"), (other, "no ledger"), (newer, "version 99")):
        with pytest.raises(CollectError, match=said), open_ledger(file, create=False):
            pass


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path, create=True):
        with pytest.raises(CollectError, match="another summarizer collect"), open_ledger(path, create=True):
            pass
        with open_ledger(path, create=False) as reading:
            assert reading.days() == []
    with open_ledger(path, create=True):
        pass
