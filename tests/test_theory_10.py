"""Chapter 10: losses, activations and dropout, against difference quotients and deep networks.

A mean over independent networks may miss its prediction by five of its own standard errors.
"""

import math

import numpy as np
import pytest

import initlab as il
from initlab.activations import sigmoid
from initlab.gains import gaussian_mean

HALF_SQUARES = {0: lambda z: sigmoid(z) ** 2 / 2, 1: lambda z: (sigmoid(z) - 1) ** 2 / 2}


def assert_mean(values, prediction):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error


def slope(f, z, h=1e-5):
    return (f(z + h) - f(z - h)) / (2 * h)


def curvature(f, z, h=1e-3):
    return (f(z + h) - 2 * f(z) + f(z - h)) / h**2


def scaled(scale):
    return lambda rng, shape: il.variance_scaling(rng, shape, scale=scale)


@pytest.mark.parametrize("y", [0, 1])
def test_gradients_behind_a_sigmoid(y):
    z = np.linspace(-8, 8, 33)
    a = sigmoid(z)
    cross_entropy = slope(lambda z: np.logaddexp(0, z) - y * z, z)
    assert np.allclose(cross_entropy, a - y, atol=1e-9)
    assert np.allclose(slope(HALF_SQUARES[y], z), (a - y) * a * (1 - a), atol=1e-9)
    assert np.allclose(1 / (a * (1 - a)), 2 + np.exp(z) + np.exp(-z), rtol=1e-12)


def test_gradients_behind_a_softmax():
    rng = np.random.default_rng(10)
    z, y = rng.standard_normal(5), np.eye(5)[2]

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    p = softmax(z)
    J = np.diag(p) - np.outer(p, p)
    moved = [(softmax(z + 1e-5 * e), softmax(z - 1e-5 * e)) for e in np.eye(5)]
    cross_entropy = [(np.log(minus[2]) - np.log(plus[2])) / 2e-5 for plus, minus in moved]
    half_square = [(((q - y) ** 2).sum() - ((r - y) ** 2).sum()) / 4e-5 for q, r in moved]
    assert np.allclose(cross_entropy, p - y, atol=1e-8)
    assert np.allclose(half_square, J @ (p - y), atol=1e-8)
    assert np.linalg.eigvalsh(J).min() > -1e-12


@pytest.mark.parametrize("y", [0, 1])
def test_squared_error_curves_down_where_it_misses_by_two_thirds(y):
    a = np.array([0.02, 0.3, 0.36, 0.5, 0.64, 0.7, 0.98])
    z = np.log(a / (1 - a))
    assert np.array_equal(curvature(HALF_SQUARES[y], z) < 0, np.abs(a - y) > 2 / 3)
    assert (curvature(lambda z: np.logaddexp(0, z) - y * z, z) > 0).all()


@pytest.mark.parametrize("s", [1.0, 4.0])
def test_time_to_climb(s):
    speeds = {
        "cross-entropy": lambda z: 1 - sigmoid(z),
        "squared error": lambda z: sigmoid(z) * (1 - sigmoid(z)) ** 2,
    }
    e, z, dz = math.exp(-s), *np.linspace(-s, 0, 20_001, retstep=True)
    formulas = (s + 1 - e, 3 * s + 3 * (1 - e) + (1 - e**2) / 2 + 1 / e - 1)
    for speed, formula in zip(speeds.values(), formulas, strict=True):
        assert math.isclose(np.trapezoid(1 / speed(z), dx=dz), formula, rel_tol=1e-6)


@pytest.mark.parametrize("name", ["selu", "tanh", "softplus", "sigmoid"])
def test_gradient_ratio_follows_the_product_of_chi(name):
    n, layers, replicas = 200, 5, 16
    _, derivative = il.activation(name)
    gain = il.unit_variance_gain(name)
    rng = np.random.default_rng(4)
    net = il.MLP(
        [n] * (layers + 2),
        activation=name,
        initializer=scaled(gain**2),
        rng=rng,
        replicas=replicas,
    )
    X = rng.standard_normal((n, 20)) / gain  # so that the first layer has q = 1
    top = rng.standard_normal((replicas, n, 20))
    gradients = net.backward(net.forward(X), top).preactivations
    ratio = (gradients[0] ** 2).mean(axis=(1, 2)) / (gradients[layers] ** 2).mean(axis=(1, 2))
    chi = gain**2 * gaussian_mean(lambda z: derivative(z) ** 2)
    assert abs(np.mean(ratio) / chi**layers - 1) < 5 * layers / n + 5 * np.std(ratio) / (
        np.mean(ratio) * np.sqrt(replicas)
    )


@pytest.mark.parametrize("beta", [1.0, 2.5, 4.0])
def test_dead_share_with_a_bias(beta):
    m, n, fan_in = 100, 2000, 300
    rng = np.random.default_rng(4)
    W, X = il.he_normal(rng, (n, fan_in)), rng.standard_normal((fan_in, m))
    dead = il.layer_statistics([np.maximum(W @ X - beta, 0)]).dead[0]
    below = [0.5 * (1 + math.erf(beta / norm / math.sqrt(2))) for norm in np.linalg.norm(W, axis=1)]
    predicted = (np.array(below) ** m).mean()
    # one draw of X serves all units: 1 / fan_in of correlation between units is allowed for
    tolerance = 5 * math.sqrt(max(predicted * (1 - predicted), 1 / n) * (1 / n + 1 / fan_in))
    assert abs(dead - predicted) < tolerance


def test_a_unit_dead_in_the_first_layer_never_moves():
    rng = np.random.default_rng(4)
    net = il.MLP([5, 8, 3], rng=rng)
    net.biases[0] = net.biases[0] - np.where(np.arange(8) < 3, 50.0, 0.0)[:, None]
    X, labels = rng.standard_normal((5, 40)), rng.integers(0, 3, 40)
    before = net.weights[0], net.biases[0], net.weights[1]
    il.train(net, X, labels, loss="softmax_cross_entropy", learning_rate=0.5, steps=50)
    after = net.weights[0], net.biases[0], net.weights[1].T
    for old, new in zip((before[0], before[1], before[2].T), after, strict=True):
        assert np.array_equal(old[:3], new[:3])
        assert not np.allclose(old[3:], new[3:])


@pytest.mark.parametrize("degrees", [0, 40, 90, 180])
def test_masks_of_two_inputs_agree_by_their_angle(degrees):
    theta, n = math.radians(degrees), 20_000
    W = np.random.default_rng(4).standard_normal((n, 2))
    same = (W[:, 0] > 0) == (W @ [math.cos(theta), math.sin(theta)] > 0)
    share = 1 - theta / math.pi
    assert abs(same.mean() - share) < 5 * math.sqrt(share * (1 - share) / n) + 1e-12


@pytest.mark.parametrize("keep", [0.5, 0.8])
@pytest.mark.parametrize("matched", [False, True])
def test_dropout_multiplies_second_moments(keep, matched):
    n, layers, nets = 30, 4, 600
    gain2 = 2 * keep if matched else 2.0
    rng = np.random.default_rng(4)
    net = il.MLP([n] * (layers + 1) + [n], initializer=scaled(gain2), rng=rng, replicas=nets)
    x, d = rng.standard_normal((n, 1)), rng.standard_normal((nets, n, 1))
    A, E, slopes = x, x, []
    for W in net.weights[:-1]:
        Z = W @ A
        slopes.append((Z > 0) * (rng.random(Z.shape) < keep) / keep)
        A, E = Z * slopes[-1], np.maximum(W @ E, 0)
    for W, s in zip(net.weights[:0:-1], slopes[::-1], strict=True):
        d = (W.swapaxes(1, 2) @ d) * s
    squares = [(part**2).mean(axis=(1, 2)) for part in (A, E, d)]
    assert_mean(squares[0] / (x**2).mean(), (gain2 / (2 * keep)) ** layers)
    assert_mean(squares[1] / (x**2).mean(), (gain2 / 2) ** layers)
    # the linear output layer lacks the half of ReLU, the first hidden layer supplies it
    assert_mean(squares[2], (gain2 / (2 * keep)) ** layers)


def test_dropout_on_a_linear_unit_is_an_adaptive_penalty():
    rng = np.random.default_rng(4)
    w, x, y, keep = rng.standard_normal(6), rng.standard_normal(6), 0.7, 0.6
    masks = (np.arange(2**6)[:, None] >> np.arange(6)) & 1
    chance = keep ** masks.sum(axis=1) * (1 - keep) ** (6 - masks.sum(axis=1))
    noisy = chance @ ((masks / keep) @ (w * x) - y) ** 2 / 2
    penalty = (1 - keep) / keep * (w**2 * x**2).sum() / 2
    assert math.isclose(noisy, (w @ x - y) ** 2 / 2 + penalty, rel_tol=1e-12)


def test_two_passes_through_dropout_follow_the_damped_cosine_map():
    n, keep, layers, nets = 300, 0.7, 3, 60
    rng = np.random.default_rng(4)
    net = il.MLP([n] * (layers + 1) + [n], rng=rng, replicas=nets)
    A, c = np.repeat(rng.standard_normal((n, 1)), 2, axis=1), 1.0
    for W in net.weights[:layers]:
        Z = W @ A
        A = np.maximum(Z, 0) * (rng.random(Z.shape) < keep) / keep
        c = keep * (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi
    Z = net.weights[layers] @ A
    products = (Z[..., 0] * Z[..., 1]).mean(axis=1)
    assert_mean(products, c * (Z**2).mean())
