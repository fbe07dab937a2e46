"""Question bank, ledger of folklore, the recorded numbers they cite, and the generated cells."""

import copy
import re
from collections import Counter

import nbformat
import pytest
import yaml

from initlab.reporting import record
from tests.book import NOTEBOOKS, ROOT
from tools import canonical, claims, questions, records, sections, sync_cells

v4 = nbformat.v4
TOC = """\
format: jb-book
root: book/index
chapters:
  - file: notebooks/01_first
  - file: notebooks/02_second
  - file: book/notation
"""
IDS = {"S0-01": "01_first", "S0-02": "01_first", "S1-01": "02_second", "S9-01": "03_later"}
QUESTION = {
    "id": "why-two",
    "topic": "01_first",
    "level": "deep",
    "question": "Why the factor\n2?",
    "short": "Because ReLU keeps {value}`01_first/kept` of the second moment.",
    "long": "One line.\n\nSee [the other chapter](02_second#hes-gain) and 0.3408 there.",
    "section": "01_first#what-relu-keeps",
    "records": ["01_first/kept"],
    "constants": ["0.3408 = 1/2 - 1/(2*pi)"],
    "keywords": ["初始化"],
    "follow_ups": [{"question": "And leaky ReLU?", "answer": "It keeps more."}],
    "whiteboard": ["The symmetry of $z$."],
    "wrong_answers": [{"answer": "It keeps 0.341.", "why": "That is the variance."}],
    "rubric": {1: "The factor.", 2: "The second moment.", 3: "The conditions."},
    "quiz": {
        "question": "Which share?",
        "options": [
            {"answer": "34.1 %", "correct": False, "feedback": "That is the variance."},
            {
                "answer": "Half:\n{value}`01_first/kept`",
                "correct": True,
                "feedback": "By\nsymmetry.",
            },
            {
                "answer": "All",
                "correct": False,
                "feedback": "See [above](01_first#what-relu-keeps).",
            },
        ],
    },
}
OPTIONS = QUESTION["quiz"]["options"]
CARD = {
    **{
        key: QUESTION[key] for key in ("topic", "short", "long", "follow_ups", "records", "section")
    },
    "id": "opening",
    "level": "standard",
    "question": "Why not one?",
    "constants": QUESTION["constants"],
    "card": {
        "minutes": 40,
        "prerequisites": ["[Shapes](notation#shapes)", "the chain rule"],
        "objectives": ["prove it", "measure {value}`01_first/kept`", "use it"],
    },
}
STATEMENT = {
    "id": "half-die",
    "topic": "02_second",
    "claim": "Half of the units die,\nthat is 0.499.",
    "verdict": "imprecise",
    "right": "Inputs are cut: {value}`01_first/kept` remains.",
    "section": "01_first#what-relu-keeps",
    "records": ["01_first/kept"],
    "covers": ["S1-01"],
}


def recording(*pairs):
    """Return a code cell whose stored outputs record the names and values."""
    outputs = [
        v4.new_output(
            "display_data",
            {f"{records.PREFIX}text/plain": value},
            metadata={"scrapbook": {"name": name, "mime_prefix": records.PREFIX}},
        )
        for name, value in pairs
    ]
    printed = v4.new_output("stream", text="kept = 0.5\n")
    return v4.new_code_cell("record(...)", outputs=[printed, *outputs], execution_count=1)


def generated(block, *ids):
    return v4.new_markdown_cell("", metadata={"generated": {"block": block, "ids": list(ids)}})


@pytest.fixture
def root(tmp_path):
    """Return the root of a small book whose data are sound."""
    for folder in ("notebooks", "book/interview"):
        (tmp_path / folder).mkdir(parents=True)
    first = [
        v4.new_markdown_cell("# First\n\n## What ReLU keeps"),
        recording(("kept", "0.5"), ("kept_leaky", "0.50005")),
        generated("card", "opening"),
        v4.new_markdown_cell("## What `relu` keeps\n\n## Forward/backward"),
        generated("folklore", "half-die"),
    ]
    second = [v4.new_markdown_cell("# Second\n\n## He's gain")]
    for name, cells in (("01_first", first), ("02_second", second)):
        canonical.write(v4.new_notebook(cells=cells), tmp_path / f"notebooks/{name}.ipynb")
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "book/index.md").write_text("# Index\n")
    (tmp_path / "book/notation.md").write_text("# Notation\n\n## Shapes\n\n#### Too deep\n")
    (tmp_path / claims.IDS_FILE).write_text(yaml.safe_dump(IDS))
    write_questions(tmp_path, [QUESTION, CARD])
    write_claims(tmp_path, [STATEMENT])
    return tmp_path


def write_questions(root, data):
    (root / questions.FILE).write_text(yaml.safe_dump(data), "utf-8")


def write_claims(root, statements, covered_by=None):
    ledger = {"statements": statements, "covered_by": covered_by or {}}
    (root / claims.FILE).write_text(yaml.safe_dump(ledger), "utf-8")


# Recorded numbers


def test_resolve_reads_what_a_notebook_recorded(root):
    assert records.resolve("01_first/kept", root / "notebooks") == "0.5"
    assert records.resolve("01_first/kept_leaky", root / "notebooks") == "0.50005"


def test_resolve_reads_what_record_displays(root, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata, raw: shown.append(
            v4.new_output("display_data", data, metadata=metadata)
        ),
    )
    record("factor", 2 / 3, ".4g")
    cell = v4.new_code_cell("record(...)", outputs=nbformat.from_dict(shown), execution_count=1)
    canonical.write(v4.new_notebook(cells=[cell]), root / "notebooks/02_second.ipynb")
    assert records.resolve("02_second/factor", root / "notebooks") == "0.6667"


def test_resolve_sees_a_new_run(root):
    path = root / "notebooks/02_second.ipynb"
    for value in ("1", "2"):
        canonical.write(v4.new_notebook(cells=[recording(("x", value))]), path)
        assert records.resolve("02_second/x", root / "notebooks") == value


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("01_first/kepd", "no record for '01_first/kepd'; close matches: kept"),
        ("01_first/zzz", "no record for '01_first/zzz'; there are: kept, kept_leaky"),
        ("02_second/kept", "no record for '02_second/kept'; there are: none"),
        ("01_furst/kept", "no notebook for '01_furst/kept'; close matches: 01_first"),
        ("kept", "write a recorded number as 'notebook_stem/name', got 'kept'"),
        ("01_first/", "write a recorded number as 'notebook_stem/name', got '01_first/'"),
    ],
)
def test_resolve_refuses(root, reference, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        records.resolve(reference, root / "notebooks")


@pytest.mark.parametrize("cells", [1, 2])
def test_a_name_recorded_twice_is_refused(root, cells):
    twice = [("x", "1"), ("x", "1")]
    stored = [recording(*twice)] if cells == 1 else [recording(pair) for pair in twice]
    canonical.write(v4.new_notebook(cells=stored), root / "notebooks/02_second.ipynb")
    with pytest.raises(ValueError, match=r"02_second\.ipynb records 'x' twice"):
        records.resolve("02_second/x", root / "notebooks")


def test_fill_replaces_every_role(root):
    text = "from {value}`a/b` to {value}`c/d`, not `{value}`"
    assert records.fill(text, str.upper) == "from A/B to C/D, not `{value}`"
    assert records.references(text) == ["a/b", "c/d"]


# Sections


@pytest.mark.parametrize(
    ("reference", "stem", "address"),
    [
        ("01_first#what-relu-keeps", "01_first", "#what-relu-keeps"),
        ("02_second#hes-gain", "01_first", "02_second.ipynb#hes-gain"),
        ("notation#shapes", "01_first", "../book/notation.md#shapes"),
        ("notation", "01_first", "../book/notation.md"),
        ("01_first#what-relu-keeps", "notation", "../notebooks/01_first.ipynb#what-relu-keeps"),
    ],
)
def test_link(root, reference, stem, address):
    assert sections.link(reference, stem, root) == address


def test_title(root):
    assert sections.title("02_second#hes-gain", root) == "He's gain"
    assert sections.title("02_second", root) == "Second"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("03_third#x", "no page for '03_third#x'; _toc.yml has: index, 01_first, 02_second"),
        ("02_second#gain", "no heading for '02_second#gain'; there are: second, hes-gain"),
        ("notation#too-deep", "no heading for 'notation#too-deep'"),
        ("01_first#forwardbackward", "JupyterLab finds '01_first#forwardbackward' under another"),
        ("01_first#what-relu-keeps-1", "JupyterLab finds '01_first#what-relu-keeps-1' under"),
    ],
)
def test_title_refuses(root, reference, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        sections.title(reference, root)


def test_relink_leaves_other_hosts_alone(root):
    text = "[a](https://example.org/a#b) and [b](02_second#hes-gain)"
    assert sections.references(text) == ["02_second#hes-gain"]
    relinked = sections.relink(text, "01_first", root)
    assert relinked == "[a](https://example.org/a#b) and [b](02_second.ipynb#hes-gain)"


# Sound and unsound data


def test_sound_data_load(root):
    assert [question["id"] for question in questions.load(root)] == ["why-two", "opening"]
    assert [statement["id"] for statement in claims.load(root)] == ["half-die"]


def put(**fields):
    return lambda entry: entry.update(fields)


def drop(field):
    return lambda entry: entry.pop(field)


def quiz(*options):
    return put(quiz={"question": "x", "options": list(options)})


BAD_QUESTIONS = [
    *(
        (drop(field), f"'{field}' is a required property")
        for field in QUESTION
        if field
        in (
            "topic",
            "level",
            "question",
            "short",
            "section",
            "records",
            "long",
            "follow_ups",
            "whiteboard",
            "wrong_answers",
            "rubric",
        )
    ),
    (put(answer="x"), "'answer' was unexpected"),
    (put(level="hard"), "level: 'hard' is not one of ['screen', 'standard', 'deep']"),
    (put(topic="01_furst"), "unknown topic '01_furst'; there are: 01_first, 02_second"),
    (put(topic="notation"), "unknown topic 'notation'"),
    (put(short="so " * 76), "short has 76 words; 30 seconds hold at most 75"),
    (put(short=""), "short: '' should be non-empty"),
    (put(section="01_first"), "section: '01_first' does not match"),
    (put(section="01_first#nowhere"), "no heading for '01_first#nowhere'"),
    (put(section="05_fifth#x"), "no page for '05_fifth#x'"),
    (put(long="See [there](02_second#nowhere)."), "no heading for '02_second#nowhere'"),
    (put(records=["01_first/kepd"]), "no record for '01_first/kepd'; close matches: kept"),
    (put(records=[]), "cites '01_first/kept', which records lacks"),
    (put(long="{value}`09_ninth/x` is cited."), "no notebook for '09_ninth/x'"),
    (put(long="It measures 0.128."), "0.128 is typed; record it in a notebook"),
    (put(whiteboard=["$7.25e-8$"]), "7.25e-8 is typed"),
    (drop("constants"), "0.3408 is typed"),
    (put(constants=["0.3407 = 1/2 - 1/(2*pi)"]), "constants: 1/2 - 1/(2*pi) is 0.340845, not"),
    (put(constants=["0.3408 = nonsense"]), "constants: 'nonsense' is no formula"),
    (put(constants=["0.3408"]), "constants[0]: '0.3408' does not match"),
    (put(follow_ups=[]), "follow_ups: [] should be non-empty"),
    (put(follow_ups=[{"question": "x"}]), "follow_ups[0]: 'answer' is a required property"),
    (put(wrong_answers=[{"answer": "x"}]), "wrong_answers[0]: 'why' is a required property"),
    (put(wrong_answers=[{"answer": "x", "why": "It is 0.341."}]), "0.341 is typed"),
    (put(rubric={1: "a", 2: "b"}), "rubric must say what earns 1, 2 and 3 points"),
    (put(rubric={1: "a", 2: "b", 3: 4}), "rubric must say what earns 1, 2 and 3 points"),
    (put(card={**CARD["card"], "objectives": ["a", "b"]}), "card.objectives: ['a', 'b'] is too"),
    (put(card={**CARD["card"], "minutes": "long"}), "card.minutes: 'long' is not of type"),
    (put(card={**CARD["card"], "prerequisites": ["[x](y)"]}), "no page for 'y'"),
    (quiz(), "quiz.options: [] is too short"),
    (quiz(*OPTIONS[:2]), "is too short"),
    (quiz(*OPTIONS, *({**OPTIONS[2], "answer": answer} for answer in "abc")), "is too long"),
    (quiz(*OPTIONS[:2], OPTIONS[1]), "quiz.options: Too many items match"),
    (quiz(*OPTIONS[::2], OPTIONS[0]), "does not contain items matching the given schema"),
    (quiz(*OPTIONS, {**OPTIONS[1], "correct": False}), "quiz: 2 options say 'Half: {value}`01_"),
    (quiz(*OPTIONS[:2], {**OPTIONS[2], "feedback": "a\n\nb"}), "quiz: write one paragraph, got 'a"),
    (quiz(*OPTIONS[:2], {**OPTIONS[2], "feedback": "Wrong: b"}), "feedback starts with 'Wrong:'"),
    (quiz(*OPTIONS[:2], {**OPTIONS[2], "feedback": "It is 0.123."}), "0.123 is typed"),
]
BAD_STATEMENTS = [
    *((drop(field), f"'{field}' is a required property") for field in STATEMENT if field != "id"),
    (put(note="x"), "'note' was unexpected"),
    (put(verdict="false"), "verdict: 'false' is not one of ['correct', 'conditional'"),
    (put(topic="05_fifth"), "unknown topic '05_fifth'"),
    (put(covers=["S0-99"]), "'S0-99' is no id of book/claim_ids.yml"),
    (put(covers="S0-01"), "covers: 'S0-01' is not of type 'array'"),
    (put(section="01_first#nowhere"), "no heading for '01_first#nowhere'"),
    (put(records=["01_first/zzz"]), "no record for '01_first/zzz'"),
    (put(right="It is 0.341."), "0.341 is typed"),
]


@pytest.mark.parametrize(("spoil", "reason"), BAD_QUESTIONS)
def test_bad_question_names_file_id_and_reason(root, spoil, reason):
    bad = copy.deepcopy(QUESTION)
    spoil(bad)
    write_questions(root, [CARD, bad])
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        questions.load(root)
    for line in str(error.value).splitlines():
        assert line.startswith("book/interview/questions.yml: why-two: ")


@pytest.mark.parametrize(("spoil", "reason"), BAD_STATEMENTS)
def test_bad_statement_names_file_id_and_reason(root, spoil, reason):
    bad = copy.deepcopy(STATEMENT)
    spoil(bad)
    write_claims(root, [bad])
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        claims.load(root)
    for line in str(error.value).splitlines():
        assert line.startswith("book/claims.yml: half-die: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: b", "questions.yml: the file must be one list of questions"),
        ("- id: a\n  id: b", "questions.yml: key 'id' given 2 times in one mapping"),
        ("- [", "questions.yml: while parsing"),
        ("- text", "questions.yml: entry 1: 'text' is not of type 'object'"),
        ("- level: deep", "questions.yml: entry 1: 'id' is a required property"),
        ("- id: Not_kebab", "questions.yml: Not_kebab: id: 'Not_kebab' does not match"),
    ],
)
def test_bad_question_file(root, text, reason):
    (root / questions.FILE).write_text(text)
    with pytest.raises(ValueError, match=re.escape(reason)):
        questions.load(root)


@pytest.mark.parametrize("text", ["[]", "statements: []", "statements: {}\ncovered_by: {}"])
def test_bad_ledger_file(root, text):
    (root / claims.FILE).write_text(text)
    with pytest.raises(ValueError, match=r"claims\.yml: the file must have a list `statements:`"):
        claims.load(root)


@pytest.mark.parametrize(
    ("covered_by", "reason"),
    [
        ({"S0-99": "01_first#what-relu-keeps"}, "covered_by S0-99: 'S0-99' is no id of"),
        ({"S0-01": "01_first#nowhere"}, "covered_by S0-01: no heading for '01_first#nowhere'"),
        ({"S0-01": "01_first"}, "covered_by S0-01: write the section as 'stem#heading-slug'"),
        ({"S0-01": None}, "covered_by S0-01: write the section as 'stem#heading-slug'"),
    ],
)
def test_bad_cover_names_file_id_and_reason(root, covered_by, reason):
    write_claims(root, [STATEMENT], covered_by)
    with pytest.raises(ValueError, match=re.escape(f"book/claims.yml: {reason}")):
        claims.load(root)


def test_an_id_used_twice_is_refused(root):
    write_questions(root, [QUESTION, QUESTION])
    write_claims(root, [STATEMENT, STATEMENT])
    with pytest.raises(ValueError, match=r"questions\.yml: why-two: this id is used 2 times"):
        questions.load(root)
    with pytest.raises(ValueError, match=r"claims\.yml: half-die: this id is used 2 times"):
        claims.load(root)


def test_all_problems_are_reported_at_once(root):
    write_questions(root, [{**QUESTION, "short": "so " * 80, "topic": "x"}, {"id": "other"}])
    with pytest.raises(ValueError, match="short has 80 words") as error:
        questions.load(root)
    assert "unknown topic 'x'" in str(error.value)
    assert "other: 'short' is a required property" in str(error.value)


def test_uncovered_names_the_claims_of_pages_in_the_book(root):
    assert claims.uncovered(root) == ["S0-01", "S0-02"]
    write_claims(root, [{**STATEMENT, "covers": ["S0-02"]}], {"S1-01": "02_second#hes-gain"})
    assert claims.uncovered(root) == ["S0-01"]


# Generated cells

CARD_CELL = """\
(question-opening)=
:::{admonition} Why not one?
:class: tip

**Interview question.** Level: standard. About 40 minutes of reading.

**You need:** [Shapes](../book/notation.md#shapes); the chain rule.

**You will be able to**

1. prove it
2. measure 0.5
3. use it
:::"""
ANSWERS_CELL = """\
**The 30-second answer.** Because ReLU keeps 0.5 of the second moment.

:::{dropdown} The 2-minute answer
One line.

See [the other chapter](02_second.ipynb#hes-gain) and 0.3408 there.

Shown in [What ReLU keeps](#what-relu-keeps).
:::"""
FOLKLORE_CELL = """\
(claim-half-die)=
> Half of the units die,
> that is 0.499.

**Imprecise.** Inputs are cut: 0.5 remains. Shown in [What ReLU keeps](#what-relu-keeps)."""
FOLLOW_UPS_CELL = """\
:::{dropdown} And leaky ReLU?
It keeps more.
:::

(question-why-two)=
:::{dropdown} Why the factor 2?
**In 30 seconds.** Because ReLU keeps 0.5 of the second moment.

**In 2 minutes.** One line.

See [the other chapter](02_second.ipynb#hes-gain) and 0.3408 there.

**And leaky ReLU?** It keeps more.

Shown in [What ReLU keeps](#what-relu-keeps).
:::"""
QUIZ_CELL = """\
(quiz-why-two)=
**1. Which share?**

- 34.1 %
- Half: 0.5
- All

:::{dropdown} Answer
- **Wrong.** That is the variance.
- **Right.** By symmetry.
- **Wrong.** See [above](#what-relu-keeps).

Shown in [What ReLU keeps](#what-relu-keeps).
:::"""


@pytest.mark.parametrize(
    ("block", "ids", "source"),
    [
        ("card", ["opening"], CARD_CELL),
        ("answers", ["opening"], ANSWERS_CELL),
        ("folklore", ["half-die"], FOLKLORE_CELL),
        ("follow-ups", ["opening", "why-two"], FOLLOW_UPS_CELL),
        ("quiz", ["why-two"], QUIZ_CELL),
    ],
)
def test_render(root, block, ids, source):
    assert sync_cells.render(block, ids, "01_first", root) == source


@pytest.mark.parametrize(
    ("block", "ids", "reason"),
    [
        ("cards", ["opening"], "unknown block 'cards'; there are: card, answers, folklore, foll"),
        ("card", [], "block 'card' names no ids"),
        ("card", ["closing"], "no id 'closing' in book/interview/questions.yml"),
        ("card", ["why-two"], "questions.yml: why-two: this block needs a `card`"),
        ("answers", ["why-two"], "questions.yml: why-two: this block needs a `card`"),
        ("quiz", ["opening"], "questions.yml: opening: this block needs a `quiz`"),
        ("folklore", ["opening"], "no id 'opening' in book/claims.yml"),
    ],
)
def test_render_refuses(root, block, ids, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        sync_cells.render(block, ids, "01_first", root)


def test_the_items_of_a_quiz_are_numbered(root):
    write_questions(root, [QUESTION, {**QUESTION, "id": "again"}])
    cell = sync_cells.render("quiz", ["again", "why-two"], "01_first", root)
    assert re.findall(r"\(quiz-(.*)\)=\n\*\*(\d)\.", cell) == [("again", "1"), ("why-two", "2")]
    assert cell.endswith(QUIZ_CELL.removeprefix("(quiz-why-two)=\n**1."))


def test_render_refuses_an_entry_with_a_missing_field(root):
    write_claims(root, [{key: STATEMENT[key] for key in ("id", "claim", "verdict")}])
    with pytest.raises(ValueError, match=r"claims\.yml: half-die: .* is a required property"):
        sync_cells.render("folklore", ["half-die"], "01_first", root)


def test_sync_writes_what_differs_and_nothing_else(root):
    path = root / "notebooks/01_first.ipynb"
    names = [f"{path}, cell 2 (card: opening)", f"{path}, cell 4 (folklore: half-die)"]
    before = canonical.read(path)
    assert sync_cells.stale_cells(path, root) == names
    assert sync_cells.sync(path, root) == names
    after = canonical.read(path)
    assert [after.cells[2].source, after.cells[4].source] == [CARD_CELL, FOLKLORE_CELL]
    before.cells[2].source, before.cells[4].source = CARD_CELL, FOLKLORE_CELL
    assert path.read_text("utf-8") == canonical.dumps(before)
    assert sync_cells.stale_cells(path, root) == []
    assert sync_cells.sync(path, root) == []


def test_a_cell_whose_number_is_not_recorded_names_notebook_and_cell(root):
    path = root / "notebooks/01_first.ipynb"
    notebook = canonical.read(path)
    notebook.cells[1].outputs = []
    canonical.write(notebook, path)
    with pytest.raises(ValueError, match=r"01_first\.ipynb, cell 2: no record for '01_first/kept'"):
        sync_cells.sync(path, root)


def test_the_command_checks_and_writes(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert sync_cells.main(["--check"]) == 1
    assert "01_first.ipynb, cell 2 (card: opening) differs" in capsys.readouterr().err
    assert sync_cells.main([]) == 0
    assert "wrote notebooks/01_first.ipynb, cell 2 (card: opening)" in capsys.readouterr().out
    assert sync_cells.main(["--check"]) == 0
    write_questions(root, [{**QUESTION, "level": "hard"}, CARD])
    assert sync_cells.main(["--check", "notebooks/02_second.ipynb"]) == 1
    assert "why-two: level: 'hard' is not one of" in capsys.readouterr().err


# The book's own data


def test_the_book_s_questions_are_sound():
    assert questions.problems(ROOT) == []


def test_the_right_answers_of_the_quizzes_are_spread_over_the_positions():
    places = Counter(
        [option["correct"] for option in question["quiz"]["options"]].index(True)
        for question in questions.read(ROOT).values()
        if "quiz" in question
    )
    assert max(places.values()) <= places.total() / 2, places


def test_the_book_s_statements_are_sound():
    assert claims.problems(ROOT) == []


def test_the_list_of_claims_is_complete():
    sizes = Counter(claim.rpartition("-")[0] for claim in claim_ids())
    assert sizes == {"S0": 65, "S1": 42, "S2": 31, "S3": 29, "S4": 37, "M": 6}
    numbered = [f"{part}-{n:02}" for part, size in sizes.items() for n in range(1, size + 1)]
    assert list(claim_ids()) == numbered


def test_no_claim_of_a_page_in_the_book_is_left_out():
    assert claims.uncovered(ROOT) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_generated_cells_equal_their_source(path):
    assert sync_cells.stale_cells(path, ROOT) == []


def claim_ids():
    return yaml.safe_load((ROOT / claims.IDS_FILE).read_text("utf-8"))
