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
# One factor for all layers is advised when they agree this well; a weaker correction can still be
# worth making, if over all layers it comes to WORTH_CORRECTING, half of the way to TOTAL_CHANGE.
SAME_SCALE = 0.2
WORTH_CORRECTING = 10.0
# Six standard errors: how far apart the measured scales of layers may lie that were drawn alike.
SAMPLING = 6.0
# Biases that make up half of the mean square of the preactivations decide what a layer does.
LARGE_BIASES = 0.5
# BatchNorm on 8 examples lets gradients grow by a tenth more per layer than on many, on 2 it passes
# none.
SMALL_BATCH = 8
# Variances below ten times epsilon leave BatchNorm at less than ten elevenths.
NEAR_EPSILON = 10.0

RESET = "Set the scales of BatchNorm to 1 and its shifts to 0 in every hidden layer."
_TINY = np.finfo(float).tiny
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
    variances: np.ndarray  # over inputs, of every hidden layer's preactivations, mean over units
    bias_shares: np.ndarray  # of the mean square of every hidden layer's preactivations


def diagnose(network, X, *, activation=None, biases=None, rng):
    """Send X up and a gradient of N(0, 1) on the logits down, and say what is wrong.

    The verdict is the first that applies of symmetric, dead, exploding, vanishing, saturated,
    collapsed, healthy. Each threshold is a constant of this module with its reason. Vanishing and
    exploding look at the factor per layer g = (last / first)^(1 / steps) over the steps between
    hidden layers: sick when g^steps passes 100 or 1/100, or g alone 10 or 1/10. What comes from
    different widths alone does not count: the factor of the length, RMS times sqrt(units), has to
    pass too. BatchNorm uses the statistics of X; behind it the gradient is judged times the
    standard deviation that BatchNorm divides by, which does not depend on the scale of weights and
    inputs. Nothing in the network changes.

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
        hidden = trace.preactivations[:-1]
        variances = np.array([Z.var(axis=1).mean() for Z in hidden])
        pairs = zip(mlp.biases[:-1], hidden, strict=True)
        bias_shares = np.array([np.mean(b**2) / max(np.mean(Z**2), _TINY) for b, Z in pairs])
    exam = _Exam(mlp, X, table, growth, variances, bias_shares)
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
    if not isinstance(arrays, list | tuple):
        raise ValueError(
            f"{name} must be a list of arrays, one per layer, got {type(arrays).__name__}"
        )
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


def _moments(name, variance, mean=0.0):
    """Return E[f(z)^2] and E[f'(z)^2] for z ~ N(mean, variance)."""
    f, derivative = ACTIVATIONS[name]
    std = np.sqrt(variance)
    return (
        gaussian_mean(lambda z: f(mean + std * z) ** 2),
        gaussian_mean(lambda z: derivative(mean + std * z) ** 2),
    )


def _predict(mlp, X):
    """Return the growth in the limit of wide layers (Poole et al. 2016, Schoenholz et al. 2017).

    With z_l ~ N(mean(b_l), fan_in Var(W_l) E[f^2]_(l-1) + Var(b_l)) the signal has mean square
    E[f(z_l)^2], and the mean square of the gradient is multiplied by fan_out Var(W_(l+1))
    E[f'(z_l)^2].
    """
    square, squares, slopes = np.mean(X**2), [], []
    for W, b in zip(mlp.weights[:-1], mlp.biases[:-1], strict=True):
        variance = W.shape[1] * W.var() * square + b.var()
        square, slope = _moments(mlp.activation, variance, b.mean())
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
    if _norm_has_moved(mlp) or steps == 0:
        return Growth(np.nan, np.nan)
    f, _ = ACTIVATIONS[mlp.activation]
    square, slope = _moments(mlp.activation, 1.0)
    entering = [X.var(axis=1).mean()] + [square - gaussian_mean(f) ** 2] * (steps - 1)
    factors = [
        slope * above.shape[0] * above.var() / (below.shape[1] * below.var() * v)
        for below, above, v in zip(mlp.weights[:-2], mlp.weights[1:-1], entering, strict=True)
    ]
    return Growth(1.0, _mean_root(factors))


def _norm_has_moved(mlp):
    return any((s != 1).any() for s in mlp.scales) or any((s != 0).any() for s in mlp.shifts)


def _mean_root(factors):
    """Return the geometric mean of the square roots, nan without factors."""
    return float(np.exp(np.mean(np.log(factors)) / 2)) if len(factors) else np.nan


# What is judged: each check returns why the verdict applies, or None


def _symmetric(exam):
    for layer, share in enumerate(_twins(exam.mlp), 1):
        if share >= SYMMETRIC_SHARE:
            return (
                f"{share:.0%} of the units of hidden layer {layer} have exactly the incoming "
                "weights of another unit, so they see the same"
            )
    return None


def _twins(mlp):
    """Return per hidden layer the share of units with the incoming weights of another one.

    Biases tell units apart where there is one input only, scales and shifts behind BatchNorm.
    Units without any incoming weight are pruned, unless the whole layer has none.
    """
    shares = []
    for layer, W in enumerate(mlp.weights[:-1]):
        columns = [W]
        if mlp.batch_norm:
            columns += [mlp.scales[layer], mlp.shifts[layer]]
        elif W.shape[1] == 1:
            columns.append(mlp.biases[layer])
        units = np.hstack(columns)[W.any(axis=1) | (not W.any())]
        _, counts = np.unique(units, axis=0, return_counts=True)
        shares.append(counts[counts > 1].sum() / len(W))
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


def _judged(exam):
    """Return what is judged: the factor of the RMS, and that of the length, by name."""
    signal, gradient = exam.growth
    name = "gradient"
    if exam.mlp.batch_norm:
        gradient *= _mean_factor(np.sqrt(exam.variances[::-1]))
        name = "gradient, times the std that BatchNorm divides by,"
    widths = _mean_factor(np.sqrt([W.shape[0] for W in exam.mlp.weights[:-1]]))
    return {"signal": (signal, signal * widths), name: (gradient, gradient / widths)}


def _out_of_range(exam, is_sick):
    """Return one clause about signal and gradient, whichever changes too much, or None."""
    steps = len(exam.table) - 1
    parts = [
        f"the {what} is multiplied by {factors[0]:.3g} per layer"
        for what, factors in _judged(exam).items()
        if all(is_sick(factor, _limit(steps)) for factor in factors)
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


def _target(mlp):
    """Return the activation to use and the gain to draw its weights with.

    tanh, identity and selu want gain 1, where the gradient is kept near zero; the others the gain
    that keeps the mean square, sqrt(2) for relu. Sigmoid and softplus have no such gain: outputs
    that are all positive carry little of the input, and their slopes stay below 1. For gelu and
    silu the mean square is no stable fixed point (chapter 4): where depth would multiply a small
    error in it by TOTAL_CHANGE, relu, for which every mean square is fixed, takes their place.
    """
    name = mlp.activation
    if name in ("sigmoid", "softplus"):
        return "tanh", 1.0
    gain = 1.0 if name in ("tanh", "identity", "selu") else unit_variance_gain(name)
    f, derivative = ACTIVATIONS[name]
    slope = gain**2 * gaussian_mean(lambda z: z * f(z) * derivative(z))
    if slope ** (len(mlp.weights) - 2) > TOTAL_CHANGE:
        return "relu", unit_variance_gain("relu")
    return name, gain


def _draw(mlp):
    """Return the advice to draw the hidden weights anew, with the standard deviations."""
    name, gain = _target(mlp)
    start = "" if name == mlp.activation else f"replace {mlp.activation} by {name}, then "
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
    name, gain = _target(mlp)
    hidden = mlp.weights[:-1]
    error = SAMPLING / np.sqrt([W.size for W in hidden])
    off = [abs(W.mean()) / W.std() if W.any() else np.inf for W in hidden]
    allowed = np.maximum(error, [W.shape[1] ** -0.5 for W in hidden])
    if name != mlp.activation or (np.array(off) > allowed).any():
        return None
    factors = np.array([gain / np.sqrt(W.shape[1]) / W.std() for W in hidden])
    apart = SAME_SCALE + error.max() / np.sqrt(2)
    return factors.mean() if np.ptp(factors) <= apart * factors.mean() else None


def _has_right_scale(exam):
    """Tell whether the weights have one scale and correcting it would change little."""
    factor = _factor(exam.mlp)
    if factor is None or abs(factor - 1) > SAME_SCALE:
        return False
    return abs(np.log(factor)) * (len(exam.table) - 1) <= np.log(WORTH_CORRECTING)


def _sentence(text):
    return f"{text[0].upper()}{text[1:]}."


def _advise_scale(exam):
    """Return what to do about a signal or gradient that grows or shrinks."""
    mlp, rms = exam.mlp, np.sqrt(np.mean(exam.X**2))
    if mlp.batch_norm:
        return _advise_norm(exam)
    if rms > LARGE_INPUT and exam.table.saturated[0] >= SATURATED_SHARE:
        return _standardize(rms)
    if _has_right_scale(exam):
        if exam.bias_shares.max() >= LARGE_BIASES:
            return "The weights have the right scale already, so set the biases to 0."
        return f"The weights have the right scale already, so widen the layers, {_shorten(exam)}."
    factor, advice = _factor(mlp), _sentence(_draw(mlp))
    if factor is not None:
        draw = _draw(mlp).replace("the weights of each hidden layer", "them")
        advice = f"Multiply the weights of each hidden layer by {factor:.3g}, or {draw}."
    return advice + (" Set the biases to 0." if any(b.any() for b in mlp.biases[:-1]) else "")


def _advise_norm(exam):
    examples = exam.X.shape[1]
    if examples < SMALL_BATCH:
        return (
            f"BatchNorm has {examples} examples only: use larger batches, or a normalization "
            "that does not look at the batch."
        )
    if exam.variances.min() < NEAR_EPSILON * exam.mlp.epsilon:
        return _sentence(f"standardize the inputs and {_draw(exam.mlp)}")
    return f"BatchNorm cancels the scale of the weights, so {_shorten(exam)}."


def _standardize(rms):
    return f"Standardize the inputs: their RMS is {rms:.3g}, so divide them by that first."


def _shorten(exam):
    """Return the advice to skip layers, with the depth at which the judged factor is bearable."""
    with np.errstate(divide="ignore"):
        sizes = [abs(np.log(g)) for g, _ in _judged(exam).values() if not np.isnan(g)]
    worst = max(sizes, default=0) or np.inf
    # the last step that would still pass is left to chance
    depth = 1 if worst > np.log(LARGEST_FACTOR) else int(np.log(TOTAL_CHANGE) / worst)
    layers = f"at most {depth} hidden layers" if depth > 1 else "a single hidden layer"
    return f"add residual connections, or use {layers}"


def _advise_saturated(exam):
    if exam.mlp.batch_norm:
        return RESET
    first = exam.table.saturated[0] >= SATURATED_SHARE
    if _has_right_scale(exam) and first and exam.bias_shares[0] < LARGE_BIASES:
        return _standardize(np.sqrt(np.mean(exam.X**2)))
    return _advise_scale(exam)


def _advise_symmetric(exam):
    return f"{_sentence(_draw(exam.mlp))} Biases may stay 0."


def _advise_dead(exam):
    layer = np.argmax(_dead_layers(exam))
    bias = exam.mlp.biases[layer].mean()
    start = f"set its biases, which have mean {bias:.3g}, to 0 and " if bias else ""
    cure = _sentence(start + _draw(exam.mlp))
    if exam.mlp.batch_norm and _norm_has_moved(exam.mlp):
        cure = RESET
    return f"{cure} If it happened in training, lower the learning rate tenfold."


def _advise_collapsed(exam):
    X = exam.X
    if (X[:, :1] == X).all():
        return "Give it inputs that differ: all examples are the same."
    if np.sqrt(X.var(axis=1).mean()) < COLLAPSED_SPREAD * np.sqrt(np.mean(X**2)):
        return f"Subtract from every input the mean of its feature (on average {X.mean():.3g})."
    if exam.mlp.batch_norm:
        return RESET if _norm_has_moved(exam.mlp) else _advise_norm(exam)
    if any(b.any() for b in exam.mlp.biases[:-1]):
        return f"Set the biases to 0 and {_draw(exam.mlp)}."
    return f"Add BatchNorm or residual connections, and {_draw(exam.mlp)}."


ADVICE = {
    "symmetric": _advise_symmetric,
    "dead": _advise_dead,
    "exploding": _advise_scale,
    "vanishing": _advise_scale,
    "saturated": _advise_saturated,
    "collapsed": _advise_collapsed,
}
