"""Signed bundles on the command line, and what a site lets in by its configuration."""

from __future__ import annotations

import json
from pathlib import Path

import batch
import pytest
from batch import Place

from summarizer.cli import main
from summarizer.signing import read_signing_key

NO_PDFS = '{"arxiv_id": "2602.00001", "title": "A title", "abstract": "We measure it."}\n'


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUMMARIZER_KEY_PASSPHRASE", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "papers"
    path.mkdir()
    (path / "papers.jsonl").write_text(NO_PDFS, encoding="utf-8")
    return path


def pack(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Path:
    assert main(["bundle", "pack", str(folder), "--date", "2026-02-12", "--out", "out", "--quiet", *options]) == 0
    return Path(capsys.readouterr().out.strip())


def new(name: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["keys", "new", f"{name}.pem", *options]) == 0
    out, err = capsys.readouterr()
    assert f"{name}.pem: the private key, SHA256:" in err
    return out


def test_keys_new_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    line = new("collector", capsys)
    assert line == Path("collector.pem.pub").read_text()
    assert line.startswith("ssh-ed25519 AAAA")
    assert line.endswith(" collector\n")
    new("second", capsys, "--name", "the second one")
    Path("trusted").write_text(line + "@revoked " + Path("second.pem.pub").read_text())
    assert main(["keys", "show", "trusted", "second.pem", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["kind"], row["revoked"]) for row in rows] == [
        ("collector", "public", False),
        ("the second one", "public", True),
        ("", "private", False),
    ]
    assert rows[1]["key_id"] == rows[2]["key_id"] == read_signing_key(Path("second.pem")).key_id
    assert main(["keys", "show", "trusted", "--public"]) == 0
    assert capsys.readouterr().out == Path("trusted").read_text()
    assert main(["keys", "show", "trusted"]) == 0
    assert "the second one" in capsys.readouterr().out
    assert main(["keys", "show", "trusted", "--json", "--pem"]) == 2
    assert main(["keys", "new", "collector.pem"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["keys", "new", "third.pem", "--encrypt"]) == 2
    assert "SUMMARIZER_KEY_PASSPHRASE" in capsys.readouterr().err
    monkeypatch.setenv("SUMMARIZER_KEY_PASSPHRASE", "")
    assert main(["keys", "new", "third.pem", "--encrypt"]) == 2
    monkeypatch.setenv("SUMMARIZER_KEY_PASSPHRASE", "open sesame")
    new("third", capsys, "--encrypt")
    assert main(["keys", "show", "third.pem", "--public"]) == 0
    assert capsys.readouterr().out.strip() == Path("third.pem.pub").read_text().removesuffix(" third\n")
    monkeypatch.delenv("SUMMARIZER_KEY_PASSPHRASE")
    assert main(["keys", "show", "third.pem"]) == 2


def test_pack_and_verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new("one", capsys)
    new("two", capsys)
    bundle = pack(folder, capsys, "--sign", "one.pem", "--sign", "two.pem")
    assert main(["bundle", "verify", str(bundle)]) == 0
    assert "which was not checked: no trusted keys were given" in capsys.readouterr().out
    assert main(["bundle", "verify", str(bundle), "--trusted", "one.pem.pub"]) == 0
    assert "signed by one (SHA256:" in capsys.readouterr().out
    assert main(["bundle", "verify", str(bundle), "--trusted", "one.pem.pub", "--trusted", "two.pem.pub"]) == 0
    out = capsys.readouterr().out
    assert "one (SHA256:" in out
    assert "two (SHA256:" in out
    new("three", capsys)
    assert main(["bundle", "verify", str(bundle), "--trusted", "three.pem.pub"]) == 3
    assert main(["bundle", "verify", str(bundle), "--trusted", "three.pem"]) == 2
    assert main(["bundle", "verify", str(bundle), "--trusted", "none"]) == 2
    capsys.readouterr()
    unsigned = pack(folder, capsys)
    assert main(["bundle", "verify", str(unsigned)]) == 0
    assert capsys.readouterr().out.endswith(", not signed\n")
    assert main(["bundle", "verify", str(unsigned), "--trusted", "one.pem.pub"]) == 3
    for wrong in (["--sign", "none.pem"], ["--sign", "one.pem.pub"], ["--sign", "one.pem", "--sign", "one.pem"]):
        assert main(["bundle", "pack", str(folder), "--date", "2026-02-13", "--out", "wrong", *wrong]) in (2, 3)
    assert not Path("wrong").exists()


def place(tmp_path: Path, section: str) -> Place:
    return batch.make_place(tmp_path / "place", batch.FAKES + section)


def test_a_site_lets_in_what_its_configuration_says(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("known", "unknown"):
        new(name, capsys)
    known = pack(folder, capsys, "--sign", "known.pem")
    unknown = pack(folder, capsys, "--sign", "unknown.pem", "--categories", "cs.SD")
    unsigned = pack(folder, capsys, "--categories", "eess.AS")
    strict = place(tmp_path, '[bundle]\ntrusted_keys = ["../known.pem.pub"]\nrequire_signature = true\n')
    for refused in (unknown, unsigned):
        for command in ("ingest", "run", "plan"):
            assert strict.run(command, refused) == 3
            assert "is refused: it is" in capsys.readouterr().err
    assert strict.run("run", known, unsigned, "--out", strict.site) == 3
    assert not strict.store.exists()
    assert strict.run("ingest", known) == 10  # the paper came without its PDF
    assert "is signed by known (SHA256:" in capsys.readouterr().err
    ((bundle_id, key_id, name, line),) = strict.sql(
        "SELECT bundle_id, key_id, key_name, public_key FROM bundle_signature"
    )
    assert f"{line} {name}\n" == Path("known.pem.pub").read_text()
    assert strict.sql("SELECT bundle_id FROM bundle") == [(bundle_id,)]
    assert key_id == read_signing_key(Path("known.pem")).key_id
    ((config,),) = strict.sql("SELECT config FROM run")
    assert json.loads(config)["bundle"]["require_signature"] is True
    rows = strict.row_counts()
    assert strict.run("ingest", known) == 10
    assert strict.row_counts() == rows
    # what is given on the line takes the place of what is configured
    assert strict.run("ingest", unknown, "--trusted", "unknown.pem.pub") == 10
    assert strict.run("ingest", known, "--trusted", "unknown.pem.pub") == 3


def test_unsigned_bundles_stay_readable_unless_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new("known", capsys)
    new("unknown", capsys)
    unsigned = pack(folder, capsys)
    lenient = place(tmp_path, '[bundle]\ntrusted_keys = ["../known.pem.pub"]\n')
    assert lenient.run("ingest", unsigned) == 10
    assert "is not signed" in capsys.readouterr().err
    assert lenient.sql("SELECT count(*) FROM bundle_signature") == [(0,)]
    assert lenient.run("ingest", pack(folder, capsys, "--sign", "unknown.pem", "--categories", "cs.SD")) == 3
    assert lenient.run("ingest", unsigned, "--trusted", "known.pem.pub") == 3
    open_site = batch.make_place(tmp_path / "open")
    signed = pack(folder, capsys, "--sign", "known.pem", "--categories", "cs.CL")
    assert open_site.run("ingest", signed) == 10
    assert open_site.sql("SELECT count(*) FROM bundle_signature") == [(0,)]
    # the same bundle again, now with a key to check it by
    assert open_site.run("ingest", signed, "--trusted", "known.pem.pub") == 10
    assert open_site.sql("SELECT key_name FROM bundle_signature") == [("known",)]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[bundle]\nrequire_signature = true\n", "no keys are trusted"),
        ('[bundle]\ntrusted_keys = ["gone.pub"]\n', "gone.pub cannot be read"),
        ('[bundle]\ntrusted_keys = "keys.pub"\n', "bundle.trusted_keys: 'keys.pub' is not a list of texts"),
        ("[bundle]\ntrusted_keys = [1]\n", "is not a list of texts"),
        ('[bundle]\nrequire_signature = "yes"\n', "is not true or false"),
    ],
)
def test_a_wrong_configuration_lets_nothing_in(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], section: str, told: str
) -> None:
    bundle = pack(folder, capsys)
    site = place(tmp_path, section)
    assert site.run("ingest", bundle) == 2
    assert told in capsys.readouterr().err
    assert not site.store.exists()
