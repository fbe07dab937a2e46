"""The quizzes of the chapters and the placement test: their data, and their use in a browser."""

import re
from dataclasses import dataclass, field
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe

from book._ext import placement
from tests.book import HTML, NOTEBOOKS, ROOT, parsed, toc_documents
from tests.browsing import DESKTOP, PHONE, draw_formulas, overflow, stand_still, stop_fading, watch
from tools import canonical, questions, records, sections

SCRIPT = "interview/quiz.js"
INDEX = "book/index"
CHAPTERS = [f"notebooks/{path.stem}" for path in NOTEBOOKS]
QUESTIONS = questions.read(ROOT)
PLACEMENT = re.search(
    r"```\{placement\}\n(.*?)\n```", (ROOT / f"{INDEX}.md").read_text(), re.DOTALL
)
RESOLVE = partial(records.resolve, notebooks=ROOT / "notebooks")
PASSED_BY_ARROWS = "Press Space or Enter to answer."
BLOCKS = ".quiz-item, .quiz-score, .quiz-result"
# axe looks at the whole page even when asked for a part
ALONE = """blocks => {
    for (const part of document.querySelectorAll("article section, article pre"))
        if (!part.querySelector(blocks) && !part.closest(blocks)) part.remove();
}"""

chromium = pytest.mark.needs("chromium")
each_chapter = pytest.mark.parametrize("document", CHAPTERS)


def quiz_ids(document):
    """Return the questions that a page asks, in order."""
    if document == INDEX:
        return PLACEMENT[1].split()
    cells = canonical.read(ROOT / f"{document}.ipynb").cells
    (ids,) = [
        cell.metadata.generated.ids
        for cell in cells
        if cell.metadata.get("generated", {}).get("block") == "quiz"
    ]
    return ids


def right_places(document):
    """Return the place of the right option of each question that a page asks."""
    options = [QUESTIONS[key]["quiz"]["options"] for key in quiz_ids(document)]
    return [[option["correct"] for option in listed].index(True) for listed in options]


# The pages as they are built


@pytest.mark.parametrize("document", [*CHAPTERS, INDEX])
def test_without_scripts_a_page_shows_options_and_folded_feedback(document):
    prefix = "placement" if document == INDEX else "quiz"
    paragraphs = parsed(f"{document}.html").select(f"p[id^={prefix}-]")
    assert [tag["id"] for tag in paragraphs] == [f"{prefix}-{key}" for key in quiz_ids(document)]
    for number, paragraph in enumerate(paragraphs, start=1):
        options = QUESTIONS[paragraph["id"].removeprefix(f"{prefix}-")]["quiz"]["options"]
        shown = paragraph.find_next_sibling()
        folded = shown.find_next_sibling()
        verdicts = [entry.strong.get_text() for entry in folded.select("li")]
        assert paragraph.strong.get_text().startswith(f"{number}. ")
        assert (shown.name, folded.name) == ("ul", "details")
        assert len(shown.select("li")) == len(options)
        assert shown("a") == []  # a click on an option is an answer
        assert verdicts == ["Right." if option["correct"] else "Wrong." for option in options]
        assert folded.select_one("p:last-child a[href]")


def test_script_and_style_are_on_the_pages_with_a_quiz_only():
    def loads(document):
        addresses = [tag.get("src") or tag.get("href") for tag in parsed(f"{document}.html")(True)]
        return any(SCRIPT in (address or "") for address in addresses)

    assert {document for document in toc_documents() if loads(document)} == {*CHAPTERS, INDEX}


def test_the_script_fetches_evaluates_and_stores_nothing():
    code = (ROOT / "book" / "assets" / SCRIPT).read_text("utf-8")
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "eval(",
        "Function(",
        "innerHTML",
        "import(",
        "torage",
    ):
        assert word not in code


# The placement test


def test_the_placement_test_asks_ten_questions_of_ten_chapters():
    topics = [QUESTIONS[key]["topic"] for key in quiz_ids(INDEX)]
    assert len(topics) == len(set(topics)) == 10
    assert topics == sorted(topics)


def test_the_explorable_of_the_index_stays_before_the_placement_test():
    html = str(parsed(f"{INDEX}.html"))
    marks = ('class="explorable"', "What you will be able to answer", "placement-", "Which scheme")
    places = [html.index(mark, html.index("<article")) for mark in marks]
    assert places == sorted(places)


def test_the_static_placement_test_says_where_to_start():
    sentence = parsed(f"{INDEX}.html").select_one("p#where-to-start")
    assert sentence.get_text().startswith("Start with the chapter of the first question you miss.")
    assert [link["href"] for link in sentence("a")] == ["interview/kit.html"]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (["nothing"], "takes questions of chapters, got 'nothing'"),
        (["choosing"], "takes questions of chapters, got 'choosing'"),
        (["derive-xavier", "zero-weights"], "in order, got derive-xavier, zero-weights"),
        (["zero-sigmoid-steps"], "zero-sigmoid-steps: this block needs a `quiz`"),
    ],
)
def test_a_wrong_placement_test_is_refused(ids, reason):
    with pytest.raises(ValueError, match=reason):
        placement.render(ids, "index", ROOT)


# In the browser


@dataclass
class Visit:
    """What the quiz of one page did; each defect is a sentence."""

    complaints: list = field(default_factory=list)
    defects: list = field(default_factory=list)
    overflow: int = 0


class Quiz:
    """The quiz of an open page, as a reader sees and uses it."""

    def __init__(self, page, document):
        self.page = page
        self.items = page.locator(".quiz-item")
        self.right = right_places(document)

    def radio(self, k, place):
        return self.items.nth(k).get_by_role("radio").nth(place)

    def wrong(self, k):
        """Return the place of a wrong option of item k."""
        return next(place for place in range(3) if place != self.right[k])

    def feedback(self, k):
        return self.items.nth(k).get_by_role("status").inner_text()

    def score(self):
        return self.page.locator(".quiz-score [role=status]").inner_text()

    def checked(self):
        return self.page.locator(".quiz-item :checked").count()

    def click(self, k, place):
        self.items.nth(k).locator("label").nth(place).click()

    def type(self, k, place):
        """Answer item k by keyboard: the first option takes the focus, arrows lead on."""
        self.radio(k, 0).focus()
        for _ in range(place):
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Space")

    def start_again(self, by_keyboard):
        button = self.page.get_by_role("button", name="Start again")
        if by_keyboard:
            button.press("Enter")
        else:
            button.click()


def opened(context, home, document, complaints):
    page = context.new_page()
    watch(page, home, [], complaints)
    page.goto(f"{home}{document}.html")
    page.evaluate("window.MathJax?.startup?.promise")
    page.locator(".quiz-item").first.scroll_into_view_if_needed()
    stand_still(page)  # the formulas on the way are drawn now, and move what is below
    return page, Quiz(page, document)


def feedback_defects(quiz, k, word):
    said = quiz.feedback(k)
    if not said.startswith(word) or "Shown in" not in said or said.count("\n\n") != 1:
        yield f"item {k} says {said!r} instead of {word}"


def score_defects(quiz, right, answered):
    total = len(quiz.right)
    wanted = f"Score: {right} of {total}" + (
        f" ({answered} answered)." if answered < total else "."
    )
    if not quiz.score().startswith(wanted):
        yield f"after {answered} answers the score is {quiz.score()!r}"


def played(quiz, answer, by_keyboard):
    """Yield what is wrong while a reader answers, tries other options, and starts again."""
    yield from score_defects(quiz, 0, 0)
    for k, right in enumerate(quiz.right):
        first, second = (quiz.wrong(k), right) if k == 1 else (right, quiz.wrong(k))
        answer(k, first)
        yield from feedback_defects(quiz, k, "Wrong." if k == 1 else "Right.")
        yield from score_defects(quiz, k + (k < 1), k + 1)
        quiz.click(k, second) if not by_keyboard else quiz.radio(k, second).press("Enter")
        yield from feedback_defects(quiz, k, "Right." if k == 1 else "Wrong.")
        yield from score_defects(quiz, k + (k < 1), k + 1)
    quiz.start_again(by_keyboard)
    yield from score_defects(quiz, 0, 0)
    if quiz.checked() or any(quiz.feedback(k) for k in range(len(quiz.right))):
        yield "starting again leaves something answered"
    if not quiz.radio(0, 0).evaluate("radio => radio === document.activeElement"):
        yield "starting again does not lead back to the first question"


def barriers(page):
    """Yield what axe finds serious or critical in the quiz; the sections without it are removed."""
    page.evaluate(ALONE, BLOCKS)
    context = {"include": [[name] for name in BLOCKS.split(", ") if page.locator(name).count()]}
    options = {"preload": False, "resultTypes": ["violations"]}
    for rule in Axe().run(page, context=context, options=options).response["violations"]:
        if rule["impact"] in ("serious", "critical"):
            yield f"{rule['id']}: {rule['nodes'][0]['html']}"


def answered_both_ways(quiz):
    """Leave one item answered right, one wrong, one passed by arrows."""
    quiz.click(0, quiz.right[0])
    quiz.click(1, quiz.wrong(1))
    quiz.radio(2, 0).press("ArrowDown")


def desktop(browser, home, document):
    """Use a quiz by mouse, over http, light."""
    seen = Visit()
    with browser.new_context(viewport=DESKTOP) as context:
        page, quiz = opened(context, home, document, seen.complaints)
        seen.defects += played(quiz, quiz.click, by_keyboard=False)
        answered_both_ways(quiz)
        seen.defects += barriers(page)
    return seen


def phone(browser, document):
    """Use a quiz by keyboard only, from the disk, dark, on a small screen."""
    seen = Visit()
    with browser.new_context(viewport=PHONE, color_scheme="dark") as context:
        page, quiz = opened(context, f"{HTML.as_uri()}/", document, seen.complaints)
        if page.evaluate("document.documentElement.dataset.theme") != "dark":
            seen.defects.append("the page is not dark")
        seen.defects += played(quiz, quiz.type, by_keyboard=True)
        answered_both_ways(quiz)
        seen.overflow = overflow(page)
        stop_fading(page)
        seen.defects += barriers(page)
    return seen


@chromium
@pytest.mark.parametrize("document", [*CHAPTERS[::2], INDEX])
def test_a_quiz_answers_the_mouse(browser, site, document):
    seen = desktop(browser, site, document)
    assert (seen.defects, seen.complaints) == ([], [])


@chromium
@pytest.mark.parametrize("document", [*CHAPTERS[1::2], CHAPTERS[0], INDEX])
def test_a_quiz_answers_the_keyboard_from_the_disk_on_a_dark_phone(browser, document):
    seen = phone(browser, document)
    assert (seen.defects, seen.complaints) == ([], [])
    assert seen.overflow <= 0


@pytest.fixture
def first_chapter(browser, site):
    """Yield page and quiz of the first chapter."""
    with browser.new_context(viewport=DESKTOP) as context:
        yield opened(context, site, CHAPTERS[0], [])


def spoken(text):
    """Return a text as it is read out, formulas in TeX without its signs."""
    words = records.fill(" ".join(text.split()), RESOLVE)
    return re.sub(r"\\[,;:! ]", " ", words).replace("\\", "").replace("$", "")


@pytest.fixture(params=["quiz first", "MathJax first"])
def either_order(request, browser, site):
    """Yield the page of the first chapter; the scripts may come in either order."""
    with browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        late = request.param == "MathJax first"
        if late:
            page.route(f"**/{SCRIPT}*", lambda route: route.abort())
        page.goto(f"{site}{CHAPTERS[0]}.html")
        draw_formulas(page)
        if late:
            page.add_script_tag(path=ROOT / "book" / "assets" / SCRIPT)
        yield page


@chromium
def test_items_are_groups_of_radio_buttons_named_by_question_and_option(either_order):
    page = either_order
    for k, key in enumerate(quiz_ids(CHAPTERS[0])):
        quiz = QUESTIONS[key]["quiz"]
        group = page.get_by_role("group", name=f"{k + 1}. {spoken(quiz['question'])}", exact=True)
        assert group.get_attribute("id") == f"quiz-{key}"
        for option in quiz["options"]:
            radio = group.get_by_role("radio", name=spoken(option["answer"]), exact=True)
            assert radio.count() == 1
    assert page.locator(".quiz-item .math").count() > 0
    assert page.locator(".quiz-item .math:not(:has(mjx-container))").count() == 0


@chromium
def test_arrows_pass_options_without_answering(first_chapter):
    page, quiz = first_chapter
    quiz.radio(0, 0).focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
        assert quiz.feedback(0) == PASSED_BY_ARROWS
    assert list(score_defects(quiz, 0, 0)) == []
    page.keyboard.press("Space")
    assert list(feedback_defects(quiz, 0, "Right." if quiz.right[0] == 2 else "Wrong.")) == []
    assert list(score_defects(quiz, int(quiz.right[0] == 2), 1)) == []


@chromium
def test_a_reload_forgets_the_answers(first_chapter):
    page, quiz = first_chapter
    quiz.click(0, 0)
    page.reload()
    assert quiz.checked() == 0
    assert list(score_defects(quiz, 0, 0)) == []


@chromium
@pytest.mark.parametrize("document", [CHAPTERS[0], INDEX])
def test_print_shows_every_option(browser, site, document):
    with browser.new_context(viewport=DESKTOP) as context:
        page, _ = opened(context, site, document, [])
        page.emulate_media(media="print")
        options = page.locator(".quiz-item label")
        n_options = [len(QUESTIONS[key]["quiz"]["options"]) for key in quiz_ids(document)]
        assert options.count() == sum(n_options)
        assert all(option.is_visible() for option in options.all())


@pytest.fixture(scope="module")
def placed(browser, site):
    """Return a function that answers the placement test with the given items missed."""

    def take(missed):
        with browser.new_context(viewport=DESKTOP) as context:
            _, quiz = opened(context, site, INDEX, [])
            for k in reversed(range(len(quiz.right))):
                assert (
                    quiz.page.locator(".quiz-result").inner_text().startswith("Start with the ch")
                )
                quiz.click(k, quiz.wrong(k) if k in missed else quiz.right[k])
            result = quiz.page.locator(".quiz-result")
            links = result.locator("a").evaluate_all(
                "all => all.map((a) => [a.getAttribute('href').split('#')[0], a.textContent])"
            )
            return result.inner_text(), links, list(score_defects(quiz, 10 - len(missed), 10))

    return take


def address(stem):
    return re.sub(r"\.(ipynb|md)$", ".html", sections.link(stem, "index", ROOT))


def section_link(key):
    """Return address and words of the link to the section of a question."""
    section = QUESTIONS[key]["section"]
    return [address(section.partition("#")[0]), sections.title(section, ROOT).replace("'", "’")]


@chromium
@pytest.mark.parametrize("missed", [{0}, {3, 5}, {9}, set(range(10))], ids=str)
def test_the_first_miss_names_the_chapter(placed, missed):
    keys = [quiz_ids(INDEX)[k] for k in sorted(missed)]
    topic = QUESTIONS[keys[0]]["topic"]
    words, links, defects = placed(missed)
    chapter = f"chapter {int(topic[:2])}, {sections.title(topic, ROOT)}"
    assert words.startswith(f"Start with {chapter}. You missed:")
    assert links == [[address(topic), chapter], *map(section_link, keys)]
    assert defects == []


@chromium
def test_no_miss_leads_to_the_interview_kit(placed):
    words, links, defects = placed(set())
    assert words == "All right. Go on with the interview kit."
    assert (links, defects) == ([[address("kit"), "interview kit"]], [])
