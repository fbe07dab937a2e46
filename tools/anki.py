"""The deck of cards for Anki: one note per question of the bank.

Ids never change: those of deck and note type are constants, the id of a note follows from the id of
its question. So a second import updates the cards that a reader learns instead of doubling them.
"""

import io
import itertools
import os
import shutil
import sqlite3
import subprocess
import zipfile
from functools import cache, partial
from pathlib import Path

import genanki
from docutils.nodes import make_id
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools import entries, questions, records, sections

NAME = "initialization.apkg"
DECK_ID = 1_467_203_955
NOTE_TYPE_ID = 1_784_530_126  # needs a new one when FIELDS change, or Anki doubles the note type
CARDS_PAGE = "book/interview/cards.html"
SOURCES = (str(questions.FILE), "notebooks", "tools", "_config.yml")
FIELDS = (
    "Question",
    "Short answer",
    "Long answer",
    "Follow-ups",
    "Whiteboard",
    "Wrong answers",
    "Rubric",
    "Link",
    "Topic",
    "Level",
    "Keywords",
)
FRONT = '<div class="about">{{Topic}} · {{Level}}</div>\n<div class="question">{{Question}}</div>'
FOLDED = ("Long answer", "Follow-ups", "Whiteboard", "Wrong answers", "Rubric")
BACK = "\n".join(
    [
        '{{FrontSide}}\n<hr id="answer">\n{{Short answer}}',
        *(
            f"{{{{#{name}}}}}<details><summary>{name}</summary>{{{{{name}}}}}</details>{{{{/{name}}}}}"
            for name in FOLDED
        ),
        '<div class="about">{{Link}}</div>',
    ]
)
STYLE = """\
.card {
  background: #fff; color: #1c2430; margin: 0 auto; max-width: 42em; padding: 1em;
  font: 18px/1.5 system-ui, sans-serif; text-align: left;
}
.question { font-size: 1.2em; font-weight: 600; }
.about { color: #56606e; font-size: 0.8em; }
.card a { color: #0f5bc4; }
details { border: 1px solid #c6cdd6; border-radius: 0.3em; margin: 0.5em 0; padding: 0.3em 0.7em; }
summary { cursor: pointer; font-weight: 600; }
code { font-size: 0.9em; }
.card.nightMode { background: #16191e; color: #e4e8ee; }
.nightMode .about { color: #a5afbc; }
.card.nightMode a { color: #82b1f5; }
.nightMode details { border-color: #48566b; }
"""


def write(path, root=Path(".")):
    """Write the deck as a file that Anki imports; equal sources give equal bytes.

    Raises
    ------
    ValueError
        Every problem of the question bank, one a line: file, id, reason.
    """
    time = _last_change(root)
    with sqlite3.connect(":memory:") as collection:
        package = genanki.Package(deck(root))
        package.write_to_db(collection.cursor(), time, itertools.count(time * 1000))
        collection.commit()
        content = {"collection.anki2": collection.serialize(), "media": b"{}"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in content.items():  # ZipInfo's date is fixed
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    Path(path).write_bytes(packed.getvalue())


def _last_change(root):
    """Return the time of the sources' last commit, in seconds, else of the last edit.

    Anki takes over a text only if the note that it imports is newer than its own.
    """
    time = os.environ.get("SOURCE_DATE_EPOCH")
    if not time and shutil.which("git"):
        command = ["git", "log", "-1", "--format=%ct", "--", *SOURCES]
        time = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    return int(time or Path(root, questions.FILE).stat().st_mtime)


def deck(root=Path(".")):
    """Return the deck with all questions, in the order of the bank."""
    config = entries.read(Path(root, "_config.yml"))
    site = config["html"]["baseurl"]
    filled = genanki.Deck(DECK_ID, config["title"], f'<a href="{site}">{site}</a>')
    for position, question in enumerate(questions.load(root)):
        note = genanki.Note(
            note_type(),
            fields(question, site, root),
            tags=[f"topic::{question['topic']}", f"level::{question['level']}"],
            guid=genanki.guid_for("initialization-derived-and-measured", question["id"]),
            due=position,
        )
        filled.add_note(note)
    return filled


def note_type():
    """Return the form of all notes: fields, the two sides of a card, style."""
    return genanki.Model(
        NOTE_TYPE_ID,
        "Initialization question",
        fields=[{"name": name} for name in FIELDS],
        templates=[{"name": "Card", "qfmt": FRONT, "afmt": BACK}],
        css=STYLE,
    )


def fields(question, site, root=Path(".")):
    """Return the fields of a question's note as HTML, in the order of `FIELDS`."""
    show = partial(_html, site=site, root=root)
    section = question["section"]
    card = f"{site}{CARDS_PAGE}#q-{question['id']}"
    return [
        show(question["question"], inline=True),
        show(question["short"]),
        show(question.get("long", "")),
        "".join(
            f"<details><summary>{show(item['question'], inline=True)}</summary>"
            f"{show(item['answer'])}</details>"
            for item in question.get("follow_ups", [])
        ),
        _list("ul", map(show, question.get("whiteboard", []))),
        _list(
            "ul",
            (
                f"<p><i>{show(wrong['answer'], inline=True)}</i></p>{show(wrong['why'])}"
                for wrong in question.get("wrong_answers", [])
            ),
        ),
        _list("ol", (show(text) for _, text in sorted(question.get("rubric", {}).items()))),
        f'<a href="{card}">This card in the book</a> · '
        f'<a href="{address(section, site, root)}">{show(sections.title(section, root), True)}</a>',
        show(sections.title(question["topic"], root), inline=True),
        question["level"],
        escapeHtml(" ".join(question.get("keywords", []))),
    ]


def _list(tag, items):
    content = "".join(f"<li>{item}</li>" for item in items)
    return content and f"<{tag}>{content}</{tag}>"


def _html(text, inline=False, *, site, root):
    """Return a text of the bank as HTML with numbers, absolute links and Anki's formulas."""
    text = records.fill(text.strip(), partial(records.resolve, notebooks=Path(root, "notebooks")))
    text = sections.TARGET.sub(
        lambda match: match[0] if "://" in match[0] else address(match[0], site, root), text
    )
    if inline:
        return _markdown().renderInline(" ".join(text.split()))
    return _markdown().render(text)


@cache
def _markdown():
    """Return Markdown as in the book, with formulas between the brackets that Anki knows."""
    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.use(dollarmath_plugin, double_inline=True)
    markdown.add_render_rule("math_inline", _formula(r"\({}\)"))
    for name in ("math_inline_double", "math_block"):
        markdown.add_render_rule(name, _formula(r"\[{}\]"))
    return markdown


def _formula(brackets):
    """Return a rule of the renderer that puts a formula between brackets."""

    def render(renderer, tokens, index, options, env):
        return brackets.format(escapeHtml(tokens[index].content.strip()))

    return render


def address(reference, site, root=Path(".")):
    """Return the address of a section on the published site.

    A built page knows a heading by docutils' id, which has a hyphen where a slug drops an
    apostrophe.
    """
    title = sections.title(reference, root)
    stem, hash_sign, _ = reference.partition("#")
    page = sections.pages(root)[stem].relative_to(root).with_suffix(".html")
    return f"{site}{page.as_posix()}{hash_sign}{make_id(title) if hash_sign else ''}"
