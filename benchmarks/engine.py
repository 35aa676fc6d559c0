"""The engine against what a user would pick instead, and against the limit of the machine.

    python benchmarks/engine.py --pdf DIR --limit 8 [--model default] [--rounds 2] [--shape long|pieces|both] [--json]

Two shapes of work: ``long`` (four questions a paper about one text of 1,500 to 3,000 tokens) and ``pieces`` (some twenty
short texts a paper to be translated, behind one prefix of instructions and examples). The contenders are the high-level
class of llama-cpp-python with nothing shared (naive) and with its own prefix cache (sequential), llama.cpp's server with 4
slots and with as many as ours (server; ``pip install -e '.[bench]'``), this program's engine (ours), and what bare
``llama_decode`` calls could do at best (limit). Every run is a child process of its own; the rounds interleave the
contenders in rotated order, because machines are noisy, and ratios are taken within a round.

``--record FILE`` keeps every finished run, and a later call with the same work goes on from there; a run of ours is taken
from it only while ``summarizer/llm`` is what it was. Runs of different hours are compared then: use it to go on after an
interruption or to try a change, not for figures to publish.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine_contenders import default_slots, run_worker
from engine_report import summary, table
from engine_work import SHAPES, distinct_tokens

from summarizer.errors import EXIT_INTERRUPTED, ConfigError, ModelError, SummarizerError
from summarizer.llm.registry import file_sha256, load_registry, model_info
from summarizer.records import ModelInfo

CONTENDERS = ("naive", "sequential", "server", "ours", "limit")
#: Positions of prompt tokens are counted in steps of one batch, as the limit's prefill is measured.
_BUCKET = 512
_SERVER_SLOTS = 4


def main() -> int:
    if sys.argv[1:2] == ["--worker"]:
        run_worker(Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    args = parse()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return benchmark(args, Path(folder))
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The engine against other ways to run the same model.")
    parser.add_argument("--pdf", type=Path, required=True, metavar="DIR", help="folder of papers")
    parser.add_argument("--limit", type=int, default=8, metavar="N", help="papers, the first usable ones by name")
    parser.add_argument("--model", default="default", help="GGUF file, or name in the registry")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the registry")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", choices=[*SHAPES, "both"], default="both")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--max-tokens-long", type=int, default=128)
    parser.add_argument("--max-tokens-pieces", type=int, default=128)
    parser.add_argument("--pieces", type=int, default=20, help="short texts a paper")
    parser.add_argument("--threads", type=int, help="default: ours chooses, the others take all cores")
    parser.add_argument("--server-slots", help="default: 4 and as many as ours, e.g. 4,16")
    parser.add_argument(
        "--server-program", default="", help="a llama-server built here, instead of the package's server"
    )
    parser.add_argument(
        "--server-kv",
        choices=["default", "unified", "split"],
        default="default",
        help="KV of the server; default: as llama-server has it, unified for 4 slots, split where the number is given",
    )
    parser.add_argument(
        "--ours", action="append", default=[], metavar="NAME=VALUE", help="option of open_llama, e.g. n_slots=32"
    )
    parser.add_argument("--record", type=Path, help="file that finished runs are kept in and taken from")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def benchmark(args: argparse.Namespace, folder: Path) -> int:
    contenders = chosen_contenders(args)
    path, info = find_model(args)
    options = ours_options(args.ours)
    base: dict[str, Any] = {
        "model": str(path),
        "model_info": {"name": info.name, "sha256": info.sha256, "file_name": info.file_name, "n_bytes": info.n_bytes},
        "n_threads": args.threads or os.cpu_count() or 1,
        "threads_given": args.threads is not None,
        "server_program": args.server_program,
        "server_kv": args.server_kv,
        "ours_options": options,
    }
    prepared = run_child(
        {**base, "contender": "prepare", "pdf": str(args.pdf), "limit": args.limit, "n_pieces": args.pieces}, folder
    )
    if not prepared["n_papers"]:
        raise ConfigError(f"no paper of {args.pdf} can be used: see the lines above")
    shapes = SHAPES if args.shape == "both" else (args.shape,)
    works = {shape: make_work(shape, prepared, base, args) for shape in shapes}
    rounds: dict[str, list[dict[str, Any]]] = {shape: [] for shape in shapes}
    for number in range(args.rounds):
        # another one begins in each round: the machine may be in another state by the end of it
        order = contenders[number % len(contenders) :] + contenders[: number % len(contenders)]
        for shape in shapes:
            rounds[shape].append({})
            for contender in order:
                result = run_or_recall(contender, number, works[shape], folder, args.record)
                check_prompts(contender, result, works[shape])
                rounds[shape][-1][contender] = result
                seconds = f"{result['seconds']:.1f} s" if "seconds" in result else "rates measured"
                print(f"round {number + 1}, {shape}: {contender}: {seconds}", file=sys.stderr, flush=True)
    for shape in shapes:
        result = summary(shape, works[shape], rounds[shape])
        print(json.dumps(result, ensure_ascii=False) if args.json else table(result) + "\n")
    return 0


def chosen_contenders(args: argparse.Namespace) -> list[str]:
    """The contenders in order, the server once for each number of slots."""
    if not args.pdf.is_dir():
        raise ConfigError(f"--pdf {args.pdf} is no folder")
    for name in ("limit", "rounds", "max_tokens_long", "max_tokens_pieces", "pieces", "threads"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise ConfigError(f"--{name.replace('_', '-')} must be at least 1")
    names = [name.strip() for name in args.contenders.split(",") if name.strip()]
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown or not names:
        raise ConfigError(f"--contenders: {', '.join(unknown) or 'none'}; there are {', '.join(CONTENDERS)}")
    slots = [_SERVER_SLOTS, int(ours_options(args.ours).get("n_slots", default_slots()))]
    if args.server_slots:
        if not all(word.isdigit() and int(word) for word in args.server_slots.split(",")):
            raise ConfigError(f"--server-slots {args.server_slots}: numbers with commas between them, like 4,16")
        slots = [int(word) for word in args.server_slots.split(",")]
    if "server" in names and not args.server_program and importlib.util.find_spec("xllamacpp") is None:
        raise ConfigError(
            "the contender server needs the package xllamacpp: pip install -e '.[bench]', name a llama-server with "
            "--server-program, or leave it out with --contenders"
        )
    servers = [f"server-{n}" for n in dict.fromkeys(slots)]
    return [full for name in dict.fromkeys(names) for full in (servers if name == "server" else [name])]


def ours_options(words: list[str]) -> dict[str, Any]:
    options = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            options[name] = json.loads(value)
        except ValueError as error:
            raise ConfigError(f"--ours {word}: a name and a JSON value are expected, like n_slots=32") from error
    return options


def find_model(args: argparse.Namespace) -> tuple[Path, ModelInfo]:
    path = Path(args.model)
    if path.is_file():
        return path.absolute(), ModelInfo(path.stem, file_sha256(path), path.name, path.stat().st_size)
    entry = load_registry(args.models).entry(args.model)
    if not entry.path.is_file():
        raise ModelError(f"no model file {entry.path}: summarizer models fetch {args.model}")
    return entry.path.absolute(), model_info(entry)


def make_work(shape: str, prepared: dict[str, Any], base: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    rows = prepared["shapes"][shape]
    prompts = [row["tokens"] for row in rows]
    return {
        "task": {**base, "rows": rows, "max_tokens": getattr(args, f"max_tokens_{shape}")},
        "shape": shape,
        "n_papers": prepared["n_papers"],
        "n_requests": len(rows),
        "max_tokens": getattr(args, f"max_tokens_{shape}"),
        "model": base["model_info"]["name"],
        "n_threads": base["n_threads"],
        "prompt_tokens": sum(map(len, prompts)),
        "distinct_by_depth": distinct_tokens(prompts, _BUCKET),
        "prefix_tokens": prepared["prefix_tokens"],
    }


def run_child(task: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run this script for one task in a process of its own, so that memory and threads are its own too."""
    task_path, result_path = folder / "task.json", folder / "result.json"
    task_path.write_text(json.dumps(task), encoding="utf-8")
    result_path.unlink(missing_ok=True)
    child = subprocess.run(
        [sys.executable, __file__, "--worker", str(task_path), str(result_path)], stdout=sys.stderr, check=False
    )
    if not result_path.is_file():
        raise SummarizerError(f"{task['contender']} ended with code {child.returncode} and no result: see above")
    result: dict[str, Any] = json.loads(result_path.read_text(encoding="utf-8"))
    if "error" in result:
        error = SummarizerError(f"{task['contender']}: {result['error']}")
        error.exit_code = result["exit_code"]  # type: ignore[misc]
        raise error
    return result


def run_or_recall(
    contender: str, number: int, work: dict[str, Any], folder: Path, record: Path | None
) -> dict[str, Any]:
    """A run, or what ``--record`` has of it: the same contender, round and work."""
    task = {**work["task"], "contender": contender}
    # what changes ours leaves the others' runs as they are
    foreign = {"ours": ("server_program", "server_kv"), "server": ("ours_options", "threads_given")}
    others = foreign.get(contender.partition("-")[0], ("ours_options", "threads_given", "server_program", "server_kv"))
    decides = {name: value for name, value in task.items() if name not in others}
    if contender == "ours":
        sources = sorted((Path(__file__).resolve().parent.parent / "summarizer" / "llm").glob("*.py"))
        decides["code"] = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    key = hashlib.sha256(json.dumps([decides, number], sort_keys=True).encode()).hexdigest()
    if record is not None and record.is_file():
        for line in record.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["key"] == key:
                found: dict[str, Any] = row["result"]
                return found
    result = run_child(task, folder)
    if record is not None:
        with record.open("a", encoding="utf-8") as file:
            row = {"key": key, "contender": contender, "shape": work["shape"], "round": number + 1, "result": result}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return result


def check_prompts(contender: str, result: dict[str, Any], work: dict[str, Any]) -> None:
    """All must have been asked the same: the same requests, and prompts that differ by a start token at most."""
    if contender == "limit":
        return
    kind = "naive_tokens" if contender == "naive" else "tokens"
    expected = {row["id"]: len(row[kind]) for row in work["task"]["rows"]}
    got = {name: answer["prompt_tokens"] for name, answer in result["answers"].items()}
    wrong = [name for name in expected if abs(got.get(name, 0) - expected[name]) > 1]
    if wrong or len(got) != len(expected):
        name = wrong[0] if wrong else "a request"
        raise SummarizerError(f"{contender} had {got.get(name)} tokens for {name}, expected {expected.get(name)}")


if __name__ == "__main__":
    sys.exit(main())
