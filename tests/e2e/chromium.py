"""The browser of the tests: Debian's or the system's Chromium, found on PATH, never downloaded."""

import os
import shutil

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, ViewportSize, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: ViewportSize = {"width": 390, "height": 844}

NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("MAILSLUICE_REQUIRE_BROWSER"), reason="no Chromium on PATH"
    ),
]
"""The marks of a module that needs it: skipped without one, failed where one is required."""


REFUSALS = "Failed to load resource"
"""How the console begins to tell of an answer that is an error (401, 404, 422)."""


def watch(context: BrowserContext, complaints: list[str], *, forgiven: str = "") -> None:
    """Collect what the console complains about, and errors of scripts; but not of what is forgiven."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (forgiven and forgiven in message.text):
            complaints.append(message.text)

    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(str(error.error)))


def leave(context: BrowserContext) -> None:
    """Close its pages when they have what they asked for: an answer cut off is complained about."""
    for page in context.pages:
        expect(page.locator(".htmx-request")).to_have_count(0)
    context.close()
