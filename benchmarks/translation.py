"""Translations of abstracts against references: chrF, BLEU, numbers, left-over English, length, loops, checks, cost.

    python benchmarks/translation.py --pairs FILE [--limit N] [--prompt VERSION]... [--model NAME] [--json]

``--pairs``: JSON lines (``.gz`` too) with ``id, title, en_abstract, zh_abstract``. ``--prompt``: a released version, a prompt
file, or a folder with ``translation.md``, each with ``@temperature=0.3`` or the like if wanted; the newest version by default.
Given twice, the second is compared with the first by paired bootstrap. With ``--store`` answers are kept: a killed run goes on,
and another version costs only its own texts. Texts are made by the functions of the batch run, checks and second tries
included; what could not be accepted is scored as it stands.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from summarizer.config import Config, read_config
from summarizer.errors import SummarizerError
from summarizer.prompts import load_prompt
from summarizer.stages.trials import Tuned, tune, workbench
from summarizer.store import Store, trials
from summarizer.store.trials import TrialOutput
from summarizer.tuning.results import Scored

ROOT = Path(__file__).resolve().parent.parent


def figures(scored: Scored, outputs: list[TrialOutput], seconds: float) -> dict[str, Any]:
    """The figures of one prompt. Counts are of texts or numbers, ``numbers_kept`` and ``length_ratio`` are shares.

    ``length_ratio``: Chinese length by that of the references. ``checks_failed``: texts that fail a hard check. ``tokens``:
    those of all questions and answers of all tries; of the questions, ``prompt_tokens_reused`` were found computed.
    ``seconds``: wall time of the call that made the texts, of all prompts together; only what it made anew counts.
    """
    scores = scored.scores
    prompt_tokens = sum(o.prompt_tokens for o in outputs)
    completion_tokens = sum(o.completion_tokens for o in outputs)
    return {
        "prompt": scored.label,
        "model": scored.trial.model_name,
        "n": scored.n_texts,
        "chrf": scores["chrf"],
        "bleu": scores["bleu"],
        "texts_with_latin_residue": sum(o.figures.n_latin_residue > 0 for o in outputs),
        "numbers_kept": scores["numbers_kept"],
        "numbers_total": sum(o.figures.n_numbers for o in outputs),
        "numbers_missing": sum(o.figures.n_numbers_missing for o in outputs),
        "numbers_added": sum(o.figures.n_numbers_added for o in outputs),
        "loops": sum(o.figures.looped for o in outputs),
        "length_ratio": scores["length_ratio"],
        "checks_failed": sum(o.n_hard_failed > 0 for o in outputs),
        "accepted": sum(o.accepted for o in outputs),
        "tokens": prompt_tokens + completion_tokens,
        "prompt_tokens": prompt_tokens,
        "prompt_tokens_reused": sum(o.prompt_tokens_reused for o in outputs),
        "completion_tokens": completion_tokens,
        "seconds": seconds,
    }


def results(tuned: Tuned, store: Store) -> dict[str, Any]:
    """The last prompt's figures; with several, all of them under ``prompts`` and the comparisons with the first."""
    found = []
    for scored in tuned.scored:
        with store.read() as con:
            outputs = trials.outputs(con, scored.trial.trial_id)[: scored.n_texts]  # in the sample's order
        found.append(figures(scored, outputs, tuned.made.seconds))
    result = {**found[-1], "texts_made": tuned.made.n_made, "texts_there": tuned.made.n_there}
    if len(found) > 1:
        result["prompts"] = found
        result["comparisons"] = [comparison.as_dict() for comparison in tuned.comparisons]
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description="Translations against references.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="only the first pairs")
    parser.add_argument("--prompt", action="append", help="may be given several times")
    parser.add_argument("--model", help="name in the registry, instead of the configured one")
    parser.add_argument("--store", type=Path, help="keep answers here; by default they are thrown away")
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--prompts", type=Path, default=ROOT / "prompts")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print_results(args, args.store or Path(folder) / "store.duckdb")
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted" + ("; the same call goes on" if args.store else ""), file=sys.stderr)
        return 130
    return 0


def print_results(args: argparse.Namespace, store_path: Path) -> None:
    names = args.prompt or [load_prompt(args.prompts, "translation").version]
    with workbench(
        read_config(args.config) if args.config else Config(),
        store_path=store_path,
        models_dir=args.models,
        prompts_dir=args.prompts,
        quiet=False,
        model=args.model,
    ) as bench:
        tuned = tune(bench, "translation", names, str(args.pairs), args.limit)
        result = results(tuned, bench.store)
    if args.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return
    for one in result.get("prompts", [result]):
        print("\n".join(f"{key:<26}{shown(value)}" for key, value in one.items()), end="\n\n")
    for comparison in result.get("comparisons", []):
        print(f"{comparison['candidate']} against {comparison['baseline']}, {comparison['n']} texts, 95 % intervals")
        for name, d in comparison["figures"].items():
            if d["difference"] is not None:
                interval = "" if d["low"] is None else f"[{d['low']:+.3f}, {d['high']:+.3f}]"
                print(f"  {name:<20}{d['difference']:+10.3f}  {interval:<24}{d['verdict']}")


def shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
