"""Measure what a Chinese translation of an English abstract copies from it, and what both cost in tokens.

    python samples/measure_copying.py --pairs zh_reference.jsonl.gz --model MODEL.gguf \\
        --json samples/results/copying.json

``--pairs`` holds one JSON object a line with ``en_abstract`` and ``zh_abstract``. Of the model only the vocabulary is
loaded. Only figures are written: no text of any abstract.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from machine import describe_command, describe_machine, write_results

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
#: a Latin run: letters and digits, with the marks that join them inside a name (wav2vec, Jensen-Shannon, Large-v3)
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.+/&'][A-Za-z0-9]+)*")
#: digits that belong to no Latin run before them; letters may follow (3B, 24kHz, 3D)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WORD = re.compile(r"[A-Za-z0-9]+(?:[-'.][A-Za-z0-9]+)*")
#: why an English number may be gone from the Chinese, from what stands around it; the first that fits
MAGNITUDE = re.compile(r"\s*(?:[kKMB]\b|thousand|million|billion)")
DIMENSION = re.compile(r"-?D\b")
ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
LABEL_BEFORE = re.compile(r"\b(?:stage|track|part|phase|step|task|type)[\s~]*$", re.IGNORECASE)
MYRIAD = re.compile(r"\s*(?:余|多)?\s*[百千]?[万亿]")
FRACTION_BEFORE = re.compile(r"\d\s*/\s*$")


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, user_data: object) -> None:
    """llama.cpp writes its loading log to stderr unless told otherwise."""


class Tokenizer:
    """The tokenizer of a GGUF model; its weights are not loaded."""

    def __init__(self, path: Path) -> None:
        llama_cpp.llama_log_set(_silent, None)
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            raise SystemExit(f"cannot load {path}: is it a GGUF file?")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)

    def count(self, text: str) -> int:
        data = text.encode()
        out = (llama_cpp.llama_token * (len(data) + 1))()
        return int(llama_cpp.llama_tokenize(self._vocab, data, len(data), out, len(out), False, False))

    def close(self) -> None:
        llama_cpp.llama_model_free(self._model)


def normalise(text: str) -> str:
    """Full-width letters, digits and marks to their plain forms; every dash to a hyphen."""
    return re.sub(r"[‐-―−]", "-", unicodedata.normalize("NFKC", text))


def occurs(needle: str, text: str) -> bool:
    """Whether the needle stands in the text as a whole: not inside a longer word or number."""
    pattern = rf"(?<![A-Za-z0-9]){re.escape(needle)}(?![A-Za-z0-9])"
    return re.search(pattern, text) is not None


def numbers_outside_names(text: str) -> list[re.Match[str]]:
    """The numbers of a text that are not part of a Latin run (the 2 of ``wav2vec`` is part of a name)."""
    return list(NUMBER.finditer(LATIN.sub(lambda run: " " * len(run.group()), text)))


def number_set(text: str) -> set[str]:
    """Every number of a text, names included, without thousands separators."""
    return {n.replace(",", "") for n in NUMBER.findall(text)}


def classify_latin(run: str, english: str) -> str:
    """How a Latin run of the translation relates to the English abstract, strictest relation first."""
    if occurs(run, english):
        return "whole_word"
    if re.search(rf"\d\s*{re.escape(run)}(?![A-Za-z])", english):
        return "unit"  # the B of 7B, the kHz of 24kHz
    if run in english:
        return "inside_word"  # the LLM of LLMs
    if run.lower() in english.lower():
        return "other_case"
    if all(part in english for part in re.split(r"[-_.+/&']", run)):
        return "parts"  # joined in another way
    return "absent"


def classify_chinese_number(found: re.Match[str], chinese: str, in_english: set[str]) -> str:
    """How a number of the translation relates to the numbers of the English abstract."""
    if found.group().replace(",", "") in in_english:
        return "literal"
    before, after = chinese[: found.start()], chinese[found.end() :]
    if MYRIAD.match(after):
        return "myriad"  # 1.5 billion is written 15 followed by the sign for a hundred million
    if after.lstrip()[:1] == ")":
        return "list_mark"
    if FRACTION_BEFORE.search(before) or after.lstrip()[:1] == "/":
        return "fraction"
    return "other"


def classify_english_number(found: re.Match[str], english: str, in_chinese: set[str]) -> str:
    """Whether a number of the abstract stands in the translation too, and if not, what kind of number it is."""
    if found.group().replace(",", "") in in_chinese:
        return "kept"
    before, after = english[: found.start()], english[found.end() :]
    if MAGNITUDE.match(after) or found.group().endswith(",000"):
        return "magnitude"
    if DIMENSION.match(after):
        return "dimension"
    if LABEL_BEFORE.search(before) or ORDINAL.match(after):
        return "label"
    return "other"


def quantiles(values: list[float]) -> dict[str, float]:
    names = {"min": 0, "p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95, "max": 100}
    return {name: round(float(np.percentile(values, q)), 3) for name, q in names.items()}


def shares(counts: Counter[str]) -> dict[str, Any]:
    total = sum(counts.values())
    return {
        "total": total,
        "counts": dict(counts.most_common()),
        "percent": {name: round(100 * n / total, 2) for name, n in counts.most_common()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="GGUF file whose tokenizer counts")
    parser.add_argument("--json", type=Path, required=True, help="where the figures are written")
    args = parser.parse_args()

    machine = describe_machine(["llama-cpp-python", "numpy"])
    with gzip.open(args.pairs, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    pairs = [(normalise(r["en_abstract"]), normalise(r["zh_abstract"])) for r in rows]
    # tokens are counted on the texts as they are: what a model would read and write
    raw = [(r["en_abstract"], r["zh_abstract"]) for r in rows]
    tokenizer = Tokenizer(args.model)

    english_tokens = [tokenizer.count(en) for en, _ in raw]
    chinese_tokens = [tokenizer.count(zh) for _, zh in raw]
    english_words = [len(WORD.findall(en)) for en, _ in pairs]
    han_only = ["".join(HAN.findall(zh)) for _, zh in pairs]
    han_tokens = [tokenizer.count(text) for text in han_only]
    copied_tokens = [sum(tokenizer.count(run) for run in LATIN.findall(zh)) for _, zh in pairs]

    latin: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    clean_latin = clean_numbers = with_numbers = with_latin = 0
    for english, chinese in pairs:
        runs = [classify_latin(run, english) for run in LATIN.findall(chinese)]
        latin.update(runs)
        clean_latin += bool(runs) and set(runs) <= {"whole_word", "unit", "inside_word"}
        with_latin += bool(runs)
        for run in LATIN.findall(chinese):
            kinds["capitals" if run.isupper() else "lower_case" if run.islower() else "mixed"] += 1
        known = number_set(english)
        found = [classify_chinese_number(m, chinese, known) for m in numbers_outside_names(chinese)]
        numbers.update(found)
        clean_numbers += bool(found) and set(found) == {"literal"}
        with_numbers += bool(found)
        written = number_set(chinese)
        kept.update(classify_english_number(m, english, written) for m in numbers_outside_names(english))
    tokenizer_size = tokenizer.size
    tokenizer.close()

    write_results(
        args.json,
        {
            "command": describe_command(sys.argv),
            "machine": machine,
            "settings": {
                "pairs": len(pairs),
                "tokenizer": args.model.name,
                "vocabulary": tokenizer_size,
                "normalised": "NFKC, dashes to hyphens (for copying; tokens are counted on the texts as they are)",
            },
            "tokens": {
                "english_words": quantiles([float(n) for n in english_words]),
                "english_tokens": quantiles([float(n) for n in english_tokens]),
                "chinese_tokens": quantiles([float(n) for n in chinese_tokens]),
                "han_characters": quantiles([float(len(t)) for t in han_only]),
                "total_english_tokens": sum(english_tokens),
                "total_chinese_tokens": sum(chinese_tokens),
                "tokens_per_word": quantiles([t / w for t, w in zip(english_tokens, english_words, strict=True)]),
                "tokens_per_han": quantiles([t / len(h) for t, h in zip(han_tokens, han_only, strict=True)]),
                "han_per_word": quantiles([len(h) / w for h, w in zip(han_only, english_words, strict=True)]),
                "chinese_per_english_token": quantiles(
                    [c / e for c, e in zip(chinese_tokens, english_tokens, strict=True)]
                ),
                "english_characters_per_token": round(sum(len(e) for e, _ in raw) / sum(english_tokens), 3),
                "chinese_characters_per_token": round(sum(len(c) for _, c in raw) / sum(chinese_tokens), 3),
                "latin_share_of_chinese_tokens_percent": round(100 * sum(copied_tokens) / sum(chinese_tokens), 2),
            },
            "latin_runs": {
                **shares(latin),
                "kinds": shares(kinds),
                "abstracts_with_any": with_latin,
                "abstracts_all_literal": clean_latin,
            },
            "numbers_in_chinese": {
                **shares(numbers),
                "abstracts_with_any": with_numbers,
                "abstracts_all_literal": clean_numbers,
            },
            "numbers_in_english": shares(kept),
        },
    )


if __name__ == "__main__":
    main()
