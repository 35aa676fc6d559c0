"""What may kill its process: native code on a processor it was not made for, models without memory.

    python -m summarizer.doctor.program TASK

reads the place from stdin as JSON and prints one line of JSON: what was found, or what is wrong; and each machine that was asked
for, which must be none.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from summarizer.config import Config, read_config
from summarizer.doctor.finding import Unfit
from summarizer.errors import SummarizerError

_TOKENS = 10
_QUESTION = "用一句话说明什么是语音合成。"
_ALIKE = ("Speech synthesis turns text into speech.", "Text-to-speech systems read a text aloud.")
_UNLIKE = "The committee approved the budget for road repairs."
#: By so much more alike are the first two, at the least. The figures of this machine's encoder are printed.
_CLEARLY = 0.2


def show_kernels(config: Config, models: Path) -> str:
    """Load llama.cpp and say which of its kernels it took, and whose OpenMP library."""
    from summarizer.llm.library import described

    return described()


def generate(config: Config, models: Path) -> str:
    """Ten tokens of the configured model."""
    from summarizer.records import Message, Request, Sampling
    from summarizer.stages.weights import Weights

    weights = Weights(config, models, lambda line: None)
    started = time.monotonic()
    engine = weights.engine()
    loaded = time.monotonic()
    engine.submit(Request("doctor", (Message("user", _QUESTION),), Sampling(max_tokens=_TOKENS)))
    completions = engine.poll()
    while not completions:
        completions = engine.poll()
    answer = completions[0]
    weights.release()
    if not answer.text.strip() or answer.completion_tokens == 0:
        raise Unfit(f"{engine.model.name} answered nothing ({answer.finish_reason})", "try another model")
    shown = " ".join(answer.text.split())[:40]
    return (
        f"{engine.model.name}: {answer.completion_tokens} tokens in {time.monotonic() - loaded:.1f} s, loaded in "
        f"{loaded - started:.1f} s: {shown}"
    )


def encode(config: Config, models: Path) -> str:
    """Three vectors: two sentences that mean the same must be more alike than two that do not."""
    from summarizer.stages.weights import Weights

    encoder = Weights(config, models, lambda line: None).encoder()
    vectors = encoder.encode([*_ALIKE, _UNLIKE])
    alike, unlike = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    told = f"{encoder.model.name}: {vectors.shape[1]} dimensions, cosine {alike:.2f} of like and {unlike:.2f} of unlike texts"
    if config.embed.engine != "fake" and alike < unlike + _CLEARLY:
        raise Unfit(told, "these vectors tell nothing apart: summarizer models verify")
    return told


TASKS = {"kernels": show_kernels, "generation": generate, "embedding": encode}


def main() -> None:
    given = json.loads(sys.stdin.read())
    connections: list[str] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            connections.append(str(arguments[1][0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            connections.append(str(arguments[0]))

    sys.addaudithook(note)
    config = read_config(Path(given["config"])) if given["config"] else Config()
    answer = {"ok": True, "found": "", "remedy": ""}
    try:
        answer["found"] = TASKS[sys.argv[1]](config, Path(given["models"]))
    except Unfit as error:
        answer = {"ok": False, "found": error.found, "remedy": error.remedy}
    except SummarizerError as error:
        found, _, remedy = str(error).rpartition(": ")
        answer = {"ok": False, "found": found or str(error), "remedy": remedy if found else ""}
    print(json.dumps({**answer, "connections": connections}, ensure_ascii=False), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
