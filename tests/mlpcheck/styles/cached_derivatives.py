"""A correct submission: forward keeps the derivatives, backward adds to the gradients."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor


def sigmoid(s: Tensor) -> Tensor:
    small = torch.exp(-s.abs())
    return torch.where(s >= 0, 1 / (1 + small), small / (1 + small))


def with_derivative(name: str, s: Tensor) -> tuple[Tensor, Tensor]:
    """The activation at s and its derivative there."""
    if name == "relu":
        positive = s.gt(0)
        return s * positive, positive.type_as(s)
    if name == "sigmoid":
        z = sigmoid(s)
        return z, z * (1 - z)
    if name == "identity":
        return s.clone(), torch.ones_like(s)
    raise ValueError(f"unknown activation {name!r}")


@dataclass
class MLP:
    linear_1_in_features: int
    linear_1_out_features: int
    f_function: str
    linear_2_in_features: int
    linear_2_out_features: int
    g_function: str
    parameters: dict[str, Tensor] = field(init=False)
    grads: dict[str, Tensor] = field(init=False, default_factory=dict)
    cache: dict[str, Tensor] = field(init=False, default_factory=dict)

    def __post_init__(self):
        rng = np.random.default_rng(0)
        shapes = {
            "W1": (self.linear_1_out_features, self.linear_1_in_features),
            "b1": (self.linear_1_out_features,),
            "W2": (self.linear_2_out_features, self.linear_2_in_features),
            "b2": (self.linear_2_out_features,),
        }
        self.parameters = {
            name: torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
            for name, shape in shapes.items()
        }
        self.clear_grad_and_cache()

    def forward(self, x: Tensor) -> Tensor:
        p = self.parameters
        self.cache["a0"] = x.clone()
        z1, self.cache["f'"] = with_derivative(self.f_function, x.matmul(p["W1"].t()).add(p["b1"]))
        self.cache["a1"] = z1
        y_hat, self.cache["g'"] = with_derivative(
            self.g_function, z1.matmul(p["W2"].t()).add(p["b2"])
        )
        return y_hat

    def backward(self, dJdy_hat: Tensor) -> None:
        error = dJdy_hat * self.cache.pop("g'")
        self._add("2", error, self.cache["a1"])
        error = error.matmul(self.parameters["W2"]) * self.cache.pop("f'")
        self._add("1", error, self.cache["a0"])

    def _add(self, layer: str, error: Tensor, entered: Tensor) -> None:
        self.grads["dJdW" + layer] += error.t().matmul(entered)
        self.grads["dJdb" + layer] += error.sum(0)

    def clear_grad_and_cache(self):
        for name, parameter in self.parameters.items():
            self.grads["dJd" + name] = torch.zeros_like(parameter)
        self.cache.clear()


def mse_loss(y: Tensor, y_hat: Tensor) -> tuple[Tensor, Tensor]:
    count = y.shape[0] * y.shape[1]
    error = y - y_hat
    return torch.sum(error**2) / count, -2.0 / count * error


def bce_loss(y: Tensor, y_hat: Tensor) -> tuple[Tensor, Tensor]:
    count = y.shape[0] * y.shape[1]
    cost = y * y_hat.log().clamp(-100) + (1 - y) * torch.log1p(-y_hat).clamp(-100)
    variance = torch.clamp(y_hat - y_hat * y_hat, min=1e-12)
    return cost.sum() / -count, (1 - y).div(variance).mul(y_hat).sub(
        y.div(variance).mul(1 - y_hat)
    ) / count
