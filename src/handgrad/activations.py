"""The activation functions f and g of the text, each with its derivative, elementwise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, floats


@dataclass(frozen=True)
class Activation:
    """An elementwise function z = f(s) and its derivative f'(s).

    `value` and `derivative` take an array of any shape and return one of the same shape and dtype
    (float32 or float64; TypeError otherwise). Infinite and NaN elements propagate as in IEEE 754.
    """

    name: str
    value: Callable[[ArrayLike], Array]
    derivative: Callable[[ArrayLike], Array]


def _identity(s: ArrayLike) -> Array:
    return floats(s, "identity").copy()


def _identity_derivative(s: ArrayLike) -> Array:
    """Equation eq:c20-1: 1 everywhere."""
    return np.ones_like(floats(s, "identity"))


def _relu(s: ArrayLike) -> Array:
    return np.maximum(floats(s, "relu"), 0)


def _relu_derivative(s: ArrayLike) -> Array:
    """Equation eq:c19-1: max(0, sign(s)), so 0 at the kink s = 0, as in PyTorch."""
    return np.maximum(np.sign(floats(s, "relu")), 0)


def _sigmoid(s: ArrayLike) -> Array:
    s = floats(s, "sigmoid")
    # exp never sees a positive number, so it cannot overflow.
    e = np.exp(-np.abs(s))
    return np.where(s >= 0, 1 / (1 + e), e / (1 + e))


def _sigmoid_derivative(s: ArrayLike) -> Array:
    """Equation eq:e03: sigma' = sigma (1 - sigma)."""
    z = _sigmoid(s)
    return z * (1 - z)


identity = Activation("identity", _identity, _identity_derivative)
relu = Activation("relu", _relu, _relu_derivative)
sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_derivative)

_BY_NAME = {f.name: f for f in (identity, relu, sigmoid)}


def activation(name: str | Activation, where: str = "activation") -> Activation:
    """Return the activation called `name`; an Activation is returned as it is.

    Raises ValueError for an unknown name, TypeError for anything else; `where` opens the message.
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise TypeError(f"{where}: expected a name or an Activation, given {name!r}")
    if name not in _BY_NAME:
        raise ValueError(f"{where}: expected one of {', '.join(_BY_NAME)}, given {name!r}")
    return _BY_NAME[name]
