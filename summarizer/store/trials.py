"""Prompt trials: the texts made of a sample's cases, and the model's answers kept for the next trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from summarizer import ids
from summarizer.records import CheckResult, Completion, FinishReason, Piece, Request, Sampling, Task
from summarizer.store.papers import PaperKey

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Trial:
    """One prompt with one sampling and one model on one sample."""

    task: Task
    label: str  #: for people; no part of the identity
    prompt_version: str
    prompt_hash: str
    prompt_source: str
    model_sha256: str
    model_name: str
    sampling: Sampling
    max_attempts: int
    sample_hash: str

    @property
    def trial_id(self) -> str:
        return ids.content_hash(
            [
                self.task,
                self.prompt_hash,
                self.model_sha256,
                asdict(self.sampling),
                self.max_attempts,
                self.sample_hash,
            ]
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of one text. Lengths and numbers as in :mod:`summarizer.checks`."""

    n_numbers: int  #: different numbers that the source writes in digits
    n_numbers_missing: int
    n_numbers_added: int
    n_latin_residue: int  #: different English words left over
    looped: bool
    n_chars: int  #: Chinese length
    n_source_words: int
    chrf: float | None  #: 0 to 100; None without a reference


@dataclass(frozen=True, slots=True)
class TrialOutput:
    """The text of one case in a trial."""

    trial_id: str
    case_hash: str
    code_hash: str
    text: str
    accepted: bool
    category: str  #: why not accepted
    finish_reason: FinishReason
    n_attempts: int
    n_requests: int
    prompt_tokens: int
    prompt_tokens_reused: int
    completion_tokens: int
    seconds: float
    figures: Figures
    pieces: tuple[Piece, ...] = ()
    checks: tuple[CheckResult, ...] = ()

    @property
    def output_id(self) -> str:
        return ids.content_hash([self.trial_id, self.case_hash, self.code_hash])

    @property
    def n_hard_failed(self) -> int:
        return sum(not c.passed and c.severity == "hard" for c in self.checks)

    @property
    def n_soft_failed(self) -> int:
        return sum(not c.passed and c.severity == "soft" for c in self.checks)


def record_trial(con: DuckDBPyConnection, trial: Trial, now: datetime) -> None:
    """Insert a trial unless it is there."""
    con.execute(
        """
        INSERT INTO trial (
            trial_id, task, label, prompt_version, prompt_hash, prompt_source, model_sha256, model_name, sampling,
            max_attempts, sample_hash, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [
            trial.trial_id,
            trial.task,
            trial.label,
            trial.prompt_version,
            trial.prompt_hash,
            trial.prompt_source,
            trial.model_sha256,
            trial.model_name,
            ids.canonical_json(asdict(trial.sampling)),
            trial.max_attempts,
            trial.sample_hash,
            now,
        ],
    )


def has_output(con: DuckDBPyConnection, trial_ids: Sequence[str], code_hash: str) -> set[tuple[str, str]]:
    """(trial, case) whose text this code has made already."""
    rows = con.execute(
        """
        SELECT trial_id, case_hash FROM trial_output
        WHERE code_hash = $code AND trial_id IN (SELECT unnest($trials::VARCHAR[]))
        """,
        {"code": code_hash, "trials": list(trial_ids)},
    ).fetchall()
    return set(rows)


def answers(con: DuckDBPyConnection, task: Task, model_sha256: str, keys: Sequence[PaperKey]) -> dict[str, Completion]:
    """What the model answered for a task of these papers, in trials or in the daily work, by request hash."""
    rows = con.execute(
        """
        WITH known AS (
            SELECT
                request_hash, text, finish_reason, prompt_tokens, prompt_tokens_reused, completion_tokens, seconds,
                arxiv_id, version
            FROM completion WHERE model_sha256 = $model
            UNION ALL
            SELECT
                request_hash, text, finish_reason, prompt_tokens, prompt_tokens_reused, completion_tokens, seconds,
                arxiv_id, version
            FROM trial_completion WHERE model_sha256 = $model AND task = $task
        )
        SELECT * EXCLUDE (arxiv_id, version)
        FROM known
        WHERE (arxiv_id, version) IN (SELECT (unnest($ids::VARCHAR[]), unnest($versions::INTEGER[])))
        """,
        {
            "model": model_sha256,
            "task": task,
            "ids": [arxiv_id for arxiv_id, _ in keys],
            "versions": [version for _, version in keys],
        },
    ).fetchall()
    return {row[0]: Completion(*row) for row in rows}


def record_answers(
    con: DuckDBPyConnection, model_sha256: str, rows: Sequence[tuple[Request, Completion]], now: datetime
) -> None:
    """Record what was asked and answered; what is there already stays as it is."""
    if not rows:
        return
    con.executemany(
        """
        INSERT INTO trial_completion (
            request_hash, arxiv_id, version, task, model_sha256, sampling, messages, text, finish_reason, prompt_tokens,
            prompt_tokens_reused, completion_tokens, seconds, created_utc
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [
            [
                request.request_id,
                *request.scope,
                model_sha256,
                ids.canonical_json(asdict(request.sampling)),
                ids.canonical_json([asdict(message) for message in request.messages]),
                answer.text,
                answer.finish_reason,
                answer.prompt_tokens,
                answer.prompt_tokens_reused,
                answer.completion_tokens,
                answer.seconds,
                now,
            ]
            for request, answer in rows
        ],
    )


def record_output(con: DuckDBPyConnection, output: TrialOutput, now: datetime) -> None:
    """Record a text with its pieces and checks, unless the same trial, case and code gave one before."""
    figures = asdict(output.figures)
    values = {
        "output_id": output.output_id,
        "trial_id": output.trial_id,
        "case_hash": output.case_hash,
        "code_hash": output.code_hash,
        "text": output.text,
        "accepted": output.accepted,
        "category": output.category,
        "finish_reason": output.finish_reason,
        "n_attempts": output.n_attempts,
        "n_requests": output.n_requests,
        "prompt_tokens": output.prompt_tokens,
        "prompt_tokens_reused": output.prompt_tokens_reused,
        "completion_tokens": output.completion_tokens,
        "seconds": output.seconds,
        "n_hard_failed": output.n_hard_failed,
        "n_soft_failed": output.n_soft_failed,
        **figures,
        "created_utc": now,
    }
    new = con.execute(_INSERT_OUTPUT, values).fetchall()
    if not new:
        return
    if output.pieces:
        con.executemany(
            """
            INSERT INTO trial_piece (output_id, seq, role, source_text, section_seq, request_hash, text, used, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                [
                    output.output_id,
                    p.seq,
                    p.role,
                    p.source_text,
                    p.section_seq,
                    p.request_hash,
                    p.text,
                    p.used,
                    p.reason,
                ]
                for p in output.pieces
            ],
        )
    if output.checks:
        con.executemany(
            "INSERT INTO trial_check (output_id, seq, check_name, severity, passed, reason) VALUES (?, ?, ?, ?, ?, ?)",
            [[output.output_id, seq, c.name, c.severity, c.passed, c.reason] for seq, c in enumerate(output.checks)],
        )


_INSERT_OUTPUT = """
    INSERT INTO trial_output (
        output_id, trial_id, case_hash, code_hash, text, accepted, category, finish_reason, n_attempts, n_requests,
        prompt_tokens, prompt_tokens_reused, completion_tokens, seconds, n_hard_failed, n_soft_failed, n_numbers,
        n_numbers_missing, n_numbers_added, n_latin_residue, looped, n_chars, n_source_words, chrf, created_utc
    ) VALUES (
        $output_id, $trial_id, $case_hash, $code_hash, $text, $accepted, $category, $finish_reason, $n_attempts,
        $n_requests, $prompt_tokens, $prompt_tokens_reused, $completion_tokens, $seconds, $n_hard_failed,
        $n_soft_failed, $n_numbers, $n_numbers_missing, $n_numbers_added, $n_latin_residue, $looped, $n_chars,
        $n_source_words, $chrf, $created_utc
    )
    ON CONFLICT DO NOTHING
    RETURNING 1
"""


_OUTPUT_COLUMNS = (
    "case_hash", "code_hash", "text", "accepted", "category", "finish_reason", "n_attempts", "n_requests",
    "prompt_tokens", "prompt_tokens_reused", "completion_tokens", "seconds",
)  # fmt: skip


def outputs(con: DuckDBPyConnection, trial_id: str) -> list[TrialOutput]:
    """The newest text of each case of a trial, in the sample's order."""
    rows = con.execute(
        f"""
        SELECT
            output_id, {", ".join(_OUTPUT_COLUMNS)},
            n_numbers, n_numbers_missing, n_numbers_added, n_latin_residue, looped, n_chars, n_source_words, chrf
        FROM trial_text WHERE trial_id = ? ORDER BY seq
        """,  # noqa: S608 - names of this module
        [trial_id],
    ).fetchall()
    pieces = _grouped(
        con,
        "SELECT output_id, seq, role, source_text, section_seq, request_hash, text, used, reason FROM trial_piece "
        "WHERE output_id IN (SELECT output_id FROM trial_output WHERE trial_id = ?) ORDER BY output_id, seq",
        trial_id,
    )
    checks = _grouped(
        con,
        "SELECT output_id, check_name, severity, passed, reason FROM trial_check "
        "WHERE output_id IN (SELECT output_id FROM trial_output WHERE trial_id = ?) ORDER BY output_id, seq",
        trial_id,
    )
    return [
        TrialOutput(
            trial_id=trial_id,
            figures=Figures(*row[13:]),
            pieces=tuple(Piece(*piece) for piece in pieces.get(row[0], ())),
            checks=tuple(CheckResult(*check) for check in checks.get(row[0], ())),
            **dict(zip(_OUTPUT_COLUMNS, row[1:13], strict=True)),
        )
        for row in rows
    ]


def _grouped(con: DuckDBPyConnection, sql: str, trial_id: str) -> Mapping[str, list[tuple[Any, ...]]]:
    """Rows by their first column, which is left out of them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in con.execute(sql, [trial_id]).fetchall():
        found.setdefault(row[0], []).append(row[1:])
    return found


_TRIAL_COLUMNS = (
    "label", "prompt_version", "prompt_hash", "prompt_source", "model_sha256", "model_name", "max_attempts", "sample_hash",
)  # fmt: skip


def trials_of(con: DuckDBPyConnection, task: Task, prompt_hash: str, model_sha256: str) -> list[tuple[Trial, str, int]]:
    """The trials of a prompt with a model, with the sample's name and the number of texts, newest first."""
    rows = con.execute(
        f"""
        SELECT t.sampling, p.sample_name, p.n_texts, {", ".join(f"t.{column}" for column in _TRIAL_COLUMNS)}
        FROM trial AS t JOIN prompt_scores AS p ON p.trial_id = t.trial_id
        WHERE t.task = ? AND t.prompt_hash = ? AND t.model_sha256 = ?
        ORDER BY p.last_utc DESC, t.trial_id
        """,  # noqa: S608 - names of this module
        [task, prompt_hash, model_sha256],
    ).fetchall()
    return [
        (Trial(task=task, sampling=_sampling(sampling), **dict(zip(_TRIAL_COLUMNS, row, strict=True))), name, n_texts)
        for sampling, name, n_texts, *row in rows
    ]


def _sampling(text: str) -> Sampling:
    values = json.loads(text)
    return Sampling(**{**values, "stop": tuple(values["stop"])})
