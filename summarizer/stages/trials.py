"""Prompt trials with the configured engine: what the tuning scripts and the translation benchmark call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from summarizer.config import Config
from summarizer.errors import ModelError, PromptError
from summarizer.prompts import PromptVersion, load_prompt
from summarizer.records import Task
from summarizer.stages.glossaries import glossary_of
from summarizer.stages.interruption import interruption
from summarizer.stages.progress import Progress, duration, shown_progress
from summarizer.stages.recorder import utc_now
from summarizer.stages.weights import Weights
from summarizer.store import Store
from summarizer.store.trial_samples import TrialSample
from summarizer.summarize.ladder import first_samplings
from summarizer.tuning.cases import find_sample
from summarizer.tuning.drafts import Candidate, read_candidate, sweep
from summarizer.tuning.results import Comparison, Scored, compare_trials, find_trial, score_trial, shared_sample
from summarizer.tuning.trial import Made, Tuner, run_trials

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Workbench:
    """What prompts are tried with."""

    store: Store
    config: Config
    prompts_dir: Path
    weights: Weights
    progress: Progress


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of trying several prompts: the first is the baseline of the comparisons."""

    sample: TrialSample
    made: Made
    scored: tuple[Scored, ...]
    comparisons: tuple[Comparison, ...]


@contextmanager
def workbench(
    config: Config, *, store_path: Path, models_dir: Path, prompts_dir: Path, quiet: bool, model: str | None = None
) -> Iterator[Workbench]:
    """Open what trials need; models are loaded only when something is to be made. ``model``: instead of the configured."""
    if model is not None:
        config = replace(config, llm=replace(config.llm, model=model))
    with shown_progress(quiet=quiet) as progress:
        weights = Weights(config, models_dir, progress.message)
        try:
            store = Store(store_path, wait_seconds=config.store.wait_seconds)
            yield Workbench(store, config, prompts_dir, weights, progress)
        finally:
            weights.release()


def tune(
    bench: Workbench,
    task: Task,
    names: Sequence[str],
    cases: str,
    limit: int | None = None,
    sampling: Mapping[str, Sequence[float]] | None = None,
) -> Tuned:
    """Try prompts on the same cases and compare each with the first.

    ``names`` as in :func:`summarizer.tuning.drafts.read_candidate`. ``sampling``: values to try each prompt but the first
    under, in every combination; where there is only one prompt, that one. Raises SummarizerError, and KeyboardInterrupt
    after SIGINT or SIGTERM, when what was finished by then is recorded.
    """
    read = [read_candidate(bench.prompts_dir, task, name) for name in names]
    swept = [c for candidate in (read[1:] or read) for c in sweep(candidate, sampling or {})]
    unique: dict[PromptVersion, Candidate] = {}
    for candidate in (read[0], *swept):  # a value of a sweep may be the prompt's own
        unique.setdefault(candidate.prompt, candidate)
    candidates = list(unique.values())
    sample, note = find_sample(bench.store, task, cases, utc_now())
    bench.progress.message(note)
    made = make_texts(bench, task, candidates, sample, limit)
    bench.progress.close()
    told = f"{made.n_made} texts made in {duration(made.seconds)} ({made.n_answers} calls of the model)"
    bench.progress.message(f"{told}, {made.n_there} there already")
    if made.stopped:
        raise KeyboardInterrupt
    named = [(trial, candidate.label) for trial, candidate in zip(made.trials, candidates, strict=True)]
    return Tuned(
        sample=sample,
        made=made,
        scored=tuple(score_trial(bench.store, sample, trial, label, limit) for trial, label in named),
        comparisons=tuple(compare_trials(bench.store, sample, named[0], other, limit) for other in named[1:]),
    )


def make_texts(
    bench: Workbench, task: Task, candidates: Sequence[Candidate], sample: TrialSample, limit: int | None
) -> Made:
    """The texts that are missing, by the configured engine."""
    config, weights, progress = bench.config, bench.weights, bench.progress
    n_answers = max(len(first_samplings(candidate.prompt)) for candidate in candidates)
    one_by_one = task == "translation" and any(candidate.prompt.has_history for candidate in candidates)

    def encode(sentences: Sequence[str]) -> NDArray[np.float32]:
        return weights.encoder().encode(sentences)

    with interruption() as interrupted:
        return run_trials(
            Tuner(
                store=bench.store,
                model=weights.engine.model,
                engine=weights.engine,
                encode=encode,
                encoder_sha256="" if task == "translation" else weights.encoder.model.sha256,
                glossary=glossary_of(config),
                max_attempts=config.generate.max_attempts,
                # where a question repeats earlier sentences an abstract asks one at a time, else one for each sentence, as a
                # breakdown for each bullet. Of several answers to a question the longest ends alone, so there are twice as
                # many as fill the slots
                texts_in_flight=(
                    max(2, config.llm.n_slots * min(2, n_answers) // n_answers)
                    if one_by_one
                    else 3 * config.generate.papers_in_flight
                ),
                begin=lambda n: progress.stage("trial", n),
                advance=lambda name: progress.advance(1, name),
                stop=interrupted,
            ),
            candidates,
            sample,
            limit,
        )


def compare_prompts(
    bench: Workbench, task: Task, baseline: str, candidate: str, cases: str | None = None, limit: int | None = None
) -> Comparison:
    """Two prompts that were tried, on the cases that both have. Asks the model nothing. Raises SummarizerError."""
    first, second = (read_candidate(bench.prompts_dir, task, name) for name in (baseline, candidate))
    model_sha256 = bench.weights.engine.model.sha256
    left, right = (find_trial(bench.store, side, model_sha256) for side in (first, second))
    sample, before, after = shared_sample(bench.store, left, right, cases)
    return compare_trials(bench.store, sample, (before, first.label), (after, second.label), limit)


def evidence_for(bench: Workbench, task: Task, draft: Path) -> str:
    """What trials say of a draft against the newest released version, in a line; empty when there are none."""
    newest = load_prompt(bench.prompts_dir, task).version
    if not bench.store.path.exists():
        return ""
    try:
        return compare_prompts(bench, task, newest, str(draft)).summary()
    except (PromptError, ModelError):  # not tried beside it, or by a model that is gone
        return ""
