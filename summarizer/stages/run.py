"""The whole way of a day, stage after stage; what a run says at its end, and the exit code it ends with."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from summarizer.config import Config
from summarizer.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_ITEMS_FAILED, StoreError, SummarizerError
from summarizer.records import Stage
from summarizer.stages.admission import admission
from summarizer.stages.limits import NO_LIMITS, Limits
from summarizer.stages.progress import Progress, duration, shown_progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.stages.search_index import complete_search_index
from summarizer.stages.weights import Weights
from summarizer.store import Store, duplicates, outcome
from summarizer.store.duplicates import Verdict
from summarizer.store.outcome import Shortfall
from summarizer.store.papers import PaperKey


@dataclass(slots=True)
class Session:
    """What the stages of one command share, and how the command ends."""

    store: Store
    config: Config
    run: RunRecorder
    progress: Progress
    weights: Weights
    prompts_dir: Path
    exit_code: int = EXIT_DONE


@contextmanager
def session(
    command: str, config: Config, *, store_path: Path, models_dir: Path, prompts_dir: Path, quiet: bool
) -> Iterator[Session]:
    """Open what a command needs; at the end give memory back and record how the run ended, however it did."""
    store = Store(store_path, wait_seconds=config.store.wait_seconds)
    run = RunRecorder(store, command, config)
    with shown_progress(quiet=quiet) as progress:
        store.on_wait = progress.message
        weights = Weights(config, models_dir, progress.message)
        opened = Session(store, config, run, progress, weights, prompts_dir)
        try:
            yield opened
            run.end(opened.exit_code, peak_memory_bytes())
        except BaseException as error:
            # the error itself is what the user must hear of, not a store that cannot take note of it
            with suppress(StoreError):
                run.end(_exit_code(error), peak_memory_bytes())
            raise
        finally:
            weights.release()


def run_bundles(session: Session, bundles: Sequence[Path], out_dir: Path, limits: Limits = NO_LIMITS) -> list[Path]:
    """Every stage in turn; gives back the paths of the posts of these bundles, and of others that were due.

    All bundles are verified before the first is ingested. ``session.exit_code`` says whether papers of these bundles
    lack something. What the limits left for a later run does not count: the posts say that it is still to come.
    """
    started = time.monotonic()
    bundle_ids = _ingest(session, _verified(session, bundles))
    _embed(session)
    _dedup(session)
    # the engine's memory comes on top of what is held now; what generate needs of the encoder it loads again
    session.weights.encoder.release()
    left = _generate(session, limits).left
    paths = _publish(session, out_dir, bundle_ids)
    with session.store.read() as con:
        shortfalls = [s for s in outcome.shortfalls_of_bundles(con, bundle_ids) if not _put_off(s, left)]
        n_shown = outcome.n_shown(con, outcome.post_dates(con, bundle_ids))
        figures = outcome.run_figures(con, session.run.run_id)
    seconds = time.monotonic() - started
    session.progress.close()
    session.progress.message(
        f"{n_shown} papers shown, {figures.texts_accepted} texts made, {_failed(shortfalls)}, "
        f"{figures.prompt_tokens} + {figures.completion_tokens} tokens read + written, {duration(seconds)}, "
        f"peak memory {peak_memory_bytes() / 1e9:.2f} GB"
    )
    _settle(session, shortfalls)
    return paths


def ingest_bundle(session: Session, bundle: Path) -> None:
    bundle_ids = _ingest(session, [bundle])
    with session.store.read() as con:
        found = outcome.shortfalls_of_bundles(con, bundle_ids)
    _settle(session, [shortfall for shortfall in found if shortfall.stage == "ingest"])


def embed_papers(session: Session) -> None:
    _embed(session)
    _settle_stage(session, "embed")


def find_repeated_papers(session: Session) -> None:
    _dedup(session)
    _settle_stage(session, "dedup")


def judge_pair(session: Session, one: str, other: str, verdict: Verdict) -> str:
    """Keep what a person says about two papers, whichever their versions; gives back a line that says what it means.

    Raises StoreError when a paper is not in the store.
    """
    one, other = _without_version(one), _without_version(other)
    with session.store.read():  # a store that is not there is not made for this
        pass
    with session.store.write() as con:
        news = duplicates.record_judgement(con, session.run.run_id, one, other, verdict, utc_now())
        if news:
            session.run.ensure(con)
        left_out = duplicates.left_out_because_of(con, one, other)
    said = f"{one} and {other}: {verdict}" + ("" if news else " already")
    return f"{said}; left out: {left_out}" if left_out else f"{said}; neither is left out because of the other"


def generate_texts(session: Session, limits: Limits = NO_LIMITS, *, stale: bool = False) -> None:
    """``stale``: texts of older prompts too."""
    n_failed = _generate(session, limits, stale=stale).n_failed
    _settle_stage(session, "generate")
    if n_failed:  # a text that could not be made again is no gap of a post, but it did fail
        session.exit_code = EXIT_ITEMS_FAILED


def publish_posts(session: Session, out_dir: Path) -> list[Path]:
    """Write what is due, and any post whose file is gone or was changed; gives back the paths of all posts."""
    paths = _publish(session, out_dir, None)
    with session.store.read() as con:
        shortfalls = outcome.incomplete_posts(con)
    _settle(session, shortfalls)
    return paths


def import_archive(session: Session, paths: Sequence[Path]) -> list[Path]:
    """Take daily posts into the store; gives back the files that were imported."""
    from summarizer.stages.imports import import_posts

    result = import_posts(session.store, session.run, session.progress, paths)
    session.progress.close()
    session.progress.message(
        f"{len(result.imported)} posts imported with {result.n_papers} papers and {result.n_texts} texts "
        f"({result.n_without_breakdown} papers have no breakdown), {result.n_known} known before, "
        f"{result.n_passed_over} passed over, {len(result.refused)} left out"
    )
    session.exit_code = EXIT_ITEMS_FAILED if result.refused else EXIT_DONE
    return result.imported


def publish_reader(
    session: Session, out_dir: Path, *, html: bool = True, as_json: bool = False, base_url: str = ""
) -> list[Path]:
    """Write the offline reader or the papers as JSON below ``out_dir``; gives back what to open or read."""
    from summarizer.stages.reader import write_json, write_reader

    paths = []
    if html:
        paths.append(write_reader(session.store, session.progress, out_dir, base_url))
    if as_json:
        paths.extend(write_json(session.store, session.progress, out_dir))
    with session.store.read() as con:
        shortfalls = outcome.incomplete_posts(con)
    _settle(session, shortfalls)
    return paths


def peak_memory_bytes() -> int:
    """Largest resident memory of this process plus that of its largest child, although the two need not meet."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _without_version(text: str) -> str:
    return re.sub(r"v[1-9][0-9]{0,3}$", "", text.strip().removeprefix("arXiv:"))


def _verified(session: Session, bundles: Sequence[Path]) -> Sequence[Path]:
    """One bundle is verified when it is opened; of several, none is opened before all are found right."""
    if len(bundles) > 1:
        site = admission(session.config.bundle)
        for path in bundles:
            site.verify(path)
    return bundles


def _ingest(session: Session, bundles: Sequence[Path]) -> list[str]:
    from summarizer.stages.ingest import ingest

    result = StageResult()
    bundle_ids = []
    for path in bundles:
        bundle_id, one = ingest(
            session.store, session.run, session.config, session.progress, path, session.weights.open_tokenizer
        )
        bundle_ids.append(bundle_id)
        result = StageResult(result.n_done + one.n_done, result.n_failed + one.n_failed, result.seconds + one.seconds)
    session.run.record_stage("ingest", result)
    complete_search_index(session.store, session.progress)
    return bundle_ids


def _embed(session: Session) -> None:
    from summarizer.stages.embed import embed

    result = embed(session.store, session.run, session.progress, encoder=session.weights.encoder)
    session.run.record_stage("embed", result)


def _dedup(session: Session) -> None:
    from summarizer.stages.dedup import dedup

    result = dedup(session.store, session.run, session.config, session.progress, encoder=session.weights.encoder.model)
    session.run.record_stage("dedup", result)


def _generate(session: Session, limits: Limits, *, stale: bool = False) -> StageResult:
    from summarizer.prompts import load_prompts
    from summarizer.stages.generate import generate

    result = generate(
        session.store,
        session.run,
        session.config,
        session.progress,
        engine=session.weights.engine,
        encoder=session.weights.encoder,
        prompts=load_prompts(session.prompts_dir),
        limits=limits,
        stale=stale,
    )
    session.run.record_stage("generate", result)
    return result


def _publish(session: Session, out_dir: Path, bundle_ids: Sequence[str] | None) -> list[Path]:
    from summarizer.stages.publish import publish

    complete_search_index(session.store, session.progress)
    with session.store.read() as con:
        days = outcome.post_dates(con, bundle_ids)
    result, paths = publish(session.store, session.run, session.progress, out_dir, days)
    session.run.record_stage("publish", result)
    return paths


def _settle_stage(session: Session, stage: Stage) -> None:
    with session.store.read() as con:
        shortfalls = outcome.shortfalls_of_stage(con, stage)
    _settle(session, shortfalls)


def _settle(session: Session, shortfalls: Sequence[Shortfall]) -> None:
    session.exit_code = EXIT_ITEMS_FAILED if shortfalls else EXIT_DONE


def _put_off(shortfall: Shortfall, left: Collection[PaperKey]) -> bool:
    return (shortfall.stage, shortfall.category) == ("generate", "pending") and (
        shortfall.arxiv_id,
        shortfall.version,
    ) in left


def _failed(shortfalls: Sequence[Shortfall]) -> str:
    """``3 papers failed (2 no_text, 1 check_failed)``: a paper counts once in front, and once for each reason."""
    papers = {(s.arxiv_id, s.version) for s in shortfalls}
    if not papers:
        return "none failed"
    reasons = Counter(c for _, _, c in {(s.arxiv_id, s.version, s.category) for s in shortfalls})
    told = ", ".join(f"{n} {category}" for category, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    return f"{len(papers)} papers failed ({told})"


def _exit_code(error: BaseException) -> int:
    if isinstance(error, SummarizerError):
        return error.exit_code
    return EXIT_INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
