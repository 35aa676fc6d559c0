"""``summarizer doctor``: green where a run would work, and one line with a remedy for each thing that is wrong."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import kit_files
import pytest

from summarizer.cli import main
from summarizer.config import Config, LlmConfig
from summarizer.doctor import Place, child, examine, installation, machine, trials
from summarizer.doctor.finding import Unfit
from summarizer.errors import ModelError, PromptError, StoreError
from summarizer.store import Store
from summarizer.sums import write_sums

FAKE = '[llm]\nengine = "fake"\n[embed]\nengine = "fake"\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A checkout with tiny models whose bytes nothing can load."""
    monkeypatch.chdir(tmp_path)
    return Place(
        config=Config(),
        config_path=None,
        store=tmp_path / "store.duckdb",
        out=tmp_path / "site",
        models=kit_files.write_models(tmp_path / "models"),
        prompts=kit_files.ROOT / "prompts",
        home=None,
    )


@pytest.fixture
def home(place: Place, tmp_path: Path) -> Place:
    """The same as an installed kit."""
    kit_files.write_prompts(tmp_path / "prompts")
    (tmp_path / "kit.json").write_text(
        json.dumps({"version": "1", "python": kit_files.HERE, "packages": {"click": metadata.version("click")}}),
        encoding="utf-8",
    )
    write_sums(tmp_path)
    return dataclasses.replace(place, home=tmp_path, prompts=tmp_path / "prompts")


def test_all_is_well_with_the_fakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text(FAKE, encoding="utf-8")
    arguments = ["doctor", "--models", str(kit_files.ROOT / "models"), "--prompts", str(kit_files.ROOT / "prompts")]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert [finding["check"] for finding in told["findings"]] == [
        *("kit", "python", "packages", "prompts", "models", "processor", "memory", "disk"),
        *("store", "pdf", "embedding", "generation", "network"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml"]  # it changes nothing


def test_a_line_each_and_exit_code_9(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = [check for check in examine.__globals__["CHECKS"] if check[0] in ("python", "prompts", "memory")]
    monkeypatch.setitem(examine.__globals__, "CHECKS", tuple(kept))
    Path("config.toml").write_text(FAKE, encoding="utf-8")
    assert main(["doctor", "--prompts", str(tmp_path)]) == 9
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", "python"], ["BAD", "prompts"], ["ok", "memory"]]
    assert "LOCK cannot be read" in lines[1]
    assert captured.err == "1 of 3 are wrong\n"


def test_whatever_a_check_raises_is_a_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_it(error: Exception) -> object:
        def check(_: Place) -> str:
            raise error

        return check

    errors = [
        Unfit("it is gone", "bring it back"),
        ModelError("model x: file y is missing: fetch it"),
        StoreError("broken"),
        ModuleNotFoundError("No module named 'torch'", name="torch"),
        ImportError("libgomp.so.1: cannot open shared object file"),
        PermissionError(13, "Permission denied", "/x"),
    ]
    monkeypatch.setitem(examine.__globals__, "CHECKS", tuple((str(n), raise_it(e)) for n, e in enumerate(errors)))
    findings = list(examine(place))
    assert not any(finding.ok for finding in findings)
    assert [(f.found, f.remedy) for f in findings[:3]] == [
        ("it is gone", "bring it back"),
        ("model x: file y is missing", "fetch it"),
        ("broken", ""),
    ]
    assert findings[3].found == "torch is not installed"
    assert "libgomp.so.1" in findings[4].found
    assert "/x" in findings[5].found


# The installation


def test_models_with_the_right_and_a_wrong_hash(place: Place) -> None:
    assert installation.check_models(place) == "tiny, enc: hashes are right"
    (place.models / "tiny.gguf").write_bytes(kit_files.WEIGHTS[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        installation.check_models(place)


def test_prompts_as_released(place: Place, tmp_path: Path) -> None:
    assert "released versions" in installation.check_prompts(place)
    with pytest.raises(PromptError):
        installation.check_prompts(dataclasses.replace(place, prompts=kit_files.write_prompts(tmp_path / "p")))


def test_files_of_the_kit(home: Place) -> None:
    assert "files as they came" in installation.check_kit(home)
    with (home.prompts / "LOCK").open("a", encoding="utf-8") as lock:
        lock.write("translation v009 0\n")  # a version released here
    (home.prompts / "translation" / "v009.md").touch()
    installation.check_kit(home)
    (home.prompts / "translation" / "v001.md").write_text("changed", encoding="utf-8")
    with pytest.raises(Unfit, match=r"v001\.md is not as it came"):
        installation.check_kit(home)
    (home.prompts / "translation" / "v001.md").unlink()
    with pytest.raises(Unfit, match=r"v001\.md is missing"):
        installation.check_kit(home)


def test_python_and_packages_of_the_kit(home: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installation.check_python(home).startswith("Python 3.")
    assert installation.check_python(dataclasses.replace(home, home=None)).startswith("Python 3.")
    monkeypatch.setattr(installation, "_recorded", lambda site: iter([]))
    assert "1 packages" in installation.check_packages(home)
    for packages, words in (
        ({"click": "0.1"}, r"click is .*, the kit has 0\.1"),
        ({"nonsense": "1"}, "nonsense is missing"),
    ):
        about = {"python": "3.99", "packages": packages}
        (home.home or Path()).joinpath("kit.json").write_text(json.dumps(about), encoding="utf-8")
        with pytest.raises(Unfit, match=words):
            installation.check_packages(home)
    with pytest.raises(Unfit, match=r"the kit is for 3\.99"):
        installation.check_python(home)


def test_files_of_packages(home: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    (site / "x-1.dist-info").mkdir(parents=True)
    (site / "x.py").write_bytes(b"print()")
    right = base64.urlsafe_b64encode(hashlib.sha256(b"print()").digest()).rstrip(b"=").decode()
    (site / "x-1.dist-info" / "RECORD").write_text(
        f"x.py,sha256={right},7\nx.pyc,sha256=other,1\nx-1.dist-info/RECORD,,\n", encoding="utf-8"
    )
    monkeypatch.setattr(installation.sysconfig, "get_path", lambda name: str(site))
    assert "1 files as installed" in installation.check_packages(home)
    (site / "x.py").write_bytes(b"changed")
    with pytest.raises(Unfit, match=r"x\.py was changed"):
        installation.check_packages(home)
    (site / "x.py").unlink()
    with pytest.raises(Unfit, match=r"x\.py is missing"):
        installation.check_packages(home)


def test_packages_of_a_checkout(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "are here" in installation.check_packages(place)
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["click>=8", "nonsense>=1; extra == 'offline'", "arxiv; extra == 'collect'"]
    )
    with pytest.raises(Unfit, match=r"^nonsense not installed"):
        installation.check_packages(place)


# The machine


def test_memory(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("summarizer.llm.budget.available_bytes", lambda: 8_000_000_000)
    assert machine.check_memory(place).startswith("8.0 GB can be had")
    monkeypatch.setattr("summarizer.llm.budget.available_bytes", lambda: 1_000_000_000)
    with pytest.raises(Unfit, match="smaller model"):
        machine.check_memory(place)


def test_disk(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "store:" in machine.check_disk(place)
    assert not (tmp_path / "site").exists()
    (tmp_path / "file").touch()
    with pytest.raises(Unfit, match="for the site, cannot be written"):
        machine.check_disk(dataclasses.replace(place, out=tmp_path / "file" / "site"))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**8))
    with pytest.raises(Unfit, match=r"0\.1 GB free"):
        machine.check_disk(place)


def test_features_of_a_processor(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("model name : x\nflags\t\t: fpu sse4_2 avx avx2 fma nonsense\nflags: other\n", encoding="utf-8")
    assert machine.cpu_features(info) == ["sse4_2", "avx", "fma", "avx2"]
    info.write_text("Features\t: asimd asimddp\n", encoding="utf-8")
    assert machine.cpu_features(info) == ["asimd", "asimddp"]
    assert machine.cpu_features(tmp_path / "none") == []


def test_which_kernels_are_taken(place: Place) -> None:
    pytest.importorskip("llama_cpp")
    assert "kernels: " in machine.check_processor(place)
    assert "kernels" not in machine.check_processor(
        dataclasses.replace(place, config=Config(llm=LlmConfig(engine="fake")))
    )


# Trials


def test_a_store_that_is_there_and_one_that_is_none(place: Place) -> None:
    assert "not there yet" in trials.try_store(place)
    assert not place.store.exists()
    with Store(place.store).write():
        pass
    assert trials.try_store(place) == f"{place.store} opens"
    place.store.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        trials.try_store(place)


def test_a_store_in_use_is_no_fault(place: Place) -> None:
    with Store(place.store).write():
        pass
    program = (
        f"import duckdb, time; con = duckdb.connect({str(place.store)!r}); print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            assert "in use" in trials.try_store(place)
        finally:
            holder.kill()


def test_a_pdf_that_cannot_be_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_SECONDS", -10.0)  # no time at all: four seconds are allowed for the page itself
    with pytest.raises(Unfit, match="could not be read"):
        trials.try_pdf(place)


def test_a_model_that_cannot_be_loaded_is_one_line(place: Place) -> None:
    with pytest.raises(Unfit, match="cannot be loaded as a GGUF model"):
        trials.try_generation(place)
    with pytest.raises(Unfit, match="not a sentence-transformers folder"):
        trials.try_embedding(place)


def test_a_server_is_not_asked(place: Place) -> None:
    server = LlmConfig(engine="server", server_url="http://10.0.0.5/v1", model="x")
    asked = dataclasses.replace(place, config=Config(llm=server))
    assert trials.try_generation(asked).startswith("not tried: http://10.0.0.5/v1")


@pytest.mark.parametrize(("number", "words"), [(4, "illegal instruction"), (9, "memory"), (11, "SIGSEGV")])
def test_a_child_that_dies(number: int, words: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import os; os.kill(os.getpid(), {number})"
    real = subprocess.run
    monkeypatch.setattr(
        child.subprocess, "run", lambda command, **named: real([sys.executable, "-c", program], **named)
    )
    with pytest.raises(Unfit, match=words):
        child.in_child("generation", place)


def test_who_asks_for_the_network_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    child.attempts.clear()
    assert "no other machine" in trials.check_network(place)
    program = (
        "import socket; from summarizer.doctor import program\n"
        "def task(config, models):\n    try:\n        socket.create_connection(('192.0.2.1', 9), 0.01)\n"
        "    except OSError:\n        return 'done'\n"
        "program.TASKS['kernels'] = task\nimport sys; sys.argv = ['x', 'kernels']; program.main()\n"
    )
    real = subprocess.run
    monkeypatch.setattr(
        child.subprocess, "run", lambda command, **named: real([sys.executable, "-c", program], **named)
    )
    assert child.in_child("kernels", place) == "done"
    with pytest.raises(Unfit, match=r"192\.0\.2\.1 was asked for"):
        trials.check_network(place)
    child.attempts.clear()


@pytest.mark.model
def test_the_real_models_answer(small_model: Path, embedder_folder: Path, tmp_path: Path, place: Place) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[llm]\nmodel = "small"\n', encoding="utf-8")
    real = dataclasses.replace(place, config_path=config, models=small_model.parent)
    assert " tokens in " in trials.try_generation(real)
    assert "384 dimensions" in trials.try_embedding(real)
    assert embedder_folder.is_dir()
