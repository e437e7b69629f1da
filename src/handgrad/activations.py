"""The activation functions f and g of the text, each with its derivative, elementwise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, floats


@dataclass(frozen=True)
class Activation:
    """An elementwise function z = f(s) and its derivative f'(s).

    Both take an array of any shape and return one of the same shape and dtype (float32 or float64,
    else TypeError). Infinite and NaN elements propagate.
    """

    name: str
    value: Callable[[ArrayLike], Array]
    derivative: Callable[[ArrayLike], Array]


def _sigmoid(s: ArrayLike) -> Array:
    s = floats(s, "sigmoid")
    e = np.exp(-np.abs(s))  # never overflows, since the exponent is never positive
    return np.where(s >= 0, 1 / (1 + e), e / (1 + e))


def _sigmoid_derivative(s: ArrayLike) -> Array:
    z = _sigmoid(s)
    return z * (1 - z)


identity = Activation(
    "identity",
    value=lambda s: floats(s, "identity").copy(),
    derivative=lambda s: np.ones_like(floats(s, "identity")),  # eq:c20-1
)
relu = Activation(
    "relu",
    value=lambda s: np.maximum(floats(s, "relu"), 0),  # eq:a02
    derivative=lambda s: np.maximum(np.sign(floats(s, "relu")), 0),  # eq:c19-1, 0 at the kink
)
sigmoid = Activation("sigmoid", value=_sigmoid, derivative=_sigmoid_derivative)  # eq:e03

_BY_NAME = {f.name: f for f in (identity, relu, sigmoid)}


def activation(name: str | Activation, where: str = "activation") -> Activation:
    """The activation called `name`, else ValueError; an Activation is returned as it is."""
    if isinstance(name, Activation):
        return name
    if name not in _BY_NAME:
        raise ValueError(f"{where}: expected one of {', '.join(_BY_NAME)}, given {name!r}")
    return _BY_NAME[name]
