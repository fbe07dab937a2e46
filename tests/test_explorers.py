"""The explorers: moving a control draws the numbers that `initlab` computes, within bounds."""

import io

import ipywidgets as widgets
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest

import initlab as il
from initlab import explorers, plots

EXPLORERS = ("signal", "training", "chain", "normalize", "scaling", "doctor")
SMALL = {"training": {"steps": 100}, "signal": {"width": 60}}


@pytest.fixture
def drawn(monkeypatch):
    """Return a list that collects what is handed to the figures of `plots`."""
    calls = []

    def watch(name):
        draw = getattr(plots, name)

        def watched(*arguments):
            calls.append(arguments)
            return draw(*arguments)

        monkeypatch.setattr(plots, name, watched)

    for name in ("rms_profile", "training_runs", "chain_factors", "tensors", "descent"):
        watch(name)
    return calls


def open_explorer(name, **presets):
    return getattr(explorers, name)(**(SMALL.get(name, {}) | presets))


def controls(box):
    """Return the controls of an explorer by their words."""
    return {control.description: control for control in box.children[0].children}


def picture(box):
    return matplotlib.image.imread(io.BytesIO(box.children[-2].value))


def words(box):
    return box.children[-1].value


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_shows_controls_picture_and_words(name):
    box = open_explorer(name)
    assert isinstance(box, widgets.VBox)
    assert picture(box).ndim == 3
    assert words(box)
    assert all(control.description for control in controls(box).values())
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("name", "control", "value"),
    [
        ("signal", "gain", 2.0),
        ("training", "learning rate", 0.3),
        ("chain", "w2", 6.0),
        ("normalize", "norm", "layer"),
        ("scaling", "std ratio", 10.0),
        ("doctor", "hidden layers", 3),
    ],
)
def test_moving_a_control_draws_anew(drawn, name, control, value):
    box = open_explorer(name)
    before, said = picture(box), words(box)
    controls(box)[control].value = value
    assert len(drawn) == 2
    after = picture(box)
    assert before.shape != after.shape or not np.array_equal(before, after)
    assert words(box) != said
    assert plt.get_fignums() == []


def test_signal_draws_what_a_net_does(drawn):
    box = explorers.signal(activation="tanh", depth=7, width=80, seed=5)
    controls(box)["gain"].value = 1.5
    measured, _ = drawn[-1]
    rng = np.random.default_rng(5)
    std = 1.5 / np.sqrt(80)
    outputs, W = [], [std * rng.standard_normal((80, 80)) for _ in range(7)]
    a = rng.standard_normal((80, explorers.EXAMPLES))
    dz = rng.standard_normal((80, explorers.EXAMPLES))
    for w in W:
        a = np.tanh(w @ a)
        outputs.append(a)
    gradients = [dz]
    for w, below in zip(W[:0:-1], outputs[-2::-1], strict=True):
        gradients.insert(0, w.T @ gradients[0] * (1 - below**2))
    rms = [np.sqrt(np.mean(A**2)) for A in outputs]
    np.testing.assert_allclose(measured["signal"], rms, rtol=1e-10)
    rms = [np.sqrt(np.mean(dZ**2)) for dZ in gradients]
    np.testing.assert_allclose(measured["gradient"], rms, rtol=1e-10)


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_theory_of_relu_is_a_power_of_its_gain(drawn, gain):
    explorers.signal(activation="relu", gain=gain, depth=6, width=40)
    _, theory = drawn[-1]
    factor = gain / np.sqrt(2)
    np.testing.assert_allclose(theory["signal"], factor ** np.arange(1, 7), rtol=1e-3)
    np.testing.assert_allclose(theory["gradient"], factor ** np.arange(5, -1, -1), rtol=1e-3)


def test_training_draws_the_costs_of_initlab_and_shows_progress(drawn):
    box = explorers.training(left="zero", right="He", hidden=1, steps=200)
    progress = box.children[1]
    assert isinstance(progress, widgets.IntProgress)
    assert progress.value == progress.max == 400
    seen = []
    progress.observe(lambda change: seen.append(change["new"]), names="value")
    controls(box)["learning rate"].value = 0.2
    assert len([value for value in seen if 0 < value < 400]) >= 3
    (zero, he), X, Y = drawn[-1]
    for run, initializer in ((zero, il.zeros), (he, il.he_normal)):
        rng = np.random.default_rng(0)
        mlp = il.MLP([2, 10, 1], initializer=initializer, rng=rng, replicas=explorers.SEEDS)
        history = il.train(mlp, X, Y, learning_rate=0.2, steps=200, record_every=100)
        np.testing.assert_array_equal(run.steps, history.steps)
        np.testing.assert_allclose(run.costs, history.losses, rtol=1e-10)
    assert f"zero: 0 of {explorers.SEEDS} seeds" in words(box)


def test_chain_draws_the_factors_of_the_derivation(drawn):
    box = explorers.chain(w1=0.5, w2=-3.0, w3=6.0, w4=1.0, x=0.2)
    w, a, factors = [0.5, -3.0, 6.0, 1.0], 0.2, []
    for k in range(4):
        z = w[k] * a
        a = 1 / (1 + np.exp(-z))
        factors.append((w[k] if k else 1) * a * (1 - a))
    np.testing.assert_allclose(drawn[-1][0], factors, rtol=1e-12)
    assert f"= {np.prod(factors):.3g}." in words(box)
    controls(box)["biases so that z = 0"].value = True
    np.testing.assert_allclose(drawn[-1][0], [0.25, -0.75, 1.5, 0.25], rtol=1e-12)


@pytest.mark.parametrize(
    ("norm", "part", "invariant"),
    [
        ("batch", "everything", True),
        ("batch", "channel 1", True),
        ("batch", "example 1", False),
        ("layer", "example 1", True),
        ("layer", "channel 1", False),
        ("instance", "channel 1", True),
        ("group", "example 1", True),
        ("group", "channel 1", False),
        ("RMS", "example 1", False),
    ],
)
def test_normalize_says_what_is_invariant(norm, part, invariant):
    box = explorers.normalize(norm=norm, part=part, scale=3.0, shift=1.0)
    assert ("is invariant" in words(box)) == invariant


def test_rms_norm_ignores_scale_but_not_shift(drawn):
    box = explorers.normalize(norm="RMS", part="example 1", scale=3.0)
    assert "is invariant" in words(box)
    output = drawn[-1][0]["output"]
    np.testing.assert_allclose(np.sqrt((output**2).mean(axis=(1, 2))), 1)
    controls(box)["add"].value = 1.0
    assert "is invariant" not in words(box)


@pytest.mark.parametrize("treatment", ["raw", "z-scored", "whitened"])
def test_scaling_counts_the_steps_of_the_theory(drawn, treatment):
    explorers.scaling(ratio=3.0, correlation=0.6, treatment=treatment)
    H, path = drawn[-1]
    low, high = np.linalg.eigvalsh(H)
    rate = (high - low) / (high + low)
    steps = 1 if treatment == "whitened" else np.ceil(np.log(explorers.TOLERANCE) / np.log(rate))
    assert len(path) - 1 == steps
    np.testing.assert_allclose(path[1], path[0] - 2 / (low + high) * H @ path[0])


def test_doctor_says_what_diagnose_says(drawn):
    box = explorers.doctor(scheme="small", activation="tanh", depth=6, width=40)
    rng = np.random.default_rng(0)
    small = explorers.SCHEMES["small"]
    mlp = il.MLP([40] * 7 + [10], activation="tanh", initializer=small, rng=rng)
    report = il.diagnose(mlp, rng.standard_normal((40, explorers.EXAMPLES)), rng=rng)
    assert words(box) == f"Verdict: {report.verdict} {report.advice}"
    np.testing.assert_array_equal(drawn[-1][0]["signal"], report.table.forward_rms)


@pytest.mark.parametrize("name", ["signal", "chain", "normalize", "scaling", "doctor"])
def test_a_slider_cannot_leave_its_bounds(name):
    for control in controls(open_explorer(name)).values():
        if isinstance(control, widgets.IntSlider | widgets.FloatSlider):
            control.value = control.max + 1000
            assert control.value <= control.max


@pytest.mark.parametrize(
    ("name", "preset", "message"),
    [
        ("signal", {"gain": 1000.0}, r"gain must be from 0.01 to 100.0, got 1000.0"),
        ("signal", {"depth": 1}, r"depth must be from 2 to 50, got 1"),
        ("signal", {"activation": "swish"}, r"activation must be one of identity, .*, got 'swish'"),
        ("training", {"left": "magic"}, r"left must be one of zero, .*, got 'magic'"),
        ("training", {"steps": 0}, r"steps must be from 100 to 5000, got 0"),
        ("chain", {"w3": 21.0}, r"w3 must be from -20.0 to 20.0, got 21.0"),
        ("chain", {"x": float("nan")}, r"input x must be from 0.0 to 1.0, got nan"),
        ("normalize", {"norm": "spectral"}, r"norm must be one of batch, .*, got 'spectral'"),
        ("scaling", {"treatment": "ironed"}, r"data are must be one of raw, .*, got 'ironed'"),
        ("doctor", {"width": 0}, r"width must be from 4 to 200, got 0"),
    ],
)
def test_a_preset_out_of_bounds_is_refused(name, preset, message):
    with pytest.raises(ValueError, match=message):
        open_explorer(name, **preset)
