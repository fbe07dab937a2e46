"""Chapter 7: what it predicts of normalizations, against networks and difference quotients.

A mean over independent networks may miss its prediction by five of its own standard errors; what
holds to leading order in depth / width is allowed that order on top.
"""

import numpy as np
import pytest

import initlab as il

AXES = {"batch": (0, 2, 3), "layer": (1, 2, 3), "position": (1,), "instance": (2, 3)}


def assert_mean(values, prediction, bias=0.0):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - prediction) < 5 * error + bias


def normalize(z, axes, center=True, epsilon=0.0):
    z = z - z.mean(axes, keepdims=True) if center else z
    divisor = np.sqrt((z**2).mean(axes, keepdims=True) + epsilon)
    return z / divisor, divisor


def normalize_backward(g, z_hat, divisor, axes, center=True):
    g = g - z_hat * (g * z_hat).mean(axes, keepdims=True)
    return (g - g.mean(axes, keepdims=True) if center else g) / divisor


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_backward_is_the_difference_quotient(axes, center, epsilon):
    rng = np.random.default_rng(7)
    z, r, direction = rng.standard_normal((3, 3, 4, 2, 2))
    z_hat, divisor = normalize(z, axes, center, epsilon)
    slope = (normalize_backward(r, z_hat, divisor, axes, center) * direction).sum()
    ends = [
        (r * normalize(z + h * direction, axes, center, epsilon)[0]).sum() for h in (1e-5, -1e-5)
    ]
    assert np.isclose((ends[0] - ends[1]) / 2e-5, slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_one_factor_and_one_shift_per_set_are_invisible(axes):
    rng = np.random.default_rng(7)
    z = rng.standard_normal((3, 4, 5, 2))
    per_set = z.mean(axes, keepdims=True).shape
    factor, shift = rng.uniform(0.5, 3, per_set), rng.standard_normal(per_set)
    assert np.allclose(normalize(factor * z + shift, axes)[0], normalize(z, axes)[0])
    assert np.allclose(normalize(factor * z, axes, False)[0], normalize(z, axes, False)[0])
    assert not np.allclose(normalize(z + shift, axes, False)[0], normalize(z, axes, False)[0])


def test_scale_of_the_weights_divides_the_gradient():
    rng = np.random.default_rng(7)
    x, W, r = (
        rng.standard_normal((8, 20)),
        rng.standard_normal((6, 8)),
        rng.standard_normal((6, 20)),
    )

    def gradient(W):
        z_hat, divisor = normalize(W @ x, 0)
        return normalize_backward(r * (1 - np.tanh(z_hat) ** 2), z_hat, divisor, 0) @ x.T

    assert np.allclose(10 * gradient(10 * W), gradient(W))
    assert abs((W * gradient(W)).sum()) < 1e-10 * np.linalg.norm(W) * np.linalg.norm(gradient(W))


@pytest.mark.parametrize("kappa", [2.0, 30.0, 400.0])
def test_rate_of_gradient_descent(kappa):
    eigenvalues = np.geomspace(1, kappa, 5)
    Q = il.orthogonal(np.random.default_rng(7), (5, 5))
    H, rate = Q * eigenvalues @ Q.T, 2 / (1 + kappa)
    assert np.isclose(np.linalg.norm(np.eye(5) - rate * H, 2), (kappa - 1) / (kappa + 1))
    for other in (0.98 * rate, 1.02 * rate):
        assert np.linalg.norm(np.eye(5) - other * H, 2) > (kappa - 1) / (kappa + 1)


def test_standardizing_is_within_n_of_any_diagonal_scaling():
    rng = np.random.default_rng(7)
    ratios = []
    for n in (2, 3, 6):
        for _ in range(200):
            B = rng.standard_normal((n, n))
            C = B @ B.T
            scale = np.sqrt(np.diag(C))
            ratios.append((n, np.linalg.cond(C / np.outer(scale, scale)) / np.linalg.cond(C)))
    assert all(ratio <= n for n, ratio in ratios)
    assert all(ratio <= 1 + 1e-9 for n, ratio in ratios if n == 2)
    assert max(ratio for n, ratio in ratios) > 1


@pytest.mark.parametrize("m", [32, 128])
def test_noise_of_batch_statistics(m):
    rng = np.random.default_rng(7)
    variances = []
    for z in rng.standard_normal(60):
        batch = rng.standard_normal((1000, m))
        batch[:, 0] = z
        variances.append(normalize(batch, (1,))[0][:, 0].var())
    assert_mean(variances, 1.5 / m, bias=5 / m**2)


def stack_gradients(place, depth, rng, d=128):
    """Return the mean squares of dC/d(output of branch l), l = 1 ... depth, and of the stream."""
    blocks = [(il.he_normal(rng, (d, d)), il.lecun_normal(rng, (d, d))) for _ in range(depth)]
    (x, g), tape = rng.standard_normal((2, d, 4)), []
    for W1, W2 in blocks:
        h, divisor = normalize(x, 0) if place == "pre" else (x, None)
        mask = W1 @ h > 0
        x = x + W2 @ (mask * (W1 @ h))
        stream = (x**2).mean()
        if place == "post":
            x, divisor = normalize(x, 0)
            h = x
        tape.append((h, mask, divisor))
    g = normalize_backward(g, *normalize(x, 0), 0) if place == "pre" else g
    squares = []
    for (W1, W2), (h, mask, divisor) in zip(blocks[::-1], tape[::-1], strict=True):
        g = normalize_backward(g, h, divisor, 0) if place == "post" else g
        squares.append((g**2).mean())
        branch = W1.T @ (mask * (W2.T @ g))
        g = g + (normalize_backward(branch, h, divisor, 0) if place == "pre" else branch)
    return np.array(squares[::-1]), stream


@pytest.mark.parametrize("depth", [4, 16])
@pytest.mark.parametrize("place", ["pre", "post"])
def test_gradients_of_residual_stacks(place, depth):
    rng = np.random.default_rng(7)
    runs = [stack_gradients(place, depth, rng) for _ in range(12)]
    squares, streams = map(np.array, zip(*runs, strict=True))
    branch = np.arange(1, depth + 1)
    predicted = 1 / (1 + branch) if place == "pre" else np.full(depth, 0.5)
    for k, prediction in enumerate(predicted):
        assert_mean(squares[:, k], prediction, bias=2 * depth / 128 * prediction)
    assert_mean(streams, 1 + depth if place == "pre" else 2)


def test_entropy_of_attention_at_the_start():
    rng = np.random.default_rng(7)
    for s in (0.5, 1.0):
        logits = s * rng.standard_normal((100, 4096))
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        entropies = -(p * np.log(p)).sum(axis=1)
        # the variance of the normalizer over its squared mean is (exp(s^2) - 1) / T
        assert_mean(entropies, np.log(4096) - s**2 / 2, bias=5 * np.exp(s**2) / 4096)
