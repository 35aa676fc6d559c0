"""What of a source an answer may copy: names, acronyms, numbers with their units, links and formulas.

Copy-only decoding lets Latin letters and digits of an answer come only from this list, so that no number and no name can
be invented and no English word is left over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from summarizer.checks.terminology import package_names
from summarizer.literals import FORMULA, URL

_NUMBER = re.compile(r"(?<![\w.])[+\-−]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
_VERSION = re.compile(r"(?<![\w.])v?\d+(?:\.\d+){2,}(?![\w]|\.\d)")  # 0.3.36
_UNIT_AFTER = re.compile(
    r"\s?(%|‰|°C?|[a-zµμ]{1,4}(?:/[a-z]{1,3})?|[kKMGT]?(?:Hz|B|b|bps|W|FLOPs?)|dB[A-Za-z]*|[KMBTx×])(?![\w])"
)
_RANGE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s?%?(\s?[-–—~]\s?)(\d+(?:\.\d+)?)\s?(%)?(?![\w.]*\d)")
_WORD = re.compile(r"[^\W_](?:[\w.+&/'’-]*[\w+])?|[^\W\d_]")
#: What stands in title case: Opinion, Self-Supervised.
_TITLE_WORD = re.compile(r"[A-Z]{1,3}[a-z]+(?:-[A-Za-z][a-z]+)*")
_DASH = re.compile(r"(?<=\w)-{2,}(?=\w)")
_ACRONYM = re.compile(r"(?<![\w-])(?=[a-z]?[A-Z])[A-Za-z]{2,12}(?=[A-Z0-9\s)\-–—,:;.]|$)(?<=[A-Zs])(?![a-z])")
_ACRONYM_WORD = re.compile(r"(?<![\w-])(?:[A-Za-z0-9]+-)*[A-Z0-9]{2,}(?![\w-])")
_PLURAL_DEFINED = re.compile(r"(?<=\()(?:[A-Za-z0-9]+-)*[A-Z0-9]{2,}s(?=\))")
_WORDS_BEFORE = re.compile(r"((?:[A-Za-z][\w'-]*[\s/]+(?:\([^()]*\)\s)?){1,12})\($")
_WORDS_AFTER = re.compile(r"\s?(?:\(|--+|—+|:\s|,\s(?:an?\s)?)\s?([A-Za-z][\w\s'-]{5,160})")
_DOTTED = re.compile(r"[a-z]{2,}(?:\.[a-z]+)*\.[a-z]{2,4}")  # llama.cpp, next.js, demo.x.ai
_LETTERED = re.compile(r"[a-z]-[a-z]{2,}|[a-z]{2,}-[a-z]")  # k-means, top-k
_PERCENT_WORD = re.compile(r"\s?(?:percent\b|per cent\b|percentage points?\b)")
#: Plurals of acronyms that need no telling.
_PLURALS = frozenset("LLMs LMs SLMs VLMs CNNs RNNs DNNs GNNs GANs VAEs MLPs SSMs GPUs CPUs APIs".split())  # noqa: SIM905
_ET_AL = re.compile(r"\s(?:et al|and [A-Z]\w+ \(\d)")  # Smith et al., Smith and Lee (2020)
_ROMAN = re.compile(r"i{1,3}|iv|vi{0,3}|ix|x")  # (ii) of a run-in list
_SCALE = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_SCALE_LETTER = {"thousand": "K", "million": "M", "billion": "B", "trillion": "T", "k": "K"}
_SCALED = re.compile(
    r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?:[\s-]?(?=[tmb][a-z]))?(thousand|million|billion|trillion|[kKMBT])(?![A-Za-z0-9])"
)
_SHARES_SCALE = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)\s?(?:,|and|or|to|versus|vs\.|[-–])\s?$")
_SENTENCE_START = re.compile(r"(?:^|\n|[.!?:;]\s+|[(\[“\"]\s*|\d\)\s*)$")
#: Units written in small letters, which by themselves would look like English words.
_UNITS = frozenset(
    (
        "ms", "s", "h", "min", "hr", "k", "m", "x", "kg", "g", "mg", "km", "cm", "mm", "nm", "um", "µm", "fps", "bps",
        "kbps", "mbps", "hz", "kb", "mb", "gb", "bit", "bits", "pt", "px", "eV", "rpm", "dpi",
    )
)  # fmt: skip


def copy_terms(source: str, context: str = "", said: Iterable[str] = ()) -> tuple[str, ...]:
    """Terms of ``source`` that an answer may copy, in order of appearance, each once.

    ``context`` (the whole abstract or section, not a title in title case) tells which capitalised words are names: at the
    start of a sentence one counts when it stands capitalised inside a sentence somewhere. Words in title case that spell
    out an acronym (``Mean Opinion Score (MOS)``) are no names, nor those of ``said``: phrases for which a glossary has a
    Chinese word.
    """
    terms: dict[str, None] = {}
    for pattern in (URL, FORMULA):
        for found in pattern.finditer(source):
            terms.setdefault(found[0])
    bare = _DASH.sub(" — ", FORMULA.sub(" ", URL.sub(" ", source)))
    names_inside = set(_names_inside(f"{bare}\n{context}"))
    singulars = {w for w in map(str.strip, _ACRONYM_WORD.findall(f"{bare}\n{context}")) if not w.endswith("s")}
    singulars |= {w[:-1] for w in _PLURAL_DEFINED.findall(f"{bare}\n{context}")}
    words = {
        part for phrase in (*spelled_out(f"{bare}\n{_DASH.sub(' — ', context)}"), *said) for part in _parts(phrase)
    }
    packages = package_names(f"{bare}\n{context}")
    for found in _WORD.finditer(bare):
        if found[0] in packages:
            terms.setdefault(found[0])  # its parts are words like others
            continue
        at_start = _starts_sentence(bare, found.start()) and _ET_AL.match(bare, found.end()) is None
        for word in _spellings(found[0], singulars):
            if _TITLE_WORD.fullmatch(word) and words.issuperset(_parts(word)):
                continue
            if _is_term(word, at_start=at_start, names_inside=names_inside):
                terms.setdefault(word)
    for spelled in _numbers(bare):
        terms.setdefault(spelled)
    return tuple(terms)


def _starts_sentence(text: str, position: int) -> bool:
    return _SENTENCE_START.search(text[max(0, position - 4) : position]) is not None


def _names_inside(text: str) -> Iterable[str]:
    for found in _WORD.finditer(text):
        if found[0][0].isupper() and not _starts_sentence(text, found.start()):
            yield found[0]


def _spellings(word: str, singulars: Collection[str] = ()) -> Iterable[str]:
    """The word as it stands, and the parts a translation may need: without possessive, plural or suffix.

    ``singulars``: acronyms whose plural is no name of its own. Chinese has no plural: of LLMs only LLM may be written, but
    BEATs is a name.
    """
    word = word.replace("’", "'")
    bare = re.sub(r"'s?$", "", word)
    if bare in _PLURALS or (re.fullmatch(r"(?:[A-Za-z0-9]+-)*[A-Z0-9]{2,}s", bare) and bare[:-1] in singulars):
        bare = bare[:-1]
    elif bare != word:
        yield word
    yield bare
    if re.fullmatch(r"[A-Za-z0-9-]*[A-Z0-9]s", bare):
        yield bare[:-1]  # CNN-RNNs, Bs
    parts = re.split(r"[-/]", bare)
    if len(parts) > 1:
        for end in range(len(parts) - 1, 0, -1):  # Transformer-based -> Transformer
            head = bare[: sum(len(p) + 1 for p in parts[:end]) - 1]
            if head and parts[end].islower():
                yield head
        # CNN/RNN and non-Gaussian come apart; the parts of all-MiniLM-L6-v2 alone would name something else
        whole = "-" in bare and sum(not p.islower() for p in parts) > 1
        yield from (p for p in parts if len(p) > 1 and not whole)


def _is_term(word: str, *, at_start: bool, names_inside: set[str]) -> bool:
    if any(c.isdigit() for c in word):
        if _SCALED.match(word):
            return False  # a quantity, whose unit must not be lost
        return any(c.isalpha() for c in word)  # figures without letters are looked at by themselves
    letters = [c for c in word if c.isalpha()]
    if not letters:
        return False
    if any(c.isupper() for c in word[1:]):  # acronyms, camel case, ELECTRA-small
        return True
    if word[0].isupper():
        return (len(word) == 1 and word not in {"A", "I"}) or not at_start or word in names_inside
    return (
        _ROMAN.fullmatch(word) is not None
        or _DOTTED.fullmatch(word) is not None
        or _LETTERED.fullmatch(word) is not None
        or ("+" in word and (len(letters) > 1 or word.endswith("++")))  # n+1 is a formula
        or "_" in word
        or any(not c.isascii() for c in letters)
        or (len(word) == 1 and word not in {"a", "s"})
    )


def spelled_out(text: str) -> Iterable[str]:
    """Phrases that an acronym beside them stands for: ``Mean Opinion Score (MOS)``, ``SALAD--Sample-efficient Alignment ...``.

    Most letters of the acronym must begin words (or parts between hyphens) of the phrase, in order.
    """
    for found in _ACRONYM.finditer(text):
        letters = [c.lower() for c in found[0] if c.isalpha()]
        before = _WORDS_BEFORE.search(text, max(0, found.start() - 200), found.start())
        if before is not None and (phrase := _phrase_before(before[1], letters)):
            yield phrase
        after = _WORDS_AFTER.match(text, found.end())
        if after is not None and _begins(after[1], letters):
            yield after[1]


def _phrase_before(words: str, letters: list[str]) -> str:
    """The shortest end of ``words`` whose words begin with the letters."""
    starts = [found.start() for found in _WORD.finditer(words)]
    for start in reversed(starts[-(len(letters) + 4) :]):
        if words[start].lower() == letters[0] and _begins(words[start:], letters):
            return words[start:]
    return ""


def _begins(phrase: str, letters: list[str]) -> bool:
    """Whether most of the letters are the first ones of words of the phrase, in order; or its capitals are most of them."""
    remaining, capitals = iter(letters), [c.lower() for c in phrase if c.isupper()]
    if len(capitals) > len(letters) / 2 and all(c in remaining for c in capitals):
        return True
    n_found = 0
    for part in _parts(phrase):
        if n_found < len(letters) and part[0].lower() == letters[n_found]:
            n_found += 1
    return n_found >= max(2, len(letters) - 1)


def _parts(phrase: str) -> list[str]:
    return re.findall(r"[^\W_]+", phrase)


def _numbers(text: str) -> Iterable[str]:
    for found in _RANGE.finditer(text):
        low, mark, high, percent = found.groups(default="")
        yield f"{low}{mark.strip()}{high}{percent}"
        yield from (f"{low}{percent}", f"{high}{percent}")
    versions = {found.start(): found[0] for found in _VERSION.finditer(text)}
    yield from versions.values()
    scaled = {start: (number, scale) for start, number, scale in _scaled_numbers(text)}
    for found in _NUMBER.finditer(text):
        if found.start() in versions:
            continue  # the beginning of a version is another version
        if found.start() in scaled:
            yield from _scaled_forms(*scaled[found.start()])  # 540 billion may not become 540
            continue
        number = found[0].replace("−", "-")
        bare = number.lstrip("+-")
        unit = _UNIT_AFTER.match(text, found.end())
        percent = unit[1] if unit and unit[1] in "%‰" else ""
        if not percent and float(bare.replace(",", "").split("e")[0]) >= 10**4:  # 126,000 may become 12.6万
            yield from _scaled_value(float(bare.replace(",", "")))
        for spelled in filter(None, dict.fromkeys((number, bare, number.replace(",", ""), bare.replace(",", "")))):
            if _PERCENT_WORD.match(text, found.end()):
                yield f"{spelled}%"
            yield f"{spelled}{percent}"  # a percentage without its sign is another number
            if not percent and unit and (unit[1] in _UNITS or not unit[1].islower()):
                yield f"{spelled}{unit[1]}"
                if unit[1].strip("°×"):
                    yield unit[1]


def _scaled_numbers(text: str) -> Iterable[tuple[int, str, str]]:
    """Start, digits and scale word or letter of each number that has a scale: both of "1.5 and 0.5 billion"."""
    for found in _SCALED.finditer(text):
        start = found.start()
        yield start, found[1], found[2]
        while before := _SHARES_SCALE.search(text, 0, start):
            start = before.start()
            yield start, before[1], found[2]


def _scaled_forms(number: str, scale: str) -> Iterable[str]:
    """``1.5 million`` and ``1.5M`` as 1.5M, 1500000 and 150万; never as a bare 1.5 or 150."""
    letter = _SCALE_LETTER.get(scale, scale)
    yield f"{number}{scale if len(scale) == 1 else letter}"
    yield from _scaled_value(float(number.replace(",", "")) * _SCALE[letter])


def _scaled_value(value: float) -> Iterable[str]:
    for unit, size in (("万亿", 10**12), ("亿", 10**8), ("万", 10**4), ("", 1)):
        scaled = value / size
        if 1 <= scaled < 10**7 and float(f"{scaled:.4g}") == scaled:
            yield f"{scaled:.10g}{unit}"


def number_hints(source: str, written: Iterable[str]) -> list[str]:
    """How numbers of the source, given as they are written there, should stand in Chinese: 5400亿 for 540 (billion)."""
    scaled = {number: list(_scaled_forms(number, scale)) for _, number, scale in _scaled_numbers(source)}
    hints = []
    for number in written:
        forms = scaled.get(number, [])
        chinese = [form for form in forms if form[-1] in "亿万" and float(form.rstrip("万亿")) >= 1]
        hints.append(chinese[0] if chinese else forms[0] if forms else number)
    return hints
