"""Derivatives by central differences, in double precision: a check that needs no calculus."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, finite


def central_difference(
    function: Callable[[Array], ArrayLike], theta: ArrayLike, h: float = 1e-6
) -> Array:
    """(function(theta + h) - function(theta - h)) / 2h for one element of theta after the other.

    The shape is that of the function's value followed by that of theta: theta's own shape for a
    loss, the Jacobian for a vector. The error is of the order h^2 + 1e-16/h. TypeError unless theta
    is float64, since float32 leaves no digits; ValueError unless theta is finite and h > 0.
    """
    theta = finite(theta, "theta")
    if theta.dtype != np.float64:
        raise TypeError(f"theta: expected dtype float64, given {theta.dtype}")
    if not 0 < h < np.inf:
        raise ValueError(f"h: expected a positive number, given {h}")
    slopes = []
    for position in np.ndindex(theta.shape):
        above, below = theta.copy(), theta.copy()
        above[position] += h
        below[position] -= h
        step = above[position] - below[position]  # 2h as rounded, the distance really taken
        slopes.append((np.asarray(function(above)) - np.asarray(function(below))) / step)
    return np.stack(slopes, axis=-1).reshape((*slopes[0].shape, *theta.shape))
