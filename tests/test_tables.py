"""A table fits the width it is given, whatever is in it."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from summarizer.cli.tables import cell_len, write_table

WIDE = st.text(st.sampled_from("ab 语音，…é\n\t\x1b💡ｗ"), max_size=60)


@given(
    rows=st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(WIDE, min_size=n, max_size=n), min_size=1, max_size=4)),
    width=st.integers(20, 120),
)
def test_a_table_never_is_wider_than_it_may_be(rows: list[list[str]], width: int) -> None:
    stream = io.StringIO()
    names = [f"column {n}" for n in range(len(rows[0]))]
    write_table(names, rows, stream, width=width)
    lines = stream.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    if lines[0].startswith("row 1"):
        assert len(lines) == len(rows) * (1 + len(names))
    else:
        assert len({cell_len(line) for line in lines}) == 1  # the frame is straight
        assert len(lines) == len(rows) + 4


def test_narrow_columns_stay_whole_where_wide_ones_are_shortened() -> None:
    stream = io.StringIO()
    write_table(["arxiv_id", "text"], [["2602.00001", "语音增强" * 30], ["2602.00002", None]], stream, width=40)
    lines = stream.getvalue().splitlines()
    assert lines[3] == "│ 2602.00001 │ 语音增强语音增强语音增… │"
    assert lines[4].startswith("│ 2602.00002 │")
