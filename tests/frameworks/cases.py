"""Conversions between our arrays and the libraries'."""

import numpy as np
import torch

import initlab as il

ACTIVATIONS = {
    "identity": torch.nn.Identity(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(0.01),
    "elu": torch.nn.ELU(),
    "selu": torch.nn.SELU(),
    "gelu": torch.nn.GELU(approximate="tanh"),
    "silu": torch.nn.SiLU(),
    "softplus": torch.nn.Softplus(threshold=1000),  # torch's default turns linear at 20
}


def tensor(array, **options):
    """Return a float64 tensor with a copy of the array."""
    return torch.tensor(np.asarray(array), dtype=torch.float64, **options)


def numpy(value):
    """Return a tensor of torch, a weight of Keras or an array of JAX as a float64 array."""
    if hasattr(value, "detach"):
        value = value.detach()
    elif hasattr(value, "numpy"):
        value = value.numpy()
    return np.asarray(value, dtype=np.float64)


def twin(mlp):
    """Return a torch.nn.Sequential in float64 with the parameters of an MLP."""
    net = torch.nn.Sequential()
    for layer, (W, b) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        if layer > 0:
            net.append(ACTIVATIONS[mlp.activation])
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        linear.weight.data, linear.bias.data = tensor(W), tensor(b[:, 0])
        net.append(linear)
        if mlp.batch_norm and layer < len(mlp.weights) - 1:
            norm = torch.nn.BatchNorm1d(W.shape[0], dtype=torch.float64)
            norm.weight.data = tensor(mlp.scales[layer][:, 0])
            norm.bias.data = tensor(mlp.shifts[layer][:, 0])
            norm.running_mean = tensor(mlp.running_means[layer][:, 0])
            norm.running_var = tensor(mlp.running_variances[layer][:, 0])
            net.append(norm)
    return net


def modules(net, kind):
    """Return the modules of one class in a network, in order."""
    return [module for module in net.modules() if isinstance(module, kind)]


def network(layer_sizes, activation, batch_norm, seed=0):
    """Return an MLP in which no parameter or running statistic has its neutral value."""
    rng = np.random.default_rng(seed)
    mlp = il.MLP(layer_sizes, activation=activation, rng=rng, batch_norm=batch_norm)
    for arrays in (mlp.biases, mlp.scales, mlp.shifts, mlp.running_means):
        arrays[:] = [a + 0.3 * rng.standard_normal(a.shape) for a in arrays]
    mlp.running_variances = [0.5 + rng.random(a.shape) for a in mlp.running_variances]
    return mlp
