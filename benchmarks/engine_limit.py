"""The limit of the machine: what bare ``llama_decode`` calls compute in a second, and the least time that follows."""

from __future__ import annotations

import ctypes
import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from summarizer.errors import ModelError
from summarizer.llm.cells import common_prefix
from summarizer.llm.library import load_library

BATCH = 512
SIZES = (1, 2, 4, 8, 16, 32, 64)
#: Each batch size is measured for so long, but at least and at most so many steps; the prefill so many times.
SECONDS_A_SIZE, LEAST_STEPS, MOST_STEPS, PREFILLS = 2.0, 4, 64, 3
#: Sequences that are tried together where they stand in the real work, and those that only hold a text for others.
SIZES_AT_DEPTH = (8, 16, 32, 48)
_HOLDERS = 16
#: Tokens in front of the sequences whose raw rate is measured: next to nothing to attend to.
_SHALLOW = 16


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the requests of a shape share their prompts: so many each begin with one text, then have tokens of their own."""

    group: int  #: requests a text
    text: int  #: tokens of the text, with all that comes before it
    own: int  #: tokens of a request after it, and of the half of its answer


def sharing_of(prompts: Sequence[Sequence[int]], answer: int) -> Sharing:
    """Read from prompts in order: one that has more than half in common with the one before shares its text."""
    common = [common_prefix(one, next_) for one, next_ in itertools.pairwise(prompts)]
    shared = [n for n, next_ in zip(common, prompts[1:], strict=True) if n > len(next_) / 2]
    n_texts = len(prompts) - len(shared)
    if not shared:
        return Sharing(1, 0, sum(map(len, prompts)) // len(prompts) + answer // 2)
    text = sum(shared) // len(shared)
    own = max(1, sum(map(len, prompts)) // len(prompts) - text)
    return Sharing(len(prompts) // n_texts, text, own + answer // 2)


class RawModel:
    """A model and a context as the engine opens them, and nothing else: no sampling, no scheduling."""

    def __init__(self, path: str, n_ctx: int, n_threads: int, repack: bool) -> None:
        self._lib = llama_cpp = load_library()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = 0
        params.use_extra_bufts = repack
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelError(f"{path} cannot be loaded as a GGUF model")
        context = llama_cpp.llama_context_default_params()
        context.n_ctx = n_ctx
        context.n_batch = context.n_ubatch = BATCH
        context.n_seq_max = context.n_outputs_max = max(SIZES) + _HOLDERS
        context.n_threads = context.n_threads_batch = n_threads
        context.kv_unified = True
        context.swa_full = True
        self._context = llama_cpp.llama_init_from_model(self._model, context)
        if not self._context:
            raise ModelError(f"no memory for a context of {n_ctx} tokens")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(BATCH, 0, 1)

    def close(self) -> None:
        self._lib.llama_batch_free(self._batch)
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

    def decode(self, entries: Sequence[tuple[int, int, int, bool]]) -> float:
        """Compute (token, position, sequence, wants logits); seconds it took."""
        batch = self._batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, wants_logits) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wants_logits
        started = time.perf_counter()
        if self._lib.llama_decode(self._context, batch) != 0:
            raise ModelError("llama_decode failed")
        self._lib.llama_synchronize(self._context)
        return time.perf_counter() - started

    def prefill(self, tokens: Sequence[int], first: int) -> float:
        last = len(tokens) - 1
        return self.decode([(token, first + i, 0, i == last) for i, token in enumerate(tokens)])

    def forget(self, first: int = 0) -> None:
        """Take back everything from this position of the first sequence on, and the others whole."""
        for sequence in range(1, max(SIZES)):
            self._lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._lib.llama_memory_seq_rm(self._memory, 0, first, -1)

    def decode_rate(self, size: int, depth: int, tokens: Sequence[int]) -> float:
        """Tokens a second of ``size`` sequences that share their first ``depth`` tokens, logits for each."""
        self.forget(depth)
        for sequence in range(1, size):
            self._lib.llama_memory_seq_cp(self._memory, 0, sequence, 0, depth)
        return self._rate([depth] * size, tokens)

    def decode_rates_at_depth(self, sizes: Sequence[int], sharing: Sharing, tokens: Sequence[int]) -> dict[int, float]:
        """The same by size for sequences as they stand in the real work, of which the first holds its text already."""
        self.forget(sharing.text)
        holder = max(SIZES)
        state = self._state(0)
        rates: dict[int, float] = {}
        n_made, n_texts = 0, 0
        self.forget()
        for size in sizes:
            while n_made < size:
                if n_made % sharing.group == 0 and sharing.text and n_texts < _HOLDERS:
                    # the same tokens in cells of their own: as dear as any other text, and no prefill
                    self._lib.llama_state_seq_set_data(self._context, state, len(state), holder + n_texts)
                    n_texts += 1
                if sharing.text:
                    source = holder + n_texts - 1
                    self._lib.llama_memory_seq_cp(self._memory, source, n_made, 0, sharing.text)
                self._append(n_made, sharing.text, sharing.own, tokens)
                n_made += 1
            depth = sharing.text + sharing.own
            rates[size] = self._rate([depth] * size, tokens)
            for sequence in range(size):
                self._lib.llama_memory_seq_rm(self._memory, sequence, depth, -1)
        for sequence in range(n_texts):
            self._lib.llama_memory_seq_rm(self._memory, holder + sequence, -1, -1)
        self.forget()
        return rates

    def _append(self, sequence: int, first: int, n_tokens: int, tokens: Sequence[int]) -> None:
        for start in range(first, first + n_tokens, BATCH):
            end = min(start + BATCH, first + n_tokens)
            self.decode([(tokens[i % len(tokens)], i, sequence, False) for i in range(start, end)])

    def _state(self, sequence: int) -> Any:
        n_bytes = self._lib.llama_state_seq_get_size(self._context, sequence)
        state = (ctypes.c_uint8 * n_bytes)()
        self._lib.llama_state_seq_get_data(self._context, state, n_bytes, sequence)
        return state

    def _rate(self, depths: Sequence[int], tokens: Sequence[int]) -> float:
        """Tokens a second of sequences that go on from these positions, logits for each."""
        seconds, steps = 0.0, -1
        while steps < LEAST_STEPS or (seconds < SECONDS_A_SIZE and steps < MOST_STEPS):
            step = steps + 1
            batch = [(tokens[(d + step) % len(tokens)], d + step, s, True) for s, d in enumerate(depths)]
            took = self.decode(batch)
            if steps >= 0:  # the first step of a size makes a new graph
                seconds += took
            steps += 1
        return len(depths) * steps / seconds


def measure_limit(path: str, prompts: Sequence[Sequence[int]], n_threads: int, answer: int) -> dict[str, Any]:
    """Raw rates of this machine, now, by layout of the weights: as they stand in the file, and repacked by llama.cpp.

    Args:
        prompts: of the work, in order: they say how deep its tokens stand, and what is shared.
        answer: tokens of an answer at most.
    """
    deepest = max(map(len, prompts))
    tokens = [prompts[0][i % len(prompts[0])] for i in range(deepest + BATCH)]
    sharing = sharing_of(prompts, answer)
    sizes = [size for size in SIZES_AT_DEPTH if size <= max(len(prompts), min(SIZES_AT_DEPTH))]
    n_texts = min(_HOLDERS, -(-max(sizes) // sharing.group))
    n_cells = n_texts * sharing.text + max(sizes) * (sharing.own + MOST_STEPS + 2)
    layouts = {}
    for layout, repack in (("plain", False), ("repacked", True)):
        model = RawModel(path, max(n_cells, deepest + BATCH + max(SIZES) * (MOST_STEPS + 2)), n_threads, repack)
        layouts[layout] = _measure(model, tokens, deepest, sharing, sizes)
        model.close()
    return {"layouts": layouts, "sharing": asdict(sharing)}


def rates_when_empty(model: RawModel, tokens: Sequence[int]) -> tuple[float, dict[int, float]]:
    """Tokens a second with next to nothing to attend to: prefill of a full batch, and decoding by number of sequences."""
    model.forget()
    model.prefill(tokens[:BATCH], 0)
    took = []
    for _ in range(PREFILLS):
        model.forget()
        took.append(model.prefill(tokens[:BATCH], 0))
    return PREFILLS * BATCH / sum(took), {size: model.decode_rate(size, _SHALLOW, tokens) for size in SIZES}


def prefill_rates_at_depth(model: RawModel, tokens: Sequence[int], deepest: int) -> list[float]:
    """Tokens a second of the second full batch of a text, the third, and so on, while they begin before ``deepest``."""
    model.forget()
    seconds = [model.prefill(tokens[first : first + BATCH], first) for first in range(0, deepest, BATCH)]
    return [BATCH / took for took in seconds[1:]]


def _measure(
    model: RawModel, tokens: Sequence[int], deepest: int, sharing: Sharing, sizes: Sequence[int]
) -> dict[str, Any]:
    prefill_rate, decode_rates = rates_when_empty(model, tokens)
    best = max(decode_rates, key=lambda size: decode_rates[size])
    by_depth = [prefill_rate, *prefill_rates_at_depth(model, tokens, deepest)]
    at_depth = model.decode_rates_at_depth(sizes, sharing, tokens)
    best_at_depth = max(at_depth, key=lambda size: at_depth[size])
    return {
        "prefill_rate": prefill_rate,
        "prefill_rates_by_depth": by_depth,
        "decode_rates": {str(size): rate for size, rate in decode_rates.items()},
        "best_size": best,
        "decode_rate": decode_rates[best],
        "decode_rates_at_depth": {str(size): rate for size, rate in at_depth.items()},
        "best_size_at_depth": best_at_depth,
        "decode_rate_at_depth": at_depth[best_at_depth],
    }


def least_seconds(limit: dict[str, Any], n_distinct: int, n_decoded: int) -> float:
    """Seconds for the distinct prompt tokens and the decoded ones at the raw rates of the better layout."""
    return min(n_distinct / r["prefill_rate"] + n_decoded / r["decode_rate"] for r in limit["layouts"].values())


def least_seconds_at_depth(limit: dict[str, Any], distinct_by_depth: Sequence[int], n_decoded: int) -> float:
    """The same with what attention to the tokens before costs, which no engine can leave out either."""
    return min(_seconds_at_depth(rates, distinct_by_depth, n_decoded) for rates in limit["layouts"].values())


def _seconds_at_depth(rates: dict[str, Any], distinct_by_depth: Sequence[int], n_decoded: int) -> float:
    by_depth = rates["prefill_rates_by_depth"]
    seconds = sum(n / by_depth[min(i, len(by_depth) - 1)] for i, n in enumerate(distinct_by_depth))
    return float(seconds + n_decoded / rates["decode_rate_at_depth"])
