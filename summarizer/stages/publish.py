"""Stage publish: the store's texts become the files of the site."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from summarizer.errors import SummarizerError
from summarizer.publish import post_path, render_post, write_if_changed
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.store import Store, posts


def publish(
    store: Store, run: RunRecorder, progress: Progress, out_dir: Path, days: Iterable[date]
) -> tuple[StageResult, list[Path]]:
    """Write the posts that are due, and those of ``days``; gives back the paths of all of them, oldest first.

    A file that already holds the right bytes is not touched, and a post that is recorded as it stands is not recorded
    again. The file comes first and its row after: a kill between the two leaves a post that is due, never one that is
    recorded and not there. Raises SummarizerError when a file cannot be written.
    """
    started = time.monotonic()
    with store.read() as con:
        due = posts.pending_posts(con)
    wanted = sorted({*due, *days})
    if due:
        progress.stage("publish", len(due))
    paths = []
    for day in wanted:
        with store.read() as con:
            post, shown = posts.post(con, day)
        data = render_post(post)
        relative = Path(post_path(day))
        path = out_dir / relative
        try:
            written = write_if_changed(path, data)
        except OSError as error:
            raise SummarizerError(f"post {path} cannot be written: {error.strerror or error}") from error
        if written or day in due:
            with store.write() as con:
                recorded = posts.record_post(
                    con,
                    run.run_id,
                    post,
                    shown,
                    path=relative.as_posix(),
                    sha256=hashlib.sha256(data).hexdigest(),
                    now=utc_now(),
                )
                if recorded:
                    run.ensure(con)
        if day in due:
            progress.advance(note=day.isoformat())
        paths.append(path)
    return StageResult(len(due), 0, time.monotonic() - started), paths
