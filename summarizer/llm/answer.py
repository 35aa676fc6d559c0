"""One answer under way: from tokens to text, and when it is finished."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from summarizer.llm.loops import LoopDetector
from summarizer.records import FinishReason


class Answer:
    """Puts tokens' bytes together into text and says when to stop.

    ``text`` never holds a part of a character: bytes wait until their character is whole, and bytes that are not UTF-8
    are left out. A stop string, also one spread over several tokens, is cut off together with what follows it.
    """

    def __init__(self, max_tokens: int, stop: Sequence[str]) -> None:
        self.tokens: list[int] = []
        self.text = ""
        self.finish_reason: FinishReason | None = None
        self._max_tokens = max_tokens
        self._stop = tuple(s for s in stop if s)
        self._longest_stop = max((len(s) for s in self._stop), default=0)
        self._ended = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._loops = LoopDetector()

    @property
    def n_tokens(self) -> int:
        """Tokens chosen so far, the end token included."""
        return len(self.tokens) + self._ended

    def end(self) -> None:
        """Take an end token: it has no text."""
        self._ended = True
        self.finish_reason = "stop"

    def append(self, token: int, piece: bytes) -> None:
        """Take one token and its bytes; sets ``finish_reason`` when it was the last."""
        self.tokens.append(token)
        new = self._decoder.decode(piece)
        start = max(0, len(self.text) - self._longest_stop + 1)
        self.text += new
        found = [at for s in self._stop if (at := self.text.find(s, start)) >= 0]
        if found:
            self.text = self.text[: min(found)]
            self.finish_reason = "stop"
        elif self._loops.update(self.text):
            self.finish_reason = "loop"
        elif len(self.tokens) >= self._max_tokens:
            self.finish_reason = "length"
