"""What each page promises of its blocks of code: one check of the block's names per block."""

import math

import jax
import keras
import numpy as np
import pytest
import torch

import initlab as il
from initlab.batch_norm import batch_statistics, normalize
from tests.frameworks.cases import numpy

LINEAR, CONVOLUTION = torch.nn.Linear, torch.nn.Conv2d


def assert_std(values, std):
    """Assert mean 0 and this standard deviation, within five standard errors of a normal law."""
    W = numpy(values)
    assert abs(W.mean()) <= 5 * std / math.sqrt(W.size)
    assert W.std() == pytest.approx(std, rel=5 / math.sqrt(2 * W.size))


def has_he(*kinds):
    """Return the check that ``net`` has std sqrt(2 / fan_in) and zero biases in these layers."""

    def check(names):
        layers = [layer for layer in names["net"].modules() if isinstance(layer, kinds)]
        assert layers
        for layer in layers:
            fan_in, _ = il.compute_fans(layer.weight.shape)
            assert_std(layer.weight, math.sqrt(2 / fan_in))
            assert not layer.bias.any()

    return check


def has_std(std):
    """Return the check that the block ends with a ``weight`` of mean 0 and this std."""
    return lambda names: assert_std(names["weight"], std)


def has_values(values):
    """Return the check that the block ends with exactly this ``weight``."""
    return lambda names: np.testing.assert_array_equal(numpy(names["weight"]), values)


def diagnoses(*expected):
    """Return the check that ``reports``, or the one ``report``, end in these verdicts."""

    def check(names):
        reports = names["reports"] if "reports" in names else [names["report"]]
        assert [report.verdict.partition(":")[0] for report in reports] == list(expected)

    return check


def assert_orthogonal(W):
    """Assert orthonormal rows or columns, whichever are fewer."""
    W = numpy(W)
    products = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    np.testing.assert_allclose(products, np.eye(len(products)), atol=1e-5)


def open_forget_gate(units):
    """Return the biases of an LSTM whose forget gate starts open."""
    return np.repeat([0, 1, 0, 0], units)


def remedies_in_torch(names):
    has_he(LINEAR, CONVOLUTION)(names)
    lstm = names["lstm"]
    for gate in lstm.weight_hh_l0.chunk(4):
        assert_orthogonal(gate)
    np.testing.assert_array_equal(numpy(lstm.bias_ih_l0), open_forget_gate(64))
    assert not lstm.bias_hh_l0.any()


def remedies_in_keras(names):
    dense, lstm = names["dense"], names["lstm"]
    dense.build((None, 400))
    lstm.build((None, 5, 32))
    assert_std(dense.kernel, math.sqrt(2 / 400))
    _, recurrent, bias = lstm.weights
    assert_orthogonal(recurrent)
    np.testing.assert_array_equal(numpy(bias), open_forget_gate(64))
    assert names["optimizer"].global_clipnorm == 1


def remedies_in_jax(names):
    assert_std(names["W"], math.sqrt(2 / 64))
    assert_orthogonal(names["R"])
    gradients = {"a": np.array([3.0]), "b": np.array([[4.0]])}
    clipped = names["clip_by_global_norm"](gradients, 1.0)
    np.testing.assert_allclose([clipped["a"][0], clipped["b"][0, 0]], [0.6, 0.8], rtol=1e-6)
    kept = names["clip_by_global_norm"](gradients, 10.0)
    np.testing.assert_allclose([kept["a"][0], kept["b"][0, 0]], [3, 4])


def batch_norm_in_torch(names):
    assert not names["norm"].weight.any()
    assert [p.ndim for p in names["decay"]] == [2]
    assert [p.ndim for p in names["no_decay"]] == [1, 1]
    assert torch.isfinite(names["folded"].weight).all()


def batch_norm_in_keras(names):
    """Assert He weights, and a running mean that one training call moves by a tenth."""
    dense, norm, _ = names["block"].layers
    assert_std(dense.kernel, math.sqrt(2 / 64))
    assert dense.bias is None
    x = 3 + np.random.default_rng(0).standard_normal((256, 64))
    names["block"](x, training=True)
    mean = numpy(dense(x)).mean(axis=0)
    np.testing.assert_allclose(numpy(norm.moving_mean), 0.1 * mean, rtol=1e-4, atol=1e-5)


def batch_norm_in_jax(names):
    z = np.random.default_rng(0).standard_normal((16, 3))
    expected = 2 * normalize(z.T, *batch_statistics(z.T), 1e-5).T + 1
    found = names["batch_norm"](z, 2.0, 1.0)
    np.testing.assert_allclose(numpy(found), expected, rtol=1e-4, atol=1e-5)


def transformer_in_torch(names):
    stack = names["stack"]
    assert_std(torch.stack([block.down.weight for block in stack[1:-1]]), 0.02 / math.sqrt(12))
    assert_std(torch.stack([block.up.weight for block in stack[1:-1]]), 0.02)
    assert_std(stack[0].weight, 0.02)
    assert not any(block.up.bias.any() or block.down.bias.any() for block in stack[1:-1])
    assert stack(torch.arange(6)[None]).shape == (1, 6, 64)
    x = torch.randn(2, 64)
    assert names["weight_normed"](x).shape == (2, 64)
    for norm in names["norms"][:3]:
        assert norm(x).shape == (2, 64)


def transformer_in_keras(names):
    kernels = [layer.kernel for layer in names["model"].layers if hasattr(layer, "kernel")]
    assert len(kernels) == 12
    for kernel in kernels:
        is_last = kernel.shape == (256, 64)
        assert_std(kernel, 0.02 / math.sqrt(12) if is_last else 0.02)
    assert len({numpy(kernel).tobytes() for kernel in kernels}) == 12  # no two blocks are copies
    assert names["model"](np.arange(6)[None]).shape == (1, 6, 64)


def transformer_in_jax(names):
    assert_std(names["up"], 0.02)
    assert_std(names["down"], 0.02 / math.sqrt(12))
    assert names["x"].shape == (2, 10, 64)
    a = 3 + np.random.default_rng(0).standard_normal((5, 8))
    found = numpy(names["layer_norm"](a, 1.0, 0.0))
    expected = torch.nn.functional.layer_norm(torch.tensor(a), (8,), eps=1e-5)
    np.testing.assert_allclose(found, numpy(expected), rtol=1e-4, atol=1e-5)


def fine_tuning_in_torch(names):
    """Assert a zero head with the larger rate, and an adapter that starts as the layer itself."""
    assert not names["head"].weight.any()
    assert not names["head"].bias.any()
    assert [group["lr"] for group in names["optimizer"].param_groups] == [0.01, 0.1]
    linear, x = torch.nn.Linear(100, 128), torch.randn(7, 100)
    expected = linear(x)
    adapted = names["LowRank"](linear)
    torch.testing.assert_close(adapted(x), expected)
    assert_std(adapted.A, 0.1)
    trained = {name for name, p in adapted.named_parameters() if p.requires_grad}
    assert trained == {"A", "B"}


def fine_tuning_in_keras(names):
    assert not numpy(names["model"](np.ones((3, 100)))).any()
    trained = {tuple(w.shape) for w in names["model"].trainable_weights}
    assert trained == {(128, 5), (5,)}


def fine_tuning_in_jax(names):
    assert not any(np.any(w) for w in names["head"].values())
    assert_std(names["adapter"]["A"], 0.1)
    assert not np.any(names["adapter"]["B"])


def classifier_in_torch(names):
    assert_std(names["classifier"][0].weight, math.sqrt(2 / 64))
    assert not names["classifier"][0].bias.any()
    assert 0 <= float(names["dead"]) < 0.5
    assert 0.5 * math.log(10) < float(names["loss"]) < 2 * math.log(10)


def classifier_in_keras(names):
    assert_std(names["classifier"].layers[0].kernel, math.sqrt(2 / 64))
    logits = np.random.default_rng(0).standard_normal((6, 10))
    labels = np.arange(6)
    expected, _ = il.softmax_cross_entropy(logits.T, labels)
    assert float(names["loss"](labels, logits)) == pytest.approx(expected, rel=1e-5)


def classifier_in_jax(names):
    logits = np.random.default_rng(0).standard_normal((6, 10))
    labels = np.arange(6)
    expected, _ = il.softmax_cross_entropy(logits.T, labels)
    assert float(names["cross_entropy"](logits, labels)) == pytest.approx(expected, rel=1e-5)
    kept = numpy(names["dropout"](jax.random.key(0), np.ones(100_000), 0.8))
    assert set(kept.tolist()) == {0.0, 1.25}
    assert kept.mean() == pytest.approx(1, abs=5 * math.sqrt(0.25 / 100_000))


def tuning_in_torch(names):
    shares = torch.softmax(names["head"].bias, dim=0)
    np.testing.assert_allclose(numpy(shares), [0.7, 0.2, 0.1], rtol=1e-5)
    first, hidden, output = (names[name] for name in ("first", "hidden", "output"))
    for layer, std in ((first, math.sqrt(2 / 64)), (hidden, math.sqrt(2 / 512)), (output, 8 / 512)):
        assert_std(layer.weight, std)
        assert not layer.bias.any()
    slow, fast = names["optimizer"].param_groups
    assert [group["lr"] for group in (slow, fast)] == [1e-3 / 8, 1e-3]
    assert {id(p) for p in slow["params"]} == {id(hidden.weight), id(output.weight)}
    assert {id(p) for p in fast["params"]} == {id(first.weight)} | {
        id(layer.bias) for layer in (first, hidden, output)
    }


def tuning_in_keras(names):
    for name in ("head", "detector"):
        names[name].build((None, 64))
    shares = numpy(keras.ops.softmax(names["head"].bias))
    np.testing.assert_allclose(shares, [0.7, 0.2, 0.1], rtol=1e-5)
    assert float(keras.ops.sigmoid(names["detector"].bias)[0]) == pytest.approx(0.01, rel=1e-5)


def are_zero(*tensors):
    """Return the check that these parameters, named like ``layer.bias``, are 0."""

    def check(names):
        for tensor in tensors:
            owner, attribute = tensor.split(".")
            assert not getattr(names[owner], attribute).any(), tensor

    return check


# Page: the checks in the order of its blocks. A new block needs one here.
PROMISES = {
    "01_zero_initialization": [are_zero("layer.bias", "layer.weight", "norm.weight")],
    "02_random_initialization": [has_he(LINEAR)],
    "03_xavier_initialization": [has_std(math.sqrt(2 / (400 + 300)))],
    "04_he_initialization": [has_he(LINEAR, CONVOLUTION)],
    "05_vanishing_gradients": [remedies_in_torch, remedies_in_keras, remedies_in_jax],
    "06_batch_normalization": [batch_norm_in_torch, batch_norm_in_keras, batch_norm_in_jax],
    "07_normalization": [transformer_in_torch, transformer_in_keras, transformer_in_jax],
    "08_framework_initializers": [
        has_he(LINEAR, CONVOLUTION),
        *2 * [has_std(math.sqrt(2 / 400))],
        *3 * [has_std(math.sqrt(2 / (400 + 300)))],
        *3 * [has_std(math.sqrt(1 / 400))],
        *3 * [has_std(il.unit_variance_gain("gelu") / math.sqrt(400))],
        *3 * [has_std(0.0)],
        *3 * [has_std(0.02)],  # after the cut
        *3 * [has_std(math.sqrt(2 * 2**2 / (16 * 4**2)))],  # transposed, stride 2
        has_std(math.sqrt(2 / 3**2)),  # depthwise
        *2 * [has_values(open_forget_gate(100))],
        has_std(0.02),
    ],
    "09_pretraining_and_finetuning": [
        *(fine_tuning_in_torch, fine_tuning_in_keras, fine_tuning_in_jax),
    ],
    "10_losses_activations_regularization": [
        *(classifier_in_torch, classifier_in_keras, classifier_in_jax),
    ],
    "11_tuning_and_validation": [tuning_in_torch, tuning_in_keras],
    "diagnosing": [diagnoses("vanishing", "healthy"), diagnoses("healthy")],
}
