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
TYPESET = """async () => {
    await MathJax.startup.promise;
    await MathJax.typesetPromise();
    await document.fonts.ready;
}"""


def print_page(page, pdf, running):
    """Print a built page as its style says, once its formulas are typeset."""
    tab = running.new_page()
    tab.goto(Path(page).resolve().as_uri())
    tab.evaluate(TYPESET)
    tab.pdf(path=pdf, prefer_css_page_size=True, tagged=True)
    tab.close()


def link(page):
    """Show the link to the PDF on the built page."""
    text = Path(page).read_text("utf-8")
    Path(page).write_text(text.replace(WAITING, LINK), "utf-8")


def obstacle():
    """Return why the sheet cannot be printed, with the remedy, or None."""
    if browser.find_chromium() is None:
        names = ", ".join(name for name in browser.CHROMIUM_NAMES if "/" not in name)
        return f"The cheat sheet is printed through Chromium; install one of {names}."
    if not (HTML / PAGE).is_file():
        return f"There is no {HTML / PAGE}; build the book first: make book"
    return None


def main():
    """Print, link, and name the file; return the exit status."""
    reason = obstacle()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        print_page(HTML / PAGE, HTML / PDF, browser.launch(playwright))
    link(HTML / PAGE)
    print(f"The cheat sheet is in {HTML / PDF}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
