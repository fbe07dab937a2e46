"""Print the built cheat sheet to a PDF through Chromium, and link the PDF from the page.

``make cheatsheet``, after the book is built.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools import browser

HTML = Path("_build/html")
PAGE = Path("book/interview/cheatsheet.html")
PDF = Path("_static/cheatsheet.pdf")
WAITING = '<a hidden download data-href="../../_static/cheatsheet.pdf">'
LINK = '<a download href="../../_static/cheatsheet.pdf">'
TYPESET = "() => window.MathJax.startup.promise.then(() => document.fonts.ready).then(() => true)"


def print_page(page, pdf, running):
    """Print a built page as its style says, once its formulas are typeset."""
    tab = running.new_page()
    tab.goto(Path(page).resolve().as_uri())
    tab.evaluate(TYPESET)
    tab.pdf(path=pdf, prefer_css_page_size=True, tagged=True)
    tab.close()


def link(page):
    """Show the link to the PDF on the built page.

    Raises
    ------
    ValueError
        If the page has no link that waits to be shown, nor a shown one.
    """
    text = Path(page).read_text("utf-8")
    if WAITING not in text and LINK not in text:
        raise ValueError(f"{page} has no link to {PDF}; build the book first: make book")
    Path(page).write_text(text.replace(WAITING, LINK), "utf-8")


def main():
    """Print, link, and name the file; return the exit status."""
    if browser.find_chromium() is None:
        names = ", ".join(name for name in browser.CHROMIUM_NAMES if "/" not in name)
        print(f"make cheatsheet prints through Chromium: install one of {names}", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        print_page(HTML / PAGE, HTML / PDF, browser.launch(playwright))
    link(HTML / PAGE)
    print(f"The cheat sheet is in {HTML / PDF}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
