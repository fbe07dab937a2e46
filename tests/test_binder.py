"""Binder: the image it would build, and its environment, in which every notebook runs.

They run there on another BLAS kernel and without numpy's wide loops: equal outputs then do not
depend on them.
"""

import base64
import io
import os
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

from tests import binder_environment
from tests.binder_environment import BIN, BINDER_PINS, LOCK
from tests.book import NOTEBOOKS, ROOT
from tests.test_stored_notebooks import PICTURE, pictures
from tools import canonical

BINDER = ROOT / "binder"
RUNS = ROOT / "_build" / "binder-runs"
OTHER_KERNELS = {
    "OPENBLAS_CORETYPE": "SANDYBRIDGE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
}
# share of the full range by which a pixel may differ, and share of pixels that may differ more
PIXEL_TOLERANCE, PIXELS_BEYOND = 0.1, 0.002


@pytest.fixture(scope="module")
def dockerfile():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def run():
    """Execute every notebook in Binder's environment and return them by name."""
    binder_environment.make()
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
