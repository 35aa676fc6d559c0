"""benchmarks/engine.py: its pure parts, and one small run on the tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_gguf
from conftest import ROOT
from pdf_files import write_long_paper

from summarizer.records import Section

sys.path.insert(0, str(ROOT / "benchmarks"))

from engine_limit import Sharing, least_seconds, least_seconds_at_depth, sharing_of
from engine_report import limit_fractions, merge_servers, ratios, summary, table
from engine_work import (
    LONG_TOKENS,
    PIECE_TOKENS,
    TooShort,
    choose_pieces,
    distinct_tokens,
    long_items,
    long_text,
    piece_items,
    shared_prefix,
    target_tokens,
)

SENTENCE = "The echo of a room carries what a second microphone would have heard in the garden number {}."


def count(text: str) -> int:
    """A token a word."""
    return len(text.split())


def sections(n_paragraphs: int = 40, sentences: int = 6) -> list[Section]:
    paragraphs = [" ".join(SENTENCE.format(sentences * p + s) for s in range(sentences)) for p in range(n_paragraphs)]
    half = n_paragraphs // 2
    return [
        Section(0, "1 Introduction", 1, "introduction", 1, 1, "\n\n".join(paragraphs[:half])),
        Section(1, "2 Method", 1, "method", 1, 2, "\n\n".join(paragraphs[half:])),
        Section(2, "References", 1, "references", 2, 2, "[1] A. Lark, Songs in the morning, 2019."),
    ]


# Distinct tokens


def test_each_distinct_prefix_counts_once() -> None:
    assert distinct_tokens([[1, 2, 3], [1, 2, 4, 5], [1, 2, 3], [9, 2, 3]]) == [3 + 2 + 3]
    assert distinct_tokens([[1, 2], [1, 2, 3, 4]]) == [4]
    assert distinct_tokens([]) == [0]
    assert distinct_tokens([[]]) == [0]


def test_distinct_tokens_by_position() -> None:
    prompts = [[1, 2, 3, 4, 5], [1, 2, 3, 9], [7]]
    assert distinct_tokens(prompts, 2) == [3, 3, 1]
    assert sum(distinct_tokens(prompts, 2)) == distinct_tokens(prompts)[0]
    assert distinct_tokens(prompts, 100) == distinct_tokens(prompts)


# Requests


def test_lengths_of_the_long_texts_are_spread_and_repeatable() -> None:
    targets = [target_tokens(i) for i in range(12)]
    assert targets == [target_tokens(i) for i in range(12)]
    assert all(LONG_TOKENS[0] <= t <= LONG_TOKENS[1] for t in targets)
    assert min(targets) < 1700
    assert max(targets) > 2800


def test_a_long_text_ends_with_a_paragraph_and_leaves_out_the_references() -> None:
    text = long_text(sections(), count, 2900)
    whole = "\n\n".join(s.text for s in sections())
    assert 2800 <= count(text) <= 2900
    assert text.startswith("1 Introduction\n\nThe echo")
    assert text.rpartition("\n\n")[2] in whole.split("\n\n")
    assert "2 Method" in text
    assert "Lark" not in long_text(sections(), count, 100_000)


def test_sentences_fill_up_a_text_that_no_paragraph_ends_in_time() -> None:
    text = long_text(sections(2, 200), count, 1600)
    assert 1500 <= count(text) <= 1600
    assert text.endswith(".")
    with pytest.raises(TooShort, match="at least 1500"):
        long_text(sections(4), count, 2000)


def test_four_questions_share_the_text_and_naive_shares_nothing_of_it() -> None:
    items = long_items(0, "paper", sections(), count)
    assert [item.request_id for item in items] == [
        f"paper/{t}" for t in ("background", "method", "results", "contribution")
    ]
    texts = [item.messages[-1].content for item in items]
    text = long_text(sections(), count, target_tokens(0))
    assert all(t.startswith(f"论文正文：\n\n{text}\n\n问题：") for t in texts)
    assert len({item.naive_messages[-1].content[:10] for item in items}) == 4
    for item in items:
        assert sorted(item.messages[-1].content) == sorted(item.naive_messages[-1].content)
        assert item.messages[0] == item.naive_messages[0]


def test_pieces_are_spread_in_length_and_do_not_overlap() -> None:
    pieces = choose_pieces(sections(), count, 12)
    lengths = sorted(map(count, pieces))
    assert len(pieces) == 12
    assert PIECE_TOKENS[0] <= lengths[0] < 50
    assert 350 < lengths[-1] <= PIECE_TOKENS[1]
    words = " ".join(pieces).split()
    numbers = [word for word in words if word[0].isdigit()]
    assert len(set(numbers)) == len(numbers)
    assert [int(n.strip(".")) for n in numbers] == sorted(int(n.strip(".")) for n in numbers)
    items = piece_items("paper", sections(), count, 12)
    assert [item.messages[-1].content for item in items] == pieces
    assert all(item.messages[:-1] == shared_prefix() for item in items)
    with pytest.raises(TooShort, match="of 20 pieces"):
        choose_pieces(sections(4, 2), count, 20)


# Figures

SLOW = {"prefill_rate": 90.0, "prefill_rates_by_depth": [90.0], "decode_rate": 15.0, "decode_rate_at_depth": 5.0}
FAST = {
    "prefill_rate": 100.0,
    "prefill_rates_by_depth": [100.0, 50.0],
    "decode_rate": 20.0,
    "decode_rate_at_depth": 10.0,
}
SIZES = {"decode_rates": {"1": 5.0}, "best_size": 1, "best_size_at_depth": 8}
RATES = {"layouts": {"a": {**SLOW, **SIZES}, "b": {**FAST, **SIZES}}}


def run(seconds: float, completion_tokens: int = 40) -> dict[str, object]:
    answers = {f"r{i}": {"finish_reason": "stop"} for i in range(4)}
    return {
        "seconds": seconds,
        "prompt_tokens": 1000,
        "tokens_computed": 600,
        "tokens_reused": 400,
        "completion_tokens": completion_tokens,
        "decoded_tokens": 40,
        "peak_memory_bytes": int(1e9 * seconds),
        "answers": answers,
    }


def rounds() -> list[dict[str, dict[str, object]]]:
    first = {"naive": run(40.0), "sequential": run(20.0, 80), "server-4": run(30.0), "server-16": run(25.0)}
    second = {"sequential": run(24.0, 80), "server-4": run(30.0), "server-16": run(50.0)}
    return [{**first, "ours": run(10.0), "limit": RATES}, {**second, "ours": run(12.0), "limit": RATES}]  # type: ignore[dict-item]


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios(rounds(), "naive") == [4.0]
    assert ratios(rounds(), "sequential") == [2.0, 2.0]
    assert ratios(rounds(), "sequential", "seconds_per_completion_token") == [1.0, 1.0]
    assert ratios(rounds(), "server") == [2.5, 2.5]  # the better one of each round
    assert merge_servers({"ours": run(1.0)}).keys() == {"ours"}


def test_what_requests_share_is_read_from_their_prompts() -> None:
    texts = [[1, 2, paper] + [paper] * 100 for paper in range(10, 13)]
    questions = [text + [question] * 9 for text in texts for question in range(4)]
    assert sharing_of(questions, 20) == Sharing(group=4, text=103, own=9 + 10)
    pieces = [[1] * 50 + [piece] * 20 for piece in range(2, 8)]
    assert sharing_of(pieces, 6) == Sharing(group=6, text=50, own=20 + 3)
    alone = [[piece] * 30 for piece in range(4)]
    assert sharing_of(alone, 6) == Sharing(group=1, text=0, own=33)


def test_the_least_time() -> None:
    assert least_seconds(RATES, 600, 40) == 8.0
    assert least_seconds_at_depth(RATES, [300, 200, 100], 40) == 3.0 + 4.0 + 2.0 + 4.0
    assert limit_fractions(rounds(), [300, 300]) == [0.8, 8 / 12]


def test_the_summary_has_every_figure_or_says_none() -> None:
    work = {
        "n_papers": 2,
        "n_requests": 4,
        "max_tokens": 10,
        "model": "m",
        "n_threads": 2,
        "prompt_tokens": 1000,
        "prefix_tokens": 9,
        "distinct_by_depth": [300, 300],
    }
    result = summary("pieces", work, rounds())
    assert (result["ratio_naive"], result["ratio_sequential"], result["ratio_server"]) == (4.0, 2.0, 2.5)
    assert result["papers_per_hour"] == 3600 * 2 / 11
    assert result["peak_memory_bytes"] == 12e9
    assert ["sequential wrote 80" in w for w in result["warnings"]] == [True]
    for word in ("naive / ours: 4.00", "server-16", "limit / ours", "warning: sequential"):
        assert word in table(result)
    alone = summary("pieces", work, [{"naive": run(1.0)}])
    assert (alone["ratio_naive"], alone["limit_fraction"], alone["papers_per_hour"]) == (None, None, None)
    assert "naive" in table(alone)


# The program


def benchmark(*arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "engine.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "SUMMARIZER_CACHE": str(cache)},
    )


def test_a_small_run_on_the_tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_gguf, "CONTEXT", 16384)  # a byte is a token: the shared prefix alone has thousands
    model = tiny_gguf.write_tiny_gguf(tmp_path / "tiny.gguf")
    papers = tmp_path / "papers"
    papers.mkdir()
    write_long_paper(papers / "b.pdf", 2)
    (papers / "a.pdf").write_bytes(b"not a paper")
    record = tmp_path / "record.jsonl"
    arguments = ["--pdf", papers, "--limit", 1, "--model", model, "--rounds", 1, "--pieces", 4, "--threads", 1]
    arguments += ["--max-tokens-long", 6, "--max-tokens-pieces", 5, "--contenders", "sequential,ours,limit"]
    done = benchmark(*arguments, "--record", record, "--json", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "skipped a.pdf: not_pdf" in done.stderr
    results = {row["shape"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(results) == ["long", "pieces"]
    for result, n_requests, most in ((results["long"], 4, 6), (results["pieces"], 4, 5)):
        assert result["ratio_sequential"] > 0
        assert result["limit_fraction"] > 0
        assert (result["ratio_naive"], result["ratio_server"]) == (None, None)
        assert result["papers_per_hour"] > 0
        assert result["peak_memory_bytes"] > 1e6
        assert (result["n_papers"], result["n_requests"], result["max_tokens"]) == (1, n_requests, most)
        assert result["distinct_tokens"] < result["prompt_tokens"]
        assert result["limit"][0]["layouts"]["plain"]["decode_rates"].keys() == {"1", "2", "4", "8", "16", "32", "64"}
        for name in ("sequential", "ours"):
            figures = result["contenders"][name]
            assert figures["tokens_computed"] + figures["tokens_reused"] == figures["prompt_tokens"]
            assert figures["tokens_computed"] >= result["distinct_tokens"] - 8  # the warm-up shares a few
            # the high-level class goes on past the limit where it stands inside a character
            assert 0 < figures["completion_tokens"] <= n_requests * (most + 3)
            assert sum(figures["finish_reasons"].values()) == n_requests
    assert len(list((tmp_path / "cache" / "benchmark-texts").iterdir())) == 2
    # the same again is taken from the record
    again = benchmark(*arguments, "--record", record, "--shape", "long", cache=tmp_path / "cache")
    assert f"sequential / ours: {results['long']['ratio_sequential']:.2f}" in again.stdout
    assert len(record.read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--pdf", "nowhere"], "--pdf nowhere is no folder", 2),
        (["--pdf", "tests", "--contenders", "ours,vllm"], "--contenders: vllm; there are naive", 2),
        (["--pdf", "tests", "--rounds", "0"], "--rounds must be at least 1", 2),
        (["--pdf", "tests", "--contenders", "ours", "--model", "nobody"], "no model is called 'nobody'", 5),
        (["--pdf", "tests", "--contenders", "ours", "--ours", "n_slots"], "--ours n_slots: a name and a JSON value", 2),
    ],
)
def test_bad_input_gets_one_line(arguments: list[str], message: str, code: int, tmp_path: Path) -> None:
    done = benchmark(*arguments, cache=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
