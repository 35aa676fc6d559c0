"""Make the texts of trials: those that are not there, all candidates together, in short windows on the store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from summarizer.errors import StoreError, StoreLocked
from summarizer.glossary import Glossary
from summarizer.ids import canonical_json
from summarizer.llm.engine import Engine
from summarizer.records import Attempt, Completion, ModelInfo, Paper, Request, Section, Task
from summarizer.store import Store, papers, trial_samples, trials
from summarizer.store.trial_samples import TrialCase, TrialSample
from summarizer.store.trials import Trial, TrialOutput
from summarizer.summarize.attempts import job_maker, make_text
from summarizer.summarize.evidence import Encode, remembering
from summarizer.summarize.jobs import JobRunner, Steps
from summarizer.tuning.drafts import Candidate
from summarizer.tuning.score import measure

#: Answers are written together, at most this often, so that the file is free for readers most of the time.
_WINDOW_SECONDS = 3.0
#: A reader may hold the file while the model works: then the answers wait for the next window.
_PATIENCE_SECONDS = 2.0
#: What decides a text besides prompt, model and case: the packages and modules that make and check it.
_CODE = ("summarizer.summarize", "summarizer.checks")
_MODULES = (
    ("summarizer", "text.py"),
    ("summarizer", "literals.py"),
    ("summarizer", "sentences.py"),
    ("summarizer", "glossary.py"),
    ("summarizer.tuning", "score.py"),
)


@dataclass(frozen=True, slots=True)
class Tuner:
    """What trials are run with."""

    store: Store
    model: ModelInfo
    engine: Callable[[], Engine]  #: called only when something is to be asked
    encode: Encode  #: used by the answers only
    encoder_sha256: str
    glossary: Glossary
    max_attempts: int  #: at a text, as in generate
    texts_in_flight: int
    advance: Callable[[str], None] = lambda name: None  #: gets the name of each text as it is done
    begin: Callable[[int], None] = lambda n: None  #: gets the number of texts to make
    stop: Callable[[], bool] | None = None  #: looked at between steps of the engine


@dataclass(frozen=True, slots=True)
class Made:
    """The trials of the candidates, in their order, and what this call did for them."""

    trials: tuple[Trial, ...]
    n_made: int
    n_there: int
    n_answers: int  #: calls of the model
    seconds: float  #: wall time
    stopped: bool = False


def trial_of(candidate: Candidate, model: ModelInfo, sample_hash: str, max_attempts: int) -> Trial:
    prompt = candidate.prompt
    return Trial(
        task=prompt.task,
        label=candidate.label,
        prompt_version=prompt.version,
        prompt_hash=prompt.prompt_hash,
        prompt_source=prompt.source,
        model_sha256=model.sha256,
        model_name=model.name,
        sampling=prompt.sampling,
        max_attempts=max_attempts,
        sample_hash=sample_hash,
    )


def code_hash(task: Task, encoder_sha256: str, glossary_hash: str) -> str:
    """SHA-256 of what makes and checks the texts of a task: the code, the glossary, and the encoder where it chooses evidence."""
    encoder = "" if task == "translation" else encoder_sha256
    return hashlib.sha256(f"{_files_hash()}\n{encoder}\n{glossary_hash}".encode()).hexdigest()


@cache
def _files_hash() -> str:
    files = [file for package in _CODE for file in resources.files(package).iterdir() if file.name.endswith(".py")]
    files += [resources.files(package) / name for package, name in _MODULES]
    return hashlib.sha256(
        canonical_json(sorted([f.name, f.read_text(encoding="utf-8")] for f in files)).encode()
    ).hexdigest()


def run_trials(tuner: Tuner, candidates: Sequence[Candidate], sample: TrialSample, limit: int | None = None) -> Made:
    """Make the texts of the sample's first ``limit`` cases under every candidate that this code has not made before.

    An answer that the model gave once, in an earlier trial or in the daily work, is not asked for again. All candidates
    go to the engine together, case by case. When ``stop`` says so, what is finished by then is kept and the same call goes
    on later. Raises ModelError, StoreError.
    """
    started = time.monotonic()
    store, task = tuner.store, candidates[0].prompt.task
    code = code_hash(task, tuner.encoder_sha256, tuner.glossary.hash)
    cases = sample.cases[:limit]
    found = [(c, trial_of(c, tuner.model, sample.sample_hash, tuner.max_attempts)) for c in candidates]
    with store.write() as con:
        for _, trial in found:
            trials.record_trial(con, trial, _now())
    with store.read() as con:
        there = trials.has_output(con, [trial.trial_id for _, trial in found], code)
        known = trials.answers(con, task, tuner.model.sha256, [case.key for case in cases])
    # a candidate that is named twice is tried once
    unique = {trial.trial_id: (candidate, trial) for candidate, trial in found}
    missing = [
        (case, [pair for pair in unique.values() if (pair[1].trial_id, case.case_hash) not in there]) for case in cases
    ]
    missing = [(case, pairs) for case, pairs in missing if pairs]
    n_missing = sum(len(pairs) for _, pairs in missing)
    n_there = len(unique) * len(cases) - n_missing
    trials_ = tuple(trial for _, trial in found)
    if not missing:
        return Made(trials_, 0, n_there, 0, time.monotonic() - started)
    tuner.begin(n_missing)
    engine = tuner.engine()
    engine.prepare([candidate.prompt.opening() for candidate, _ in unique.values()])
    notes = _Notes(store, tuner.model.sha256)
    answers = dict(known)

    def keep(request: Request, completion: Completion) -> None:
        answers[completion.request_id] = completion
        notes.answers.append((request, completion))

    encode = remembering(tuner.encode)
    runner: JobRunner[tuple[TrialOutput, str]] = JobRunner(
        engine,
        jobs_in_flight=tuner.texts_in_flight,
        known=known,
        on_completion=keep,
        on_tick=notes.write_if_due,
        stop=tuner.stop,
    )

    def groups() -> Iterator[Sequence[Steps[tuple[TrialOutput, str]]]]:
        for case, pairs in missing:
            sections = _sections(store, sample, case)
            yield [
                _text(tuner, engine, encode, candidate, trial, case, sections, code, answers)
                for candidate, trial in pairs
            ]

    n_made = 0
    try:
        for output, name in runner.run_groups(groups()):
            notes.outputs.append(output)
            n_made += 1
            tuner.advance(name)
    finally:
        notes.write()
    stopped = n_made < n_missing
    return Made(trials_, n_made, n_there, len(answers) - len(known), time.monotonic() - started, stopped)


def _sections(store: Store, sample: TrialSample, case: TrialCase) -> tuple[Section, ...]:
    """The sections of a case, which must be the ones it was frozen with."""
    if sample.input == "abstract":
        return ()
    with store.read() as con:
        sections = papers.sections(con, case.key)
    if trial_samples.hash_of_sections(sections) != case.sections_hash:
        raise StoreError(
            f"case {case.case_id}: its sections are no longer those of the sample: draw a sample of a new name"
        )
    return sections


def _text(
    tuner: Tuner,
    engine: Engine,
    encode: Encode,
    candidate: Candidate,
    trial: Trial,
    case: TrialCase,
    sections: Sequence[Section],
    code: str,
    answers: Mapping[str, Completion],
) -> Steps[tuple[TrialOutput, str]]:
    """The text of one case under one candidate, made as generate makes it, with its figures."""
    paper = Paper(*case.key, case.title, (), (), "", None, None, case.abstract, None, ())
    attempts: list[Attempt] = []
    make = job_maker(paper, sections, candidate.prompt, engine, encode, tuner.glossary)
    ending = yield from make_text(make, range(1, tuner.max_attempts + 1), attempts.append)
    asked = [answers[h] for h in dict.fromkeys(p.request_hash for a in attempts for p in a.pieces)]
    last = attempts[-1] if attempts else None
    text = last.text if last else ""
    pieces = last.pieces if last else ()
    used = [answers[p.request_hash] for p in pieces if p.used]
    output = TrialOutput(
        trial_id=trial.trial_id,
        case_hash=case.case_hash,
        code_hash=code,
        text=text,
        accepted=not ending.failed,
        category=ending.category,
        finish_reason=last.finish_reason if last else "cancelled",
        n_attempts=len(attempts),
        n_requests=len(asked),
        prompt_tokens=sum(a.prompt_tokens for a in asked),
        prompt_tokens_reused=sum(a.prompt_tokens_reused for a in asked),
        completion_tokens=sum(a.completion_tokens for a in asked),
        seconds=sum(a.seconds for a in asked),
        figures=measure(text, _source(case, last), case.reference, used),
        pieces=pieces,
        checks=last.checks if last else (),
    )
    return output, f"{case.case_id} {candidate.label}"


def _source(case: TrialCase, attempt: Attempt | None) -> str:
    """What a text is held against: the sentences that it was made from."""
    return "\n".join(dict.fromkeys(p.source_text for p in attempt.pieces if p.used)) if attempt else case.abstract


class _Notes:
    """What is to be written, in the order it came."""

    def __init__(self, store: Store, model_sha256: str) -> None:
        self._store = store
        self._impatient = Store(store.path, wait_seconds=_PATIENCE_SECONDS)
        self._model_sha256 = model_sha256
        self._last_window = time.monotonic()
        self.answers: list[tuple[Request, Completion]] = []
        self.outputs: list[TrialOutput] = []

    def write_if_due(self) -> None:
        if (self.answers or self.outputs) and time.monotonic() - self._last_window >= _WINDOW_SECONDS:
            try:
                self._write(self._impatient)
            except StoreLocked:
                self._last_window = time.monotonic()

    def write(self) -> None:
        if self.answers or self.outputs:
            self._write(self._store)

    def _write(self, store: Store) -> None:
        now = _now()
        with store.write() as con:
            trials.record_answers(con, self._model_sha256, self.answers, now)
            for output in self.outputs:
                trials.record_output(con, output, now)
        self.answers.clear()
        self.outputs.clear()
        self._last_window = time.monotonic()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
