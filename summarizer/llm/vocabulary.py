"""A model's vocabulary, sorted for copy-only decoding: built once for a model, shared by all requests.

*Free* text is what an answer in Chinese may always hold: Han characters, punctuation, blanks and signs. Everything else
(letters and digits of any other kind, control characters, emoji) must be copied. Which characters are free is an
allow-list, because the harm of a stray letter is greater than that of a missing sign.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_FREE_RANGES = (
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0x20000, 0x323AF),  # Han, extensions B and up
    (0x2010, 0x2027),  # dashes, quotation marks, bullet, ellipsis
    (0x2030, 0x205E),
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x3000, 0x3003),  # CJK blanks and punctuation
    (0x3007, 0x3020),  # the Chinese zero, CJK brackets
    (0xFF01, 0xFF0F),  # full-width punctuation, without letters and digits
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF61),
    (0xFFE0, 0xFFE5),
)
#: Without the signs of code: a model that may not write the name it wants puts rubbish between backticks.
_FREE_SINGLE = frozenset("\n !\"$%&'()*+,-./:;<=>?[]~«»±×÷°·§€£¥")


def is_free(character: str) -> bool:
    """Whether a character may stand in an answer without being copied."""
    if character in _FREE_SINGLE:
        return True
    code = ord(character)
    return code > 0x2000 and any(first <= code <= last for first, last in _FREE_RANGES)


def is_bound(character: str) -> bool:
    """Whether a character makes a term worth copying: a letter or a digit that is not Han."""
    return character.isalnum() and not is_free(character)


@lru_cache(maxsize=1)
def free_prefixes() -> frozenset[bytes]:
    """Every proper prefix of a free character's UTF-8 form, Han beyond the first plane left out."""
    characters = [chr(c) for first, last in _FREE_RANGES if last < 0x10000 for c in range(first, last + 1)]
    characters += [c for c in _FREE_SINGLE if ord(c) > 0x7F]
    prefixes: set[bytes] = set()
    for character in characters:
        encoded = character.encode()
        prefixes.update(encoded[:n] for n in range(1, len(encoded)))
    return frozenset(prefixes)


def split_free(piece: bytes) -> tuple[str, bytes] | None:
    """Free text and the unfinished free character after it, or None when the piece holds anything else."""
    for n_rest in range(min(4, len(piece) + 1)):
        cut = len(piece) - n_rest
        try:
            text = piece[:cut].decode()
        except UnicodeDecodeError:
            continue
        rest = piece[cut:]
        if all(map(is_free, text)) and (not rest or rest in free_prefixes()):
            return text, rest
        return None
    return None


#: Signs that, put right after a number, change its value.
SCALING_SIGNS = frozenset("%％‰°百千万亿")


class SortedPieces:
    """Some tokens in the order of their bytes: a prefix tree without its memory."""

    def __init__(self, tokens: Iterable[tuple[bytes, int]]) -> None:
        ordered = sorted(tokens)
        self.pieces = [piece for piece, _ in ordered]
        self.ids = [token for _, token in ordered]

    def beyond(self, first: int, last: int, prefix: bytes) -> int:
        """Where the tokens with a prefix end, in ``pieces[first:last]``, which share all of it but its last byte."""
        if prefix[-1] == 0xFF:
            return last
        return bisect_left(self.pieces, prefix[:-1] + bytes((prefix[-1] + 1,)), first, last)


class Vocabulary:
    """Tokens as bytes: those of free text as biases over the vocabulary, all in byte order.

    Args:
        pieces: the bytes of every token, by id; empty for control tokens, which no answer may hold.
        end_tokens: ids of the tokens that end an answer.

    Attributes:
        free_bias: float32 (n_vocab,), 0 for tokens of free text and end tokens, -inf elsewhere.
        after_number_bias: the same, without the tokens that would scale a number that stands before them.
        can_finish: whether every continuation byte is a token, so that an unfinished character can always be finished.
    """

    def __init__(self, pieces: Sequence[bytes], end_tokens: Iterable[int]) -> None:
        end_ids = sorted(set(end_tokens))
        self.single_bytes = frozenset(p[0] for p in pieces if len(p) == 1)
        self.can_finish = self.single_bytes.issuperset(range(0x80, 0xC0))
        self.free_bias: NDArray[np.float32] = np.full(len(pieces), -np.inf, dtype=np.float32)
        scaling: list[int] = []
        free: list[tuple[bytes, int]] = []
        bound: list[tuple[bytes, int]] = []
        for token, piece in enumerate(pieces):
            if not piece or token in end_ids:
                continue
            split = split_free(piece)
            if split is None or (split[1] and not self.can_finish):
                bound.append((piece, token))
                continue
            free.append((piece, token))
            if split[0][:1] in SCALING_SIGNS:
                scaling.append(token)
        self.free_bias[[token for _, token in free] + end_ids] = 0.0
        self.after_number_bias = self.free_bias.copy()
        self.after_number_bias[scaling] = -np.inf
        self.free = SortedPieces(free)
        self.bound = SortedPieces(bound)
