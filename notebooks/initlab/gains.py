"""Gains: the factor on the weights' standard deviation that an activation asks for."""

import math
from functools import cache

import numpy as np

from initlab._checks import check_choice, check_number
from initlab.activations import ACTIVATIONS, LEAKY_SLOPE, leaky_relu

TABLE = {
    "identity": 1.0,
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": None,
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity, negative_slope=LEAKY_SLOPE):
    """Return the gain that PyTorch's table recommends for ``nonlinearity``.

    The table is ``torch.nn.init.calculate_gain``: 1 for identity, linear and sigmoid, 5/3 for tanh,
    sqrt(2) for relu, sqrt(2 / (1 + negative_slope^2)) for leaky_relu, 3/4 for selu. Only relu
    and leaky_relu follow from keeping the second moment; see `unit_variance_gain` for the others.

    Parameters
    ----------
    nonlinearity : str
    negative_slope : float
        Slope of leaky_relu for z < 0; the other entries ignore it.

    Raises
    ------
    ValueError
        If the table has no such entry or ``negative_slope`` is not finite.
    """
    slope = check_number("negative_slope", negative_slope)
    if nonlinearity in [name for name in ACTIVATIONS if name not in TABLE]:
        raise ValueError(
            f"nonlinearity {nonlinearity!r} is not in PyTorch's table ({', '.join(TABLE)}); "
            f"unit_variance_gain({nonlinearity!r}) computes a gain for every activation"
        )
    check_choice("nonlinearity", nonlinearity, TABLE)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return TABLE[nonlinearity]


def gaussian_mean(function):
    """Return E[function(z)] for z ~ N(0, 1), by Gauss-Legendre quadrature.

    The two halves of the axis are integrated apart, since many activations have a kink at 0; beyond
    12 standard deviations the density is below 1e-31.
    """
    z, density = _half_axis()
    return float(density @ (function(z) + function(-z)))


@cache
def _half_axis():
    """Return nodes from 0 to 12 and their weights times the normal density."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    z = 6 * (nodes + 1)
    return z, 6 * weights * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def unit_variance_gain(activation, negative_slope=LEAKY_SLOPE):
    """Return 1 / sqrt(E[f(z)^2]) for z ~ N(0, 1), by quadrature.

    With weights of variance gain^2 / fan_in, a wide layer whose inputs have mean square 1 has
    activations of mean square 1. It says nothing about the gradient. relu gives sqrt(2), exactly
    He's gain (He et al. 2015, eq. 10).

    Parameters
    ----------
    activation : str
        Any name that `initlab.activation` knows.
    negative_slope : float
        Slope of leaky_relu for z < 0; the other activations ignore it.

    Raises
    ------
    ValueError
        If the name is unknown or ``negative_slope`` is not finite.
    """
    slope = check_number("negative_slope", negative_slope)
    f, _ = ACTIVATIONS[check_choice("activation", activation, ACTIVATIONS)]
    if activation == "leaky_relu":
        return 1 / math.sqrt(gaussian_mean(lambda z: leaky_relu(z, slope) ** 2))
    return 1 / math.sqrt(gaussian_mean(lambda z: f(z) ** 2))
