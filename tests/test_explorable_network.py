"""network.js, the small network of the explorables, equals `initlab`; run by ``node --test``."""

import json
import os
import re
import subprocess

import numpy as np
import pytest

import initlab as il
from initlab.activations import ACTIVATIONS
from tests.book import ROOT
from tests.conftest import find_program

LAYER_SIZES, EXAMPLES, STEPS, LEARNING_RATE = [3, 5, 4, 1], 7, 10, 0.1
PARAMETERS = ("weights", "biases", "scales", "shifts", "running_means", "running_variances")


def lists(arrays):
    return [np.asarray(a).tolist() for a in arrays]


def parameters(mlp):
    return {name: lists(getattr(mlp, name)) for name in PARAMETERS}


def one_pass(mlp, X, Y, training):
    trace = mlp.forward(X, training=training)
    loss, d_logits = il.binary_cross_entropy(trace.activations[-1], Y)
    gradients = mlp.backward(trace, d_logits)
    return {
        "activations": lists(trace.activations),
        "preactivations": lists(trace.preactivations),
        "loss": loss,
        "gradients": {name: lists(arrays) for name, arrays in gradients._asdict().items()},
    }


def network_case(activation, batch_norm):
    """Return a network with no parameter at its default, its passes, and itself after training."""
    rng = np.random.default_rng(0)
    mlp = il.MLP(LAYER_SIZES, activation=activation, batch_norm=batch_norm, rng=rng)
    for arrays in (mlp.biases, mlp.scales, mlp.shifts, mlp.running_means):
        arrays[:] = [a + 0.3 * rng.standard_normal(a.shape) for a in arrays]
    X = rng.standard_normal((LAYER_SIZES[0], EXAMPLES))
    Y = rng.integers(0, 2, (1, EXAMPLES)).astype(float)
    case = {"activation": activation, "batch_norm": batch_norm, "X": X.tolist(), "Y": Y.tolist()}
    case |= {"start": parameters(mlp), "steps": STEPS, "learning_rate": LEARNING_RATE}
    case |= {name: one_pass(mlp, X, Y, name == "training") for name in ("training", "inference")}
    il.train(mlp, X, Y, learning_rate=LEARNING_RATE, steps=STEPS)
    return case | {"end": parameters(mlp)}


def mean_field_case(activation, gain, depth=12):
    """Return RMS of signal and gradient of a wide net by quadrature, as chapters 2 to 5 do."""
    xi = np.linspace(-12, 12, 200_000)
    weights = np.exp(-(xi**2) / 2) / np.exp(-(xi**2) / 2).sum()
    f, derivative = il.activation(activation)
    square, signal, slopes = 1.0, [], []
    for _ in range(depth):
        z = gain * np.sqrt(square) * xi
        square = weights @ f(z) ** 2
        signal.append(np.sqrt(square))
        slopes.append(weights @ derivative(z) ** 2)
    down = np.cumprod([1.0, *(gain * np.sqrt(slopes[-2::-1]))])[::-1]
    return {
        "activation": activation,
        "gain": gain,
        "signal": signal,
        "gradient": down.tolist(),
    }


@pytest.mark.needs("node")
def test_the_small_network_equals_initlab(tmp_path):
    cases = tmp_path / "cases.json"
    networks = [network_case(name, norm) for name in ACTIVATIONS for norm in (False, True)]
    mean_field = [mean_field_case(name, gain) for name in ACTIVATIONS for gain in (0.5, 2.0)]
    cases.write_text(json.dumps({"networks": networks, "mean_field": mean_field}), "utf-8")
    done = subprocess.run(
        [find_program("node"), "--test", ROOT / "tests" / "explorables"],
        env={**os.environ, "CASES": str(cases)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.M)[1]) > len(networks) + len(mean_field)
