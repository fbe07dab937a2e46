"""The ledger of folklore: all statements of ``book/claims.yml``, to be searched and filtered."""

from collections import Counter
from pathlib import Path

from docutils import nodes

from book._ext import filterable
from book._ext.interview import FromBank
from tools import claims, entries, glossary, texts


class FolkloreLedger(FromBank):
    """Count the statements by verdict, then write them by topic."""

    def run(self):
        """Return the counts, and a section for each topic inside the filterable block."""
        root, stem = self.prepare()
        self.env.note_dependency(str(root / claims.FILE))
        statements = claims.load(root)
        counts = self.parsed(count(statements), nodes.container(classes=["verdict-counts"]))
        topics = dict.fromkeys(statement["topic"] for statement in statements)
        written = [
            self.topic(topic, [own for own in statements if own["topic"] == topic], stem, root)
            for topic in topics
        ]
        return [counts, filterable.opening(["topic", "verdict"]), *written, filterable.closing()]

    def topic(self, topic, statements, stem, root):
        """Return the section of one topic."""
        section = self.section(topic, stem, root, prefix="folklore")
        for statement in statements:
            data = {name: statement[name] for name in ("topic", "verdict")}
            data["words"] = search_words(statement, root)
            section += self.entry(anchor(statement), data, markdown(statement, stem, root))
        return section


def count(statements):
    """Return how many statements have which verdict, in Markdown, the best verdict first."""
    verdicts = entries.read(entries.SCHEMAS / "statement.yml")["properties"]["verdict"]["enum"]
    found = Counter(statement["verdict"] for statement in statements)
    numbers = [f"{badge(verdict)} {found[verdict]}" for verdict in verdicts]
    return f"{len(statements)} statements: {', '.join(numbers)}."


def badge(verdict):
    """Return a verdict as a word with the classes of its sign and color."""
    return f"[{verdict.capitalize()}]{{.verdict .verdict-{verdict}}}"


def markdown(statement, stem, root=Path(".")):
    """Return one statement as Markdown: what is said, the verdict, the right sentence."""
    claim = texts.on_page(statement["claim"], stem, root)
    quotation = "\n".join(f"> {line}".rstrip() for line in claim.splitlines())
    right = texts.on_page(statement["right"], stem, root)
    link = f"[Permanent link ¶](#{anchor(statement)}){{.entry-link}}"
    shown = texts.shown(statement, stem, root)
    return f"{quotation}\n\n{badge(statement['verdict'])} {right}\n\n{shown} {link}"


def anchor(statement):
    """Return the permanent id of a statement on the page of the ledger."""
    return f"f-{statement['id']}"


def search_words(statement, root=Path(".")):
    """Return words to find a statement by that need not stand in it, Chinese ones too."""
    text = f"{statement['claim']} {statement['right']}"
    return " ".join([*statement.get("keywords", []), *glossary.chinese_words(text, root)])


def add_files(app, pagename, templatename, context, doctree):
    """Load the styles of the badges on the page of the ledger."""
    containers = doctree.findall(nodes.container) if doctree else ()
    if any("verdict-counts" in node["classes"] for node in containers):
        app.add_css_file("interview/folklore.css")


def setup(app):
    """Register the directive and the step."""
    app.add_directive("folklore-ledger", FolkloreLedger)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
