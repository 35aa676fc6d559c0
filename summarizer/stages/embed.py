"""Stage embed: a vector for each paper, from its title and abstract."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from summarizer import ids
from summarizer.embed import embedding_input
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, StageResult, utc_now
from summarizer.stages.weights import Lazy
from summarizer.store import Store, embeddings, texts

if TYPE_CHECKING:
    from summarizer.embed import Encoder

#: Papers encoded, and then recorded, together: some seconds of work on a small machine.
_BATCH = 64


def embed(store: Store, run: RunRecorder, progress: Progress, *, encoder: Lazy[Encoder]) -> StageResult:
    """Encode every paper that has no embedding under this encoder. Raises ModelError."""
    started = time.monotonic()
    with store.read() as con:
        pending = embeddings.pending_embed(con, encoder.model.sha256)
    if not pending:
        return StageResult()
    progress.stage("embed", len(pending))
    for first in range(0, len(pending), _BATCH):
        batch = pending[first : first + _BATCH]
        inputs = [embedding_input(paper) for paper in batch]
        vectors = encoder().encode(inputs)
        rows = [
            ((paper.arxiv_id, paper.version), ids.content_hash(text), vector)
            for paper, text, vector in zip(batch, inputs, vectors, strict=True)
        ]
        with store.write() as con:
            run_id = run.ensure(con)
            texts.record_model(con, encoder.model, utc_now())
            embeddings.record_embeddings(con, run_id, encoder.model.sha256, rows, utc_now())
        progress.advance(len(batch))
    return StageResult(len(pending), 0, time.monotonic() - started)
