"""What the tuning scripts read from their options and print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from summarizer.cli.settings import settings_of
from summarizer.cli.tables import write_json, write_table

if TYPE_CHECKING:
    from summarizer.stages.trials import Tuned, Workbench
    from summarizer.tuning.results import Comparison, Scored


@contextmanager
def open_workbench(ctx: click.Context, model: str | None) -> Iterator[Workbench]:
    """What the scripts try prompts with; ``model``: a name to use instead of the configured one."""
    from summarizer.stages.trials import workbench

    settings = settings_of(ctx)
    with workbench(
        settings.read_config(),
        store_path=settings.store,
        models_dir=settings.models,
        prompts_dir=settings.prompts,
        quiet=settings.quiet,
        model=model,
    ) as bench:
        yield bench


def read_values(options: Mapping[str, str | None]) -> dict[str, list[float]]:
    """``{"temperature": "0,0.3"}`` as numbers; options that were not given are left out. Raises click.BadParameter."""
    from summarizer.tuning.drafts import SAMPLING_KEYS

    values: dict[str, list[float]] = {}
    for key, text in options.items():
        if text is None:
            continue
        try:
            values[key] = [SAMPLING_KEYS[key](part) for part in text.split(",")]
        except ValueError:
            option = f"--{key.replace('_', '-')}"
            raise click.BadParameter(f"{text!r} is not a list of numbers such as 0,0.3", param_hint=option) from None
    return values


def write_scores(scored: Sequence[Scored]) -> None:
    """A column for each trial; figures that no trial has are left out."""
    from summarizer.tuning.comparison import FIGURES

    shown = [f for f in FIGURES if any(s.scores[f.name] is not None for s in scored)]
    rows = [("texts", *(str(s.n_texts) for s in scored))]
    rows += [(f.name, *(_figure(s.scores[f.name], f.digits) for s in scored)) for f in shown]
    write_table(("figure", *(s.label for s in scored)), rows)


def write_comparison(comparison: Comparison) -> None:
    """Both sides of each figure, their difference and its interval."""
    from summarizer.tuning.report import format_figure, format_interval

    click.echo(
        f"\n{comparison.candidate.label} against {comparison.baseline.label}, "
        f"{len(comparison.pairs)} cases of {comparison.sample.name}, model {comparison.candidate.trial.model_name}"
    )
    write_table(
        ("figure", comparison.baseline.label, comparison.candidate.label, "difference", "95 %", ""),
        [
            (
                d.figure.name,
                format_figure(d, d.baseline),
                format_figure(d, d.candidate),
                format_figure(d, d.difference, signed=True),
                format_interval(d),
                d.verdict,
            )
            for d in comparison.differences
            if d.baseline is not None or d.candidate is not None
        ],
    )
    for told in (comparison.remark, comparison.warning):
        if told:
            click.echo(told, err=True)


def write_page(comparison: Comparison, path: Path) -> None:
    """The page side by side; its path goes to stderr."""
    from summarizer.errors import SummarizerError
    from summarizer.tuning.report import render_page

    try:
        path.write_text(render_page(comparison), encoding="utf-8")
    except OSError as error:
        raise SummarizerError(f"page {path} cannot be written: {error.strerror or error}") from error
    click.echo(f"page: {path}", err=True)


def write_tuned_json(tuned: Tuned) -> None:
    write_json(
        {
            "sample": tuned.sample.name,
            "sample_hash": tuned.sample.sample_hash,
            "made": tuned.made.n_made,
            "there": tuned.made.n_there,
            "calls": tuned.made.n_answers,
            "seconds": tuned.made.seconds,
            "trials": [
                {"prompt": s.label, "trial_id": s.trial.trial_id, "n": s.n_texts, **s.scores} for s in tuned.scored
            ],
            "comparisons": [comparison.as_dict() for comparison in tuned.comparisons],
        }
    )


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
