"""The retry ladder: what changes from try to try when an answer fails its checks. The only place that decides a retry."""

from __future__ import annotations

from dataclasses import dataclass, replace

from summarizer.prompts import PromptVersion
from summarizer.records import Sampling


@dataclass(frozen=True, slots=True)
class Step:
    """Changes to a prompt's own sampling. A temperature that rises from try to try is olmOCR's way out of a bad answer."""

    temperature: float | None = None
    repeat_penalty: float | None = None
    min_p: float | None = None


LADDER: tuple[Step, ...] = (
    Step(),
    Step(temperature=0.3, min_p=0.1),
    Step(temperature=0.6, min_p=0.1, repeat_penalty=1.05),
    Step(temperature=0.8, min_p=0.1, repeat_penalty=1.1),
)


def sampling_of(base: Sampling, step: int) -> Sampling:
    """The sampling of a step (0 is the prompt's own). The seed is the step's number: a try can be made again."""
    if not 0 <= step < len(LADDER):
        raise ValueError(f"the ladder has steps 0 to {len(LADDER) - 1}, not {step}")
    change = LADDER[step]
    return replace(
        base,
        seed=base.seed + step,
        temperature=base.temperature if change.temperature is None else change.temperature,
        repeat_penalty=base.repeat_penalty if change.repeat_penalty is None else change.repeat_penalty,
        min_p=base.min_p if change.min_p is None else change.min_p,
    )


def first_samplings(prompt: PromptVersion) -> tuple[Sampling, ...]:
    """The samplings of the answers that a first try asks for together: the prompt's own, then those of its candidates.

    Seeds of candidates follow those of the ladder's steps.
    """
    drawn, base = prompt.candidates, prompt.sampling
    if drawn is None:
        return (base,)
    more = (
        replace(base, seed=base.seed + len(LADDER) + i, temperature=drawn.temperature, min_p=drawn.min_p)
        for i in range(drawn.count)
    )
    return (base, *more)
