"""The work of the engine benchmark: papers read into texts, texts into requests of two shapes, and how much is distinct."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine_prompts import EXAMPLES, QUESTIONS, SYSTEM_LONG, SYSTEM_PIECES

from summarizer.errors import PdfError, SummarizerError
from summarizer.llm.fetch import default_cache_dir
from summarizer.pdf import read_document
from summarizer.records import Message, Section
from summarizer.sentences import split_sentences

SHAPES = ("long", "pieces")
LONG_TOKENS = (1500, 3000)
PIECE_TOKENS = (30, 400)
#: Parts of a paper that no question is about.
_NOT_READ = frozenset({"references", "acknowledgement", "appendix"})
#: Steps of the golden ratio fill an interval evenly, however many papers there are.
_GOLDEN = 0.6180339887

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Item:
    """One request: the prompt that the contenders share, and the one of naive, where the order differs."""

    request_id: str
    messages: tuple[Message, ...]
    naive_messages: tuple[Message, ...]


class TooShort(Exception):
    """A paper has not enough text for a shape."""


# Papers


def read_sections(path: Path) -> tuple[Section, ...]:
    """The sections of a PDF, from the cache where it was read before. Raises PdfError.

    The cache goes by the file alone, not by the reader's code: the requests of two versions of the program stay the same.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    cached = default_cache_dir() / "benchmark-texts" / f"{digest}.json"
    if cached.is_file():
        found = json.loads(cached.read_text(encoding="utf-8"))
        if "error" in found:
            raise PdfError(*found["error"])
        return tuple(Section(**row) for row in found["sections"])
    cached.parent.mkdir(parents=True, exist_ok=True)
    try:
        sections = read_document(path).sections
    except PdfError as error:
        if error.category not in ("timeout", "crashed"):  # those may go better next time
            _write_whole(cached, {"error": [error.category, error.detail]})
        raise
    _write_whole(cached, {"sections": [asdict(section) for section in sections]})
    return sections


def _write_whole(path: Path, content: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def usable_papers(
    folder: Path, limit: int, build: Callable[[int, str, Sequence[Section]], list[Item]]
) -> list[list[Item]]:
    """The requests of the first ``limit`` papers, by name, that can be read and are long enough."""
    found: list[list[Item]] = []
    for path in sorted(folder.glob("*.pdf")):
        if len(found) == limit:
            break
        try:
            found.append(build(len(found), path.stem, read_sections(path)))
        except (SummarizerError, TooShort, OSError) as error:
            print(f"skipped {path.name}: {error}", file=sys.stderr)
    if len(found) < limit:
        print(f"only {len(found)} of {limit} papers of {folder} are usable", file=sys.stderr)
    return found


# Shapes


def long_items(index: int, name: str, sections: Sequence[Section], count: Count) -> list[Item]:
    """Four questions about the first sections of a paper."""
    text = long_text(sections, count, target_tokens(index))
    before = f"论文正文：\n\n{text}\n\n"
    return [
        Item(
            f"{name}/{task}",
            (Message("system", SYSTEM_LONG), Message("user", f"{before}问题：{question}")),
            # as the reference system has it: nothing but the system message is shared
            (Message("system", SYSTEM_LONG), Message("user", f"问题：{question}\n\n论文正文：\n\n{text}")),
        )
        for task, question in QUESTIONS
    ]


def target_tokens(index: int, bounds: tuple[int, int] = LONG_TOKENS) -> int:
    """The length of the text of the paper with this number."""
    low, high = bounds
    return low + int((index + 1) * _GOLDEN % 1.0 * (high - low))


def long_text(sections: Sequence[Section], count: Count, target: int, least: int = LONG_TOKENS[0]) -> str:
    """Sections in reading order up to the last paragraph that fits; sentences of the next where that is too little."""
    taken: list[str] = []
    spent = 0
    blank = count("\n\n")
    for paragraph in _paragraphs(sections):
        tokens = count(paragraph) + blank
        if spent + tokens <= target:
            taken.append(paragraph)
            spent += tokens
            continue
        if spent < least:
            fitting = ""
            for sentence in split_sentences(paragraph):
                longer = f"{fitting} {sentence}".strip()
                if spent + count(longer) + blank > target:
                    break
                fitting = longer
            taken += [fitting] if fitting else []
        break
    text = "\n\n".join(taken)
    if count(text) < least:
        raise TooShort(f"{count(text)} tokens of text up to {target}, at least {least} are needed")
    return text


def _paragraphs(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        if section.kind not in _NOT_READ and section.text:
            if section.heading:
                yield section.heading
            yield from (paragraph for paragraph in section.text.split("\n\n") if paragraph.strip())


def piece_items(name: str, sections: Sequence[Section], count: Count, n_pieces: int) -> list[Item]:
    """Short texts to be translated, each behind the same instructions and examples."""
    items = []
    for number, piece in enumerate(choose_pieces(sections, count, n_pieces)):
        messages = (*shared_prefix(), Message("user", piece))
        # the same order for naive: it forgets everything between two requests, which is all that sharing nothing means
        # here, and so its answers can be compared with those of the others
        items.append(Item(f"{name}/{number:02d}", messages, messages))
    return items


def shared_prefix() -> tuple[Message, ...]:
    pairs = [m for english, chinese in EXAMPLES for m in (Message("user", english), Message("assistant", chinese))]
    return (Message("system", SYSTEM_PIECES), *pairs)


def choose_pieces(sections: Sequence[Section], count: Count, n_pieces: int) -> list[str]:
    """Runs of sentences whose lengths are spread over PIECE_TOKENS evenly in their logarithm, in reading order.

    The longest are chosen first, while there are long runs; no sentence is in two pieces.
    """
    low, high = PIECE_TOKENS
    runs: list[tuple[int, frozenset[int], str]] = []
    first = 0
    for section in sections:
        if section.kind in _NOT_READ:
            continue
        sentences = [s for paragraph in section.text.split("\n\n") for s in split_sentences(paragraph)]
        lengths = [count(s) for s in sentences]
        for i in range(len(sentences)):
            tokens = 0
            for j in range(i, len(sentences)):
                if not _is_prose(sentences[j]):
                    break
                tokens += lengths[j]
                if tokens > high:
                    break
                if tokens >= low:
                    members = frozenset(range(first + i, first + j + 1))
                    runs.append((tokens, members, " ".join(sentences[i : j + 1])))
        first += len(sentences)
    steps = max(1, n_pieces - 1)
    targets = [low * (high / low) ** (step / steps) for step in reversed(range(n_pieces))]
    chosen: list[tuple[int, str]] = []
    used: set[int] = set()
    for target in targets:
        free = [run for run in runs if used.isdisjoint(run[1])]
        if not free:
            break
        tokens, members, text = min(free, key=lambda run: (abs(run[0] - target), min(run[1])))
        used |= members
        chosen.append((min(members), text))
    if len(chosen) * 2 < n_pieces:
        raise TooShort(f"only {len(chosen)} of {n_pieces} pieces of {low} to {high} tokens")
    return [text for _, text in sorted(chosen)]


def _is_prose(sentence: str) -> bool:
    letters = sum(c.isalpha() for c in sentence)
    return sentence[0].isupper() and sentence[-1] in ".!?" and letters >= 0.7 * len(sentence.replace(" ", ""))


# What must be computed at least


def distinct_tokens(prompts: Sequence[Sequence[int]], bucket: int = 0) -> list[int]:
    """Nodes of the token trie over all prompts: tokens to compute when each distinct prefix is computed once.

    With a ``bucket``, how many of them stand at positions 0 to bucket - 1, bucket to 2 * bucket - 1 and so on; without,
    the one number.
    """
    counts: list[int] = []
    before: Sequence[int] = ()
    for prompt in sorted(tuple(p) for p in prompts):
        shared = 0
        while shared < min(len(before), len(prompt)) and before[shared] == prompt[shared]:
            shared += 1
        for start in range(0, len(prompt), bucket or max(1, len(prompt))):
            end = min(len(prompt), start + bucket) if bucket else len(prompt)
            number = start // bucket if bucket else 0
            counts += [0] * (number + 1 - len(counts))
            counts[number] += max(0, end - max(start, shared))
        before = prompt
    return counts or [0]
