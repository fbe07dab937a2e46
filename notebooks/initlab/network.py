"""A multilayer perceptron with every intermediate value in reach: ``Z = W @ A + b``."""

from typing import NamedTuple

import numpy as np

from initlab._checks import check_choice, check_count, check_features, check_rng
from initlab.activations import ACTIVATIONS, activation, slope
from initlab.batch_norm import (
    batch_norm_backward,
    batch_statistics,
    frozen_norm_backward,
    normalize,
)
from initlab.initializers import he_normal


class Trace(NamedTuple):
    """What one forward pass of L weight layers computed.

    Attributes
    ----------
    activations : list of L + 1 arrays (n_l, m)
        ``[0]`` is X, ``[L]`` the logits: the output layer is linear.
    preactivations : list of L arrays (n_l, m)
        ``Z_l = W_l A_(l-1) + b_l`` as computed, before any normalization.
    inputs_to_activation : list of L - 1 arrays (n_l, m)
        What the activation was applied to: the preactivations, or BatchNorm's output.
    training : bool
        Whether BatchNorm used the statistics of this batch.

    With replicas every array has a leading axis S, except X.
    """

    activations: list
    preactivations: list
    inputs_to_activation: list
    training: bool


class Gradients(NamedTuple):
    """Gradients of the loss, one list entry per layer, shaped like what they belong to.

    Attributes
    ----------
    weights, biases : lists of L arrays
    scales, shifts : lists of L - 1 arrays, BatchNorm's; empty without it.
    preactivations : list of L arrays, dL/dZ_l.
    """

    weights: list
    biases: list
    scales: list
    shifts: list
    preactivations: list


class MLP:
    """A fully connected network with one activation in all hidden layers and linear outputs.

    Parameters
    ----------
    layer_sizes : sequence of int
        n_0 (features), n_1, ..., n_L (outputs).
    activation : str
        A name that `initlab.activation` knows.
    initializer : callable
        ``f(rng, shape) -> array``, applied to every weight matrix in order. Biases start at zero.
    rng : numpy.random.Generator
    batch_norm : bool
        Normalize every hidden preactivation over the batch, then scale and shift it.
    replicas : int, optional
        S independent networks in one: every parameter gets a leading axis S, and replica s is drawn
        from the s-th child of ``rng.spawn(S)``.
    dtype : numpy.float64 or numpy.float32

    Attributes
    ----------
    weights, biases : lists of L arrays (n_l, n_(l-1)) and (n_l, 1)
    scales, shifts : lists of L - 1 arrays (n_l, 1), BatchNorm's, start at 1 and 0; else empty
    running_means, running_variances : lists of L - 1 arrays (n_l, 1)
        Used in place of batch statistics when ``training=False``; `train` updates them.
    epsilon : float
        Added to BatchNorm's variance, 1e-5.

    Raises
    ------
    ValueError
        Fewer than two layer sizes, a size below 1, an unknown activation, a dtype that is no real
        floating type, or an initializer whose arrays have the wrong shape.
    TypeError
        A size that is no integer, or an ``rng`` that is no Generator.
    """

    def __init__(
        self,
        layer_sizes,
        *,
        activation="relu",
        initializer=he_normal,
        rng,
        batch_norm=False,
        replicas=None,
        dtype=np.float64,
    ):
        self.layer_sizes = _check_layer_sizes(layer_sizes)
        self.activation = check_choice("activation", activation, ACTIVATIONS)
        self.dtype = _check_dtype(dtype)
        self.replicas = None if replicas is None else check_count("replicas", replicas, 1)
        self.batch_norm = bool(batch_norm)
        self.epsilon = 1e-5
        self.weights = self._draw_weights(initializer, check_rng(rng))
        self.biases = [self._full(n, 0) for n in self.layer_sizes[1:]]
        normalized = self.layer_sizes[1:-1] if self.batch_norm else []
        self.scales = [self._full(n, 1) for n in normalized]
        self.shifts = [self._full(n, 0) for n in normalized]
        self.running_means = [self._full(n, 0) for n in normalized]
        self.running_variances = [self._full(n, 1) for n in normalized]

    def _draw_weights(self, initializer, rng):
        shapes = list(zip(self.layer_sizes[1:], self.layer_sizes[:-1], strict=True))
        if self.replicas is None:
            return [self._draw(initializer, rng, shape) for shape in shapes]
        children = rng.spawn(self.replicas)
        draws = [[self._draw(initializer, child, shape) for shape in shapes] for child in children]
        return [np.stack(layer) for layer in zip(*draws, strict=True)]

    def _draw(self, initializer, rng, shape):
        W = initializer(rng, shape)
        if getattr(W, "shape", None) != shape:
            raise ValueError(
                f"initializer must return an array of shape {shape}, got "
                f"{type(W).__name__} of shape {getattr(W, 'shape', None)}; "
                "biases are set through .biases"
            )
        return W.astype(self.dtype)

    def _full(self, n_units, value):
        leading = () if self.replicas is None else (self.replicas,)
        return np.full((*leading, n_units, 1), value, dtype=self.dtype)

    def forward(self, X, training=True):
        """Return the `Trace` of X (n_0, m), one column per example. Nothing in the network changes.

        Raises
        ------
        ValueError
            X does not fit layer 1, is not finite or not real, or BatchNorm in training mode gets a
            single example.
        """
        X = check_features(X, self.layer_sizes[0])
        return self._forward(X.astype(self.dtype, copy=False), training)

    def _forward(self, X, training):
        f, _ = activation(self.activation)
        activations, preactivations, inputs_to_activation = [X], [], []
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            Z = W @ activations[-1]
            Z += b
            preactivations.append(Z)
            if layer == len(self.weights) - 1:
                activations.append(Z)
            else:
                Y = self._normalized(layer, Z, training) if self.batch_norm else Z
                inputs_to_activation.append(Y)
                activations.append(f(Y))
        return Trace(activations, preactivations, inputs_to_activation, training)

    def _normalized(self, layer, Z, training):
        if training and Z.shape[-1] < 2:
            raise ValueError(
                "BatchNorm in training mode needs a batch of at least 2 examples, got 1; "
                "use training=False to normalize with the running statistics"
            )
        mean, variance = batch_statistics(Z) if training else self._running(layer)
        normalized = normalize(Z, mean, variance, self.epsilon)
        return self.scales[layer] * normalized + self.shifts[layer]

    def _running(self, layer):
        return self.running_means[layer], self.running_variances[layer]

    def backward(self, trace, d_logits):
        """Return the `Gradients`, given a trace of this network and dL/dlogits (n_L, m).

        Back-propagation: dL/dW_l = dL/dZ_l A_(l-1)^T, dL/db_l = sum over examples of dL/dZ_l,
        dL/dA_(l-1) = W_l^T dL/dZ_l, and dL/dZ_(l-1) = f'(Z_(l-1)) dL/dA_(l-1).

        Raises
        ------
        ValueError
            If ``d_logits`` does not have the shape of the trace's logits.
        """
        if np.shape(d_logits) != trace.activations[-1].shape:
            raise ValueError(
                f"d_logits must have the shape {trace.activations[-1].shape} of the logits, "
                f"got {np.shape(d_logits)}"
            )
        gradients, dZ = Gradients([], [], [], [], []), np.asarray(d_logits)
        for layer in reversed(range(len(self.weights))):
            gradients.preactivations.append(dZ)
            gradients.weights.append(dZ @ trace.activations[layer].swapaxes(-1, -2))
            gradients.biases.append(dZ.sum(axis=-1, keepdims=True))
            if layer > 0:
                dZ = _times_transposed(self.weights[layer], dZ)
                z, a = trace.inputs_to_activation[layer - 1], trace.activations[layer]
                dZ *= slope(self.activation, z, a)
                if self.batch_norm:
                    dZ = self._norm_backward(layer - 1, trace, dZ, gradients)
        for per_layer in gradients:
            per_layer.reverse()
        return gradients

    def _norm_backward(self, layer, trace, dY, gradients):
        Z, scale = trace.preactivations[layer], self.scales[layer]
        if trace.training:
            dZ, d_scale, d_shift = batch_norm_backward(dY, Z, scale, self.epsilon)
        else:
            mean, variance = self._running(layer)
            dZ, d_scale, d_shift = frozen_norm_backward(dY, Z, scale, mean, variance, self.epsilon)
        gradients.scales.append(d_scale)
        gradients.shifts.append(d_shift)
        return dZ


def _times_transposed(W, dZ):
    """Return W^T dZ. With one output it is an outer product, which matmul is slow at."""
    W_transposed = W.swapaxes(-1, -2)
    return W_transposed * dZ if W.shape[-2] == 1 else W_transposed @ dZ


def _check_layer_sizes(layer_sizes):
    sizes = list(layer_sizes) if np.iterable(layer_sizes) else [layer_sizes]
    sizes = [check_count("each of layer_sizes", n, 1) for n in sizes]
    if len(sizes) < 2:
        raise ValueError(
            f"layer_sizes must hold at least two sizes, features and outputs, got {layer_sizes!r}"
        )
    return sizes


def _check_dtype(dtype):
    dtype = np.dtype(dtype)
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"dtype must be numpy.float64 or numpy.float32, got {dtype}")
    return dtype
