"""Revised papers against other papers that look like them: how well the near-duplicate rule tells them apart.

    python benchmarks/dedup.py --pairs version_pairs.jsonl.gz --metadata arxiv_metadata.jsonl.gz [--limit N] [--json]

``--pairs``: lines ``{"id", "a": {"title", "abstract"}, "b": {...}}``, two versions of one paper, treated as if their ids
were unknown. ``--metadata``: lines ``{"id", "title", "abstract", "authors"}``. The authors of a pair are looked up there by its
id, the same for both versions; where it is not there they count as unknown (as for all pairs in one line of the table). The
hard negatives are, for each paper of the pairs, the nearest other paper, the nearest other paper of the same authors, and
one at random. Where the abstracts of two ids share half of their words they are the same text under two ids: they are
counted as errors in ``precision_strict``, and listed and left out of ``precision``.

Pairs go to two halves by a hash of their id: the coefficients and thresholds in the code were chosen on one (``--fit``
fits them again), the figures are those of the other (``--half all`` for pairs that nothing was chosen on).

``--vectors FILE.npz`` keeps the embeddings for the next time: at 18 abstracts/s 5,000 pairs take some 25 minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from dedup_pairs import (
    HARD_OVERLAP,
    Vectoriser,
    other_pairs,
    read_lines,
    title_pairs,
    true_pairs,
    with_author,
    without_authors,
)

from summarizer.embed import Earlier, Finding, Likeness, find_duplicates, likeness, load_encoder
from summarizer.embed.duplicates import BORDERLINE_SCORE, NEAR_SCORE, NEAR_SCORE_UNKNOWN_AUTHORS, features, rule_score
from summarizer.errors import SummarizerError
from summarizer.records import ModelInfo

#: What the threshold of a signal must reach on the half it is chosen on.
_PRECISION = 0.995
#: Thresholds for the rule to choose from.
_SCORES = (0.7, 0.74, 0.78, 0.8, 0.82, 0.86, 0.9)
_SIGNALS: dict[str, Callable[[Likeness], float | None]] = {
    "cosine": lambda s: s.cosine,
    "title": lambda s: s.title,
    "authors": lambda s: s.authors,
    "words": lambda s: s.words,
    "shingles": lambda s: s.shingles,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Precision and recall of the near-duplicate rule.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--titles", type=Path, help="JSON list of groups of ids that share a title")
    parser.add_argument(
        "--model", type=Path, default=Path("models/all-minilm-l6-v2"), help="sentence-transformers folder"
    )
    parser.add_argument("--limit", type=int, help="use so many true pairs (default: all)")
    parser.add_argument(
        "--nearest-of",
        type=int,
        default=2,
        help="look for the nearest other paper among so many by TF-IDF (default: 2)",
    )
    parser.add_argument("--half", choices=("report", "fit", "all"), default="report")
    parser.add_argument("--fit", action="store_true", help="fit the rule on the fit half and print its coefficients")
    parser.add_argument("--vectors", type=Path, help="keep embeddings in this .npz file")
    parser.add_argument("--worst", type=int, default=10, help="pairs shown of each kind of error")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        measured = Measured(args)
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if args.fit:
        print(measured.fitted())
        return 0
    result = measured.result()
    print(json.dumps(result, indent=1) if args.json else table(result))
    return 0


class Measured:
    """All pairs with their signals."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        metadata = {row["id"]: row for row in read_lines(args.metadata)}
        rows = list(read_lines(args.pairs))
        if args.limit is not None and args.limit < len(rows):
            rows = random.Random(0).sample(rows, args.limit)
        self.vectoriser = Vectoriser(
            lambda: load_encoder(args.model, ModelInfo("embedder", "", args.model.name, 0)), args.vectors
        )
        self.pairs = true_pairs(rows, metadata)
        self.vectoriser.prepare(p.paper for pair in self.pairs for p in (pair.one, pair.other))
        self.pairs += other_pairs([row["id"] for row in rows], metadata, self.vectoriser, args.nearest_of)
        if args.titles:
            self.pairs += title_pairs(json.loads(args.titles.read_text(encoding="utf-8")), metadata)
        one, other = (self.vectoriser.vectors([p.paper for p in side]) for side in self._sides())
        self.cosines = (one * other).sum(axis=1)
        self.signals = [likeness(p.one, p.other, float(c)) for p, c in zip(self.pairs, self.cosines, strict=True)]

    def _sides(self) -> tuple[list[Any], list[Any]]:
        return [pair.one for pair in self.pairs], [pair.other for pair in self.pairs]

    def fitted(self) -> str:
        """Coefficients by logistic regression on the fit half, with the authors and as if they were unknown.

        The authors of a pair come from one record, so they never differ; one pair in ten is therefore told with a list that
        was changed. Other papers whose abstracts share half of their words are the same text under two ids, as everybody
        can see who reads them, and teach nothing. What each score as a threshold would give is told with each fifth of the half
        scored by what the other four teach.
        """
        chance = random.Random(0)
        rows: list[tuple[int, Likeness, bool]] = []
        for n, (pair, signals) in enumerate(zip(self.pairs, self.signals, strict=True)):
            is_true = pair.kind == "version"
            if not pair.in_fit_half or pair.kind not in ("version", "nearest", "authors"):
                continue
            if signals.authors is None or not signals.words or (not is_true and signals.words >= HARD_OVERLAP):
                continue
            rows.append((n, _changed(signals, chance) if is_true and chance.random() < 0.1 else signals, is_true))
        labels = np.array([is_true for _, _, is_true in rows])
        told: dict[str, Any] = {"n": len(rows), "n_true": int(labels.sum())}
        folds = np.array([self.pairs[n].fold for n, _, _ in rows])
        hard = np.array([is_true and (self.signals[n].words or 0.0) < HARD_OVERLAP for n, _, is_true in rows])
        counted = np.array([self.pairs[n].kind in ("version", "nearest") for n, _, _ in rows])
        for name, change in (("known authors", lambda s: s), ("unknown authors", lambda s: replace(s, authors=None))):
            learnt = np.array([features(change(signals)) for _, signals, _ in rows])
            scored = np.array([features(change(self.signals[n])) for n, _, _ in rows])
            model = _regression(learnt, labels)
            scores = np.zeros(len(rows))
            for fold in set(folds.tolist()):
                others = _regression(learnt[folds != fold], labels[folds != fold])
                scores[folds == fold] = others.predict_proba(scored[folds == fold])[:, 1]
            by_score = {}
            for score in _SCORES:
                taken = counted & (scores >= score)
                shares = (
                    labels[taken].mean(),
                    (taken & labels).sum() / labels.sum(),
                    (taken & hard).sum() / hard.sum(),
                )
                by_score[str(score)] = [round(float(share), 4) for share in shares]
            told[name] = {
                "intercept": round(model.intercept_[0], 2),
                "weights": model.coef_[0].round(2).tolist(),
                "precision, recall, recall_hard by score": by_score,
            }
        return json.dumps(told, indent=1)

    def result(self) -> dict[str, Any]:
        chosen = [
            n
            for n, pair in enumerate(self.pairs)
            if self._args.half in ("all", "fit" if pair.in_fit_half else "report")
        ]
        found = {n: self._findings(n) for n in chosen}
        taken = {n: findings[0].pair if findings else None for n, findings in found.items()}
        blind = {n: self._findings(n, blind=True) for n in chosen}
        rows = {"rule": self._row(chosen, lambda n: taken[n] is not None)}
        added = {n: self._findings(n, one_more=True) for n in chosen}
        rows["rule, an author added"] = self._row(chosen, lambda n: bool(added[n]) and added[n][0].pair is not None)
        unknown = self._row(chosen, lambda n: bool(blind[n]) and blind[n][0].pair is not None)
        rows["rule, authors unknown"] = {**unknown, "threshold": NEAR_SCORE_UNKNOWN_AUTHORS}
        borderline = self._row(chosen, lambda n: bool(found[n]))
        rows["rule, with borderline pairs"] = {**borderline, "threshold": BORDERLINE_SCORE}
        for name, signal in _SIGNALS.items():
            values = [signal(s) for s in self.signals]
            threshold = self._threshold(values)
            row = self._row(chosen, lambda n, v=values, t=threshold: v[n] is not None and v[n] >= t)  # type: ignore[misc]
            rows[name] = {**row, "threshold": threshold}
        at_90 = self._row(chosen, lambda n: self.cosines[n] >= 0.9)
        rows["cosine 0.90"] = {**at_90, "threshold": 0.9}
        rule = rows["rule"]
        vectoriser = self.vectoriser
        return {
            "precision": rule["precision"],
            "precision_strict": rule["precision_strict"],
            "recall": rule["recall"],
            "recall_hard": rule["recall_hard"],
            "f1": rule["f1"],
            "n_pairs": rule["n_pairs"],
            "n_negatives": rule["n_negatives"],
            "embeddings_per_second": vectoriser.n_encoded / vectoriser.seconds if vectoriser.n_encoded else None,
            "half": self._args.half,
            "near_score": NEAR_SCORE,
            "rules": rows,
            "taken_of_other_papers": self._taken(chosen, taken),
            "missed": self._missed(chosen, taken),
            "titles": [self._shown(n, taken[n]) for n in chosen if self.pairs[n].kind == "title"],
        }

    def _findings(self, n: int, *, blind: bool = False, one_more: bool = False) -> list[Finding]:
        """What find_duplicates gives for the pair: nothing, a borderline pair, or what makes the later one a repetition.

        ``one_more``: as if every true pair had an author more in its second version.
        """
        pair = without_authors(self.pairs[n]) if blind else self.pairs[n]
        if one_more and pair.kind == "version":
            pair = with_author(pair)
        return find_duplicates(pair.other, [Earlier(pair.one, float(self.cosines[n]))])

    def _threshold(self, values: Sequence[float | None]) -> float:
        """The lowest one with which the signal alone is precise enough on the fit half."""
        points = [
            (v, self.pairs[n].kind == "version")
            for n, v in enumerate(values)
            if v is not None and self.pairs[n].in_fit_half
            if self.pairs[n].kind == "version" or (self.pairs[n].kind == "nearest" and not self._same_text(n))
        ]
        return _lowest(points, _PRECISION)

    def _row(self, chosen: Sequence[int], accepts: Callable[[int], bool]) -> dict[str, Any]:
        accepted: dict[str, list[bool]] = {kind: [] for kind in ("version", "nearest", "authors", "random")}
        same_text = 0
        hard = []
        for n in chosen:
            kind = self.pairs[n].kind
            if kind in accepted:
                accepted[kind].append(bool(accepts(n)))
                if kind == "version" and (self.signals[n].words or 0.0) < HARD_OVERLAP:
                    hard.append(accepted[kind][-1])
                same_text += kind == "nearest" and accepted[kind][-1] and self._same_text(n)
        found, wrong = sum(accepted["version"]), sum(accepted["nearest"])
        precision = _share(found, found + wrong - same_text)
        recall = found / max(len(accepted["version"]), 1)
        return {
            "precision": precision,
            "precision_strict": _share(found, found + wrong),
            "recall": recall,
            "recall_hard": sum(hard) / max(len(hard), 1),
            "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "n_pairs": len(accepted["version"]),
            "n_hard": len(hard),
            "n_negatives": len(accepted["nearest"]),
            "n_same_text": same_text,
            "taken": {kind: [sum(a), len(a)] for kind, a in accepted.items() if kind != "version"},
        }

    def _same_text(self, n: int) -> bool:
        return (self.signals[n].words or 0.0) >= HARD_OVERLAP

    def _taken(self, chosen: Sequence[int], taken: dict[int, Any]) -> list[dict[str, Any]]:
        wrong = [n for n in chosen if self.pairs[n].kind in ("nearest", "authors", "random") and taken[n] is not None]
        return [self._shown(n, taken[n]) for n in wrong]

    def _missed(self, chosen: Sequence[int], taken: dict[int, Any]) -> list[dict[str, Any]]:
        missed = [n for n in chosen if self.pairs[n].kind == "version" and taken[n] is None]
        missed.sort(key=lambda n: rule_score(self.signals[n]))
        return [self._shown(n, None) for n in missed[: self._args.worst]]

    def _shown(self, n: int, finding: Any) -> dict[str, Any]:
        one, other = self.pairs[n].one.paper, self.pairs[n].other.paper
        signals = self.signals[n]
        return {
            "ids": [one.arxiv_id, other.arxiv_id],
            "titles": [one.title, other.title],
            "kind": finding.kind if finding else None,
            "score": rule_score(signals),
            "cosine": signals.cosine,
            "words": signals.words,
            "authors": signals.authors,
        }


def _regression(rows: Any, labels: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=10_000).fit(rows, labels)


def _changed(signals: Likeness, chance: random.Random) -> Likeness:
    """As if the list of authors had been changed from one version to the next."""
    share = chance.uniform(0.5, 0.95)
    return replace(signals, authors=share, same_authors=False, n_authors=max(1, round(share * signals.n_authors)))


def _lowest(points: list[tuple[float, bool]], precision: float) -> float:
    """The lowest score from which on so large a share of the pairs is true; 1.01 where there is none."""
    best, n_true = 1.01, 0
    points.sort(key=lambda point: -point[0])
    for k, (value, is_true) in enumerate(points, start=1):
        n_true += is_true
        last_of_value = k == len(points) or points[k][0] < value
        if last_of_value and n_true >= precision * k:
            best = value
    return best


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def table(result: dict[str, Any]) -> str:
    rule = result["rules"]["rule"]
    rate = result["embeddings_per_second"]
    lines = [
        f"{rule['n_pairs']} true pairs ({rule['n_hard']} hard), {rule['n_negatives']} nearest other papers; "
        f"half: {result['half']}; " + (f"{rate:.1f} embeddings/s" if rate else "embeddings from the file"),
        "| | threshold | precision | strict | recall | hard band | F1 | taken of nearest | of same authors | of random |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in result["rules"].items():
        taken = " | ".join(f"{n} of {of}" for n, of in row["taken"].values())
        threshold = row.get("threshold", result["near_score"])
        lines.append(
            f"| {name} | {threshold:.3f} | {row['precision']:.2%} | {row['precision_strict']:.2%} "
            f"| {row['recall']:.1%} | {row['recall_hard']:.1%} | {row['f1']:.3f} | {taken} |"
        )
    for heading, key in (
        ("other papers taken", "taken_of_other_papers"),
        ("missed, worst first", "missed"),
        ("same title", "titles"),
    ):
        if result[key]:
            lines += ["", f"{heading}:"]
            lines += [
                f"  {' / '.join(p['ids'])}: {p['kind'] or 'kept'}, score {p['score']:.3f}, cosine {p['cosine']:.3f}, "
                f"words {p['words'] if p['words'] is None else round(p['words'], 2)}, authors {p['authors']}\n"
                f"    {p['titles'][0]}\n    {p['titles'][1]}"
                for p in result[key]
            ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
