"""PDF files: bytes to ordered sections and front matter. The only importer of pymupdf, which runs in a child process."""

from summarizer.pdf.process import read_both, read_document, read_front_matter

__all__ = ["read_both", "read_document", "read_front_matter"]
