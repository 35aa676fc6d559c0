"""A headless Chromium for tests of pages: what it asked for, what it complained about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Visit:
    """A page, with everything that went wrong in it."""

    def __init__(self, browser: Browser, root: Path, **options: Any) -> None:
        self.root = root
        self.complaints: list[str] = []
        self.outside: list[str] = []
        options.setdefault("viewport", {"width": 1280, "height": 900})
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"not loaded: {request.url}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.root.as_uri()}/{path}")
        return self.page

    def close(self) -> None:
        """Raises AssertionError when the page complained, or asked for anything that is not a file of the reader."""
        self.context.close()
        assert not self.complaints, self.complaints
        assert not self.outside, self.outside

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.root.as_uri() + "/", "data:")):
            self.outside.append(request.url)
