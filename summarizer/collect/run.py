"""The pieces of a run put together as the configuration says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from summarizer.bundle import DEFAULT_LIMITS, Limits, Signer
from summarizer.collect.calendar import Calendar, Day
from summarizer.collect.collection import Collector, Progress
from summarizer.collect.daily_listing import ArxivDailyListing, DailyListing, FileDailyListing
from summarizer.collect.ledger import Ledger
from summarizer.collect.listing import ArxivListing
from summarizer.collect.pdfs import PdfFolder, pdf_url
from summarizer.collect.selection import Selection
from summarizer.collect.transport import Clock, Transport
from summarizer.config import CollectConfig


def collector(
    settings: CollectConfig,
    calendar: Calendar,
    ledger: Ledger,
    out_dir: Path,
    downloads: Path,
    progress: Progress,
    *,
    days: Sequence[Day] = (),
    metadata_paths: Sequence[Path] = (),
    clock: Clock | None = None,
    sign: Sequence[Signer] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Collector:
    """A collector for these settings; ``metadata_paths`` take the API's place for ``days``. Raises ConfigError."""
    for template in settings.pdf_urls:
        pdf_url(template, "2602.11145", 1)
    transport = Transport(
        contact=settings.contact, delay_seconds=settings.delay_seconds, retries=settings.retries, clock=clock
    )
    selection = Selection(
        settings.categories, settings.cross_lists, settings.replacements, settings.include, settings.exclude
    )
    api = ArxivListing(transport, settings.api_url, progress.message)
    listing: DailyListing
    if metadata_paths:
        listing = FileDailyListing(metadata_paths, days, selection, calendar, api, progress.message)
    else:
        listing = ArxivDailyListing(
            selection,
            calendar,
            ledger,
            api,
            transport,
            feed_url=settings.feed_url,
            lookback_days=settings.lookback_days,
            report=progress.message,
        )
    pdfs = PdfFolder(downloads, transport, settings.pdf_urls, settings.max_pdf_bytes)
    return Collector(settings, calendar, ledger, listing, pdfs, out_dir, progress, clock, sign=sign, limits=limits)
