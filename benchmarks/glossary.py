"""The standard glossaries against others, and against references: where they say a term in another way.

    python benchmarks/glossary.py [--against FILE.tsv]... [--pairs FILE] [--json]

``--against``: tab-separated files whose first two columns are English and Chinese; several words stand between slashes, remarks
in parentheses. ``--pairs``: JSON lines (``.gz`` too) with ``en_abstract`` and ``zh_abstract``; counted are the terms of each
source, and whether the reference says them with the glossary's word, a variant of it, or neither.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from summarizer.errors import SummarizerError
from summarizer.glossary import Glossary, distinct, load_glossary
from summarizer.records import GlossaryTerm

_REMARK = re.compile(r"\s*[(（][^()（）]*[)）]\s*")


def other_terms(path: Path) -> dict[str, set[str]]:
    """Chinese words by English term."""
    terms: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        english, chinese, *_ = [*line.split("\t"), "", ""]
        words = {word.strip().replace(" ", "") for word in _REMARK.sub("", chinese).split("/") if word.strip()}
        for term in _REMARK.sub("", english).split(" / "):
            if term.strip():
                terms.setdefault(term.strip(), set()).update(words)
    return terms


def compare(glossary: Glossary, path: Path) -> dict[str, Any]:
    """How many terms both have, and where neither our word nor a variant is theirs."""
    agreed = by_variant = 0
    differ = []
    for english, words in other_terms(path).items():
        found = glossary.find(english)
        if len(found) != 1 or found[0].written != english:
            continue
        term = found[0].term
        if term.zh in words:
            agreed += 1
        elif words & set(term.variants):
            by_variant += 1
        else:
            differ.append({"term": term.en, "ours": term.zh, "theirs": sorted(words)})
    return {
        "file": path.name,
        "in_common": agreed + by_variant + len(differ),
        "same": agreed,
        "variant": by_variant,
        "differ": differ,
    }


def against_references(glossary: Glossary, path: Path) -> dict[str, Any]:
    """Terms of the sources, each counted once a text."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    counts: Counter[str] = Counter()
    otherwise: Counter[GlossaryTerm] = Counter()
    for row in rows:
        for term in (found.term for found in distinct(glossary.find(row["en_abstract"]))):
            said = next((zh for zh in (term.zh, *term.variants) if zh in row["zh_abstract"]), None)
            counts["otherwise" if said is None else "word" if said == term.zh else "variant"] += 1
            if said is None:
                otherwise[term] += 1
    return {
        "texts": len(rows),
        "terms": counts.total(),
        "by_word": counts["word"],
        "by_variant": counts["variant"],
        "otherwise": counts["otherwise"],
        "most_otherwise": [[term.en, term.zh, n] for term, n in otherwise.most_common(15)],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="The standard glossaries against others and against references.")
    parser.add_argument("--against", type=Path, action="append", default=[])
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        glossary = load_glossary([])
    except SummarizerError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    result: dict[str, Any] = {"terms": len(glossary), "against": [compare(glossary, path) for path in args.against]}
    if args.pairs:
        result["references"] = against_references(glossary, args.pairs)
    if args.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    print(f"{len(glossary)} terms")
    for one in result["against"]:
        print(
            f"{one['file']}: {one['in_common']} in common, {one['same']} the same, {one['variant']} by a variant, differ:"
        )
        for term in one["differ"]:
            print(f"  {term['term']}: {term['ours']}; theirs {'、'.join(term['theirs'])}")
    if args.pairs:
        print("\n".join(f"{key:<16}{value}" for key, value in result["references"].items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
