"""The pages of the interview kit that are made of the question bank, and the check of its data.

``{interview-cards}`` writes every question as a card, by topic. ``{mock-interview}`` holds what a
reader without scripts does instead, and brings all questions for ``assets/interview/mock.js``.
Bad data in the bank or the ledger end the build.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from book._ext import filterable
from tools import cards, claims, glossary, questions, sections


class Part(nodes.General, nodes.Element):
    """An HTML element with the name ``tag``, classes and data attributes."""


def visit_part(translator, node):
    """Open the element."""
    data = {f"data-{name}": value for name, value in node.get("data", {}).items()}
    translator.body.append(translator.starttag(node, node["tag"], **data))


def depart_part(translator, node):
    """Close it."""
    translator.body.append(f"</{node['tag']}>\n")


class FromBank(SphinxDirective):
    """What both directives share: the bank, and nodes made of Markdown."""

    def prepare(self):
        """Return root and stem of the page, which is built anew when what it shows changes."""
        root = Path(self.env.srcdir)
        shown = [root / questions.FILE, root / glossary.FILE, *sections.pages(root).values()]
        for path in shown:
            self.env.note_dependency(str(path))
        return root, Path(self.env.docname).name

    def parsed(self, text, node):
        """Return the node with the Markdown parsed into it."""
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(text.splitlines(), source), self.content_offset, node)
        return node

    def section(self, topic, stem, root, prefix="topic"):
        """Return an empty section of the page, whose title links to the page of the topic."""
        link = f"[{sections.title(topic, root)}]({sections.link(topic, stem, root)})"
        words, _ = self.state.inline_text(link, self.lineno)
        anchor = nodes.make_id(f"{prefix}-{topic}")
        section = nodes.section("", nodes.title("", "", *words), names=[anchor])
        self.state.document.note_explicit_target(section)
        return section

    def entry(self, anchor, data, text):
        """Return an entry that can be filtered and linked to, with the Markdown parsed into it."""
        entry = filterable.FilterableEntry(names=[anchor], data=data)
        self.state.document.note_explicit_target(entry)
        return self.parsed(text, entry)


class InterviewCards(FromBank):
    """All questions as cards that can be searched and filtered."""

    def run(self):
        """Return a section for each topic between the tags of the filterable block."""
        root, stem = self.prepare()
        topics = [
            self.topic(topic, own, stem, root)
            for topic, own in cards.by_topic(questions.load(root))
        ]
        return [filterable.opening(["topic", "level"]), *topics, filterable.closing()]

    def topic(self, topic, own, stem, root):
        """Return the section of one topic."""
        section = self.section(topic, stem, root)
        for question in own:
            data = {name: question[name] for name in ("topic", "level")}
            data["words"] = cards.search_words(question, root)
            section += self.entry(cards.anchor(question), data, cards.card(question, stem, root))
        return section


class MockInterview(FromBank):
    """The mock interview: its content is the fallback, the questions wait in templates."""

    has_content = True

    def run(self):
        """Return the block that the script takes over."""
        root, stem = self.prepare()
        block = Part(tag="div", classes=["mock"])
        block += self.parsed("\n".join(self.content), Part(tag="div"))
        for question in questions.load(root):
            block += self.template(question, stem, root)
        return [block]

    def template(self, question, stem, root):
        """Return one question with its answer, what earns points, and the section to read."""
        data = {name: question[name] for name in ("id", "topic", "level")}
        data["chapter"] = sections.title(question["topic"], root)
        texts = {
            "question": cards.texts.on_page(question["question"], stem, root),
            "answer": cards.answer(question, stem, root),
            "rubric": cards.rubric(question, stem, root),
            "evidence": cards.evidence(question, stem, root),
        }
        template = Part(tag="template", data=data)
        for name, text in texts.items():
            template += self.parsed(text, Part(tag="div", classes=[f"mock-{name}"]))
        return template


def problems(root):
    """Return what is wrong with the bank and the ledger, one sentence each."""
    found = []
    for file in (questions, claims):
        try:
            found += file.problems(root)
        except ValueError as error:
            found.append(str(error))
    return found


def check(app):
    """End the build before it begins if the data are bad."""
    found = problems(Path(app.srcdir))
    if found:
        raise ExtensionError("\n".join(found))


def add_files(app, pagename, templatename, context, doctree):
    """Load script and styles on the page of the mock interview."""
    if doctree and next(doctree.findall(Part), None) is not None:
        app.add_js_file("interview/mock.js", loading_method="defer")
        app.add_css_file("interview/interview.css")


def setup(app):
    """Register the directives, the check and the step."""
    app.add_node(Part, html=(visit_part, depart_part))
    app.add_directive("interview-cards", InterviewCards)
    app.add_directive("mock-interview", MockInterview)
    app.connect("builder-inited", check)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
