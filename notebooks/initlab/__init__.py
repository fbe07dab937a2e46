"""initlab: initializers, forward and backward passes and probes, in plain numpy.

A dense weight is ``W (fan_out, fan_in)``, data are columns ``X (n_features, n_examples)``, so
``Z = W @ X + b``. A leading axis S means independent replicas.
"""

from initlab.activations import activation
from initlab.datasets import circles, digits
from initlab.diagnosis import Growth, Report, diagnose
from initlab.gains import calculate_gain, unit_variance_gain
from initlab.initializers import (
    bilinear,
    compute_fans,
    constant,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    nguyen_widrow,
    normal,
    orthogonal,
    positive_unitball,
    truncated_normal,
    uniform,
    variance_scaling,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from initlab.losses import binary_cross_entropy, softmax_cross_entropy, squared_error
from initlab.network import MLP, Gradients, Trace
from initlab.probes import LayerStatistics, layer_statistics
from initlab.reporting import record
from initlab.training import History, train

__all__ = [
    "MLP",
    "Gradients",
    "Growth",
    "History",
    "LayerStatistics",
    "Report",
    "Trace",
    "activation",
    "bilinear",
    "binary_cross_entropy",
    "calculate_gain",
    "circles",
    "compute_fans",
    "constant",
    "diagnose",
    "digits",
    "he_normal",
    "he_uniform",
    "layer_statistics",
    "lecun_normal",
    "lecun_uniform",
    "nguyen_widrow",
    "normal",
    "orthogonal",
    "positive_unitball",
    "record",
    "softmax_cross_entropy",
    "squared_error",
    "train",
    "truncated_normal",
    "uniform",
    "unit_variance_gain",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
