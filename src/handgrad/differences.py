"""Derivatives by central differences, in double precision: a check that needs no calculus."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from handgrad.checks import Array, finite, floats


def central_difference(
    function: Callable[[Array], ArrayLike], theta: ArrayLike, h: float = 1e-6
) -> Array:
    """The derivative of `function` at `theta`, (function(theta + h) - function(theta - h)) / 2h.

    One element of theta after the other is moved by h. The result has the shape of what `function`
    returns followed by the shape of theta: theta's own shape for a loss, a Jacobian for a vector of
    a vector. The error is of the order h^2 + 1e-16/h. Raises TypeError unless theta is float64
    (single precision leaves no digits), ValueError for a theta that is not finite or h <= 0.
    """
    theta = finite(floats(theta, "theta"), "theta")
    if theta.dtype != np.float64:
        raise TypeError(f"theta: expected dtype float64, given {theta.dtype}")
    if not (np.isfinite(h) and h > 0):
        raise ValueError(f"h: expected a positive number, given {h}")
    slopes = []
    for position in np.ndindex(theta.shape):
        above, below = theta.copy(), theta.copy()
        above[position] += h
        below[position] -= h
        step = above[position] - below[position]  # 2h up to rounding, and the exact distance
        slopes.append((np.asarray(function(above)) - np.asarray(function(below))) / step)
    return np.stack(slopes, axis=-1).reshape(*slopes[0].shape, *theta.shape)
