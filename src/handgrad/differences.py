"""Derivatives by central differences, in double precision: a check that needs no calculus."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from handgrad import checks
from handgrad.checks import Array, finite, positive, quietly


def central_difference(
    function: Callable[[Array], ArrayLike], theta: ArrayLike, h: float = 1e-6
) -> Array:
    """(function(theta + h) - function(theta - h)) / 2h for one element of theta after the other.

    The shape is that of the function's value followed by that of theta: theta's own shape for a
    loss, the Jacobian for a vector. The error is of the order h^2 + 1e-16/h. TypeError unless theta
    and the function's values are float64, since float32 leaves no digits; ValueError unless they
    are finite and h > 0 is large enough to change every element of theta.
    """
    checks.function(function, "function")
    theta, h = _doubles(theta, "theta"), positive(h, "h")
    positions = np.ndindex(theta.shape)
    slopes = [quietly(_slope, function, theta, position, h) for position in positions]
    return np.stack(slopes, axis=-1).reshape((*slopes[0].shape, *theta.shape))


def _slope(
    function: Callable[[Array], ArrayLike], theta: Array, position: tuple[int, ...], h: float
) -> Array:
    above, below = theta.copy(), theta.copy()
    above[position] += h
    below[position] -= h
    if not -np.inf < below[position] < theta[position] < above[position] < np.inf:
        given = f"given {h} at {list(position)}, where theta is {theta[position]}"
        raise ValueError(f"h: expected a step that changes theta and stays finite, {given}")
    step = above[position] - below[position]  # 2h as rounded, the distance really taken
    where = f"function at theta {list(position)}"
    higher = _doubles(function(above), f"{where} + h").copy()  # function may use its array again
    lower = _doubles(function(below), f"{where} - h")
    if higher.shape != lower.shape:
        expected = f"expected the shape {higher.shape} of its value at + h"
        raise ValueError(f"{where} - h: {expected}, given {lower.shape}")
    return finite((higher - lower) / step, f"slope at {list(position)}")


def _doubles(value: ArrayLike, where: str) -> Array:
    array = finite(value, where)
    if array.dtype != np.float64:
        raise TypeError(f"{where}: expected dtype float64, given {array.dtype}")
    return array
