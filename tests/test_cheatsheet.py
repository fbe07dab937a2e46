"""The cheat sheet: one side of A4 with nothing cut off, a page that reads well, and its numbers."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from book._ext import cheatsheet as sheet
from initlab import diagnosis
from tests.book import HTML, ROOT
from tests.browsing import DESKTOP, PHONE, overflow
from tools import browser as browsers
from tools import cheatsheet, records

PAGE = HTML / cheatsheet.PAGE
A4 = (210, 297)  # millimeters
MARGIN = 8
PIXELS = 96 / 25.4  # per millimeter
POINT = 96 / 72
SMALLEST = 7.5 * POINT
PAPER = {
    side: int((mm - 2 * MARGIN) * PIXELS) for side, mm in zip(("width", "height"), A4, strict=True)
}
SCHEMES = [
    "zero",
    "constant",
    "normal",
    "LeCun",
    "Xavier",
    "He",
    "orthogonal",
    "truncated",
    "residual",
    "head",
]
# formulas are MathJax's own boxes; only their outside is looked at
ELEMENTS = """() => [...document.querySelectorAll("article *")]
    .filter((element) => element.checkVisibility())
    .filter((element) => !element.parentElement.closest("mjx-container"))
    .map((element) => {
        const box = element.getBoundingClientRect(), style = getComputedStyle(element);
        return {
            name: `${element.tagName} ${element.textContent.slice(0, 40)}`,
            left: box.left, top: box.top, right: box.right, bottom: box.bottom,
            column: element.closest("section").getBoundingClientRect().right,
            hidden: style.overflow === "visible" ? 0 : Math.max(
                element.scrollWidth - element.clientWidth,
                element.scrollHeight - element.clientHeight),
            size: parseFloat(style.fontSize),
            color: style.color,
        };
    })"""

chromium = pytest.mark.needs("chromium")


def soup():
    return BeautifulSoup(PAGE.read_text("utf-8"), "html.parser").find("article")


def compact(text):
    return re.sub(r"\s", "", text)


def printed_texts():
    """Return the texts that must be on paper, formulas aside."""
    article = soup()
    for part in article.select(".math, .headerlink, .only-screen"):
        part.replace_with("\n")
    return [line for text in article.stripped_strings for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def pdf(browser, tmp_path_factory):
    """Return the printed sheet."""
    path = tmp_path_factory.mktemp("print") / "sheet.pdf"
    cheatsheet.print_page(PAGE, path, browser)
    return PdfReader(path)


@pytest.fixture
def paper(browser):
    """Return a function that opens the sheet as it is printed and returns its tab."""
    contexts = []

    def opened(**options):
        contexts.append(browser.new_context(viewport=PAPER, **options))
        tab = contexts[-1].new_page()
        tab.emulate_media(media="print")
        tab.goto(PAGE.as_uri())
        tab.evaluate(cheatsheet.TYPESET)
        return tab

    yield opened
    for context in contexts:
        context.close()


# On paper


@chromium
def test_it_is_one_side_of_a4(pdf):
    (page,) = pdf.pages
    size = [float(length) / 72 * 25.4 for length in page.mediabox[2:]]
    assert size == pytest.approx(A4, abs=0.5)


@chromium
def test_all_of_its_text_is_on_paper(pdf):
    found = compact(pdf.pages[0].extract_text())
    texts = printed_texts()
    headings = [heading.get_text() for heading in soup().find_all(["h1", "h2"])]
    assert len(headings) >= 6
    assert len(texts) > 100
    assert [text for text in texts if compact(text) not in found] == []


@chromium
def test_formulas_are_typeset_on_paper(pdf):
    assert re.findall(r"\\|\$", pdf.pages[0].extract_text()) == []


@chromium
def test_nothing_else_is_on_paper(paper):
    tab = paper()
    assert compact(tab.inner_text("body")) == compact(tab.inner_text("article"))


@chromium
def test_nothing_is_cut_off(paper):
    elements = paper().evaluate(ELEMENTS)
    assert len(elements) > 200
    assert [
        element
        for element in elements
        if element["left"] < -1
        or element["top"] < -1
        or element["right"] > min(PAPER["width"], element["column"]) + 1
        or element["bottom"] > PAPER["height"] + 1
        or element["hidden"] > 1
    ] == []


@chromium
def test_it_is_legible_on_paper(paper):
    elements = paper().evaluate(ELEMENTS)
    assert {e["name"]: e["size"] for e in elements if e["size"] < SMALLEST} == {}


@chromium
def test_it_is_black_on_white_in_the_dark_theme_too(paper):
    tab = paper(color_scheme="dark")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert {element["color"] for element in tab.evaluate(ELEMENTS)} == {"rgb(0, 0, 0)"}
    grounds = tab.evaluate(
        "[document.documentElement, document.body].map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert set(grounds) <= {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


@chromium
def test_a_wider_font_fits_too(paper, tmp_path):
    tab = paper()
    before = tab.evaluate(ELEMENTS)
    tab.add_style_tag(content="article { letter-spacing: 0.06em }")
    tab.pdf(path=tmp_path / "wide.pdf", prefer_css_page_size=True)
    assert tab.evaluate(ELEMENTS) != before
    assert len(PdfReader(tmp_path / "wide.pdf").pages) == 1


# On a screen


@chromium
@pytest.mark.parametrize(("viewport", "columns"), [(DESKTOP, 2), (PHONE, 1)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_two_columns_where_there_is_room(browser, viewport, columns, scheme):
    with browser.new_context(viewport=viewport, color_scheme=scheme) as context:
        tab = context.new_page()
        tab.goto(PAGE.as_uri())
        tab.evaluate(cheatsheet.TYPESET)
        lefts = tab.eval_on_selector_all(
            "article section section",
            "all => all.map((s) => Math.round(s.getBoundingClientRect().left))",
        )
        assert len(set(lefts)) == columns
        assert overflow(tab) <= 0
        wider = tab.eval_on_selector_all(
            "article table",
            "all => all.map((table) => table.scrollWidth - table.parentElement.clientWidth)",
        )
        assert max(wider) <= 1


# The PDF and its link


def built(folder, text):
    """Make a built book that holds the page and, by links, all that it loads."""
    for path in (folder / cheatsheet.PAGE, folder / cheatsheet.PDF):
        path.parent.mkdir(parents=True)
    for file in (HTML / "_static").iterdir():
        if file.name != cheatsheet.PDF.name:
            (folder / "_static" / file.name).symlink_to(file)
    (folder / cheatsheet.PAGE).write_text(text, "utf-8")
    return folder


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Return a built book without the PDF, in place of the real one."""
    text = PAGE.read_text("utf-8").replace(cheatsheet.LINK, cheatsheet.WAITING)
    monkeypatch.chdir(tmp_path)
    return built(tmp_path / cheatsheet.HTML, text)


def pdf_links(page):
    """Return the links of a page to the PDF that a reader sees, and those that wait."""
    page = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    shown = page.select("a[href$='cheatsheet.pdf']")
    waiting = page.select("a[hidden][data-href$='cheatsheet.pdf']:not([href])")
    return len(shown), len(waiting)


def test_the_link_is_there_if_and_only_if_the_pdf_is():
    is_there = (HTML / cheatsheet.PDF).is_file()
    assert pdf_links(PAGE) == ((1, 0) if is_there else (0, 1))


@chromium
def test_the_command_prints_and_links(fresh):
    assert pdf_links(fresh / cheatsheet.PAGE) == (0, 1)
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-m", "tools.cheatsheet"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert "_build/html/_static/cheatsheet.pdf" in run.stdout
        assert pdf_links(fresh / cheatsheet.PAGE) == (1, 0)
        assert len(PdfReader(fresh / cheatsheet.PDF).pages) == 1


def test_without_chromium_the_command_says_what_to_install(fresh, monkeypatch, capsys):
    monkeypatch.setattr(browsers, "find_chromium", lambda: None)
    assert cheatsheet.main() == 1
    assert "install one of chromium" in capsys.readouterr().err
    assert pdf_links(fresh / cheatsheet.PAGE) == (0, 1)


@pytest.mark.parametrize(
    "spoil", [shutil.rmtree, lambda html: html.joinpath(cheatsheet.PAGE).unlink()]
)
def test_without_the_book_the_command_says_what_to_build(fresh, spoil, capsys):
    spoil(fresh)
    assert cheatsheet.main() == 1
    assert "make book" in capsys.readouterr().err


# What it says


def table(number):
    """Return the cells of one of the tables, formulas included."""
    rows = soup().find_all("table")[number].select("tbody tr")
    return [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in rows]


def test_gains_are_those_of_the_helper_package():
    shown = {label: numbers for label, *numbers in table(1)}
    assert shown == {label: numbers for label, *numbers in sheet.gain_rows()}
    assert list(shown) == list(sheet.SHOWN.values())
    assert [shown["ReLU"], shown["tanh"][0]] == [["1.414", "1.414", "1", "1"], "1.667"]
    for name in ("tanh", "gelu", "silu"):
        recorded = [
            records.resolve(f"04_he_initialization/{part}_{name}", ROOT / "notebooks")
            for part in ("gain", "chi", "slope")
        ]
        assert shown[sheet.SHOWN[name]][1:] == recorded


def test_schemes_are_all_there():
    names = " ".join(row[0] for row in table(0))
    assert [scheme for scheme in SCHEMES if scheme not in names] == []


def test_verdicts_are_those_of_diagnose_in_its_order():
    rows = table(2)
    bold = [strong.get_text() for strong in soup().find_all("table")[2].find_all("strong")]
    assert bold == list(diagnosis.ADVICE)
    assert [row[1].split(" :")[0] for row in rows[: len(bold)]] == bold


def test_limits_are_those_of_diagnose():
    symptoms = {row[1].split(" :")[0]: row[0] for row in table(2)}
    limits = {
        "dead": f"{10 * diagnosis.DEAD_SHARE:g} of 10",
        "exploding": f"times {diagnosis.TOTAL_CHANGE:g}",
        "vanishing": f"1/{diagnosis.TOTAL_CHANGE:g}",
        "saturated": f"{100 * diagnosis.SATURATED_SHARE:g} %",
        "collapsed": f"1/{1 / diagnosis.COLLAPSED_SPREAD:g}",
    }
    assert {name: limit in symptoms[name] for name, limit in limits.items()} == dict.fromkeys(
        limits, True
    )


def test_derivations_take_four_lines():
    assert [len(steps.find_all("li")) for steps in soup().find_all("ol")] == [4, 4]
