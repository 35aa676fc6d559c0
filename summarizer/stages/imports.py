"""The archive of another system: its daily posts become rows of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from summarizer.errors import ConfigError, PostError
from summarizer.publish import read_post
from summarizer.records import ImportedPost
from summarizer.stages.progress import Progress
from summarizer.stages.recorder import RunRecorder, utc_now
from summarizer.store import Store, imports

#: Jekyll's own endings for Markdown, in the order of its documentation.
_ENDINGS = frozenset({".markdown", ".mkdown", ".mkdn", ".mkd", ".md"})
#: Where Jekyll looks for posts.
_POSTS = "_posts"
#: Posts recorded in one window: some seconds of work.
_BATCH = 20
_REFUSED = {
    "other_post": "another post of {day} was imported before: that one is kept, this one was left out",
    "has_bundle": "the store has {day} from a bundle: its own post is kept, this one was left out",
}


@dataclass(slots=True)
class ImportResult:
    """What became of the files."""

    imported: list[Path] = field(default_factory=list)
    n_papers: int = 0  #: of the imported ones
    n_texts: int = 0
    n_without_breakdown: int = 0  #: papers of which no answer could be told, a message in its place included
    n_known: int = 0  #: imported before, or written by this store
    n_passed_over: int = 0  #: no daily posts
    refused: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    file: Path
    post: ImportedPost


def import_posts(store: Store, run: RunRecorder, progress: Progress, paths: Sequence[Path]) -> ImportResult:
    """Record the posts in these files and folders, oldest first; of a folder, the one named ``_posts`` in it if there is one.

    All files are read before the first is recorded. What is no daily post, cannot be read, or is of a day that the store
    has, is told and left out; the others go on. Raises ConfigError when there is no Markdown file at all.
    """
    result = ImportResult()
    found: list[_Found] = []
    files = list(_files(paths))
    if not files:
        raise ConfigError(f"no posts (Markdown files) in {', '.join(map(str, paths))}: name the folder that holds them")
    for file, place in files:
        try:
            found.append(_Found(file, read_post(file.read_bytes(), place)))
        except PostError as error:
            result.n_passed_over += 1
            progress.message(f"import: passed over: {error}")
        except OSError as error:
            result.refused.append(file)
            progress.message(f"import: {file} cannot be read: {error.strerror or error}")
    found.sort(key=lambda one: (one.post.post_date, one.post.path))
    progress.stage("import", len(found))
    for first in range(0, len(found), _BATCH):
        _record(store, run, progress, found[first : first + _BATCH], result)
    return result


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files with their places below the folder of the posts, each file once."""
    seen = set()
    for path in paths:
        folder = path / _POSTS if (path / _POSTS).is_dir() else path
        inside = sorted(folder.rglob("*")) if folder.is_dir() else [path]
        for file in inside:
            place = _place(file, folder)
            hidden = any(name.startswith(".") for name in place.parts)
            wanted = not folder.is_dir() or (file.suffix.lower() in _ENDINGS and not hidden and file.is_file())
            if wanted and (real := file.resolve()) not in seen:
                seen.add(real)
                yield file, place


def _place(file: Path, folder: Path) -> PurePosixPath:
    """Where the file lies below the folder of the posts: the last ``_posts`` on its way, else the folder that was named."""
    parts = file.absolute().parts
    if _POSTS in parts[:-1]:
        return PurePosixPath(*parts[len(parts) - parts[::-1].index(_POSTS) :])
    return PurePosixPath(file.relative_to(folder).as_posix() if folder.is_dir() else file.name)


def _record(store: Store, run: RunRecorder, progress: Progress, batch: Sequence[_Found], result: ImportResult) -> None:
    outcomes = []
    with store.write() as con:
        for one in batch:
            outcome = imports.record_post(con, run.run_id, one.post, str(one.file.resolve()), utc_now())
            if outcome == "recorded":
                run.ensure(con)
            outcomes.append(outcome)
    for one, outcome in zip(batch, outcomes, strict=True):
        day = one.post.post_date.isoformat()
        if outcome == "recorded":
            _count(one, result)
        elif outcome in _REFUSED:
            result.refused.append(one.file)
            progress.message(f"import: {one.file}: {_REFUSED[outcome].format(day=day)}")
        else:
            result.n_known += 1
        progress.advance(note=day)


def _count(one: _Found, result: ImportResult) -> None:
    result.imported.append(one.file)
    result.n_papers += len(one.post.papers)
    for paper in one.post.papers:
        tasks = Counter(task == "translation" for task in paper.texts)
        result.n_texts += tasks.total()
        result.n_without_breakdown += tasks[False] == 0
