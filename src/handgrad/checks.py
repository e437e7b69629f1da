"""Checks of arrays that come from outside: what was expected, what was given, where."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def floats(value: ArrayLike, where: str) -> Array:
    """Return `value` as an array of float32 or float64; integers are refused, as in PyTorch."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where}: expected a rectangular array, given {value!r}") from error
    if array.dtype not in (np.float32, np.float64):
        hint = "convert with np.asarray(..., dtype=np.float64)"
        raise TypeError(f"{where}: expected float32 or float64, given {array.dtype}; {hint}")
    return array


def finite(value: ArrayLike, where: str) -> Array:
    """Return `value` as an array of at least one element, all of them finite."""
    array = floats(value, where)
    if array.size == 0:
        raise ValueError(f"{where}: expected at least one element, given shape {array.shape}")
    for position in np.argwhere(~np.isfinite(array)).tolist():
        number = array[tuple(position)]
        raise ValueError(f"{where}: expected finite numbers, given {number} at {position}")
    return array


def like(value: ArrayLike, pattern: Array, where: str) -> Array:
    """Return `value` as a finite array with the shape and the dtype of `pattern`."""
    array = finite(value, where)
    if array.shape != pattern.shape:
        raise ValueError(f"{where}: expected shape {pattern.shape}, given {array.shape}")
    if array.dtype != pattern.dtype:
        raise TypeError(f"{where}: expected dtype {pattern.dtype}, given {array.dtype}")
    return array
