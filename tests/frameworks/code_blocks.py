"""Find the blocks of PyTorch, Keras and JAX code in notebooks and pages."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").rglob("*.md"))]
HEADINGS = ("# PyTorch", "# Keras", "# JAX")
NAMED = re.compile(r"^\s*#+\s*(pytorch|torch|keras|tensorflow|jax)\b", re.IGNORECASE | re.MULTILINE)
USED = re.compile(r"\b(import (torch|keras|jax)|(torch|keras|jax)\.\w)")
MARKDOWN = MarkdownIt("commonmark")


class Block(NamedTuple):
    """A block that is to be executed: its page, its place among that page's blocks, its code."""

    page: str
    index: int
    code: str


def fences(text):
    """Yield the content of every fenced block of a Markdown text, nested ones too."""
    for token in MARKDOWN.parse(text):
        if token.type == "fence" and token.info.startswith("{"):
            yield from fences(token.content)
        elif token.type in ("fence", "code_block"):
            yield token.content


def texts(path):
    """Return the Markdown of a page, or of every Markdown cell of a notebook."""
    if path.suffix == ".md":
        return [path.read_text("utf-8")]
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def blocks(path):
    """Return the blocks of a page whose first line is one of the headings."""
    found = [code for text in texts(path) for code in fences(text)]
    headed = [code for code in found if code.split("\n")[0] in HEADINGS]
    return [Block(path.stem, i, code) for i, code in enumerate(headed)]


def missed(path):
    """Return the blocks that look like framework code and would not be executed."""
    found = [code for text in texts(path) for code in fences(text)]
    return [
        code
        for code in found
        if code.split("\n")[0] not in HEADINGS and (NAMED.search(code) or USED.search(code))
    ] + [code for code in found if len(NAMED.findall(code)) > 1]
