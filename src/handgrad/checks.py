"""Checks of arrays that come from outside: what was expected, what was given, where."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def floats(value: ArrayLike, where: str) -> Array:
    """Return `value` as an array of float32 or float64; TypeError for any other type.

    Integers are refused, as PyTorch's layers and losses refuse them: a silent conversion would
    decide the precision for the caller.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where}: expected a rectangular array, given {value!r}") from error
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"{where}: expected float32 or float64, given {array.dtype}; "
            "convert with np.asarray(..., dtype=np.float64)"
        )
    return array


def finite(array: Array, where: str) -> Array:
    """Return `array` if it has elements and all are finite, else ValueError."""
    if array.size == 0:
        raise ValueError(f"{where}: expected at least one element, given shape {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        position = [int(i) for i in bad[0]]
        number = float(array[tuple(position)])
        raise ValueError(f"{where}: expected finite numbers, given {number} at {position}")
    return array


def like(value: ArrayLike, pattern: Array, where: str) -> Array:
    """Return `value` as a finite array with the shape and the dtype of `pattern`, else an error."""
    array = floats(value, where)
    if array.shape != pattern.shape:
        raise ValueError(f"{where}: expected shape {pattern.shape}, given {array.shape}")
    if array.dtype != pattern.dtype:
        raise TypeError(f"{where}: expected dtype {pattern.dtype}, given {array.dtype}")
    return finite(array, where)
