"""Written for everyday words: what references say, and what the change does to translations.

    python benchmarks/register.py --pairs FILE [--store STORE [--prompt LABEL]] [--json]

``--pairs``: JSON lines (``.gz`` too) with ``zh_abstract``; for each rule of ``summarizer/summarize/register.py`` both words are
counted in them. ``--store``: one that ``translation.py`` or ``tune_prompt.py`` wrote. The recorded answers that its newest texts
of the prompt (``--prompt``, as it was called there; v002) consist of are put together without and with each rule and with
all of them; chrF and BLEU of both, and of the differences 95 % intervals over 1,000 draws of texts. Asks no model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from summarizer.errors import SummarizerError
from summarizer.store import Store
from summarizer.summarize.drafts import ended, tidy
from summarizer.summarize.register import RULES, in_written_style
from summarizer.summarize.sentences import closing_mark
from summarizer.tuning.score import score_of, statistics

_DRAWS = 1000
_ANSWERS = """
    WITH newest AS (
        SELECT o.output_id, o.case_hash FROM trial_output AS o JOIN trial AS t USING (trial_id)
        WHERE t.task = 'translation' AND t.label = ?
        QUALIFY row_number() OVER (PARTITION BY o.case_hash ORDER BY o.created_utc DESC) = 1
    )
    SELECT c.case_id, c.reference, p.source_text, k.text
    FROM newest JOIN trial_case AS c USING (case_hash) JOIN trial_piece AS p USING (output_id)
    JOIN (SELECT request_hash, text FROM trial_completion UNION SELECT request_hash, text FROM completion) AS k
        USING (request_hash)
    WHERE p.used AND c.reference IS NOT NULL
    ORDER BY c.case_id, p.seq
"""


def counts(path: Path) -> dict[str, Any]:
    """How often the references have the first and the second word of each rule; the rule itself counts where it would act."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        texts = [json.loads(line)["zh_abstract"] for line in stream]
    found: dict[str, Any] = {}
    for (everyday, written), rule in RULES.items():
        n_everyday = sum(text.count(everyday) - rule(text).count(everyday) for text in texts)
        found[f"{everyday} → {written}"] = [n_everyday, sum(text.count(written) for text in texts)]
    return found


def effects(store: Store, label: str) -> dict[str, Any]:
    """Scores without any rule, and the difference that each and all of them make."""
    with store.read() as con:
        rows = con.execute(_ANSWERS, [label]).fetchall()
    sentences: dict[str, list[str]] = {}
    references = {}
    for case_id, reference, source, answer in rows:
        sentences.setdefault(case_id, []).append(ended(tidy(answer), closing_mark(source)))
        references[case_id] = reference
    if not rows:
        return {"n": 0}
    wanted = list(references.values())
    plain = ["".join(s) for s in sentences.values()]
    draws = np.random.default_rng(0).integers(0, len(plain), (_DRAWS, len(plain)))

    def against_plain(change: Callable[[str], str]) -> dict[str, Any]:
        changed = ["".join(map(change, s)) for s in sentences.values()]
        result: dict[str, Any] = {"texts": sum(a != b for a, b in zip(plain, changed, strict=True))}
        for name in ("chrf", "bleu"):
            before, after = (np.array(statistics(name, texts, wanted)) for texts in (plain, changed))
            drawn = [score_of(name, after[i].sum(0)) - score_of(name, before[i].sum(0)) for i in draws]
            difference = score_of(name, after.sum(0)) - score_of(name, before.sum(0))
            result[name] = [difference, *map(float, np.percentile(drawn, [2.5, 97.5]))]
        return result

    return {
        "n": len(plain),
        **{name: score_of(name, np.array(statistics(name, plain, wanted)).sum(0)) for name in ("chrf", "bleu")},
        "all": against_plain(in_written_style),
        **{f"{everyday} → {written}": against_plain(rule) for (everyday, written), rule in RULES.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Written for everyday words.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--prompt", default="v002")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        result: dict[str, Any] = {"references": counts(args.pairs)}
        if args.store:
            result["translations"] = effects(Store(args.store), args.prompt)
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    for rule, (everyday, written) in result["references"].items():
        print(f"{rule:<12}{everyday:>5}{written:>6}  in the references")
    for rule, one in result.get("translations", {}).items():
        if isinstance(one, dict):
            told = "  ".join(f"{m} {d:+.2f} [{low:+.2f}, {high:+.2f}]" for m, (d, low, high) in list(one.items())[1:])
            print(f"{rule:<12}{one['texts']:>4} texts changed  {told}")
        else:
            print(f"{rule:<12}{one:.2f}" if isinstance(one, float) else f"{rule:<12}{one}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
