"""What a stored notebook may hold: nbval skips pictures and passes a notebook that never ran."""

import ast
import copy
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from tests.book import NOTEBOOKS, ROOT, erratum_address
from tools import canonical, questions

MAX_BYTES = 1_000_000
MAX_CELL_LINES = 15
MIN_ALT_LENGTH = 40
QUESTIONS = questions.read(ROOT)
PICTURE = "image/png"
RECORD = "application/papermill.record/text/plain"
OUTPUT_TYPES = {"text/plain", PICTURE, RECORD}
# (notebook, cell id) of every cell whose HTML output somebody has read
REVIEWED_HTML = frozenset()
TAGS = {"chaotic-figure", "hide-cell", "hide-input", "live-only", "nbval-ignore-output"}
# what jupyterlab_myst renders, without the directives that the book has no use for
ADMONITIONS = {"admonition", "attention", "caution", "danger", "error", "hint", "important"} | {
    "note",
    "seealso",
    "tip",
    "warning",
}
PROOFS = {
    f"prf:{kind}"
    for kind in (
        *("assumption", "corollary", "definition", "example", "lemma", "proof"),
        *("proposition", "remark", "theorem"),
    )
}
DIRECTIVES = ADMONITIONS | PROOFS | {"dropdown", "exercise", "figure", "math", "solution"}
ROLES = frozenset()  # JupyterLab knows no bibliography and would mark every citation
RAW_BODIES = {"math", "figure"}
# without labels of their own those of two chapters clash
NUMBERED = PROOFS - {"prf:proof"} | {"exercise"}

MARKDOWN = (
    MarkdownIt("commonmark")
    .use(dollarmath_plugin)
    .use(colon_fence_plugin)
    .use(myst_role_plugin)
    .enable("table")
)


@dataclass
class Chapter:
    """A stored notebook: its name, its text on disk, and its parsed form."""

    stem: str
    text: str
    notebook: nbformat.NotebookNode

    @property
    def code(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def outputs(self):
        return [(cell, output) for cell in self.code for output in cell.outputs]


def pictures(cell):
    """Return the outputs of a cell that hold a picture."""
    return [output for output in cell.outputs if PICTURE in output.get("data", {})]


def directives_and_roles(text):
    """Yield ("directive" or "role", name, content) for all the MyST in a text, nested ones too."""
    for token in MARKDOWN.parse(text):
        if token.type in ("fence", "colon_fence"):
            name = re.match(r"\{([^}]*)\}", token.info.strip())
            if name:
                yield "directive", name[1], token.content
                if name[1] not in RAW_BODIES:
                    yield from directives_and_roles(token.content)
        for child in token.children or ():
            if child.type == "myst_role":
                yield "role", child.meta["name"], child.content


def ran_in_order(chapter):
    counts = [cell.execution_count for cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)) or not counts:
        yield f"execution counts are {counts}"


def no_errors(chapter):
    for cell, output in chapter.outputs:
        if output.output_type == "error":
            yield f"{cell.id} ended with {output.ename}"
        if output.get("name") == "stderr":
            yield f"{cell.id} wrote to stderr: {output.text[:80]}"


def only_known_outputs(chapter):
    for cell, output in chapter.outputs:
        allowed = OUTPUT_TYPES | (
            {"text/html"} if (chapter.stem, cell.id) in REVIEWED_HTML else set()
        )
        if unknown := set(output.get("data", {})) - allowed:
            yield f"{cell.id} shows {sorted(unknown)}"
        if "\r" in output.get("text", ""):
            yield f"{cell.id} stores a progress bar"


def one_described_picture_per_figure_cell(chapter):
    for cell in chapter.code:
        myst = cell.metadata.get("mystnb", {})
        number = len(pictures(cell))
        if number != (1 if myst else 0):
            yield f"{cell.id} has {number} pictures and mystnb metadata {dict(myst)}"
        elif number:
            if any(output.output_type == "execute_result" for output in cell.outputs):
                yield f"{cell.id} shows a value beside its picture, assign it to _"
            alt = myst.get("image", {}).get("alt", "")
            figure = myst.get("figure", {})
            if len(alt) < MIN_ALT_LENGTH:
                yield f"{cell.id} has the alt text {alt!r}"
            if len(figure.get("caption", "")) < MIN_ALT_LENGTH:
                yield f"{cell.id} has the caption {figure.get('caption')!r}"
            if not figure.get("name", "").startswith(f"fig-{chapter.stem[:2]}-"):
                yield f"{cell.id} has the figure name {figure.get('name')!r}"


def small(chapter):
    if len(chapter.text.encode()) > MAX_BYTES:
        yield f"{len(chapter.text.encode())} bytes"


def short_cells(chapter):
    for cell in chapter.code:
        if len(cell.source.splitlines()) > MAX_CELL_LINES:
            yield f"{cell.id} has {len(cell.source.splitlines())} lines"


def plain_python(chapter):
    for cell in chapter.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"{cell.id} is not plain Python: {error}"
        if not cell.source.strip():
            yield f"{cell.id} is empty"
        if "sys.path" in cell.source:
            yield f"{cell.id} edits sys.path"
        for line in cell.source.splitlines():
            if line.split("#")[0].rstrip().endswith(";"):
                yield f"{cell.id} silences a value: {line}"


def only_rendered_markup(chapter):
    for cell in chapter.markdown:
        for kind, name, content in directives_and_roles(cell.source):
            if name not in (DIRECTIVES if kind == "directive" else ROLES):
                yield f"{cell.id} uses the {kind} {name}"
            if name in NUMBERED and ":label:" not in content:
                yield f"{cell.id} has a {name} without a label"


def known_tags(chapter):
    for cell in chapter.notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        if tags - TAGS:
            yield f"{cell.id} has the tags {sorted(tags - TAGS)}"
        if ("nbval-ignore-output" in tags) != ("live-only" in tags):
            yield f"{cell.id} hides an output from nbval that is not live-only"
        if cell.cell_type == "code" and "NBVAL" in cell.source:
            yield f"{cell.id} switches nbval off"


def solutions_prove_themselves(chapter):
    for cell in chapter.code:
        if "hide-cell" in cell.metadata.get("tags", ()):
            if not cell.metadata.get("jupyter", {}).get("source_hidden"):
                yield f"{cell.id} is not folded in JupyterLab"
            if "assert " not in cell.source:
                yield f"{cell.id} asserts nothing"
            if not cell.outputs:
                yield f"{cell.id} prints no result"


def one_title_and_no_skipped_level(chapter):
    levels = [
        int(token.tag[1])
        for cell in chapter.markdown
        for token in MARKDOWN.parse(cell.source)
        if token.type == "heading_open"
    ]
    first = chapter.notebook.cells[0]
    if levels.count(1) != 1 or not first.source.startswith("# "):
        yield f"heading levels are {levels}, and the first cell must hold the one title"
    for above, below in itertools.pairwise(levels):
        if below > above + 1:
            yield f"a heading of level {below} follows one of level {above}"


def erratum_links(chapter):
    links = [
        link
        for cell in chapter.markdown
        for link in re.findall(r"\((https://[^)\s]*/issues/new[^)\s]*)\)", cell.source)
    ]
    if not links:
        yield "no link to report an error"
    for link in links:
        if link != erratum_address(chapter.stem):
            yield f"{link} is not {erratum_address(chapter.stem)}"


def canonical_form(chapter):
    if chapter.text != canonical.dumps(chapter.notebook):
        yield "not in canonical form: run make execute"


CHECKS = (
    ran_in_order,
    no_errors,
    only_known_outputs,
    one_described_picture_per_figure_cell,
    small,
    short_cells,
    plain_python,
    only_rendered_markup,
    known_tags,
    solutions_prove_themselves,
    one_title_and_no_skipped_level,
    erratum_links,
    canonical_form,
)


def load(path):
    return Chapter(Path(path).stem, Path(path).read_text("utf-8"), canonical.read(path))


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request):
    return load(request.param)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_stored_notebook(chapter, check):
    assert list(check(chapter)) == []


def test_a_chapter_has_one_quiz_of_five_questions_of_its_own(chapter):
    blocks = [cell.metadata.get("generated", {}) for cell in chapter.markdown]
    quizzes = [block["ids"] for block in blocks if block.get("block") == "quiz"]
    topics = [[QUESTIONS[key]["topic"] for key in set(ids)] for ids in quizzes]
    assert topics == [[chapter.stem] * 5]


def test_the_book_has_notebooks():
    assert NOTEBOOKS


def test_no_alt_text_or_figure_name_is_used_twice():
    figures = [
        cell.metadata.mystnb for path in NOTEBOOKS for cell in load(path).code if pictures(cell)
    ]
    for texts in (
        [figure["image"]["alt"] for figure in figures],
        [figure["figure"]["name"] for figure in figures],
    ):
        assert sorted(texts) == sorted(set(texts))


# What follows shows that each check can fail: a sound specimen is broken in one place.

ALT = "Two lines over the layer number: one falls, the other keeps its height."


def specimen():
    """Return a chapter that passes every check."""
    v4 = nbformat.v4
    figure = {
        "image": {"alt": ALT},
        "figure": {"caption": ALT.upper(), "name": "fig-98-lines"},
    }
    picture = v4.new_output("display_data", {PICTURE: "aGk=", "text/plain": "<Figure>"})
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell(f"# Title\n\n[Found?]({erratum_address('98_specimen')})", id="a"),
            v4.new_code_cell(
                "print(1)", id="b", execution_count=1, outputs=[v4.new_output("stream", text="1\n")]
            ),
            v4.new_code_cell(
                "show()",
                id="c",
                execution_count=2,
                outputs=[picture],
                metadata={"mystnb": figure},
            ),
            v4.new_code_cell(
                "assert True\nprint(2)",
                id="d",
                execution_count=3,
                outputs=[v4.new_output("stream", text="2\n")],
                metadata={"tags": ["hide-cell"], "jupyter": {"source_hidden": True}},
            ),
        ]
    )
    return Chapter("98_specimen", canonical.dumps(notebook), canonical.canonicalize(notebook))


def cell_source(position, source):
    return lambda cells: cells[position].update(source=source)


def metadata(position, **entries):
    return lambda cells: cells[position].metadata.update(nbformat.from_dict(entries))


def output(position, *outputs):
    return lambda cells: cells[position].update(outputs=list(outputs))


def shown(kind, text="x"):
    return nbformat.v4.new_output("display_data", {kind: text})


def beside(position, extra):
    return lambda cells: cells[position].outputs.append(extra)


VALUE = nbformat.v4.new_output("execute_result", {"text/plain": "[Text()]"}, execution_count=2)
NESTED = "# T\n\n````{note}\n```{glue} x\n```\n````"
DEFECTS = [
    (ran_in_order, lambda cells: cells[1].update(execution_count=7)),
    (ran_in_order, lambda cells: cells[1].update(execution_count=None)),
    (no_errors, output(1, nbformat.v4.new_output("error", ename="ValueError", evalue=""))),
    (no_errors, output(1, nbformat.v4.new_output("stream", name="stderr", text="warned"))),
    (only_known_outputs, output(1, shown("text/html"))),
    (only_known_outputs, output(1, shown("application/javascript"))),
    (only_known_outputs, output(1, nbformat.v4.new_output("stream", text="50 %\r100 %"))),
    (one_described_picture_per_figure_cell, output(1, shown(PICTURE))),
    (one_described_picture_per_figure_cell, output(2)),
    (one_described_picture_per_figure_cell, output(2, shown(PICTURE), shown(PICTURE, "y"))),
    (one_described_picture_per_figure_cell, beside(2, VALUE)),
    (one_described_picture_per_figure_cell, metadata(2, mystnb={"image": {"alt": "A plot"}})),
    (short_cells, cell_source(1, "x = 1\n" * 16)),
    (plain_python, cell_source(1, "%matplotlib inline")),
    (plain_python, cell_source(1, "!pip install x")),
    (plain_python, cell_source(1, "f(x);  # quiet")),
    (plain_python, cell_source(1, "import sys\nsys.path.append('..')")),
    (plain_python, cell_source(1, " ")),
    (only_rendered_markup, cell_source(0, "# T\n\n{glue}`x`")),
    (only_rendered_markup, cell_source(0, "# T\n\n```{glue} x\n```")),
    (only_rendered_markup, cell_source(0, "# T\n\n:::{grid} 2\n:::")),
    (only_rendered_markup, cell_source(0, NESTED)),
    (only_rendered_markup, cell_source(0, "# T\n\n```{prf:theorem} Flat\nIt is flat.\n```")),
    (known_tags, metadata(1, tags=["nbval-skip"])),
    (known_tags, metadata(1, tags=["nbval-ignore-output"])),
    (known_tags, cell_source(1, "# NBVAL_IGNORE_OUTPUT\nprint(1)")),
    (solutions_prove_themselves, metadata(3, jupyter={})),
    (solutions_prove_themselves, cell_source(3, "print(2)")),
    (solutions_prove_themselves, output(3)),
    (one_title_and_no_skipped_level, cell_source(0, "## T")),
    (one_title_and_no_skipped_level, cell_source(0, "# T\n\n### U")),
    (erratum_links, cell_source(0, "# T")),
    (erratum_links, cell_source(0, "# T\n\n[Found?](https://github.com/x/y/issues/new)")),
    (canonical_form, metadata(1, execution={"iopub.execute_input": "now"})),
    (small, output(1, nbformat.v4.new_output("stream", text="x" * MAX_BYTES))),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_specimen_is_sound(check):
    assert list(check(specimen())) == []


@pytest.mark.parametrize(("check", "break_it"), DEFECTS)
def test_check_notices(check, break_it):
    broken = copy.deepcopy(specimen())
    break_it(broken.notebook.cells)
    broken.text = nbformat.writes(broken.notebook)
    assert list(check(broken))


def test_every_check_has_a_defect():
    assert {check for check, _ in DEFECTS} == set(CHECKS)
