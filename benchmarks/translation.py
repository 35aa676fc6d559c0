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
from pathlib import Path
from typing import Any

from prompt_bench import add_options, exit_code_of, open_bench

from summarizer.prompts import load_prompt
from summarizer.stages.trials import Tuned, tune
from summarizer.store import Store, trials
from summarizer.store.trials import TrialOutput
from summarizer.tuning.results import Scored


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
    add_options(parser)
    args = parser.parse_args()
    return exit_code_of(lambda store_path: print_results(args, store_path), args)


def print_results(args: argparse.Namespace, store_path: Path) -> None:
    names = args.prompt or [load_prompt(args.prompts, "translation").version]
    with open_bench(args, store_path) as bench:
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
