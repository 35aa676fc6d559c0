"""The search index of texts that were not indexed as they were recorded: of an older store, or brought in from elsewhere."""

from __future__ import annotations

from summarizer.stages.progress import Progress
from summarizer.stages.recorder import utc_now
from summarizer.store import Store, terms

#: Texts in one write window: about a quarter of a second.
_BATCH = 200


def complete_search_index(store: Store, progress: Progress) -> int:
    """Index what is pending, in short write windows; gives back the number of texts. Killed, it goes on where it was."""
    n_texts = 0
    while True:
        with store.read() as con:
            texts = terms.pending_search(con, _BATCH)
        if not texts:
            return n_texts
        if not n_texts:
            progress.message("indexing texts for the search")
        with store.write() as con:
            terms.index_texts(con, texts, utc_now())
        n_texts += len(texts)
