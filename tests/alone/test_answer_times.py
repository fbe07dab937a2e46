"""How fast the explorables answer. The tests measure time, so nothing else may run beside them."""

from tests.browsing import DESKTOP
from tests.test_explorables import READY, blocks_in, chromium, each_page, opened

ANSWER, BLOCKED = 100, 50  # milliseconds
# other work on the machine may delay one answer, not all of them over a dozen seconds
TRIES, PAUSE = 4, 2000  # milliseconds, growing with each try


def respond(page, block, control, key):
    """Press a key on a control; return the milliseconds to the answer and of the longest task."""
    page.evaluate("longest = 0")
    block.evaluate("block => (block.answered = block.asked = 0)")
    control.press(key)
    page.wait_for_timeout(200)
    answer = "block => (block.answered && block.asked ? block.answered - block.asked : 1e9)"
    return block.evaluate(answer), page.evaluate("longest")


def slow_controls(page, name, block):
    """Yield the controls that never answer in time, or always block the page for too long."""
    for control in block.locator(f"{READY} :is(input[type=range], select)").all():
        times = []
        for k in range(TRIES):
            keys = ("ArrowRight", "ArrowLeft") if k % 2 == 0 else ("ArrowLeft", "ArrowRight")
            times.append(respond(page, block, control, keys[0]))
            if times[-1][0] <= ANSWER and times[-1][1] <= BLOCKED:
                break
            page.wait_for_timeout(k * PAUSE)
        else:
            label = control.evaluate("control => control.labels[0].textContent")
            yield f"{name}, {label}: (answer, longest task) {times} ms"


def slow(browser, home, document):
    """Return the controls of a page that answer too late or block it for too long."""
    with browser.new_context(viewport=DESKTOP) as context:
        page = opened(context, home, document, [])
        return [
            defect for name, block in blocks_in(page) for defect in slow_controls(page, name, block)
        ]


@chromium
@each_page
def test_controls_answer_in_time(browser, site, document):
    assert slow(browser, site, document) == []
