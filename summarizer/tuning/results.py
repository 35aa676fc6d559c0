"""What trials came to, read from the store: the scores of each, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.errors import PromptError
from summarizer.ids import content_hash
from summarizer.store import Store, trial_samples, trials
from summarizer.store.trial_samples import TrialCase, TrialSample
from summarizer.store.trials import Trial, TrialOutput
from summarizer.tuning.comparison import LEAST_CASES, Difference, Text, compare, in_common, scores
from summarizer.tuning.drafts import Candidate

#: Figures that a summary always names.
_MAIN = ("chrf", "bleu", "accepted", "numbers_kept", "tokens")


@dataclass(frozen=True, slots=True)
class Scored:
    """One trial with its figures (see :data:`summarizer.tuning.comparison.FIGURES`)."""

    trial: Trial
    label: str  #: as it was called now; the trial keeps the first name it had
    n_texts: int
    scores: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """The texts that two trials made of one case."""

    case: TrialCase
    baseline: TrialOutput
    candidate: TrialOutput


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two trials on the cases that both have."""

    baseline: Scored
    candidate: Scored
    sample: TrialSample
    differences: tuple[Difference, ...]
    pairs: tuple[Pair, ...]
    warning: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain values that JSON can carry."""
        return {
            "baseline": self.baseline.label,
            "candidate": self.candidate.label,
            "model": self.candidate.trial.model_name,
            "sample": self.sample.name,
            "n": len(self.pairs),
            "figures": {
                d.figure.name: {
                    "baseline": d.baseline,
                    "candidate": d.candidate,
                    "difference": d.difference,
                    "low": d.low,
                    "high": d.high,
                    "verdict": d.verdict,
                }
                for d in self.differences
            },
            "warning": self.warning,
        }

    @property
    def remark(self) -> str:
        """Why there are no intervals; empty when there are."""
        few = len(self.pairs) < LEAST_CASES
        return f"no intervals: {len(self.pairs)} cases in common, at least {LEAST_CASES} are needed" if few else ""

    def summary(self) -> str:
        """One line: the main figures and those whose intervals do not hold zero, which are called better or worse."""
        told = [
            f"{d.figure.name} {d.baseline:.{d.figure.digits}f} to {d.candidate:.{d.figure.digits}f}"
            f"{f', {d.verdict}' if d.verdict else ''}"
            for d in self.differences
            if d.baseline is not None and d.candidate is not None and (d.verdict or d.figure.name in _MAIN)
        ]
        model = self.candidate.trial.model_name
        return f"against {self.baseline.label} on {len(self.pairs)} cases of {self.sample.name}, {model}: {'; '.join(told)}"


def score_trial(store: Store, sample: TrialSample, trial: Trial, label: str, limit: int | None = None) -> Scored:
    """The figures of a trial's texts of the sample's first ``limit`` cases."""
    texts = list(_texts(store, sample, trial, limit).values())
    return Scored(trial, label, len(texts), scores(texts))


def compare_trials(
    store: Store,
    sample: TrialSample,
    baseline: tuple[Trial, str],
    candidate: tuple[Trial, str],
    limit: int | None = None,
) -> Comparison:
    """Two trials (each with the name it is called by) on the cases that both have."""
    found = [_texts(store, sample, trial, limit) for trial, _ in (baseline, candidate)]
    shared = in_common(*found)
    sides = [
        Scored(trial, label, len(texts), scores(texts))
        for (trial, label), texts in zip((baseline, candidate), shared, strict=True)
    ]
    cases = {case.case_hash: case for case in sample.cases}
    codes = {text.output.code_hash for texts in shared for text in texts}
    warning = ""
    if len(codes) > 1:
        warning = "these texts were made and checked by different code: run tune_prompt.py again, it asks nothing new"
    return Comparison(
        baseline=sides[0],
        candidate=sides[1],
        sample=sample,
        differences=tuple(compare(*shared)),
        pairs=tuple(Pair(cases[b.output.case_hash], b.output, c.output) for b, c in zip(*shared, strict=True)),
        warning=warning,
    )


def find_trial(store: Store, candidate: Candidate, model_sha256: str) -> dict[str, tuple[Trial, int]]:
    """The trials of a candidate, with its sampling, by sample hash, with their number of texts. Newest first.

    Raises PromptError when there is none.
    """
    prompt = candidate.prompt
    with store.read() as con:
        found = trials.trials_of(con, prompt.task, prompt.prompt_hash, model_sha256)
    chosen: dict[str, tuple[Trial, int]] = {}
    for trial, _, n_texts in found:
        if trial.sampling == prompt.sampling:
            chosen.setdefault(trial.sample_hash, (trial, n_texts))
    if not chosen:
        raise PromptError(
            f"{candidate.label} was not tried with this model: "
            f"run scripts/tune_prompt.py {prompt.task} --from VERSION --draft {candidate.label} --cases SAMPLE first"
        )
    return chosen


def shared_sample(
    store: Store,
    baseline: dict[str, tuple[Trial, int]],
    candidate: dict[str, tuple[Trial, int]],
    cases: str | None,
) -> tuple[TrialSample, Trial, Trial]:
    """The sample on which both were tried: the one named ``cases``, else that with most texts of both.

    Raises PromptError when there is none.
    """
    best = None
    names = []
    for sample_hash in baseline.keys() & candidate.keys():
        with store.read() as con:
            sample = trial_samples.sample(con, sample_hash)
        names.append(sample.name)
        if cases is not None and cases not in (sample.name, sample_hash):
            continue
        n = min(baseline[sample_hash][1], candidate[sample_hash][1])
        if best is None or (n, sample_hash) > best[:2]:
            best = (n, sample_hash, sample)
    if best is None:
        tried = f"; they were tried on {', '.join(sorted(names))}" if names else ""
        wanted = f"cases {cases}" if cases else "the same cases"
        raise PromptError(f"the two were not tried on {wanted}{tried}: run scripts/tune_prompt.py with both first")
    return best[2], baseline[best[1]][0], candidate[best[1]][0]


def _texts(store: Store, sample: TrialSample, trial: Trial, limit: int | None) -> dict[str, Text]:
    """By case hash, in the sample's order."""
    cases = {case.case_hash: case for case in sample.cases[:limit]}
    with store.read() as con:
        outputs = trials.outputs(con, trial.trial_id)
    return {o.case_hash: Text(o, cases[o.case_hash].reference) for o in outputs if o.case_hash in cases}


def fingerprint(comparisons: Sequence[Comparison]) -> str:
    """A short name for exactly these texts, for a page's footer."""
    return content_hash([[p.baseline.output_id, p.candidate.output_id] for c in comparisons for p in c.pairs])[:12]
