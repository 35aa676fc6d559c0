"""How long an archive of another system takes to import and to publish again, and how large the store becomes.

    python benchmarks/imports.py [--days 250] [--papers 20] [--json]

The archive is made up in the form of the reference posts, with texts as long as theirs. Every file that comes out is compared
with the one that went in.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from summarizer.config import Config
from summarizer.stages.imports import import_posts
from summarizer.stages.progress import SilentProgress
from summarizer.stages.publish import publish
from summarizer.stages.recorder import RunRecorder
from summarizer.store import Store, outcome

_WORDS = (*"我们提出一种轻量的语音增强方法在噪声下", "准确率达到 99.63%", "低于 -10 dB", "LogMel 特征", "模型")
#: Characters of the parts of a paper: the medians of the 262 reference rows, roughly.
_TRANSLATION, _ANSWERS = 400, (200, 550, 280)


def made_up_text(rng: random.Random, n_characters: int) -> str:
    text = ""
    while len(text) < n_characters:
        text += "".join(rng.choices(_WORDS, k=12)) + "。"
    return text


def made_up_post(rng: random.Random, day: date, n_papers: int) -> str:
    before = day - timedelta(days=1)
    text = (
        f'---\nlayout: post\ntitle: "arXiv Daily – {day}"\ntags: [arxiv, cs.SD, eess.AS]\n---\n\n'
        f"以下为 {day}（CST，北京时间）窗口内更新的论文中文译文：\n"
        f"- 时间窗口（锚点 08:50 CST）：{before} 08:50 — {day} 08:50\n"
        f"- 抓取总数：{n_papers} 篇 | 本页显示：{n_papers} 篇（去重/过滤后）\n\n"
    )
    blocks = []
    for number in range(n_papers):
        url = f"arxiv.org/abs/{day:%y%m}.{day.day:02d}{number:03d}v1"
        answers = "\n\n".join(
            f"{n})  \n- **要点**：{made_up_text(rng, size)}" for n, size in enumerate(_ANSWERS, start=1)
        )
        blocks.append(
            f"## A Made-Up Paper of {day} with the Number {number}\n- **Authors**: Ada Author, Bo Writer\n"
            f"- **Categories**: cs.SD, eess.AS\n- **arXiv**: [https://{url}](https://{url})\n- **PDF**: -\n\n"
            f"{made_up_text(rng, _TRANSLATION)}\n\n<details>\n<summary>详细解读</summary>\n\n"
            f'<div markdown="1">\n\n{answers}\n</div>\n\n</details>\n\n---\n'
        )
    return text + "\n".join(blocks)


def measure(n_days: int, n_papers: int) -> dict[str, Any]:
    """Seconds of each step, and bytes of the archive and the store."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive"
        archive.mkdir()
        for n in range(n_days):
            day = date(2025, 1, 1) + timedelta(days=n)
            (archive / f"{day}-arxiv.md").write_text(made_up_post(rng, day, n_papers), encoding="utf-8")
        store = Store(folder / "store.duckdb")

        def imported() -> None:
            import_posts(store, RunRecorder(store, "benchmark", Config()), SilentProgress(), [archive])

        def published() -> None:
            with store.read() as con:
                days = outcome.post_dates(con)
            publish(store, RunRecorder(store, "benchmark", Config()), SilentProgress(), folder / "site", days)

        figures: dict[str, Any] = {"days": n_days, "papers": n_days * n_papers}
        steps: dict[str, Callable[[], None]] = {"import": imported, "publish": published}
        for prefix in ("", "second "):
            for step, work in steps.items():
                started = time.perf_counter()
                work()
                figures[f"{prefix}{step} seconds"] = time.perf_counter() - started
        files = sorted(archive.iterdir())
        same = [(folder / "site/_posts" / file.name).read_bytes() == file.read_bytes() for file in files]
        assert all(same), "a file came out changed"
        figures["archive bytes"] = sum(file.stat().st_size for file in files)
        figures["store bytes"] = store.path.stat().st_size
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--papers", type=int, default=20, help="papers a day")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.days, options.papers)
    if options.json:
        print(json.dumps(figures, indent=2))
        return 0
    for name, value in figures.items():
        print(f"{name:24} {value:>14,.1f}" if isinstance(value, float) else f"{name:24} {value:>14,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
