"""Describe every page in its head, for search engines and the previews of shared links."""

import textwrap
from html import escape

from docutils import nodes

LONGEST = 160
PICTURE = "share.png"
PICTURE_TEXT = (
    "Three signals on their way through a deep network: one explodes, one vanishes, one stays"
)


def describe(app, pagename, templatename, context, doctree):
    """Add the description, the first paragraph, and what a shared link shows."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    first = next((text for text in paragraphs if isinstance(text.parent, nodes.section)), None)
    if first is not None:
        words = textwrap.shorten(first.astext(), LONGEST, placeholder=" …")
        context["metatags"] += f'\n<meta name="description" content="{escape(words)}">'
        shared = {
            "title": f"{context['title']} · {app.config.project}",
            "description": words,
            "type": "article",
            "url": context.get("pageurl") or "",
            "image": f"{app.config.html_baseurl}_static/{PICTURE}",
            "image:alt": PICTURE_TEXT,
        }
        for name, content in shared.items():
            context["metatags"] += f'\n<meta property="og:{name}" content="{escape(content)}">'


def setup(app):
    """Register the step."""
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
