"""Tries of one piece, and how pieces become an attempt: shared by the translation and the three answers."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

from summarizer.checks import CheckContext, run_checks
from summarizer.ids import content_hash
from summarizer.literals import set_apart
from summarizer.prompts import PromptVersion
from summarizer.records import Attempt, Completion, FinishReason, ModelInfo, Piece, Request, Task, TermUse
from summarizer.summarize.ladder import sampling_of

_HAN = r"\u4e00-\u9fff\u3400-\u4dbf"
_FULL_WIDTH = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_MARKS = "，。；：、！？（）“”《》"
#: A mark belongs to Chinese where Chinese stands on one of its sides; a number keeps its comma and its colon.
_HALF_MARK = re.compile(
    rf"(?<=[{_HAN}”）》，；])\s*([,;:?!])\s*(?!//)|(?<=[A-Za-z0-9%）)\ue001])\s*([,;:?!])\s*(?=[{_HAN}“（《])"
)
_HALF_STOP = re.compile(rf"(?<=[{_HAN}”）])\.(?=\s|$)|(?<=[A-Za-z0-9%\ue001])\.(?=$)")
_PARENS = re.compile(r"\s*\(([^()]*)\)\s*")
_QUOTED = re.compile(rf'"([^"]*[{_HAN}][^"]*)"')
#: Chinese is set without blanks, also beside Latin letters and digits (1,047 of 1,079 such places in 262 reference abstracts).
_GAP = re.compile(rf"(?<=[{_HAN}{_MARKS}])[ \t]+(?=\S)|(?<=\S)[ \t]+(?=[{_HAN}{_MARKS}])")
_DASHES = re.compile(
    rf"(?<=[{_HAN}A-Za-z0-9）”])\s*(?:--+|—+)\s*(?=[{_HAN}“])|(?<=[{_HAN}）”])\s*(?:--+|—+)\s*(?=[A-Za-z0-9])"
)
_DOUBLED = re.compile(r"([，；、])[，；、]+|[，；、.]+(?=。)")
_BLANK_BEFORE_MARK = re.compile(r"[ \t]+(?=%|[.,;:](?:\s|$))")
_OUTER_QUOTES = re.compile(r'^["“「](.*)["”」]$', re.DOTALL)


def tidy(text: str) -> str:
    """A model's sentence on one line, set as Chinese is: full-width punctuation, no blanks beside Chinese characters.

    Links, formulas and code spans stay as they are, and so does what is Latin on both sides.
    """
    text = " ".join(text.split())
    quoted = _OUTER_QUOTES.match(text)
    if quoted and not re.search(r'["“”「」]', quoted[1]):
        text = quoted[1]
    text = _GAP.sub("", text)
    text, put_back = set_apart(text)
    text = _BLANK_BEFORE_MARK.sub("", text)
    text = _PARENS.sub(_set_parens, text)
    text = _QUOTED.sub(r"“\1”", text)
    text = _HALF_MARK.sub(lambda m: _FULL_WIDTH[m[1] or m[2]], text)
    text = _HALF_STOP.sub("。", text)
    text = _DASHES.sub("——", text)
    text = _DOUBLED.sub(lambda m: m[1] or "", text)
    text = _GAP.sub("", text)
    return put_back(text).strip()


def _set_parens(found: re.Match[str]) -> str:
    """Full-width where Chinese stands inside or before: ``信噪比(SNR)`` but ``f(x)``."""
    text, start = found.string, found.start()
    if re.search(rf"[{_HAN}{_MARKS}]", text[max(0, start - 1) : start] + found[1]) or (
        start > 0 and found[0][0].isspace()
    ):
        return f"（{found[1].strip()}）"
    return found[0]


def ended(text: str, mark: str = "。") -> str:
    """The sentence with its closing mark, if it ends without any; in place of a full stop where it should be another."""
    if mark != "。":
        text = re.sub(r"[，；]?(?:和|以及|并|并且)?[。，；]$", "", text)
    return text if re.search(r"[。！？：；.!?…]$", text) else f"{text}{mark}"


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
    task: Task,
    role: str,
    source_text: str,
    section_seq: int | None,
    request: Request,
    completion: Completion,
    *,
    end: str = "。",
) -> Try:
    """Check one answer against its own source sentence. ``end``: the mark it should close with if it has none."""
    text = ended(tidy(completion.text), end) if completion.text.strip() else ""
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
    terms: tuple[TermUse, ...] = (),
) -> Attempt:
    """Put an attempt together and check the whole text. ``terms``: those of the glossary, and how the text says them."""
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
            terms=terms,
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
        input_hash=content_hash([prompt.task, source_text, *([t.term, t.wanted] for t in terms)]),
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
        terms=terms,
    )
