"""Chapter 11: what its theorems predict, against simulations and networks.

A mean over independent draws may miss its prediction by five of its own standard errors.
"""

import numpy as np
import pytest

import initlab as il


def assert_mean(values, prediction):
    error = np.std(values, ddof=1) / np.sqrt(np.size(values))
    assert abs(np.mean(values) - prediction) < 5 * error


def expected_max(k):
    x = np.linspace(-9, 9, 18_001)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return (x * k * (np.cumsum(density) * 0.001) ** (k - 1) * density).sum() * 0.001


@pytest.mark.parametrize("k", [2, 10, 64])
@pytest.mark.parametrize("tau", [0.1, 0.5, 2.0])
def test_luck_and_merit_of_the_winner(k, tau):
    rng = np.random.default_rng(11)
    merit, luck = tau * rng.standard_normal((4000, k)), rng.standard_normal((4000, k))
    winner = (np.arange(4000), (merit + luck).argmax(axis=1))
    lead = expected_max(k) / np.hypot(1, tau)
    assert_mean(luck[winner], lead)
    assert_mean(merit[winner], tau**2 * lead)


def test_bound_of_k_looks_holds_for_dependent_candidates():
    rng = np.random.default_rng(11)
    for shared in (0.0, 0.9):
        common = rng.random((500, 1, 200))
        own = rng.random((500, 20, 200))
        correct = np.where(rng.random((500, 20, 200)) < shared, common, own) < 0.8
        excess = (correct.mean(axis=2) - 0.8).max(axis=1)
        assert excess.mean() < np.sqrt(np.log(20) / (2 * 200))


@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("s", [0.1, 1.0, 3.0, 30.0])
def test_first_loss_lies_between_its_bounds(n_classes, s):
    rng = np.random.default_rng(11)
    x = np.full((50, 1), s / np.sqrt(2))  # He: logits N(0, 2 mean square of x)
    net = il.MLP([50, n_classes], initializer=il.he_normal, rng=rng, replicas=4000)
    logits = net.forward(x).activations[-1]
    costs = il.softmax_cross_entropy(logits, np.zeros(1, dtype=int))[0]
    slack = 5 * costs.std() / np.sqrt(4000)
    largest = s * expected_max(n_classes)
    assert costs.mean() > max(np.log(n_classes), largest) - slack
    assert costs.mean() < np.log(n_classes) + min(s**2 / 2, largest) + slack


def test_class_frequencies_are_the_best_constant():
    labels = np.repeat(np.arange(3), [70, 20, 10])
    best = np.log([[0.7], [0.2], [0.1]])
    least, gradient = il.softmax_cross_entropy(np.repeat(best, 100, axis=1), labels)
    assert np.allclose(gradient.sum(axis=1), 0)
    for step in np.random.default_rng(11).standard_normal((50, 3, 1)):
        worse = il.softmax_cross_entropy(np.repeat(best + 0.1 * step, 100, axis=1), labels)[0]
        assert worse > least


@pytest.mark.parametrize("depth", [2, 5, 9])
@pytest.mark.parametrize("g", [0.5, 3.0])
def test_ratio_grows_like_a_power_of_the_scale(depth, g):
    X, top = np.random.default_rng(1).standard_normal((2, 20, 7))
    ratios = []
    for factor in (1.0, g):
        net = il.MLP([20] * (depth + 1), rng=np.random.default_rng(11))
        net.weights = [factor * W for W in net.weights]
        gradients = net.backward(net.forward(X), top).weights
        pairs = zip(gradients, net.weights, strict=True)
        ratios.append([np.sqrt((dW**2).mean() / (W**2).mean()) for dW, W in pairs])
    assert np.allclose(np.array(ratios[1]) / ratios[0], g ** (depth - 2), rtol=1e-9)


def first_changes(n, scale, factors, x, sign, rate=1e-6):
    """Change of the function over the rate along one SGD or sign step, of 400 nets."""
    net = il.MLP([len(x), n, 1], rng=np.random.default_rng(n), replicas=400)
    net.weights[1] = net.weights[1] * scale / np.sqrt(2 / n)
    trace = net.forward(x)
    steps = [-dW for dW in net.backward(trace, np.full((400, 1, 1), -1.0)).weights]
    steps = [np.sign(step) for step in steps] if sign else steps
    moves = zip(net.weights, steps, factors, strict=True)
    net.weights = [W + rate * factor * step for W, step, factor in moves]
    return (net.forward(x).activations[-1] - trace.activations[-1]) / rate


@pytest.mark.parametrize("sign", [False, True])
@pytest.mark.parametrize("mup", [False, True])
@pytest.mark.parametrize("n", [16, 64, 512])
def test_first_change_against_width(n, mup, sign):
    d, base = 20, 32
    x = np.random.default_rng(11).standard_normal((d, 1))
    x *= np.sqrt(d) / np.linalg.norm(x)
    scale = np.sqrt(base) / n if mup else 1 / np.sqrt(n)
    wide = n / base if mup else 1.0
    inner, outer = 1.0 if sign else wide, 1 / wide
    if sign:
        parts = np.abs(x).sum() * n * scale / np.sqrt(2 * np.pi), n / np.sqrt(np.pi)
    else:
        parts = d * n * scale**2 / 2, n
    predicted = inner * parts[0] + outer * parts[1]
    assert_mean(first_changes(n, scale, (inner, outer), x, sign), predicted)


@pytest.mark.parametrize("k", [1, 16, 60])
def test_random_trials_hit_the_best_five_percent(k):
    rng = np.random.default_rng(11)
    trials = rng.random((4000, k, 2))
    in_band = (trials[..., 0] * trials[..., 1] < 0.01).any(axis=1)  # a set of an odd shape
    share = 0.01 * (1 - np.log(0.01))
    assert_mean(in_band, 1 - (1 - share) ** k)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_power_of_paired_seeds(correlation):
    """With (2.8 s / difference)^2 seeds four experiments of five find the difference."""
    rng, n = np.random.default_rng(11), 50
    common, *own = rng.standard_normal((3, 4000, n))
    first, second = (
        np.sqrt(correlation) * common + np.sqrt(1 - correlation) * noise for noise in own
    )
    s = np.sqrt(2 - 2 * correlation)
    d = first + 2.8 * s / np.sqrt(n) - second
    assert_mean(d.var(axis=1, ddof=1), s**2)
    assert_mean(np.abs(d.mean(axis=1)) > 1.96 * s / np.sqrt(n), 0.8)
