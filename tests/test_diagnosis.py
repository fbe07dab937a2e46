"""`diagnose` on networks whose illness is known, and on healthy ones."""

import math
import re
from functools import partial

import numpy as np
import pytest

import initlab as il
from initlab import diagnosis
from tests.book import ROOT
from tests.cases import REFERENCE, assert_same_arrays, forbid_writing, state

pytestmark = pytest.mark.filterwarnings("error")
DEEP = [100] * 21 + [10]
VERDICTS = ("symmetric", "dead", "exploding", "vanishing", "saturated", "collapsed", "healthy")


def draw(layer_sizes, activation, initializer, *, seed=0, bias=None, batch_norm=False):
    """Return a network with biases ``bias(rng, fan_out, fan_in)``."""
    rng = np.random.default_rng(seed)
    mlp = il.MLP(
        layer_sizes, activation=activation, initializer=initializer, rng=rng, batch_norm=batch_norm
    )
    if bias is not None:
        mlp.biases = [bias(rng, *W.shape) for W in mlp.weights]
    return mlp


def inputs(n_features, n_examples=200, seed=1):
    return np.random.default_rng(seed).standard_normal((n_features, n_examples))


def examine(mlp, X=None, seed=2):
    X = inputs(mlp.layer_sizes[0]) if X is None else X
    return il.diagnose(mlp, X, rng=np.random.default_rng(seed))


def verdicts(report):
    """Return the verdict and the others that the sentence lists."""
    first, _, rest = report.verdict.rstrip(".").partition(": ")
    _, _, others = rest.partition("; also ")
    return [first, *(others.split(", ") if others else [])]


def twin_rows(rng, shape):
    """Return rows of which the second half copies the first."""
    W = il.he_normal(rng, shape)
    half = shape[0] // 2
    W[half : 2 * half] = W[:half]
    return W


def torch_weights(rng, shape):
    return il.he_uniform(rng, shape, negative_slope=math.sqrt(5))


def torch_bias(rng, fan_out, fan_in):
    return rng.uniform(-1, 1, (fan_out, 1)) / math.sqrt(fan_in)


def normal_bias(std, rng, fan_out, fan_in):
    return std * rng.standard_normal((fan_out, 1))


def small(std):
    return partial(il.normal, std=std)


ZERO_TO_ONE = partial(il.uniform, low=0.0)
SICK = {
    "zeros": (draw(DEEP, "relu", il.zeros), ["symmetric", "dead"]),
    "zeros, tanh": (draw(DEEP, "tanh", il.zeros), ["symmetric", "dead"]),
    "constant": (draw([20, 20, 20, 1], "sigmoid", partial(il.constant, value=0.1)), ["symmetric"]),
    "constant, random biases": (
        draw([20, 20, 20, 1], "relu", partial(il.constant, value=0.1), bias=torch_bias),
        ["symmetric"],
    ),
    "twins": (draw(DEEP, "relu", twin_rows), ["symmetric"]),
    "tiny": (draw(DEEP, "relu", small(0.01)), ["vanishing"]),
    "tiny and shallow": (draw([20, 20, 20, 1], "relu", small(0.01)), ["vanishing"]),
    "tiny, tanh": (draw(DEEP, "tanh", small(0.01)), ["vanishing"]),
    "N(0, 1), tanh": (draw(DEEP, "tanh", il.normal), ["exploding", "saturated"]),
    "N(0, 1), shallow tanh": (draw([100] * 4 + [1], "tanh", il.normal), ["saturated"]),
    "N(0, 1), ReLU": (draw(DEEP, "relu", il.normal), ["exploding"]),
    "U[0, 1], ReLU": (draw(DEEP, "relu", ZERO_TO_ONE), ["exploding"]),
    "U[0, 1], sigmoid": (
        draw(DEEP, "sigmoid", ZERO_TO_ONE),
        ["vanishing", "saturated", "collapsed"],
    ),
    "Xavier, sigmoid": (draw(DEEP, "sigmoid", il.xavier_normal), ["vanishing", "collapsed"]),
    "N(0, 1), sigmoid": (draw(DEEP, "sigmoid", il.normal), ["saturated"]),
    "Xavier, ReLU": (draw(DEEP, "relu", il.xavier_normal), ["vanishing"]),
    "orthogonal, ReLU": (draw(DEEP, "relu", il.orthogonal), ["vanishing"]),
    "PyTorch's default": (
        draw(DEEP, "relu", torch_weights, bias=torch_bias),
        ["vanishing", "collapsed"],
    ),
    "huge biases": (
        draw([100] * 5 + [1], "relu", il.he_normal, bias=partial(normal_bias, 200.0)),
        ["collapsed"],
    ),
    "biases of -10": (
        draw(DEEP, "relu", il.he_normal, bias=lambda rng, n, _: np.full((n, 1), -10.0)),
        ["dead", "vanishing"],
    ),
    "deep BatchNorm": (
        draw([100] * 51 + [10], "relu", il.he_normal, batch_norm=True),
        ["exploding"],
    ),
    "overflow": (draw([50] * 401 + [1], "relu", il.normal), ["exploding"]),
    "underflow": (draw([50] * 201 + [1], "relu", small(1e-4)), ["vanishing"]),
}
# Scheme: activation, initializer, layer sizes, BatchNorm.
HEALTHY = {
    "He": ("relu", il.he_normal, [64] * 21 + [10], False),
    "He, uniform, 10 layers": ("relu", il.he_uniform, [100] * 11 + [10], False),
    "He, 50 layers": ("relu", il.he_normal, [128] * 51 + [10], False),
    "He, shallow and narrow": ("relu", il.he_normal, [8, 16, 12, 1], False),
    "He, one hidden layer": ("relu", il.he_normal, [20, 30, 1], False),
    "He, leaky": ("leaky_relu", partial(il.he_normal, negative_slope=0.01), DEEP, False),
    "He, growing widths": ("relu", il.he_normal, [20, 40, 80, 160, 10], False),
    "He, from 1024 units to 8": ("relu", il.he_normal, [64, 1024, 8, 10], False),
    "He by fan-out, from 1024 to 8": (
        "relu",
        partial(il.he_normal, mode="fan_out"),
        [64, 1024, 8, 10],
        False,
    ),
    "He, bottleneck": ("relu", il.he_normal, [64, 128, 16, 128, 64], False),
    "Xavier, tanh": ("tanh", il.xavier_uniform, DEEP, False),
    "Xavier, tanh, 50 layers": ("tanh", il.xavier_normal, [100] * 51 + [1], False),
    "Xavier, shallow sigmoid": ("sigmoid", il.xavier_normal, [50, 50, 50, 1], False),
    "LeCun, SELU": ("selu", il.lecun_normal, [100] * 41 + [10], False),
    "orthogonal, tanh": ("tanh", il.orthogonal, DEEP, False),
    "orthogonal, ReLU": ("relu", partial(il.orthogonal, gain=math.sqrt(2)), DEEP, False),
    "orthogonal, linear": ("identity", il.orthogonal, DEEP, False),
    "He, GELU": ("gelu", il.he_normal, [100] * 9 + [10], False),
    "BatchNorm": ("relu", il.he_normal, [64] * 11 + [10], True),
    "BatchNorm, tiny weights": ("tanh", small(0.01), DEEP, True),
    "PyTorch's default, shallow": ("relu", torch_weights, [64, 64, 64, 10], False),
}


@pytest.mark.parametrize("name", SICK)
def test_sick_networks(name):
    mlp, expected = SICK[name]
    assert verdicts(examine(mlp)) == expected


def test_every_verdict_occurs():
    found = {verdict for _, expected in SICK.values() for verdict in expected}
    assert found | {"healthy"} == set(VERDICTS)
    assert list(diagnosis.CHECKS) == list(diagnosis.ADVICE) == list(VERDICTS[:-1])


def test_trained_network_is_healthy():
    X, labels = il.digits()
    X, labels = X[:, :500], labels[:500]
    mlp = draw([64, 32, 32, 10], "relu", il.he_normal)
    options = {"loss": "softmax_cross_entropy", "learning_rate": 0.3, "steps": 300}
    assert il.train(mlp, X, labels, **options).losses[-1] < 0.2
    assert verdicts(examine(mlp, X)) == ["healthy"]


def test_units_dead_after_large_steps():
    X, labels = il.digits()
    mlp = draw([64, 32, 32, 1], "relu", il.he_normal)
    assert verdicts(examine(mlp, X)) == ["healthy"]
    il.train(mlp, X, 1.0 * labels[None], loss="squared_error", learning_rate=3.0, steps=2)
    report = examine(mlp, X)
    assert verdicts(report) == ["dead", "vanishing", "collapsed"]
    assert report.advice.startswith("Set its biases, which have mean -")
    assert "lower the learning rate tenfold" in report.advice


def test_inputs_that_are_not_scaled():
    mlp = draw([50, 50, 50, 1], "tanh", il.xavier_normal)
    X = 100 * inputs(50)
    report, rms = examine(mlp, X), np.sqrt((X**2).mean())
    assert "saturated" in verdicts(report)
    assert report.advice.startswith(f"Standardize the inputs: their RMS is {rms:.3g},")


def test_inputs_far_from_zero():
    report = examine(draw([50, 50, 50, 1], "relu", il.he_normal), 1000 + inputs(50))
    assert verdicts(report) == ["collapsed"]
    expected = "Subtract from every input the mean of its feature (on average 1e+03)."
    assert report.advice == expected


def test_a_head_of_zeros_is_no_illness():
    mlp = draw(DEEP, "relu", il.he_normal)
    mlp.weights[-1] = np.zeros_like(mlp.weights[-1])
    report = examine(mlp)
    assert report.verdict.startswith("healthy: ")
    assert report.verdict.endswith(
        "output weights of 0 stop the gradient for one step, so it is not judged."
    )
    assert math.isnan(report.growth.backward)


def test_table_is_that_of_a_pass_by_hand():
    mlp = draw([5, 8, 6, 3], "tanh", partial(il.normal, std=1.5), bias=torch_bias)
    X = inputs(5, 30)
    A, dZ = [X], np.random.default_rng(2).standard_normal((3, 30))
    for W, b in zip(mlp.weights[:-1], mlp.biases[:-1], strict=True):
        A.append(REFERENCE["tanh"](W @ A[-1] + b))
    gradients = []
    for W, a in zip(mlp.weights[:0:-1], A[:0:-1], strict=True):
        dZ = (W.T @ dZ) * (1 - a**2)
        gradients.insert(0, dZ)
    table = examine(mlp, X).table
    assert table.dtype.names == diagnosis.COLUMNS
    for row, a, g in zip(table, A[1:], gradients, strict=True):
        rms = np.sqrt((a**2).mean())
        spread = np.sqrt(a.var(axis=1).mean()) / rms
        saturated = (np.abs(a) > 0.99).mean()
        expected = [rms, np.sqrt((g**2).mean()), saturated, 0, spread]
        np.testing.assert_allclose(list(row), expected, rtol=1e-12)


@pytest.mark.parametrize("activation", REFERENCE)
def test_growth_is_the_geometric_mean_and_near_the_prediction(activation):
    gain = il.unit_variance_gain(activation)
    initializer = partial(il.variance_scaling, scale=gain**2)
    report = examine(
        draw([400] * 7 + [400], activation, initializer, bias=partial(normal_bias, 0.1))
    )
    for rms, growth, predicted in (
        (report.table.forward_rms, report.growth.forward, report.predicted_growth.forward),
        (
            report.table.gradient_rms[::-1],
            report.growth.backward,
            report.predicted_growth.backward,
        ),
    ):
        assert growth == pytest.approx(np.prod(rms[1:] / rms[:-1]) ** (1 / 5))
        # RMS over 400 units and 5 steps: about sqrt(5 / (4 * 400 * 5)) of the factor
        assert growth == pytest.approx(predicted, rel=4 * 0.025)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_prediction_for_relu_is_the_closed_form(gain):
    mlp = draw(DEEP, "relu", partial(il.variance_scaling, scale=2 * gain**2))
    std = [W.std() for W in mlp.weights[1:-1]]
    expected = np.exp(np.mean(np.log(std))) * math.sqrt(100 / 2)
    predicted = examine(mlp).predicted_growth
    np.testing.assert_allclose(predicted, [expected, expected], rtol=1e-10)


def test_biases_and_inputs_enter_the_prediction():
    mlp = draw([60, 60, 60, 1], "tanh", il.lecun_normal, bias=partial(normal_bias, 0.7))
    mlp.biases = [b + 0.5 for b in mlp.biases]
    X = 3 * inputs(60)
    square, squares, slopes = (X**2).mean(), [], []
    z = np.random.default_rng(0).standard_normal(2_000_000)
    for W, b in zip(mlp.weights[:2], mlp.biases[:2], strict=True):
        a = np.tanh(b.mean() + z * np.sqrt(60 * W.var() * square + b.var()))
        square = (a**2).mean()
        squares.append(square)
        slopes.append(((1 - a**2) ** 2).mean())
    predicted = examine(mlp, X).predicted_growth
    assert predicted.forward == pytest.approx(math.sqrt(squares[1] / squares[0]), rel=2e-3)
    expected = math.sqrt(60 * mlp.weights[1].var() * slopes[0])
    assert predicted.backward == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("activation", ["relu", "tanh", "identity", "silu"])
def test_prediction_with_batch_norm(activation):
    mlp = draw([200] * 8 + [200], activation, small(0.03), batch_norm=True)
    mlp.weights[3] = 7 * mlp.weights[3]
    report = examine(mlp, 5 * inputs(200, 400))
    assert report.predicted_growth.forward == 1
    np.testing.assert_allclose(report.growth, report.predicted_growth, rtol=0.02)


def test_prediction_with_batch_norm_for_relu_is_the_known_factor():
    mlp = draw([50] * 4 + [1], "relu", il.orthogonal, batch_norm=True)
    mlp.weights[1] = mlp.weights[2]
    X = inputs(50)
    steps = 2
    entering = X.var(axis=1).mean() / (0.5 - 0.5 / math.pi)
    scale = mlp.weights[2].var() / mlp.weights[0].var()
    expected = math.sqrt(math.pi / (math.pi - 1)) * (scale / entering) ** (1 / (2 * steps))
    assert examine(mlp, X).predicted_growth.backward == pytest.approx(expected)


@pytest.mark.parametrize("name", ["scales", "shifts"])
def test_no_prediction_once_batch_norm_is_trained(name):
    mlp = draw([20] * 5 + [1], "relu", il.he_normal, batch_norm=True)
    getattr(mlp, name)[1] = getattr(mlp, name)[1] + 0.1
    report = examine(mlp)
    assert np.isnan(report.predicted_growth).all()
    assert np.isfinite(report.growth).all()


@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_scale_of_the_weights(factor):
    """For ReLU both growth factors scale with the weights, and the advice undoes it."""
    mlp = draw(DEEP, "relu", il.he_normal)
    healthy = examine(mlp)
    mlp.weights = [factor * W for W in mlp.weights]
    report = examine(mlp)
    np.testing.assert_allclose(report.growth, np.multiply(healthy.growth, factor))
    np.testing.assert_allclose(
        report.predicted_growth, np.multiply(healthy.predicted_growth, factor)
    )
    expected = f"Multiply the weights of each hidden layer by {1 / factor:.3g}"
    assert report.advice.startswith(expected[:-1])
    assert "std sqrt(2/fan_in) = 0.141." in report.advice


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_scale_of_the_inputs_does_not_matter_to_relu(factor):
    mlp, X = draw(DEEP, "relu", il.he_normal), inputs(100)
    one, other = examine(mlp, X), examine(mlp, factor * X)
    np.testing.assert_allclose(one.growth, other.growth, rtol=1e-9)
    np.testing.assert_allclose(factor * one.table.forward_rms, other.table.forward_rms)
    assert verdicts(other) == ["healthy"]


@pytest.mark.parametrize("name", ["tiny", "Xavier, ReLU", "N(0, 1), ReLU", "N(0, 1), tanh"])
def test_advice_to_multiply_cures(name):
    mlp, _ = SICK[name]
    words = examine(mlp).advice.split(" ")
    assert words[:7] == ["Multiply", "the", "weights", "of", "each", "hidden", "layer"]
    factor = float(words[8].rstrip(","))
    cured = il.diagnose(
        [factor * W for W in mlp.weights[:-1]] + mlp.weights[-1:],
        inputs(100),
        activation=mlp.activation,
        rng=np.random.default_rng(0),
    )
    assert verdicts(cured) == ["healthy"]


@pytest.mark.parametrize("name", ["zeros", "twins", "U[0, 1], ReLU", "biases of -10"])
def test_advice_to_draw_cures(name):
    mlp, _ = SICK[name]
    advice = examine(mlp).advice
    assert "std sqrt(2/fan_in) = 0.141" in advice
    assert not advice.startswith("Multiply")
    assert verdicts(examine(draw(mlp.layer_sizes, "relu", small(0.1414)))) == ["healthy"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (
            "Xavier, sigmoid",
            "Replace sigmoid by tanh, then draw the weights of each hidden layer with mean 0 and "
            "std sqrt(1/fan_in) = 0.1.",
        ),
        (
            "huge biases",
            "Set the biases to 0 and draw the weights of each hidden layer with mean 0 and "
            "std sqrt(2/fan_in) = 0.141.",
        ),
        (
            "zeros, tanh",
            "Draw the weights of each hidden layer with mean 0 and std sqrt(1/fan_in) = 0.1. "
            "Biases may stay 0.",
        ),
    ],
)
def test_advice(name, advice):
    assert examine(SICK[name][0]).advice == advice


def test_advice_lists_the_fans():
    few = examine(draw([2, 10, 5, 1], "relu", small(0.01)), inputs(2))
    assert "sqrt(2/fan_in) (1 for fan_in 2, 0.447 for fan_in 10)." in few.advice
    many = examine(draw([2, 10, 50, 60, 70, 1], "gelu", small(0.01)), inputs(2))
    assert "std 1.53/sqrt(fan_in) (0.198 to 1.08)." in many.advice


def test_advice_with_batch_norm_names_a_depth_that_is_healthy():
    mlp, _ = SICK["deep BatchNorm"]
    report = examine(mlp)
    start = (
        "BatchNorm cancels the scale of the weights, so add residual connections, or use at most "
    )
    assert report.advice.startswith(start)
    depth = int(report.advice.removeprefix(start).split(" ")[0])
    Z = mlp.forward(inputs(100)).preactivations
    std = [np.sqrt(Z[layer].var(axis=1).mean()) for layer in (0, 49)]
    factor = report.growth.backward * (std[0] / std[1]) ** (1 / 49)
    assert f"divides by, is multiplied by {factor:.3g} per layer" in report.verdict
    assert depth == int(math.log(100) / math.log(factor))
    shorter = draw([100] * (depth + 1) + [10], "relu", il.he_normal, batch_norm=True)
    assert verdicts(examine(shorter)) == ["healthy"]


def test_advice_when_the_scale_is_right():
    mlp = draw([8] * 61 + [1], "relu", partial(il.orthogonal, gain=math.sqrt(2)), seed=0)
    report = examine(mlp)
    assert verdicts(report)[0] == "vanishing"
    assert report.advice.startswith("The weights have the right scale already, so widen")


def test_a_small_error_of_scale_adds_up():
    mlp = draw([256] * 51 + [1], "relu", il.he_normal)
    mlp.weights = [0.85 * W for W in mlp.weights]
    report = examine(mlp)
    assert verdicts(report)[0] == "vanishing"
    assert report.advice.startswith("Multiply the weights of each hidden layer by 1.18, or draw")
    mlp.weights = [1.18 * W for W in mlp.weights]
    assert verdicts(examine(mlp)) == ["healthy"]


def test_advice_for_narrow_layers_is_not_to_draw_what_is_drawn():
    reports = [examine(draw([8] * 21 + [1], "relu", il.he_normal, seed=seed)) for seed in range(20)]
    sick = [report.advice for report in reports if not report.verdict.startswith("healthy")]
    assert sick
    start = "The weights have the right scale already, so widen the layers, add residual"
    assert [advice for advice in sick if not advice.startswith(start)] == []


@pytest.mark.parametrize(("activation", "healthy", "sick"), [("silu", 29, 30), ("gelu", 35, 36)])
def test_an_activation_whose_scale_is_unstable_gives_way_to_relu_in_deep_nets(
    activation, healthy, sick
):
    for depth, word in ((healthy, "Multiply the weights"), (sick, f"Replace {activation} by relu")):
        report = examine(draw([50] * (depth + 1) + [1], activation, small(0.01)))
        assert verdicts(report)[0] == "vanishing"
        assert report.advice.startswith(word)
    assert "sqrt(2/fan_in) = 0.2" in report.advice


@pytest.mark.parametrize("hidden", [1, 3])
def test_large_inputs_below_the_limit(hidden):
    X = 2.9 * inputs(50)
    report = examine(draw([50] * (hidden + 1) + [1], "tanh", il.xavier_normal), X)
    assert verdicts(report) == ["saturated"]
    rms = np.sqrt((X**2).mean())
    assert report.advice == (
        f"Standardize the inputs: their RMS is {rms:.3g}, so divide them by that first."
    )


@pytest.mark.parametrize(("hidden", "std"), [(1, 5.0), (3, 50.0), (20, 1.0)])
def test_large_biases(hidden, std):
    sizes, bias = [50] * (hidden + 1) + [1], partial(normal_bias, std)
    report = examine(draw(sizes, "tanh", il.lecun_normal, bias=bias))
    assert not report.verdict.startswith("healthy")
    assert report.advice == "The weights have the right scale already, so set the biases to 0."
    assert verdicts(examine(draw(sizes, "tanh", il.lecun_normal))) == ["healthy"]


def test_advice_for_the_default_of_torch_cures():
    mlp, _ = SICK["PyTorch's default"]
    advice = examine(mlp).advice
    assert advice.endswith(" Set the biases to 0.")
    factor = float(advice.split(" ")[8].rstrip(","))
    weights = [factor * W for W in mlp.weights]
    cured = il.diagnose(weights, inputs(100), activation="relu", rng=np.random.default_rng(0))
    assert verdicts(cured) == ["healthy"]


@pytest.mark.parametrize(
    ("activation", "scale", "shift", "verdict"),
    [("tanh", 10, 0, "saturated"), ("relu", 1, -10, "dead"), ("sigmoid", 1e-3, 0, "collapsed")],
)
def test_advice_resets_batch_norm(activation, scale, shift, verdict):
    mlp = draw([50] * 3 + [1], activation, il.he_normal, batch_norm=True)
    mlp.scales[1], mlp.shifts[1] = scale * mlp.scales[1], mlp.shifts[1] + shift
    report = examine(mlp)
    assert verdicts(report)[0] == verdict
    assert report.advice.startswith(diagnosis.RESET)


@pytest.mark.parametrize("factor", [1e-2, 255.0])
def test_scale_of_the_inputs_does_not_matter_to_batch_norm(factor):
    mlp = draw([64] * 3 + [10], "relu", il.he_normal, batch_norm=True)
    X = inputs(64)
    assert verdicts(examine(mlp, X)) == verdicts(examine(mlp, factor * X)) == ["healthy"]


def test_batch_norm_on_two_examples():
    report = examine(draw([50] * 6 + [1], "relu", il.he_normal, batch_norm=True), inputs(50, 2))
    assert verdicts(report)[0] == "vanishing"
    assert report.advice == (
        "BatchNorm has 2 examples only: use larger batches, or a normalization that does not "
        "look at the batch."
    )


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_constant_weights_are_symmetric_whatever_the_biases(activation, batch_norm):
    options = {"bias": torch_bias, "batch_norm": batch_norm}
    mlp = draw([64, 32, 32, 10], activation, partial(il.constant, value=0.01), **options)
    assert verdicts(examine(mlp))[0] == "symmetric"


def test_biases_tell_units_of_one_input_apart():
    rng = np.random.default_rng(0)
    mlp = draw([1, 10, 1], "tanh", il.normal)
    mlp.weights[0], mlp.biases[0] = il.nguyen_widrow(rng, (10, 1))
    mlp.weights[0] = np.abs(mlp.weights[0])
    assert "symmetric" not in verdicts(examine(mlp))


def test_pruned_units_are_no_twins():
    mlp = draw([64, 64, 64, 10], "relu", il.he_normal)
    for W in mlp.weights[:2]:
        W[:13] = 0
    assert verdicts(examine(mlp)) == ["healthy"]


def test_equal_examples():
    report = examine(draw([20, 20, 20, 1], "tanh", il.xavier_normal), np.ones((20, 5)))
    assert verdicts(report) == ["collapsed"]
    assert report.advice == "Give it inputs that differ: all examples are the same."


def test_batch_norm_does_not_cancel_a_scale_near_epsilon():
    mlp = draw([100] * 12 + [1], "relu", small(1e-4), batch_norm=True)
    report = examine(mlp)
    assert verdicts(report)[0] == "vanishing"
    assert report.advice.startswith("Standardize the inputs and draw the weights of each hidden")


def test_list_of_weights_equals_the_mlp():
    mlp = draw([6, 9, 8, 2], "elu", il.he_normal, bias=torch_bias)
    X, whole = inputs(6), examine(mlp, inputs(6))
    for biases in (mlp.biases, [b.ravel() for b in mlp.biases], [b.tolist() for b in mlp.biases]):
        weights = [W.tolist() for W in mlp.weights]
        parts = il.diagnose(
            weights, X, activation="elu", biases=biases, rng=np.random.default_rng(2)
        )
        assert str(parts) == str(whole)
        for name in diagnosis.COLUMNS:
            np.testing.assert_array_equal(parts.table[name], whole.table[name])
    without = il.diagnose(mlp.weights, X, activation="elu", rng=np.random.default_rng(2))
    assert without.growth != whole.growth


def test_code_of_the_page_runs(capsys):
    """The blocks of PyTorch code on it are run by `make test-frameworks`."""
    page = (ROOT / "book" / "diagnosing.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    exec(code, {})
    assert "\nverdict: vanishing: " in capsys.readouterr().out


def test_single_precision_is_examined_in_double():
    mlp = il.MLP([100] * 31 + [1], initializer=il.normal, rng=np.random.default_rng(0), dtype="f4")
    report = examine(mlp)
    assert np.isfinite(report.table.forward_rms).all()
    assert verdicts(report) == ["exploding"]


def test_one_input_has_no_spread():
    report = examine(draw([20] * 6, "tanh", il.xavier_normal), np.ones((20, 1)))
    assert np.isnan(report.table.spread_over_inputs).all()
    assert verdicts(report) == ["healthy"]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_nothing_changes(batch_norm):
    mlp = draw([6, 9, 8, 2], "relu", il.he_normal, bias=torch_bias, batch_norm=batch_norm)
    before, X = state(mlp), inputs(6)
    forbid_writing([X], mlp.weights, mlp.biases, mlp.scales, mlp.shifts)
    first, second = examine(mlp, X), examine(mlp, X)
    assert_same_arrays(state(mlp), before)
    assert str(first) == str(second)


def test_batch_norm_is_part_of_the_units():
    """Equal weights with different scales are different units; equal ones are twins."""
    mlp = draw([20, 20, 20, 1], "relu", twin_rows, batch_norm=True)
    assert verdicts(examine(mlp))[0] == "symmetric"
    mlp.scales = [np.linspace(0.5, 1.5, 20)[:, None] for _ in mlp.scales]
    assert verdicts(examine(mlp)) == ["healthy"]


def test_batch_norm_uses_scales_shifts_and_epsilon():
    mlp = draw([20, 20, 20, 1], "relu", il.he_normal, batch_norm=True)
    mlp.epsilon = 0.5
    mlp.scales[0] = mlp.scales[0] * 2
    mlp.shifts[0] = mlp.shifts[0] + 3
    X = inputs(20)
    rms = il.layer_statistics(mlp.forward(X).activations[1:-1]).rms
    np.testing.assert_allclose(examine(mlp, X).table.forward_rms, rms)


def test_printed_report():
    mlp = il.MLP([2, 1, 1, 1], activation="identity", rng=np.random.default_rng(0))
    mlp.weights = [np.array([[1.0, 0.0]]), np.array([[0.5]]), np.array([[1.0]])]
    table, growth, words = str(examine(mlp, np.array([[1.0, -1.0], [0, 0]]))).split("\n\n")
    heading, *rows = table.split("\n")
    assert heading == "layer  forward rms  gradient rms  saturated  dead  spread over inputs"
    assert {len(row) for row in rows} == {len(heading)}
    gradient = np.sqrt((np.random.default_rng(2).standard_normal((1, 2)) ** 2).mean())
    assert rows[0].split() == ["1", "1", f"{gradient / 2:.3g}", "-", "0", "1"]
    assert rows[1].split() == ["2", "0.5", f"{gradient:.3g}", "-", "0", "1"]
    assert growth.split("\n")[0].split("  ")[-2:] == ["measured", "predicted"]
    assert growth.split("\n")[1].split() == ["forward", "0.5", "0"]
    verdict, advice = words.split("\n")
    assert verdict.startswith("verdict: healthy: the signal changes by a factor 0.5 per layer")
    assert advice == "advice: Nothing to change."


W1, W2, W3 = np.ones((4, 3)), np.ones((5, 4)), np.ones((2, 5))
X3 = np.ones((3, 6))
NAN = float("nan")
CHOICES = "identity, sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu, softplus"
REAL = "must be a non-empty array of real numbers, got dtype "
BAD = [
    (
        ([W1, np.ones((4, 5)), W3], X3, {}),
        "weights of layer 2 must have shape (fan_out, 4), since layer 1 has that many units, "
        "got (4, 5); transpose arrays that are stored as (fan_in, fan_out)",
    ),
    (
        ([W1, W2, np.ones(5)], X3, {}),
        "weights of layer 3 must have shape (fan_out, fan_in), got (5,)",
    ),
    (
        ([np.ones((4, 3, 3, 3)), W2], X3, {}),
        "weights of layer 1 must have shape (fan_out, fan_in), got (4, 3, 3, 3)",
    ),
    (([W1, W2 * NAN, W3], X3, {}), "weights of layer 2 must be finite, got an entry nan"),
    (([W1, W2, W3 * math.inf], X3, {}), "weights of layer 3 must be finite, got an entry inf"),
    (([W1, W2 * 1j, W3], X3, {}), f"weights of layer 2 {REAL}complex128 and shape (5, 4)"),
    (([W1, None, W3], X3, {}), f"weights of layer 2 {REAL}object and shape ()"),
    (
        ([(W1, np.ones(4)), W2, W3], X3, {}),
        "weights of layer 1 must be a non-empty array of real numbers, got parts of different "
        "shapes",
    ),
    (
        ([W1, W2, W3], [[1.0, 2.0], [3.0], [4.0]], {}),
        "X must be a non-empty array of real numbers, got parts of different shapes",
    ),
    (
        ([W1, W2, W3], X3, {"biases": 0}),
        "biases must be a list of arrays, one per layer, got int",
    ),
    (([W1], X3, {}), "network must have a hidden layer, so at least two weight arrays, got 1"),
    (([], X3, {}), "network must have a hidden layer, so at least two weight arrays, got 0"),
    (
        (W1, X3, {}),
        "network must be an MLP or a list of weight arrays (fan_out, fan_in), got ndarray",
    ),
    (
        (None, X3, {}),
        "network must be an MLP or a list of weight arrays (fan_out, fan_in), got NoneType",
    ),
    (
        ([W1, W2, W3], X3, {"activation": None}),
        f"activation must be one of {CHOICES} for a list of weights, got None",
    ),
    (
        ([W1, W2, W3], X3, {"activation": "swish"}),
        f"activation must be one of {CHOICES}, got 'swish'",
    ),
    (
        ([W1, W2, W3], X3, {"biases": [np.ones(4), np.ones(5)]}),
        "biases must hold 3 arrays, one per layer, got 2",
    ),
    (
        ([W1, W2, W3], X3, {"biases": [np.ones(4), np.ones(4), np.ones(2)]}),
        "biases of layer 2 must have shape (5,) or (5, 1), got (4,)",
    ),
    (
        ([W1, W2, W3], X3, {"biases": [np.ones(4), np.ones(5), np.full(2, NAN)]}),
        "biases of layer 3 must be finite, got an entry nan",
    ),
    (
        ([W1, W2, W3], X3.T, {}),
        "X must have shape (3, n_examples) with at least one example, one column per example, "
        "got shape (6, 3)",
    ),
    (([W1, W2, W3], X3 * NAN, {}), "X must be finite, got an entry nan"),
    (
        ([W1, W2, W3], X3 * 0, {}),
        "X must hold something other than zeros, got shape (3, 6) of zeros",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input(arguments, message):
    network, X, options = arguments
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the whole message is compared
        il.diagnose(network, X, **{"activation": "relu", "rng": np.random.default_rng(0)} | options)
    assert caught.type is ValueError
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        (
            {"replicas": 2},
            {},
            "network must have no replicas, got replicas=2; "
            "diagnose one of them: take its weights as a list",
        ),
        ({}, {"activation": "tanh"}, "activation must be relu, the MLP's own, got 'tanh'"),
        (
            {},
            {"biases": [np.ones(4), np.ones(2)]},
            "biases must be left out for an MLP, which has its own, got a list",
        ),
        (
            {"batch_norm": True},
            {"X": X3[:, :1]},
            "X must hold at least 2 examples for a network with batch_norm, got 1",
        ),
    ],
)
def test_bad_input_with_an_mlp(options, arguments, message):
    mlp = il.MLP([3, 4, 2], rng=np.random.default_rng(0), **options)
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the whole message is compared
        il.diagnose(mlp, **{"X": X3, "rng": np.random.default_rng(0)} | arguments)
    assert str(caught.value) == message


def test_arrays_of_an_mlp_are_checked():
    mlp = il.MLP([3, 4, 2], rng=np.random.default_rng(0))
    mlp.weights[1] = np.full((2, 4), NAN)
    with pytest.raises(ValueError, match=r"^weights of layer 2 must be finite, got an entry nan$"):
        examine(mlp, X3)


def test_activation_of_an_mlp_may_be_repeated():
    mlp = draw([3, 4, 2], "tanh", il.xavier_normal)
    repeated = il.diagnose(mlp, inputs(3), activation="tanh", rng=np.random.default_rng(2))
    assert str(repeated) == str(examine(mlp, inputs(3)))


def test_generator():
    with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
        il.diagnose([W1, W2], X3, activation="relu", rng=0)


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_give_no_alarm(name):
    activation, initializer, layer_sizes, batch_norm = HEALTHY[name]
    found = {
        examine(
            draw(layer_sizes, activation, initializer, seed=seed, batch_norm=batch_norm),
            inputs(layer_sizes[0], 100, seed=100 + seed),
            seed=200 + seed,
        ).verdict.partition(":")[0]
        for seed in range(20)
    }
    assert found == {"healthy"}
