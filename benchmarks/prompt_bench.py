"""What the benchmarks of texts have in common: the options that choose prompts and model, and how they run."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from summarizer.config import Config, read_config
from summarizer.errors import SummarizerError
from summarizer.stages.trials import Workbench, workbench

ROOT = Path(__file__).resolve().parent.parent


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", action="append", help="may be given several times")
    parser.add_argument("--model", help="name in the registry, instead of the configured one")
    parser.add_argument("--store", type=Path, help="keep what is read and answered here; by default it is thrown away")
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--prompts", type=Path, default=ROOT / "prompts")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--json", action="store_true")


def open_bench(args: argparse.Namespace, store_path: Path) -> AbstractContextManager[Workbench]:
    return workbench(
        read_config(args.config) if args.config else Config(),
        store_path=store_path,
        models_dir=args.models,
        prompts_dir=args.prompts,
        quiet=False,
        model=args.model,
    )


def exit_code_of(run: Callable[[Path], None], args: argparse.Namespace) -> int:
    """Run on the store that ``--store`` names, or on one of the moment; errors are one line."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(args.store or Path(folder) / "store.duckdb")
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted" + ("; the same call goes on" if args.store else ""), file=sys.stderr)
        return 130
    return 0
