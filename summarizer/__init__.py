"""Offline summarizer of arXiv papers."""

__version__ = "0.1.0"
