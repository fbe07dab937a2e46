"""JupyterLab in Binder's environment: every notebook is rendered there, and its sliders work."""

import re
import subprocess
import time
import urllib.request

import pytest

from tests import binder_environment
from tests.binder_environment import BIN
from tests.book import NOTEBOOKS, ROOT
from tests.browsing import wait_until
from tools import canonical

SCREENSHOTS = ROOT / "_build" / "screenshots" / "jupyterlab"

MARKDOWN = ".jp-Notebook .jp-MarkdownCell .myst"
OPEN = "async (path) => { await jupyterapp.commands.execute('docmanager:open', { path }); }"
CLOSE = """async () => {
    const notebook = jupyterapp.shell.currentWidget;
    await notebook.sessionContext.shutdown();
    notebook.dispose();
}"""
SECOND_WITHOUT_CHANGE = """() => new Promise((resolve) => {
    const still = () => (observer.disconnect(), resolve());
    let timer = setTimeout(still, 1000);
    const observer = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(still, 1000);
    });
    const all = { childList: true, subtree: true, characterData: true };
    observer.observe(document.querySelector(".jp-Notebook"), all);
})"""
# its live cell needs nothing of the cells before it
LIVE_CHAPTER = ROOT / "notebooks" / "02_random_initialization.ipynb"
RAW_MARKUP = re.compile(
    r"```|:::|\{(glue|value|cite|prf|ref|numref)[:}\w]|^\([\w-]+\)=$", re.MULTILINE
)
# an unknown directive is a red box, a citation or reference without a target is marked
ERROR_BOXES = "[class*='bg-red'], [class*='border-red-'], [title*='Not Found'], .jp-RenderedError"


@pytest.fixture(scope="module")
def lab():
    """Yield the address of a JupyterLab in Binder's environment, opened at the repository."""
    binder_environment.make()
    command = [BIN / "jupyter", "lab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--IdentityProvider.token=", "--ServerApp.root_dir=" + str(ROOT)]
    command.append("--LabApp.expose_app_in_browser=True")
    log = ROOT / "_build" / "jupyterlab.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield _address(log)
    finally:
        server.terminate()
        server.wait(30)


def _address(log, seconds=60):
    """Wait until the server has written its address to the log and answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)/lab", log.read_text("utf-8"))
        if found:
            address = f"http://127.0.0.1:{found[1]}"
            urllib.request.urlopen(f"{address}/api", timeout=seconds).close()
            return address
        time.sleep(0.3)
    raise TimeoutError(f"JupyterLab did not start; see {log}")


def unreadable(texts):
    """Return the texts that are empty or show markup."""
    return [text for text in texts if RAW_MARKUP.search(text) or not text.strip()]


@pytest.fixture(scope="module")
def desk(lab, browser):
    """Yield a page with JupyterLab, started once for all notebooks."""
    page = browser.new_page(viewport={"width": 1200, "height": 3000})
    page.goto(f"{lab}/lab?reset")
    page.wait_for_function("window.jupyterapp && document.querySelector('.jp-Launcher')")
    yield page
    page.close()


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request, desk):
    """Open a notebook, wait until its text is rendered and has settled; yield path and page."""
    n_markdown = sum(cell.cell_type == "markdown" for cell in canonical.read(request.param).cells)
    desk.evaluate(OPEN, f"notebooks/{request.param.name}")
    try:
        rendered = desk.locator(MARKDOWN)
        rendered.nth(n_markdown - 1).wait_for(state="attached", timeout=180_000)
        wait_until(desk, lambda: not unreadable(rendered.all_inner_texts()), seconds=60)
        desk.evaluate(SECOND_WITHOUT_CHANGE)
        assert rendered.count() == n_markdown
        yield request.param, desk
    finally:
        desk.evaluate(CLOSE)


@pytest.mark.needs("chromium")
def test_jupyterlab_renders_every_cell(notebook):
    path, page = notebook
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    assert unreadable(page.locator(MARKDOWN).all_inner_texts()) == []
    assert page.locator(f".jp-Notebook :is({ERROR_BOXES})").all_inner_texts() == []
    page.screenshot(path=SCREENSHOTS / f"{path.stem}.png")


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("notebook", [LIVE_CHAPTER], indirect=True, ids=[LIVE_CHAPTER.stem])
def test_a_slider_draws_anew_in_a_live_notebook(notebook):
    _, page = notebook
    cell = page.locator(".jp-CodeCell", has_text="from initlab import explorers")
    page.get_by_text("| Idle").wait_for(timeout=180_000)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    words = cell.locator(".widget-html-content")
    words.wait_for(timeout=180_000)
    picture = cell.locator("img.widget-image")
    before = words.inner_text(), picture.get_attribute("src")
    _drag(page, cell.locator(".noUi-handle").first, 40)
    assert wait_until(page, lambda: words.inner_text() != before[0], seconds=30)
    assert picture.get_attribute("src") != before[1]


def _drag(page, handle, distance):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + distance, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
