"""The built HTML: pages, links, anchors, pictures, mathematics, and what a browser asks for."""

import gzip
import re
from dataclasses import dataclass
from functools import cache, partial
from threading import Event
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fontTools.ttLib import TTFont

from tests.book import HTML, REPOSITORY, binder_address, erratum_address, parsed, toc_documents
from tests.browsing import (
    DESKTOP,
    PHONE,
    QuietHandler,
    draw_formulas,
    overflow,
    serving,
    stand_still,
    stop_fading,
    watch,
)

DOCUMENTS = toc_documents()
CHAPTERS = [name for name in DOCUMENTS if name.startswith("notebooks/")]
PAGES = [f"{name}.html" for name in [*DOCUMENTS, "search", "genindex"]]
MAX_FIRST_LOAD = 700_000
HEADER = 80  # pixels
HALF = 180_000  # bytes of a chapter
ALREADY_COMPRESSED = {".png", ".woff", ".woff2", ".jpg"}
# axe needs a minute for a page with thousands of spans and pieces of text: one code token of each
# color is enough for it, what formulas hold is MathJax's, and a formula in the colors of the text
# around it is judged with that text
SIMPLIFY = """() => {
    const seen = new Set();
    for (const token of document.querySelectorAll("pre span")) {
        if (seen.has(token.className)) token.replaceWith(token.textContent);
        seen.add(token.className);
    }
    for (const formula of document.querySelectorAll("mjx-container")) formula.replaceWith("x");
    document.body.normalize();
}"""
COLORED_AS_AROUND = """(theme) => {
    document.documentElement.dataset.theme = theme;
    return [...document.querySelectorAll("span.math")].map((formula) => {
        const { color, backgroundColor, opacity } = getComputedStyle(formula);
        const same = color === getComputedStyle(formula.parentElement).color;
        return same && backgroundColor === "rgba(0, 0, 0, 0)" && opacity === "1";
    });
}"""
JOIN = """(joined) => {
    const formulas = [...document.querySelectorAll("span.math")];
    for (const [k, formula] of formulas.entries()) if (joined[k]) formula.replaceWith("x");
    document.body.normalize();
}"""
ICONS = """() => {
    const shown = new Set();
    for (const tag of document.body.querySelectorAll(":not(pre *)"))
        for (const part of ["::before", "::after"]) {
            const { content, fontFamily: font, fontWeight } = getComputedStyle(tag, part);
            if (font.includes("Font Awesome")) shown.add(`${font} ${fontWeight} ${content}`);
        }
    return [...shown];
}"""
DISTORTED = """() => {
    const figures = [...document.querySelectorAll("article img")];
    const size = (img, side) => img[`natural${side}`] || img.getAttribute(side.toLowerCase());
    const stretch = (img) => (img.width * size(img, "Height")) / (img.height * size(img, "Width"));
    const shown = figures.filter((img) => img.checkVisibility());
    return shown.filter((img) => Math.abs(stretch(img) - 1) > 0.02).map((img) => img.alt);
}"""
DRAWN = """() => {
    const all = [...document.querySelectorAll("article .math")];
    const formulas = all.filter((formula) => formula.checkVisibility());
    const inView = formulas.filter((formula) => {
        const { top, bottom } = formula.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    });
    const drawn = (some) => some.filter((formula) => formula.querySelector("mjx-container"));
    const done = document.readyState === "complete" && drawn(inView).length === inView.length;
    return done && [drawn(formulas).length / formulas.length];
}"""
GLYPH = re.compile("[\ue000-\uf8ff]")
RESOURCE_ATTRIBUTES = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}

each_page = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


@cache
def anchors(page):
    """Return every id and name to which a link into the page may point."""
    tags = parsed(page).find_all(True)
    return {value for tag in tags for value in (tag.get("id"), tag.get("name")) if value} | {""}


def is_elsewhere(address):
    """Tell whether an address leaves the book."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def resources(page):
    """Return the addresses that the page's tags load; navigation links load nothing."""
    return [
        tag[attribute]
        for name, attribute in RESOURCE_ATTRIBUTES.items()
        for tag in parsed(page).find_all(name)
        if tag.get(attribute)
        and not {"canonical", "next", "prev", "index", "search"} & set(tag.get("rel", ()))
    ]


def broken_target(page, address):
    """Return the reason why an address inside the book leads nowhere, or None."""
    path, fragment = urldefrag(address)
    target = unquote(urlsplit(urljoin(f"/{page}", path)).path).lstrip("/") if path else page
    file = HTML / (target or "index.html")
    if not file.is_file():
        return f"{address}: no such file"
    if file.suffix == ".html" and unquote(fragment) not in anchors(target):
        return f"{address}: no such anchor"
    return None


def test_every_page_of_the_contents_exists():
    assert DOCUMENTS
    assert [name for name in DOCUMENTS if not (HTML / f"{name}.html").is_file()] == []


def test_every_notebook_is_in_the_contents():
    sources = {f"notebooks/{path.stem}" for path in (HTML.parents[1] / "notebooks").glob("*.ipynb")}
    assert sources == set(CHAPTERS)


@each_page
def test_links_and_anchors_lead_somewhere(page):
    links = [tag["href"] for tag in parsed(page).find_all("a", href=True)]
    inside = [address for address in links + resources(page) if not is_elsewhere(address)]
    assert [reason for address in inside if (reason := broken_target(page, address))] == []


@each_page
def test_tags_load_nothing_from_another_host(page):
    assert [address for address in resources(page) if is_elsewhere(address)] == []


def test_style_sheets_load_nothing_from_another_host():
    imported = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")
    found = {
        sheet.name: imported.findall(sheet.read_text("utf-8")) for sheet in HTML.rglob("*.css")
    }
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


@each_page
def test_pictures_have_alt_texts(page):
    pictures = parsed(page).find_all("img")
    assert [picture["src"] for picture in pictures if not picture.get("alt", "").strip()] == []


@each_page
def test_no_markup_is_left_raw(page):
    main = parsed(page).find("main")
    code = {id(text) for tag in main(["pre", "code", "script", "style"]) for text in tag.strings}
    prose = "".join(text for text in main.strings if id(text) not in code)
    assert re.findall(r"```|:::|\{[a-z:]+\}`|\$|\[\]\(", prose) == []


def test_titles_tell_pages_apart():
    titles = [parsed(page).title.get_text() for page in PAGES]
    assert sorted(titles) == sorted(set(titles))


@each_page
def test_page_names_its_language(page):
    assert parsed(page).html["lang"] == "en"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_describes_itself(document):
    (description,) = parsed(f"{document}.html").select("meta[name=description]")
    assert 40 <= len(description["content"]) <= 170


@each_chapter
def test_binder_button_opens_the_chapter(chapter):
    links = [tag["href"] for tag in parsed(f"{chapter}.html").find_all("a", href=True)]
    binder = {link for link in links if "mybinder.org" in link}
    assert {unquote(link) for link in binder} == {binder_address(f"{chapter}.ipynb")}


@each_chapter
def test_erratum_link(chapter):
    links = [tag["href"] for tag in parsed(f"{chapter}.html").find("article")("a", href=True)]
    errata = {link for link in links if "/issues/new" in link}
    assert errata == {erratum_address(chapter.removeprefix("notebooks/"))}


@each_page
def test_repository_links_name_the_repository(page):
    hrefs = [tag["href"] for tag in parsed(page).find_all("a", href=True)]
    own = [link for link in hrefs if re.search(r"github\.com/.*/(issues|edit|blob)/", link)]
    named = [link for link in hrefs if "OWNER" in link and "github.com" in link]
    outside = [link for link in own + named if not link.startswith(REPOSITORY)]
    assert outside == []


# What follows looks at every page in a browser that can reach nothing but the book.


@dataclass
class Visit:
    """What Chromium asked for, complained of and showed on the first load of one page."""

    requested: list
    complaints: list
    icons: list
    drawn: list
    formulas: int
    unrendered: int
    math_errors: int
    overflow: int
    distorted: list
    barriers: list


def barriers(page):
    """Return what axe finds serious or critical; the page's code and formulas are cut down.

    The dark theme differs in its colors only, so there only contrast is looked at.
    """
    page.evaluate(SIMPLIFY)
    stop_fading(page)
    page.set_viewport_size(DESKTOP)
    in_light, in_dark = (page.evaluate(COLORED_AS_AROUND, theme) for theme in ("light", "dark"))
    page.evaluate(JOIN, [light and dark for light, dark in zip(in_light, in_dark, strict=True)])
    found = serious(page, {"runOnly": ["color-contrast"]})
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    return found + serious(page, {})


def serious(page, options):
    options |= {"preload": False, "resultTypes": ["violations"]}
    return [
        f"{rule['id']}: {rule['nodes'][0]['html']}"
        for rule in Axe().run(page, options=options).response["violations"]
        if rule["impact"] in ("serious", "critical")
    ]


def drawn_share(page):
    """Wait until the formulas in view are drawn; return the share of all that are."""
    (share,) = page.wait_for_function(DRAWN, polling=100).json_value()
    return share


def drawn_on_the_way(page):
    """Return the share of formulas drawn at first, then at the last one, then for a printer."""
    formulas = page.locator("article .math").filter(visible=True)
    if not page.evaluate("'MathJax' in window") or formulas.count() == 0:
        return []
    shares = [drawn_share(page)]
    formulas.last.scroll_into_view_if_needed()
    shares.append(drawn_share(page))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    return shares + page.evaluate(DRAWN)


def visit(browser, home, address, judge=barriers):
    """Open one page on an empty cache and look at it, wide and on a phone."""
    with browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        requested, complaints = [], []
        watch(page, home, requested, complaints)
        page.goto(home + address, wait_until="networkidle")
        icons = page.evaluate(ICONS)
        drawn = drawn_on_the_way(page)
        draw_formulas(page)
        count = partial(page.evaluate, "selector => document.querySelectorAll(selector).length")
        seen = {
            "formulas": count("article .math"),
            "unrendered": count("article .math:not(:has(mjx-container))"),
            "math_errors": count("mjx-merror, merror, [data-mjx-error]"),
        }
        wide = page.evaluate(DISTORTED)
        page.set_viewport_size(PHONE)
        seen |= {"overflow": overflow(page), "distorted": wide + page.evaluate(DISTORTED)}
        return Visit(requested, complaints, icons, drawn, barriers=judge(page), **seen)


@pytest.fixture(scope="module")
def visits(browser, site):
    """Return a function that visits a page once and remembers what was seen."""
    return cache(partial(visit, browser, site))


@pytest.mark.needs("chromium")
@each_page
def test_page_loads_from_the_book_alone_and_without_complaint(visits, page):
    assert visits(page).complaints == []


@cache
def glyphs(font):
    """Return the characters that one of the icon fonts can show."""
    (file,) = (HTML / "_static" / "vendor").rglob(f"fa-{font}.woff2")
    return {chr(code) for code in TTFont(file).getBestCmap()}


def icon_font(style):
    """Return the file that has the icons of a computed style."""
    if "Brands" in style:
        return "brands-400"
    return "solid-900" if " 900 " in style else "regular-400"


@pytest.mark.needs("chromium")
@each_page
def test_icons_are_no_empty_boxes(visits, page):
    shown = [(icon_font(icon), one) for icon in visits(page).icons for one in GLYPH.findall(icon)]
    assert shown
    assert [(font, ascii(one)) for font, one in shown if one not in glyphs(font)] == []


@pytest.mark.needs("chromium")
@each_page
def test_formulas_are_drawn(visits, page):
    seen = visits(page)
    assert (seen.unrendered, seen.math_errors) == (0, 0)
    written = parsed(page).select("article .math")
    assert seen.formulas == len([tag for tag in written if not tag.find_parent("template")])


@pytest.mark.needs("chromium")
@each_chapter
def test_formulas_are_drawn_as_the_reader_comes_near(visits, chapter):
    at_first, at_the_end, printed = visits(f"{chapter}.html").drawn
    assert at_first < 0.5
    assert at_first < at_the_end < 1
    assert printed == 1


@pytest.mark.needs("chromium")
def test_first_formulas_are_drawn_while_the_page_is_still_on_its_way(browser):
    released = Event()

    class HaltingHandler(QuietHandler):
        """Send half of a page, the rest when it is released."""

        def copyfile(self, source, outputfile):
            if source.name.endswith(".html"):
                outputfile.write(source.read(HALF))
                outputfile.flush()
                released.wait(60)
            super().copyfile(source, outputfile)

    with serving(HaltingHandler) as home, browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto(f"{home}{CHAPTERS[2]}.html", wait_until="commit")
        page.locator("article mjx-container").first.wait_for()
        assert page.evaluate("document.readyState") == "loading"
        released.set()
        drawn_share(page)
        draw_formulas(page)
        assert page.evaluate(DRAWN) == [1]


def come_to_rest(page):
    """Wait until the formulas near the window are drawn and move nothing any more."""
    drawn_share(page)
    stand_still(page)


PLACE = "section => section.getBoundingClientRect().top"


@pytest.mark.needs("chromium")
@each_chapter
def test_links_into_a_chapter_lead_to_the_place(browser, site, chapter):
    deep, deeper = [
        tag["id"] for tag in parsed(f"{chapter}.html").select("section:has(> h2)")[-5:-3]
    ]
    with browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto(f"{site}{chapter}.html#{deep}")
        come_to_rest(page)
        assert 0 <= page.locator(f"#{deep}").evaluate(PLACE) <= HEADER
        page.locator(f".bd-sidebar-secondary a[href='#{deeper}']").click()
        come_to_rest(page)
        assert 0 <= page.locator(f"#{deeper}").evaluate(PLACE) <= HEADER


@pytest.mark.needs("chromium")
@each_page
def test_first_load_is_light(visits, page):
    sizes = {}
    for address in set(visits(page).requested):
        file = HTML / unquote(urlsplit(address).path).lstrip("/")
        if not address.startswith(("data:", "blob:")):
            content = file.read_bytes()
            packed = file.suffix in ALREADY_COMPRESSED
            sizes[address] = len(content if packed else gzip.compress(content))
    assert sizes
    assert sum(sizes.values()) <= MAX_FIRST_LOAD, sizes


@pytest.mark.needs("chromium")
@each_page
def test_page_fits_a_phone(visits, page):
    assert visits(page).overflow <= 0


@pytest.mark.needs("chromium")
@each_page
def test_figures_keep_their_shape(visits, page):
    assert visits(page).distorted == []


@pytest.mark.needs("chromium")
@each_page
def test_page_has_no_serious_barrier(visits, page):
    assert visits(page).barriers == []


@pytest.mark.needs("chromium")
def test_pages_work_from_the_disk(browser):
    seen = visit(browser, f"{HTML.as_uri()}/", f"{CHAPTERS[0]}.html", judge=lambda page: [])
    assert (seen.complaints, seen.unrendered) == ([], 0)
    assert seen.formulas > 0


@pytest.mark.needs("chromium")
def test_the_browser_notices_what_a_page_must_not_do(browser, tmp_path):
    bad = """<img src="https://example.com/pixel.png"><script>throw new Error("broken")</script>
        <img src="missing.png"><article><img alt="flat" width="400" height="20" style="height:90px">
        <p class="math" style="width:900px">x</p>
        <p>a <span class="math">x</span> <span class="math" style="color:#ddd">pale</span></p>
        </article>"""
    (tmp_path / "bad.html").write_text(f"<!doctype html>{bad}", "utf-8")
    seen = visit(browser, f"{tmp_path.as_uri()}/", "bad.html")
    complaints = " ".join(seen.complaints)
    assert "asked for https://example.com/pixel.png" in complaints
    assert "error: broken" in complaints
    assert "ERR_FILE_NOT_FOUND" in complaints
    assert (seen.formulas, seen.unrendered) == (3, 3)
    assert seen.overflow > 0
    assert seen.distorted == 2 * ["flat"]
    found = " ".join(seen.barriers)
    assert "image-alt" in found
    assert re.search(r'color-contrast: <span class="math" [^>]*>pale', found)


@pytest.mark.needs("chromium")
def test_search_finds_a_chapter(browser, site):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{site}search.html?q=initialization")
        result = page.locator("#search-results li a").first
        result.wait_for()
        assert result.get_attribute("href").split("?")[0].split("#")[0].endswith(".html")
