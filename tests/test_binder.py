"""Binder: the image it would build, and its environment, in which every notebook runs and is read.

The environment is a fresh one with binder/requirements.txt and JupyterLab. The notebooks run there
on another BLAS kernel and without numpy's wide loops: equal outputs then do not depend on them.
"""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import matplotlib.image
import numpy as np
import pytest

from tests.book import NOTEBOOKS, ROOT
from tests.test_stored_notebooks import PICTURE, pictures
from tools import canonical

BINDER = ROOT / "binder"
ENVIRONMENT = ROOT / "_build" / "binder-environment"
RUNS = ROOT / "_build" / "binder-runs"
SCREENSHOTS = ROOT / "_build" / "screenshots" / "jupyterlab"
BIN = ENVIRONMENT / "bin"
OTHER_KERNELS = {
    "OPENBLAS_CORETYPE": "SANDYBRIDGE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
}
# share of the full range by which a pixel may differ, and share of pixels that may differ more
PIXEL_TOLERANCE, PIXELS_BEYOND = 0.1, 0.002
# cells outside the window are otherwise not rendered, and could not be read
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
# its live cell needs nothing of the cells before it
LIVE_CHAPTER = "05_vanishing_gradients"
RAW_MARKUP = re.compile(
    r"```|:::|\{(glue|value|cite|prf|ref|numref)[:}\w]|^\([\w-]+\)=$", re.MULTILINE
)
# an unknown directive is a red box, a citation or reference without a target is marked
ERROR_BOXES = "[class*='bg-red'], [class*='border-red-'], [title*='Not Found'], .jp-RenderedError"


def pinned(text):
    """Return the packages that a requirements file pins, with their versions."""
    return dict(re.findall(r"^([\w.-]+)==([^\s\\;]+)", text, re.MULTILINE))


BINDER_PINS = pinned((BINDER / "requirements.txt").read_text("utf-8"))
LOCK = pinned((ROOT / "requirements.txt").read_text("utf-8"))


@pytest.fixture(scope="module")
def dockerfile():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def environment():
    """Make the environment, or take the one made from the same requirements."""
    requirements = [*(f"{name}=={version}" for name, version in BINDER_PINS.items())]
    requirements.append(f"jupyterlab=={LOCK['jupyterlab']}")
    key = hashlib.sha256(repr((sys.version, requirements)).encode()).hexdigest()
    stamp = ENVIRONMENT / "made-from"
    if not stamp.exists() or stamp.read_text() != key:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [BIN / "python", "-m", "pip", "install", "--quiet", "--no-compile", *requirements]
        subprocess.run(pip, check=True)
        settings = ENVIRONMENT / "share" / "jupyter" / "lab" / "settings"
        settings.mkdir(exist_ok=True)
        (settings / "overrides.json").write_text(json.dumps(SETTINGS))
        stamp.write_text(key)
    return ENVIRONMENT


@pytest.fixture(scope="module")
def run(environment):
    """Execute every notebook in Binder's environment and return them by name."""
    RUNS.mkdir(parents=True, exist_ok=True)
    command = [BIN / "jupyter", "execute", "--timeout=120", *NOTEBOOKS]
    command.append(f"--output={RUNS}/{{notebook_name}}")
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **OTHER_KERNELS})
    return {
        path.stem: canonical.canonicalize(canonical.read(RUNS / path.name)) for path in NOTEBOOKS
    }


def test_the_image_takes_binders_requirements_only(dockerfile):
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert "pip install --no-cache-dir -r requirements.txt" not in dockerfile


def test_the_image_has_python_3_11_and_starts_with_one_blas_thread(dockerfile):
    assert "Building conda environment for python=3.11\n" in dockerfile
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile
    assert os.access(BINDER / "start", os.X_OK)


def test_start_sets_one_thread_and_runs_what_it_is_given():
    show = "import os; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    bare = {"PATH": os.environ["PATH"]}
    command = [BINDER / "start", sys.executable, "-c", show]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=bare)
    assert done.stdout == "1 1\n"


def test_binder_has_the_versions_of_the_lock():
    assert BINDER_PINS
    assert {name: LOCK[name.replace("_", "-")] for name in BINDER_PINS} == BINDER_PINS


def texts(cell):
    """Return what a cell printed or showed, pictures left out."""
    return [
        output.get("text")
        or {kind: data for kind, data in output.get("data", {}).items() if kind != PICTURE}
        for output in cell.outputs
    ]


def pixels(output):
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(output.data[PICTURE])))


def pictures_differ(stored, fresh):
    """Tell whether two decoded pictures differ by more than rounding in the drawing."""
    if stored.shape != fresh.shape:
        return True
    return (np.abs(stored - fresh).max(axis=-1) > PIXEL_TOLERANCE).mean() > PIXELS_BEYOND


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_equal_on_another_blas_kernel(run, path):
    for stored, fresh in zip(canonical.read(path).cells, run[path.stem].cells, strict=True):
        if stored.cell_type == "code" and "live-only" not in stored.metadata.get("tags", ()):
            assert texts(fresh) == texts(stored), f"cell {stored.id}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_are_fresh(run, path):
    stale = []
    for stored, fresh in zip(canonical.read(path).cells, run[path.stem].cells, strict=True):
        if stored.cell_type == "code" and "chaotic-figure" not in stored.metadata.get("tags", ()):
            pairs = zip(pictures(stored), pictures(fresh), strict=True)
            if any(pictures_differ(pixels(old), pixels(new)) for old, new in pairs):
                stale.append(stored.id)
    assert stale == []


def test_a_moved_line_is_a_different_picture():
    drawn = np.ones((100, 100, 4))
    drawn[50, 20:80] = 0
    assert not pictures_differ(drawn, drawn.copy())
    assert pictures_differ(drawn, np.roll(drawn, 1, axis=0))


@pytest.fixture(scope="module")
def lab(environment):
    """Yield the address of a JupyterLab in Binder's environment, opened at the repository."""
    command = [BIN / "jupyter", "lab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--IdentityProvider.token=", "--ServerApp.root_dir=" + str(ROOT)]
    log = RUNS.parent / "jupyterlab.log"
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


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_jupyterlab_renders_every_cell(lab, browser, path):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1200, "height": 3000})
    page.goto(f"{lab}/lab/tree/notebooks/{path.name}?reset")
    n_markdown = sum(cell.cell_type == "markdown" for cell in canonical.read(path).cells)
    rendered = page.locator(".jp-Notebook .jp-MarkdownCell .myst")
    rendered.nth(n_markdown - 1).wait_for(state="attached", timeout=120_000)
    page.wait_for_timeout(3000)
    assert rendered.count() == n_markdown
    shown = [rendered.nth(i).inner_text() for i in range(n_markdown)]
    assert [text for text in shown if RAW_MARKUP.search(text) or not text.strip()] == []
    assert page.locator(f".jp-Notebook :is({ERROR_BOXES})").all_inner_texts() == []
    _take_screenshots(page, path.stem)
    page.close()


@pytest.mark.needs("chromium")
def test_a_slider_draws_anew_in_a_live_notebook(lab, browser):
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"{lab}/lab/tree/notebooks/{LIVE_CHAPTER}.ipynb?reset")
    cell = page.locator(".jp-CodeCell", has_text="from initlab import explorers")
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    words = cell.locator(".widget-html-content")
    words.wait_for(timeout=60_000)
    picture = cell.locator("img.widget-image")
    before = words.inner_text(), picture.get_attribute("src")
    _drag(page, cell.locator(".noUi-handle").first, 40)
    page.wait_for_function(
        "([cell, text]) => cell.querySelector('.widget-html-content').innerText !== text",
        arg=[cell.element_handle(), before[0]],
    )
    assert picture.get_attribute("src") != before[1]
    page.close()


def _drag(page, handle, distance):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + distance, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()


def _take_screenshots(page, stem):
    """Keep a picture of every screen of the notebook."""
    scroll = page.locator(".jp-WindowedPanel-outer").first
    height = scroll.evaluate("panel => panel.scrollHeight")
    for number, top in enumerate(range(0, height, 2800)):
        scroll.evaluate("(panel, top) => { panel.scrollTop = top }", top)
        page.wait_for_timeout(150)
        page.screenshot(path=SCREENSHOTS / f"{stem}-{number:02}.png")
