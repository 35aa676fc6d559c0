"""``summarizer sections``: what is read from one PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from summarizer.cli.settings import settings_of, shared_options
from summarizer.cli.tables import write_json, write_table

if TYPE_CHECKING:
    from summarizer.records import Document, FrontMatter


@click.command()
@click.argument("file", metavar="FILE.pdf", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the text of every section.")
@click.option("--text", "with_text", is_flag=True, help="Print the text of every section, too.")
@click.option(
    "--html", "html_path", metavar="OUT", type=click.Path(path_type=Path), help="Draw what was read over the pages."
)
@shared_options
@click.pass_context
def sections(ctx: click.Context, file: Path, as_json: bool, with_text: bool, html_path: Path | None) -> None:
    """Show what is read from FILE.pdf: its front matter and its sections, with level, kind, pages and length.

    Reads the file as ingest does, with the same limits, and needs no store. Tokens are counted with the vocabulary of the
    configured model where its file is there. --html writes one file with pictures of the pages, where every box shows the
    section it went into or why it was left out.
    """
    from summarizer.errors import PdfError, SummarizerError
    from summarizer.pdf import draw, read_both, read_drawing
    from summarizer.stages.ingest import limits_of, with_tokens
    from summarizer.stages.weights import Weights

    settings = settings_of(ctx)
    config = settings.read_config()
    limits = limits_of(config.pdf)
    drawing = None
    try:
        if html_path is None:
            document, front = read_both(file, limits)
        else:
            document, front, drawing = read_drawing(file, limits)
    except PdfError as error:
        raise PdfError(error.category, f"{file}: {error.detail}") from None
    tokenizer = Weights(config, settings.models, lambda line: None).open_tokenizer()
    if tokenizer is not None:
        document = with_tokens(document, tokenizer)
        tokenizer.close()
    if html_path is not None and drawing is not None:
        try:
            html_path.write_text(draw(file.name, document, drawing), encoding="utf-8")
        except OSError as error:
            raise SummarizerError(f"{html_path} cannot be written: {error.strerror}: choose another --html") from None
    if as_json:
        write_json(_as_json(file, document, front))
        return
    _write(file, document, front, with_text=with_text)
    if html_path is not None:
        click.echo(html_path)


def _as_json(file: Path, document: Document, front: FrontMatter) -> dict[str, Any]:
    return {
        "file": str(file),
        "n_pages": document.n_pages,
        "n_chars": document.n_chars,
        "extractor": document.extractor,
        "extractor_version": document.extractor_version,
        "seconds": document.seconds,
        "tokenizer_sha256": document.tokenizer_sha256,
        "title": front.title,
        "authors": front.authors,
        "arxiv_id": front.arxiv_id,
        "version": front.version,
        "primary_category": front.primary_category,
        "sections": [
            {
                "seq": s.seq,
                "level": s.level,
                "kind": s.kind,
                "heading": s.heading,
                "page_first": s.page_first,
                "page_last": s.page_last,
                "n_chars": len(s.text),
                "n_tokens": s.n_tokens,
                "text": s.text,
            }
            for s in document.sections
        ],
    }


def _write(file: Path, document: Document, front: FrontMatter, *, with_text: bool) -> None:
    click.echo(
        f"{file}: {document.n_pages} pages, {document.n_chars:,} characters, read by {document.extractor} "
        f"({document.extractor_version}) in {document.seconds:.1f} s"
    )
    click.echo(f"title: {front.title or 'not found'}")
    click.echo(f"authors: {', '.join(front.authors) or 'not found'}")
    if front.arxiv_id:
        click.echo(f"arXiv: {front.arxiv_id}{f'v{front.version}' if front.version else ''} {front.primary_category}")
    write_table(
        ("#", "level", "kind", "pages", "characters", "tokens", "heading"),
        [
            (s.seq, s.level, s.kind, f"{s.page_first}-{s.page_last}", len(s.text), s.n_tokens,
             "  " * (s.level - 1) + s.heading)
            for s in document.sections
        ],
    )  # fmt: skip
    if with_text:
        for s in document.sections:
            click.echo(f"\n[{s.seq}] {s.heading or s.kind}\n\n{s.text}")
