"""Every block of PyTorch, Keras or JAX code in the book runs and does what its page promises."""

import math

import keras
import nbformat
import pytest
import torch

import initlab as il
from tests.frameworks.cases import numpy
from tests.frameworks.code_blocks import PAGES, blocks, fences, missed

BLOCKS = [block for path in PAGES for block in blocks(path)]


def has_he(*kinds):
    """Return the check that ``net`` has std sqrt(2 / fan_in) and zero biases in these layers."""

    def check(names):
        layers = [layer for layer in names["net"].modules() if isinstance(layer, kinds)]
        assert layers
        for layer in layers:
            W = numpy(layer.weight)
            fan_in, _ = il.compute_fans(W.shape)
            assert W.std() == pytest.approx(math.sqrt(2 / fan_in), rel=5 / math.sqrt(2 * W.size))
            assert not layer.bias.any()

    return check


def has_std(std):
    """Return the check that the block draws ``weight`` with mean 0 and this std."""

    def check(names):
        W = numpy(names["weight"])
        assert abs(W.mean()) <= 5 * std / math.sqrt(W.size)
        assert W.std() == pytest.approx(std, rel=5 / math.sqrt(2 * W.size))

    return check


def diagnoses(*expected):
    """Return the check that ``reports`` holds reports with these verdicts, in this order."""

    def check(names):
        found = [report.verdict.partition(":")[0] for report in names["reports"]]
        assert found == list(expected)

    return check


# What each page promises of its blocks, in their order. A new block needs a promise here.
LINEAR, CONVOLUTION = torch.nn.Linear, torch.nn.Conv2d
PROMISES = {
    "02_random_initialization": [has_he(LINEAR)],
    "03_xavier_initialization": [has_std(math.sqrt(2 / (400 + 300)))],
    "04_he_initialization": [has_he(LINEAR, CONVOLUTION)],
    "diagnosing": [diagnoses("vanishing", "healthy"), diagnoses("healthy")],
}


def small_network():
    """Return what a block may use as ``net``, as torch makes it by default."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 32, 3),
        torch.nn.ReLU(),
        torch.nn.Conv2d(32, 32, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(512, 100),
        torch.nn.ReLU(),
        torch.nn.Linear(100, 10),
    )


@pytest.mark.parametrize("kind", [LINEAR, CONVOLUTION])
def test_the_network_is_not_he_before(kind):
    with pytest.raises(AssertionError):
        has_he(kind)({"net": small_network()})


def test_every_block_has_a_promise():
    pages = {path.stem for path in PAGES}
    assert pages >= set(PROMISES)
    counts = {stem: sum(block.page == stem for block in BLOCKS) for stem in pages}
    assert {stem: n for stem, n in counts.items() if n} == {
        stem: len(promises) for stem, promises in PROMISES.items()
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_block_is_missed(path):
    assert missed(path) == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}-{block.index}")
def test_block(block):
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    names = {"torch": torch, "net": small_network()}
    exec(compile(block.code, f"{block.page}, block {block.index}", "exec"), names)
    PROMISES[block.page][block.index](names)


SOUND = "# PyTorch\nimport torch\n"


@pytest.mark.parametrize(
    ("text", "n_found", "n_missed"),
    [
        (f"```text\n{SOUND}```", 1, 0),
        (f"```python\n{SOUND}```\n\n```\n# JAX\nimport jax\n```", 2, 0),
        (f"````{{dropdown}} In code\n```text\n{SOUND}```\n````", 1, 0),
        (f":::{{note}}\n```text\n{SOUND}```\n:::", 1, 0),
        (f"- in a list\n\n  ```text\n  {SOUND.replace(chr(10), chr(10) + '  ')}\n  ```", 1, 0),
        ("```text\n# PyTorch, with zero biases\nx = 1\n```", 0, 1),
        ("```text\n# pytorch\nx = 1\n```", 0, 1),
        ("```text\nx = 1\n# Keras\ny = 1\n```", 0, 1),
        ("```text\nimport torch\n```", 0, 1),
        ("```text\nW = jax.numpy.zeros(3)\n```", 0, 1),
        (f"```text\n{SOUND}# Keras\n```", 1, 1),
        ("    # JAX\n    import jax", 1, 0),
        ("```text\nprint(1)\n```", 0, 0),
    ],
)
def test_finding_blocks(text, n_found, n_missed, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    notebook = tmp_path / "notebook.ipynb"
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    for path in (page, notebook):
        assert len(blocks(path)) == n_found
        assert len(missed(path)) == n_missed
    assert len(list(fences(text))) >= n_found
