"""The list of terms on the glossary's page, and links to it from the chapters.

``{glossary-terms}`` writes the list. In each chapter the first use of a term in running text
becomes a link to its entry, with the sentence as its title: notebooks hold no such links. A term
that is used in folded text only (hints, solutions, follow-ups) is linked there. The options of a
quiz hold no links: a click on one is an answer.
"""

from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from tools import glossary, sections

PAGE = "book/glossary"
CHAPTERS = "notebooks/"
NOT_RUNNING = (nodes.table, nodes.figure, nodes.literal_block, nodes.title)
NOT_WORDS = (nodes.literal, nodes.math, nodes.raw, nodes.reference)
FOLDED = {"sd-dropdown", "dropdown"}
QUIZ = "quiz-"  # begins the id of a question; the list after it holds the options


class GlossaryTerms(SphinxDirective):
    """All terms from A to Z."""

    def run(self):
        """Return a definition list."""
        root = Path(self.env.srcdir)
        for path in (root / glossary.FILE, *sections.pages(root).values()):
            self.env.note_dependency(str(path))
        terms = sorted(glossary.load(root), key=lambda entry: entry["term"].lower())
        items = [self.item(entry, Path(self.env.docname).name, root) for entry in terms]
        return [nodes.definition_list("", *items, classes=["glossary-terms"])]

    def item(self, entry, stem, root):
        """Return a term in both languages, its sentence, and where it is explained."""
        anchor = glossary.anchor(entry["term"])
        chinese = nodes.inline("", "、".join(glossary.chinese(entry)), classes=["language-zh-Hans"])
        link = nodes.reference("", "¶", refid=anchor, classes=["headerlink"])
        link["reftitle"] = f"Permanent link to {entry['term']}"
        term = nodes.term("", entry["term"], nodes.Text(" "), chinese, nodes.Text(" "), link)
        term["ids"].append(anchor)
        title = sections.title(entry["section"], root)
        text = f"{entry['sentence']} [{title}]({sections.link(entry['section'], stem, root)})"
        words, _ = self.state.inline_text(text, self.lineno)
        definition = nodes.definition("", nodes.paragraph("", "", *words))
        return nodes.definition_list_item("", term, definition)


def link_terms(app, doctree, docname):
    """Link each term of a chapter at its first use."""
    if not docname.startswith(CHAPTERS) or app.builder.format != "html":
        return
    address = app.builder.get_relative_uri(docname, PAGE)
    find = glossary.finder(glossary.read(app.srcdir))
    linked = set()
    for text in running_text(doctree):
        pieces = _with_links(text.astext(), find, linked, address)
        text.parent.replace(text, pieces)


def running_text(doctree):
    """Return the text nodes of paragraphs and lists in order; what is folded comes last."""
    shown, folded = [], []
    for paragraph in doctree.findall(nodes.paragraph):
        around = list(_ancestors(paragraph))
        if any(isinstance(node, NOT_RUNNING) or _holds_options(node) for node in around):
            continue
        is_folded = any(FOLDED.intersection(node.get("classes", ())) for node in around)
        texts = [
            text
            for text in paragraph.findall(nodes.Text)
            if not any(isinstance(node, NOT_WORDS) for node in _ancestors(text))
        ]
        (folded if is_folded else shown).extend(texts)
    return [*shown, *folded]


def _holds_options(node):
    if not isinstance(node, nodes.bullet_list):
        return False
    question = node.previous_sibling()
    return question is not None and any(key.startswith(QUIZ) for key in question["ids"])


def _ancestors(node):
    while node.parent is not None:
        node = node.parent
        yield node


def _with_links(text, find, linked, address):
    """Return the nodes of a text in which terms that are not in ``linked`` yet are links."""
    pieces, end = [], 0
    for found, entry in find(text):
        if entry["term"] in linked:
            continue
        linked.add(entry["term"])
        link = nodes.reference("", found[0], internal=True, classes=["glossary-term"])
        link["refuri"] = f"{address}#{glossary.anchor(entry['term'])}"
        link["reftitle"] = entry["sentence"]
        pieces += [nodes.Text(text[end : found.start()]), link]
        end = found.end()
    return [*pieces, nodes.Text(text[end:])]


def check(app):
    """End the build before it begins if the glossary is bad."""
    try:
        found = glossary.problems(app.srcdir)
    except ValueError as error:
        found = [str(error)]
    if found:
        raise ExtensionError("\n".join(found))


def depend(app, docname, source):
    """Build a chapter anew when the glossary changes."""
    if docname.startswith(CHAPTERS):
        app.env.note_dependency(str(Path(app.srcdir, glossary.FILE)))


def setup(app):
    """Register the directive and the steps."""
    app.add_directive("glossary-terms", GlossaryTerms)
    app.connect("builder-inited", check)
    app.connect("source-read", depend)
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
