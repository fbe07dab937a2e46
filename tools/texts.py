"""Texts of the question bank and the ledger, made ready for the page that shows them."""

from functools import partial
from pathlib import Path

from tools import records, sections


def on_page(text, stem, root=Path(".")):
    """Return a text with its numbers resolved and its links made to work on the page ``stem``."""
    resolve = partial(records.resolve, notebooks=Path(root, "notebooks"))
    return sections.relink(records.fill(text.strip(), resolve), stem, root)


def in_one_line(text, stem, root=Path(".")):
    """Return the same without line breaks, for headings and titles."""
    return " ".join(on_page(text, stem, root).split())


def shown(entry, stem, root=Path(".")):
    """Return the link to the section that shows what an entry says."""
    title = sections.title(entry["section"], root)
    return f"Shown in [{title}]({sections.link(entry['section'], stem, root)})."
