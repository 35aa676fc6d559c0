"""What a run of these bundles would do, and how long it would take. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summarizer.config import Config
from summarizer.llm.engine import Engine
from summarizer.llm.probe import Rates, measure_rates
from summarizer.prompts import PromptVersion
from summarizer.records import TASKS, Completion, ManifestFile, Paper, Section, Task
from summarizer.stages.admission import Admission, admission
from summarizer.stages.expectation import Experience, by_paper, experience, usual_experience
from summarizer.stages.glossaries import glossary_of
from summarizer.stages.limits import Limits
from summarizer.stages.progress import duration
from summarizer.stages.weights import Lazy
from summarizer.store import Store, embeddings, history, papers, texts
from summarizer.store.history import NO_HISTORY, PaperState, StageHistory
from summarizer.store.papers import PaperKey
from summarizer.summarize.forecast import Forecaster, Work
from summarizer.summarize.pace import n_finished_within

if TYPE_CHECKING:
    from summarizer.store import Connection

#: Where no run is there to judge by, on two cores: 0.3 s a page, and 19 pages a megabyte in 35 real papers; an encoder that
#: is loaded first.
_INGEST_SECONDS_PER_MB = 5.7
_EMBED_SECONDS, _EMBED_LOAD_SECONDS = 0.15, 5.0


@dataclass(frozen=True, slots=True)
class StagePlan:
    """``rests_on``: what the seconds are judged by."""

    n_items: int
    seconds: float
    rests_on: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts are of paper versions. Each of the bundles' papers is in exactly one of the first five counts."""

    n_new: int  #: the store has never seen it
    n_begun: int  #: something is left to do
    n_done: int
    n_repeated: int  #: left out as the repeat of an earlier one, or known from an imported post
    n_unreadable: int  #: its PDF gives no text, and nothing else is left to do
    n_elsewhere: int  #: of other bundles in the store, with something left to do
    pdf_bytes: int  #: of the PDFs to read
    work: Work  #: of the texts to make
    ingest: StagePlan
    embed: StagePlan
    generate: StagePlan
    rates: Rates
    until: str = ""  #: local time
    n_by_then: int | None = None  #: papers of the generate stage that would be done by then

    @property
    def n_in_bundles(self) -> int:
        return self.n_new + self.n_begun + self.n_done + self.n_repeated + self.n_unreadable

    @property
    def seconds(self) -> float:
        return self.ingest.seconds + self.embed.seconds + self.generate.seconds

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can carry. Tokens are whole."""
        stages = {"ingest": self.ingest, "embed": self.embed, "generate": self.generate}
        return {
            "papers": {
                "in_bundles": self.n_in_bundles,
                "new": self.n_new,
                "begun": self.n_begun,
                "done": self.n_done,
                "repeated": self.n_repeated,
                "unreadable": self.n_unreadable,
                "elsewhere": self.n_elsewhere,
            },
            "pdf_bytes": self.pdf_bytes,
            "texts": self.work.n_texts,
            "tokens": {
                "prefill": round(self.work.prefill_tokens),
                "reused": round(self.work.reused_tokens),
                "decode": round(self.work.decode_tokens),
            },
            "rates": asdict(self.rates),
            "stages": {name: asdict(stage) for name, stage in stages.items()},
            "seconds": self.seconds,
            "until": None if self.n_by_then is None else {"time": self.until, "papers_done": self.n_by_then},
        }


@dataclass(slots=True)
class _Found:
    """What is to be done for one paper."""

    paper: Paper
    state: PaperState | None = None  #: None: the store has never seen it
    pdfs: list[ManifestFile] = field(default_factory=list)  #: in these bundles
    to_embed: bool = False
    to_compare: bool = False
    tasks: dict[Task, int] = field(default_factory=dict)  #: texts to make, with the attempts that were made
    sections: tuple[Section, ...] = ()  #: those in the store

    @property
    def to_read(self) -> ManifestFile | None:
        """The PDF that the run would read."""
        if self.state is None:
            return next(iter(self.pdfs), None)
        if self.state.has_document or self.state.imported:
            return None
        return next((pdf for pdf in self.pdfs if pdf.sha256 not in self.state.failed_pdfs), None)

    @property
    def pending(self) -> bool:
        return self.to_read is not None or self.to_embed or self.to_compare or bool(self.tasks)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store tells."""

    experience: Experience
    known: Mapping[str, Completion] = field(default_factory=dict)
    ingest: StageHistory = NO_HISTORY
    embed: StageHistory = NO_HISTORY


def plan(
    store: Store,
    config: Config,
    bundles: Sequence[Path],
    *,
    engine: Lazy[Engine],
    embedder_sha256: str,
    prompts: Mapping[Task, PromptVersion],
    limits: Limits,
    report: Callable[[str], None],
    probe_seconds: float = 10.0,
) -> Plan:
    """Verify the bundles, look at the store if there is one, and measure the engine for about ``probe_seconds``.

    Raises BundleError, StoreError and ModelError.
    """
    found = _papers_of(bundles, admission(config.bundle))
    in_bundles = set(found)
    model = engine()
    seen = _Seen(usual_experience(model))
    if store.path.exists():
        with store.read(upgrade=False) as con:
            seen = _look(con, found, model, embedder_sha256, prompts)
    for item in found.values():
        _expect(item)
    forecaster = Forecaster(
        model,
        prompts,
        seen.experience.habits,
        evidence_chars=seen.experience.evidence_chars,
        known=seen.known,
        glossary=glossary_of(config),
    )
    works = []
    for item in sorted(found.values(), key=lambda item: item.state is None):  # what arrived earlier comes first
        if item.tasks:
            sections = None if item.to_read is not None else item.sections
            works.append(forecaster.paper(item.paper, sections, item.tasks, item.tasks))
    report(f"measuring this machine for about {duration(probe_seconds)}")
    rates = measure_rates(model, config.llm.n_slots, max_seconds=probe_seconds)
    return _put_together(found, in_bundles, works, seen, rates, limits)


def _papers_of(bundles: Sequence[Path], site: Admission) -> dict[PaperKey, _Found]:
    """The papers of the bundles, each once, with its PDFs."""
    found: dict[PaperKey, _Found] = {}
    for path in bundles:
        with site.open(path) as bundle:
            for paper in bundle.papers:
                key = (paper.arxiv_id, paper.version)
                item = found.setdefault(key, _Found(paper))
                if (pdf := bundle.pdf_entry(*key)) is not None:
                    item.pdfs.append(pdf)
    return found


def _look(
    con: Connection,
    found: dict[PaperKey, _Found],
    engine: Engine,
    embedder_sha256: str,
    prompts: Mapping[Task, PromptVersion],
) -> _Seen:
    """Put into ``found`` how far its papers are, and add the other papers that a run would work on."""
    hashes = {task: prompt.prompt_hash for task, prompt in prompts.items()}
    texts_of = by_paper(texts.pending_generate(con, engine.model.sha256, hashes))
    to_embed = [(paper.arxiv_id, paper.version) for paper in embeddings.pending_embed(con, embedder_sha256)]
    to_compare = [(paper.arxiv_id, paper.version) for paper in embeddings.pending_dedup(con, embedder_sha256)]
    pending = dict.fromkeys((*texts_of, *to_compare, *to_embed))
    for key, state in history.paper_states(con, list(found | pending), embedder_sha256).items():
        paper = papers.paper(con, key)  # a run goes by the metadata that came first
        item = found.setdefault(key, _Found(paper))
        item.paper, item.state = paper, state
        item.to_embed = key in to_embed
        item.to_compare = item.to_embed or key in to_compare
        item.tasks = {text.task: text.n_attempts for text in texts_of.get(key, [])}
        if state.has_sections:
            item.sections = papers.sections(con, key)
    return _Seen(
        experience(con, engine, prompts),
        texts.completions(con, list(texts_of)),
        history.stage(con, "ingest"),
        history.stage(con, "embed"),
    )


def _expect(item: _Found) -> None:
    """Add what will be to do once the stages before it have run. Repeats among new papers are not known yet."""
    state, is_read = item.state, item.to_read is not None
    if state is None:
        item.to_embed = item.to_compare = is_read or item.paper.metadata_source != "none" or item.paper.abstract != ""
    if state is not None and (state.repeated or state.imported):
        return
    if item.to_compare and (state is None or not state.compared) and item.paper.abstract:
        item.tasks.setdefault("translation", 0)
    if is_read or (item.to_compare and item.sections and not (state and state.compared)):
        for task in TASKS:
            if task != "translation":
                item.tasks.setdefault(task, 0)


def _put_together(
    found: Mapping[PaperKey, _Found],
    in_bundles: Collection[PaperKey],
    works: Sequence[Work],
    seen: _Seen,
    rates: Rates,
    limits: Limits,
) -> Plan:
    counts = Counter(_count_of(item) if key in in_bundles else "elsewhere" for key, item in found.items())
    pdfs = [pdf for item in found.values() if (pdf := item.to_read) is not None]
    n_bytes = sum(pdf.size for pdf in pdfs)
    ingest = _by_history(
        len(pdfs), seen.ingest, _INGEST_SECONDS_PER_MB * n_bytes / 1e6, f"{_INGEST_SECONDS_PER_MB} s a megabyte"
    )
    n_embed = sum(item.to_embed for item in found.values())
    embed = _by_history(
        n_embed,
        seen.embed,
        _EMBED_LOAD_SECONDS + _EMBED_SECONDS * n_embed if n_embed else 0.0,
        f"{_EMBED_LOAD_SECONDS:g} s and {_EMBED_SECONDS} s a paper",
    )
    work = sum(works, Work())
    overhead = seen.experience.overhead(rates)
    seconds = overhead * (work.seconds(rates) + work.tail_seconds(rates))
    generate = StagePlan(len(works), seconds, _basis(seen.experience, rates))
    n_by_then = None
    if limits.until is not None:
        left = limits.until - limits.clock() - ingest.seconds - embed.seconds
        n_by_then = n_finished_within(works, rates, left / overhead)
    return Plan(
        n_new=counts["new"],
        n_begun=counts["begun"],
        n_done=counts["done"],
        n_repeated=counts["repeated"],
        n_unreadable=counts["unreadable"],
        n_elsewhere=counts["elsewhere"],
        pdf_bytes=n_bytes,
        work=work,
        ingest=ingest,
        embed=embed,
        generate=generate,
        rates=rates,
        until=limits.until_text,
        n_by_then=n_by_then,
    )


def _count_of(item: _Found) -> str:
    if item.state is None:
        return "new"
    if item.state.repeated or item.state.imported:
        return "repeated"
    if item.pending:
        return "begun"
    return "done" if item.state.has_document else "unreadable"


def _by_history(n: int, earlier: StageHistory, otherwise: float, constant: str) -> StagePlan:
    if not earlier.n_items:
        return StagePlan(n, otherwise, f"a constant, {constant}: no run is there to judge by")
    each = earlier.seconds / earlier.n_items
    return StagePlan(n, n * each, f"{each:.2g} s a paper, as in earlier runs ({earlier.n_items} papers)")


def _basis(learnt: Experience, rates: Rates) -> str:
    answers = f"{learnt.n_pieces} pieces answered before" if learnt.n_pieces else "constants"
    evidence = f"{learnt.n_evidence} sentences chosen before" if learnt.n_evidence else "a constant"
    runs = "earlier runs" if learnt.has_run else "a constant"
    return (
        f"this machine measured for {duration(rates.seconds)}: {rates.prefill_tokens_per_second:.0f} tokens/s read, "
        f"{rates.decode_tokens_per_second:.0f} written by {rates.n_slots} answers at once, "
        f"{rates.decode_alone_tokens_per_second:.0f} by one alone; the stage takes {learnt.overhead(rates):.2g} times "
        f"as long, by {runs}; length and tries of answers by {answers}, evidence of papers not read yet by {evidence}"
    )
