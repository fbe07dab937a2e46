"""The glossary ``book/glossary.yml``: read it, check it, find its terms in a text.

The form of a term is ``tools/schemas/term.yml``. A spelling that begins with a small letter is
found with a capital too, as at the start of a sentence; every other capital must agree, so that
"He initialization" is a term and "he" is not.
"""

import re
from collections import Counter
from functools import cache
from pathlib import Path

from docutils.nodes import make_id

from tools import entries, sections

FILE = Path("book/glossary.yml")
SENTENCE_END = re.compile(r"[.!?]\s+\w")


def read(root=Path(".")):
    """Return the terms as they are, unchecked."""
    return entries.read(Path(root, FILE))


def load(root=Path(".")):
    """Return the list of checked terms.

    Raises
    ------
    ValueError
        Every problem of the file, one a line: file, term, reason.
    """
    found = problems(root)
    if found:
        raise ValueError("\n".join(found))
    return read(root)


def problems(root=Path(".")):
    """Return what is wrong with the glossary, one sentence each: file, term, reason."""
    terms = read(root)
    if not isinstance(terms, list):
        return [f"{FILE}: the file must be one list of terms"]
    found = []
    for position, entry in enumerate(terms, start=1):
        label = entry.get("term") if isinstance(entry, dict) else None
        reasons = entries.schema_problems(entry, "term") or _content_problems(entry, root)
        found += [f"{FILE}: {label or f'entry {position}'}: {reason}" for reason in reasons]
    return found or [f"{FILE}: {line}" for line in [*_doubles(terms), *_equal_ids(terms)]]


def _content_problems(entry, root):
    found = []
    if SENTENCE_END.search(entry["sentence"]):
        found.append(f"sentence must be one sentence, got {entry['sentence']!r}")
    try:
        sections.title(entry["section"], root)
    except ValueError as error:
        found.append(str(error))
    return found


def _doubles(terms):
    """Return the spellings that stand twice, whatever their capitals."""
    owners = {}
    for entry in terms:
        for spelling in spellings(entry):
            owners.setdefault(spelling.lower(), []).append(entry["term"])
    return [
        f"{names[-1]}: the spelling {spelling!r} is used twice, by {' and '.join(names)}"
        for spelling, names in owners.items()
        if len(names) > 1
    ]


def _equal_ids(terms):
    counts = Counter(anchor(entry["term"]) for entry in terms)
    return [
        f"{entry['term']}: another term has the same id {anchor(entry['term'])!r}"
        for entry in terms
        if counts[anchor(entry["term"])] > 1
    ]


def anchor(term):
    """Return the permanent id of a term on the page of the glossary."""
    return f"g-{make_id(term)}"


def spellings(entry):
    """Return the term and its other spellings."""
    return [entry["term"], *entry.get("also", [])]


def chinese(entry):
    """Return the Chinese terms of an entry."""
    return [entry["chinese"], *entry.get("chinese_also", [])]


def finder(terms):
    """Return a function that yields the uses of terms in a text: match and entry.

    The longest spelling wins where several begin at one place: "batch normalization" holds no use
    of "normalization".
    """
    owners = {phrase: None for entry in terms for phrase in entry.get("except", [])}
    owners |= {spelling: entry for entry in terms for spelling in spellings(entry)}
    longest_first = sorted(owners, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(_pattern, longest_first))})(?![\w-])")

    def uses(text):
        for match in pattern.finditer(text):
            plain = " ".join(match[0].replace("’", "'").split())
            entry = owners.get(plain, owners.get(plain[0].lower() + plain[1:]))
            if entry:
                yield match, entry

    return uses


def _pattern(spelling):
    first, rest = spelling[0], r"\s+".join(map(re.escape, spelling[1:].split(" ")))
    rest = rest.replace("'", "['’]")
    return f"[{first}{first.upper()}]{rest}" if first.islower() else re.escape(first) + rest


def chinese_words(text, root=Path(".")):
    """Return the Chinese words for all terms that occur in a text, in order and each once."""
    uses = _finder(Path(root, FILE).read_text("utf-8"), Path(root))
    words = (word for _, entry in uses(text) for word in chinese(entry))
    return list(dict.fromkeys(words))


@cache
def _finder(text, root):
    return finder(read(root))
