"""How often the checks of texts are wrong, and what they catch.

    python benchmarks/checks.py --pairs FILE [--limit N] [--list CHECK] [--json]
    python benchmarks/checks.py --store STORE [--limit N] [--list CHECK] [--json]

``--pairs``: JSON lines (``.gz`` too) with ``id, en_abstract, zh_abstract``, translations that should pass, and
``zh_breakdown`` if there is one, in three numbered parts. Each check is run on the whole texts (*false alarms*: they are taken
as good, although some have slips of their own) and on their sentences, as the batch run does before it asks one again. Then
the texts are damaged on purpose, one fault at a time (``checks_damage.py``): caught is what fails a check that the good text
passed.
``--list`` shows the reasons for which one check fails good texts.

``--store``: the sentences of translations and answers that a store keeps, of runs and of trials, unused ones too: what real
generations fail. Whether rightly, a person must say who reads ``--list``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks_damage import CHECK_OF, DAMAGE, Pair

from summarizer.checks import CheckContext, run_checks
from summarizer.checks.alignment import align
from summarizer.errors import SummarizerError
from summarizer.records import CheckResult
from summarizer.sentences import chinese_sentences, split_sentences
from summarizer.store import Store

#: Sentences of translations, and of answers, where they are checked as such whatever the question.
_STORED = """
SELECT DISTINCT role = 'sentence', source_text, text FROM (
    SELECT role, source_text, text FROM attempt_piece UNION ALL SELECT role, source_text, text FROM trial_piece
) WHERE role IN ('sentence', 'bullet') AND text <> '' ORDER BY ALL
"""
_PART = re.compile(r"(?m)^\s*\**\s*[123]\)")


@dataclass(slots=True)
class Counts:
    """What one check did on texts that should pass: how many it looked at, and failed, by severity."""

    looked_at: int = 0
    hard: int = 0
    soft: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, result: CheckResult, name: str) -> None:
        self.looked_at += 1
        if not result.passed:
            self.hard += result.severity == "hard"
            self.soft += result.severity == "soft"
            self.reasons.append(f"{name}: {result.reason}")

    def as_dict(self) -> dict[str, int]:
        return {"looked_at": self.looked_at, "hard": self.hard, "soft": self.soft}


def read_rows(path: Path, limit: int | None) -> list[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()][:limit]


def sentence_pairs(pair: Pair) -> list[Pair]:
    """Sentences that answer each other one to one, by alignment."""
    beads = align(split_sentences(pair.source), chinese_sentences(pair.text))
    return [Pair(b.source[0], b.target[0]) for b in beads if len(b.source) == len(b.target) == 1]


def check_text(pair: Pair) -> tuple[CheckResult, ...]:
    """As a whole text is checked before it is published; it was made in one piece."""
    pieces = ((pair.source, pair.text),)
    return run_checks(CheckContext("translation", pair.source, pair.text, "stop", pieces=pieces))


def check_sentence(pair: Pair) -> tuple[CheckResult, ...]:
    """As one sentence is checked before it is used, or asked again."""
    return run_checks(CheckContext("translation", pair.source, pair.text, "stop"))


Checking = Callable[[Pair], tuple[CheckResult, ...]]


def count(pairs: Iterable[tuple[str, Pair]], checking: Checking) -> dict[str, Counts]:
    counts: dict[str, Counts] = defaultdict(Counts)
    for name, pair in pairs:
        for result in checking(pair):
            counts[result.name].add(result, name)
    return counts


def failures(pair: Pair) -> dict[str, str]:
    """Severities of the checks that a whole text fails."""
    return {result.name: result.severity for result in check_text(pair) if not result.passed}


def asked_again(pair: Pair) -> set[str]:
    """Hard checks that at least one sentence of a text fails."""
    results = (r for sentence in sentence_pairs(pair) for r in check_sentence(sentence))
    return {r.name for r in results if not r.passed and r.severity == "hard"}


def damage(pairs: list[tuple[str, Pair]]) -> dict[str, dict[str, Any]]:
    """How many texts of each kind of damage are caught: at all, by a hard check, by a hard check of a single sentence.

    ``by`` counts the checks of whole texts, of which several may catch one text.
    """
    good = {name: failures(pair) for name, pair in pairs}
    good_sentences = {name: asked_again(pair) for name, pair in pairs}
    kinds: dict[str, dict[str, Any]] = {}
    for kind, change in DAMAGE.items():
        n = caught = caught_hard = caught_sentence = 0
        by: Counter[str] = Counter()
        for name, pair in pairs:
            text = change(pair)
            if text is None or text == pair.text:
                continue
            n += 1
            before = good[name]
            damaged = Pair(pair.source, text)
            new = {c: s for c, s in failures(damaged).items() if before.get(c) not in ("hard", s)}
            by.update(new.keys())
            caught += bool(new)
            caught_hard += "hard" in new.values()
            caught_sentence += bool(asked_again(damaged) - good_sentences[name])
        kinds[kind] = {
            "n": n,
            "caught": caught,
            "caught_hard": caught_hard,
            "caught_sentence": caught_sentence,
            "by": dict(by.most_common()),
        }
    return kinds


def by_check(checks: dict[str, Any], kinds: dict[str, dict[str, Any]], n_texts: int) -> dict[str, dict[str, Any]]:
    """Of each check: the share of its own damage that it catches itself, the share of good texts it fails (hard or soft).

    ``precision``: the share of rightly failed texts among those it fails, of as many damaged texts as good ones.
    """
    rows = {}
    for kind, check in CHECK_OF.items():
        if not kinds[kind]["n"] or check not in checks:
            continue
        counts = checks[check]["texts"]
        recall = kinds[kind]["by"].get(check, 0) / kinds[kind]["n"]
        false_alarms = (counts["hard"] + counts["soft"]) / n_texts
        precision = recall / (recall + false_alarms) if recall else None
        rows[check] = {"damage": kind, "recall": recall, "false_alarms": false_alarms, "precision": precision}
    return rows


def answers(rows: list[dict[str, str]]) -> dict[str, dict[str, int]]:
    """``answers_question``: how many results and backgrounds fail it, and how many of the other would in their place."""
    kinds: dict[str, dict[str, int]] = {}
    parts = [split for row in rows if (split := three_parts(row.get("zh_breakdown", "")))]
    for task, right, wrong in (("results", 2, 0), ("background", 0, 2)):
        kinds[task] = {
            "n": len(parts),
            "false_alarms": sum(fails_question(task, p[right]) for p in parts),
            "caught": sum(fails_question(task, p[wrong]) for p in parts),
        }
    return kinds


def three_parts(breakdown: str) -> tuple[str, str, str] | None:
    parts = [part for part in _PART.split(breakdown) if part.strip()]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def fails_question(task: str, answer: str) -> bool:
    source = "It achieves 1 % better results."  # what the answer was made from had an outcome to tell
    context = CheckContext(task, source, answer, "stop", pieces=((source, answer),))  # type: ignore[arg-type]
    return any(r.name == "answers_question" and not r.passed for r in run_checks(context))


def measure(rows: list[dict[str, str]]) -> dict[str, Any]:
    pairs = [(row["id"], Pair(row["en_abstract"], row["zh_abstract"])) for row in rows]
    sentences = [(name, sentence) for name, pair in pairs for sentence in sentence_pairs(pair)]
    whole, single = count(pairs, check_text), count(sentences, check_sentence)
    checks = {
        name: {
            "texts": whole[name].as_dict() if name in whole else None,
            "sentences": single[name].as_dict() if name in single else None,
            "reasons": whole[name].reasons if name in whole else [],
        }
        for name in dict.fromkeys([*whole, *single])
    }
    kinds = damage(pairs)
    passing = sum("hard" not in failures(pair).values() for _, pair in pairs)
    return {
        "n_texts": len(pairs),
        "n_sentences": len(sentences),
        "texts_passing_every_hard_check": passing,
        "checks": checks,
        "damage": kinds,
        "by_check": by_check(checks, kinds, len(pairs)),
        "answers": answers(rows),
    }


def measure_stored(path: Path, limit: int | None) -> dict[str, Any]:
    """What the checks say of every distinct sentence of a store, each by itself."""
    with Store(path).read() as con:
        rows = con.execute(_STORED).fetchall()[:limit]
    counts: dict[str, Counts] = defaultdict(Counts)
    for is_translation, source, text in rows:
        context = CheckContext("translation" if is_translation else "method", source, text, "stop")
        for result in run_checks(context):
            counts[result.name].add(result, f"{source} => {text}")
    return {
        "n_sentences": len(rows),
        "n_translated": sum(row[0] for row in rows),
        "checks": {name: c.as_dict() for name, c in counts.items()},
        "reasons": {name: c.reasons for name, c in counts.items()},
    }


def print_stored(result: dict[str, Any]) -> None:
    translated = result["n_translated"]
    print(
        f"{result['n_sentences']} sentences, {translated} of them of translations\n\n| check | hard | soft |\n|---|---|---|"
    )
    for name, counts in result["checks"].items():
        print(f"| `{name}` | {counts['hard']} | {counts['soft']} |")


def print_tables(result: dict[str, Any]) -> None:
    passing, n = result["texts_passing_every_hard_check"], result["n_texts"]
    print(f"{n} texts, {passing} pass every hard check ({passing / n:.1%}); {result['n_sentences']} sentences\n")
    print("| check | texts failed: hard | soft | sentences failed: hard | soft |\n|---|---|---|---|---|")
    for name, counts in result["checks"].items():
        cells = [
            counts[level][key] if counts[level] else "" for level in ("texts", "sentences") for key in ("hard", "soft")
        ]
        print(f"| `{name}` | " + " | ".join(map(str, cells)) + " |")
    print("\n| damage | texts | caught | hard | a sentence is hard | by |\n|---|---|---|---|---|---|")
    for kind, d in result["damage"].items():
        if not d["n"]:
            continue
        by = ", ".join(f"`{check}` {found}" for check, found in list(d["by"].items())[:4])
        shares = " | ".join(f"{d[key] / d['n']:.0%}" for key in ("caught", "caught_hard", "caught_sentence"))
        print(f"| {kind} | {d['n']} | {shares} | {by} |")
    print("\n| check | damage | caught | false alarms | precision |\n|---|---|---|---|---|")
    for name, row in result["by_check"].items():
        precision = "" if row["precision"] is None else f"{row['precision']:.1%}"
        print(f"| `{name}` | {row['damage']} | {row['recall']:.0%} | {row['false_alarms']:.1%} | {precision} |")
    for task, a in result["answers"].items():
        if a["n"]:
            print(
                f"\nanswers_question, {task}: {a['false_alarms']} of {a['n']} fail; {a['caught']} wrong answers caught"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description="False alarms and catches of the checks of texts.")
    texts = parser.add_mutually_exclusive_group(required=True)
    texts.add_argument("--pairs", type=Path, help="JSON lines of true translations")
    texts.add_argument("--store", type=Path, help="a store with translations")
    parser.add_argument("--limit", type=int, help="only the first texts")
    parser.add_argument("--list", metavar="CHECK", help="show what this check says against good or stored texts")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        if args.store:
            result = measure_stored(args.store, args.limit)
            reasons = result["reasons"].get(args.list, [])
        else:
            result = measure(read_rows(args.pairs, args.limit))
            reasons = result["checks"].get(args.list, {}).get("reasons", [])
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if args.list:
        print("\n".join(reasons))
    elif args.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    elif args.store:
        print_stored(result)
    else:
        print_tables(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
