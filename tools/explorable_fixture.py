"""Write the network of `initlab` that the page "How to read and run this book" draws.

``PYTHONPATH=notebooks .venv/bin/python -m tools.explorable_fixture``
"""

import json
from pathlib import Path

import numpy as np

import initlab as il

PATH = Path(__file__).parents[1] / "book" / "assets" / "explorables" / "fixtures" / "tanh.json"
LAYERS, WIDTH, EXAMPLES = 6, 12, 8


def fixture():
    """Return the text of the file: weights, gain per layer, inputs, gradient on the last layer."""
    rng = np.random.default_rng(0)
    sizes = [WIDTH] * (LAYERS + 1)
    mlp = il.MLP(sizes, activation="tanh", initializer=il.xavier_normal, rng=rng)
    X, top = rng.standard_normal((2, WIDTH, EXAMPLES))
    content = {
        "gains": [1.0] * LAYERS,
        "weights": [W.tolist() for W in mlp.weights],
        "X": X.tolist(),
        "top": top.tolist(),
    }
    return json.dumps(content, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(fixture(), "utf-8")
