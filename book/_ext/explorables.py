"""Write stored weights into the blocks that show them: pages from the disk may fetch nothing."""

import re
from html import escape
from pathlib import Path

from sphinx.errors import ExtensionError

FIXTURES = Path("book", "assets", "explorables", "fixtures")
WEIGHTS = re.compile(r'data-weights="([\w-]+\.json)"')


def inline_weights(app, pagename, templatename, context, doctree):
    """Replace the name of a file of weights by what the file holds."""

    def content(found):
        path = Path(app.srcdir, FIXTURES, found[1])
        if not path.is_file():
            raise ExtensionError(
                f"data-weights on {pagename} must name a file of {FIXTURES}/, got {found[1]!r}"
            )
        return f'data-weights="{escape(path.read_text("utf-8").strip())}"'

    if "body" in context:
        context["body"] = WEIGHTS.sub(content, context["body"])


def setup(app):
    """Register the step."""
    app.connect("html-page-context", inline_weights)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
