"""Initializers: every one is ``f(rng, shape, **options) -> ndarray`` of float64.

``shape`` is (fan_out, fan_in) for a dense layer and (out_channels, in_channels, *kernel) for a
convolution. Nothing touches numpy's global random state.
"""

import math

import numpy as np

from initlab._checks import check_choice, check_number, check_rng, check_shape

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("normal", "uniform", "truncated_normal")
# Standard deviation of N(0, 1) cut at two standard deviations.
TRUNCATED_STD = 0.87962566103423978


def compute_fans(shape):
    """Return (fan_in, fan_out): how many products one output sums, how many one input enters.

    Dense (out, in): fan_in = in, fan_out = out. Convolution (out, in, *kernel): both are multiplied
    by the number of kernel positions. Stride and borders are ignored, as in PyTorch and Keras.

    Parameters
    ----------
    shape : sequence of int

    Raises
    ------
    ValueError
        Fewer than two dimensions, or one below 1.
    TypeError
        A dimension that is no integer.
    """
    out_channels, in_channels, *kernel = check_shape(shape)
    positions = math.prod(kernel)
    return in_channels * positions, out_channels * positions


def _fan(shape, mode):
    fan_in, fan_out = compute_fans(shape)
    check_choice("mode", mode, MODES)
    return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]


def zeros(rng, shape):
    """Return zeros. ``rng`` is not used: every initializer takes the same arguments."""
    return constant(rng, shape, value=0.0)


def constant(rng, shape, *, value=0.0):
    """Return an array filled with ``value``. ``rng`` is not used.

    Raises
    ------
    ValueError
        If ``value`` is not finite or the shape is bad.
    """
    check_rng(rng)
    return np.full(check_shape(shape), check_number("value", value))


def normal(rng, shape, *, mean=0.0, std=1.0):
    """Return draws of N(mean, std^2). ``std`` is the standard deviation, not the variance.

    Raises
    ------
    ValueError
        If ``mean`` or ``std`` is not finite, ``std`` is negative, or the shape is bad.
    """
    check_rng(rng)
    mean, std = check_number("mean", mean), check_number("std", std, minimum=0)
    return mean + std * rng.standard_normal(check_shape(shape))


def uniform(rng, shape, *, low=-1.0, high=1.0):
    """Return draws of U[low, high), of variance (high - low)^2 / 12.

    Raises
    ------
    ValueError
        If a bound is not finite, ``high`` is below ``low``, or the shape is bad.
    """
    check_rng(rng)
    low = check_number("low", low)
    high = check_number("high", high, minimum=low)
    return low + (high - low) * rng.random(check_shape(shape))


def truncated_normal(rng, shape, *, mean=0.0, std=1.0):
    """Return draws of N(mean, std^2) conditioned on lying within two ``std`` of the mean.

    The cut lowers the standard deviation to 0.8796 ``std``. `variance_scaling` corrects for that.

    Raises
    ------
    ValueError
        If ``mean`` or ``std`` is not finite, ``std`` is negative, or the shape is bad.
    """
    check_rng(rng)
    mean, std = check_number("mean", mean), check_number("std", std, minimum=0)
    draws = rng.standard_normal(check_shape(shape))
    outside = np.abs(draws) > 2
    while outside.any():
        draws[outside] = rng.standard_normal(outside.sum())
        outside = np.abs(draws) > 2
    return mean + std * draws


def variance_scaling(rng, shape, *, scale=1.0, mode="fan_in", distribution="normal"):
    """Return draws of mean 0 and variance ``scale / fan``. Every named scheme is one line of it.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : sequence of int
        (fan_out, fan_in), or (out_channels, in_channels, *kernel).
    scale : float
        The gain squared: 1 for LeCun and Xavier, 2 for He.
    mode : {"fan_in", "fan_out", "fan_avg"}
        ``fan_avg`` is (fan_in + fan_out) / 2.
    distribution : {"normal", "uniform", "truncated_normal"}
        All three have the same variance: the uniform bound is sqrt(3 scale / fan), and the
        truncated normal is widened by 1 / 0.8796 before the cut.

    Raises
    ------
    ValueError
        Bad shape, mode or distribution; negative or non-finite scale.
    TypeError
        ``rng`` is not a Generator, or a dimension is no integer.
    """
    check_rng(rng)
    check_choice("distribution", distribution, DISTRIBUTIONS)
    std = math.sqrt(check_number("scale", scale, minimum=0) / _fan(shape, mode))
    if distribution == "uniform":
        return uniform(rng, shape, low=-math.sqrt(3) * std, high=math.sqrt(3) * std)
    if distribution == "truncated_normal":
        return truncated_normal(rng, shape, std=std / TRUNCATED_STD)
    return normal(rng, shape, std=std)


def _gain_squared(gain):
    return check_number("gain", gain, minimum=0) ** 2


def _he_scale(negative_slope):
    return 2 / (1 + check_number("negative_slope", negative_slope) ** 2)


def xavier_normal(rng, shape, *, gain=1.0):
    """Return draws of N(0, gain^2 * 2 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 12)."""
    return variance_scaling(rng, shape, scale=_gain_squared(gain), mode="fan_avg")


def xavier_uniform(rng, shape, *, gain=1.0):
    """Return draws of U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio, eq. 16)."""
    return variance_scaling(
        rng, shape, scale=_gain_squared(gain), mode="fan_avg", distribution="uniform"
    )


def he_normal(rng, shape, *, mode="fan_in", negative_slope=0.0):
    """Return draws of N(0, 2 / ((1 + negative_slope^2) fan)) (He et al. 2015, eq. 10 and 14).

    ``mode="fan_in"`` keeps the forward signal, ``"fan_out"`` the gradient.
    """
    return variance_scaling(rng, shape, scale=_he_scale(negative_slope), mode=mode)


def he_uniform(rng, shape, *, mode="fan_in", negative_slope=0.0):
    """Return draws of U(-a, a), a = sqrt(6 / ((1 + negative_slope^2) fan)): He's variance.

    ``mode`` chooses the fan, as for `he_normal`.
    """
    return variance_scaling(
        rng, shape, scale=_he_scale(negative_slope), mode=mode, distribution="uniform"
    )


def lecun_normal(rng, shape):
    """Return draws of N(0, 1 / fan_in) (LeCun et al. 1998)."""
    return variance_scaling(rng, shape)


def lecun_uniform(rng, shape):
    """Return draws of U(-a, a), a = sqrt(3 / fan_in): variance 1 / fan_in (LeCun et al. 1998)."""
    return variance_scaling(rng, shape, distribution="uniform")


def orthogonal(rng, shape, *, gain=1.0):
    """Return ``gain`` times a matrix with orthonormal rows or columns, whichever are fewer.

    A uniformly distributed orthogonal matrix (Saxe et al. 2014): the Q of a Gaussian matrix's QR
    factorization with the diagonal of R made positive. A convolution is treated as the matrix
    (out_channels, rest), as in PyTorch.

    Raises
    ------
    ValueError
        Bad shape; negative or non-finite gain.
    """
    shape = check_shape(shape)
    gain = check_number("gain", gain, minimum=0)
    rows, columns = shape[0], math.prod(shape[1:])
    Q, R = np.linalg.qr(normal(rng, (max(rows, columns), min(rows, columns))))
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)
    return gain * (Q if rows >= columns else Q.T).reshape(shape)


def positive_unitball(rng, shape):
    """Return draws of U[0, 1) divided so that the incoming weights of each unit sum to 1.

    The filler ``positive_unitball`` of Caffe: each unit is a weighted average of its inputs.
    """
    W = uniform(rng, shape, low=0.0, high=1.0)
    return W / W.sum(axis=tuple(range(1, W.ndim)), keepdims=True)


def bilinear(rng, shape):
    """Return the bilinear up-sampling kernel, the same for every pair of channels (Caffe).

    Along each side of length k, with f = ceil(k / 2) and c = (k - 1) / (2 f), the
    kernel is 1 - |i / f - c|. ``rng`` is not used.

    Raises
    ------
    ValueError
        If the shape is not (out_channels, in_channels, k, k).
    """
    check_rng(rng)
    dimensions = check_shape(shape)
    if len(dimensions) != 4 or dimensions[2] != dimensions[3]:
        raise ValueError(f"shape must be (out_channels, in_channels, k, k), got {shape!r}")
    factor = math.ceil(dimensions[3] / 2)
    center = (dimensions[3] - 1) / (2 * factor)
    side = 1 - np.abs(np.arange(dimensions[3]) / factor - center)
    return np.broadcast_to(np.outer(side, side), dimensions).copy()


def nguyen_widrow(rng, shape):
    """Return (W, b) of Nguyen & Widrow 1990, the one scheme here that also sets biases.

    With H = fan_out units on N = fan_in inputs in [-1, 1]: rows of W are drawn from U(-1, 1) and
    scaled to length beta = 0.7 H^(1/N); biases are U(-beta, beta).

    Returns
    -------
    (ndarray, ndarray)
        Shapes (fan_out, fan_in) and (fan_out, 1).

    Raises
    ------
    ValueError
        If the shape is not two-dimensional.
    """
    W = uniform(rng, shape)
    if W.ndim != 2:
        raise ValueError(f"shape must be (fan_out, fan_in), got {shape!r}")
    fan_out, fan_in = W.shape
    beta = 0.7 * fan_out ** (1 / fan_in)
    W = beta * W / np.linalg.norm(W, axis=1, keepdims=True)
    return W, uniform(rng, (fan_out, 1), low=-beta, high=beta)
