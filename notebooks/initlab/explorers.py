"""The experiments of the book's explorables for a live kernel, with sliders and full-size numpy.

``from initlab import explorers``, then one line: ``explorers.signal()``. Every function returns an
ipywidgets box; its parameters preset the controls. A preset outside a control's bounds or choices
is a ValueError that names both.
"""

import io
from functools import partial

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np

from initlab import plots
from initlab.activations import ACTIVATIONS, activation, sigmoid
from initlab.datasets import circles
from initlab.diagnosis import diagnose
from initlab.gains import gaussian_mean
from initlab.initializers import (
    constant,
    he_normal,
    lecun_normal,
    normal,
    variance_scaling,
    xavier_normal,
    zeros,
)
from initlab.network import MLP
from initlab.training import train

SCHEMES = {
    "zero": zeros,
    "constant": partial(constant, value=0.5),
    "small": partial(normal, std=0.01),
    "LeCun": lecun_normal,
    "Xavier": xavier_normal,
    "He": he_normal,
    "large": normal,
    "times ten": partial(normal, std=10.0),
}
EXAMPLES, SEEDS, CHUNK = 100, 8, 100


# What every explorer is made of


def _slider(name, value, low, high, step):
    """Return a slider, an integer one for an integer step."""
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r}")
    bounds = {"min": low, "max": high, "step": step}
    return kind(value=value, description=name, continuous_update=False, **bounds, **LOOK)


def _log_slider(name, value, low, high):
    """Return a slider that moves by equal factors, from ``low`` to ``high``."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r}")
    bounds = {"min": np.log10(low), "max": np.log10(high), "step": 0.02}
    return widgets.FloatLogSlider(
        value=value, description=name, continuous_update=False, **bounds, **LOOK
    )


def _choice(name, value, options):
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(options)}, got {value!r}")
    return widgets.Dropdown(value=value, options=list(options), description=name, **LOOK)


LOOK = {
    "style": {"description_width": "8em"},
    "layout": widgets.Layout(width="24em"),
}


def _explorer(controls, draw, extra=()):
    """Return the box of controls, picture and words; ``draw(**values)`` gives (figure, words)."""
    picture, words = widgets.Image(format="png"), widgets.HTML()

    def update(_change=None):
        """Draw anew, with the controls as they stand."""
        figure, sentence = draw(**{name: control.value for name, control in controls.items()})
        picture.value, words.value = _png(figure), sentence

    for control in controls.values():
        control.observe(update, names="value")
    update()
    panel = widgets.Box([*controls.values()], layout=widgets.Layout(flex_flow="row wrap"))
    return widgets.VBox([panel, *extra, picture, words])


def _png(figure):
    """Return the picture of a figure and close it, so that no figure piles up in the kernel."""
    memory = io.BytesIO()
    figure.savefig(memory, format="png")
    plt.close(figure)
    return memory.getvalue()


def _factor(values):
    return (values[-1] / values[0]) ** (1 / (len(values) - 1))


def _rms(A):
    return float(np.sqrt(np.mean(A**2)))


# Signal


def signal(*, activation="relu", gain=1.0, depth=20, width=500, seed=0):
    """Show the RMS of signal and gradient in every layer of a deep net, beside the theory.

    Weights have std gain / sqrt(fan_in), biases are zero, inputs and the gradient on the last
    preactivation are N(0, 1).

    Parameters
    ----------
    activation : str, a name that `initlab.activation` knows
    gain : float, 0.01 to 100
    depth : int, 2 to 50 layers
    width : int, 20 to 500 units
    seed : int, 0 to 99

    Returns
    -------
    ipywidgets.VBox
    """
    controls = {
        "gain": _log_slider("gain", gain, 0.01, 100.0),
        "activation": _choice("activation", activation, ACTIVATIONS),
        "depth": _slider("depth", depth, 2, 50, 1),
        "width": _slider("width", width, 20, 500, 20),
        "seed": _slider("seed", seed, 0, 99, 1),
    }
    return _explorer(controls, _draw_signal)


def _draw_signal(activation, gain, depth, width, seed):
    measured = _measure_signal(activation, gain, depth, width, seed)
    theory = _predict_signal(activation, gain, depth)
    up, down = measured["signal"], measured["gradient"][::-1]
    wide = theory["signal"], theory["gradient"][::-1]
    sentence = (
        f"Each layer multiplies the signal by {_factor(up):.3g} (theory {_factor(wide[0]):.3g}) "
        f"and the gradient on its way down by {_factor(down):.3g} (theory {_factor(wide[1]):.3g})."
    )
    return plots.rms_profile(measured, theory), sentence


def _measure_signal(name, gain, depth, width, seed):
    rng = np.random.default_rng(seed)
    scheme = partial(variance_scaling, scale=gain**2)
    mlp = MLP([width] * (depth + 1), activation=name, initializer=scheme, rng=rng)
    trace = mlp.forward(rng.standard_normal((width, EXAMPLES)))
    top = rng.standard_normal((width, EXAMPLES))
    outputs = [*trace.activations[1:-1], activation(name)[0](trace.activations[-1])]
    gradients = mlp.backward(trace, top).preactivations
    return {
        "signal": np.array([_rms(A) for A in outputs]),
        "gradient": np.array([_rms(dZ) for dZ in gradients]),
    }


def _predict_signal(name, gain, depth):
    """Return the RMS in the limit of infinite width (Poole et al. 2016)."""
    f, derivative = activation(name)
    square, squares, slopes = 1.0, [], []
    for _ in range(depth):
        std = gain * np.sqrt(square)
        square = gaussian_mean(lambda z, std=std: f(std * z) ** 2)
        squares.append(square)
        slopes.append(gaussian_mean(lambda z, std=std: derivative(std * z) ** 2))
    down = np.cumprod([1.0, *(gain * np.sqrt(slopes[-2::-1]))])[::-1]
    return {"signal": np.sqrt(squares), "gradient": down}


# Training


def training(
    *, left="small", right="He", activation="relu", hidden=3, learning_rate=0.1, steps=1000
):
    """Train two starts on the same circles, eight seeds each, and show costs and decision regions.

    Parameters
    ----------
    left, right : {"zero", "constant", "small", "LeCun", "Xavier", "He", "large", "times ten"}
    activation : str, a name that `initlab.activation` knows
    hidden : int, 1 to 10 hidden layers of 10 units
    learning_rate : float, 0.001 to 3
    steps : int, 100 to 5000

    Returns
    -------
    ipywidgets.VBox
        Its progress bar shows how far the training is.
    """
    controls = {
        "left": _choice("left", left, SCHEMES),
        "right": _choice("right", right, SCHEMES),
        "activation": _choice("activation", activation, ACTIVATIONS),
        "hidden": _slider("hidden layers", hidden, 1, 10, 1),
        "learning_rate": _log_slider("learning rate", learning_rate, 0.001, 3.0),
        "steps": _slider("steps", steps, 100, 5000, 100),
    }
    progress = widgets.IntProgress(min=0, max=1, description="training")
    return _explorer(controls, partial(_draw_training, progress), [progress])


def _draw_training(progress, left, right, steps, **settings):
    X, Y = circles(200, 0.05, 1)
    progress.value, progress.max = 0, 2 * steps
    panels, words = [], []
    for scheme in (left, right):
        mlp, at, costs = _train_seeds(X, Y, scheme, steps, progress, **settings)
        correct = (mlp.forward(X).activations[-1] > 0) == Y
        good = int((correct.mean(axis=(-2, -1)) >= 0.95).sum())
        cost = np.median(costs[-1])
        words.append(f"{scheme}: {good} of {SEEDS} seeds above 95 %, median cost {cost:.3g}")
        panels.append(plots.Training(scheme, at, costs, _regions(mlp)))
    return plots.training_runs(panels, X, Y), f"After {steps} steps. {'; '.join(words)}."


def _regions(mlp):
    """Return the first replica's probability of class 1 on a square grid."""
    x, y = np.meshgrid(plots.GRID, plots.GRID)
    logits = mlp.forward(np.stack([x.ravel(), y.ravel()])).activations[-1]
    return sigmoid(logits[0, 0]).reshape(x.shape)


def _train_seeds(X, Y, scheme, steps, progress, *, activation, hidden, learning_rate):
    """Return the trained replicas, the recorded steps and the costs (records, S)."""
    rng = np.random.default_rng(0)
    sizes = [2, *[10] * hidden, 1]
    initializer = SCHEMES[scheme]
    mlp = MLP(sizes, activation=activation, initializer=initializer, rng=rng, replicas=SEEDS)
    at, costs = [], []
    for start in range(0, steps, CHUNK):
        options = {"learning_rate": learning_rate, "steps": CHUNK, "record_every": CHUNK}
        history = train(mlp, X, Y, **options)
        at.append(start)
        costs.append(history.losses[0])
        progress.value += CHUNK
    return mlp, np.array([*at, steps]), np.array([*costs, history.losses[-1]])


# Chain


def chain(*, w1=1.0, w2=1.0, w3=1.0, w4=1.0, x=0.5, centered=False):
    """Show the factors of dC/db_1 in a chain of four sigmoid neurons, and their product.

    Parameters
    ----------
    w1, w2, w3, w4 : float, -20 to 20
    x : float, 0 to 1, the input
    centered : bool
        Choose every bias so that z = 0, where the slope is largest; else all biases are 0.

    Returns
    -------
    ipywidgets.VBox
    """
    weights = {"w1": w1, "w2": w2, "w3": w3, "w4": w4}
    controls = {name: _slider(name, value, -20.0, 20.0, 0.1) for name, value in weights.items()}
    controls["x"] = _slider("input x", x, 0.0, 1.0, 0.01)
    controls["centered"] = widgets.Checkbox(value=centered, description="biases so that z = 0")
    return _explorer(controls, _draw_chain)


def _draw_chain(w1, w2, w3, w4, x, centered):
    derivative, a, factors = activation("sigmoid")[1], x, []
    for layer, w in enumerate([w1, w2, w3, w4]):
        z = np.float64(0.0 if centered else w * a)
        factors.append((1.0 if layer == 0 else w) * derivative(z))
        a = sigmoid(z)
    product = np.prod(factors)
    terms = " · ".join(f"{factor:.3g}" for factor in factors)
    sentence = f"dC/db1 is dC/da4 times {terms} = {product:.3g}."
    return plots.chain_factors(np.array(factors)), sentence


# Normalization


NORM_AXES = {"batch": (0, 2), "layer": (1, 2), "instance": (2,), "group": (1, 2), "RMS": (1, 2)}
PARTS = {"everything": np.s_[:], "example 1": np.s_[:1], "channel 1": np.s_[:, :1]}


def normalize(*, norm="batch", part="everything", scale=1.0, shift=0.0):
    """Show which entries share statistics, and what scaling or shifting the input does.

    Parameters
    ----------
    norm : {"batch", "layer", "instance", "group", "RMS"}
    part : {"everything", "example 1", "channel 1"}
        What is multiplied by ``scale`` and raised by ``shift``.
    scale : float, 0.1 to 10
    shift : float, -3 to 3

    Returns
    -------
    ipywidgets.VBox
    """
    controls = {
        "scale": _log_slider("multiply by", scale, 0.1, 10.0),
        "shift": _slider("add", shift, -3.0, 3.0, 0.1),
        "part": _choice("what", part, PARTS),
        "norm": _choice("norm", norm, NORM_AXES),
    }
    return _explorer(controls, _draw_normalize)


def _draw_normalize(norm, part, scale, shift):
    rng = np.random.default_rng(3)
    before = rng.standard_normal((3, 4, 16)) + np.arange(4)[:, None] / 2
    after = before.copy()
    after[PARTS[part]] = scale * before[PARTS[part]] + shift
    outputs = _normalized(after, norm)
    change = np.abs(outputs - _normalized(before, norm)).max()
    verdict = f"changes by up to {change:.3g}" if change > 1e-9 else "is invariant to this"
    sentence = f"The output of {norm} norm {verdict}."
    return plots.tensors({"input": after, "output": outputs}), sentence


def _normalized(T, norm):
    """Return T (examples, channels, places) normalized with epsilon 0."""
    shape = T.shape
    groups = T.reshape(2 * shape[0], shape[1] // 2, shape[2]) if norm == "group" else T
    axes = NORM_AXES[norm]
    mean = 0 if norm == "RMS" else groups.mean(axis=axes, keepdims=True)
    square = ((groups - mean) ** 2).mean(axis=axes, keepdims=True)
    return ((groups - mean) / np.sqrt(square)).reshape(shape)


# Scaling of data

TOLERANCE = 1e-3


def scaling(*, ratio=5.0, correlation=0.5, treatment="raw"):
    """Show gradient descent on least squares with two features, raw, z-scored or whitened.

    Parameters
    ----------
    ratio : float, 1 to 30, std of feature 2 over that of feature 1
    correlation : float, 0 to 0.95
    treatment : {"raw", "z-scored", "whitened"}

    Returns
    -------
    ipywidgets.VBox
    """
    controls = {
        "ratio": _log_slider("std ratio", ratio, 1.0, 30.0),
        "correlation": _slider("correlation", correlation, 0.0, 0.95, 0.05),
        "treatment": _choice("data are", treatment, ("raw", "z-scored", "whitened")),
    }
    return _explorer(controls, _draw_scaling)


def _draw_scaling(ratio, correlation, treatment):
    std = ratio if treatment == "raw" else 1.0
    cross = 0.0 if treatment == "whitened" else correlation * std
    H = np.array([[1.0, cross], [cross, std**2]])
    low, high = np.linalg.eigvalsh(H)
    path = _descend(H, 2 / (low + high))
    kappa = high / low
    sentence = (
        f"Condition number {kappa:.3g}: {len(path) - 1} steps to a thousandth of the error, at the "
        f"best learning rate. Each step multiplies the error by (kappa - 1)/(kappa + 1) = "
        f"{(kappa - 1) / (kappa + 1):.3g}."
    )
    return plots.descent(H, path), sentence


def _descend(H, rate):
    """Return the errors of the weights, from the sum of both eigenvectors of H, as rows."""
    path = [np.linalg.eigh(H)[1].sum(axis=1)]
    while np.linalg.norm(path[-1]) > TOLERANCE * np.linalg.norm(path[0]):
        path.append(path[-1] - rate * H @ path[-1])
    return np.array(path)


# Doctor


def doctor(*, scheme="Xavier", activation="relu", depth=20, width=100, batch_norm=False):
    """Show what `initlab.diagnose` says of a network.

    Parameters
    ----------
    scheme : {"zero", "constant", "small", "LeCun", "Xavier", "He", "large", "times ten"}
    activation : str, a name that `initlab.activation` knows
    depth : int, 1 to 50 hidden layers
    width : int, 4 to 200 units
    batch_norm : bool

    Returns
    -------
    ipywidgets.VBox
    """
    controls = {
        "scheme": _choice("scheme", scheme, SCHEMES),
        "name": _choice("activation", activation, ACTIVATIONS),
        "depth": _slider("hidden layers", depth, 1, 50, 1),
        "width": _slider("width", width, 4, 200, 4),
        "batch_norm": widgets.Checkbox(value=batch_norm, description="BatchNorm"),
    }
    return _explorer(controls, _draw_doctor)


def _draw_doctor(scheme, name, depth, width, batch_norm):
    rng = np.random.default_rng(0)
    sizes = [width] * (depth + 1) + [10]
    initializer = SCHEMES[scheme]
    mlp = MLP(sizes, activation=name, initializer=initializer, rng=rng, batch_norm=batch_norm)
    report = diagnose(mlp, rng.standard_normal((width, EXAMPLES)), rng=rng)
    table = report.table
    measured = {"signal": table.forward_rms, "gradient": table.gradient_rms}
    return plots.rms_profile(measured), f"Verdict: {report.verdict} {report.advice}"
