"""A browser for the tests of the pages: Chromium, and a note of all that it asks for and complains of."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.e2e.conftest import start
from tests.forking import DEVNULL, Forked

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "a few easy words"
SCREENSHOTS = os.environ.get("VIEWRA_SCREENSHOTS")
"""The folder where screenshots are kept, to be looked at; without one none is taken: they take a third of the time."""
PATIENCE_MS = 20_000


def _missing() -> str:
    """Why there is no browser; "" if there is one."""
    try:
        import axe_playwright_python  # noqa: F401
        import playwright  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed: pip install --editable '.[dev]'"
    return "" if chromium() else "there is no chromium on the PATH"


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


MISSING = _missing()
if MISSING and os.environ.get("VIEWRA_REQUIRE_CHROMIUM"):
    raise RuntimeError(f"VIEWRA_REQUIRE_CHROMIUM is set, and {MISSING}")
needs_chromium = pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is a browser")


@attrs.define
class Look:
    """One way of looking at pages, and what the browser asked for and complained of meanwhile."""

    context: BrowserContext
    page: Page
    base: str
    asked: list[str] = attrs.field(factory=list)
    complaints: list[str] = attrs.field(factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def press(self, name: str) -> None:
        """Press the one button with this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def shot(self, name: str, *, whole: bool = True) -> None:
        """Keep a screenshot of the whole page, or of what is in the window, if screenshots are wanted."""
        if SCREENSHOTS:
            self.page.screenshot(path=Path(SCREENSHOTS, f"{name}.png"), full_page=whole)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width


@contextmanager
def looking(browser: Browser, base: str, **how: Any) -> Iterator[Look]:
    """A window of its own: size, colours and session."""
    context = browser.new_context(**how)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    look = Look(context, page, base)
    context.on("request", lambda request: look.asked.append(request.url))
    page.on("pageerror", lambda error: look.complaints.append(str(error)))
    page.on("console", lambda said: look.complaints.append(said.text) if said.type in ("error", "warning") else None)
    try:
        yield look
    finally:
        context.close()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium, which asks for nothing by itself."""
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*quiet, *sandbox])
        try:
            yield browser
        finally:
            browser.close()


@attrs.frozen
class Serving:
    """A ``viewra serve`` that runs: its address, and the link that sets the password."""

    process: Forked
    base: str
    link: str


@contextmanager
def serving(data_dir: Path, *arguments: str | Path) -> Iterator[Serving]:
    """Run ``viewra serve`` at a free port."""
    with start(data_dir, *arguments, "serve", "--port", "0", "--json", stderr=DEVNULL) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        base = said["url"].removesuffix("/admin/")
        try:
            yield Serving(process, base, said["setup_url"].removeprefix(base))
        finally:
            process.terminate()
            process.wait(60)
