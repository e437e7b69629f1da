"""The activation functions f and g of the text, each with its derivative, elementwise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, floats, function, short


@dataclass(frozen=True)
class Activation:
    """An elementwise function z = f(s) and its derivative f'(s).

    Both take an array of any shape, () for a number, and return a new one of the same shape and
    dtype (float32 or float64, else TypeError). NaN elements propagate, but ReLU's derivative is 0
    there.
    """

    name: str
    value: Callable[[ArrayLike], Array]
    derivative: Callable[[ArrayLike], Array]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"name: expected a string, given {short(self.name)}")
        function(self.value, "value")
        function(self.derivative, "derivative")


# Functions with names, not lambdas, so that a network can be pickled. NumPy makes a scalar of an
# array of shape (), and np.asarray an array again.


def _identity(s: ArrayLike) -> Array:
    return floats(s, "identity").copy()


def _identity_derivative(s: ArrayLike) -> Array:
    ones = floats(s, "identity").copy()  # for a few elements quicker than np.ones_like
    ones.fill(1)  # eq:c20-1
    return ones


def _relu(s: ArrayLike) -> Array:
    return np.asarray(np.maximum(floats(s, "relu"), 0))  # eq:a02


def _relu_derivative(s: ArrayLike) -> Array:
    s = floats(s, "relu")
    return np.asarray(s > 0, s.dtype)  # eq:c19-1, 0 at the kink


def _sigmoid(s: ArrayLike) -> Array:
    s = floats(s, "sigmoid")
    e = np.exp(-np.abs(s))  # never overflows, since the exponent is never positive
    z: Array = np.where(s >= 0, 1, e) / (1 + e)  # eq:e03
    return np.asarray(z)


def _sigmoid_derivative(s: ArrayLike) -> Array:
    z = _sigmoid(s)
    return np.asarray(z * (1 - z))


identity = Activation("identity", _identity, _identity_derivative)
relu = Activation("relu", _relu, _relu_derivative)
sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_derivative)

_BY_NAME = {f.name: f for f in (identity, relu, sigmoid)}


def activation(name: str | Activation, where: str = "activation") -> Activation:
    """The activation called `name`, else ValueError; an Activation is returned as it is."""
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str) or name not in _BY_NAME:
        raise ValueError(f"{where}: expected one of {', '.join(_BY_NAME)}, given {short(name)}")
    return _BY_NAME[name]
