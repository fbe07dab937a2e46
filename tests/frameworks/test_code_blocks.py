"""Every block of PyTorch, Keras or JAX code in the book runs and does what its page promises."""

import keras
import nbformat
import pytest
import torch

from tests.frameworks.code_blocks import PAGES, blocks, fences, missed
from tests.frameworks.promises import CONVOLUTION, LINEAR, PROMISES, has_he

BLOCKS = [block for path in PAGES for block in blocks(path)]


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
    names = {"__name__": "block", "torch": torch, "net": small_network()}
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
