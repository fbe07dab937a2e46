"""The explorables of the built pages, in a browser: mouse, keyboard, touch, numbers."""

import json
import re
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
import pytest
from bs4 import BeautifulSoup

import initlab as il
from tests.book import HTML, ROOT, toc_documents
from tests.browsing import DESKTOP, PHONE, overflow, wait_until, watch
from tools import explorable_fixture

SCRIPTS = ROOT / "book" / "assets" / "explorables"
SCREENSHOTS = ROOT / "_build" / "screenshots" / "explorables"
MAX_BYTES = 60_000
READY = ".explorable-controls"
OBSERVE = """() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
    }).observe({ type: "longtask" });
    for (const block of document.querySelectorAll(".explorable")) {
        block.addEventListener("input", () => (block.asked = performance.now()), true);
        new MutationObserver(() => (block.answered ||= performance.now())).observe(block, {
            childList: true, subtree: true, characterData: true,
        });
    }
}"""


def blocks_of(document):
    """Return the explorables of a built page as they are without scripts."""
    html = (HTML / f"{document}.html").read_text("utf-8")
    blocks = re.findall(r"<div [^>]*\bdata-explorable=.*?</div>", html, re.DOTALL)
    return BeautifulSoup("".join(blocks), "html.parser").select(".explorable[data-explorable]")


BLOCKS = {name: blocks for name in toc_documents() if (blocks := blocks_of(name))}
each_page = pytest.mark.parametrize("document", BLOCKS)
chromium = pytest.mark.needs("chromium")


@dataclass
class Visit:
    """What the blocks of one page did; each list has a sentence for every defect."""

    complaints: list = field(default_factory=list)
    defects: list = field(default_factory=list)
    overflow: int = 0


def state(block):
    """Return what a reader sees of the block's figure and sentence."""
    return (
        block.locator(".explorable-figure").inner_html()
        + block.locator(".explorable-says").inner_text()
    )


def changes(page, block, act):
    """Tell whether figure or sentence change within half a second."""
    before = state(block)
    act()
    return wait_until(page, lambda: state(block) != before, seconds=0.5)


def opened(context, home, document, complaints):
    page = context.new_page()
    watch(page, home, [], complaints)
    page.goto(f"{home}{document}.html")
    page.evaluate("window.MathJax?.startup?.promise")
    for sentence in page.locator(".explorable-says").all():
        sentence.filter(has_text=".").wait_for()
    page.evaluate(OBSERVE)
    return page


def blocks_in(page):
    """Yield each block with a name for messages."""
    for number, block in enumerate(page.locator(".explorable[data-explorable]").all()):
        yield f"{block.get_attribute('data-explorable')} {number}", block


def drag(page, slider):
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=3)
    page.mouse.up()


def refusals(block):
    """Yield what is wrong with the answers to text that is no number in range."""
    number, problem = (block.locator(f".explorable-{name}").first for name in ("number", "problem"))
    good = number.input_value()
    for text, reason in (("1e9", "is outside"), ("abc", "is none"), ("", "is none")):
        before = state(block)
        number.fill(text)
        number.press("Enter")
        if reason not in problem.inner_text() or state(block) != before:
            yield f"“{text}” gives “{problem.inner_text()}”"
    number.fill(good)
    number.press("Enter")
    if problem.inner_text():
        yield f"“{good}” gives “{problem.inner_text()}”"


def by_mouse_and_keyboard(page, name, block):
    """Yield the defects of a block on a desktop."""
    slider = block.locator("input").first
    if slider.get_attribute("type") != "range":
        yield f"{name}: the first input is no slider"
    if slider.evaluate("slider => slider.value === slider.max"):
        yield f"{name}: the slider is at its maximum"
    for way, act in {
        "keyboard": lambda: slider.press("ArrowRight"),
        "mouse": partial(drag, page, slider),
    }.items():
        if not changes(page, block, act):
            yield f"{name}: no answer to the {way}"
    yield from (f"{name}: {defect}" for defect in refusals(block))
    controls = block.locator("input, select")
    if controls.evaluate_all("all => all.some((c) => !c.labels.length && !c.ariaLabel)"):
        yield f"{name}: a control without a label"


def keep_picture(block, document, mode, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stem = document.rpartition("/")[2]
    block.screenshot(path=SCREENSHOTS / f"{stem}-{name.replace(' ', '-')}-{mode}.png")


def desktop(browser, home, document):
    """Use every block of a page by mouse and keyboard, over http."""
    seen = Visit()
    with browser.new_context(viewport=DESKTOP) as context:
        page = opened(context, home, document, seen.complaints)
        for name, block in blocks_in(page):
            if not block.locator(READY).count():
                seen.defects.append(f"{name}: never set up")
                continue
            block.scroll_into_view_if_needed()
            keep_picture(block, document, "wide", name)
            seen.defects += by_mouse_and_keyboard(page, name, block)
    return seen


def phone(browser, document):
    """Use every block of a page by touch, from the disk, dark, on a small screen."""
    seen = Visit()
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with browser.new_context(**options, reduced_motion="reduce") as context:
        page = opened(context, f"{HTML.as_uri()}/", document, seen.complaints)
        if page.evaluate("document.documentElement.dataset.theme") != "dark":
            seen.defects.append("the page is not dark")
        for name, block in blocks_in(page):
            slider = block.locator("input[type=range]").first
            slider.scroll_into_view_if_needed()
            width, height = (slider.bounding_box()[side] for side in ("width", "height"))
            place = {"x": 0.8 * width, "y": height / 2}
            if not changes(page, block, partial(slider.tap, position=place)):
                seen.defects.append(f"{name}: no answer to touch")
            keep_picture(block, document, "phone-dark", name)
        seen.overflow = overflow(page)
    return seen


@pytest.fixture(scope="module")
def desktops(browser, site):
    return cache(partial(desktop, browser, site))


@pytest.fixture(scope="module")
def phones(browser):
    return cache(partial(phone, browser))


def test_pages_that_must_have_explorables_have_them():
    wanted = {"book/index": "signal", "book/how-to-read": "signal", "book/diagnosing": "doctor"}
    for document, kind in wanted.items():
        assert kind in [block["data-explorable"] for block in BLOCKS[document]]


@each_page
def test_fallback_is_readable(document):
    for block in BLOCKS[document]:
        assert len(block.get_text().split()) >= 20
        assert not block.find(["script", "input", "button"])


def test_all_scripts_together_are_light():
    sizes = {file.name: file.stat().st_size for file in SCRIPTS.glob("*.js")}
    assert 0 < sum(sizes.values()) < MAX_BYTES, sizes


def test_scripts_fetch_and_evaluate_nothing():
    code = "".join(file.read_text("utf-8") for file in SCRIPTS.glob("*.js"))
    for word in ("fetch(", "XMLHttpRequest", "eval(", "new Function", "innerHTML", "import("):
        assert word not in code


@chromium
@each_page
def test_blocks_answer_mouse_and_keyboard(desktops, document):
    assert desktops(document).defects == []
    assert desktops(document).complaints == []


@chromium
@each_page
def test_blocks_answer_touch_from_the_disk_on_a_dark_phone(phones, document):
    seen = phones(document)
    assert (seen.defects, seen.complaints) == ([], [])
    assert seen.overflow <= 0


@chromium
def test_fallbacks_are_shown_without_scripts(browser, site):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        for document, blocks in BLOCKS.items():
            page.goto(f"{site}{document}.html", wait_until="commit")
            shown = page.locator(".explorable[data-explorable] p")
            shown.first.wait_for()
            assert shown.count() >= len(blocks)
            assert all(paragraph.is_visible() for paragraph in shown.all())


def expected(factor):
    """Return RMS of signal and gradient of the stored network with its weights times a factor."""
    stored = json.loads(explorable_fixture.fixture())
    sizes = [explorable_fixture.WIDTH] * (explorable_fixture.LAYERS + 1)
    mlp = il.MLP(sizes, activation="tanh", rng=np.random.default_rng(0))
    mlp.weights = [factor * np.array(W) for W in stored["weights"]]
    trace = mlp.forward(np.array(stored["X"]))
    gradients = mlp.backward(trace, np.array(stored["top"])).preactivations
    signal = [*trace.activations[1:-1], np.tanh(trace.activations[-1])]
    return {
        name: [float(np.sqrt((A**2).mean())) for A in arrays]
        for name, arrays in {"signal": signal, "gradient": gradients}.items()
    }


def test_stored_network_is_what_the_tool_writes():
    text = explorable_fixture.PATH.read_text("utf-8")
    assert text == explorable_fixture.fixture()
    assert len(text) < 25_000


@chromium
def test_numbers_of_the_stored_network_are_those_of_initlab(browser):
    with browser.new_context(viewport=DESKTOP) as context:
        page = opened(context, f"{HTML.as_uri()}/", "book/how-to-read", complaints := [])
        block = page.locator("[data-weights]")
        for factor in (2, 0.3, 1):
            number = block.locator(".explorable-number")
            number.fill(str(factor))
            assert changes(page, block, partial(number.press, "Enter"))
            shown = json.loads(block.locator("svg[data-values]").get_attribute("data-values"))
            wanted = expected(factor)
            assert shown.keys() == wanted.keys()
            for name, values in wanted.items():
                np.testing.assert_allclose(shown[name], values, rtol=1e-9)
        assert complaints == []


# What follows shows explorables on a page of the test's own.


@pytest.fixture
def specimen(browser, tmp_path):
    """Return a function that opens a page with one block and returns page, block, complaints."""
    static = (HTML / "_static").as_uri()
    names = ("network", "chart", "controls", "signal", "train", "chain", "normalize", "doctor")
    scripts = "".join(f'<script defer src="{static}/explorables/{n}.js"></script>' for n in names)
    contexts = []

    def open_block(attributes, **options):
        html = f'<div class="explorable" {attributes}><p>fallback</p></div>'
        (tmp_path / "block.html").write_text(
            f"<!doctype html><meta charset=utf-8>{scripts}{html}", "utf-8"
        )
        contexts.append(browser.new_context(viewport=DESKTOP, **options))
        page = opened(contexts[-1], "file://", f"{tmp_path}/block", complaints := [])
        return page, page.locator(".explorable"), complaints

    yield open_block
    for context in contexts:
        context.close()


@chromium
@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ('data-explorable="signal" data-depth="51"', "layers must be from 10 to 50, 51 is outside"),
        ('data-explorable="signal" data-depth="many"', "layers must be a whole number"),
        ('data-explorable="signal" data-scheme="Glorot"', "scheme must be one of free"),
        ('data-explorable="signal" data-dept="20"', "“dept” must be one of gain"),
        ('data-explorable="doctor" data-controls="depth gain"', "“gain” must be one of depth"),
        ('data-explorable="none"', "not a function"),
    ],
)
def test_wrong_presets_are_errors(specimen, attributes, complaint):
    page, block, complaints = specimen(attributes)
    assert wait_until(page, lambda: complaint in " ".join(complaints))
    assert block.inner_text() == "fallback"


@chromium
def test_own_points_by_touch_and_keyboard(specimen):
    page, block, complaints = specimen('data-explorable="train" data-data="own"', has_touch=True)
    points = block.locator(".explorable-plane").first.locator("circle")
    assert points.count() == 0
    for count, place in enumerate(((60, 60), (150, 60), (60, 150)), start=1):
        block.locator(".explorable-plane").first.tap(position=dict(zip("xy", place, strict=True)))
        assert wait_until(page, lambda count=count: points.count() == count)
    block.get_by_role("button", name="Random point").press("Enter")
    assert wait_until(page, lambda: points.count() == 4)
    classes = points.evaluate_all("circles => circles.map((c) => c.getAttribute('class'))")
    assert classes == ["null", "one", "null", "one"]
    assert complaints == []


@chromium
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_training_starts_pauses_and_resets(specimen, motion):
    page, block, complaints = specimen('data-explorable="train"', reduced_motion=motion)
    says = block.locator(".explorable-says")

    def reaches(steps):
        return wait_until(page, lambda: says.inner_text().startswith(f"After {steps} steps"))

    assert reaches(0)
    page.evaluate("longest = 0")
    block.get_by_role("button", name="Train").press("Enter")
    page.wait_for_timeout(2500)
    assert says.inner_text().startswith("After 0 steps")
    block.get_by_role("button", name="Pause").press("Enter")
    assert wait_until(page, lambda: not says.inner_text().startswith("After 0 "))
    reached = int(says.inner_text().split()[1])
    assert reached > 10
    block.get_by_role("button", name="Ten steps").press("Enter")
    assert reaches(reached + 10)
    block.get_by_role("button", name="Reset").press("Enter")
    assert reaches(0)
    assert complaints == []
