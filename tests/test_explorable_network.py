"""The scripts of the explorables compute what `initlab` computes; run by ``node --test``."""

import base64
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
from tests.test_diagnosis import HEALTHY, SICK, VERDICTS, draw, examine, inputs, verdicts

LAYER_SIZES, EXAMPLES, STEPS, LEARNING_RATE = [3, 5, 4, 1], 7, 10, 0.1
PARAMETERS = ("weights", "biases", "scales", "shifts")
MAX_WEIGHTS = 550_000
# what widths alone change does not count; the page draws networks of one width
OF_UNEQUAL_WIDTHS = ("He, from 1024 units to 8", "He by fan-out, from 1024 to 8")


def lists(arrays):
    return [np.asarray(a).tolist() for a in arrays]


def parameters(mlp):
    return {name: lists(getattr(mlp, name)) for name in PARAMETERS}


def one_pass(mlp, X, Y):
    trace = mlp.forward(X)
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
    for arrays in (mlp.biases, mlp.scales, mlp.shifts):
        arrays[:] = [a + 0.3 * rng.standard_normal(a.shape) for a in arrays]
    X = rng.standard_normal((LAYER_SIZES[0], EXAMPLES))
    Y = rng.integers(0, 2, (1, EXAMPLES)).astype(float)
    case = {"activation": activation, "batch_norm": batch_norm, "X": X.tolist(), "Y": Y.tolist()}
    case |= {"start": parameters(mlp), "steps": STEPS, "learning_rate": LEARNING_RATE}
    case |= {"passes": one_pass(mlp, X, Y)}
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


def packed(A):
    """Return a matrix as text of float64, which is read faster than a list."""
    A = np.ascontiguousarray(A, dtype="<f8")
    return {"rows": A.shape[0], "columns": A.shape[1], "data": base64.b64encode(A).decode()}


def doctor_case(name, mlp):
    """Return a network, its inputs, the gradient on the logits, and what `diagnose` says."""
    X, outputs = inputs(mlp.layer_sizes[0], 50), mlp.layer_sizes[-1]
    report = examine(mlp, X)
    fans = {W.shape[1] for W in mlp.weights[:-1]}
    plain = len(fans) == 1 and not any(b.any() for b in mlp.biases)
    return {
        "name": name,
        "activation": mlp.activation,
        "batch_norm": mlp.batch_norm,
        "X": packed(X),
        "top": packed(np.random.default_rng(2).standard_normal((outputs, 50))),
        "growth": [g if np.isfinite(g) else None for g in report.growth],
        "verdicts": verdicts(report),
        "advice": report.advice if plain else None,
    } | {key: [packed(A) for A in getattr(mlp, key)] for key in PARAMETERS}


def doctor_cases():
    networks = {name: mlp for name, (mlp, _) in SICK.items()}
    for name, (activation, initializer, sizes, batch_norm) in HEALTHY.items():
        networks[name] = draw(sizes, activation, initializer, batch_norm=batch_norm)
    return [
        doctor_case(name, mlp)
        for name, mlp in networks.items()
        if sum(W.size for W in mlp.weights) <= MAX_WEIGHTS and name not in OF_UNEQUAL_WIDTHS
    ]


@pytest.mark.needs("node")
def test_the_scripts_compute_what_initlab_computes(tmp_path):
    cases = {
        "networks": [network_case(name, norm) for name in ACTIVATIONS for norm in (False, True)],
        "mean_field": [mean_field_case(name, gain) for name in ACTIVATIONS for gain in (0.5, 2.0)],
        "doctor": doctor_cases(),
    }
    for name, content in cases.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    done = subprocess.run(
        [find_program("node"), "--test", ROOT / "tests" / "explorables"],
        env={**os.environ, "CASES": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    passed = int(re.search(r"^# pass (\d+)$", done.stdout, re.M)[1])
    assert passed > sum(map(len, cases.values()))
    assert {verdict for case in cases["doctor"] for verdict in case["verdicts"]} == set(VERDICTS)
