"""Tries of one piece, and how pieces become an attempt: shared by the translation and the three answers."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

from summarizer.checks import CheckContext, run_checks
from summarizer.ids import content_hash
from summarizer.prompts import PromptVersion
from summarizer.records import Attempt, Completion, FinishReason, ModelInfo, Piece, Request, Task
from summarizer.summarize.ladder import sampling_of

_HAN = r"\u4e00-\u9fff\u3400-\u4dbf"
_FULL_WIDTH = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_HALF_MARK = re.compile(rf"(?<=[{_HAN}”）》])\s*([,;:?!])\s*(?=[{_HAN}“（《A-Za-z0-9]|$)")
_HALF_STOP = re.compile(rf"(?<=[{_HAN}”）])\.(?=\s|$)")
_HALF_PARENS = re.compile(rf"(?<=[{_HAN}])\s*\(([^()]*)\)")
_HAN_GAP = re.compile(rf"(?<=[{_HAN}，。；：、（）“”])[ \t]+(?=[{_HAN}，。；：、（）“”])")
_OUTER_QUOTES = re.compile(r'^["“「](.*)["”」]$', re.DOTALL)


def tidy(text: str) -> str:
    """A model's sentence on one line with Chinese punctuation between Chinese characters."""
    text = " ".join(text.split())
    quoted = _OUTER_QUOTES.match(text)
    if quoted and not re.search(r'["“”「」]', quoted[1]):
        text = quoted[1]
    text = _HAN_GAP.sub("", text)
    text = _HALF_PARENS.sub(r"（\1）", text)
    text = _HALF_MARK.sub(lambda m: _FULL_WIDTH[m[1]], text)
    return _HALF_STOP.sub("。", text).strip()


def ended(text: str) -> str:
    """The sentence with a full stop, if it ends without any mark."""
    return text if re.search(r"[。！？：；.!?…]$", text) else f"{text}。"


@dataclass(frozen=True, slots=True)
class Try:
    """One answer to one piece, with what the checks say of it."""

    role: str
    source_text: str
    section_seq: int | None
    request: Request
    completion: Completion
    text: str
    hard_failures: tuple[str, ...]
    soft_failures: int

    @property
    def passed(self) -> bool:
        return not self.hard_failures

    @property
    def badness(self) -> tuple[int, int]:
        return len(self.hard_failures), self.soft_failures


def judge(
    task: Task, role: str, source_text: str, section_seq: int | None, request: Request, completion: Completion
) -> Try:
    """Check one answer against its own source sentence."""
    text = ended(tidy(completion.text)) if completion.text.strip() else ""
    results = run_checks(
        CheckContext(
            task=task,
            source_text=source_text,
            text=text,
            finish_reason=completion.finish_reason,
            copy_terms=request.copy_terms,
            max_chars=None,
            pieces=(),
        )
    )
    failed = [r for r in results if not r.passed]
    return Try(
        role=role,
        source_text=source_text,
        section_seq=section_seq,
        request=request,
        completion=completion,
        text=text,
        hard_failures=tuple(f"{r.name}: {r.reason}" for r in failed if r.severity == "hard"),
        soft_failures=sum(r.severity == "soft" for r in failed),
    )


@dataclass(slots=True)
class Tally:
    """Everything asked for one attempt, in order: what was used and what was not."""

    pieces: list[Piece] = field(default_factory=list)
    completions: dict[str, Completion] = field(default_factory=dict)
    copy_terms: dict[str, None] | None = None  #: everything the answers could copy; None when they were free

    def add(self, tried: Try, *, used: bool, text: str | None = None) -> None:
        self.completions[tried.request.request_id] = tried.completion
        if tried.request.copy_terms is not None:
            self.copy_terms = {**(self.copy_terms or {}), **dict.fromkeys(tried.request.copy_terms)}
        self.pieces.append(
            Piece(
                seq=len(self.pieces),
                role=tried.role,
                source_text=tried.source_text,
                section_seq=tried.section_seq,
                request_hash=tried.request.request_id,
                text=tried.text if text is None else text,
                used=used,
                reason="; ".join(tried.hard_failures),
            )
        )


def build_attempt(
    *,
    key: tuple[str, int],
    prompt: PromptVersion,
    model: ModelInfo,
    attempt_no: int,
    source_scope: str,
    source_text: str,
    text: str,
    tally: Tally,
    sections_read: tuple[int, ...] = (),
    sections_left_out: tuple[int, ...] = (),
) -> Attempt:
    """Put an attempt together and check the whole text."""
    used = [p for p in tally.pieces if p.used]
    finish: FinishReason = "stop"
    for piece in used:
        reason = tally.completions[piece.request_hash].finish_reason
        if reason != "stop":
            finish = reason
    checks = run_checks(
        CheckContext(
            task=prompt.task,
            source_text=source_text,
            text=text,
            finish_reason=finish,
            copy_terms=None if tally.copy_terms is None else tuple(tally.copy_terms),
            max_chars=prompt.limits.max_chars,
            pieces=tuple((p.source_text, p.text) for p in used),
        )
    )
    completions = tally.completions.values()
    return Attempt(
        attempt_id=str(uuid.uuid4()),
        arxiv_id=key[0],
        version=key[1],
        task=prompt.task,
        attempt_no=attempt_no,
        prompt_hash=prompt.prompt_hash,
        model_sha256=model.sha256,
        sampling=sampling_of(prompt.sampling, attempt_no - 1),
        input_hash=content_hash([prompt.task, source_text]),
        source_scope=source_scope,
        text=text,
        finish_reason=finish,
        prompt_tokens=sum(c.prompt_tokens for c in completions),
        completion_tokens=sum(c.completion_tokens for c in completions),
        seconds=sum(c.seconds for c in completions),
        pieces=tuple(tally.pieces),
        checks=checks,
        sections_read=sections_read,
        sections_left_out=sections_left_out,
    )
