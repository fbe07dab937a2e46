"""The cheat sheet: its table of gains, computed when the page is made, and its style for paper."""

import math
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))  # the helper package lies there

from initlab import activation, calculate_gain, gains, unit_variance_gain

PAGE = "book/interview/cheatsheet"
SHOWN = {
    "identity": "linear",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU, 0.01",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "selu": "SELU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
}
HEAD = ["activation", "PyTorch", "unit variance", r"$\chi$", "$V'$"]


def gain_rows():
    """Return a row per activation: name, both gains, the gradient's factor, the map's slope.

    The last two belong to the unit-variance gain, for wide square layers at mean square 1
    (chapter 4): chi = g^2 E[f'(z)^2] and V' = g^2 E[z f(z) f'(z)], z ~ N(0, 1).
    """
    rows = []
    for name, label in SHOWN.items():
        f, derivative = activation(name)
        gain = unit_variance_gain(name)
        chi = gain**2 * gains.gaussian_mean(lambda z, d=derivative: d(z) ** 2)
        slope = gain**2 * gains.gaussian_mean(lambda z, f=f, d=derivative: z * f(z) * d(z))
        table = calculate_gain(name) if name in gains.TABLE else math.nan
        rows.append([label, *map(_number, (table, gain, chi, slope))])
    return rows


def _number(value):
    return "–" if math.isnan(value) else f"{value:.4g}"


class GainTable(SphinxDirective):
    """The table of gains."""

    def run(self):
        """Return the table as Markdown makes it."""
        lines = [HEAD, ["---", *["--:"] * (len(HEAD) - 1)], *gain_rows()]
        text = [f"| {' | '.join(line)} |" for line in lines]
        self.env.note_dependency(gains.__file__)
        node = nodes.container(classes=["gains"])
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(text, source), self.content_offset, node)
        return [node]


def add_style(app, pagename, templatename, context, doctree):
    """Load the style of the sheet on its page alone."""
    if pagename == PAGE:
        app.add_css_file("interview/cheatsheet.css")


def setup(app):
    """Register the directive and the style."""
    app.add_directive("gain-table", GainTable)
    app.connect("html-page-context", add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
