"""What `initlab` exports, how it is documented, and how its modules depend on each other."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import initlab

PACKAGE = Path(initlab.__file__).parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))
TREES = {stem: ast.parse((PACKAGE / f"{stem}.py").read_text("utf-8")) for stem in MODULES}
MAX_LINES = 25
EXPORTED = {
    *("MLP", "Gradients", "Growth", "History", "LayerStatistics", "Report", "Trace"),
    *("activation", "bilinear", "diagnose"),
    *("binary_cross_entropy", "calculate_gain", "circles", "compute_fans", "constant", "digits"),
    *("he_normal", "he_uniform", "layer_statistics", "lecun_normal", "lecun_uniform"),
    *("nguyen_widrow", "normal", "orthogonal", "positive_unitball", "record"),
    *("softmax_cross_entropy", "squared_error", "train", "truncated_normal", "uniform"),
    *("unit_variance_gain", "variance_scaling", "xavier_normal", "xavier_uniform", "zeros"),
}
SIGNATURES = {
    "compute_fans": "(shape)",
    "calculate_gain": "(nonlinearity, negative_slope=0.01)",
    "unit_variance_gain": "(activation, negative_slope=0.01)",
    "variance_scaling": "(rng, shape, *, scale=1.0, mode='fan_in', distribution='normal')",
    "zeros": "(rng, shape)",
    "constant": "(rng, shape, *, value=0.0)",
    "normal": "(rng, shape, *, mean=0.0, std=1.0)",
    "uniform": "(rng, shape, *, low=-1.0, high=1.0)",
    "truncated_normal": "(rng, shape, *, mean=0.0, std=1.0)",
    "xavier_normal": "(rng, shape, *, gain=1.0)",
    "xavier_uniform": "(rng, shape, *, gain=1.0)",
    "he_normal": "(rng, shape, *, mode='fan_in', negative_slope=0.0)",
    "he_uniform": "(rng, shape, *, mode='fan_in', negative_slope=0.0)",
    "lecun_normal": "(rng, shape)",
    "lecun_uniform": "(rng, shape)",
    "orthogonal": "(rng, shape, *, gain=1.0)",
    "positive_unitball": "(rng, shape)",
    "bilinear": "(rng, shape)",
    "nguyen_widrow": "(rng, shape)",
    "activation": "(name)",
    "binary_cross_entropy": "(logits, targets)",
    "softmax_cross_entropy": "(logits, targets)",
    "squared_error": "(logits, targets)",
    "train": (
        "(mlp, X, Y, *, loss='binary_cross_entropy', learning_rate, steps, batch_size=None, "
        "rng=None, record_every=1000)"
    ),
    "layer_statistics": "(layers, activation=None)",
    "diagnose": "(network, X, *, activation=None, biases=None, rng)",
    "circles": "(n_samples, noise, seed)",
    "digits": "()",
    "record": "(name, value, spec)",
}
FIELDS = {
    "Trace": ("activations", "preactivations", "inputs_to_activation", "training"),
    "Gradients": ("weights", "biases", "scales", "shifts", "preactivations"),
    "Growth": ("forward", "backward"),
    "History": ("steps", "losses"),
    "Report": ("table", "growth", "predicted_growth", "verdict", "advice"),
    "LayerStatistics": (
        *("mean", "std", "rms", "median_abs", "saturated", "dead", "std_over_inputs"),
    ),
}
# A module may import only from modules of a lower rank.
RANKS = {
    "_checks": 0,
    "activations": 1,
    "initializers": 1,
    "datasets": 1,
    "batch_norm": 1,
    "reporting": 1,
    "losses": 2,
    "gains": 2,
    "network": 3,
    "training": 4,
    "probes": 4,
    "diagnosis": 5,
    "plots": 5,
    "explorers": 6,
    "__init__": 7,
}
ALSO_ALLOWED = {
    "plots": {"matplotlib"},
    "explorers": {"matplotlib", "ipywidgets", "IPython"},
    "reporting": {"IPython"},
}


def definitions(kinds):
    """Yield (module, node) of every definition of these kinds, methods included."""
    for stem, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kinds):
                yield stem, node


def imports(stem):
    """Return the modules that a module imports, as dotted names."""
    for node in ast.walk(TREES[stem]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "initlab":
            yield from (f"initlab.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


FUNCTIONS = [
    pytest.param(node, id=f"{stem}.{node.name}") for stem, node in definitions(ast.FunctionDef)
]
CLASSES = [pytest.param(node, id=f"{stem}.{node.name}") for stem, node in definitions(ast.ClassDef)]
PUBLIC = [p for p in FUNCTIONS + CLASSES if not p.values[0].name.startswith("_")]


def test_exports():
    assert len(initlab.__all__) == len(set(initlab.__all__))
    assert set(initlab.__all__) == EXPORTED
    public = {
        n for n, v in vars(initlab).items() if not n.startswith("_") and not inspect.ismodule(v)
    }
    assert public == EXPORTED - set(MODULES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    assert str(inspect.signature(getattr(initlab, name))) == SIGNATURES[name]


def test_signatures_of_the_network():
    constructor = inspect.signature(initlab.MLP).parameters
    assert list(constructor) == [
        *("layer_sizes", "activation", "initializer", "rng", "batch_norm", "replicas", "dtype")
    ]
    keyword_only = [n for n, p in constructor.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert keyword_only == list(constructor)[1:]
    assert constructor["activation"].default == "relu"
    assert constructor["initializer"].default is initlab.he_normal
    assert constructor["rng"].default is inspect.Parameter.empty
    assert str(inspect.signature(initlab.MLP.forward)) == "(self, X, training=True)"
    assert str(inspect.signature(initlab.MLP.backward)) == "(self, trace, d_logits)"


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_results(name):
    assert getattr(initlab, name)._fields == FIELDS[name]


def test_nothing_exported_is_left_unspecified():
    assert {*SIGNATURES, *FIELDS, "MLP"} == EXPORTED


@pytest.mark.parametrize("node", PUBLIC)
def test_docstring_opens_with_one_sentence(node):
    docstring = ast.get_docstring(node)
    assert docstring is not None
    first, *rest = docstring.split("\n")
    assert first.endswith((".", ":", ";")) or not rest
    assert re.search(r"\.(\s|$)", first), first
    assert not rest or rest[0] == ""


def documented(docstring, section):
    """Return the names that a numpydoc section of a docstring describes."""
    match = re.search(rf"^{section}\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", docstring, re.M | re.S)
    if match is None:
        return []
    entries = re.findall(r"^(\*?\w[\w, *]*?)(?: : .*)?$", match[1], re.M)
    return [name.strip() for entry in entries for name in entry.split(",")]


@pytest.mark.parametrize("name", sorted(EXPORTED - set(FIELDS)))
def test_every_argument_is_documented(name):
    """In a Parameters section; an initializer's rng and shape are explained once, by the module."""
    function = getattr(initlab, name)
    docstring = inspect.getdoc(function)
    arguments = list(inspect.signature(function).parameters)
    if "Parameters\n" in docstring or arguments[:2] != ["rng", "shape"]:
        assert documented(docstring, "Parameters") == arguments
    else:
        for option in arguments[2:]:
            assert re.search(rf"\b{option}\b", docstring), option


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_documented(name):
    docstring = inspect.getdoc(getattr(initlab, name))
    assert documented(docstring, "Attributes") == list(FIELDS[name])


@pytest.mark.parametrize("node", FUNCTIONS)
def test_functions_are_short(node):
    """At most 25 lines, the signature counted, the docstring not."""
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is not None:
        lines -= node.body[0].end_lineno - node.body[0].lineno + 1
    assert lines <= MAX_LINES


@pytest.mark.parametrize("node", CLASSES)
def test_no_class_hierarchies(node):
    assert [ast.unparse(base) for base in node.bases] in ([], ["NamedTuple"])


@pytest.mark.parametrize("stem", MODULES)
def test_dependencies_run_one_way(stem):
    for name in imports(stem):
        top, _, rest = name.partition(".")
        if top == "initlab":
            assert RANKS[rest] < RANKS[stem], name
        else:
            allowed = {*sys.stdlib_module_names, "numpy", *ALSO_ALLOWED.get(stem, ())}
            assert top in allowed, name


@pytest.mark.parametrize("stem", MODULES)
def test_randomness_is_handed_in(stem):
    """Only the circles, which equal published ones, use the legacy generator."""
    names = set(re.findall(r"np\.random\.(\w+)\(", (PACKAGE / f"{stem}.py").read_text("utf-8")))
    assert names <= ({"RandomState"} if stem == "datasets" else {"default_rng"})


def test_importing_the_package_needs_numpy_only():
    code = "import sys, initlab; print(*sys.modules)"
    folder = PACKAGE.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    modules = set(done.stdout.split())
    assert "initlab.training" in modules
    assert not modules & {"matplotlib", "IPython", "ipywidgets", "scipy", "sklearn", "torch"}
