"""Chapter 8: what libraries' initializers are predicted to do, against networks.

A mean over independent networks may miss its prediction by five of its own standard errors; what
holds to leading order in 1 / width is allowed the next order on top.
"""

import math

import numpy as np
import pytest

import initlab as il
from initlab.gains import gaussian_mean


def assert_mean(values, prediction, bias=0.0):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error + bias


def mean_square(A):
    return (A**2).mean(axis=(-2, -1))


def pytorch_layer(rng, shape):
    return rng.uniform(-1, 1, shape) / math.sqrt(shape[1])


def pytorch_net(sizes, replicas, rng):
    """Return a ReLU net that starts as nn.Linear layers do, biases included."""
    net = il.MLP(sizes, initializer=pytorch_layer, rng=rng, replicas=replicas)
    fans = sizes[:-1]
    net.biases = [
        rng.uniform(-1, 1, b.shape) / math.sqrt(n) for n, b in zip(fans, net.biases, strict=True)
    ]
    return net


@pytest.mark.parametrize("n", [16, 60])
def test_default_net_follows_the_recursion_and_settles(n):
    depth, rng = 10, np.random.default_rng(8)
    net = pytorch_net([n] * (depth + 2), 400, rng)
    X = rng.standard_normal((n, 4))
    r = mean_square(X)
    for A in net.forward(X).activations[1:-1]:
        r = r / 6 + 1 / (6 * n)
        assert_mean(mean_square(A), r)
    assert np.isclose(r, 1 / (5 * n), rtol=1e-4)


def test_default_net_forgets_its_input():
    n, depth, rng = 200, 14, np.random.default_rng(8)
    net = pytorch_net([n] * (depth + 2), 20, rng)
    layers = net.forward(rng.standard_normal((n, 2))).activations[1:-1]
    squares = np.array([((A[..., 0] - A[..., 1]) ** 2).sum(axis=1) for A in layers])
    ratios = squares[1:] / squares[:-1]
    assert (ratios[0] < 1 / 6).all()
    assert (ratios.mean(axis=1) < 1 / 6 * (1 + 5 / math.sqrt(n))).all()
    assert_mean(ratios[-5:].mean(axis=0), 1 / 6, bias=5 / n)


def test_default_gradient_loses_a_sixth_in_mean_square():
    n, depth, rng = 60, 6, np.random.default_rng(8)
    net = pytorch_net([n] * (depth + 1), 400, rng)
    trace = net.forward(rng.standard_normal((n, 4)))
    top = rng.standard_normal((400, n, 4))
    bottom = net.backward(trace, top).preactivations[0]
    assert_mean(6 ** (depth - 1) * mean_square(bottom) / mean_square(top), 1)


@pytest.mark.parametrize("c", [0.5, 2.0])
def test_standard_deviation_after_a_cut(c):
    draws = np.random.default_rng(8).standard_normal(400_000)
    kept = draws[abs(draws) <= c]
    phi = math.exp(-(c**2) / 2) / math.sqrt(2 * math.pi)
    assert_mean(kept**2, 1 - 2 * c * phi / math.erf(c / math.sqrt(2)))


def test_plain_truncated_normal_is_not_corrected():
    W = il.truncated_normal(np.random.default_rng(8), (500, 500), std=3.0)
    phi = math.exp(-2) / math.sqrt(2 * math.pi)
    assert_mean(W.ravel() ** 2 / 9, 1 - 4 * phi / math.erf(math.sqrt(2)))


def test_averaging_weights_make_units_equal():
    n, rng = 300, np.random.default_rng(8)
    a = rng.standard_normal((n, 1))
    z = np.stack([il.positive_unitball(rng, (n, n)) @ a for _ in range(30)])
    assert_mean(z.mean(axis=1).ravel(), a.mean())
    assert_mean(3 * n * ((z - a.mean()) ** 2).mean(axis=(1, 2)) / a.var(), 1, bias=5 / n)


def test_selu_constants_make_a_stable_fixed_point():
    selu, derivative = il.activation("selu")
    assert abs(gaussian_mean(selu)) < 1e-12
    assert abs(gaussian_mean(lambda z: selu(z) ** 2) - 1) < 1e-12
    assert gaussian_mean(lambda z: z * selu(z) * derivative(z)) < 0.8


def test_selu_returns_with_lecun_and_explodes_with_he():
    selu, _ = il.activation("selu")
    squares = {1: [], 2: []}
    for scale, values in squares.items():
        for seed in range(12):
            rng = np.random.default_rng(seed)
            a = 2 * rng.standard_normal((200, 4))
            for _ in range(30):
                a = selu(il.variance_scaling(rng, (200, 200), scale=scale) @ a)
            values.append((a**2).mean())
    # the map is concave: noise of variance 2 / n per layer lowers the mean a little
    assert_mean(squares[1], 1, bias=10 / 200)
    assert np.median(squares[2]) > 1.0507**60


def convolution_matrix(size, k, stride):
    """Return the 0/1 matrix of a convolution along a ring: outputs by inputs."""
    matrix = np.zeros((size // stride, size))
    for out in range(size // stride):
        for tap in range(k):
            matrix[out, (stride * out + tap) % size] += 1
    return matrix


@pytest.mark.parametrize("k", [3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_products_per_output_and_per_input(k, stride):
    counts = convolution_matrix(12, k, stride)
    assert (counts.sum(axis=1) == k).all()
    assert np.isclose(counts.sum(axis=0).mean(), k / stride)
    assert (counts.sum(axis=0) == k / stride).all() == (k % stride == 0)


def test_zero_padding_loses_signal_at_the_border_as_predicted():
    size, channels, depth, replicas = 8, 16, 4, 600
    rng = np.random.default_rng(8)
    a = rng.standard_normal((replicas, channels, size))
    predicted = np.ones(size)
    for _ in range(depth):
        K = rng.standard_normal((3, replicas, channels, channels)) * math.sqrt(2 / (3 * channels))
        padded = np.pad(a, ((0, 0), (0, 0), (1, 1)))
        a = np.maximum(sum(K[t] @ padded[..., t : t + size] for t in range(3)), 0)
        predicted = np.convolve(predicted, np.ones(3) / 3, mode="same")
    for position in (0, 1, 4):
        assert_mean((a[..., position] ** 2).mean(axis=1), predicted[position])


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_bilinear_kernel_interpolates_linearly(factor):
    k = 2 * factor - factor % 2
    kernel = il.bilinear(np.random.default_rng(8), (1, 1, k, k))[0, 0]
    side = kernel[k // 2] / kernel[k // 2].sum() * factor
    line = np.zeros(20 * factor + k)
    for position in range(20):
        line[position * factor : position * factor + k] += position * side
    inner = line[3 * factor : -4 * factor - k]
    assert np.allclose(np.diff(inner), 1 / factor, atol=1e-12)


def test_nguyen_widrow_covers_the_interval():
    W, b = il.nguyen_widrow(np.random.default_rng(8), (5000, 1))
    bends = (-b / W).ravel()
    assert abs(bends).max() <= 1
    assert_mean(bends, 0)
    assert_mean(bends**2, 1 / 3)
