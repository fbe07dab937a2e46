"""Activations and their derivatives, elementwise, as functions of the preactivation ``z``."""

import math

import numpy as np

from initlab._checks import check_choice

LEAKY_SLOPE = 0.01
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_SLOPE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


def identity(z):
    """Return ``z`` itself: a linear network."""
    return z


def identity_derivative(z):
    """Return 1 everywhere."""
    return np.ones_like(z)


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), computed so that no exponential overflows."""
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def sigmoid_derivative(z):
    """Return sigmoid(z) (1 - sigmoid(z)), at most 1/4."""
    return SLOPES_FROM_OUTPUT["sigmoid"](sigmoid(z))


def tanh(z):
    """Return the hyperbolic tangent."""
    return np.tanh(z)


def tanh_derivative(z):
    """Return 1 - tanh(z)^2."""
    return SLOPES_FROM_OUTPUT["tanh"](np.tanh(z))


def relu(z):
    """Return max(z, 0)."""
    return np.maximum(z, 0)


def relu_derivative(z):
    """Return 1 where z > 0, else 0; at the kink the choice is 0."""
    return (z > 0).astype(z.dtype)


def leaky_relu(z, negative_slope=LEAKY_SLOPE):
    """Return z where z > 0, else ``negative_slope`` times z."""
    return np.maximum(z, 0) + negative_slope * np.minimum(z, 0)


def leaky_relu_derivative(z, negative_slope=LEAKY_SLOPE):
    """Return 1 where z > 0, else ``negative_slope``."""
    return np.where(z > 0, 1, negative_slope).astype(z.dtype)


def elu(z):
    """Return z where z > 0, else exp(z) - 1 (Clevert et al. 2016, alpha = 1)."""
    return np.maximum(z, 0) + np.expm1(np.minimum(z, 0))


def elu_derivative(z):
    """Return 1 where z > 0, else exp(z)."""
    return np.exp(np.minimum(z, 0))


def selu(z):
    """Return 1.0507 z where z > 0, else 1.0507 * 1.6733 (exp(z) - 1) (Klambauer et al. 2017)."""
    return SELU_SCALE * (np.maximum(z, 0) + SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def selu_derivative(z):
    """Return 1.0507 where z > 0, else 1.0507 * 1.6733 exp(z)."""
    return SELU_SCALE * np.where(z > 0, 1, SELU_ALPHA * np.exp(np.minimum(z, 0)))


def gelu(z):
    """Return z (1 + tanh(u)) / 2 with u = sqrt(2/pi) z (1 + 0.044715 z^2).

    This is the tanh form of Hendrycks & Gimpel 2016; the exact form has the normal distribution
    function in place of (1 + tanh(u)) / 2.
    """
    return 0.5 * z * (1 + np.tanh(GELU_SLOPE * z * (1 + GELU_CUBIC * z**2)))


def gelu_derivative(z):
    """Return the derivative of the tanh form."""
    t = np.tanh(GELU_SLOPE * z * (1 + GELU_CUBIC * z**2))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * GELU_SLOPE * (1 + 3 * GELU_CUBIC * z**2)


def silu(z):
    """Return z sigmoid(z), also called swish."""
    return z * sigmoid(z)


def silu_derivative(z):
    """Return sigmoid(z) (1 + z (1 - sigmoid(z)))."""
    a = sigmoid(z)
    return a * (1 + z * (1 - a))


def softplus(z):
    """Return log(1 + exp(z)), computed so that no exponential overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def softplus_derivative(z):
    """Return sigmoid(z)."""
    return sigmoid(z)


ACTIVATIONS = {
    "identity": (identity, identity_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
    "tanh": (tanh, tanh_derivative),
    "relu": (relu, relu_derivative),
    "leaky_relu": (leaky_relu, leaky_relu_derivative),
    "elu": (elu, elu_derivative),
    "selu": (selu, selu_derivative),
    "gelu": (gelu, gelu_derivative),
    "silu": (silu, silu_derivative),
    "softplus": (softplus, softplus_derivative),
}

# Their slopes follow from the output a = f(z), without a second exponential.
SLOPES_FROM_OUTPUT = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2}

# Only these two are bounded on both sides: an entry near a bound passes hardly any gradient.
BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def activation(name):
    """Return the activation called ``name`` and its derivative.

    Parameters
    ----------
    name : str
        identity, sigmoid, tanh, relu, leaky_relu (slope 0.01), elu, selu, gelu (tanh form), silu
        or softplus.

    Returns
    -------
    (function, function)
        Both map an array of preactivations ``z`` to an array of the same shape and dtype.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]


def slope(name, z, a):
    """Return f'(z) of the activation called ``name``, given z and its output a = f(z)."""
    from_output = SLOPES_FROM_OUTPUT.get(name)
    return ACTIVATIONS[name][1](z) if from_output is None else from_output(a)
