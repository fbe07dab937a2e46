"""Write the generated Markdown cells of the notebooks from the question bank and the ledger.

    python -m tools.sync_cells [--check] [notebooks/NN_topic.ipynb ...]

A generated cell has metadata ``{"generated": {"block": ..., "ids": [...]}}``; its source is what
`render` makes of that. Without names every notebook is done. ``--check`` writes nothing: it names
the cells that differ and everything wrong with the two data files, and exits with status 1.

A cell may cite numbers that its own notebook records, so a new notebook is executed first and its
cells are written afterwards: ``make execute`` does both. A number that no run has recorded yet is
an error, never a gap in the text.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from tools import canonical, claims, entries, questions, texts


def render(block, ids, stem, root=Path(".")):
    """Return the Markdown of a generated cell.

    Parameters
    ----------
    block : {"card", "answers", "folklore", "follow-ups", "quiz"}
        ``card`` and ``answers`` take one question that has a ``card``. ``follow-ups`` shows of such
        a question the follow-ups, and any other question as a whole. ``folklore`` takes statements,
        ``quiz`` questions that have a ``quiz``.
    ids : list of str
        The entries, in the order in which they are shown.
    stem : str
        The notebook that holds the cell; links are relative to it.
    root : Path
        The repository.

    Raises
    ------
    ValueError
        An unknown block or id, an entry that does not fit the block or has a malformed, unresolved
        or dangling part.
    """
    if block not in BLOCKS:
        raise ValueError(f"unknown block {block!r}; there are: {', '.join(BLOCKS)}")
    if not ids:
        raise ValueError(f"block {block!r} names no ids")
    file, schema, write = BLOCKS[block]
    known = file.read(root)
    fill = partial(texts.on_page, stem=stem, root=root)
    shown = partial(texts.shown, stem=stem, root=root)
    return write([_entry(known, key, file.FILE, schema) for key in ids], fill, shown)


def _entry(known, key, file, schema):
    if key not in known:
        raise ValueError(f"no id {key!r} in {file}")
    malformed = entries.schema_problems(known[key], schema)
    if malformed:
        raise ValueError(f"{file}: {key}: {malformed[0]}")
    return known[key]


def _with_card(question):
    if "card" not in question:
        raise ValueError(f"{questions.FILE}: {question['id']}: this block needs a `card`")
    return question["card"]


def _folded(title, *paragraphs):
    body = "\n\n".join(paragraphs)
    return f":::{{dropdown}} {' '.join(title.split())}\n{body}\n:::"


def _card(question, fill, shown):
    card = _with_card(question)
    objectives = "\n".join(
        f"{number}. {fill(text)}" for number, text in enumerate(card["objectives"], start=1)
    )
    return f"""\
(question-{question["id"]})=
:::{{admonition}} {" ".join(fill(question["question"]).split())}
:class: tip

**Interview question.** Level: {question["level"]}. About {card["minutes"]} minutes of reading.

**You need:** {"; ".join(fill(text) for text in card["prerequisites"])}.

**You will be able to**

{objectives}
:::"""


def _answers(question, fill, shown):
    _with_card(question)
    short = f"**The 30-second answer.** {fill(question['short'])}"
    folded = _folded("The 2-minute answer", fill(question["long"]), shown(question))
    return f"{short}\n\n{folded}"


def _folklore(statement, fill, shown):
    quotation = "\n".join(f"> {line}".rstrip() for line in fill(statement["claim"]).splitlines())
    verdict = f"**{statement['verdict'].capitalize()}.**"
    return (
        f"(claim-{statement['id']})=\n{quotation}\n\n"
        f"{verdict} {fill(statement['right'])} {shown(statement)}"
    )


def _follow_ups(question, fill, shown):
    pairs = [
        (fill(item["question"]), fill(item["answer"])) for item in question.get("follow_ups", [])
    ]
    if "card" in question:
        return "\n\n".join(_folded(*pair) for pair in pairs)
    paragraphs = [f"**In 30 seconds.** {fill(question['short'])}"]
    if "long" in question:
        paragraphs.append(f"**In 2 minutes.** {fill(question['long'])}")
    paragraphs += [f"**{item}** {answer}" for item, answer in pairs]
    folded = _folded(fill(question["question"]), *paragraphs, shown(question))
    return f"(question-{question['id']})=\n{folded}"


def _quiz(asked, fill, shown):
    return "\n\n".join(
        quiz_item(number, question, fill, shown(question))
        for number, question in enumerate(asked, start=1)
    )


def quiz_item(number, question, fill, source, prefix="quiz"):
    """Return the Markdown of one item: question, options, and folded what is said to each option.

    ``book/assets/interview/quiz.js`` finds the parts by this structure: a paragraph whose target
    starts with ``quiz-``, a list, and a dropdown with a list of as many items and a paragraph.

    Parameters
    ----------
    number : int
        The item's place in the quiz.
    question : dict
        A question with a ``quiz``.
    fill : callable
        Makes a text ready for its page.
    source : str
        The paragraph that says where the answer is shown.
    prefix : str
        Start of the item's target.
    """
    if "quiz" not in question:
        raise ValueError(f"{questions.FILE}: {question['id']}: this block needs a `quiz`")
    line = partial(_in_one_line, fill)
    options = question["quiz"]["options"]
    answers = "\n".join(f"- {line(option['answer'])}" for option in options)
    feedback = "\n".join(
        f"- **{'Right' if option['correct'] else 'Wrong'}.** {line(option['feedback'])}"
        for option in options
    )
    asked = f"**{number}. {line(question['quiz']['question'])}**"
    return "\n\n".join(
        (f"({prefix}-{question['id']})=\n{asked}", answers, _folded("Answer", feedback, source))
    )


def _in_one_line(fill, text):
    return " ".join(fill(text).split())


def _each(write):
    """Return a function that writes entries one after the other."""
    return lambda known, fill, shown: "\n\n".join(write(entry, fill, shown) for entry in known)


BLOCKS = {
    "card": (questions, "question", _each(_card)),
    "answers": (questions, "question", _each(_answers)),
    "folklore": (claims, "statement", _each(_folklore)),
    "follow-ups": (questions, "question", _each(_follow_ups)),
    "quiz": (questions, "question", _quiz),
}


def _stale(notebook, path, root):
    """Return the generated cells of a notebook that differ from what they should be."""
    stale = []
    for position, cell in enumerate(notebook.cells):
        if "generated" not in cell.metadata:
            continue
        block, ids = (cell.metadata["generated"].get(key) for key in ("block", "ids"))
        try:
            source = render(block, ids, Path(path).stem, root)
        except ValueError as error:
            raise ValueError(f"{path}, cell {position}: {error}") from error
        if cell.source != source:
            stale.append((f"{path}, cell {position} ({block}: {', '.join(ids)})", cell, source))
    return stale


def stale_cells(path, root=Path(".")):
    """Return the names of a notebook's generated cells that differ from what `sync` would write."""
    return [name for name, _, _ in _stale(canonical.read(path), path, root)]


def sync(path, root=Path(".")):
    """Rewrite the generated cells of a notebook; return the names of those that changed."""
    notebook = canonical.read(path)
    stale = _stale(notebook, path, root)
    for _, cell, source in stale:
        cell.source = source
    if stale:
        canonical.write(notebook, path)
    return [name for name, _, _ in stale]


def main(arguments=None):
    """Write or check the cells of the named notebooks, or of all; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, name what differs")
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    failures = [*questions.problems(), *claims.problems()] if options.check else []
    for path in options.notebooks or sorted(Path("notebooks").glob("*.ipynb")):
        try:
            changed = (stale_cells if options.check else sync)(path)
        except ValueError as error:
            failures.append(str(error))
            continue
        if options.check:
            failures += [f"{name} differs; run python -m tools.sync_cells" for name in changed]
        else:
            print("\n".join(f"wrote {name}" for name in changed) or f"{path} is up to date")
    print("\n".join(failures), end="\n" if failures else "", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
