"""What a notebook prints: recorded numbers and small tables."""

import re

import numpy as np


def record(name, value, spec):
    """Print ``name = value`` and store the formatted value, so that any page can cite it.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and underscores; unique within the notebook.
    value : float or int
        Below 1e-12 in absolute value it is shown as 0, since its digits are rounding errors.
    spec : str
        Format specification, at most four significant digits for measured numbers: ``".4g"``.

    Raises
    ------
    ValueError
        A name with other characters, or a specification that does not fit the value.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"name must be lower-case letters, digits and underscores, for example 'flat_cost', "
            f"got {name!r}"
        )
    from IPython.display import display  # here, so that outside notebooks numpy is enough

    text = format_number(value, spec)
    print(f"{name} = {text}")
    prefix = "application/papermill.record/"
    metadata = {"scrapbook": {"name": name, "mime_prefix": prefix}}
    display({f"{prefix}text/plain": text}, metadata=metadata, raw=True)


def format_number(value, spec):
    """Return ``value`` formatted by ``spec``; absolute values under 1e-12 count as 0."""
    return format(0 * abs(value) if abs(value) < 1e-12 else value, spec)


def table(headers, rows, spec=".4g"):
    """Print rows under headers in aligned columns; numbers are formatted by ``spec``.

    Parameters
    ----------
    headers : list of str
    rows : list of sequences
        Strings and integers are printed as they are, floats by ``spec``.

    Raises
    ------
    ValueError
        If a row and the headers differ in length.
    """
    print(aligned(headers, rows, spec))


def aligned(headers, rows, spec=".4g"):
    """Return what `table` prints."""
    cells = [list(headers)]
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"each row must have {len(headers)} cells, got {list(row)!r}")
        cells.append([_cell(value, spec) for value in row])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [[t.rjust(width) for t, width in zip(row, widths, strict=True)] for row in cells]
    return "\n".join("  ".join(line) for line in lines)


def _cell(value, spec):
    if isinstance(value, str | int | np.integer):
        return str(value)
    return format_number(value, spec)
