"""Find the system's Chromium, or Playwright's own copy, and start it without its own traffic."""

import shutil
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@cache
def find_chromium():
    """Return the path of Chromium, or None; it has many names."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        found = own if Path(own).exists() else None
    return found


def launch(playwright):
    """Return a running headless Chromium."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=QUIET_CHROMIUM)
