"""Measure prefill and batched decoding speed of GGUF models with llama.cpp's low-level interface.

    python samples/measure_batching.py --model A.gguf --model B.gguf --json samples/results/batching.json

One round: a prompt of 1,024 tokens is prefilled in two batches of 512, each timed; then 1, 4 and 16 sequences that
share this prompt decode together; the cache is cut back to 64 tokens, shared by 1 to 32 sequences. Models and widths
take turns inside every round, so that a busy minute of the machine does not fall on one of them.

The machine may be shared. Speeds are therefore given per second of processor time of the threads, which on an idle
machine is the time on the wall, and the time that other processes take away is not counted. What they do to caches and
to memory still is: before a timing the script waits a little for a quiet moment, and of all timings of one thing the
least disturbed ones are used. Both clocks are in the results, and the share of the cores that others took.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any

# threads that wait for each other must sleep: a waiting loop would count as processor time
os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")

import llama_cpp
import numpy as np
from machine import describe_command, describe_machine, spread, write_results

N_BATCH = 512
N_PREFILL_BATCHES = 2
#: tokens of shared prefix -> numbers of sequences decoded together
WIDTHS = {1024: (1, 4, 16), 64: (1, 2, 4, 8, 16, 32)}
N_STEPS = 8
#: a timing counts as undisturbed when other processes took at most this share of all cores while it ran
QUIET = 0.06
#: seconds to wait for a quiet moment before a timing
PATIENCE = 4.0
#: the text that is prefilled, repeated as often as needed; its words do not change the speed
TEXT = (
    "A summary is useful when its reader can trust each figure in it. We describe how a small language model reads a "
    "paper section by section, which sentences it is given, and what is checked before a text is shown to anybody. "
)


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, user_data: object) -> None:
    """llama.cpp writes its loading log to stderr unless told otherwise."""


def _busy_seconds() -> float:
    """CPU seconds that all processes have used since the machine started (steal time counts as theirs)."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(f) for f in fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Seconds of a block of code on the wall and of the processor, and the share of all cores that others took."""

    wall: float
    processor: float  #: of all threads together
    others: float

    def __enter__(self) -> Stopwatch:
        self._busy, self._own, self._wall = _busy_seconds(), time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.processor = time.process_time() - self._own
        others = _busy_seconds() - self._busy - self.processor
        self.others = max(0.0, others / self.wall / (os.cpu_count() or 1))


def wait_for_quiet() -> None:
    """Sleep until other processes leave the cores alone for a third of a second, but not longer than PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with Stopwatch() as watch:
            time.sleep(0.34)
        if watch.others <= QUIET:
            return
        time.sleep(0.5)


class Decoder:
    """One model with one context. Sequence 0 holds the prompt; sequences 1 and up are forks of its prefix."""

    def __init__(self, path: Path, n_threads: int) -> None:
        self.path = path
        model_params = llama_cpp.llama_model_default_params()
        model_params.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise SystemExit(f"cannot load {path}: is it a GGUF file?")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.n_vocab = llama_cpp.llama_vocab_n_tokens(self._vocab)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = N_BATCH * N_PREFILL_BATCHES + max(max(w) for w in WIDTHS.values()) * N_STEPS
        params.n_batch = params.n_ubatch = N_BATCH
        params.n_seq_max = 1 + max(max(w) for w in WIDTHS.values())
        params.n_threads = params.n_threads_batch = n_threads
        params.kv_unified = True
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(N_BATCH, 0, 1)
        once = self._tokenize(TEXT)
        self.tokens = (once * (N_BATCH * N_PREFILL_BATCHES // len(once) + 1))[: N_BATCH * N_PREFILL_BATCHES]

    def _tokenize(self, text: str) -> list[int]:
        data = text.encode()
        out = (llama_cpp.llama_token * len(data))()
        n = llama_cpp.llama_tokenize(self._vocab, data, len(data), out, len(data), False, False)
        return list(out[:n])

    def _decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        """Run one batch of (token, position, sequence, wants logits)."""
        for i, (token, position, sequence, wants_logits) in enumerate(rows):
            self._batch.token[i] = token
            self._batch.pos[i] = position
            self._batch.n_seq_id[i] = 1
            self._batch.seq_id[i][0] = sequence
            self._batch.logits[i] = wants_logits
        self._batch.n_tokens = len(rows)
        code = llama_cpp.llama_decode(self._context, self._batch)
        if code != 0:
            raise RuntimeError(f"llama_decode gave {code} for {len(rows)} tokens of {self.path.name}")

    def prefill(self, start: int) -> Stopwatch:
        """Add the prompt's 512 tokens from ``start`` to sequence 0, which holds the tokens before them."""
        llama_cpp.llama_memory_seq_rm(self._memory, 0, start, -1)
        stop = start + N_BATCH
        with Stopwatch() as watch:
            self._decode([(self.tokens[p], p, 0, p == stop - 1) for p in range(start, stop)])
        return watch

    def decode(self, n_prefix: int, n_sequences: int) -> Stopwatch:
        """Fork the first ``n_prefix`` tokens into ``n_sequences`` and take greedy steps in all of them at once.

        The choice of the next token is timed too: it is part of decoding.
        """
        llama_cpp.llama_memory_seq_rm(self._memory, 0, n_prefix, -1)
        for sequence in range(1, n_sequences + 1):
            llama_cpp.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)
        # different first tokens, so that the sequences are different texts
        tokens = [self.tokens[s] for s in range(n_sequences)]
        with Stopwatch() as watch:
            for step in range(N_STEPS):
                self._decode([(tokens[s], n_prefix + step, s + 1, True) for s in range(n_sequences)])
                logits = llama_cpp.llama_get_logits(self._context)
                table = np.ctypeslib.as_array(logits, shape=(n_sequences, self.n_vocab))
                tokens = [int(t) for t in table.argmax(axis=1)]
        for sequence in range(1, n_sequences + 1):
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return watch

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Timings:
    """The timings of one model, by what was timed: ("prefill", first position) or ("decode", prefix, sequences)."""

    def __init__(self, repeats: int, n_threads: int) -> None:
        self._repeats = repeats
        self._n_threads = n_threads
        self._rows: dict[tuple[Any, ...], list[Stopwatch]] = {}
        for start in range(0, N_BATCH * N_PREFILL_BATCHES, N_BATCH):
            self._rows["prefill", start] = []
        for n_prefix, widths in WIDTHS.items():
            for width in widths:
                self._rows["decode", n_prefix, width] = []

    def wants(self, *key: Any) -> bool:
        return sum(w.others <= QUIET for w in self._rows[key]) < self._repeats

    def add(self, watch: Stopwatch, *key: Any) -> None:
        self._rows[key].append(watch)
        print(
            f"{key}: {watch.processor:.2f} s of processor time, others took {watch.others:.0%}",
            file=sys.stderr,
            flush=True,
        )

    def missing(self) -> int:
        return sum(self.wants(*key) for key in self._rows)

    def _best(self, key: tuple[Any, ...]) -> list[Stopwatch]:
        """The least disturbed timings, in the order they were made."""
        rows = self._rows[key]
        chosen = sorted(rows, key=lambda w: max(w.others, QUIET))[: self._repeats]  # stable: the first quiet ones
        return [w for w in rows if w in chosen]

    def _speeds(self, key: tuple[Any, ...], n_tokens: int) -> dict[str, Any]:
        best = self._best(key)
        return {
            "tokens_per_second": spread([n_tokens * self._n_threads / w.processor for w in best], 2),
            "wall_tokens_per_second": spread([n_tokens / w.wall for w in best], 2),
            "others_share": spread([w.others for w in best]),
            "timings_made": len(self._rows[key]),
        }

    def summarise(self) -> dict[str, Any]:
        """``prefill`` by first position; ``decode`` by prefix tokens, then by the number of sequences."""
        prefill: dict[str, Any] = {}
        decode: dict[str, dict[str, Any]] = {}
        for key in self._rows:
            if key[0] == "prefill":
                prefill[str(key[1])] = self._speeds(key, N_BATCH)
            else:
                _, n_prefix, width = key
                speeds = self._speeds(key, width * N_STEPS)
                step = round(1000 * width / speeds["tokens_per_second"]["median"], 1)
                decode.setdefault(str(n_prefix), {})[str(width)] = {**speeds, "ms_per_step": step}
        total = sum(N_BATCH / row["tokens_per_second"]["median"] for row in prefill.values())
        return {"prefill": prefill, "prompt_seconds": round(total, 1), "decode": decode}

    def n_disturbed(self) -> int:
        """How many of the timings that the figures rest on were disturbed."""
        return sum(w.others > QUIET for key in self._rows for w in self._best(key))

    def n_used(self) -> int:
        return sum(len(self._best(key)) for key in self._rows)


def measure_round(decoder: Decoder, timings: Timings) -> None:
    """Time once everything that has too few undisturbed timings so far."""
    prefill = [s for s in range(0, N_BATCH * N_PREFILL_BATCHES, N_BATCH) if timings.wants("prefill", s)]
    decode = [(n, width) for n, widths in WIDTHS.items() for width in widths if timings.wants("decode", n, width)]
    n_needed = max([start + N_BATCH for start in prefill] + [n_prefix for n_prefix, _ in decode])
    for start in range(0, n_needed, N_BATCH):
        if start in prefill:
            wait_for_quiet()
            timings.add(decoder.prefill(start), "prefill", start)
        else:
            decoder.prefill(start)
    for n_prefix, width in decode:
        wait_for_quiet()
        timings.add(decoder.decode(n_prefix, width), "decode", n_prefix, width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, action="append", required=True, help="GGUF file; may be given twice")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=15, help="how long to wait for undisturbed timings")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, required=True, help="where the figures are written")
    args = parser.parse_args()

    llama_cpp.llama_log_set(_silent, None)
    machine = describe_machine(["llama-cpp-python", "numpy"])
    files = {path: {"file": path.name, "bytes": path.stat().st_size, "sha256": _sha256(path)} for path in args.model}
    decoders = [Decoder(path, args.threads) for path in args.model]
    tables = [Timings(args.repeats, args.threads) for _ in decoders]
    for decoder in decoders:  # the first touch of the weights reads them from disk: not measured
        decoder.prefill(0)
    deadline = time.monotonic() + 60 * args.minutes
    n_rounds = 0
    while any(t.missing() for t in tables) and (n_rounds < args.repeats or time.monotonic() < deadline):
        for decoder, table in zip(decoders, tables, strict=True):
            if table.missing():
                measure_round(decoder, table)
            print(f"round {n_rounds + 1}, {decoder.path.name}: {table.missing()} missing", file=sys.stderr, flush=True)
        n_rounds += 1
        # after every round, so that a run that is stopped early leaves what it has
        write_results(
            args.json,
            {
                "command": describe_command(sys.argv),
                "machine": machine,
                "settings": {
                    "threads": args.threads,
                    "repeats": min(args.repeats, n_rounds),
                    "rounds": n_rounds,
                    "quiet_others_share": QUIET,
                    "timings": sum(t.n_used() for t in tables),
                    "disturbed_timings": sum(t.n_disturbed() for t in tables),
                    "steps": N_STEPS,
                    "batch": N_BATCH,
                    "prompt_tokens": N_BATCH * N_PREFILL_BATCHES,
                    "kv_unified": True,
                    "clock": "processor time of all threads, divided by the number of threads",
                    "sampling": "greedy, arg max in numpy, timed with the step",
                },
                "models": [
                    {**files[decoder.path], **table.summarise()}
                    for decoder, table in zip(decoders, tables, strict=True)
                ],
            },
        )
    for decoder in decoders:
        decoder.close()


if __name__ == "__main__":
    main()
