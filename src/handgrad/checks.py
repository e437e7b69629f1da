"""Checks of arrays and numbers that come from outside: what was expected, what was given, where."""

import math
import reprlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating[Any]]
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

REALS = float, int, np.floating, np.integer
INTEGERS = int, np.integer
DTYPES = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


@np.errstate(all="ignore")
def quietly(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call without NumPy's warnings: an overflow becomes an error that says where instead."""
    return function(*args, **kwargs)


def place(where: str, L: int | None) -> str:
    """How a message begins that is about `where` in layer L, if it is about a layer."""
    return where if L is None else f"layer {L}: {where}"


def floats(value: ArrayLike, where: str, L: int | None = None) -> Array:
    """Return `value` as an array of float32 or float64 with at least one element.

    Integers are refused, as in PyTorch.
    """
    array = plain(value, where, L)
    if array.dtype not in DTYPES:
        hint = "convert with np.asarray(..., dtype=np.float64)"
        expected = f"expected float32 or float64, given {array.dtype}"
        raise TypeError(f"{place(where, L)}: {expected}; {hint}")
    if array.size == 0:
        given = f"given shape {array.shape}"
        raise ValueError(f"{place(where, L)}: expected at least one element, {given}")
    return array


def float_dtype(value: DTypeLike, where: str) -> np.dtype[Any]:
    """Return `value` as the dtype of float32 or float64 that it names."""
    try:
        dtype = np.dtype(value)
    except Exception:  # whatever NumPy makes of something that names no dtype
        dtype = np.dtype(object)
    if dtype not in DTYPES:
        raise TypeError(f"{where}: expected float32 or float64, given {short(value)}")
    return dtype


def plain(value: ArrayLike, where: str, L: int | None = None) -> NDArray[Any]:
    """Return `value` as an array of whatever dtype; one that hides elements is refused."""
    if type(value) is np.ndarray:
        return value
    where = place(where, L)
    if _masked(value):
        hint = "fill it or leave these elements out"
        raise TypeError(f"{where}: expected an array without a mask, given a masked array; {hint}")
    try:
        return np.asarray(value)
    except ValueError as error:
        given = short(value)
        raise ValueError(f"{where}: expected a rectangular array, given {given}") from error
    except Exception as error:  # whatever another library says about its own arrays
        given = f"{type(value).__name__}, which cannot be converted: {error}"
        raise TypeError(f"{where}: expected an array, given {given}") from error


def _masked(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_masked, value))
    return isinstance(value, np.ma.MaskedArray)


def all_finite(array: Array) -> bool:
    """Whether no element is infinite or NaN."""
    # A sum of squares with such a term is not finite, and BLAS is the fastest to add it up. Finite
    # elements may still be too large for it: only then it takes a look at each of them.
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())


def finite(value: ArrayLike, where: str, L: int | None = None) -> Array:
    """Return `value` as an array like `floats`, all of whose elements are finite."""
    array = floats(value, where, L)
    if not all_finite(array):
        given = first(array, ~np.isfinite(array))
        raise ValueError(f"{place(where, L)}: expected finite numbers, given {given}")
    return array


def first(array: Array, wrong: NDArray[np.bool_]) -> str:
    """How the first element that is `wrong` is shown in a message, with its place."""
    position = np.argwhere(wrong)[0].tolist()
    return f"{array[tuple(position)]} at {position}" if position else f"{array}"


def finite_result(result: Array, where: str, **inputs: ArrayLike) -> Array:
    """Return `result` if it is finite, else blame the first input that is not, or an overflow.

    Sums and products with an infinite or NaN term are not finite themselves, so an input needs to
    be looked at only here.
    """
    if not all_finite(result):
        for name, value in inputs.items():
            finite(value, name)
        finite(result, where)
    return result


def fitting(value: ArrayLike, pattern: Array, where: str, L: int | None = None) -> Array:
    """Return `value` as an array with the shape and the dtype of `pattern`, one of `floats`."""
    array = plain(value, where, L)
    if array.shape == pattern.shape and array.dtype == pattern.dtype:
        return array
    floats(array, where, L)
    if array.shape != pattern.shape:
        expected = f"expected shape {pattern.shape}, given {array.shape}"
        raise ValueError(f"{place(where, L)}: {expected}")
    expected = f"expected dtype {pattern.dtype}, given {array.dtype}"
    raise TypeError(f"{place(where, L)}: {expected}")


def like(value: ArrayLike, pattern: Array, where: str) -> Array:
    """Return `value` as a finite array with the shape and the dtype of `pattern`."""
    return fitting(finite(value, where), pattern, where)


def positive(value: object, where: str) -> float:
    """Return `value`, a positive number, as a float that is neither 0 nor infinite."""
    if isinstance(value, REALS) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer beyond double precision
            number = math.inf
        if 0 < number < math.inf:
            return number
    raise ValueError(f"{where}: expected a positive number, given {short(value)}")


def index(value: object) -> bool:
    """Whether `value` is an integer, of Python or NumPy, and no truth value."""
    return isinstance(value, INTEGERS) and not isinstance(value, bool)


def instance(value: object, kind: type, where: str) -> None:
    """Refuse a `value` of another kind, such as arguments in the wrong order."""
    if not isinstance(value, kind):
        given = type(value).__name__
        raise TypeError(f"{where}: expected a {kind.__name__}, given {given}")


def function(value: object, where: str) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{where}: expected a function, given {short(value)}")


def per_layer(arrays: dict[int, Array], depth: int, where: str, first: int = 1) -> None:
    """Refuse what has not exactly one array for each of the layers `first` .. `depth`."""
    if not isinstance(arrays, dict) or arrays.keys() != {*range(first, depth + 1)}:
        instance(arrays, dict, where)
        given = short(list(arrays))
        raise ValueError(f"{where}: expected the layers {first} to {depth}, given {given}")


def short(value: object) -> str:
    """How `value` is shown in a message: cut when it is long."""
    try:
        return reprlib.repr(value)
    except Exception:  # whatever goes wrong in an object that is not ours
        return f"something of type {type(value).__name__}"
