"""Background, method and results of papers against facts: what is found, invented, too long or out of form, and the cost.

    python benchmarks/breakdown.py --cases FILE --pdf DIR [--limit N] [--prompt NAME]... [--model NAME] [--store KEEP] [--json]

``--cases``: JSON lines, a paper each, in the form that ``breakdown_cases.py`` describes. ``--pdf``: the folder of the papers,
which are read as ``bundle pack`` and ``ingest`` read them. ``--prompt``: ``v002`` (of each task the newest version up to that
one), ``TASK=v002``, a folder with drafts (tasks without a file in it take the newest version), each with
``@temperature=0.3`` or the like if wanted; the newest versions by default. Given several times, each is measured.
With ``--store`` papers and answers are kept: a killed run goes on, and another prompt costs only its own answers. Answers are
made by the functions of the batch run, checks and second tries included; what could not be accepted is scored as it stands.

``--evidence-only`` asks the model nothing: it looks for the facts in the English sentences that the answers would be made
from, which bounds what can be found. ``--texts`` prints every answer whole, with what it lacks.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from breakdown_answers import Made, figures, judge_answer, made_by_product, made_plainly, paper_row
from breakdown_cases import ANSWERS, PaperCase, read_cases
from breakdown_evidence import measure_evidence
from breakdown_papers import ReadPaper, read_papers
from breakdown_plain import plain_answers
from prompt_bench import add_options, exit_code_of, open_bench

from summarizer.errors import ConfigError
from summarizer.prompts import load_prompt, read_lock
from summarizer.records import Task
from summarizer.stages.recorder import utc_now
from summarizer.stages.trials import Workbench, make_texts
from summarizer.store import trial_samples, trials
from summarizer.store.trial_samples import TrialSample
from summarizer.store.trials import TrialOutput
from summarizer.text import one_line
from summarizer.tuning.drafts import Candidate, draft_file, read_candidate

_VERSION = re.compile(r"v\d{3,}")


def prompts_named(prompts_dir: Path, name: str) -> dict[Task, Candidate]:
    """The prompt of each task that ``--prompt`` names. Raises PromptError, ConfigError."""
    task_name, sign, rest = name.partition("=")
    only = task_name if sign and task_name in ANSWERS else ""
    if only:
        name = rest
    base, at, changes = name.rpartition("@")
    if not at or "=" not in changes:
        base, at, changes = name, "", ""
    candidates: dict[Task, Candidate] = {}
    for task in ANSWERS:
        chosen = load_prompt(prompts_dir, task).version
        if only in ("", task) and _VERSION.fullmatch(base):
            chosen = _newest_until(prompts_dir, task, base)
        elif only in ("", task) and base and (only or draft_file(Path(base), task).exists()):
            chosen = base
        candidates[task] = read_candidate(prompts_dir, task, f"{chosen}{at}{changes}")
    drafts = [c for c in candidates.values() if not _VERSION.fullmatch(c.label.partition("@")[0])]
    if base and not _VERSION.fullmatch(base) and not drafts:
        raise ConfigError(f"--prompt {name}: neither a version such as v002 nor a folder with a prompt of {ANSWERS}")
    return candidates


def _newest_until(prompts_dir: Path, task: Task, version: str) -> str:
    released = [v for t, v in read_lock(prompts_dir) if t == task and int(v[1:]) <= int(version[1:])]
    return max(released, key=lambda v: int(v[1:]), default=version)


def measure(bench: Workbench, cases: Sequence[PaperCase], pdf: Path, names: Sequence[str], case_file: str) -> list[Any]:
    """Make what is missing, and the figures of each set of prompts."""
    progress = bench.progress
    named = [prompts_named(bench.prompts_dir, name) for name in names]
    papers = read_papers(bench.store, cases, pdf, bench.config, bench.weights, progress)
    readable = [paper for paper in papers if paper.sections]
    # no title or abstract by which a file is known is also none of the sample's identity
    sample = TrialSample(case_file, "file", "sections", tuple(paper.trial_case for paper in readable))
    with bench.store.write() as con:
        trial_samples.record_sample(con, sample, utc_now())
    outputs: list[dict[Task, dict[str, TrialOutput]]] = [{} for _ in names]
    seconds = 0.0
    n_made = n_there = 0
    for task in ANSWERS:
        candidates = [candidates[task] for candidates in named]
        made = make_texts(bench, task, candidates, sample, None)
        if made.stopped:
            raise KeyboardInterrupt
        seconds += made.seconds
        n_made += made.n_made
        n_there += made.n_there
        with bench.store.read() as con:
            for place, trial in enumerate(made.trials):
                outputs[place][task] = {o.case_hash: o for o in trials.outputs(con, trial.trial_id)}
    progress.close()
    results = []
    for name, candidates, its in zip(names, named, outputs, strict=True):
        by_name = {
            (read.case.name, task): made_by_product(its[task][read.trial_case.case_hash])
            for read in readable
            for task in ANSWERS
        }
        told = {"prompt": name or "newest", "versions": {task: c.label for task, c in candidates.items()}}
        result = told | _result(bench, papers, by_name)
        results.append(result | {"seconds": seconds, "texts_made": n_made, "texts_there": n_there})
    return results


def measure_plain(bench: Workbench, cases: Sequence[PaperCase], pdf: Path) -> dict[str, Any]:
    """The same of the plain way."""
    papers = read_papers(bench.store, cases, pdf, bench.config, bench.weights, bench.progress)
    started = time.monotonic()
    answers = plain_answers(bench.store, bench.weights.engine.model, bench.weights.engine, papers)
    seconds = time.monotonic() - started
    result = _result(bench, papers, {place: made_plainly(answer) for place, answer in answers.items()})
    return {"prompt": "plain", "versions": {}, **result, "seconds": seconds}


def _result(bench: Workbench, papers: Sequence[ReadPaper], made: dict[tuple[str, Task], Made]) -> dict[str, Any]:
    judged = [
        (read, {task: judge_answer(read, task, made.get((read.case.name, task), Made())) for task in ANSWERS})
        for read in papers
    ]
    rows = [paper_row(read, answers) for read, answers in judged]
    return {"model": bench.weights.engine.model.name, **figures(judged), "papers": rows}


def print_table(result: dict[str, Any]) -> None:
    told = {key: value for key, value in result.items() if key not in ("by_task", "papers")}
    for task, share in result["by_task"].items():
        told[f"facts: {task}"] = f"{share['found']} of {share['total']}"
    print("\n".join(f"{key:<26}{shown(value)}" for key, value in told.items()), end="\n\n")


def print_texts(result: dict[str, Any]) -> None:
    for paper in result["papers"]:
        print(f"## {paper['pdf']}: {paper['title']}")
        for task, answer in paper["answers"].items():
            print(f"\n{task}, {answer['chars']} of {answer['limit']} characters\n{answer['text'] or '(none)'}")
            for key in ("reason", "missed", "ungrounded_numbers", "ungrounded_names", "form_faults"):
                if answer[key]:
                    print(f"  {key}: {answer[key] if key == 'reason' else '; '.join(answer[key])}")
        if paper["never_broken"]:
            print(f"\nnever, and yet: {'; '.join(paper['never_broken'])}")
        print()


def shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return f"{value:.3f}" if isinstance(value, float) else one_line(str(value))


def main() -> int:
    parser = argparse.ArgumentParser(description="Background, method and results against facts.")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, required=True, help="folder of the papers")
    parser.add_argument("--limit", type=int, help="only the first papers")
    add_options(parser)
    parser.add_argument("--evidence-only", action="store_true", help="look in the chosen sentences, without the model")
    parser.add_argument("--plain", action="store_true", help="ask each question over the text at once, too")
    parser.add_argument("--texts", action="store_true", help="print every answer whole")
    args = parser.parse_args()
    return exit_code_of(lambda store_path: run(args, read_cases(args.cases)[: args.limit], store_path), args)


def run(args: argparse.Namespace, cases: Sequence[PaperCase], store_path: Path) -> None:
    names = args.prompt or [""]
    with open_bench(args, store_path) as bench:
        if args.evidence_only:
            prompts = prompts_named(bench.prompts_dir, names[-1])
            papers = read_papers(bench.store, cases, args.pdf, bench.config, bench.weights, bench.progress)
            result = measure_evidence(bench.weights, papers, {task: c.prompt for task, c in prompts.items()})
            bench.progress.close()
            print_result(args, [result])
            return
        results = measure(bench, cases, args.pdf, names, args.cases.name)
        if args.plain:
            results.insert(0, measure_plain(bench, cases, args.pdf))
            bench.progress.close()
        print_result(args, results)


def print_result(args: argparse.Namespace, results: list[dict[str, Any]]) -> None:
    if args.json:
        last = results[-1] if len(results) == 1 else {**results[-1], "prompts": results}
        print(json.dumps(last, ensure_ascii=False, indent=1))
        return
    for result in results:
        if args.texts:
            print_texts(result)
        print_table(result)


if __name__ == "__main__":
    sys.exit(main())
