"""The offline reader: a folder of pages that opens without a server. Records in, bytes out."""

from summarizer.publish.reader.export import day_json
from summarizer.publish.reader.folder import ReaderFolder
from summarizer.publish.reader.site import ReaderSite

__all__ = ["ReaderFolder", "ReaderSite", "day_json"]
