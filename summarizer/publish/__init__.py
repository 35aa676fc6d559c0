"""Records to bytes: the daily post. No database, no clock, no network: the same records give the same bytes."""

from summarizer.publish.files import write_if_changed
from summarizer.publish.jekyll import post_path, render_post

__all__ = ["post_path", "render_post", "write_if_changed"]
