"""Records to bytes, and back: the daily post. No database, no clock, no network: the same records give the same bytes."""

from summarizer.publish.archive import read_post
from summarizer.publish.files import write_if_changed
from summarizer.publish.jekyll import post_path, render_post

__all__ = ["post_path", "read_post", "render_post", "write_if_changed"]
