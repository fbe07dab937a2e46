"""Chapter 6: what its theorems predict, against difference quotients and deep networks.

A mean over independent networks may miss its prediction by five of its own standard errors; what
holds for wide layers and large batches is allowed the next order, in 1 / width + 1 / batch, on top.
"""

import math

import numpy as np
import pytest

import initlab as il
from initlab.batch_norm import batch_norm_backward, frozen_norm_backward, normalize

KAPPA = 0.5 - 0.5 / np.pi


def assert_mean(values, prediction, bias=0.0):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error + bias


def batch_norm(Z, scale, shift, epsilon):
    mean, variance = Z.mean(axis=-1, keepdims=True), Z.var(axis=-1, keepdims=True)
    return scale * normalize(Z, mean, variance, epsilon) + shift


def gradient(net, X, labels):
    trace = net.forward(X)
    loss, d_logits = il.softmax_cross_entropy(trace.activations[-1], labels)
    return loss, net.backward(trace, d_logits)


def data(n, m):
    rng = np.random.default_rng(6)
    return rng.standard_normal((n, m)), rng.integers(0, 10, m)


@pytest.mark.parametrize("epsilon", [0.0, 1e-5, 0.7])
@pytest.mark.parametrize("m", [2, 3, 7])
def test_backward_is_the_difference_quotient(epsilon, m):
    rng = np.random.default_rng(6)
    Z, dY = rng.standard_normal((2, 4, m))
    scale = rng.standard_normal((4, 1))
    dZ, _, _ = batch_norm_backward(dY, Z, scale, epsilon)
    for place in np.ndindex(4, m):
        step = np.zeros((4, m))
        step[place] = 1e-5
        change = batch_norm(Z + step, scale, 1, epsilon) - batch_norm(Z - step, scale, 1, epsilon)
        assert dZ[place] == pytest.approx((dY * change).sum() / 2e-5, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("m", [2, 3, 8, 50])
def test_backward_is_a_projection_of_rank_m_minus_2(m):
    Z = np.random.default_rng(6).standard_normal((1, m))
    P = np.concatenate(
        [batch_norm_backward(dY[None], Z, Z.std(), 0.0)[0] for dY in np.eye(m)], axis=0
    )
    np.testing.assert_allclose(P, P.T, atol=1e-12)
    np.testing.assert_allclose(P @ P, P, atol=1e-12)
    assert np.trace(P) == pytest.approx(m - 2, abs=1e-12)
    np.testing.assert_allclose(P @ np.ones(m), 0, atol=1e-12)
    np.testing.assert_allclose(P @ Z[0], 0, atol=1e-12)


def test_two_examples_leave_the_share_of_epsilon():
    Z, dY = np.array([[0.5, -0.5]]), np.array([[3.0, 1.0]])
    dZ, _, _ = batch_norm_backward(dY, Z, 2.0, 1e-3)
    expected = 2 / np.sqrt(0.251) * 1e-3 / 0.251
    np.testing.assert_allclose(dZ, [[expected, -expected]], rtol=1e-12)


def test_a_bias_matters_only_where_the_statistics_are_frozen():
    X, labels = data(20, 30)
    net = il.MLP([20, 15, 15, 10], rng=np.random.default_rng(6), batch_norm=True)
    _, gradients = gradient(net, X, labels)
    assert max(np.abs(b).max() for b in gradients.biases[:-1]) < 1e-14
    dZ, _, _ = frozen_norm_backward(X, X, 1.0, 0.0, 1.0, 0.0)
    assert np.abs(dZ.sum(axis=1)).max() > 0.1


@pytest.mark.parametrize("c", [1e-3, 0.5, 40.0])
def test_scale_invariance(c):
    X, labels = data(20, 30)
    nets = [il.MLP([20, 15, 15, 10], rng=np.random.default_rng(6), batch_norm=True) for _ in "ab"]
    nets[1].weights[1] = c * nets[1].weights[1]
    for net in nets:
        net.epsilon = 0.0
    (loss, g), (scaled_loss, scaled_g) = (gradient(net, X, labels) for net in nets)
    assert scaled_loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(c * scaled_g.weights[1], g.weights[1], atol=1e-13)
    assert (g.weights[1] * nets[0].weights[1]).sum() == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize(("rate", "decay", "length"), [(0.1, 0.01, 1.0), (0.5, 0.2, 3.0)])
@pytest.mark.parametrize("start", [0.5, 2.0])
def test_equilibrium_of_growth_and_decay(rate, decay, length, start):
    predicted = rate * length**2 / (2 * decay - rate * decay**2)
    rng = np.random.default_rng(6)
    W = rng.standard_normal(8)
    W *= start * predicted**0.25 / np.linalg.norm(W)
    for _ in range(math.ceil(20 / (rate * decay))):
        g = rng.standard_normal(8)
        g -= W * (g @ W) / (W @ W)
        old, W = W, (1 - rate * decay) * W - rate * g * length / np.linalg.norm(g) / np.sqrt(W @ W)
    assert (W**2).sum() == pytest.approx(np.sqrt(predicted), rel=1e-9)
    assert old @ W / (W @ W) == pytest.approx(1 - rate * decay, rel=1e-9)


def relu_net_with_batch_norm(n, m, depth, replicas, std=1.0):
    rng = np.random.default_rng(6)
    net = il.MLP(
        [n] * (depth + 1) + [10],
        initializer=lambda rng, shape: il.normal(rng, shape, std=std),
        rng=rng,
        batch_norm=True,
        replicas=replicas,
    )
    trace = net.forward(rng.standard_normal((n, m)))
    dZ = net.backward(trace, rng.standard_normal((replicas, 10, m))).preactivations[:-1]
    return trace, np.stack([(g**2).mean(axis=(1, 2)) for g in dZ])


def test_gradients_grow_and_the_first_layer_is_an_exception():
    n, m, depth = 128, 256, 12
    _, squares = relu_net_with_batch_norm(n, m, depth, replicas=6)
    growth = (squares[1] / squares[-1]) ** (1 / (depth - 2))
    next_order = 5 * (1 / n + 1 / m)
    assert_mean(growth, np.pi / (np.pi - 1), bias=next_order)
    assert_mean(squares[0] / squares[1], 0.5, bias=next_order)


@pytest.mark.parametrize("std", [1e-2, 1.5e-3, 7e-4, 4e-4])
def test_signal_lives_or_dies_by_epsilon(std):
    n, depth, epsilon = 200, 8, 1e-5
    trace, _ = relu_net_with_batch_norm(n, 200, depth, replicas=6, std=std)
    s = n * std**2 / (n * std**2 + epsilon)
    for _ in range(depth - 1):
        s = KAPPA * n * std**2 * s / (KAPPA * n * std**2 * s + epsilon)
    measured = trace.inputs_to_activation[-1].var(axis=-1).mean(axis=-1)
    assert_mean(measured / s, 1, bias=10 * depth / n)


@pytest.mark.parametrize("m", [3, 8, 64])
def test_noise_of_batch_statistics(m):
    z = np.random.default_rng(6).standard_normal((20_000, m))
    noise = ((batch_norm(z, 1, 0, 0.0) - z) ** 2).mean(axis=1)
    mean_std = math.sqrt(2 / m) * math.exp(math.lgamma(m / 2) - math.lgamma((m - 1) / 2))
    assert_mean(noise, 2 - 2 * mean_std)
    assert_mean(z.mean(axis=1) ** 2, 1 / m)
    assert_mean(z.var(axis=1), (m - 1) / m)


@pytest.mark.parametrize(
    ("factor", "normalized", "growth"),
    [
        (1.0, False, 2.0**6),
        (6**-0.5, False, (1 + 1 / 6) ** 6),
        (1.0, True, 7.0),
        (6**-0.5, True, 2),
    ],
)
def test_residual_blocks(factor, normalized, growth):
    n, m, S = 60, 4, 300
    rng = np.random.default_rng(6)
    x = start = rng.standard_normal((S, n, m))
    for _ in range(6):
        u = x / np.sqrt((x**2).mean(axis=1, keepdims=True)) if normalized else x
        U, V = (rng.standard_normal((S, n, n)) * np.sqrt(gain / n) for gain in (2, 1))
        x = x + factor * V @ np.maximum(U @ u, 0)
    ratio = (x**2).mean(axis=(1, 2)) / (start**2).mean(axis=(1, 2))
    assert_mean(ratio, growth, bias=growth * 2 / n if normalized else 0.0)
