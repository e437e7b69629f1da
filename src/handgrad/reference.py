"""The same network in PyTorch, and its autograd gradients: what every comparison is made against.

The only module of the package that imports torch.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from handgrad.checks import Array
from handgrad.comparison import Comparison, Row, compare
from handgrad.losses import BinaryCrossEntropy, SigmoidCrossEntropy, SquaredError
from handgrad.network import Gradients, Network, forward

__all__ = ["Comparison", "Row", "autograd_gradients", "compare", "twin"]

_MODULES = {
    "identity": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "sigmoid": torch.nn.Sigmoid,
}


def twin(network: Network) -> torch.nn.Sequential:
    """The network as torch modules with equal parameters: Linear_1, f, Linear_2, g, and so on.

    Layer L is at 2 L - 2 (Linear) and 2 L - 1 (activation). ValueError for an activation of your own.
    """
    modules: list[torch.nn.Module] = []
    for L, layer in enumerate(network.layers, start=1):
        if layer.f.name not in _MODULES:
            raise ValueError(
                f"layer {L}: activation: expected one of {', '.join(_MODULES)}, "
                f"given {layer.f.name!r}"
            )
        d_out, d_in = layer.W.shape
        W, b = torch.tensor(layer.W), torch.tensor(layer.b)
        # skip_init leaves torch's global random numbers untouched.
        linear = torch.nn.utils.skip_init(torch.nn.Linear, d_in, d_out, dtype=W.dtype)
        linear.load_state_dict({"weight": W, "bias": b})
        modules += [linear, _MODULES[layer.f.name]()]
    return torch.nn.Sequential(*modules)


def autograd_gradients(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    loss: SquaredError | BinaryCrossEntropy | SigmoidCrossEntropy,
) -> Gradients:
    """The gradients of `loss` at x and y by PyTorch's autograd, delta and dl/dx included.

    x has shape (d_x,) or (N, d_x), y the shape of y_hat. `SigmoidCrossEntropy` becomes torch's
    BCEWithLogitsLoss on s^(L_max), and needs sigmoid as the last activation. Raises ValueError or
    TypeError for input that `forward` or the loss refuses.
    """
    trace = forward(network, x)
    fused = isinstance(loss, SigmoidCrossEntropy)
    if fused and network.layers[-1].f.name != "sigmoid":
        raise ValueError(
            f"layer {network.depth}: activation: expected sigmoid for SigmoidCrossEntropy, "
            f"given {network.layers[-1].f.name!r}"
        )
    loss.value(trace.s[network.depth] if fused else trace.y_hat, y)  # refuses a wrong y

    z = leaf = torch.tensor(trace.z[0], requires_grad=True)
    model = twin(network)
    s = {}
    for L in range(1, network.depth + 1):
        s[L] = model[2 * L - 2](z)
        s[L].retain_grad()
        z = model[2 * L - 1](s[L])
    _torch_loss(loss)(s[network.depth] if fused else z, torch.tensor(np.asarray(y))).backward()
    layers = range(1, network.depth + 1)
    return Gradients(
        W={L: _grad(model[2 * L - 2].weight) for L in layers},
        b={L: _grad(model[2 * L - 2].bias) for L in layers},
        delta={L: _grad(s[L]) for L in layers},
        x=_grad(leaf),
    )


def _torch_loss(loss: object) -> torch.nn.Module:
    match loss:
        case SquaredError(reduction=reduction):
            return torch.nn.MSELoss(reduction=reduction)
        case BinaryCrossEntropy():
            return torch.nn.BCELoss()
        case SigmoidCrossEntropy():
            return torch.nn.BCEWithLogitsLoss()
    raise TypeError(f"loss: expected a loss of handgrad.losses, given {type(loss).__name__}")


def _grad(tensor: torch.Tensor) -> Array:
    assert tensor.grad is not None
    gradient: Array = tensor.grad.numpy()
    return gradient
