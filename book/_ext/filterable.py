"""Entries that ``assets/interview/filter.js`` searches and filters, for the cards and the ledger.

A page writes ``opening(filters)``, its entries (in sections or not) and ``closing()``; an entry is
`FilterableEntry`. The script and the styles are loaded on such pages only.
"""

from docutils import nodes


class FilterableEntry(nodes.General, nodes.Element):
    """One entry: ``ids`` hold its permanent id, ``data`` its data attributes by name.

    The names are those of the filters, and ``words`` for more words to find the entry by.
    """


def visit_entry(translator, node):
    """Open the ``<div>`` of an entry."""
    data = {f"data-{name}": value for name, value in node["data"].items()}
    translator.body.append(translator.starttag(node, "div", CLASS="entry", **data))


def depart_entry(translator, node):
    """Close it."""
    translator.body.append("</div>\n")


def opening(filters):
    """Return the beginning of a block whose entries have the data attributes ``filters``."""
    return _raw(f'<div class="filterable" data-filters="{" ".join(filters)}">')


def closing():
    """Return its end."""
    return _raw("</div>")


def _raw(html):
    return nodes.raw("", html, format="html")


def add_files(app, pagename, templatename, context, doctree):
    """Load script and styles on the pages with entries."""
    if doctree and next(doctree.findall(FilterableEntry), None) is not None:
        app.add_js_file("interview/filter.js", loading_method="defer")
        app.add_css_file("interview/interview.css")


def setup(app):
    """Register the node and the step."""
    app.add_node(FilterableEntry, html=(visit_entry, depart_entry))
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
