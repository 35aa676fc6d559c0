"""What a run shows on stderr."""

from __future__ import annotations

import io

import pytest

from summarizer.stages import progress
from summarizer.stages.progress import BarProgress, LineProgress, SilentProgress, duration, shown_progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_say_start_middle_and_end(clock: list[float]) -> None:
    stream = io.StringIO()
    lines = LineProgress(stream, every_seconds=10)
    lines.stage("generate", 4)
    lines.advance(note="2602.00001v1")  # too soon for a line
    clock[0] += 20
    lines.rate("31 tokens/s")
    clock[0] += 20
    lines.advance(note="2602.00002v1")
    clock[0] += 20
    lines.advance(2)
    lines.stage("publish", 1)
    lines.close()
    assert stream.getvalue().splitlines() == [
        "generate: 4 to do",
        "generate: 1/4, 31 tokens/s, 1 min 00 s left, 2602.00001v1",
        "generate: 2/4, 31 tokens/s, 40 s left, 2602.00002v1",
        "generate: 4/4 in 1 min 00 s, 31 tokens/s",
        "publish: 1 to do",
        "publish: 0/1 in 0 s",
    ]


def test_messages_come_at_once(clock: list[float]) -> None:
    stream = io.StringIO()
    lines = LineProgress(stream)
    lines.message("ingest: 2602.00001v1: no_text: 3 pages, 0 characters")
    assert stream.getvalue() == "ingest: 2602.00001v1: no_text: 3 pages, 0 characters\n"


def test_bars_show_stage_rate_and_note_without_markup() -> None:
    stream = _Terminal()
    bars = BarProgress(stream)
    bars.stage("generate", 2)
    bars.rate("31 tokens/s [bold]")
    bars.advance(note="[red]2602.00001v1")
    bars.message("[blue]a failed item[/blue]")
    bars.close()
    shown = stream.getvalue()
    assert "generate" in shown
    assert "1/2" in shown
    assert "31 tokens/s [bold]" in shown
    assert "[blue]a failed item[/blue]" in shown


def test_the_display_suits_the_stream() -> None:
    with shown_progress(quiet=False, stream=io.StringIO()) as lines:
        assert isinstance(lines, LineProgress)
    with shown_progress(quiet=False, stream=_Terminal()) as bars:
        assert isinstance(bars, BarProgress)
    quiet = io.StringIO()
    with shown_progress(quiet=True, stream=quiet) as silent:
        assert isinstance(silent, SilentProgress)
        silent.stage("ingest", 3)
        silent.advance()
        silent.message("nothing")
    assert quiet.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (59.9, "1 min 00 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
