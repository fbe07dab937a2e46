"""One question of the bank as Markdown: for the page of all cards and for the mock interview."""

from functools import partial
from itertools import groupby
from pathlib import Path

from tools import entries, glossary, records, sections, texts

LEVELS = ("screen", "standard", "deep")


def by_topic(questions):
    """Yield each topic with its questions, the quick ones first; topics in the bank's order."""
    topics = list(dict.fromkeys(question["topic"] for question in questions))
    for topic in topics:
        own = [question for question in questions if question["topic"] == topic]
        yield topic, sorted(own, key=lambda question: LEVELS.index(question["level"]))


def answer(question, stem, root=Path(".")):
    """Return everything that answers a question, without the rubric.

    Parameters
    ----------
    question : dict
        A sound entry of the bank.
    stem : str
        The page that shows it; links are relative to it.
    root : Path
        The repository.
    """
    fill = partial(texts.on_page, stem=stem, root=root)
    parts = [f"**In 30 seconds.** {fill(question['short'])}"]
    if "long" in question:
        parts.append(f"**In two minutes.** {fill(question['long'])}")
    for item in question.get("follow_ups", []):
        parts.append(f"**Follow-up: {_line(fill(item['question']))}** {fill(item['answer'])}")
    if "whiteboard" in question:
        parts.append("**On the whiteboard**")
        parts.append("\n".join(_item(fill(text)) for text in question["whiteboard"]))
    if "wrong_answers" in question:
        parts.append("**Wrong answers, and why**")
        parts += [
            _item(f"*Said:* {fill(wrong['answer'])}\n\n*But:* {fill(wrong['why'])}")
            for wrong in question["wrong_answers"]
        ]
    return "\n\n".join(parts)


def rubric(question, stem, root=Path(".")):
    """Return what earns 1, 2 and 3 points, or an empty text: only deep questions say it."""
    earned = question.get("rubric", {}).items()
    return "\n".join(
        _item(f"**{points} point{'s' if points > 1 else ''}:** {texts.on_page(text, stem, root)}")
        for points, text in earned
    )


def evidence(question, stem, root=Path(".")):
    """Return the link to the section that shows the answer, and the numbers recorded for it."""
    lines = [texts.shown(question, stem, root)]
    for notebook, names in groupby(sorted(question["records"]), lambda name: name.split("/")[0]):
        values = [
            f"`{name.split('/')[1]} = {records.resolve(name, Path(root, 'notebooks'))}`"
            for name in names
        ]
        chapter = f"[{sections.title(notebook, root)}]({sections.link(notebook, stem, root)})"
        lines.append(f"Recorded in {chapter}: {', '.join(values)}.")
    return "\n".join(lines)


def card(question, stem, root=Path(".")):
    """Return the whole card, folded under its question, with its permanent link."""
    earned = rubric(question, stem, root)
    parts = [
        f":::::{{dropdown}} {texts.in_one_line(question['question'], stem, root)} "
        f"[{question['level']}]{{.level}}",
        answer(question, stem, root),
        *(["**Rubric**", earned] if earned else []),
        evidence(question, stem, root),
        f"[Permanent link ¶](#{anchor(question)})",
        ":::::",
    ]
    return "\n\n".join(parts)


def anchor(question):
    """Return the permanent id of a card."""
    return f"q-{question['id']}"


def search_words(question, root=Path(".")):
    """Return words to find a card by that need not stand on it, Chinese ones too."""
    text = " ".join(entries.strings(question))
    return " ".join([*question.get("keywords", []), *glossary.chinese_words(text, root)])


def _line(text):
    return " ".join(text.split())


def _item(text):
    """Return a list item whose further lines belong to it."""
    return "- " + "\n".join(f"  {line}".rstrip() for line in text.splitlines()).lstrip()
