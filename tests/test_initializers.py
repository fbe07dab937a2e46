"""Initializers: standard-error bands on a million draws, distributions, structure, options."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import initlab
from initlab import compute_fans, variance_scaling
from tests.cases import PROPERTY

pytestmark = pytest.mark.filterwarnings("error")

N = 10**6
# A million entries each, with fans that no formula may confuse.
DENSE = (500, 2000)
CONVOLUTION = (100, 400, 5, 5)
FANS = {
    DENSE: {"fan_in": 2000, "fan_out": 500, "fan_avg": 1250},
    CONVOLUTION: {"fan_in": 10000, "fan_out": 2500, "fan_avg": 6250},
}
SEEDS = (0, 1, 2)
RANDOM_SCHEMES = (
    *("normal", "uniform", "truncated_normal", "variance_scaling"),
    *("xavier_normal", "xavier_uniform", "he_normal", "he_uniform", "lecun_normal"),
    *("lecun_uniform", "orthogonal", "positive_unitball"),
)


def normal_of(variance):
    return stats.norm(0, math.sqrt(variance))


def uniform_of(variance):
    bound = math.sqrt(3 * variance)
    return stats.uniform(-bound, 2 * bound)


def truncated_of(variance):
    width = math.sqrt(variance) / stats.truncnorm(-2, 2).std()
    return stats.truncnorm(-2, 2, 0, width)


def with_variance(distribution, variance):
    makers = {"normal": normal_of, "uniform": uniform_of, "truncated_normal": truncated_of}
    return makers[distribution](variance)


def scheme_cases():
    """Yield (name, options, shape, the distribution that theory asks for)."""
    yield "normal", {}, DENSE, stats.norm(0, 1)
    yield "normal", {"mean": 0.3, "std": 2.5}, DENSE, stats.norm(0.3, 2.5)
    yield "uniform", {}, DENSE, stats.uniform(-1, 2)
    yield "uniform", {"low": 0, "high": 1}, CONVOLUTION, stats.uniform(0, 1)
    yield "uniform", {"low": -3, "high": 0.5}, DENSE, stats.uniform(-3, 3.5)
    yield "truncated_normal", {}, CONVOLUTION, stats.truncnorm(-2, 2)
    yield "truncated_normal", {"mean": 5, "std": 0.2}, DENSE, stats.truncnorm(-2, 2, 5, 0.2)
    for shape, fans in FANS.items():
        for mode in fans:
            for distribution in ("normal", "uniform", "truncated_normal"):
                options = {"scale": 3.0, "mode": mode, "distribution": distribution}
                theory = with_variance(distribution, 3 / fans[mode])
                yield "variance_scaling", options, shape, theory
        for kind in ("normal", "uniform"):
            average, fan_in, fan_out = fans["fan_avg"], fans["fan_in"], fans["fan_out"]
            variances = [
                (f"xavier_{kind}", {}, 1 / average),
                (f"xavier_{kind}", {"gain": 5 / 3}, 25 / 9 / average),
                (f"he_{kind}", {}, 2 / fan_in),
                (f"he_{kind}", {"mode": "fan_out"}, 2 / fan_out),
                (f"he_{kind}", {"mode": "fan_avg", "negative_slope": 0.5}, 1.6 / average),
                (f"lecun_{kind}", {}, 1 / fan_in),
            ]
            for name, options, variance in variances:
                yield name, options, shape, with_variance(kind, variance)
    yield "variance_scaling", {}, DENSE, normal_of(1 / 2000)


SCHEMES = [
    pytest.param(*case, id="-".join([case[0], *map(str, case[1].values()), f"{len(case[2])}d"]))
    for case in scheme_cases()
]


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((3, 7), (7, 3)),
        ([3, 7], (7, 3)),
        (np.array([3, 7]), (7, 3)),
        ((1, 1), (1, 1)),
        ((10, 4, 3), (12, 30)),
        ((16, 3, 5, 5), (75, 400)),
        ((8, 2, 3, 4, 5), (120, 480)),
    ],
)
def test_fans(shape, fans):
    assert compute_fans(shape) == fans
    assert all(type(fan) is int for fan in compute_fans(shape))


SHAPES = st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple)
FAN_MODES = st.sampled_from(["fan_in", "fan_out", "fan_avg"])


@PROPERTY
@given(SHAPES)
def test_fans_count_every_weight(shape):
    fan_in, fan_out = compute_fans(shape)
    assert fan_in * shape[0] == fan_out * shape[1] == math.prod(shape)


@PROPERTY
@given(SHAPES, st.sampled_from(RANDOM_SCHEMES), st.integers(0, 2**32))
def test_shape_dtype_and_determinism(shape, name, seed):
    initializer = getattr(initlab, name)
    W = initializer(np.random.default_rng(seed), shape)
    assert W.shape == shape
    assert W.dtype == np.float64
    assert np.isfinite(W).all()
    np.testing.assert_array_equal(W, initializer(np.random.default_rng(seed), list(shape)))


@PROPERTY
@given(
    SHAPES,
    FAN_MODES,
    st.sampled_from(["normal", "uniform", "truncated_normal"]),
    st.floats(1e-6, 1e6),
    st.integers(0, 1000),
)
def test_scale_and_fan_enter_as_a_square_root(shape, mode, distribution, scale, seed):
    def draw(**options):
        return variance_scaling(
            np.random.default_rng(seed), shape, distribution=distribution, **options
        )

    out_channels, in_channels, *kernel = shape
    fan = {
        "fan_in": in_channels * math.prod(kernel),
        "fan_out": out_channels * math.prod(kernel),
        "fan_avg": (in_channels + out_channels) * math.prod(kernel) / 2,
    }[mode]
    unit = draw(scale=in_channels * math.prod(kernel), mode="fan_in")
    np.testing.assert_allclose(
        draw(scale=scale, mode=mode), math.sqrt(scale / fan) * unit, rtol=1e-12
    )
    bound = {"normal": math.inf, "uniform": math.sqrt(3), "truncated_normal": 2 / 0.8796256610}
    assert np.abs(unit).max() <= bound[distribution] * (1 + 1e-10)


@PROPERTY
@given(SHAPES, st.integers(0, 1000), st.floats(0.01, 100), st.floats(-10, 10))
def test_named_schemes_are_specializations(shape, seed, gain, slope):
    def rng():
        return np.random.default_rng(seed)

    fan_in, fan_out = compute_fans(shape)
    standard = rng().standard_normal(shape)
    signed = 2 * rng().random(shape) - 1
    xavier = gain * math.sqrt(2 / (fan_in + fan_out))
    he = math.sqrt(2 / (1 + slope**2) / fan_out)
    named = [
        (initlab.xavier_normal(rng(), shape, gain=gain), xavier * standard),
        (initlab.xavier_uniform(rng(), shape, gain=gain), math.sqrt(3) * xavier * signed),
        (initlab.he_normal(rng(), shape, mode="fan_out", negative_slope=slope), he * standard),
        (
            initlab.he_uniform(rng(), shape, mode="fan_out", negative_slope=slope),
            math.sqrt(3) * he * signed,
        ),
        (initlab.he_normal(rng(), shape), math.sqrt(2 / fan_in) * standard),
        (initlab.lecun_normal(rng(), shape), math.sqrt(1 / fan_in) * standard),
        (initlab.lecun_uniform(rng(), shape), math.sqrt(3 / fan_in) * signed),
    ]
    for drawn, expected in named:
        np.testing.assert_allclose(drawn, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", RANDOM_SCHEMES)
def test_seeds_differ_and_the_generator_moves_on(name):
    initializer = getattr(initlab, name)
    rng = np.random.default_rng(0)
    first, second = initializer(rng, (4, 5)), initializer(rng, (4, 5))
    other = initializer(np.random.default_rng(1), (4, 5))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()  # noqa: NPY002
    rng = np.random.default_rng(0)
    for name in (*RANDOM_SCHEMES, "zeros", "constant", "nguyen_widrow"):
        getattr(initlab, name)(rng, (4, 5))
    initlab.bilinear(rng, (1, 1, 4, 4))
    after = np.random.get_state()  # noqa: NPY002
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_deterministic_schemes():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    np.testing.assert_array_equal(initlab.zeros(rng, (2, 3)), np.zeros((2, 3)), strict=True)
    np.testing.assert_array_equal(initlab.constant(rng, (2, 3)), np.zeros((2, 3)), strict=True)
    halves = initlab.constant(rng, (2, 3, 1), value=0.5)
    np.testing.assert_array_equal(halves, np.full((2, 3, 1), 0.5), strict=True)
    assert initlab.constant(rng, (2, 3), value=1).dtype == np.float64
    initlab.bilinear(rng, (2, 3, 4, 4))
    assert rng.bit_generator.state == before


def test_zero_scale_gives_zeros():
    rng = np.random.default_rng(0)
    for distribution in ("normal", "uniform", "truncated_normal"):
        assert not variance_scaling(rng, (4, 5), scale=0, distribution=distribution).any()
    assert not initlab.orthogonal(rng, (4, 5), gain=0).any()
    np.testing.assert_array_equal(initlab.uniform(rng, (2, 2), low=3, high=3), np.full((2, 2), 3.0))


@PROPERTY
@given(SHAPES, st.floats(0.01, 100), st.integers(0, 1000))
def test_orthogonal_rows_or_columns(shape, gain, seed):
    W = initlab.orthogonal(np.random.default_rng(seed), shape, gain=gain)
    assert W.shape == shape
    matrix = W.reshape(shape[0], -1) / gain
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(min(matrix.shape)), atol=1e-13)


def test_orthogonal_keeps_lengths_at_full_size():
    W = initlab.orthogonal(np.random.default_rng(0), (512, 512), gain=2.0)
    np.testing.assert_allclose(W.T @ W, 4 * np.eye(512), atol=1e-12)


def test_orthogonal_is_uniformly_distributed():
    """On the sphere in three dimensions every coordinate is U(-1, 1) (Archimedes)."""
    rng = np.random.default_rng(0)
    square = np.array([initlab.orthogonal(rng, (3, 3)) for _ in range(2000)])
    wide = np.array([initlab.orthogonal(rng, (2, 3)) for _ in range(2000)])
    for draws in (square, wide):
        for entry in draws.reshape(2000, -1).T:
            assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    rotations = (np.linalg.det(square) > 0).mean()
    assert abs(rotations - 0.5) < 5 * 0.5 / math.sqrt(2000)


@pytest.mark.parametrize("shape", [(500, 2000), (20, 30, 5, 5)])
def test_positive_unitball(shape):
    W = initlab.positive_unitball(np.random.default_rng(0), shape)
    rows = W.reshape(shape[0], -1)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-13)
    assert rows.min() >= 0
    below_largest = np.sort(rows / rows.max(axis=1, keepdims=True), axis=1)[:, :-1]
    assert stats.kstest(below_largest[:20].ravel(), stats.uniform(0, 1).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("size", "side"),
    [
        (1, [1]),
        (2, [0.5, 0.5]),
        (3, [0.5, 1, 0.5]),
        (4, [0.25, 0.75, 0.75, 0.25]),
        (5, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]),
        (6, [1 / 6, 3 / 6, 5 / 6, 5 / 6, 3 / 6, 1 / 6]),
        (8, [1 / 8, 3 / 8, 5 / 8, 7 / 8, 7 / 8, 5 / 8, 3 / 8, 1 / 8]),
    ],
)
def test_bilinear_kernel(size, side):
    W = initlab.bilinear(np.random.default_rng(0), (2, 3, size, size))
    assert W.shape == (2, 3, size, size)
    for kernel in W.reshape(6, size, size):
        np.testing.assert_allclose(kernel, np.outer(side, side), rtol=1e-14)
    W[0, 0, 0, 0] = 7
    assert W[1, 1, 0, 0] != 7


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5, 6])
def test_bilinear_kernel_keeps_a_constant_image(factor):
    """Every output pixel is reached by the kernel at one phase; the weights must sum to 1."""
    size = 2 * factor - factor % 2
    kernel = initlab.bilinear(np.random.default_rng(0), (1, 1, size, size))[0, 0]
    phases = [kernel[i::factor, j::factor].sum() for i in range(factor) for j in range(factor)]
    np.testing.assert_allclose(phases, 1, rtol=1e-14)


@pytest.mark.parametrize(
    ("shape", "beta"),
    [((10, 2), 0.7 * math.sqrt(10)), ((8, 3), 1.4), ((5, 1), 3.5), ((1, 4), 0.7)],
)
def test_nguyen_widrow_lengths_and_bounds(shape, beta):
    W, b = initlab.nguyen_widrow(np.random.default_rng(0), shape)
    assert (W.shape, b.shape) == (shape, (shape[0], 1))
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), beta, rtol=1e-14)
    assert np.abs(b).max() <= beta


def test_nguyen_widrow_directions_and_biases():
    """Rows come from a cube: beside its largest entry, the entries of a row are U(-1, 1)."""
    W, b = initlab.nguyen_widrow(np.random.default_rng(0), (50000, 2))
    beta = 0.7 * math.sqrt(50000)
    assert stats.kstest(b[:, 0], stats.uniform(-beta, 2 * beta).cdf).pvalue > 1e-3
    magnitudes = np.sort(np.abs(W), axis=1)
    ratios = magnitudes[:, 0] / magnitudes[:, 1]
    assert stats.kstest(ratios, stats.uniform(0, 1).cdf).pvalue > 1e-3
    assert abs((W > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(W.size)
    assert abs(np.corrcoef(W[:, 0], b[:, 0])[0, 1]) < 5 / math.sqrt(50000)


@pytest.mark.parametrize(("name", "options", "shape", "theory"), SCHEMES)
def test_moments_and_bounds_of_a_million_draws(name, options, shape, theory):
    """Five standard errors: sd / sqrt(n) of the mean, var sqrt((kurtosis - 1) / n) of the variance.

    For a normal distribution the second is the relative band 5 sqrt(2 / n). The extremes lie within
    the support and beyond the quantiles that all but e^-20 of such samples pass.
    """
    low, high = theory.support()
    slack = 0 if math.isinf(high) else 1e-12 * (high - low)
    mean, variance, excess = map(float, theory.stats("mvk"))
    for seed in SEEDS:
        W = getattr(initlab, name)(np.random.default_rng(seed), shape, **options)
        assert W.size == N
        assert abs(W.mean() - mean) < 5 * math.sqrt(variance / N)
        assert abs(W.var() / variance - 1) < 5 * math.sqrt((excess + 2) / N)
        assert low - slack <= W.min() < theory.ppf(20 / N)
        assert theory.ppf(1 - 20 / N) < W.max() <= high + slack


@pytest.mark.parametrize(("name", "options", "shape", "theory"), SCHEMES)
def test_distribution_function(name, options, shape, theory):
    W = getattr(initlab, name)(np.random.default_rng(3), shape, **options).ravel()[: N // 20]
    assert stats.kstest(W, theory.cdf).pvalue > 1e-3
