"""The ledger of folklore: its page, and the page in a browser."""

import re
from collections import Counter

import pytest

from book._ext import ledger
from tests.book import HTML, ROOT, parsed
from tests.browsing import PHONE, overflow, reading
from tests.test_built_pages import barriers
from tools import claims, entries, sections

PAGE = "book/folklore.html"
STATEMENTS = claims.read(ROOT)
VERDICTS = Counter(statement["verdict"] for statement in STATEMENTS.values())
VERDICT_NAMES = entries.read(entries.SCHEMAS / "statement.yml")["properties"]["verdict"]["enum"]
chromium = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def article():
    return parsed(PAGE).find("article")


@pytest.fixture(params=["http", "disk"])
def home(request, site):
    """Return the address of the book, on a server and on the disk."""
    return site if request.param == "http" else f"{HTML.as_uri()}/"


# One statement

SPECIMEN = {
    "id": "half-die",
    "topic": "04_he_initialization",
    "claim": "Half of the units die,\n\nat once.",
    "verdict": "imprecise",
    "right": "The cost is {value}`01_zero_initialization/flat_cost`, a vanishing gradient.",
    "section": "04_he_initialization#the-median-net-shrinks",
    "records": ["01_zero_initialization/flat_cost"],
    "keywords": ["半"],
    "covers": ["S0-19"],
}


def test_an_entry_holds_claim_verdict_right_sentence_and_links():
    text = ledger.markdown(SPECIMEN, "folklore", ROOT)
    quotation, verdict, links = re.split(r"\n\n(?=\[Imp|Shown)", text)
    assert quotation == "> Half of the units die,\n>\n> at once."
    assert verdict.startswith("[Imprecise]{.verdict .verdict-imprecise} The cost is 0.69")
    assert "](../notebooks/04_he_initialization.ipynb#the-median-net-shrinks)" in links
    assert links.endswith("[Permanent link ¶](#f-half-die){.entry-link}")
    assert not re.search(r"\{value\}|S0-19", text)


def test_an_entry_is_found_by_keywords_and_chinese_words():
    words = ledger.search_words(SPECIMEN, ROOT).split()
    assert words[0] == "半"
    assert "梯度消失" in words


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"right": "{value}`01_zero_initialization/flat_cozt`"}, "no record for '01_zero_ini"),
        ({"section": "04_he_initialization#nowhere"}, "no heading for '04_he_initialization#now"),
    ],
)
def test_an_entry_with_a_dangling_part_is_refused(spoiled, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        ledger.markdown({**SPECIMEN, **spoiled}, "folklore", ROOT)


def test_counts_name_every_verdict():
    text = ledger.count([SPECIMEN, SPECIMEN, {**SPECIMEN, "verdict": "wrong"}])
    assert text.startswith("3 statements: ")
    assert re.findall(r"\[(\w+)\]\S* \.verdict-(\w+)\} (\d)", text) == [
        (verdict.capitalize(), verdict, {"imprecise": "2", "wrong": "1"}.get(verdict, "0"))
        for verdict in VERDICT_NAMES
    ]


# The page


def test_every_statement_is_an_entry_under_its_topic(article):
    found = {tag["id"]: tag for tag in article.select(".filterable .entry")}
    assert list(found) == [f"f-{key}" for key in STATEMENTS]
    for key, statement in STATEMENTS.items():
        entry = found[f"f-{key}"]
        names = ("topic", "verdict")
        assert [entry[f"data-{name}"] for name in names] == [statement[name] for name in names]
        assert entry.parent.find("h2").a["href"].endswith(f"{statement['topic']}.html")
        assert entry.blockquote.get_text(strip=True)
        badge = entry.select_one(f".verdict.verdict-{statement['verdict']}")
        assert badge.get_text() == statement["verdict"].capitalize()
        *links, permanent = [(link.get_text(), link["href"]) for link in entry("a", href=True)]
        title = sections.title(statement["section"], ROOT).replace("'", "’")
        page = statement["section"].partition("#")[0]
        shown_in = [address for words, address in links if words == title]
        assert shown_in[-1].startswith(f"../notebooks/{page}.html#")
        assert permanent == ("Permanent link ¶", f"#f-{key}")


def test_counts_are_those_of_the_file(article):
    words = " ".join(article.select_one(".verdict-counts").get_text(" ").split())
    assert words.startswith(f"{len(STATEMENTS)} statements: ")
    found = {name.lower(): int(number) for name, number in re.findall(r"(\w+) (\d+)", words)}
    assert found == {verdict: VERDICTS[verdict] for verdict in VERDICT_NAMES}


def test_every_verdict_is_explained(article):
    explained = [term.get_text(strip=True).lower() for term in article.select("dl.simple > dt")]
    assert explained == VERDICT_NAMES


def test_ids_of_sources_are_not_shown(article):
    assert not re.search(r"\b(S\d|M)-\d\d\b", str(article))


# In a browser


def shown(page):
    """Return the ids of the entries that can be seen."""
    seen = "entries => entries.filter(e => e.checkVisibility()).map(e => e.id.slice(2))"
    return page.locator(".entry").evaluate_all(seen)


def with_fields(**fields):
    return [
        key
        for key, statement in STATEMENTS.items()
        if all(statement[name] == value for name, value in fields.items())
    ]


@chromium
@pytest.mark.parametrize("verdict", VERDICT_NAMES)
def test_filter_by_verdict_and_topic(browser, home, verdict):
    with reading(browser, home, PAGE) as page:
        assert shown(page) == list(STATEMENTS)
        page.get_by_label("Verdict").select_option(verdict)
        wanted = with_fields(verdict=verdict)
        assert shown(page) == wanted
        status = page.locator(".filter-status[role=status]")
        assert status.inner_text() == f"{len(wanted)} of {len(STATEMENTS)} match."
        topic = STATEMENTS[wanted[0]]["topic"]
        page.get_by_label("Topic").select_option(topic)
        assert shown(page) == with_fields(verdict=verdict, topic=topic)
        assert page.locator(".filterable h2:visible").count() == 1
        page.get_by_role("button", name="Reset").click()
        assert shown(page) == list(STATEMENTS)


@chromium
@pytest.mark.parametrize("word", ["梯度消失", "权重衰减", "dropout", "HALF"])
def test_search(browser, home, word):
    with reading(browser, home, PAGE) as page:
        page.get_by_role("searchbox", name="Search").fill(word)
        text = "e => [e.id.slice(2), (e.textContent + e.dataset.words).toLowerCase()]"
        texts = dict(page.locator(".entry").evaluate_all(f"entries => entries.map({text})"))
        wanted = [key for key, words in texts.items() if word.lower() in words]
        assert 0 < len(wanted) < len(STATEMENTS)
        assert shown(page) == wanted


@chromium
def test_keyboard(browser, home):
    with reading(browser, home, PAGE) as page:
        page.get_by_role("searchbox", name="Search").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("outdated")
        focused = "list => list === document.activeElement && list.value"
        assert page.get_by_label("Verdict").evaluate(focused) == "outdated"
        assert shown(page) == with_fields(verdict="outdated")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert shown(page) == list(STATEMENTS)


@chromium
def test_a_permanent_link_shows_its_entry(browser, home):
    last = list(STATEMENTS)[-1]
    with reading(browser, home, f"{PAGE}#f-{last}") as page:
        entry = page.locator(f"#f-{last}")
        place = f"document.getElementById('f-{last}').getBoundingClientRect().top"
        page.wait_for_function(f"0 <= {place} && {place} < innerHeight")
        other = next(v for v in VERDICT_NAMES if v != STATEMENTS[last]["verdict"])
        page.get_by_label("Verdict").select_option(other)
        assert last not in shown(page)
        page.evaluate("location.hash = ''")
        page.evaluate(f"location.hash = 'f-{last}'")
        entry.wait_for(state="visible")


@chromium
def test_a_dark_phone(browser, home):
    options = {"viewport": PHONE, "color_scheme": "dark", "has_touch": True}
    with reading(browser, home, PAGE, **options) as page:
        assert overflow(page) <= 0
        page.get_by_label("Verdict").select_option("wrong")
        assert overflow(page) <= 0
        assert barriers(page) == []


@chromium
def test_verdicts_differ_without_color(browser, site):
    with reading(browser, site, PAGE) as page:
        signs = {
            page.locator(f".entry .verdict-{verdict}").first.evaluate(
                "badge => getComputedStyle(badge, '::before').content"
            )
            for verdict in VERDICT_NAMES
        }
        assert len(signs) == len(VERDICT_NAMES)


@chromium
def test_everything_is_shown_without_scripts(browser, site):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + PAGE)
        assert page.locator(".entry:visible").count() == len(STATEMENTS)
        assert page.locator(".filter-form").count() == 0
