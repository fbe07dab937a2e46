"""What each page promises of its blocks of code: one check of the block's names per block."""

import math

import pytest
import torch

import initlab as il
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


def diagnoses(*expected):
    """Return the check that ``reports``, or the one ``report``, end in these verdicts."""

    def check(names):
        reports = names["reports"] if "reports" in names else [names["report"]]
        assert [report.verdict.partition(":")[0] for report in reports] == list(expected)

    return check


# Page: the checks in the order of its blocks. A new block needs one here.
PROMISES = {
    "02_random_initialization": [has_he(LINEAR)],
    "03_xavier_initialization": [has_std(math.sqrt(2 / (400 + 300)))],
    "04_he_initialization": [has_he(LINEAR, CONVOLUTION)],
    "diagnosing": [diagnoses("vanishing", "healthy"), diagnoses("healthy")],
}
