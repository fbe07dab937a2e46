"""Chapter 9: escape times, zero and random heads, products with a zero factor, against networks.

A mean over independent draws may miss its prediction by five of its own standard errors; what
holds to leading order in a small number is allowed that number, relative, on top.
"""

import numpy as np
import pytest

import initlab as il

K, WIDTHS = 4, [10, 30, 20, 4]


def assert_mean(values, prediction, bias=0.0):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error + bias


def body_and_data(activation="tanh"):
    rng = np.random.default_rng(9)
    net = il.MLP(WIDTHS, activation=activation, initializer=il.xavier_normal, rng=rng)
    return net, rng.standard_normal((10, 40)), np.tile(np.arange(K), 10)


def cost_and_gradients(net, X, Y):
    trace = net.forward(X)
    cost, d_logits = il.softmax_cross_entropy(trace.activations[-1], Y)
    return cost, net.backward(trace, d_logits)


def class_scatter(net, X, Y):
    H = net.forward(X).activations[-2]
    means = np.stack([H[:, k == Y].mean(axis=1) for k in range(K)])
    return ((means - H.mean(axis=1)) ** 2).sum() / K


@pytest.mark.parametrize("factors", [2, 3, 5])
def test_escape_time_of_a_chain(factors):
    start, rate, w, steps = 0.08, 1e-3, 0.08, 0
    while w < 0.5:
        w, steps = w + rate * (1 - w**factors) * w ** (factors - 1), steps + 1
    if factors == 2:
        low, high = np.log(0.5 / start), 4 / 3 * np.log(0.5 / start)
    else:
        low = (start ** (2 - factors) - 2 ** (factors - 2)) / (factors - 2)
        high = low / (1 - 0.5**factors)
    assert low * (1 - 2 * rate) <= steps * rate <= high * (1 + 2 * rate)


def test_rebuilt_inputs_stay_apart():
    rng = np.random.default_rng(9)
    X = il.digits()[0][:, :100]
    coder = il.MLP([64, 40, 64], activation="tanh", initializer=il.xavier_normal, rng=rng)
    il.train(coder, X, X, loss="squared_error", learning_rate=0.1, steps=200)
    trace = coder.forward(X)
    codes, errors = trace.activations[1], np.linalg.norm(trace.activations[2] - X, axis=0)
    apart = np.linalg.norm(X[:, :, None] - X[:, None], axis=0)
    bound = (apart - errors - errors[:, None]) / np.linalg.norm(coder.weights[1], 2)
    assert (np.linalg.norm(codes[:, :, None] - codes[:, None], axis=0) >= bound - 1e-12).all()
    assert (bound > 0).mean() > 0.9


@pytest.mark.parametrize("eta", [1e-2, 1e-3])
def test_two_steps_of_a_zero_head(eta):
    net, X, Y = body_and_data()
    net.weights[-1] = np.zeros((K, 20))
    cost, gradients = cost_and_gradients(net, X, Y)
    assert np.isclose(cost, np.log(K), rtol=1e-14)
    assert not any(G.any() for G in gradients.weights[:-1] + gradients.biases[:-1])
    net.weights[-1] = -eta * gradients.weights[-1]
    H = net.forward(X).activations[-2]
    means = np.stack([H[:, k == Y].mean(axis=1) for k in range(K)])
    np.testing.assert_allclose(net.weights[-1], eta / K * (means - H.mean(axis=1)), atol=1e-15)
    _, gradients = cost_and_gradients(net, X, Y)
    for layer in (0, 1):
        W, G, difference = net.weights[layer], gradients.weights[layer], []
        for step in (1e-6, -1e-6):
            moved = W.copy()
            moved[3, 2] += step
            net.weights[layer] = moved
            difference.append(class_scatter(net, X, Y))
        net.weights[layer] = W
        slope = (difference[0] - difference[1]) / 2e-6
        assert abs(G[3, 2] + eta / (2 * K) * slope) < eta**2 * np.abs(H).max() ** 3


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradient_of_a_random_head(activation):
    net, X, Y = body_and_data(activation)
    one_hot, squares, std = np.eye(K)[:, Y], 0.0, 1e-4
    trace = net.forward(X)
    for k in range(K):
        for i in range(20):
            net.weights[-1] = np.zeros((K, 20))
            net.weights[-1][k, i] = 1
            d_logits = (1 / K - one_hot) / Y.size
            squares += (net.backward(trace, d_logits).weights[0] ** 2).sum()
    rng, measured = np.random.default_rng(9), []
    for _ in range(300):
        net.weights[-1] = std * rng.standard_normal((K, 20))
        _, gradients = cost_and_gradients(net, X, Y)
        measured.append((gradients.weights[0] ** 2).sum() / std**2)
    assert_mean(measured, squares, bias=10 * std * squares)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_first_step_of_a_product(rank):
    n, v, s, rng = 12, 0.3, 1.7, np.random.default_rng(9)
    G = rng.standard_normal((9, n))
    A = np.sqrt(v) * rng.standard_normal((2000, rank, n))
    step = s**2 * G @ A.swapaxes(1, 2) @ A
    assert_mean((step * G).sum(axis=(1, 2)), s**2 * rank * v * (G**2).sum())
    square = s**4 * v**2 * rank * (n + rank + 1) * (G**2).sum()
    assert_mean((step**2).sum(axis=(1, 2)), square)


@pytest.mark.parametrize(("b", "a"), [(0, 0), (0, 1), (1, 0)])
def test_one_zero_factor_trains_and_two_do_not(b, a):
    rng = np.random.default_rng(9)
    net, X, Y = body_and_data()
    W = net.weights[0]
    B, A = b * rng.standard_normal((30, 2)), a * rng.standard_normal((2, 10))
    costs = []
    for _ in range(50):
        net.weights[0] = W + B @ A
        cost, gradients = cost_and_gradients(net, X, Y)
        costs.append(cost)
        dB, dA = gradients.weights[0] @ A.T, B.T @ gradients.weights[0]
        if len(costs) == 1:
            assert (dB.any(), dA.any()) == (bool(a), bool(b))
        B, A = B - 0.1 * dB, A - 0.1 * dA
    if a == b:
        assert costs == costs[:1] * 50
    else:
        assert (np.diff(costs) < 0).all()


def test_saddle_goes_up_and_down():
    net, X, Y = body_and_data()
    W, (cost, gradients) = net.weights[0], cost_and_gradients(net, X, Y)
    U, sigma, V = np.linalg.svd(gradients.weights[0])
    for sign in (-1, 1):
        net.weights[0] = W + sign * 1e-6 * np.outer(U[:, 0], V[0])
        change = cost_and_gradients(net, X, Y)[0] - cost
        assert np.isclose(change, sign * 1e-6 * sigma[0], rtol=1e-3)
