"""The cards and the mock interview: rendering, bad data, and both pages in a browser."""

import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest
import yaml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tests.book import HTML, ROOT, parsed, toc_documents
from tests.browsing import DESKTOP, PHONE, overflow, stop_fading, watch
from tests.conftest import find_program
from tests.test_built_pages import SIMPLIFY, serious
from tools import cards, claims, questions, sections

BANK = questions.read(ROOT)
PLACES = ("http", "disk")
CARDS, MOCK = "book/interview/cards.html", "book/interview/mock.html"
KEY = "mock-interview"
CHINESE = ("梯度消失", "权重初始化", "归一化")
FORBIDDEN = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("forbidden", "SecurityError"); },
});"""
chromium = pytest.mark.needs("chromium")


# Markdown of a card

DEEP = {
    "id": "zero-deep",
    "topic": "01_zero_initialization",
    "level": "deep",
    "question": "Why\nnot $0$?",
    "short": "It costs {value}`01_zero_initialization/constant_start_loss`.",
    "long": "See [there](01_zero_initialization#a-net-of-zeros-moves-one-parameter).",
    "section": "01_zero_initialization#a-net-of-zeros-moves-one-parameter",
    "records": ["01_zero_initialization/constant_start_loss"],
    "follow_ups": [{"question": "And\nbiases?", "answer": "They may."}],
    "whiteboard": ["A swap.\n\nTwo lines."],
    "wrong_answers": [{"answer": "It is fast.", "why": "It is not."}],
    "rubric": {1: "One.", 2: "Two.", 3: "Three."},
    "keywords": ["零"],
}
SCREEN = {key: DEEP[key] for key in ("id", "topic", "question", "short", "section", "records")}
SCREEN |= {"level": "screen"}
COST = "notebooks/01_zero_initialization"


def test_a_deep_card_holds_all_parts_in_order():
    text = cards.card(DEEP, "cards", ROOT)
    parts = [
        ":::::{dropdown} Why not $0$? [deep]{.level}",
        "**In 30 seconds.** It costs 0.",
        "**In two minutes.** See [there](../../notebooks/01_zero_initialization.ipynb#a-net",
        "**Follow-up: And biases?** They may.",
        "**On the whiteboard**",
        "- A swap.\n\n  Two lines.",
        "- *Said:* It is fast.\n\n  *But:* It is not.",
        "- **1 point:** One.\n- **2 points:** Two.\n- **3 points:** Three.",
        "Shown in [A net of zeros moves one parameter](../../notebooks/01_zero_",
        "Recorded in [Zero initialization](../../notebooks/01_zero_initialization.ipynb): `con",
        "[Permanent link ¶](#q-zero-deep)",
    ]
    assert [text.find(part) for part in parts] == sorted(text.find(part) for part in parts)
    assert all(part in text for part in parts)
    assert "{value}" not in text


def test_a_screen_card_holds_its_short_answer_only():
    text = cards.card(SCREEN, "cards", ROOT)
    assert "In 30 seconds" in text
    assert not re.search("two minutes|Follow-up|whiteboard|Said|Rubric", text)


def test_evidence_is_grouped_by_notebook():
    chosen = []
    for stem in ("01_zero_initialization", "02_random_initialization"):
        names = list(cards.records.recorded(ROOT / "notebooks" / f"{stem}.ipynb"))[:2]
        chosen += [f"{stem}/{name}" for name in names]
    _, *lines = cards.evidence({**DEEP, "records": chosen}, "cards", ROOT).splitlines()
    assert [line.count(" = ") for line in lines] == [2, 2]


def test_topics_keep_their_order_and_levels_rise():
    order = [question["topic"] for question in BANK.values()]
    seen = list(cards.by_topic(BANK.values()))
    assert [topic for topic, _ in seen] == list(dict.fromkeys(order))
    for _, own in seen:
        levels = [cards.LEVELS.index(question["level"]) for question in own]
        assert levels == sorted(levels)
    assert sum(len(own) for _, own in seen) == len(BANK)


def test_search_words_are_the_keywords_and_the_chinese_of_all_terms():
    words = cards.search_words({**DEEP, "long": "The vanishing gradient."}, ROOT).split()
    assert words[0] == "零"
    assert "梯度消失" in words


# Bad data end the build


@pytest.fixture
def root(tmp_path):
    """Return the root of a copy of the book with few questions and statements."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("assets"))
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    write(tmp_path / questions.FILE, list(BANK.values())[:2])
    statements = list(claims.read(ROOT).values())[:2]
    write(tmp_path / claims.FILE, {"statements": statements, "covered_by": {}})
    return tmp_path


def write(file, data):
    file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8")


def spoil(file, change):
    """Change the data of a YAML file."""
    data = yaml.safe_load(file.read_text("utf-8"))
    change(data)
    write(file, data)


def start(root):
    """Begin to build a book with nothing but the extension under test."""
    extensions = ["book._ext.filterable", "book._ext.interview"]
    options = {"extensions": extensions, "root_doc": "book/index"}
    folders = [root, None, root / "_build/html", root / "_build/trees"]
    return Sphinx(*folders, "html", confoverrides=options, status=None)


def test_a_build_begins_with_sound_data(root):
    assert start(root).builder.name == "html"


BAD = {
    "level": (
        questions.FILE,
        lambda data: data[0].update(level="hard"),
        "book/interview/questions.yml: zero-weights: level: 'hard' is not one of",
    ),
    "long answer": (
        questions.FILE,
        lambda data: data[0].update(short="so " * 76),
        "book/interview/questions.yml: zero-weights: short has 76 words",
    ),
    "double id": (
        questions.FILE,
        lambda data: data[1].update(id="zero-weights"),
        "book/interview/questions.yml: zero-weights: this id is used 2 times",
    ),
    "dangling link": (
        questions.FILE,
        lambda data: data[0].update(section="01_zero_initialization#nowhere"),
        "book/interview/questions.yml: zero-weights: no heading for '01_zero_initialization#nowh",
    ),
    "verdict": (
        claims.FILE,
        lambda data: data["statements"][0].update(id="bad", verdict="false"),
        "book/claims.yml: bad: verdict: 'false' is not one of",
    ),
    "topic": (
        claims.FILE,
        lambda data: data["statements"][0].update(id="bad", topic="12_more"),
        "book/claims.yml: bad: unknown topic '12_more'",
    ),
}


@pytest.mark.parametrize(("file", "change", "line"), BAD.values(), ids=BAD)
def test_bad_data_end_the_build_with_file_id_and_reason(root, file, change, line):
    spoil(root / file, change)
    with pytest.raises(ExtensionError, match=re.escape(line)):
        start(root)


def test_all_that_is_wrong_is_said_at_once(root):
    for file, change, _ in (BAD["level"], BAD["verdict"]):
        spoil(root / file, change)
    with pytest.raises(ExtensionError) as error:
        start(root)
    assert all(line in str(error.value) for _, _, line in (BAD["level"], BAD["verdict"]))


@pytest.mark.parametrize("file", [questions.FILE, claims.FILE])
def test_text_that_is_no_yaml_ends_the_build(root, file):
    (root / file).write_text("- [", "utf-8")
    with pytest.raises(ExtensionError, match=rf"{re.escape(str(file))}: while parsing"):
        start(root)


# Pages as they are built


def test_every_question_is_a_card_under_its_topic():
    entries = {tag["id"]: tag for tag in parsed(CARDS).select(".filterable .entry")}
    assert set(entries) == {f"q-{key}" for key in BANK}
    for key, question in BANK.items():
        entry = entries[f"q-{key}"]
        assert (entry["data-topic"], entry["data-level"]) == (question["topic"], question["level"])
        heading = entry.parent.find("h2").a
        assert heading["href"].endswith(f"{question['topic']}.html")
        assert heading.get_text() == sections.title(question["topic"], ROOT)
        assert not entry.details.has_attr("open")
        assert entry.summary.select_one(".level").get_text() == question["level"]
        assert [link["href"] for link in entry("a", string="Permanent link ¶")] == [f"#q-{key}"]
        assert "Shown in" in entry.get_text()


def test_the_mock_interview_brings_every_question_and_a_fallback():
    block = parsed(MOCK).select_one(".mock")
    assert {tag["data-id"] for tag in block("template")} == set(BANK)
    for template in block("template"):
        items = template.select(".mock-rubric li")
        assert len(items) == (3 if template["data-level"] == "deep" else 0)
    assert "Without JavaScript" in block.find("div").get_text()


def test_scripts_are_loaded_where_they_are_needed():
    for script, pages in {"filter.js": {CARDS, "book/folklore.html"}, "mock.js": {MOCK}}.items():
        loading = {
            page
            for page in (f"{name}.html" for name in toc_documents())
            if parsed(page).select(f'script[src*="interview/{script}"]')
        }
        assert loading <= pages
        assert loading & {CARDS, MOCK}


@pytest.mark.needs("node")
def test_drawing_and_stored_states():
    done = subprocess.run(
        [find_program("node"), "--test", ROOT / "tests" / "interview"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.M)[1]) > 20


# Both pages in a browser


@pytest.fixture(params=PLACES)
def home(request, site):
    """Return the address of the book, on a server and on the disk."""
    return site if request.param == "http" else f"{HTML.as_uri()}/"


@contextmanager
def opened(browser, home, address, script="", tolerated=(), **options):
    """Yield a page that may reach nothing but the book, and fail if it complains."""
    options = {"viewport": DESKTOP, **options}
    with browser.new_context(**options) as context:
        page = context.new_page()
        complaints = []
        watch(page, home, [], complaints)
        page.add_init_script(script)
        page.goto(home + address)
        page.evaluate("window.MathJax?.startup?.promise")
        yield page
        assert [words for words in complaints if words not in tolerated] == []


def shown(page):
    """Return the ids of the cards that can be seen."""
    seen = "entries => entries.filter(e => e.checkVisibility()).map(e => e.id.slice(2))"
    return page.locator(".entry").evaluate_all(seen)


def search_field(page):
    return page.locator(".filter-form").get_by_label("Search")


def with_level(level):
    return [key for key, question in BANK.items() if question["level"] == level]


@chromium
@pytest.mark.parametrize("word", [*CHINESE, "nn.Linear", "VANISHING gradient"])
def test_search(browser, home, word):
    with opened(browser, home, CARDS) as page:
        assert len(shown(page)) == len(BANK)
        search_field(page).fill(word)
        text = "e => (e.textContent + ' ' + e.dataset.words).toLowerCase()"
        texts = page.locator(".entry").evaluate_all(f"entries => entries.map({text})")
        ids = page.locator(".entry").evaluate_all("entries => entries.map(e => e.id.slice(2))")
        wanted = word.lower().split()
        expected = [
            key
            for key, text in zip(ids, texts, strict=True)
            if all(part in text for part in wanted)
        ]
        assert 0 < len(expected) < len(BANK)
        assert shown(page) == expected
        status = page.locator(".filter-status[role=status]")
        assert status.inner_text() == f"{len(expected)} of {len(BANK)} match."


@chromium
def test_chinese_search_finds_the_classics(browser, site):
    classics = {"梯度消失": "vanishing-root-cause", "权重初始化": "which-initializations"}
    with opened(browser, site, CARDS) as page:
        for word, key in classics.items():
            search_field(page).fill(word)
            assert key in shown(page)


@chromium
def test_filters_by_keyboard_and_an_empty_result(browser, home):
    with opened(browser, home, CARDS) as page:
        search, level = search_field(page), page.get_by_label("Level")
        search.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("deep")
        assert level.evaluate("list => list === document.activeElement && list.value") == "deep"
        assert sorted(shown(page)) == sorted(with_level("deep"))
        page.get_by_label("Topic").select_option("choosing")
        expected = {key for key in with_level("deep") if BANK[key]["topic"] == "choosing"}
        assert set(shown(page)) == expected
        assert page.locator("h2:visible").count() == bool(expected)
        search.fill("no such word")
        assert shown(page) == []
        assert page.locator(".filter-status").inner_text() == "Nothing matches all of this."
        page.get_by_role("button", name="Show all").press("Enter")
        assert len(shown(page)) == len(BANK)
        assert search.evaluate("field => field === document.activeElement && field.value") == ""
        assert not page.get_by_role("button", name="Show all").is_visible()


@chromium
def test_a_card_opens_by_keyboard(browser, home):
    with opened(browser, home, CARDS) as page:
        summary = page.locator(".entry summary").first
        summary.press("Enter")
        assert page.locator(".entry details[open]").count() == 1
        assert summary.evaluate("node => getComputedStyle(node).outlineStyle") != "none"


@chromium
def test_an_address_opens_its_card_even_if_filtered_out(browser, home):
    with opened(browser, home, f"{CARDS}#q-prove-symmetry") as page:
        card = page.locator("#q-prove-symmetry")
        assert card.locator("details").evaluate("details => details.open")
        place = "id => document.getElementById(id).getBoundingClientRect().top"
        page.wait_for_function(f"id => Math.abs(({place})(id)) < 300", arg="q-prove-symmetry")
        assert page.locator(".entry details[open]").count() == 1
        page.get_by_label("Level").select_option("screen")
        assert not card.is_visible()
        page.evaluate("location.hash = '#q-equal-weights'")
        page.locator("#q-equal-weights details[open]").wait_for()
        assert set(shown(page)) == {*with_level("screen"), "equal-weights"}
        page.get_by_label("Level").select_option("deep")
        assert sorted(shown(page)) == sorted(with_level("deep"))


@chromium
def test_cards_without_scripts_are_all_shown(browser, site):
    with opened_without_scripts(browser, site, CARDS) as page:
        assert len(shown(page)) == len(BANK)
        assert page.locator(".filter-form").count() == 0


@chromium
def test_the_mock_interview_without_scripts_says_what_to_do(browser, site):
    with opened_without_scripts(browser, site, MOCK) as page:
        assert page.get_by_text("Without JavaScript").is_visible()
        assert page.locator("template").first.evaluate("node => node.checkVisibility()") is False


@contextmanager
def opened_without_scripts(browser, home, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(home + address)
        yield page


@chromium
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_cards_fit_a_phone_and_have_no_barrier(browser, site, theme):
    options = {"viewport": PHONE, "color_scheme": theme}
    with opened(browser, site, CARDS, **options) as page:
        page.locator(".entry details").evaluate_all("all => all.forEach(d => (d.open = true))")
        assert overflow(page) <= 0
        inside = "node => node.scrollWidth - node.clientWidth"
        wide = page.locator(".entry").evaluate_all(f"all => all.map({inside})")
        assert max(wide) <= 0
        search_field(page).fill("whiteboard")
        page.get_by_label("Topic").select_option("04_he_initialization")
        page.evaluate(SIMPLIFY)
        stop_fading(page)
        assert page.locator(".entry:visible").count() > 0
        assert serious(page, {}) == []


# The mock interview


def begin(page, level, minutes):
    page.get_by_label("Level").select_option(level)
    page.get_by_label("Length").select_option(str(minutes))
    page.get_by_role("button", name="Start", exact=True).click()


def has_focus(locator):
    return locator.evaluate("node => node === document.activeElement")


def seconds(page):
    minutes, rest = page.get_by_role("timer").inner_text().split(":")
    return 60 * int(minutes) + int(rest)


def reveal_and_rate(page, points):
    page.get_by_role("button", name="Reveal answer").press("Enter")
    assert has_focus(page.get_by_role("heading", name="Answer"))
    page.locator(f"input[name=points][value='{points}']").check()


def question(page):
    return page.locator(".mock-stage .mock-question").inner_text()


@chromium
@pytest.mark.parametrize(("level", "minutes", "count"), [("deep", 30, 2), ("standard", 30, 6)])
def test_a_whole_interview(browser, home, level, minutes, count):
    with opened(browser, home, MOCK) as page:
        begin(page, level, minutes)
        points = 3 if level == "deep" else 2
        topics = []
        for number in range(1, count + 1):
            heading = page.get_by_role("heading", name=f"Question {number} of {count}")
            assert has_focus(heading)
            topics.append(page.locator(".mock-about").inner_text().split(" · ")[1])
            assert not page.locator(".mock-stage .mock-answer").count()
            reveal_and_rate(page, points if number > 1 else 1)
            assert page.locator("input[name=points]").count() == points + 1
            assert page.locator(".mock-stage .math:not(:has(mjx-container))").count() == 0
            name = "Next question" if number < count else "Finish"
            page.get_by_role("button", name=name).press("Enter")
        assert len(set(topics)) == count
        assert has_focus(page.get_by_role("heading", name="Summary"))
        text = page.locator(".mock-stage").inner_text()
        total = 1 + (count - 1) * points
        assert f"{total} of {count * points} points in {count} of {count} questions." in text
        assert text.count("Read again:") == 1
        section = page.locator(".mock-stage li").first.locator("a").last
        section.click()
        page.wait_for_url("**/*.html#*")
        assert page.locator(f'[id="{page.url.split("#")[1]}"]').count() == 1


@chromium
def test_the_summary_leads_to_the_card(browser, site):
    with opened(browser, site, MOCK) as page:
        begin(page, "deep", 10)
        asked = question(page)
        page.get_by_role("button", name="End and sum up").click()
        assert "Not rated:" in page.locator(".mock-stage").inner_text()
        page.locator(".mock-stage li a").first.click()
        page.wait_for_url(f"**/{CARDS}#q-*")
        assert asked.split()[0] in page.locator("details[open] summary").inner_text()


@chromium
def test_nothing_is_rated_by_itself(browser, site):
    with opened(browser, site, MOCK) as page:
        begin(page, "screen", 10)
        page.get_by_role("button", name="Reveal answer").click()
        page.get_by_role("button", name="Next question").click()
        assert page.get_by_role("heading", name="Question 1 of 5").is_visible()


@chromium
def test_a_reload_loses_nothing_and_reset_forgets(browser, home):
    with opened(browser, home, MOCK) as page:
        begin(page, "standard", 60)
        reveal_and_rate(page, 1)
        page.get_by_role("button", name="Next question").click()
        reveal_and_rate(page, 2)
        page.get_by_role("button", name="Pause").click()
        left, asked = seconds(page), question(page)
        page.reload()
        page.evaluate("window.MathJax?.startup?.promise")
        assert page.get_by_role("heading", name="Question 2 of 12").is_visible()
        assert question(page) == asked
        assert seconds(page) == left
        assert page.locator("input[name=points][value='2']").is_checked()
        assert page.get_by_role("heading", name="Answer").is_visible()
        page.get_by_role("button", name="Next question").click()
        page.get_by_role("button", name="End and sum up").click()
        assert "3 of 4 points in 2 of 12 questions." in page.locator(".mock-stage").inner_text()
        page.reload()
        assert "3 of 4 points in 2 of 12 questions." in page.locator(".mock-stage").inner_text()
        page.get_by_role("button", name="Reset").click()
        assert has_focus(page.get_by_role("heading", name="Draw a set"))
        assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
        page.reload()
        assert page.get_by_role("heading", name="Draw a set").is_visible()


@chromium
def test_the_clock_runs_pauses_and_announces_the_end(browser, site):
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(site + MOCK)
        begin(page, "screen", 10)
        page.clock.run_for(60_000)
        assert 535 <= seconds(page) <= 541
        page.get_by_role("button", name="Pause").click()
        left = seconds(page)
        page.clock.run_for(60_000)
        assert seconds(page) == left
        page.get_by_role("button", name="Continue").click()
        page.clock.run_for(60_000)
        assert left - 65 <= seconds(page) <= left - 59
        status = page.locator(".mock-status[role=status]")
        assert status.inner_text() == ""
        page.clock.fast_forward(600_000)
        page.clock.run_for(2_000)
        assert seconds(page) == 0
        assert status.inner_text().startswith("Time is up.")
        assert not page.get_by_role("button", name="Pause").is_visible()
        reveal_and_rate(page, 2)
        page.get_by_role("button", name="Next question").click()
        assert page.get_by_role("heading", name="Question 2 of 5").is_visible()


@chromium
def test_without_storage_it_works_for_the_visit(browser, home):
    theme = ["error: forbidden", "Got invalid theme mode: undefined. Resetting to auto."]
    with opened(browser, home, MOCK, script=FORBIDDEN, tolerated=theme) as page:
        begin(page, "screen", 10)
        assert "a reload starts over" in page.locator(".mock-status").inner_text()
        reveal_and_rate(page, 2)
        page.get_by_role("button", name="Next question").click()
        page.get_by_role("button", name="End and sum up").click()
        assert "2 of 2 points in 1 of 5 questions." in page.locator(".mock-stage").inner_text()
        page.get_by_role("button", name="Reset").click()
        assert page.get_by_role("heading", name="Draw a set").is_visible()


@chromium
@pytest.mark.parametrize("garbage", ["{", "7", "null", '{"version": 1, "ids": ["gone"]}'])
def test_garbage_in_the_storage_is_left_aside(browser, site, garbage):
    script = f"localStorage.getItem('tried') || localStorage.setItem('{KEY}', '{garbage}');"
    with opened(browser, site, MOCK, script=script) as page:
        page.evaluate("localStorage.setItem('tried', 1)")
        assert page.get_by_role("heading", name="Draw a set").is_visible()
        begin(page, "deep", 30)
        page.reload()
        assert page.get_by_role("heading", name="Question 1 of 2").is_visible()


@chromium
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_mock_interview_fits_a_phone_and_has_no_barrier(browser, site, theme):
    options = {"viewport": PHONE, "color_scheme": theme, "reduced_motion": "reduce"}
    with opened(browser, site, MOCK, **options) as page:
        looks = [look(page)]
        begin(page, "deep", 30)
        looks.append(look(page))
        reveal_and_rate(page, 1)
        looks.append(look(page))
        page.get_by_role("button", name="End and sum up").click()
        looks.append(look(page))
        assert looks == [(True, [])] * 4


def look(page):
    """Return whether the page fits, and what axe finds serious."""
    stop_fading(page)
    fits = overflow(page) <= 0
    page.evaluate(SIMPLIFY)
    return fits, serious(page, {})
