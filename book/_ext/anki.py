"""Write the deck of cards for Anki beside the built pages."""

from pathlib import Path

from tools import anki


def write_deck(app, exception):
    """Write the deck once all pages are there."""
    if exception is None and app.builder.format == "html":
        anki.write(Path(app.outdir, "_static", anki.NAME), Path(app.srcdir))


def setup(app):
    """Register the step."""
    app.connect("build-finished", write_deck)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
