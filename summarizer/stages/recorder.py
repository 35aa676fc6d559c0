"""The record of one run in the store: a row when it first records something, one for each stage, one at its end."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from summarizer import __version__
from summarizer.config import Config
from summarizer.ids import canonical_json
from summarizer.records import Stage
from summarizer.store import Store, runs
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    from summarizer.store import Connection


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage did. A stage that found nothing to do has zero in both counts.

    ``left``: papers (id, version) that a limit of the command left for a later run, although they could be worked on.
    """

    n_done: int = 0
    n_failed: int = 0
    seconds: float = 0.0
    left: frozenset[PaperKey] = frozenset()


def utc_now() -> datetime:
    """The time in UTC, without a zone, as the store keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


class RunRecorder:
    """Writes the ``run`` row only together with the first row that refers to it.

    A run that finds nothing to do therefore leaves no trace in the store.
    """

    def __init__(self, store: Store, command: str, config: Config) -> None:
        self._store = store
        self._command = command
        # [collect] decides nothing here, and may name mirrors and addresses of the other side
        self._config = canonical_json({name: kept for name, kept in config.as_dict().items() if name != "collect"})
        self._started = utc_now()
        self._recorded = False
        self.run_id = uuid.uuid4().hex

    @property
    def recorded(self) -> bool:
        """Whether this run has written anything."""
        return self._recorded

    def ensure(self, con: Connection) -> str:
        """Call inside each write window, before rows that carry the run's id. Gives that id back."""
        # every time, not once: the window in which it was written first may have been rolled back
        if not runs.has_run(con, self.run_id):
            runs.start_run(con, self.run_id, self._command, __version__, self._config, self._started)
        self._recorded = True
        return self.run_id

    def record_stage(self, stage: Stage, result: StageResult) -> None:
        """Keep what a stage did; nothing is written for one that had nothing to do."""
        if result.n_done + result.n_failed == 0:
            return
        with self._store.write() as con:
            runs.record_stage(
                con,
                self.ensure(con),
                stage,
                n_done=result.n_done,
                n_failed=result.n_failed,
                seconds=result.seconds,
                ended_utc=utc_now(),
            )

    def end(self, exit_code: int, peak_memory_bytes: int) -> None:
        """Keep how the run ended, if it recorded anything."""
        if not self._recorded:
            return
        with self._store.write() as con:
            runs.end_run(
                con, self.ensure(con), exit_code=exit_code, peak_memory_bytes=peak_memory_bytes, ended_utc=utc_now()
            )
