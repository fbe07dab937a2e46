"""A server of the built book, and a watch on what a page in the browser does."""

from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.book import HTML

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
STANDS_STILL = """(milliseconds) => {
    const place = `${scrollY} of ${document.body.scrollHeight}`;
    if (place !== window.place) [window.place, window.since] = [place, performance.now()];
    return document.readyState === "complete" && performance.now() - window.since > milliseconds;
}"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve files without a line per request."""

    def log_message(self, *arguments):
        """Say nothing."""


@contextmanager
def serving(handler=QuietHandler):
    """Yield the address of a local server of the built book."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(HTML))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def watch(page, home, requested, complaints):
    """Record what the page requests and complains of; refuse whatever is not under ``home``."""

    def route(route):
        requested.append(route.request.url)
        if route.request.url.startswith((home, "data:", "blob:")):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    page.route("**/*", route)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: message.type in ("error", "warning") and complaints.append(message.text),
    )
    page.on(
        "response",
        lambda answer: answer.status >= 400 and complaints.append(f"{answer.status} {answer.url}"),
    )


def wait_until(page, condition, seconds=20):
    """Let the page work until the condition holds, and return whether it does."""
    for _ in range(int(20 * seconds)):
        if condition():
            return True
        page.wait_for_timeout(50)
    return condition()


def stop_fading(page):
    """Let colors change at once."""
    page.add_style_tag(content="*, ::before, ::after { transition: none !important }")


def stand_still(page, seconds=0.5):
    """Wait until the page has neither scrolled nor grown for a while."""
    page.evaluate("window.place = null")
    page.wait_for_function(STANDS_STILL, arg=1000 * seconds, polling=100)


def draw_formulas(page):
    """Draw all formulas; a page by itself draws those near the window only."""
    page.evaluate("window.MathJax?.startup.promise.then(() => MathJax.typesetPromise())")


@contextmanager
def reading(browser, home, address, script="", **options):
    """Yield a page that may reach nothing but the book, and fail if it complains."""
    with browser.new_context(**{"viewport": DESKTOP, **options}) as context:
        page = context.new_page()
        complaints = []
        watch(page, home, [], complaints)
        page.add_init_script(script)
        page.goto(home + address)
        page.evaluate("window.MathJax?.startup?.promise")
        yield page
        assert complaints == []


def overflow(page):
    """Return by how many pixels the page scrolls sideways."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
