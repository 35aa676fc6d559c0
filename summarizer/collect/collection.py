"""Days of arXiv made into bundles: list, select, fetch, write, each step entered in the ledger before the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from summarizer import ids
from summarizer.bundle import DEFAULT_LIMITS, Limits, Signer, daily_window, verify_bundle, write_bundle
from summarizer.collect.calendar import Calendar, Day
from summarizer.collect.daily_listing import DailyListing
from summarizer.collect.ledger import Ledger, Planned, Waiting
from summarizer.collect.pdfs import PdfFolder, PdfUnavailable
from summarizer.collect.transport import Clock
from summarizer.config import CollectConfig
from summarizer.errors import BundleError, CollectError
from summarizer.records import Paper

#: A day that arXiv lists nothing for is asked for again so long, before it counts as empty.
EMPTY_FOR = timedelta(days=3)
#: So many PDFs without any answer, each tried as often as configured, and the servers are taken to be away.
UNANSWERED_IN_A_ROW = 3


class Progress(Protocol):
    """Who is told what happens."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, n: int = 1, note: str = "") -> None: ...

    def message(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class DayResult:
    """What became of one day."""

    post_date: date
    path: Path | None  #: None: there was nothing to carry
    n_papers: int  #: in the bundle
    n_waiting: int  #: over the daily maximum, or without their PDF
    n_failed: int  #: PDFs that did not come this time


class Collector:
    """Makes bundles of days. One collection: a basis and a set of categories. Each key of ``sign`` signs them."""

    def __init__(
        self,
        settings: CollectConfig,
        calendar: Calendar,
        ledger: Ledger,
        listing: DailyListing,
        pdfs: PdfFolder,
        out_dir: Path,
        progress: Progress,
        clock: Clock | None = None,
        *,
        sign: Sequence[Signer] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._settings = settings
        self._calendar = calendar
        self._ledger = ledger
        self._listing = listing
        self._pdfs = pdfs
        self._out_dir = out_dir
        self._progress = progress
        self._clock = clock or Clock()
        self._sign = sign
        self._limits = limits

    def finish(self) -> list[Path]:
        """Write the bundles that an earlier run was killed in. Returns their paths."""
        paths = []
        for planned in self._ledger.unwritten():
            self._progress.message(f"{planned.post_date}: finishing the bundle that was interrupted")
            path = self._written_before(planned)
            if path is None:
                try:
                    path = self._write(planned)
                except PdfUnavailable as error:  # the download is gone and does not come back: its papers wait again
                    self._ledger.undo_plan(planned.bundle_no)
                    self._progress.message(f"{planned.post_date}: the bundle is made anew: {error}")
                    continue
            paths.append(path)
        return paths

    def _written_before(self, planned: Planned) -> Path | None:
        """The file of a bundle, if the run was killed after it had its name and before it was entered."""
        for path in sorted(self._out_dir.glob(f"{planned.post_date.isoformat()}-*.tar")):
            try:
                manifest = verify_bundle(path, limits=self._limits)
            except BundleError:
                continue
            if manifest.created_utc == planned.created_utc and not self._ledger.bundles_like(manifest.bundle_id):
                self._enter(planned, manifest.bundle_id, path)
                return path
        return None

    def collect(self, days: Sequence[Day]) -> Iterator[DayResult]:
        """Each day in turn, oldest first; what was yielded is done and entered."""
        for number, day in enumerate(days):
            now = self._clock.now()
            live = self._calendar.newest(now).post_date == day.post_date
            entries = self._listing.entries(day, last=number == len(days) - 1, live=live)
            self._ledger.record_entries(self._listing.collection, day.post_date, entries)
            result = self._bundle(day)
            # only now: a day that was killed before is listed again by --since-last, and its papers come on their own date
            if entries or now - day.settled_utc > EMPTY_FOR:
                self._ledger.record_day(self._listing.collection, day.post_date, len(entries), now)
            else:
                self._progress.message(
                    f"{day.post_date}: arXiv lists nothing yet; the day is asked for again next time"
                )
            yield result

    def again(self, bundle_id: str) -> Path:
        """Write a bundle once more, the same papers: for one that was lost on the way. Raises CollectError."""
        found = self._ledger.bundles_like(bundle_id)
        if len(found) != 1:
            raise CollectError(f"{len(found) or 'no'} bundles of the ledger begin with {bundle_id!r}: "
                               "summarizer ledger lists them")  # fmt: skip
        return self._write(found[0])

    def _bundle(self, day: Day) -> DayResult:
        collection = self._listing.collection
        maximum = self._settings.daily_maximum
        room = maximum - self._ledger.n_carried(collection, day.post_date) if maximum else None
        chosen, n_failed = self._fetch(day, self._ledger.waiting(collection, day.post_date), room)
        path = None
        if chosen:
            now = self._clock.now().replace(microsecond=0)
            path = self._write(self._ledger.plan_bundle(collection, day.post_date, chosen, now))
        n_waiting = len(self._ledger.waiting(collection, day.post_date))
        return DayResult(day.post_date, path, len(chosen), n_waiting, n_failed)

    def _fetch(self, day: Day, waiting: Sequence[Waiting], room: int | None) -> tuple[list[tuple[Paper, bool]], int]:
        """The papers for a bundle, with whether their PDF came, and the number of PDFs that did not."""
        chosen: list[tuple[Paper, bool]] = []
        n_failed = n_unanswered = 0
        self._progress.stage(f"{day.post_date} PDFs", len(waiting) if room is None else min(len(waiting), max(room, 0)))
        rest = list(waiting)
        with ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="pdf") as executor:
            while rest and (room is None or len(chosen) < room):
                n = self._settings.parallel if room is None else min(self._settings.parallel, room - len(chosen))
                batch, rest = rest[:n], rest[n:]
                for item, failure in zip(batch, executor.map(self._try_pdf, batch), strict=True):
                    n_unanswered = n_unanswered + 1 if failure is not None and not failure.answered else 0
                    if failure is None:
                        chosen.append((item.paper, True))
                    else:
                        n_failed += 1
                        if self._give_up(item, str(failure)):
                            chosen.append((item.paper, False))
                    self._progress.advance(note=item.paper.arxiv_id)
                if n_unanswered >= UNANSWERED_IN_A_ROW:
                    raise CollectError(f"{n_unanswered} PDFs in a row got no answer, so the rest is left: run the same command "
                                       "again later; what came is kept")  # fmt: skip
        return chosen, n_failed

    def _try_pdf(self, item: Waiting) -> PdfUnavailable | None:
        try:
            self._pdfs.fetch(item.paper.arxiv_id, item.paper.version)
        except PdfUnavailable as error:
            return error
        return None

    def _give_up(self, item: Waiting, failure: str) -> bool:
        """Enter a failure. True: it was tried long enough, and the paper goes without its PDF."""
        paper, now = item.paper, self._clock.now()
        name = ids.versioned(paper.arxiv_id, paper.version)
        withdrawn = "withdrawn" in (paper.comment or "").casefold()
        if withdrawn:
            failure = f"withdrawn ({paper.comment}); {failure}"
        self._ledger.record_failure(paper.arxiv_id, paper.version, failure, now)
        # by the calendar: a run at the same hour each day is a little early now and then
        if (now.date() - (item.first_failed_utc or now).date()).days < self._settings.retry_days:
            self._progress.message(f"{name}: no PDF, tried again by the next run: {failure}")
            return False
        if withdrawn:
            self._ledger.close_paper(paper.arxiv_id, paper.version, failure)
            self._progress.message(f"{name}: withdrawn, and given up after {self._settings.retry_days} days: {failure}")
            return False
        self._progress.message(f"{name}: goes without its PDF after {self._settings.retry_days} days: {failure}")
        return True

    def _write(self, planned: Planned) -> Path:
        """The file of a bundle. The same rows, time and PDFs give the same bytes, so a second writing is no second bundle."""
        basis, _, categories = planned.collection.partition(" ")
        pdfs: dict[tuple[str, int], Path] = {}
        for paper, with_pdf in planned.papers:
            if with_pdf:
                pdfs[paper.arxiv_id, paper.version] = self._pdfs.fetch(paper.arxiv_id, paper.version)
        papers = [
            replace(paper, source_file=pdfs[key].name if (key := (paper.arxiv_id, paper.version)) in pdfs else None)
            for paper, _ in planned.papers
        ]
        # the newest first, as on the reference's pages
        papers.sort(key=lambda paper: (str(paper.submitted_utc or ""), paper.arxiv_id), reverse=True)
        path = write_bundle(
            self._out_dir,
            papers,
            pdfs,
            window=daily_window(planned.post_date, basis=basis),
            post_date=planned.post_date,
            categories=categories.split(","),
            n_fetched=len(papers),
            created_utc=planned.created_utc,
            sign=self._sign,
            limits=self._limits,
        )
        bundle_id = verify_bundle(path, limits=self._limits).bundle_id
        if planned.bundle_id not in (None, bundle_id):
            self._progress.message(f"{path}: arXiv's PDFs have changed since; the bundle has another id now")
        self._enter(planned, bundle_id, path)
        return path

    def _enter(self, planned: Planned, bundle_id: str, path: Path) -> None:
        self._ledger.record_bundle(planned.bundle_no, bundle_id, path)
        for paper, _ in planned.papers:
            self._pdfs.forget(paper.arxiv_id, paper.version)
