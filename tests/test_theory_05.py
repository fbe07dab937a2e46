"""Chapter 5: what its formulas predict, against chains, deep nets and matrix products.

A mean over independent networks may miss its prediction by five of its own standard errors; what
holds to leading order in 1 / width is allowed the next order on top.
"""

import itertools

import numpy as np
import pytest

import initlab as il
from initlab.gains import gaussian_mean

sigmoid, slope = il.activation("sigmoid")


def assert_mean(values, prediction, bias=0.0):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error + bias


def mean_square(A):
    return (A**2).mean(axis=(-2, -1))


def hidden_gradients(activation, n_times_v, n, layers, replicas):
    """Return dL/dz_1 ... dL/dz_L of nets whose L hidden layers get a N(0, 1) gradient on top."""
    rng = np.random.default_rng(5)
    net = il.MLP(
        [n] * (layers + 1) + [n],
        activation=activation,
        initializer=lambda rng, shape: il.variance_scaling(rng, shape, scale=n_times_v),
        rng=rng,
        replicas=replicas,
    )
    net.weights[-1] = np.broadcast_to(np.eye(n), net.weights[-1].shape)
    trace = net.forward(rng.standard_normal((n, 20)))
    return net.backward(trace, rng.standard_normal((replicas, n, 20))).preactivations[:layers]


def test_chain_of_four_neurons():
    rng = np.random.default_rng(5)
    w, b, x = rng.standard_normal(4), rng.standard_normal(4), 0.7

    def output(w, b):
        a = x
        for w_k, b_k in zip(w, b, strict=True):
            a = sigmoid(w_k * a + b_k)
        return a

    z, a = [], x
    for w_k, b_k in zip(w, b, strict=True):
        z.append(w_k * a + b_k)
        a = sigmoid(z[-1])
    by_hand = np.prod(slope(np.array(z))) * np.prod(w[1:])
    h = np.array([1e-5, 0, 0, 0])
    assert np.isclose((output(w, b + h) - output(w, b - h)) / 2e-5, by_hand, rtol=1e-6)
    assert np.isclose((output(w + h, b) - output(w - h, b)) / 2e-5, by_hand * x, rtol=1e-6)
    assert abs(by_hand) <= abs(np.prod(w[1:])) / 4**4


@pytest.mark.parametrize("w", [4.5, 6.894, 20.0, -8.0])
@pytest.mark.parametrize("b", [0.0, -1.0])
def test_window_of_one_sigmoid_layer(w, b):
    a = -b / w + np.linspace(-0.5, 0.5, 100_001)
    inside = a[abs(w) * slope(w * a + b) > 1]
    r = np.sqrt(1 - 4 / abs(w))
    width = 2 / abs(w) * np.log(abs(w) * (1 + r) / 2 - 1)
    assert np.isclose(np.ptp(inside), width, atol=3e-5)
    assert np.isclose(np.ptp(sigmoid(w * inside + b)), r, atol=1e-3)
    assert width < 0.4478


def test_no_window_up_to_four():
    assert (4 * slope(np.linspace(-9, 9, 10_001)) <= 1).all()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("n_times_v", [0.3, 1.0, 4.0])
def test_gradient_factor_of_a_wide_layer(activation, n_times_v):
    f, derivative = il.activation(activation)
    n, layers = 200, 4
    gradients = hidden_gradients(activation, n_times_v, n, layers, replicas=12)
    q = n_times_v
    for below, above in itertools.pairwise(gradients):
        chi = n_times_v * gaussian_mean(lambda z, q=q: derivative(np.sqrt(q) * z) ** 2)
        assert_mean(mean_square(below) / mean_square(above), chi, bias=10 * layers / n * chi)
        q = n_times_v * gaussian_mean(lambda z, q=q: f(np.sqrt(q) * z) ** 2)


def test_singular_values_bound_every_layer():
    rng = np.random.default_rng(5)
    net = il.MLP([30, 25, 20, 10], activation="tanh", rng=rng)
    trace = net.forward(rng.standard_normal((30, 1)))
    gradients = net.backward(trace, rng.standard_normal((10, 1))).preactivations
    for layer in range(2):
        singular = np.linalg.svd(net.weights[layer + 1], compute_uv=False)
        slopes = 1 - np.tanh(trace.preactivations[layer]) ** 2
        ratio = np.linalg.norm(gradients[layer]) / np.linalg.norm(gradients[layer + 1])
        assert singular.min() * slopes.min() <= ratio <= singular.max() * slopes.max()


def test_powers_of_one_matrix_tend_to_the_spectral_radius():
    W = 0.8 * np.random.default_rng(5).standard_normal((40, 40)) / np.sqrt(40)
    radius = np.abs(np.linalg.eigvals(W)).max()
    roots = [np.linalg.norm(np.linalg.matrix_power(W, t), 2) ** (1 / t) for t in (1, 10, 400)]
    assert roots[0] > roots[1] > roots[2] >= radius * (1 - 1e-9)
    assert roots[2] < 1.02 * radius


@pytest.mark.parametrize("scale", [1.0, 20**-0.5])
def test_residual_blocks_add_mean_squares(scale):
    rng, n, nets = np.random.default_rng(5), 30, 1000
    x = rng.standard_normal((nets, n, 1))
    W, V = rng.standard_normal((2, nets, n, n)) / np.sqrt(n)
    branch = V @ np.maximum(np.sqrt(2) * W @ x, 0)
    assert_mean(mean_square(x + scale * branch) / mean_square(x), 1 + scale**2)


def test_maxout_keeps_the_mean_square():
    z = np.random.default_rng(5).standard_normal((2, 400, 1000))
    assert_mean((z.max(axis=0) ** 2).mean(axis=1), 1)


@pytest.mark.parametrize("depth", [2, 5, 10])
def test_spread_of_gaussian_products(depth):
    rng, n = np.random.default_rng(5), 60
    P = np.broadcast_to(np.eye(n), (60, n, n))
    for _ in range(depth):
        P = rng.standard_normal((60, n, n)) / np.sqrt(n) @ P
    squares = np.linalg.svd(P, compute_uv=False) ** 2
    assert_mean(squares.mean(axis=1), 1)
    assert_mean((squares**2).mean(axis=1), depth + 1, bias=2 * depth**2 / n)
    assert (squares[:, 0] >= (squares**2).mean(axis=1) / squares.mean(axis=1)).all()


def test_correlation_map_has_slope_chi_at_one():
    q, v, bias_variance, e = 1.0, 2.5, 0.05, 1e-4
    for _ in range(200):
        q = v * gaussian_mean(lambda z, q=q: np.tanh(np.sqrt(q) * z) ** 2) + bias_variance
    chi = v * gaussian_mean(lambda z: (1 - np.tanh(np.sqrt(q) * z) ** 2) ** 2)
    nodes, mass = np.polynomial.hermite_e.hermegauss(50)
    z, z2 = np.sqrt(q) * nodes[:, None], np.sqrt(q) * nodes[None, :]
    mass = np.outer(mass, mass) / (2 * np.pi)

    def covariance(c):
        return (mass * np.tanh(z) * np.tanh(c * z + np.sqrt(1 - c**2) * z2)).sum()

    assert np.isclose(v * (covariance(1) - covariance(1 - e)) / (e * q), chi, rtol=1e-3)
