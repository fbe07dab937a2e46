"""The two data sets equal scikit-learn's arrays bit for bit."""

import numpy as np
import pytest

from initlab import circles, digits

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("seed", [0, 1, 3, 42, 2**32 - 1])
@pytest.mark.parametrize("noise", [0, 0.05, 0.3])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 100, 300, 301])
def test_circles_equal_scikit_learn(n_samples, noise, seed):
    from sklearn.datasets import make_circles  # slow to import, and every worker collects this file

    points, labels = make_circles(n_samples, noise=noise, random_state=seed)
    X, Y = circles(n_samples, noise, seed)
    np.testing.assert_array_equal(X, points.T, strict=True)
    np.testing.assert_array_equal(Y, labels[None], strict=True)
    assert X.flags.c_contiguous


def test_circles_without_noise_lie_on_two_radii():
    X, Y = circles(101, 0, 0)
    radius = np.hypot(*X)
    np.testing.assert_allclose(radius[Y[0] == 0], 1, rtol=1e-15)
    np.testing.assert_allclose(radius[Y[0] == 1], 0.8, rtol=1e-15)
    assert np.bincount(Y[0]).tolist() == [50, 51]
    assert np.abs(np.diff(Y[0])).sum() > 20


def test_circles_leave_the_global_random_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    circles(10, 0.1, 0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_digits_equal_scikit_learn():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    X, y = digits()
    np.testing.assert_array_equal(X, images.T / 16, strict=True)
    np.testing.assert_array_equal(y, labels, strict=True)
    assert X.flags.c_contiguous
    assert (X.min(), X.max()) == (0, 1)


def test_every_call_returns_arrays_of_its_own():
    X, labels = digits()
    X[:], labels[:] = 7, 7
    again, labels_again = digits()
    assert again.max() == 1
    assert labels_again[:4].tolist() == [0, 1, 2, 3]
