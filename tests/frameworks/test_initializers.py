"""Our initializers beside those of torch, Keras and JAX: fans, gains, laws and defaults."""

import math

import jax
import keras
import numpy as np
import pytest
import torch
from keras.src.initializers.random_initializers import compute_fans as keras_fans
from scipy import stats

import initlab as il
from initlab.gains import TABLE
from initlab.initializers import TRUNCATED_STD
from tests.frameworks.cases import numpy

init = torch.nn.init
FAN_OUT, FAN_IN = 300, 400
N = FAN_OUT * FAN_IN
AVERAGE = (FAN_OUT + FAN_IN) / 2
# five standard errors of a sample's standard deviation, for a normal law; others have less
BAND = 5 / math.sqrt(2 * N)


@pytest.fixture(autouse=True)
def _seeds():
    keras.utils.set_random_seed(0)
    torch.manual_seed(0)


# Gains and fans


@pytest.mark.parametrize("name", sorted({*TABLE} - {"identity"}))
def test_gains_equal_those_of_torch(name):
    for slope in (0.01, 0.0, 0.3, -2.0, math.sqrt(5)):
        assert il.calculate_gain(name, slope) == init.calculate_gain(name, slope)


@pytest.mark.parametrize("name", ["elu", "gelu", "silu", "softplus", "swish"])
def test_gains_that_torch_lacks(name):
    for function in (il.calculate_gain, init.calculate_gain):
        with pytest.raises(ValueError, match=name):
            function(name)


LAYERS = {
    "dense": torch.nn.Linear(7, 5),
    "convolution 1": torch.nn.Conv1d(4, 6, 3),
    "convolution 2": torch.nn.Conv2d(4, 6, (3, 5), stride=2),
    "convolution 3": torch.nn.Conv3d(4, 6, 3),
    "groups": torch.nn.Conv2d(8, 6, 3, groups=2),
    "depthwise": torch.nn.Conv2d(8, 8, 3, groups=8),
    "transposed": torch.nn.ConvTranspose2d(4, 6, 3),
    "transposed, groups": torch.nn.ConvTranspose2d(8, 6, 3, groups=2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_fans_equal_those_of_torch(name):
    weight = LAYERS[name].weight
    assert il.compute_fans(weight.shape) == init._calculate_fan_in_and_fan_out(weight)


def test_torch_stores_transposed_convolutions_with_their_fans_swapped():
    """The weight is (in, out / groups, *kernel), so torch's fan_in counts outputs."""
    fan_in, fan_out = il.compute_fans((6, 4, 3, 3))
    assert init._calculate_fan_in_and_fan_out(LAYERS["transposed"].weight) == (fan_out, fan_in)
    assert LAYERS["transposed, groups"].weight.shape == (8, 3, 3, 3)


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 6), (3, 5, 4, 6), (3, 3, 3, 4, 6)])
def test_fans_equal_those_of_keras_and_jax(shape):
    """Keras and JAX store (*kernel, in, out); ours is (out, in, *kernel)."""
    ours = (shape[-1], shape[-2], *shape[:-2])
    assert keras_fans(shape) == il.compute_fans(ours)
    for mode, fan in zip(("fan_in", "fan_out"), il.compute_fans(ours), strict=True):
        big = jax.nn.initializers.variance_scaling(1.0, mode, "uniform")
        keys = jax.random.split(jax.random.key(0), 100)
        draws = np.abs(jax.vmap(lambda key, big=big: big(key, shape))(keys))
        bound = math.sqrt(3 / fan)
        assert 0.99 * bound < draws.max() <= bound * (1 + 1e-6)


# Laws


def torch_draw(function, *, shape=(FAN_OUT, FAN_IN), **options):
    return numpy(function(torch.empty(shape), **options))


def keras_draw(initializer):
    return numpy(initializer((FAN_IN, FAN_OUT))).T


def jax_draw(initializer):
    return numpy(initializer(jax.random.key(0), (FAN_IN, FAN_OUT))).T


def ours(initializer, **options):
    return initializer(np.random.default_rng(0), (FAN_OUT, FAN_IN), **options)


def truncated(scale, mode):
    return ours(il.variance_scaling, scale=scale, mode=mode, distribution="truncated_normal")


K, J = keras.initializers, jax.nn.initializers
SQRT5 = math.sqrt(5)
CUT = 2 / TRUNCATED_STD
# Keras on torch draws four times and then keeps what it has: 0.0455^4 of the draws are beyond
KERAS_MISSES = 5
ROOT3 = math.sqrt(3)
INF = math.inf
# Name: (standard deviation by formula, bound in standard deviations, ours, theirs)
LAWS = {
    "torch xavier_normal_": (
        *(math.sqrt(1 / AVERAGE), INF, lambda: ours(il.xavier_normal)),
        lambda: torch_draw(init.xavier_normal_),
    ),
    "torch xavier_uniform_, gain of tanh": (
        *(5 / 3 * math.sqrt(1 / AVERAGE), ROOT3, lambda: ours(il.xavier_uniform, gain=5 / 3)),
        lambda: torch_draw(init.xavier_uniform_, gain=init.calculate_gain("tanh")),
    ),
    "torch kaiming_normal_, relu": (
        *(math.sqrt(2 / FAN_IN), INF, lambda: ours(il.he_normal)),
        lambda: torch_draw(init.kaiming_normal_, nonlinearity="relu"),
    ),
    "torch kaiming_normal_, fan_out": (
        *(math.sqrt(2 / FAN_OUT), INF, lambda: ours(il.he_normal, mode="fan_out")),
        lambda: torch_draw(init.kaiming_normal_, mode="fan_out", nonlinearity="relu"),
    ),
    "torch kaiming_uniform_, a = sqrt 5": (
        *(math.sqrt(1 / 3 / FAN_IN), ROOT3, lambda: ours(il.he_uniform, negative_slope=SQRT5)),
        lambda: torch_draw(init.kaiming_uniform_, a=SQRT5),
    ),
    "torch kaiming_normal_, linear": (
        *(math.sqrt(1 / FAN_IN), INF, lambda: ours(il.lecun_normal)),
        lambda: torch_draw(init.kaiming_normal_, nonlinearity="linear"),
    ),
    "torch trunc_normal_": (
        *(0.02 * TRUNCATED_STD, CUT, lambda: ours(il.truncated_normal, std=0.02)),
        lambda: torch_draw(init.trunc_normal_, std=0.02, a=-0.04, b=0.04),
    ),
    "torch normal_": (
        *(0.3, INF, lambda: ours(il.normal, std=0.3)),
        lambda: torch_draw(init.normal_, std=0.3),
    ),
    "Keras GlorotUniform": (
        *(math.sqrt(1 / AVERAGE), ROOT3, lambda: ours(il.xavier_uniform)),
        lambda: keras_draw(K.GlorotUniform()),
    ),
    "Keras GlorotNormal": (
        *(math.sqrt(1 / AVERAGE), CUT, lambda: truncated(1.0, "fan_avg")),
        lambda: keras_draw(K.GlorotNormal()),
    ),
    "Keras HeNormal": (
        *(math.sqrt(2 / FAN_IN), CUT, lambda: truncated(2.0, "fan_in")),
        lambda: keras_draw(K.HeNormal()),
    ),
    "Keras HeUniform": (
        *(math.sqrt(2 / FAN_IN), ROOT3, lambda: ours(il.he_uniform)),
        lambda: keras_draw(K.HeUniform()),
    ),
    "Keras LecunNormal": (
        *(math.sqrt(1 / FAN_IN), CUT, lambda: truncated(1.0, "fan_in")),
        lambda: keras_draw(K.LecunNormal()),
    ),
    "Keras LecunUniform": (
        *(math.sqrt(1 / FAN_IN), ROOT3, lambda: ours(il.lecun_uniform)),
        lambda: keras_draw(K.LecunUniform()),
    ),
    "Keras VarianceScaling, untruncated": (
        *(math.sqrt(3 / FAN_OUT), INF),
        lambda: ours(il.variance_scaling, scale=3.0, mode="fan_out"),
        lambda: keras_draw(K.VarianceScaling(3.0, "fan_out", "untruncated_normal")),
    ),
    "Keras TruncatedNormal": (
        *(0.05 * TRUNCATED_STD, CUT, lambda: ours(il.truncated_normal, std=0.05)),
        lambda: keras_draw(K.TruncatedNormal()),
    ),
    "Keras RandomUniform": (
        *(0.05 / ROOT3, ROOT3, lambda: ours(il.uniform, low=-0.05, high=0.05)),
        lambda: keras_draw(K.RandomUniform()),
    ),
    "JAX he_normal": (
        *(math.sqrt(2 / FAN_IN), CUT, lambda: truncated(2.0, "fan_in")),
        lambda: jax_draw(J.he_normal()),
    ),
    "JAX glorot_uniform": (
        *(math.sqrt(1 / AVERAGE), ROOT3, lambda: ours(il.xavier_uniform)),
        lambda: jax_draw(J.glorot_uniform()),
    ),
    "JAX lecun_normal": (
        *(math.sqrt(1 / FAN_IN), CUT, lambda: truncated(1.0, "fan_in")),
        lambda: jax_draw(J.lecun_normal()),
    ),
    "JAX variance_scaling, normal": (
        *(math.sqrt(3 / FAN_OUT), INF),
        lambda: ours(il.variance_scaling, scale=3.0, mode="fan_out"),
        lambda: jax_draw(J.variance_scaling(3.0, "fan_out", "normal")),
    ),
    "JAX truncated_normal": (
        *(0.02 * TRUNCATED_STD, CUT, lambda: ours(il.truncated_normal, std=0.02)),
        lambda: jax_draw(J.truncated_normal(0.02)),
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_law(name):
    """Mean 0, the formula's std, its bound reached and kept, and the same distribution."""
    std, bound, draw, their_draw = LAWS[name]
    found = [draw(), their_draw()]
    for W in found:
        assert W.shape == (FAN_OUT, FAN_IN)
        assert abs(W.mean()) < 5 * std / math.sqrt(N)
        assert W.std() == pytest.approx(std, rel=BAND)
        beyond = (np.abs(W) > bound * std * (1 + 1e-6)).sum()
        assert beyond <= (KERAS_MISSES if W is found[1] and name.startswith("Keras") else 0)
        assert np.abs(W).max() > min(0.995 * bound, 3.5) * std
    assert stats.ks_2samp(found[0].ravel(), found[1].ravel()).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(30, 30), (50, 20), (20, 50), (8, 3, 2, 2)])
def test_orthogonal(shape):
    """All three give 1.5 times orthonormal rows or columns; torch flattens like ours."""
    rng = np.random.default_rng(0)
    found = [
        il.orthogonal(rng, shape, gain=1.5),
        torch_draw(init.orthogonal_, shape=shape, gain=1.5),
    ]
    if len(shape) == 2:
        found.append(numpy(K.Orthogonal(gain=1.5)(shape)))
        found.append(numpy(J.orthogonal(1.5)(jax.random.key(0), shape)))
    for W in found:
        W = W.reshape(shape[0], -1)
        products = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
        np.testing.assert_allclose(products, 1.5**2 * np.eye(len(products)), atol=1e-5)


# What the libraries do when nothing is said


def assert_uniform(values, bound):
    values = numpy(values).ravel()
    assert stats.kstest(values, stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3
    assert np.abs(values).max() <= bound * (1 + 1e-6)


TORCH_DEFAULTS = {
    "Linear": (torch.nn.Linear, (400, 300), 400),
    "Conv1d": (torch.nn.Conv1d, (20, 60, 5), 20 * 5),
    "Conv2d": (torch.nn.Conv2d, (20, 60, 3), 20 * 9),
    "Conv2d, 4 groups": (lambda *a: torch.nn.Conv2d(*a, groups=4), (20, 60, 3), 5 * 9),
    "Conv2d, depthwise": (lambda *a: torch.nn.Conv2d(*a, groups=60), (60, 60, 3), 9),
    # torch takes the second dimension of the stored weight (in, out / groups, *kernel)
    "ConvTranspose2d": (torch.nn.ConvTranspose2d, (20, 60, 4), 60 * 16),
}


@pytest.mark.parametrize("name", TORCH_DEFAULTS)
def test_torch_defaults(name):
    """Weights and biases are U(-1/sqrt(fan_in), 1/sqrt(fan_in)): kaiming_uniform, a = sqrt 5."""
    make, arguments, fan_in = TORCH_DEFAULTS[name]
    torch.manual_seed(0)
    layers = [make(*arguments) for _ in range(3)]
    bound = 1 / math.sqrt(fan_in)
    assert_uniform(torch.stack([layer.weight for layer in layers]), bound)
    assert_uniform(torch.stack([layer.bias for layer in layers]), bound)
    shape = tuple(layers[0].weight.shape)
    drawn = il.he_uniform(np.random.default_rng(0), shape, negative_slope=SQRT5)
    assert_uniform(drawn, bound)


@pytest.mark.parametrize("make", [torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN])
def test_torch_defaults_of_recurrent_layers(make):
    """All weights and all biases are U(-1/sqrt(h), 1/sqrt(h)), h the hidden size."""
    for parameter in make(30, 100).parameters():
        assert_uniform(parameter, 1 / math.sqrt(100))


def test_torch_default_of_embeddings():
    values = numpy(torch.nn.Embedding(1000, 50).weight).ravel()
    assert stats.kstest(values, stats.norm.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "layer",
    [
        *(torch.nn.BatchNorm1d(6), torch.nn.LayerNorm(6), torch.nn.GroupNorm(2, 6)),
        *(torch.nn.InstanceNorm2d(6, affine=True), torch.nn.RMSNorm(6)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_torch_defaults_of_norm_layers(layer):
    np.testing.assert_array_equal(numpy(layer.weight), np.ones(6))
    if not isinstance(layer, torch.nn.RMSNorm):
        np.testing.assert_array_equal(numpy(layer.bias), np.zeros(6))


@pytest.mark.parametrize(
    ("make", "shape", "fans"),
    [
        (lambda: keras.layers.Dense(300), (None, 400), (400, 300)),
        (lambda: keras.layers.Conv2D(60, 3), (None, 8, 8, 20), (20 * 9, 60 * 9)),
        (lambda: keras.layers.Conv2D(60, 3, groups=4), (None, 8, 8, 20), (5 * 9, 60 * 9)),
    ],
)
def test_keras_defaults(make, shape, fans):
    """GlorotUniform for weights, zeros for biases."""
    layer = make()
    layer.build(shape)
    assert_uniform(layer.kernel, math.sqrt(6 / sum(fans)))
    assert not numpy(layer.bias).any()


def test_keras_defaults_of_other_layers():
    embedding = keras.layers.Embedding(1000, 50)
    embedding.build((None, 3))
    assert_uniform(embedding.embeddings, 0.05)
    lstm = keras.layers.LSTM(100)
    lstm.build((None, 5, 30))
    kernel, recurrent, bias = map(numpy, lstm.weights)
    assert_uniform(kernel, math.sqrt(6 / (30 + 400)))
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(100), atol=1e-5)
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 100))
    norm = keras.layers.LayerNormalization()
    norm.build((None, 6))
    np.testing.assert_array_equal(numpy(norm.gamma), np.ones(6))
    np.testing.assert_array_equal(numpy(norm.beta), np.zeros(6))


def test_one_object_of_keras_gives_equal_weights():
    shared = keras.initializers.HeNormal()
    first, second = (numpy(draw((8, 8))) for draw in (shared, shared))
    named, other = (numpy(keras.initializers.get("he_normal")((8, 8))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(named, other)
