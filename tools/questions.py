"""The question bank ``book/interview/questions.yml``: read it, check it.

The form of an entry is ``tools/schemas/question.yml``. Texts are Markdown; they cite recorded
numbers as ``{value}`notebook_stem/name` `` and link to sections as ``[words](stem#slug)``. A
decimal number of three digits or more must be recorded, or stand under ``constants`` as
``number = formula``, where the formula is Python with the names of `math` and is evaluated.
"""

import re
from collections import Counter
from pathlib import Path

from tools import entries

FILE = Path("book/interview/questions.yml")
SHORT_WORDS = 75
VERDICT = re.compile(r"\W*(right|wrong|correct|incorrect|yes|no)[.,:;!]", re.IGNORECASE)


def read(root=Path(".")):
    """Return the questions by id as they are, unchecked."""
    return entries.by_id(entries.read(Path(root, FILE)))


def load(root=Path(".")):
    """Return the list of checked questions.

    Raises
    ------
    ValueError
        Every problem of the file, one a line: file, id, reason.
    """
    found = problems(root)
    if found:
        raise ValueError("\n".join(found))
    return list(read(root).values())


def problems(root=Path(".")):
    """Return what is wrong with the question bank, one sentence each: file, id, reason."""
    questions = entries.read(Path(root, FILE))
    if not isinstance(questions, list):
        return [f"{FILE}: the file must be one list of questions"]
    return entries.problems(questions, FILE, lambda question: _problems(question, root))


def _problems(question, root):
    malformed = entries.schema_problems(question, "question")
    if malformed:
        return malformed
    quoted = {wrong["answer"] for wrong in question.get("wrong_answers", [])}
    quoted |= {option["answer"] for option in question.get("quiz", {}).get("options", [])}
    return [
        *_short_problems(question["short"]),
        *_rubric_problems(question),
        *_quiz_problems(question.get("quiz")),
        *entries.content_problems(question, root, quoted),
    ]


def _short_problems(short):
    words = len(short.split())
    if words > SHORT_WORDS:
        return [f"short has {words} words; 30 seconds hold at most {SHORT_WORDS}"]
    return []


def _rubric_problems(question):
    rubric = question.get("rubric")
    if rubric is None or (
        list(rubric) == [1, 2, 3] and all(isinstance(text, str) for text in rubric.values())
    ):
        return []
    return [f"rubric must say what earns 1, 2 and 3 points, got {rubric!r}"]


def _quiz_problems(quiz):
    if quiz is None:
        return []
    answers = Counter(" ".join(option["answer"].split()) for option in quiz["options"])
    return [
        *(f"quiz: {count} options say {text!r}" for text, count in answers.items() if count > 1),
        *(
            f"quiz: write one paragraph, got {text!r}"
            for text in entries.strings(quiz)
            if "\n\n" in text.strip()
        ),
        *(
            f"quiz: the page says whether it is right; feedback starts with {verdict[0]!r}"
            for option in quiz["options"]
            if (verdict := VERDICT.match(option["feedback"]))
        ),
    ]
