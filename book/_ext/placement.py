"""The placement test, and the script that turns every quiz of the book into one that answers."""

import re
from functools import partial
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

from tools import questions, sections, sync_cells, texts

SCRIPT = "interview/quiz.js"
STYLE = "interview/quiz.css"
ITEM = re.compile(r'<p id="(quiz|placement)-')
CHAPTER = re.compile(r"(\d\d)_")
START = """\
(where-to-start)=
Start with the chapter of the first question you miss. If you miss none, go on with the \
[interview kit]({kit})."""


class Placement(SphinxDirective):
    """Show quiz items, named by question id in the order of the chapters, and where to start."""

    has_content = True

    def run(self):
        """Return the nodes of the items, or a warning, which ends the build."""
        root = Path(self.env.srcdir)
        stem = Path(self.env.docname).name
        self.env.note_dependency(str(root / questions.FILE))
        try:
            text = render([line.strip() for line in self.content if line.strip()], stem, root)
        except ValueError as error:
            return [self.state.document.reporter.warning(str(error), line=self.lineno)]
        return self.parse_text_to_nodes(text)


def render(ids, stem, root=Path(".")):
    """Return the Markdown of a placement test.

    Parameters
    ----------
    ids : list of str
        Questions with a ``quiz``, in the order of their chapters.
    stem : str
        The page that holds the test.
    root : Path
        The repository.

    Raises
    ------
    ValueError
        An unknown id, a question that has no quiz or belongs to no chapter, or a wrong order.
    """
    known = questions.read(root)
    for key in ids:
        if not CHAPTER.match(known.get(key, {}).get("topic", "")):
            raise ValueError(f"a placement test takes questions of chapters, got {key!r}")
    topics = [known[key]["topic"] for key in ids]
    if topics != sorted(topics):
        raise ValueError(f"a placement test takes its questions in order, got {', '.join(ids)}")
    fill = partial(texts.on_page, stem=stem, root=root)
    items = [
        sync_cells.quiz_item(k, known[key], fill, _source(known[key], stem, root), "placement")
        for k, key in enumerate(ids, start=1)
    ]
    return "\n\n".join([*items, START.format(kit=sections.link("kit", stem, root))])


def _source(question, stem, root):
    """Return where an answer is shown; the script takes the last link for the chapter's."""
    topic = question["topic"]
    chapter = f"chapter {int(CHAPTER.match(topic)[1])}, {sections.title(topic, root)}"
    shown = texts.shown(question, stem, root).removesuffix(".")
    return f"{shown}; that is in [{chapter}]({sections.link(topic, stem, root)})."


def add_script(app, pagename, templatename, context, doctree):
    """Load script and style on the pages that have a quiz, and there only."""
    if ITEM.search(context.get("body", "")):
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(STYLE)


def setup(app):
    """Register the directive and the step."""
    app.add_directive("placement", Placement)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
