"""Activations, losses, BatchNorm and training beside torch, in float64."""

import copy

import numpy as np
import pytest
import torch

import initlab as il
from tests.frameworks.cases import ACTIVATIONS, modules, network, numpy, tensor, twin

LOSSES = {
    "binary_cross_entropy": lambda logits, Y: (
        torch.nn.functional.binary_cross_entropy_with_logits(logits, Y, reduction="none")
        .sum(dim=1)
        .mean()
    ),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
    "squared_error": lambda logits, Y: (0.5 * (logits - Y) ** 2).sum(dim=1).mean(),
}


def targets(loss, rng, n_outputs, n_examples):
    """Return targets for us and for torch, whose examples are rows."""
    if loss == "softmax_cross_entropy":
        labels = rng.integers(n_outputs, size=n_examples)
        return labels, torch.tensor(labels)
    Y = rng.random((n_outputs, n_examples))
    return Y, tensor(Y.T)


def test_every_activation_is_compared():
    assert set(ACTIVATIONS) == set(il.activations.ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    z = np.concatenate([np.linspace(-30, 30, 4001), [-1e-9, 0.0, 1e-9]])
    ours, derivative = il.activation(name)
    theirs = tensor(z, requires_grad=True)
    values = ACTIVATIONS[name](theirs)
    values.sum().backward()
    np.testing.assert_allclose(ours(z), numpy(values), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(derivative(z), numpy(theirs.grad), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_losses(loss, scale):
    rng = np.random.default_rng(0)
    logits = scale * rng.standard_normal((4, 9))
    Y, their_Y = targets(loss, rng, 4, 9)
    value, gradient = getattr(il, loss)(logits, Y)
    theirs = tensor(logits.T, requires_grad=True)
    their_value = LOSSES[loss](theirs, their_Y)
    their_value.backward()
    assert value == pytest.approx(their_value.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, numpy(theirs.grad).T, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_batch_norm_forward_and_backward(activation, training):
    mlp = network([3, 6, 5, 2], activation, batch_norm=True)
    net = twin(mlp).train(training)
    rng = np.random.default_rng(1)
    X, d_logits = rng.standard_normal((3, 12)), rng.standard_normal((2, 12))
    trace = mlp.forward(X, training=training)
    gradients = mlp.backward(trace, d_logits)
    logits = net(tensor(X.T))
    np.testing.assert_allclose(trace.activations[-1], numpy(logits).T, rtol=1e-10, atol=1e-13)
    logits.backward(tensor(d_logits.T))
    linear, norms = modules(net, torch.nn.Linear), modules(net, torch.nn.BatchNorm1d)
    theirs = [
        *((m.weight.grad for m in linear), (m.bias.grad[:, None] for m in linear)),
        *((m.weight.grad[:, None] for m in norms), (m.bias.grad[:, None] for m in norms)),
    ]
    for ours, their in zip(gradients[:4], theirs, strict=True):
        for a, b in zip(ours, their, strict=True):
            np.testing.assert_allclose(a, numpy(b), rtol=1e-8, atol=1e-11)


def test_batch_norm_running_statistics():
    mlp = network([3, 6, 5, 2], "relu", batch_norm=True)
    net, X = twin(mlp), np.random.default_rng(1).standard_normal((3, 12))
    il.train(mlp, X, np.zeros((2, 12)), loss="squared_error", learning_rate=0, steps=3)
    for _ in range(3):
        net(tensor(X.T))
    for layer, norm in enumerate(modules(net, torch.nn.BatchNorm1d)):
        for ours, theirs in (
            (mlp.running_means[layer], norm.running_mean),
            (mlp.running_variances[layer], norm.running_var),
        ):
            np.testing.assert_allclose(ours[:, 0], numpy(theirs), rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "selu"])
def test_training_equals_plain_gradient_descent_of_torch(activation, batch_norm, loss):
    mlp = network([4, 8, 6, 3], activation, batch_norm)
    net = twin(mlp)
    rng = np.random.default_rng(1)
    X = rng.standard_normal((4, 16))
    Y, their_Y = targets(loss, rng, 3, 16)
    history = il.train(mlp, X, Y, loss=loss, learning_rate=0.1, steps=20, record_every=1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        value = LOSSES[loss](net(tensor(X.T)), their_Y)
        losses.append(value.item())
        value.backward()
        optimizer.step()
    np.testing.assert_allclose(history.losses[:-1], losses, rtol=1e-10)
    for W, b, linear in zip(mlp.weights, mlp.biases, modules(net, torch.nn.Linear), strict=True):
        np.testing.assert_allclose(W, numpy(linear.weight), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(b[:, 0], numpy(linear.bias), rtol=1e-10, atol=1e-10)
    inference = copy.deepcopy(net).eval()(tensor(X.T))
    ours = mlp.forward(X, training=False).activations[-1]
    np.testing.assert_allclose(ours, numpy(inference).T, rtol=1e-9, atol=1e-10)
