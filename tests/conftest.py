"""Programs that some tests need, and the browser in which the built pages are looked at."""

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright

from tests.browsing import serving
from tools.browser import find_chromium, launch

DEBIAN_PACKAGES = {
    "chromium": "chromium-headless-shell",
    "node": "nodejs",
    "a Chinese font": "fonts-wqy-microhei",
}
collect_ignore = ["frameworks"]  # they need `make test-frameworks`
LONGEST_FIRST = (
    "test_binder",
    "test_built_pages",
    "test_jupyterlab",
    "test_quizzes",
    "test_explorables",
    "test_interview_pages",
    ".ipynb",
)


def find_program(name):
    """Return where a program or font is, or None."""
    finders = {"chromium": find_chromium, "a Chinese font": find_chinese_font}
    return finders[name]() if name in finders else shutil.which(name)


def find_chinese_font():
    """Return what fontconfig lists; systems without it (macOS, Windows) bring such fonts."""
    if shutil.which("fc-list") is None:
        return sys.platform
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=True)
    return listed.stdout.strip() or None


def in_ci():
    """Tell whether a missing program is a failure."""
    return os.environ.get("CI", "") not in ("", "0", "false")


def pytest_collection_modifyitems(items):
    """Start with what takes longest, so that no worker is left alone with it at the end."""

    def rank(item):
        return next(
            (rank for rank, name in enumerate(LONGEST_FIRST) if name in item.path.name),
            len(LONGEST_FIRST),
        )

    items.sort(key=rank)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Leave out a test whose program is missing, or fail it in CI."""
    for mark in item.iter_markers("needs"):
        (name,) = mark.args
        if find_program(name) is None:
            reason = f"needs {name} (Debian package {DEBIAN_PACKAGES[name]})"
            (pytest.fail if in_ci() else pytest.skip)(reason)


def pytest_terminal_summary(terminalreporter):
    """Name the tests left out and the package that each needs."""
    left_out = [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: "))
        for report in terminalreporter.stats.get("skipped", [])
    ]
    if left_out:
        terminalreporter.section("left out")
        for nodeid, reason in left_out:
            terminalreporter.line(f"{nodeid} {reason}")


@pytest.fixture(scope="module")
def browser():
    """Yield headless Chromium without its own traffic, for tests marked ``needs("chromium")``."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def site():
    """Yield the address of a local server of the built book."""
    with serving() as address:
        yield address
