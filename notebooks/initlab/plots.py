"""Figures in one style: one color per scheme everywhere, theory as a line over measured points.

Colors are those of Okabe and Ito, which survive color blindness; every figure has a white
background of its own, so that it reads on a light and on a dark page.
"""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GRAY = "#0072B2", "#D55E00", "#CC79A7", "#767676"

SCHEME_COLORS = {
    "zero": GRAY,
    "constant": BLACK,
    "small": SKY,
    "large": VERMILION,
    "Xavier": BLUE,
    "He": GREEN,
    "LeCun": PURPLE,
    "other": ORANGE,
}
THEORY_COLOR = BLACK
GRID = np.linspace(-1.5, 1.5, 80)


class Training(NamedTuple):
    """One start in `training_runs`: its name, cost against step, and the first seed's regions.

    Attributes
    ----------
    name : str, a key of ``SCHEME_COLORS`` or another word
    steps : array (records,)
    costs : array (records, S)
    regions : array (80, 80), the probability of class 1 on the square of ``GRID``
    """

    name: str
    steps: np.ndarray
    costs: np.ndarray
    regions: np.ndarray


def use_style():
    """Set matplotlib's defaults for the whole notebook: call it once, in the first cell."""
    plt.rcdefaults()
    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#e6e6e6",
            "axes.axisbelow": True,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "font.size": 10,
            "lines.linewidth": 1.6,
            "lines.markersize": 4.5,
            "svg.hashsalt": "initlab",
        }
    )


def histogram_grid(rows, *, bins=60, limits=None):
    """Draw one row of histograms per entry, one column per layer, share of entries upward.

    Parameters
    ----------
    rows : dict of str to list of arrays
        Row title and one array per layer, of any shape.
    bins : int
    limits : dict of str to float, optional
        Half-width of a row's common horizontal axis; without it every panel spans its own data.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_columns = max(len(layers) for layers in rows.values())
    figure, axes = plt.subplots(
        len(rows), n_columns, squeeze=False, figsize=(1.15 * n_columns, 1.35 * len(rows) + 0.4)
    )
    for row_axes, (title, layers) in zip(axes, rows.items(), strict=True):
        half_width = None if limits is None else limits.get(title)
        for layer, (axis, values) in enumerate(zip(row_axes, layers, strict=True), 1):
            _histogram(axis, np.ravel(values), bins, half_width)
            axis.set_title(f"layer {layer}", fontsize=8, loc="center")
        row_axes[0].set_ylabel(title, fontsize=8)
    return figure


def _histogram(axis, values, bins, half_width):
    half_width = half_width or np.abs(values).max() or 1.0
    counts, edges = np.histogram(values, bins=bins, range=(-half_width, half_width))
    axis.stairs(counts / values.size, edges, fill=True, color=BLUE)
    axis.set_yticks([])
    axis.set_xticks([-half_width, half_width], [f"{-half_width:.0e}", f"{half_width:.0e}"])
    if 0.01 <= half_width <= 100:
        axis.set_xticks([-half_width, half_width], [f"{-half_width:.2g}", f"{half_width:.2g}"])
    axis.tick_params(labelsize=6, length=2)
    axis.grid(False)


def per_layer(axis, measured, *, theory=None, color=BLUE, label=None, layers=None):
    """Draw one measured value per layer as points (faint lines for seeds), the theory as a line.

    Parameters
    ----------
    axis : matplotlib axes
    measured : array (L,) or (S, L)
        With a leading axis every seed is a faint line and their median the points.
    theory : array (L,), optional
        Drawn as a dashed black line.
    color, label : str
        The label is written beside the last point.
    layers : array (L,), optional
        Layer numbers, 1 to L by default.
    """
    measured = np.atleast_2d(measured)
    layers = np.arange(1, measured.shape[-1] + 1) if layers is None else np.asarray(layers)
    if len(measured) > 1:
        axis.plot(layers, measured.T, color=color, alpha=0.25, linewidth=0.8)
    center = np.median(measured, axis=0)
    axis.plot(layers, center, "o", color=color)
    if theory is not None:
        axis.plot(layers, theory, "--", color=THEORY_COLOR, linewidth=1.1)
    if label is not None:
        _label_end(axis, layers[-1], center[-1], label, color)
    axis.set_xlabel("layer")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def cost_curves(axis, steps, losses, *, color, label=None):
    """Draw loss against step: every seed faint, the median strong and labeled at its end.

    Parameters
    ----------
    axis : matplotlib axes
    steps : array (records,)
    losses : array (records,) or (records, S)
    color, label : str
    """
    losses = np.reshape(losses, (len(steps), -1))
    if losses.shape[1] > 1:
        axis.plot(steps, losses, color=color, alpha=0.25, linewidth=0.8)
    center = np.median(losses, axis=1)
    axis.plot(steps, center, color=color)
    if label is not None:
        _label_end(axis, steps[-1], center[-1], label, color)
    axis.set_xlabel("step")
    axis.set_ylabel("cost (nats)")


def _label_end(axis, x, y, text, color):
    axis.annotate(
        text,
        (x, y),
        xytext=(6, 0),
        textcoords="offset points",
        color=color,
        va="center",
        annotation_clip=False,
    )


def rms_profile(measured, theory=None):
    """Draw the RMS of signal and gradient per layer on a logarithmic axis, theory dashed.

    Parameters
    ----------
    measured, theory : dict with the arrays (L,) "signal" and "gradient"; the theory is optional.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots()
    for name, color in (("signal", BLUE), ("gradient", VERMILION)):
        line = None if theory is None else theory[name]
        per_layer(axis, measured[name], theory=line, color=color, label=name)
    values = np.concatenate([measured["signal"], measured["gradient"]])
    if (values > 0).all() and np.isfinite(values).all():
        axis.set_yscale("log")
    axis.set_ylabel("RMS")
    return figure


def training_runs(runs, X, Y):
    """Draw the decision regions of every start and, beside them, the costs of all seeds.

    Parameters
    ----------
    runs : list of Training
    X : array (2, m)
    Y : array (1, m), classes 0 and 1

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(runs) + 1, figsize=(4 * len(runs) + 4, 3.6))
    for axis, run in zip(axes, runs, strict=False):
        square = (GRID[0], GRID[-1], GRID[0], GRID[-1])
        shades = {"cmap": "RdBu_r", "vmin": 0, "vmax": 1, "alpha": 0.6, "origin": "lower"}
        axis.imshow(run.regions, extent=square, **shades)
        for label, color in ((0, BLUE), (1, VERMILION)):
            axis.plot(*X[:, Y[0] == label], ".", color=color)
        axis.set(title=run.name, xlabel="$x_1$", ylabel="$x_2$")
        axis.grid(False)
    for run, color in zip(runs, (BLUE, VERMILION), strict=False):
        cost_curves(axes[-1], run.steps, run.costs, color=color, label=run.name)
    axes[-1].set_yscale("log")
    return figure


def chain_factors(factors):
    """Draw the size of each layer's factor as bars and the product from the last layer down.

    Parameters
    ----------
    factors : array (L,), one factor per layer, from layer 1

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots()
    layers, sizes = np.arange(1, len(factors) + 1), np.abs(factors)
    axis.bar(layers, sizes - 1, bottom=1, width=0.4, color=BLUE)
    products = np.cumprod(sizes[::-1])[::-1]
    axis.plot(layers, products, "o-", color=VERMILION)
    _label_end(axis, layers[0], products[0], "product", VERMILION)
    axis.set(yscale="log", xlabel="layer", ylabel="size of the factor", xticks=layers)
    return figure


def tensors(arrays):
    """Draw tensors (examples, channels, places) side by side: rows are examples.

    Parameters
    ----------
    arrays : dict of str to array (n, c, p)

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(arrays), figsize=(4.2 * len(arrays), 2.4))
    for axis, (name, tensor) in zip(axes, arrays.items(), strict=True):
        n_examples, n_channels, n_places = tensor.shape
        flat = tensor.reshape(n_examples, -1)
        picture = axis.imshow(flat, cmap="RdBu_r", vmin=-3, vmax=3, aspect="auto")
        for channel in range(1, n_channels):
            axis.axvline(channel * n_places - 0.5, color=BLACK, linewidth=0.8)
        axis.set(title=name, ylabel="example", yticks=range(n_examples), xlabel="channel")
        axis.set_xticks(n_places * (np.arange(n_channels) + 0.5) - 0.5, range(1, n_channels + 1))
        axis.grid(False)
        figure.colorbar(picture, ax=axis)
    return figure


def descent(H, path):
    """Draw the contour lines of e^T H e / 2 and the path of gradient descent.

    Parameters
    ----------
    H : array (2, 2), symmetric
    path : array (steps + 1, 2), the errors of the weights

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots()
    x, y = np.meshgrid(np.linspace(-1.6, 1.6, 120), np.linspace(-1.6, 1.6, 120))
    costs = (H[0, 0] * x**2 + 2 * H[0, 1] * x * y + H[1, 1] * y**2) / 2
    axis.contour(x, y, costs, levels=12, colors=GRAY, linewidths=0.7)
    axis.plot(*path.T, "o-", color=VERMILION, markersize=3, linewidth=1)
    axis.set(xlabel="error of weight 1", ylabel="error of weight 2", aspect="equal")
    return figure
