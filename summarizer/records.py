"""Frozen records that cross module boundaries. No behaviour beyond derived values, no imports of our own modules.

Times are naive ``datetime`` in UTC (DuckDB ``TIMESTAMP``); durations are seconds as ``float``; hashes are lower-case hex
SHA-256 unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Task = Literal["translation", "background", "method", "results"]
TASKS: tuple[Task, ...] = ("translation", "background", "method", "results")

Stage = Literal["ingest", "embed", "dedup", "generate", "publish"]

SectionKind = Literal[
    "abstract",
    "introduction",
    "related_work",
    "method",
    "experiments",
    "results",
    "discussion",
    "conclusion",
    "acknowledgement",
    "references",
    "appendix",
    "other",
]

#: Why a PDF gave no sections. Permanent: trying the same bytes again gives the same answer, except ``timeout`` and
#: ``crashed``, which depend on the machine.
PDF_CATEGORIES: tuple[str, ...] = (
    "missing_pdf",  # the paper came without a file
    "not_pdf",  # no %PDF header
    "empty_file",  # no bytes
    "damaged",  # does not open, or opens with no page
    "encrypted",  # needs a password
    "no_text",  # pages, but (almost) no text layer: a scan
    "gibberish",  # text whose letters do not form words: broken ToUnicode, junk OCR
    "not_english",  # readable text in another language or script
    "timeout",  # the child process ran past its limit
    "crashed",  # the child process died
)

#: What one call of the model was asked for: a sentence of the abstract or all of it, a bullet from one sentence of the paper, or
#: the whole answer over whole sections.
PIECE_ROLES = ("sentence", "abstract", "bullet", "answer")

FinishReason = Literal["stop", "length", "loop", "cancelled"]
DuplicateKind = Literal["new_version", "exact", "near"]
Severity = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One version of one paper, as the bundle's ``papers.jsonl`` has it."""

    arxiv_id: str  #: without version; ``local.<12 hex>`` for a file that carries no arXiv id
    version: int  #: 1 and up
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    primary_category: str  #: "" when unknown
    submitted_utc: datetime | None
    updated_utc: datetime | None
    abstract: str  #: "" when it could not be read
    comment: str | None
    links: tuple[str, ...]
    metadata_source: Literal["papers.jsonl", "pdf", "none", "imported"] = "papers.jsonl"
    source_file: str | None = None  #: the file's name when it was packed


@dataclass(frozen=True, slots=True)
class Window:
    """The span of time a bundle covers: ``start_utc <= t < end_utc``."""

    start_utc: datetime
    end_utc: datetime
    anchor: str  #: "08:50 Asia/Shanghai"
    basis: str  #: "announced", "submitted" or "folder"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    bundle_id: str  #: SHA-256 of the canonical manifest
    bundle_format: int
    created_utc: datetime
    post_date: date
    window: Window
    categories: tuple[str, ...]
    n_fetched: int
    files: tuple[ManifestFile, ...]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures (Ed25519), as a site knows it."""

    key_id: str  #: its fingerprint as ssh-keygen prints it: ``SHA256:`` and 43 characters of base64
    name: str  #: what the site calls it; "" when it has no name
    line: str  #: ``ssh-ed25519 AAAA...``: the key itself, without the name


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper's text. ``text`` is paragraphs joined by a blank line, without captions, tables and footnotes."""

    seq: int  #: 0 and up, in reading order
    heading: str  #: as printed, with its number; "" for text before the first heading
    level: int  #: 1 is the top
    kind: SectionKind
    page_first: int  #: 1-based
    page_last: int
    text: str
    n_tokens: int | None = None  #: of the text, by the language model's vocabulary; None: not counted


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from one PDF."""

    n_pages: int
    n_chars: int
    extractor: str  #: "pymupdf4llm-layout" or the fast path's name
    extractor_version: str
    seconds: float
    sections: tuple[Section, ...]
    tokenizer_sha256: str | None = None  #: the model whose vocabulary counted ``Section.n_tokens``


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the first pages of a PDF say about it. Fields that could not be read are empty."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    arxiv_id: str | None  #: from the arXiv stamp
    version: int | None
    primary_category: str


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """``arxiv_id``v``version`` repeats the earlier ``other_arxiv_id``v``other_version``."""

    arxiv_id: str
    version: int
    other_arxiv_id: str
    other_version: int
    kind: DuplicateKind
    score: float  #: score of the rule, 1.0 for exact; for new_version the cosine of the two embeddings
    reason: str


@dataclass(frozen=True, slots=True)
class PairScore:
    """What the rule saw of ``arxiv_id``v``version`` and the earlier ``other_arxiv_id``v``other_version``.

    All figures lie between 0 and 1 but the cosine (-1 to 1); None: nothing to compare on one side.
    """

    arxiv_id: str
    version: int
    other_arxiv_id: str
    other_version: int
    score: float  #: how sure the rule is that both are one work
    cosine: float
    title: float
    authors: float | None
    words: float | None
    shingles: float | None
    body: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What a paper version changed against ``other_version``, which came before it."""

    other_version: int
    abstract_changed: float  #: share of the longer abstract's words
    numbers_changed: bool  #: the abstracts state other numbers
    body_changed: float | None  #: share of the new text that the old one lacks; None: not both were read
    title_changed: bool
    material: bool  #: whether it is to be summarised again
    reason: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    name: str  #: the registry's name, or the file's stem
    sha256: str
    file_name: str
    n_bytes: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What ran a model."""

    engine: str  #: "llama", "server" or "fake", as in the configuration
    engine_version: str  #: the library or server with its version; "" when there is none
    served_model: str = ""  #: of a server: the file, path or digest that it says it serves

    @property
    def described(self) -> str:
        """One line."""
        return f"{self.engine_version} ({self.served_model})" if self.served_model else self.engine_version


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. ``temperature`` 0 is greedy: then only ``repeat_penalty`` still has an effect."""

    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """A term of a glossary. ``zh`` is what a translation should say, ``variants`` what counts as the same."""

    en: str
    zh: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermUse:
    """How a text said a term of its source: ``used`` is the Chinese of the glossary or a variant of it, None another word."""

    term: str  #: in English, as the glossary has it
    wanted: str
    used: str | None


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the model. ``request_id`` comes back with the answer."""

    request_id: str
    messages: tuple[Message, ...]
    sampling: Sampling
    #: strings that Latin letters, digits and links of the answer must copy; None leaves the answer free
    copy_terms: tuple[str, ...] | None = None
    #: what the request is made for; part of its identity, not of the question
    scope: tuple[str, int, Task] = ("", 0, "translation")
    #: a GBNF grammar that the answer must follow, with the start rule ``root``; None leaves its form free
    grammar: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    request_id: str
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    prompt_tokens_reused: int  #: of these, found already computed
    completion_tokens: int
    seconds: float  #: from admission to the end


@dataclass(frozen=True, slots=True)
class CheckResult:
    name: str
    severity: Severity
    passed: bool
    reason: str  #: one line; "" when passed


@dataclass(frozen=True, slots=True)
class Piece:
    """One call of the model inside an attempt, with the words it was made from."""

    seq: int
    role: str  #: one of :data:`PIECE_ROLES`
    source_text: str
    section_seq: int | None  #: the section the source text stands in; None for the abstract, and for an answer
    request_hash: str
    text: str  #: what went into the answer, or would have
    used: bool = True  #: False: another try of the same source took its place, or it did not fit
    reason: str = ""  #: the hard checks it failed, one line


@dataclass(frozen=True, slots=True)
class Attempt:
    """One whole text for one task of one paper, with everything that decided it."""

    attempt_id: str
    arxiv_id: str
    version: int
    task: Task
    attempt_no: int  #: 1 and up for one paper, task, prompt and model
    prompt_hash: str
    model_sha256: str
    sampling: Sampling
    input_hash: str
    source_scope: str  #: "abstract", "selected_sections" or "all_sections"
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    pieces: tuple[Piece, ...]
    checks: tuple[CheckResult, ...]
    sections_read: tuple[int, ...] = ()
    sections_left_out: tuple[int, ...] = ()
    terms: tuple[TermUse, ...] = ()  #: of the glossary, in the source

    @property
    def accepted(self) -> bool:
        return self.finish_reason == "stop" and all(c.passed for c in self.checks if c.severity == "hard")


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """The version of a shown paper that came before it, and how much was changed since: see :class:`VersionChange`."""

    version: int
    title: str
    abstract: str
    abstract_changed: float
    body_changed: float | None
    title_changed: bool


@dataclass(frozen=True, slots=True)
class PostPaper:
    """One paper of a post. A text is None when no accepted one exists; ``missing`` then says why, in Chinese."""

    paper: Paper
    translation: str | None
    background: str | None
    method: str | None
    results: str | None
    missing: dict[str, str] = field(default_factory=dict)  #: task -> reason
    earlier: EarlierVersion | None = None  #: of a new version: what it is compared with


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of the day that gave nothing to show."""

    name: str
    reason: str  #: in Chinese


@dataclass(frozen=True, slots=True)
class Post:
    post_date: date
    window: Window
    categories: tuple[str, ...]
    n_fetched: int
    papers: tuple[PostPaper, ...]
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class PostPart:
    """A stretch of an imported post, byte for byte: the data of all parts in order are the file."""

    kind: Literal["head", "paper", "other"]  #: ``other``: a heading of its own that is no paper, with what follows
    data: bytes
    key: tuple[str, int] | None = None  #: arXiv id and version, of a paper


@dataclass(frozen=True, slots=True)
class ImportedPaper:
    """A paper as a post shows it. A task is in ``texts``, or in ``notices``, or the post has nothing for it."""

    paper: Paper
    texts: dict[Task, str]
    notices: dict[Task, str]  #: what stands in the place of a text and is none, such as 「全文解读失败：…」


@dataclass(frozen=True, slots=True)
class ImportedPost:
    """A daily post that another system published."""

    post_date: date
    path: str  #: below the site's folder, with slashes
    window: Window
    categories: tuple[str, ...]
    n_fetched: int
    papers: tuple[ImportedPaper, ...]  #: in order; each id and version once
    parts: tuple[PostPart, ...]
