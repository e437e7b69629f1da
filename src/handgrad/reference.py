"""The network in PyTorch and its autograd gradients; the only module that imports torch."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from handgrad.activations import identity, relu, sigmoid
from handgrad.checks import Array, instance
from handgrad.losses import BinaryCrossEntropy, SigmoidCrossEntropy, SquaredError
from handgrad.network import Gradients, Network, forward

try:
    import torch
except ModuleNotFoundError as error:
    message = f"handgrad.reference: expected PyTorch, which handgrad[torch] installs; {error}"
    raise ModuleNotFoundError(message, name=error.name) from error

_MODULES = [(identity, torch.nn.Identity), (relu, torch.nn.ReLU), (sigmoid, torch.nn.Sigmoid)]


def twin(network: Network) -> torch.nn.Sequential:
    """The network as torch modules with equal parameters: Linear_1, f, Linear_2, g, and so on.

    ValueError for an activation that is not one of handgrad's own.
    """
    instance(network, Network, "network")
    modules: list[torch.nn.Module] = []
    for L, layer in enumerate(network.layers, start=1):
        found = [module for f, module in _MODULES if f == layer.f]
        if not found:
            known = ", ".join(f.name for f, _ in _MODULES)
            message = f"expected handgrad's own {known}, given another one named {layer.f.name!r}"
            raise ValueError(f"layer {L}: activation: {message}")
        linear = torch.nn.Linear(layer.W.shape[1], layer.W.shape[0], device="meta")
        linear.weight = torch.nn.Parameter(torch.tensor(layer.W))
        linear.bias = torch.nn.Parameter(torch.tensor(layer.b))
        modules += [linear, found[0]()]
    return torch.nn.Sequential(*modules)


def autograd_gradients(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    loss: SquaredError | BinaryCrossEntropy | SigmoidCrossEntropy,
) -> Gradients:
    """The gradients of `loss` by autograd, delta and dl/dx included; input as for `forward`.

    `SigmoidCrossEntropy` is torch's BCEWithLogitsLoss, taken before the last activation, which must
    be sigmoid: ValueError otherwise.
    """
    torch_loss, trace, last = _torch_loss(loss), forward(network, x), network.layers[-1]
    fused = isinstance(loss, SigmoidCrossEntropy)
    if fused and last.f != sigmoid:
        expected = f"expected sigmoid for SigmoidCrossEntropy, given {last.f.name!r}"
        raise ValueError(f"layer {network.depth}: activation: {expected}")
    # Ours is asked first, since it refuses a y that does not fit.
    if isinstance(loss, SigmoidCrossEntropy):
        loss.error(trace.s[network.depth], y)
    else:
        loss.gradient(trace.y_hat, y)
    z = leaf = torch.tensor(trace.z[0], requires_grad=True)
    W, b, s = {}, {}, {}
    model = twin(network)
    for L in range(1, network.depth + 1):
        linear, f = model[2 * L - 2], model[2 * L - 1]
        W[L], b[L], s[L] = linear.weight, linear.bias, linear(z)
        s[L].retain_grad()
        z = f(s[L])
    torch_loss(s[network.depth] if fused else z, torch.tensor(np.array(y))).backward()
    return Gradients(_grads(W), _grads(b), _grads(s), partial(np.asarray, leaf.grad))


def _torch_loss(loss: object) -> torch.nn.Module:
    if isinstance(loss, SquaredError):
        return torch.nn.MSELoss(reduction=loss.reduction)
    if isinstance(loss, BinaryCrossEntropy):
        return torch.nn.BCELoss()
    if isinstance(loss, SigmoidCrossEntropy):
        return torch.nn.BCEWithLogitsLoss()
    raise TypeError(f"loss: expected a loss of handgrad.losses, given {type(loss).__name__}")


def _grads(tensors: Mapping[int, torch.Tensor | torch.nn.Module]) -> dict[int, Array]:
    return {L: np.asarray(tensor.grad) for L, tensor in tensors.items()}
