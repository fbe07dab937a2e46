"""Break the helper package on purpose, one change at a time: the unit tests must notice every one.

``make mutants`` runs all, ``python -m tests.mutants bilinear`` those with this text in their file
or description. Each mutant is a copy of the package with one passage replaced, and it is caught
when a test of the file it is in fails. The exit status is 1 when one survives.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "notebooks" / "initlab"
# What these tests do without takes longer to import than most of them run.
LEFT_OUT = ["-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:xdist", "--noconftest"]
PYTEST = ["-m", "pytest", "-x", "-q", *LEFT_OUT]
TIMEOUT = 600  # seconds, ample for all tests in a row on a busy machine
RUNS_AT_ONCE = 2
TESTS = {
    "_checks.py": ["test_bad_input.py"],
    "activations.py": ["test_activations.py"],
    "batch_norm.py": ["test_network.py", "test_gradients.py"],
    "datasets.py": ["test_datasets.py"],
    "diagnosis.py": ["test_diagnosis.py"],
    "gains.py": ["test_gains.py"],
    "initializers.py": ["test_initializers.py"],
    "losses.py": ["test_losses.py"],
    "network.py": ["test_network.py", "test_gradients.py"],
    "probes.py": ["test_probes.py"],
    "reporting.py": ["test_reporting.py"],
    "training.py": ["test_training.py"],
}


class Mutant(NamedTuple):
    """One change: in ``file`` the text ``old``, which occurs exactly once, becomes ``new``."""

    what: str
    file: str
    old: str
    new: str


class Outcome(NamedTuple):
    """How a run of the tests ended: pytest's exit status, the first failure, the time."""

    status: int
    first_failure: str
    seconds: float
    output: str


UPDATE = "        _update(mlp, *next(batches), loss_gradient, learning_rate)\n"
RECORD = """\
        if step % record_every == 0 or step == steps:
            losses[step] = loss_value(mlp._forward(X, training=True).activations[-1], Y)
"""
MUTANTS = [
    # Activations
    Mutant("leaky slope 0.02", "activations.py", "LEAKY_SLOPE = 0.01", "LEAKY_SLOPE = 0.02"),
    Mutant("relu's kink", "activations.py", "(z > 0).astype", "(z >= 0).astype"),
    Mutant(
        "leaky_relu's kink",
        "activations.py",
        "np.where(z > 0, 1, negative_slope)",
        "np.where(z >= 0, 1, negative_slope)",
    ),
    Mutant(
        "sigmoid overflows",
        "activations.py",
        "np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))",
        "1 / (1 + np.exp(-z))",
    ),
    Mutant(
        "softplus overflows", "activations.py", "log1p(np.exp(-np.abs(z)))", "log1p(np.exp(-z))"
    ),
    Mutant("silu's slope", "activations.py", "(1 + z * (1 - a))", "(1 + z * a)"),
    Mutant("gelu's cubic term", "activations.py", "GELU_CUBIC = 0.044715", "GELU_CUBIC = 0.0447"),
    Mutant("gelu's slope", "activations.py", "(1 + 3 * GELU_CUBIC", "(1 + 2 * GELU_CUBIC"),
    Mutant("selu's alpha", "activations.py", "1.6732632423543772", "1.6733"),
    # Gains
    Mutant("gain of tanh", "gains.py", '"tanh": 5 / 3', '"tanh": 5 / 4'),
    Mutant("gain of relu", "gains.py", '"relu": math.sqrt(2)', '"relu": 2.0'),
    Mutant("leaky gain, slope not squared", "gains.py", "(1 + slope**2))", "(1 + slope))"),
    Mutant(
        "missing square root in the computed gain",
        "gains.py",
        "return 1 / math.sqrt(gaussian_mean(lambda z: f(z) ** 2))",
        "return 1 / gaussian_mean(lambda z: f(z) ** 2)",
    ),
    Mutant(
        "half of the axis left out",
        "gains.py",
        "(function(z) + function(-z))",
        "(function(z) + function(z))",
    ),
    # Initializers
    Mutant(
        "fans swapped",
        "initializers.py",
        "return in_channels * positions, out_channels * positions",
        "return out_channels * positions, in_channels * positions",
    ),
    Mutant("kernel left out of the fans", "initializers.py", "math.prod(kernel)", "1"),
    Mutant(
        "sum of the fans, not their average",
        "initializers.py",
        '"fan_avg": (fan_in + fan_out) / 2}',
        '"fan_avg": fan_in + fan_out}',
    ),
    Mutant(
        "missing square root in variance_scaling",
        "initializers.py",
        'math.sqrt(check_number("scale", scale, minimum=0) / _fan(shape, mode))',
        'check_number("scale", scale, minimum=0) / _fan(shape, mode)',
    ),
    Mutant(
        "uniform bound without sqrt 3",
        "initializers.py",
        "low=-math.sqrt(3) * std, high=math.sqrt(3) * std",
        "low=-std, high=std",
    ),
    Mutant("truncated correction missing", "initializers.py", "std / TRUNCATED_STD", "std"),
    Mutant(
        "truncated at 2.5",
        "initializers.py",
        "outside = np.abs(draws) > 2\n    while",
        "outside = np.abs(draws) > 2.5\n    while",
    ),
    Mutant(
        "clipped, not redrawn",
        "initializers.py",
        "draws[outside] = rng.standard_normal(outside.sum())",
        "draws = np.clip(draws, -2, 2)",
    ),
    Mutant(
        "std taken for the variance",
        "initializers.py",
        "mean + std * rng.standard_normal",
        "mean + std**0.5 * rng.standard_normal",
    ),
    Mutant(
        "gain of He missing",
        "initializers.py",
        'return 2 / (1 + check_number("negative_slope"',
        'return 1 / (1 + check_number("negative_slope"',
    ),
    Mutant(
        "slope of He not squared",
        "initializers.py",
        'check_number("negative_slope", negative_slope) ** 2)',
        'check_number("negative_slope", negative_slope))',
    ),
    Mutant(
        "gain of Xavier not squared",
        "initializers.py",
        'check_number("gain", gain, minimum=0) ** 2',
        'check_number("gain", gain, minimum=0)',
    ),
    Mutant(
        "Xavier with fan_in",
        "initializers.py",
        'scale=_gain_squared(gain), mode="fan_avg")',
        'scale=_gain_squared(gain), mode="fan_in")',
    ),
    Mutant(
        "He ignores the mode",
        "initializers.py",
        "scale=_he_scale(negative_slope), mode=mode)",
        "scale=_he_scale(negative_slope))",
    ),
    Mutant(
        "lecun_uniform is normal",
        "initializers.py",
        'variance_scaling(rng, shape, distribution="uniform")',
        "variance_scaling(rng, shape)",
    ),
    Mutant(
        "sign fix of orthogonal missing",
        "initializers.py",
        "Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)",
        "Q = Q * 1.0",
    ),
    Mutant(
        "orthogonal not transposed",
        "initializers.py",
        "(Q if rows >= columns else Q.T).reshape(shape)",
        "Q.reshape(shape)",
    ),
    Mutant(
        "positive_unitball over the wrong axis",
        "initializers.py",
        "axis=tuple(range(1, W.ndim))",
        "axis=0",
    ),
    Mutant(
        "bilinear center",
        "initializers.py",
        "(dimensions[3] - 1) / (2 * factor)",
        "dimensions[3] / (2 * factor)",
    ),
    Mutant(
        "Nguyen-Widrow with the fans swapped",
        "initializers.py",
        "0.7 * fan_out ** (1 / fan_in)",
        "0.7 * fan_in ** (1 / fan_out)",
    ),
    Mutant(
        "Nguyen-Widrow biases in (-1, 1)",
        "initializers.py",
        "low=-beta, high=beta)",
        "low=-1.0, high=1.0)",
    ),
    # Losses
    Mutant(
        "mean over outputs",
        "losses.py",
        "losses.sum(axis=-2).mean(axis=-1)",
        "losses.mean(axis=-2).mean(axis=-1)",
    ),
    Mutant(
        "gradient divided by the outputs",
        "losses.py",
        "return (sigmoid(logits) - targets.astype(logits.dtype, copy=False)) / logits.shape[-1]",
        "return (sigmoid(logits) - targets.astype(logits.dtype, copy=False)) / logits.shape[-2]",
    ),
    Mutant(
        "softmax overflows",
        "losses.py",
        "exponentials = np.exp(logits - logits.max(axis=-2, keepdims=True))",
        "exponentials = np.exp(logits)",
    ),
    Mutant(
        "softmax gradient not averaged",
        "losses.py",
        "return d_logits / targets.size",
        "return d_logits",
    ),
    Mutant("half of squared error missing", "losses.py", "return 0.5 * (diff", "return (diff"),
    # Batch normalization
    Mutant(
        "unbiased batch variance",
        "batch_norm.py",
        "Z.var(axis=-1, keepdims=True)",
        "Z.var(axis=-1, ddof=1, keepdims=True)",
    ),
    Mutant(
        "gradient through the batch mean missing",
        "batch_norm.py",
        "* (dY - mean_dY - N * mean_dY_N)",
        "* (dY - N * mean_dY_N)",
    ),
    Mutant(
        "gradient through the batch variance missing",
        "batch_norm.py",
        "* (dY - mean_dY - N * mean_dY_N)",
        "* (dY - mean_dY)",
    ),
    Mutant(
        "epsilon outside the root",
        "batch_norm.py",
        "return (Z - mean) / np.sqrt(variance + epsilon)",
        "return (Z - mean) / (np.sqrt(variance) + epsilon)",
    ),
    Mutant(
        "epsilon missing in the backward pass",
        "batch_norm.py",
        "dZ = scale / np.sqrt(variance + epsilon)",
        "dZ = scale / np.sqrt(variance)",
    ),
    Mutant(
        "scale missing in the frozen backward pass",
        "batch_norm.py",
        "return scale / np.sqrt(variance + epsilon) * dY",
        "return 1 / np.sqrt(variance + epsilon) * dY",
    ),
    Mutant(
        "gradient of the scale averaged",
        "batch_norm.py",
        "(dY * N).sum(axis=-1, keepdims=True), dY",
        "(dY * N).mean(axis=-1, keepdims=True), dY",
    ),
    # Network
    Mutant(
        "replicas share one generator",
        "network.py",
        "self._draw(initializer, child, shape)",
        "self._draw(initializer, rng, shape)",
    ),
    Mutant("biases left out", "network.py", "            Z += b\n", ""),
    Mutant(
        "activation before normalization",
        "network.py",
        "activations.append(f(Y))",
        "activations.append(f(Z))",
    ),
    Mutant(
        "batch statistics at inference",
        "network.py",
        "batch_statistics(Z) if training else self._running(layer)",
        "batch_statistics(Z)",
    ),
    Mutant(
        "slope taken at the output",
        "network.py",
        "slope(self.activation, z, a)",
        "slope(self.activation, a, a)",
    ),
    Mutant("tanh's slope without the square", "activations.py", "1 - a**2}", "1 - a}"),
    Mutant(
        "sigmoid's slope from 1 - a alone",
        "activations.py",
        "lambda a: a * (1 - a),",
        "lambda a: 1 - a,",
    ),
    Mutant("epsilon 1e-3", "network.py", "self.epsilon = 1e-5", "self.epsilon = 1e-3"),
    Mutant("weights keep float64", "network.py", "return W.astype(self.dtype)", "return W"),
    Mutant("training's backward pass at inference", "network.py", "if trace.training:", "if True:"),
    Mutant(
        "gradient of the bias averaged",
        "network.py",
        "gradients.biases.append(dZ.sum(axis=-1, keepdims=True))",
        "gradients.biases.append(dZ.mean(axis=-1, keepdims=True))",
    ),
    Mutant(
        "quotient for one output",
        "network.py",
        "return W_transposed * dZ if",
        "return W_transposed / dZ if",
    ),
    Mutant(
        "outer product for one input",
        "network.py",
        "W_transposed * dZ if W.shape[-2] == 1",
        "W_transposed * dZ if W.shape[-1] == 1",
    ),
    Mutant(
        "backward pass writes into the trace",
        "network.py",
        "gradients, dZ = Gradients([], [], [], [], []), np.asarray(d_logits)",
        "trace.activations[-1][...] = 0\n"
        "        gradients, dZ = Gradients([], [], [], [], []), np.asarray(d_logits)",
    ),
    # Training
    Mutant("momentum 0.9", "training.py", "MOMENTUM = 0.1", "MOMENTUM = 0.9"),
    Mutant(
        "biased running variance",
        "training.py",
        "unbiased = n_examples / (n_examples - 1)",
        "unbiased = 1",
    ),
    Mutant(
        "running statistics after normalization",
        "training.py",
        "enumerate(trace.preactivations[:-1])",
        "enumerate(trace.inputs_to_activation)",
    ),
    Mutant("loss recorded an update too early", "training.py", UPDATE + RECORD, RECORD + UPDATE),
    Mutant("last record missing", "training.py", " or step == steps:", ":"),
    Mutant(
        "loss recorded at inference",
        "training.py",
        "loss_value(mlp._forward(X, training=True)",
        "loss_value(mlp._forward(X, training=False)",
    ),
    Mutant(
        "examples never reordered",
        "training.py",
        "rng.permutation(n_examples)",
        "np.arange(n_examples)",
    ),
    Mutant(
        "one order for all epochs",
        "training.py",
        "    while True:\n        order = rng.permutation(n_examples)\n",
        "    order = rng.permutation(n_examples)\n    while True:\n",
    ),
    Mutant(
        "incomplete batches kept",
        "training.py",
        "range(0, n_examples - batch_size + 1, batch_size)",
        "range(0, n_examples, batch_size)",
    ),
    Mutant(
        "parameters overwritten in place",
        "training.py",
        "parameters[i] = parameters[i] - learning_rate * gradient",
        "parameters[i] -= learning_rate * gradient",
    ),
    Mutant(
        "uphill",
        "training.py",
        "parameters[i] - learning_rate * gradient",
        "parameters[i] + learning_rate * gradient",
    ),
    # Data
    Mutant("digits divided by 15", "datasets.py", '["images"].T / 16', '["images"].T / 15'),
    Mutant("inner circle at 0.5", "datasets.py", "np.cos(inner) * 0.8", "np.cos(inner) * 0.5"),
    Mutant("larger half outside", "datasets.py", "n_samples // 2", "(n_samples + 1) // 2"),
    Mutant(
        "noise per coordinate in another order",
        "datasets.py",
        "size=(n_samples, 2)).T",
        "size=(2, n_samples))",
    ),
    # Probes
    Mutant("saturation margin", "probes.py", "MARGIN = 0.01", "MARGIN = 0.05"),
    Mutant("one bound only", "probes.py", "np.minimum(A - low, high - A)", "high - A"),
    Mutant(
        "dead inputs, not dead units",
        "probes.py",
        "(A == 0).all(axis=-1)",
        "(A == 0).all(axis=-2)",
    ),
    Mutant(
        "mean of standard deviations",
        "probes.py",
        "np.sqrt(A.var(axis=-1).mean(axis=-1))",
        "A.std(axis=-1).mean(axis=-1)",
    ),
    Mutant(
        "rms about the mean",
        "probes.py",
        "np.sqrt((A**2).mean(axis=entries))",
        "A.std(axis=entries)",
    ),
    Mutant(
        "median with sign",
        "probes.py",
        "np.median(np.abs(A), axis=entries)",
        "np.median(A, axis=entries)",
    ),
    # Diagnosis
    Mutant(
        "verdicts in another order",
        "diagnosis.py",
        '    "dead": _dead,\n    "exploding": _exploding,\n',
        '    "exploding": _exploding,\n    "dead": _dead,\n',
    ),
    Mutant("half dead is dead", "diagnosis.py", "DEAD_SHARE = 0.9", "DEAD_SHARE = 0.3"),
    Mutant(
        "a layer that gets nothing is dead", "diagnosis.py", "& (entering > 0)", "& (entering >= 0)"
    ),
    Mutant("depth ignored", "diagnosis.py", "TOTAL_CHANGE ** (1 / max(steps, 1))", "TOTAL_CHANGE"),
    Mutant("gradient from below", "diagnosis.py", "table.gradient_rms[::-1]", "table.gradient_rms"),
    Mutant("steps miscounted", "diagnosis.py", "(1 / (len(rms) - 1)))", "(1 / len(rms)))"),
    Mutant("spread not relative", "diagnosis.py", "dead, spread / rms]", "dead, spread]"),
    Mutant(
        "gradient at the wrong layer",
        "diagnosis.py",
        "gradients.preactivations[:-1]",
        "gradients.preactivations[1:]",
    ),
    Mutant("biases left out of the theory", "diagnosis.py", " * square + b.var()", " * square"),
    Mutant("mean of the biases left out", "diagnosis.py", ", b.mean())", ")"),
    Mutant("widths judged", "diagnosis.py", "(signal, signal * widths)", "(signal, signal)"),
    Mutant("biases tell twins apart", "diagnosis.py", "W.shape[1] == 1", "W.shape[1] >= 1"),
    Mutant("pruned units are twins", "diagnosis.py", "[W.any(axis=1) | (not W.any())]", ""),
    Mutant("scale of inputs judged", "diagnosis.py", "np.sqrt(exam.variances[::-1])", "np.ones(9)"),
    Mutant(
        "one small error of scale",
        "diagnosis.py",
        "WORTH_CORRECTING = 10.0",
        "WORTH_CORRECTING = 1e9",
    ),
    Mutant("sampling ignored", "diagnosis.py", "SAMPLING = 6.0", "SAMPLING = 0.0"),
    Mutant("large biases stay", "diagnosis.py", "LARGE_BIASES = 0.5", "LARGE_BIASES = 2.0"),
    Mutant("two examples are a batch", "diagnosis.py", "SMALL_BATCH = 8", "SMALL_BATCH = 2"),
    Mutant("epsilon ignored", "diagnosis.py", "NEAR_EPSILON = 10.0", "NEAR_EPSILON = 0.0"),
    Mutant(
        "unstable gain advised",
        "diagnosis.py",
        ' > TOTAL_CHANGE:\n        return "relu"',
        ' > 1e9:\n        return "relu"',
    ),
    Mutant(
        "theory with the slopes of the layer above",
        "diagnosis.py",
        "slopes[: len(factors)]",
        "slopes[-len(factors) :]",
    ),
    Mutant(
        "theory of BatchNorm with the mean square",
        "diagnosis.py",
        "[square - gaussian_mean(f) ** 2]",
        "[square]",
    ),
    Mutant(
        "twins by their weights only",
        "diagnosis.py",
        "columns += [mlp.scales[layer], mlp.shifts[layer]]",
        "columns = columns[:1]",
    ),
    Mutant(
        "layers counted from 0", "diagnosis.py", "in enumerate(weights, 1)", "in enumerate(weights)"
    ),
    Mutant(
        "advice upside down",
        "diagnosis.py",
        "gain / np.sqrt(W.shape[1]) / W.std()",
        "W.std() / gain * np.sqrt(W.shape[1])",
    ),
    Mutant(
        "multiplies weights whose mean is not 0",
        "diagnosis.py",
        "if name != mlp.activation or (np.array(off) > allowed).any():",
        "if name != mlp.activation:",
    ),
    # What a notebook prints
    Mutant(
        "negative numbers print as 0", "reporting.py", "if abs(value) < 1e-12", "if value < 1e-12"
    ),
    Mutant("minus zero", "reporting.py", "0 * abs(value)", "0 * value"),
    Mutant("any name", "reporting.py", "[a-z][a-z0-9_]*", ".*"),
    # Checks
    Mutant("nan passes", "_checks.py", "if not finite or value < minimum", "if value < minimum"),
    Mutant("count one too small", "_checks.py", "count < minimum", "count < minimum - 1"),
    Mutant("complex data", "_checks.py", 'not in "iuf"', 'not in "iufc"'),
    Mutant(
        "value not quoted", "_checks.py", "must be an integer, got {value!r}", "must be an integer"
    ),
]


def check_texts():
    """Raise ValueError unless every mutant's old text occurs exactly once in its file."""
    for mutant in MUTANTS:
        count = (PACKAGE / mutant.file).read_text("utf-8").count(mutant.old)
        if count != 1:
            raise ValueError(
                f"mutant {mutant.what!r}: its old text must occur once in {mutant.file}, "
                f"found {count} times: {mutant.old!r}"
            )


def copy_package(folder, mutant=None):
    """Copy package and data below ``folder``, with the change of the mutant if there is one."""
    notebooks = folder / "notebooks"
    shutil.copytree(PACKAGE, notebooks / "initlab", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "data", notebooks / "data")
    if mutant is not None:
        path = notebooks / "initlab" / mutant.file
        path.write_text(path.read_text("utf-8").replace(mutant.old, mutant.new), "utf-8")
    return notebooks


def run_tests(names, mutant=None):
    """Run test files against a copy of the package and return the `Outcome`."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="initlab-mutant-") as folder:
        notebooks = copy_package(Path(folder), mutant)
        paths = f"pythonpath={shlex.quote(str(notebooks))} {shlex.quote(str(ROOT))}"
        command = [sys.executable, *PYTEST, "-o", paths]
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        done = subprocess.run(
            [*command, *(f"tests/{name}" for name in names)],
            cwd=ROOT,
            env=os.environ | threads | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
    failure = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", done.stdout, re.MULTILINE)
    first_failure = failure[1] if failure else ""
    return Outcome(done.returncode, first_failure, time.monotonic() - start, done.stdout)


def judge(mutant):
    """Run the tests of the mutant's file, print a line, and return whether a test failed."""
    outcome = run_tests(TESTS[mutant.file], mutant)
    verdict = {0: "SURVIVED", 1: "caught"}.get(outcome.status, "ERROR")
    where = f"{mutant.file}: {mutant.what}"
    print(f"{verdict:8} {where:62} {outcome.seconds:5.1f} s  {outcome.first_failure}", flush=True)
    if verdict == "ERROR":
        print(outcome.output, flush=True)
    return verdict == "caught"


def main(text=""):
    """Run the tests on the package as it is, then on every mutant; return the exit status."""
    check_texts()
    mutants = [m for m in MUTANTS if text in m.file or text in m.what]
    if not mutants:
        print(f"No mutant has {text!r} in its file or description; without a text all run.")
        return 1
    names = sorted({name for m in mutants for name in TESTS[m.file]})
    baseline = run_tests(names)
    print(f"{len(mutants)} mutants; the tests on the package as it is: {baseline.seconds:.1f} s")
    if baseline.status != 0:
        print(baseline.output)
        print("The tests must pass on the package as it is before mutants mean anything.")
        return 1
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        caught = sum(pool.map(judge, mutants))
    print(f"{caught} of {len(mutants)} mutants caught")
    return 0 if caught == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
