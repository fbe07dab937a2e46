"""A doctor for networks: one pass up, one pass down, a verdict and the number that helps."""

from typing import NamedTuple

import numpy as np

from initlab._checks import check_choice, check_features, check_real, check_rng
from initlab.activations import ACTIVATIONS
from initlab.gains import gaussian_mean, unit_variance_gain
from initlab.initializers import zeros
from initlab.network import MLP
from initlab.probes import layer_statistics
from initlab.reporting import aligned

# Drawn weights are never equal, so a tenth of a layer is no accident; it leaves room for a few
# pruned units.
SYMMETRIC_SHARE = 0.1
# Deep in a healthy ReLU net all inputs point in nearly one direction, and half of the units are off
# for all of them. Nine of ten is beyond that even in a layer of twenty units.
DEAD_SHARE = 0.9
# One learning rate serves all layers: where signal or gradient differ a hundredfold between the
# first and the last hidden layer, it is too large for one end or too small for the other. Chance
# alone moves He nets of 50 layers of 100 units by less than a factor 20.
TOTAL_CHANGE = 100.0
# In a shallow net the total stays below that, yet a factor of 10 in a layer is already ten times
# the scale at which the net was meant to work.
LARGEST_FACTOR = 10.0
# Preactivations of std 1 saturate 0.8 % of tanh units, those of std 5/3 (the largest gain in use)
# 11 %, those of std 3 already 38 %.
SATURATED_SHARE = 0.3
# Inputs differ by less than a hundredth of the signal; a He net of 50 layers keeps over a tenth.
COLLAPSED_SPREAD = 0.01
# Inputs of more than three times the RMS of standardized ones are worth rescaling.
LARGE_INPUT = 3.0
# One factor for all layers is advised when they agree this well; this close to 1, none is.
SAME_SCALE = 0.2

COLUMNS = ("forward_rms", "gradient_rms", "saturated", "dead", "spread_over_inputs")


class Growth(NamedTuple):
    """Factors per layer, geometric mean over the steps between hidden layers; nan without a step.

    Attributes
    ----------
    forward : from the RMS of a hidden layer's activations to that of the next one above.
    backward : from the RMS of the gradient on a hidden layer's preactivations to that of the next
        one below.
    """

    forward: float
    backward: float


class Report(NamedTuple):
    """What `diagnose` found; ``print(report)`` shows it as a page.

    Attributes
    ----------
    table : record array, one row per hidden layer, from the first to the last
        ``forward_rms`` of the activations; ``gradient_rms`` of dL/dZ; ``saturated``, the share of
        entries within 0.01 of a bound (nan without two bounds); ``dead``, the share of units that
        are 0 for every input; ``spread_over_inputs``, the RMS over units of the standard deviation
        over inputs, divided by ``forward_rms`` (nan for a single input).
    growth : Growth, as measured.
    predicted_growth : Growth of a wide net with independent weights of mean 0 and the variances of
        this one; nan where no formula is known.
    verdict : str, one sentence that begins with the verdict and ends with the others that apply.
    advice : str, what to do, with the number to use.
    """

    table: np.recarray
    growth: Growth
    predicted_growth: Growth
    verdict: str
    advice: str

    def __str__(self):
        """Return the table, the growth factors, the verdict and the advice as aligned text."""
        rows = [
            [layer, *("-" if np.isnan(value) else float(value) for value in row)]
            for layer, row in enumerate(self.table, 1)
        ]
        headers = ["layer", *(name.replace("_", " ") for name in COLUMNS)]
        growth = aligned(
            ["growth per layer", "measured", "predicted"],
            [
                [name, getattr(self.growth, name), getattr(self.predicted_growth, name)]
                for name in Growth._fields
            ],
            ".3g",
        )
        table = aligned(headers, rows, ".3g")
        return f"{table}\n\n{growth}\n\nverdict: {self.verdict}\nadvice: {self.advice}"


class _Exam(NamedTuple):
    mlp: MLP
    X: np.ndarray
    table: np.recarray
    growth: Growth


def diagnose(network, X, *, activation=None, biases=None, rng):
    """Send X up and a gradient of N(0, 1) on the logits down, and say what is wrong.

    The verdict is the first that applies of symmetric, dead, exploding, vanishing, saturated,
    collapsed, healthy. Each threshold is a constant of this module with its reason. Vanishing and
    exploding look at the factor per layer g = (last / first)^(1 / steps) over the steps between
    hidden layers: sick when g^steps passes 100 or 1/100, or g alone 10 or 1/10. BatchNorm uses the
    statistics of X. Nothing in the network changes.

    Parameters
    ----------
    network : MLP, or list of arrays (fan_out, fan_in)
        The weights of every layer in order, from any framework; the output layer is linear.
    X : array (n_0, m)
        One column per example, as the network will see them.
    activation : str, optional
        The activation of the hidden layers; needed for a list, an MLP has its own.
    biases : list of arrays (fan_out,) or (fan_out, 1), optional
        For a list of weights, zero by default.
    rng : numpy.random.Generator
        Draws the gradient.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        Weights or biases of the wrong shape, that do not chain, or are not finite, each with its
        layer; no hidden layer; an unknown or missing activation; replicas; X that does not fit.
    TypeError
        If ``rng`` is not a Generator.
    """
    check_rng(rng)
    mlp = _as_mlp(network, activation, biases, rng)
    X = _check_inputs(X, mlp)
    with np.errstate(all="ignore"):  # numbers that overflow are a finding, not an accident
        trace = mlp.forward(X)
        gradients = mlp.backward(trace, rng.standard_normal(trace.activations[-1].shape))
        table = _table(mlp, trace, gradients)
        growth = Growth(_mean_factor(table.forward_rms), _mean_factor(table.gradient_rms[::-1]))
        predicted = _predict_with_batch_norm(mlp, X) if mlp.batch_norm else _predict(mlp, X)
    exam = _Exam(mlp, X, table, growth)
    findings = {name: why for name, check in CHECKS.items() if (why := check(exam))}
    if not findings:
        return Report(table, growth, predicted, _healthy(exam), "Nothing to change.")
    (verdict, why), *others = findings.items()
    also = f"; also {', '.join(name for name, _ in others)}" if others else ""
    return Report(table, growth, predicted, f"{verdict}: {why}{also}.", ADVICE[verdict](exam))


# What is examined


def _as_mlp(network, activation, biases, rng):
    """Return the network as a float64 MLP of its own, every array checked."""
    if isinstance(network, MLP):
        _check_mlp(network, activation, biases)
        activation, weights, biases = network.activation, network.weights, network.biases
    else:
        weights = _check_list(network)
        if activation is None:
            raise ValueError(
                f"activation must be one of {', '.join(ACTIVATIONS)} for a list of weights, "
                "got None"
            )
    check_choice("activation", activation, ACTIVATIONS)
    weights = _check_weights(weights)
    sizes = [weights[0].shape[1], *(W.shape[0] for W in weights)]
    normalized = isinstance(network, MLP) and network.batch_norm
    mlp = MLP(sizes, activation=activation, initializer=zeros, rng=rng, batch_norm=normalized)
    mlp.weights = weights
    if biases is not None:
        mlp.biases = _check_columns("biases", biases, sizes[1:])
    if normalized:
        mlp.epsilon = network.epsilon
        mlp.scales = _check_columns("scales", network.scales, sizes[1:-1])
        mlp.shifts = _check_columns("shifts", network.shifts, sizes[1:-1])
    return mlp


def _check_mlp(mlp, activation, biases):
    if mlp.replicas is not None:
        raise ValueError(
            f"network must have no replicas, got replicas={mlp.replicas}; "
            "diagnose one of them: take its weights as a list"
        )
    if activation not in (None, mlp.activation):
        raise ValueError(f"activation must be {mlp.activation}, the MLP's own, got {activation!r}")
    if biases is not None:
        raise ValueError("biases must be left out for an MLP, which has its own, got a list")


def _check_list(network):
    if not isinstance(network, list | tuple):
        raise ValueError(
            "network must be an MLP or a list of weight arrays (fan_out, fan_in), "
            f"got {type(network).__name__}"
        )
    return network


def _check_weights(weights):
    """Return finite float64 arrays that chain; messages count layers from 1."""
    if len(weights) < 2:
        raise ValueError(
            f"network must have a hidden layer, so at least two weight arrays, got {len(weights)}"
        )
    checked = []
    for layer, W in enumerate(weights, 1):
        W = check_real(f"weights of layer {layer}", W).astype(np.float64)
        if W.ndim != 2:
            raise ValueError(
                f"weights of layer {layer} must have shape (fan_out, fan_in), got {W.shape}"
            )
        if checked and W.shape[1] != checked[-1].shape[0]:
            raise ValueError(
                f"weights of layer {layer} must have shape (fan_out, {checked[-1].shape[0]}), "
                f"since layer {layer - 1} has that many units, got {W.shape}; "
                "transpose arrays that are stored as (fan_in, fan_out)"
            )
        checked.append(W)
    return checked


def _check_columns(name, arrays, sizes):
    """Return one finite column (n, 1) per layer."""
    if len(arrays) != len(sizes):
        raise ValueError(f"{name} must hold {len(sizes)} arrays, one per layer, got {len(arrays)}")
    columns = []
    for layer, (b, n) in enumerate(zip(arrays, sizes, strict=True), 1):
        b = check_real(f"{name} of layer {layer}", b).astype(np.float64)
        if b.shape not in ((n,), (n, 1)):
            raise ValueError(
                f"{name} of layer {layer} must have shape ({n},) or ({n}, 1), got {b.shape}"
            )
        columns.append(b.reshape(n, 1))
    return columns


def _check_inputs(X, mlp):
    X = check_features(X, mlp.layer_sizes[0])
    if not X.any():
        raise ValueError(f"X must hold something other than zeros, got shape {X.shape} of zeros")
    if mlp.batch_norm and X.shape[1] < 2:
        raise ValueError("X must hold at least 2 examples for a network with batch_norm, got 1")
    return X.astype(np.float64)


# What is measured and predicted


def _table(mlp, trace, gradients):
    forward = [_layer_row(A, mlp.activation) for A in trace.activations[1:-1]]
    rms, saturated, dead, spread = (np.array(column) for column in zip(*forward, strict=True))
    backward = np.array([_layer_row(dZ)[0] for dZ in gradients.preactivations[:-1]])
    if trace.activations[0].shape[1] == 1:
        spread[:] = np.nan
    return np.rec.fromarrays([rms, backward, saturated, dead, spread / rms], names=list(COLUMNS))


def _layer_row(A, activation=None):
    """Return RMS, saturated, dead and the spread over inputs; inf and nan after an overflow."""
    if not np.isfinite((A**2).sum()):
        return np.inf, np.nan, np.nan, np.nan
    found = layer_statistics([A], activation)
    return found.rms[0], found.saturated[0], found.dead[0], found.std_over_inputs[0]


def _mean_factor(rms):
    """Return the geometric mean of the ratios of neighbors, nan without one or from a zero."""
    if len(rms) < 2 or rms[0] == 0:
        return np.nan
    return float((rms[-1] / rms[0]) ** (1 / (len(rms) - 1)))


def _moments(name, q):
    """Return E[f(z)^2] and E[f'(z)^2] for z ~ N(0, q)."""
    f, derivative = ACTIVATIONS[name]
    std = np.sqrt(q)
    return (
        gaussian_mean(lambda z: f(std * z) ** 2),
        gaussian_mean(lambda z: derivative(std * z) ** 2),
    )


def _predict(mlp, X):
    """Return the growth in the limit of wide layers (Poole et al. 2016, Schoenholz et al. 2017).

    With q_l = fan_in Var(W_l) E[f^2]_(l-1) + mean(b_l^2) the signal has mean square E[f^2] at q_l,
    and the mean square of the gradient is multiplied by fan_out Var(W_(l+1)) E[f'^2] at q_l.
    """
    square, squares, slopes = np.mean(X**2), [], []
    for W, b in zip(mlp.weights[:-1], mlp.biases[:-1], strict=True):
        q = W.shape[1] * W.var() * square + np.mean(b**2)
        square, slope = _moments(mlp.activation, q)
        squares.append(square)
        slopes.append(slope)
    factors = [W.shape[0] * W.var() for W in mlp.weights[1:-1]]
    return Growth(
        _mean_factor(np.sqrt(squares)), _mean_root(np.multiply(factors, slopes[: len(factors)]))
    )


def _predict_with_batch_norm(mlp, X):
    """Return the growth for wide layers and large batches, nan once scales or shifts have moved.

    The signal stays. The mean square of the gradient is multiplied by E[f'^2] fan_out Var(W_(l+1))
    / (fan_in Var(W_l) v_(l-1)), where v is the variance over inputs of what enters layer l: Var(f)
    behind a hidden layer, measured for X.
    """
    steps = len(mlp.weights) - 2
    moved = any((s != 1).any() for s in mlp.scales) or any((s != 0).any() for s in mlp.shifts)
    if moved or steps == 0:
        return Growth(np.nan, np.nan)
    f, _ = ACTIVATIONS[mlp.activation]
    square, slope = _moments(mlp.activation, 1.0)
    entering = [X.var(axis=1).mean()] + [square - gaussian_mean(f) ** 2] * (steps - 1)
    factors = [
        slope * above.shape[0] * above.var() / (below.shape[1] * below.var() * v)
        for below, above, v in zip(mlp.weights[:-2], mlp.weights[1:-1], entering, strict=True)
    ]
    return Growth(1.0, _mean_root(factors))


def _mean_root(factors):
    """Return the geometric mean of the square roots, nan without factors."""
    return float(np.exp(np.mean(np.log(factors)) / 2)) if len(factors) else np.nan


# What is judged: each check returns why the verdict applies, or None


def _symmetric(exam):
    for layer, share in enumerate(_twins(exam.mlp), 1):
        if share >= SYMMETRIC_SHARE:
            return (
                f"{share:.0%} of the units of hidden layer {layer} have exactly the incoming "
                "weights and bias of another unit, so they compute the same"
            )
    return None


def _twins(mlp):
    """Return per hidden layer the share of units that equal another unit of the layer."""
    columns = [mlp.weights[:-1], mlp.biases[:-1]]
    columns += [mlp.scales, mlp.shifts] if mlp.batch_norm else []
    shares = []
    for parameters in zip(*columns, strict=True):
        _, counts = np.unique(np.hstack(parameters), axis=0, return_counts=True)
        shares.append(counts[counts > 1].sum() / counts.sum())
    return shares


def _dead_layers(exam):
    """Return where too many units are 0 for every input although something comes in."""
    entering = np.append(np.sqrt(np.mean(exam.X**2)), exam.table.forward_rms[:-1])
    return (exam.table.dead >= DEAD_SHARE) & (entering > 0)


def _dead(exam):
    dead = _dead_layers(exam)
    if not dead.any():
        return None
    layer = np.argmax(dead)
    share = exam.table.dead[layer]
    return f"{share:.0%} of the units of hidden layer {layer + 1} are 0 for every input"


def _limit(steps):
    """Return the largest factor per layer that is still healthy over this many steps."""
    return min(LARGEST_FACTOR, TOTAL_CHANGE ** (1 / max(steps, 1)))


def _out_of_range(exam, is_sick):
    """Return one clause about signal and gradient, whichever changes too much, or None."""
    steps = len(exam.table) - 1
    parts = [
        f"the {what} is multiplied by {factor:.3g} per layer"
        for what, factor in zip(("signal", "gradient"), exam.growth, strict=True)
        if is_sick(factor, _limit(steps))
    ]
    return f"{' and '.join(parts)}, over {steps} step{'s' * (steps > 1)}" if parts else None


def _exploding(exam):
    for what, rms in (("signal", exam.table.forward_rms), ("gradient", exam.table.gradient_rms)):
        if np.isinf(rms).any():
            return f"the {what} overflows in {np.isinf(rms).sum()} of {len(rms)} hidden layers"
    return _out_of_range(exam, lambda factor, limit: factor > limit)


def _vanishing(exam):
    if np.isinf(exam.table.forward_rms).any():  # after an overflow the slopes mean nothing
        return None
    if exam.table.gradient_rms[0] == 0 and exam.mlp.weights[-1].any():
        return "no gradient at all reaches hidden layer 1"
    return _out_of_range(exam, lambda factor, limit: factor < 1 / limit)


def _saturated(exam):
    saturated = exam.table.saturated >= SATURATED_SHARE
    if not saturated.any():
        return None
    layer = np.argmax(saturated)
    share = exam.table.saturated[layer]
    return f"{share:.0%} of the activations of hidden layer {layer + 1} are within 0.01 of a bound"


def _collapsed(exam):
    collapsed = exam.table.spread_over_inputs < COLLAPSED_SPREAD
    if not collapsed.any():
        return None
    layer = np.argmax(collapsed)
    return (
        f"in hidden layer {layer + 1} the activations differ between inputs by only "
        f"{exam.table.spread_over_inputs[layer]:.2g} of their RMS"
    )


def _healthy(exam):
    if len(exam.table) == 1:
        return "healthy: one hidden layer, in which every check passes."
    text = "healthy: the signal changes by a factor {:.3g} per layer, the gradient by {:.3g}."
    if not exam.mlp.weights[-1].any():
        text = "healthy: the signal changes by a factor {:.3g} per layer; output weights of 0 stop "
        text += "the gradient for one step, so it is not judged."
    return text.format(*exam.growth)


CHECKS = {
    "symmetric": _symmetric,
    "dead": _dead,
    "exploding": _exploding,
    "vanishing": _vanishing,
    "saturated": _saturated,
    "collapsed": _collapsed,
}

# What is advised


def _gain(name):
    """Return the gain to draw weights with, or None where no gain serves a deep net.

    tanh, identity and selu want 1, where the gradient is kept near zero; the others the gain that
    keeps the mean square, sqrt(2) for relu. Sigmoid and softplus have no such gain: outputs that
    are all positive carry little of the input, and their slopes stay below 1.
    """
    if name in ("sigmoid", "softplus"):
        return None
    return 1.0 if name in ("tanh", "identity", "selu") else unit_variance_gain(name)


def _draw(mlp):
    """Return the advice to draw the hidden weights anew, with the standard deviations."""
    gain, name = _gain(mlp.activation), mlp.activation
    start = "" if gain is not None else f"replace {name} by tanh, then "
    gain = 1.0 if gain is None else gain
    formulas = {"1": "sqrt(1/fan_in)", "1.414": "sqrt(2/fan_in)"}
    formula = formulas.get(f"{gain:.4g}", f"{gain:.3g}/sqrt(fan_in)")
    fans = sorted({W.shape[1] for W in mlp.weights[:-1]})
    values = [f"{gain / np.sqrt(n):.3g}" for n in fans]
    if len(fans) == 1:
        numbers = f" = {values[0]}"
    elif len(fans) <= 3:
        listed = [f"{v} for fan_in {n}" for v, n in zip(values, fans, strict=True)]
        numbers = f" ({', '.join(listed)})"
    else:
        numbers = f" ({values[-1]} to {values[0]})"
    return f"{start}draw the weights of each hidden layer with mean 0 and std {formula}{numbers}"


def _factor(mlp):
    """Return the one factor that gives all hidden weights the right scale, or None."""
    gain = _gain(mlp.activation)
    hidden = mlp.weights[:-1]
    if gain is None or any(abs(W.mean()) * np.sqrt(W.shape[1]) > W.std() for W in hidden):
        return None
    factors = np.array([gain / np.sqrt(W.shape[1]) / W.std() for W in hidden])
    return factors.mean() if np.ptp(factors) <= SAME_SCALE * factors.mean() else None


def _sentence(text):
    return f"{text[0].upper()}{text[1:]}."


def _advise_scale(exam):
    """Return what to do about a signal or gradient that grows or shrinks, or about saturation."""
    rms, factor = np.sqrt(np.mean(exam.X**2)), _factor(exam.mlp)
    if rms > LARGE_INPUT and exam.table.saturated[0] >= SATURATED_SHARE:
        return f"Standardize the inputs: their RMS is {rms:.3g}, so divide them by that first."
    if exam.mlp.batch_norm:
        return f"BatchNorm cancels the scale of the weights, so {_shorten(exam)}."
    if factor is None:
        return _sentence(_draw(exam.mlp))
    if abs(factor - 1) <= SAME_SCALE:
        return f"The weights have the right scale already, so widen the layers, {_shorten(exam)}."
    draw = _draw(exam.mlp).replace("the weights of each hidden layer", "them")
    return f"Multiply the weights of each hidden layer by {factor:.3g}, or {draw}."


def _shorten(exam):
    """Return the advice to skip layers, with the depth at which the measured factor is bearable."""
    worst = max(abs(np.log(g)) for g in exam.growth if np.isfinite(g) and g > 0)
    depth = 1 + int(np.log(TOTAL_CHANGE) / worst)
    return f"add residual connections, or use at most {depth} hidden layers"


def _advise_symmetric(exam):
    return f"{_sentence(_draw(exam.mlp))} Biases may stay 0."


def _advise_dead(exam):
    layer = np.argmax(_dead_layers(exam))
    bias = exam.mlp.biases[layer].mean()
    start = f"set its biases, which have mean {bias:.3g}, to 0 and " if bias else ""
    return (
        f"{_sentence(start + _draw(exam.mlp))} "
        "If it happened in training, lower the learning rate tenfold."
    )


def _advise_collapsed(exam):
    X = exam.X
    if np.sqrt(X.var(axis=1).mean()) < COLLAPSED_SPREAD * np.sqrt(np.mean(X**2)):
        return f"Subtract from every input the mean of its feature (on average {X.mean():.3g})."
    if any(b.any() for b in exam.mlp.biases[:-1]):
        return f"Set the biases to 0 and {_draw(exam.mlp)}."
    return f"Add BatchNorm or residual connections, and {_draw(exam.mlp)}."


ADVICE = {
    "symmetric": _advise_symmetric,
    "dead": _advise_dead,
    "exploding": _advise_scale,
    "vanishing": _advise_scale,
    "saturated": _advise_scale,
    "collapsed": _advise_collapsed,
}
