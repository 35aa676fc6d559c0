"""llama.cpp compiled in several ways, and what each computes in a second with each model: does another build pay?

    python benchmarks/builds.py make DIR NAME|NAME=FLAGS... [--source ARCHIVE]
    python benchmarks/builds.py rates DIR [NAME...] [--model default]... [--layout plain] [--rounds 2] [--record FILE] [--json]

``make`` compiles llama-cpp-python, the version that is installed here, into DIR/NAME and leaves the installed one alone: with
the flags of BUILDS or those given ("both=-DGGML_LTO=ON -DGGML_OPENMP=OFF"), or, as ``portable``, with the program's own code
for the kit. It takes some five minutes of two cores each, the portable one twice that.

``rates`` measures the builds of DIR beside the installed one, which is called ``installed``: bare ``llama_decode`` calls as
for the limit of ``benchmarks/engine.py``, with the weights as they stand in the file and repacked. Every measurement is a
child process; a round takes all builds with all models, and each round begins with another one. The best of the rounds
counts, since other work of the machine only takes away; ratios are to the first build and model named. ``--record FILE``
keeps the rounds, and a later call counts them in. ``--model`` is a name of the registry or a GGUF file, and may be given
again, so that a copy with other weights (``benchmarks/requantise.py``) is measured beside its original.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine_limit import BATCH, SIZES, RawModel, prefill_rates_at_depth, rates_when_empty
from engine_server import cpu_features

from summarizer.errors import EXIT_INTERRUPTED, ConfigError, ModelError, SummarizerError
from summarizer.kit.engine import PACKAGE, portable_wheel
from summarizer.llm.library import kernels, load_library
from summarizer.llm.registry import load_registry

INSTALLED, PORTABLE = "installed", "portable"
#: Loops that the compiler vectorises, 512 bits wide: gcc 12 knows no Zen 4 or 5, takes them for Zen 3, and stays at 256.
_WIDE = "-mtune=sapphirerapids -mprefer-vector-width=512"
#: What ``make`` knows: llama.cpp's options of CMake. All but the portable one are for the processor at hand.
BUILDS: dict[str, tuple[str, ...]] = {
    PORTABLE: (),  # the flags are the kit's
    "no-llamafile": ("-DGGML_LLAMAFILE=OFF",),
    "no-openmp": ("-DGGML_OPENMP=OFF",),
    "lto": ("-DGGML_LTO=ON",),
    "wide": tuple(f"-DCMAKE_{language}_FLAGS={_WIDE}" for language in ("C", "CXX")),
    "clang": ("-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"),
    "openblas": ("-DGGML_BLAS=ON", "-DGGML_BLAS_VENDOR=OpenBLAS"),
}
_SPARED = "-DLLAVA_BUILD=OFF"  # pictures: no part of what is measured
_LAYOUTS = {"plain": False, "repacked": True}
#: All is measured in an empty cache; prefill again by the batch that ends here, and so many sequences that share what is before.
_DEEPEST, _DEEP_SIZE = 5 * BATCH, 32
#: The cells of all sequences, of their shared start, and of the tokens that they get while they are measured.
_CELLS = _DEEPEST + max(SIZES) * 72

Row = Mapping[str, Any]


def main() -> int:
    args = parse()
    try:
        if args.action == "worker":
            print(json.dumps(measure(args.model, args.threads, args.layouts.split(","))))
        elif args.action == "make":
            for name, flags in map(read_build, args.names):
                started = time.perf_counter()
                make(name, flags, args.folder, args.source)
                print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        else:
            rows = rates(args)
            print(json.dumps(rows, indent=1) if args.json else table(rows))
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What other builds of llama.cpp compute in a second.")
    actions = parser.add_subparsers(dest="action", required=True)
    compiled = actions.add_parser("make", help="compile")
    compiled.add_argument("folder", type=Path, metavar="DIR")
    compiled.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(BUILDS)}, or another NAME=FLAGS")
    compiled.add_argument("--source", type=Path, help="source archive of llama-cpp-python, else the package index's")
    measured = actions.add_parser("rates", help="measure")
    measured.add_argument("folder", type=Path, metavar="DIR")
    measured.add_argument("names", nargs="*", metavar="NAME", help="default: installed and all that are in DIR")
    measured.add_argument("--model", action="append", help="GGUF file, or name in the registry")
    measured.add_argument("--models", type=Path, default=Path("models"), help="folder of the registry")
    measured.add_argument("--rounds", type=int, default=2)
    measured.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    measured.add_argument("--layout", choices=_LAYOUTS, help="only this one of the weights, in half the time")
    measured.add_argument("--record", type=Path, help="file that rounds are kept in; those in it count, too")
    measured.add_argument("--json", action="store_true")
    worker = actions.add_parser("worker", help="one measurement, by the llama_cpp that Python finds")
    worker.add_argument("model")
    worker.add_argument("threads", type=int)
    worker.add_argument("layouts")
    return parser.parse_args()


# Compiling


def read_build(word: str) -> tuple[str, tuple[str, ...]]:
    """The name of a build and its flags. Raises ConfigError."""
    name, given, flags = word.partition("=")
    if not given and name not in BUILDS:
        raise ConfigError(f"{name}: there are {', '.join(BUILDS)}; flags of another build are given as {name}=FLAGS")
    if not re.fullmatch(r"[\w.-]*\w", name) or name == INSTALLED or (given and name in BUILDS):
        raise ConfigError(f"{name!r} cannot be the name of another build")
    return name, tuple(shlex.split(flags)) if given else BUILDS[name]


def make(name: str, flags: Sequence[str], folder: Path, source: Path | None) -> None:
    """Compile into ``folder``/``name``; what is there already stays. Raises SummarizerError."""
    target = folder / name
    if is_built(target):
        print(f"{name}: is there", file=sys.stderr)
        return
    version = importlib.metadata.version(PACKAGE)
    what, environment = (str(source) if source else f"{PACKAGE}=={version}"), dict(os.environ)
    if name == PORTABLE:
        what = str(portable_wheel(version, platform.machine(), folder / "cache").path)
    else:
        environment["CMAKE_ARGS"] = shlex.join((*flags, _SPARED))
    # pip would take a wheel that it has compiled before, with whatever flags
    install = ["install", "--quiet", "--no-deps", "--no-cache-dir", "--target", str(target), what]
    if subprocess.run([sys.executable, "-m", "pip", *install], env=environment, check=False).returncode != 0:
        raise SummarizerError(f"{name}: pip could not compile {what}: see above")


def is_built(target: Path) -> bool:
    return (target / "llama_cpp").is_dir()


# Measuring


def rates(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The rounds that are asked for, behind those of the record. Raises ConfigError, ModelError."""
    names = args.names or [INSTALLED, *sorted(path.parent.name for path in args.folder.glob("*/llama_cpp"))]
    for name in names:
        if name != INSTALLED and not is_built(args.folder / name):
            raise ConfigError(f"no build {name} in {args.folder}: benchmarks/builds.py make {args.folder} {name}")
    if args.rounds < (0 if args.record else 1):
        raise ConfigError("--rounds must be at least 1, or 0 with a record")
    models = [find_model(word, args.models) for word in args.model or ["default"]]
    pairs = [(name, model) for model in models for name in names]
    rows: list[dict[str, Any]] = []
    if args.record and args.record.is_file():
        rows = [json.loads(line) for line in args.record.read_text(encoding="utf-8").splitlines()]
    first = 1 + max((row["round"] for row in rows), default=0)
    for number in range(first, first + args.rounds):
        turn = (number - 1) % len(pairs)
        for name, model in pairs[turn:] + pairs[:turn]:
            row = {"build": name, "model": model.stem, "round": number, **run_child(name, model, args)}
            rows.append(row)
            print(f"round {number}: {name}, {model.stem}: measured", file=sys.stderr, flush=True)
            if args.record:
                with args.record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    order = {(name, model.stem): place for place, (name, model) in enumerate(pairs)}
    return sorted(rows, key=lambda row: (order.get((row["build"], row["model"]), len(order)), row["round"]))


def find_model(word: str, registry: Path) -> Path:
    path = Path(word)
    if not path.is_file():
        path = load_registry(registry).path(word)
    if not path.is_file():
        raise ModelError(f"no model file {path}: summarizer models fetch {word}")
    return path.absolute()


def run_child(name: str, model: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Measure in a process whose Python finds this build first."""
    # how threads wait is the same for all, whatever else runs (libgomp's default), and each stays on its core: two that wait
    # for each other on one core, beside other work, take a hundred times as long
    environment = {"GOMP_SPINCOUNT": "300000", "OMP_PROC_BIND": "true", **os.environ}
    if name != INSTALLED:
        paths = [str((args.folder / name).absolute()), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    done = subprocess.run(
        [sys.executable, __file__, "worker", str(model), str(args.threads), args.layout or ",".join(_LAYOUTS)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SummarizerError(f"{name}, {model.name}: ended with code {done.returncode}: see above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if name != INSTALLED and not Path(result["library"]).is_relative_to((args.folder / name).absolute()):
        raise SummarizerError(f"{name}: Python took {result['library']} instead")
    return result


def measure(model: str, n_threads: int, names: Iterable[str]) -> dict[str, Any]:
    """Raw rates (tokens/s) by layout of the weights, and which library and kernels computed."""
    library = load_library()
    # any tokens cost the same: these are spread over the vocabulary's beginning, which every model has
    tokens = [3 + i * 37 % 250 for i in range(_DEEPEST)]
    layouts = {}
    for layout in names:
        raw = RawModel(model, _CELLS, n_threads, _LAYOUTS[layout])
        prefill, decode = rates_when_empty(raw, tokens)
        figures = {"prefill": prefill, **{str(size): rate for size, rate in decode.items()}}
        figures["deep prefill"] = prefill_rates_at_depth(raw, tokens, _DEEPEST)[-1]
        figures[f"deep {_DEEP_SIZE}"] = raw.decode_rate(_DEEP_SIZE, _DEEPEST - BATCH, tokens)
        raw.close()
        layouts[layout] = figures
    return {
        "library": library.__file__,
        "kernels": kernels(),
        "features": sorted(cpu_features(library.llama_print_system_info().decode())),
        "layouts": layouts,
    }


# Telling


def together(rows: Iterable[Row]) -> dict[tuple[str, str, str], dict[str, tuple[float, float]]]:
    """(build, model, layout) -> figure -> best rate of the rounds (tokens/s), and its ratio to that of the first row's pair."""
    best: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in rows:
        for layout, rates_of in row["layouts"].items():
            figures = best.setdefault((row["build"], row["model"], layout), {})
            for figure, rate in rates_of.items():
                figures[figure] = max(rate, figures.get(figure, 0.0))
    first = next(iter(best), ("", "", ""))
    return {
        (build, model, layout): {f: (rate, rate / best[*first[:2], layout][f]) for f, rate in figures.items()}
        for (build, model, layout), figures in best.items()
        if (*first[:2], layout) in best
    }


def table(rows: Sequence[Row]) -> str:
    """For people: a line of rates and a line of ratios each."""
    found = together(rows)
    figures = list(next(iter(found.values()), {}))
    n_rounds = len({row["round"] for row in rows})
    lines = [
        f"tokens/s, best of {n_rounds} rounds, and times the first; prefill of {BATCH}, decoding by number of sequences, "
        f"and both {_DEEPEST - BATCH:,} tokens deep",
        f"{'':<44}" + "".join(f"{figure:>13}" for figure in figures),
    ]
    for number, ((build, model, layout), by_figure) in enumerate(found.items()):
        lines.append(f"{f'{build}, {layout}':<44}" + "".join(f"{by_figure[f][0]:>13.1f}" for f in figures))
        ratios = "".join(f"{by_figure[f][1]:>13.2f}" for f in figures)
        lines.append(f"{f'  {model}'[:43]:<44}" + (ratios if number else ""))
    told = {row["build"]: f"{row['build']}: {row['kernels']}; {' '.join(row['features'])}" for row in rows}
    return "\n".join([*lines, *told.values()])


if __name__ == "__main__":
    sys.exit(main())
