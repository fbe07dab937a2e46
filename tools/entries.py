"""What the question bank and the ledger of folklore have in common: reading and checking entries.

Every check returns sentences, so that all that is wrong with a file is reported at once.
"""

import math
import re
from collections import Counter
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from tools import records, sections

SCHEMAS = Path(__file__).parent / "schemas"
DECIMAL = re.compile(r"(?<![\d.])\d*\.\d+(?:e[-+]?\d+)?(?![\d.]*\d)")
TYPED_DIGITS = 3


# the one written in C reads ten times as fast, where PyYAML has it
class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """PyYAML's safe loader, except that a key given twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = Counter(key.value for key, _ in node.value)
        for key, count in keys.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} given {count} times in one mapping", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read(path):
    """Return the data of a YAML file; treat it as read-only.

    Raises
    ------
    ValueError
        Text that is not YAML, or a key given twice in one mapping.
    """
    try:
        return _parse(Path(path).read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {error}") from error


@cache
def _parse(text):
    return yaml.load(text, _StrictLoader)


def by_id(entries):
    """Return a mapping of the entries that have an id."""
    return {entry["id"]: entry for entry in entries if isinstance(entry, dict) and "id" in entry}


def schema_problems(entry, name):
    """Return what is wrong with the form of an entry, by ``tools/schemas/<name>.yml``."""
    schema = read(SCHEMAS / f"{name}.yml")
    return [
        f"{error.json_path.removeprefix('$').removeprefix('.')}: {error.message}".removeprefix(": ")
        for error in Draft202012Validator(schema).iter_errors(entry)
    ]


def problems(entries, path, check):
    """Return what is wrong with a list of entries: each line names file, id and reason."""
    ids = Counter(entry.get("id") for entry in entries if isinstance(entry, dict))
    found = [
        f"{path}: {key}: this id is used {count} times" for key, count in ids.items() if count > 1
    ]
    for position, entry in enumerate(entries, start=1):
        label = entry.get("id") if isinstance(entry, dict) else None
        found += [f"{path}: {label or f'entry {position}'}: {reason}" for reason in check(entry)]
    return found


def content_problems(entry, root, quoted=()):
    """Return what the texts of a well-formed entry get wrong.

    Parameters
    ----------
    entry : dict
    root : Path
        The repository.
    quoted : collection of str
        Texts that quote a wrong answer and may hold wrong numbers.
    """
    texts = list(strings(entry))
    cited = {reference for text in texts for reference in records.references(text)}
    linked = {entry["section"], *(link for text in texts for link in sections.references(text))}
    constants = entry.get("constants", [])
    return [
        *_topic_problems(entry["topic"], root),
        *_raised(partial(sections.title, root=root), sorted(linked)),
        *_raised(
            partial(records.resolve, notebooks=Path(root, "notebooks")),
            sorted(cited.union(entry["records"])),
        ),
        *(f"cites {name!r}, which records lacks" for name in sorted(cited - {*entry["records"]})),
        *_constant_problems(constants),
        *_typed_numbers([text for text in texts if text not in quoted], constants),
    ]


def strings(value):
    """Yield every text in nested lists and mappings, apart from ids and other bookkeeping."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("constants", "covers", "id", "records", "section"):
                yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def _topic_problems(topic, root):
    topics = [
        stem
        for stem, path in sections.pages(root).items()
        if path.suffix == ".ipynb" or stem == "choosing"
    ]
    return [] if topic in topics else [f"unknown topic {topic!r}; there are: {', '.join(topics)}"]


def _raised(function, arguments):
    """Return the messages of the errors that a function raises for some of the arguments."""
    messages = []
    for argument in arguments:
        try:
            function(argument)
        except ValueError as error:
            messages.append(str(error))
    return messages


def _constant_problems(constants):
    """Return the lines ``number = formula`` whose formula gives another number."""
    found = []
    for line in constants:
        number, _, formula = line.partition(" = ")
        typed = Decimal(number)
        half_a_digit = Decimal(5).scaleb(typed.as_tuple().exponent - 1)
        try:
            value = eval(formula, {"__builtins__": {}}, vars(math))
        except (ArithmeticError, NameError, SyntaxError, TypeError, ValueError) as error:
            found.append(f"constants: {formula!r} is no formula: {error}")
            continue
        if abs(Decimal(value) - typed) > half_a_digit:
            found.append(f"constants: {formula} is {value:.6g}, not {number}")
    return found


def _typed_numbers(texts, constants):
    """Return the decimal numbers that look measured and are neither recorded nor constants."""
    allowed = {line.partition(" = ")[0] for line in constants}
    plain = [records.ROLE.sub("", sections.TARGET.sub("", text)) for text in texts]
    typed = {number for text in plain for number in DECIMAL.findall(text)} - allowed
    return [
        f"{number} is typed; record it in a notebook, or give its formula under constants"
        for number in sorted(typed)
        if len(Decimal(number).as_tuple().digits) >= TYPED_DIGITS
    ]
