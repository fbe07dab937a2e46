"""Checks of arguments. Messages name the argument, quote the value and say what is allowed."""

import math
import operator

import numpy as np


def check_rng(rng):
    """Return ``rng`` if it is a ``numpy.random.Generator``, else raise TypeError."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy.random.Generator, for example np.random.default_rng(0), "
            f"got {rng!r}"
        )
    return rng


def check_choice(name, value, choices):
    """Return ``value`` if it is one of ``choices``, else raise ValueError."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return value


def check_count(name, value, minimum):
    """Return ``value`` as an int of at least ``minimum``; TypeError if it is no integer."""
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if count < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return count


def check_number(name, value, minimum=-math.inf):
    """Return ``value`` as a finite float of at least ``minimum``."""
    try:
        finite = math.isfinite(value)
    except TypeError:
        raise TypeError(f"{name} must be a real number, got {value!r}") from None
    if not finite or value < minimum:
        bound = "" if minimum == -math.inf else f" of at least {minimum:g}"
        raise ValueError(f"{name} must be a finite number{bound}, got {value!r}")
    return float(value)


def check_shape(shape):
    """Return ``shape`` as a tuple of at least two positive ints."""
    dimensions = tuple(shape) if np.iterable(shape) else (shape,)
    dimensions = tuple(check_count("each dimension of shape", n, 1) for n in dimensions)
    if len(dimensions) < 2:
        raise ValueError(
            f"shape must have at least two dimensions, (fan_out, fan_in) or "
            f"(out_channels, in_channels, *kernel), got {shape!r}"
        )
    return dimensions


def check_real(name, values):
    """Return ``values`` as a non-empty float array of finite numbers; integers are converted."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ValueError(
            f"{name} must be a non-empty array of real numbers, got parts of different shapes"
        ) from None
    if array.dtype.kind not in "iuf" or array.size == 0:
        raise ValueError(
            f"{name} must be a non-empty array of real numbers, "
            f"got dtype {array.dtype} and shape {array.shape}"
        )
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise ValueError(f"{name} must be finite, got an entry {bad}")
    return array


def check_features(X, n_features):
    """Return ``X`` as a finite real array of shape (n_features, n_examples)."""
    X = check_real("X", X)
    if X.ndim != 2 or X.shape[0] != n_features:
        raise ValueError(
            f"X must have shape ({n_features}, n_examples) with at least one example, "
            f"one column per example, got shape {X.shape}"
        )
    return X
